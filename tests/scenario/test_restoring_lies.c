/* Helpers that restore a share with what does not fit are named, by what they have signed, and the
 * share is restored without them; a new holder that lies brings no proof (proto/REPAIR.md, 8). */
#include "hostile/strategy.h"
#include "owner_down.h"

#include <criterion/criterion.h>

enum { K = 3, NODES = 10 };

/* How many proofs running nodes have against the one that lies; there is none against another. */
static size_t proofs(struct hf_world *w, uint32_t liar)
{
    size_t count = 0;
    struct hf_broken_status b;
    for (uint32_t i = 1; i < NODES; i++)
        for (size_t at = 0;
             hf_world_running(w, i) && hf_engine_broken(hf_world_engine(w, i), at, &b); at++) {
            cr_assert_eq(b.what.breach, HF_BREACH_REPAIR);
            cr_assert(hf_account_equal(&b.what.provider, hf_world_account(w, liar)));
            count++;
        }
    return count;
}

/* What one that lies does is drawn; so that each of its lies is tried, it is done often. */
Test(restoring_lies, are_named_and_the_share_is_restored_without_who_lies)
{
    size_t named = 0;
    for (uint32_t which = 2; which < N; which++) {
        uint32_t holders[16];
        struct hf_world *w = owner_down(K, NODES, holders);
        const struct hf__strategy *s = hf__strategy_find("false-parts");
        hf__node(w, holders[which])->corrupt = true;
        struct hf__strategy_run *run = s->begin(w, &holders[which], 1);
        hf_world_crash(w, holders[1]);
        hf_world_set_remove(w, holders[1]);
        hf_world_set_issue(w);
        hf_world_run_for(w, WAIT_MS);
        cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RESTORED), 1);
        cr_assert_eq(proofs(w, holders[which]),
                     hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_HELPER_LIED));
        named += proofs(w, holders[which]);
        s->end(w, run);
        hf_world_start(w, OWNER);
        testnet_key_lives(w, OWNER);
        testnet_end(w);
    }
    cr_assert_geq(named, 2);
}

/* The candidate to whom holders would restore a share of node 0. */
static uint32_t candidate(uint32_t *ret_lost)
{
    uint32_t holders[16];
    size_t count;
    struct hf_world *w = owner_down(K, NODES, holders);
    *ret_lost = holders[1];
    hf_world_crash(w, holders[1]);
    hf_world_set_remove(w, holders[1]);
    hf_world_set_issue(w);
    hf_world_run_for(w, WAIT_MS);
    const struct hf_world_trace *t = hf_world_traces(w, &count);
    while (count > 0 && t[count - 1].trace.type != HF_TRACE_SHARE_RESTORED)
        count--;
    cr_assert_gt(count, 0);
    uint32_t to = t[count - 1].node;
    testnet_end(w);
    return to;
}

/* It says that it has the share, or that sums do not fit: no proof stands against a helper, and
 * when it lies no more it has the share. */
Test(restoring_lies, of_the_new_holder_name_nobody)
{
    uint32_t holders[16], lost;
    struct hf_moved_status m;
    uint32_t liar = candidate(&lost);
    struct hf_world *w = owner_down(K, NODES, holders);
    const struct hf__strategy *s = hf__strategy_find("false-takers");
    hf__node(w, liar)->corrupt = true;
    struct hf__strategy_run *run = s->begin(w, &liar, 1);
    hf_world_crash(w, lost);
    hf_world_set_remove(w, lost);
    hf_world_set_issue(w);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(proofs(w, liar), 0);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_HELPER_LIED), 0);
    s->end(w, run);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RESTORED), 1);
    cr_assert_eq(says_moved(w, holders[0], &m), 1);
    cr_assert(hf_account_equal(&m.to, hf_world_account(w, liar)));
    owner_returns(w);
    testnet_end(w);
}
