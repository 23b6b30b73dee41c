/* A share is restored though views differ and each that takes part dies at each write; and again,
 * when its new holder is gone too (proto/REPAIR.md, 7 to 9). */
#include "owner_down.h"

#include "base/error.h"

#include <criterion/criterion.h>

enum { K = 3, NODES = 10, WRITES = 3 };

static void is_removed(struct hf_world *w, uint32_t node)
{
    hf_world_crash(w, node);
    hf_world_set_remove(w, node);
    hf_world_set_issue(w);
}

static size_t restored(struct hf_world *w)
{
    return hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RESTORED);
}

static void is_restored(struct hf_world *w, size_t count)
{
    for (unsigned i = 0; i < WAIT_MS / 1000 && restored(w) < count; i++)
        hf_world_run_for(w, 1000);
    cr_assert_eq(restored(w), count);
    hf_world_run_for(w, 5000);
}

/* Who has taken a share of the owner's last, by a trace of this type. */
static uint32_t taker(struct hf_world *w, enum hf_trace_type type)
{
    size_t count;
    const struct hf_world_trace *t = hf_world_traces(w, &count);
    while (count-- > 0)
        if (t[count].trace.type == type &&
            hf_account_equal(&t[count].trace.account, hf_world_account(w, OWNER)))
            return t[count].node;
    cr_assert_fail("nobody has taken a share");
    return OWNER;
}

/* At no time more than n - k are known to have moved, and then no more are. */
Test(restoring_again, is_what_becomes_of_a_share_whose_new_holder_is_gone_too)
{
    uint32_t holders[16];
    struct hf_moved_status m;
    struct hf_world *w = owner_down(K, NODES, holders);
    is_removed(w, holders[1]);
    is_restored(w, 1);
    uint32_t first = taker(w, HF_TRACE_SHARE_RESTORED);
    is_removed(w, first);
    is_restored(w, 2);
    uint32_t second = taker(w, HF_TRACE_SHARE_RESTORED);
    cr_assert_neq(second, first);
    for (size_t i = 0; i < N; i++)
        if (i != 1)
            cr_assert_eq(says_moved(w, holders[i], &m), N - K);
    is_removed(w, second);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(restored(w), N - K);
    owner_returns(w);
    testnet_end(w);
}

/* Its vote stays with the one that is gone. */
Test(restoring_again, is_what_becomes_of_a_share_that_was_handed_over_to_one_that_is_gone)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    cr_assert_eq(hf_world_leave(w, holders[1], 7 * 86400, TESTNET_MS), 0);
    cr_assert(hf_world_run_until_state(w, holders[1], HF_STATE_LEFT, WAIT_MS));
    uint32_t next = taker(w, HF_TRACE_SHARE_TAKEN);
    hf_world_run_for(w, 60000);
    cr_assert_eq(restored(w), 0);
    is_removed(w, next);
    is_restored(w, 1);
    cr_assert_neq(taker(w, HF_TRACE_SHARE_RESTORED), next);
    hf_world_crash(w, holders[1]);
    owner_returns(w);
    testnet_end(w);
}

/* One that was removed and is registered again has its restored share, and so has the other. */
Test(restoring_again, leaves_a_new_holder_that_comes_back_what_it_has)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    is_removed(w, holders[1]);
    is_restored(w, 1);
    uint32_t first = taker(w, HF_TRACE_SHARE_RESTORED);
    is_removed(w, first);
    is_restored(w, 2);
    hf_world_start(w, first);
    hf_world_set_register(w, first);
    hf_world_set_issue(w);
    hf_world_run_for(w, 120000);
    cr_assert_eq(restored(w), 2);
    owner_returns(w);
    testnet_end(w);
}

/* One has the newer set, and tells the others of it by asking; or it is the one that they ask. */
Test(restoring_again, goes_on_though_one_alone_has_the_newer_set)
{
    for (size_t which = 0; which < N; which++) {
        uint32_t holders[16];
        if (which == 1)
            continue;
        struct hf_world *w = owner_down(K, NODES, holders);
        hf_world_quiet(w, true);
        is_removed(w, holders[1]);
        hf_world_give_newest(w, holders[which]);
        is_restored(w, 1);
        hf_world_quiet(w, false);
        hf_world_give_newest(w, HF_WORLD_ALL);
        owner_returns(w);
        testnet_end(w);
    }
}

/* The owner is silent to each helper: one that reaches it does not help, and k others do. */
Test(restoring_again, is_helped_with_by_none_who_reaches_the_owner)
{
    uint32_t holders[16];
    struct hf_moved_status m;
    struct hf_world *w = owner_down(K, NODES, holders);
    for (uint32_t i = 1; i < NODES; i++)
        if (i != holders[0]) {
            hf_world_cut(w, OWNER, i);
            hf_world_cut(w, i, OWNER);
        }
    hf_world_start(w, OWNER);
    hf_world_run_for(w, 60000);
    is_removed(w, holders[1]);
    is_restored(w, 1);
    cr_assert_eq(says_moved(w, holders[2], &m), 1);
    cr_assert_eq(m.helpers_count, K);
    for (size_t i = 0; i < m.helpers_count; i++)
        cr_assert_not(hf_account_equal(&m.helpers[i], hf_world_account(w, holders[0])));
    hf_world_heal(w);
    testnet_key_lives(w, OWNER);
    hf_world_run_for(w, WAIT_MS);
    testnet_ready(w, OWNER);
    testnet_end(w);
}

/* All that know of it know it at one and the same place, and k at least do. */
static void at_one_place(struct hf_world *w, const uint32_t *holders)
{
    struct hf_moved_status m;
    size_t know = 0;
    uint32_t to = taker(w, HF_TRACE_SHARE_RESTORED);
    for (size_t i = 0; i < N; i++) {
        if (i == 1 || says_moved(w, holders[i], &m) == 0)
            continue;
        cr_assert(hf_account_equal(&m.to, hf_world_account(w, to)));
        know++;
    }
    cr_assert_geq(know, K);
    cr_assert_eq(says_moved(w, to, &m), 1);
}

/* Who asks, who helps and who takes the share die at each of their writes. */
static void dies_at_a_write(uint32_t who, unsigned nth, bool after)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    is_removed(w, holders[1]);
    hf_world_crash_at_write(w, who, nth, after);
    hf_world_run_for(w, 60000);
    hf_world_crash_at_write(w, who, UINT32_MAX, false);
    hf_world_start(w, who);
    hf_world_run_for(w, WAIT_MS);
    at_one_place(w, holders);
    owner_returns(w);
    testnet_end(w);
}

Test(restoring_again, goes_on_after_a_crash_at_each_write)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    is_removed(w, holders[1]);
    is_restored(w, 1);
    const uint32_t who[] = {holders[0], holders[2], holders[3], taker(w, HF_TRACE_SHARE_RESTORED)};
    testnet_end(w);
    for (size_t i = 0; i < HF_ARRAY_LEN(who); i++)
        for (unsigned nth = 1; nth <= WRITES; nth++)
            for (int after = 0; after < 2; after++)
                dies_at_a_write(who[i], nth, after == 1);
}
