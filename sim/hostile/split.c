/*
 * A host runs two copies of its node, and cuts each from a part of the others that it draws, for
 * longer than the policy's grace: each may deal anew among those that it hears. Meanwhile it
 * restarts one or the other, puts back disks that it has kept, plants public rows of an earlier
 * time, and moves the cuts.
 */
#include "hostile/twin.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT = 4, PEERS_MAX = 256 };

/* One target and its copy. */
struct split {
    uint32_t sides[2]; /* the node and its copy; HF__NOBODY: it had no vault to copy */
    bool cut[2][PEERS_MAX];
    struct hf_disk *kept[KEPT]; /* of either side */
    size_t kept_count;
    struct hf_blob *hint; /* of an earlier time */
};

static void forget(struct hf__strategy_run *run)
{
    struct split *s = run->more;
    for (size_t i = 0; i < run->count; i++) {
        for (size_t j = 0; j < s[i].kept_count; j++)
            hf_disk_free(s[i].kept[j]);
        hf_blob_unref(s[i].hint);
    }
}

static void draw_cuts(struct hf__strategy_run *run, struct split *s)
{
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        /* Each hears some alone, and a few hear both. */
        uint64_t side = hf__draw_below(&run->r, 5);
        s->cut[0][i] = side < 2;
        s->cut[1][i] = side > 2;
    }
}

static bool crosses(const struct split *s, uint32_t a, uint32_t b)
{
    for (size_t side = 0; side < 2; side++)
        if (a == s->sides[side] && b < PEERS_MAX && s->cut[side][b])
            return true;
    return false;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    const struct split *s = run->more;
    (void)w;
    (void)ret;
    for (size_t i = 0; run->on && i < run->count; i++)
        if (s[i].sides[1] != HF__NOBODY &&
            (crosses(&s[i], m->from, m->to) || crosses(&s[i], m->to, m->from)))
            return HF_FATE_DROP;
    return HF_FATE_PASS;
}

static void keep(struct hf__strategy_run *run, struct split *s, uint32_t node)
{
    struct hf_bytes name = hf_bytes_of("hint", 4);
    if (s->hint == NULL && hf_world_row(run->world, node, HF_ROW_PUBLIC, name) != NULL)
        s->hint = hf_blob_ref(
            (struct hf_blob *)(uintptr_t)hf_world_row(run->world, node, HF_ROW_PUBLIC, name));
    if (s->kept_count < KEPT && hf_world_vault_state(run->world, node) == HF_VAULT_PLACED)
        s->kept[s->kept_count++] = hf_world_disk_copy(run->world, node);
}

/* What the host does next to one side. */
static void turn(struct hf__strategy_run *run, struct split *s)
{
    struct hf_world *w = run->world;
    uint32_t node = s->sides[hf__draw_below(&run->r, 2)];
    run->acts++;
    switch (hf__draw_below(&run->r, 6)) {
    case 0:
    case 1:
        hf__hostile_restart(w, node);
        return;
    case 2:
        keep(run, s, node);
        return;
    case 3:
        if (s->kept_count == 0 || hf__node(w, node)->planted)
            return;
        hf_world_crash(w, node);
        hf_world_disk_put(w, node, s->kept[hf__draw_below(&run->r, s->kept_count)]);
        hf_world_start(w, node);
        return;
    case 4:
        if (s->hint == NULL)
            return;
        hf_world_crash(w, node);
        hf_world_public_put(w, node, "hint", hf_blob_bytes(s->hint));
        hf_world_start(w, node);
        return;
    default:
        draw_cuts(run, s);
    }
}

/* Up to twice the grace, which a scenario may be too short for. */
static uint64_t pause_us(struct hf__strategy_run *run)
{
    uint64_t grace_us = run->world->authority.policy->u.policy.holder_grace_s * 1000000;
    uint64_t most_us = grace_us < 30000000 ? 2 * grace_us : 60000000;
    return 1000000 + hf__draw_below(&run->r, most_us);
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__strategy_run *run = ctx;
    struct split *s = run->more;
    if (!run->on)
        return;
    turn(run, &s[mark]);
    hf__wake(w, run->observer, mark, w->now_us + pause_us(run));
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .wake = wake};
    struct hf__strategy_run *run =
        hf__hostile_new(w, nodes, count, observer, count * sizeof(struct split));
    struct split *s = run->more;
    run->forget = forget;
    for (size_t i = 0; i < count; i++) {
        s[i].sides[0] = nodes[i];
        s[i].sides[1] = HF__NOBODY;
        if (hf_world_vault_state(w, nodes[i]) != HF_VAULT_PLACED)
            continue;
        keep(run, &s[i], nodes[i]);
        draw_cuts(run, &s[i]);
        s[i].sides[1] = hf__twin_of(w, nodes[i], true);
        run->acts++;
        hf__wake(w, run->observer, (uint32_t)i, w->now_us + pause_us(run));
    }
    return run;
}

/* One of the two goes on, whichever the host likes; it starts anew on the disk that it has. */
static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    const struct split *s = run->more;
    hf__hostile_end(w, run);
    for (size_t i = 0; i < run->count; i++) {
        if (s[i].sides[1] == HF__NOBODY)
            continue;
        hf_world_crash(w, s[i].sides[1]);
        hf__node(w, s[i].sides[1])->gone = true;
        hf__hostile_restart(w, s[i].sides[0]);
    }
}

const struct hf__strategy hf__strategy_split = {
    .name = "split-copy",
    .doc = "two copies on one machine, each cut from some of the others; restarts, old disks, "
           "planted hints",
    .begin = begin,
    .end = end,
};
