#include "confine.h"
#include "base/bytes.h"
#include "sandbox/sandbox.h"

#include <sys/syscall.h>

/* What OpenSSL, libsodium and libc call for that. Of sockets there is none. */
static const int allowed[] = {
    /* files, and the kernel's folder for quotes */
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_open,
    SYS_openat,
    SYS_close,
    SYS_stat,
    SYS_fstat,
    SYS_lstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_access,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_lseek,
    SYS_fsync,
    SYS_fdatasync,
    SYS_ftruncate,
    SYS_rename,
    SYS_renameat,
    SYS_renameat2,
    SYS_unlink,
    SYS_unlinkat,
    SYS_mkdir,
    SYS_mkdirat,
    SYS_rmdir,
    SYS_fchmod,
    SYS_umask,
    SYS_getdents64,
    SYS_readlink,
    SYS_readlinkat,
    SYS_getcwd,
    SYS_fcntl,
    SYS_flock,
    SYS_ioctl,
    SYS_poll,
    SYS_ppoll,
    /* memory */
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_mlock,
    SYS_munlock,
    SYS_futex,
    SYS_membarrier,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    /* what the process is, and when */
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrandom,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_time,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_tgkill,
    SYS_exit,
    SYS_exit_group,
};

int hf__ceremony_confine(void)
{
    const struct hf_sandbox_calls calls = {.allowed = allowed,
                                           .allowed_count = HF_ARRAY_LEN(allowed)};
    return hf_sandbox_calls(&calls);
}
