/* The rows of older generations: who may still hold a share of each. */
#include "owner/record.h"

#include <assert.h>

static const struct hf_bytes no_key = {0};

static struct hf_bytes older_key(struct hf_engine *e, const uint8_t id[static 16])
{
    static_assert(16 <= HF_ROW_KEY_MAX, "the id of a generation");
    uint8_t *key = hf__scratch(e, 16);
    memcpy(key, id, 16);
    return hf_bytes_of(key, 16);
}

bool hf__older_row(struct hf_engine *e, const uint8_t id[static 16], struct hf_older_row *ret)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_OLDER, hf_bytes_of(id, 16));
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_older_row, hf_blob_bytes(value), ret);
    hf_assert(r == 0);
    hf_assert(memcmp(ret->generation.id, id, 16) == 0);
    return true;
}

bool hf__older_next(struct hf_engine *e, size_t *at, struct hf_older_row *ret)
{
    hf_assert(*at <= hf__rows_count(&e->rows, HF_ROW_OLDER));
    size_t first = hf__rows_first(&e->rows, HF_ROW_OLDER, no_key);
    const struct hf__row *row = hf__rows_at(&e->rows, first + *at, HF_ROW_OLDER, no_key);
    if (row == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_older_row, hf_blob_bytes(row->value), ret);
    hf_assert(r == 0 && ret->holders_count <= HF__OLDER_HOLDERS_MAX);
    hf_assert(ret->generation.number > 0);
    ++*at;
    return true;
}

void hf__older_put(struct hf_engine *e, const struct hf_older_row *row)
{
    hf_assert(e->open && row->generation.number > 0);
    hf__put(e, HF_ROW_OLDER, older_key(e, row->generation.id), &hf_wire_older_row, row);
}

void hf__older_del(struct hf_engine *e, const uint8_t id[static 16])
{
    hf_assert(e->open && id != NULL);
    hf__del(e, HF_ROW_OLDER, older_key(e, id));
}

size_t hf__unsealed_all(const struct hf_unsealed *u, struct hf_holder ret[static 2 * HF_SHARES_MAX])
{
    hf_assert(u->holders_count > 0 && u->holders_count <= HF_SHARES_MAX);
    hf_assert(u->others_count <= HF_SHARES_MAX);
    memcpy(ret, u->holders, u->holders_count * sizeof *ret);
    for (size_t i = 0; i < u->others_count; i++)
        ret[u->holders_count + i] = u->others[i];
    return u->holders_count + u->others_count;
}

void hf__older_add(struct hf_older_row *row, const struct hf_account *account, uint64_t index)
{
    hf_assert(row->holders_count <= HF__OLDER_HOLDERS_MAX && index > 0);
    for (size_t i = 0; i < row->holders_count; i++)
        if (hf_account_equal(&row->holders[i].account, account))
            return;
    if (row->holders_count == HF__OLDER_HOLDERS_MAX)
        return;
    row->holders[row->holders_count].account = *account;
    row->holders[row->holders_count++].index = index;
}

void hf__older_moved(struct hf_engine *e, const struct hf_transfer_statement *t)
{
    struct hf_older_row row;
    struct hf_holder all[HF__OLDER_HOLDERS_MAX];
    if (!hf__older_row(e, t->generation.id, &row) || row.holders_count == HF__OLDER_HOLDERS_MAX)
        return;
    hf_assert(row.holders_count < HF__OLDER_HOLDERS_MAX);
    /* All may have confirmed already: a holder that lied says only then that it has handed its
     * share over. */
    if (row.holders_count > 0)
        memcpy(all, row.holders, row.holders_count * sizeof *all);
    row.holders = all;
    hf__older_add(&row, &t->to, t->index);
    hf__older_put(e, &row);
    hf_assert(row.holders_count > 0);
}
