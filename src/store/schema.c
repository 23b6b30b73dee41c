/* The tables, and the rows of them that stand alone. */
#include "internal.h"

#include <stdio.h>

enum {
    APPLICATION_ID = 0x48664461, /* "HfDa", for file(1) and for us */
};

struct table {
    const char *name;
    const char *sql; /* exactly as SQLite keeps it */
};

static const struct table tables[] = {
    {"public_state", "CREATE TABLE public_state(key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL)"
                     " WITHOUT ROWID"},
    {"vault_head", "CREATE TABLE vault_head(one INTEGER PRIMARY KEY CHECK(one = 1),"
                   " sealed BLOB NOT NULL)"},
    {"vault_header", "CREATE TABLE vault_header(one INTEGER PRIMARY KEY CHECK(one = 1),"
                     " format INTEGER NOT NULL, network BLOB NOT NULL, account BLOB NOT NULL,"
                     " key_version INTEGER NOT NULL, state TEXT NOT NULL, vault_id BLOB NOT NULL,"
                     " key_check BLOB NOT NULL)"},
    {"vault_row", "CREATE TABLE vault_row(seq INTEGER PRIMARY KEY, collection INTEGER NOT NULL,"
                  " sealed BLOB NOT NULL)"},
};

static int run(sqlite3 *db, const char *sql, const char *what, struct hf_store_error *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : hf__fail_sqlite(err, db, rc, what);
}

/* The single row of a query that yields an integer. */
static int ask_int(sqlite3 *db, const char *sql, int64_t *ret, struct hf_store_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        *ret = sqlite3_column_int64(st, 0);
        rc = SQLITE_OK;
    }
    int r = rc == SQLITE_OK ? 0 : hf__fail_sqlite(err, db, rc, "reading the database");
    sqlite3_finalize(st);
    return r;
}

int hf__schema_settings(sqlite3 *db, const char *journal_mode, struct hf_store_error *err)
{
    /* A planted database must not make SQLite do more than read and write our four tables. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 2 * HF_STORE_PUBLIC_MAX);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_extended_result_codes(db, 1);
    /*
     * Locked exclusively, SQLite keeps the index of its log in memory instead of in a file that the
     * host could write to. The log is folded into the database by hf_store_tidy, when no commit
     * waits.
     */
    int r = run(db,
                "PRAGMA locking_mode=EXCLUSIVE;PRAGMA synchronous=FULL;PRAGMA temp_store=MEMORY;"
                "PRAGMA mmap_size=0;PRAGMA cache_size=-256;PRAGMA secure_delete=ON;"
                "PRAGMA cell_size_check=ON;PRAGMA wal_autocheckpoint=0;"
                "PRAGMA journal_size_limit=8388608",
                "setting up the database", err);
    if (r != 0)
        return r;
    char sql[64];
    (void)snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", journal_mode);
    return run(db, sql, "setting the database's journal mode", err);
}

int hf__schema_make(sqlite3 *db, struct hf_store_error *err)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "PRAGMA application_id=%d;PRAGMA user_version=%d",
                   APPLICATION_ID, hf__formats()->newest);
    int r = run(db, sql, "marking the new database", err);
    for (size_t i = 0; i < HF_ARRAY_LEN(tables) && r == 0; i++)
        r = run(db, tables[i].sql, "making the tables", err);
    return r;
}

static int check_table(sqlite3 *db, const struct table *t, struct hf_store_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE type='table' AND name=?1",
                                -1, &st, NULL);
    int r = 0;
    if (rc != SQLITE_OK ||
        (rc = sqlite3_bind_text(st, 1, t->name, -1, SQLITE_STATIC)) != SQLITE_OK) {
        r = hf__fail_sqlite(err, db, rc, "reading the tables");
    } else if ((rc = sqlite3_step(st)) == SQLITE_DONE) {
        r = hf__fail(err, HF_ECORRUPT, HF__DB_NAME " has no table %s", t->name);
    } else if (rc != SQLITE_ROW) {
        r = hf__fail_sqlite(err, db, rc, "reading the tables");
    } else {
        const char *sql = (const char *)sqlite3_column_text(st, 0);
        if (sql == NULL || strcmp(sql, t->sql) != 0)
            r = hf__fail(err, HF_ECORRUPT, HF__DB_NAME ": table %s is not as it was made", t->name);
    }
    sqlite3_finalize(st);
    return r;
}

