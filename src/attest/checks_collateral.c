/* Checks against collateral: revocation, the documents themselves, QE identity and TCB. */
#include "base/error.h"
#include "base/hex.h"
#include "checks.h"
#include "civil.h"

/* Each document that a quote needs, with its name for people. */
struct needed {
    struct hf__document *document;
    const char *name;
};

enum { NEEDED = 4 };

static void list_needed(const struct hf__verification *v, struct needed ret[static NEEDED])
{
    ret[0] = (struct needed){v->root_crl, "the root's revocation list"};
    ret[1] = (struct needed){v->pck_crl, "the PCK CA's revocation list"};
    ret[2] = (struct needed){v->tcb_info, "the TCB info"};
    ret[3] = (struct needed){v->qe_identity, "the QE identity"};
}

/* A revocation list that can be relied on whatever its dates: what was revoked once stays so. */
static int usable_list(const struct hf__verification *v, struct hf__document *d,
                       const struct hf__crl **ret)
{
    int r = hf__collateral_ready(v->params->collateral, d);
    *ret = r == 0 ? &d->crl : NULL;
    return r == HF_ENOMEM ? r : 0;
}

/* Whether the PCK's list comes from the very CA that issued this PCK: the same name and the same
 * key. */
static bool is_list_of_ca(const struct hf__verification *v)
{
    return hf__is_list_of(v->pck_crl, &v->chain->chain.cert[1]);
}

int hf__check_revocation(struct hf__verification *v)
{
    const struct hf_collateral *c = v->params->collateral;
    const struct hf__cert *cert = v->chain->chain.cert;
    const struct hf__crl *list;
    if (c == NULL) {
        hf__reason(v, "there is no collateral to look in");
        return 0;
    }
    v->root_crl = c->root_crl;
    int r = hf__collateral_pck_crl(c, &cert[1], &v->pck_crl);
    if (r == 0)
        r = usable_list(v, v->root_crl, &list);
    if (r != 0)
        return r;
    bool looked = list != NULL;
    if (list != NULL && hf__crl_lists(list, cert[1].serial)) {
        hf__reason(v, "the PCK's CA is on the root's revocation list");
        return HF_EPCKREVOKED;
    }
    r = usable_list(v, v->pck_crl, &list);
    if (r != 0)
        return r;
    looked = looked && list != NULL;
    if (list != NULL && is_list_of_ca(v) && hf__crl_lists(list, cert[0].serial)) {
        hf__reason(v, "the PCK certificate is on its CA's revocation list");
        return HF_EPCKREVOKED;
    }
    hf__reason(v, looked ? "no certificate of the chain is on a revocation list"
                         : "a revocation list cannot be used: see the collateral");
    return 0;
}

int hf__check_collateral_present(struct hf__verification *v)
{
    const struct hf_collateral *c = v->params->collateral;
    struct needed needed[NEEDED];
    char fmspc[2 * HF_FMSPC_LEN + 1];
    hf_hex_encode(v->chain->pck.platform.fmspc, HF_FMSPC_LEN, fmspc);
    if (c == NULL) {
        hf__reason(v, "no collateral: fetch the set for FMSPC %s", fmspc);
        return HF_ECOLLMISSING;
    }
    v->tcb_info = hf__collateral_find(c, HF_DOCUMENT_TCB_INFO, v->chain->pck.platform.fmspc);
    v->qe_identity = c->qe_identity;
    list_needed(v, needed);
    for (size_t i = 0; i < NEEDED; i++) {
        int r = hf__collateral_ready(c, needed[i].document);
        if (r == HF_ENOMEM)
            return r;
        if (r != HF_ECOLLMISSING)
            continue;
        hf__reason(v, "%s or its signer's chain is missing: fetch the set for FMSPC %s",
                   needed[i].name, fmspc);
        return HF_ECOLLMISSING;
    }
    if (v->pck_crl->info.error == 0 && !is_list_of_ca(v)) {
        hf__reason(v, "the revocation list is of another CA than the one that issued the PCK");
        return HF_ECOLLMISSING;
    }
    const struct hf__cert *root = hf__chain_root(&v->chain->chain);
    if (v->root_crl->info.error == 0 && !hf_bytes_equal(v->root_crl->crl.issuer, root->subject)) {
        hf__reason(v, "the root's revocation list is in another name than the root's");
        return HF_ECOLLMISSING;
    }
    if (v->tcb_info->info.error == 0 &&
        memcmp(v->tcb_info->tcb_info->pceid, v->chain->pck.platform.pceid, 2) != 0) {
        hf__reason(v, "the TCB info for FMSPC %s is of another PCE", fmspc);
        return HF_ECOLLMISSING;
    }
    hf__reason(v, "every document for FMSPC %s is there", fmspc);
    return 0;
}

