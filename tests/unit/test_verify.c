/* Verification of quotes of a generated PKI: every refusal, every status, every format. */
#include "base/error.h"
#include "dev_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define expect_error(w, code)                                                                      \
    do {                                                                                           \
        int error_ = dev_world_error(w);                                                           \
        cr_assert_eq(error_, (code), "%s, not %s", hf_error_name(error_), hf_error_name(code));    \
    } while (0)

Test(hf_quote_verify, good_quotes_of_all_formats_pass)
{
    static const enum hf_dev_format formats[] = {HF_DEV_QUOTE_V4, HF_DEV_QUOTE_V5_TDX10,
                                                 HF_DEV_QUOTE_V5_TDX15};
    for (size_t i = 0; i < HF_ARRAY_LEN(formats); i++) {
        struct dev_world w;
        dev_world_init(&w);
        w.format = formats[i];
        dev_world_make(&w);
        struct hf_verify_report *report = malloc(sizeof *report);
        cr_assert_not_null(report);
        struct hf_verdict v = dev_world_verify(&w, NULL, report);
        cr_assert_eq(v.error, 0, "%s", hf_error_name(v.error));
        cr_assert_eq(v.trust, HF_TRUST_DEV);
        cr_assert_eq(v.tcb_status, HF_TCB_UP_TO_DATE);
        cr_assert_eq(v.verified_at_s, w.now_s);
        cr_assert_eq(v.issue_date_s, w.collateral_spec.tcb_info.from_s);
        cr_assert_arr_eq(v.report_data, w.report_data, 64);
        cr_assert_arr_eq(v.ppid, w.machine_spec.platform.ppid, HF_PPID_LEN);
        uint8_t measurement[HF_MEASUREMENT_LEN];
        hf_dev_td_measurement(&w.td, measurement);
        cr_assert_arr_eq(v.measurement, measurement, sizeof measurement);
        cr_assert_eq(report->quote.version, formats[i] == HF_DEV_QUOTE_V4 ? 4 : 5);
        cr_assert_eq(report->check_count, 15);
        for (size_t j = 0; j < report->check_count; j++)
            cr_assert_eq(report->checks[j].result, HF_CHECK_PASS, "%s", report->checks[j].name);
        free(report);
        dev_world_done(&w);
    }
}

Test(hf_quote_verify, empty_and_long_qe_authentication_data_pass)
{
    for (size_t len = 0; len <= 64; len += 64) {
        struct dev_world w;
        dev_world_init(&w);
        w.machine_spec.qe.auth_data_len = len;
        expect_error(&w, 0);
    }
}

Test(hf_quote_verify, attestation_key_that_the_qe_does_not_vouch_for)
{
    struct dev_world w;
    dev_world_init(&w);
    w.machine_spec.qe.binds_other_key = true;
    expect_error(&w, HF_EKEYBINDING);
}

Test(hf_quote_verify, dev_quote_where_intel_is_trusted)
{
    struct dev_world w;
    dev_world_init(&w);
    w.trust = HF_TRUST_INTEL;
    expect_error(&w, HF_EDEVQUOTE);
}

Test(hf_quote_verify, dev_quote_of_another_root)
{
    struct dev_world w;
    dev_world_init(&w);
    dev_world_make(&w);
    w.root_key[0] ^= 1;
    /* It still says that it is a dev root, and is refused as one. */
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_EDEVQUOTE);
    dev_world_done(&w);
}

Test(hf_quote_verify, a_chain_of_ones_own_making_is_refused_before_any_signature)
{
    struct dev_world w;
    struct hf_quote q;
    static struct hf_verify_report report;
    dev_world_init(&w);
    dev_world_make(&w);
    w.root_key[0] ^= 1;
    cr_assert_eq(hf_quote_parse(hf_buf_bytes(&w.quote), &q, NULL), 0);
    w.quote.data[q.signature - w.quote.data] ^= 1;
    w.quote.data[q.qe_report_signature - w.quote.data] ^= 1;
    cr_assert_eq(dev_world_verify(&w, NULL, &report).error, HF_EDEVQUOTE);
    for (size_t i = 0; i < report.check_count; i++)
        cr_assert(strstr(report.checks[i].name, "signature") == NULL ||
                      report.checks[i].result == HF_CHECK_SKIPPED,
                  "%s", report.checks[i].name);
    dev_world_done(&w);
}

