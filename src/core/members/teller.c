/* How much an account may tell: a bucket of events, refilled at a rate. Who forges or floods loses
 * its own voice. */
#include <stdlib.h>

#include "base/error.h"
#include "members/members.h"

enum { BAD_COSTS = 16 };

static void refill(const struct hf_engine *e, struct hf__teller *t)
{
    hf_assert(t->left <= HF_EVENTS_BURST && t->at_ms <= e->now_ms);
    uint64_t more = (e->now_ms - t->at_ms) * HF_EVENTS_RATE / 1000;
    if (more == 0)
        return;
    t->at_ms = e->now_ms;
    t->left = more + t->left > HF_EVENTS_BURST ? HF_EVENTS_BURST : t->left + (uint32_t)more;
    hf_assert(t->left <= HF_EVENTS_BURST);
}

static void grow(struct hf__members *m)
{
    hf_assert(m->tellers_count == m->tellers_cap && m->tellers_cap < HF_TELLERS_MAX);
    m->tellers_cap = (uint16_t)(m->tellers_cap < 4 ? 4 : 2 * m->tellers_cap);
    m->tellers = realloc(m->tellers, m->tellers_cap * sizeof *m->tellers);
    m->teller_heads = realloc(m->teller_heads, m->tellers_cap * sizeof *m->teller_heads);
    hf_assert(m->tellers != NULL && m->teller_heads != NULL);
    hf_assert(m->tellers_cap <= HF_TELLERS_MAX);
}

/* The account's bucket; a new one takes the place of the fullest, which says nothing of its
 * owner. */
static struct hf__teller *teller_of(struct hf_engine *e, const struct hf_account *account)
{
    struct hf__members *m = e->members;
    hf_assert(m->tellers_count <= HF_TELLERS_MAX);
    hf_assert((m->tellers == NULL) == (m->teller_heads == NULL));
    struct hf__teller *fullest = NULL;
    uint16_t head = hf__head(account);
    size_t count = m->tellers_count;
    for (size_t i = 0; (i = hf__head_next(m->teller_heads, count, i, head)) < count; i++) {
        struct hf__teller *t = &m->tellers[i];
        if (!hf_account_equal(&t->account, account))
            continue;
        refill(e, t);
        return t;
    }
    for (size_t i = 0; m->tellers_count == HF_TELLERS_MAX && i < HF_TELLERS_MAX; i++) {
        struct hf__teller *t = &m->tellers[i];
        refill(e, t);
        if (fullest == NULL || t->left > fullest->left)
            fullest = t;
    }
    if (m->tellers_count < HF_TELLERS_MAX) {
        if (m->tellers_count == m->tellers_cap)
            grow(m);
        fullest = &m->tellers[m->tellers_count++];
    }
    *fullest = (struct hf__teller){.left = HF_EVENTS_BURST, .at_ms = e->now_ms};
    hf_assert(m->tellers_count > 0);
    fullest->account = *account;
    m->teller_heads[fullest - m->tellers] = head;
    return fullest;
}

bool hf__teller_may(struct hf_engine *e, const struct hf_account *account, size_t events)
{
    struct hf__teller *t = teller_of(e, account);
    hf_assert(hf_account_equal(&t->account, account));
    if (t->left < events + 1) {
        hf__excess(e, account);
        return false;
    }
    t->left -= (uint32_t)events + 1;
    return true;
}

void hf__teller_bad(struct hf_engine *e, const struct hf_account *account)
{
    struct hf__teller *t = teller_of(e, account);
    hf_assert(t->left <= HF_EVENTS_BURST);
    t->left = t->left > BAD_COSTS ? t->left - BAD_COSTS : 0;
}
