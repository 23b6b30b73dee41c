/* What each action does when it begins, goes on and ends. */
#include "scenario/action.h"

#include "attestation/attestation.h"
#include "authority/authority.h"
#include "hostile/strategy.h"
#include "node/node.h"
#include "run/run.h"

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

static void partition(struct hf_world *w, const struct hf__action_run *d)
{
    uint8_t *group = calloc(w->nodes_count + 1u, 1);
    hf_assert(group != NULL);
    for (size_t i = 0; i < d->count; i++)
        group[d->targets[i]] = 1;
    hf_world_partition(w, group);
    free(group);
}

static void join(struct hf_world *w, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        hf_world_start(w, hf_world_add(w));
}

/* The last one of a kind that goes on; NULL: none does. */
static const struct hf__action_run *going_on(const struct hf__schedule *s, int kind)
{
    for (size_t i = s->count; i > 0; i--) {
        const struct hf__action_run *d = &s->runs[i - 1];
        if (d->action->kind == kind && d->begun && !d->ended)
            return d;
    }
    return NULL;
}

static double chance_now(const struct hf__schedule *s, int kind, double before)
{
    const struct hf__action_run *d = going_on(s, kind);
    return d == NULL ? before : d->action->value;
}

/* Sets what actions change for all: to what the last one that goes on says, or to what it was. */
static void set_whole(struct hf__schedule *s)
{
    struct hf_world_network *net = &s->world->settings.network;
    struct hf_world_attestation *a = &s->world->settings.attestation;
    double slow = chance_now(s, HF__ACTION_QUOTE_SLOW, 1);
    net->loss = chance_now(s, HF__ACTION_LOSS, s->network.loss);
    net->duplicate = chance_now(s, HF__ACTION_DUPLICATE, s->network.duplicate);
    net->reorder = chance_now(s, HF__ACTION_REORDER, s->network.reorder);
    a->judge_fails = chance_now(s, HF__ACTION_JUDGE_FAIL, s->attestation.judge_fails);
    a->quote.median_us = (uint64_t)((double)s->attestation.quote.median_us * slow);
    a->judge.median_us = (uint64_t)((double)s->attestation.judge.median_us * slow);
    const struct hf__action_run *d = going_on(s, HF__ACTION_PARTITION);
    if (d != NULL)
        partition(s->world, d);
    else
        hf_world_partition(s->world, NULL);
}

static void edit_policy(struct hf_policy *policy, void *ctx)
{
    const struct hf__action *a = ctx;
    if (!hf__policy_from_text(a->text, policy, policy))
        hf_unreachable(); /* judged when the scenario was read */
}

/* Every node hears, within ten seconds, that there is newer collateral. */
static void tell_collateral(struct hf_world *w, struct hf__action_run *d)
{
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        uint64_t later_us = hf__draw_below(&d->r, 10000000);
        hf__push(w, w->now_us + later_us, hf__what(HF__COLLATERAL, w->nodes[i]->incarnation, i));
    }
}

static void begin_documents(struct hf_world *w, const struct hf__action *a)
{
    switch (a->kind) {
    case HF__ACTION_ACCEPT:
        hf_world_policy_accept(w, a->text, (uint32_t)a->value);
        return;
    case HF__ACTION_WITHDRAW:
        hf_world_policy_withdraw(w, a->text);
        return;
    case HF__ACTION_STALE:
        hf_world_collateral_stop(w, true);
        return;
    case HF__ACTION_POLICY:
        hf_world_policy_edit(w, edit_policy, (void *)(uintptr_t)a);
        return;
    case HF__ACTION_SET:
        hf_world_set_issue(w);
        return;
    case HF__ACTION_HOLDERS:
    case HF__ACTION_RESHARD:
        hf__people_change(w, a->text, a->kind == HF__ACTION_RESHARD);
        return;
    default:
        if (w->authority.roots_count == HF__ROOTS_MAX)
            return;
        hf_world_root_issue(w);
        /* What the old keys signed is signed anew: no node takes it from a disk any more. */
        hf_world_policy_edit(w, NULL, NULL);
        hf_world_set_issue(w);
    }
}

