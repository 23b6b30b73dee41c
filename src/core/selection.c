/*
 * Rendezvous hashing. A candidate's weight for an owner is mix(o ^ c): o hashes beacon, owner and
 * version, c hashes beacon and candidate, both with the suite's hash, and mix is a fixed
 * permutation of 64 bits. The hash of a candidate is computed once a set, so an owner's order costs
 * a few instructions a candidate. Nobody can choose an account for its weight, because the beacon
 * is drawn after the list is closed.
 */
#include "core/selection.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "core/limits.h"
#include "pool.h"
#include "selection_table.h"

enum {
    ORDER_MAX = HF_RANK_FACTOR * HF_SHARES_MAX, /* longest order that anyone asks for */
    MEMO_FROM = 512, /* validators in a set for which orders are remembered */
    MEMO_ROWS_MAX = 1 << 20,
};

/* One owner's order. The n providers of a dealing all ask for it within a short time. */
struct memo {
    uint8_t owner[32];
    uint32_t version;
    uint8_t rule;
    uint8_t n; /* 0: empty */
    uint8_t len;
    uint32_t order[ORDER_MAX];
};

struct hf_selection_table {
    size_t count;
    size_t zones;        /* distinct ones */
    uint64_t *seeds;     /* by validator */
    uint32_t *operators; /* by validator: the index of the first validator of its operator */
    uint32_t *zone;      /* by validator: 0 .. zones - 1 */
    size_t memo_rows;    /* a power of two, about one a validator; 0 in a small set */
    struct memo *memo;
};

struct pick {
    uint64_t weight;
    uint32_t index;
};

static uint64_t load64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

/* A permutation of 64 bits in which every input bit reaches every output bit (a multiply-shift
 * finalizer). */
static inline uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x;
}

static uint64_t seed_of(const struct hf_document *set, const char *label, const uint8_t *account,
                        const uint32_t *version)
{
    uint8_t bytes[68], hash[32];
    memcpy(bytes, set->u.set.beacon, 32);
    memcpy(bytes + 32, account, 32);
    if (version != NULL)
        for (int i = 0; i < 4; i++)
            bytes[64 + i] = (uint8_t)(*version >> (24 - 8 * i));
    set->pool->suite->hash(label, hf_bytes_of(bytes, version != NULL ? 68 : 64), hash);
    return load64(hash);
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

static int table_fill(const struct hf_document *set, struct hf_selection_table *t)
{
    const struct hf_validator *v = set->u.set.validators;
    size_t n = t->count, operators;
    struct named *names = malloc((n + 1) * sizeof *names);
    if (names == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        t->seeds[i] = seed_of(set, "holdfast/v1/candidate", v[i].account, NULL);
        names[i] = (struct named){v[i].operator,(uint32_t) i};
    }
    number_texts(names, n, true, t->operators, &operators);
    for (size_t i = 0; i < n; i++)
        names[i] = (struct named){v[i].zone, (uint32_t)i};
    number_texts(names, n, false, t->zone, &t->zones);
    free(names);
    return 0;
}

int hf__selection_table_new(const struct hf_document *set, struct hf_selection_table **ret)
{
    size_t n = set->u.set.validators_count;
    struct hf_selection_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return HF_ENOMEM;
    t->count = n;
    t->seeds = malloc((n + 1) * sizeof *t->seeds);
    t->operators = malloc((n + 1) * sizeof *t->operators);
    t->zone = malloc((n + 1) * sizeof *t->zone);
    for (t->memo_rows = n >= MEMO_FROM; t->memo_rows > 0 && t->memo_rows < n;)
        t->memo_rows *= 2;
    if (t->memo_rows > MEMO_ROWS_MAX)
        t->memo_rows = MEMO_ROWS_MAX;
    t->memo = calloc(t->memo_rows + 1, sizeof *t->memo);
    if (t->seeds == NULL || t->operators == NULL || t->zone == NULL || t->memo == NULL ||
        table_fill(set, t) != 0) {
        hf__selection_table_free(t);
        return HF_ENOMEM;
    }
    *ret = t;
    return 0;
}

void hf__selection_table_free(struct hf_selection_table *t)
{
    if (t == NULL)
        return;
    free(t->seeds);
    free(t->operators);
    free(t->zone);
    free(t->memo);
    free(t);
}

/* A set's table is made when an order is first asked for: by then its signatures have been checked.
 */
static const struct hf_selection_table *table_of(const struct hf_document *set)
{
    hf_assert(set->kind == HF_DOCUMENT_SET);
    if (set->table == NULL) {
        /* What is derived from an immutable document and kept beside it does not change the
         * document. */
        struct hf_document *d = (struct hf_document *)(uintptr_t)set;
        int r = hf__selection_table_new(set, &d->table);
        hf_assert(r == 0);
    }
    return set->table;
}

static inline bool heavier(struct pick a, struct pick b)
{
    return a.weight > b.weight || (a.weight == b.weight && a.index < b.index);
}

static void sift_down(struct pick *heap, size_t len, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1;
        if (left < len && heavier(heap[least], heap[left]))
            least = left;
        if (left + 1 < len && heavier(heap[least], heap[left + 1]))
            least = left + 1;
        if (least == at)
            return;
        struct pick swap = heap[at];
        heap[at] = heap[least];
        heap[least] = swap;
        at = least;
    }
}

static int by_weight(const void *pa, const void *pb)
{
    const struct pick *a = pa, *b = pb;
    return heavier(*a, *b) ? -1 : 1;
}

