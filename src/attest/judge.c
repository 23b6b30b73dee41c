#include "attest/judge.h"
#include "base/error.h"

/* A production build knows no other trust than Intel's, whatever a policy says. */
static bool trusts(const struct hf_judge_policy *p, uint8_t trust)
{
#ifdef HF_PRODUCTION
    return trust == HF_TRUST_INTEL && p->trust == HF_TRUST_INTEL;
#else
    return trust == p->trust;
#endif
}

static bool accepts_status(const struct hf_judge_policy *p, const struct hf_verdict *v,
                           uint64_t at_s)
{
    uint32_t bit = v->tcb_status < 32 ? HF_TCB_BIT(v->tcb_status) : 0;
    if (v->tcb_status == HF_TCB_NONE)
        return false;
    if ((p->tcb_accepted & bit) != 0)
        return true;
    if ((p->tcb_grace_accepted & bit) == 0 || v->evaluation_date_s == 0)
        return false;
    /* A grace that has not begun, by a clock that runs behind, is a grace. */
    return at_s < v->evaluation_date_s || at_s - v->evaluation_date_s <= p->tcb_grace_s;
}

static bool accepts_debug(const struct hf_judge_policy *p, const struct hf_verdict *v)
{
    return !v->debug || (p->debug_accepted && p->trust == HF_TRUST_DEV);
}

/* The entry that accepts a measurement now: of several with one digest, the one of the highest
 * rank. */
static const struct hf_judge_measurement *
find_measurement(const struct hf_judge_policy *p, const struct hf_verdict *v, uint64_t at_s)
{
    const struct hf_judge_measurement *best = NULL;
    for (size_t i = 0; i < p->measurement_count; i++) {
        const struct hf_judge_measurement *m = &p->measurements[i];
        if (memcmp(m->digest, v->measurement, sizeof m->digest) != 0 || m->withdrawn ||
            at_s < m->effective_from_s)
            continue;
        if (best == NULL || m->rank > best->rank)
            best = m;
    }
    return best;
}

static bool accepts_age(const struct hf_judge_policy *p, const struct hf_judge_request *r)
{
    if (!r->dated)
        return true;
    if (r->quoted_at_s > r->at_s)
        return r->quoted_at_s - r->at_s <= p->quote_ahead_s_max;
    return p->quote_age_s_max == 0 || r->at_s - r->quoted_at_s <= p->quote_age_s_max;
}

int hf_judge(const struct hf_verdict *verdict, const struct hf_judge_policy *policy,
             const struct hf_judge_request *request, struct hf_judgement *ret)
{
    if (verdict->error != 0)
        return verdict->error;
    if (!trusts(policy, verdict->trust))
        return verdict->trust == HF_TRUST_DEV ? HF_EDEVQUOTE : HF_EUNTRUSTED;
    if (!accepts_status(policy, verdict, request->at_s))
        return HF_ETCBSTATUS;
    if (!accepts_debug(policy, verdict))
        return HF_EDEBUGTD;
    if (((verdict->td_attributes ^ policy->td_attributes) & policy->td_attributes_mask) != 0)
        return HF_ETDATTRIBUTES;
    if (((verdict->xfam ^ policy->xfam) & policy->xfam_mask) != 0)
        return HF_EXFAM;
    if (((verdict->seam_attributes ^ policy->seam_attributes) & policy->seam_attributes_mask) != 0)
        return HF_ESEAM;
    const struct hf_judge_measurement *m = find_measurement(policy, verdict, request->at_s);
    if (m == NULL)
        return HF_EMEASUREMENT;
    if (request->report_data != NULL &&
        memcmp(request->report_data, verdict->report_data, sizeof verdict->report_data) != 0)
        return HF_EREPORTDATA;
    if (!accepts_age(policy, request))
        return HF_EQUOTEOLD;
    if (ret != NULL)
        *ret = (struct hf_judgement){.measurement = m, .rank = m->rank};
    return 0;
}
