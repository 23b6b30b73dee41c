/* What one source can take from others: nothing. Sources are addresses of loopback, accounts. */
#include "raw_peer.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CROWD = 20, ROOM = 8 };

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];
static struct mesh_node *const b = &m.nodes[1];

static const struct hf_net_stats *stats(void)
{
    return hf_net_stats(a->net);
}

/* Node b is a member, what comes from 127.0.0.1 is expected, and every other peer a stranger. */
static struct hf_net_standing standing(const struct hf_net_peer *peer)
{
    static const uint8_t home[] = {127, 0, 0, 1};
    if (peer->account != NULL && hf_account_equal(peer->account, &b->account))
        return (struct hf_net_standing){.kind = HF_NET_MEMBER};
    bool expected = memcmp(peer->ip + 12, home, sizeof(home)) == 0;
    return (struct hf_net_standing){.kind = expected ? HF_NET_EXPECTED : HF_NET_STRANGER};
}

static void start(const struct hf_net_limits *l)
{
    mesh_init(&m, l);
    a->standing = standing;
}

/* A crowd of sockets, each of which says nothing. sources: addresses that they come from; first:
 * that of the first of them, where it is another. */
struct crowd {
    int fds[CROWD];
    unsigned sources;
    const char *first;
    bool shake;
    SSL *ssl[CROWD];
};

static void come(struct raw_peer *s)
{
    struct crowd *c = s->user;
    char from[32];
    for (unsigned i = 0; i < CROWD; i++) {
        snprintf(from, sizeof(from), "127.9.0.%u", i % c->sources + 1);
        s->from = i == 0 && c->first != NULL ? c->first : from;
        raw_peer_connect(s);
        c->fds[i] = s->fd;
        if (!c->shake)
            continue;
        raw_peer_shake(s, false);
        raw_peer_preface(s);
        c->ssl[i] = s->ssl;
    }
    s->fd = 0;
    s->ssl = NULL;
}

static void leave(struct crowd *c)
{
    for (unsigned i = 0; i < CROWD; i++) {
        SSL_free(c->ssl[i]);
        close(c->fds[i]);
    }
}

static void crowd_in(struct crowd *c)
{
    struct raw_peer s = {.address = a->address, .user = c, .alpn = "\2h2"};
    mesh_raw_peer(&m, &s, come);
    mesh_until_count(&m, &stats()->accepted, CROWD);
    mesh_turn(&m, 3);
}

static void ask_health(struct raw_peer *s)
{
    raw_peer_connect(s);
    if (!raw_peer_shake(s, false))
        return;
    raw_peer_preface(s);
    raw_peer_request(s, 5, 1, "GET", "/v1/health");
    raw_peer_read(s, true);
}

/* The status that a GET from this address gets; 0: none. */
static int health_from(const char *from)
{
    struct raw_peer s = {.address = a->address, .from = from, .alpn = "\2h2"};
    mesh_raw_peer(&m, &s, ask_health);
    return s.status;
}

static struct hf_net_limits with_room(uint32_t connections, uint32_t handshakes)
{
    struct hf_net_limits l = hf_net_limits_default;
    struct hf_net_share *s = &l.share[HF_NET_STRANGER];
    s->handshakes_each = s->handshakes_max = handshakes;
    s->connections_each = s->connections_max = connections;
    return l;
}

Test(hf_net_sources, unfinished_handshakes_of_a_source_give_way_to_its_own_next)
{
    struct hf_net_limits l = hf_net_limits_default;
    struct crowd c = {.sources = 1};
    l.share[HF_NET_STRANGER].handshakes_each = ROOM;
    start(&l);
    crowd_in(&c);
    cr_assert_eq(stats()->evicted_handshakes, CROWD - ROOM);
    cr_assert_eq(stats()->connections_in, ROOM);
    /* The oldest went: the last that came is served. */
    cr_assert_eq(health_from("127.9.0.1"), 200);
    leave(&c);
    mesh_done(&m);
}

