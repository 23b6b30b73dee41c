#include "trial/trial.h"

#include "lib/pages.h"
#include "run/run.h"
#include "scenario/action.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SLICE_EVENTS = 20000,
    PARTS = 12 /* of the time to settle, between looks of the authority */
};

struct trial {
    const struct hf__scenario *scenario;
    const struct hf__trial_hooks *hooks;
    struct hf_world *world;
    struct hf__schedule *schedule;
    struct hf__churning *churn;
    uint32_t observer, next_start;
    uint64_t healed_us;
    bool stopped;
};

enum { MARK_START, MARK_KEYS };

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Starts that are spread over time, and applications that ask for their keys. */
static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct trial *t = ctx;
    const struct hf__scenario *s = t->scenario;
    if (mark == MARK_START) {
        hf_world_start(w, t->next_start++);
        if (t->next_start < s->nodes)
            hf__wake(w, t->observer, MARK_START,
                     s->spread_us * t->next_start / (s->nodes == 0 ? 1 : s->nodes));
        return;
    }
    for (uint32_t i = 0; i < w->nodes_count; i++)
        hf_world_local(w, i, HF_LOCAL_KEY, "tss-db");
    hf__wake(w, t->observer, MARK_KEYS, w->now_us + s->keys_every_us);
}

/* Runs until a time; false: a violation, or the user asked for the end. */
static bool run_until(struct trial *t, uint64_t until_us, hf_world_done_fn *done, void *ctx)
{
    struct hf_world *w = t->world;
    for (;;) {
        for (int i = 0; i < SLICE_EVENTS; i++) {
            if (w->violated || (done != NULL && done(w, ctx)))
                return !w->violated;
            if (!hf__step_until(w, until_us)) {
                w->now_us = until_us;
                return true;
            }
        }
        hf__pages_grown();
        if (t->hooks->progress != NULL && !t->hooks->progress(t->hooks->ctx, w, until_us)) {
            t->stopped = true;
            return false;
        }
    }
}

struct wait {
    bool *expected;
    bool all; /* all can come back: then all must be ready, not only open */
    uint32_t first;
};

/* Whether a node is as well as can be expected. */
static bool well(struct hf_world *w, uint32_t node, const struct wait *wait)
{
    const struct hf__node *n = w->nodes[node];
    if (!wait->expected[node])
        return true;
    if (n->leaves && (n->state == HF_STATE_LEAVING || n->state == HF_STATE_LEFT))
        return true;
    if (n->engine == NULL || n->state == HF_STATE_READY || wait->all)
        return n->engine != NULL && n->state == HF_STATE_READY;
    return n->state == HF_STATE_PLACED || n->state == HF_STATE_DEGRADED ||
           n->state == HF_STATE_PLACING || n->state == HF_STATE_FRESH;
}

static bool all_expected_ready(struct hf_world *w, void *ctx)
{
    struct wait *wait = ctx;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        uint32_t at = (wait->first + i) % w->nodes_count;
        if (!well(w, at, wait)) {
            wait->first = at;
            return false;
        }
    }
    return true;
}

/* Appends for whom a node waits, and what each of them said last. */
static void say_waits(const struct hf_world *w, const struct hf_status *s, char *why, size_t len)
{
    for (size_t i = 0; i < s->waits_count; i++) {
        const struct hf_wait_status *wait = &s->waits[i];
        size_t at = strlen(why);
        snprintf(why + at, len - at, "; %u of %u %s of generation %u, not", wait->given,
                 wait->quorum, wait->seals ? "seals" : "votes", wait->generation);
        for (size_t j = 0; j < wait->acceptors_count; j++) {
            const struct hf_awaited_status *a = &wait->acceptors[j];
            at = strlen(why);
            if (!a->gave)
                snprintf(why + at, len - at, " n%ld (%s)", hf_world_find(w, &a->account),
                         a->refused ? "refused" : hf_error_name(a->error));
        }
    }
}

static void judge_settled(struct trial *t, const struct wait *wait, struct hf__result *ret)
{
    struct hf_world *w = t->world;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        const struct hf__node *n = w->nodes[i];
        if (well(w, i, wait))
            continue;
        struct hf_status status = {0};
        int reason = hf_world_status(w, i, &status) ? status.reason : 0;
        snprintf(ret->why, sizeof ret->why,
                 "liveness: %.1f s after everything was healed n%u is %s (%s)",
                 (double)(w->now_us - t->healed_us) / 1e6, i,
                 n->engine == NULL ? "down" : hf_state_name(n->state), hf_error_name(reason));
        say_waits(w, &status, ret->why, sizeof ret->why);
        return;
    }
}

/* Whether the policy's rule leaves every one of these nodes enough candidates: of its own operator
 * none, of each other one; and none that leaves. */
