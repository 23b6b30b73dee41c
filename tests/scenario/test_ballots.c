/* What a claim meets on its way: a dead predecessor, a liar, an old disk at a holder, holders
 * that are gone. It stands in the end, by itself or by the authority's word. */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"
#include "owner/claim.h"
#include "owner/owner.h"
#include "wire/messages.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static bool claimed(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    return hf_world_status(w, node, &s) && s.claimed;
}

static unsigned delay_claims(struct hf_world *w, uint64_t us)
{
    return hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                             .method = HF_METHOD_CLAIM,
                                             .from = 0,
                                             .to = HF_WORLD_ALL,
                                             .delay_us = us});
}

/* The claims of an instance that died reach its holders before, with and after those of its
 * successor. */
Test(ballots, of_a_dead_predecessor_lock_nobody)
{
    for (uint64_t late_ms = 0; late_ms <= 400; late_ms += 20)
        for (uint64_t seed = 1; seed <= 4; seed++) {
            struct hf_world_settings s = testnet_settings(3, 5);
            s.seed = seed;
            s.network.latency = HF_LATENCY_LOGNORMAL;
            s.network.one_way = (struct hf_world_duration){20000, 0.3};
            struct hf_world *w = testnet_from(&s, 7);
            cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
            unsigned rule = delay_claims(w, late_ms * 1000 + 1);
            testnet_restart(w, 0);
            cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_ASKED, 1, TESTNET_MS));
            hf_world_run_for(w, 20); /* its requests have left */
            hf_world_crash(w, 0);
            hf_world_rule_drop(w, rule);
            hf_world_run_for(w, 100);
            hf_world_start(w, 0);
            hf_world_run_for(w, 20000);
            cr_assert(claimed(w, 0), "late by %u ms, seed %u", (unsigned)late_ms, (unsigned)seed);
            testnet_end(w);
        }
}

struct liar {
    struct hf_world *w;
    uint32_t node;
    bool lies;
    struct hf_arena arena;
};

static void sign_by(const struct liar *l, const char *label, struct hf_bytes what,
                    uint8_t ret[static 64])
{
    const struct hf_engine *e = hf_world_engine(l->w, l->node);
    e->suite->sign(e->secrets->account, label, what, ret);
}

/* A holder that names a higher number in the owner's own statement, whose signature it cannot
 * make. */
static enum hf_fate invent_number(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    struct hf_recover_response r;
    struct hf_recover_answer a;
    struct hf_claim_statement s;
    struct hf_buf answer, statement;
    if (!l->lies || !m->response || m->error != 0 || m->method != HF_METHOD_RECOVER ||
        m->from != l->node)
        return HF_FATE_PASS;
    hf_buf_init(&answer, 65536);
    hf_buf_init(&statement, 512);
    cr_assert_eq(hf_wire_decode(&hf_wire_recover_response, m->body, &l->arena, &r, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_recover_answer, r.answer, &l->arena, &a, NULL), 0);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_claim_statement, a.promised.statement, &l->arena, &s, NULL), 0);
    s.ballot.number = HF_WIRE_CLAIM_MAX;
    cr_assert_eq(hf_wire_encode(&hf_wire_claim_statement, &s, &statement), 0);
    a.promised.statement = hf_buf_bytes(&statement);
    cr_assert_eq(hf_wire_encode(&hf_wire_recover_answer, &a, &answer), 0);
    r.answer = hf_buf_bytes(&answer);
    sign_by(l, "holdfast/v1/recover-answer", r.answer, r.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_recover_response, &r, ret->body), 0);
    hf_buf_done(&statement);
    hf_buf_done(&answer);
    return HF_FATE_REPLACE;
}

Test(ballots, cannot_be_spent_by_a_holder_that_invents_one)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    struct hf_status st;
    testnet_holders(w, 0, holders);
    struct liar l = {.w = w, .node = holders[0], .lies = true};
    hf_arena_init(&l.arena, 1 << 22);
    hf_world_watch(w, invent_number, &l);
    unsigned lost = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                      .method = HF_METHOD_CLAIM,
                                                      .response = true,
                                                      .from = HF_WORLD_ALL,
                                                      .to = 0});
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, HF_WORLD_ALL, HF_TRACE_CLAIM_ACCEPTED, 3, TESTNET_MS));
    hf_world_crash(w, 0);
    hf_world_rule_drop(w, lost);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    cr_assert(hf_world_status(w, 0, &st));
    cr_assert_lt(st.claim, 10);
    hf_world_watch(w, NULL, NULL);
    hf_arena_done(&l.arena);
    testnet_end(w);
}

