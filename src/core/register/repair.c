/*
 * What all messages of one repair are bound to (proto/REPAIR.md, 7 and 8): who restores which share
 * at whom, by which record and under which keys. What must hold: no word of one repair has a
 * meaning in another.
 */
#include "base/error.h"
#include "register/register.h"

/* The indices of the helpers, which the record gives. */
static void fill_indices(struct hf__plan *ret)
{
    const struct hf_placement_record *record = ret->record;
    hf_assert(ret->t.helpers_count == record->threshold);
    ret->repair.k = (uint8_t)record->threshold;
    ret->repair.target = (uint8_t)ret->t.index;
    for (size_t i = 0, found = 0; i < record->holders_count && found < ret->repair.k; i++)
        if (hf_account_equal(&record->holders[i].account, &ret->t.helpers[found].account))
            ret->repair.helpers[found++] = (uint8_t)record->holders[i].index;
    hf_assert(ret->repair.helpers[ret->repair.k - 1] > 0);
}

int hf__plan_read(struct hf_engine *e, struct hf_bytes transfer, struct hf_bytes repair,
                  const struct hf_placement_record *record, struct hf__plan *ret)
{
    struct hf_signed_transfer named = {.statement = transfer};
    struct hf_record_order order;
    struct hf_hash hash;
    hf_assert(transfer.len > 0 && repair.len > 0);
    *ret = (struct hf__plan){.record = record};
    int r = hf__decode(e, &hf_wire_transfer_statement, transfer, &ret->t);
    if (r == 0)
        r = hf__decode(e, &hf_wire_repair_statement, repair, &ret->s);
    if (r != 0)
        return r;
    hf__record_order(record, &order);
    hf__transfer_hash(e, &named, &hash);
    if (!hf_network_id_equal(&ret->t.network, &e->network) ||
        !hf_account_equal(&ret->t.owner, &record->owner) || ret->t.helpers_count == 0 ||
        !hf__transfer_of(&ret->t, &record->generation, record->holders, record->holders_count,
                         record->threshold) ||
        hf_account_equal(&ret->t.to, &record->owner) || ret->t.newest.claim != order.claim ||
        ret->t.newest.generation != order.generation || !hf_hash_equal(&ret->s.transfer, &hash) ||
        ret->s.keys.len != (record->threshold + 1) * HF_KEY_LEN)
        return HF_ETRANSFER;
    fill_indices(ret);
    hf_assert(ret->repair.target != ret->repair.helpers[0]);
    e->suite->hash("holdfast/v1/repair", repair, &ret->transcript);
    return 0;
}

const uint8_t *hf__plan_key(const struct hf__plan *p, size_t place)
{
    hf_assert(place <= p->repair.k && p->s.keys.len == (p->repair.k + 1u) * HF_KEY_LEN);
    return p->s.keys.data + place * HF_KEY_LEN;
}

long hf__plan_place(const struct hf__plan *p, const struct hf_account *account)
{
    hf_assert(p->repair.k > 0 && p->repair.k <= HF_SHARES_MAX);
    for (size_t i = 0; i < p->repair.k; i++)
        if (hf_account_equal(&p->t.helpers[i].account, account))
            return (long)i;
    return -1;
}

struct hf_bytes hf__repair_word(struct hf_engine *e, const struct hf__plan *p, size_t giver,
                                uint8_t taker, const struct hf_hash *points,
                                const struct hf_hash *value)
{
    hf_assert(giver < p->repair.k && (taker != 0 || points != NULL));
    struct hf_repair_word w = {.repair = p->transcript,
                               .giver = p->repair.helpers[giver],
                               .taker = taker,
                               .has_points = points != NULL,
                               .has_value = value != NULL};
    if (points != NULL)
        w.points = *points;
    if (value != NULL)
        w.value = *value;
    return hf__encode(e, &hf_wire_repair_word, &w);
}

void hf__points_hash(struct hf_engine *e, const struct hf__plan *p,
                     const struct hf_repair_split *splits, size_t count, struct hf_hash *ret)
{
    const size_t len = (size_t)p->repair.k * HF_POINT_LEN;
    uint8_t *all = hf__scratch(e, count * len);
    hf_assert(count > 0 && count <= HF_SHARES_MAX);
    for (size_t i = 0; i < count; i++) {
        hf_assert(splits[i].points.len == len);
        memcpy(all + i * len, splits[i].points.data, len);
    }
    e->suite->hash("holdfast/v1/repair-points", hf_bytes_of(all, count * len), ret);
}

void hf__points_for(const struct hf__plan *p, const struct hf_repair_split *splits, size_t place,
                    uint8_t *ret_points)
{
    hf_assert(place < p->repair.k);
    for (size_t i = 0; i < p->repair.k; i++) {
        hf_assert(splits[i].points.len == (size_t)p->repair.k * HF_POINT_LEN);
        memcpy(ret_points + i * HF_POINT_LEN, splits[i].points.data + place * HF_POINT_LEN,
               HF_POINT_LEN);
    }
}

int hf__split_signed(struct hf_engine *e, const struct hf__plan *p, size_t giver,
                     const struct hf_repair_split *split)
{
    struct hf_hash hash;
    hf_assert(giver < p->repair.k);
    if (split->points.len != (size_t)p->repair.k * HF_POINT_LEN)
        return HF_ETRANSFER;
    hf__points_hash(e, p, split, 1, &hash);
    return e->suite->verify(p->t.helpers[giver].account.bytes, "holdfast/v1/repair-word",
                            hf__repair_word(e, p, giver, 0, &hash, NULL), split->signature);
}

int hf__split_check(struct hf_engine *e, const struct hf__plan *p, size_t giver,
                    const struct hf_repair_split *split)
{
    hf_assert(p->record->commitments.len == (size_t)p->repair.k * HF_POINT_LEN);
    hf_assert(split->points.len == p->record->commitments.len);
    return e->suite->repair_split_check(split->points.data, &p->repair, p->repair.helpers[giver],
                                        p->record->commitments.data);
}
