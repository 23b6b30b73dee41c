/*
 * The status page: one HTML document that names no other, does nothing to a node, and says what
 * matters without its script too. proto/PAGE.md says what is on it and what it is drawn from, which
 * may come from a node that lies: every text in it is shown as text.
 */
#ifndef HF_PAGE_PAGE_H
#define HF_PAGE_PAGE_H

#include "base/buf.h"

#include <jansson.h>

enum { HF_PAGE_MAX = 1536 << 10 }; /* bytes of a page with its data */

/* The page as of now. data: what it is drawn from; anything that is missing in it, or is of another
 * kind, is left out. ret: appended to. */
void hf_page_write(const json_t *data, struct hf_buf *ret);
/* The answer over HTTP: the page, or its data alone; a browser may do nothing but show it. */
void hf_page_answer(const json_t *data, bool data_alone, struct hf_buf *ret);

#endif
