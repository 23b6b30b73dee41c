/* The data folder: who may be in it, who is in it, and names that change without a moment in
 * between. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PLACING_MAX = 9999 };

static int make_folder(const char *dir, struct hf_store_error *err)
{
    if (mkdir(dir, 0700) != 0)
        return errno == EEXIST ? 0 : hf__fail_errno(err, errno, "making the data folder %s", dir);
    /* Without this the folder itself may be gone after a power cut, and everything in it. */
    char parent[PATH_MAX + 4];
    (void)snprintf(parent, sizeof parent, "%s/..", dir);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return hf__fail_errno(err, errno, "opening the folder that holds %s", dir);
    int failed = fsync(fd) != 0 ? errno : 0;
    close(fd);
    return failed != 0 ? hf__fail_errno(err, failed, "syncing the folder that holds %s", dir) : 0;
}

static int check_folder(struct hf_store *s, struct hf_store_error *err)
{
    struct stat st;
    if (fstat(s->dir_fd, &st) != 0)
        return hf__fail_errno(err, errno, "looking at the data folder %s", s->dir);
    if (st.st_uid != geteuid())
        return hf__fail(err, HF_EUNSAFE,
                        "the data folder %s belongs to uid %u, and the daemon runs as uid %u: run "
                        "it as its owner, or chown the folder and what is in it",
                        s->dir, st.st_uid, geteuid());
    if ((st.st_mode & 07777) != 0700)
        return hf__fail(err, HF_EUNSAFE,
                        "the data folder %s has mode %04o, and must have 0700: chmod 0700 %s",
                        s->dir, st.st_mode & 07777, s->dir);
    return 0;
}

/* The holder writes its process id into the lock file; the lock itself ends with the process. */
static int take_lock(struct hf_store *s, struct hf_store_error *err)
{
    s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return hf__fail_errno(err, errno, "opening %s/lock", s->dir);
    char text[24] = {0};
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return hf__fail_errno(err, errno, "locking %s/lock", s->dir);
        long pid = pread(s->lock_fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
        if (pid <= 0)
            return hf__fail(err, HF_ESTOREHELD, "another process holds the data folder %s", s->dir);
        return hf__fail(err, HF_ESTOREHELD, "process %ld holds the data folder %s", pid, s->dir);
    }
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, text, (size_t)len, 0) != len)
        return hf__fail_errno(err, errno, "writing %s/lock", s->dir);
    return 0;
}

/* A crash between the two steps of hf__folder_install leaves the database with a second name. */
static int drop_second_name(struct hf_store *s, struct hf_store_error *err)
{
    struct stat db, st;
    if (fstatat(s->dir_fd, HF__DB_NAME, &db, AT_SYMLINK_NOFOLLOW) != 0 || db.st_nlink == 1)
        return 0;
    for (int n = 1; n <= PLACING_MAX; n++) {
        char name[32];
        (void)snprintf(name, sizeof name, "vault.placing-%d.db", n);
        if (fstatat(s->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (st.st_ino != db.st_ino || st.st_dev != db.st_dev)
            continue;
        if (unlinkat(s->dir_fd, name, 0) != 0)
            return hf__fail_errno(err, errno, "removing the second name %s/%s", s->dir, name);
        return hf__folder_sync(s, err);
    }
    return hf__fail(err, HF_EUNSAFE, "%s/" HF__DB_NAME " has a second name: remove one of them",
                    s->dir);
}

int hf__folder_open(struct hf_store *s, const char *dir, struct hf_store_error *err)
{
    int r = make_folder(dir, err);
    if (r != 0)
        return r;
    char *real = realpath(dir, NULL);
    if (real == NULL)
        return hf__fail_errno(err, errno, "finding the data folder %s", dir);
    size_t len = strlen(real);
    if (len <= HF__FOLDER_PATH_MAX)
        memcpy(s->dir, real, len + 1);
    free(real);
    if (len > HF__FOLDER_PATH_MAX)
        return hf__fail(err, HF_EINVAL, "the path of the data folder is longer than %d characters",
                        HF__FOLDER_PATH_MAX);
    s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir_fd < 0)
        return errno == ENOTDIR ? hf__fail(err, HF_EUNSAFE, "%s is not a folder", s->dir)
                                : hf__fail_errno(err, errno, "opening the data folder %s", s->dir);
    if ((r = check_folder(s, err)) != 0 || (r = take_lock(s, err)) != 0)
        return r;
    static const char *const names[] = {"lock", HF__DB_NAME, HF__DB_NAME "-wal",
                                        HF__DB_NAME "-journal"};
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++)
        if ((r = hf__folder_check_file(s, names[i], err)) != 0 && r != HF_ENOTFOUND)
            return r;
    return drop_second_name(s, err);
}

