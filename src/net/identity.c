/* The process's TLS key, its certificate, and the judgement of a peer's. */
#include "base/error.h"
#include "net/net.h"
#include "tls.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static const unsigned char alpn_h2[] = {2, 'h', '2'};

/* The server takes h2 and nothing else (RFC 7301): another protocol's client gets
 * no_application_protocol. */
static int select_alpn(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                       const unsigned char *offered, unsigned int offered_len, void *user)
{
    (void)ssl;
    (void)user;
    for (unsigned int i = 0; i < offered_len; i += 1u + offered[i]) {
        if (offered[i] == 2 && i + 2 < offered_len && memcmp(offered + i, alpn_h2, 3) == 0) {
            *ret = offered + i + 1;
            *ret_len = 2;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Certificates are self-signed: no chain to check. What they say is judged after the handshake,
 * every time. */
static int accept_any_chain(X509_STORE_CTX *store, void *user)
{
    (void)user;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static SSL_CTX *context_new(bool server)
{
    SSL_CTX *ctx =
        SSL_CTX_new_ex(hf__tls_library(), NULL, server ? TLS_server_method() : TLS_client_method());
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ctx, HF_NET_CERTIFICATE_LIST_MAX);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, accept_any_chain, NULL);
    /* No tickets, no cache, no PSK: a peer can resume nothing, so that every handshake shows a
     * certificate. */
    bool ok = SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
              SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
              SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
              SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
                                            "TLS_AES_256_GCM_SHA384") == 1 &&
              SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1 &&
              SSL_CTX_set1_sigalgs_list(ctx, "ECDSA+SHA256:ed25519") == 1;
    if (server)
        SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
    else
        ok = ok && SSL_CTX_set_alpn_protos(ctx, alpn_h2, sizeof alpn_h2) == 0;
    if (!ok) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

int hf__tls_context_init(struct hf__tls_context *ret, struct hf_buf *out)
{
    if (hf__tls_library() == NULL)
        return HF_ENOMEM;
    struct hf__tls_context c = {.out = out, .peer_label = HF_NET_TLS_LABEL};
    c.key = EVP_PKEY_Q_keygen(hf__tls_library(), NULL, "EC", "P-256");
    c.server = context_new(true);
    c.client = context_new(false);
    c.bio = hf__tls_bio_method();
    c.proven = hf__proven_new();
    int len = c.key == NULL ? -1 : i2d_PUBKEY(c.key, &c.spki);
    c.spki_len = len > 0 ? (size_t)len : 0;
    int r = HF_EINTERNAL;
    if (c.server != NULL && c.client != NULL && c.bio != NULL && c.proven != NULL && len > 0)
        r = hf__tls_context_certify(&c, NULL, NULL);
    if (r != 0)
        hf__tls_context_done(&c);
    else
        *ret = c;
    return r;
}

void hf__tls_context_done(struct hf__tls_context *c)
{
    SSL_CTX_free(c->server);
    SSL_CTX_free(c->client);
    EVP_PKEY_free(c->key);
    BIO_meth_free(c->bio);
    OPENSSL_free(c->spki);
    free(c->proven);
    *c = (struct hf__tls_context){0};
}

static bool add_extension(X509 *x, const struct hf_account *account, const uint8_t *signature)
{
    struct hf__extension e;
    uint8_t der[HF__EXTENSION_LEN];
    e.account = *account;
    memcpy(e.signature, signature, sizeof e.signature);
    hf__extension_encode(&e, der);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *ext = NULL;
    bool ok = value != NULL && ASN1_OCTET_STRING_set(value, der, HF__EXTENSION_LEN) == 1 &&
              (ext = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value)) != NULL &&
              X509_add_ext(x, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
    return ok;
}

/* The dates say nothing: the key lives as long as the process, and a node's clock is not to be
 * trusted. */
static bool fill_certificate(X509 *x, EVP_PKEY *key)
{
    uint64_t serial;
    X509_NAME *name = X509_get_subject_name(x);
    return RAND_bytes_ex(hf__tls_library(), (unsigned char *)&serial, sizeof serial, 0) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) == 1 &&
           X509_set_version(x, X509_VERSION_3) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20000101000000Z") == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "99991231235959Z") == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"holdfast",
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1;
}

int hf__tls_context_certify(struct hf__tls_context *c, const struct hf_account *account,
                            const uint8_t *signature)
{
    X509 *x = X509_new_ex(hf__tls_library(), NULL);
    if (x == NULL)
        return HF_ENOMEM;
    bool ok = fill_certificate(x, c->key) &&
              (account == NULL || add_extension(x, account, signature)) &&
              X509_sign(x, c->key, EVP_sha256()) > 0;
    SSL_CTX *both[] = {c->server, c->client};
    for (size_t i = 0; ok && i < HF_ARRAY_LEN(both); i++)
        ok = SSL_CTX_use_certificate(both[i], x) == 1 &&
             SSL_CTX_use_PrivateKey(both[i], c->key) == 1;
    X509_free(x);
    ERR_clear_error();
    if (ok)
        c->has_account = account != NULL;
    return ok ? 0 : HF_EINTERNAL;
}

/* The value of subjectAltName, empty where there is none. HF_EPEER_CERT: it is there twice. */
static int find_extension(const X509 *x, struct hf_bytes *ret)
{
    int at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
    *ret = (struct hf_bytes){0};
    if (at < 0)
        return 0;
    if (X509_get_ext_by_NID(x, NID_subject_alt_name, at) >= 0)
        return HF_EPEER_CERT;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(x, at));
    *ret = hf_bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    return 0;
}

