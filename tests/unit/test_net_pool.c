/* The pool: connections kept, doubted and replaced; calls that end at their deadline whatever the
 * peer does. */
#include "raw_peer.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];
static struct mesh_node *const b = &m.nodes[1];

static const struct hf_bytes nothing = {0};

static struct hf_net_call with_deadline(const char *address, uint32_t deadline_ms)
{
    return (struct hf_net_call){
        .token = 7,
        .address = address,
        .flags = HF_NET_LOCKED_OK,
        .method = HF_NET_POST,
        .path = "/v1/hold",
        .deadline_ms = deadline_ms,
    };
}

Test(hf_net_pool, calls_share_one_connection)
{
    mesh_init(&m, NULL);
    for (unsigned i = 0; i < 500; i++)
        cr_assert_eq(mesh_call(b, a->address, i, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 500);
    for (unsigned i = 0; i < 500; i++) {
        cr_assert_eq(b->result[i].error, 0, "%s", b->result[i].reason);
        cr_assert_eq(b->result[i].conn, b->result[0].conn);
    }
    cr_assert_eq(hf_net_stats(b->net)->opened_out, 1);
    cr_assert_eq(hf_net_stats(a->net)->accepted, 1);
    mesh_done(&m);
}

Test(hf_net_pool, calls_above_the_bound_of_a_connection_wait_their_turn)
{
    mesh_init(&m, NULL);
    for (unsigned i = 0; i < 40; i++)
        cr_assert_eq(mesh_call(b, a->address, i, "/v1/hold", nothing), 0);
    mesh_until_number(&m, &a->held_count, 32);
    mesh_turn(&m, 10);
    cr_assert_eq(a->held_count, 32);
    for (unsigned i = 0; i < 32; i++)
        cr_assert(hf_net_reply(a->net, a->held[i], 200, HF_NET_MSGPACK, nothing));
    mesh_until_number(&m, &a->held_count, 40);
    cr_assert_eq(b->results, 32);
    mesh_done(&m);
}

Test(hf_net_pool, calls_bound_is_an_error_at_once)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.calls_max = 2;
    mesh_init(&m, &l);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/hold", nothing), 0);
    cr_assert_eq(mesh_call(b, a->address, 2, "/v1/hold", nothing), 0);
    cr_assert_eq(mesh_call(b, a->address, 3, "/v1/hold", nothing), HF_EBUSY);
    mesh_done(&m);
}

Test(hf_net_pool, a_node_that_nobody_listens_for_is_unreachable)
{
    mesh_init(&m, NULL);
    hf_net_unlisten(a->net);
    mesh_turn(&m, 2);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", nothing), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].error, HF_ECONNECT);
    cr_assert_eq(hf_net_stats(b->net)->connect_failed, 1);
    cr_assert_neq(hf_net_stats(b->net)->last_connect[0], '\0');
    mesh_done(&m);
}

Test(hf_net_pool, a_name_is_resolved_and_its_addresses_tried_in_turn)
{
    mesh_init(&m, NULL);
    char address[64];
    snprintf(address, sizeof(address), "localhost:%s", strchr(a->address, ':') + 1);
    cr_assert_eq(mesh_call(b, address, 1, "/v1/echo", nothing), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].error, 0, "%s", b->result[0].reason);
    mesh_done(&m);
}

Test(hf_net_pool, a_name_without_an_address_is_an_error_of_its_own)
{
    char address[80];
    mesh_init(&m, NULL);
    /* No part of a name is longer than 63 characters, so no server is asked. */
    memset(address, 'a', 64);
    memcpy(address + 64, ":1", 3);
    cr_assert_eq(mesh_call(b, address, 1, "/v1/echo", nothing), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].error, HF_ERESOLVE, "%s", b->result[0].reason);
    mesh_done(&m);
}

Test(hf_net_pool, a_peer_that_never_shakes_hands_hits_the_deadline_alone)
{
    mesh_init(&m, NULL);
    struct raw_peer s = {0};
    raw_peer_serve(&s, NULL, NULL); /* listens, and never accepts */
    struct hf_net_call call = with_deadline(s.address, 100);
    cr_assert_eq(hf_net_call(b->net, &call), 0);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(mesh_call(b, a->address, i, "/v1/echo", nothing), 0);
    mesh_until_results(b, 11);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(b->result[i].error, 0, "%s", b->result[i].reason);
    cr_assert_eq(b->result[10].error, HF_ETIMEOUT);
    cr_assert_eq(b->result[10].token, 7);
    raw_peer_end(&s, NULL);
    mesh_done(&m);
}

