/* Which validators to start by people: all follow, and none is started for nothing. */
#include "plan.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { MANY = 300, HOLDERS = 9, NEED = 5 };

static size_t started_of(const bool *started, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += started[i];
    return n;
}

/* By the definition, from one that opens after another. */
static bool all_follow(const struct hf__plan_node *nodes, size_t count, const bool *started)
{
    bool open[MANY];
    memcpy(open, started, count * sizeof *open);
    return hf__plan_follow(nodes, count, open) == count;
}

Test(plan, a_ring_of_two_shares_needs_two)
{
    /* Each is held for by the two before it, and needs both. */
    struct hf__plan_node nodes[8];
    bool started[8], fewest;
    for (uint16_t i = 0; i < 8; i++)
        nodes[i] =
            (struct hf__plan_node){.need = 2,
                                   .holders_count = 2,
                                   .holders = {(uint16_t)((i + 6) % 8), (uint16_t)((i + 7) % 8)}};
    cr_assert_eq(hf__plan(nodes, 8, started, &fewest), 0);
    cr_assert(fewest);
    cr_assert_eq(started_of(started, 8), 2);
    cr_assert(all_follow(nodes, 8, started));
}

Test(plan, who_has_too_few_holders_here_is_started_and_counts_for_the_others)
{
    struct hf__plan_node nodes[4] = {
        {.need = 2, .holders_count = 1, .holders = {1}}, /* of three, two are elsewhere */
        {.need = 0},                                     /* without a record */
        {.need = 2, .holders_count = 3, .holders = {0, 1, 3}},
        {.need = 1, .holders_count = 2, .holders = {2, 0}},
    };
    bool started[4], fewest;
    cr_assert_eq(hf__plan(nodes, 4, started, &fewest), 0);
    cr_assert(fewest && started[0] && started[1] && !started[2] && !started[3]);
}

Test(plan, one_alone_is_started)
{
    struct hf__plan_node node = {.need = 2};
    bool started = false, fewest = false;
    cr_assert_eq(hf__plan(&node, 1, &started, &fewest), 0);
    cr_assert(started && fewest);
}

Test(plan, of_many_a_small_part_starts_all)
{
    static struct hf__plan_node nodes[MANY];
    bool started[MANY], fewest;
    uint32_t draw = 1;
    for (size_t i = 0; i < MANY; i++) {
        bool taken[MANY] = {false};
        nodes[i].need = NEED;
        taken[i] = true;
        while (nodes[i].holders_count < HOLDERS) {
            draw = draw * 1664525u + 1013904223u;
            uint16_t at = (uint16_t)((draw >> 8) % MANY);
            if (!taken[at])
                nodes[i].holders[nodes[i].holders_count++] = at;
            taken[at] = true;
        }
    }
    cr_assert_eq(hf__plan(nodes, MANY, started, &fewest), 0);
    cr_assert_not(fewest, "it cannot know");
    cr_assert(all_follow(nodes, MANY, started));
    cr_assert_leq(started_of(started, MANY), MANY / 5);
    /* None of them is one too many. */
    for (size_t i = 0; i < MANY; i++) {
        if (!started[i])
            continue;
        started[i] = false;
        cr_assert_not(all_follow(nodes, MANY, started), "%zu is started for nothing", i);
        started[i] = true;
    }
}

Test(plan, odds_are_those_of_drawing_holders)
{
    /* 5 members, 2 holders of the 4 others, 3 of whom are open, both needed: 3/4 * 2/3. */
    cr_assert(fabs(hf__plan_odds(5, 3, 2, 2) - 0.5) < 1e-12);
    cr_assert(fabs(hf__plan_odds(5, 3, 2, 1) - 1) < 1e-12);
    cr_assert(fabs(hf__plan_odds(100, 99, 9, 5) - 1) < 1e-12);
    cr_assert(fabs(hf__plan_odds(100, 4, 9, 5)) < 1e-12);
    cr_assert(hf__plan_odds(9, 8, 9, 5) == 0, "there are not so many others");
    /* 10 members, 3 of 9, 5 open, 2 needed: (C(5,2) C(4,1) + C(5,3)) / C(9,3) = 50 / 84. */
    cr_assert(fabs(hf__plan_odds(10, 5, 3, 2) - 50.0 / 84) < 1e-12);
}
