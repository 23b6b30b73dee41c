/*
 * Matching a platform against TCB levels, rule by rule as Intel's quote verification library
 * applies them (SGX DCAP quote verification, sections 4.1.2.4.11 and 4.1.2.4.17 of its
 * requirements).
 */
#include "base/error.h"
#include "tcb.h"

/* Offsets in an enclave report (Intel SDM volume 3D, table 38-21). */
enum {
    REPORT_MISCSELECT = 16,
    REPORT_ATTRIBUTES = 48,
    REPORT_MRSIGNER = 128,
    REPORT_ISVPRODID = 256,
    REPORT_ISVSVN = 258,
};

enum {
    SVN_MODULE = 0,         /* TEE_TCB_SVN[0]: the TDX module's SVN */
    SVN_MODULE_VERSION = 1, /* [1]: its major version; 0 for TDX 1.0 */
    SVN_MICROCODE = 2,      /* [2]: the microcode's */
};

static bool masked_equal(const uint8_t *value, const uint8_t *mask, const uint8_t *want, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((value[i] & mask[i]) != want[i])
            return false;
    return true;
}

static uint16_t little_16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

const char *hf__qe_identity_differs(const struct hf__qe_identity *id,
                                    const uint8_t report[static HF_QE_REPORT_LEN])
{
    if (!id->is_td_qe)
        return "kind";
    if (!masked_equal(report + REPORT_MISCSELECT, id->miscselect_mask, id->miscselect, 4))
        return "MISCSELECT";
    if (!masked_equal(report + REPORT_ATTRIBUTES, id->attributes_mask, id->attributes, 16))
        return "ATTRIBUTES";
    if (memcmp(report + REPORT_MRSIGNER, id->mrsigner, sizeof id->mrsigner) != 0)
        return "MRSIGNER";
    if (little_16(report + REPORT_ISVPRODID) != id->isvprodid)
        return "ISVPRODID";
    return NULL;
}

static bool at_least(const uint8_t *have, const uint8_t *want, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (have[i] < want[i])
            return false;
    return true;
}

/* Levels are sorted from high to low: the first that an SVN reaches is the one. */
static const struct hf__level *match_svn(const struct hf__svn_level *levels, size_t count,
                                         unsigned svn)
{
    for (size_t i = 0; i < count; i++)
        if (svn >= levels[i].isvsvn)
            return &levels[i].level;
    return NULL;
}

static const struct hf__module *find_module(const struct hf__tcb_info *info, uint8_t version)
{
    for (size_t i = 0; i < info->module_count; i++)
        if (info->modules[i].known && info->modules[i].version == version)
            return &info->modules[i];
    return NULL;
}

/* Whether the module in the quote is signed by whom the identity says, with the attributes that it
 * says. */
static bool is_module(const struct hf__module *m, const struct hf_quote *q)
{
    uint64_t want = 0, mask = 0;
    for (size_t i = 0; i < 8; i++) {
        want |= (uint64_t)m->attributes[i] << (8 * i);
        mask |= (uint64_t)m->attributes_mask[i] << (8 * i);
    }
    /* Intel's library wants the attributes zero besides: no bit of them has a meaning yet. */
    return memcmp(m->mrsigner, q->mrsignerseam, HF_MR_LEN) == 0 && q->seam_attributes == 0 &&
           (q->seam_attributes & mask) == want;
}

static bool up_to_date_or_configurable(enum hf_tcb_status s)
{
    return s == HF_TCB_UP_TO_DATE || s == HF_TCB_SW_HARDENING_NEEDED ||
           s == HF_TCB_CONFIGURATION_NEEDED || s == HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;
}

