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

static size_t apart(uint8_t collection)
{
    return collection < HF__ROWS_APART ? collection : HF__ROWS_APART - 1;
}

/* A row of the collection has come, or gone. */
static void move(struct hf__rows *r, uint8_t collection, bool come)
{
    for (size_t i = apart(collection) + 1; i <= HF__ROWS_APART; i++)
        r->first[i] += come ? 1 : UINT32_MAX;
    r->count = r->first[HF__ROWS_APART];
    hf_assert(r->count <= r->cap);
}

/* The index of the first row that does not come before (collection, key). */
static size_t lower_bound(const struct hf__rows *r, uint8_t collection, struct hf_bytes key)
{
    hf_assert(r->count <= r->cap && r->count == r->first[HF__ROWS_APART]);
    uint64_t head = head_of(collection, key);
    /* No branch hangs on what is found: a processor that guesses would be wrong half the time. */
    size_t low = r->first[apart(collection)], end = r->first[apart(collection) + 1];
    for (size_t left = end - low; left > 0;) {
        size_t half = left / 2;
        bool below = r->rows[low + half].head < head;
        low += below ? left - half : 0;
        left = half;
    }
    /* Few rows begin alike. */
    while (low < end && r->rows[low].head == head && order(r->rows[low].row, collection, key) < 0)
        low++;
    hf_assert(low == end || r->rows[low].head >= head);
    return low;
}

/* Whether the row at i is this one: another is told by its head, mostly, without a look at it. */
static bool is_at(const struct hf__rows *r, size_t i, uint8_t collection, struct hf_bytes key)
{
    return i < r->first[apart(collection) + 1] && r->rows[i].head == head_of(collection, key) &&
           order(r->rows[i].row, collection, key) == 0;
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
    if (!is_at(r, i, collection, key))
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
    if (is_at(r, i, collection, key)) {
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
    row->seq = 0;
    row->memo = 0;
    if (key.len > 0)
        memcpy(row->key, key.data, key.len);
    memmove(&r->rows[i + 1], &r->rows[i], (r->count - i) * sizeof *r->rows);
    r->rows[i] = (struct hf__row_place){head_of(collection, key), row};
    hf_assert(i == 0 || r->rows[i - 1].head <= r->rows[i].head);
    move(r, collection, true);
    return NULL;
}

struct hf_blob *hf__rows_del(struct hf__rows *r, uint8_t collection, struct hf_bytes key)
{
    size_t i = lower_bound(r, collection, key);
    if (!is_at(r, i, collection, key))
        return NULL;
    struct hf_blob *before = r->rows[i].row->value;
    hf_assert(before != NULL && r->count > 0);
    free(r->rows[i].row);
    move(r, collection, false);
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