Test(hf_net_sources, handshakes_that_never_end_shut_nobody_out)
{
    struct hf_net_limits l = with_room(64, ROOM);
    struct crowd c = {.sources = 2};
    start(&l);
    crowd_in(&c);
    cr_assert_eq(stats()->connections_in, ROOM);
    cr_assert_eq(health_from("127.9.1.1"), 200);
    cr_assert_eq(health_from(NULL), 200);
    leave(&c);
    mesh_done(&m);
}

Test(hf_net_sources, the_source_with_most_connections_gives_way)
{
    struct hf_net_limits l = with_room(ROOM, ROOM);
    struct crowd c = {.sources = 2, .shake = true};
    start(&l);
    crowd_in(&c);
    cr_assert_eq(stats()->evicted_connections, CROWD - ROOM);
    cr_assert_eq(stats()->connections[HF_NET_STRANGER], ROOM);
    /* Who comes alone is let in however often, and stays while the others have more. */
    for (int i = 0; i < 3; i++)
        cr_assert_eq(health_from("127.9.1.1"), 200);
    leave(&c);
    mesh_done(&m);
}

static void ask_health_again(struct raw_peer *s)
{
    raw_peer_request(s, 5, 1, "GET", "/v1/health");
    raw_peer_read(s, true);
}

Test(hf_net_sources, who_came_first_and_alone_stays_while_a_source_fills_all_places)
{
    struct hf_net_limits l = with_room(ROOM, ROOM);
    struct crowd c = {.sources = 1, .first = "127.9.1.1", .shake = true};
    start(&l);
    crowd_in(&c);
    cr_assert_eq(stats()->connections[HF_NET_STRANGER], ROOM);
    struct raw_peer s = {.address = a->address, .ssl = c.ssl[0], .fd = c.fds[0]};
    c.ssl[0] = NULL;
    c.fds[0] = -1;
    mesh_raw_peer(&m, &s, ask_health_again);
    cr_assert_eq(s.status, 200);
    leave(&c);
    mesh_done(&m);
}

Test(hf_net_sources, strangers_take_no_place_of_expected_ones_or_members)
{
    struct hf_net_limits l = with_room(ROOM, ROOM);
    struct crowd c = {.sources = CROWD, .shake = true};
    start(&l);
    mesh_unlock(b);
    crowd_in(&c);
    cr_assert_eq(stats()->connections[HF_NET_STRANGER], ROOM);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].status, 200, "%s", b->result[0].reason);
    cr_assert_eq(stats()->connections[HF_NET_MEMBER], 1);
    cr_assert_eq(stats()->connections[HF_NET_STRANGER], ROOM);
    leave(&c);
    mesh_done(&m);
}

Test(hf_net_sources, connections_come_at_a_rate)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.share[HF_NET_STRANGER].accepts_burst = 2;
    l.share[HF_NET_STRANGER].accepts_per_s = 1;
    start(&l);
    cr_assert_eq(health_from("127.9.0.1"), 200);
    cr_assert_eq(health_from("127.9.0.1"), 200);
    cr_assert_eq(health_from("127.9.0.1"), 0);
    cr_assert_eq(stats()->refused_rate, 1);
    cr_assert_eq(health_from("127.9.0.2"), 200);
    mesh_done(&m);
}

Test(hf_net_sources, of_a_flood_from_many_addresses_who_comes_anew_gets_in)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.share[HF_NET_STRANGER].accepts_all_burst = 3;
    l.share[HF_NET_STRANGER].accepts_all_per_s = 1;
    start(&l);
    for (int i = 0; i < 3; i++) /* uses up what all strangers have */
        cr_assert_eq(health_from(i % 2 == 0 ? "127.9.0.1" : "127.9.0.2"), 200);
    cr_assert_eq(health_from("127.9.0.1"), 0);
    cr_assert_eq(health_from("127.9.0.2"), 0);
    cr_assert_eq(stats()->refused_rate, 2);
    cr_assert_eq(health_from("127.9.1.1"), 200);
    cr_assert_eq(health_from("127.9.1.1"), 0, "it is not new any more");
    /* Neither those at a member's address nor members pay for it. */
    cr_assert_eq(health_from(NULL), 200);
    mesh_unlock(b);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].status, 200, "%s", b->result[0].reason);
    mesh_done(&m);
}

struct asks {
    unsigned asked, answered, refused;
};

