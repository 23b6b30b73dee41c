/* What a stranger can make a node hold, and for how long. Strangers write frames by hand. */
#include "raw_peer.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];

static const struct hf_net_stats *stats(void)
{
    return hf_net_stats(a->net);
}

static struct hf_net_limits quick(void)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.request_ms_max = 100;
    l.answer_ms_max = 100;
    l.write_ms_max = 100;
    return l;
}

static struct raw_peer run(raw_peer_script *script)
{
    struct raw_peer s = {.address = a->address, .alpn = "\2h2"};
    mesh_raw_peer(&m, &s, script);
    return s;
}

static void say_garbage(struct raw_peer *s)
{
    uint8_t garbage[4096];
    for (size_t i = 0; i < sizeof(garbage); i++)
        garbage[i] = (uint8_t)(i * 31 + 7);
    raw_peer_connect(s);
    if (write(s->fd, garbage, sizeof(garbage)) > 0)
        raw_peer_drain(s);
}

Test(hf_net_limits, garbage_instead_of_tls_ends_the_connection)
{
    mesh_init(&m, NULL);
    run(say_garbage);
    cr_assert_eq(stats()->handshake_tls, 1);
    cr_assert_eq(stats()->connections_in, 0);
    mesh_done(&m);
}

static void say_garbage_inside(struct raw_peer *s)
{
    uint8_t garbage[4096];
    for (size_t i = 0; i < sizeof(garbage); i++)
        garbage[i] = (uint8_t)(i * 13 + 1);
    raw_peer_connect(s);
    raw_peer_shake(s, false);
    raw_peer_write(s, garbage, sizeof(garbage));
    raw_peer_drain(s);
}

Test(hf_net_limits, garbage_instead_of_http_ends_the_connection)
{
    mesh_init(&m, NULL);
    run(say_garbage_inside);
    cr_assert_eq(stats()->malformed, 1);
    mesh_done(&m);
}

static void say_garbage_after_preface(struct raw_peer *s)
{
    uint8_t garbage[4096];
    for (size_t i = 0; i < sizeof(garbage); i++)
        garbage[i] = (uint8_t)(i * 13 + 1);
    raw_peer_greet(s);
    raw_peer_write(s, garbage, sizeof(garbage));
    raw_peer_read(s, false);
}

Test(hf_net_limits, garbage_after_the_preface_gets_a_goaway)
{
    mesh_init(&m, NULL);
    struct raw_peer s = run(say_garbage_after_preface);
    cr_assert_gt(s.goaway, 1);
    cr_assert_eq(stats()->malformed, 1);
    mesh_done(&m);
}

static void stay_silent(struct raw_peer *s)
{
    raw_peer_connect(s);
    raw_peer_drain(s);
}

Test(hf_net_limits, a_handshake_that_never_comes_is_given_up)
{
    struct hf_net_limits l = quick();
    l.handshake_ms_max = 100;
    mesh_init(&m, &l);
    run(stay_silent);
    cr_assert_eq(stats()->handshake_timeout, 1);
    mesh_done(&m);
}

static void shake_and_stay_silent(struct raw_peer *s)
{
    raw_peer_connect(s);
    raw_peer_shake(s, false);
    raw_peer_drain(s);
}

Test(hf_net_limits, http_that_never_comes_is_given_up)
{
    struct hf_net_limits l = quick();
    l.handshake_ms_max = 100;
    mesh_init(&m, &l);
    run(shake_and_stay_silent);
    cr_assert_eq(stats()->handshake_timeout, 1);
    mesh_done(&m);
}

static void dribble(struct raw_peer *s)
{
    raw_peer_greet(s);
    raw_peer_request(s, 4, 1, "POST", "/v1/echo");
    raw_peer_frame(s, 0, 0, 1, "a", 1);
    raw_peer_read(s, true);
}

