/* Signed documents decide; who passes them on proves nothing (proto/PROTOCOL.md, 4). */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"

#include <criterion/criterion.h>

static struct hf_status status(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    cr_assert(hf_world_status(w, node, &s));
    return s;
}

static uint32_t newest(const struct hf_world *w, enum hf_document_kind kind)
{
    return hf_document_version(hf_world_document(w, kind));
}

/* Gives a node an envelope; the error it was refused with, or 0. */
static int give(struct hf_world *w, uint32_t node, struct hf_bytes envelope)
{
    uint64_t before = hf_world_trace_count(w, node, HF_TRACE_DOCUMENT_REFUSED);
    hf_world_give(w, node, &envelope, 1);
    if (hf_world_trace_count(w, node, HF_TRACE_DOCUMENT_REFUSED) == before)
        return 0;
    return status(w, node).last_refusal;
}

/* The same with a document signed by so many authority keys. */
static int offer(struct hf_world *w, uint32_t node, enum hf_document_kind kind,
                 const struct hf_wire_type *type, const void *message, unsigned signatures)
{
    struct hf_buf body, envelope;
    hf_buf_init(&body, 1 << 20);
    hf_buf_init(&envelope, 1 << 20);
    cr_assert_eq(hf_wire_encode(type, message, &body), 0);
    hf_world_sign(w, (uint8_t)kind, hf_buf_bytes(&body), signatures, &envelope);
    int r = give(w, node, hf_buf_bytes(&envelope));
    /* Of one whose relations do not hold not even its kind is believed. */
    cr_assert(r == 0 || r == HF_EDOCUMENT || status(w, node).last_refusal_kind == kind);
    hf_buf_done(&body);
    hf_buf_done(&envelope);
    return r;
}

static struct hf_policy next_policy(const struct hf_world *w)
{
    struct hf_policy p = hf_world_document(w, HF_DOCUMENT_POLICY)->u.policy;
    p.version++;
    return p;
}

static struct hf_validator_set next_set(const struct hf_world *w)
{
    struct hf_validator_set s = hf_world_document(w, HF_DOCUMENT_SET)->u.set;
    s.epoch++;
    return s;
}

Test(documents,
     that_are_expired_older_or_wrongly_signed_are_refused_by_name_and_the_last_good_stays)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_blob *older = hf_blob_ref(hf_world_document(w, HF_DOCUMENT_SET)->envelope);
    hf_world_set_issue(w);
    hf_world_run_for(w, 10000);
    uint32_t policy = newest(w, HF_DOCUMENT_POLICY), epoch = newest(w, HF_DOCUMENT_SET);
    uint64_t now_s = hf_world_document(w, HF_DOCUMENT_SET)->u.set.issued_s + 10;
    struct hf_policy p = next_policy(w);
    struct hf_validator_set s = next_set(w);
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_POLICY, &hf_wire_policy, &p, 1), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &s, 0),
                 HF_EDOCUMENT_SIGNATURE);
    p.issued_s = now_s - 5;
    p.expires_s = now_s - 4;
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_POLICY, &hf_wire_policy, &p, 2), HF_EEXPIRED);
    p = next_policy(w);
    p.threshold = p.shares + 1;
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_POLICY, &hf_wire_policy, &p, 2), HF_EDOCUMENT);
    cr_assert_eq(give(w, 0, hf_blob_bytes(older)), HF_EDOCUMENT_OLD);
    hf_blob_unref(older);
    s = next_set(w);
    s.validators_count = 5; /* too few for n = 5 beside the owner */
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &s, 2), HF_ESELECTION);
    cr_assert_eq(status(w, 0).policy, policy);
    cr_assert_eq(status(w, 0).epoch, epoch);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

static void set_floor(struct hf_validator_set *s, struct hf_validator *list, uint64_t claim,
                      struct hf_generation_ref *off, size_t count)
{
    memcpy(list, s->validators, s->validators_count * sizeof *list);
    s->validators = list;
    list[0].has_floor = claim > 0;
    list[0].floor = (struct hf_floor){
        .claim = claim, .favoured = {3}, .written_off = off, .written_off_count = count};
}

