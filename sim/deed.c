/* What each deed does when it begins, goes on and ends. */
#include "deed.h"

#include "strategy.h"

#include <stdlib.h>
#include <string.h>

uint8_t hf__tcb_from_text(const char *text)
{
    if (strcmp(text, "revoked") == 0)
        return HF_TCB_REVOKED;
    if (strcmp(text, "out-of-date") == 0)
        return HF_TCB_OUT_OF_DATE;
    return strcmp(text, "up-to-date") == 0 ? HF_TCB_UP_TO_DATE : HF_TCB_NONE;
}

static void partition(struct hf_world *w, const struct hf__deeds *d)
{
    uint8_t *group = calloc(w->nodes_count + 1u, 1);
    hf_assert(group != NULL);
    for (size_t i = 0; i < d->count; i++)
        group[d->targets[i]] = 1;
    hf_world_partition(w, group);
    free(group);
}

static void join(struct hf_world *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        hf_world_start(w, hf_world_add(w));
}

/* Deeds on the network or the authority as a whole. False: it is not one of them. */
static bool begin_whole(struct hf_world *w, struct hf__deeds *d)
{
    const struct hf__action *a = d->action;
    struct hf_world_network *net = &w->settings.network;
    double *chance = a->deed == HF__DEED_LOSS         ? &net->loss
                     : a->deed == HF__DEED_DUPLICATE  ? &net->duplicate
                     : a->deed == HF__DEED_REORDER    ? &net->reorder
                     : a->deed == HF__DEED_JUDGE_FAIL ? &w->settings.attestation.judge_fails
                                                      : NULL;
    if (chance != NULL) {
        d->before = *chance;
        *chance = a->value;
        return true;
    }
    switch (a->deed) {
    case HF__DEED_PARTITION:
        partition(w, d);
        return true;
    case HF__DEED_ACCEPT:
        hf_world_policy_accept(w, a->text, (uint32_t)a->value);
        return true;
    case HF__DEED_WITHDRAW:
        hf_world_policy_withdraw(w, a->text);
        return true;
    case HF__DEED_STALE:
        hf_world_collateral_stop(w, true);
        return true;
    case HF__DEED_POLICY:
        hf_world_policy_edit(w, NULL, NULL);
        return true;
    case HF__DEED_SET:
        hf_world_set_issue(w);
        return true;
    case HF__DEED_ROOT:
        if (w->authority.roots_count < HF__ROOTS_MAX) {
            hf_world_root_issue(w);
            /* What the old keys signed is signed anew: nobody takes it from a disk any more. */
            hf_world_policy_edit(w, NULL, NULL);
            hf_world_set_issue(w);
        }
        return true;
    case HF__DEED_JOIN:
        join(w, a->count == 0 ? 1 : a->count);
        return true;
    case HF__DEED_HEAL:
        hf__deed_heal(w);
        return true;
    case HF__DEED_HOSTILE:
        for (size_t i = 0; i < d->count; i++)
            hf__node(w, d->targets[i])->corrupt |= hf__strategy_find(a->text)->corrupts;
        d->strategy_ctx = hf__strategy_find(a->text)->begin(w, d->targets, d->count);
        return true;
    case HF__DEED_ROLLING:
    case HF__DEED_UPGRADE:
    case HF__DEED_FLAP:
        return true; /* step by step */
    default:
        return false;
    }
}

static void restart_damaged(struct hf_world *w, uint32_t node, int error)
{
    hf_world_crash(w, node);
    hf_world_vault_damage(w, node, error);
    hf_world_start(w, node);
}

/* A new node, never registered, that starts from a copy of another's disk on its own machine. */
static void clone(struct hf_world *w, struct hf__deeds *d, uint32_t node)
{
    /* One that is not placed yet is made anew wherever it starts: no copy of anybody. */
    if (hf_world_vault_state(w, node) != HF_VAULT_PLACED)
        return;
    struct hf_disk *copy = hf_world_disk_copy(w, node);
    uint32_t twin = hf_world_add(w);
    hf_world_disk_put(w, twin, copy);
    hf_disk_free(copy);
    hf_world_start(w, twin);
    d->step = twin;
}