void hf__folder_close(struct hf_store *s)
{
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    if (s->dir_fd >= 0)
        close(s->dir_fd);
    s->lock_fd = s->dir_fd = -1;
}

int hf__folder_check_file(struct hf_store *s, const char *name, struct hf_store_error *err)
{
    struct stat st;
    if (fstatat(s->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? HF_ENOTFOUND
                               : hf__fail_errno(err, errno, "looking at %s/%s", s->dir, name);
    if (!S_ISREG(st.st_mode))
        return hf__fail(err, HF_EUNSAFE, "%s/%s is not a regular file", s->dir, name);
    if (st.st_uid != geteuid())
        return hf__fail(err, HF_EUNSAFE, "%s/%s belongs to uid %u, and must to %u: chown %u %s/%s",
                        s->dir, name, st.st_uid, geteuid(), geteuid(), s->dir, name);
    if ((st.st_mode & 07777) != 0600)
        return hf__fail(err, HF_EUNSAFE,
                        "%s/%s has mode %04o, and must have 0600: chmod 0600 %s/%s", s->dir, name,
                        st.st_mode & 07777, s->dir, name);
    return 0;
}

int hf__folder_sync(struct hf_store *s, struct hf_store_error *err)
{
    return fsync(s->dir_fd) == 0 ? 0 : hf__fail_errno(err, errno, "syncing the folder %s", s->dir);
}

int hf__folder_make_file(struct hf_store *s, const char *name, struct hf_store_error *err)
{
    if (unlinkat(s->dir_fd, name, 0) != 0 && errno != ENOENT)
        return hf__fail_errno(err, errno, "removing %s/%s", s->dir, name);
    int fd = openat(s->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return hf__fail_errno(err, errno, "making %s/%s", s->dir, name);
    close(fd);
    return 0;
}

/* Gives the present database a name that no other has. */
static int keep_old_name(struct hf_store *s, struct hf_store_error *err)
{
    for (int n = 1; n <= PLACING_MAX; n++) {
        char name[32];
        (void)snprintf(name, sizeof name, "vault.placing-%d.db", n);
        if (linkat(s->dir_fd, HF__DB_NAME, s->dir_fd, name, 0) == 0)
            return hf__folder_sync(s, err);
        if (errno != EEXIST)
            return hf__fail_errno(err, errno, "keeping the old vault as %s/%s", s->dir, name);
    }
    return hf__fail(err, HF_EUNSAFE,
                    "%s holds %d abandoned vaults (vault.placing-N.db): remove some", s->dir,
                    PLACING_MAX);
}

int hf__folder_install(struct hf_store *s, bool keep_old, struct hf_store_error *err)
{
    int r = keep_old ? keep_old_name(s, err) : 0;
    if (r != 0)
        return r;
    if (renameat(s->dir_fd, HF__DB_NEW_NAME, s->dir_fd, HF__DB_NAME) != 0)
        return hf__fail_errno(err, errno, "naming the new database %s/" HF__DB_NAME, s->dir);
    return hf__folder_sync(s, err);
}