Test(hf_net_limits, a_request_that_comes_too_slowly_is_answered_408)
{
    struct hf_net_limits l = quick();
    mesh_init(&m, &l);
    struct raw_peer s = run(dribble);
    cr_assert_eq(s.status, 408);
    cr_assert_eq(stats()->timeout_request, 1);
    cr_assert_eq(a->requests, 0);
    mesh_done(&m);
}

static void ask_to_be_held(struct raw_peer *s)
{
    raw_peer_greet(s);
    raw_peer_request(s, 5, 1, "POST", "/v1/hold");
    raw_peer_read(s, true);
}

Test(hf_net_limits, a_request_that_nobody_answers_is_answered_503)
{
    struct hf_net_limits l = quick();
    mesh_init(&m, &l);
    struct raw_peer s = run(ask_to_be_held);
    cr_assert_eq(s.status, 503);
    cr_assert_eq(stats()->timeout_answer, 1);
    cr_assert_not(hf_net_reply(a->net, a->held[0], 200, HF_NET_JSON, hf_bytes_of("{}", 2)));
    cr_assert_eq(stats()->replies_dropped, 1);
    mesh_done(&m);
}

static void ask_and_never_read(struct raw_peer *s)
{
    /* A window that takes no body: SETTINGS_INITIAL_WINDOW_SIZE = 0. */
    const uint8_t window[] = {0, 4, 0, 0, 0, 0};
    raw_peer_greet(s);
    raw_peer_frame(s, 4, 0, 0, window, sizeof(window));
    raw_peer_request(s, 5, 1, "POST", "/v1/big");
    uint8_t head[9];
    for (;;) {
        if (SSL_read(s->ssl, head, 9) <= 0)
            return;
        uint8_t payload[1 << 14];
        int len = head[1] << 8 | head[2];
        if (len > 0 && SSL_read(s->ssl, payload, len) <= 0)
            return;
        s->status = head[3] == 3 ? payload[3] : s->status;
        if (head[3] == 3)
            return;
    }
}

Test(hf_net_limits, an_answer_that_is_not_taken_is_withdrawn)
{
    struct hf_net_limits l = quick();
    mesh_init(&m, &l);
    struct raw_peer s = run(ask_and_never_read);
    cr_assert_eq(s.status, 8 /* CANCEL */);
    cr_assert_eq(stats()->timeout_write, 1);
    mesh_done(&m);
}

static void send_large_body(struct raw_peer *s)
{
    static uint8_t chunk[16384];
    raw_peer_greet(s);
    raw_peer_request(s, 4, 1, "POST", "/v1/small");
    raw_peer_frame(s, 0, 0, 1, chunk, 17);
    raw_peer_read(s, true);
}

Test(hf_net_limits, a_body_above_the_paths_bound_is_answered_413)
{
    mesh_init(&m, NULL);
    struct raw_peer s = run(send_large_body);
    cr_assert_eq(s.status, 413);
    cr_assert_eq(stats()->refused_body, 1);
    cr_assert_eq(a->requests, 0);
    mesh_done(&m);
}

static void send_large_headers(struct raw_peer *s)
{
    uint8_t block[16000];
    size_t len = 0;
    raw_peer_greet(s);
    /* A literal field of 127 + 1 bytes, over and over; the request is within
     * nghttp2's own bounds. */
    static const uint8_t start[] = {0x82, 0x87, 0x84, 0x41, 1, 'x'};
    memcpy(block, start, sizeof(start));
    len = sizeof(start);
    while (len + 130 < sizeof(block)) {
        block[len++] = 0;
        block[len++] = 1;
        block[len++] = 'x';
        block[len++] = 126;
        memset(block + len, 'a', 126);
        len += 126;
    }
    raw_peer_frame(s, 1, 5, 1, block, (uint32_t)len);
    raw_peer_read(s, true);
}

Test(hf_net_limits, headers_above_their_bound_are_answered_431)
{
    mesh_init(&m, NULL);
    struct raw_peer s = run(send_large_headers);
    cr_assert_eq(s.status, 431);
    cr_assert_eq(stats()->refused_headers, 1);
    mesh_done(&m);
}