/* A holder that refuses everything as if another instance stood. */
static enum hf_fate refuse(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    struct hf_claim_response r;
    struct hf_claim_answer a;
    struct hf_buf answer;
    if (!m->response || m->from != l->node)
        return HF_FATE_PASS;
    if (m->method == HF_METHOD_STANDING) {
        ret->error = HF_ESUPERSEDED;
        return HF_FATE_REPLACE;
    }
    if (m->method != HF_METHOD_CLAIM || m->error != 0)
        return HF_FATE_PASS;
    hf_buf_init(&answer, 4096);
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_response, m->body, &l->arena, &r, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_answer, r.answer, &l->arena, &a, NULL), 0);
    a.accepted = false;
    r.votes_count = 0;
    cr_assert_eq(hf_wire_encode(&hf_wire_claim_answer, &a, &answer), 0);
    r.answer = hf_buf_bytes(&answer);
    sign_by(l, "holdfast/v1/claim-answer", r.answer, r.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_claim_response, &r, ret->body), 0);
    hf_buf_done(&answer);
    return HF_FATE_REPLACE;
}

Test(ballots, that_stand_are_not_given_up_for_one_liar_and_silence)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16], version;
    uint8_t key[HF_APP_KEY_LEN];
    testnet_holders(w, 0, holders);
    struct liar l = {.w = w, .node = holders[0]};
    hf_arena_init(&l.arena, 1 << 22);
    hf_world_watch(w, refuse, &l);
    for (int i = 0; i < 60; i++) {
        hf_world_run_for(w, 1000);
        cr_assert(claimed(w, 0));
    }
    hf_world_isolate(w, 0);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", 1000, key, &version), 0);
    hf_world_watch(w, NULL, NULL);
    hf_arena_done(&l.arena);
    testnet_end(w);
}

/* A copy is heard of and dies before it stands. The instance that stands goes above it after a
 * pause; next time the pause is not longer for that. */
Test(ballots, that_went_above_a_dead_copy_have_the_shortest_pause_before_them_again)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t copy = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    hf_world_disk_put(w, copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, copy, 0);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                      .method = HF_METHOD_CLAIM,
                                      .response = true,
                                      .from = HF_WORLD_ALL,
                                      .to = (long)copy});
    hf_world_start(w, copy);
    cr_assert(hf_world_run_until_trace(w, HF_WORLD_ALL, HF_TRACE_CLAIM_ACCEPTED, 3, TESTNET_MS));
    hf_world_crash(w, copy);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert_eq(hf_world_engine(w, 0)->owner->claim_pause_ms, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* f = 2q - n - 1 disks of holders are put back: with q = 3 of 4 that is one. Two instances then
 * never stand by one number. */
Test(ballots, of_one_number_are_one_though_a_holder_was_rolled_back)
{
    struct hf_world_settings s = testnet_settings(2, 4);
    uint32_t holders[16];
    s.policy.q = 3;
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 16);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, 0);
    uint32_t copy = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, 0), *before = hf_world_disk_copy(w, holders[0]);
    hf_world_disk_put(w, copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, copy, 0);
    hf_world_cut(w, 0, (long)holders[3]);
    hf_world_cut(w, (long)copy, (long)holders[1]);
    hf_world_start(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    hf_world_cut(w, 0, (long)holders[0]);
    hf_world_crash(w, holders[0]);
    hf_world_disk_put(w, holders[0], before);
    hf_disk_free(before);
    hf_world_start(w, holders[0]);
    testnet_ready(w, holders[0]);
    hf_world_start(w, copy);
    hf_world_run_for(w, 120000);
    hf_world_heal(w);
    hf_world_run_for(w, 120000);
    cr_assert_eq(
        (hf_world_state(w, 0) == HF_STATE_READY) + (hf_world_state(w, copy) == HF_STATE_READY), 1);
    testnet_end(w);
}