/* What was decided about a validator stays: lowered, left out, or lost with a set in which the
 * validator was not, it would let a ballot stand again that is void. Nor is anything added under
 * the same claim: ballots that it does not void may stand by the votes of others. */
Test(documents, take_back_no_floor)
{
    struct hf_world *w = testnet_up(8, 3, 5);
    struct hf_validator list[8];
    struct hf_generation_ref off[3] = {{{1}}, {{2}}, {{4}}};
    struct hf_validator_set s = next_set(w);
    hf_world_quiet(w, true);
    set_floor(&s, list, 9, off, 2);
    s.epoch = 10;
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &s, 2), 0);
    static const struct {
        uint64_t claim;
        size_t decided;
        int error;
    } rows[] = {{0, 0, HF_EFLOOR}, {8, 2, HF_EFLOOR}, {9, 1, HF_EFLOOR}, {9, 2, 0},
                {9, 3, HF_EFLOOR}, {10, 0, 0},        {9, 2, HF_EFLOOR}, {HF_WIRE_FLOOR_MAX, 0, 0}};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        s.epoch++;
        set_floor(&s, list, rows[i].claim, off, rows[i].decided);
        cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &s, 2), rows[i].error,
                     "%zu", i);
    }
    /* Nor does another generation take the place of the one that is gone on from. */
    list[0].floor.favoured[0] = 5;
    s.epoch++;
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &s, 2), HF_EFLOOR);
    list[0].floor.favoured[0] = 3;
    /* It is left out of several sets, which keep its floor, and comes back with nothing. */
    struct hf_validator_set without = s;
    struct hf_departed_floor departed = {.account = list[0].account, .floor = list[0].floor};
    without.validators = list + 1;
    without.validators_count--;
    for (int i = 0; i < 3; i++) {
        without.epoch++;
        without.departed_count = 0;
        cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &without, 2), HF_EFLOOR);
        without.departed = &departed;
        without.departed_count = 1;
        cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &without, 2), 0);
    }
    s.epoch = without.epoch + 1;
    set_floor(&s, list, 0, off, 0);
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &s, 2), HF_EFLOOR);
    set_floor(&s, list, HF_WIRE_FLOOR_MAX, off, 0);
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_SET, &hf_wire_validator_set, &s, 2), 0);
    testnet_end(w);
}

Test(documents, of_another_network_are_refused_by_name)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    settings.seed++;
    struct hf_world *other = testnet_from(&settings, 7);
    cr_assert_eq(hf_world_bring_up(other, TESTNET_MS), 0);
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_run_for(other, 1000);
    hf_world_set_issue(other);
    hf_world_policy_edit(other, NULL, NULL);
    for (enum hf_document_kind kind = HF_DOCUMENT_POLICY; kind <= HF_DOCUMENT_SET; kind++) {
        cr_assert_eq(give(w, 0, hf_blob_bytes(hf_world_document(other, kind)->envelope)),
                     HF_EDOCUMENT_SIGNATURE);
    }
    testnet_key_lives(w, 0);
    hf_world_free(other);
    testnet_end(w);
}

Test(documents, that_cannot_be_reached_leave_the_last_good_ones_in_force)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t policy = newest(w, HF_DOCUMENT_POLICY);
    hf_world_isolate(w, 0);
    hf_world_quiet(w, true);
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_give_newest(w, 1);
    hf_world_run_for(w, 200000);
    cr_assert_eq(status(w, 0).policy, policy);
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), 0);
    hf_world_heal(w);
    testnet_ready(w, 0);
    hf_world_run_for(w, 200000);
    cr_assert_eq(status(w, 0).policy, newest(w, HF_DOCUMENT_POLICY));
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(documents, are_pulled_by_a_node_that_is_behind_before_it_judges)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_quiet(w, true);
    hf_world_policy_accept(w, "holdfast-2", 2);
    /* Only the owner knows that its next release is accepted; it restarts on it. */
    hf_world_give_newest(w, 0);
    hf_world_run_for(w, 10);
    hf_world_crash(w, 0);
    hf_world_image(w, 0, "holdfast-2");
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_REQUEST_REFUSED, HF_EBEHIND));
    /* No node judged the new release by the old policy. */
    cr_assert(!testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_EMEASUREMENT));
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(status(w, holders[i]).policy, newest(w, HF_DOCUMENT_POLICY));
    testnet_end(w);
}