static bool suffice(const struct hf_world *w, const bool *in)
{
    const struct hf_policy *p = &w->authority.policy->u.policy;
    uint32_t operators = w->settings.operators, count = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        bool counts = in[i] && !w->nodes[i]->leaves;
        for (uint32_t j = 0; j < i && operators > 0 && p->domain_rule != HF_DOMAIN_NONE; j++)
            counts = counts && !(in[j] && hf__operator(w, j) == hf__operator(w, i));
        count += counts;
    }
    return count > p->shares;
}

/* Whether the policy asks for more candidates than the set has that do not leave. */
static bool too_few_stay(const struct hf_world *w)
{
    bool *in = calloc(w->nodes_count + 1u, sizeof(bool));
    hf_assert(in != NULL);
    for (uint32_t i = 0; i < w->nodes_count; i++)
        in[i] = !w->nodes[i]->gone;
    bool few = !suffice(w, in);
    free(in);
    return few;
}

/*
 * The authority removes a node that is gone for good, or has lost the shares of its secret: others
 * wait for their word about older dealings otherwise. From a set that would become too small for
 * the policy no node can be removed: one that waits for such a word goes on waiting, and so do all
 * where the policy asks for more than there ever were.
 */
static void write_off(struct hf_world *w, struct wait *wait)
{
    bool *expected = wait->expected;
    uint32_t left = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        left += expected[i];
    bool enough = suffice(w, expected);
    if (left == w->nodes_count && enough)
        return;
    if (!enough) {
        wait->all = wait->all && left < w->nodes_count && !too_few_stay(w);
        for (uint32_t i = 0; i < w->nodes_count; i++) {
            const struct hf_engine *e = w->nodes[i]->engine;
            bool claimed = e != NULL && hf_engine_claimed(e);
            wait->all = wait->all && (claimed || !expected[i]);
            expected[i] = expected[i] && claimed;
        }
        return;
    }
    for (uint32_t i = 0; i < w->nodes_count; i++)
        if (!expected[i])
            hf_world_set_remove(w, i);
    hf_world_set_issue(w);
}

/* Whether a node has stopped for another of its account, and says so. */
static bool gave_way(struct hf_world *w, uint32_t node)
{
    enum hf_state state = w->nodes[node]->state;
    struct hf_status status;
    return (state == HF_STATE_BLOCKED || state == HF_STATE_HANDED_OVER) &&
           hf_world_status(w, node, &status) &&
           (status.reason == HF_EFENCED || status.reason == HF_EHANDEDOVER ||
            status.reason == HF_EVAULTBEHIND);
}

/* Who gave way says so to its operator, who starts it again: the other is gone, or never came to
 * anything. A new release may have been thrown away while what the old one gave was on its way.
 * Whose vault is behind what the other has done, or was put back, gets the authority's leave
 * first. */
static bool restart_stopped(struct hf_world *w, const struct wait *wait)
{
    bool any = false, decided = false;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        decided = (wait->expected[i] && !w->nodes[i]->copy && hf_world_set_sequence_floor(w, i)) ||
                  decided;
    if (decided)
        hf_world_set_issue(w);
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        if (!wait->expected[i] || !gave_way(w, i))
            continue;
        hf_world_crash(w, i);
        hf_world_start(w, i);
        any = true;
    }
    return any;
}

/* Whose vault a copy has left behind moves its folder away, as its status advises: no node takes an
 * empty vault in place of a placed one by itself. With the folder go the shares that it kept. */
static void move_away(struct hf_world *w, struct wait *wait)
{
    bool any = false;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        if (wait->expected[i] && hf__member_behind(w, i)) {
            hf__member_anew(w, i);
            any = true;
        }
    if (!any)
        return;
    bool all, *can = calloc(w->nodes_count + 1u, sizeof(bool));
    hf_assert(can != NULL);
    hf__survivors(w, can, &all);
    for (uint32_t i = 0; i < w->nodes_count; i++)
        wait->expected[i] = wait->expected[i] && can[i];
    wait->all = wait->all && all;
    free(can);
    write_off(w, wait);
}

/* A node that waits for holders that will never answer sends the authority what its status prints,
 * and gets a floor. */
static void relieve(struct hf_world *w, const struct wait *wait)
{
    bool any = false;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        if (wait->expected[i] && w->nodes[i]->engine != NULL && !w->nodes[i]->copy &&
            w->nodes[i]->state != HF_STATE_READY)
            any = hf_world_set_floor(w, i) || any;
    if (any)
        hf_world_set_issue(w);
}

static uint64_t grace_us(const struct hf_world *w)
{
    return w->authority.policy->u.policy.holder_grace_s * 1000000;
}

