#include "follow_view.h"

#include "base/duration.h"
#include "base/error.h"

#include <stdlib.h>

static int by_account(const void *a, const void *b)
{
    const struct hf__chain_validator *x = a, *y = b;
    return hf_account_compare(&x->account, &y->account);
}

size_t hf__chain_settle(struct hf__chain_validator *list, size_t count)
{
    size_t left = 0;
    if (count > 0)
        qsort(list, count, sizeof *list, by_account);
    for (size_t i = 0; i < count; i++) {
        if (left > 0 && hf_account_equal(&list[left - 1].account, &list[i].account))
            list[left - 1].bad = true;
        else
            list[left++] = list[i];
    }
    return left;
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
    if (view->time_s > now_s + HF_CLOCK_AHEAD_S || view->count == 0)
        return HF_ECHAINVIEW;
    return now_s > view->time_s + HF__CHAIN_LAG_S ? HF_ECHAINLAGS : 0;
}

static int to_account(const void *key, const void *entry)
{
    const struct hf__chain_validator *c = entry;
    return hf_account_compare(key, &c->account);
}

const struct hf__chain_validator *hf__chain_find(const struct hf__chain_view *view,
                                                 const struct hf_account *account)
{
    return view->count > 0
               ? bsearch(account, view->list, view->count, sizeof *view->list, to_account)
               : NULL;
}
