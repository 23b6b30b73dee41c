/* The rows of a vault on their way to a new release: as opaque as they lie there, in their order, a
 * page at a time (proto/HANDOVER.md, 3). */
#include "base/error.h"
#include "handover/handover.h"

#include <assert.h>
#include <stdlib.h>

enum { FRAME_LEN = 16 /* what a row costs in a page beside its key and value, at most */ };

/* What a node has given up is its own business. */
static bool travels(uint8_t collection)
{
    return collection >= HF_ROW_ACCOUNT && collection != HF_ROW_PUBLIC &&
           collection != HF_ROW_GIVEN && collection < HF_ROW_COLLECTIONS;
}

int hf__pages_fit(const struct hf__rows *rows)
{
    hf_assert(rows->count > 0);
    if (rows->count > HF_HANDOVER_ROWS_MAX)
        return HF_ETOOBIG;
    for (size_t i = 0; i < rows->count; i++)
        if (rows->rows[i].row->value->len > HF_HANDOVER_VALUE_MAX)
            return HF_ETOOBIG;
    return 0;
}

void hf__pages_digest(struct hf_engine *e, const struct hf__row *row, struct hf_hash *digest)
{
    struct hf_bytes value = hf_blob_bytes(row->value);
    size_t len = HF_ID_LEN + 2 + row->key_len + value.len;
    uint8_t *bytes = malloc(len);
    hf_assert(bytes != NULL && row->key_len <= HF_ROW_KEY_MAX);
    memcpy(bytes, digest->bytes, HF_ID_LEN);
    bytes[HF_ID_LEN] = row->collection;
    bytes[HF_ID_LEN + 1] = row->key_len;
    memcpy(bytes + HF_ID_LEN + 2, row->key, row->key_len);
    if (value.len > 0)
        memcpy(bytes + HF_ID_LEN + 2 + row->key_len, value.data, value.len);
    e->suite->hash("holdfast/v1/handover-rows", hf_bytes_of(bytes, len), digest);
    free(bytes);
}

struct hf_bytes hf__page_make(struct hf_engine *e, const struct hf__rows *rows, uint32_t from,
                              uint32_t *ret_next)
{
    struct hf_vault_row list[HF_HANDOVER_PAGE_ROWS];
    struct hf_vault_page page = {.rows = list};
    size_t len = 0;
    hf_assert(from < rows->count);
    for (uint32_t i = from; i < rows->count && page.rows_count < HF_HANDOVER_PAGE_ROWS; i++) {
        const struct hf__row *row = rows->rows[i].row;
        len += FRAME_LEN + row->key_len + row->value->len;
        if (i > from && len > HF_HANDOVER_PAGE_LEN)
            break;
        list[page.rows_count++] = (struct hf_vault_row){.collection = row->collection,
                                                        .key = hf_bytes_of(row->key, row->key_len),
                                                        .value = hf_blob_bytes(row->value)};
    }
    hf_assert(page.rows_count > 0);
    uint32_t next = from + (uint32_t)page.rows_count;
    *ret_next = next < rows->count ? next : 0;
    return hf__encode(e, &hf_wire_vault_page, &page);
}

/* Whether a row comes after the last one. */
static bool follows(const struct hf__rows *rows, const struct hf_vault_row *row)
{
    hf_assert(rows->count <= HF_HANDOVER_ROWS_MAX);
    if (rows->count == 0)
        return true;
    const struct hf__row *last = rows->rows[rows->count - 1].row;
    if (last->collection != row->collection)
        return last->collection < row->collection;
    size_t len = last->key_len < row->key.len ? last->key_len : row->key.len;
    int r = len == 0 ? 0 : memcmp(last->key, row->key.data, len);
    return r != 0 ? r < 0 : last->key_len < row->key.len;
}