static void settle(struct trial *t, struct hf__result *ret)
{
    struct hf_world *w = t->world;
    hf__schedule_heal(t->schedule);
    hf__churn_end(t->churn);
    t->healed_us = w->now_us;
    struct wait wait = {.expected = calloc(w->nodes_count + 1u, sizeof(bool))};
    hf_assert(wait.expected != NULL);
    hf__survivors(w, wait.expected, &wait.all);
    write_off(w, &wait);
    for (uint32_t i = 0; i < w->nodes_count; i++)
        ret->excused += !wait.expected[i] && !w->nodes[i]->gone;
    restart_stopped(w, &wait);
    bool whole = true;
    for (int part = 0; whole && part < PARTS; part++) {
        whole = run_until(t, w->now_us + t->scenario->settle_us / PARTS, all_expected_ready, &wait);
        if (whole)
            move_away(w, &wait);
        if (whole)
            relieve(w, &wait);
        if (whole && part + 1 < PARTS)
            restart_stopped(w, &wait);
    }
    if (whole && restart_stopped(w, &wait))
        whole = run_until(t, w->now_us + t->scenario->settle_us, all_expected_ready, &wait);
    /* Who found too few candidates deals again after one more grace, which a policy may have made
     * longer than the scenario allows for. */
    if (whole)
        whole = run_until(t, w->now_us + 2 * grace_us(w), all_expected_ready, &wait);
    if (whole)
        judge_settled(t, &wait, ret);
    free(wait.expected);
}

void hf__trial_state(struct hf_world *w, struct hf__result *ret)
{
    ret->nodes = 0;
    ret->ready = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        ret->nodes += !w->nodes[i]->gone;
        ret->ready += w->nodes[i]->engine != NULL && w->nodes[i]->state == HF_STATE_READY;
    }
    ret->virtual_us = w->now_us;
    hf_world_totals(w, &ret->totals);
}

static void judge(struct trial *t, struct hf__result *ret)
{
    struct hf_world *w = t->world;
    const struct hf_violation *v = hf_world_violation(w);
    hf__trial_state(w, ret);
    uint32_t there = ret->nodes;
    if (t->hooks->record != NULL)
        hf__record_end(t->hooks->record);
    if (v != NULL && t->hooks->record != NULL)
        hf__record_violation(t->hooks->record, v);
    if (v != NULL)
        snprintf(ret->why, sizeof ret->why, "%s at %.6f s: %s", v->checker, (double)v->at_us / 1e6,
                 v->text);
    else if (ret->why[0] == '\0' && !t->stopped && t->scenario->settle_us == 0 &&
             t->hooks->until_us == 0 && (double)ret->ready < t->scenario->ready_min * (double)there)
        snprintf(ret->why, sizeof ret->why, "%u of %u nodes are ready at the end, and %.0f %% must",
                 ret->ready, there, t->scenario->ready_min * 100);
    ret->ok = ret->why[0] == '\0';
    ret->stopped = t->stopped;
}

void hf__trial_run(const struct hf__scenario *s, const struct hf__trial_hooks *hooks,
                   struct hf__result *ret)
{
    struct trial t = {.scenario = s, .hooks = hooks};
    double real = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    memset(ret, 0, sizeof *ret);
    int r = hf_world_new(&s->world, &t.world);
    if (r != 0) {
        snprintf(ret->why, sizeof ret->why, "the world cannot be made: %s", hf_error_sentence(r));
        return;
    }
    struct hf_world *w = t.world;
    hf_world_add_many(w, s->nodes);
    if (hooks->record != NULL)
        hf__record_watch(hooks->record, w);
    struct hf__observer observer = {.ctx = &t, .wake = wake};
    t.observer = hf__observe(w, &observer);
    t.schedule =
        hf__schedule_new(w, s->actions.items, s->actions.count, hf__record_action, hooks->record);
    t.churn = hf__churn_new(w, s->churn.items, s->churn.count, hf__record_action, hooks->record);
    if (hooks->made != NULL)
        hooks->made(hooks->ctx, w, t.schedule, t.churn);
    if (s->spread_us == 0)
        hf_world_start_all(w);
    else
        hf__wake(w, t.observer, MARK_START, 0);
    if (s->keys_every_us > 0)
        hf__wake(w, t.observer, MARK_KEYS, s->keys_every_us);
    bool part = hooks->until_us > 0;
    if (run_until(&t, part ? hooks->until_us : s->for_us, NULL, NULL) && s->settle_us > 0 && !part)
        settle(&t, ret);
    judge(&t, ret);
    hf__schedule_tally(t.schedule, &ret->tally);
    ret->real_s = seconds(CLOCK_MONOTONIC) - real;
    ret->cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (hooks->finished != NULL)
        hooks->finished(hooks->ctx, w);
    hf_world_free(w);
    hf__schedule_free(t.schedule);
    hf__churn_free(t.churn);
}