Test(documents, pass_through_nodes_to_one_that_only_knows_a_seed)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_quiet(w, true);
    uint32_t node = hf_world_add(w);
    hf_world_start(w, node);
    hf_world_run_for(w, 20000);
    cr_assert_eq(status(w, node).root, 1);
    cr_assert_eq(status(w, node).policy, newest(w, HF_DOCUMENT_POLICY));
    /* The set that registers it goes to one node, and reaches it from there. */
    hf_world_give_newest(w, 3);
    testnet_ready(w, node);
    testnet_end(w);
}

static void issue_anew(struct hf_world *w)
{
    hf_world_policy_edit(w, NULL, NULL);
    hf_world_set_issue(w);
    hf_world_run_for(w, 5000);
}

Test(documents, a_root_signed_by_the_old_and_the_new_replaces_the_old)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_root_issue(w);
    hf_world_run_for(w, 5000);
    /* Documents of the old root stay in force until the new one's are there. */
    for (uint32_t i = 0; i < 7; i++)
        cr_assert_eq(status(w, i).root, 2);
    testnet_key_lives(w, 0);
    issue_anew(w);
    for (uint32_t i = 0; i < 7; i++)
        cr_assert_eq(status(w, i).policy, newest(w, HF_DOCUMENT_POLICY));
    for (uint32_t i = 0; i < 7; i++) {
        testnet_restart(w, i);
        testnet_ready(w, i);
    }
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(documents, of_the_old_root_open_nothing_after_a_restart_until_they_are_issued_anew)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_root_issue(w);
    hf_world_run_for(w, 5000);
    testnet_restart(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_ENODOCUMENTS);
    cr_assert(testnet_traced(w, 0, HF_TRACE_DOCUMENT_REFUSED, HF_EDOCUMENT_SIGNATURE));
    issue_anew(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(documents, a_node_that_slept_through_two_roots_follows_them_one_by_one)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_root_issue(w);
    issue_anew(w);
    hf_world_root_issue(w);
    issue_anew(w);
    hf_world_quiet(w, true); /* it must ask the others */
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    cr_assert_eq(status(w, 0).root, 3);
    testnet_end(w);
}

Test(documents, a_root_that_only_one_side_signed_is_refused)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    const struct hf_document *first = hf_world_document(w, HF_DOCUMENT_ROOT);
    struct hf_authority_key usurpers[2] = {{.key = {1}}, {.key = {2}}};
    struct hf_root r = {.number = 2,
                        .issued_s = first->u.root.issued_s,
                        .threshold = 1,
                        .keys = usurpers,
                        .keys_count = 2,
                        .has_previous = true};
    r.previous = first->body_hash;
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_ROOT, &hf_wire_root, &r, 2), HF_EDOCUMENT_SIGNATURE);
    r.number = 3;
    cr_assert_eq(offer(w, 0, HF_DOCUMENT_ROOT, &hf_wire_root, &r, 2), HF_EDOCUMENT_ROOT);
    cr_assert_eq(status(w, 0).root, 1);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

static void three_of_five(struct hf_policy *policy, void *ctx)
{
    (void)ctx;
    policy->shares = 5;
    policy->threshold = policy->claim_quorum = 3;
}