/* What lies in a collection that this release knows: one of a later release travels as it is. */
static const struct form {
    const struct hf_wire_type *type; /* NULL: not known, or of several types */
    uint8_t key_len;                 /* HF_ROW_KEY_MAX: any */
} forms[HF_ROW_COLLECTIONS] = {
    [HF_ROW_ACCOUNT] = {&hf_wire_account_row, 0},
    [HF_ROW_RECORD] = {&hf_wire_record_row, 0},
    [HF_ROW_OLDER] = {&hf_wire_older_row, 16},
    [HF_ROW_BINDING] = {&hf_wire_binding_row, HF_ROW_KEY_MAX},
    [HF_ROW_HELD] = {&hf_wire_held_row, HF_ID_LEN + 16},
    [HF_ROW_OWNER] = {&hf_wire_owner_row, HF_ID_LEN},
    [HF_ROW_EVENT] = {&hf_wire_signed_event, HF_ID_LEN + 1},
    [HF_ROW_MEMBER] = {&hf_wire_member_row, 0},
    [HF_ROW_MARKS] = {&hf_wire_marks_row, 0},
    [HF_ROW_SEALED] = {&hf_wire_sealed_row, 0},
    [HF_ROW_PROMISES] = {&hf_wire_promises_row, 0},
    [HF_ROW_MOVES] = {&hf_wire_moves_row, 0},
    [HF_ROW_KEYS] = {&hf_wire_keys_row, 0},
    [HF_ROW_ROOTS] = {&hf_wire_roots_row, 0},
    [HF_ROW_SEQUENCE] = {&hf_wire_sequence_row, 0},
};

/* Whether a row is one: an old release may have written what this one could not read, and would
 * find so when it is too late. */
static int check_form(struct hf_engine *e, const struct hf_vault_row *row)
{
    union {
        struct hf_account_row account;
        struct hf_record_row record;
        struct hf_older_row older;
        struct hf_binding_row binding;
        struct hf_held_row held;
        struct hf_owner_row owner;
        struct hf_signed_event event;
        struct hf_member_row member;
        struct hf_marks_row marks;
        struct hf_sealed_row sealed;
        struct hf_promises_row promises;
        struct hf_moves_row moves;
        struct hf_keys_row keys;
        struct hf_roots_row roots;
        struct hf_sequence_row sequence;
    } u;
    hf_assert(row->collection < HF_ROW_COLLECTIONS);
    const struct form *form = &forms[row->collection];
    if (form->type == NULL)
        return 0;
    if (form->key_len != HF_ROW_KEY_MAX && form->key_len != row->key.len)
        return HF_EBOUND;
    hf_assert(form->type->size <= sizeof u);
    return hf__decode(e, form->type, row->value, &u);
}

int hf__page_take(struct hf_engine *e, struct hf_bytes bytes, struct hf__rows *rows,
                  struct hf_hash *digest)
{
    struct hf_vault_page page;
    hf_assert(rows->count <= HF_HANDOVER_ROWS_MAX);
    static_assert(HF_ROW_COLLECTIONS <= UINT8_MAX, "a collection is a byte");
    int r = hf__decode(e, &hf_wire_vault_page, bytes, &page);
    if (r == 0 && page.rows_count == 0)
        r = HF_EMISSING;
    for (size_t i = 0; r == 0 && i < page.rows_count; i++) {
        const struct hf_vault_row *row = &page.rows[i];
        if (row->collection > UINT8_MAX || !travels((uint8_t)row->collection) ||
            !follows(rows, row) || rows->count == HF_HANDOVER_ROWS_MAX)
            return HF_EBOUND;
        r = check_form(e, row);
        if (r != 0)
            return r;
        struct hf_blob *value = hf_blob_new(row->value);
        hf_assert(value != NULL);
        hf_blob_unref(hf__rows_put(rows, (uint8_t)row->collection, row->key, value));
        hf_blob_unref(value);
        hf__pages_digest(e, rows->rows[rows->count - 1].row, digest);
    }
    return r;
}
