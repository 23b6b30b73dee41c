/*
 * What is held for whom, and who gives way when a kind's part is full: of that kind, the connection
 * whose source has most for its places; of several, the one that has done nothing useful for
 * longest. So a flood pays with its own connections, from however few addresses it comes, and who
 * comes anew finds a place.
 */
#include "internal.h"

enum {
    SCALE = 4096,          /* of a source's load, above the number of places */
    PATIENCE_MS = 1000,    /* with a connection that has not had an answer yet */
    USELESS_MS = 1u << 30, /* what having had none after that counts as */
};

static struct hf__tally *tally(struct hf__conn *conn)
{
    return &conn->net->kinds[conn->who.kind];
}

static const struct hf_net_share *share_of(const struct hf__conn *conn)
{
    return &conn->net->limits.share[conn->who.kind];
}

/* Adds to every account that the connection stands on, or takes away. */
static void count(struct hf__conn *conn, int connections, int handshakes)
{
    struct hf__tally *kind = tally(conn);
    kind->connections += (uint32_t)connections;
    kind->handshakes += (uint32_t)handshakes;
    for (unsigned i = 0; i < conn->who.count; i++) {
        conn->who.at[i]->connections += (uint32_t)connections;
        conn->who.at[i]->handshakes += (uint32_t)handshakes;
    }
    conn->net->stats.connections[conn->who.kind] = kind->connections;
}

static void count_bytes(struct hf__conn *conn, uint64_t more, uint64_t less)
{
    struct hf__tally *kind = tally(conn);
    kind->bytes += more - less;
    for (unsigned i = 0; i < conn->who.count; i++)
        conn->who.at[i]->bytes += more - less;
    conn->net->stats.bytes[conn->who.kind] = kind->bytes;
}

int hf__conn_join(struct hf__conn *conn, struct hf_net_standing standing)
{
    struct hf_net *net = conn->net;
    struct hf__who who;
    hf_assert(!conn->outgoing && !conn->closing);
    if (standing.kind == HF_NET_MEMBER && !conn->has_account)
        standing.kind = HF_NET_STRANGER;
    int r = hf__who_init(&net->sources, &net->limits.share[standing.kind], standing, conn->ip,
                         &conn->account, hf__now_ms(net), &who);
    if (r != 0)
        return r;
    hf__conn_leave(conn);
    conn->who = who;
    conn->joined = true;
    count(conn, 1, conn->state < HF__OPEN ? 1 : 0);
    count_bytes(conn, conn->bytes, 0);
    net->stats.sources = net->sources.count;
    return 0;
}

void hf__conn_leave(struct hf__conn *conn)
{
    if (!conn->joined)
        return;
    count(conn, -1, conn->state < HF__OPEN ? -1 : 0);
    count_bytes(conn, 0, conn->bytes);
    hf__who_done(&conn->who, hf__now_ms(conn->net));
    conn->joined = false;
}

void hf__conn_shaken(struct hf__conn *conn)
{
    conn->net->stats.handshakes--;
    if (conn->joined)
        count(conn, 0, -1);
    conn->state = HF__OPEN;
}

void hf__kinds_init(struct hf_net *net)
{
    uint64_t now = hf__now_ms(net);
    for (size_t i = 0; i < HF_NET_KINDS; i++) {
        const struct hf_net_share *share = &net->limits.share[i];
        struct hf__tally *kind = &net->kinds[i];
        hf__bucket_init(&kind->accepts, share->accepts_all_burst, share->accepts_all_per_s, now);
        kind->accepts_new = kind->accepts;
    }
}

/* A handshake costs far more than it takes to ask for one, and a kind's rate bounds what all of it
 * can make this node spend. Where that is used up, who has not come of late still gets in: a flood
 * uses up its own part. */
bool hf__conn_may_come(struct hf__conn *conn)
{
    struct hf__tally *kind = tally(conn);
    uint64_t now = hf__now_ms(conn->net);
    bool new = hf__who_is_new(&conn->who);
    if (!hf__who_may_connect(&conn->who, now) ||
        (!hf__bucket_take(&kind->accepts, now) &&
         !(new &&hf__bucket_take(&kind->accepts_new, now))))
        return false;
    hf__who_let_in(&conn->who);
    return true;
}

