/* Floors from one set to the next: what the authority has decided about a validator stays. */
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

static bool kept(const struct hf_floor *before, const struct hf_validator *after)
{
    if (!after->has_floor || after->floor.claim < before->claim)
        return false;
    if (after->floor.claim > before->claim)
        return true;
    /* Nor does it grow: ballots that are not below it may stand by the votes of others. */
    if (memcmp(after->floor.favoured, before->favoured, 16) != 0 ||
        after->floor.written_off_count != before->written_off_count ||
        after->floor.survivors_count != before->survivors_count)
        return false;
    for (size_t i = 0; i < before->written_off_count; i++)
        if (!has_written_off(&after->floor, &before->written_off[i]))
            return false;
    for (size_t i = 0; i < before->survivors_count; i++)
        if (!has_survivors(&after->floor, &before->survivors[i]))
            return false;
    return true;
}

int hf_set_floors_kept(const struct hf_document *before, const struct hf_document *after,
                       struct hf_account *ret)
{
    for (uint32_t i = 0; i < before->floors_count; i++) {
        const struct hf_validator *v = &before->u.set.validators[before->floors[i]];
        long at = hf_set_find(after, &v->account);
        if (at < 0 || kept(&v->floor, &after->u.set.validators[at]))
            continue;
        if (ret != NULL)
            *ret = v->account;
        return HF_EFLOOR;
    }
    return 0;
}

bool hf__floors_same(const struct hf_document *base, const struct hf_document *set)
{
    for (uint32_t i = 0; i < set->floors_count; i++) {
        const struct hf_validator *v = &set->u.set.validators[set->floors[i]];
        long at = hf_set_find(base, &v->account);
        if (at < 0 || !kept(&v->floor, &base->u.set.validators[at]))
            return false;
    }
    /* What is kept in both directions is the same. */
    return hf_set_floors_kept(base, set, NULL) == 0;
}