static void begin_local(struct hf_world *w, const struct hf__action *a, uint32_t node)
{
    if (a->deed == HF__DEED_KEY)
        hf_world_local(w, node, HF_LOCAL_KEY, a->text[0] == '\0' ? "tss-db" : a->text);
    else
        hf_world_local(w, node, a->deed == HF__DEED_DRILL ? HF_LOCAL_DRILL : HF_LOCAL_DRAIN, NULL);
}

static void begin_host(struct hf_world *w, struct hf__deeds *d, uint32_t node)
{
    const struct hf__action *a = d->action;
    switch (a->deed) {
    case HF__DEED_CLOCK:
        hf_world_clock_shift(w, node, (int64_t)a->value);
        return;
    case HF__DEED_DISK_FULL:
        hf_world_disk_fail(w, node, HF_ENOSPACE);
        return;
    case HF__DEED_DISK_STALL:
        hf_world_disk_stall(w, node, a->for_us / 1000);
        return;
    case HF__DEED_CORRUPT:
        restart_damaged(w, node, HF_ECORRUPT);
        return;
    case HF__DEED_ROLLBACK_ROW:
        restart_damaged(w, node, HF_EROLLBACK);
        return;
    case HF__DEED_ROLLBACK:
        if (d->kept == NULL)
            d->kept = hf_world_disk_copy(w, node);
        return;
    case HF__DEED_CLONE:
        clone(w, d, node);
        return;
    case HF__DEED_QUOTE_FAIL:
        hf_world_quote_fail(w, node, HF_EQUOTE_PROVIDER);
        return;
    case HF__DEED_TCB:
        hf_world_tcb(w, node, hf__tcb_from_text(a->text));
        return;
    default:
        begin_local(w, a, node);
    }
}

static void begin_process(struct hf_world *w, struct hf__deeds *d, uint32_t node)
{
    const struct hf__action *a = d->action;
    switch (a->deed) {
    case HF__DEED_CRASH:
        hf_world_crash(w, node);
        return;
    case HF__DEED_START:
        hf_world_start(w, node);
        return;
    case HF__DEED_PAUSE:
        hf_world_pause(w, node);
        return;
    case HF__DEED_SLOW:
        hf_world_slow(w, node, a->value < 1 ? 1 : a->value);
        return;
    case HF__DEED_ISOLATE:
        hf_world_isolate(w, node);
        return;
    case HF__DEED_DEAF:
        hf_world_cut(w, HF_WORLD_ALL, node);
        return;
    case HF__DEED_MUTE:
        hf_world_cut(w, node, HF_WORLD_ALL);
        return;
    case HF__DEED_BREAK:
        hf_world_break(w, node, HF_WORLD_ALL);
        return;
    case HF__DEED_CRASH_WRITE:
        hf_world_crash_at_write(w, node, 1 + (unsigned)a->value,
                                hf__draw_below(&w->streams[HF__FOR_FAULTS], 2) == 1);
        return;
    default:
        begin_host(w, d, node);
    }
}

void hf__deed_begin(struct hf__schedule *s, struct hf__deeds *d)
{
    if (begin_whole(s->world, d))
        return;
    for (size_t i = 0; i < d->count; i++)
        begin_process(s->world, d, d->targets[i]);
}

bool hf__deed_step(struct hf__schedule *s, struct hf__deeds *d)
{
    struct hf_world *w = s->world;
    const struct hf__action *a = d->action;
    if (a->deed == HF__DEED_FLAP) {
        if (d->step++ % 2 == 0)
            partition(w, d);
        else
            hf_world_partition(w, NULL);
        return true;
    }
    if (d->step >= d->count)
        return false;
    uint32_t node = d->targets[d->step++];
    hf_world_crash(w, node);
    if (a->deed == HF__DEED_UPGRADE)
        hf_world_image(w, node, a->text);
    hf__push(w, w->now_us + a->for_us, hf__what(HF__STARTS, 0, node));
    return true;
}

/* ---- Ends ---- */

