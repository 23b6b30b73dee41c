/* What a seed draws stays as it is when there is more to draw: a strategy, a kind of event, or
 * another event beside it. */
#include "scenario/scenario.h"
#include "scenario/schedule.h"
#include "hostile/strategy.h"
#include "trial/trial.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 2000 };

static bool draws(const struct hf__scenario *s, int kind, const char *text)
{
    for (size_t i = 0; i < s->actions.count; i++) {
        const struct hf__action *a = &s->actions.items[i];
        if (a->kind == kind && (text == NULL || strcmp(a->text, text) == 0))
            return true;
    }
    return false;
}

static bool same(const struct hf__scenario *a, const struct hf__scenario *b)
{
    struct hf_buf x, y;
    hf_buf_init(&x, 1 << 24);
    hf_buf_init(&y, 1 << 24);
    hf__scenario_print(a, &x);
    hf__scenario_print(b, &y);
    bool equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    hf_buf_done(&x);
    hf_buf_done(&y);
    return equal;
}

/* Draws with the tables as they are and with those given. Seeds that draw what is new; every other
 * one must be the same. */
static unsigned drawn_anew(const struct hf__kinds *kinds,
                           const struct hf__strategy *const *strategies, int kind, const char *text)
{
    unsigned anew = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct hf__scenario before, after;
        hf__scenario_draw(seed, &before);
        hf__scenario_draw_from(seed, kinds, strategies, &after);
        if (draws(&after, kind, text))
            anew++;
        else
            cr_assert(same(&before, &after), "seed %d draws something else", (int)seed);
        free(before.actions.items);
        free(after.actions.items);
    }
    return anew;
}

/* A copy of the table with one row more, at its start: the place where most would be shifted. */
static unsigned with_strategy(const struct hf__strategy *added)
{
    const struct hf__strategy *table[HF__STRATEGIES_MAX + 1] = {added};
    size_t count = 1;
    for (size_t i = 0; hf__strategies[i] != NULL; i++)
        table[count++] = hf__strategies[i];
    table[count] = NULL;
    cr_assert_leq(count, HF__STRATEGIES_MAX);
    return drawn_anew(&hf__kinds, table, HF__ACTION_HOSTILE, added->name);
}

Test(hf_sim_draw, a_new_strategy_leaves_what_other_seeds_draw)
{
    static const struct hf__strategy rows[] = {
        {.name = "new-strategy", .doc = ""},
        {.name = "new-corrupt-strategy", .doc = "", .corrupts = true},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        unsigned anew = with_strategy(&rows[i]);
        cr_assert(anew > SEEDS / 100 && anew < SEEDS / 10, "%u of %d draw it", anew, SEEDS);
    }
}

/* A start is the one action that no seed draws. */
Test(hf_sim_draw, a_new_kind_of_event_leaves_what_other_seeds_draw)
{
    struct hf__kind *items = malloc((hf__kinds.count + 1) * sizeof(*items));
    cr_assert_not_null(items);
    items[0] = (struct hf__kind){HF__ACTION_START, 0.5, 3};
    memcpy(items + 1, hf__kinds.items, hf__kinds.count * sizeof(*items));
    struct hf__kinds more = {.items = items, .count = hf__kinds.count + 1};
    unsigned anew = drawn_anew(&more, hf__strategies, HF__ACTION_START, NULL);
    cr_assert(anew > SEEDS / 5 && anew < SEEDS / 2, "%u of %d draw it", anew, SEEDS);
    free(items);
}

/* Three operators and two shares each is the least; with two operators no node could place any. */
Test(hf_sim_draw, no_policy_asks_for_more_shares_than_there_are_other_operators)
{
    unsigned asked = 0;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        struct hf__scenario s;
        hf__scenario_draw(seed, &s);
        uint32_t operators = s.world.operators > 0 ? s.world.operators : s.nodes;
        for (size_t i = 0; i < s.actions.count; i++) {
            if (strstr(s.actions.items[i].text, "shares=2") == NULL)
                continue;
            asked++;
            cr_assert_gt(operators, 2, "seed %d", (int)seed);
        }
        free(s.actions.items);
    }
    cr_assert_gt(asked, 100);
}

/* n - k. */
static int64_t spare_of(const struct hf_policy *p)
{
    return (int64_t)p->shares - (int64_t)p->threshold;
}

/* f = 2q - n - 1. */
static int64_t forgivable_of(const struct hf_policy *p)
{
    return 2 * (int64_t)p->claim_quorum - (int64_t)p->shares - 1;
}

