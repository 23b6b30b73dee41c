/* What is said of a quote, as JSON. */
#include "base/date.h"
#include "base/error.h"
#include "base/hex.h"
#include "quote.h"

#include <jansson.h>
#include <stdio.h>

static json_t *hex(const void *data, size_t len)
{
    char text[2 * 64 + 1];
    hf_assert(len <= 64);
    hf_hex_encode(data, len, text);
    return json_string(text);
}

/* The eight bytes of a number as they stand in the quote. */
static json_t *hex_little(uint64_t v)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    return hex(bytes, sizeof bytes);
}

static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *date(uint64_t unix_s)
{
    char text[HF_DATE_TEXT];
    return unix_s == 0 ? json_null() : json_string(hf_date_text(unix_s, HF_DATE_DAY, text));
}

static void add_platform(json_t *o, const struct hf_cli_quote_result *r)
{
    const struct hf_quote_platform *p = &r->platform;
    if (!r->has_platform) {
        static const char *const names[] = {"fmspc", "ppid", "pceid", "pcesvn", "cpusvn"};
        for (size_t i = 0; i < HF_ARRAY_LEN(names); i++)
            json_object_set_new(o, names[i], json_null());
        return;
    }
    json_object_set_new(o, "fmspc", hex(p->fmspc, sizeof p->fmspc));
    json_object_set_new(o, "ppid", hex(p->ppid, sizeof p->ppid));
    json_object_set_new(o, "pceid", hex(p->pceid, sizeof p->pceid));
    json_object_set_new(o, "pcesvn", json_integer(p->pcesvn));
    json_object_set_new(o, "cpusvn", hex(p->cpusvn, sizeof p->cpusvn));
}

static json_t *quote_object(const struct hf_cli_quote_result *r)
{
    static const char *const rtmrs[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    const struct hf_quote *q = &r->quote;
    uint8_t measurement[HF_MEASUREMENT_LEN];
    json_t *o = json_object();
    if (!r->parsed || o == NULL) {
        json_decref(o);
        return json_null();
    }
    hf_quote_measurement(q, measurement);
    json_object_set_new(o, "version", json_integer(q->version));
    json_object_set_new(o, "body_type", json_integer(q->body_type));
    json_object_set_new(o, "qe_vendor_id", hex(q->qe_vendor_id, 16));
    json_object_set_new(o, "user_data", hex(q->user_data, 20));
    json_object_set_new(o, "tdx_module", json_string(q->tee_tcb_svn[1] > 0 ? "1.5" : "1.0"));
    json_object_set_new(o, "debug", json_boolean((q->td_attributes & HF_TD_ATTRIBUTE_DEBUG) != 0));
    json_object_set_new(o, "td_attributes", hex_little(q->td_attributes));
    json_object_set_new(o, "xfam", hex_little(q->xfam));
    json_object_set_new(o, "seam_attributes", hex_little(q->seam_attributes));
    json_object_set_new(o, "tee_tcb_svn", hex(q->tee_tcb_svn, HF_TCB_SVN_LEN));
    if (q->tee_tcb_svn2 != NULL) {
        json_object_set_new(o, "tee_tcb_svn2", hex(q->tee_tcb_svn2, HF_TCB_SVN_LEN));
        json_object_set_new(o, "mrservicetd", hex(q->mrservicetd, HF_MR_LEN));
    }
    json_object_set_new(o, "mrseam", hex(q->mrseam, HF_MR_LEN));
    json_object_set_new(o, "mrsignerseam", hex(q->mrsignerseam, HF_MR_LEN));
    json_object_set_new(o, "mrtd", hex(q->mrtd, HF_MR_LEN));
    json_object_set_new(o, "mrconfigid", hex(q->mrconfigid, HF_MR_LEN));
    json_object_set_new(o, "mrowner", hex(q->mrowner, HF_MR_LEN));
    json_object_set_new(o, "mrownerconfig", hex(q->mrownerconfig, HF_MR_LEN));
    for (size_t i = 0; i < HF_ARRAY_LEN(rtmrs); i++)
        json_object_set_new(o, rtmrs[i], hex(q->rtmr[i], HF_MR_LEN));
    json_object_set_new(o, "measurement", hex(measurement, sizeof measurement));
    json_object_set_new(o, "report_data", hex(q->report_data, HF_CLI_REPORT_DATA_LEN));
    add_platform(o, r);
    json_object_set_new(o, "trailing_bytes", json_integer((json_int_t)q->trailing_bytes));
    return o;
}

static json_t *checks_array(const struct hf_cli_quote_result *r)
{
    static const char *const results[] = {
        [HF_CHECK_PASS] = "pass", [HF_CHECK_FAIL] = "fail", [HF_CHECK_SKIPPED] = "skipped"};
    json_t *a = json_array();
    for (size_t i = 0; i < r->line_count; i++) {
        const struct hf_check *c = &r->lines[i];
        json_t *line = json_object();
        json_object_set_new(line, "name", json_string(c->name));
        json_object_set_new(line, "result", json_string(results[c->result]));
        json_object_set_new(line, "reason", json_string(c->reason));
        json_array_append_new(a, line);
    }
    return a;
}

static void add_verdict(json_t *o, const struct hf_cli_quote_result *r)
{
    const struct hf_verify_report *report = &r->report;
    json_t *advisories = json_array();
    for (size_t i = 0; i < report->advisory_count; i++)
        json_array_append_new(advisories, json_string(report->advisories[i]));
    json_object_set_new(o, "valid", json_boolean(r->error == 0));
    json_object_set_new(o, "error", text_or_null(r->error != 0 ? hf_error_name(r->error) : NULL));
    json_object_set_new(o, "tcb_status", text_or_null(hf_tcb_status_name(r->verdict.tcb_status)));
    json_object_set_new(o, "platform_status",
                        text_or_null(hf_tcb_status_name(report->platform_status)));
    json_object_set_new(o, "tdx_module_status",
                        text_or_null(hf_tcb_status_name(report->tdx_module_status)));
    json_object_set_new(o, "qe_status", text_or_null(hf_tcb_status_name(report->qe_status)));
    json_object_set_new(o, "tcb_date", date(r->verdict.tcb_date_s));
    json_object_set_new(o, "tcb_evaluation", json_integer(r->verdict.evaluation_number));
    json_object_set_new(o, "tcb_evaluation_date", date(r->verdict.evaluation_date_s));
    json_object_set_new(o, "advisories", advisories);
    json_object_set_new(o, "checks", checks_array(r));
}

int hf_cli_quote_print_json(const struct hf_cli_quote_result *r)
{
    json_t *o = json_object();
    if (o == NULL)
        return HF_ENOMEM;
    if (r->verified) {
        add_verdict(o, r);
    } else {
        json_object_set_new(o, "error",
                            text_or_null(r->error != 0 ? hf_error_name(r->error) : NULL));
        if (!r->parsed) {
            json_object_set_new(o, "offset", json_integer((json_int_t)r->fault.offset));
            json_object_set_new(o, "expected", text_or_null(r->fault.expected));
        }
    }
    json_object_set_new(o, "quote", quote_object(r));
    int error = json_dumpf(o, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF ? 0 : HF_EIO;
    json_decref(o);
    return error;
}
