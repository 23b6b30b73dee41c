#include "follow_word.h"

#include "base/duration.h"
#include "base/error.h"

#include <stdlib.h>

/* ---- what one signer says */

static int to_account(const void *key, const void *entry)
{
    const struct hf__follow_account *k = entry;
    return hf_account_compare(key, &k->account);
}

const struct hf__follow_account *hf__follow_find(const struct hf__follow_account *accounts,
                                                 size_t count, const struct hf_account *account)
{
    return count > 0 ? bsearch(account, accounts, count, sizeof *accounts, to_account) : NULL;
}

/* Whether its answers have failed for longer than the policy's grace. Silence proves nothing. */
static bool is_lost(const struct hf__witness *w, const struct hf_account *account)
{
    const struct hf__follow_account *k = hf__follow_find(w->accounts, w->accounts_count, account);
    return k != NULL && k->failed_since_s != 0 &&
           w->now_s >= k->failed_since_s + w->policy->u.policy.holder_grace_s;
}

static bool is_attested(const struct hf__witness *w, const struct hf_account *account)
{
    const struct hf__follow_account *k = hf__follow_find(w->accounts, w->accounts_count, account);
    return k != NULL && k->failed_since_s == 0 && k->passed_s != 0 &&
           w->now_s <= k->passed_s + w->fresh_s;
}

static struct hf_chain_change told(enum hf__change kind, const struct hf__chain_validator *c)
{
    return (struct hf_chain_change){.account = c->account,
                                    .kind = kind,
                                    .address = c->address,
                                    .operator_name = c->operator_name,
                                    .zone = c->zone};
}

/*
 * A member. Who is absent leaves only where every entry says whose it is; who stands there badly
 * stays as it is.
 */
static bool of_member(const struct hf__witness *w, const struct hf_validator *v,
                      struct hf_chain_change *ret)
{
    const struct hf__chain_validator *c = hf__chain_find(w->view, &v->account);
    bool gone = c == NULL && w->view->unnamed == 0;
    if (gone || is_lost(w, &v->account)) {
        *ret = (struct hf_chain_change){.account = v->account, .kind = HF__LEAVES};
        return true;
    }
    if (c == NULL || c->bad ||
        (hf_bytes_equal(v->address, c->address) &&
         hf_bytes_equal(v->operator_name, c->operator_name) && hf_bytes_equal(v->zone, c->zone)))
        return false;
    *ret = told(HF__MOVED, c);
    return true;
}

static bool of_other(const struct hf__witness *w, const struct hf__chain_validator *c,
                     struct hf_chain_change *ret)
{
    if (c->bad || !is_attested(w, &c->account))
        return false;
    *ret = told(HF__ENTERS, c);
    return true;
}

size_t hf__follow_differences(const struct hf__witness *w, struct hf_chain_change *ret, size_t max)
{
    const struct hf_validator_set *set = &w->set->u.set;
    size_t i = 0, j = 0, count = 0;
    while (count < max && (i < set->validators_count || j < w->view->count)) {
        int order = i == set->validators_count ? 1
                    : j == w->view->count      ? -1
                                               : hf_account_compare(&set->validators[i].account,
                                                                    &w->view->list[j].account);
        if (order > 0)
            count += of_other(w, &w->view->list[j], &ret[count]);
        else
            count += of_member(w, &set->validators[i], &ret[count]);
        i += order <= 0;
        j += order >= 0;
    }
    return count;
}

/* ---- what several say */

bool hf__follow_word_counts(const struct hf_chain_word *w, const struct hf_network_id *network,
                            const struct hf_document *set, uint64_t now_s)
{
    if (!hf_network_id_equal(&w->network, network) || !hf_hash_equal(&w->set, &set->body_hash) ||
        w->made_s > now_s + HF_CLOCK_AHEAD_S || now_s > w->made_s + HF__WORD_FRESH_S)
        return false;
    for (size_t i = 1; i < w->changes_count; i++)
        if (hf_account_compare(&w->changes[i - 1].account, &w->changes[i].account) >= 0)
            return false;
    return true;
}

static int compare_bytes(struct hf_bytes a, struct hf_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const struct hf_chain_change *a, const struct hf_chain_change *b)
{
    int order = hf_account_compare(&a->account, &b->account);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    if (order == 0)
        order = compare_bytes(a->address, b->address);
    if (order == 0)
        order = compare_bytes(a->operator_name, b->operator_name);
    return order != 0 ? order : compare_bytes(a->zone, b->zone);
}

static int by_change(const void *a, const void *b)
{
    const struct hf_chain_change *const *x = a, *const *y = b;
    return compare(*x, *y);
}

/* Keeps one of those that stand there at least m times. Returns how many. */
static size_t keep(const struct hf_chain_change **list, size_t count, size_t m)
{
    size_t kept = 0;
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && compare(list[i], list[next]) == 0; next++)
            ;
        if (next - i >= m)
            list[kept++] = list[i];
    }
    return kept;
}

int hf__follow_back(const struct hf_chain_word *const *words, size_t count, size_t m,
                    struct hf__backed *ret)
{
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += words[i]->changes_count;
    const struct hf_chain_change **list = calloc(all + 1, sizeof *list);
    if (list == NULL)
        return HF_ENOMEM;
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < words[i]->changes_count; j++)
            list[at++] = &words[i]->changes[j];
    qsort(list, all, sizeof *list, by_change);
    *ret = (struct hf__backed){.list = list, .count = keep(list, all, m), .enough = count >= m};
    return 0;
}

void hf__follow_backed_done(struct hf__backed *b)
{
    free(b->list);
    *b = (struct hf__backed){0};
}
