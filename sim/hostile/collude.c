/*
 * k - 1 providers of one owner, corrupt inside their trust domains, work together: they put their
 * shares into one pot and try to rebuild the secret, and refuse the owner's claims with one voice,
 * as if another instance had taken over. Neither may come to anything.
 */
#include "hostile/hostile.h"

#include "checkers/checkers.h"

#include <string.h>

enum { PAUSE_US = 2000000 };

struct collude {
    struct hf_account owner;
    uint32_t members[HF_SHARES_MAX];
    size_t count;
};

static bool is_member(const struct collude *c, uint32_t node)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->members[i] == node)
            return true;
    }
    return false;
}

static bool row_of(struct hf__strategy_run *run, uint32_t node, struct hf_held_row *ret)
{
    const struct collude *c = run->more;
    const struct hf_disk *d = &hf__node(run->world, node)->disk;
    for (uint32_t i = d->count; i > 0; i--) {
        const struct hf__row *row = d->rows[i - 1];
        if (row->collection == HF_ROW_HELD && row->key_len == 48 &&
            memcmp(row->key, c->owner.bytes, HF_ID_LEN) == 0)
            return hf__hostile_decode(run, &hf_wire_held_row, hf_blob_bytes(row->value), ret);
    }
    return false;
}

/* The owner with the lowest number from `first` on of whom k - 1 others hold shares. */
static bool conspire(struct hf__strategy_run *run, uint32_t first)
{
    struct hf_world *w = run->world;
    struct collude *c = run->more;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        uint32_t owner = (first + i) % w->nodes_count;
        struct hf_held_row row;
        size_t most = 1;
        if (!hf__node(w, owner)->has_account)
            continue;
        c->owner = hf__node(w, owner)->account;
        c->count = 0;
        for (uint32_t node = 0; node < w->nodes_count && c->count < most; node++) {
            hf_arena_reset(&run->arena);
            if (node == owner || hf__node(w, node)->engine == NULL || !row_of(run, node, &row))
                continue;
            most = row.commitments.len / HF_POINT_LEN - 1;
            if (c->count < most)
                c->members[c->count++] = node;
        }
        if (c->count > 0 && c->count == most)
            return true;
    }
    c->count = 0;
    return false;
}

/* All their shares, and a guess for the one that is missing. */
static void pool(struct hf__strategy_run *run)
{
    const struct collude *c = run->more;
    struct hf_world *w = run->world;
    struct hf_rng rng = {0};
    struct hf_held_row row, first = {0};
    uint8_t indices[HF_SHARES_MAX], shares[HF_SHARES_MAX * HF_SCALAR_LEN], secret[HF_SCALAR_LEN];
    uint32_t bad = 0, used = 0;
    size_t count = 0;
    hf_arena_reset(&run->arena);
    for (size_t i = 0; i < c->count; i++) {
        if (!row_of(run, c->members[i], &row) ||
            (count > 0 && memcmp(row.generation.id, first.generation.id, 16) != 0) ||
            !hf__hostile_share(run, c->members[i], &row, shares + count * HF_SCALAR_LEN))
            continue;
        first = row;
        used |= UINT32_C(1) << row.index;
        indices[count++] = (uint8_t)row.index;
    }
    if (count == 0 || count != c->count)
        return;
    uint8_t k = (uint8_t)(first.commitments.len / HF_POINT_LEN);
    /* A policy may ask for fewer by now: who was too few then may rebuild what it has since. */
    if (count >= k)
        return;
    uint8_t other = 1;
    while ((used >> other & 1) != 0)
        other++;
    hf__draw_bytes(&run->r, rng.seed, sizeof rng.seed);
    w->suite->scalar_random(&rng, shares + count * HF_SCALAR_LEN);
    indices[count] = other;
    run->acts++;
    if (w->suite->combine(k, first.commitments.data, count, indices, shares, secret, &bad) == 0 ||
        w->suite->combine(k, first.commitments.data, count + 1, indices, shares, secret, &bad) == 0)
        hf__violate(w, c->members[0], "combine", "%u of %u providers have rebuilt a secret",
                    (unsigned)count, (unsigned)k);
}

static void refuse(struct hf__strategy_run *run, struct hf_claim_answer *answer)
{
    (void)run;
    answer->accepted = false;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    const struct collude *c = run->more;
    if (!run->on || !m->response || m->error != 0 || m->method != HF_METHOD_CLAIM ||
        !is_member(c, m->from) || hf_world_find(w, &c->owner) != (long)m->to)
        return HF_FATE_PASS;
    hf_arena_reset(&run->arena);
    bool done = hf__hostile_claim(run, m, refuse, ret->body);
    run->acts += done;
    return done ? HF_FATE_REPLACE : HF_FATE_PASS;
}

/* Conspires as soon as there is an owner to conspire against, and tries what the pot gives. */
static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__strategy_run *run = ctx;
    struct collude *c = run->more;
    (void)mark;
    if (!run->on)
        return;
    if (c->count == 0 && conspire(run, run->count > 0 ? run->nodes[0] : 0)) {
        for (size_t i = 0; i < c->count; i++)
            hf__node(w, c->members[i])->corrupt = true;
        long owner = hf_world_find(w, &c->owner);
        if (owner >= 0 && hf_world_running(w, (uint32_t)owner))
            hf__hostile_restart(w, (uint32_t)owner);
    }
    pool(run);
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .wake = wake};
    struct hf__strategy_run *run =
        hf__hostile_new(w, nodes, count, observer, sizeof(struct collude));
    hf__wake(w, run->observer, 0, w->now_us);
    return run;
}

const struct hf__strategy hf__strategy_collude = {
    .name = "collusion",
    .doc = "k - 1 providers of a target pool their shares, and refuse its claims with one voice",
    .conspires = true,
    .begin = begin,
    .end = hf__hostile_end,
};