static int judge_signature(const struct hf__tls_context *c, const X509 *x,
                           const struct hf__extension *e, hf__verify_fn *verify)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    if (len <= 0)
        return HF_EPEER_CERT;
    struct hf_bytes spki = hf_bytes_of(der, (size_t)len);
    int r = 0;
    /* What a context has proven was signed under its one label. */
    if (!hf__proven_has(c->proven, e, spki)) {
        r = verify(&e->account, c->peer_label, spki, e->signature);
        if (r == 0)
            hf__proven_keep(c->proven, e, spki);
    }
    OPENSSL_free(der);
    return r == 0 ? 0 : HF_EPEER_CERT;
}

int hf__tls_judge(const struct hf__tls *t, hf__verify_fn *verify, bool *ret_has_account,
                  struct hf_account *ret_account, enum hf__tls_failure *ret_failure)
{
    const unsigned char *alpn;
    unsigned int alpn_len;
    SSL_get0_alpn_selected(t->ssl, &alpn, &alpn_len);
    if (alpn_len != 2 || memcmp(alpn, "h2", 2) != 0) {
        *ret_failure = HF__TLS_ALPN;
        return HF_ETLS;
    }
    const X509 *x = SSL_get0_peer_certificate(t->ssl);
    if (x == NULL) {
        *ret_has_account = false;
        return 0;
    }
    *ret_failure = HF__TLS_CERTIFICATE;
    struct hf_bytes value;
    struct hf__extension e;
    if (i2d_X509(x, NULL) > HF_NET_CERTIFICATE_MAX || find_extension(x, &value) != 0)
        return HF_EPEER_CERT;
    int r = hf__extension_decode(value, &e);
    if (r == HF_ENOTFOUND) {
        *ret_has_account = false;
        return 0;
    }
    if (r != 0)
        return HF_EPEER_CERT;
    *ret_failure = HF__TLS_SIGNATURE;
    if (judge_signature(t->context, x, &e, verify) != 0)
        return HF_EPEER_CERT;
    *ret_account = e.account;
    *ret_has_account = true;
    return 0;
}

int hf__tls_peer_key(const struct hf__tls *t, struct hf_buf *ret)
{
    unsigned char *der = NULL;
    const X509 *x = SSL_get0_peer_certificate(t->ssl);
    int len = x != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der) : 0;
    if (len <= 0)
        return HF_ENOTFOUND;
    hf_buf_append(ret, der, (size_t)len);
    OPENSSL_free(der);
    return ret->error;
}
