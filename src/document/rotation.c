/* How long keys live (proto/ROTATION.md, 1). */
#include "document/document.h"

enum { HOUR_S = 3600, WEEK_S = 7 * 86400 };

static uint64_t longer(uint64_t one_s, uint64_t other_s)
{
    return one_s > other_s ? one_s : other_s;
}

void hf_policy_lifetimes(const struct hf_policy *p, struct hf_lifetimes *ret)
{
    *ret = (struct hf_lifetimes){.pending_s = p->rotation_pending_s,
                                 .active_s = p->rotation_active_s,
                                 .expired_s = p->rotation_expired_s};
    if (ret->pending_s == 0)
        ret->pending_s = HOUR_S;
    if (ret->expired_s == 0)
        ret->expired_s = longer(WEEK_S, p->quote_age_max_s);
    if (ret->active_s == 0)
        ret->active_s = longer(12 * WEEK_S, ret->expired_s);
}

enum hf_lifetimes_fault hf_policy_lifetimes_check(const struct hf_policy *p)
{
    struct hf_lifetimes l;
    hf_policy_lifetimes(p, &l);
    if (l.pending_s >= l.active_s)
        return HF_LIFETIMES_PENDING;
    if (l.expired_s < p->quote_age_max_s)
        return HF_LIFETIMES_EXPIRED_SHORT;
    return l.expired_s > l.active_s ? HF_LIFETIMES_EXPIRED_LONG : HF_LIFETIMES_FIT;
}

uint32_t hf_policy_sealing_suites(const struct hf_policy *p)
{
    return p->sealing_suites != 0 ? (uint32_t)p->sealing_suites : 1u << HF_SEALING_CHACHA;
}
