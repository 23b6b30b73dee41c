/* What a process may no longer do once it is confined; each case in a process of its own. */
#include "base/error.h"
#include "sandbox/sandbox.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const int allowed[] = {
    SYS_read,         SYS_write,           SYS_exit_group,   SYS_exit,       SYS_getpid,
    SYS_futex,        SYS_rt_sigprocmask,  SYS_rt_sigreturn, SYS_munmap,     SYS_brk,
    SYS_rseq,         SYS_madvise,         SYS_close,        SYS_openat,     SYS_gettid,
    SYS_rt_sigaction, SYS_set_robust_list, SYS_sigaltstack,  SYS_getdents64, SYS_sched_getaffinity,
};
static const struct hf_sandbox_rule rules[] = {{SYS_socket, 0, UINT64_MAX, AF_INET}};

static int confine(void)
{
    const struct hf_sandbox_calls calls = {.allowed = allowed,
                                           .allowed_count = HF_ARRAY_LEN(allowed),
                                           .rules = rules,
                                           .rules_count = HF_ARRAY_LEN(rules),
                                           .threads = true};
    return hf_sandbox_calls(&calls);
}

/* Runs body once `first` has done its work; its exit status, or minus the signal that ended it. */
static int outcome_after(int (*first)(void), int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(first() == 0 ? body() : 99);
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int outcome(int (*body)(void))
{
    return outcome_after(confine, body);
}

/* 0: EPERM and counted. */
static int refused(long result, uint64_t times, long call)
{
    int newest, code = errno;
    if (result != -1 || code != EPERM)
        return 1;
    return hf_sandbox_refused(&newest) == times && newest == (int)call ? 0 : 2;
}

static int other_calls(void)
{
    int r = refused(syscall(SYS_mount, "a", "b", "c", 0, NULL), 1, SYS_mount);
    if (r == 0)
        r = refused(syscall(SYS_unshare, 0), 2, SYS_unshare);
    if (r == 0)
        r = refused(syscall(SYS_memfd_create, "x", 0), 3, SYS_memfd_create);
    if (r == 0)
        r = refused(syscall(SYS_io_uring_setup, 1, NULL), 4, SYS_io_uring_setup);
    if (r == 0)
        r = refused(syscall(SYS_fsopen, "tmpfs", 0), 5, SYS_fsopen);
    if (r == 0)
        r = refused(syscall(SYS_setresuid, 1, 1, 1), 6, SYS_setresuid);
    return r;
}

Test(hf_sandbox_calls, what_is_not_listed_fails_and_is_counted)
{
    cr_assert_eq(outcome(other_calls), 0);
}

static int arguments(void)
{
    int r = socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? 0 : 10;
    if (r == 0)
        r = refused(socket(AF_VSOCK, SOCK_STREAM, 0), 1, SYS_socket);
    if (r == 0)
        r = refused(socket(AF_NETLINK, SOCK_RAW, 0), 2, SYS_socket);
    if (r == 0)
        r = refused(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 3, SYS_prctl);
    if (r == 0)
        r = refused(syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    4, SYS_mmap);
    if (r == 0)
        r = refused(syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, 0),
                    5, SYS_clone);
    if (r == 0)
        r = refused(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0), 6, SYS_clone);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r == 0)
        r = page == MAP_FAILED ? 11 : refused(mprotect(page, 4096, PROT_EXEC), 7, SYS_mprotect);
    return r;
}

Test(hf_sandbox_calls, arguments_are_looked_at)
{
    cr_assert_eq(outcome(arguments), 0);
}

static void *in_thread(void *ret)
{
    *(int *)ret = refused(syscall(SYS_unshare, 0), 1, SYS_unshare);
    return NULL;
}

static int thread(void)
{
    pthread_t t;
    int r = 12;
    return pthread_create(&t, NULL, in_thread, &r) == 0 && pthread_join(t, NULL) == 0 ? r : 13;
}

Test(hf_sandbox_calls, threads_can_be_started_and_are_bound)
{
    cr_assert_eq(outcome(thread), 0);
}

static int execute(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return 0;
}

static int trace(void)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    return 0;
}

static int peek(void)
{
    syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
    return 0;
}

Test(hf_sandbox_calls, running_other_code_and_reading_others_is_the_end)
{
    cr_assert_eq(outcome(execute), -SIGSYS);
    cr_assert_eq(outcome(trace), -SIGSYS);
    cr_assert_eq(outcome(peek), -SIGSYS);
}

/* Through an exec, as the fetcher comes to be. */
static int apart(void)
{
    int ends[2];
    if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EACCES)
        return 1;
    if (syscall(SYS_socket, AF_UNIX | 1L << 32, SOCK_SEQPACKET, 0) >= 0 || errno != EACCES)
        return 2;
    if (syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != EPERM)
        return 3;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) >= 0 || errno != EPERM)
        return 4;
    if (syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0) >= 0 || errno != EPERM)
        return 5;
    /* What a fetcher needs. */
    if (socket(AF_INET, SOCK_STREAM, 0) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return 6;
    execl("/bin/sh", "sh", "-c", "grep -q 'Seccomp:.2' /proc/self/status", (char *)NULL);
    return 7;
}

