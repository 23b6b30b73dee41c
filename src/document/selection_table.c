#include "selection_table.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mix.h"
#include "document/limits.h"
#include "pool.h"

enum { GROUP_MIN = 1024 }; /* members on average, in a set that has more than one group */

uint64_t hf__selection_seed(const struct hf_document *set, const char *label,
                            const struct hf_account *account, const uint32_t *version)
{
    enum {
        BEACON = sizeof set->u.set.beacon,
        UNVERSIONED = BEACON + HF_ID_LEN,
        VERSIONED = UNVERSIONED + 4
    };
    uint8_t bytes[VERSIONED];
    struct hf_hash hash;
    memcpy(bytes, set->u.set.beacon, BEACON);
    memcpy(bytes + BEACON, account->bytes, HF_ID_LEN);
    if (version != NULL)
        for (int i = 0; i < 4; i++)
            bytes[UNVERSIONED + i] = (uint8_t)(*version >> (24 - 8 * i));
    set->pool->suite->hash(label, hf_bytes_of(bytes, version != NULL ? VERSIONED : UNVERSIONED),
                           &hash);
    return hf_bytes_head(hash.bytes);
}

/* A text of the set and where it stands, for finding equal texts by sorting. */
struct named {
    struct hf_bytes text;
    uint32_t index;
};

static int by_text(const void *pa, const void *pb)
{
    const struct named *a = pa, *b = pb;
    size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
    int order = len == 0 ? 0 : memcmp(a->text.data, b->text.data, len);
    if (order != 0)
        return order;
    if (a->text.len != b->text.len)
        return a->text.len < b->text.len ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

static void number_texts(struct named *names, size_t count, bool by_first, uint32_t *ret_ids,
                         size_t *ret_distinct)
{
    size_t distinct = 0;
    uint32_t id = 0;
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !hf_bytes_equal(names[i].text, names[i - 1].text)) {
            id = by_first ? names[i].index : (uint32_t)distinct;
            distinct++;
        }
        ret_ids[names[i].index] = id;
    }
    *ret_distinct = distinct;
}

/* How many candidates the owner has that has the fewest. */
static int count_candidates(const struct hf_document *set, struct hf_selection_table *t,
                            const uint32_t *operators_of)
{
    const struct hf_validator *v = set->u.set.validators;
    size_t staying = 0, operators = 0;
    bool alone = false; /* some operator has one validator only, which loses it as an owner */
    uint32_t *members = calloc(t->count + 1, sizeof *members);
    if (members == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < t->count; i++) {
        if (v[i].leaving)
            continue;
        staying++;
        members[operators_of[i]]++;
    }
    for (size_t i = 0; i < t->count; i++) {
        operators += members[i] > 0;
        alone = alone || members[i] == 1;
    }
    free(members);
    t->candidates = staying - (staying > 0);
    t->candidates_apart = operators - alone;
    return 0;
}

/* As many buckets as validators, or up to twice as many, so that one holds about one account. */
static void fill_first(const struct hf_document *set, struct hf_selection_table *t)
{
    size_t at = 0, buckets = (size_t)1 << t->first_bits;
    for (size_t i = 0; i < t->count; i++)
        t->heads[i] = hf_bytes_head(set->u.set.validators[i].account.bytes);
    for (size_t b = 0; b < buckets; b++) {
        while (at < t->count && t->heads[at] >> (64 - t->first_bits) < b)
            at++;
        t->first[b] = (uint32_t)at;
    }
    t->first[buckets] = (uint32_t)t->count;
}

/* What is known of each validator before they are put into groups. */
struct scratch {
    struct named *names;
    uint64_t *seeds;
    uint32_t *operators, *zones;
};

static bool scratch_init(struct scratch *s, size_t count)
{
    s->names = malloc((count + 1) * sizeof *s->names);
    s->seeds = malloc((count + 1) * sizeof *s->seeds);
    s->operators = malloc((count + 1) * sizeof *s->operators);
    s->zones = malloc((count + 1) * sizeof *s->zones);
    return s->names != NULL && s->seeds != NULL && s->operators != NULL && s->zones != NULL;
}

static void scratch_done(struct scratch *s)
{
    free(s->names);
    free(s->seeds);
    free(s->operators);
    free(s->zones);
}

static void fill_groups(const struct hf_document *set, struct hf_selection_table *t,
                        const struct scratch *s)
{
    const struct hf_validator *v = set->u.set.validators;
    size_t groups = (size_t)1 << t->group_bits;
    for (size_t i = 0; i < t->count; i++)
        if (!v[i].leaving)
            t->groups[hf__selection_group(t, s->seeds[i]) + 1]++;
    for (size_t g = 0; g < groups; g++)
        t->groups[g + 1] += t->groups[g];
    /* Where the next member of group g goes is kept in groups[g], which ends as groups[g + 1]. */
    for (size_t i = 0; i < t->count; i++) {
        if (v[i].leaving)
            continue;
        uint32_t at = t->groups[hf__selection_group(t, s->seeds[i])]++;
        t->seeds[at] = s->seeds[i];
        t->members[at] = (struct hf__selectable){(uint32_t)i, s->operators[i], s->zones[i]};
    }
    memmove(t->groups + 1, t->groups, groups * sizeof *t->groups);
    t->groups[0] = 0;
}

