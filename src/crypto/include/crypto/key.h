/* The keys that come from a root secret. Byte for byte in proto/CRYPTO.md, section 5. */
#ifndef HF_CRYPTO_KEY_H
#define HF_CRYPTO_KEY_H

#include "crypto/suite.h"

enum {
    HF_KEY_TEXT_LEN_MAX = 255,
    HF_KEY_INFO_LEN_MAX = HF_KEY_LEN + 4 + 2 * (1 + HF_KEY_TEXT_LEN_MAX),
};

/* Which key of which root secret. All of it is public. */
struct hf_key_name {
    const struct hf_network_id *network; /* HF_HASH_LEN bytes: the network id */
    const struct hf_account *account;    /* HF_KEY_LEN bytes: the owner */
    uint32_t version;                    /* of the root secret */
    struct hf_bytes purpose;             /* 1..255 bytes, such as "vault" */
    struct hf_bytes name;                /* 0..255 bytes, such as "tss-db" */
};

/*
 * HKDF of the root secret over the name. root: a scalar, secret. ret: ret_len bytes (1..64),
 * secret. HF_EINVAL: purpose or name outside its bounds; ret is then untouched.
 */
HF_MUST_USE int hf_key_derive(const struct hf_suite *suite,
                              const uint8_t root[static HF_SCALAR_LEN],
                              const struct hf_key_name *name, uint8_t *ret, size_t ret_len);

#endif
