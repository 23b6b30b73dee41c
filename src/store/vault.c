/* Making the vault, opening it, locking it. */
#include "internal.h"
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void hf_store_vault_lock(struct hf_store *s)
{
    hf_secret_free(s->keys);
    s->keys = NULL;
    hf_secret_free(s->secret_row);
    s->secret_row = NULL;
    free(s->scratch);
    s->scratch = NULL;
    hf__index_done(&s->index);
    s->head = (struct hf__head){0};
    s->seq_next = 0;
}

/* What an open vault needs in memory; on failure it is locked. */
static int unlock(struct hf_store *s, const uint8_t *key, const uint8_t *vault_id,
                  struct hf_store_error *err)
{
    int r = hf__keys_new(s->suite, key, vault_id, &s->keys, err);
    if (r != 0)
        return r;
    s->scratch = malloc(HF__ROW_PREFIX_LEN + HF__ROW_SEALED_MAX);
    s->secret_row = hf_secret_alloc_rows(HF__ROW_PLAIN_MAX);
    if (s->secret_row == NULL || s->scratch == NULL || hf__index_reserve(&s->index, 1) != 0) {
        hf_store_vault_lock(s);
        return hf__fail(err, HF_ENOMEM, "no memory to open the vault");
    }
    return 0;
}

static int create_in_place(struct hf_store *s, const struct hf__plain *plain,
                           struct hf_bytes sealed_head, struct hf_store_error *err)
{
    int r = hf__db_mark(s, true, err);
    if (r != 0)
        return r;
    int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return hf__fail_sqlite(err, s->db, rc, "beginning the vault");
    r = hf__schema_put_plain(s->db, plain, err);
    if (r == 0)
        r = hf__schema_put_head(s->db, sealed_head, err);
    /* An older folder without a vault becomes a newer one by this. */
    if (r == 0 && s->format != plain->format)
        r = hf__schema_mark(s->db, plain->format, true, err);
    if (r == 0 && (rc = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL)) != SQLITE_OK)
        r = hf__fail_sqlite(err, s->db, rc, "making the vault durable");
    if (r != 0) {
        hf__db_rollback(s);
        return r;
    }
    s->format = plain->format;
    /* The database without its log is to say that there is a vault. */
    return hf__db_fold(s, err);
}

/* The new database is complete before the old one gives up its name, and the
 * old one keeps another. */
static int create_beside(struct hf_store *s, const struct hf__plain *plain,
                         struct hf_bytes sealed_head, struct hf_store_error *err)
{
    hf_assert(s->plain.header.state == HF_VAULT_PLACING);
    int r = hf__db_build(s, plain, sealed_head, err);
    if (r == 0)
        r = hf__db_retire(s, err);
    if (r == 0)
        r = hf__folder_install(s, true, err);
    return r;
}

int hf_store_vault_create(struct hf_store *s, const uint8_t key[static HF_KEY_LEN],
                          const struct hf_vault_header *header, struct hf_store_error *err)
{
    int r = hf__db_ready(s, err);
    if (r != 0)
        return r;
    if (s->keys != NULL)
        return hf__fail(err, HF_EVAULTSTATE, "the vault is open: none is made beside it");
    if (s->plain.header.state == HF_VAULT_PLACED)
        return hf__fail(err, HF_EVAULTSTATE,
                        "%s/" HF__DB_NAME " holds a vault that is placed: the "
                        "daemon never makes another in its stead",
                        s->dir);
    struct hf__plain plain = {.format = hf__formats()->newest, .header = *header};
    plain.header.state = HF_VAULT_PLACING;
    if (getrandom(plain.vault_id, sizeof plain.vault_id, 0) != sizeof plain.vault_id)
        return hf__fail_errno(err, errno, "asking the kernel for random bytes");
    struct hf__keys *keys = NULL;
    if ((r = hf__keys_new(s->suite, key, plain.vault_id, &keys, err)) != 0)
        return r;
    memcpy(plain.key_check, keys->check, sizeof plain.key_check);
    uint8_t sealed[HF__HEAD_SEALED_LEN];
    hf__head_seal(s->suite, keys, &plain, &(struct hf__head){0}, sealed);
    hf_secret_free(keys);
    struct hf_bytes head = hf_bytes_of(sealed, sizeof sealed);
    if (s->plain.header.state == HF_VAULT_NONE)
        r = create_in_place(s, &plain, head, err);
    else if ((r = create_beside(s, &plain, head, err)) == 0)
        r = hf__db_ready(s, err);
    if (r == 0)
        r = unlock(s, key, plain.vault_id, err);
    if (r != 0) {
        /* What is on the disk decides what is here; a later call connects again
         * if this one cannot. */
        if (s->db != NULL && hf__schema_load_plain(s->db, &plain, NULL) == 0)
            s->plain = plain;
        return r;
    }
    s->plain = plain;
    s->seq_next = 1;
    return 0;
}