enum measure { CONNECTIONS, HANDSHAKES, BYTES };

/* How much of a measure a connection's sources have, for each of their places: the most of any. */
static uint64_t load_of(const struct hf__conn *conn, enum measure m)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < conn->who.count; i++) {
        const struct hf__source *s = conn->who.at[i];
        uint64_t value = m == BYTES ? s->bytes : m == HANDSHAKES ? s->handshakes : s->connections;
        uint64_t load = value * SCALE / s->places;
        most = load > most ? load : most;
    }
    return most;
}

/* For how long it has done nothing useful. */
static uint64_t uselessness(const struct hf__conn *conn, uint64_t now)
{
    uint64_t idle = now - conn->useful_ms;
    return idle + (conn->useful || idle < PATIENCE_MS ? 0 : USELESS_MS);
}

static bool worse(const struct hf__conn *a, const struct hf__conn *b, enum measure m, uint64_t now)
{
    uint64_t load_a = load_of(a, m), load_b = load_of(b, m);
    if (load_a != load_b)
        return load_a > load_b;
    if (m == BYTES && a->bytes != b->bytes)
        return a->bytes > b->bytes;
    return uselessness(a, now) > uselessness(b, now);
}

static bool stands_on(const struct hf__conn *conn, const struct hf__source *source)
{
    for (unsigned i = 0; i < conn->who.count; i++)
        if (conn->who.at[i] == source)
            return true;
    return source == NULL;
}

/* The worst of a kind, on account of source where one is given, the newcomer left out. */
static struct hf__conn *worst(const struct hf__conn *newcomer, const struct hf__source *source,
                              enum measure m)
{
    struct hf_net *net = newcomer->net;
    struct hf__conn *found = NULL;
    uint64_t now = hf__now_ms(net);
    for (struct hf__list *l = net->conns.next; l != &net->conns; l = l->next) {
        struct hf__conn *conn = hf__container(l, struct hf__conn, link);
        if (conn == newcomer || !conn->joined || conn->who.kind != newcomer->who.kind ||
            (m == HANDSHAKES && conn->state >= HF__OPEN) || (m == BYTES && conn->bytes == 0) ||
            !stands_on(conn, source))
            continue;
        if (found == NULL || worse(conn, found, m, now))
            found = conn;
    }
    return found;
}

static void evict(struct hf__conn *conn, uint64_t *counter, const char *why)
{
    (*counter)++;
    hf__conn_close(conn, HF_EBUSY, why, "");
    memcpy(conn->net->stats.last_refusal, conn->reason, sizeof conn->reason);
}

/* Ends the worst of them until the newcomer and the rest are within max. */
static void thin(struct hf__conn *newcomer, const struct hf__source *source, const uint32_t *number,
                 uint32_t max, enum measure m)
{
    struct hf_net_stats *s = &newcomer->net->stats;
    uint64_t *counter = m == HANDSHAKES ? &s->evicted_handshakes : &s->evicted_connections;
    while (*number > max) {
        struct hf__conn *conn = worst(newcomer, source, m);
        if (conn == NULL)
            return;
        evict(conn, counter,
              m == HANDSHAKES ? "too many unfinished handshakes" : "too many connections");
    }
}

void hf__conn_make_place(struct hf__conn *conn)
{
    const struct hf_net_share *share = share_of(conn);
    for (unsigned i = 0; i < conn->who.count; i++) {
        struct hf__source *s = conn->who.at[i];
        if (conn->state < HF__OPEN)
            thin(conn, s, &s->handshakes, share->handshakes_each * s->places, HANDSHAKES);
        thin(conn, s, &s->connections, share->connections_each * s->places, CONNECTIONS);
    }
    if (conn->state < HF__OPEN)
        thin(conn, NULL, &tally(conn)->handshakes, share->handshakes_max, HANDSHAKES);
    thin(conn, NULL, &tally(conn)->connections, share->connections_max, CONNECTIONS);
}

