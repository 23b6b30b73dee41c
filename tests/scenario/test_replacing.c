/* Holders are lost while the owner lives: it deals anew, and retires what was before in the stated
 * order. */
#include "testnet.h"

#include "base/error.h"
#include "node/node.h"

#include <criterion/criterion.h>

static struct hf_world *up_with_grace(uint32_t count, uint8_t k, uint8_t n)
{
    struct hf_world_settings s = testnet_settings(k, n);
    s.policy.holder_grace_s = 20;
    return testnet_up_from(&s, count);
}

Test(replacing, a_holder_gone_beyond_the_grace_is_replaced_and_the_others_stay)
{
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16], after[16];
    testnet_holders(w, 0, before);
    uint32_t old = testnet_generation(w, 0);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    testnet_ready(w, 0);
    cr_assert_gt(testnet_generation(w, 0), old);
    testnet_holders(w, 0, after);
    size_t kept = 0;
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            kept += before[i] == after[j];
    cr_assert_eq(kept, 4);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* The authority removes one: its owners do not wait for the grace. */
Test(replacing, a_holder_that_the_authority_removes_is_replaced_at_once)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    uint32_t holders[16];
    s.policy.holder_grace_s = 86400;
    struct hf_world *w = testnet_from(&s, 12);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    hf_world_set_remove(w, holders[0]);
    hf_world_set_issue(w);
    hf_world_run_for(w, 20000);
    cr_assert_not(testnet_holds(w, 0, holders[0]));
    testnet_ready(w, 0);
    testnet_end(w);
}

/* Its word is true here; a liar's would be the same. Usually a holder has ten minutes. */
Test(replacing, a_holder_that_never_gets_placed_delays_a_first_release_by_a_minute)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    struct hf_world *w = testnet_from(&s, 8);
    uint32_t owner = 1, version;
    hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_DEPOSIT, .from = 0, .to = HF_WORLD_ALL});
    for (uint32_t i = 0; i < 8; i++)
        hf_world_start(w, i);
    hf_world_run_for(w, 30000);
    while (owner < 8 && !testnet_holds(w, owner, 0))
        owner++;
    cr_assert_lt(owner, 8);
    cr_assert_eq(hf_world_state(w, owner), HF_STATE_PLACED);
    hf_world_run_for(w, 90000);
    cr_assert_eq(hf_world_key(w, owner, "tss-db", 1000, testnet_key, &version), 0);
    cr_assert(!testnet_holds(w, owner, 0));
    testnet_end(w);
}

/* n - k + 1 providers gone: what is left could not rebuild the secret, but the owner can deal it
 * anew. */