/* Beside the format in the user version: the database has a log. */
enum { MARK = 1 << 16 };

int hf__schema_mark(sqlite3 *db, int format, bool marked, struct hf_store_error *err)
{
    char sql[48];
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version=%d", format | (marked ? MARK : 0));
    return run(db, sql, "marking the database", err);
}

bool hf__schema_marked(const uint8_t version[static 4])
{
    return (((uint32_t)version[0] << 24 | (uint32_t)version[1] << 16) & MARK) != 0;
}

int hf__schema_check(sqlite3 *db, int *ret_format, bool *ret_marked, struct hf_store_error *err)
{
    int64_t id = 0, version = 0, count = 0;
    int r = ask_int(db, "PRAGMA application_id", &id, err);
    if (r == 0)
        r = ask_int(db, "PRAGMA user_version", &version, err);
    if (r == 0)
        r = ask_int(db, "SELECT count(*) FROM sqlite_schema", &count, err);
    if (r != 0)
        return r;
    if (id != APPLICATION_ID)
        return hf__fail(err, HF_ECORRUPT, HF__DB_NAME " is empty, or not a database of Holdfast");
    *ret_marked = (version & MARK) != 0;
    version &= ~(int64_t)MARK;
    if ((r = hf__format_check(version, HF__DB_NAME, err)) != 0)
        return r;
    *ret_format = (int)version;
    if (count != (int64_t)HF_ARRAY_LEN(tables))
        return hf__fail(err, HF_ECORRUPT, HF__DB_NAME " holds more than its tables, or fewer");
    for (size_t i = 0; i < HF_ARRAY_LEN(tables) && r == 0; i++)
        r = check_table(db, &tables[i], err);
    return r;
}

/* Copies a column of exactly len bytes. */
static bool take_blob(sqlite3_stmt *st, int column, uint8_t *ret, size_t len)
{
    if (sqlite3_column_type(st, column) != SQLITE_BLOB ||
        sqlite3_column_bytes(st, column) != (int)len)
        return false;
    const void *data = sqlite3_column_blob(st, column);
    if (data == NULL)
        return false;
    memcpy(ret, data, len);
    return true;
}

static int take_plain(sqlite3_stmt *st, struct hf__plain *ret, struct hf_store_error *err)
{
    struct hf__plain p = {0};
    int64_t format = sqlite3_column_int64(st, 0);
    int64_t version = sqlite3_column_int64(st, 3);
    const char *state = (const char *)sqlite3_column_text(st, 4);
    int r = hf__format_check(format, "the vault", err);
    if (r != 0)
        return r;
    p.format = (int)format;
    if (state != NULL && strcmp(state, "placing") == 0)
        p.header.state = HF_VAULT_PLACING;
    else if (state != NULL && strcmp(state, "placed") == 0)
        p.header.state = HF_VAULT_PLACED;
    if (p.header.state == HF_VAULT_NONE || version < 0 || version > UINT32_MAX ||
        !take_blob(st, 1, p.header.network.bytes, sizeof p.header.network) ||
        !take_blob(st, 2, p.header.account.bytes, sizeof p.header.account) ||
        !take_blob(st, 5, p.vault_id, sizeof p.vault_id) ||
        !take_blob(st, 6, p.key_check, sizeof p.key_check))
        return hf__fail(err, HF_ECORRUPT, "the vault's header in " HF__DB_NAME " is damaged");
    p.header.key_version = (uint32_t)version;
    *ret = p;
    return 0;
}