enum { FRAME_HEADERS = 1, FRAME_RESET = 3, FRAME_SETTINGS = 4 };

static bool read_all(struct raw_peer *s, uint8_t *ret, size_t len)
{
    size_t got = 0;
    for (int n = 1; got < len && n > 0; got += n > 0 ? (size_t)n : 0)
        n = SSL_read(s->ssl, ret + got, (int)(len - got));
    return got == len;
}

/* Refuses two requests, each after it has come (RFC 9113, 8.7). */
static void refuse_streams(struct raw_peer *s)
{
    uint8_t preface[24], head[9], payload[16384];
    int refused = 0;
    raw_peer_accept(s);
    raw_peer_shake(s, true);
    raw_peer_frame(s, FRAME_SETTINGS, 0, 0, NULL, 0);
    bool more = read_all(s, preface, sizeof preface);
    while (more && refused < 2 && read_all(s, head, sizeof head)) {
        size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        more = len <= sizeof payload && read_all(s, payload, len);
        if (more && head[3] == FRAME_HEADERS) {
            uint32_t stream = (uint32_t)head[7] << 8 | head[8];
            refused += raw_peer_frame(s, FRAME_RESET, 0, stream, "\0\0\0\7", 4);
        }
    }
    s->answered = refused == 2;
}

Test(hf_net_pool, a_request_that_is_refused_twice_was_certainly_not_carried_out)
{
    uv_thread_t thread;
    mesh_init(&m, NULL);
    struct raw_peer s = {.certificate = RAW_PEER_PLAIN, .alpn = "\2h2"};
    raw_peer_serve(&s, refuse_streams, &thread);
    struct hf_net_call call = with_deadline(s.address, 20000);
    cr_assert_eq(mesh_ask(b, &call)->error, HF_EREFUSED, "%s", b->result[0].reason);
    raw_peer_end(&s, &thread);
    cr_assert(s.answered);
    mesh_done(&m);
}

static void answer_without_http(struct raw_peer *s)
{
    static const char text[] = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    raw_peer_accept(s);
    raw_peer_shake(s, true);
    raw_peer_write(s, text, sizeof text - 1);
    raw_peer_drain(s);
}

Test(hf_net_pool, a_peer_that_does_not_speak_http2_is_an_error_of_its_own)
{
    uv_thread_t thread;
    mesh_init(&m, NULL);
    struct raw_peer s = {.certificate = RAW_PEER_PLAIN, .alpn = "\2h2"};
    raw_peer_serve(&s, answer_without_http, &thread);
    struct hf_net_call call = with_deadline(s.address, 20000);
    cr_assert_eq(mesh_ask(b, &call)->error, HF_EHTTP, "%s", b->result[0].reason);
    raw_peer_end(&s, &thread);
    mesh_done(&m);
}

static void shake_and_freeze(struct raw_peer *s)
{
    char c;
    raw_peer_accept(s);
    raw_peer_shake(s, true);
    /* Frozen: the kernel takes what comes, no process reads it, until the test ends the pipe. */
    if (read(*(const int *)s->user, &c, 1) == 0)
        s->answered = true;
}

Test(hf_net_pool, a_frozen_peers_calls_end_at_their_deadline_and_the_next_one_connects_anew)
{
    int frozen[2];
    uv_thread_t thread;
    mesh_init(&m, NULL);
    cr_assert_eq(pipe(frozen), 0);
    struct raw_peer s = {.certificate = RAW_PEER_PLAIN, .alpn = "\2h2", .user = &frozen[0]};
    raw_peer_serve(&s, shake_and_freeze, &thread);
    struct hf_net_call call = with_deadline(s.address, 300);
    const struct mesh_result *first = mesh_ask(b, &call);
    cr_assert_eq(first->error, HF_ETIMEOUT);
    cr_assert_eq(hf_net_stats(b->net)->closed, 0);
    const struct mesh_result *second = mesh_ask(b, &call);
    cr_assert_eq(second->error, HF_ETIMEOUT);
    /* It waited for another connection, and gave up the first. */
    cr_assert_eq(hf_net_stats(b->net)->closed, 1);
    cr_assert_eq(hf_net_stats(b->net)->handshakes, 1);
    close(frozen[1]);
    raw_peer_end(&s, &thread);
    close(frozen[0]);
    mesh_done(&m);
}

