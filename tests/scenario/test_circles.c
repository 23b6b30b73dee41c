/*
 * Nodes that restart while they hold each other's shares wait for each other: for a share, and for
 * a word on the claim (proto/PROTOCOL.md, 9). A node whose vault is open serves the others before
 * its own claim stands; what its word is worth then depends on whether any other is missing.
 */
#include "testnet.h"

#include "base/error.h"
#include "owner/owner.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static bool speaks(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    return hf_world_status(w, node, &s) && s.claimed;
}

static bool is_open(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    return hf_world_status(w, node, &s) && s.open;
}

static bool zero_and_one_open(struct hf_world *w, void *ctx)
{
    (void)ctx;
    return is_open(w, 0) && is_open(w, 1);
}

/*
 * Four nodes with n = 3 and k = 2: each keeps a share of each other. 0 and 1 restart, and their
 * claims are lost on the way until `3` is down: then each of them has the word of 2, and needs that
 * of the other.
 */
static struct hf_world *circle(void)
{
    struct hf_world *w = testnet_up(4, 2, 3);
    unsigned rules[2];
    for (uint32_t i = 0; i < 2; i++) {
        rules[i] = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                     .method = HF_METHOD_CLAIM,
                                                     .from = i,
                                                     .to = HF_WORLD_ALL});
        testnet_restart(w, i);
        hf_world_run_for(w, 5000);
    }
    cr_assert(hf_world_run_until(w, zero_and_one_open, NULL, TESTNET_MS));
    hf_world_crash(w, 3);
    for (size_t i = 0; i < 2; i++)
        hf_world_rule_drop(w, rules[i]);
    return w;
}

Test(circles, nodes_that_wait_for_each_others_word_come_back_when_nobody_is_missing)
{
    struct hf_world *w = circle();
    /* It needs a share of 0 or 1, and they its word. */
    hf_world_start(w, 3);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(circles, a_provisional_word_is_worth_nothing_while_a_holder_is_missing)
{
    struct hf_world *w = circle();
    for (int i = 0; i < 60; i++) {
        hf_world_run_for(w, 10000);
        cr_assert(!speaks(w, 0) && !speaks(w, 1));
    }
    testnet_reason(w, 0, HF_STATE_CLAIMING, HF_EQUORUM);
    /* Its own share is served meanwhile. */
    testnet_restart(w, 2);
    cr_assert(hf_world_run_until_trace(w, 2, HF_TRACE_REBUILT, 1, TESTNET_MS));
    hf_world_start(w, 3);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

Test(circles, an_open_node_takes_nothing_new_before_its_claim_stands)
{
    struct hf_world *w = circle();
    uint32_t joined = hf_world_add(w);
    hf_world_start(w, joined);
    hf_world_run_for(w, 60000);
    /* With three nodes of the four locked or down there are too few candidates for it. */
    cr_assert_neq(hf_world_state(w, joined), HF_STATE_READY);
    cr_assert(testnet_traced(w, 0, HF_TRACE_REQUEST_REFUSED, HF_ELOCKED));
    hf_world_start(w, 3);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

/* Whether what a node shows with its requests proves its claim (CLAIMS.md, 4.4). */
static bool proves_its_claim(struct hf_world *w, uint32_t node)
{
    struct hf_engine *e = hf_world_engine(w, node);
    struct hf_placement_record record;
    struct hf_claim_proof proof;
    struct hf__electorate *g = calloc(HF__ELECTORATES_MAX, sizeof *g);
    cr_assert(g != NULL && e->owner->proof != NULL && hf__own_record(e, &record, NULL, NULL));
    cr_assert_eq(hf__decode(e, &hf_wire_claim_proof, hf_blob_bytes(e->owner->proof), &proof), 0);
    size_t count = hf__needed(e, &record, g);
    int r = hf__claim_proof_check(e, &proof, g, count, &e->account);
    free(g);
    return r == 0;
}

/* 0 asks 1 again, and hears nothing, when the word of 3 comes: what 1 said before is provisional
 * all the same. */
Test(circles, a_claim_that_provisional_words_carried_is_proved_by_them)
{
    struct hf_world *w = circle();
    hf_world_run_for(w, 60000);
    for (uint32_t i = 0; i <= 3; i += 3)
        hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                          .method = HF_METHOD_CLAIM,
                                          .from = i,
                                          .to = i == 0 ? 1 : HF_WORLD_ALL});
    hf_world_run_for(w, 60000);
    hf_world_start(w, 3);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert(proves_its_claim(w, 0));
    testnet_end(w);
}

/* It serves the shares that it keeps: it may not stop when they are needed. */
Test(circles, an_open_node_asks_before_it_stops_though_its_claim_does_not_stand)
{
    struct hf_world *w = circle();
    cr_assert_eq(hf_world_drain(w, 0, true, TESTNET_MS), HF_EDRAIN);
    hf_world_start(w, 3);
    testnet_ready(w, HF_WORLD_ALL);
    cr_assert_eq(hf_world_drain(w, 0, true, TESTNET_MS), 0);
    testnet_end(w);
}

/* The index of the share of 0 that a node stored last; 0: none. */
static uint8_t index_stored(struct hf_world *w, uint32_t node)
{
    size_t count;
    uint8_t index = 0;
    const struct hf_world_trace *t = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        if (t[i].node == node && t[i].trace.type == HF_TRACE_SHARE_STORED &&
            hf_account_equal(&t[i].trace.account, hf_world_account(w, 0)))
            index = (uint8_t)t[i].trace.b;
    return index;
}

/*
 * A candidate kept its share, but its receipt was lost, and another took its place at the same
 * index. While two of the three recorded holders are down, that share is the second of two. The
 * candidate that keeps it has no word on the claim: that waits for one of the two.
 */
Test(circles, a_share_whose_receipt_was_lost_still_counts)
{
    struct hf_world *w = testnet_up(7, 2, 3);
    uint32_t holders[16];
    cr_assert_eq(testnet_holders(w, 0, holders), 3);
    uint32_t stray = holders[0];
    hf_world_free(w);
    /* The same world again, but for the answers of the candidate that was the first there. */
    w = testnet_new(7, 2, 3);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                      .method = HF_METHOD_DEPOSIT,
                                      .response = true,
                                      .from = stray,
                                      .to = 0});
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &(uint32_t){0}), 0);
    cr_assert_eq(testnet_holders(w, 0, holders), 3);
    uint8_t index = index_stored(w, stray);
    cr_assert_neq(index, 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert_neq(holders[i], stray);
    /* Left are the stray and one holder of another index. */
    uint32_t stays = index_stored(w, holders[0]) == index ? holders[1] : holders[0];
    hf_world_crash(w, 0);
    for (size_t i = 0; i < 3; i++) {
        if (holders[i] != stays)
            hf_world_crash(w, holders[i]);
    }
    hf_world_start(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_REBUILT, 1, TESTNET_MS));
    hf_world_run_for(w, 60000);
    cr_assert(!speaks(w, 0));
    bool removed = false;
    for (size_t i = 0; i < 3; i++) {
        if (holders[i] == stays)
            continue;
        if (removed)
            hf_world_start(w, holders[i]);
        else
            hf_world_set_remove(w, holders[i]);
        removed = true;
    }
    hf_world_set_issue(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
