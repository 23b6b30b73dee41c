/* The view: the one answer about a member, authority first. */
#include "members/detect.h"

/* A leave binds one registration: an account that is registered anew begins anew. */
static const struct hf__told *leave_of(const struct hf_engine *e, const struct hf_validator *v)
{
    const struct hf__told *told = hf__told_find(e, &v->account, HF__NEWS_LEAVE, NULL);
    hf_assert(told == NULL || hf_account_equal(&told->author, &v->account));
    return told == NULL || told->over || told->registered_epoch != v->registered_epoch ? NULL
                                                                                       : told;
}

const struct hf__told *hf__view_leave(const struct hf_engine *e, const struct hf_account *account)
{
    long at = e->trust->set != NULL ? hf_set_find(e->trust->set, account) : -1;
    hf_assert(at < 0 || (size_t)at < e->trust->set->u.set.validators_count);
    return at < 0 ? NULL : leave_of(e, &e->trust->set->u.set.validators[at]);
}

static bool leaves(const struct hf_engine *e, const struct hf_validator *v, struct hf__view *ret)
{
    hf_assert(ret->state == HF_MEMBER_LEAVING);
    const struct hf__told *told = leave_of(e, v);
    if (told == NULL)
        return v->leaving;
    ret->until_s = told->until_s;
    if (told->done)
        ret->state = HF_MEMBER_LEFT;
    return true;
}

static bool suspected(const struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(e->trust->set != NULL);
    const struct hf__members *m = e->members;
    for (size_t i = hf__told_suspected(e, account);
         i < m->told_count && hf_account_equal(&m->told[i]->subject, account); i++)
        if (m->told[i]->kind == HF__NEWS_SUSPECT)
            return true;
    return false;
}

struct hf__view hf__view(const struct hf_engine *e, const struct hf_account *account)
{
    struct hf__view view = {.state = HF_MEMBER_NONE};
    long at = e->trust->set != NULL ? hf_set_find(e->trust->set, account) : -1;
    if (at < 0)
        return view;
    view.place = hf__told_highest(e, account).incarnation;
    view.state = HF_MEMBER_LEAVING;
    if (leaves(e, &e->trust->set->u.set.validators[at], &view))
        return view;
    const struct hf__contact *c = hf__contact_find(e, account);
    view.absent = c != NULL && c->found != HF__FOUND_WELL;
    view.since_ms = view.absent ? c->found_ms : 0;
    if (view.absent && c->found == HF__FOUND_UNREACHABLE)
        view.state = HF_MEMBER_UNREACHABLE;
    else
        view.state = view.absent || suspected(e, account) ? HF_MEMBER_SUSPECT : HF_MEMBER_MEMBER;
    const struct hf__told *drain = hf__told_find(e, account, HF__NEWS_DRAINING, NULL);
    /* A restart ends it, though the word that took it back was lost with the process. */
    view.draining = drain != NULL && !drain->over && drain->until_s > hf__now_s(e) &&
                    drain->place.claim == hf__told_highest(e, account).claim;
    if (view.draining)
        view.until_s = drain->until_s;
    return view;
}

bool hf__view_left(const struct hf_engine *e, const struct hf_account *account)
{
    struct hf__view view = {.state = HF_MEMBER_LEAVING};
    long at = e->trust->set != NULL ? hf_set_find(e->trust->set, account) : -1;
    bool left = at >= 0 && leaves(e, &e->trust->set->u.set.validators[at], &view) &&
                view.state == HF_MEMBER_LEFT;
    hf_assert(!left || hf__is_member(e, account));
    return left;
}

bool hf__view_departs(const struct hf_engine *e, const struct hf_account *account)
{
    enum hf_member_state state = hf__view(e, account).state;
    hf_assert(state != HF_MEMBER_NONE || !hf__is_member(e, account));
    return state == HF_MEMBER_NONE || state == HF_MEMBER_LEAVING || state == HF_MEMBER_LEFT;
}

size_t hf__view_places(const struct hf_engine *e, const struct hf_document *set,
                       const struct hf_account *owner, uint32_t version, uint8_t n,
                       uint32_t ret[static HF_RANK_FACTOR * HF_SHARES_MAX])
{
    const struct hf_validator *v = set->u.set.validators;
    enum hf_domain_rule rule = (enum hf_domain_rule)hf__policy(e)->domain_rule;
    size_t want = (size_t)HF_RANK_FACTOR * n;
    hf_assert(n > 0 && n <= HF_SHARES_MAX);
    for (;;) {
        size_t more = (size_t)HF_RANK_FACTOR * n;
        size_t count = hf_select_beyond(set, owner, version, rule, n, want, ret);
        for (size_t i = 0; i < count; i++)
            more += hf__view_departs(e, &v[ret[i]].account);
        if (more > HF_RANK_FACTOR * HF_SHARES_MAX)
            more = HF_RANK_FACTOR * HF_SHARES_MAX;
        hf_assert(count <= want);
        if (count < want || more <= want)
            return count;
        want = more;
    }
}