int hf__check_collateral_format(struct hf__verification *v)
{
    struct needed needed[NEEDED];
    list_needed(v, needed);
    for (size_t i = 0; i < NEEDED; i++) {
        const struct hf_document_info *info = &needed[i].document->info;
        if (info->error != HF_ECOLLATERAL)
            continue;
        hf__reason(v, "%s, at byte %zu: expected %s", needed[i].name, info->fault.offset,
                   info->fault.expected);
        return HF_ECOLLATERAL;
    }
    hf__reason(v, "every document is well-formed");
    return 0;
}

int hf__check_collateral_signatures(struct hf__verification *v)
{
    struct needed needed[NEEDED];
    struct hf__root trusted = hf__root_of(&v->params->roots);
    list_needed(v, needed);
    for (size_t i = 0; i < NEEDED; i++) {
        const struct hf__document *d = needed[i].document;
        if (d->info.error == 0 && memcmp(&d->root, &trusted, sizeof trusted) == 0)
            continue;
        hf__reason(v, "%s is not signed under the trusted root", needed[i].name);
        return HF_ECOLLSIG;
    }
    /* A signer of what is said of all platforms must not be revoked either. */
    for (size_t i = 2; i < NEEDED; i++) {
        if (!hf__crl_lists(&v->root_crl->crl, needed[i].document->issuer->chain.cert[0].serial))
            continue;
        hf__reason(v, "the signer of %s is on the root's revocation list", needed[i].name);
        return HF_ECOLLSIG;
    }
    hf__reason(v, "every document is signed under the trusted root");
    return 0;
}

int hf__check_collateral_dates(struct hf__verification *v)
{
    struct needed needed[NEEDED];
    char from[HF_CIVIL_TEXT_LEN], to[HF_CIVIL_TEXT_LEN];
    uint64_t at_s = v->params->at_s, from_s = 0, to_s = UINT64_MAX;
    int error = 0;
    list_needed(v, needed);
    for (size_t i = 0; i < NEEDED; i++) {
        const struct hf_document_info *info = &needed[i].document->info;
        if (info->issue_date_s > v->verdict.issue_date_s)
            v->verdict.issue_date_s = info->issue_date_s;
        from_s = info->not_before_s > from_s ? info->not_before_s : from_s;
        to_s = info->not_after_s < to_s ? info->not_after_s : to_s;
    }
    if (at_s < from_s)
        error = HF_ECOLLEARLY;
    else if (at_s > to_s)
        error = HF_ECOLLEXPIRED;
    if (v->reason == NULL)
        return error;
    const char *name = "the collateral";
    for (size_t i = 0; error != 0 && i < NEEDED; i++) {
        const struct hf_document_info *info = &needed[i].document->info;
        if (error == HF_ECOLLEARLY ? at_s >= info->not_before_s : at_s <= info->not_after_s)
            continue;
        name = needed[i].name;
        from_s = info->not_before_s;
        to_s = info->not_after_s;
        break;
    }
    hf__civil_format(from_s, from);
    hf__civil_format(to_s, to);
    hf__reason(v, "%s, with its signers, is valid from %s to %s%s", name, from, to,
               error == HF_ECOLLEXPIRED ? ": fetch a newer set" : "");
    return error;
}

int hf__check_qe_identity(struct hf__verification *v)
{
    const char *differs = hf__qe_identity_differs(v->qe_identity->qe_identity, v->quote.qe_report);
    if (differs != NULL) {
        hf__reason(v, "the QE report's %s is not the one in the QE identity", differs);
        return HF_EQEIDENTITY;
    }
    hf__reason(v, "MISCSELECT, ATTRIBUTES, MRSIGNER and ISVPRODID are those of the QE identity");
    return 0;
}

