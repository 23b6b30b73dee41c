/* One GET after another over TLS, with every length and time bounded. The only user of libcurl. */
#ifndef HF_FETCH_HTTP_H
#define HF_FETCH_HTTP_H

#include "base/buf.h"
#include "options.h"

enum {
    HF__FETCH_HEADERS_MAX = 65536, /* bytes of all headers of one answer */
    HF__FETCH_REDIRECTS_MAX = 3,   /* all of them to https */
    HF__FETCH_REASON_MAX = 512,
};

struct hf__http;

/* options: borrowed until hf__http_free. HF_ENOMEM. */
HF_MUST_USE int hf__http_new(const struct hf__fetch_options *options, struct hf__http **ret);
/* Frees the client; NULL is fine. */
void hf__http_free(struct hf__http *http);

/*
 * ret_body: initialised; its maximum bounds the body. header: a header's name in lower case, whose
 * value goes to ret_header (initialised); NULL: none is wanted. ret_reason, of HF__FETCH_REASON_MAX
 * bytes, says on failure in a line what happened. HF_ETIMEOUT, HF_ECONNECT, HF_ETLS, HF_ECONNRESET;
 * HF_EBUSY: 429 or 5xx; HF_ENOTFOUND: 400, 404, 410; HF_EPERMISSION: 401, 403; HF_EMALFORMED:
 * another status, a repeated header or a coding; HF_ETOOBIG; HF_ENOMEM.
 */
HF_MUST_USE int hf__http_get(struct hf__http *http, const char *url, const char *header,
                             struct hf_buf *ret_body, struct hf_buf *ret_header, char *ret_reason);

#endif
