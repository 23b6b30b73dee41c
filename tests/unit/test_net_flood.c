/* Floods: cheap frames in numbers, and what they cost the one who sends them. */
#include "raw_peer.h"

#include <criterion/criterion.h>

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];

static const struct hf_net_stats *stats(void)
{
    return hf_net_stats(a->net);
}

static struct raw_peer run(raw_peer_script *script)
{
    struct raw_peer s = {.address = a->address, .alpn = "\2h2"};
    mesh_raw_peer(&m, &s, script);
    return s;
}

static void bomb(struct raw_peer *s)
{
    /* One entry of 4000 bytes in the table, then named again by one byte each time. */
    static uint8_t block[16000];
    static const uint8_t start[] = {0x82, 0x87, 0x84, 0x41, 1, 'x'};
    memcpy(block, start, sizeof(start));
    size_t len = sizeof(start);
    static const uint8_t entry[] = {0x40, 1, 'b', 0x7f, 0x81, 0x1e};
    memcpy(block + len, entry, sizeof(entry));
    len += sizeof(entry);
    memset(block + len, 'a', 127 + 0x01 + (0x1e << 7));
    len += 127 + 0x01 + (0x1e << 7);
    memset(block + len, 0xbe, sizeof(block) - len);
    raw_peer_greet(s);
    raw_peer_frame(s, 1, 5, 1, block, sizeof(block));
    raw_peer_frame(s, 6, 0, 0, "01234567", 8);
    raw_peer_request(s, 5, 3, "GET", "/v1/health");
    raw_peer_read(s, true);
}

Test(hf_net_flood, headers_that_unpack_to_megabytes_cost_their_stream_alone)
{
    mesh_init(&m, NULL);
    struct raw_peer s = run(bomb);
    cr_assert_eq(s.status, 200);
    cr_assert_eq(a->requests, 1);
    mesh_done(&m);
}

static void reset_rapidly(struct raw_peer *s)
{
    raw_peer_greet(s);
    for (uint32_t i = 0; i < 5000; i++)
        if (!raw_peer_request(s, 5, 2 * i + 1, "POST", "/v1/hold") ||
            !raw_peer_frame(s, 3, 0, 2 * i + 1, "\0\0\0\x8", 4))
            break;
    raw_peer_drain(s);
}

Test(hf_net_flood, rapid_reset_ends_the_connection)
{
    mesh_init(&m, NULL);
    run(reset_rapidly);
    cr_assert_eq(stats()->flood, 1);
    cr_assert_leq(a->requests, 2 * HF_NET_RESET_BURST);
    mesh_done(&m);
}

static void be_reset_rapidly(struct raw_peer *s)
{
    raw_peer_greet(s);
    /* A WINDOW_UPDATE of 0 is a stream error: the server must reset, not the client. */
    for (uint32_t i = 0; i < 5000; i++)
        if (!raw_peer_request(s, 5, 2 * i + 1, "POST", "/v1/hold") ||
            !raw_peer_frame(s, 8, 0, 2 * i + 1, "\0\0\0\0", 4))
            break;
    raw_peer_drain(s);
}

Test(hf_net_flood, making_the_server_reset_counts_as_well)
{
    mesh_init(&m, NULL);
    run(be_reset_rapidly);
    cr_assert_eq(stats()->flood + stats()->malformed, 1);
    cr_assert_leq(a->requests, 2 * HF_NET_RESET_BURST);
    mesh_done(&m);
}

static void flood(struct raw_peer *s)
{
    const uint8_t *kind = s->user;
    raw_peer_greet(s);
    if (kind[0] == 0)
        raw_peer_request(s, 4, 1, "POST", "/v1/echo");
    for (int i = 0; i < 20000; i++)
        if (!raw_peer_frame(s, kind[0], 0, kind[0] == 0 || kind[0] == 2 ? 1 : 0, kind + 2, kind[1]))
            break;
    raw_peer_drain(s);
}

Test(hf_net_flood, floods_of_cheap_frames_end_the_connection)
{
    static const uint8_t kinds[][12] = {
        {6, 8},                /* PING */
        {4, 0},                /* SETTINGS */
        {2, 5, 0, 0, 0, 0, 1}, /* PRIORITY */
        {0, 0},                /* empty DATA */
        {8, 4, 0, 0, 0, 1},    /* WINDOW_UPDATE by 1 */
    };
    mesh_init(&m, NULL);
    for (size_t i = 0; i < HF_ARRAY_LEN(kinds); i++) {
        struct raw_peer s = {
            .address = a->address, .alpn = "\2h2", .user = (void *)(uintptr_t)kinds[i]};
        mesh_raw_peer(&m, &s, flood);
        cr_assert_eq(stats()->flood, i + 1, "kind %d", kinds[i][0]);
    }
    mesh_done(&m);
}

static void open_many_streams(struct raw_peer *s)
{
    raw_peer_greet(s);
    for (uint32_t i = 0; i < 40; i++)
        raw_peer_request(s, 5, 2 * i + 1, "POST", "/v1/hold");
    raw_peer_request(s, 4, 81, "POST", "/v1/hold");
    uint8_t head[9], payload[1 << 14];
    for (;;) {
        if (SSL_read(s->ssl, head, 9) <= 0)
            return;
        int len = head[1] << 8 | head[2];
        if (len > 0 && SSL_read(s->ssl, payload, len) <= 0)
            return;
        s->status += head[3] == 3 ? 1 : 0;
        if (s->status == 9)
            return;
    }
}

Test(hf_net_flood, streams_above_the_bound_are_refused)
{
    mesh_init(&m, NULL);
    struct raw_peer s = run(open_many_streams);
    cr_assert_eq(a->requests, 32);
    cr_assert_eq(s.status, 9);
    cr_assert_eq(stats()->connections_in, 0);
    mesh_done(&m);
}

static void update_keys(struct raw_peer *s)
{
    raw_peer_greet(s);
    for (int i = 0; i < 20000; i++)
        if (SSL_key_update(s->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 ||
            SSL_do_handshake(s->ssl) != 1)
            break;
    raw_peer_drain(s);
}

Test(hf_net_flood, key_updates_in_numbers_end_the_connection)
{
    mesh_init(&m, NULL);
    run(update_keys);
    cr_assert_eq(stats()->flood, 1);
    mesh_done(&m);
}

static void update_keys_once(struct raw_peer *s)
{
    raw_peer_greet(s);
    SSL_key_update(s->ssl, SSL_KEY_UPDATE_REQUESTED);
    raw_peer_request(s, 5, 1, "GET", "/v1/health");
    raw_peer_read(s, true);
}

Test(hf_net_flood, a_key_update_now_and_then_is_answered)
{
    mesh_init(&m, NULL);
    struct raw_peer s = run(update_keys_once);
    cr_assert_eq(s.status, 200);
    mesh_done(&m);
}
