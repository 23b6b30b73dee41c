#include "tls.h"
#include "base/error.h"

#include <limits.h>
#include <openssl/err.h>

/* The BIO between OpenSSL and a connection: reads hf__tls.in, writes hf__tls.out. */

static int bio_read(BIO *bio, char *ret, size_t len, size_t *ret_len)
{
    struct hf__tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (t->in.len == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    size_t n = len < t->in.len ? len : t->in.len;
    memcpy(ret, t->in.data, n);
    t->in.data += n;
    t->in.len -= n;
    *ret_len = n;
    return 1;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *ret_len)
{
    struct hf__tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    hf_buf_append(t->context->out, data, len);
    if (t->context->out->error != 0)
        return 0;
    *ret_len = len;
    return 1;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *hf__tls_bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "holdfast");
    if (m == NULL || BIO_meth_set_read_ex(m, bio_read) != 1 ||
        BIO_meth_set_write_ex(m, bio_write) != 1 || BIO_meth_set_ctrl(m, bio_ctrl) != 1) {
        BIO_meth_free(m);
        return NULL;
    }
    return m;
}

/* Counts KeyUpdates (RFC 8446, 4.6.3): each costs us two derivations, and the peer 27 bytes. */
static void on_message(int write, int version, int type, const void *data, size_t len, SSL *ssl,
                       void *user)
{
    struct hf__tls *t = user;
    (void)version;
    (void)ssl;
    if (write == 0 && type == SSL3_RT_HANDSHAKE && len > 0 &&
        ((const uint8_t *)data)[0] == SSL3_MT_KEY_UPDATE)
        t->key_updates++;
}

int hf__tls_init(struct hf__tls *ret, const struct hf__tls_context *c, bool server)
{
    SSL *ssl = SSL_new(server ? c->server : c->client);
    BIO *bio = BIO_new(c->bio);
    if (ssl == NULL || bio == NULL) {
        SSL_free(ssl);
        BIO_free(bio);
        return HF_ENOMEM;
    }
    BIO_set_data(bio, ret);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    /* A client's certificate without an account says nothing, and to read it and verify its
     * signature would be the largest part of what a provider's answer to a locked node costs. */
    if (!server && !c->has_account)
        SSL_certs_clear(ssl);
    *ret = (struct hf__tls){.ssl = ssl, .context = c};
    SSL_set_msg_callback(ssl, on_message);
    SSL_set_msg_callback_arg(ssl, ret);
    return 0;
}

void hf__tls_done(struct hf__tls *t)
{
    SSL_free(t->ssl);
    *t = (struct hf__tls){0};
}

int hf__tls_handshake(struct hf__tls *t)
{
    ERR_clear_error();
    int r = SSL_do_handshake(t->ssl);
    if (r == 1)
        return 1;
    int e = SSL_get_error(t->ssl, r);
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? 0 : HF_ETLS;
}

int hf__tls_read(struct hf__tls *t, uint8_t *ret, size_t ret_len)
{
    ERR_clear_error();
    int n = SSL_read(t->ssl, ret, ret_len > INT_MAX ? INT_MAX : (int)ret_len);
    if (n > 0)
        return n;
    switch (SSL_get_error(t->ssl, n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return HF_ECONNRESET;
    default:
        return HF_ETLS;
    }
}

int hf__tls_write(struct hf__tls *t, const uint8_t *data, size_t len)
{
    ERR_clear_error();
    size_t written = 0;
    /* Without partial writes, and with a sink that takes all, OpenSSL writes
     * everything or fails. */
    return SSL_write_ex(t->ssl, data, len, &written) == 1 && written == len ? 0 : HF_ETLS;
}

void hf__tls_close(struct hf__tls *t)
{
    ERR_clear_error();
    if (SSL_is_init_finished(t->ssl))
        (void)SSL_shutdown(t->ssl);
}

const char *hf__tls_reason(void)
{
    unsigned long e = ERR_peek_error();
    const char *reason = e == 0 ? NULL : ERR_reason_error_string(e);
    ERR_clear_error();
    return reason == NULL ? "" : reason;
}
