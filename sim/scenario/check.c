/* What is wrong with a scenario beyond its single fields. */
#include "scenario/scenario.h"

#include "authority/authority.h"
#include "hostile/strategy.h"

#include "wire/messages.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- One event ---- */

static void check_targets(const struct hf__action *a, const struct hf_config_where *where)
{
    int targets = (a->node >= 0) + (a->zone >= 0) + (a->count >= 0) + (a->share >= 0);
    enum hf__aim aim = hf__action_aim(a->kind);
    const char *first = a->node >= 0    ? "node"
                        : a->zone >= 0  ? "zone"
                        : a->share >= 0 ? "share"
                                        : "count";
    if (aim == HF__AIM_NETWORK && targets > 0)
        hf_config_refuse(where, first, "%s is for the whole network: leave it out",
                         hf__action_name(a->kind));
    else if (aim == HF__AIM_COUNT && targets > (a->count >= 0))
        hf_config_refuse(where, first, "%s takes a count only", hf__action_name(a->kind));
    else if (targets > 1)
        hf_config_refuse(where, "node", "only one of node, zone, count and share");
}

static void check_times(const struct hf__action *a, const struct hf_config_where *where)
{
    bool steps = a->kind == HF__ACTION_ROLLING || a->kind == HF__ACTION_UPGRADE ||
                 a->kind == HF__ACTION_FLAP;
    if (steps && (a->every_us == 0) == (a->within_us == 0))
        hf_config_refuse(where, "every", "a time between two steps, such as 10s%s",
                         a->kind == HF__ACTION_FLAP ? "" : ", or within, such as 10m");
    if (a->within_us > 0 && (!steps || a->kind == HF__ACTION_FLAP))
        hf_config_refuse(where, "within", "only with rolling-restart and upgrade");
    if (!hf__action_lasts(a->kind) && a->for_us > 0)
        hf_config_refuse(where, "for", "%s does not last: leave it out", hf__action_name(a->kind));
}

static void check_number(const struct hf__action *a, const struct hf_config_where *where)
{
    switch (a->kind) {
    case HF__ACTION_LOSS:
    case HF__ACTION_DUPLICATE:
    case HF__ACTION_REORDER:
    case HF__ACTION_JUDGE_FAIL:
        if (a->value < 0 || a->value > 1)
            hf_config_refuse(where, "value", "a chance from 0 to 1");
        return;
    case HF__ACTION_SLOW:
    case HF__ACTION_QUOTE_SLOW:
        if (a->value < 1 || a->value > 1e6)
            hf_config_refuse(where, "value", "a factor of at least 1, and at most a million");
        return;
    case HF__ACTION_CRASH_WRITE:
    case HF__ACTION_TORN_WRITE:
    case HF__ACTION_ACCEPT:
        if (a->value < 0 || a->value > 65535 || a->value < floor(a->value) ||
            a->value > floor(a->value))
            hf_config_refuse(where, "value", "a whole number from 0 to 65535");
        return;
    case HF__ACTION_CLOCK:
        return;
    default:
        if (a->value < 0)
            hf_config_refuse(where, "value", "%s takes no negative number",
                             hf__action_name(a->kind));
    }
}

static void check_text(const struct hf__action *a, const struct hf_config_where *where)
{
    /* A text that names one of shares and threshold only is judged beside these. */
    static const struct hf_policy usual = {.shares = 5, .threshold = 3, .claim_quorum = 3};
    bool image = a->kind == HF__ACTION_UPGRADE || a->kind == HF__ACTION_ACCEPT ||
                 a->kind == HF__ACTION_WITHDRAW;
    if (image && (a->text[0] == '\0' || strlen(a->text) >= HF_WORLD_NAME_MAX))
        hf_config_refuse(where, "text", "the name of an image, of at most %d characters",
                         HF_WORLD_NAME_MAX - 1);
    if (a->kind == HF__ACTION_TCB && hf__tcb_from_text(a->text) == 0)
        hf_config_refuse(where, "text", "up-to-date, out-of-date or revoked");
    if (a->kind == HF__ACTION_POLICY && !hf__policy_from_text(a->text, &usual, NULL))
        hf_config_refuse(where, "text",
                         "such as shares=7 threshold=4, domain_rule=1, platform_rule=1, "
                         "tcb_accepted=32, quote_age_max_s=3600, shares_held_max=100, "
                         "holder_grace_s=60");
    uint8_t m, n;
    if ((a->kind == HF__ACTION_HOLDERS || a->kind == HF__ACTION_RESHARD) &&
        !hf__people_from_text(a->text, &m, &n))
        hf_config_refuse(where, "text", "such as 2 of 3, of at most %d", HF_SHARES_MAX);
    if (a->kind == HF__ACTION_HOSTILE && hf__strategy_find(a->text) == NULL)
        hf_config_refuse(where, "text", "a strategy: see holdfast-sim list");
}

void hf__action_check(const void *value, const struct hf_config_where *where)
{
    check_targets(value, where);
    check_times(value, where);
    check_number(value, where);
    check_text(value, where);
}

/* ---- One process of faults ---- */

