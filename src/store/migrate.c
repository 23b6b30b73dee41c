/*
 * A folder of an older format: read as it is, written anew in one transaction when its vault is
 * opened, for only the vault's key can open its rows; a copy of what was is kept until the network
 * does without it.
 */
#include "internal.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LEN = 32, CHUNK_LEN = 64 * 1024 };

static void kept_name(int format, char ret[static NAME_LEN])
{
    (void)snprintf(ret, NAME_LEN, "vault.format-%d.db", format);
}

int hf_store_format(const struct hf_store *s)
{
    return s->format;
}

int hf_store_format_newest(void)
{
    return hf__formats()->newest;
}

int hf_store_kept(const struct hf_store *s)
{
    char name[NAME_LEN];
    for (int format = hf__formats()->newest - 1; format >= hf__formats()->oldest; format--) {
        struct stat st;
        kept_name(format, name);
        if (fstatat(s->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return format;
    }
    return 0;
}

int hf_store_settle(struct hf_store *s, struct hf_store_error *err)
{
    char name[NAME_LEN];
    bool removed = false;
    if (s->format != hf__formats()->newest)
        return 0;
    for (int format = hf__formats()->oldest; format < hf__formats()->newest; format++) {
        kept_name(format, name);
        if (unlinkat(s->dir_fd, name, 0) == 0)
            removed = true;
        else if (errno != ENOENT)
            return hf__fail_errno(err, errno, "removing %s/%s", s->dir, name);
    }
    return removed ? hf__folder_sync(s, err) : 0;
}

int hf__format_check(int64_t format, const char *what, struct hf_store_error *err)
{
    const struct hf__formats *f = hf__formats();
    if (format >= f->oldest && format <= f->newest)
        return 0;
    if (f->oldest == f->newest)
        return hf__fail(err, HF_EVERSION, "%s has format %lld, this release knows %d", what,
                        (long long)format, f->newest);
    return hf__fail(err, HF_EVERSION, "%s has format %lld, this release knows %d to %d", what,
                    (long long)format, f->oldest, f->newest);
}

int hf__format_row(struct hf_store *s, uint8_t collection, struct hf_bytes key,
                   struct hf_bytes *value, struct hf_store_error *err)
{
    for (int format = s->plain.format; format < hf__formats()->newest; format++) {
        /* It stands in s->secret_row, with room for the longest behind its key. */
        uint8_t *at = s->secret_row + (value->data - s->secret_row);
        size_t len = value->len;
        if (hf__formats()->steps[format - hf__formats()->oldest](collection, key, at, &len) != 0)
            return hf__fail(err, HF_ECORRUPT, "a row of collection %u is not one of format %d",
                            collection, format);
        hf_assert(len <= HF_STORE_VALUE_MAX);
        if (len < value->len)
            hf_wipe(at + len, value->len - len);
        *value = hf_bytes_of(at, len);
    }
    return 0;
}

/* Read through SQLite: closing another descriptor of the database would end SQLite's locks. */
static int copy_all(struct hf_store *s, int to, struct hf_store_error *err)
{
    sqlite3_file *from = NULL;
    sqlite3_int64 size = 0;
    _Static_assert((int)CHUNK_LEN <= (int)HF__ROW_SEALED_MAX, "a chunk fits into the scratch");
    int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &from);
    if (rc == SQLITE_OK)
        rc = from->pMethods->xFileSize(from, &size);
    for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += CHUNK_LEN) {
        int len = size - at < CHUNK_LEN ? (int)(size - at) : CHUNK_LEN;
        rc = from->pMethods->xRead(from, s->scratch, len, at);
        for (int done = 0; rc == SQLITE_OK && done < len;) {
            ssize_t n = write(to, s->scratch + done, (size_t)(len - done));
            if (n < 0)
                return hf__fail_errno(err, errno, "copying %s/" HF__DB_NAME, s->dir);
            done += (int)n;
        }
    }
    if (rc != SQLITE_OK)
        return hf__fail_sqlite(err, s->db, rc, "reading the database to copy it");
    return fsync(to) == 0 ? 0 : hf__fail_errno(err, errno, "syncing a copy of the vault");
}

/* The copy has its name only when it is whole and durable. */
static int keep(struct hf_store *s, struct hf_store_error *err)
{
    char name[NAME_LEN];
    /* One that is not in use says so itself, and stands without a log. */
    int r = hf__db_mark(s, false, err);
    if (r == 0)
        r = hf__db_fold(s, err);
    if (r == 0)
        r = hf__folder_make_file(s, HF__DB_NEW_NAME, err);
    if (r != 0)
        return r;
    int to = openat(s->dir_fd, HF__DB_NEW_NAME, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (to < 0)
        r = hf__fail_errno(err, errno, "copying %s/" HF__DB_NAME, s->dir);
    else
        r = copy_all(s, to, err);
    if (to >= 0)
        close(to);
    kept_name(s->format, name);
    if (r == 0 && renameat(s->dir_fd, HF__DB_NEW_NAME, s->dir_fd, name) != 0)
        r = hf__fail_errno(err, errno, "naming the copy %s/%s", s->dir, name);
    if (r != 0) {
        (void)unlinkat(s->dir_fd, HF__DB_NEW_NAME, 0);
        return r;
    }
    return hf__folder_sync(s, err);
}

/* Within a transaction: every row and the head in the newest format. */
static int write_all(struct hf_store *s, const uint8_t *key, struct hf__before *before,
                     struct hf_store_error *err)
{
    uint8_t sealed[HF__HEAD_SEALED_LEN];
    int r = hf__rekey(s, key, s->plain.header.key_version, before, err);
    if (r != 0)
        return r;
    s->head.seq_max = s->seq_next - 1;
    hf__head_seal(s->suite, s->keys, &s->plain, &s->head, sealed);
    r = hf__schema_put_head(s->db, hf_bytes_of(sealed, sizeof sealed), err);
    return r == 0 ? hf__schema_mark(s->db, s->plain.format, true, err) : r;
}

int hf__migrate(struct hf_store *s, const uint8_t key[static HF_KEY_LEN],
                struct hf_store_error *err)
{
    hf_assert(s->keys != NULL && s->format < hf__formats()->newest);
    struct hf__before before = {0};
    struct hf__head head = s->head;
    int r = keep(s, err);
    if (r == 0)
        r = hf__db_mark(s, true, err);
    if (r != 0)
        return r;
    int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return hf__fail_sqlite(err, s->db, rc, "beginning the vault's newer format");
    r = write_all(s, key, &before, err);
    if (r == 0 && (rc = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL)) != SQLITE_OK)
        r = hf__fail_sqlite(err, s->db, rc, "making the vault's newer format durable");
    if (r != 0) {
        hf__db_rollback(s);
        hf__rekey_undo(s, &before);
        s->head = head;
        return r;
    }
    hf__rekey_done(&before);
    s->format = s->plain.format;
    s->fold_due = true;
    return hf__db_fold(s, err);
}
