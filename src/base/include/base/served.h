/* Helpers that are given a socket which listens, as systemd gives one, and serve one user on it. */
#ifndef HF_BASE_SERVED_H
#define HF_BASE_SERVED_H

#include "base/check.h"

#include <stdbool.h>
#include <sys/types.h>

enum { HF_SERVED_LISTENER = 3 }; /* the descriptor of the socket */

/* Whether this process was given one socket (LISTEN_FDS, LISTEN_PID). */
bool hf_served_given(void);
/* The user of a name or a number. false: this machine knows none, and ret is untouched. */
bool hf_served_user(const char *name, uid_t *ret);
/*
 * The next connection of this user, whose reads and writes give up after patience_s; connections of
 * others are closed unread. Returns -1 where none came of it: one of another's, or one that went;
 * ret_error is set where the socket can no longer be accepted from.
 */
int hf_served_accept(int listener, uid_t uid, int patience_s, int *ret_error);

#endif