/* The newest date of any level: when the evaluation that these documents stand for took effect. */
static uint64_t evaluation_date(const struct hf__tcb_info *info, const struct hf__qe_identity *id)
{
    uint64_t date_s = 0;
    for (size_t i = 0; i < info->level_count; i++)
        if (info->levels[i].level.date_s > date_s)
            date_s = info->levels[i].level.date_s;
    for (size_t i = 0; i < info->svn_level_count; i++)
        if (info->svn_levels[i].level.date_s > date_s)
            date_s = info->svn_levels[i].level.date_s;
    for (size_t i = 0; i < id->svn_level_count; i++)
        if (id->svn_levels[i].level.date_s > date_s)
            date_s = id->svn_levels[i].level.date_s;
    return date_s;
}

/* A level that an update would replace, and those beside it in its document. */
static void note_level(struct hf_verdict *v, const struct hf__level *matched,
                       const struct hf__level *levels, size_t stride, size_t count)
{
    bool out_of_date =
        matched != NULL && (matched->status == HF_TCB_OUT_OF_DATE ||
                            matched->status == HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED);
    uint64_t missed_s = 0;
    if (!out_of_date || (v->level_date_s != 0 && v->level_date_s <= matched->date_s))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct hf__level *l = (const void *)((const char *)levels + i * stride);
        if (l->date_s > matched->date_s && (missed_s == 0 || l->date_s < missed_s))
            missed_s = l->date_s;
    }
    v->level_date_s = matched->date_s;
    v->missed_date_s = missed_s;
}

static void note_levels(struct hf_verdict *v, const struct hf__tcb_info *info,
                        const struct hf__qe_identity *id, const struct hf__tcb_match *m)
{
    note_level(v, m->platform, &info->levels[0].level, sizeof info->levels[0], info->level_count);
    note_level(v, m->module, &info->svn_levels[m->module_levels.first].level,
               sizeof info->svn_levels[0], m->module_levels.count);
    note_level(v, m->qe, &id->svn_levels[0].level, sizeof id->svn_levels[0], id->svn_level_count);
}

/* Which evaluation the documents stand for, and since when it is known. */
static void note_evaluation(struct hf__verification *v, const struct hf__document_dates *info,
                            const struct hf__document_dates *id)
{
    const struct hf__document_dates *high = info, *low = id;
    struct hf_verdict *verdict = &v->verdict;
    if (id->evaluation_number > info->evaluation_number) {
        high = id;
        low = info;
    }
    verdict->evaluation_number = high->evaluation_number;
    verdict->evaluation_number_low = low->evaluation_number;
    verdict->evaluation_issued_s = high->issue_s;
    if (low->evaluation_number == high->evaluation_number && low->issue_s < high->issue_s)
        verdict->evaluation_issued_s = low->issue_s;
    for (size_t i = 0; i < v->params->evaluations_count; i++) {
        const struct hf_evaluation_seen *seen = &v->params->evaluations[i];
        if (seen->number == high->evaluation_number &&
            seen->issued_s < verdict->evaluation_issued_s)
            verdict->evaluation_issued_s = seen->issued_s;
    }
}

static const char *status_of(const struct hf__level *level)
{
    const char *name = level != NULL ? hf_tcb_status_name(level->status) : NULL;
    return name != NULL ? name : "none";
}

int hf__check_tcb(struct hf__verification *v)
{
    const struct hf__tcb_info *info = v->tcb_info->tcb_info;
    const struct hf__qe_identity *id = v->qe_identity->qe_identity;
    int r = hf__tcb_match(info, id, &v->chain->pck, &v->quote, &v->match);
    if (r != 0) {
        hf__reason(v, "%s", v->match.reason);
        return r;
    }
    v->verdict.tcb_status = (uint8_t)v->match.status;
    v->verdict.tcb_date_s = v->match.platform->date_s;
    v->verdict.evaluation_date_s = evaluation_date(info, id);
    note_evaluation(v, &info->dates, &id->dates);
    note_levels(&v->verdict, info, id, &v->match);
    hf__reason(v, "%s by evaluation %u: platform %s, TDX module %s, QE %s",
               hf_tcb_status_name(v->match.status), v->verdict.evaluation_number,
               status_of(v->match.platform), status_of(v->match.module), status_of(v->match.qe));
    return 0;
}
