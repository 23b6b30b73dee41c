/* Every case of the public vectors: real quotes and collateral, with what Intel's own library says
 * of them. */
#include "attest/judge.h"
#include "attest/verify.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "civil.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { SETS_MAX = 32 };

static const struct hf_roots intel = {.trust = HF_TRUST_INTEL};

/* Sets by their folder, each prepared once. */
static struct {
    const char *name;
    struct hf_collateral *set;
} sets[SETS_MAX];

static struct hf_collateral *set_of(const char *name)
{
    char folder[4096];
    for (size_t i = 0; i < SETS_MAX; i++) {
        if (sets[i].name != NULL && strcmp(sets[i].name, name) == 0)
            return sets[i].set;
        if (sets[i].name != NULL)
            continue;
        snprintf(folder, sizeof folder, "dcap/%s", name);
        hf_vectors_path(folder, folder, sizeof folder);
        cr_assert_eq(hf_collateral_load(folder, &intel, &sets[i].set), 0, "%s", folder);
        sets[i].name = name;
        return sets[i].set;
    }
    hf_unreachable();
}

static struct hf_buf quote_of(const json_t *c)
{
    char path[4096];
    struct hf_buf quote;
    snprintf(path, sizeof path, "dcap/%s", hf_vectors_text(c, "quote"));
    hf_vectors_path(path, path, sizeof path);
    hf_buf_init(&quote, 1 << 20);
    cr_assert_eq(hf_file_read(path, &quote), 0, "%s", path);
    return quote;
}

static uint64_t time_of(const json_t *c)
{
    const char *text = hf_vectors_text(c, "at");
    uint64_t at_s;
    cr_assert(hf__civil_parse(hf_bytes_of(text, strlen(text)), &at_s));
    return at_s;
}

/* null, or one of Intel's words. */
static void expect_status(const json_t *c, const char *key, enum hf_tcb_status status)
{
    const char *want = json_string_value(json_object_get(c, key));
    const char *have = hf_tcb_status_name(status);
    cr_assert_eq(want == NULL, have == NULL, "%s of %s: %s, not %s", key,
                 hf_vectors_text(c, "quote"), have, want);
    if (want != NULL)
        cr_assert_str_eq(have, want, "%s of %s: %s, not %s", key, hf_vectors_text(c, "quote"), have,
                         want);
}

static void expect_advisories(const json_t *c, const struct hf_verify_report *report)
{
    const json_t *want = hf_vectors_get(c, "advisories");
    cr_assert_eq(json_array_size(want), report->advisory_count, "advisories of %s: %zu, not %zu",
                 hf_vectors_text(c, "quote"), report->advisory_count, json_array_size(want));
    for (size_t i = 0; i < json_array_size(want); i++) {
        bool found = false;
        for (size_t j = 0; j < report->advisory_count; j++)
            found = found ||
                    strcmp(json_string_value(json_array_get(want, i)), report->advisories[j]) == 0;
        cr_assert(found, "advisory %s of %s", json_string_value(json_array_get(want, i)),
                  hf_vectors_text(c, "quote"));
    }
}

static void expect_verdict(const json_t *c, struct hf_verify_cache *cache)
{
    struct hf_buf quote = quote_of(c);
    struct hf_verify_report *report = malloc(sizeof *report);
    struct hf_verdict v;
    const struct hf_verify_params params = {
        .at_s = time_of(c),
        .roots = intel,
        .collateral = set_of(hf_vectors_text(c, "collateral")),
        .cache = cache,
    };
    cr_assert_not_null(report);
    cr_assert_eq(hf_quote_verify(hf_buf_bytes(&quote), &params, &v, report), 0);
    const char *error = json_string_value(json_object_get(c, "error"));
    cr_assert_str_eq(hf_error_name(v.error), error != NULL ? error : "ok", "%s with %s: %s, not %s",
                     hf_vectors_text(c, "quote"), hf_vectors_text(c, "collateral"),
                     hf_error_name(v.error), error);
    if (v.error == 0) {
        char date[HF_CIVIL_TEXT_LEN];
        expect_status(c, "tcb_status", v.tcb_status);
        expect_status(c, "platform_status", report->platform_status);
        expect_status(c, "tdx_module_status", report->tdx_module_status);
        expect_status(c, "qe_status", report->qe_status);
        expect_advisories(c, report);
        hf__civil_format(v.tcb_date_s, date);
        date[10] = '\0';
        cr_assert_str_eq(date, hf_vectors_text(c, "tcb_date"), "date of %s",
                         hf_vectors_text(c, "quote"));
        cr_assert(v.evaluation_date_s >= v.tcb_date_s);
        cr_assert(v.issue_date_s <= params.at_s);
    }
    free(report);
    hf_buf_done(&quote);
}

