/* Helpers that restore a share with what does not fit are named, by what they have signed, and the
 * share is restored without them (proto/REPAIR.md, 8). */
#include "hostile/strategy.h"
#include "testnet.h"

#include <criterion/criterion.h>

enum { OWNER = 0, K = 3, N = 5, NODES = 10, WAIT_MS = 600000 };

/* A network whose node 0 is down, and whose second holder is removed then. */
static struct hf_world *share_lost(uint32_t holders[static 16])
{
    struct hf_world_settings s = testnet_settings(K, N);
    s.policy.holder_grace_s = 30;
    struct hf_world *w = testnet_up_from(&s, NODES);
    cr_assert_eq(testnet_holders(w, OWNER, holders), N);
    hf_world_crash(w, OWNER);
    hf_world_run_for(w, 90000);
    return w;
}

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
        struct hf_world *w = share_lost(holders);
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
