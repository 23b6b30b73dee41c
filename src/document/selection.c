/*
 * Rendezvous hashing. A candidate's weight for an owner is mix(o ^ c): o hashes beacon, owner and
 * version, c hashes beacon and candidate, both with the suite's hash, and mix is a fixed
 * permutation of 64 bits. The hash of a candidate is computed once a set, so an owner's order costs
 * a few instructions a candidate. No validator can choose an account for its weight, because the
 * beacon is drawn after the list is closed.
 *
 * In a large set that would still be all candidates for each owner. There the first bits of a
 * candidate's hash name its group, of 1,024 to 2,048 members on average; an owner weighs the group
 * of its own hash, and goes on to the next nearest only when that does not give enough. Every order
 * of candidates is still as likely as any other, and every validator's burden the same but for
 * groups of unequal size: 3 % of it, where chance makes 45 % at n = 5. Of an operator with few
 * members beside large ones it is more, as groups deal these out unevenly: up to two and a half
 * times the even part of one of 32 members in eight groups (proto/PROTOCOL.md, section 5).
 */
#include "document/selection.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mix.h"
#include "document/limits.h"
#include "pool.h"
#include "selection_table.h"

enum { ORDER_MAX = HF_RANK_FACTOR * HF_SHARES_MAX }; /* longest order that is asked for */

/* A set's table is made when an order is first asked for: by then its
 * signatures have been checked. */
static struct hf_selection_table *table_of(const struct hf_document *set)
{
    hf_assert(set->kind == HF_DOCUMENT_SET);
    if (set->table == NULL) {
        /* What is derived from an immutable document and kept beside it
         * does not change the document. */
        struct hf_document *d = (struct hf_document *)(uintptr_t)set;
        int r = hf__selection_table_new(set, &d->table);
        hf_assert(r == 0);
    }
    return set->table;
}

static int by_weight(const void *pa, const void *pb)
{
    const struct hf__pick *a = pa, *b = pb;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return a->at < b->at ? -1 : 1;
}

static void keep(struct hf_selection_table *t, size_t len, uint64_t weight, size_t at)
{
    if (len == t->picks_cap) {
        t->picks_cap = t->picks_cap < 128 ? 128 : t->picks_cap * 2;
        t->picks = realloc(t->picks, t->picks_cap * sizeof *t->picks);
        hf_assert(t->picks != NULL);
    }
    t->picks[len] = (struct hf__pick){weight, (uint32_t)at};
}

/* The candidates of one group whose weight reaches floor, in falling weight, after the first len of
 * t->picks. Returns how many there are then. */
static size_t heaviest(struct hf_selection_table *t, const struct hf__chooser *o, size_t group,
                       uint64_t floor, size_t len)
{
    size_t begin = len;
    for (size_t start = t->groups[group]; start < t->groups[group + 1]; start += HF_MIX_BLOCK) {
        uint64_t weights[HF_MIX_BLOCK];
        size_t left = t->groups[group + 1] - start;
        if (!hf_mix_block(t->seeds + start, o->seed, floor, weights))
            continue;
        for (size_t i = 0; i < HF_MIX_BLOCK && i < left; i++) {
            if (weights[i] >= floor && (long)t->members[start + i].index != o->index)
                keep(t, len++, weights[i], start + i);
        }
    }
    if (len > begin)
        qsort(t->picks + begin, len - begin, sizeof *t->picks, by_weight);
    return len;
}

/* About the first aim candidates, or all, into t->picks. Only as many weights are sorted as are
 * likely to be needed: of the last group, those above a floor. */
static size_t foremost(struct hf_selection_table *t, const struct hf__chooser *o, size_t aim,
                       bool *ret_all)
{
    size_t len = 0, groups = (size_t)1 << t->group_bits;
    size_t nearest = hf__selection_group(t, o->seed);
    for (size_t distance = 0; distance < groups; distance++) {
        size_t group = nearest ^ distance;
        size_t size = t->groups[group + 1] - t->groups[group];
        bool whole = aim - len >= size;
        len = heaviest(t, o, group, whole ? 0 : UINT64_MAX - UINT64_MAX / size * (aim - len), len);
        *ret_all = whole && distance + 1 == groups;
        if (!whole || len >= aim)
            break;
    }
    return len;
}