void hf__churn_check(const void *value, const struct hf_config_where *where)
{
    const struct hf__churn *c = value;
    bool down = c->kind == HF__ACTION_CRASH || c->kind == HF__ACTION_POWER_OFF;
    bool goes = c->kind == HF__ACTION_REMOVE || c->kind == HF__ACTION_LEAVE;
    const char *name = hf__action_name(c->kind);
    if (!hf__churn_can(c->kind))
        hf_config_refuse(where, "do",
                         "crash, power-off, remove, lose-folder, leave or join: %s is an event",
                         name);
    if (down && c->for_us == 0)
        hf_config_refuse(where, "for", "the mean time until it starts again, such as 10m");
    if (!down && c->for_us > 0)
        hf_config_refuse(where, "for", "%s does not last: leave it out", name);
    if (!goes && c->replace_us > 0)
        hf_config_refuse(where, "replace", "only with remove and leave");
}

/* ---- All of them ---- */

struct judging {
    hf__objection_fn *objection;
    void *ctx;
    size_t event;
};

static void object(const struct judging *j, const char *field, const char *fmt, ...)
    HF_PRINTF(3, 4);

static void object(const struct judging *j, const char *field, const char *fmt, ...)
{
    char path[64], text[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    snprintf(path, sizeof path, "events[%zu].%s", j->event, field);
    j->objection(j->ctx, path, text);
}

/* nodes: so many exist when the event begins. */
static void judge_targets(const struct judging *j, const struct hf__scenario *s,
                          const struct hf__action *a, int64_t nodes)
{
    int64_t zones = s->world.zones < nodes ? (int64_t)s->world.zones : nodes;
    if (a->zone >= zones)
        object(j, "zone", "a zone that has nodes: from 0 to %lld", (long long)zones - 1);
    else if (a->zone >= 0 && !hf__places_zone(s, a->zone, (uint32_t)nodes))
        object(j, "zone", "a zone that has nodes: none of %lld is in it", (long long)nodes);
    if (a->node >= nodes)
        object(j, "node", "a node that exists by then: from 0 to %lld", (long long)nodes - 1);
    if (a->kind != HF__ACTION_JOIN && a->count > nodes)
        object(j, "count", "at most the nodes that exist by then: %lld", (long long)nodes);
}

/* A network whose validators could never place a share shows nothing, and nothing goes wrong in it.
 * most: so many validators exist at last. A further policy may ask for fewer shares. */
static void judge_size(const struct judging *j, const struct hf__scenario *s, int64_t most)
{
    const struct hf_world_policy *p = &s->world.policy;
    char text[160];
    int64_t operators = hf__places_operators(s, (uint32_t)most);
    bool apart = p->domain_rule != HF_DOMAIN_NONE && operators < most;
    for (size_t i = 0; i < s->actions.count; i++)
        if (s->actions.items[i].kind == HF__ACTION_POLICY)
            return;
    if ((apart ? operators : most) > p->n)
        return;
    snprintf(text, sizeof text,
             "%lld are too few: with %u shares none could place any, and %u could",
             (long long)(apart ? operators : most), (unsigned)p->n, p->n + 1u);
    j->objection(j->ctx, apart ? "operators" : "nodes", text);
}

void hf__scenario_judge(const struct hf__scenario *s, hf__objection_fn *objection, void *ctx)
{
    struct judging j = {.objection = objection, .ctx = ctx};
    int64_t nodes = s->nodes;
    unsigned hostile = 0;
    for (size_t i = 0; i < s->actions.count; i++) {
        const struct hf__action *a = &s->actions.items[i];
        j.event = i;
        if (i > 0 && a->at_us < s->actions.items[i - 1].at_us)
            object(&j, "at", "not before the event above it");
        if (a->at_us > s->for_us)
            object(&j, "at", "within the scenario's time, `for`");
        judge_targets(&j, s, a, nodes);
        if (a->kind == HF__ACTION_JOIN) {
            nodes += a->count == HF__NOT_GIVEN ? 1 : a->count;
            if (nodes > HF__NODES_MAX)
                object(&j, "count", "with those before it at most %d nodes", HF__NODES_MAX);
        }
        hostile += a->kind == HF__ACTION_HOSTILE;
        if (a->kind == HF__ACTION_HOSTILE && hostile > HF__HOSTILE_MAX)
            object(&j, "do", "at most %d hostile events", HF__HOSTILE_MAX);
    }
    hf__places_judge(s, objection, ctx);
    judge_size(&j, s, nodes);
}

static void refuse(void *ctx, const char *path, const char *text)
{
    hf_config_refuse(ctx, path, "%s", text);
}

void hf__scenario_check(const void *value, const struct hf_config_where *where)
{
    if (!hf__scenario_relaxed)
        hf__scenario_judge(value, refuse, (void *)(uintptr_t)where);
}

void hf__scenario_fit(struct hf__scenario *s)
{
    for (size_t i = 0; i < s->actions.count; i++) {
        struct hf__action *a = &s->actions.items[i];
        if (a->kind != HF__ACTION_JOIN && a->count > (int64_t)s->nodes)
            a->count = s->nodes;
    }
}
