#include "base/error.h"
#include "level.h"

static bool read_id(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    struct hf_bytes text;
    if (!hf__json_text(r, "an id", &text))
        return false;
    id->is_td_qe = hf_bytes_equal(text, hf_bytes_of("TD_QE", 5));
    return true;
}

static bool read_version(struct hf_json *r, void *out)
{
    (void)out;
    struct hf_json at = *r;
    uint64_t version;
    return hf__json_number(r, 2, "an identity of version 2", &version) &&
           (version == 2 || hf__json_fail(&at, "an identity of version 2"));
}

static bool read_issue_date(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    return hf__json_date(r, "an issue date", &id->dates.issue_s);
}

static bool read_next_update(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    return hf__json_date(r, "a next update", &id->dates.next_update_s);
}

static bool read_evaluation(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    return hf__document_evaluation(r, &id->dates);
}

static bool read_miscselect(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    return hf__json_hex(r, "a MISCSELECT of 8 digits", id->miscselect, sizeof id->miscselect);
}

static bool read_miscselect_mask(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    return hf__json_hex(r, "a MISCSELECT mask of 8 digits", id->miscselect_mask,
                        sizeof id->miscselect_mask);
}

static bool read_attributes(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    return hf__json_hex(r, "attributes of 32 digits", id->attributes, sizeof id->attributes);
}

static bool read_attributes_mask(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    return hf__json_hex(r, "an attributes mask of 32 digits", id->attributes_mask,
                        sizeof id->attributes_mask);
}

static bool read_mrsigner(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    return hf__json_hex(r, "an MRSIGNER of 64 digits", id->mrsigner, sizeof id->mrsigner);
}

static bool read_isvprodid(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    uint64_t number;
    if (!hf__json_number(r, UINT16_MAX, "an ISVPRODID of at most 65535", &number))
        return false;
    id->isvprodid = (uint16_t)number;
    return true;
}

static bool read_levels(struct hf_json *r, void *out)
{
    struct hf__qe_identity *id = out;
    struct hf__svn_reader s = {&id->advisories, id->svn_levels, &id->svn_level_count};
    struct hf__svn_levels all;
    return hf__svn_levels(r, &s, &all);
}

int hf__qe_identity_parse(struct hf_bytes body, struct hf__qe_identity *ret,
                          struct hf_fault *ret_fault)
{
    static const struct hf__json_field fields[] = {
        {"id", read_id, "id"},
        {"version", read_version, "version"},
        {"issueDate", read_issue_date, "issueDate"},
        {"nextUpdate", read_next_update, "nextUpdate"},
        {"tcbEvaluationDataNumber", read_evaluation, "tcbEvaluationDataNumber"},
        {"miscselect", read_miscselect, "miscselect"},
        {"miscselectMask", read_miscselect_mask, "miscselectMask"},
        {"attributes", read_attributes, "attributes"},
        {"attributesMask", read_attributes_mask, "attributesMask"},
        {"mrsigner", read_mrsigner, "mrsigner"},
        {"isvprodid", read_isvprodid, "isvprodid"},
        {"tcbLevels", read_levels, "tcbLevels"},
    };
    struct hf_fault fault = {0};
    struct hf_json r = hf__json_of(body, &fault);
    memset(ret, 0, sizeof *ret);
    if (hf__json_object(&r, "an enclave identity", fields, HF_ARRAY_LEN(fields), ret) &&
        hf__json_done(&r))
        return 0;
    *ret_fault = fault;
    return HF_EMALFORMED;
}
