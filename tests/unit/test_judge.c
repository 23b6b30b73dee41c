/* Verdicts held against policies: each refusal alone, the order, and the edges of time. */
#include "attest/judge.h"
#include "base/error.h"

#include <criterion/criterion.h>

enum { NOW = 1800000000 };

/* A policy, a verdict that it accepts, and a request; a test bends one of them. */
struct given {
    struct hf_verdict verdict;
    struct hf_judge_measurement measurements[2];
    struct hf_judge_policy policy;
    struct hf_judge_request request;
    uint8_t report_data[64];
};

static void init(struct given *g)
{
    *g = (struct given){
        .verdict = {.trust = HF_TRUST_INTEL,
                    .tcb_status = HF_TCB_UP_TO_DATE,
                    .xfam = 0xe7,
                    .td_attributes = 1u << 28,
                    .evaluation_date_s = NOW - 1000,
                    .measurement = {1},
                    .report_data = {2}},
        .measurements = {{.name = "old", .digest = {9}, .rank = 1},
                         {.name = "new", .digest = {1}, .rank = 2, .effective_from_s = NOW}},
        .policy = {.trust = HF_TRUST_INTEL,
                   .tcb_accepted = HF_TCB_BIT(HF_TCB_UP_TO_DATE),
                   .td_attributes_mask = UINT64_MAX,
                   .td_attributes = 1u << 28,
                   .xfam_mask = 0xff,
                   .xfam = 0xe7,
                   .seam_attributes_mask = UINT64_MAX,
                   .measurement_count = 2,
                   .quote_age_s_max = 100,
                   .quote_ahead_s_max = 10},
        .request = {.at_s = NOW, .dated = true, .quoted_at_s = NOW - 100},
        .report_data = {2},
    };
    g->policy.measurements = g->measurements;
    g->request.report_data = g->report_data;
}

static int judge(const struct given *g)
{
    return hf_judge(&g->verdict, &g->policy, &g->request, NULL);
}

Test(hf_judge, accepts_and_tells_the_release)
{
    struct given g;
    struct hf_judgement j;
    init(&g);
    cr_assert_eq(hf_judge(&g.verdict, &g.policy, &g.request, &j), 0);
    cr_assert_str_eq(j.measurement->name, "new");
    cr_assert_eq(j.rank, 2);
}

Test(hf_judge, each_check_refuses_with_its_code)
{
    struct given g;
    init(&g);
    g.verdict.error = HF_EQUOTESIG;
    cr_assert_eq(judge(&g), HF_EQUOTESIG);
    init(&g);
    g.verdict.trust = HF_TRUST_DEV;
    cr_assert_eq(judge(&g), HF_EDEVQUOTE);
    init(&g);
    g.policy.trust = HF_TRUST_DEV;
    cr_assert_eq(judge(&g), HF_EUNTRUSTED);
    init(&g);
    g.verdict.tcb_status = HF_TCB_OUT_OF_DATE;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    init(&g);
    g.verdict.tcb_status = HF_TCB_NONE;
    g.policy.tcb_accepted = UINT32_MAX;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    init(&g);
    g.verdict.debug = true;
    cr_assert_eq(judge(&g), HF_EDEBUGTD);
    init(&g);
    g.verdict.td_attributes |= 1u << 30;
    cr_assert_eq(judge(&g), HF_ETDATTRIBUTES);
    init(&g);
    g.verdict.xfam ^= 1;
    cr_assert_eq(judge(&g), HF_EXFAM);
    init(&g);
    g.verdict.xfam ^= 0x100; /* a bit that the policy leaves open */
    cr_assert_eq(judge(&g), 0);
    init(&g);
    g.verdict.seam_attributes = 1;
    cr_assert_eq(judge(&g), HF_ESEAM);
    init(&g);
    g.verdict.measurement[31] = 1;
    cr_assert_eq(judge(&g), HF_EMEASUREMENT);
    init(&g);
    g.report_data[63] = 1;
    cr_assert_eq(judge(&g), HF_EREPORTDATA);
    g.request.report_data = NULL;
    cr_assert_eq(judge(&g), 0);
}

Test(hf_judge, first_failing_check_names_the_error_and_the_list_names_all)
{
    struct given g;
    struct hf_judge_line lines[HF_JUDGE_CHECKS];
    init(&g);
    g.verdict.debug = true;
    g.verdict.xfam = 0;
    g.report_data[0] = 0;
    cr_assert_eq(judge(&g), HF_EDEBUGTD);
    hf_judge_list(&g.verdict, &g.policy, &g.request, lines);
    size_t failed = 0;
    for (size_t i = 0; i < HF_JUDGE_CHECKS; i++)
        failed += lines[i].error != 0;
    cr_assert_eq(failed, 3);
    cr_assert_eq(lines[0].error, 0);
    cr_assert_str_eq(lines[2].name, "debug");
    cr_assert_eq(lines[2].error, HF_EDEBUGTD);
}

Test(hf_judge, grace_covers_curable_statuses_until_it_ends)
{
    struct given g;
    init(&g);
    g.verdict.tcb_status = HF_TCB_OUT_OF_DATE;
    g.policy.tcb_grace_accepted = HF_TCB_CURABLE;
    g.policy.tcb_grace_s = 1000;
    cr_assert_eq(judge(&g), 0);
    g.policy.tcb_grace_s = 999;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    g.policy.tcb_grace_s = 1000;
    g.verdict.tcb_status = HF_TCB_REVOKED;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    g.verdict.tcb_status = HF_TCB_OUT_OF_DATE;
    g.verdict.evaluation_date_s = 0;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
}

Test(hf_judge, measurements_come_into_effect_and_are_withdrawn_singly)
{
    struct given g;
    struct hf_judgement j;
    init(&g);
    g.measurements[1].effective_from_s = NOW + 1;
    cr_assert_eq(judge(&g), HF_EMEASUREMENT);
    init(&g);
    g.measurements[1].withdrawn = true;
    cr_assert_eq(judge(&g), HF_EMEASUREMENT);
    init(&g);
    g.policy.measurement_count = 0;
    cr_assert_eq(judge(&g), HF_EMEASUREMENT);
    /* Two names for one digest: the higher rank counts, until it is withdrawn. */
    init(&g);
    g.measurements[0].digest[0] = 1;
    cr_assert_eq(hf_judge(&g.verdict, &g.policy, &g.request, &j), 0);
    cr_assert_eq(j.rank, 2);
    g.measurements[1].withdrawn = true;
    cr_assert_eq(hf_judge(&g.verdict, &g.policy, &g.request, &j), 0);
    cr_assert_eq(j.rank, 1);
}

Test(hf_judge, age_has_two_edges)
{
    struct given g;
    init(&g);
    g.request.quoted_at_s = NOW - 101;
    cr_assert_eq(judge(&g), HF_EQUOTEOLD);
    g.policy.quote_age_s_max = 0;
    cr_assert_eq(judge(&g), 0);
    g.request.quoted_at_s = NOW + 10;
    cr_assert_eq(judge(&g), 0);
    g.request.quoted_at_s = NOW + 11;
    cr_assert_eq(judge(&g), HF_EQUOTEOLD);
    g.request.dated = false;
    cr_assert_eq(judge(&g), 0);
}
