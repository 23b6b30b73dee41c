/* What a provider keeps of an owner, as rows of its vault. */
#include "base/error.h"
#include "provider/provider.h"

#include <assert.h>

bool hf__owner_row(struct hf_engine *e, const struct hf_account *owner, struct hf_owner_row *ret)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_OWNER, hf__key_account(owner));
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_owner_row, hf_blob_bytes(value), ret);
    hf_assert(r == 0);
    hf_assert(ret->promised.statement.len > 0);
    return true;
}

void hf__held_key(const struct hf_account *owner, const uint8_t id[static 16],
                  uint8_t ret[static 48])
{
    static_assert(HF_ID_LEN + 16 <= HF_ROW_KEY_MAX, "an owner and a generation");
    memcpy(ret, owner->bytes, HF_ID_LEN);
    memcpy(ret + HF_ID_LEN, id, 16);
}

bool hf__held_row(struct hf_engine *e, const struct hf_account *owner, const uint8_t id[static 16],
                  struct hf_held_row *ret)
{
    uint8_t key[48];
    hf__held_key(owner, id, key);
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(value), ret);
    hf_assert(r == 0);
    hf_assert(hf_account_equal(&ret->header.owner, owner));
    hf_assert(memcmp(ret->generation.id, id, 16) == 0);
    return true;
}

bool hf__held_next(struct hf_engine *e, const struct hf_account *owner, size_t *at,
                   struct hf_held_row *ret)
{
    struct hf_bytes prefix = {0};
    if (owner != NULL)
        prefix = hf__key_account(owner);
    size_t first = hf__rows_first(&e->rows, HF_ROW_HELD, prefix);
    const struct hf__row *row = hf__rows_at(&e->rows, first + *at, HF_ROW_HELD, prefix);
    if (row == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(row->value), ret);
    hf_assert(r == 0);
    hf_assert(owner == NULL || hf_account_equal(&ret->header.owner, owner));
    ++*at;
    return true;
}

int hf__held_open(struct hf_engine *e, const struct hf_held_row *held, uint8_t **ret)
{
    hf_assert(e->open && held->index > 0);
    uint8_t *share = e->secret_alloc(HF_SCALAR_LEN);
    if (share == NULL)
        return HF_ENOMEM;
    int r = e->suite->unwrap(e->secrets->active.wrap_key, hf_bytes_of(held->generation.id, 16),
                             hf_bytes_of(held->wrapped, sizeof held->wrapped), share);
    if (r == 0)
        *ret = share;
    else
        e->secret_free(share);
    return r;
}

/* In a row's memo: it was looked at; it has no vote; its share cannot be had; and the index of its
 * recorded share, or 0. */
enum { LOOKED = 0x80, VOTELESS = 0x40, SPOILT = 0x20, INDEX = 0x1f };

/* What is asked again and again of a value that hardly ever changes; 0: none is held. */
static uint8_t look(struct hf_engine *e, const struct hf_account *owner,
                    const uint8_t id[static 16])
{
    uint8_t key[48];
    struct hf_held_row held;
    hf__held_key(owner, id, key);
    struct hf__row *row = hf__rows_find(&e->rows, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    if (row == NULL)
        return 0;
    if (row->memo == 0) {
        int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(row->value), &held);
        hf_assert(r == 0 && held.index <= INDEX);
        row->memo =
            (uint8_t)(LOOKED | (held.restored || held.ceased || held.waiting ? VOTELESS : 0) |
                      (held.has_record ? held.index : 0));
    }
    hf_assert((row->memo & LOOKED) != 0);
    return row->memo;
}