/* Whether a connection's own sources may hold so much more. */
static bool within_own(const struct hf__conn *conn, size_t bytes)
{
    const struct hf_net_share *share = share_of(conn);
    for (unsigned i = 0; i < conn->who.count; i++)
        if (conn->who.at[i]->bytes + bytes > share->bytes_each * conn->who.at[i]->places)
            return false;
    return true;
}

int hf__conn_has_room(struct hf__conn *conn, size_t bytes)
{
    struct hf_net_stats *stats = &conn->net->stats;
    const struct hf_net_share *share = share_of(conn);
    hf_assert(!conn->outgoing);
    if (!within_own(conn, bytes)) {
        stats->refused_memory++;
        return HF_EQUOTA;
    }
    while (tally(conn)->bytes + bytes > share->bytes_max) {
        struct hf__conn *other = worst(conn, NULL, BYTES);
        if (other == NULL || load_of(other, BYTES) < load_of(conn, BYTES)) {
            stats->refused_memory++;
            return HF_EBUSY;
        }
        evict(other, &stats->evicted_memory, "memory is needed for others");
    }
    return 0;
}

void hf__conn_hold(struct hf__conn *conn, size_t bytes)
{
    conn->bytes += bytes;
    conn->net->stats.memory_bytes += bytes;
    if (conn->outgoing)
        conn->net->stats.own_bytes += bytes;
    else if (conn->joined)
        count_bytes(conn, bytes, 0);
}

void hf__conn_release(struct hf__conn *conn, size_t bytes)
{
    hf_assert(conn->bytes >= bytes && conn->net->stats.memory_bytes >= bytes);
    conn->bytes -= bytes;
    conn->net->stats.memory_bytes -= bytes;
    if (conn->outgoing)
        conn->net->stats.own_bytes -= bytes;
    else if (conn->joined)
        count_bytes(conn, 0, bytes);
}

/* The running call with the longest answer so far, other than one. */
static struct hf__call *largest_call(const struct hf_net *net, const struct hf__call *other)
{
    struct hf__call *found = NULL;
    for (struct hf__list *l = net->conns.next; l != &net->conns; l = l->next) {
        struct hf__conn *conn = hf__container(l, struct hf__conn, link);
        if (!conn->outgoing || conn->closing)
            continue;
        for (struct hf__list *c = conn->calls.next; c != &conn->calls; c = c->next) {
            struct hf__call *call = hf__container(c, struct hf__call, link);
            if (call != other && (found == NULL || call->answer.len > found->answer.len))
                found = call;
        }
    }
    return found;
}

bool hf__call_has_room(struct hf__call *call, size_t bytes)
{
    struct hf_net *net = call->net;
    while (net->stats.own_bytes + bytes > net->limits.own_bytes_max) {
        struct hf__call *other = largest_call(net, call);
        net->stats.refused_own++;
        if (other == NULL || other->answer.len <= call->answer.len + bytes)
            return false;
        hf__call_reset(other, HF_ENOMEM, "a memory bound is reached");
    }
    return true;
}

bool hf_net_may_log(struct hf_net *net, uint64_t id)
{
    struct hf__conn *conn = hf__conn_find(net, id);
    return conn == NULL || !conn->joined || hf__who_may_log(&conn->who, hf__now_ms(net));
}

void hf__conn_rejoin(struct hf__conn *conn)
{
    struct hf_net *net = conn->net;
    struct hf_net_standing standing = {.kind = HF_NET_STRANGER};
    struct hf_net_peer peer;
    hf__conn_peer(conn, &peer);
    if (net->hooks.standing != NULL)
        standing = net->hooks.standing(net->hooks.user, &peer);
    if (hf__conn_join(conn, standing) != 0)
        hf__conn_close(conn, HF_ENOMEM, "out of memory", "");
    else
        hf__conn_make_place(conn);
}
