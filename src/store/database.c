/* The connection to the database, and the statements that commits are made of. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const statements[HF__STMT_COUNT] = {
    [HF__BEGIN] = "BEGIN IMMEDIATE",
    [HF__COMMIT] = "COMMIT",
    [HF__ROW_INSERT] = "INSERT INTO vault_row VALUES(?1, ?2, ?3)",
    [HF__ROW_DELETE] = "DELETE FROM vault_row WHERE seq = ?1",
    [HF__ROW_SELECT] = "SELECT sealed FROM vault_row WHERE seq = ?1",
    [HF__ROW_REPLACE] = "UPDATE vault_row SET seq = ?2, sealed = ?3 WHERE seq = ?1",
    [HF__HEAD_PUT] = "UPDATE vault_head SET sealed = ?1 WHERE one = 1",
    [HF__HEADER_PLACED] = "UPDATE vault_header SET state = 'placed' WHERE one = 1",
    [HF__PUBLIC_PUT] = ("INSERT INTO public_state VALUES(?1, ?2)"
                        " ON CONFLICT(key) DO UPDATE SET value = excluded.value"),
    [HF__PUBLIC_DELETE] = "DELETE FROM public_state WHERE key = ?1",
};

static int note_wal_pages(void *ctx, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    ((struct hf_store *)ctx)->wal_pages = pages;
    return SQLITE_OK;
}

/* Opens a file of the folder, which is there: SQLite gives its log and journal the modes of the
 * database. */
