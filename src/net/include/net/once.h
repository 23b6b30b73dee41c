/* One call, for a process that has no loop: it is made, waited for, and everything is gone. */
#ifndef HF_NET_ONCE_H
#define HF_NET_ONCE_H

#include "base/buf.h"
#include "net/net.h"

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