Test(replacing, n_minus_k_plus_one_providers_gone_while_the_owner_lives)
{
    struct hf_world *w = up_with_grace(12, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    for (size_t i = 0; i < 3; i++)
        hf_world_crash(w, before[i]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    /* Backed up again; but three that are only silent may serve a copy of this node: no first
     * release yet. */
    testnet_reason(w, 0, HF_STATE_PLACED, HF_EPREDECESSOR);
    testnet_restart(w, 0);
    /* Restarted, it waits for them, or for the authority to say that they need not be asked. */
    testnet_reason(w, 0, HF_STATE_CLAIMING, HF_EQUORUM);
    for (size_t i = 0; i < 3; i++)
        hf_world_set_remove(w, before[i]);
    hf_world_set_issue(w);
    hf_world_run_for(w, 30000);
    testnet_reason(w, 0, HF_STATE_CLAIMING, HF_EQUORUM);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_set_issue(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Whether any holder of this node's shares has refused its quote. */
static bool refused_by_holders(struct hf_world *w, const uint32_t *holders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (testnet_traced(w, holders[i], HF_TRACE_QUOTE_REFUSED, HF_EPCKREVOKED))
            return true;
    return false;
}

/* Verdicts are remembered while the collateral stays as it is, and judged again when it changes. */
Test(replacing, a_platform_that_newer_collateral_revokes_is_refused_at_its_next_word)
{
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t holders[16];
    size_t count = testnet_holders(w, 0, holders);
    hf_world_tcb(w, 0, HF_TCB_REVOKED);
    hf_world_run_for(w, 60000);
    cr_assert_not(refused_by_holders(w, holders, count));
    testnet_ready(w, 0);
    for (size_t i = 0; i < count; i++)
        hf_world_collateral(w, holders[i]);
    testnet_reason(w, 0, HF_STATE_DEGRADED, HF_EPCKREVOKED);
    cr_assert(refused_by_holders(w, holders, count));
    hf_world_tcb(w, 0, HF_TCB_UP_TO_DATE);
    for (size_t i = 0; i < count; i++)
        hf_world_collateral(w, holders[i]);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(replacing, with_too_few_candidates_the_old_dealing_stays_and_the_node_is_degraded)
{
    struct hf_world *w = up_with_grace(6, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    uint32_t old = testnet_generation(w, 0);
    hf_world_crash(w, before[0]);
    testnet_reason(w, 0, HF_STATE_DEGRADED, HF_ESELECTION);
    cr_assert_eq(testnet_generation(w, 0), old);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    hf_world_start(w, before[0]);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* The grace is for holders. */
Test(replacing, a_candidate_that_was_away_for_a_moment_is_asked_again_before_a_grace_is_over)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    struct hf_status status;
    uint32_t before[16], spare = 21; /* of nodes 0 to 6, the one that is neither owner nor holder */
    s.policy.holder_grace_s = 3600;
    struct hf_world *w = testnet_from(&s, 7);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    uint32_t old = testnet_generation(w, 0);
    size_t count = testnet_holders(w, 0, before);
    for (size_t i = 0; i < count; i++)
        spare -= before[i];
    hf_world_cut(w, 0, (long)spare);
    hf_world_cut(w, (long)spare, 0);
    hf_world_set_remove(w, before[0]);
    hf_world_crash(w, before[0]);
    hf_world_set_issue(w);
    testnet_reason(w, 0, HF_STATE_DEGRADED, HF_ESELECTION);
    hf_world_heal(w);
    hf_world_run_for(w, 120000);
    cr_assert(hf_world_status(w, 0, &status));
    cr_assert_gt(status.generation, old);
    testnet_end(w);
}

/* Pauses double while a candidate is away; a document that comes begins them anew. */
Test(replacing, a_candidate_is_asked_again_soon_after_a_new_set_however_long_it_was_away)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    uint32_t before[16], spare = 21; /* as above */
    s.policy.holder_grace_s = 3600;
    struct hf_world *w = testnet_from(&s, 7);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    uint32_t old = testnet_generation(w, 0);
    size_t count = testnet_holders(w, 0, before);
    for (size_t i = 0; i < count; i++)
        spare -= before[i];
    hf_world_cut(w, 0, (long)spare);
    hf_world_cut(w, (long)spare, 0);
    hf_world_set_remove(w, before[0]);
    hf_world_crash(w, before[0]);
    hf_world_set_issue(w);
    hf_world_run_for(w, 8000000);
    hf_world_set_issue(w);
    hf_world_run_for(w, 20000);
    cr_assert_eq(testnet_generation(w, 0), old);
    hf_world_heal(w);
    hf_world_run_for(w, 120000);
    cr_assert_gt(testnet_generation(w, 0), old);
    testnet_end(w);
}

Test(replacing, the_old_generation_is_deleted_only_after_all_have_the_new_record)
{
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    unsigned records = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                         .method = HF_METHOD_RECORD,
                                                         .from = 0,
                                                         .to = (long)before[1]});
    unsigned deletes = hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_COUNT, .method = HF_METHOD_DELETE, .from = 0, .to = HF_WORLD_ALL});
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RECORDED, 1, TESTNET_MS));
    hf_world_run_for(w, 10000);
    cr_assert_gt(hf_world_rule_hits(w, records), 0);
    cr_assert_eq(hf_world_rule_hits(w, deletes), 0);
    hf_world_rule_drop(w, records);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
    cr_assert_gt(hf_world_rule_hits(w, deletes), 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* What a node keeps for node 0, in bytes: its row and its shares. */
static size_t kept_bytes(struct hf_world *w, uint32_t node)
{
    struct hf_engine *e = hf_world_engine(w, node);
    struct hf_bytes owner = hf_bytes_of(hf_world_account(w, 0), 32);
    static const uint8_t collections[] = {HF_ROW_OWNER, HF_ROW_HELD};
    const struct hf__row *row;
    size_t sum = 0;
    for (size_t c = 0; c < HF_ARRAY_LEN(collections); c++)
        for (size_t i = hf__rows_first(&e->rows, collections[c], owner);
             (row = hf__rows_at(&e->rows, i, collections[c], owner)) != NULL; i++)
            sum += row->key_len + row->value->len;
    return sum;
}

/* Seven holders, and each of the owner's restarts and dealings before has left its trace: the
 * promise, the newest record, the proof that a claim stood, the certificate of what is sealed. */
Test(replacing, a_holder_of_an_owner_that_has_moved_on_keeps_two_kilobytes_at_most)
{
    struct hf_world_settings s = testnet_settings(3, 7);
    uint32_t before[16];
    s.policy.q = 5;
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 16);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    testnet_holders(w, 0, before);
    hf_world_isolate(w, before[6]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CERTIFIED, 1, 300000));
    hf_world_run_for(w, 60000);
    hf_world_heal(w);
    hf_world_run_for(w, 120000);
    size_t kept = kept_bytes(w, before[6]);
    cr_assert_gt(kept, 0);
    cr_assert_leq(kept, 2048, "%zu bytes", kept);
    testnet_end(w);
}

