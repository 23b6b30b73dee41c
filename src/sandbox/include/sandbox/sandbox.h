/*
 * Takes away from this process, for good, what it has no use for: system calls (seccomp) and paths
 * (Landlock). Neither needs a privilege, and both hold for every thread that is started later.
 */
#ifndef HF_SANDBOX_SANDBOX_H
#define HF_SANDBOX_SANDBOX_H

#include "base/bytes.h"
#include "base/check.h"

#include <stdatomic.h>

/* A system call that is let through if one of its arguments, under a mask, has a value. Several for
 * one call: any of them. */
struct hf_sandbox_rule {
    int call;
    unsigned argument; /* 0 to 5 */
    uint64_t mask, value;
};

struct hf_sandbox_calls {
    const int *allowed; /* whatever their arguments */
    size_t allowed_count;
    const struct hf_sandbox_rule *rules;
    size_t rules_count;
    bool threads; /* whether more of them may be started */
};

/*
 * From here on every call that is not in the list fails with EPERM, is counted, and changes
 * nothing: a library that comes to use another call after an update must not end a process that
 * holds keys. Calls by which code is run or other processes are read end the process: nothing that
 * belongs here ever makes them. Threads that run already are bound too; none may have SIGSYS
 * blocked. Errors: the kernel's, of a kernel without filters for example.
 */
HF_MUST_USE int hf_sandbox_calls(const struct hf_sandbox_calls *c);
/* Calls that were refused so far, and the number of the newest; for counters and for tests. */
uint64_t hf_sandbox_refused(int *ret_newest);

/*
 * From here on this process and whatever it executes can make no local socket (AF_UNIX), so that it
 * asks no service through one, and can call neither ptrace nor what reads another's memory or takes
 * its descriptors. What /proc shows of others, and sockets of the network, stay, with the rest. A
 * pair of sockets (socketpair) may be made: it is connected to itself alone, for good. Errors:
 * HF_ENOMEM; the kernel's, of a kernel without filters for example.
 */
HF_MUST_USE int hf_sandbox_apart(void);

enum hf_sandbox_access {
    HF_SANDBOX_READ = 1,  /* files and folders below it */
    HF_SANDBOX_WRITE = 2, /* make, change, rename and remove files and folders below it; and read */
    HF_SANDBOX_SOCKET = 4, /* make and remove sockets and files below it */
};

/* What a rule is for. It never is for anything above this, and never for the root. */
enum hf_sandbox_place {
    HF_SANDBOX_ITSELF,    /* the path, which is there */
    HF_SANDBOX_OR_FOLDER, /* the folder that will hold it, while it is missing */
    HF_SANDBOX_FOLDER,    /* the folder that holds it: it is made or replaced there */
    HF_SANDBOX_IF_THERE,  /* the path; nothing where it is missing */
};

struct hf_sandbox_path {
    const char *path; /* NULL: this entry is left out */
    int access;       /* enum hf_sandbox_access */
    enum hf_sandbox_place place;
};

/*
 * Whether there could be a rule for each path. HF_ENOTFOUND: it or its folder is missing;
 * HF_EPERMISSION: the rule would be for the root; else the kernel's errors. ret_path: whose fault
 * it is.
 */
HF_MUST_USE int hf_sandbox_paths_check(const struct hf_sandbox_path *paths, size_t count,
                                       const char **ret_path);
/*
 * From here on nothing but these paths can be opened, and below them only as it is said. What is
 * open stays open. Before threads are started: those that run already are not bound. ret_abi: the
 * kernel's version of Landlock; 0, and nothing is taken away, where it has none. Errors: those of
 * hf_sandbox_paths_check, and the kernel's.
 */
HF_MUST_USE int hf_sandbox_paths(const struct hf_sandbox_path *paths, size_t count, int *ret_abi);

#endif
