#include "trust/peer.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "core/limits.h"

struct hf__peer_table *hf__peer_table_new(void)
{
    return calloc(1, sizeof(struct hf__peer_table));
}

void hf__peer_table_free(struct hf__peer_table *all)
{
    if (all == NULL)
        return;
    hf_assert(all->count == 0);
    free(all->buckets);
    free(all);
}

size_t hf__peer_table_memory(const struct hf__peer_table *all)
{
    hf_assert((all->buckets_count & (all->buckets_count - 1)) == 0);
    return sizeof *all + all->buckets_count * sizeof(struct hf__peer *);
}

static struct hf__peer **bucket_of(const struct hf__peer_table *t, const struct hf_hash *quote_hash)
{
    hf_assert(t->buckets_count > 0 && (t->buckets_count & (t->buckets_count - 1)) == 0);
    return &t->buckets[hf_bytes_head(quote_hash->bytes) & (t->buckets_count - 1)];
}

static void grow(struct hf__peer_table *t)
{
    hf_assert(t->count == t->buckets_count);
    struct hf__peer_table old = *t;
    t->buckets_count = old.buckets_count == 0 ? 16 : old.buckets_count * 2;
    t->buckets = calloc(t->buckets_count, sizeof(struct hf__peer *));
    hf_assert(t->buckets != NULL);
    for (size_t i = 0; i < old.buckets_count; i++)
        while (old.buckets[i] != NULL) {
            struct hf__peer *p = old.buckets[i];
            struct hf__peer **to = bucket_of(t, &p->quote_hash);
            old.buckets[i] = p->next;
            p->next = *to;
            *to = p;
        }
    free(old.buckets);
}

/* Whether two verdicts say the same, member by member: padding says nothing. */
static bool same_verdict(const struct hf_verdict *a, const struct hf_verdict *b)
{
    return a->error == b->error && a->trust == b->trust && a->tcb_status == b->tcb_status &&
           a->debug == b->debug && a->verified_at_s == b->verified_at_s &&
           a->tcb_date_s == b->tcb_date_s && a->evaluation_date_s == b->evaluation_date_s &&
           a->issue_date_s == b->issue_date_s && a->td_attributes == b->td_attributes &&
           a->xfam == b->xfam && a->seam_attributes == b->seam_attributes &&
           a->service_shown == b->service_shown &&
           a->evaluation_issued_s == b->evaluation_issued_s &&
           a->evaluation_number == b->evaluation_number &&
           a->evaluation_number_low == b->evaluation_number_low &&
           a->level_date_s == b->level_date_s && a->missed_date_s == b->missed_date_s &&
           memcmp(a->host_registers, b->host_registers, sizeof a->host_registers) == 0 &&
           memcmp(a->ppid, b->ppid, sizeof a->ppid) == 0 &&
           memcmp(a->measurement, b->measurement, sizeof a->measurement) == 0 &&
           memcmp(a->report_data, b->report_data, sizeof a->report_data) == 0;
}

static bool same_peer(const struct hf__peer *a, const struct hf__peer *b)
{
    return hf_hash_equal(&a->quote_hash, &b->quote_hash) &&
           hf_account_equal(&a->account, &b->account) &&
           memcmp(a->sealing_key, b->sealing_key, HF_KEY_LEN) == 0 &&
           memcmp(a->sealing_gcm, b->sealing_gcm, HF_KEY_LEN) == 0 && a->epoch == b->epoch &&
           a->made_s == b->made_s && same_verdict(&a->verdict, &b->verdict);
}

/* The table's copy, with one reference more. Engines that judged one quote
 * differently share none. */
static struct hf__peer *peer_ref(struct hf__peer_table *all, const struct hf__peer *what)
{
    hf_assert(all->count <= all->buckets_count);
    if (all->count == all->buckets_count)
        grow(all);
    struct hf__peer **bucket = bucket_of(all, &what->quote_hash);
    for (struct hf__peer *p = *bucket; p != NULL; p = p->next)
        if (same_peer(p, what)) {
            hf_assert(p->refs < UINT32_MAX);
            p->refs++;
            return p;
        }
    struct hf__peer *p = malloc(sizeof *p);
    hf_assert(p != NULL);
    *p = *what;
    p->refs = 1;
    p->next = *bucket;
    *bucket = p;
    all->count++;
    hf_assert(all->count <= all->buckets_count);
    return p;
}

