/* A share holder's key on a PKCS #11 token: P-256, made there, and never out of it. */
#ifndef HF_SHARE_TOKEN_H
#define HF_SHARE_TOKEN_H

#include "attest/ecdh.h"

struct hf__token;

/*
 * Opens a session with the key that a PKCS #11 URI (RFC 7512) names, after its PIN was asked for.
 * known: the public key that it must be; NULL: it is a new holder's, and is made on the token where
 * it is not there. pin_fd: as in hf__ask_secret. What is wrong is said more exactly on standard
 * error. HF_EINVAL: no such URI, one with a PIN in it, or one that fits several. HF_ETOKENABSENT:
 * no such token, or no such key on it. HF_ETOKENLOCKED. HF_EPIN. HF_ETOKENDERIVE: the token or the
 * key makes no Diffie-Hellman value. HF_ETOKEN: it fails. The errors of hf__ask_secret.
 */
HF_MUST_USE int hf__token_open(const char *uri, const uint8_t *known, int pin_fd,
                               struct hf__token **ret);
/* NULL is fine. */
void hf__token_close(struct hf__token *t);
/* HF_P256_POINT_LEN bytes, as long as t lives. */
const uint8_t *hf__token_public(const struct hf__token *t);
/* Whether the key was made just now. */
bool hf__token_made(const struct hf__token *t);
/* The x of the key's product with a point; ret: secret. HF_EPOINT: it is none. HF_ETOKEN. */
HF_MUST_USE int hf__token_dh(struct hf__token *t, const uint8_t point[static HF_P256_POINT_LEN],
                             uint8_t ret[static HF_P256_SCALAR_LEN]);

#endif
