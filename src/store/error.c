#include "internal.h"
#include "base/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void say(struct hf_store_error *err, int code, int sqlite_code, const char *fmt, va_list ap)
{
    if (err == NULL)
        return;
    *err = (struct hf_store_error){.code = code, .sqlite_code = sqlite_code};
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
}

int hf__fail(struct hf_store_error *err, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(err, code, 0, fmt, ap);
    va_end(ap);
    return code;
}

/* What an errno means to a writer: a folder that may not be written is one code, whatever the
 * cause. */
static int code_of_errno(int errno_code)
{
    switch (errno_code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return HF_ENOSPACE;
    case EROFS:
    case EACCES:
    case EPERM:
        return HF_EREADONLY;
    case ENOMEM:
        return HF_ENOMEM;
    default:
        return HF_EIO;
    }
}

int hf__fail_errno(struct hf_store_error *err, int errno_code, const char *fmt, ...)
{
    int code = code_of_errno(errno_code);
    va_list ap;
    va_start(ap, fmt);
    say(err, code, 0, fmt, ap);
    va_end(ap);
    if (err != NULL) {
        size_t len = strlen(err->text);
        const char *name = strerrorname_np(errno_code);
        const char *sentence = strerrordesc_np(errno_code);
        (void)snprintf(err->text + len, sizeof err->text - len, ": %s (%s)",
                       sentence != NULL ? sentence : "unknown error", name != NULL ? name : "?");
    }
    return code;
}

static int code_of_sqlite(int rc, int errno_code)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return HF_ENOSPACE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return HF_EREADONLY;
    case SQLITE_NOMEM:
        return HF_ENOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return HF_ECORRUPT;
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_NOMEM)
            return HF_ENOMEM;
        if (rc == SQLITE_IOERR_CORRUPTFS)
            return HF_ECORRUPT;
        return code_of_errno(errno_code);
    case SQLITE_CANTOPEN:
        return code_of_errno(errno_code);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return HF_EBUSY;
    case SQLITE_TOOBIG:
        return HF_ETOOBIG;
    default:
        return HF_EINTERNAL;
    }
}

/*
 * The errno behind a failure. sqlite3_system_errno would be the way, but it is not kept up to date
 * by a COMMIT that fails; the VFS knows (for the usual one it is errno itself, which our public
 * calls set to 0 first).
 */
static int errno_of(sqlite3 *db)
{
    sqlite3_vfs *vfs = NULL;
    if (db == NULL ||
        sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, (void *)&vfs) != SQLITE_OK ||
        vfs == NULL || vfs->xGetLastError == NULL)
        return errno;
    return vfs->xGetLastError(vfs, 0, NULL);
}

int hf__fail_sqlite(struct hf_store_error *err, sqlite3 *db, int rc, const char *what)
{
    int errno_code = errno_of(db);
    int code = code_of_sqlite(rc, errno_code);
    const char *message = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    bool of_system = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
    const char *name = of_system && errno_code != 0 ? strerrorname_np(errno_code) : NULL;
    (void)hf__fail(err, code, "%s: %s (SQLite %d%s%s)", what, message, rc, name != NULL ? ", " : "",
                   name != NULL ? name : "");
    if (err != NULL)
        err->sqlite_code = rc;
    return code;
}
