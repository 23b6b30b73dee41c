/* Puts an open vault under another key, and into the newest format, row by row, within one
 * transaction. */
#include "internal.h"
#include "base/secret.h"

#include <stdlib.h>

/* What is being put under other keys. */
struct rekey {
    struct hf_store *s;
    struct hf_store_error *err;
    struct hf__keys *old, *new;
    struct hf__index index; /* of the rows as they will be */
    struct hf__head head;
};

static int vanished(const struct rekey *k, const struct hf__entry *e)
{
    return hf__fail(k->err, HF_ECORRUPT,
                    "row of collection %u, sequence %llu is not what was written, while the vault "
                    "was open",
                    e->collection, (unsigned long long)e->seq);
}

/* Opens a row that memory knows, under the old keys. */
static int open_row(const struct rekey *k, const struct hf__entry *known, struct hf_bytes *ret_key,
                    struct hf_bytes *ret_value)
{
    struct hf_store *s = k->s;
    struct hf__entry found = *known;
    int r = 0;
    sqlite3_stmt *st = hf__db_stmt(s, HF__ROW_SELECT, &r, k->err);
    if (st == NULL)
        return r;
    int rc = sqlite3_bind_int64(st, 1, (int64_t)known->seq);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    const void *sealed = rc == SQLITE_ROW ? sqlite3_column_blob(st, 0) : NULL;
    s->keys = k->old;
    if (sealed != NULL)
        r = hf__row_open(s, &found, hf_bytes_of(sealed, (size_t)sqlite3_column_bytes(st, 0)),
                         ret_key, ret_value, k->err);
    else if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        r = vanished(k, known);
    else
        r = hf__fail_sqlite(k->err, s->db, rc, "reading a row of the vault");
    sqlite3_reset(st);
    if (r != 0)
        return r;
    /* Memory is believed, and not the disk. */
    if (memcmp(found.id, known->id, HF__ID_LEN) == 0 &&
        memcmp(found.element, known->element, HF__SUM_LEN) == 0)
        return 0;
    hf__row_wipe(s, *ret_value);
    return vanished(k, known);
}

/* Writes the row that open_row has left under the new keys, in place of the old. */
static int write_row(struct rekey *k, const struct hf__entry *known, struct hf__entry *e,
                     struct hf_bytes sealed)
{
    struct hf_store *s = k->s;
    int r = 0;
    sqlite3_stmt *st = hf__db_stmt(s, HF__ROW_REPLACE, &r, k->err);
    if (st == NULL)
        return r;
    int rc = sqlite3_bind_int64(st, 1, (int64_t)known->seq);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(st, 2, (int64_t)e->seq);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(st, 3, sealed.data, (int)sealed.len, SQLITE_STATIC);
    if (rc != SQLITE_OK)
        return hf__fail_sqlite(k->err, s->db, rc, "binding a value");
    if ((r = hf__db_run(s, st, "putting a row of the vault under another key", k->err)) != 0)
        return r;
    if (sqlite3_changes(s->db) != 1)
        return vanished(k, known);
    hf__index_set(&k->index, e);
    hf__head_add(&k->head, e);
    return 0;
}

static int rekey_row(struct rekey *k, const struct hf__entry *known)
{
    struct hf_store *s = k->s;
    struct hf__entry e = {.seq = s->seq_next, .collection = known->collection};
    struct hf_bytes key, value, sealed;
    int r = open_row(k, known, &key, &value);
    if (r != 0)
        return r;
    if ((r = hf__format_row(s, known->collection, key, &value, k->err)) != 0) {
        hf__row_wipe(s, value);
        return r;
    }
    hf_assert(e.seq < INT64_MAX);
    s->seq_next++;
    s->keys = k->new;
    hf__row_reseal(s, &e, key, value, &sealed);
    return write_row(k, known, &e, sealed);
}

int hf__rekey(struct hf_store *s, const uint8_t key[static HF_KEY_LEN], uint32_t version,
              struct hf__before *ret, struct hf_store_error *err)
{
    struct rekey k = {.s = s, .err = err, .old = s->keys};
    hf_assert(s->keys != NULL && ret->keys == NULL);
    k.index = (struct hf__index){.slots = calloc(s->index.cap, sizeof *k.index.slots),
                                 .cap = s->index.cap};
    if (k.index.slots == NULL)
        return hf__fail(err, HF_ENOMEM, "no memory for the index of the vault's rows");
    int r = hf__keys_new(s->suite, key, s->plain.vault_id, &k.new, err);
    for (size_t i = 0; r == 0 && i < s->index.cap; i++)
        if (s->index.slots[i].seq != 0)
            r = rekey_row(&k, &s->index.slots[i]);
    struct hf__plain plain = s->plain;
    plain.header.key_version = version;
    plain.format = hf__formats()->newest;
    if (r == 0) {
        memcpy(plain.key_check, k.new->check, sizeof plain.key_check);
        r = hf__schema_put_plain(s->db, &plain, err);
    }
    s->keys = k.old;
    if (r != 0) {
        hf_secret_free(k.new);
        hf__index_done(&k.index);
        return r;
    }
    hf_assert(k.index.count == s->index.count);
    *ret = (struct hf__before){.keys = s->keys, .index = s->index, .plain = s->plain};
    s->keys = k.new;
    s->index = k.index;
    s->plain = plain;
    s->head = k.head;
    return 0;
}

void hf__rekey_done(struct hf__before *before)
{
    hf_secret_free(before->keys);
    hf__index_done(&before->index);
    *before = (struct hf__before){0};
}

void hf__rekey_undo(struct hf_store *s, struct hf__before *before)
{
    if (before->keys == NULL)
        return;
    hf_secret_free(s->keys);
    hf__index_done(&s->index);
    s->keys = before->keys;
    s->index = before->index;
    s->plain = before->plain;
    *before = (struct hf__before){0};
}
