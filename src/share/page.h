/* A page to be printed: lines of text and, below them, a QR code. */
#ifndef HF_SHARE_PAGE_H
#define HF_SHARE_PAGE_H

#include "base/bytes.h"
#include "base/check.h"

enum { HF__CODE_MAX = 2953 }; /* bytes in the largest QR code, 40-L */

struct hf__page {
    char *text; /* of PDF; in memory for secrets */
    size_t len;
    unsigned lines;
    bool full; /* more lines were put than there is room for */
};

/* HF_ENOMEM. ret: ended with hf__page_done. */
HF_MUST_USE int hf__page_init(struct hf__page *ret);
/* Wipes and frees it. */
void hf__page_done(struct hf__page *p);
/* Puts a line; at most 86 characters of it, and a question mark for each that is not ASCII. */
void hf__page_line(struct hf__page *p, const char *format, ...) HF_PRINTF(2, 3);
/*
 * Writes the page to standard output, as PDF 1.4. code: what the QR code holds; empty: there is
 * none. HF_ETOOBIG: more than HF__CODE_MAX bytes, or too many lines. HF_EIO. HF_ENOMEM.
 */
HF_MUST_USE int hf__page_write(const struct hf__page *p, struct hf_bytes code);

#endif
