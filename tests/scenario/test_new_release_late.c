/* What a host makes of the time after a handover (proto/HANDOVER.md, 4), and what an old release
 * may hand over that is none. */
#include "testnet.h"

#include "base/error.h"
#include "node/node.h"

#include <criterion/criterion.h>

enum { NODES = 7, OLD = 0, STEP_MS = 20000, MINUTE_MS = 60000 };

static void goes_untimed(struct hf_policy *p, void *ctx)
{
    (void)ctx;
    p->handover_untimed = true;
}

static struct hf_world *up(uint32_t *ret_new)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_policy_edit(w, goes_untimed, NULL);
    hf_world_run_for(w, 5000);
    testnet_ready(w, HF_WORLD_ALL);
    *ret_new = hf_world_beside(w, OLD);
    return w;
}

static bool has_inherited(struct hf_world *w, void *ctx)
{
    return hf_world_trace_count(w, *(const uint32_t *)ctx, HF_TRACE_INHERITED) > 0;
}

static void takes_over(struct hf_world *w, uint32_t node)
{
    hf_world_start(w, node);
    cr_assert(hf_world_run_until(w, has_inherited, &node, STEP_MS));
}

static int ask_key(struct hf_world *w, uint32_t node, const char *name, uint64_t ms)
{
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    return hf_world_key(w, node, name, ms, key, &version);
}

/* Numbers that it asked for in vain do not hide that the new one has gone on. */
Test(new_release_late, an_old_one_that_was_started_often_stays_away_all_the_same)
{
    uint32_t node;
    struct hf_world *w = up(&node);
    unsigned claims = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                        .method = HF_METHOD_CLAIM,
                                                        .from = node,
                                                        .to = HF_WORLD_ALL});
    takes_over(w, node);
    for (int i = 0; i < 4; i++) {
        testnet_restart(w, OLD);
        testnet_reason(w, OLD, HF_STATE_CLAIMING, HF_EHANDEDOVER);
    }
    hf_world_crash(w, OLD);
    hf_world_rule_drop(w, claims);
    testnet_ready(w, node);
    testnet_restart(w, node);
    testnet_ready(w, node);
    cr_assert_eq(ask_key(w, node, "promised", MINUTE_MS), 0);
    hf_world_start(w, OLD);
    testnet_reason(w, OLD, HF_STATE_BLOCKED, HF_EHANDEDOVER);
    testnet_key_lives(w, node);
    testnet_end(w);
}

/* What was shown is of before; the old one serves, and is asked anew at once. */
Test(new_release_late, a_dealing_in_between_costs_another_exchange_and_no_minute)
{
    uint32_t node, holders[16];
    struct hf_world *w = up(&node);
    unsigned rule = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                                      .method = HF_METHOD_INHERIT,
                                                      .from = node,
                                                      .to = OLD,
                                                      .count = 1,
                                                      .delay_us = 4000000});
    cr_assert_eq(testnet_holders(w, OLD, holders), 5);
    hf_world_start(w, node);
    hf_world_run_for(w, 1000);
    cr_assert_eq(hf_world_rule_hits(w, rule), 1);
    hf_world_set_remove(w, holders[0]);
    hf_world_set_issue(w);
    cr_assert(hf_world_run_until(w, has_inherited, &node, STEP_MS));
    cr_assert(testnet_traced(w, node, HF_TRACE_HANDOVER_FAILED, HF_EHANDOVERBALLOT) ||
              testnet_traced(w, node, HF_TRACE_HANDOVER_FAILED, HF_ENONCE));
    hf_world_crash(w, OLD);
    testnet_key_lives(w, node);
    testnet_end(w);
}
static bool is_placing(struct hf_world *w, void *ctx)
{
    return hf_world_vault_state(w, *(const uint32_t *)ctx) == HF_VAULT_PLACING;
}

/* Its disk takes its time with what was inherited: by then the old one has started again, and
 * stands. */
Test(new_release_late, a_new_one_whose_vault_is_durable_too_late_serves_nothing)
{
    uint32_t node;
    struct hf_world *w = up(&node);
    hf_world_start(w, node);
    cr_assert(hf_world_run_until(w, is_placing, &node, STEP_MS));
    hf_world_disk_stall(w, node, 3 * MINUTE_MS);
    testnet_restart(w, OLD);
    testnet_ready(w, OLD);
    cr_assert_eq(ask_key(w, OLD, "tss-db", MINUTE_MS), 0);
    cr_assert_neq(ask_key(w, node, "tss-db", 4 * MINUTE_MS), 0);
    testnet_key_lives(w, OLD);
    testnet_end(w);
}

/* A row that the new one could not read: it takes nothing, and the old one recovers. */
static void hands_over(uint8_t collection, size_t key_len)
{
    static const uint8_t zeros[HF_ROW_KEY_MAX];
    uint32_t node;
    struct hf_world *w = up(&node);
    struct hf_blob *garbage = hf_blob_new(hf_bytes_of("garbage", 7));
    cr_assert_not_null(garbage);
    struct hf_engine *old = hf_world_engine(w, OLD);
    hf_blob_unref(hf__rows_put(&old->rows, collection, hf_bytes_of(zeros, key_len), garbage));
    hf_blob_unref(garbage);
    hf_world_start(w, node);
    hf_world_run_for(w, STEP_MS);
    cr_assert_eq(hf_world_trace_count(w, node, HF_TRACE_INHERITED), 0, "%u", collection);
    cr_assert_gt(hf_world_trace_count(w, node, HF_TRACE_HANDOVER_FAILED), 0, "%u", collection);
    hf_world_crash(w, node);
    testnet_restart(w, OLD);
    hf_world_run_for(w, MINUTE_MS);
    testnet_ready(w, OLD);
    testnet_end(w);
}

Test(new_release_late, a_row_that_is_none_is_refused_and_the_old_one_recovers)
{
    hands_over(HF_ROW_OLDER, 16);
    hands_over(HF_ROW_BINDING, 7);
    hands_over(HF_ROW_HELD, HF_ID_LEN + 16);
    hands_over(HF_ROW_OWNER, HF_ID_LEN);
    hands_over(HF_ROW_OWNER, HF_ID_LEN - 1);
    hands_over(HF_ROW_EVENT, HF_ID_LEN + 1);
}
