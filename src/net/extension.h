/* The certificate extension that names an account: proto/TRANSPORT.md, section 2. */
#ifndef HF_NET_EXTENSION_H
#define HF_NET_EXTENSION_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"
#include "net/limits.h"

enum {
    HF__EXTENSION_URI_LEN = 12 + 2 * HF_NET_ACCOUNT_LEN + 1 + 2 * HF_NET_SIGNATURE_LEN,
    HF__EXTENSION_LEN = 3 + 3 + HF__EXTENSION_URI_LEN, /* two headers with lengths of two bytes */
};

struct hf__extension {
    struct hf_account account;
    uint8_t signature[HF_NET_SIGNATURE_LEN];
};

/* The extension's bytes, as proto/TRANSPORT.md has them. */
void hf__extension_encode(const struct hf__extension *e, uint8_t ret[static HF__EXTENSION_LEN]);
/*
 * Reads the value of a subjectAltName. HF_ENOTFOUND: it does not concern Holdfast. HF_EMALFORMED:
 * it does, in another form than the one that is specified.
 */
HF_MUST_USE int hf__extension_decode(struct hf_bytes der, struct hf__extension *ret);

#endif
