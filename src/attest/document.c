/* What a signed document is made of, before its body is understood. */
#include "base/error.h"
#include "tcb.h"

struct split {
    struct hf_bytes body;
    uint8_t signature[HF_TCB_SIGNATURE_LEN];
};

static bool read_body(struct hf_json *r, void *out)
{
    struct split *s = out;
    return hf__json_raw(r, "the document's body", &s->body);
}

static bool read_signature(struct hf_json *r, void *out)
{
    struct split *s = out;
    return hf__json_hex(r, "a signature of 128 digits", s->signature, sizeof s->signature);
}

int hf__document_split(struct hf_bytes text, const char *name, struct hf_bytes *ret_body,
                       uint8_t ret_signature[static HF_TCB_SIGNATURE_LEN],
                       struct hf_fault *ret_fault)
{
    const struct hf__json_field fields[] = {
        {name, read_body, "the document's body"},
        {"signature", read_signature, "a signature"},
    };
    struct split s = {0};
    struct hf_fault fault = {0};
    struct hf_json r = hf__json_of(text, &fault);
    if (!hf__json_object(&r, "a signed document", fields, HF_ARRAY_LEN(fields), &s) ||
        !hf__json_done(&r)) {
        *ret_fault = fault;
        return HF_EMALFORMED;
    }
    *ret_body = s.body;
    memcpy(ret_signature, s.signature, sizeof s.signature);
    return 0;
}

struct search {
    bool found;
    uint8_t fmspc[HF_FMSPC_LEN];
};

/* Once found, the rest need not be read: reading stops here, without a fault. */
static bool find_fmspc(struct hf_json *r, void *out)
{
    struct search *s = out;
    s->found = hf__json_hex(r, "an FMSPC of 12 digits", s->fmspc, sizeof s->fmspc);
    return false;
}

int hf__tcb_info_fmspc(struct hf_bytes body, uint8_t ret[static HF_FMSPC_LEN],
                       struct hf_fault *ret_fault)
{
    static const struct hf__json_field fields[] = {{"fmspc", find_fmspc, "fmspc"}};
    struct search s = {0};
    struct hf_fault fault = {0};
    struct hf_json r = hf__json_of(body, &fault);
    (void)!hf__json_object(&r, "a TCB info", fields, HF_ARRAY_LEN(fields), &s);
    if (!s.found) {
        *ret_fault = fault;
        return HF_EMALFORMED;
    }
    memcpy(ret, s.fmspc, sizeof s.fmspc);
    return 0;
}
