/* Calls, for a process that has no loop: they are made, waited for, and everything is gone. */
#ifndef HF_NET_ONCE_H
#define HF_NET_ONCE_H

#include "base/buf.h"
#include "net/net.h"

/* Several calls, at most so many of them at a time. */
struct hf_net_batch {
    const struct hf_net_call *calls; /* token is not looked at */
    size_t count, at_once;
    const struct hf_net_hooks *hooks; /* verify, and the labels; the others are not called */
    /* Signs the process's TLS key. 0, or an error, which ends it before the first call. NULL: the
     * calls prove no account. */
    int (*sign)(void *user, struct hf_bytes spki, struct hf_account *ret_account,
                uint8_t ret_signature[static HF_NET_SIGNATURE_LEN]);
    /* Once for each call, whose place is the result's token. net: for hf_net_peer_key. */
    void (*completed)(void *user, struct hf_net *net, const struct hf_net_result *result);
    void *user; /* of sign and completed */
};

/* Errors: of sign and hf_net_new; those of a call are its result's. */
HF_MUST_USE int hf_net_batch(const struct hf_net_batch *batch);

struct hf_net_once {
    const struct hf_net_call *call;   /* token is not looked at; a vsock address is waited for */
    const struct hf_net_hooks *hooks; /* verify, and the labels; the others are not called */
    /* Signs the process's TLS key. 0, or an error, which is returned. */
    int (*sign)(void *user, struct hf_bytes spki, struct hf_account *ret_account,
                uint8_t ret_signature[static HF_NET_SIGNATURE_LEN]);
    void *user; /* of sign */
};

/*
 * ret_status: HTTP's. ret_body: appended to, at most the call's answer_bytes_max. ret_reason:
 * HF_NET_REASON_MAX bytes, terminated: on error a sentence with the cause, else "". Errors: of
 * sign, hf_net_new, hf_net_call and its result.
 */
HF_MUST_USE int hf_net_once(const struct hf_net_once *once, int *ret_status,
                            struct hf_buf *ret_body, char *ret_reason);

#endif
