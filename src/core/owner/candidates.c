/*
 * Whom a dealing asks, and in which order (proto/PROTOCOL.md, 5 and 7): holders that stay come
 * first; the others by the current order, and at the end those that are asked last.
 */
#include "owner/deal.h"

bool hf__domain_parts(const struct hf_engine *e, const struct hf_account *a,
                      const struct hf_account *b)
{
    long ia = hf_set_find(e->trust->set, a), ib = hf_set_find(e->trust->set, b);
    const struct hf_validator *v = e->trust->set->u.set.validators;
    return ia >= 0 && ib >= 0 &&
           hf_domain_parts((enum hf_domain_rule)hf__policy(e)->domain_rule, &v[ia], &v[ib]);
}

/* A holder of the recorded generation that goes on: it has the record, answers, and is about to
 * stay. */
static bool fit(const struct hf_engine *e, const struct hf__holder *w)
{
    hf_assert(w->index > 0);
    return w->confirmed && !w->voteless && w->silent_ms == 0 &&
           w->audits_failed < HF_AUDITS_FAILED_MAX && !hf__view_departs(e, &w->account);
}

static void add_candidate(struct hf__dealing *d, const struct hf_account *account, bool kept)
{
    hf_assert(d->candidates_count < HF__CANDIDATES_MAX);
    struct hf__candidate *c = &d->candidates[d->candidates_count++];
    *c = (struct hf__candidate){.kept = kept, .slot = -1};
    c->account = *account;
    hf_assert(c->state == HF__CANDIDATE_UNASKED);
}

/* Whether the policy's domain rule, which may be newer than the holders are, lets this one stay
 * beside those that do. */
static bool fits_rule(const struct hf_engine *e, const struct hf__dealing *d,
                      const struct hf_account *account)
{
    for (size_t i = 0; i < d->candidates_count; i++)
        if (hf__domain_parts(e, &d->candidates[i].account, account))
            return false;
    return true;
}

/* Whether a member may take the place of a holder that is lost: not who departs, nor one that just
 * failed us, unless it answers and has lost what it held; nor whom the domain rule parts from one
 * that stays. */
static bool eligible(const struct hf_engine *e, const struct hf__dealing *d,
                     const struct hf_account *account, size_t kept)
{
    hf_assert(kept <= d->candidates_count);
    bool skip = hf__view_departs(e, account);
    const struct hf__holder *h = hf__holder_find(e, account);
    skip = skip || (h != NULL && !h->voteless && !hf__holder_lacks(h));
    for (size_t j = 0; j < kept && !skip; j++)
        skip = hf__domain_parts(e, &d->candidates[j].account, account);
    return !skip;
}

/* Whether a member is asked after all others: it does not answer this node's probes; or it answers
 * and says that a share of this owner is not there, which may be for a fault that lasts. */
static bool is_last(const struct hf_engine *e, const struct hf_account *account)
{
    const struct hf__holder *h = hf__holder_find(e, account);
    hf_assert(h == NULL || h->index > 0);
    return hf__view(e, account).absent || (h != NULL && h->answered && hf__holder_lacks(h));
}

/* Who takes the place of a candidate: itself or, where it cannot, another of its operator that can;
 * of those that are asked first, or of the last. NULL: none can. */
static const struct hf_account *for_place(struct hf_engine *e, const struct hf__dealing *d,
                                          uint32_t candidate, size_t kept, bool last)
{
    const struct hf_validator *v = e->trust->set->u.set.validators;
    uint32_t others[HF_SHARES_MAX];
    hf_assert(candidate < e->trust->set->u.set.validators_count);
    if (is_last(e, &v[candidate].account) == last && eligible(e, d, &v[candidate].account, kept))
        return &v[candidate].account;
    if (hf__policy(e)->domain_rule == HF_DOMAIN_NONE)
        return NULL; /* the others have places of their own */
    size_t count = hf_select_stand_ins(e->trust->set, &e->account, e->active.number, candidate,
                                       HF_ARRAY_LEN(others), others);
    for (size_t i = 0; i < count; i++)
        if (is_last(e, &v[others[i]].account) == last &&
            eligible(e, d, &v[others[i]].account, kept))
            return &v[others[i]].account;
    return NULL;
}

void hf__candidates_list(struct hf_engine *e, struct hf__dealing *d)
{
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    hf_assert(d->candidates_count == 0 && d->n > 0 && d->n <= HF_SHARES_MAX);
    for (size_t i = 0; i < e->owner->holders_count; i++)
        if (fit(e, &e->owner->holders[i]) && fits_rule(e, d, &e->owner->holders[i].account))
            add_candidate(d, &e->owner->holders[i].account, true);
    size_t kept = d->candidates_count;
    hf_assert(kept <= e->owner->holders_count);
    size_t count = hf__view_places(e, e->trust->set, &e->account, e->active.number, d->n, order);
    hf_assert(count <= HF_ARRAY_LEN(order));
    bool taken[HF_ARRAY_LEN(order)] = {false};
    for (size_t i = 0; i < 2 * count; i++) {
        if (taken[i % count])
            continue;
        const struct hf_account *account = for_place(e, d, order[i % count], kept, i >= count);
        taken[i % count] = account != NULL;
        if (account != NULL)
            add_candidate(d, account, false);
    }
}

uint64_t hf__deal_asks(const struct hf__dealing *d)
{
    uint64_t sum = 14695981039346656037u; /* FNV-1a, by eight bytes */
    hf_assert(d->n > 0 && d->candidates_count <= HF__CANDIDATES_MAX);
    for (size_t i = 0; i < d->candidates_count; i++)
        sum = (sum ^ hf_bytes_head(d->candidates[i].account.bytes)) * 1099511628211u;
    return sum;
}

uint64_t hf__deal_outlook(struct hf_engine *e)
{
    struct hf__dealing *d =
        hf__scratch(e, sizeof *d + HF__CANDIDATES_MAX * sizeof(struct hf__candidate));
    d->n = (uint8_t)hf__policy(e)->shares;
    hf__candidates_list(e, d);
    hf_assert(d->n > 0 && d->candidates_count <= HF__CANDIDATES_MAX);
    return hf__deal_asks(d);
}

void hf__deal_later(struct hf_engine *e, uint64_t after_ms, uint64_t outlook)
{
    struct hf__owner *o = e->owner;
    hf_assert(e->claimed && after_ms > e->now_ms);
    o->deal_after_ms = after_ms;
    o->deal_news_ms = e->now_ms + e->timing.watch_ms;
    o->deal_after_adopted = e->trust->adopted;
    o->deal_after_changed = e->members->changed;
    o->deal_after_outlook = outlook;
    hf_assert(o->deal_news_ms >= e->now_ms);
}