Test(hf_net_pool, a_ping_without_an_answer_ends_the_connection_and_its_calls)
{
    struct hf_net_limits l = hf_net_limits_default;
    int frozen[2];
    uv_thread_t thread;
    l.ping_after_ms = 100;
    l.ping_ms_max = 100;
    mesh_init(&m, &l);
    cr_assert_eq(pipe(frozen), 0);
    struct raw_peer s = {.certificate = RAW_PEER_PLAIN, .alpn = "\2h2", .user = &frozen[0]};
    raw_peer_serve(&s, shake_and_freeze, &thread);
    struct hf_net_call call = with_deadline(s.address, 20000);
    cr_assert_eq(mesh_ask(b, &call)->error, HF_ECONNRESET);
    cr_assert_eq(hf_net_stats(b->net)->timeout_ping, 1);
    close(frozen[1]);
    raw_peer_end(&s, &thread);
    close(frozen[0]);
    mesh_done(&m);
}

Test(hf_net_pool, a_slow_answer_keeps_its_connection_as_long_as_pings_are_answered)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.ping_after_ms = 10;
    l.ping_ms_max = 10000;
    mesh_init(&m, &l);
    struct hf_net_call call = with_deadline(a->address, 150);
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->error, HF_ETIMEOUT);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", nothing), 0);
    mesh_until_results(b, 2);
    cr_assert_eq(b->result[1].error, 0);
    cr_assert_eq(b->result[1].conn, b->result[0].conn);
    mesh_done(&m);
}

Test(hf_net_pool, a_peer_that_comes_back_is_found_by_the_next_call)
{
    mesh_init(&m, NULL);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/hold", nothing), 0);
    mesh_until_number(&m, &a->held_count, 1);
    mesh_close(a, a->last.peer.conn);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].error, HF_ECONNRESET);
    cr_assert_eq(mesh_call(b, a->address, 2, "/v1/echo", nothing), 0);
    mesh_until_results(b, 2);
    cr_assert_eq(b->result[1].error, 0);
    cr_assert_neq(b->result[1].conn, b->result[0].conn);
    mesh_done(&m);
}

Test(hf_net_pool, idle_connections_are_closed)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.client_idle_ms_max = 50;
    mesh_init(&m, &l);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", nothing), 0);
    mesh_until_count(&m, &hf_net_stats(b->net)->closed, 1);
    cr_assert_eq(b->results, 1);
    mesh_until_count(&m, &hf_net_stats(a->net)->closed, 1);
    cr_assert_eq(hf_net_stats(b->net)->timeout_idle, 1);
    mesh_done(&m);
}

Test(hf_net_pool, a_full_pool_gives_up_its_idlest_connection)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.pool_max = 1;
    mesh_init(&m, &l);
    struct mesh_node *const c = &m.nodes[2];
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", nothing), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(mesh_call(b, c->address, 2, "/v1/hold", nothing), 0);
    mesh_until_number(&m, &c->held_count, 1);
    mesh_until_count(&m, &hf_net_stats(b->net)->closed, 1);
    cr_assert_eq(mesh_call(b, a->address, 3, "/v1/echo", nothing), 0);
    mesh_until_results(b, 2);
    cr_assert_eq(b->result[1].error, HF_EBUSY);
    mesh_done(&m);
}

Test(hf_net_stop, ends_calls_and_drops_replies)
{
    mesh_init(&m, NULL);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/hold", nothing), 0);
    mesh_until_number(&m, &a->held_count, 1);
    cr_assert_eq(mesh_call(b, m.nodes[2].address, 2, "/v1/hold", nothing), 0);
    /* Its end is checked by the fixture: two results, nothing held, no handle left. */
    mesh_done(&m);
}

Test(hf_net_call, arguments_out_of_bounds_are_refused)
{
    mesh_init(&m, NULL);
    struct hf_net_call good = with_deadline(a->address, 1000), c = good;
    c.address = "127.0.0.1";
    cr_assert_eq(hf_net_call(b->net, &c), HF_EINVAL);
    c.address = "127.0.0.1:65536";
    cr_assert_eq(hf_net_call(b->net, &c), HF_EINVAL);
    c.address = NULL;
    cr_assert_eq(hf_net_call(b->net, &c), HF_EINVAL);
    c = good;
    c.path = "v1";
    cr_assert_eq(hf_net_call(b->net, &c), HF_EINVAL);
    c.path = "/12345678901234567890123456789012345678901234567890123456789012345";
    cr_assert_eq(hf_net_call(b->net, &c), HF_EINVAL);
    c = good;
    c.deadline_ms = 0;
    cr_assert_eq(hf_net_call(b->net, &c), HF_EINVAL);
    c = good;
    c.answer_bytes_max = HF_NET_BODY_CEILING + 1;
    cr_assert_eq(hf_net_call(b->net, &c), HF_ETOOBIG);
    cr_assert_eq(hf_net_stats(b->net)->calls, 0);
    mesh_done(&m);
}
