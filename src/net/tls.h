/*
 * TLS 1.3 by OpenSSL, without sockets: bytes from the peer go in by reference, bytes for it come
 * out into one buffer that all connections share, because each empties it before the next one runs.
 * An idle connection so holds no buffer of ours.
 */
#ifndef HF_NET_TLS_H
#define HF_NET_TLS_H

#include "base/buf.h"
#include "base/id.h"
#include "extension.h"
#include "net/limits.h"

#include <openssl/ssl.h>

struct hf__tls_context {
    SSL_CTX *server;
    SSL_CTX *client;
    EVP_PKEY *key;
    BIO_METHOD *bio;
    struct hf_buf *out;
    uint8_t *spki; /* SubjectPublicKeyInfo of key, DER */
    size_t spki_len;
    bool has_account;       /* whether its certificate names one */
    const char *peer_label; /* what a peer signs its TLS key under */
    struct hf__proven *proven;
};

struct hf__tls {
    SSL *ssl;
    const struct hf__tls_context *context;
    struct hf_bytes in;   /* what is left of the peer's bytes; borrowed */
    unsigned key_updates; /* that the peer sent since they were last looked at */
};

/* Why a handshake failed: which counter, which error, which words. */
enum hf__tls_failure {
    HF__TLS_FAILED,
    HF__TLS_ALPN,
    HF__TLS_CERTIFICATE,
    HF__TLS_SIGNATURE,
};

typedef int hf__verify_fn(const struct hf_account *account, const char *label, struct hf_bytes data,
                          const uint8_t signature[static HF_NET_SIGNATURE_LEN]);

/* ---- proven.c: what accounts have proved on this process's connections */

/* NULL without memory; free() it. */
struct hf__proven *hf__proven_new(void);
/* Whether this account's signature of this key has been verified: every byte of the three counts.
 * test_net_parts.c: what_was_proved_counts_for_its_very_bytes. */
bool hf__proven_has(struct hf__proven *p, const struct hf__extension *e, struct hf_bytes spki);
/* It has verified. A long key is not kept. */
void hf__proven_keep(struct hf__proven *p, const struct hf__extension *e, struct hf_bytes spki);

/* What OpenSSL offers to TLS here and no more, made once in a process; NULL without memory. */
OSSL_LIB_CTX *hf__tls_library(void);

/* Makes the key and a certificate without an account. out: where bytes for peers go. HF_ENOMEM,
 * HF_EINTERNAL. */
HF_MUST_USE int hf__tls_context_init(struct hf__tls_context *ret, struct hf_buf *out);
/* Frees the context. */
void hf__tls_context_done(struct hf__tls_context *c);
/*
 * Puts a new certificate in place for the connections to come. account NULL: without the extension.
 * HF_ENOMEM; HF_EINTERNAL: OpenSSL refused.
 */
HF_MUST_USE int hf__tls_context_certify(struct hf__tls_context *c, const struct hf_account *account,
                                        const uint8_t *signature);

/* The BIO of hf__tls; NULL without memory. */
BIO_METHOD *hf__tls_bio_method(void);

/* ret must stay where it is: the BIO points to it. HF_ENOMEM. */
HF_MUST_USE int hf__tls_init(struct hf__tls *ret, const struct hf__tls_context *c, bool server);
/* Frees one end of a session. */
void hf__tls_done(struct hf__tls *t);
/* One step of the handshake: 1 finished, 0 more bytes are needed, HF_ETLS failed (an alert may be
 * in out). */
HF_MUST_USE int hf__tls_handshake(struct hf__tls *t);
/*
 * Judges the peer after a handshake: h2 was negotiated, its certificate is sound, and the account
 * in it, if any, signed its key. ret_has_account: whether ret_account was written. ret_failure: on
 * error, which. HF_ETLS: no h2. HF_EPEER_CERT.
 */
HF_MUST_USE int hf__tls_judge(const struct hf__tls *t, hf__verify_fn *verify, bool *ret_has_account,
                              struct hf_account *ret_account, enum hf__tls_failure *ret_failure);
/* Appends the peer's SubjectPublicKeyInfo (DER). HF_ENOTFOUND: it has shown no certificate. */
HF_MUST_USE int hf__tls_peer_key(const struct hf__tls *t, struct hf_buf *ret);
/*
 * Decrypts into ret. Returns the number of bytes, 0 when more input is needed, HF_ECONNRESET when
 * the peer has closed, HF_ETLS on a broken record.
 */
HF_MUST_USE int hf__tls_read(struct hf__tls *t, uint8_t *ret, size_t ret_len);
/* Encrypts into out. HF_ETLS. */
HF_MUST_USE int hf__tls_write(struct hf__tls *t, const uint8_t *data, size_t len);
/* Puts a close_notify into out. */
void hf__tls_close(struct hf__tls *t);
/* The first error that OpenSSL queued, as its reason text, or "" ; empties the queue. Static
 * storage. */
const char *hf__tls_reason(void);

#endif
