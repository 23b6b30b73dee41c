#include "attest/verify.h"
#include "base/error.h"
#include "checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    hf__check_fn *run;
} checks[] = {
    {"structure", hf__check_structure},
    {"certification_data", hf__check_certification_data},
    {"root", hf__check_root},
    {"quote_signature", hf__check_quote_signature},
    {"attestation_key", hf__check_attestation_key},
    {"qe_report_signature", hf__check_qe_report_signature},
    {"pck_chain", hf__check_pck_chain},
    {"pck_dates", hf__check_pck_dates},
    {"revocation", hf__check_revocation},
    {"collateral_present", hf__check_collateral_present},
    {"collateral_format", hf__check_collateral_format},
    {"collateral_signatures", hf__check_collateral_signatures},
    {"collateral_dates", hf__check_collateral_dates},
    {"qe_identity", hf__check_qe_identity},
    {"tcb_level", hf__check_tcb},
};

void hf__reason(struct hf__verification *v, const char *format, ...)
{
    if (v->reason == NULL)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(v->reason, HF_CHECK_REASON_MAX, format, args);
    va_end(args);
}

static int compare_advisories(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Adds the advisories of a matched level; a report has room for those of three. */
static void add_advisories(struct hf_verify_report *report, const struct hf__level *level,
                           const struct hf__advisories *all)
{
    if (level == NULL)
        return;
    for (size_t i = 0; i < level->advisory_count; i++) {
        char *to = report->advisories[report->advisory_count];
        size_t at = (size_t)level->advisory_first + i;
        /* A longer name than any of today is shown cut short. */
        bool fits = all->item[at].len < HF_ADVISORY_LEN_MAX;
        snprintf(to, HF_ADVISORY_LEN_MAX, "%.*s%s",
                 fits ? (int)all->item[at].len : HF_ADVISORY_LEN_MAX - 4,
                 (const char *)all->item[at].text, fits ? "" : "...");
        report->advisory_count++;
    }
}

static void report_tcb(struct hf__verification *v)
{
    struct hf_verify_report *report = v->report;
    const struct hf__tcb_match *m = &v->match;
    if (v->verdict.error != 0)
        return;
    report->platform_status = m->platform->status;
    report->tdx_module_status = m->module != NULL ? m->module->status : HF_TCB_NONE;
    report->qe_status = m->qe->status;
    add_advisories(report, m->platform, &v->tcb_info->tcb_info->advisories);
    add_advisories(report, m->module, &v->tcb_info->tcb_info->advisories);
    add_advisories(report, m->qe, &v->qe_identity->qe_identity->advisories);
    qsort(report->advisories, report->advisory_count, sizeof report->advisories[0],
          compare_advisories);
    size_t kept = 0;
    for (size_t i = 0; i < report->advisory_count; i++)
        if (kept == 0 || strcmp(report->advisories[kept - 1], report->advisories[i]) != 0)
            memmove(report->advisories[kept++], report->advisories[i],
                    sizeof report->advisories[0]);
    report->advisory_count = kept;
}

/* The line for a check that is about to run, or will not. */
static struct hf_check *new_line(struct hf_verify_report *report, size_t i)
{
    struct hf_check *line = &report->checks[report->check_count++];
    line->name = checks[i].name;
    line->result = HF_CHECK_SKIPPED;
    snprintf(line->reason, sizeof line->reason, "an earlier check failed");
    return line;
}

static int run_checks(struct hf__verification *v)
{
    int error = 0;
    for (size_t i = 0; i < HF_ARRAY_LEN(checks); i++) {
        struct hf_check *line = v->report != NULL ? new_line(v->report, i) : NULL;
        if (error != 0) {
            if (line == NULL)
                break;
            continue;
        }
        v->reason = line != NULL ? line->reason : NULL;
        error = checks[i].run(v);
        if (line != NULL)
            line->result = error == 0 ? HF_CHECK_PASS : HF_CHECK_FAIL;
    }
    return error;
}

int hf_quote_verify(struct hf_bytes quote, const struct hf_verify_params *params,
                    struct hf_verdict *ret, struct hf_verify_report *ret_report)
{
    struct hf__verification v = {
        .params = params,
        .bytes = quote,
        .report = ret_report,
        .verdict = {.verified_at_s = params->at_s},
    };
    if (ret_report != NULL)
        *ret_report = (struct hf_verify_report){0};
    int error = run_checks(&v);
    if (error != HF_ENOMEM) {
        v.verdict.error = error;
        if (ret_report != NULL)
            report_tcb(&v);
        *ret = v.verdict;
    }
    hf__machine_unref(v.machine);
    hf__pck_chain_unref(v.chain);
    hf__p256_free(v.attestation_key);
    return error == HF_ENOMEM ? error : 0;
}
