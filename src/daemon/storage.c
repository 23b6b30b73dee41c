#include "storage.h"

#include "base/error.h"
#include "base/secret.h"
#include "store/writer.h"

#include <stdio.h>
#include <stdlib.h>

/* What waits to be handed to the writer, or for its completion. */
struct item {
    struct item *next;
    bool is_vault, settles, locks;
    uint64_t seq;
    struct hf_store_op *ops;
    uint8_t *keys;           /* HF_ROW_KEY_MAX bytes for each op that has one */
    struct hf_blob **values; /* one for each op; NULL where it has none */
    size_t ops_count;
    /* Vault work. */
    bool create;
    uint8_t *key; /* secret memory */
    struct hf_vault_header header;
    struct hf__storage_rows rows;
    struct hf__storage_formats formats; /* as the job left them */
};

/* Updates that wait for the disk before peers are told that the node is busy. */
enum { WAITING_MAX = 256 };

struct hf__storage {
    struct hf_store *store;
    struct hf_writer *writer;
    struct hf__storage_hooks hooks;
    struct hf_network_id network;
    struct item *first, **last; /* given, not yet at the writer */
    struct item *sent, **sent_last;
    size_t waiting;
    int health;
    struct hf__storage_formats formats;
};

_Static_assert((int)HF_ROW_KEY_MAX <= (int)HF_STORE_KEY_MAX,
               "the store takes every key of the engine");

void hf__storage_rows_done(struct hf__storage_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        hf_blob_unref(rows->rows[i].value);
        free((void *)(uintptr_t)rows->rows[i].key.data);
    }
    free(rows->rows);
    *rows = (struct hf__storage_rows){0};
}

static int rows_add(struct hf__storage_rows *rows, uint8_t collection, struct hf_bytes key,
                    struct hf_bytes value)
{
    if (rows->count == rows->cap) {
        size_t cap = rows->cap < 16 ? 16 : rows->cap * 2;
        struct hf_row_in *grown = realloc(rows->rows, cap * sizeof *grown);
        if (grown == NULL)
            return HF_ENOMEM;
        rows->rows = grown;
        rows->cap = cap;
    }
    uint8_t *copy = malloc(key.len + 1);
    struct hf_blob *blob = hf_blob_new(value);
    if (copy == NULL || blob == NULL) {
        free(copy);
        hf_blob_unref(blob);
        return HF_ENOMEM;
    }
    memcpy(copy, key.data, key.len);
    rows->rows[rows->count++] = (struct hf_row_in){
        .collection = collection, .key = hf_bytes_of(copy, key.len), .value = blob};
    return 0;
}

static int on_public(void *ctx, const char *key, struct hf_bytes value)
{
    return rows_add(ctx, HF_ROW_PUBLIC, hf_bytes_of(key, strlen(key)), value);
}

/* The engine's rows without a key stand under one byte, because the store wants a key. */
static const uint8_t empty_key[1] = {0};

static int on_vault_row(void *ctx, uint8_t collection, struct hf_bytes key, struct hf_bytes value)
{
    if (key.len == sizeof empty_key && key.data[0] == empty_key[0])
        key.len = 0;
    return rows_add(ctx, collection, key, value);
}

static struct hf__storage_formats formats_of(const struct hf_store *store)
{
    return (struct hf__storage_formats){.folder = hf_store_format(store),
                                        .kept = hf_store_kept(store)};
}

int hf__storage_open(const char *dir, const struct hf_network_id *network,
                     const struct hf_suite *suite, const struct hf__storage_hooks *hooks,
                     struct hf__storage **ret, struct hf__storage_start *ret_start,
                     char ret_text[static HF_STORE_TEXT_LEN])
{
    struct hf_store_error error = {0};
    struct hf_vault_header header;
    struct hf__storage_rows rows = {0};
    const struct hf_writer_options options = {.wake = hooks->wake, .wake_ctx = hooks->user};
    struct hf__storage *s = calloc(1, sizeof *s);
    ret_text[0] = '\0';
    if (s == NULL)
        return HF_ENOMEM;
    s->hooks = *hooks;
    s->last = &s->first;
    s->sent_last = &s->sent;
    s->network = *network;
    int r = hf_store_open(dir, suite, &s->store, &error);
    if (r == 0)
        r = hf_store_public_each(s->store, on_public, &rows, &error);
    if (r == 0)
        r = hf_writer_new(s->store, &options, &s->writer);
    if (r != 0) {
        snprintf(ret_text, HF_STORE_TEXT_LEN, "%s", error.text);
        hf__storage_rows_done(&rows);
        hf__storage_close(s, 0);
        return r;
    }
    hf_store_header(s->store, &header);
    s->formats = formats_of(s->store);
    *ret_start =
        (struct hf__storage_start){.vault = (enum hf_vault_state)header.state, .public_rows = rows};
    *ret = s;
    return 0;
}