void hf__held_spoil(struct hf_engine *e, const struct hf_account *owner,
                    const uint8_t id[static 16])
{
    uint8_t key[48];
    uint8_t memo = look(e, owner, id);
    hf__held_key(owner, id, key);
    struct hf__row *row = hf__rows_find(&e->rows, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    hf_assert(row != NULL);
    hf_assert((memo & LOOKED) != 0);
    row->memo = (uint8_t)(memo | SPOILT);
}

bool hf__held_spoilt(struct hf_engine *e, const struct hf_account *owner,
                     const uint8_t id[static 16])
{
    uint8_t memo = look(e, owner, id);
    hf_assert(memo == 0 || (memo & LOOKED) != 0);
    return (memo & SPOILT) != 0;
}

bool hf__held_votes(struct hf_engine *e, const struct hf_account *owner,
                    const uint8_t id[static 16])
{
    static_assert((LOOKED & VOTELESS) == 0 && ((LOOKED | VOTELESS | SPOILT) & INDEX) == 0, "apart");
    return (look(e, owner, id) & (LOOKED | VOTELESS)) == LOOKED;
}

uint8_t hf__held_index(struct hf_engine *e, const struct hf_account *owner,
                       const uint8_t id[static 16])
{
    static_assert((int)HF_SHARES_MAX <= (int)INDEX, "every index fits");
    uint8_t memo = look(e, owner, id);
    hf_assert((memo & INDEX) <= HF_SHARES_MAX);
    return (memo & SPOILT) != 0 ? 0 : memo & INDEX;
}

bool hf__held_counts(struct hf_engine *e, const struct hf_account *owner,
                     const uint8_t id[static 16])
{
    hf_assert(e->open);
    return hf__held_index(e, owner, id) > 0 && hf__held_votes(e, owner, id);
}

int hf__again_check(struct hf_engine *e, const struct hf_signed_record *record,
                    const struct hf_owner_header *header, const struct hf_generation_id *generation,
                    struct hf_placement_record *ret, uint8_t *ret_index)
{
    struct hf_owner_row row;
    uint8_t index = 0;
    int r = hf__record_check(e, record, &header->owner, ret);
    if (r != 0)
        return r;
    if (!hf__ballot_equal(&ret->ballot, &header->ballot))
        return HF_EBALLOT;
    for (size_t i = 0; i < ret->holders_count; i++)
        if (hf_account_equal(&ret->holders[i].account, &e->account))
            index = (uint8_t)ret->holders[i].index;
    if (index == 0 || ret->generation.version != generation->version ||
        ret->generation.number != generation->number ||
        memcmp(ret->generation.id, generation->id, 16) != 0)
        return HF_ERECORD;
    if (hf__owner_row(e, &header->owner, &row))
        r = hf__newest_check(e, &row, record, ret);
    if (r != 0)
        return r;
    *ret_index = index;
    hf_assert(index <= ret->holders_count);
    return 0;
}

int hf__quota_check(struct hf_engine *e, const struct hf_account *owner)
{
    hf_assert(e->open && e->trust->policy != NULL);
    struct hf_owner_row row;
    if (e->store_error != 0)
        return e->store_error;
    bool known = hf__owner_row(e, owner, &row);
    if (!known && hf__rows_count(&e->rows, HF_ROW_OWNER) >=
                      hf__policy(e)->shares_held_max + HF_TOMBSTONES_MAX)
        return HF_EQUOTA;
    if ((!known || !hf__holds_any(e, owner)) &&
        hf__owners_served(e) >= hf__policy(e)->shares_held_max)
        return HF_EQUOTA;
    return 0;
}

int hf__room_check(struct hf_engine *e, const struct hf_owner_header *header,
                   const struct hf_generation_id *generation, bool again)
{
    hf_assert(e->open && header->ballot.number > 0);
    struct hf_owner_row row;
    int quota = hf__quota_check(e, &header->owner);
    if (quota != 0 || !hf__owner_row(e, &header->owner, &row))
        return quota;
    int r = hf__promise_check(e, &row, &header->owner, &header->ballot);
    if (r != 0 || again)
        return r;
    /* The newest number may come again only for the dealing that took it. */
    struct hf_held_row held;
    if (generation->number < row.generation_newest ||
        (generation->number == row.generation_newest &&
         !hf__held_row(e, &header->owner, generation->id, &held)))
        return HF_EGENERATION;
    return 0;
}
