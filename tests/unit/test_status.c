/* What a node says of itself. */
#include "engine_harness.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct harness l;

Test(hf_engine_status, before_and_after_the_start)
{
    harness_init(&l);
    struct hf_status s = harness_status(&l);
    cr_assert_eq(s.state, HF_STATE_STARTING);
    cr_assert(!s.has_account && !s.open && !s.claimed);
    cr_assert_eq(s.root + s.policy + s.epoch, 0);
    cr_assert_eq(s.providers_count, 0);
    cr_assert_arr_eq(s.network.bytes, l.n.network.bytes, 32);
    harness_start(&l, HF_VAULT_NONE);
    s = harness_status(&l);
    cr_assert_eq(s.state, HF_STATE_FRESH);
    cr_assert_eq(s.since_ms, l.now_ms);
    cr_assert(s.has_account && !s.open);
    cr_assert_arr_eq(s.account.bytes, l.account.bytes, 32);
    harness_done(&l);
}

Test(hf_engine_status, of_a_node_that_is_placing)
{
    harness_init(&l);
    harness_fresh(&l);
    struct hf_status s = harness_status(&l);
    cr_assert(s.open && s.claimed && !s.registered);
    cr_assert_eq(s.key_version, 1);
    cr_assert_eq(s.claim, 1);
    harness_placing(&l, 2, 3, 4);
    s = harness_status(&l);
    cr_assert_eq(s.state, HF_STATE_PLACING);
    cr_assert(s.registered && s.dev && !s.confirmed);
    cr_assert_eq(s.root, 1);
    cr_assert_eq(s.policy, 1);
    cr_assert_eq(s.epoch, 1);
    cr_assert_eq(s.validators, 5);
    cr_assert_eq(s.k, 2);
    cr_assert_eq(s.n, 3);
    cr_assert_eq(s.generation, 0);
    cr_assert_eq(s.dealing, 1);
    cr_assert_eq(s.dealing_receipts, 0);
    cr_assert_eq(s.owners + s.shares, 0);
    cr_assert_eq(s.policy_expires_s, AUTHORITY_NOW_S + 1000000);
    harness_done(&l);
}

Test(hf_engine_status, names_the_newest_document_that_was_refused)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    struct hf_policy p = authority_policy(&l.n, 2, 2, 3);
    struct hf_bytes bad = authority_sign(&l.n, HF_DOCUMENT_POLICY, &p, "0");
    harness_documents(&l, &bad, 1);
    struct hf_status s = harness_status(&l);
    cr_assert_eq(s.last_refusal, HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(s.last_refusal_kind, HF_DOCUMENT_POLICY);
    cr_assert_eq(s.policy, 1);
    const struct hf_trace *t = harness_trace(&l, HF_TRACE_DOCUMENT_REFUSED);
    cr_assert_not_null(t);
    cr_assert_eq(t->a, HF_DOCUMENT_POLICY);
    cr_assert_eq(t->b, 2);
    harness_done(&l);
}

Test(hf_engine_status, of_one_that_waits_says_when_it_tries_again)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    harness_vault(&l, HF_ENOSPACE);
    struct hf_status s = harness_status(&l);
    cr_assert_gt(s.retry_ms, l.now_ms);
    cr_assert_eq(s.reason, HF_ENOSPACE);
    harness_done(&l);
}
