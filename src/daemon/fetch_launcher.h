/*
 * The one program that the daemon may start: the fetcher of collateral, and only through a process
 * of its own, the launcher.
 *
 * The daemon's filter of system calls denies execve altogether. A filter cannot look at the path
 * that is to be executed, and it is inherited: allowing execve for the fetcher would allow it for
 * everything, and the fetcher would run under the daemon's filter. So the launcher is forked first
 * of all, before there is a secret, a thread or a filter; all that it does is wait for a request,
 * run the fetcher with a command line that comes from the configuration, and say how it ended. What
 * a request can change are numbers: platforms and a development root's key. An attacker who takes
 * over the daemon gets nothing from the launcher but collateral; one who takes over the fetcher
 * gets to no local socket.
 *
 * The configuration is the host's, and what the launcher starts runs in the trust domain: so it is
 * the installed fetcher, by a path that the build fixes. Only a build for development can be told
 * another program.
 */
#ifndef HF_DAEMON_FETCH_LAUNCHER_H
#define HF_DAEMON_FETCH_LAUNCHER_H

#include "settings.h"

enum { HF__FETCH_PLATFORMS_MAX = 256, HF__FETCH_TEXT_LEN = 512 };

/* What travels to the launcher, as it is in memory: both ends are the same program. */
struct hf__fetch_request {
    uint32_t count;
    struct hf__settings_fmspc fmspcs[HF__FETCH_PLATFORMS_MAX];
    bool has_dev_key;
    uint8_t dev_key[64]; /* of a development root; else Intel's counts */
};

/* What comes back. */
struct hf__fetch_answer {
    int32_t status;                /* of the fetcher: its exit status, or -1: it had none */
    char text[HF__FETCH_TEXT_LEN]; /* terminated: what it said last */
};

/*
 * Forks the launcher, which becomes the settings' user. The settings have a collateral_service.
 * ret_fd: a socket that keeps messages apart (SOCK_SEQPACKET), on which it answers each request
 * once; the launcher ends when it is closed. Errors: those of socketpair and fork.
 */
HF_MUST_USE int hf__fetch_launcher_start(const struct hf__settings *settings, int *ret_fd);

#endif
