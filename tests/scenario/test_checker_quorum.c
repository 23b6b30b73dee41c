/*
 * The checkers of black starts are not vacuous: a node that goes on with the answers of two share
 * holders where three are needed (faults/quorum.edit), that takes one by a share of a share set
 * before (faults/former.edit, compiled with FORMER) or by another's share (LIES), and a holder that
 * answers a foreign machine (faults/foreign.edit, FOREIGN) are caught, and the sound ones, put
 * through the same, are not. Compiled with FAULTY once for each, and once without.
 */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <string.h>

#ifndef FAULTY
#define FORMER
#define LIES
#define FOREIGN
#define FEW
#elif !defined(FORMER) && !defined(LIES) && !defined(FOREIGN)
#define FEW
#endif

static void judge(struct hf_world *w)
{
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

/* All stop at once and start again, each for itself. */
static void cut(struct hf_world *w)
{
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        hf_world_crash(w, i);
    hf_world_start_all(w);
    hf_world_run_for(w, 10000);
}

#ifdef LIES
/* Share holders lie at random: each node asks, and some are lied to. */
Test(checker_quorum, sees_a_node_that_takes_an_answer_by_anothers_share)
{
    struct hf_world *w = testnet_sealed(9, 3, 5);
    cut(w);
    for (uint32_t i = 0; i < hf_world_count(w) && hf_world_violation(w) == NULL; i++) {
        hf_world_by_people(w, i);
        hf_world_run_for(w, 1000);
    }
#ifndef FAULTY
    cr_assert_gt(hf_world_falsehoods(w), 5);
#endif
    judge(w);
}
#endif

#ifdef FOREIGN
Test(checker_quorum, sees_a_holder_that_answers_a_foreign_machine)
{
    struct hf_world *w = testnet_sealed(6, 3, 5);
    struct hf_buf request, answer;
    cut(w);
    hf_world_crash(w, 0);
    hf_world_machine(w, 0, 4711);
    hf_world_start(w, 0);
    hf_world_run_for(w, 5000);
    testnet_ask(w, 0, &request);
    hf_buf_init(&answer, 4096);
    int r = hf_world_holder_answer(w, 1, hf_buf_bytes(&request), &answer);
#ifndef FAULTY
    cr_assert_eq(r, HF_EPLATFORM);
#endif
    (void)r;
    hf_buf_done(&answer);
    hf_buf_done(&request);
    judge(w);
}
#endif

#ifdef FORMER
Test(checker_quorum, sees_a_node_that_takes_an_answer_by_a_share_of_before)
{
    struct hf_world *w = testnet_sealed(6, 3, 5);
    hf_world_quorum_reshard(w, 2, 3);
    hf_world_run_for(w, 20000);
    cut(w);
    hf_world_by_people(w, 0);
    hf_world_run_for(w, 10000);
#ifndef FAULTY
    cr_assert(testnet_status(w, 0).open);
#endif
    judge(w);
}
#endif

#ifdef FEW
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
    cut(w);
    hf_buf_init(&request, 1 << 20);
    cr_assert_eq(hf_world_blackstart(w, 0, TESTNET_MS, &request), 0);
    for (uint8_t holder = 1; holder <= 2; holder++) {
        hf_buf_init(&answer, 4096);
        cr_assert_eq(hf_world_holder_answer(w, holder, hf_buf_bytes(&request), &answer), 0);
        cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&answer), TESTNET_MS, &report), 0);
        hf_buf_done(&answer);
    }
    hf_buf_done(&request);
    judge(w);
}
#endif