static bool needs_configuration(enum hf_tcb_status s)
{
    return s == HF_TCB_CONFIGURATION_NEEDED || s == HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
           s == HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

/* The status of a platform whose TDX module or QE has a status of its own. */
static enum hf_tcb_status converge(enum hf_tcb_status platform, enum hf_tcb_status part)
{
    if (part == HF_TCB_REVOKED)
        return HF_TCB_REVOKED;
    if (part == HF_TCB_OUT_OF_DATE && up_to_date_or_configurable(platform))
        return needs_configuration(platform) ? HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED
                                             : HF_TCB_OUT_OF_DATE;
    return platform;
}

/*
 * The module was updated under a running trust domain: TEE_TCB_SVN2 is of the module that runs now.
 * Where that one is up to date, and only the one that the domain was launched with is not, a
 * relaunch mends it.
 */
static int relaunch_mends(const struct hf__tcb_info *info, const struct hf_quote *q, bool *ret)
{
    const uint8_t *svn2 = q->tee_tcb_svn2;
    const struct hf__tcb_level *latest = &info->levels[0];
    unsigned wanted = latest->tdx[SVN_MODULE];
    if (svn2[SVN_MODULE_VERSION] != 0) {
        const struct hf__module *m = find_module(info, svn2[SVN_MODULE_VERSION]);
        if (m == NULL || m->levels.count == 0)
            return HF_ETCB;
        wanted = info->svn_levels[m->levels.first].isvsvn;
    }
    *ret = svn2[SVN_MODULE] >= wanted && svn2[SVN_MICROCODE] >= latest->tdx[SVN_MICROCODE];
    return 0;
}

/* The status of the platform and its module, with the advice to relaunch where that is all that is
 * missing. */
static int advise(const struct hf__tcb_info *info, const struct hf_quote *q,
                  const struct hf__tcb_level *sgx, const struct hf__tcb_match *m,
                  enum hf_tcb_status *status)
{
    bool mends = false;
    bool launched_out_of_date =
        m->module != NULL && m->module->status == HF_TCB_OUT_OF_DATE &&
        (*status == HF_TCB_OUT_OF_DATE || *status == HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED);
    if (q->tee_tcb_svn2 == NULL || m->qe->status != HF_TCB_UP_TO_DATE || !launched_out_of_date ||
        !up_to_date_or_configurable(sgx->level.status))
        return 0;
    int r = relaunch_mends(info, q, &mends);
    if (r == 0 && mends)
        *status = needs_configuration(sgx->level.status) || needs_configuration(*status)
                      ? HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
                      : HF_TCB_TD_RELAUNCH_ADVISED;
    return r;
}

/*
 * The highest level that SGX components and PCESVN reach, and the highest whose TDX components are
 * reached too. With a module of version 1 or above, the first two TDX components are the module's
 * own business.
 */
static void match_levels(const struct hf__tcb_info *info, const struct hf__pck *pck,
                         const struct hf_quote *q, const struct hf__tcb_level **ret_sgx,
                         const struct hf__tcb_level **ret_tdx)
{
    size_t from = q->tee_tcb_svn[SVN_MODULE_VERSION] > 0 ? 2 : 0;
    for (size_t i = 0; i < info->level_count; i++) {
        const struct hf__tcb_level *l = &info->levels[i];
        if (!at_least(pck->tcb_svns, l->sgx, 0, 16) || pck->platform.pcesvn < l->pcesvn)
            continue;
        if (*ret_sgx == NULL)
            *ret_sgx = l;
        if (at_least(q->tee_tcb_svn, l->tdx, from, 16)) {
            *ret_tdx = l;
            return;
        }
    }
}

static int refuse(struct hf__tcb_match *m, const char *reason)
{
    m->reason = reason;
    return HF_ETCB;
}

static bool is_platform_status(enum hf_tcb_status s)
{
    return s != HF_TCB_NONE && s != HF_TCB_TD_RELAUNCH_ADVISED &&
           s != HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED;
}

/* Modules and QEs are up to date, out of date or revoked. */
static bool is_part_status(enum hf_tcb_status s)
{
    return s == HF_TCB_UP_TO_DATE || s == HF_TCB_OUT_OF_DATE || s == HF_TCB_REVOKED;
}

int hf__tcb_match(const struct hf__tcb_info *info, const struct hf__qe_identity *id,
                  const struct hf__pck *pck, const struct hf_quote *quote,
                  struct hf__tcb_match *ret)
{
    const struct hf__tcb_level *sgx = NULL, *tdx = NULL;
    uint8_t version = quote->tee_tcb_svn[SVN_MODULE_VERSION];
    *ret = (struct hf__tcb_match){0};
    ret->qe =
        match_svn(id->svn_levels, id->svn_level_count, little_16(quote->qe_report + REPORT_ISVSVN));

    const struct hf__module *module = version == 0 ? &info->module : find_module(info, version);
    if (module == NULL)
        return refuse(ret, "the TCB info has no identity for this version of the TDX module");
    if (!is_module(module, quote))
        return refuse(ret, "the TDX module has another signer or other attributes");
    match_levels(info, pck, quote, &sgx, &tdx);
    if (sgx == NULL)
        return refuse(ret, "no TCB level is as low as the platform's SGX components and PCESVN");
    if (tdx == NULL)
        return refuse(ret, "no TCB level is as low as the platform's TDX components");
    ret->platform = &tdx->level;
    if (version > 0) {
        ret->module_levels = module->levels;
        ret->module = match_svn(info->svn_levels + module->levels.first, module->levels.count,
                                quote->tee_tcb_svn[SVN_MODULE]);
        if (ret->module == NULL)
            return refuse(ret, "no level of the TDX module is as low as its SVN");
    }
    if (ret->qe == NULL)
        return refuse(ret, "no level of the QE is as low as its ISVSVN");
    if (!is_platform_status(tdx->level.status) || !is_part_status(ret->qe->status) ||
        (ret->module != NULL && !is_part_status(ret->module->status)))
        return refuse(ret, "a matched level has a status that is not known");

    enum hf_tcb_status status = tdx->level.status;
    if (ret->module != NULL)
        status = converge(status, ret->module->status);
    if (advise(info, quote, sgx, ret, &status) != 0)
        return refuse(ret, "the TCB info has no identity for the TDX module that runs now");
    ret->status = converge(status, ret->qe->status);
    return 0;
}
