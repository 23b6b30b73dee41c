/* What makes the process a poor target: nothing of its memory is written out, it has no privilege,
 * and what it has no use for is taken from it: system calls, and paths. */
#include "base/error.h"
#include "base/file.h"
#include "daemon.h"
#include "sandbox/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SWAPS_MAX = 64 << 10 };

#define CALL(name) SYS_##name

void hf__harden_early(void)
{
    const struct rlimit none = {0};
    int r = setrlimit(RLIMIT_CORE, &none);
    hf_assert(r == 0);
    r = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    hf_assert(r == 0);
}

int hf__harden_find(const char *name, struct hf__user *ret, const char **ret_what)
{
    *ret = (struct hf__user){.uid = geteuid(), .gid = getegid()};
    if (name == NULL || geteuid() != 0)
        return 0;
    errno = 0;
    const struct passwd *pw = getpwnam(name);
    *ret_what = "`user` names a user that this machine does not know";
    if (pw == NULL)
        return errno != 0 ? hf_error_from_errno(errno) : HF_ENOTFOUND;
    *ret = (struct hf__user){.name = name, .uid = pw->pw_uid, .gid = pw->pw_gid};
    return 0;
}

int hf__harden_user(const struct hf__user *user, const char **ret_what)
{
    if (user->name == NULL)
        return 0;
    *ret_what = "cannot become the user of `user`";
    if (initgroups(user->name, user->gid) != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0)
        return hf_error_from_errno(errno);
    /* Changing the user makes a process dumpable again. */
    int r = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    hf_assert(r == 0);
    return 0;
}

/* What the daemon's own code and its libraries call, whatever the arguments. */
static const int allowed[] = {
    CALL(read),
    CALL(write),
    CALL(readv),
    CALL(writev),
    CALL(pread64),
    CALL(pwrite64),
    CALL(preadv),
    CALL(pwritev),
    CALL(open),
    CALL(openat),
    CALL(close),
    CALL(close_range),
    CALL(stat),
    CALL(fstat),
    CALL(lstat),
    CALL(newfstatat),
    CALL(statx),
    CALL(statfs),
    CALL(fstatfs),
    CALL(access),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(lseek),
    CALL(fsync),
    CALL(fdatasync),
    CALL(ftruncate),
    CALL(fallocate),
    CALL(unlink),
    CALL(unlinkat),
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(link),
    CALL(linkat),
    CALL(mkdir),
    CALL(mkdirat),
    CALL(rmdir),
    CALL(chmod),
    CALL(fchmod),
    CALL(fchmodat),
    CALL(fchown),
    CALL(umask),
    CALL(getdents64),
    CALL(readlink),
    CALL(readlinkat),
    CALL(getcwd),
    CALL(fcntl),
    CALL(flock),
    CALL(dup),
    CALL(dup2),
    CALL(dup3),
    CALL(pipe2),
    CALL(ioctl),
    CALL(brk),
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(mlock),
    CALL(munlock),
    CALL(futex),
    CALL(set_robust_list),
    CALL(rseq),
    CALL(membarrier),
    CALL(sched_yield),
    CALL(sched_getaffinity),
    CALL(gettid),
    CALL(getpid),
    CALL(getppid),
    CALL(exit),
    CALL(exit_group),
    CALL(tgkill),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(sigaltstack),
    CALL(restart_syscall),
    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(clock_nanosleep),
    CALL(nanosleep),
    CALL(gettimeofday),
    CALL(time),
    CALL(setitimer),
    CALL(getrandom),
    CALL(uname),
    CALL(sysinfo),
    CALL(getrlimit),
    CALL(getrusage),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    CALL(bind),
    CALL(listen),
    CALL(accept),
    CALL(accept4),
    CALL(connect),
    CALL(getsockname),
    CALL(getpeername),
    CALL(getsockopt),
    CALL(setsockopt),
    CALL(sendto),
    CALL(recvfrom),
    CALL(sendmsg),
    CALL(recvmsg),
    CALL(sendmmsg),
    CALL(recvmmsg),
    CALL(shutdown),
    CALL(poll),
    CALL(ppoll),
    CALL(epoll_create1),
    CALL(epoll_ctl),
    CALL(epoll_wait),
    CALL(epoll_pwait),
    CALL(eventfd2),
};

/* No socket to the host (AF_VSOCK) or to the link, and of the kernel's only the one by which libc
 * looks at addresses; the limits of other processes stay theirs. */
static const struct hf_sandbox_rule rules[] = {
    {CALL(socket), 0, UINT64_MAX, AF_UNIX},  {CALL(socket), 0, UINT64_MAX, AF_INET},
    {CALL(socket), 0, UINT64_MAX, AF_INET6}, {CALL(socketpair), 0, UINT64_MAX, AF_UNIX},
    {CALL(prlimit64), 2, UINT64_MAX, 0},
};