/* Asks on one connection until it ends, or the number is reached. */
static void ask_on(struct raw_peer *s)
{
    struct asks *asks = s->user;
    raw_peer_connect(s);
    raw_peer_shake(s, false);
    raw_peer_preface(s);
    for (unsigned i = 0; i < asks->asked; i++) {
        if (!raw_peer_request(s, 5, 2 * i + 1, "GET", "/v1/health"))
            return;
        s->status = 0;
        raw_peer_read(s, true);
        if (s->status == 0)
            return;
        asks->answered += s->status == 200 ? 1 : 0;
        asks->refused += s->status != 200 ? 1 : 0;
    }
}

Test(hf_net_sources, requests_come_at_a_rate_and_the_excess_is_told_so)
{
    struct hf_net_limits l = hf_net_limits_default;
    struct asks asks = {.asked = 300};
    l.share[HF_NET_STRANGER].requests_burst = 5;
    l.share[HF_NET_STRANGER].requests_per_s = 1;
    start(&l);
    struct raw_peer s = {.address = a->address, .from = "127.9.0.1", .alpn = "\2h2", .user = &asks};
    mesh_raw_peer(&m, &s, ask_on);
    cr_assert_geq(asks.answered, 5);
    cr_assert_lt(asks.answered, 40);
    /* It was told a hundred times and more, and then its connection ended. */
    cr_assert_geq(asks.refused, HF_NET_RESET_BURST);
    cr_assert_lt(asks.answered + asks.refused, asks.asked);
    cr_assert_eq(stats()->flood, 1);
    cr_assert_eq(health_from("127.9.0.2"), 200);
    mesh_done(&m);
}

/* By account, and only where one was proved: of another there is no name. */
Test(hf_net_sources, who_is_refused_for_asking_too_much_is_named_to_the_daemon)
{
    static const struct hf_bytes none = {0};
    start(NULL);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/busy", none), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].status, 429);
    cr_assert_eq(a->excess, 0);
    mesh_unlock(b);
    cr_assert_eq(mesh_call(b, a->address, 2, "/v1/busy", none), 0);
    cr_assert_eq(mesh_call(b, a->address, 3, "/v1/busy", none), 0);
    mesh_until_results(b, 3);
    cr_assert_eq(b->result[2].status, 429);
    mesh_until_number(&m, &a->excess, 2);
    cr_assert(hf_account_equal(&a->last_excess, &b->account));
    mesh_done(&m);
}

/* Bodies that never end: three streams of 48 KiB, as much as the windows allow. */
static void hold_memory(struct raw_peer *s)
{
    static uint8_t chunk[16384];
    int *fd = s->user;
    raw_peer_connect(s);
    raw_peer_shake(s, false);
    raw_peer_preface(s);
    for (uint32_t stream = 1; stream <= 5; stream += 2) {
        raw_peer_request(s, 4, stream, "POST", "/v1/echo");
        for (int i = 0; i < 3; i++)
            raw_peer_frame(s, 0, 0, stream, chunk, sizeof(chunk));
    }
    if (fd == NULL) {
        raw_peer_read(s, true);
        return;
    }
    *fd = s->fd;
    s->fd = 0;
}

static struct hf_net_limits with_bytes(void)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.body_bytes_max = 64 << 10;
    l.share[HF_NET_STRANGER].bytes_each = 160 << 10;
    l.share[HF_NET_STRANGER].bytes_max = 160 << 10;
    return l;
}

Test(hf_net_sources, memory_of_a_source_is_bounded)
{
    struct hf_net_limits l = with_bytes();
    l.share[HF_NET_STRANGER].bytes_each = 128 << 10;
    start(&l);
    struct raw_peer s = {.address = a->address, .from = "127.9.0.1", .alpn = "\2h2"};
    mesh_raw_peer(&m, &s, hold_memory);
    cr_assert_eq(s.status, 429);
    cr_assert_eq(stats()->refused_memory, 1);
    mesh_done(&m);
}

static bool holds_much(void *arg)
{
    (void)arg;
    return stats()->bytes[HF_NET_STRANGER] == 144 << 10;
}