Test(replacing, the_old_generation_is_deleted_only_while_all_say_that_they_keep_the_new_one)
{
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    unsigned deletes = hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_COUNT, .method = HF_METHOD_DELETE, .from = 0, .to = HF_WORLD_ALL});
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_DEALING, 1, TESTNET_MS));
    unsigned standing = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                          .method = HF_METHOD_STANDING,
                                                          .from = 0,
                                                          .to = (long)before[1]});
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    hf_world_run_for(w, 5000);
    cr_assert_eq(hf_world_rule_hits(w, deletes), 0);
    hf_world_rule_drop(w, standing);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
    cr_assert_gt(hf_world_rule_hits(w, deletes), 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(replacing, a_retired_generation_is_shown_as_outstanding_until_all_have_deleted_it)
{
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16];
    struct hf_status s;
    testnet_holders(w, 0, before);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
    hf_world_run_for(w, 1000);
    cr_assert(hf_world_status(w, 0, &s));
    cr_assert_eq(s.retiring_count, 1);
    cr_assert_eq(s.retiring[0].outstanding, 1);
    cr_assert(s.retiring[0].retired);
    hf_world_start(w, before[2]);
    hf_world_run_for(w, 60000);
    cr_assert(hf_world_status(w, 0, &s));
    cr_assert_eq(s.retiring_count, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* An order is under a ballot: one that has not been carried out is given again under the next. */
Test(replacing, a_deletion_is_ordered_until_it_is_done_however_often_the_owner_restarts)
{
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
    for (int i = 0; i < 3; i++) {
        testnet_restart(w, 0);
        testnet_ready(w, 0);
        hf_world_run_for(w, 10000);
    }
    cr_assert_eq(testnet_status(w, 0).retiring_count, 1);
    hf_world_start(w, before[2]);
    hf_world_run_for(w, 60000);
    cr_assert_eq(testnet_status(w, 0).retiring_count, 0);
    testnet_end(w);
}

Test(replacing, a_restart_between_two_generations_recovers_from_either)
{
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    struct hf_disk *old = hf_world_disk_copy(w, 0);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    testnet_ready(w, 0);
    /* The host gives back the disk of before: the providers know better. */
    hf_world_crash(w, 0);
    hf_world_disk_put(w, 0, old);
    hf_disk_free(old);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* The generation of node 0 that a node holds and that was never recorded there. */
static bool pending(struct hf_world *w, uint32_t node, uint8_t ret_id[static 16])
{
    struct hf_engine *e = hf_world_engine(w, node);
    struct hf_bytes owner = hf_bytes_of(hf_world_account(w, 0)->bytes, 32);
    const struct hf__row *row;
    struct hf_arena arena;
    bool found = false;
    hf_arena_init(&arena, 1 << 20);
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_HELD, owner);
         !found && (row = hf__rows_at(&e->rows, i, HF_ROW_HELD, owner)) != NULL; i++) {
        struct hf_held_row h;
        cr_assert_eq(hf_wire_decode(&hf_wire_held_row, hf_blob_bytes(row->value), &arena, &h, NULL),
                     0);
        found = !h.has_record;
        memcpy(ret_id, h.generation.id, 16);
    }
    hf_arena_done(&arena);
    return found;
}

/* An owner dies when its deposits are there and their receipts are not, and deals anew before it
 * has ordered the deletion: the record of the first dealing could have got somewhere. */
Test(replacing, a_share_that_a_newer_dealing_replaces_leaves_its_vote)
{
    struct hf_world *w = up_with_grace(7, 3, 5);
    uint32_t holders[16];
    uint8_t id[16], now[16];
    struct hf_owner_row row;
    struct hf_arena arena;
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[0]);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_CRASH_TO,
                                      .method = HF_METHOD_DEPOSIT,
                                      .response = true,
                                      .from = (long)holders[1],
                                      .to = 0,
                                      .count = 1});
    for (int i = 0; i < 3000 && hf_world_running(w, 0); i++)
        hf_world_run_for(w, 100);
    cr_assert(!hf_world_running(w, 0));
    cr_assert(pending(w, holders[1], id));
    hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_DELETE, .from = 0, .to = HF_WORLD_ALL});
    hf_world_start(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, 300000));
    cr_assert(!pending(w, holders[1], now));
    const struct hf_blob *kept =
        hf_world_row(w, holders[1], HF_ROW_OWNER, hf_bytes_of(hf_world_account(w, 0)->bytes, 32));
    hf_arena_init(&arena, 1 << 20);
    cr_assert_not_null(kept);
    cr_assert_eq(hf_wire_decode(&hf_wire_owner_row, hf_blob_bytes(kept), &arena, &row, NULL), 0);
    bool votes = false;
    for (size_t i = 0; i < row.former_count; i++)
        votes = votes || memcmp(row.former[i].id, id, 16) == 0;
    cr_assert(votes);
    hf_arena_done(&arena);
    hf_world_heal(w);
    testnet_end(w);
}

