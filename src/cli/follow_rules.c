#include "follow_rules.h"

#include "base/error.h"
#include "document/selection.h"

#include <stdlib.h>

enum { HF__RENEW_QUARTERS = 4 };

/* ---- the view */

static int by_account(const void *a, const void *b)
{
    const struct hf__chain_validator *const *x = a, *const *y = b;
    return hf_account_compare(&(*x)->account, &(*y)->account);
}

/* Whether no account stands twice. HF_ENOMEM. */
static int check_distinct(const struct hf__chain_view *view)
{
    const struct hf__chain_validator **sorted = calloc(view->count, sizeof *sorted);
    if (sorted == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < view->count; i++)
        sorted[i] = &view->list[i];
    qsort(sorted, view->count, sizeof *sorted, by_account);
    int r = 0;
    for (size_t i = 1; i < view->count; i++)
        if (hf_account_equal(&sorted[i - 1]->account, &sorted[i]->account))
            r = HF_ECHAINVIEW;
    free(sorted);
    return r;
}

int hf__chain_check(const struct hf__chain_view *view, const struct hf_hash *chain,
                    const struct hf__chain_block *seen, uint64_t now_s)
{
    if (!hf_hash_equal(&view->chain, chain))
        return HF_EOTHERCHAIN;
    if (view->block.number < seen->number)
        return HF_ECHAINLAGS;
    if (seen->number > 0 &&
        (view->since.number != seen->number || !hf_hash_equal(&view->since.hash, &seen->hash)))
        return HF_ECHAINFORK;
    if (view->block.number == seen->number && !hf_hash_equal(&view->block.hash, &seen->hash))
        return HF_ECHAINFORK;
    if (view->time_s > now_s + HF__CHAIN_AHEAD_S || view->count == 0)
        return HF_ECHAINVIEW;
    for (size_t i = 0; i < view->count; i++)
        if (view->list[i].address.len == 0 || view->list[i].operator_name.len == 0)
            return HF_ECHAINVIEW;
    int r = check_distinct(view);
    if (r == 0 && now_s > view->time_s + HF__CHAIN_LAG_S)
        r = HF_ECHAINLAGS;
    return r;
}

/* ---- the list */

static const struct hf__chain_validator *on_chain(const struct hf__chain_view *view,
                                                  const struct hf_account *account)
{
    for (size_t i = 0; i < view->count; i++)
        if (hf_account_equal(&view->list[i].account, account))
            return &view->list[i];
    return NULL;
}

static const struct hf__follow_account *known_of(const struct hf__following *f,
                                                 const struct hf_account *account)
{
    for (size_t i = 0; i < f->accounts_count; i++)
        if (hf_account_equal(&f->accounts[i].account, account))
            return &f->accounts[i];
    return NULL;
}

/* Whether its answers have failed for longer than the policy's grace. Silence proves nothing. */
static bool is_lost(const struct hf__following *f, const struct hf_account *account)
{
    const struct hf__follow_account *k = known_of(f, account);
    return k != NULL && k->failed_since_s != 0 &&
           f->now_s >= k->failed_since_s + f->policy->u.policy.holder_grace_s;
}

static bool is_attested(const struct hf__following *f, const struct hf_account *account)
{
    const struct hf__follow_account *k = known_of(f, account);
    return k != NULL && k->failed_since_s == 0 && k->passed_s != 0 &&
           f->now_s <= k->passed_s + HF__FOLLOW_FRESH_S;
}

/*
 * How many may go at once: of a validator's n holders n - q may be lost before it cannot claim. The
 * next may go when those that stay have had the time to deal anew.
 */
static size_t may_go(const struct hf__following *f)
{
    const struct hf_policy *p = &f->policy->u.policy;
    size_t spare = p->shares - p->claim_quorum;
    if (f->now_s < f->set->u.set.issued_s + p->holder_grace_s)
        return 0;
    return spare > 1 ? spare : 1;
}

static int by_validator(const void *a, const void *b)
{
    const struct hf_validator *x = a, *y = b;
    return hf_account_compare(&x->account, &y->account);
}

/* As the set in force has it, where the chain says that it is. */
static struct hf_validator moved(const struct hf_validator *v, const struct hf__chain_validator *c,
                                 bool *changes)
{
    struct hf_validator now = *v;
    if (c == NULL)
        return now;
    *changes = *changes || !hf_bytes_equal(v->address, c->address) ||
               !hf_bytes_equal(v->operator_name, c->operator_name) ||
               !hf_bytes_equal(v->zone, c->zone);
    now.address = c->address;
    now.operator_name = c->operator_name;
    now.zone = c->zone;
    return now;
}

/* Who comes back brings along what the authority has decided. */
static void recall_floor(const struct hf__following *f, struct hf_validator *v)
{
    long at = f->base != NULL ? hf_set_find(f->base, &v->account) : -1;
    if (at < 0)
        return;
    v->has_floor = f->base->u.set.validators[at].has_floor;
    v->floor = f->base->u.set.validators[at].floor;
}