static int table_fill(const struct hf_document *set, struct hf_selection_table *t)
{
    const struct hf_validator *v = set->u.set.validators;
    size_t n = t->count, operators;
    struct scratch s;
    int r = HF_ENOMEM;
    if (scratch_init(&s, n)) {
        for (size_t i = 0; i < n; i++) {
            s.seeds[i] = hf__selection_seed(set, "holdfast/v1/candidate", &v[i].account, NULL);
            s.names[i] = (struct named){v[i].operator_name, (uint32_t)i};
        }
        number_texts(s.names, n, true, s.operators, &operators);
        for (size_t i = 0; i < n; i++)
            s.names[i] = (struct named){v[i].zone, (uint32_t)i};
        number_texts(s.names, n, false, s.zones, &t->zones);
        fill_groups(set, t, &s);
        fill_first(set, t);
        r = count_candidates(set, t, s.operators);
    }
    scratch_done(&s);
    return r;
}

int hf__selection_table_new(const struct hf_document *set, struct hf_selection_table **ret)
{
    size_t n = set->u.set.validators_count;
    struct hf_selection_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return HF_ENOMEM;
    t->count = n;
    for (t->first_bits = 1; (size_t)1 << t->first_bits < n;)
        t->first_bits++;
    while (n >> t->group_bits >= 2 * GROUP_MIN)
        t->group_bits++;
    t->groups = calloc(((size_t)1 << t->group_bits) + 1, sizeof *t->groups);
    t->members = malloc((n + 1) * sizeof *t->members);
    t->seeds = calloc(n + HF_MIX_BLOCK, sizeof *t->seeds);
    t->first = malloc((((size_t)1 << t->first_bits) + 1) * sizeof *t->first);
    t->heads = malloc((n + 1) * sizeof *t->heads);
    if (t->groups == NULL || t->members == NULL || t->seeds == NULL || t->first == NULL ||
        t->heads == NULL || table_fill(set, t) != 0) {
        hf__selection_table_free(t);
        return HF_ENOMEM;
    }
    *ret = t;
    return 0;
}

static void memo_forget(struct hf__selection_memo *m)
{
    free(m->versions);
    free(m->lens);
    free(m->orders);
    *m = (struct hf__selection_memo){0};
}

void hf__selection_table_free(struct hf_selection_table *t)
{
    if (t == NULL)
        return;
    memo_forget(&t->memo);
    free(t->groups);
    free(t->members);
    free(t->seeds);
    free(t->first);
    free(t->heads);
    free(t->picks);
    free(t);
}

size_t hf__selection_table_memory(const struct hf_selection_table *t)
{
    if (t == NULL)
        return 0;
    size_t each = sizeof *t->members + sizeof *t->seeds + sizeof *t->heads;
    if (t->memo.n > 0)
        each += sizeof *t->memo.versions + sizeof *t->memo.lens + t->memo.width * sizeof(uint32_t);
    return sizeof *t + t->count * each + t->picks_cap * sizeof *t->picks +
           (((size_t)1 << t->group_bits) + ((size_t)1 << t->first_bits)) * sizeof(uint32_t);
}

void hf__selection_table_prefetch(const struct hf_document *set, const struct hf_account *account,
                                  unsigned depth)
{
    const struct hf_selection_table *t = set->table;
    size_t bucket = (size_t)(hf_bytes_head(account->bytes) >> (64 - t->first_bits));
    if (depth == 0) {
        __builtin_prefetch(&t->first[bucket]);
        return;
    }
    size_t at = t->first[bucket];
    __builtin_prefetch(&t->heads[at]);
    if (at >= t->count)
        return;
    __builtin_prefetch(&set->u.set.validators[at].account);
    __builtin_prefetch(&set->u.set.validators[at].leaving);
}

long hf__selection_table_find(const struct hf_document *set, const struct hf_account *account)
{
    struct hf_selection_table *t = set->table;
    const struct hf_validator *v = set->u.set.validators;
    uint64_t head = hf_bytes_head(account->bytes);
    if (t->found < t->count && t->heads[t->found] == head &&
        hf_account_equal(&v[t->found].account, account))
        return (long)t->found;
    size_t bucket = (size_t)(head >> (64 - t->first_bits));
    size_t low = t->first[bucket], high = t->first[bucket + 1];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (t->heads[mid] == head && hf_account_equal(&v[mid].account, account)) {
            t->found = mid;
            return (long)mid;
        }
        if (t->heads[mid] < head ||
            (t->heads[mid] == head && hf_account_compare(&v[mid].account, account) < 0))
            low = mid + 1;
        else
            high = mid;
    }
    return -1;
}

void hf__selection_remember(struct hf_selection_table *t, size_t owner, uint32_t version,
                            enum hf_domain_rule rule, uint8_t n, const uint32_t *order, size_t len)
{
    struct hf__selection_memo *m = &t->memo;
    if (m->n != n || m->rule != rule) {
        memo_forget(m);
        m->width = (uint8_t)(HF_RANK_FACTOR * n);
        m->versions = calloc(t->count, sizeof *m->versions);
        m->lens = malloc(t->count);
        m->orders = malloc(t->count * m->width * sizeof *m->orders);
        if (m->versions == NULL || m->lens == NULL || m->orders == NULL) {
            memo_forget(m);
            return;
        }
        m->n = n;
        m->rule = (uint8_t)rule;
    }
    hf_assert(len <= m->width && owner < t->count);
    m->versions[owner] = version;
    m->lens[owner] = (uint8_t)len;
    memcpy(m->orders + owner * m->width, order, len * sizeof *order);
}

const uint32_t *hf__selection_recall(const struct hf_selection_table *t, size_t owner,
                                     uint32_t version, enum hf_domain_rule rule, uint8_t n,
                                     size_t *ret_len)
{
    const struct hf__selection_memo *m = &t->memo;
    if (m->n != n || m->rule != rule || version == 0 || m->versions[owner] != version)
        return NULL;
    *ret_len = m->lens[owner];
    return m->orders + owner * m->width;
}