static void peer_unref(struct hf__peer_table *all, struct hf__peer *p)
{
    hf_assert(all->count > 0);
    hf_assert(p->refs > 0);
    if (--p->refs > 0)
        return;
    struct hf__peer **at = bucket_of(all, &p->quote_hash);
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    all->count--;
    free(p);
}

static uint32_t head_of(const struct hf_account *account)
{
    return (uint32_t)(hf_bytes_head(account->bytes) >> 32);
}

/* Where a peer stands or would stand. */
static size_t position(const struct hf__known_list *l, const struct hf_account *account)
{
    hf_assert(l->count <= l->cap);
    uint32_t head = head_of(account);
    /* No branch hangs on what is found: a processor that guesses would be wrong half the time. */
    size_t low = 0;
    for (size_t left = l->count; left > 0;) {
        size_t half = left / 2;
        low += l->at[low + half].account_head < head ? left - half : 0;
        left = half;
    }
    while (low < l->count && l->at[low].account_head == head &&
           hf_account_compare(&l->at[low].peer->account, account) < 0)
        low++;
    hf_assert(low == l->count || l->at[low].account_head >= head);
    return low;
}

struct hf__known *hf__known_find(const struct hf__known_list *l, const struct hf_account *account)
{
    size_t at = position(l, account);
    if (at < l->count && hf_account_equal(&l->at[at].peer->account, account))
        return &l->at[at];
    return NULL;
}

struct hf__known *hf__known_by_quote(const struct hf__known_list *l,
                                     const struct hf__peer_table *all,
                                     const struct hf_hash *quote_hash)
{
    if (all->count == 0)
        return NULL;
    for (struct hf__peer *p = *bucket_of(all, quote_hash); p != NULL; p = p->next) {
        if (!hf_hash_equal(&p->quote_hash, quote_hash))
            continue;
        /* In the table it may be of other engines alone. */
        struct hf__known *k = hf__known_find(l, &p->account);
        if (k != NULL && k->peer == p)
            return k;
    }
    return NULL;
}

static void forget_oldest(struct hf__known_list *l, struct hf__peer_table *all)
{
    hf_assert(l->count > 0);
    size_t oldest = 0;
    for (size_t i = 1; i < l->count; i++)
        if (l->at[i].used_s < l->at[oldest].used_s)
            oldest = i;
    peer_unref(all, l->at[oldest].peer);
    l->count--;
    memmove(&l->at[oldest], &l->at[oldest + 1], (l->count - oldest) * sizeof *l->at);
}

static struct hf__known *add(struct hf__known_list *l, struct hf__peer_table *all,
                             const struct hf_account *account)
{
    if (l->count == HF_VERDICTS_MAX)
        forget_oldest(l, all);
    if (l->count == l->cap) {
        l->cap = (uint16_t)(l->cap + 4);
        l->at = realloc(l->at, l->cap * sizeof *l->at);
        hf_assert(l->at != NULL);
    }
    size_t at = position(l, account);
    memmove(&l->at[at + 1], &l->at[at], (l->count - at) * sizeof *l->at);
    l->count++;
    hf_assert(l->count <= l->cap && l->count <= HF_VERDICTS_MAX);
    l->at[at] = (struct hf__known){.account_head = head_of(account)};
    return &l->at[at];
}

struct hf__known *hf__known_put(struct hf__known_list *l, struct hf__peer_table *all,
                                const struct hf__peer *what)
{
    struct hf__peer *peer = peer_ref(all, what);
    struct hf__known *k = hf__known_find(l, &what->account);
    if (k != NULL)
        peer_unref(all, k->peer);
    else
        k = add(l, all, &what->account);
    k->peer = peer;
    hf_assert(k->account_head == head_of(&peer->account));
    return k;
}

void hf__known_done(struct hf__known_list *l, struct hf__peer_table *all)
{
    hf_assert(l->count <= l->cap && l->count <= all->count);
    for (size_t i = 0; i < l->count; i++)
        peer_unref(all, l->at[i].peer);
    free(l->at);
    *l = (struct hf__known_list){0};
}

size_t hf__known_memory(const struct hf__known_list *l)
{
    hf_assert(l->count <= l->cap);
    size_t sum = l->cap * sizeof *l->at;
    for (size_t i = 0; i < l->count; i++)
        sum += (sizeof(struct hf__peer) + sizeof(struct hf__peer *)) / l->at[i].peer->refs + 1;
    return sum;
}
