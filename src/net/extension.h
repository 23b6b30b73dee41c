/* The certificate extension that names an account: proto/TRANSPORT.md, section 2. */
#ifndef HF_NET_EXTENSION_H
#define HF_NET_EXTENSION_H

#include "base/bytes.h"
#include "base/check.h"
#include "net/limits.h"

/* Under the arc 2.25 of UUIDs (ITU-T X.667), which anyone may use without registration. */
#define HF__EXTENSION_OID "2.25.46128804112493873311765883229206942597"

enum { HF__EXTENSION_LEN = 2 + 2 + HF_NET_ACCOUNT_LEN + 2 + HF_NET_SIGNATURE_LEN };

struct hf__extension {
    uint8_t account[HF_NET_ACCOUNT_LEN];
    uint8_t signature[HF_NET_SIGNATURE_LEN];
};

void hf__extension_encode(const struct hf__extension *e, uint8_t ret[static HF__EXTENSION_LEN]);
/* der: the extension's value. HF_EMALFORMED: anything but the one encoding that DER allows. */
HF_MUST_USE int hf__extension_decode(struct hf_bytes der, struct hf__extension *ret);

#endif
