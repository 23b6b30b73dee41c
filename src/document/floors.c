/* Floors from one set to the next: what the authority has decided about a validator stays, though
 * that leaves the set. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "document/document.h"
#include "pool.h"

static bool has_written_off(const struct hf_floor *f, const struct hf_generation_ref *what)
{
    for (size_t i = 0; i < f->written_off_count; i++)
        if (memcmp(f->written_off[i].id, what->id, 16) == 0)
            return true;
    return false;
}

static bool has_survivors(const struct hf_floor *f, const struct hf_survivors *what)
{
    for (size_t i = 0; i < f->survivors_count; i++) {
        const struct hf_survivors *s = &f->survivors[i];
        if (memcmp(s->generation, what->generation, 16) != 0)
            continue;
        if (s->quorum != what->quorum || s->holders_count != what->holders_count)
            return false;
        for (size_t j = 0; j < s->holders_count; j++)
            if (!hf_account_equal(&s->holders[j].account, &what->holders[j].account))
                return false;
        return true;
    }
    return false;
}

static bool kept(const struct hf_floor *before, const struct hf_floor *after)
{
    if (after == NULL || after->claim < before->claim)
        return false;
    if (after->claim > before->claim)
        return true;
    /* Nor does it grow: ballots that are not below it may stand by the votes of others. */
    if (memcmp(after->favoured, before->favoured, 16) != 0 ||
        after->written_off_count != before->written_off_count ||
        after->survivors_count != before->survivors_count)
        return false;
    for (size_t i = 0; i < before->written_off_count; i++)
        if (!has_written_off(after, &before->written_off[i]))
            return false;
    for (size_t i = 0; i < before->survivors_count; i++)
        if (!has_survivors(after, &before->survivors[i]))
            return false;
    return true;
}

static int to_departed(const void *key, const void *entry)
{
    const struct hf_departed_floor *d = entry;
    return hf_account_compare(key, &d->account);
}

const struct hf_floor *hf_set_floor(const struct hf_document *set, const struct hf_account *account)
{
    const struct hf_validator_set *s = &set->u.set;
    long at = hf_set_find(set, account);
    if (at >= 0)
        return s->validators[at].has_floor ? &s->validators[at].floor : NULL;
    const struct hf_departed_floor *d =
        s->departed_count > 0
            ? bsearch(account, s->departed, s->departed_count, sizeof *d, to_departed)
            : NULL;
    return d != NULL ? &d->floor : NULL;
}

size_t hf_set_floors(const struct hf_document *set)
{
    return set->floors_count + set->u.set.departed_count;
}

/* The i-th floor of a set, with whose it is: of members first. */
static struct hf_departed_floor floor_at(const struct hf_document *set, size_t i)
{
    if (i >= set->floors_count)
        return set->u.set.departed[i - set->floors_count];
    const struct hf_validator *v = &set->u.set.validators[set->floors[i]];
    return (struct hf_departed_floor){.account = v->account, .floor = v->floor};
}

static int to_validator(const void *key, const void *entry)
{
    const struct hf_validator *v = entry;
    return hf_account_compare(key, &v->account);
}

static int by_account(const void *a, const void *b)
{
    const struct hf_departed_floor *x = a, *y = b;
    return hf_account_compare(&x->account, &y->account);
}

void hf_set_keep_departed(const struct hf_document *before, struct hf_validator_set *set,
                          struct hf_departed_floor *room)
{
    size_t count = 0, all = before != NULL ? hf_set_floors(before) : 0;
    for (size_t i = 0; i < all; i++) {
        struct hf_departed_floor f = floor_at(before, i);
        if (set->validators_count == 0 ||
            bsearch(&f.account, set->validators, set->validators_count, sizeof *set->validators,
                    to_validator) == NULL)
            room[count++] = f;
    }
    if (count > 0)
        qsort(room, count, sizeof *room, by_account);
    set->departed = room;
    set->departed_count = count;
}

int hf_set_floors_kept(const struct hf_document *before, const struct hf_document *after,
                       struct hf_account *ret)
{
    for (size_t i = 0; i < hf_set_floors(before); i++) {
        struct hf_departed_floor f = floor_at(before, i);
        if (kept(&f.floor, hf_set_floor(after, &f.account)))
            continue;
        if (ret != NULL)
            *ret = f.account;
        return HF_EFLOOR;
    }
    return 0;
}

/* The decision about a member's vault; NULL: none. */
static const struct hf_sequence_floor *sequence_floor(const struct hf_document *set,
                                                      const struct hf_account *account)
{
    long at = hf_set_find(set, account);
    const struct hf_validator *v = at >= 0 ? &set->u.set.validators[at] : NULL;
    return v != NULL && v->has_sequence_floor ? &v->sequence_floor : NULL;
}

int hf_sequence_compare(const struct hf_sequence_point *a, const struct hf_sequence_point *b)
{
    if (a->claim != b->claim)
        return a->claim < b->claim ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Whether every decision about a vault in a set is one of the other's. */
static bool sequences_of(const struct hf_document *set, const struct hf_document *base)
{
    for (size_t i = 0; i < set->u.set.validators_count; i++) {
        const struct hf_validator *v = &set->u.set.validators[i];
        const struct hf_sequence_floor *f =
            v->has_sequence_floor ? sequence_floor(base, &v->account) : NULL;
        if (v->has_sequence_floor &&
            (f == NULL || hf_sequence_compare(&f->seen, &v->sequence_floor.seen) != 0 ||
             hf_sequence_compare(&f->vault, &v->sequence_floor.vault) != 0))
            return false;
    }
    return true;
}

bool hf_set_decides(const struct hf_document *set)
{
    bool any = hf_set_floors(set) > 0;
    for (size_t i = 0; i < set->u.set.validators_count && !any; i++)
        any = set->u.set.validators[i].has_sequence_floor;
    return any;
}

bool hf__floors_same(const struct hf_document *base, const struct hf_document *set)
{
    /* What is kept in both directions is the same. */
    return sequences_of(set, base) && hf_set_floors_kept(set, base, NULL) == 0 &&
           hf_set_floors_kept(base, set, NULL) == 0;
}
