/*
 * The `tdx` platform for a process without a privilege: quotes come from the report helper, over a
 * local socket; proto/REPORT.md specifies what is said there.
 */
#ifndef HF_ATTEST_REPORT_HELPER_H
#define HF_ATTEST_REPORT_HELPER_H

#include "attest/producer.h"

#define HF_REPORT_SOCKET "/run/holdfast-report.socket"

enum {
    HF_REPORT_LABEL_MAX = 12 + 32,
    HF_REPORT_REQUEST_MAX = 2 + HF_REPORT_LABEL_MAX + 32,
};

struct hf_report_request {
    char label[HF_REPORT_LABEL_MAX + 1]; /* terminated */
    struct hf_hash hash;
};

/* HF_EMALFORMED: not a whole request, more than one, or a label that is not of this protocol; ret
 * is then untouched. */
HF_MUST_USE int hf_report_request_decode(struct hf_bytes packet, struct hf_report_request *ret);
/* Writes a request. ret: HF_REPORT_REQUEST_MAX bytes. Returns its length; 0: not such a label. */
size_t hf_report_request_encode(const char *label, const struct hf_hash *hash, uint8_t *ret);

/*
 * path: of the helper's socket, terminated, copied. It need not be there yet.
 * Quotes are made only by hf_producer_make_for. Beside that function's errors: HF_ECONNECT: no
 * process listens there; HF_ECONNRESET: the helper does not serve this user. HF_ETOOBIG: a path
 * that fits into no socket's address. HF_ENOMEM.
 */
HF_MUST_USE int hf_report_helper_new(const char *path, struct hf_producer **ret);

#endif
