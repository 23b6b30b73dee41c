#include "base/error.h"
#include "base/hex.h"
#include "level.h"

#include <stdlib.h>
#include <strings.h>

static bool read_id(struct hf_json *r, void *out)
{
    (void)out;
    return hf__json_word(r, "TDX", "a TCB info of TDX");
}

static bool read_version(struct hf_json *r, void *out)
{
    (void)out;
    struct hf_json at = *r;
    uint64_t version;
    return hf__json_number(r, 3, "a TCB info of version 3", &version) &&
           (version == 3 || hf__json_fail(&at, "a TCB info of version 3"));
}

static bool read_issue_date(struct hf_json *r, void *out)
{
    struct hf__tcb_info *info = out;
    return hf__json_date(r, "an issue date", &info->dates.issue_s);
}

static bool read_next_update(struct hf_json *r, void *out)
{
    struct hf__tcb_info *info = out;
    return hf__json_date(r, "a next update", &info->dates.next_update_s);
}

static bool read_fmspc(struct hf_json *r, void *out)
{
    struct hf__tcb_info *info = out;
    return hf__json_hex(r, "an FMSPC of 12 digits", info->fmspc, sizeof info->fmspc);
}

static bool read_pceid(struct hf_json *r, void *out)
{
    struct hf__tcb_info *info = out;
    return hf__json_hex(r, "a PCE id of 4 digits", info->pceid, sizeof info->pceid);
}

static bool read_tcb_type(struct hf_json *r, void *out)
{
    (void)out;
    uint64_t type;
    return hf__json_number(r, 0, "TCB type 0", &type);
}

static bool read_info_evaluation(struct hf_json *r, void *out)
{
    struct hf__tcb_info *info = out;
    return hf__document_evaluation(r, &info->dates);
}

/* A module identity while it is read. */
struct module_reader {
    struct hf__module module;
    struct hf__tcb_info *info;
};

static bool read_module_id(struct hf_json *r, void *out)
{
    struct module_reader *m = out;
    struct hf_bytes text;
    char digits[3] = "";
    if (!hf__json_text(r, "a module's id", &text))
        return false;
    /* TDX_ and two digits, in either case. Another is kept as unknown: it supports no quote, and
     * must not take the other modules with it. */
    if (text.len != 6 || strncasecmp((const char *)text.data, "TDX_", 4) != 0)
        return true;
    memcpy(digits, text.data + 4, 2);
    m->module.known = hf_hex_decode(digits, &m->module.version, 1) == 0;
    return true;
}

static bool read_mrsigner(struct hf_json *r, void *out)
{
    struct module_reader *m = out;
    return hf__json_hex(r, "an MRSIGNER of 96 digits", m->module.mrsigner, HF_MR_LEN);
}

static bool read_attributes(struct hf_json *r, void *out)
{
    struct module_reader *m = out;
    return hf__json_hex(r, "attributes of 16 digits", m->module.attributes, 8);
}

static bool read_attributes_mask(struct hf_json *r, void *out)
{
    struct module_reader *m = out;
    return hf__json_hex(r, "an attributes mask of 16 digits", m->module.attributes_mask, 8);
}

static bool read_module_levels(struct hf_json *r, void *out)
{
    struct module_reader *m = out;
    struct hf__svn_reader s = {&m->info->advisories, m->info->svn_levels,
                               &m->info->svn_level_count};
    return hf__svn_levels(r, &s, &m->module.levels);
}

static bool read_module(struct hf_json *r, void *out)
{
    static const struct hf__json_field fields[] = {
        {"mrsigner", read_mrsigner, "mrsigner"},
        {"attributes", read_attributes, "attributes"},
        {"attributesMask", read_attributes_mask, "attributesMask"},
    };
    struct module_reader m = {.info = out};
    if (!hf__json_object(r, "a TDX module", fields, HF_ARRAY_LEN(fields), &m))
        return false;
    m.info->module = m.module;
    return true;
}

static bool read_module_identity(struct hf_json *r, void *out)
{
    static const struct hf__json_field fields[] = {
        {"id", read_module_id, "id"},
        {"mrsigner", read_mrsigner, "mrsigner"},
        {"attributes", read_attributes, "attributes"},
        {"attributesMask", read_attributes_mask, "attributesMask"},
        {"tcbLevels", read_module_levels, "tcbLevels"},
    };
    struct module_reader m = {.info = out};
    if (!hf__json_object(r, "a TDX module identity", fields, HF_ARRAY_LEN(fields), &m))
        return false;
    m.info->modules[m.info->module_count++] = m.module;
    return true;
}

static bool read_module_identities(struct hf_json *r, void *out)
{
    return hf__json_array(r, "a list of module identities", HF_TCB_MODULES_MAX,
                          read_module_identity, out);
}

/* Sixteen components, while they are read. */
struct component_reader {
    uint8_t svns[16];
    size_t count;
};