/* Keeps the heaviest candidate of each operator, at most max of them. */
static size_t one_an_operator(const struct hf_selection_table *t, size_t len, size_t max,
                              struct hf__pick *ret)
{
    uint32_t operators[2 * ORDER_MAX];
    size_t kept = 0;
    hf_assert(max <= HF_ARRAY_LEN(operators));
    for (size_t i = 0; i < len && kept < max; i++) {
        uint32_t first = t->members[t->picks[i].at].first;
        bool seen = false;
        for (size_t j = 0; j < kept && !seen; j++)
            seen = operators[j] == first;
        if (seen)
            continue;
        operators[kept] = first;
        ret[kept++] = t->picks[i];
    }
    return kept;
}

/*
 * Orders picks in blocks of n. Within a block no zone gives more than its part, n over the number
 * of zones, unless the others have none left: then the part grows by one.
 */
static size_t spread(const struct hf_selection_table *t, const struct hf__pick *picks, size_t len,
                     uint8_t n, uint32_t *ret)
{
    bool used[ORDER_MAX * 2] = {false};
    uint32_t zones[ORDER_MAX]; /* of those that have their place */
    size_t done = 0;
    hf_assert(len <= HF_ARRAY_LEN(used));
    size_t part = t->zones == 0 ? n : (n + t->zones - 1) / t->zones;
    while (done < len && done < ORDER_MAX) {
        size_t start = done, cap = part;
        while (done < start + n && done < len && done < ORDER_MAX) {
            for (size_t i = 0; i < len && done < start + n && done < ORDER_MAX; i++) {
                const struct hf__selectable *c = &t->members[picks[i].at];
                size_t same = 0;
                for (size_t j = start; j < done; j++)
                    same += zones[j] == c->zone;
                if (used[i] || same >= cap)
                    continue;
                used[i] = true;
                zones[done] = c->zone;
                ret[done++] = c->index;
            }
            cap++;
        }
    }
    return done;
}

/*
 * The first candidates of an owner, at most 2 * want of them, after the operator rule. Of a window
 * of the foremost candidates one of each operator is kept; the window grows until that gives want.
 */
static size_t pick(struct hf_selection_table *t, const struct hf__chooser *o,
                   enum hf_domain_rule rule, uint8_t n, size_t want, struct hf__pick *ret)
{
    size_t window = rule == HF_DOMAIN_NONE ? want : 12u * n + 64;
    for (size_t aim = 4 * want;; aim *= 4) {
        bool all = true;
        size_t len = foremost(t, o, aim, &all);
        for (;; window *= 4) {
            size_t within = len < window ? len : window;
            size_t kept = within < 2 * want ? within : 2 * want;
            if (rule != HF_DOMAIN_NONE)
                kept = one_an_operator(t, within, 2 * want, ret);
            else if (kept > 0)
                memcpy(ret, t->picks, kept * sizeof *ret);
            if (kept == 2 * want || (all && len <= window))
                return kept;
            if (within < window)
                break; /* the window holds more than what has been sorted */
            if (kept >= want || window >= t->count)
                return kept;
        }
    }
}

/* want: at least HF_RANK_FACTOR * n, at most ORDER_MAX. */
static size_t compute(const struct hf_document *set, const struct hf_account *owner,
                      long owner_index, uint32_t version, enum hf_domain_rule rule, uint8_t n,
                      size_t want, uint32_t *ret)
{
    struct hf_selection_table *t = table_of(set);
    struct hf__pick picks[2 * ORDER_MAX];
    struct hf__chooser o = {
        .seed = hf__selection_seed(set, "holdfast/v1/owner", owner, &version),
        .index = owner_index,
    };
    size_t done, len = pick(t, &o, rule, n, want, picks);
    if (rule == HF_DOMAIN_OPERATORS_AND_ZONES) {
        done = spread(t, picks, len, n, ret);
    } else {
        done = len < ORDER_MAX ? len : ORDER_MAX;
        for (size_t i = 0; i < done; i++)
            ret[i] = t->members[picks[i].at].index;
    }
    return done < want ? done : want;
}