/* Two of three holders are lost, the owner deals anew and dies before it could seal. All its newest
 * holders live; only the authority can say that the lost ones need not be asked. */
Test(ballots, wait_for_lost_holders_until_the_authority_writes_them_off)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint32_t holders[16];
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 12);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[1]);
    hf_world_crash(w, holders[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RECORDED, 1, 300000));
    hf_world_run_for(w, 1000);
    testnet_restart(w, 0);
    hf_world_run_for(w, 600000);
    testnet_reason(w, 0, HF_STATE_CLAIMING, HF_EQUORUM);
    hf_world_set_remove(w, holders[1]);
    hf_world_set_remove(w, holders[2]);
    hf_world_set_issue(w);
    hf_world_run_for(w, 60000);
    testnet_reason(w, 0, HF_STATE_CLAIMING, HF_EQUORUM);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_set_issue(w);
    testnet_ready(w, 0);
    testnet_end(w);
}

/* A floor names survivors while the owner asks for the very number that the floor begins with: no
 * acceptor had shown that number. A holder that was not among the survivors comes back, and its
 * vote counts no more. */
Test(ballots, are_counted_by_the_floor_that_came_while_they_were_asked_for)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint32_t holders[16];
    struct hf_world *w = testnet_from(&s, 12);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    unsigned drop = hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_CLAIM, .from = 0, .to = HF_WORLD_ALL});
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_ASKED, 1, TESTNET_MS));
    hf_world_crash(w, holders[2]);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_set_issue(w);
    hf_world_run_for(w, 1000);
    hf_world_start(w, holders[2]);
    cr_assert(hf_world_run_until_trace(w, holders[2], HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    hf_world_cut(w, 0, (long)holders[1]);
    hf_world_rule_drop(w, drop);
    hf_world_run_for(w, 120000);
    cr_assert(!claimed(w, 0), "n%u is no survivor", holders[2]);
    hf_world_heal(w);
    testnet_ready(w, 0);
    testnet_end(w);
}

/* The newest record that a node knows of node 0. */
static uint64_t recorded_under(struct hf_world *w, uint32_t node)
{
    struct hf_bytes owner = hf_bytes_of(hf_world_account(w, 0)->bytes, 32);
    struct hf_owner_row row;
    struct hf_placement_record record;
    struct hf_arena arena;
    hf_arena_init(&arena, 1 << 20);
    const struct hf_blob *kept = hf_world_row(w, node, HF_ROW_OWNER, owner);
    cr_assert_not_null(kept);
    cr_assert_eq(hf_wire_decode(&hf_wire_owner_row, hf_blob_bytes(kept), &arena, &row, NULL), 0);
    cr_assert(row.has_newest);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_placement_record, row.newest.record, &arena, &record, NULL), 0);
    uint64_t number = record.ballot.number;
    hf_arena_done(&arena);
    return number;
}

/* An owner that dies after it has signed its record anew, and before any holder has it so. */
Test(ballots, send_a_record_that_an_earlier_one_signed_anew_until_all_have_it)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    uint32_t holders[16];
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 8);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CERTIFIED, 1, 300000));
    testnet_ready(w, 0);
    hf_world_run_for(w, 5000);
    unsigned lost = hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_RECORD, .from = 0, .to = HF_WORLD_ALL});
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    hf_world_run_for(w, 1000);
    hf_world_rule_drop(w, lost);
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    size_t count = testnet_holders(w, 0, holders);
    cr_assert_eq(count, 5);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(recorded_under(w, holders[i]), 3);
    testnet_end(w);
}

/*
 * A set of 200 in which the holders of node 0 have all been replaced, and some sets have passed
 * since: it is down, with the disk of the beginning in its machine.
 */
static struct hf_world *up_with_old_disk(uint32_t ret_first[static 16])
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint32_t now[16];
    s.policy.holder_grace_s = 20;
    s.checks = false;
    struct hf_world *w = testnet_from(&s, 200);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    struct hf_disk *old = hf_world_disk_copy(w, 0);
    testnet_holders(w, 0, ret_first);
    for (int round = 0; round < 3; round++) {
        hf_world_set_issue(w);
        hf_world_run_for(w, 5000);
        hf_world_crash(w, ret_first[round]);
        cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, 300000));
        hf_world_start(w, ret_first[round]);
        testnet_ready(w, 0);
        hf_world_run_for(w, 60000);
    }
    testnet_holders(w, 0, now);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            cr_assert_neq(ret_first[i], now[j]);
    hf_world_crash(w, 0);
    hf_world_disk_put(w, 0, old);
    hf_disk_free(old);
    return w;
}

