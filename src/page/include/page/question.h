/*
 * What is asked on the port of 127.0.0.1: the head of an HTTP/1 request, kept as far as it has
 * room. Pages on the same machine may send a browser here under a name of their own (DNS
 * rebinding), and are told nothing: the name that was asked for has to be one of this machine's.
 */
#ifndef HF_PAGE_QUESTION_H
#define HF_PAGE_QUESTION_H

#include "base/bytes.h"
#include "base/check.h"

#include <stdbool.h>

enum {
    HF_QUESTION_KEPT = 2048, /* bytes of a head: request line, and Host with what precedes it */
    HF_QUESTION_MAX = 65536, /* bytes of a head: browsers send what other ports of the machine set
                                * as cookies */
};

struct hf_question {
    char in[HF_QUESTION_KEPT];
    size_t kept, len; /* of the head so far: in `in`, and altogether */
    bool line_empty;  /* since the newest line feed there is none but carriage returns */
};

enum hf_question_state {
    HF_QUESTION_UNDER_WAY,
    HF_QUESTION_WHOLE,
    HF_QUESTION_TOO_LONG, /* HF_QUESTION_MAX bytes, and no end */
};

/* Takes more of it; what follows the head is left out. q: zeros at first. */
enum hf_question_state hf_question_take(struct hf_question *q, struct hf_bytes more);
/* Whether it is a GET of this path, with any query. */
bool hf_question_asks(const struct hf_question *q, const char *path);
/* Whether it was asked at a name of this machine: 127.0.0.1, [::1] or localhost, at any port, since
 * a tunnel may have another. No name at all, as of HTTP/1.0, is none that a page could choose. */
bool hf_question_at_home(const struct hf_question *q);

#endif
