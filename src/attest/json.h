/*
 * A reader of JSON (RFC 8259) over borrowed bytes, for documents whose signature covers their bytes
 * as they came: it knows where each value begins and ends, builds nothing, and remembers the first
 * thing that is not as expected with its offset. Depth is bounded; keys may come in any order;
 * unknown keys are skipped, known ones come once.
 */
#ifndef HF_ATTEST_JSON_H
#define HF_ATTEST_JSON_H

#include "attest/fault.h"
#include "base/bytes.h"
#include "base/check.h"

enum { HF_JSON_DEPTH_MAX = 16 };

struct hf_json {
    const uint8_t *base;
    const uint8_t *p;
    const uint8_t *end;
    struct hf_fault *fault;
};

/* A reader at the beginning of bytes, which it borrows. fault: where what is wrong is put. */
static inline struct hf_json hf__json_of(struct hf_bytes bytes, struct hf_fault *fault)
{
    return (struct hf_json){
        .base = bytes.data, .p = bytes.data, .end = hf_bytes_end(bytes), .fault = fault};
}

/* One key of an object. read gets the reader at the value, and the object's out. */
struct hf__json_field {
    const char *name;
    bool (*read)(struct hf_json *r, void *out);
    const char *missing; /* what is expected where the key is missing; NULL: it may be */
};

/* Notes what was expected here and returns false. */
bool hf__json_fail(const struct hf_json *r, const char *expected);
/* Reads an object by a table of at most 32 fields. */
HF_MUST_USE bool hf__json_object(struct hf_json *r, const char *expected,
                                 const struct hf__json_field *fields, size_t count, void *out);
/* Reads an array of at most max elements, each by read. */
HF_MUST_USE bool hf__json_array(struct hf_json *r, const char *expected, size_t max,
                                bool (*read)(struct hf_json *r, void *out), void *out);
/* A string of printable ASCII without escapes. */
HF_MUST_USE bool hf__json_text(struct hf_json *r, const char *expected, struct hf_bytes *ret);
/* A string that says exactly this. */
HF_MUST_USE bool hf__json_word(struct hf_json *r, const char *word, const char *expected);
/* A string of 2 * len hexadecimal digits of either case. */
HF_MUST_USE bool hf__json_hex(struct hf_json *r, const char *expected, uint8_t *ret, size_t len);
/* A string that is a date, YYYY-MM-DDThh:mm:ssZ. */
HF_MUST_USE bool hf__json_date(struct hf_json *r, const char *expected, uint64_t *ret_s);
/* A whole number, 0..max. */
HF_MUST_USE bool hf__json_number(struct hf_json *r, uint64_t max, const char *expected,
                                 uint64_t *ret);
/* Any value; ret, which may be NULL, gets its bytes. */
HF_MUST_USE bool hf__json_raw(struct hf_json *r, const char *expected, struct hf_bytes *ret);
/* Requires that only white space is left. */
HF_MUST_USE bool hf__json_done(struct hf_json *r);

#endif
