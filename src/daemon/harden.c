/* What makes the process a poor target: nothing of its memory is written out, and the system calls
 * that only an intruder would want fail. */
#include "base/error.h"
#include "base/file.h"
#include "daemon.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

void hf__harden_early(void)
{
    const struct rlimit none = {0};
    int r = setrlimit(RLIMIT_CORE, &none);
    hf_assert(r == 0);
    r = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    hf_assert(r == 0);
}

int hf__harden_user(const char *user, const char **ret_what)
{
    if (user == NULL || geteuid() != 0)
        return 0;
    errno = 0;
    const struct passwd *pw = getpwnam(user);
    *ret_what = "no such user";
    if (pw == NULL)
        return HF_ENOTFOUND;
    *ret_what = "cannot become the user";
    if (initgroups(user, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)
        return hf_error_from_errno(errno);
    /* Changing the user makes a process dumpable again. */
    int r = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    hf_assert(r == 0);
    return 0;
}

/*
 * A list of what is denied, not of what is allowed: libc and libraries change what they call, and a
 * filter that ends a daemon which holds keys after an update would do more harm than it prevents.
 */
int hf__harden_calls(void)
{
    static const int denied[] = {
        SCMP_SYS(execve),
        SCMP_SYS(execveat),
        SCMP_SYS(ptrace),
        SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev),
        SCMP_SYS(kcmp),
        SCMP_SYS(pidfd_getfd),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(bpf),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(init_module),
        SCMP_SYS(finit_module),
        SCMP_SYS(delete_module),
        SCMP_SYS(kexec_load),
        SCMP_SYS(kexec_file_load),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),
        SCMP_SYS(setns),
        SCMP_SYS(unshare),
        SCMP_SYS(reboot),
        SCMP_SYS(swapon),
        SCMP_SYS(swapoff),
        SCMP_SYS(acct),
        SCMP_SYS(add_key),
        SCMP_SYS(request_key),
        SCMP_SYS(keyctl),
        SCMP_SYS(personality),
        SCMP_SYS(settimeofday),
        SCMP_SYS(clock_settime),
        SCMP_SYS(adjtimex),
        SCMP_SYS(iopl),
        SCMP_SYS(ioperm),
        SCMP_SYS(quotactl),
        SCMP_SYS(nfsservctl),
        SCMP_SYS(open_by_handle_at),
        SCMP_SYS(name_to_handle_at),
        SCMP_SYS(setuid),
        SCMP_SYS(setgid),
        SCMP_SYS(setreuid),
        SCMP_SYS(setresuid),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(syslog),
        SCMP_SYS(vhangup),
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hf_error_from_errno(errno);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return HF_ENOMEM;
    int r = 0;
    for (size_t i = 0; i < HF_ARRAY_LEN(denied) && r == 0; i++)
        r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r == 0 ? 0 : hf_error_from_errno(-r);
}