Test(hf_quote_verify, certificates_outside_their_dates)
{
    struct dev_world w;
    dev_world_init(&w);
    w.machine_spec.pck.from_s = w.now_s + 1;
    expect_error(&w, HF_EPCKEARLY);
    dev_world_init(&w);
    w.machine_spec.pck.from_s = w.now_s;
    expect_error(&w, 0);
    dev_world_init(&w);
    w.machine_spec.pck.to_s = w.now_s - 1;
    expect_error(&w, HF_EPCKEXPIRED);
    dev_world_init(&w);
    w.machine_spec.pck.to_s = w.now_s;
    expect_error(&w, 0);
    dev_world_init(&w);
    w.authority_spec.ca.from_s = w.now_s + 1;
    expect_error(&w, HF_EPCKEARLY);
    dev_world_init(&w);
    w.authority_spec.ca.to_s = w.now_s - 1;
    expect_error(&w, HF_EPCKEXPIRED);
    dev_world_init(&w);
    w.authority_spec.root.to_s = w.now_s - 1;
    expect_error(&w, HF_EPCKEXPIRED);
    dev_world_init(&w);
    w.authority_spec.signer.to_s = w.now_s - 1;
    expect_error(&w, HF_ECOLLEXPIRED);
    dev_world_init(&w);
    w.authority_spec.signer.from_s = w.now_s + 1;
    expect_error(&w, HF_ECOLLEARLY);
}

/* Makes the world twice: keys follow from a seed, so the second time the serial is known. */
Test(hf_quote_verify, revoked_pck)
{
    struct dev_world w;
    uint8_t serials[3][HF_DEV_SERIAL_LEN] = {{0x11}, {0}, {0x22}};
    dev_world_init(&w);
    dev_world_make(&w);
    hf_dev_machine_serial(w.machine, serials[1]);
    w.collateral_spec.pck_revoked = (const uint8_t(*)[HF_DEV_SERIAL_LEN])serials;
    w.collateral_spec.pck_revoked_count = 3;
    hf_dev_collateral_done(&w.documents);
    cr_assert_eq(hf_dev_collateral_make(w.authority, &w.collateral_spec, &w.documents), 0);
    dev_world_prepare(&w);
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_EPCKREVOKED);
    /* Revocation comes first, even where the list itself has expired. */
    w.now_s = w.collateral_spec.pck_crl.to_s + 1;
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_EPCKREVOKED);
    dev_world_done(&w);
}

Test(hf_quote_verify, revoked_ca)
{
    struct dev_world w;
    dev_world_init(&w);
    dev_world_make(&w);
    hf_dev_authority_ca_serial(w.authority, HF_DEV_CA_PLATFORM, w.collateral_spec.root_revoked[0]);
    w.collateral_spec.root_revoked_count = 1;
    hf_dev_collateral_done(&w.documents);
    cr_assert_eq(hf_dev_collateral_make(w.authority, &w.collateral_spec, &w.documents), 0);
    dev_world_prepare(&w);
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_EPCKREVOKED);
    dev_world_done(&w);
}

Test(hf_quote_verify, list_of_another_ca_is_a_missing_list)
{
    struct dev_world w;
    dev_world_init(&w);
    w.machine_spec.ca = HF_DEV_CA_PROCESSOR;
    expect_error(&w, HF_ECOLLMISSING);
    dev_world_init(&w);
    w.machine_spec.ca = HF_DEV_CA_PROCESSOR;
    w.collateral_spec.ca = HF_DEV_CA_PROCESSOR;
    expect_error(&w, 0);
}

Test(hf_quote_verify, collateral_of_another_platform)
{
    struct dev_world w;
    dev_world_init(&w);
    w.collateral_spec.fmspc[5] = 1;
    expect_error(&w, HF_ECOLLMISSING);
    dev_world_init(&w);
    w.collateral_spec.pceid[0] = 1;
    expect_error(&w, HF_ECOLLMISSING);
}

Test(hf_quote_verify, each_missing_document)
{
    for (size_t i = 0; i < 6; i++) {
        struct dev_world w;
        dev_world_init(&w);
        dev_world_make(&w);
        struct hf_buf *const documents[] = {
            &w.documents.tcb_info,          &w.documents.qe_identity,
            &w.documents.pck_crl,           &w.documents.root_ca_crl,
            &w.documents.tcb_signing_chain, &w.documents.pck_crl_issuer_chain};
        hf_buf_clear(documents[i]);
        dev_world_prepare(&w);
        cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_ECOLLMISSING, "%zu", i);
        dev_world_done(&w);
    }
    struct dev_world w;
    dev_world_init(&w);
    dev_world_make(&w);
    hf_collateral_unref(w.collateral);
    w.collateral = NULL;
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_ECOLLMISSING);
    dev_world_done(&w);
}

