/* Verdicts held against policies: each refusal alone, the order, and the edges of time. */
#include "attest/judge.h"
#include "attest/quote.h"
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
    g.verdict.xfam ^= 0x100; /* a known bit that the policy leaves open */
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

/* One choice of a host, the code that refuses it, and the mask and value that name it. */
struct choice {
    uint64_t attributes, xfam;
    int code;
    uint64_t mask, value, xfam_mask, xfam_value;
};

Test(hf_judge, what_a_host_chooses_is_refused_by_its_own_code_unless_named)
{
    const uint64_t sept = HF_TD_ATTRIBUTE_SEPT_VE_DISABLE;
    static const struct choice none = {0};
    struct choice choices[64 + 64] = {none};
    size_t count = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t b = UINT64_C(1) << bit;
        if (b == sept || (b & HF_TD_ATTRIBUTES_HARMLESS) != 0)
            continue;
        int code = bit == 0                          ? HF_EDEBUGTD
                   : bit < 8                         ? HF_ETDTUD
                   : b == HF_TD_ATTRIBUTE_MIGRATABLE ? HF_EMIGRATABLE
                                                     : HF_ETDUNKNOWN;
        choices[count++] = (struct choice){b | sept, 0xe7, code, b, b, 0, 0};
    }
    choices[count++] = (struct choice){0, 0xe7, HF_ESEPTVE, sept, 0, 0, 0};
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t b = UINT64_C(1) << bit;
        if ((b & HF_XFAM_KNOWN) == 0)
            choices[count++] = (struct choice){sept, 0xe7 | b, HF_EXFAMUNKNOWN, 0, 0, b, b};
    }
    for (size_t i = 0; i < count; i++) {
        const struct choice *c = &choices[i];
        struct given g;
        init(&g);
        g.policy.td_attributes_mask = g.policy.td_attributes = 0;
        g.policy.xfam_mask = g.policy.xfam = 0;
        g.verdict.td_attributes = c->attributes;
        g.verdict.debug = (c->attributes & 1) != 0;
        g.verdict.service_shown = true;
        g.verdict.xfam = c->xfam;
        cr_assert_eq(judge(&g), c->code, "%zu", i);
        /* A mask that wants the bit as it should be names nothing. */
        g.policy.td_attributes_mask = c->mask;
        g.policy.td_attributes = ~c->value;
        g.policy.xfam_mask = c->xfam_mask;
        g.policy.xfam = ~c->xfam_value;
        cr_assert_eq(judge(&g), c->code, "%zu", i);
        g.policy.td_attributes = c->value;
        g.policy.xfam = c->xfam_value;
        cr_assert_eq(judge(&g), c->code == HF_EDEBUGTD ? HF_EDEBUGTD : 0, "%zu", i);
    }
}

Test(hf_judge, features_that_give_the_host_nothing_pass)
{
    struct given g;
    init(&g);
    g.policy.td_attributes_mask = g.policy.xfam_mask = 0;
    g.verdict.td_attributes |= HF_TD_ATTRIBUTES_HARMLESS;
    g.verdict.xfam = HF_XFAM_KNOWN;
    cr_assert_eq(judge(&g), 0);
}

Test(hf_judge, a_service_domain_is_refused_unless_it_is_the_named_one)
{
    static const uint8_t zero[HF_MR_LEN], service[HF_MR_LEN] = {1}, other[HF_MR_LEN] = {2};
    struct given g;
    init(&g);
    g.verdict.service_shown = true;
    hf_register_tag(service, g.verdict.host_registers[HF_REGISTER_MRSERVICETD]);
    cr_assert_eq(judge(&g), HF_EMRSERVICETD);
    struct hf_judge_register *named = &g.policy.registers[HF_REGISTER_MRSERVICETD];
    named->named = true;
    hf_register_tag(other, named->tag);
    cr_assert_eq(judge(&g), HF_EMRSERVICETD);
    hf_register_tag(service, named->tag);
    cr_assert_eq(judge(&g), 0);
    /* A body of TDX 1.0 shows none: it is no answer where one must be bound, or could be. */
    init(&g);
    cr_assert_eq(judge(&g), 0);
    hf_register_tag(zero, g.policy.registers[HF_REGISTER_MRSERVICETD].tag);
    g.policy.registers[HF_REGISTER_MRSERVICETD].named = true;
    cr_assert_eq(judge(&g), 0);
    hf_register_tag(service, g.policy.registers[HF_REGISTER_MRSERVICETD].tag);
    cr_assert_eq(judge(&g), HF_EMRSERVICETD);
    init(&g);
    g.verdict.td_attributes |= HF_TD_ATTRIBUTE_MIGRATABLE;
    g.policy.td_attributes |= HF_TD_ATTRIBUTE_MIGRATABLE;
    cr_assert_eq(judge(&g), HF_EMRSERVICETD);
    g.verdict.service_shown = true;
    cr_assert_eq(judge(&g), 0);
}