static int open_file(struct hf_store *s, const char *name, const char *journal_mode, sqlite3 **ret,
                     struct hf_store_error *err)
{
    char path[HF__FOLDER_PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(
        path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    int r = rc == SQLITE_OK ? 0 : hf__fail_sqlite(err, db, rc, "opening the database");
    if (r == 0 && sqlite3_db_readonly(db, "main") == 1)
        r = hf__fail(err, HF_EREADONLY, "%s cannot be written", path);
    if (r == 0)
        r = hf__schema_settings(db, journal_mode, err);
    if (r != 0) {
        sqlite3_close(db);
        return r;
    }
    *ret = db;
    return 0;
}

/* A folder without a database is a new one, unless something that belongs to a database is left in
 * it. */
static int make_first(struct hf_store *s, struct hf_store_error *err)
{
    static const char *const rests[] = {HF__DB_NAME "-wal", HF__DB_NAME "-journal"};
    struct stat st;
    for (size_t i = 0; i < HF_ARRAY_LEN(rests); i++)
        if (fstatat(s->dir_fd, rests[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
            return hf__fail(err, HF_ECORRUPT, "%s holds %s without the database that it belongs to",
                            s->dir, rests[i]);
    int r = hf__db_build(s, NULL, (struct hf_bytes){0}, err);
    return r != 0 ? r : hf__folder_install(s, false, err);
}

int hf__db_build(struct hf_store *s, const struct hf__plain *plain, struct hf_bytes sealed_head,
                 struct hf_store_error *err)
{
    int r = hf__folder_make_file(s, HF__DB_NEW_NAME, err);
    sqlite3 *db = NULL;
    /* The file is renamed into place only when it is complete and synced, so its journal need
     * not outlive a crash. */
    if (r == 0)
        r = open_file(s, HF__DB_NEW_NAME, "MEMORY", &db, err);
    if (r != 0)
        return r;
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        r = hf__fail_sqlite(err, db, rc, "beginning the new database");
    if (r == 0)
        r = hf__schema_make(db, err);
    if (r == 0 && s->db != NULL)
        r = hf__schema_copy_public(s->db, db, err);
    if (r == 0 && plain != NULL)
        r = hf__schema_put_plain(db, plain, err);
    if (r == 0 && plain != NULL)
        r = hf__schema_put_head(db, sealed_head, err);
    if (r == 0 && (rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL)) != SQLITE_OK)
        r = hf__fail_sqlite(err, db, rc, "writing the new database");
    sqlite3_close(db);
    if (r != 0)
        (void)unlinkat(s->dir_fd, HF__DB_NEW_NAME, 0);
    return r;
}

/* Whether SQLite leaves the log where it is when the database is closed. */
static void keep_log(sqlite3 *db, bool keep)
{
    int value = keep;
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &value);
}

/* The mark as it stands in the database itself, read without SQLite, which would make a log. */
static int check_log(struct hf_store *s, struct hf_store_error *err)
{
    struct stat st;
    uint8_t version[4];
    if (fstatat(s->dir_fd, HF__DB_NAME "-wal", &st, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    int fd = openat(s->dir_fd, HF__DB_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return hf__fail_errno(err, errno, "opening %s/" HF__DB_NAME, s->dir);
    ssize_t got = pread(fd, version, sizeof version, HF__DB_VERSION_AT);
    close(fd);
    if (got != sizeof version || !hf__schema_marked(version))
        return 0;
    return hf__fail(err, HF_ECORRUPT,
                    "%s/" HF__DB_NAME "-wal is missing, and with it what was written last: put it "
                    "back. Only if another program folded it into the database: install -m 600 "
                    "/dev/null %s/" HF__DB_NAME "-wal",
                    s->dir, s->dir);
}

int hf__db_connect(struct hf_store *s, struct hf_store_error *err)
{
    hf_assert(s->db == NULL && s->keys == NULL);
    int r = hf__folder_check_file(s, HF__DB_NAME, err);
    if (r == HF_ENOTFOUND)
        r = make_first(s, err);
    if (r != 0)
        return r;
    /* SQLite takes an empty file for a database. Here it is one that was emptied. */
    struct stat st;
    if (fstatat(s->dir_fd, HF__DB_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return hf__fail_errno(err, errno, "looking at %s/" HF__DB_NAME, s->dir);
    if (st.st_size == 0)
        return hf__fail(err, HF_ECORRUPT, "%s/" HF__DB_NAME " is empty", s->dir);
    if ((r = check_log(s, err)) != 0)
        return r;
    sqlite3 *db = NULL;
    struct hf__plain plain = {0};
    int format = 0;
    if ((r = open_file(s, HF__DB_NAME, "WAL", &db, err)) != 0)
        return r;
    if ((r = hf__schema_check(db, &format, &s->in_use, err)) != 0 ||
        (r = hf__schema_load_plain(db, &plain, err)) != 0) {
        sqlite3_close(db);
        return r;
    }
    if (plain.header.state != HF_VAULT_NONE && plain.format != format) {
        sqlite3_close(db);
        return hf__fail(err, HF_ECORRUPT, HF__DB_NAME " says format %d, and its vault %d", format,
                        plain.format);
    }
    s->format = format;
    sqlite3_wal_hook(db, note_wal_pages, s);
    keep_log(db, s->in_use);
    s->db = db;
    s->plain = plain;
    s->wal_pages = 0;
    return 0;
}

int hf__db_ready(struct hf_store *s, struct hf_store_error *err)
{
    errno = 0;
    if (s->db == NULL)
        return hf__db_connect(s, err);
    /* Without memory even rolling back can fail; then it is still to be done. */
    hf__db_rollback(s);
    if (!sqlite3_get_autocommit(s->db))
        return hf__fail_sqlite(err, s->db, sqlite3_errcode(s->db), "rolling a failed commit back");
    return 0;
}

static void finalize_all(struct hf_store *s)
{
    for (int i = 0; i < HF__STMT_COUNT; i++) {
        sqlite3_finalize(s->stmt[i]);
        s->stmt[i] = NULL;
    }
}

int hf__db_fold(struct hf_store *s, struct hf_store_error *err)
{
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK)
        return hf__fail_sqlite(err, s->db, rc, "folding the log into the database");
    s->fold_due = false;
    s->wal_pages = 0;
    return 0;
}

int hf__db_mark(struct hf_store *s, bool in_use, struct hf_store_error *err)
{
    if (s->in_use == in_use)
        return 0;
    keep_log(s->db, true);
    int r = hf__schema_mark(s->db, s->format, in_use, err);
    if (r == 0)
        r = hf__db_fold(s, err);
    if (r != 0)
        return r;
    s->in_use = in_use;
    keep_log(s->db, in_use);
    return 0;
}

int hf__db_retire(struct hf_store *s, struct hf_store_error *err)
{
    finalize_all(s);
    int r = hf__db_mark(s, false, err);
    if (r == 0)
        r = hf__db_fold(s, err);
    if (r != 0)
        return r;
    hf__db_close(s);
    /* A log that stays would be taken for that of the database which gets this name next. */
    struct stat st;
    if (fstatat(s->dir_fd, HF__DB_NAME "-wal", &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (st.st_size != 0)
            return hf__fail(err, HF_EIO, "%s/" HF__DB_NAME "-wal did not become empty", s->dir);
        if (unlinkat(s->dir_fd, HF__DB_NAME "-wal", 0) != 0)
            return hf__fail_errno(err, errno, "removing %s/" HF__DB_NAME "-wal", s->dir);
    }
    return hf__folder_sync(s, err);
}

void hf__db_close(struct hf_store *s)
{
    finalize_all(s);
    int rc = sqlite3_close(s->db);
    hf_assert(rc == SQLITE_OK);
    s->db = NULL;
}

sqlite3_stmt *hf__db_stmt(struct hf_store *s, enum hf__stmt which, int *ret_code,
                          struct hf_store_error *err)
{
    if (s->stmt[which] == NULL) {
        int rc = sqlite3_prepare_v3(s->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &s->stmt[which], NULL);
        if (rc != SQLITE_OK) {
            *ret_code = hf__fail_sqlite(err, s->db, rc, "preparing a statement");
            return NULL;
        }
    }
    return s->stmt[which];
}

int hf__db_run(struct hf_store *s, sqlite3_stmt *st, const char *what, struct hf_store_error *err)
{
    int rc = sqlite3_step(st);
    int r = rc == SQLITE_DONE ? 0 : hf__fail_sqlite(err, s->db, rc, what);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return r;
}

void hf__db_rollback(struct hf_store *s)
{
    /* After some failures SQLite has rolled back by itself. */
    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}
