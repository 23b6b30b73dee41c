#include "storage/storage.h"

#include <stdlib.h>
#include <string.h>

static long row_index(const struct hf_disk *d, uint8_t collection, struct hf_bytes key)
{
    for (uint32_t i = 0; i < d->count; i++) {
        const struct hf__row *r = d->rows[i];
        if (r->collection == collection && r->key_len == key.len &&
            (key.len == 0 || memcmp(r->key, key.data, key.len) == 0))
            return (long)i;
    }
    return -1;
}

static void row_free(struct hf__row *r)
{
    hf_blob_unref(r->value);
    free(r);
}

static void row_remove(struct hf_disk *d, uint32_t index)
{
    row_free(d->rows[index]);
    memmove(d->rows + index, d->rows + index + 1,
            (d->count - index - 1) * sizeof(struct hf__row *));
    d->count--;
}

static void row_append(struct hf_disk *d, uint8_t collection, struct hf_bytes key,
                       struct hf_blob *value)
{
    struct hf__row *r = malloc(offsetof(struct hf__row, key) + key.len);
    hf_assert(r != NULL && key.len <= HF_ROW_KEY_MAX);
    r->value = hf_blob_ref(value);
    r->collection = collection;
    r->key_len = (uint8_t)key.len;
    if (key.len > 0)
        memcpy(r->key, key.data, key.len);
    if (d->count == d->cap) {
        d->cap = d->cap == 0 ? 8 : d->cap + d->cap / 2;
        d->rows = realloc(d->rows, d->cap * sizeof(struct hf__row *));
        hf_assert(d->rows != NULL);
    }
    d->rows[d->count++] = r;
}

void hf__disk_put(struct hf_disk *d, uint8_t collection, struct hf_bytes key, struct hf_blob *value)
{
    long at = row_index(d, collection, key);
    if (at < 0) {
        if (value != NULL)
            row_append(d, collection, key, value);
        return;
    }
    if (value == NULL) {
        row_remove(d, (uint32_t)at);
        return;
    }
    struct hf__row *r = d->rows[at];
    hf_blob_ref(value);
    hf_blob_unref(r->value);
    r->value = value;
}

struct hf__row *hf__disk_find(const struct hf_disk *d, uint8_t collection, struct hf_bytes key)
{
    long at = row_index(d, collection, key);
    return at < 0 ? NULL : d->rows[at];
}

struct hf_row_in *hf__disk_rows(const struct hf_disk *d, bool public, size_t *ret_count)
{
    struct hf_row_in *rows = calloc(d->count + 1u, sizeof *rows);
    size_t count = 0;
    hf_assert(rows != NULL);
    for (uint32_t i = 0; i < d->count; i++) {
        struct hf__row *r = d->rows[i];
        if ((r->collection == HF_ROW_PUBLIC) != public)
            continue;
        rows[count++] = (struct hf_row_in){
            .collection = r->collection,
            .key = hf_bytes_of(r->key, r->key_len),
            .value = r->value,
        };
    }
    *ret_count = count;
    return rows;
}

void hf__disk_clear_vault(struct hf_disk *d)
{
    for (uint32_t i = d->count; i > 0; i--) {
        if (d->rows[i - 1]->collection != HF_ROW_PUBLIC)
            row_remove(d, i - 1);
    }
}

void hf__disk_copy(struct hf_disk *ret, const struct hf_disk *from)
{
    *ret = *from;
    ret->rows = NULL;
    ret->count = 0;
    ret->cap = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        const struct hf__row *r = from->rows[i];
        row_append(ret, r->collection, hf_bytes_of(r->key, r->key_len), r->value);
    }
}

void hf__disk_done(struct hf_disk *d)
{
    for (uint32_t i = 0; i < d->count; i++)
        row_free(d->rows[i]);
    free(d->rows);
    memset(d, 0, sizeof *d);
}