static void end_whole(struct hf_world *w, struct hf__deeds *d)
{
    struct hf_world_network *net = &w->settings.network;
    switch (d->action->deed) {
    case HF__DEED_LOSS:
        net->loss = d->before;
        return;
    case HF__DEED_DUPLICATE:
        net->duplicate = d->before;
        return;
    case HF__DEED_REORDER:
        net->reorder = d->before;
        return;
    case HF__DEED_JUDGE_FAIL:
        w->settings.attestation.judge_fails = d->before;
        return;
    case HF__DEED_PARTITION:
    case HF__DEED_FLAP:
        hf_world_partition(w, NULL);
        return;
    case HF__DEED_STALE:
        hf_world_collateral_stop(w, false);
        return;
    case HF__DEED_HOSTILE:
        hf__strategy_find(d->action->text)->end(w, d->strategy_ctx);
        return;
    default:
        return;
    }
}

static void end_host(struct hf_world *w, struct hf__deeds *d, uint32_t node)
{
    switch (d->action->deed) {
    case HF__DEED_DISK_FULL:
        hf_world_disk_fail(w, node, 0);
        return;
    case HF__DEED_CORRUPT:
    case HF__DEED_ROLLBACK_ROW:
        restart_damaged(w, node, 0);
        return;
    case HF__DEED_ROLLBACK:
        if (d->kept == NULL || node != d->targets[0])
            return;
        hf_world_crash(w, node);
        hf_world_disk_put(w, node, d->kept);
        hf_world_start(w, node);
        return;
    case HF__DEED_CLONE:
        if (d->step == 0)
            return;
        hf_world_crash(w, (uint32_t)d->step);
        hf__node(w, (uint32_t)d->step)->gone = true;
        return;
    case HF__DEED_QUOTE_FAIL:
        hf_world_quote_fail(w, node, 0);
        return;
    case HF__DEED_TCB:
        hf_world_tcb(w, node, HF_TCB_UP_TO_DATE);
        return;
    case HF__DEED_DRAIN:
        hf_world_local(w, node, HF_LOCAL_UNDRAIN, NULL);
        return;
    default:
        return;
    }
}

static void end_process(struct hf_world *w, struct hf__deeds *d, uint32_t node)
{
    switch (d->action->deed) {
    case HF__DEED_CRASH:
    case HF__DEED_CRASH_WRITE:
        hf_world_start(w, node);
        return;
    case HF__DEED_PAUSE:
        hf_world_resume(w, node);
        return;
    case HF__DEED_SLOW:
        hf_world_slow(w, node, 1);
        return;
    case HF__DEED_ISOLATE:
        hf__node(w, node)->isolated = false;
        return;
    case HF__DEED_DEAF:
        hf_world_mend(w, HF_WORLD_ALL, node);
        return;
    case HF__DEED_MUTE:
        hf_world_mend(w, node, HF_WORLD_ALL);
        return;
    default:
        end_host(w, d, node);
    }
}

void hf__deed_end(struct hf__schedule *s, struct hf__deeds *d)
{
    end_whole(s->world, d);
    for (size_t i = 0; i < d->count; i++)
        end_process(s->world, d, d->targets[i]);
}

void hf__deed_heal(struct hf_world *w)
{
    hf_world_heal(w);
    w->settings.network.loss = 0;
    w->settings.network.duplicate = 0;
    w->settings.network.reorder = 0;
    w->settings.attestation.judge_fails = 0;
    w->settings.attestation.quote_fails = 0;
    hf_world_collateral_stop(w, false);
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct hf__node *n = w->nodes[i];
        if (n->gone)
            continue;
        n->crash_write = 0;
        n->quote_error = 0;
        n->stall_us = 0;
        n->clock_us = 0;
        n->slowness = 1;
        hf_world_tcb(w, i, HF_TCB_UP_TO_DATE);
        hf_world_disk_fail(w, i, 0);
        if (n->paused)
            hf_world_resume(w, i);
        if (n->disk.damage != 0) {
            n->disk.damage = 0;
            hf_world_crash(w, i);
        }
        hf_world_start(w, i);
    }
}