/* list: room for all of the set and of the view. Returns how many. */
static size_t make_list(const struct hf__following *f, uint32_t epoch, struct hf_validator *list,
                        bool *changes)
{
    const struct hf_validator_set *set = &f->set->u.set;
    size_t count = 0, go = may_go(f);
    /* In the order of accounts, so that all signers leave out the same. */
    for (size_t i = 0; i < set->validators_count; i++) {
        const struct hf_validator *v = &set->validators[i];
        const struct hf__chain_validator *c = on_chain(f->view, &v->account);
        if ((c == NULL || is_lost(f, &v->account)) && go > 0) {
            *changes = true;
            go--;
            continue;
        }
        list[count++] = moved(v, c, changes);
    }
    for (size_t i = 0; i < f->view->count; i++) {
        const struct hf__chain_validator *c = &f->view->list[i];
        if (hf_set_find(f->set, &c->account) >= 0 || !is_attested(f, &c->account))
            continue;
        *changes = true;
        list[count] = (struct hf_validator){.account = c->account,
                                            .registered_epoch = epoch,
                                            .address = c->address,
                                            .operator_name = c->operator_name,
                                            .zone = c->zone};
        recall_floor(f, &list[count++]);
    }
    qsort(list, count, sizeof *list, by_validator);
    return count;
}

/* Whether every validator could place its shares under an encoded set. */
static int check_possible(const struct hf__following *f, struct hf_bytes body)
{
    const struct hf_policy *p = &f->policy->u.policy;
    struct hf_document *d = NULL;
    struct hf_buf envelope;
    hf_buf_init(&envelope, HF_WIRE_DOCUMENT_MAX);
    int r = hf_document_wrap(HF_DOCUMENT_SET, body, &envelope);
    if (r == 0)
        r = hf_document_read(f->set->pool, hf_buf_bytes(&envelope), &d);
    if (r == 0)
        r = hf_select_possible(d, (enum hf_domain_rule)p->domain_rule, (uint8_t)p->shares);
    hf_document_unref(d);
    hf_buf_done(&envelope);
    return r;
}

int hf__follow_body(const struct hf__following *f, const struct hf__follow_choice *c,
                    struct hf_buf *ret_body, bool *ret_changes)
{
    const struct hf_validator_set *now = &f->set->u.set;
    uint64_t validity_s = now->expires_s - now->issued_s;
    struct hf_validator_set set = {
        .epoch = c->epoch, .issued_s = c->issued_s, .expires_s = c->issued_s + validity_s};
    bool changes = f->now_s + validity_s / HF__RENEW_QUARTERS > now->expires_s;
    set.validators = calloc(now->validators_count + f->view->count, sizeof *set.validators);
    if (set.validators == NULL)
        return HF_ENOMEM;
    set.validators_count = make_list(f, c->epoch, set.validators, &changes);
    memcpy(set.beacon, c->beacon, sizeof set.beacon);
    if (f->base != NULL && f->base->floors_count > 0)
        set.base = hf_blob_bytes(f->base->envelope);
    size_t before = ret_body->len;
    int r = hf_wire_encode(&hf_wire_validator_set, &set, ret_body);
    if (r == 0)
        r = check_possible(f, hf_bytes_of(ret_body->data + before, ret_body->len - before));
    if (r == 0)
        *ret_changes = changes;
    free(set.validators);
    return r;
}

int hf__follow_accepts(const struct hf__following *f, const struct hf_document *d,
                       uint32_t signed_epoch)
{
    struct hf_buf own;
    bool changes = false;
    const struct hf_validator_set *s = &d->u.set, *now = &f->set->u.set;
    hf_assert(d->kind == HF_DOCUMENT_SET);
    if (s->epoch <= now->epoch || s->epoch <= signed_epoch ||
        s->epoch > now->epoch + HF__FOLLOW_EPOCHS_MAX || s->issued_s < now->issued_s ||
        s->issued_s > f->now_s + HF__CHAIN_AHEAD_S ||
        f->now_s > s->issued_s + HF__FOLLOW_PROPOSED_S ||
        memcmp(s->beacon, now->beacon, sizeof s->beacon) == 0)
        return HF_EDOCUMENT;
    struct hf__follow_choice c = {.epoch = (uint32_t)s->epoch, .issued_s = s->issued_s};
    memcpy(c.beacon, s->beacon, sizeof c.beacon);
    hf_buf_init(&own, HF_WIRE_DOCUMENT_MAX);
    int r = hf__follow_body(f, &c, &own, &changes);
    if (r == 0 && (!changes || !hf_bytes_equal(hf_buf_bytes(&own), d->signatures.body)))
        r = HF_EDOCUMENT;
    hf_buf_done(&own);
    return r;
}
