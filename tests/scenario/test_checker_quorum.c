/*
 * The checker of black starts is not vacuous: a node that goes on with the answers of two share
 * holders where three are needed (faults/quorum.edit), or that takes one by a share of a share set
 * before (faults/former.edit, compiled with FORMER), is caught, and the sound engine, put through
 * the same, is not. Compiled with FAULTY once for each, and once without.
 */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <string.h>

#ifndef FAULTY
#define FORMER
#endif
#ifdef FORMER
Test(checker_quorum, sees_a_node_that_takes_an_answer_by_a_share_of_before)
{
    struct hf_world *w = testnet_sealed(6, 3, 5);
    hf_world_quorum_reshard(w, 2, 3);
    hf_world_run_for(w, 20000);
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        hf_world_crash(w, i);
    hf_world_start_all(w);
    hf_world_run_for(w, 10000);
    hf_world_by_people(w, 0);
    hf_world_run_for(w, 10000);
    const struct hf_violation *v = hf_world_violation(w);
#ifdef FAULTY
    cr_assert_not_null(v, "nobody noticed");
    cr_assert_str_eq(v->checker, CHECKER, "%s: %s", v->checker, v->text);
    cr_assert_not_null(strstr(v->text, SENTENCE), "%s", v->text);
#else
    cr_assert_null(v, "%s", v == NULL ? "" : v->text);
    cr_assert(testnet_status(w, 0).open);
#endif
    hf_world_free(w);
}
#endif

#if !defined(FAULTY) || !defined(FORMER)
static bool sealed(struct hf_world *w, void *ctx)
{
    struct hf_status s;
    (void)ctx;
    return hf_world_status(w, 0, &s) && s.sealed;
}

Test(checker_quorum, sees_a_node_that_opens_with_too_few_answers)
{
    struct hf_world *w = testnet_up(6, 2, 3);
    struct hf_blackstart_report report;
    struct hf_buf request, answer;
    hf_world_quorum_issue(w, 3, 5, true);
    cr_assert(hf_world_run_until(w, sealed, NULL, TESTNET_MS));
    hf_world_run_for(w, 1000);
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        hf_world_crash(w, i);
    hf_world_start_all(w);
    hf_world_run_for(w, 10000);
    hf_buf_init(&request, 1 << 20);
    cr_assert_eq(hf_world_blackstart(w, 0, TESTNET_MS, &request), 0);
    for (uint8_t holder = 1; holder <= 2; holder++) {
        hf_buf_init(&answer, 4096);
        cr_assert_eq(hf_world_holder_answer(w, holder, hf_buf_bytes(&request), &answer), 0);
        cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&answer), TESTNET_MS, &report), 0);
        hf_buf_done(&answer);
    }
    hf_buf_done(&request);
    const struct hf_violation *v = hf_world_violation(w);
#ifdef FAULTY
    cr_assert_not_null(v, "nobody noticed");
    cr_assert_str_eq(v->checker, CHECKER, "%s: %s", v->checker, v->text);
    cr_assert_not_null(strstr(v->text, SENTENCE), "%s", v->text);
#else
    cr_assert_null(v, "%s", v == NULL ? "" : v->text);
#endif
    hf_world_free(w);
}
#endif
