/*
 * Where shares may be: at the holder that its owner's record names at that index, and at one to
 * whom that holder has signed it over, or k others have restored it because that holder is gone
 * (proto/REPAIR.md). Of one generation fewer than k distinct shares are ever anywhere else.
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <string.h>

static struct hf__key outside_key(const uint8_t owner_and_id[static 48])
{
    return hf__key_of(hf_bytes_of(owner_and_id, 48), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0));
}

/* Whether a holder may count as gone: the authority has left it out, or it has said that it leaves.
 * Silence is no reason. */
static bool may_be_gone(struct hf__checks *c, const struct hf_account *account)
{
    long at = hf_world_find(c->world, account);
    if (at < 0)
        return true;
    const struct hf__node *n = hf__node(c->world, (uint32_t)at);
    return !n->registered || n->was_out || n->state == HF_STATE_LEFT ||
           hf__check_leaves(c, (uint32_t)at);
}

static bool is_named(const struct hf_placement_record *r, const struct hf_account *account,
                     uint64_t index)
{
    for (size_t i = 0; i < r->holders_count; i++)
        if (hf_account_equal(&r->holders[i].account, account))
            return index == 0 || r->holders[i].index == index;
    return false;
}

/* Whether k holders whom the owner chose have signed that they restored it, each once. */
static bool is_signed_by_helpers(const struct hf__checks *c, const struct hf_placement_record *r,
                                 const struct hf_signed_transfer *s,
                                 const struct hf_transfer_statement *t)
{
    if (t->helpers_count != r->threshold ||
        s->others.len != (t->helpers_count - 1) * HF_SIGNATURE_LEN)
        return false;
    for (size_t i = 0; i < t->helpers_count; i++) {
        const struct hf_account *helper = &t->helpers[i].account;
        const uint8_t *signature =
            i == 0 ? s->signature : s->others.data + (i - 1) * HF_SIGNATURE_LEN;
        for (size_t j = 0; j < i; j++)
            if (hf_account_equal(helper, &t->helpers[j].account))
                return false;
        if (!is_named(r, helper, 0) || is_named(r, helper, t->index) ||
            hf_world_suite(c->world)->verify(helper->bytes, "holdfast/v1/restored", s->statement,
                                             signature) != 0)
            return false;
    }
    return true;
}

/* Whether a transfer gives this share to this account. */
static bool gives(struct hf__checks *c, const struct hf_placement_record *r,
                  const struct hf_signed_transfer *s, const struct hf_account *account,
                  uint64_t index)
{
    struct hf_transfer_statement t;
    if (!hf__check_decode(c, &hf_wire_transfer_statement, s->statement, &t) || t.index != index ||
        memcmp(t.generation.id, r->generation.id, 16) != 0 || !hf_account_equal(&t.to, account) ||
        !is_named(r, &t.from, index))
        return false;
    if (t.helpers_count > 0)
        return may_be_gone(c, &t.from) && is_signed_by_helpers(c, r, s, &t);
    return hf_world_suite(c->world)->verify(t.from.bytes, "holdfast/v1/transfer", s->statement,
                                            s->signature) == 0;
}

void hf__check_outside(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row)
{
    struct hf_held_row held;
    struct hf_owner_row kept;
    struct hf_placement_record record;
    const struct hf_account *account = hf__check_account(c, node);
    /* What has no record yet is a deposit, which is of the owner's own making. */
    if (account == NULL ||
        !hf__check_decode(c, &hf_wire_held_row, hf_blob_bytes(row->value), &held) ||
        !held.has_record ||
        !hf__check_decode(c, &hf_wire_placement_record, held.record.record, &record) ||
        is_named(&record, account, held.index))
        return;
    struct hf__row *others = hf__disk_find(&hf__node(c->world, node)->disk, HF_ROW_OWNER,
                                           hf_bytes_of(row->key, HF_ID_LEN));
    if (others != NULL &&
        hf__check_decode(c, &hf_wire_owner_row, hf_blob_bytes(others->value), &kept))
        for (size_t i = 0; i < kept.moves_count; i++)
            if (gives(c, &record, &kept.moves[i], account, held.index))
                return;
    uint64_t *outside = hf__map_at(&c->outside, outside_key(row->key));
    *outside |= UINT64_C(1) << held.index;
    unsigned count = (unsigned)__builtin_popcountll(*outside);
    if (count >= record.threshold)
        hf__violate(c->world, node, "outside",
                    "with n%u %u shares of one generation are with who may not have them", node,
                    count);
}