static bool holds_one(void *arg)
{
    (void)arg;
    return a->held_count == 1;
}

static void leave_abruptly(struct raw_peer *s)
{
    static uint8_t chunk[16384];
    struct linger now = {.l_onoff = 1};
    raw_peer_greet(s);
    raw_peer_request(s, 4, 1, "POST", "/v1/echo");
    raw_peer_frame(s, 0, 0, 1, chunk, sizeof(chunk));
    raw_peer_request(s, 5, 3, "POST", "/v1/hold");
    /* A reset takes back what was not read yet: an answer to what came last says that all was. */
    raw_peer_request(s, 5, 5, "POST", "/v1/echo");
    raw_peer_read(s, true);
    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

Test(hf_net_limits, a_disconnect_in_the_middle_of_a_body_leaves_nothing)
{
    mesh_init(&m, NULL);
    run(leave_abruptly);
    mesh_until(&m, holds_one, NULL);
    mesh_until_count(&m, &hf_net_stats(a->net)->closed, 1);
    cr_assert_eq(stats()->memory_bytes, 0);
    cr_assert_not(hf_net_reply(a->net, a->held[0], 200, HF_NET_JSON, hf_bytes_of("{}", 2)));
    mesh_done(&m);
}

static void ask_wrongly(struct raw_peer *s)
{
    const char *const *request = s->user;
    raw_peer_greet(s);
    raw_peer_request(s, 5, 1, request[0], request[1]);
    raw_peer_read(s, true);
}

Test(hf_net_limits, wrong_methods_and_paths_have_their_statuses)
{
    static const struct {
        const char *request[2];
        int status;
    } cases[] = {
        {{"PUT", "/v1/echo"}, 405},
        {{"GET", "/v1/health?x=1"}, 404},
        {{"GET", "/v1/12345678901234567890123456789012345678901234567890123456789012"}, 404},
        {{"POST", "/v1/unlocked"}, 403},
        {{"POST", "/v1/busy"}, 429},
        {{"GET", "/v1/nothing"}, 404},
        {{"GET", "/v1/health"}, 200},
    };
    mesh_init(&m, NULL);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        struct raw_peer s = {
            .address = a->address, .alpn = "\2h2", .user = (void *)(uintptr_t)cases[i].request};
        mesh_raw_peer(&m, &s, ask_wrongly);
        cr_assert_eq(s.status, cases[i].status, "%s: %d", cases[i].request[1], s.status);
    }
    mesh_done(&m);
}

static int verify_nothing(const struct hf_account *account, const char *label, struct hf_bytes data,
                          const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    (void)account->bytes;
    (void)label;
    (void)data;
    (void)signature;
    return HF_ESIGNATURE;
}

Test(hf_net_new, limits_outside_their_floors_and_ceilings_are_refused)
{
    uv_loop_t loop;
    struct hf_net *net = NULL;
    struct hf_net_limits l = hf_net_limits_default;
    cr_assert_eq(uv_loop_init(&loop), 0);
    struct hf_net_hooks hooks = {0};
    cr_assert_eq(hf_net_new(&loop, NULL, &hooks, &net), HF_EINVAL);
    hooks.verify = verify_nothing;
    l.streams_max = 0;
    cr_assert_eq(hf_net_new(&loop, &l, &hooks, &net), HF_EINVAL);
    l = hf_net_limits_default;
    cr_assert_eq(hf_net_new(&loop, &(struct hf_net_limits){0}, &hooks, &net), HF_EINVAL);
    l.share[HF_NET_MEMBER].bytes_each = l.share[HF_NET_MEMBER].bytes_max + 1;
    cr_assert_eq(hf_net_new(&loop, &l, &hooks, &net), HF_EINVAL);
    l = hf_net_limits_default;
    l.body_bytes_max = HF_NET_BODY_CEILING + 1;
    cr_assert_eq(hf_net_new(&loop, &l, &hooks, &net), HF_EINVAL);
    cr_assert_null(net);
    cr_assert_eq(uv_loop_close(&loop), 0);
}