static size_t run_cases(struct hf_verify_cache *cache)
{
    json_t *cases = hf_vectors_public("dcap/cases.json");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        if (json_object_get(c, "valid") == NULL)
            continue;
        expect_verdict(c, cache);
        count++;
    }
    for (size_t i = 0; i < SETS_MAX; i++)
        hf_collateral_unref(sets[i].set);
    json_decref(cases);
    return count;
}

Test(hf_quote_verify, says_what_intel_says_of_every_case)
{
    cr_assert_gt(run_cases(NULL), 500);
}

Test(hf_quote_verify, says_the_same_with_a_cache)
{
    struct hf_verify_cache *cache;
    cr_assert_eq(hf_verify_cache_new(16, &cache), 0);
    cr_assert_gt(run_cases(cache), 500);
    hf_verify_cache_free(cache);
}

/* A policy of 30 days that names the evaluations from count on, each from a week after its first
 * issue date that is seen in the sets here. */
static const struct hf_judge_evaluation evaluations[] = {
    {16, 1691539200 /* 2023-08-09 */, 1699747200 /* 2023-11-12 */},
    {17, 1710288000 /* 2024-03-13 */, 1716422400 /* 2024-05-23 */},
    {18, 1731456000 /* 2024-11-13 */, 1763942400 /* 2025-11-24 */},
    {19, 1747180800 /* 2025-05-14 */, 1781481600 /* 2026-06-15 */},
};

static int grace_of(const json_t *c, size_t unnamed, size_t named, uint64_t grace_days)
{
    struct hf_buf quote = quote_of(c);
    struct hf_verdict v;
    struct hf_judge_line lines[HF_JUDGE_CHECKS];
    const struct hf_verify_params params = {
        .at_s = time_of(c),
        .roots = intel,
        .collateral = set_of(hf_vectors_text(c, "collateral")),
    };
    const struct hf_judge_policy policy = {.trust = HF_TRUST_INTEL,
                                           .tcb_accepted = HF_TCB_BIT(HF_TCB_UP_TO_DATE),
                                           .tcb_grace_accepted = HF_TCB_CURABLE,
                                           .tcb_grace_s = grace_days * 86400,
                                           .evaluations = evaluations + unnamed,
                                           .evaluation_count = named};
    const struct hf_judge_request request = {.at_s = params.at_s};
    cr_assert_eq(hf_quote_verify(hf_buf_bytes(&quote), &params, &v, NULL), 0);
    hf_buf_done(&quote);
    cr_assert_eq(v.error, 0);
    hf_judge_list(&v, &policy, &request, lines);
    for (size_t i = 0; i < HF_JUDGE_CHECKS; i++)
        if (strcmp(lines[i].name, "tcb_status") == 0)
            return lines[i].error;
    return HF_EINTERNAL;
}

Test(hf_judge, a_fleet_has_its_days_when_intel_promotes_an_evaluation)
{
    json_t *cases = hf_vectors_public("dcap/cases.json");
    size_t fleet = 0, late = 0, old = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const char *status = json_string_value(json_object_get(c, "tcb_status"));
        const char *date = json_string_value(json_object_get(c, "tcb_date"));
        if (status == NULL || strcmp(status, "OutOfDate") != 0)
            continue;
        const char *set = hf_vectors_text(c, "collateral");
        bool by_18 = strcmp(date, "2024-03-13") == 0;
        if (by_18 && strstr(set, "S12") != NULL) {
            /* A day after 18 was promoted: named or not, with its days; not without any. */
            cr_assert_eq(grace_of(c, 0, 4, 30), 0, "%zu", i);
            cr_assert_eq(grace_of(c, 0, 0, 30), 0, "%zu", i);
            cr_assert_eq(grace_of(c, 0, 2, 0), HF_ETCBSTATUS, "%zu", i);
            cr_assert_eq(grace_of(c, 0, 4, 0), 0, "%zu: it does not count yet", i);
            fleet++;
        } else if (by_18 && strstr(set, "S16") != NULL) {
            /* Half a year later 19 gives what 18 made out of date no days anew. */
            cr_assert_eq(grace_of(c, 0, 4, 30), HF_ETCBSTATUS, "%zu", i);
            cr_assert_eq(grace_of(c, 0, 4, 365), 0, "%zu", i);
            late++;
        } else if (strncmp(date, "2023", 4) == 0 && strstr(set, "S1") != NULL &&
                   strstr(set, "S10") == NULL) {
            /* Out of date since 16 or 17, whichever the policy names. */
            for (size_t unnamed = 0; unnamed <= 4; unnamed++)
                cr_assert_eq(grace_of(c, unnamed, 4 - unnamed, 30), HF_ETCBSTATUS, "%zu", i);
            old++;
        }
    }
    for (size_t i = 0; i < SETS_MAX; i++)
        hf_collateral_unref(sets[i].set);
    json_decref(cases);
    cr_assert(fleet > 0 && late > 0 && old > 0, "%zu, %zu, %zu", fleet, late, old);
}

