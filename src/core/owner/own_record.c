/* The newest placement record of this node, as its vault has it. */
#include "base/error.h"
#include "owner/record.h"
#include "register/register.h"

static const struct hf_bytes no_key = {0};

bool hf__own_record(struct hf_engine *e, struct hf_placement_record *ret,
                    struct hf_signed_record *ret_signed, bool *ret_confirmed)
{
    struct hf_record_row row;
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_RECORD, no_key);
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_record_row, hf_blob_bytes(value), &row);
    hf_assert(r == 0);
    r = hf__decode(e, &hf_wire_placement_record, row.record.record, ret);
    hf_assert(r == 0);
    hf_assert(ret->holders_count > 0 && hf_account_equal(&ret->owner, &e->account));
    if (ret_signed != NULL)
        *ret_signed = row.record;
    if (ret_confirmed != NULL)
        *ret_confirmed = row.confirmed;
    return true;
}

struct hf_unsealed hf__own_unsealed(struct hf_engine *e, const struct hf_placement_record *own)
{
    struct hf_record_row row;
    int r = hf__decode(e, &hf_wire_record_row,
                       hf_blob_bytes(hf__rows_get(&e->rows, HF_ROW_RECORD, no_key)), &row);
    hf_assert(r == 0 && (row.orphans_count == 0 || own->others_count == 0));
    bool noted = row.orphans_count > 0;
    return (struct hf_unsealed){.generation = own->generation,
                                .threshold = own->threshold,
                                .quorum = own->quorum,
                                .provisional = own->provisional,
                                .holders = own->holders,
                                .holders_count = own->holders_count,
                                .others = noted ? row.orphans : own->others,
                                .others_count = noted ? row.orphans_count : own->others_count};
}

bool hf__own_void(struct hf_engine *e)
{
    struct hf_placement_record record;
    struct hf_record_order order;
    if (!hf__own_record(e, &record, NULL, NULL))
        return false;
    hf__record_order(&record, &order);
    hf_assert(order.generation > 0);
    return hf__is_void(e, &e->account, &order);
}