size_t hf_select(const struct hf_document *set, const struct hf_account *owner, uint32_t version,
                 enum hf_domain_rule rule, uint8_t n, size_t max, uint32_t *ret)
{
    struct hf_selection_table *t = table_of(set);
    long owner_index = hf_set_find(set, owner);
    uint32_t computed[ORDER_MAX];
    const uint32_t *order = NULL;
    size_t len = 0;
    hf_assert(n >= 1 && n <= HF_SHARES_MAX);
    if (owner_index >= 0)
        order = hf__selection_recall(t, (size_t)owner_index, version, rule, n, &len);
    if (order == NULL) {
        len = compute(set, owner, owner_index, version, rule, n, (size_t)HF_RANK_FACTOR * n,
                      computed);
        order = computed;
        if (owner_index >= 0)
            hf__selection_remember(t, (size_t)owner_index, version, rule, n, order, len);
    }
    if (len > max)
        len = max;
    if (len > 0)
        memcpy(ret, order, len * sizeof *ret);
    return len;
}

/* Brings validators near at which the caller looks next, one after the other: in a large set it
 * would wait for each of them. */
static void fetch(const struct hf_document *set, const uint32_t *order, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        __builtin_prefetch(&set->u.set.validators[order[i]].account);
        __builtin_prefetch(&set->u.set.validators[order[i]].leaving);
    }
}

size_t hf_select_beyond(const struct hf_document *set, const struct hf_account *owner,
                        uint32_t version, enum hf_domain_rule rule, uint8_t n, size_t max,
                        uint32_t *ret)
{
    uint32_t more[ORDER_MAX];
    size_t first = hf_select(set, owner, version, rule, n, (size_t)HF_RANK_FACTOR * n, ret);
    size_t len = first;
    hf_assert(max <= ORDER_MAX);
    fetch(set, ret, first);
    if (first < (size_t)HF_RANK_FACTOR * n || max <= first)
        return len;
    size_t count = compute(set, owner, hf_set_find(set, owner), version, rule, n, max, more);
    for (size_t i = 0; i < count && len < max; i++) {
        bool known = false;
        for (size_t j = 0; j < first && !known; j++)
            known = ret[j] == more[i];
        if (!known)
            ret[len++] = more[i];
    }
    return len;
}

size_t hf_select_stand_ins(const struct hf_document *set, const struct hf_account *owner,
                           uint32_t version, uint32_t candidate, size_t max, uint32_t *ret)
{
    struct hf_selection_table *t = table_of(set);
    const struct hf_validator *v = set->u.set.validators;
    hf_assert(candidate < t->count && max <= ORDER_MAX);
    long owner_index = hf_set_find(set, owner);
    uint64_t seed = hf__selection_seed(set, "holdfast/v1/owner", owner, &version);
    size_t len = 0, members = t->groups[(size_t)1 << t->group_bits];
    if (v[candidate].leaving)
        return 0;
    for (size_t i = 0; i < members; i++) {
        uint32_t index = t->members[i].index;
        uint64_t weights[HF_MIX_BLOCK];
        if (index == candidate || (long)index == owner_index ||
            !hf_bytes_equal(v[index].operator_name, v[candidate].operator_name))
            continue;
        hf_mix_block(t->seeds + i, seed, 0, weights);
        keep(t, len++, weights[0], i);
    }
    if (len > 0)
        qsort(t->picks, len, sizeof *t->picks, by_weight);
    if (len > max)
        len = max;
    for (size_t i = 0; i < len; i++)
        ret[i] = t->members[t->picks[i].at].index;
    return len;
}

int hf_select_possible(const struct hf_document *set, enum hf_domain_rule rule, uint8_t n)
{
    const struct hf_selection_table *t = table_of(set);
    return (rule == HF_DOMAIN_NONE ? t->candidates : t->candidates_apart) >= n ? 0 : HF_ESELECTION;
}
