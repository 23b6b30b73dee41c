/*
 * Applications of other users, and which keys each may have. The list is read from the image, so
 * that no host can widen it, and a list in the configuration narrows it: a key goes only to whom
 * both name. Who asks is the kernel's word. The daemon's own user and root are no applications:
 * they could read its memory anyway.
 */
#ifndef HF_DAEMON_APPLICATIONS_H
#define HF_DAEMON_APPLICATIONS_H

#include "settings.h"

#include <sys/types.h>

enum {
    HF__APPLICATION_GROUPS_MAX = 64, /* of one asker that are looked at */
    HF__APPLICATION_PLACES = 8,      /* connections of one user */
};

/* Who connected. */
struct hf__credential {
    uid_t uid;
    pid_t pid;
    const char *unit; /* for which the service manager connected; NULL: for itself */
    gid_t groups[HF__APPLICATION_GROUPS_MAX]; /* its group, and those besides */
    size_t groups_count;
};

struct hf__applications;

/*
 * Reads the image's list, which may be missing (HF_ENOTFOUND is then no error, unless required),
 * and narrows it by the configuration's. Users and groups are looked up now. ret: free with
 * hf__applications_free. ret_what: what is wrong, for a person; at most what_len bytes with its
 * terminator. HF_EINVAL: a list is not right; HF_ENOTFOUND: a user or group that this machine does
 * not know, or no list; HF_ENOMEM; HF_EIO.
 */
HF_MUST_USE int hf__applications_load(const char *image, bool required,
                                      const struct hf__settings *settings,
                                      struct hf__applications **ret, char *ret_what,
                                      size_t what_len);
/* NULL is legal. */
void hf__applications_free(struct hf__applications *a);

/* Whether there is any user or group: then others may connect to the socket. NULL is legal. */
bool hf__applications_any(const struct hf__applications *a);
/* Whether who connected may ask for anything. NULL: there are no applications. */
bool hf__applications_admit(const struct hf__applications *a, const struct hf__credential *who);
/* Whether who connected may have this key. NULL: there are no applications. */
bool hf__applications_may_have(const struct hf__applications *a, const struct hf__credential *who,
                               const char *name);

/* The kernel's word for who is at the other end of a socket. False: it gives none. */
bool hf__credential_of(int fd, struct hf__credential *ret);

#endif