size_t hf__disk_bytes(const struct hf_disk *d)
{
    size_t bytes = d->cap * sizeof(struct hf__row *);
    for (uint32_t i = 0; i < d->count; i++) {
        const struct hf__row *r = d->rows[i];
        bytes += offsetof(struct hf__row, key) + r->key_len;
        /* What others hold too is counted where it is held first. */
        if (r->value->refs == 1)
            bytes += sizeof *r->value + r->value->len;
    }
    return bytes;
}

/* ---- The host's hands on a disk ---- */

bool hf__disk_hint(const struct hf_disk *d, struct hf_arena *arena, struct hf_public_hint *ret)
{
    const struct hf__row *row = hf__disk_find(d, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    return row != NULL && hf__direct.decode(&hf_wire_public_hint, hf_blob_bytes(row->value), arena,
                                            ret, NULL) == 0;
}

bool hf__disk_record(const struct hf_disk *d, struct hf_arena *arena,
                     struct hf_placement_record *ret)
{
    struct hf_public_hint hint;
    return hf__disk_hint(d, arena, &hint) && hint.has_record &&
           hf__direct.decode(&hf_wire_placement_record, hint.record.record, arena, ret, NULL) == 0;
}

void hf__disk_emptied(struct hf_world *w, uint32_t node, bool hostile)
{
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].emptied != NULL)
            w->observers[i].emptied(w->observers[i].ctx, w, node, hostile);
    }
}

struct hf_disk *hf_world_disk_copy(const struct hf_world *w, uint32_t node)
{
    struct hf_disk *copy = malloc(sizeof *copy);
    hf_assert(copy != NULL);
    hf__disk_copy(copy, &hf__node(w, node)->disk);
    return copy;
}

void hf_world_disk_put(struct hf_world *w, uint32_t node, const struct hf_disk *disk)
{
    struct hf__node *n = hf__node(w, node);
    hf_assert(n->engine == NULL);
    hf__disk_done(&n->disk);
    hf__disk_copy(&n->disk, disk);
    n->tainted = true;
    hf__disk_emptied(w, node, true);
}

void hf_disk_free(struct hf_disk *disk)
{
    if (disk != NULL)
        hf__disk_done(disk);
    free(disk);
}

void hf_world_finds(struct hf_world *w, uint32_t node)
{
    hf__node(w, node)->finds = true;
}

void hf_world_told(struct hf_world *w, uint32_t node, const struct hf_account *account)
{
    struct hf__node *n = hf__node(w, node);
    free(n->told);
    n->told = account != NULL ? malloc(sizeof *n->told) : NULL;
    hf_assert(account == NULL || n->told != NULL);
    if (account != NULL)
        *n->told = *account;
}

void hf_world_disk_wipe(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    hf_assert(n->engine == NULL);
    hf__disk_done(&n->disk);
    n->emptied = true;
    /* What is lost before it was handed over is lost to who takes over, too. */
    for (uint32_t i = 0; i < w->nodes_count; i++)
        if (w->nodes[i]->takes_over == (long)node && w->nodes[i]->disk.vault == HF_VAULT_NONE)
            w->nodes[i]->emptied = true;
    hf__disk_emptied(w, node, true);
}

const struct hf_blob *hf_world_row(const struct hf_world *w, uint32_t node, uint8_t collection,
                                   struct hf_bytes key)
{
    const struct hf__row *r = hf__disk_find(&hf__node(w, node)->disk, collection, key);
    return r == NULL ? NULL : r->value;
}

void hf_world_public_put(struct hf_world *w, uint32_t node, const char *key, struct hf_bytes value)
{
    struct hf_blob *blob = NULL;
    if (value.data != NULL) {
        blob = hf_blob_new(value);
        hf_assert(blob != NULL);
    }
    hf__disk_put(&hf__node(w, node)->disk, HF_ROW_PUBLIC, hf_bytes_of(key, strlen(key)), blob);
    hf_blob_unref(blob);
}

void hf_world_vault_damage(struct hf_world *w, uint32_t node, int error)
{
    hf__node(w, node)->disk.damage = error;
}

enum hf_vault_state hf_world_vault_state(const struct hf_world *w, uint32_t node)
{
    return (enum hf_vault_state)hf__node(w, node)->disk.vault;
}
