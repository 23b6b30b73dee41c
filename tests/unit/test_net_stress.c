/*
 * Three nodes that call each other while connections are killed, identities change, listeners come
 * and go and calls are given up, in an order drawn from a fixed seed. What must hold however it
 * ends: each call ends exactly once, and nothing is left (the fixture looks). Meant for the
 * sanitizers: it finds what dies under a pointer.
 */
#include "mesh.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct mesh m;
static struct hf_rng rng;
static unsigned made[MESH_NODES];
static unsigned ended[MESH_NODES][MESH_RESULTS];

static uint32_t draw(uint32_t below)
{
    uint32_t v;
    hf_suite_real.random(&rng, &v, sizeof(v));
    return v % below;
}

static struct mesh_node *any(void)
{
    return &m.nodes[draw(MESH_NODES)];
}

static void call(void)
{
    static const char *const paths[] = {"/v1/echo", "/v1/hold",  "/v1/big",
                                        "/v1/none", "/v1/small", "/v1/busy"};
    static const uint8_t body[200000];
    struct mesh_node *from = any(), *to = any();
    size_t index = (size_t)(from - m.nodes);
    struct hf_net_call c = {
        .token = made[index],
        .address = to->address,
        .account = draw(4) == 0 ? &to->account : NULL,
        .flags = draw(4) == 0 ? 0 : HF_NET_LOCKED_OK,
        .method = HF_NET_POST,
        .path = paths[draw(HF_ARRAY_LEN(paths))],
        .body = hf_bytes_of(body, draw(3) == 0 ? draw(sizeof(body)) : draw(100)),
        .deadline_ms = draw(3) == 0 ? 1 + draw(20) : 20000,
        .answer_bytes_max = draw(2) == 0 ? 100000 : 0,
    };
    if (made[index] < MESH_RESULTS && hf_net_call(from->net, &c) == 0)
        made[index]++;
}

static void reply(void)
{
    struct mesh_node *n = any();
    if (n->held_count > 0)
        hf_net_reply(n->net, n->held[draw(n->held_count) % HF_ARRAY_LEN(n->held)], 200,
                     HF_NET_MSGPACK, hf_bytes_of("held", 4));
}

static void kill_connection(void)
{
    struct mesh_node *n = any();
    if (draw(2) == 0)
        mesh_close(n, n->last.peer.conn);
    else if (n->results > 0)
        mesh_close(n, n->result[draw(n->results)].conn);
}

static void change_identity(void)
{
    struct mesh_node *n = any();
    if (draw(3) == 0)
        cr_assert_eq(hf_net_set_identity(n->net, NULL, NULL), 0);
    else
        mesh_unlock(n);
}

static void change_listener(void)
{
    struct mesh_node *n = any();
    hf_net_unlisten(n->net);
    if (draw(2) == 0)
        mesh_turn(&m, 3);
    if (hf_net_listen(n->net, n->address) != 0)
        cr_assert_eq(hf_net_listen(n->net, "127.0.0.1:0"), 0);
    hf_net_listening(n->net, n->address);
}

static void step(void)
{
    uint32_t what = draw(100);
    if (what < 60)
        call();
    else if (what < 80)
        mesh_turn(&m, 1 + draw(3));
    else if (what < 90)
        reply();
    else if (what < 95)
        kill_connection();
    else if (what < 98)
        change_identity();
    else
        change_listener();
}

static void run(uint8_t seed, const struct hf_net_limits *limits, unsigned steps)
{
    hf_rng_init(&rng, (const uint8_t[32]){seed});
    mesh_init(&m, limits);
    for (unsigned i = 0; i < steps; i++)
        step();
    for (size_t i = 0; i < MESH_NODES; i++)
        hf_net_stop(m.nodes[i].net, mesh_stopped);
    mesh_until(&m, mesh_all_stopped, &m);
    for (size_t i = 0; i < MESH_NODES; i++) {
        cr_assert_eq(m.nodes[i].results, made[i]);
        for (unsigned r = 0; r < made[i]; r++)
            ended[i][m.nodes[i].result[r].token]++;
        for (unsigned r = 0; r < made[i]; r++)
            cr_assert_eq(ended[i][r], 1, "call %u of node %zu ended %u times", r, i, ended[i][r]);
    }
    mesh_free(&m);
}

Test(hf_net_stress, every_call_ends_once_whatever_happens)
{
    run(1, NULL, 1500);
}

Test(hf_net_stress, every_call_ends_once_under_tight_bounds)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.body_bytes_max = 64 << 10;
    l.own_bytes_max = 256 << 10;
    l.share[HF_NET_EXPECTED].bytes_each = 64 << 10;
    l.share[HF_NET_EXPECTED].bytes_max = 256 << 10;
    l.share[HF_NET_EXPECTED].connections_max = 4;
    l.share[HF_NET_EXPECTED].connections_each = 1;
    l.share[HF_NET_EXPECTED].handshakes_max = 2;
    l.share[HF_NET_EXPECTED].handshakes_each = 1;
    l.share[HF_NET_EXPECTED].idle_ms_max = 20;
    l.pool_max = 2;
    l.calls_per_address = 3;
    l.streams_max = 2;
    l.calls_max = 64;
    l.ping_after_ms = 10;
    l.ping_ms_max = 20;
    l.client_idle_ms_max = 10;
    l.drain_ms_max = 10;
    l.request_ms_max = 20;
    l.answer_ms_max = 20;
    run(2, &l, 3000);
}