static void begin_hostile(struct hf_world *w, struct hf__action_run *d)
{
    const struct hf__strategy *strategy = hf__strategy_find(d->action->text);
    for (size_t i = 0; i < d->count; i++)
        hf__node(w, d->targets[i])->corrupt |= strategy->corrupts;
    d->strategy = hf__strategy_begin(w, strategy, d->targets, d->count);
}

/* Actions on the network or the authority as a whole. False: it is not one of them. */
static bool begin_whole(struct hf__schedule *s, struct hf__action_run *d)
{
    struct hf_world *w = s->world;
    const struct hf__action *a = d->action;
    switch (a->kind) {
    case HF__ACTION_LOSS:
    case HF__ACTION_DUPLICATE:
    case HF__ACTION_REORDER:
    case HF__ACTION_JUDGE_FAIL:
    case HF__ACTION_QUOTE_SLOW:
    case HF__ACTION_PARTITION:
        set_whole(s);
        return true;
    case HF__ACTION_ACCEPT:
    case HF__ACTION_WITHDRAW:
    case HF__ACTION_STALE:
    case HF__ACTION_POLICY:
    case HF__ACTION_SET:
    case HF__ACTION_ROOT:
    case HF__ACTION_HOLDERS:
    case HF__ACTION_RESHARD:
        begin_documents(w, a);
        return true;
    case HF__ACTION_JOIN:
        join(w, a->count == HF__NOT_GIVEN ? 1 : a->count);
        return true;
    case HF__ACTION_HEAL:
        hf__action_heal(w);
        return true;
    case HF__ACTION_HOSTILE:
        begin_hostile(w, d);
        return true;
    case HF__ACTION_UPGRADE:
        w->release = hf__image_index(w, a->text);
        return true;
    case HF__ACTION_HANDOVER:
        hf__change_begin(w, d);
        return true;
    case HF__ACTION_ROLLING:
    case HF__ACTION_FLAP:
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

enum { LEAVE_S = 600 };

static void begin_local(struct hf_world *w, const struct hf__action *a, uint32_t node)
{
    if (a->kind == HF__ACTION_REMOVE)
        hf__member_remove(w, node);
    else if (a->kind == HF__ACTION_LEAVE)
        hf__member_leave(w, node, LEAVE_S);
    else if (a->kind == HF__ACTION_LEAVE_SOON)
        hf__member_leave(w, node, (uint64_t)a->value);
    else if (a->kind == HF__ACTION_FLOOR)
        hf__member_floor(w, node);
    else if (a->kind == HF__ACTION_BLACKSTART)
        hf_world_by_people(w, node);
    else if (a->kind == HF__ACTION_KEY)
        hf_world_local(w, node, HF_LOCAL_KEY, a->text[0] == '\0' ? "tss-db" : a->text);
    else
        hf_world_local(w, node, a->kind == HF__ACTION_DRILL ? HF_LOCAL_DRILL : HF_LOCAL_DRAIN,
                       NULL);
}

static void begin_host(struct hf_world *w, struct hf__action_run *d, uint32_t node)
{
    const struct hf__action *a = d->action;
    switch (a->kind) {
    case HF__ACTION_CLOCK:
        hf_world_clock_shift(w, node, (int64_t)a->value);
        return;
    case HF__ACTION_DISK_FULL:
        hf_world_disk_fail(w, node, HF_ENOSPACE);
        return;
    case HF__ACTION_DISK_STALL:
        hf_world_disk_stall(w, node, a->for_us / 1000);
        return;
    case HF__ACTION_CORRUPT:
        restart_damaged(w, node, HF_ECORRUPT);
        return;
    case HF__ACTION_LOSE_FOLDER:
        hf__member_anew(w, node);
        return;
    case HF__ACTION_QUOTE_FAIL:
        hf_world_quote_fail(w, node, HF_EQUOTE_PROVIDER);
        return;
    case HF__ACTION_TCB:
        hf_world_tcb(w, node, hf__tcb_from_text(a->text));
        tell_collateral(w, d);
        return;
    default:
        begin_local(w, a, node);
    }
}

static void begin_process(struct hf_world *w, struct hf__action_run *d, uint32_t node)
{
    const struct hf__action *a = d->action;
    switch (a->kind) {
    case HF__ACTION_CRASH:
        hf_world_crash(w, node);
        return;
    case HF__ACTION_POWER_OFF:
        hf_world_power_off(w, node);
        return;
    case HF__ACTION_START:
        hf_world_start(w, node);
        return;
    case HF__ACTION_PAUSE:
        hf_world_pause(w, node);
        return;
    case HF__ACTION_SLOW:
        hf_world_slow(w, node, a->value < 1 ? 1 : a->value);
        return;
    case HF__ACTION_ISOLATE:
        hf_world_isolate(w, node);
        return;
    case HF__ACTION_DEAF:
        hf_world_cut(w, HF_WORLD_ALL, node);
        return;
    case HF__ACTION_MUTE:
        hf_world_cut(w, node, HF_WORLD_ALL);
        return;
    case HF__ACTION_BREAK:
        hf_world_break(w, node, HF_WORLD_ALL);
        return;
    case HF__ACTION_CRASH_WRITE:
        hf_world_crash_at_write(w, node, 1 + (unsigned)a->value, hf__draw_below(&d->r, 2) == 1);
        return;
    case HF__ACTION_TORN_WRITE:
        hf_world_crash_at_write(w, node, 1 + (unsigned)a->value, false);
        hf__node(w, node)->tears = true;
        return;
    default:
        begin_host(w, d, node);
    }
}

void hf__action_begin(struct hf__schedule *s, struct hf__action_run *d)
{
    s->world->disturbed_us = s->world->now_us;
    if (begin_whole(s, d))
        return;
    for (size_t i = 0; i < d->count; i++)
        begin_process(s->world, d, d->targets[i]);
}

uint64_t hf__action_pause_us(const struct hf__action_run *d)
{
    const struct hf__action *a = d->action;
    if (a->kind == HF__ACTION_HANDOVER)
        return hf__change_pause_us();
    return a->within_us == 0 ? a->every_us : a->within_us / (d->count == 0 ? 1 : d->count);
}

bool hf__action_step(struct hf__schedule *s, struct hf__action_run *d)
{
    struct hf_world *w = s->world;
    const struct hf__action *a = d->action;
    if (a->kind == HF__ACTION_FLAP) {
        if (d->step++ % 2 == 0)
            partition(w, d);
        else
            hf_world_partition(w, NULL);
        return true;
    }
    if (a->kind == HF__ACTION_HANDOVER) {
        hf__change_step(w, d);
        return true;
    }
    if (d->step >= d->count)
        return false;
    uint32_t node = d->targets[d->step++];
    hf_world_crash(w, node);
    if (a->kind == HF__ACTION_UPGRADE)
        hf_world_image(w, node, a->text);
    hf__push(w, w->now_us + a->for_us, hf__what(HF__STARTS, 0, node));
    return true;
}

/* ---- Ends ---- */

/* A node that has not had its turn takes the new release with its next start, which is now: a
 * policy may no longer list the old one. */
static void end_upgrade(struct hf_world *w, const struct hf__action_run *d)
{
    for (size_t i = d->step; i < d->count; i++) {
        hf_world_image(w, d->targets[i], d->action->text);
        if (!hf_world_running(w, d->targets[i]))
            continue;
        hf_world_crash(w, d->targets[i]);
        hf_world_start(w, d->targets[i]);
    }
}

static void end_whole(struct hf__schedule *s, struct hf__action_run *d)
{
    switch (d->action->kind) {
    case HF__ACTION_LOSS:
    case HF__ACTION_DUPLICATE:
    case HF__ACTION_REORDER:
    case HF__ACTION_JUDGE_FAIL:
    case HF__ACTION_QUOTE_SLOW:
    case HF__ACTION_PARTITION:
    case HF__ACTION_FLAP:
        set_whole(s);
        return;
    case HF__ACTION_UPGRADE:
        end_upgrade(s->world, d);
        return;
    case HF__ACTION_STALE:
        hf_world_collateral_stop(s->world, false);
        return;
    case HF__ACTION_HANDOVER:
        hf__change_end(s->world, d);
        return;
    case HF__ACTION_HOSTILE:
        hf__strategy_find(d->action->text)->end(s->world, d->strategy);
        return;
    default:
        return;
    }
}

static void end_host(struct hf_world *w, struct hf__action_run *d, uint32_t node)
{
    switch (d->action->kind) {
    case HF__ACTION_DISK_FULL:
        hf_world_disk_fail(w, node, 0);
        return;
    case HF__ACTION_CORRUPT:
        restart_damaged(w, node, 0);
        return;
    case HF__ACTION_TORN_WRITE:
        hf__node(w, node)->tears = false;
        hf__node(w, node)->crash_write = 0;
        if (hf__node(w, node)->disk.damage != 0)
            restart_damaged(w, node, 0);
        hf_world_start(w, node);
        return;
    case HF__ACTION_QUOTE_FAIL:
        hf_world_quote_fail(w, node, 0);
        return;
    case HF__ACTION_TCB:
        hf_world_tcb(w, node, HF_TCB_UP_TO_DATE);
        tell_collateral(w, d);
        return;
    case HF__ACTION_DRAIN:
        hf_world_local(w, node, HF_LOCAL_UNDRAIN, NULL);
        return;
    default:
        return;
    }
}

static void end_process(struct hf_world *w, struct hf__action_run *d, uint32_t node)
{
    switch (d->action->kind) {
    case HF__ACTION_CRASH:
    case HF__ACTION_POWER_OFF:
    case HF__ACTION_CRASH_WRITE:
        hf_world_start(w, node);
        return;
    case HF__ACTION_PAUSE:
        hf_world_resume(w, node);
        return;
    case HF__ACTION_SLOW:
        hf_world_slow(w, node, 1);
        return;
    case HF__ACTION_ISOLATE:
        hf__node(w, node)->isolated = false;
        return;
    case HF__ACTION_DEAF:
        hf_world_mend(w, HF_WORLD_ALL, node);
        return;
    case HF__ACTION_MUTE:
        hf_world_mend(w, node, HF_WORLD_ALL);
        return;
    default:
        end_host(w, d, node);
    }
}

void hf__action_end(struct hf__schedule *s, struct hf__action_run *d)
{
    s->world->disturbed_us = s->world->now_us;
    end_whole(s, d);
    for (size_t i = 0; i < d->count; i++)
        end_process(s->world, d, d->targets[i]);
}

void hf__action_heal(struct hf_world *w)
{
    w->disturbed_us = w->now_us;
    hf_world_heal(w);
    w->settings.network.loss = 0;
    w->settings.network.duplicate = 0;
    w->settings.network.reorder = 0;
    w->settings.attestation.judge_fails = 0;
    w->settings.attestation.quote_fails = 0;
    hf_world_collateral_stop(w, false);
    hf__works_hurry(w);
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct hf__node *n = w->nodes[i];
        /* Another may run on the machine of one that is gone. */
        hf_world_tcb(w, i, HF_TCB_UP_TO_DATE);
        if (n->gone)
            continue;
        n->crash_write = 0;
        n->tears = false;
        n->quote_error = 0;
        n->stall_us = 0;
        n->clock_us = 0;
        n->slowness = 1;
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