int hf__schema_load_plain(sqlite3 *db, struct hf__plain *ret, struct hf_store_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT format, network, account, key_version, state, vault_id,"
                                " key_check FROM vault_header WHERE one = 1",
                                -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    int r = 0;
    if (rc == SQLITE_ROW)
        r = take_plain(st, ret, err);
    else if (rc != SQLITE_DONE)
        r = hf__fail_sqlite(err, db, rc, "reading the vault's header");
    sqlite3_finalize(st);
    if (r != 0 || rc == SQLITE_ROW)
        return r;
    int64_t left = 0;
    r = ask_int(db, "SELECT EXISTS(SELECT 1 FROM vault_row) OR EXISTS(SELECT 1 FROM vault_head)",
                &left, err);
    if (r == 0 && left != 0)
        return hf__fail(err, HF_ECORRUPT, HF__DB_NAME " holds a vault whose header is missing");
    if (r == 0)
        *ret = (struct hf__plain){0};
    return r;
}

int hf__schema_put_plain(sqlite3 *db, const struct hf__plain *plain, struct hf_store_error *err)
{
    const struct hf_vault_header *h = &plain->header;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(
        db, "INSERT OR REPLACE INTO vault_header VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)", -1, &st,
        NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_bind_int(st, 1, plain->format)) == SQLITE_OK &&
        (rc = sqlite3_bind_blob(st, 2, h->network.bytes, sizeof h->network, SQLITE_STATIC)) ==
            SQLITE_OK &&
        (rc = sqlite3_bind_blob(st, 3, h->account.bytes, sizeof h->account, SQLITE_STATIC)) ==
            SQLITE_OK &&
        (rc = sqlite3_bind_int64(st, 4, h->key_version)) == SQLITE_OK &&
        (rc = sqlite3_bind_text(st, 5, h->state == HF_VAULT_PLACED ? "placed" : "placing", -1,
                                SQLITE_STATIC)) == SQLITE_OK &&
        (rc = sqlite3_bind_blob(st, 6, plain->vault_id, sizeof plain->vault_id, SQLITE_STATIC)) ==
            SQLITE_OK &&
        (rc = sqlite3_bind_blob(st, 7, plain->key_check, sizeof plain->key_check, SQLITE_STATIC)) ==
            SQLITE_OK)
        rc = sqlite3_step(st);
    int r = rc == SQLITE_DONE ? 0 : hf__fail_sqlite(err, db, rc, "writing the vault's header");
    sqlite3_finalize(st);
    return r;
}

int hf__schema_put_head(sqlite3 *db, struct hf_bytes sealed, struct hf_store_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc =
        sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO vault_head VALUES(1, ?1)", -1, &st, NULL);
    if (rc == SQLITE_OK &&
        (rc = sqlite3_bind_blob(st, 1, sealed.data, (int)sealed.len, SQLITE_STATIC)) == SQLITE_OK)
        rc = sqlite3_step(st);
    int r = rc == SQLITE_DONE ? 0 : hf__fail_sqlite(err, db, rc, "writing the vault's head");
    sqlite3_finalize(st);
    return r;
}

int hf__schema_copy_public(sqlite3 *from, sqlite3 *to, struct hf_store_error *err)
{
    sqlite3_stmt *in = NULL, *out = NULL;
    int r = 0;
    int rc =
        sqlite3_prepare_v2(from, "SELECT key, value FROM public_state ORDER BY key", -1, &in, NULL);
    if (rc != SQLITE_OK)
        r = hf__fail_sqlite(err, from, rc, "reading the public state");
    if (r == 0 && (rc = sqlite3_prepare_v2(to, "INSERT INTO public_state VALUES(?1, ?2)", -1, &out,
                                           NULL)) != SQLITE_OK)
        r = hf__fail_sqlite(err, to, rc, "copying the public state");
    while (r == 0 && (rc = sqlite3_step(in)) == SQLITE_ROW) {
        if ((rc = sqlite3_bind_value(out, 1, sqlite3_column_value(in, 0))) != SQLITE_OK ||
            (rc = sqlite3_bind_value(out, 2, sqlite3_column_value(in, 1))) != SQLITE_OK ||
            (rc = sqlite3_step(out)) != SQLITE_DONE)
            r = hf__fail_sqlite(err, to, rc, "copying the public state");
        sqlite3_reset(out);
    }
    if (r == 0 && rc != SQLITE_DONE)
        r = hf__fail_sqlite(err, from, rc, "reading the public state");
    sqlite3_finalize(in);
    sqlite3_finalize(out);
    return r;
}