Test(hf_quote_verify, each_document_outside_its_dates)
{
    for (size_t i = 0; i < 8; i++) {
        struct dev_world w;
        dev_world_init(&w);
        struct hf_dev_collateral_spec *c = &w.collateral_spec;
        struct hf_dev_window *const windows[] = {&c->tcb_info, &c->qe_identity, &c->pck_crl,
                                                 &c->root_crl};
        struct hf_dev_window *window = windows[i / 2];
        if (i % 2 == 0)
            window->from_s = w.now_s + 1;
        else
            window->to_s = w.now_s - 1;
        expect_error(&w, i % 2 == 0 ? HF_ECOLLEARLY : HF_ECOLLEXPIRED);
    }
}

/* One byte in the middle of each: where it breaks the form it is malformed, elsewhere wrongly
 * signed. */
Test(hf_quote_verify, each_altered_document)
{
    for (size_t i = 0; i < 6; i++) {
        struct dev_world w;
        dev_world_init(&w);
        dev_world_make(&w);
        struct hf_buf *const documents[] = {
            &w.documents.tcb_info,          &w.documents.qe_identity,
            &w.documents.pck_crl,           &w.documents.root_ca_crl,
            &w.documents.tcb_signing_chain, &w.documents.pck_crl_issuer_chain};
        struct hf_buf *b = documents[i];
        for (size_t at = 0; at < b->len; at += 7) {
            b->data[at] ^= 1;
            dev_world_prepare(&w);
            int error = dev_world_verify(&w, NULL, NULL).error;
            b->data[at] ^= 1;
            cr_assert(error == HF_ECOLLATERAL || error == HF_ECOLLSIG || error == HF_ECOLLMISSING,
                      "document %zu, byte %zu: %s", i, at, hf_error_name(error));
            cr_assert(error != HF_ECOLLMISSING || i == 0 || i == 2, "document %zu, byte %zu", i,
                      at);
        }
        dev_world_done(&w);
    }
}

Test(hf_quote_verify, each_document_cut_short_is_malformed_not_missing)
{
    for (size_t i = 0; i < 6; i++) {
        struct dev_world w;
        dev_world_init(&w);
        dev_world_make(&w);
        struct hf_buf *const documents[] = {
            &w.documents.tcb_info,          &w.documents.qe_identity,
            &w.documents.pck_crl,           &w.documents.root_ca_crl,
            &w.documents.tcb_signing_chain, &w.documents.pck_crl_issuer_chain};
        size_t whole = documents[i]->len;
        for (size_t len = 1; len < whole - 1; len += 13) {
            documents[i]->len = len;
            dev_world_prepare(&w);
            int error = dev_world_verify(&w, NULL, NULL).error;
            cr_assert_eq(error, HF_ECOLLATERAL, "document %zu, %zu bytes: %s", i, len,
                         hf_error_name(error));
        }
        dev_world_done(&w);
    }
}

Test(hf_quote_verify, another_qe)
{
    for (size_t i = 0; i < 4; i++) {
        struct dev_world w;
        dev_world_init(&w);
        struct hf_dev_qe *qe = &w.machine_spec.qe;
        if (i == 0)
            qe->mrsigner[31] ^= 1;
        else if (i == 1)
            qe->isvprodid++;
        else if (i == 2)
            qe->miscselect ^= 1;
        else
            qe->attributes[0] ^= 0x02; /* DEBUG of an enclave */
        expect_error(&w, HF_EQEIDENTITY);
    }
}

Test(hf_quote_verify, quote_cut_anywhere_is_malformed)
{
    struct dev_world w;
    dev_world_init(&w);
    dev_world_make(&w);
    size_t whole = w.quote.len;
    for (w.quote.len = 0; w.quote.len < whole; w.quote.len++)
        cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_EQUOTE, "%zu", w.quote.len);
    dev_world_done(&w);
}

/* Verifies the quote with one byte as given, and puts it back. */
static int with_byte(struct dev_world *w, size_t at, uint8_t value)
{
    uint8_t was = w->quote.data[at];
    w->quote.data[at] = value;
    int error = dev_world_verify(w, NULL, NULL).error;
    w->quote.data[at] = was;
    return error;
}

Test(hf_quote_verify, certification_data_of_other_types_is_not_supported)
{
    struct dev_world w;
    struct hf_quote q;
    dev_world_init(&w);
    dev_world_make(&w);
    cr_assert_eq(hf_quote_parse(hf_buf_bytes(&w.quote), &q, NULL), 0);
    size_t outer = (size_t)(q.attestation_key + HF_P256_KEY_LEN - w.quote.data);
    size_t inner = (size_t)(q.certification.data - w.quote.data) - 6;
    for (uint8_t type = 0; type < 9; type++) {
        /* A PCK chain without a QE report around it vouches for nothing. */
        cr_assert_eq(with_byte(&w, outer, type), type == 6 ? 0 : HF_ECERTDATA, "%d", type);
        cr_assert_eq(with_byte(&w, inner, type), type == 5 ? 0 : HF_ECERTDATA, "%d", type);
    }
    dev_world_done(&w);
}