Test(hf_judge, registers_of_the_host_must_be_as_the_policy_names_them)
{
    static const struct {
        enum hf_host_register which;
        int code;
    } registers[] = {{HF_REGISTER_MRCONFIGID, HF_EMRCONFIGID},
                     {HF_REGISTER_MROWNER, HF_EMROWNER},
                     {HF_REGISTER_MROWNERCONFIG, HF_EMROWNERCONFIG}};
    uint8_t value[HF_MR_LEN] = {[47] = 7};
    for (size_t i = 0; i < HF_ARRAY_LEN(registers); i++) {
        struct given g;
        init(&g);
        hf_register_tag(value, g.verdict.host_registers[registers[i].which]);
        cr_assert_eq(judge(&g), 0, "not named: anything");
        g.policy.registers[registers[i].which].named = true; /* as zero */
        cr_assert_eq(judge(&g), registers[i].code);
        hf_register_tag(value, g.policy.registers[registers[i].which].tag);
        cr_assert_eq(judge(&g), 0);
        g.verdict.host_registers[registers[i].which][15] ^= 1;
        cr_assert_eq(judge(&g), registers[i].code);
    }
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
    cr_assert_str_eq(lines[3].name, "debug");
    cr_assert_eq(lines[3].error, HF_EDEBUGTD);
}

/* A platform that evaluation 18 made out of date, judged by the collateral of 19. */
static void init_grace(struct given *g)
{
    static const struct hf_judge_evaluation named[] = {
        {17, NOW - 900, NOW - 800}, {18, NOW - 700, NOW - 100}, {19, NOW - 500, NOW + 50}};
    init(g);
    g->verdict.tcb_status = HF_TCB_OUT_OF_DATE;
    g->verdict.evaluation_number = g->verdict.evaluation_number_low = 19;
    g->verdict.evaluation_date_s = NOW - 500;
    g->verdict.evaluation_issued_s = NOW - 10;
    g->verdict.level_date_s = NOW - 900;
    g->verdict.missed_date_s = NOW - 500;
    g->policy.tcb_grace_accepted = HF_TCB_CURABLE;
    g->policy.tcb_grace_s = 100;
    g->policy.evaluations = named;
    g->policy.evaluation_count = 3;
}

Test(hf_judge, grace_counts_from_the_evaluation_that_made_a_level_out_of_date)
{
    struct given g;
    init_grace(&g);
    cr_assert_eq(judge(&g), 0);
    g.policy.tcb_grace_s = 99; /* of 18; a later evaluation gives no grace anew */
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    g.verdict.level_date_s = NOW - 700; /* as 18 wants it: 19 counts from a time to come */
    g.policy.tcb_grace_s = 0;
    cr_assert_eq(judge(&g), 0);
    init_grace(&g);
    g.verdict.tcb_status = HF_TCB_REVOKED;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    init_grace(&g);
    g.verdict.level_date_s = 0;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    /* What collateral of an older number calls out of date was so before the newer ones. */
    init_grace(&g);
    g.verdict.evaluation_number = 17;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
}

Test(hf_judge, a_level_out_of_date_long_before_has_no_grace)
{
    struct given g;
    init_grace(&g);
    g.verdict.level_date_s = NOW - 901; /* 17's */
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    /* Where 17 is not named, a level between tells it. */
    init_grace(&g);
    g.policy.evaluations++;
    g.policy.evaluation_count--;
    g.verdict.level_date_s = NOW - 1000;
    g.verdict.missed_date_s = NOW - 900;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
}

Test(hf_judge, an_evaluation_that_is_not_named_counts_from_its_first_issue_date)
{
    struct given g;
    init_grace(&g);
    g.policy.evaluation_count = 2;
    g.verdict.level_date_s = NOW - 700; /* up to date by 18 */
    cr_assert_eq(judge(&g), 0);
    g.verdict.evaluation_issued_s = NOW - 100;
    cr_assert_eq(judge(&g), 0);
    g.verdict.evaluation_issued_s = NOW - 101;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
    g.verdict.evaluation_issued_s = NOW - 10;
    g.policy.tcb_grace_s = 0;
    cr_assert_eq(judge(&g), HF_ETCBSTATUS);
}

Test(hf_judge, collateral_below_the_least_evaluation_is_refused)
{
    struct given g;
    init(&g);
    g.verdict.evaluation_number = 19;
    g.verdict.evaluation_number_low = 18; /* of the QE identity */
    g.policy.tcb_evaluation_min = 18;
    cr_assert_eq(judge(&g), 0);
    g.policy.tcb_evaluation_min = 19;
    cr_assert_eq(judge(&g), HF_ETCBEVALUATION);
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