/* ---- a policy that asks for another backup */

static void three_of_five(struct hf_policy *policy, void *ctx)
{
    (void)ctx;
    policy->shares = 5;
    policy->threshold = 3;
    policy->claim_quorum = 4;
}

static struct hf_status status_of(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    cr_assert(hf_world_status(w, node, &s));
    return s;
}

static size_t dealt_to(struct hf_world *w, uint32_t nodes, uint8_t n)
{
    size_t count = 0;
    for (uint32_t i = 0; i < nodes; i++)
        count += status_of(w, i).n == n;
    return count;
}

Test(replacing, other_numbers_in_the_policy_reach_every_backup_but_not_at_once)
{
    struct hf_world *w = up_with_grace(9, 2, 3);
    hf_world_policy_edit(w, three_of_five, NULL);
    hf_world_run_for(w, 19000);
    cr_assert_eq(dealt_to(w, 9, 3), 9);
    for (uint32_t i = 0; i < 9; i++)
        cr_assert_neq(status_of(w, i).renew_ms, 0, "node %u does not say that it will", i);
    cr_assert(hf_world_run_until_trace(w, HF_WORLD_ALL, HF_TRACE_CONFIRMED, 1, 60000));
    hf_world_run_for(w, 2000);
    cr_assert_lt(dealt_to(w, 9, 5), 9);
    hf_world_run_for(w, 60000);
    cr_assert_eq(dealt_to(w, 9, 5), 9);
    for (uint32_t i = 0; i < 9; i++) {
        cr_assert_eq(status_of(w, i).state, HF_STATE_READY);
        cr_assert_eq(status_of(w, i).k, 3);
        cr_assert_eq(status_of(w, i).renew_ms, 0);
    }
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

static void one_of_an_operator(struct hf_policy *policy, void *ctx)
{
    (void)ctx;
    policy->domain_rule = HF_DOMAIN_OPERATORS;
}

Test(replacing, a_domain_rule_in_the_policy_parts_holders_of_one_operator)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.operators = 8;
    s.policy.domain_rule = HF_DOMAIN_NONE;
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 24);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    for (int round = 0; round < 2; round++) {
        size_t together = 0;
        for (uint32_t i = 0; i < 24; i++) {
            uint32_t holders[16];
            size_t count = testnet_holders(w, i, holders);
            for (size_t a = 0; a < count; a++)
                for (size_t b = 0; b < a; b++)
                    together += holders[a] % 8 == holders[b] % 8;
        }
        cr_assert_eq(together == 0, round == 1);
        if (round == 0)
            hf_world_policy_edit(w, one_of_an_operator, NULL);
        hf_world_run_for(w, 90000);
    }
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}
