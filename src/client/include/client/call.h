/* One request to a daemon over its local socket. What requests and answers say is in
 * proto/LOCAL.md. */
#ifndef HF_CLIENT_CALL_H
#define HF_CLIENT_CALL_H

#include "base/bytes.h"
#include "base/check.h"

struct hf_client_answer {
    char *text; /* JSON, terminated; freed and wiped by hf_client_answer_done */
    size_t len;
};

/*
 * Connects, sends the JSON text and waits for the answer. socket_path: terminated. timeout_ms: of
 * the whole exchange. HF_ENOTFOUND: no such socket. HF_EPERMISSION: not this user's. HF_ECONNECT:
 * no daemon listens. HF_ETIMEOUT. HF_ECONNRESET: the daemon ended. HF_ETOOBIG: the path, the
 * request or the answer. HF_EMALFORMED: not a frame. HF_EIO. HF_ENOMEM.
 */
HF_MUST_USE int hf_client_call(const char *socket_path, struct hf_bytes request,
                               uint32_t timeout_ms, struct hf_client_answer *ret);
/* A zeroed answer is legal. */
void hf_client_answer_done(struct hf_client_answer *a);

#endif
