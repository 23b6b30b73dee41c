#include "sandbox/sandbox.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>

static atomic_uint_least64_t refused;
static atomic_int newest;

/* What runs other code, or reads and writes other processes. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(bpf),
    SCMP_SYS(userfaultfd),
};

/* The refused call returns EPERM: what a filter could do by itself, if it could count. */
static void on_refused(int number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    (void)number;
    atomic_fetch_add(&refused, 1);
    atomic_store(&newest, info->si_syscall);
    c->uc_mcontext.gregs[REG_RAX] = -EPERM;
}

static int add(scmp_filter_ctx f, int call, unsigned argument, uint64_t mask, uint64_t value)
{
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1,
                            SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, value));
}

/* Memory that is never both written and run; threads, and no process or namespace. */
static int add_common(scmp_filter_ctx f, bool threads)
{
    static const uint64_t thread = CLONE_VM | CLONE_THREAD;
    static const uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE;
    int r = add(f, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
    if (r == 0)
        r = add(f, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
    if (r == 0)
        r = add(f, SCMP_SYS(prctl), 0, UINT64_MAX, PR_SET_NAME);
    /* A filter cannot look at what clone3 is given: libc takes this for an older kernel. */
    if (r == 0)
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (r == 0 && threads)
        r = add(f, SCMP_SYS(clone), 0, thread | spaces, thread);
    return r;
}

static int fill(scmp_filter_ctx f, const struct hf_sandbox_calls *c)
{
    int r = add_common(f, c->threads);
    for (size_t i = 0; i < HF_ARRAY_LEN(deadly) && r == 0; i++)
        r = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
    for (size_t i = 0; i < c->allowed_count && r == 0; i++)
        r = seccomp_rule_add(f, SCMP_ACT_ALLOW, c->allowed[i], 0);
    for (size_t i = 0; i < c->rules_count && r == 0; i++)
        r = add(f, c->rules[i].call, c->rules[i].argument, c->rules[i].mask, c->rules[i].value);
    return r;
}

int hf_sandbox_calls(const struct hf_sandbox_calls *c)
{
    const struct sigaction action = {.sa_sigaction = on_refused,
                                     .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    if (sigaction(SIGSYS, &action, NULL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hf_error_from_errno(errno);
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_TRAP);
    if (f == NULL)
        return HF_ENOMEM;
    int r = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
    if (r == 0)
        r = fill(f, c);
    if (r == 0)
        r = seccomp_load(f);
    seccomp_release(f);
    return r == 0 ? 0 : hf_error_from_errno(-r);
}

/* What gets at the services of this machine, or at the memory and descriptors of its processes. */
static const int outward[] = {
    SCMP_SYS(io_uring_setup), /* whose sockets a filter does not see */
    SCMP_SYS(ptrace),         SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
};

int hf_sandbox_apart(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hf_error_from_errno(errno);
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (f == NULL)
        return HF_ENOMEM;
    /* The kernel looks at 32 bits of it, and so does the filter. */
    int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
                             SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, UINT32_MAX, AF_UNIX));
    for (size_t i = 0; i < HF_ARRAY_LEN(outward) && r == 0; i++)
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), outward[i], 0);
    if (r == 0)
        r = seccomp_load(f);
    seccomp_release(f);
    return r == 0 ? 0 : hf_error_from_errno(-r);
}

uint64_t hf_sandbox_refused(int *ret_newest)
{
    *ret_newest = atomic_load(&newest);
    return atomic_load(&refused);
}