int hf__harden_calls(void)
{
    const struct hf_sandbox_calls calls = {.allowed = allowed,
                                           .allowed_count = HF_ARRAY_LEN(allowed),
                                           .rules = rules,
                                           .rules_count = HF_ARRAY_LEN(rules),
                                           .threads = true};
    return hf_sandbox_calls(&calls);
}

enum { PATHS = 12 };

/* data: where a folder that is not there yet will be. */
static void paths_of(const struct hf__settings *s, enum hf_sandbox_place data,
                     struct hf_sandbox_path ret[static PATHS])
{
    const struct hf__settings_dev *dev = s->dev;
    const struct hf_sandbox_path paths[] = {
        {s->data, HF_SANDBOX_WRITE, data},
        /* A new set comes in a folder that takes the place of this one. */
        {s->collateral, HF_SANDBOX_READ, HF_SANDBOX_FOLDER},
        {s->documents, HF_SANDBOX_READ, HF_SANDBOX_OR_FOLDER},
        {s->socket, HF_SANDBOX_SOCKET, HF_SANDBOX_FOLDER},
        {s->credentials, HF_SANDBOX_SOCKET, HF_SANDBOX_FOLDER},
        {s->tdx != NULL ? s->tdx->report : NULL, HF_SANDBOX_WRITE, HF_SANDBOX_OR_FOLDER},
        {dev != NULL ? dev->authority : NULL, HF_SANDBOX_READ, HF_SANDBOX_OR_FOLDER},
        {dev != NULL ? dev->machine : NULL, HF_SANDBOX_WRITE, HF_SANDBOX_FOLDER},
        {"/etc", HF_SANDBOX_READ, HF_SANDBOX_IF_THERE}, /* resolver, hosts, OpenSSL */
        /* It may name the network. */
        {"/proc/cmdline", HF_SANDBOX_READ, HF_SANDBOX_IF_THERE},
        {"/dev/null", HF_SANDBOX_READ, HF_SANDBOX_IF_THERE},
        {"/dev/urandom", HF_SANDBOX_READ, HF_SANDBOX_IF_THERE},
    };
    static_assert(HF_ARRAY_LEN(paths) == PATHS, "all of them");
    memcpy(ret, paths, sizeof paths);
}

/* Whether a path is right below the data folder, which is made before anything of it is. */
static bool is_in_data(const struct hf__settings *s, const char *path)
{
    size_t len = strlen(s->data);
    return path != NULL && strncmp(path, s->data, len) == 0 && path[len] == '/' &&
           strchr(path + len + 1, '/') == NULL;
}

int hf__harden_paths_check(const struct hf__settings *s, const char **ret_path)
{
    struct hf_sandbox_path paths[PATHS];
    paths_of(s, HF_SANDBOX_OR_FOLDER, paths);
    for (size_t i = 0; i < PATHS; i++)
        if (is_in_data(s, paths[i].path))
            paths[i].path = s->data;
    return hf_sandbox_paths_check(paths, PATHS, ret_path);
}

int hf__harden_paths(const struct hf__settings *s, int *ret_abi, const char **ret_path)
{
    struct hf_sandbox_path paths[PATHS];
    /* A folder that the store would make is made before, so that the rule is for it alone. */
    (void)!mkdir(s->data, 0700);
    paths_of(s, HF_SANDBOX_ITSELF, paths);
    /* As well where the kernel has no Landlock: a configuration is right everywhere, or nowhere. */
    int r = hf_sandbox_paths_check(paths, PATHS, ret_path);
    return r != 0 ? r : hf_sandbox_paths(paths, PATHS, ret_abi);
}

/* Whether the machine has somewhere to swap to, as far as one may look. */
static bool has_swap(void)
{
    struct hf_buf b;
    hf_buf_init(&b, SWAPS_MAX);
    int r = hf_file_read("/proc/swaps", &b);
    size_t lines = 0;
    for (size_t i = 0; i < b.len; i++)
        lines += b.data[i] == '\n';
    hf_buf_done(&b);
    /* The first line names the columns. */
    return r != 0 || lines > 1;
}

/* Whether any memory may be locked: by the limit, or by a capability that goes before it. */
static bool may_lock_all(void)
{
    struct rlimit limit;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) ||
           (syscall(SYS_capget, &header, data) == 0 &&
            (data[0].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0);
}

enum hf__memory hf__harden_memory(void)
{
    /* Under a limit, memory that is taken later would be refused. What was never touched is locked
     * when it is: all of it at once would be four times as much. */
    if (may_lock_all() && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
        return HF__MEMORY_LOCKED;
    return has_swap() ? HF__MEMORY_SWAPPABLE : HF__MEMORY_NO_SWAP;
}
