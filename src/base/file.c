#include "base/file.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int hf_error_from_errno(int code)
{
    switch (code) {
    case 0:
        return 0;
    case ENOMEM:
        return HF_ENOMEM;
    case EINVAL:
        return HF_EINVAL;
    case ENOENT:
    case ENOTDIR:
        return HF_ENOTFOUND;
    case ENXIO:
    case ENODEV:
        return HF_ENODEVICE;
    case EEXIST:
    case ENOTEMPTY:
        return HF_EEXIST;
    case ENOSPC:
    case EDQUOT:
        return HF_ENOSPACE;
    case EROFS:
        return HF_EREADONLY;
    case EACCES:
    case EPERM:
        return HF_EPERMISSION;
    case EBUSY:
    case EAGAIN:
        return HF_EBUSY;
    case ETIMEDOUT:
        return HF_ETIMEOUT;
    case EINTR:
    case ECANCELED:
        return HF_ECANCELED;
    case ENOSYS:
    case EOPNOTSUPP:
        return HF_EUNSUPPORTED;
    case EFBIG:
    case ENAMETOOLONG:
        return HF_ETOOBIG;
    default:
        return HF_EIO;
    }
}

int hf_file_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* All below are open: the kernel gives this number. */
        if (open("/dev/null", O_RDWR | O_NOCTTY) != fd)
            return hf_error_from_errno(errno);
    }
    return 0;
}

static int read_all(int fd, struct hf_buf *ret)
{
    uint8_t piece[4096];
    for (;;) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hf_error_from_errno(errno);
        if (got == 0)
            return 0;
        hf_buf_append(ret, piece, (size_t)got);
        if (ret->error != 0)
            return ret->error;
    }
}

static int read_file(const char *path, bool regular, struct hf_buf *ret)
{
    struct stat st;
    size_t before = ret->len;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0));
    if (fd < 0)
        return hf_error_from_errno(errno);
    int r = regular && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) ? HF_EINVAL : 0;
    if (r == 0)
        r = read_all(fd, ret);
    close(fd);
    if (r != 0) {
        ret->len = before;
        ret->error = 0;
    }
    return r;
}

int hf_file_read(const char *path, struct hf_buf *ret)
{
    return read_file(path, false, ret);
}

int hf_file_read_regular(const char *path, struct hf_buf *ret)
{
    return read_file(path, true, ret);
}

static int put_all(int fd, struct hf_bytes content)
{
    size_t done = 0;
    while (done < content.len) {
        ssize_t put = write(fd, content.data + done, content.len - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return hf_error_from_errno(errno);
        done += (size_t)put;
    }
    return 0;
}

static int write_all(int fd, struct hf_bytes content)
{
    int r = put_all(fd, content);
    if (r != 0)
        return r;
    return fsync(fd) == 0 ? 0 : hf_error_from_errno(errno);
}

int hf_folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return hf_error_from_errno(errno);
    int r = fsync(fd) == 0 ? 0 : hf_error_from_errno(errno);
    close(fd);
    return r;
}

/* The folder that holds path, into a buffer of PATH_MAX. */
static int folder_of(const char *path, char *ret)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (len >= PATH_MAX)
        return HF_ETOOBIG;
    if (slash == NULL)
        ret[len++] = '.';
    else if (len == 0)
        ret[len++] = '/';
    else
        memcpy(ret, path, len);
    ret[len] = '\0';
    return 0;
}

/* Not every file system can refuse a name that is taken when it renames; those that cannot make
 * links. */
static int take_name(const char *temporary, const char *path)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL || link(temporary, path) != 0)
        return hf_error_from_errno(errno);
    (void)unlink(temporary);
    return 0;
}

static int put_file(const char *path, struct hf_bytes content, mode_t mode, bool fresh)
{
    char folder[PATH_MAX], temporary[PATH_MAX];
    int r = folder_of(path, folder);
    if (r != 0)
        return r;
    int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof temporary)
        return HF_ETOOBIG;
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return hf_error_from_errno(errno);
    r = fchmod(fd, mode) == 0 ? write_all(fd, content) : hf_error_from_errno(errno);
    if (close(fd) != 0 && r == 0)
        r = hf_error_from_errno(errno);
    if (r == 0 && fresh)
        r = take_name(temporary, path);
    else if (r == 0 && rename(temporary, path) != 0)
        r = hf_error_from_errno(errno);
    if (r != 0) {
        (void)unlink(temporary);
        return r;
    }
    return hf_folder_sync(folder);
}

int hf_file_replace(const char *path, struct hf_bytes content, mode_t mode)
{
    return put_file(path, content, mode, false);
}

int hf_file_make(const char *path, struct hf_bytes content, mode_t mode)
{
    return put_file(path, content, mode, true);
}

static int write_into(const char *path, struct hf_bytes content)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return hf_error_from_errno(errno);
    int r = put_all(fd, content);
    if (close(fd) != 0 && r == 0)
        r = hf_error_from_errno(errno);
    return r;
}

int hf_file_write_through(const char *path, struct hf_bytes content, mode_t mode)
{
    char target[PATH_MAX];
    struct stat st;
    if (stat(path, &st) != 0) {
        int r = hf_error_from_errno(errno);
        bool absent = errno == ENOENT && lstat(path, &st) != 0;
        return absent ? hf_file_replace(path, content, mode) : r;
    }
    bool regular = S_ISREG(st.st_mode);
    if (regular && realpath(path, target) != NULL)
        return hf_file_replace(target, content, mode);
    return S_ISDIR(st.st_mode) ? HF_EIO : write_into(path, content);
}