/* Reads the head and opens it. */
static int load_head(struct hf_store *s, struct hf__head *ret, struct hf_store_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc =
        sqlite3_prepare_v2(s->db, "SELECT sealed FROM vault_head WHERE one = 1", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    int r = 0;
    if (rc == SQLITE_ROW) {
        const void *sealed = sqlite3_column_blob(st, 0);
        size_t len = (size_t)sqlite3_column_bytes(st, 0);
        r = hf__head_open(s->suite, s->keys, &s->plain,
                          hf_bytes_of(sealed, sealed != NULL ? len : 0), ret, err);
    } else if (rc == SQLITE_DONE) {
        r = hf__fail(err, HF_ECORRUPT, HF__DB_NAME " holds a vault whose head is missing");
    } else {
        r = hf__fail_sqlite(err, s->db, rc, "reading the vault's head");
    }
    sqlite3_finalize(st);
    return r;
}

struct walk {
    hf_store_vault_fn *fn;
    void *ctx;
    struct hf__head head;
    struct hf__head found;
    struct hf__entry last; /* the row before, for errors that have no row */
};

/* Adds a row that opened, unless one with its key is there already. */
static int admit(struct hf_store *s, struct walk *w, const struct hf__entry *e,
                 struct hf_store_error *err)
{
    const struct hf__entry *twin = hf__index_find(&s->index, e->id);
    if (twin != NULL)
        return hf__fail(err, HF_EROLLBACK,
                        "row of collection %u, sequence %llu has the key of sequence %llu: one of "
                        "them was planted",
                        e->collection, (unsigned long long)twin->seq, (unsigned long long)e->seq);
    if (e->seq > w->head.seq_max)
        return hf__fail(err, HF_EROLLBACK,
                        "row of collection %u, sequence %llu is newer than the head, which ends at "
                        "%llu: the head was rolled back",
                        e->collection, (unsigned long long)e->seq,
                        (unsigned long long)w->head.seq_max);
    if (hf__index_reserve(&s->index, 1) != 0)
        return hf__fail(err, HF_ENOMEM, "no memory for the index of the vault's rows");
    hf__index_set(&s->index, e);
    hf__head_add(&w->found, e);
    return 0;
}

static int take_row(struct hf_store *s, sqlite3_stmt *st, struct walk *w,
                    struct hf_store_error *err)
{
    int64_t seq = sqlite3_column_int64(st, 0), collection = sqlite3_column_int64(st, 1);
    if (seq <= 0 || collection < 0 || collection > UINT8_MAX ||
        sqlite3_column_type(st, 2) != SQLITE_BLOB)
        return hf__fail(err, HF_ECORRUPT, "row of collection %lld, sequence %lld is malformed",
                        (long long)collection, (long long)seq);
    const void *sealed = sqlite3_column_blob(st, 2);
    if (sealed == NULL)
        return hf__fail_sqlite(err, s->db, sqlite3_errcode(s->db), "reading a row of the vault");
    struct hf__entry entry = {.seq = (uint64_t)seq, .collection = (uint8_t)collection};
    struct hf_bytes key, value;
    int r = hf__row_open(s, &entry, hf_bytes_of(sealed, (size_t)sqlite3_column_bytes(st, 2)), &key,
                         &value, err);
    if (r != 0)
        return r;
    r = admit(s, w, &entry, err);
    if (r == 0)
        r = hf__format_row(s, entry.collection, key, &value, err);
    if (r == 0)
        r = w->fn(w->ctx, entry.collection, key, value);
    hf__row_wipe(s, value);
    w->last = entry;
    return r;
}

static int walk_rows(struct hf_store *s, struct walk *w, struct hf_store_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, "SELECT seq, collection, sealed FROM vault_row ORDER BY seq",
                                -1, &st, NULL);
    int r = 0;
    if (rc == SQLITE_OK)
        while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
            r = take_row(s, st, w, err);
    if (r == 0 && rc != SQLITE_DONE) {
        char what[96];
        (void)snprintf(what, sizeof what,
                       "reading the vault after its row of collection %u, sequence %llu",
                       w->last.collection, (unsigned long long)w->last.seq);
        r = hf__fail_sqlite(err, s->db, rc, what);
    }
    sqlite3_finalize(st);
    return r;
}

int hf_store_vault_open(struct hf_store *s, const uint8_t key[static HF_KEY_LEN],
                        hf_store_vault_fn *fn, void *ctx, struct hf_store_error *err)
{
    int r = hf__db_ready(s, err);
    if (r != 0)
        return r;
    if (s->plain.header.state == HF_VAULT_NONE)
        return hf__fail(err, HF_EVAULTSTATE, "there is no vault in %s", s->dir);
    if (s->keys != NULL)
        return hf__fail(err, HF_EVAULTSTATE, "the vault is open already");
    if ((r = unlock(s, key, s->plain.vault_id, err)) != 0)
        return r;
    struct walk w = {.fn = fn, .ctx = ctx};
    if (!hf_secret_equal(s->keys->check, s->plain.key_check, HF_MAC_LEN))
        r = hf__fail(err, HF_EVAULTKEY, "the key is not that of the vault in %s", s->dir);
    else if ((r = load_head(s, &w.head, err)) == 0 && (r = walk_rows(s, &w, err)) == 0)
        r = hf__head_judge(&w.head, &w.found, &s->index, err);
    if (r != 0) {
        hf_store_vault_lock(s);
        return r;
    }
    s->head = w.head;
    s->seq_next = w.head.seq_max + 1;
    if (s->format < hf__formats()->newest && (r = hf__migrate(s, key, err)) != 0)
        hf_store_vault_lock(s);
    return r;
}
