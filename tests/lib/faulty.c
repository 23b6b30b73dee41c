#include "faulty.h"
#include "store_model.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR_LEN = 512, NAME_LEN = 512 };

/* A change of a file that a power cut may lose. data NULL: a truncation to offset. */
struct change {
    struct change *next;
    sqlite3_int64 offset;
    int len;
    unsigned char *data;
};

/* A file as it was when last synced, and what happened since. Kept by name,
 * over several openings. */
struct disk_file {
    struct disk_file *next;
    char name[NAME_LEN];
    unsigned char *image;
    size_t image_len, image_max;
    struct change *changes, **changes_end;
};

struct shim_file {
    sqlite3_file base;
    struct disk_file *disk;
    sqlite3_file *real;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs shim_vfs;
static struct disk_file *files;
static struct {
    enum faulty_kind kind;
    long at, count;
    bool persistent;
    int error;
} fault = {.at = -1};

static bool fails(bool writes)
{
    pthread_mutex_lock(&mutex);
    long n = fault.count++;
    bool hit = fault.at >= 0 && (n == fault.at || (n > fault.at && fault.persistent));
    if (hit && fault.kind == FAULTY_FULL && !writes)
        hit = false;
    if (hit)
        fault.error = fault.kind == FAULTY_FULL       ? ENOSPC
                      : fault.kind == FAULTY_READONLY ? EROFS
                                                      : EIO;
    pthread_mutex_unlock(&mutex);
    return hit;
}

static struct disk_file *disk_of(const char *name)
{
    for (struct disk_file *f = files; f != NULL; f = f->next)
        if (strcmp(f->name, name) == 0)
            return f;
    struct disk_file *f = calloc(1, sizeof *f);
    hf_assert(f != NULL);
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    f->changes_end = &f->changes;
    f->next = files;
    files = f;
    return f;
}

static void forget_changes(struct disk_file *f)
{
    while (f->changes != NULL) {
        struct change *c = f->changes;
        f->changes = c->next;
        free(c->data);
        free(c);
    }
    f->changes_end = &f->changes;
}

static void image_apply(struct disk_file *f, const struct change *c, int len)
{
    size_t end = (size_t)c->offset + (size_t)len;
    if (end > f->image_len || c->data == NULL) {
        if (end > f->image_max) {
            f->image_max = 2 * end;
            f->image = realloc(f->image, f->image_max);
            hf_assert(f->image != NULL);
        }
        if (end > f->image_len)
            memset(f->image + f->image_len, 0, end - f->image_len);
        f->image_len = end;
    }
    if (c->data != NULL)
        memcpy(f->image + c->offset, c->data, (size_t)len);
}

static void record(struct disk_file *f, const void *data, int len, sqlite3_int64 offset)
{
    if (f == NULL)
        return;
    struct change *c = calloc(1, sizeof *c);
    hf_assert(c != NULL);
    *c = (struct change){.offset = offset, .len = len};
    if (data != NULL) {
        c->data = malloc((size_t)len + 1);
        hf_assert(c->data != NULL);
        memcpy(c->data, data, (size_t)len);
    }
    *f->changes_end = c;
    f->changes_end = &c->next;
}

static void settle(struct disk_file *f)
{
    if (f == NULL)
        return;
    for (const struct change *c = f->changes; c != NULL; c = c->next)
        image_apply(f, c, c->len);
    forget_changes(f);
}

static struct shim_file *shim_of(sqlite3_file *file)
{
    return (struct shim_file *)file;
}

static int shim_close(sqlite3_file *file)
{
    struct shim_file *f = shim_of(file);
    int rc = f->real->pMethods->xClose(f->real);
    free(f->real);
    return rc;
}

static int shim_read(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
    sqlite3_file *r = shim_of(file)->real;
    return r->pMethods->xRead(r, data, len, offset);
}

static int shim_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
    struct shim_file *f = shim_of(file);
    if (fails(true)) {
        /* A disk that fills up takes the first part. */
        if (fault.kind == FAULTY_FULL && len > 1)
            (void)f->real->pMethods->xWrite(f->real, data, len / 2, offset);
        return fault.kind == FAULTY_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    record(f->disk, data, len, offset);
    return f->real->pMethods->xWrite(f->real, data, len, offset);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct shim_file *f = shim_of(file);
    if (fails(false))
        return SQLITE_IOERR_TRUNCATE;
    record(f->disk, NULL, 0, size);
    return f->real->pMethods->xTruncate(f->real, size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (fails(false))
        return SQLITE_IOERR_FSYNC;
    settle(shim_of(file)->disk);
    return SQLITE_OK;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    sqlite3_file *r = shim_of(file)->real;
    return r->pMethods->xFileSize(r, ret);
}

static int shim_lock(sqlite3_file *file, int level)
{
    sqlite3_file *r = shim_of(file)->real;
    return r->pMethods->xLock(r, level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    sqlite3_file *r = shim_of(file)->real;
    return r->pMethods->xUnlock(r, level);
}

static int shim_reserved(sqlite3_file *file, int *ret)
{
    sqlite3_file *r = shim_of(file)->real;
    return r->pMethods->xCheckReservedLock(r, ret);
}

static int shim_control(sqlite3_file *file, int op, void *arg)
{
    sqlite3_file *r = shim_of(file)->real;
    return r->pMethods->xFileControl(r, op, arg);
}

static int shim_sector(sqlite3_file *file)
{
    sqlite3_file *r = shim_of(file)->real;
    return r->pMethods->xSectorSize(r);
}

static int shim_device(sqlite3_file *file)
{
    /* No promise: neither atomic sectors nor that an overwrite leaves its neighbours alone. */
    (void)file;
    return 0;
}

/* Version 1: no shared memory and no mapping, so the store cannot come to depend on them. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_device,
};

/* What a file holds when it is opened, and was not followed so far, counts as durable. */
static void load_image(struct disk_file *f)
{
    int fd = open(f->name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        hf_unreachable();
    forget_changes(f);
    free(f->image);
    f->image_len = (size_t)st.st_size;
    f->image_max = f->image_len + 1;
    f->image = malloc(f->image_max);
    hf_assert(f->image != NULL);
    hf_assert(pread(fd, f->image, f->image_len, 0) == st.st_size);
    close(fd);
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    (void)vfs;
    struct shim_file *f = shim_of(file);
    f->base.pMethods = NULL;
    /* A cut leaves nothing to open; other faults leave what is there. */
    if ((flags & SQLITE_OPEN_CREATE) != 0 && fails(true))
        return fault.kind == FAULTY_FULL ? SQLITE_FULL : SQLITE_CANTOPEN;
    f->real = calloc(1, (size_t)real_vfs->szOsFile);
    if (f->real == NULL)
        return SQLITE_NOMEM;
    int rc = real_vfs->xOpen(real_vfs, name, f->real, flags, ret_flags);
    if (rc != SQLITE_OK) {
        free(f->real);
        return rc;
    }
    f->disk = NULL;
    if (name != NULL && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
        f->disk = disk_of(name);
        load_image(f->disk);
    }
    f->base.pMethods = &methods;
    return SQLITE_OK;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (fails(false))
        return SQLITE_IOERR_DELETE;
    return real_vfs->xDelete(real_vfs, name, sync_folder);
}

static int shim_last_error(sqlite3_vfs *vfs, int len, char *ret)
{
    (void)vfs, (void)len, (void)ret;
    return fault.error != 0 ? fault.error : real_vfs->xGetLastError(real_vfs, len, ret);
}

static void install_memory(void);

void faulty_install(void)
{
    install_memory();
    hf_assert(sqlite3_initialize() == SQLITE_OK);
    real_vfs = sqlite3_vfs_find(NULL);
    shim_vfs = *real_vfs;
    shim_vfs.zName = "faulty";
    shim_vfs.szOsFile = sizeof(struct shim_file);
    shim_vfs.xOpen = shim_open;
    shim_vfs.xDelete = shim_delete;
    shim_vfs.xGetLastError = shim_last_error;
    hf_assert(sqlite3_vfs_register(&shim_vfs, 1) == SQLITE_OK);
}

void faulty_set(enum faulty_kind kind, long at, bool persistent)
{
    pthread_mutex_lock(&mutex);
    fault.kind = kind;
    fault.at = kind == FAULTY_NONE ? -1 : at;
    fault.persistent = persistent || kind == FAULTY_POWER_CUT;
    fault.count = 0;
    fault.error = 0;
    pthread_mutex_unlock(&mutex);
}

long faulty_count(void)
{
    pthread_mutex_lock(&mutex);
    long n = fault.count;
    pthread_mutex_unlock(&mutex);
    return n;
}

void faulty_power_on(uint64_t *seed)
{
    faulty_set(FAULTY_NONE, -1, false);
    while (files != NULL) {
        struct disk_file *f = files;
        for (const struct change *c = f->changes; c != NULL; c = c->next) {
            uint32_t fate = store_model_draw(seed, 4);
            int kept = fate != 0 ? c->len
                                 : (int)store_model_draw(seed, (uint32_t)c->len / SECTOR_LEN + 1) *
                                       SECTOR_LEN;
            if (fate != 1)
                image_apply(f, c, kept);
        }
        int fd = open(f->name, O_WRONLY | O_CLOEXEC);
        if (fd >= 0) {
            hf_assert(ftruncate(fd, 0) == 0);
            hf_assert(pwrite(fd, f->image, f->image_len, 0) == (ssize_t)f->image_len);
            close(fd);
        }
        forget_changes(f);
        files = f->next;
        free(f->image);
        free(f);
    }
}

static struct {
    sqlite3_mem_methods real;
    long at, count;
    bool persistent;
} memory = {.at = -1};

static bool memory_fails(void)
{
    pthread_mutex_lock(&mutex);
    long n = memory.count++;
    bool hit = memory.at >= 0 && (n == memory.at || (n > memory.at && memory.persistent));
    pthread_mutex_unlock(&mutex);
    return hit;
}

static void *memory_malloc(int len)
{
    return memory_fails() ? NULL : memory.real.xMalloc(len);
}

static void *memory_realloc(void *p, int len)
{
    return memory_fails() ? NULL : memory.real.xRealloc(p, len);
}

static void install_memory(void)
{
    hf_assert(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real) == SQLITE_OK);
    sqlite3_mem_methods m = memory.real;
    m.xMalloc = memory_malloc;
    m.xRealloc = memory_realloc;
    hf_assert(sqlite3_config(SQLITE_CONFIG_MALLOC, &m) == SQLITE_OK);
    /* Small allocations from a pool of SQLite's own would hide from us. */
    hf_assert(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
}

void faulty_memory_set(long at, bool persistent)
{
    pthread_mutex_lock(&mutex);
    memory.at = at;
    memory.persistent = persistent;
    memory.count = 0;
    pthread_mutex_unlock(&mutex);
}

long faulty_memory_count(void)
{
    pthread_mutex_lock(&mutex);
    long n = memory.count;
    pthread_mutex_unlock(&mutex);
    return n;
}
