#include "confine.h"
#include "base/bytes.h"
#include "sandbox/sandbox.h"

#include <sys/socket.h>
#include <sys/syscall.h>

/* What libcurl, OpenSSL, libc's resolver, and the writing of a folder call. */
static const int allowed[] = {
    /* connections */
    SYS_connect, SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt, SYS_sendto,
    SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown, SYS_poll,
    SYS_ppoll, SYS_select, SYS_pselect6, SYS_pipe2, SYS_eventfd2, SYS_ioctl,
    /* files */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_open, SYS_openat,
    SYS_close, SYS_stat, SYS_fstat, SYS_lstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs,
    SYS_access, SYS_faccessat, SYS_faccessat2, SYS_lseek, SYS_fsync, SYS_fdatasync, SYS_ftruncate,
    SYS_unlink, SYS_unlinkat, SYS_rename, SYS_renameat, SYS_renameat2, SYS_mkdir, SYS_mkdirat,
    SYS_rmdir, SYS_fchmod, SYS_umask, SYS_getdents64, SYS_readlink, SYS_readlinkat, SYS_getcwd,
    SYS_fcntl, SYS_flock,
    /* memory and threads */
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_set_robust_list, SYS_rseq,
    SYS_membarrier, SYS_sched_yield, SYS_sched_getaffinity, SYS_gettid, SYS_exit, SYS_exit_group,
    SYS_tgkill, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,
    SYS_restart_syscall,
    /* what the process is, and when */
    SYS_getpid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_uname, SYS_sysinfo,
    SYS_getrandom, SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep,
    SYS_gettimeofday, SYS_time};

/* The pair is libcurl's, to wake itself; limits are read. */
static const struct hf_sandbox_rule rules[] = {
    {SYS_socket, 0, UINT64_MAX, AF_INET},
    {SYS_socket, 0, UINT64_MAX, AF_INET6},
    {SYS_socketpair, 0, UINT64_MAX, AF_UNIX},
    {SYS_prlimit64, 2, UINT64_MAX, 0},
};

int hf__fetch_confine(void)
{
    const struct hf_sandbox_calls calls = {.allowed = allowed,
                                           .allowed_count = HF_ARRAY_LEN(allowed),
                                           .rules = rules,
                                           .rules_count = HF_ARRAY_LEN(rules),
                                           .threads = true};
    return hf_sandbox_calls(&calls);
}