Test(hf_sandbox_apart, leaves_the_network_and_no_service_or_process_of_the_machine)
{
    cr_assert_eq(outcome_after(hf_sandbox_apart, apart), 0);
}

/* ---- paths */

static char folder[HF_SCRATCH_PATH_LEN], readable[96], writable[96], other[96], missing[96];

static bool can_open(const char *where, const char *name, int flags)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", where, name);
    int fd = open(path, flags, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int paths(void)
{
    const struct hf_sandbox_path list[] = {{readable, HF_SANDBOX_READ, HF_SANDBOX_ITSELF},
                                           {writable, HF_SANDBOX_WRITE, HF_SANDBOX_ITSELF},
                                           {NULL, HF_SANDBOX_WRITE, HF_SANDBOX_ITSELF},
                                           {missing, HF_SANDBOX_READ, HF_SANDBOX_FOLDER},
                                           {missing, HF_SANDBOX_READ, HF_SANDBOX_OR_FOLDER},
                                           {"/nowhere/x", HF_SANDBOX_WRITE, HF_SANDBOX_IF_THERE}};
    int abi = 0;
    if (hf_sandbox_paths(list, HF_ARRAY_LEN(list), &abi) != 0)
        return 1;
    if (abi == 0)
        return 77;
    if (!can_open(readable, "f", O_RDONLY) || can_open(readable, "f", O_WRONLY) ||
        can_open(readable, "new", O_WRONLY | O_CREAT))
        return 2;
    if (!can_open(writable, "f", O_RDWR) || !can_open(writable, "new", O_WRONLY | O_CREAT))
        return 3;
    if (can_open(other, "f", O_RDONLY) || can_open(other, "new", O_WRONLY | O_CREAT) ||
        can_open("/etc", "passwd", O_RDONLY))
        return 4;
    return can_open(missing, "..", O_RDONLY) ? 5 : 0;
}

static void make(const char *name, char ret[static 96])
{
    char path[160];
    snprintf(ret, 96, "%s/%s", folder, name);
    snprintf(path, sizeof path, "%s/f", ret);
    cr_assert_eq(mkdir(ret, 0700), 0);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    cr_assert(fd >= 0);
    close(fd);
}

Test(hf_sandbox_paths, nothing_but_what_is_named_can_be_opened)
{
    int status = -1;
    hf_scratch_make(folder);
    make("readable", readable);
    make("writable", writable);
    make("other", other);
    snprintf(missing, sizeof missing, "%s/readable/none", folder);
    pid_t child = fork();
    if (child == 0)
        _exit(paths());
    cr_assert_eq(waitpid(child, &status, 0), child);
    hf_scratch_remove(folder);
    cr_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        cr_skip_test("skipped: this kernel has no Landlock");
    cr_assert_eq(WEXITSTATUS(status), 0);
}

Test(hf_sandbox_paths, a_path_that_is_missing_opens_nothing_above_its_folder)
{
    static const struct {
        const char *path; /* below the scratch folder, where it does not begin with a slash */
        enum hf_sandbox_place place;
        int error;
    } cases[] = {
        {"there", HF_SANDBOX_ITSELF, 0},
        {"none", HF_SANDBOX_ITSELF, HF_ENOTFOUND},
        {"none", HF_SANDBOX_OR_FOLDER, 0},
        {"none/", HF_SANDBOX_OR_FOLDER, 0},
        {"none", HF_SANDBOX_FOLDER, 0},
        {"none/x", HF_SANDBOX_OR_FOLDER, HF_ENOTFOUND},
        {"none/x/y", HF_SANDBOX_OR_FOLDER, HF_ENOTFOUND},
        {"none/x", HF_SANDBOX_FOLDER, HF_ENOTFOUND},
        {"none/x", HF_SANDBOX_IF_THERE, 0},
        {"/holdfast-nowhere", HF_SANDBOX_OR_FOLDER, HF_EPERMISSION},
        {"/holdfast-nowhere", HF_SANDBOX_FOLDER, HF_EPERMISSION},
        {"/", HF_SANDBOX_ITSELF, HF_EPERMISSION},
        {"/tmp/..", HF_SANDBOX_ITSELF, HF_EPERMISSION},
        {"", HF_SANDBOX_ITSELF, HF_EINVAL},
    };
    char there[96];
    hf_scratch_make(folder);
    make("there", there);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        char path[160];
        const char *bad = NULL;
        bool whole = cases[i].path[0] == '/' || cases[i].path[0] == '\0';
        snprintf(path, sizeof path, "%s%s%s", whole ? "" : folder, whole ? "" : "/", cases[i].path);
        const struct hf_sandbox_path p[] = {{there, HF_SANDBOX_READ, HF_SANDBOX_ITSELF},
                                            {path, HF_SANDBOX_WRITE, cases[i].place}};
        cr_assert_eq(hf_sandbox_paths_check(p, 2, &bad), cases[i].error, "%zu", i);
        cr_assert_eq(bad, cases[i].error == 0 ? NULL : p[1].path, "%zu", i);
        /* The rules themselves are refused for the same, in a process of their own. */
        pid_t child = fork();
        int abi, status;
        if (child == 0)
            _exit(hf_sandbox_paths(p, 2, &abi) == cases[i].error || abi == 0 ? 0 : 1);
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert_eq(status, 0, "%zu", i);
    }
    hf_scratch_remove(folder);
}