/* The least that the policy of the beginning or any later one withstands. */
static int64_t least(const struct hf__scenario *s, int64_t (*of)(const struct hf_policy *p))
{
    const struct hf_world_policy *w = &s->world.policy;
    const struct hf_policy first = {.shares = w->n, .threshold = w->k, .claim_quorum = w->q};
    int64_t found = of(&first);
    for (size_t i = 0; i < s->actions.count; i++) {
        const struct hf__action *a = &s->actions.items[i];
        struct hf_policy p;
        if (a->kind == HF__ACTION_POLICY && hf__policy_from_text(a->text, &first, &p) &&
            of(&p) < found)
            found = of(&p);
    }
    return found;
}

static const struct hf__strategy *strategy_of(const struct hf__action *a)
{
    return a->kind == HF__ACTION_HOSTILE ? hf__strategy_find(a->text) : NULL;
}

static void check_corrupt(const struct hf__scenario *s, uint64_t seed, unsigned *corrupt)
{
    int64_t count = 0, spare = least(s, spare_of);
    for (size_t i = 0; i < s->actions.count; i++) {
        const struct hf__strategy *h = strategy_of(&s->actions.items[i]);
        if (h != NULL && h->corrupts && !h->forgets) /* who forgets has a bound of its own */
            count += s->actions.items[i].count;
    }
    cr_assert(count <= spare, "seed %d: %d corrupt, %d may be", (int)seed, (int)count, (int)spare);
    *corrupt += count > 0;
}

/* Seed 4400000016171: a policy of one holder, which was corrupt and gave an old share alone. */
Test(hf_sim_draw, no_more_holders_are_corrupt_than_the_policy_withstands)
{
    unsigned corrupt = 0;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        struct hf__scenario s;
        hf__scenario_draw(seed, &s);
        check_corrupt(&s, seed, &corrupt);
        free(s.actions.items);
    }
    cr_assert_gt(corrupt, 100);
}

static void check_forgetful(const struct hf__scenario *s, uint64_t seed, unsigned *forgetful)
{
    int64_t forget = 0, f = least(s, forgivable_of);
    for (size_t i = 0; i < s->actions.count; i++) {
        const struct hf__strategy *h = strategy_of(&s->actions.items[i]);
        if (h != NULL && h->forgets)
            forget += s->actions.items[i].count;
    }
    cr_assert(forget <= f, "seed %d: %d forget, %d may", (int)seed, (int)forget, (int)f);
    *forgetful += forget > 0;
}

/* Seed 711300128160: with one holder a vote that is forgotten makes two instances, rightly so. */
Test(hf_sim_draw, no_more_holders_are_rolled_back_than_the_policy_withstands)
{
    unsigned forgetful = 0;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        struct hf__scenario s;
        hf__scenario_draw(seed, &s);
        check_forgetful(&s, seed, &forgetful);
        free(s.actions.items);
    }
    cr_assert_gt(forgetful, 100);
}

/* ---- The targets of events ---- */

struct noted {
    uint32_t targets[16];
    size_t count;
};

static void note(void *ctx, struct hf_world *w, const struct hf__action *a, bool begins,
                 const uint32_t *targets, size_t count)
{
    struct noted *noted = ctx;
    (void)w;
    if (a->kind != HF__ACTION_CRASH || !begins)
        return;
    for (size_t i = 0; i < count; i++)
        noted->targets[noted->count++] = targets[i];
}

static struct noted targets_of(const struct hf__action *actions, size_t count)
{
    struct hf_world_settings settings;
    struct hf_world *w;
    struct noted ret = {.count = 0};
    hf_world_settings_init(&settings);
    cr_assert_eq(hf_world_new(&settings, &w), 0);
    hf_world_add_many(w, 40);
    struct hf__schedule *s = hf__schedule_new(w, actions, count, note, &ret);
    hf_world_run_for(w, 5000);
    hf_world_free(w);
    hf__schedule_free(s);
    return ret;
}

Test(hf_sim_draw, an_event_hits_the_same_nodes_whatever_stands_beside_it)
{
    const struct {
        int kind;
        uint64_t at_us;
        int64_t count;
    } rows[] = {{HF__ACTION_ISOLATE, 1000, 9},
                {HF__ACTION_CRASH, 2000, 4},
                {HF__ACTION_CRASH, 2000, 4},
                {HF__ACTION_PAUSE, 2000, 5}};
    struct hf__action actions[HF_ARRAY_LEN(rows)];
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        actions[i] = hf__action_of(rows[i].kind);
        actions[i].at_us = rows[i].at_us;
        actions[i].count = rows[i].count;
    }
    struct noted all = targets_of(actions, 4), fewer = targets_of(actions + 1, 2);
    cr_assert_eq(all.count, 8);
    cr_assert_eq(fewer.count, 8);
    cr_assert_arr_eq(all.targets, fewer.targets, sizeof(all.targets));
    /* Two alike at the same time are two draws. */
    cr_assert_neq(memcmp(all.targets, all.targets + 4, 4 * sizeof(uint32_t)), 0);
}