static bool read_svn(struct hf_json *r, void *out)
{
    struct component_reader *c = out;
    uint64_t svn;
    if (!hf__json_number(r, UINT8_MAX, "an SVN of at most 255", &svn))
        return false;
    c->svns[c->count] = (uint8_t)svn;
    return true;
}

static bool read_component(struct hf_json *r, void *out)
{
    static const struct hf__json_field fields[] = {{"svn", read_svn, "svn"}};
    struct component_reader *c = out;
    if (!hf__json_object(r, "a TCB component", fields, HF_ARRAY_LEN(fields), c))
        return false;
    c->count++;
    return true;
}

static bool read_components(struct hf_json *r, uint8_t ret[static 16])
{
    struct component_reader c = {0};
    struct hf_json at = *r;
    if (!hf__json_array(r, "a list of 16 components", 16, read_component, &c))
        return false;
    if (c.count != 16)
        return hf__json_fail(&at, "a list of 16 components");
    memcpy(ret, c.svns, 16);
    return true;
}

static bool read_sgx_components(struct hf_json *r, void *out)
{
    struct hf__level_reader *l = out;
    return read_components(r, l->level.sgx);
}

static bool read_tdx_components(struct hf_json *r, void *out)
{
    struct hf__level_reader *l = out;
    return read_components(r, l->level.tdx);
}

static bool read_pcesvn(struct hf_json *r, void *out)
{
    struct hf__level_reader *l = out;
    uint64_t svn;
    if (!hf__json_number(r, UINT16_MAX, "a PCESVN of at most 65535", &svn))
        return false;
    l->level.pcesvn = (uint16_t)svn;
    return true;
}

static bool read_tcb(struct hf_json *r, void *out)
{
    static const struct hf__json_field fields[] = {
        {"sgxtcbcomponents", read_sgx_components, "sgxtcbcomponents"},
        {"tdxtcbcomponents", read_tdx_components, "tdxtcbcomponents"},
        {"pcesvn", read_pcesvn, "pcesvn"},
    };
    return hf__json_object(r, "a TCB", fields, HF_ARRAY_LEN(fields), out);
}

static bool read_level(struct hf_json *r, void *out)
{
    static const struct hf__json_field fields[] = {
        {"tcb", read_tcb, "tcb"},
        {"tcbDate", hf__level_date, "tcbDate"},
        {"tcbStatus", hf__level_status, "tcbStatus"},
        {"advisoryIDs", hf__level_advisories, NULL},
    };
    struct hf__tcb_info *info = out;
    struct hf__level_reader l = {.advisories = &info->advisories};
    if (!hf__json_object(r, "a TCB level", fields, HF_ARRAY_LEN(fields), &l))
        return false;
    info->levels[info->level_count++] = l.level;
    return true;
}

/* Highest first, whatever the order in the document: Intel's library sorts by these fields too. */
static int compare_levels(const void *pa, const void *pb)
{
    const struct hf__tcb_level *a = pa, *b = pb;
    int by_sgx = memcmp(b->sgx, a->sgx, sizeof a->sgx);
    if (by_sgx != 0)
        return by_sgx;
    if (a->pcesvn != b->pcesvn)
        return (int)b->pcesvn - (int)a->pcesvn;
    return memcmp(b->tdx, a->tdx, sizeof a->tdx);
}

static bool read_levels(struct hf_json *r, void *out)
{
    struct hf__tcb_info *info = out;
    struct hf_json at = *r;
    if (!hf__json_array(r, "a list of TCB levels", HF_TCB_LEVELS_MAX, read_level, info))
        return false;
    if (info->level_count == 0)
        return hf__json_fail(&at, "at least one TCB level");
    qsort(info->levels, info->level_count, sizeof info->levels[0], compare_levels);
    return true;
}

int hf__tcb_info_parse(struct hf_bytes body, struct hf__tcb_info *ret, struct hf_fault *ret_fault)
{
    static const struct hf__json_field fields[] = {
        {"id", read_id, "id"},
        {"version", read_version, "version"},
        {"issueDate", read_issue_date, "issueDate"},
        {"nextUpdate", read_next_update, "nextUpdate"},
        {"fmspc", read_fmspc, "fmspc"},
        {"pceId", read_pceid, "pceId"},
        {"tcbType", read_tcb_type, "tcbType"},
        {"tcbEvaluationDataNumber", read_info_evaluation, "tcbEvaluationDataNumber"},
        {"tdxModule", read_module, "tdxModule"},
        {"tdxModuleIdentities", read_module_identities, NULL},
        {"tcbLevels", read_levels, "tcbLevels"},
    };
    struct hf_fault fault = {0};
    struct hf_json r = hf__json_of(body, &fault);
    memset(ret, 0, sizeof *ret);
    if (hf__json_object(&r, "a TCB info", fields, HF_ARRAY_LEN(fields), ret) && hf__json_done(&r))
        return 0;
    *ret_fault = fault;
    return HF_EMALFORMED;
}
