/* Opening and closing the folder, and what can be read without a key. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

int hf_store_open(const char *dir, const struct hf_suite *suite, struct hf_store **ret,
                  struct hf_store_error *err)
{
    struct hf_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return hf__fail(err, HF_ENOMEM, "no memory to open %s", dir);
    s->suite = suite;
    s->dir_fd = s->lock_fd = -1;
    errno = 0;
    int r = hf__folder_open(s, dir, err);
    if (r == 0)
        r = hf__db_connect(s, err);
    if (r != 0) {
        hf__folder_close(s);
        free(s);
        return r;
    }
    *ret = s;
    return 0;
}

void hf_store_close(struct hf_store *s)
{
    if (s == NULL)
        return;
    hf_store_vault_lock(s);
    /* Where this fails the log stays, and the mark that it belongs here. */
    if (s->db != NULL && hf__db_ready(s, NULL) == 0)
        (void)!hf__db_mark(s, false, NULL);
    if (s->db != NULL)
        hf__db_close(s);
    hf__folder_close(s);
    free(s);
}

void hf_store_header(const struct hf_store *s, struct hf_vault_header *ret)
{
    *ret = s->plain.header;
}

bool hf_store_vault_is_open(const struct hf_store *s)
{
    return s->keys != NULL;
}

/* Holds a public row to the bounds of its writer: the disk may say anything. */
static int take_public(sqlite3_stmt *st, hf_store_public_fn *fn, void *ctx,
                       struct hf_store_error *err)
{
    const char *key = (const char *)sqlite3_column_text(st, 0);
    int key_len = sqlite3_column_bytes(st, 0);
    const uint8_t *value = sqlite3_column_blob(st, 1);
    int value_len = sqlite3_column_bytes(st, 1);
    if (key == NULL || key_len < 1 || key_len > HF_STORE_KEY_MAX ||
        strlen(key) != (size_t)key_len || sqlite3_column_type(st, 1) != SQLITE_BLOB ||
        value_len > HF_STORE_PUBLIC_MAX || (value == NULL && value_len > 0))
        return hf__fail(err, HF_ECORRUPT, "a row of the public state is not of our making");
    return fn(ctx, key, hf_bytes_of(value, (size_t)value_len));
}

int hf_store_public_each(struct hf_store *s, hf_store_public_fn *fn, void *ctx,
                         struct hf_store_error *err)
{
    int r = hf__db_ready(s, err);
    if (r != 0)
        return r;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, "SELECT key, value FROM public_state ORDER BY key", -1, &st,
                                NULL);
    if (rc != SQLITE_OK)
        return hf__fail_sqlite(err, s->db, rc, "reading the public state");
    while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
        r = take_public(st, fn, ctx, err);
    if (r == 0 && rc != SQLITE_DONE)
        r = hf__fail_sqlite(err, s->db, rc, "reading the public state");
    sqlite3_finalize(st);
    return r;
}

void hf_store_tidy(struct hf_store *s)
{
    if (s->db == NULL || s->wal_pages < HF__WAL_PAGES_MAX)
        return;
    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK)
        s->wal_pages = 0;
}
