/* What is said of a quote, for people, within 80 columns. */
#include "base/error.h"
#include "base/hex.h"
#include "quote.h"

#include <stdio.h>

enum { COLUMNS = 79, HEX_LINE = 48, VENDOR_LEN = 16, USER_DATA_LEN = 20 };

/* Words behind a label of some width, continued below where they would not fit. */
static void print_wrapped(int indent, const char *text)
{
    size_t room = (size_t)(COLUMNS - indent);
    while (strlen(text) > room) {
        size_t len = room;
        while (len > 0 && text[len] != ' ')
            len--;
        if (len == 0)
            len = room;
        printf("%.*s\n%*s", (int)len, text, indent, "");
        text += len;
        while (*text == ' ')
            text++;
    }
    printf("%s\n", text);
}

static void print_hex(const char *name, const uint8_t *data, size_t len)
{
    char text[2 * 64 + 1];
    hf_hex_encode(data, len, text);
    printf("%-16s ", name);
    for (size_t at = 0; at < 2 * len; at += HEX_LINE)
        printf("%s%.*s\n", at > 0 ? "                 " : "", HEX_LINE, text + at);
}

static void print_number(const char *name, uint64_t v)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    print_hex(name, bytes, sizeof bytes);
}

static void print_quote(const struct hf_cli_quote_result *r)
{
    static const char *const rtmrs[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    const struct hf_quote *q = &r->quote;
    uint8_t measurement[HF_MEASUREMENT_LEN];
    hf_quote_measurement(q, measurement);
    printf("%-16s %u\n%-16s %u\n%-16s %s\n", "version", q->version, "body_type", q->body_type,
           "tdx_module", q->tee_tcb_svn[1] > 0 ? "1.5" : "1.0");
    print_hex("qe_vendor_id", q->qe_vendor_id, VENDOR_LEN);
    print_hex("user_data", q->user_data, USER_DATA_LEN);
    printf("%-16s %s\n", "debug",
           (q->td_attributes & HF_TD_ATTRIBUTE_DEBUG) != 0 ? "yes: its host can read it" : "no");
    print_number("td_attributes", q->td_attributes);
    print_number("xfam", q->xfam);
    print_number("seam_attributes", q->seam_attributes);
    print_hex("tee_tcb_svn", q->tee_tcb_svn, HF_TCB_SVN_LEN);
    if (q->tee_tcb_svn2 != NULL)
        print_hex("tee_tcb_svn2", q->tee_tcb_svn2, HF_TCB_SVN_LEN);
    print_hex("mrseam", q->mrseam, HF_MR_LEN);
    print_hex("mrsignerseam", q->mrsignerseam, HF_MR_LEN);
    print_hex("mrtd", q->mrtd, HF_MR_LEN);
    print_hex("mrconfigid", q->mrconfigid, HF_MR_LEN);
    print_hex("mrowner", q->mrowner, HF_MR_LEN);
    print_hex("mrownerconfig", q->mrownerconfig, HF_MR_LEN);
    if (q->mrservicetd != NULL)
        print_hex("mrservicetd", q->mrservicetd, HF_MR_LEN);
    else
        printf("%-16s %s\n", "mrservicetd", "not in a body of TDX 1.0");
    for (size_t i = 0; i < HF_ARRAY_LEN(rtmrs); i++)
        print_hex(rtmrs[i], q->rtmr[i], HF_MR_LEN);
    print_hex("measurement", measurement, sizeof measurement);
    print_hex("report_data", q->report_data, HF_CLI_REPORT_DATA_LEN);
    if (r->has_platform) {
        const struct hf_quote_platform *p = &r->platform;
        print_hex("fmspc", p->fmspc, sizeof p->fmspc);
        print_hex("ppid", p->ppid, sizeof p->ppid);
        print_hex("pceid", p->pceid, sizeof p->pceid);
        printf("%-16s %u\n", "pcesvn", p->pcesvn);
        print_hex("cpusvn", p->cpusvn, sizeof p->cpusvn);
    }
    printf("%-16s %zu\n", "trailing_bytes", q->trailing_bytes);
}

static void print_verdict(const struct hf_cli_quote_result *r)
{
    static const char *const marks[] = {
        [HF_CHECK_PASS] = "pass", [HF_CHECK_FAIL] = "FAIL", [HF_CHECK_SKIPPED] = "-"};
    for (size_t i = 0; i < r->line_count; i++) {
        printf("%-22s %-5s ", r->lines[i].name, marks[r->lines[i].result]);
        print_wrapped(29, r->lines[i].reason);
    }
    if (r->report.advisory_count > 0) {
        char text[HF_ADVISORIES_MAX * (HF_ADVISORY_LEN_MAX + 1)] = "";
        size_t len = 0;
        for (size_t i = 0; i < r->report.advisory_count; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? " " : "",
                                    r->report.advisories[i]);
        printf("%-22s       ", "advisories");
        print_wrapped(29, text);
    }
    if (r->error == 0)
        printf("\nvalid: %s\n", hf_tcb_status_name(r->verdict.tcb_status));
    else
        printf("\nrefused: %s (%s)\n", hf_error_name(r->error), hf_error_sentence(r->error));
}

void hf_cli_quote_print_table(const struct hf_cli_quote_result *r)
{
    if (r->verified)
        print_verdict(r);
    else if (r->parsed)
        print_quote(r);
    else
        printf("refused: %s, at byte %zu: expected %s\n", hf_error_name(r->error), r->fault.offset,
               r->fault.expected);
}