Test(hf_quote_verify, body_descriptors_of_version_5_are_held_to_their_types)
{
    for (int format = HF_DEV_QUOTE_V5_TDX10; format <= HF_DEV_QUOTE_V5_TDX15; format++) {
        struct dev_world w;
        dev_world_init(&w);
        w.format = (enum hf_dev_format)format;
        dev_world_make(&w);
        uint8_t own = w.quote.data[HF_QUOTE_HEADER_LEN];
        for (uint8_t type = 0; type < 6; type++) {
            int error = with_byte(&w, HF_QUOTE_HEADER_LEN, type);
            int want = type == 1 ? HF_ENOTTDX : HF_EQUOTE;
            cr_assert_eq(error, type == own ? 0 : want, "%d", type);
        }
        cr_assert_eq(with_byte(&w, HF_QUOTE_HEADER_LEN + 2, 0), HF_EQUOTE);
        cr_assert_eq(with_byte(&w, HF_QUOTE_HEADER_LEN + 5, 1), HF_EQUOTE);
        dev_world_done(&w);
    }
}

Test(hf_quote_verify, attestation_key_that_is_no_point)
{
    struct dev_world w;
    struct hf_quote q;
    dev_world_init(&w);
    dev_world_make(&w);
    cr_assert_eq(hf_quote_parse(hf_buf_bytes(&w.quote), &q, NULL), 0);
    memset(w.quote.data + (q.attestation_key - w.quote.data), 0xff, HF_P256_KEY_LEN);
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_EQUOTESIG);
    dev_world_done(&w);
}

Test(hf_quote_verify, bytes_after_the_quote_are_counted_and_ignored)
{
    struct dev_world w;
    dev_world_init(&w);
    dev_world_make(&w);
    struct hf_verify_report *report = malloc(sizeof *report);
    cr_assert_not_null(report);
    hf_buf_append(&w.quote, "trailing", 8);
    cr_assert_eq(dev_world_verify(&w, NULL, report).error, 0);
    cr_assert_eq(report->quote.trailing_bytes, 8);
    free(report);
    dev_world_done(&w);
}

Test(hf_quote_verify, cache_changes_no_verdict_and_keeps_only_what_passed)
{
    struct dev_world w;
    struct hf_verify_cache *cache;
    cr_assert_eq(hf_verify_cache_new(0, &cache), HF_EINVAL);
    cr_assert_eq(hf_verify_cache_new(65537, &cache), HF_EINVAL);
    cr_assert_eq(hf_verify_cache_new(3, &cache), 0);
    dev_world_init(&w);
    dev_world_make(&w);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(dev_world_verify(&w, cache, NULL).error, 0);
    /* Every part of what is remembered still counts. */
    for (size_t at = 0; at < w.quote.len; at += 61) {
        w.quote.data[at] ^= 4;
        int cold = dev_world_verify(&w, NULL, NULL).error;
        int warm = dev_world_verify(&w, cache, NULL).error;
        w.quote.data[at] ^= 4;
        cr_assert_eq(cold, warm, "byte %zu: %s, but %s with a cache", at, hf_error_name(cold),
                     hf_error_name(warm));
    }
    /* Dates and revocation are looked at every time. */
    w.now_s = w.machine_spec.pck.to_s + 1;
    cr_assert_eq(dev_world_verify(&w, cache, NULL).error, HF_EPCKEXPIRED);
    dev_world_done(&w);
    hf_verify_cache_free(cache);
}

Test(hf_quote_verify, cache_forgets_the_oldest_machine)
{
    struct hf_verify_cache *cache;
    cr_assert_eq(hf_verify_cache_new(2, &cache), 0);
    for (uint8_t i = 0; i < 20; i++) {
        struct dev_world w;
        dev_world_init(&w);
        w.machine_spec.platform.ppid[0] = i;
        dev_world_make(&w);
        for (int again = 0; again < 2; again++) {
            struct hf_verdict v = dev_world_verify(&w, cache, NULL);
            cr_assert_eq(v.error, 0);
            cr_assert_eq(v.ppid[0], i);
        }
        dev_world_done(&w);
    }
    hf_verify_cache_free(cache);
}