/* Holders that have moved on name their successors to an owner with a very old disk. */
Test(ballots, of_an_owner_with_an_old_disk_find_todays_holders_in_a_large_set)
{
    uint32_t first[16];
    struct hf_world *w = up_with_old_disk(first);
    hf_world_start(w, 0);
    testnet_ready(w, 0);
    testnet_end(w);
}

/* They are gone as well, and newer sets order the candidates otherwise: all members are asked in
 * turn. */
Test(ballots, of_an_owner_whose_old_holders_are_gone_find_todays_among_everybody)
{
    uint32_t first[16];
    struct hf_world *w = up_with_old_disk(first);
    for (int i = 0; i < 3; i++)
        hf_world_crash(w, first[i]);
    for (int i = 0; i < 2; i++) {
        hf_world_set_issue(w);
        hf_world_run_for(w, 5000);
    }
    hf_world_start(w, 0);
    testnet_ready(w, 0);
    testnet_end(w);
}

static unsigned lose_standings(struct hf_world *w, long from)
{
    return hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                             .method = HF_METHOD_STANDING,
                                             .response = true,
                                             .from = from,
                                             .to = 0});
}

/* One acknowledgement fewer than a quorum, and nothing is released for the first time. */
Test(ballots, release_nothing_for_the_first_time_without_a_quorum)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t holders[16], version;
    s.policy.q = 4;
    struct hf_world *w = testnet_up_from(&s, 7);
    testnet_holders(w, 0, holders);
    unsigned first = lose_standings(w, holders[0]), second = lose_standings(w, holders[1]);
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_READY);
    cr_assert_eq(hf_world_key(w, 0, "two", TESTNET_MS, key, &version), HF_EQUORUM);
    hf_world_rule_drop(w, second);
    testnet_ready(w, 0);
    cr_assert_eq(hf_world_key(w, 0, "two", TESTNET_MS, key, &version), 0);
    hf_world_rule_drop(w, first);
    testnet_end(w);
}

/* The authority's decision comes while a first release waits. It leaves no room above what is
 * known, so that the ballot is not below the floor; other acceptors must carry it from now on: what
 * all holders acknowledge counts no more. */
Test(ballots, give_up_a_first_release_that_others_must_acknowledge_now)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t holders[16], version;
    struct hf_status st;
    s.authority.floor_margin = 0;
    struct hf_world *w = testnet_up_from(&s, 12);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[1]);
    hf_world_crash(w, holders[2]);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_start(w, holders[1]);
    hf_world_start(w, holders[2]);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    testnet_ready(w, 0);
    unsigned late = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                                      .method = HF_METHOD_STANDING,
                                                      .response = true,
                                                      .from = HF_WORLD_ALL,
                                                      .to = 0,
                                                      .delay_us = 4000000});
    hf_world_set_issue(w);
    cr_assert_eq(hf_world_key(w, 0, "two", TESTNET_MS, key, &version), HF_ENOTCLAIMED);
    cr_assert(hf_world_status(w, 0, &st) && st.claimed);
    hf_world_rule_drop(w, late);
    testnet_ready(w, 0);
    cr_assert_eq(hf_world_key(w, 0, "two", TESTNET_MS, key, &version), 0);
    testnet_end(w);
}

/* A certificate excuses no ballot below the one that it was acknowledged under: an old vault that
 * was given a newer record claims above that record's ballot, whatever it has asked for itself. */
Test(ballots, go_above_the_number_of_the_record_that_they_start_from)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_placement_record record;
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    struct hf_engine *e = hf_world_engine(w, 0);
    struct hf__claiming *c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    hf__update_begin(e);
    cr_assert(hf__own_record(e, &record, NULL, NULL));
    e->sequence.at.claim = 0; /* of a vault that has told nothing */
    hf__claim_list(e, c);
    cr_assert_eq(c->highest, record.ballot.number);
    free(c);
    testnet_end(w);
}
