/*
 * A reader of DER (X.690) over borrowed bytes: definite lengths in their shortest form, one tag
 * byte, nothing allocated, no recursion. It reads what certificates and revocation lists of P-256
 * PKIs need, and no more. The first thing that is not as expected is remembered with its offset.
 */
#ifndef HF_ATTEST_DER_H
#define HF_ATTEST_DER_H

#include "attest/fault.h"
#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_DER_BOOLEAN = 0x01,
    HF_DER_INTEGER = 0x02,
    HF_DER_BIT_STRING = 0x03,
    HF_DER_OCTET_STRING = 0x04,
    HF_DER_OID = 0x06,
    HF_DER_ENUMERATED = 0x0a,
    HF_DER_UTC_TIME = 0x17,
    HF_DER_GENERALIZED_TIME = 0x18,
    HF_DER_SEQUENCE = 0x30,
    HF_DER_SET = 0x31,
    HF_DER_CONTEXT_0 = 0xa0,
    HF_DER_CONTEXT_3 = 0xa3,
};

/* A place in a document. Copies share base and fault. */
struct hf_der {
    const uint8_t *base; /* start of the whole document, for offsets */
    const uint8_t *p;
    const uint8_t *end;
    struct hf_fault *fault;
};

/* Reads bytes from their start; fault gets the first thing that is wrong. */
static inline struct hf_der hf__der_of(struct hf_bytes bytes, struct hf_fault *fault)
{
    if (bytes.len == 0)
        bytes = hf_bytes_of("", 0); /* no arithmetic on a pointer that may be NULL */
    return (struct hf_der){
        .base = bytes.data, .p = bytes.data, .end = hf_bytes_end(bytes), .fault = fault};
}

/* Whether all bytes have been read. */
static inline bool hf__der_at_end(const struct hf_der *r)
{
    return r->p == r->end;
}

/* What is left, unread. */
static inline struct hf_bytes hf__der_rest(const struct hf_der *r)
{
    return hf_bytes_of(r->p, (size_t)(r->end - r->p));
}

/* Notes what was expected here and returns false. */
bool hf__der_fail(const struct hf_der *r, const char *expected);
/* Whether an element of this tag comes next; reads nothing. */
bool hf__der_is(const struct hf_der *r, uint8_t tag);
/* Reads an element of this tag; ret is a reader of its content. */
HF_MUST_USE bool hf__der_enter(struct hf_der *r, uint8_t tag, const char *expected,
                               struct hf_der *ret);
/* Reads an element of any tag; ret_whole, which may be NULL, gets it with its tag and length. */
HF_MUST_USE bool hf__der_any(struct hf_der *r, const char *expected, uint8_t *ret_tag,
                             struct hf_bytes *ret_whole);
/* Reads an element of this tag; ret gets its content. */
HF_MUST_USE bool hf__der_bytes(struct hf_der *r, uint8_t tag, const char *expected,
                               struct hf_bytes *ret);
/* The same, with tag and length: what a name is compared by, what a signature covers. */
HF_MUST_USE bool hf__der_whole(struct hf_der *r, uint8_t tag, const char *expected,
                               struct hf_bytes *ret);
/* A positive INTEGER, as its magnitude without leading zeros; at most len_max bytes. */
HF_MUST_USE bool hf__der_integer(struct hf_der *r, size_t len_max, const char *expected,
                                 struct hf_bytes *ret);
/* The same as a number, at most max. */
HF_MUST_USE bool hf__der_number(struct hf_der *r, uint64_t max, const char *expected,
                                uint64_t *ret);
/* A BIT STRING of whole bytes. */
HF_MUST_USE bool hf__der_bits(struct hf_der *r, const char *expected, struct hf_bytes *ret);
/* UTCTime or GeneralizedTime in the form of RFC 5280 (4.1.2.5). */
HF_MUST_USE bool hf__der_time(struct hf_der *r, const char *expected, uint64_t *ret_s);
/* Requires that nothing is left. */
HF_MUST_USE bool hf__der_done(const struct hf_der *r, const char *expected);
/* The AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758), the only one in these PKIs. */
HF_MUST_USE bool hf__der_ecdsa_sha256(struct hf_der *r);

#endif