Test(documents, a_policy_that_changes_k_and_n_holds_from_the_next_dealing_on)
{
    struct hf_world_settings settings = testnet_settings(2, 3);
    uint32_t version, holders[16];
    settings.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&settings, 9);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    hf_world_policy_edit(w, three_of_five, NULL);
    hf_world_run_for(w, 20000);
    testnet_ready(w, 0);
    cr_assert_eq(status(w, 0).n, 3);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    testnet_ready(w, 0);
    cr_assert_eq(status(w, 0).n, 5);
    cr_assert_eq(status(w, 0).k, 3);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(documents, a_provider_that_keeps_all_it_may_is_passed_over)
{
    struct hf_world_settings settings = testnet_settings(2, 3);
    settings.policy.shares_held_max = 4;
    struct hf_world *w = testnet_from(&settings, 12);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_CANDIDATE_FAILED, HF_EQUOTA));
    for (uint32_t i = 0; i < 12; i++)
        cr_assert_leq(status(w, i).owners, 4);
    testnet_end(w);
}

Test(documents, that_expire_stop_the_providers_until_new_ones_come)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    uint32_t version;
    settings.authority.valid_s = 100;
    settings.authority.renews = false;
    struct hf_world *w = testnet_from(&settings, 7);
    cr_assert_eq(hf_world_bring_up(w, 60000), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    hf_world_run_for(w, 200000);
    /* A node that has its key goes on; none gives a share. */
    uint8_t key[HF_APP_KEY_LEN];
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), 0);
    testnet_restart(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_EEXPIRED);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED), 0);
    issue_anew(w);
    testnet_key_lives(w, 0);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

/* Few look at each other, and seldom, so that a year of them is soon over. */
Test(documents, are_signed_anew_before_they_expire_for_a_year)
{
    struct hf_world_settings settings = testnet_settings(2, 3);
    settings.timing.probe_ms = 0;
    settings.timing.watch_ms = settings.timing.documents_ms = settings.timing.reconcile_ms =
        settings.timing.audit_ms = 3600000;
    struct hf_world *w = testnet_up_from(&settings, 5);
    hf_world_quorum_issue(w, 2, 3, false);
    for (unsigned month = 0; month < 12; month++) {
        hf_world_run_for(w, 30 * UINT64_C(86400000) + 36000000);
        testnet_restart(w, month % 5);
        testnet_ready(w, HF_WORLD_ALL);
    }
    testnet_key_lives(w, 0);
    /* Each is signed for 90 days, and again after 75 at the latest. */
    struct hf_status s = status(w, 0);
    cr_assert_geq(s.policy, 5);
    cr_assert_geq(s.epoch, 5);
    cr_assert_geq(s.share_set, 5);
    cr_assert_gt(s.policy_expires_s, s.now_s);
    testnet_end(w);
}

Test(documents, a_drain_is_refused_when_an_owner_would_be_left_with_too_few)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[0]);
    cr_assert_eq(hf_world_drain(w, holders[1], true, TESTNET_MS), HF_EDRAIN);
    cr_assert(!status(w, holders[1]).draining);
    hf_world_start(w, holders[0]);
    testnet_ready(w, HF_WORLD_ALL);
    cr_assert_eq(hf_world_drain(w, holders[1], true, TESTNET_MS), 0);
    cr_assert(status(w, holders[1]).draining);
    testnet_end(w);
}

Test(documents, a_drained_node_takes_no_new_shares_and_gives_those_it_has)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    uint64_t stored = hf_world_trace_count(w, holders[0], HF_TRACE_SHARE_STORED);
    uint64_t released = hf_world_trace_count(w, holders[0], HF_TRACE_SHARE_RELEASED);
    hf_world_add_many(w, 8);
    hf_world_start_all(w);
    testnet_ready(w, HF_WORLD_ALL);
    cr_assert_eq(hf_world_trace_count(w, holders[0], HF_TRACE_SHARE_STORED), stored);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_CANDIDATE_FAILED, HF_EDRAINING));
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    cr_assert_gt(hf_world_trace_count(w, holders[0], HF_TRACE_SHARE_RELEASED), released);
    cr_assert_eq(hf_world_drain(w, holders[0], false, TESTNET_MS), 0);
    hf_world_add_many(w, 16);
    hf_world_start_all(w);
    testnet_ready(w, HF_WORLD_ALL);
    cr_assert_gt(hf_world_trace_count(w, holders[0], HF_TRACE_SHARE_STORED), stored);
    testnet_end(w);
}
