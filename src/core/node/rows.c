#include "node/rows.h"

#include <stdlib.h>

#include "core/limits.h"

static int order(const struct hf__row *row, uint8_t collection, struct hf_bytes key)
{
    if (row->collection != collection)
        return row->collection < collection ? -1 : 1;
    size_t len = row->key_len < key.len ? row->key_len : key.len;
    int r = len == 0 ? 0 : memcmp(row->key, key.data, len);
    if (r != 0 || row->key_len == key.len)
        return r;
    return row->key_len < key.len ? -1 : 1;
}

static uint64_t head_of(uint8_t collection, struct hf_bytes key)
{
    uint8_t first[8] = {0};
    if (key.len >= sizeof first)
        return (uint64_t)collection << 56 | hf_bytes_head(key.data) >> 8;
    if (key.len > 0)
        memcpy(first, key.data, key.len);
    return (uint64_t)collection << 56 | hf_bytes_head(first) >> 8;
}

/* The index of the first row that does not come before (collection, key). */
static size_t lower_bound(const struct hf__rows *r, uint8_t collection, struct hf_bytes key)
{
    hf_assert(r->count <= r->cap);
    uint64_t head = head_of(collection, key);
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct hf__row_place *at = &r->rows[mid];
        if (at->head < head || (at->head == head && order(at->row, collection, key) < 0))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void hf__rows_done(struct hf__rows *r)
{
    hf_assert(r->count <= r->cap && (r->cap > 0) == (r->rows != NULL));
    for (size_t i = 0; i < r->count; i++) {
        hf_blob_unref(r->rows[i].row->value);
        free(r->rows[i].row);
    }
    free(r->rows);
    *r = (struct hf__rows){0};
}

struct hf__row *hf__rows_find(const struct hf__rows *r, uint8_t collection, struct hf_bytes key)
{
    size_t i = lower_bound(r, collection, key);
    if (i == r->count || order(r->rows[i].row, collection, key) != 0)
        return NULL;
    return r->rows[i].row;
}

struct hf_blob *hf__rows_get(const struct hf__rows *r, uint8_t collection, struct hf_bytes key)
{
    const struct hf__row *row = hf__rows_find(r, collection, key);
    hf_assert(row == NULL || (row->value != NULL && row->value->refs > 0));
    return row == NULL ? NULL : row->value;
}

struct hf_blob *hf__rows_put(struct hf__rows *r, uint8_t collection, struct hf_bytes key,
                             struct hf_blob *value)
{
    hf_assert(key.len <= HF_ROW_KEY_MAX && value != NULL);
    size_t i = lower_bound(r, collection, key);
    if (i < r->count && order(r->rows[i].row, collection, key) == 0) {
        struct hf_blob *before = r->rows[i].row->value;
        r->rows[i].row->value = hf_blob_ref(value);
        r->rows[i].row->memo = 0;
        return before;
    }
    if (r->count == r->cap) {
        r->cap = r->cap < 8 ? 8 : r->cap + r->cap / 4;
        r->rows = realloc(r->rows, r->cap * sizeof *r->rows);
        hf_assert(r->rows != NULL);
    }
    struct hf__row *row = malloc(offsetof(struct hf__row, key) + key.len);
    hf_assert(row != NULL);
    row->value = hf_blob_ref(value);
    row->collection = collection;
    row->key_len = (uint8_t)key.len;
    row->memo = 0;
    if (key.len > 0)
        memcpy(row->key, key.data, key.len);
    memmove(&r->rows[i + 1], &r->rows[i], (r->count - i) * sizeof *r->rows);
    r->rows[i] = (struct hf__row_place){head_of(collection, key), row};
    hf_assert(i == 0 || r->rows[i - 1].head <= r->rows[i].head);
    r->count++;
    hf_assert(r->count <= r->cap);
    return NULL;
}

struct hf_blob *hf__rows_del(struct hf__rows *r, uint8_t collection, struct hf_bytes key)
{
    size_t i = lower_bound(r, collection, key);
    if (i == r->count || order(r->rows[i].row, collection, key) != 0)
        return NULL;
    struct hf_blob *before = r->rows[i].row->value;
    hf_assert(before != NULL && r->count > 0);
    free(r->rows[i].row);
    r->count--;
    memmove(&r->rows[i], &r->rows[i + 1], (r->count - i) * sizeof *r->rows);
    return before;
}

size_t hf__rows_first(const struct hf__rows *r, uint8_t collection, struct hf_bytes key)
{
    hf_assert(key.len <= HF_ROW_KEY_MAX);
    return lower_bound(r, collection, key);
}

const struct hf__row *hf__rows_at(const struct hf__rows *r, size_t index, uint8_t collection,
                                  struct hf_bytes prefix)
{
    hf_assert(prefix.len <= HF_ROW_KEY_MAX);
    if (index >= r->count)
        return NULL;
    const struct hf__row *row = r->rows[index].row;
    if (row->collection != collection || row->key_len < prefix.len ||
        (prefix.len > 0 && memcmp(row->key, prefix.data, prefix.len) != 0))
        return NULL;
    return row;
}

size_t hf__rows_count(const struct hf__rows *r, uint8_t collection)
{
    hf_assert(collection < UINT8_MAX); /* the next one ends it */
    struct hf_bytes none = {0};
    return lower_bound(r, (uint8_t)(collection + 1), none) - lower_bound(r, collection, none);
}

size_t hf__rows_memory(const struct hf__rows *r)
{
    hf_assert(r->count <= r->cap);
    size_t sum = r->cap * sizeof *r->rows;
    for (size_t i = 0; i < r->count; i++)
        sum += offsetof(struct hf__row, key) + r->rows[i].row->key_len + sizeof(struct hf_blob) +
               r->rows[i].row->value->len;
    return sum;
}
