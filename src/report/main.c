/* holdfast-report: makes quotes for one user, who has no privilege. */
#include "attest/tsm.h"
#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "base/served.h"
#include "sandbox/sandbox.h"
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char usage[] = "usage: holdfast-report --user USER [--report FOLDER]\n"
                            "\n"
                            "  --user USER       who is served: a name, or a number\n"
                            "  --report FOLDER   the kernel's folder; default " HF_TSM_PATH "\n"
                            "  --version         print the version\n"
                            "  --help            print this\n"
                            "\n"
                            "It serves the socket that systemd gives it, see holdfastd(8).\n";

static const int allowed[] = {
    SYS_accept4, SYS_recvfrom,   SYS_sendmsg,      SYS_getsockopt,    SYS_setsockopt,
    SYS_poll,    SYS_ppoll,      SYS_read,         SYS_write,         SYS_openat,
    SYS_close,   SYS_fstat,      SYS_newfstatat,   SYS_stat,          SYS_lseek,
    SYS_mkdir,   SYS_rmdir,      SYS_unlinkat,     SYS_getdents64,    SYS_fcntl,
    SYS_brk,     SYS_munmap,     SYS_mremap,       SYS_madvise,       SYS_futex,
    SYS_getpid,  SYS_gettid,     SYS_tgkill,       SYS_rt_sigaction,  SYS_rt_sigprocmask,
    SYS_time,    SYS_getrandom,  SYS_rt_sigreturn, SYS_clock_gettime, SYS_restart_syscall,
    SYS_exit,    SYS_exit_group, SYS_gettimeofday,
};

static int fail(const char *what, int error)
{
    fprintf(stderr, "holdfast-report: %s: %s\n", what, hf_error_sentence(error));
    return EXIT_FAILURE;
}

static int confine(const char *folder)
{
    const struct rlimit none = {0};
    const struct hf_sandbox_path path = {folder, HF_SANDBOX_WRITE, HF_SANDBOX_ITSELF};
    const struct hf_sandbox_calls calls = {.allowed = allowed,
                                           .allowed_count = HF_ARRAY_LEN(allowed)};
    int abi;
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return hf_error_from_errno(errno);
    int r = hf_sandbox_paths(&path, 1, &abi);
    return r != 0 ? r : hf_sandbox_calls(&calls);
}

static int run(const char *user, const char *folder)
{
    uid_t uid;
    if (!hf_served_user(user, &uid))
        return fail(user, HF_ENOTFOUND);
    if (!hf_served_given())
        return fail("no socket was given (LISTEN_FDS, LISTEN_PID)", HF_EINVAL);
    int r = hf_tsm_sweep(folder);
    if (r != 0)
        return fail(folder, r);
    r = confine(folder);
    if (r != 0)
        return fail("the sandbox", r);
    return fail("the socket", hf__report_serve(HF_SERVED_LISTENER, uid, folder));
}

struct chosen {
    const char *user, *folder;
    bool version, help;
};

static const struct hf_option options[] = {
    HF_TEXT_OF("user", struct chosen, user),
    HF_TEXT_OF("report", struct chosen, folder),
    HF_FLAG_OF("version", struct chosen, version),
    HF_FLAG_OF("help", struct chosen, help),
};

static int start_with(int argc, char **argv)
{
    char reason[HF_OPTION_REASON_MAX], **words;
    struct chosen chosen = {.folder = HF_TSM_PATH};
    int words_count;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    if (!hf_options_read(argc, argv, options, HF_ARRAY_LEN(options), &chosen, &words, &words_count,
                         reason)) {
        fprintf(stderr, "holdfast-report: %s\n%s", reason, usage);
        return HF_EXIT_USAGE;
    }
    if (chosen.help || chosen.version) {
        fputs(chosen.help ? usage : "holdfast-report " HF_RELEASE "\n", stdout);
        return EXIT_SUCCESS;
    }
    if (chosen.user == NULL || words_count != 0) {
        fputs(usage, stderr);
        return HF_EXIT_USAGE;
    }
    return run(chosen.user, chosen.folder);
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfast-report", start_with(argc, argv), EXIT_FAILURE);
}
