#include "sandbox/sandbox.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of Landlock's later versions, which the kernel may know and the headers not. */
#define ACCESS_REFER     (1ULL << 13)
#define ACCESS_TRUNCATE  (1ULL << 14)
#define ACCESS_IOCTL_DEV (1ULL << 15)
#define ACCESS_FIRST     ((1ULL << 13) - 1)

#define READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES                                                                                     \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |   \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | ACCESS_TRUNCATE)
#define SOCKETS (LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)
/* What a rule for a file, and not a folder, may name. */
#define OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)

static uint64_t handled_by(int abi)
{
    uint64_t all = ACCESS_FIRST;
    if (abi >= 2)
        all |= ACCESS_REFER;
    if (abi >= 3)
        all |= ACCESS_TRUNCATE;
    if (abi >= 5)
        all |= ACCESS_IOCTL_DEV;
    return all;
}

/* Cuts the last name off; false when none is left. */
static bool cut(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        bool more = strcmp(path, ".") != 0;
        memcpy(path, ".", 2);
        return more;
    }
    if (slash == path) {
        bool more = path[1] != '\0';
        path[1] = '\0';
        return more;
    }
    *slash = '\0';
    return true;
}

/* The root holds everything: a rule for it would be none. */
static bool is_root(int fd)
{
    struct stat st, root;
    return fstat(fd, &st) != 0 || stat("/", &root) != 0 ||
           (st.st_dev == root.st_dev && st.st_ino == root.st_ino);
}

/* Opens what the rule is for, or says why not: HF_EPERMISSION for the root, else the kernel's. */
static int open_place(const struct hf_sandbox_path *p, int *ret_fd)
{
    char path[PATH_MAX];
    size_t len = strlen(p->path);
    if (len == 0 || len >= sizeof path)
        return HF_EINVAL;
    memcpy(path, p->path, len + 1);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    if (p->place == HF_SANDBOX_FOLDER)
        (void)cut(path);
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && p->place == HF_SANDBOX_OR_FOLDER && cut(path))
        fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return hf_error_from_errno(errno);
    if (is_root(fd)) {
        close(fd);
        return HF_EPERMISSION;
    }
    *ret_fd = fd;
    return 0;
}

static int allow(int ruleset, const struct hf_sandbox_path *p, uint64_t handled)
{
    struct stat st;
    struct landlock_path_beneath_attr rule = {.parent_fd = -1};
    int fd, code = open_place(p, &fd);
    if (code != 0)
        return code == HF_ENOTFOUND && p->place == HF_SANDBOX_IF_THERE ? 0 : code;
    rule.parent_fd = fd;
    rule.allowed_access = (p->access & (HF_SANDBOX_READ | HF_SANDBOX_WRITE)) != 0 ? READS : 0;
    if ((p->access & HF_SANDBOX_WRITE) != 0)
        rule.allowed_access |= WRITES;
    if ((p->access & HF_SANDBOX_SOCKET) != 0)
        rule.allowed_access |= SOCKETS;
    if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed_access &= OF_FILES;
    rule.allowed_access &= handled;
    long r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    code = r == 0 ? 0 : hf_error_from_errno(errno);
    close(rule.parent_fd);
    return code;
}

int hf_sandbox_paths_check(const struct hf_sandbox_path *paths, size_t count, const char **ret_path)
{
    for (size_t i = 0; i < count; i++) {
        if (paths[i].path == NULL || paths[i].place == HF_SANDBOX_IF_THERE)
            continue;
        int fd, r = open_place(&paths[i], &fd);
        if (r != 0) {
            *ret_path = paths[i].path;
            return r;
        }
        close(fd);
    }
    return 0;
}

int hf_sandbox_paths(const struct hf_sandbox_path *paths, size_t count, int *ret_abi)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *ret_abi = abi > 0 ? (int)abi : 0;
    if (abi <= 0)
        return 0;
    const struct landlock_ruleset_attr attr = {.handled_access_fs = handled_by((int)abi)};
    long ruleset = syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return hf_error_from_errno(errno);
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        if (paths[i].path != NULL)
            r = allow((int)ruleset, &paths[i], attr.handled_access_fs);
    if (r == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                   syscall(SYS_landlock_restrict_self, (int)ruleset, 0) != 0))
        r = hf_error_from_errno(errno);
    close((int)ruleset);
    return r;
}