static void item_free(struct item *it)
{
    for (size_t i = 0; i < it->ops_count; i++)
        hf_blob_unref(it->values[i]);
    free(it->ops);
    free(it->keys);
    free(it->values);
    hf_secret_free(it->key);
    hf__storage_rows_done(&it->rows);
    free(it);
}

static void free_all(struct item *it)
{
    while (it != NULL) {
        struct item *next = it->next;
        item_free(it);
        it = next;
    }
}

void hf__storage_close(struct hf__storage *s, uint32_t wait_ms)
{
    if (s == NULL)
        return;
    if (s->writer != NULL)
        hf_writer_stop(s->writer, wait_ms);
    hf_writer_free(s->writer);
    hf_store_close(s->store);
    free_all(s->first);
    free_all(s->sent);
    free(s);
}

/* On the writer's thread. */
static int vault_job(struct hf_store *store, void *ctx)
{
    struct item *it = ctx;
    int r;
    /* Made anew, or read back after it was written. */
    if (hf_store_vault_is_open(store))
        hf_store_vault_lock(store);
    if (it->create) {
        r = hf_store_vault_create(store, it->key, &it->header, NULL);
    } else {
        r = hf_store_vault_open(store, it->key, on_vault_row, &it->rows, NULL);
    }
    hf_secret_free(it->key);
    it->key = NULL;
    it->formats = formats_of(store);
    if (r != 0)
        hf__storage_rows_done(&it->rows);
    return r;
}

/* On the writer's thread. */
static int lock_job(struct hf_store *store, void *ctx)
{
    (void)ctx;
    if (hf_store_vault_is_open(store))
        hf_store_vault_lock(store);
    return 0;
}

static int settle_job(struct hf_store *store, void *ctx)
{
    struct item *it = ctx;
    int r = hf_store_settle(store, NULL);
    it->formats = formats_of(store);
    return r;
}

/* Hands over what the writer takes now. What waits beyond its bounds is handed
 * over as it empties. */
static void hand_over(struct hf__storage *s)
{
    while (s->first != NULL) {
        struct item *it = s->first;
        const struct hf_store_update update = {.ops = it->ops, .ops_count = it->ops_count};
        int r = it->is_vault  ? hf_writer_run(s->writer, vault_job, it, it->seq)
                : it->settles ? hf_writer_run(s->writer, settle_job, it, it->seq)
                : it->locks   ? hf_writer_run(s->writer, lock_job, it, it->seq)
                              : hf_writer_submit(s->writer, &update, it->seq);
        if (r == HF_EBUSY || r == HF_ENOMEM || r == HF_ECANCELED)
            return;
        hf_assert(r == 0); /* the engine's rows are within the store's bounds */
        s->first = it->next;
        if (s->first == NULL)
            s->last = &s->first;
        it->next = NULL;
        *s->sent_last = it;
        s->sent_last = &it->next;
    }
}

static void add(struct hf__storage *s, struct item *it)
{
    *s->last = it;
    s->last = &it->next;
    s->waiting++;
    hand_over(s);
}

/* The operation for a write; its key is borrowed from the write. */
static struct hf_store_op op_of(const struct hf_write *w)
{
    bool public_row = w->collection == HF_ROW_PUBLIC;
    struct hf_store_op op = {.collection = public_row ? 0 : w->collection,
                             .key = w->key_len > 0 ? hf_bytes_of(w->key, w->key_len)
                                                   : hf_bytes_of(empty_key, sizeof empty_key)};
    if (w->value != NULL) {
        op.type = public_row ? HF_STORE_PUBLIC_PUT : HF_STORE_VAULT_PUT;
        op.value = hf_blob_bytes(w->value);
    } else {
        op.type = public_row ? HF_STORE_PUBLIC_DEL : HF_STORE_VAULT_DEL;
    }
    return op;
}