static void expect_hex(const json_t *facts, const char *key, const void *data, size_t len)
{
    char text[2 * 64 + 1];
    hf_hex_encode(data, len, text);
    cr_assert_str_eq(text, hf_vectors_text(facts, key), "%s", key);
}

static void expect_facts(const json_t *c, const struct hf_quote *q,
                         const struct hf_verify_report *report)
{
    const json_t *facts = hf_vectors_get(c, "facts");
    static const char *const rtmrs[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    cr_assert_eq(q->version, hf_vectors_number(facts, "quote_version"));
    cr_assert_str_eq(q->tee_tcb_svn[1] > 0 ? "1.5" : "1.0", hf_vectors_text(facts, "tdx_module"));
    cr_assert_eq((q->td_attributes & HF_TD_ATTRIBUTE_DEBUG) != 0,
                 json_is_true(hf_vectors_get(facts, "td_debug")));
    expect_hex(facts, "td_attributes", q->mrtd - 16, 8);
    expect_hex(facts, "xfam", q->mrtd - 8, 8);
    expect_hex(facts, "tee_tcb_svn", q->tee_tcb_svn, HF_TCB_SVN_LEN);
    expect_hex(facts, "mrseam", q->mrseam, HF_MR_LEN);
    expect_hex(facts, "mrtd", q->mrtd, HF_MR_LEN);
    expect_hex(facts, "mrconfigid", q->mrconfigid, HF_MR_LEN);
    expect_hex(facts, "mrowner", q->mrowner, HF_MR_LEN);
    expect_hex(facts, "mrownerconfig", q->mrownerconfig, HF_MR_LEN);
    for (size_t i = 0; i < HF_ARRAY_LEN(rtmrs); i++)
        expect_hex(facts, rtmrs[i], q->rtmr[i], HF_MR_LEN);
    expect_hex(facts, "report_data", q->report_data, 64);
    cr_assert_eq((size_t)(q->qe_report[258] | q->qe_report[259] << 8),
                 hf_vectors_number(facts, "qe_isvsvn"));
    cr_assert(report->has_platform);
    expect_hex(facts, "fmspc", report->platform.fmspc, sizeof report->platform.fmspc);
    expect_hex(facts, "ppid", report->platform.ppid, sizeof report->platform.ppid);
    expect_hex(facts, "pceid", report->platform.pceid, sizeof report->platform.pceid);
    cr_assert_eq(report->platform.pcesvn, hf_vectors_number(facts, "pcesvn"));
    expect_hex(facts, "cpusvn", report->platform.cpusvn, sizeof report->platform.cpusvn);
}

Test(hf_quote_parse, finds_the_facts_of_every_real_quote)
{
    json_t *cases = hf_vectors_public("dcap/cases.json");
    struct hf_verify_report *report = malloc(sizeof *report);
    const struct hf_verify_params params = {.at_s = 1750000000, .roots = intel};
    size_t count = 0;
    cr_assert_not_null(report);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        struct hf_verdict v;
        if (json_object_get(c, "facts") == NULL)
            continue;
        struct hf_buf quote = quote_of(c);
        cr_assert_eq(hf_quote_verify(hf_buf_bytes(&quote), &params, &v, report), 0);
        cr_assert(report->has_quote, "%s", hf_vectors_text(c, "quote"));
        cr_assert_eq(report->quote.len + report->quote.trailing_bytes, quote.len);
        expect_facts(c, &report->quote, report);
        hf_buf_done(&quote);
        count++;
    }
    cr_assert_gt(count, 70);
    free(report);
    json_decref(cases);
}
