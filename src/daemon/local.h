/* The local socket's parts that need no loop: making it, and decoding what a request asks. */
#ifndef HF_DAEMON_LOCAL_H
#define HF_DAEMON_LOCAL_H

#include "base/bytes.h"
#include "base/check.h"

#include <sys/types.h>

enum hf__local_request_type {
    HF__LOCAL_STATUS = 1,
    HF__LOCAL_KEY,
    HF__LOCAL_DRILL,
    HF__LOCAL_DRAIN,
    HF__LOCAL_UNDRAIN,
    HF__LOCAL_IDENTITY,
    HF__LOCAL_PEERS,
    HF__LOCAL_EVENTS,
    HF__LOCAL_RELOAD,
    HF__LOCAL_MUTE,
    HF__LOCAL_LEAVE,
    HF__LOCAL_STAY,
    HF__LOCAL_ABANDON,
    HF__LOCAL_BLACKSTART,
    HF__LOCAL_ANSWER,
    HF__LOCAL_METRICS,
    HF__LOCAL_EXPLAIN,
    HF__LOCAL_STATUS_ALL,
    HF__LOCAL_QUOTE,
    HF__LOCAL_EVIDENCE,
    HF__LOCAL_REQUEST_PART,
    HF__LOCAL_PAGE,
    HF__LOCAL_KEYS,
    HF__LOCAL_CONFIRM,
    HF__LOCAL_TAINT,
};

enum {
    HF__LOCAL_WAIT_MAX = 3600000,
    HF__LOCAL_MUTE_S_MAX = 90 * 86400,
    HF__LOCAL_LEAVE_S_MAX = 90 * 86400,
    HF__LOCAL_BACKLOG = 64,
    HF__LOCAL_ANSWER_MAX = 512, /* bytes of a share holder's answer */
};

struct hf__local_request {
    enum hf__local_request_type type;
    char name[65];     /* of a key, or a leave's reason, or an owner's account; terminated */
    uint64_t seconds;  /* of HF__LOCAL_LEAVE: until its deadline */
    uint32_t version;  /* of HF__LOCAL_CONFIRM */
    uint32_t wait_ms;  /* of a key, or both: how long a refusal that may pass is held back */
    int reason;        /* of HF__LOCAL_MUTE; of HF__LOCAL_EXPLAIN, 0: all */
    uint64_t for_s;    /* of HF__LOCAL_MUTE; 0: it is heard again */
    uint64_t offset;   /* of HF__LOCAL_REQUEST_PART: of its first byte in the file */
    size_t answer_len; /* of HF__LOCAL_ANSWER, and of HF__LOCAL_QUOTE: its bytes, and the nonce */
    uint8_t answer[HF__LOCAL_ANSWER_MAX];
};

/*
 * json: a request's text. HF_EMALFORMED: not JSON, or not an object with a `request`.
 * HF_EUNSUPPORTED: a request that is not known. HF_ENOTFOUND: a reason to explain is none.
 * HF_EINVAL: `name` is missing, or not a key's name;
 * `wait_ms` is not a number up to HF__LOCAL_WAIT_MAX, or a confirmation's `version` none of 32
 * bits above 0; a warning's `reason` is not one, or its
 * `for_s` not a number up to HF__LOCAL_MUTE_S_MAX; a leave's `seconds` is none up to
 * HF__LOCAL_LEAVE_S_MAX; its `reason` or `account` is no text of at most 64 bytes; an
 * `answer` is not the hexadecimal digits of 1 to HF__LOCAL_ANSWER_MAX bytes; a quote's `bytes` and
 * `nonce` are not those of 64 and 32; an `offset` is no number.
 */
HF_MUST_USE int hf__local_decode(struct hf_bytes json, struct hf__local_request *ret);

/* The word of a request, as it is sent. */
const char *hf__local_request_name(enum hf__local_request_type type);

/*
 * Makes the local socket, for this user alone or for_all, and listens on it; what a crash left
 * behind at the path is removed, and nothing else. ret_fd: not blocking, the caller's. ret_what:
 * what failed, for a person; borrowed for good. HF_ETOOBIG: the path does not fit into a socket's
 * address. HF_EEXIST: a file, folder or link stands there. HF_EADDRINUSE: a process listens on it.
 * Else the error of the call that failed.
 */
HF_MUST_USE int hf__local_listen(const char *path, uid_t uid, gid_t gid, bool for_all, int *ret_fd,
                                 const char **ret_what);

#endif