void hf__storage_write(struct hf__storage *s, const struct hf_update *update)
{
    bool set_placed = update->vault_state == HF_VAULT_PLACED, rekeys = update->rekey != NULL;
    size_t count = update->writes_count, ops_count = count + set_placed + rekeys;
    if (count == 0)
        return;
    struct item *it = calloc(1, sizeof *it);
    hf_assert(it != NULL);
    it->ops = calloc(ops_count, sizeof *it->ops);
    it->values = calloc(ops_count, sizeof(struct hf_blob *));
    it->keys = malloc((count + rekeys) * HF_ROW_KEY_MAX);
    hf_assert(it->ops != NULL && it->values != NULL && it->keys != NULL);
    it->seq = update->write_seq;
    it->ops_count = ops_count;
    for (size_t i = 0; i < count; i++) {
        uint8_t *key = it->keys + i * HF_ROW_KEY_MAX;
        struct hf_store_op op = op_of(&update->writes[i]);
        memcpy(key, op.key.data, op.key.len);
        op.key.data = key;
        it->ops[i] = op;
        it->values[i] = hf_blob_ref(update->writes[i].value);
    }
    if (set_placed)
        it->ops[count].type = HF_STORE_SET_PLACED;
    if (rekeys) {
        uint8_t *version = it->keys + count * HF_ROW_KEY_MAX;
        it->key = hf_secret_alloc(HF_KEY_LEN);
        hf_assert(it->key != NULL);
        memcpy(it->key, update->rekey, HF_KEY_LEN);
        for (int i = 0; i < 4; i++)
            version[i] = (uint8_t)(update->key_version >> (24 - 8 * i));
        it->ops[ops_count - 1] = (struct hf_store_op){.type = HF_STORE_REKEY,
                                                      .key = hf_bytes_of(version, 4),
                                                      .value = hf_bytes_of(it->key, HF_KEY_LEN)};
    }
    add(s, it);
}

void hf__storage_vault(struct hf__storage *s, bool create, const uint8_t key[static HF_KEY_LEN],
                       const struct hf_account *account, uint32_t version)
{
    struct item *it = calloc(1, sizeof *it);
    hf_assert(it != NULL);
    it->is_vault = true;
    it->create = create;
    it->key = hf_secret_alloc(HF_KEY_LEN);
    hf_assert(it->key != NULL);
    memcpy(it->key, key, HF_KEY_LEN);
    it->header.network = s->network;
    it->header.account = *account;
    it->header.key_version = version;
    add(s, it);
}

void hf__storage_settle(struct hf__storage *s)
{
    if (s->formats.kept == 0)
        return;
    struct item *it = calloc(1, sizeof *it);
    hf_assert(it != NULL);
    it->settles = true;
    add(s, it);
}

void hf__storage_formats(const struct hf__storage *s, struct hf__storage_formats *ret)
{
    *ret = s->formats;
}

/* Takes what a job left of the formats, and tells the daemon where they changed. */
static void note_formats(struct hf__storage *s, const struct item *it, int code)
{
    bool moved = memcmp(&s->formats, &it->formats, sizeof s->formats) != 0;
    if (it->formats.folder == 0)
        return; /* it was not run */
    s->formats = it->formats;
    if (it->settles || (moved && code == 0 && it->formats.kept != 0))
        s->hooks.format(s->hooks.user, code);
}

void hf__storage_lock(struct hf__storage *s)
{
    struct item *it = calloc(1, sizeof *it);
    hf_assert(it != NULL);
    it->locks = true;
    add(s, it);
}

static void complete(struct hf__storage *s, int code)
{
    struct item *it = s->sent;
    hf_assert(it != NULL);
    s->sent = it->next;
    if (s->sent == NULL)
        s->sent_last = &s->sent;
    s->waiting--;
    if (it->is_vault || it->settles)
        note_formats(s, it, code);
    if (it->is_vault)
        s->hooks.vault(s->hooks.user, code, &it->rows);
    else if (code == 0 && !it->settles && !it->locks)
        s->hooks.durable(s->hooks.user, it->seq);
    item_free(it);
}

void hf__storage_poll(struct hf__storage *s)
{
    struct hf_writer_status status;
    struct hf_writer_done done;
    while (hf_writer_next(s->writer, &done))
        complete(s, done.code);
    hand_over(s);
    hf_writer_status(s->writer, &status);
    if (status.code != s->health) {
        s->health = status.code;
        s->hooks.health(s->hooks.user, status.code, status.error.text);
    }
}

bool hf__storage_crowded(const struct hf__storage *s)
{
    return s->waiting >= WAITING_MAX;
}

void hf__storage_stats(struct hf__storage *s, struct hf__storage_stats *ret)
{
    struct hf_writer_status status;
    hf_writer_status(s->writer, &status);
    *ret = (struct hf__storage_stats){
        .groups = status.groups, .updates = status.updates, .waiting = s->waiting};
}
