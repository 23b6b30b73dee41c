/*
 * The local socket's frames: four bytes of length, big-endian, then that many bytes of JSON, both
 * ways. proto/LOCAL.md specifies what is in them.
 */
#ifndef HF_CLIENT_FRAME_H
#define HF_CLIENT_FRAME_H

#include "base/buf.h"

enum {
    HF_FRAME_HEAD_LEN = 4,
    HF_FRAME_REQUEST_MAX = 4096, /* bytes of a request's JSON */
    HF_FRAME_MAX = 1 << 20,      /* bytes of any JSON */
};

/*
 * Looks for a whole frame at the start of in. Returns the bytes it takes, head included, and sets
 * ret_body; 0 when more must come; HF_ETOOBIG: its body is above max; HF_EMALFORMED: it is empty.
 */
HF_MUST_USE long hf_frame_next(struct hf_bytes in, size_t max, struct hf_bytes *ret_body);

/* Writes the head of a body of len bytes, at most HF_FRAME_MAX. */
void hf_frame_head(size_t len, uint8_t ret[static HF_FRAME_HEAD_LEN]);

#endif
