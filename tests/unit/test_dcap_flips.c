/*
 * Every bit of a real quote that something signs: flipped alone, the quote is refused with the code
 * of the check that covers it. The suite flips some bits of each quote; with HOLDFAST_FULL_SWEEP
 * set it flips every one.
 */
#include "attest/verify.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Where the parts of a quote begin, in bytes from its start, and its QE report. */
struct layout {
    size_t signed_len, signature, key, qe_report, qe_signature;
    bool is_v5;
};

static struct layout layout_of(const struct hf_quote *q, const uint8_t *start)
{
    return (struct layout){
        .signed_len = q->signed_part.len,
        .signature = (size_t)(q->signature - start),
        .key = (size_t)(q->attestation_key - start),
        .qe_report = (size_t)(q->qe_report - start),
        .qe_signature = (size_t)(q->qe_report_signature - start),
        .is_v5 = q->version == 5,
    };
}

/* Whether a code is right for a bit of this byte. */
static bool is_right(const struct layout *l, size_t at, int error)
{
    bool is_descriptor = l->is_v5 && at >= HF_QUOTE_HEADER_LEN && at < HF_QUOTE_HEADER_LEN + 6;
    if (at < 2 || is_descriptor) /* another version or body: SGX's, or none that is known */
        return error == HF_ENOTTDX || error == HF_EQUOTE;
    if (at < 4) /* attestation key type */
        return error == HF_EQUOTE;
    if (at < 8) /* TEE type */
        return error == HF_ENOTTDX;
    if (at < l->signed_len || (at >= l->signature && at < l->key + HF_P256_KEY_LEN))
        return error == HF_EQUOTESIG;
    if (at >= l->qe_report + 320 && at < l->qe_report + 352)
        return error == HF_EKEYBINDING;
    return error == HF_EQESIG;
}

/* Flips every stride-th bit of [from, to), the first of them by turn. Returns how many. */
static size_t flip_range(struct hf_buf *quote, const struct layout *l, size_t from, size_t to,
                         size_t stride, size_t turn)
{
    const struct hf_verify_params params = {.at_s = 1760000000, .roots = {.trust = HF_TRUST_INTEL}};
    size_t count = 0;
    for (size_t bit = 8 * from + turn % stride; bit < 8 * to; bit += stride, count++) {
        struct hf_verdict v;
        quote->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(hf_quote_verify(hf_buf_bytes(quote), &params, &v, NULL), 0);
        quote->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(is_right(l, bit / 8, v.error), "byte %zu, bit %zu: %s", bit / 8, bit % 8,
                  hf_error_name(v.error));
    }
    return count;
}

static size_t flip_quote(const char *name, size_t turn)
{
    char path[4096];
    struct hf_buf quote;
    struct hf_quote q;
    size_t stride = getenv("HOLDFAST_FULL_SWEEP") != NULL ? 1 : 89;
    snprintf(path, sizeof path, "dcap/%s", name);
    hf_vectors_path(path, path, sizeof path);
    hf_buf_init(&quote, 1 << 20);
    cr_assert_eq(hf_file_read(path, &quote), 0, "%s", path);
    cr_assert_eq(hf_quote_parse(hf_buf_bytes(&quote), &q, NULL), 0, "%s", path);
    const struct layout l = layout_of(&q, quote.data);
    size_t count = flip_range(&quote, &l, 0, l.signed_len, stride, turn);
    count += flip_range(&quote, &l, l.signature, l.key + HF_P256_KEY_LEN, stride, turn);
    count +=
        flip_range(&quote, &l, l.qe_report, l.qe_signature + HF_P256_SIGNATURE_LEN, stride, turn);
    hf_buf_done(&quote);
    return count;
}

Test(hf_quote_verify, refuses_every_flipped_bit_with_the_right_code, .timeout = 900)
{
    json_t *cases = hf_vectors_public("dcap/cases.json");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        if (json_object_get(c, "facts") != NULL)
            count += flip_quote(hf_vectors_text(c, "quote"), i * 7);
    }
    json_decref(cases);
    cr_assert_gt(count, 5000);
    fprintf(stderr, "# %zu bits flipped\n", count);
}