/* The heaviest candidates, at most max, in falling weight: a heap with the lightest on top. */
static size_t heaviest(const struct hf_document *set, uint64_t owner_seed, long owner_index,
                       size_t max, struct pick *ret)
{
    const struct hf_selection_table *t = set->table;
    size_t len = 0;
    for (size_t i = 0; i < t->count; i++) {
        uint64_t weight = mix(owner_seed ^ t->seeds[i]);
        if (len == max && weight < ret[0].weight)
            continue;
        if ((long)i == owner_index || set->u.set.validators[i].leaving)
            continue;
        struct pick p = {weight, (uint32_t)i};
        if (len < max) {
            ret[len++] = p;
            if (len == max)
                for (size_t at = len / 2; at-- > 0;)
                    sift_down(ret, len, at);
        } else if (heavier(p, ret[0])) {
            ret[0] = p;
            sift_down(ret, len, 0);
        }
    }
    qsort(ret, len, sizeof *ret, by_weight);
    return len;
}

/* Keeps the heaviest candidate of each operator, at most max of them. */
static size_t one_an_operator(const struct hf_selection_table *t, struct pick *picks, size_t len,
                              size_t max)
{
    size_t kept = 0;
    for (size_t i = 0; i < len && kept < max; i++) {
        bool seen = false;
        for (size_t j = 0; j < kept && !seen; j++)
            seen = t->operators[picks[j].index] == t->operators[picks[i].index];
        if (!seen)
            picks[kept++] = picks[i];
    }
    return kept;
}

/*
 * Orders picks in blocks of n. Within a block no zone gives more than its part, n over the number
 * of zones, unless the others have nobody left: then the part grows by one.
 */
static size_t spread(const struct hf_selection_table *t, const struct pick *picks, size_t len,
                     uint8_t n, uint32_t *ret)
{
    bool used[ORDER_MAX * 2] = {false};
    size_t done = 0;
    hf_assert(len <= HF_ARRAY_LEN(used));
    size_t part = t->zones == 0 ? n : (n + t->zones - 1) / t->zones;
    while (done < len && done < ORDER_MAX) {
        size_t start = done, cap = part;
        while (done < start + n && done < len && done < ORDER_MAX) {
            for (size_t i = 0; i < len && done < start + n && done < ORDER_MAX; i++) {
                size_t same = 0;
                for (size_t j = start; j < done; j++)
                    same += t->zone[ret[j]] == t->zone[picks[i].index];
                if (used[i] || same >= cap)
                    continue;
                used[i] = true;
                ret[done++] = picks[i].index;
            }
            cap++;
        }
    }
    return done;
}

static size_t compute(const struct hf_document *set, const uint8_t owner[static 32],
                      uint32_t version, uint8_t rule, uint8_t n, uint32_t *ret)
{
    const struct hf_selection_table *t = table_of(set);
    size_t want = (size_t)HF_RANK_FACTOR * n;
    size_t window = rule == 2 ? want : 12u * n + 64;
    uint64_t owner_seed = seed_of(set, "holdfast/v1/owner", owner, &version);
    long owner_index = hf_set_find(set, owner);
    struct pick *picks = NULL;
    size_t len = 0;
    for (;; window *= 4) {
        if (window > t->count)
            window = t->count;
        free(picks);
        picks = malloc((window + 1) * sizeof *picks);
        hf_assert(picks != NULL);
        len = heaviest(set, owner_seed, owner_index, window, picks);
        if (rule != 2)
            len = one_an_operator(t, picks, len, 2 * want);
        if (len >= want || window == t->count)
            break;
    }
    size_t done;
    if (rule == 0) {
        done = spread(t, picks, len, n, ret);
    } else {
        done = len < ORDER_MAX ? len : ORDER_MAX;
        for (size_t i = 0; i < done; i++)
            ret[i] = picks[i].index;
    }
    free(picks);
    return done < want ? done : want;
}

size_t hf_select(const struct hf_document *set, const uint8_t owner[static 32], uint32_t version,
                 uint8_t rule, uint8_t n, size_t max, uint32_t *ret)
{
    uint32_t order[ORDER_MAX];
    struct memo *m = NULL;
    size_t len;
    hf_assert(n >= 1 && n <= HF_SHARES_MAX);
    if (table_of(set)->memo_rows > 0)
        m = &set->table->memo[load64(owner) & (set->table->memo_rows - 1)];
    if (m != NULL && m->n == n && m->rule == rule && m->version == version &&
        memcmp(m->owner, owner, 32) == 0) {
        len = m->len;
        memcpy(order, m->order, sizeof order);
    } else {
        len = compute(set, owner, version, rule, n, order);
        if (m != NULL) {
            *m = (struct memo){.version = version, .rule = rule, .n = n, .len = (uint8_t)len};
            memcpy(m->owner, owner, 32);
            memcpy(m->order, order, len * sizeof *order);
        }
    }
    if (len > max)
        len = max;
    memcpy(ret, order, len * sizeof *ret);
    return len;
}

int hf_select_possible(const struct hf_document *set, uint8_t rule, uint8_t n)
{
    const struct hf_selection_table *t = table_of(set);
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
        members[t->operators[i]]++;
    }
    for (size_t i = 0; i < t->count; i++) {
        operators += members[i] > 0;
        alone = alone || members[i] == 1;
    }
    free(members);
    size_t candidates = rule == 2 ? staying - (staying > 0) : operators - (alone ? 1 : 0);
    return candidates >= n ? 0 : HF_ESELECTION;
}