static void post_some(struct raw_peer *s)
{
    static uint8_t chunk[16384];
    raw_peer_connect(s);
    raw_peer_shake(s, false);
    raw_peer_preface(s);
    raw_peer_request(s, 4, 1, "POST", "/v1/echo");
    raw_peer_frame(s, 0, 0, 1, chunk, sizeof(chunk));
    raw_peer_frame(s, 0, 1, 1, chunk, sizeof(chunk));
    raw_peer_read(s, true);
}

/* What was one budget for all: two strangers who held it kept a node from hearing its providers. */
Test(hf_net_sources, memory_held_by_strangers_is_neither_members_nor_our_own)
{
    struct hf_net_limits l = with_bytes();
    int fd;
    static const uint8_t body[60000];
    start(&l);
    mesh_unlock(b);
    struct raw_peer s = {.address = a->address, .from = "127.9.0.1", .alpn = "\2h2", .user = &fd};
    mesh_raw_peer(&m, &s, hold_memory);
    mesh_until(&m, holds_much, NULL);
    /* A member's request and its answer. */
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", hf_bytes_of(body, sizeof(body))), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].status, 200);
    /* A call of its own, and the answer. */
    cr_assert_eq(mesh_call(a, b->address, 1, "/v1/echo", hf_bytes_of(body, sizeof(body))), 0);
    mesh_until_results(a, 1);
    cr_assert_eq(a->result[0].error, 0, "%s", a->result[0].reason);
    /* Another stranger, for whom the first gives way. */
    struct raw_peer other = {.address = a->address, .from = "127.9.0.2", .alpn = "\2h2"};
    mesh_raw_peer(&m, &other, post_some);
    cr_assert_eq(other.status, 200);
    cr_assert_eq(stats()->evicted_memory, 1);
    close(fd);
    mesh_done(&m);
}

Test(hf_net_sources, own_calls_share_their_own_memory_and_the_largest_gives_way)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.own_bytes_max = 1 << 20;
    mesh_init(&m, &l);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(
            mesh_call(b, m.nodes[i == 0 ? 0 : 2].address, i, "/v1/big", (struct hf_bytes){0}), 0);
    mesh_until_results(b, 3);
    unsigned whole = 0;
    for (unsigned i = 0; i < 3; i++) {
        whole += b->result[i].error == 0 ? 1 : 0;
        if (b->result[i].error != 0)
            cr_assert_eq(b->result[i].error, HF_ENOMEM, "%s", b->result[i].reason);
    }
    cr_assert_geq(whole, 1);
    cr_assert_lt(whole, 3);
    mesh_done(&m);
}

static void dribble(struct raw_peer *s)
{
    static uint8_t chunk[1024];
    raw_peer_connect(s);
    raw_peer_shake(s, false);
    raw_peer_preface(s);
    raw_peer_request(s, 4, 1, "POST", "/v1/echo");
    for (int i = 0; i < 20; i++)
        raw_peer_frame(s, 0, 0, 1, chunk, sizeof(chunk));
    s->status = 0;
    raw_peer_read(s, true);
}

Test(hf_net_sources, what_comes_earns_time_in_bytes_a_second)
{
    struct hf_net_limits l = hf_net_limits_default;
    l.request_ms_max = 50;
    l.progress_bytes_per_s = 200 << 10;
    start(&l);
    uint64_t began = uv_hrtime();
    struct raw_peer s = {.address = a->address, .from = "127.9.0.1", .alpn = "\2h2"};
    mesh_raw_peer(&m, &s, dribble);
    cr_assert_eq(s.status, 408);
    /* 20 KiB are worth 100 ms more. */
    cr_assert_geq((uv_hrtime() - began) / 1000000, 150);
    mesh_done(&m);
}

Test(hf_net_may_log, a_source_has_ten_lines_at_once)
{
    unsigned lines = 0;
    start(NULL);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/hold", (struct hf_bytes){0}), 0);
    mesh_until_number(&m, &a->held_count, 1);
    for (int i = 0; i < 100; i++)
        lines += hf_net_may_log(a->net, a->last.peer.conn) ? 1 : 0;
    cr_assert_geq(lines, 10);
    cr_assert_leq(lines, 12);
    mesh_done(&m);
}
