#include "raw_peer.h"

#include "extension.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "raw peer: %s\n", what);
    abort();
}

static void add_extension(X509 *x, const uint8_t *der, int len)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    need(ASN1_OCTET_STRING_set(value, der, len) == 1, "an extension");
    X509_EXTENSION *ext = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
    need(X509_add_ext(x, ext, -1) == 1, "an extension");
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
}

static void extend(const struct raw_peer *s, X509 *x, EVP_PKEY *key)
{
    struct hf__extension e;
    uint8_t der[HF__EXTENSION_LEN];
    unsigned char *spki = NULL;
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    int len = i2d_PUBKEY(s->certificate == RAW_PEER_OTHER_KEY ? other : key, &spki);
    e.account = s->node->account;
    hf_suite_real.sign(s->node->secret, s->label != NULL ? s->label : HF_NET_TLS_LABEL,
                       hf_bytes_of(spki, (size_t)len), e.signature);
    if (s->certificate == RAW_PEER_BAD_SIGNATURE)
        e.signature[40] ^= 1;
    hf__extension_encode(&e, der);
    add_extension(x, der, HF__EXTENSION_LEN - (s->certificate == RAW_PEER_MALFORMED ? 1 : 0));
    if (s->certificate == RAW_PEER_TWICE)
        add_extension(x, der, HF__EXTENSION_LEN);
    OPENSSL_free(spki);
    EVP_PKEY_free(other);
}

static void certify(const struct raw_peer *s, SSL_CTX *ctx)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    X509_set_version(x, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    if (s->certificate == RAW_PEER_LARGE) {
        static char comment[HF_NET_CERTIFICATE_MAX];
        memset(comment, 'a', sizeof(comment) - 1);
        X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, comment);
        need(ext != NULL && X509_add_ext(x, ext, -1) == 1, "a large certificate");
        X509_EXTENSION_free(ext);
    } else if (s->certificate == RAW_PEER_NAMED) {
        static const uint8_t localhost[] = "\x30\x0b\x82\x09localhost";
        add_extension(x, localhost, sizeof(localhost) - 1);
    } else if (s->certificate != RAW_PEER_PLAIN) {
        extend(s, x, key);
    }
    need(X509_sign(x, key, NULL) > 0, "a certificate");
    need(SSL_CTX_use_certificate(ctx, x) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1, "a key");
    int more =
        s->certificate == RAW_PEER_CHAIN ? HF_NET_CERTIFICATE_LIST_MAX / i2d_X509(x, NULL) : 0;
    for (; more > 0; more--)
        need(SSL_CTX_add1_chain_cert(ctx, x) == 1, "a chain");
    X509_free(x);
    EVP_PKEY_free(key);
}

static int accept_alpn(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                       const unsigned char *offered, unsigned int offered_len, void *user)
{
    const struct raw_peer *s = user;
    (void)ssl;
    (void)offered_len;
    if (s->alpn == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    *ret = offered + 1;
    *ret_len = offered[0];
    return SSL_TLSEXT_ERR_OK;
}

static int any_chain(X509_STORE_CTX *store, void *user)
{
    (void)store;
    (void)user;
    return 1;
}

static void make_context(struct raw_peer *s, bool server)
{
    s->ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    need(s->ctx != NULL, "a context");
    int version = s->version == 0 ? TLS1_3_VERSION : s->version;
    SSL_CTX_set_min_proto_version(s->ctx, version);
    SSL_CTX_set_max_proto_version(s->ctx, version);
    SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(s->ctx, any_chain, NULL);
    if (s->certificate != RAW_PEER_NONE || server)
        certify(s, s->ctx);
    if (server)
        SSL_CTX_set_alpn_select_cb(s->ctx, accept_alpn, s);
    else if (s->alpn != NULL)
        SSL_CTX_set_alpn_protos(s->ctx, (const unsigned char *)s->alpn, (unsigned)strlen(s->alpn));
}

bool raw_peer_shake(struct raw_peer *s, bool server)
{
    if (s->ctx == NULL)
        make_context(s, server);
    s->ssl = SSL_new(s->ctx);
    need(s->ssl != NULL && SSL_set_fd(s->ssl, s->fd) == 1, "TLS");
    if (s->session != NULL)
        SSL_set_session(s->ssl, s->session);
    s->shook = (server ? SSL_accept(s->ssl) : SSL_connect(s->ssl)) == 1;
    s->resumed = s->shook && SSL_session_reused(s->ssl) == 1;
    return s->shook;
}

void raw_peer_connect(struct raw_peer *s)
{
    const char *colon = strchr(s->address, ':');
    need(colon != NULL, "an address");
    long port = strtol(colon + 1, NULL, 10);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in from = {.sin_family = AF_INET};
    if (s->from != NULL)
        need(s->fd >= 0 && inet_pton(AF_INET, s->from, &from.sin_addr) == 1 &&
                 bind(s->fd, (struct sockaddr *)&from, sizeof(from)) == 0,
             "an address of its own");
    need(s->fd >= 0 && connect(s->fd, (struct sockaddr *)&a, sizeof(a)) == 0, "a connection");
    int one = 1;
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void raw_peer_greet(struct raw_peer *s)
{
    raw_peer_connect(s);
    if (raw_peer_shake(s, false))
        raw_peer_preface(s);
}

bool raw_peer_write(struct raw_peer *s, const void *data, size_t len)
{
    return SSL_write(s->ssl, data, (int)len) == (int)len;
}

void raw_peer_preface(struct raw_peer *s)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    raw_peer_write(s, preface, sizeof(preface) - 1);
    raw_peer_frame(s, 4, 0, 0, NULL, 0);
}

bool raw_peer_frame(struct raw_peer *s, uint8_t type, uint8_t flags, uint32_t stream,
                    const void *payload, uint32_t len)
{
    uint8_t *frame = malloc(9 + (size_t)len);
    const uint8_t head[9] = {(uint8_t)(len >> 16),
                             (uint8_t)(len >> 8),
                             (uint8_t)len,
                             type,
                             flags,
                             (uint8_t)(stream >> 24),
                             (uint8_t)(stream >> 16),
                             (uint8_t)(stream >> 8),
                             (uint8_t)stream};
    need(frame != NULL, "memory");
    memcpy(frame, head, sizeof(head));
    if (len > 0)
        memcpy(frame + 9, payload, len);
    bool ok = raw_peer_write(s, frame, 9 + (size_t)len);
    free(frame);
    return ok;
}

static size_t literal(uint8_t *to, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);
    need(name_len < 127 && value_len < 127, "a short header");
    to[0] = 0;
    to[1] = (uint8_t)name_len;
    memcpy(to + 2, name, name_len);
    to[2 + name_len] = (uint8_t)value_len;
    memcpy(to + 3 + name_len, value, value_len);
    return 3 + name_len + value_len;
}

bool raw_peer_request(struct raw_peer *s, uint8_t flags, uint32_t stream, const char *method,
                      const char *path)
{
    uint8_t block[1024];
    size_t len = literal(block, ":method", method);
    len += literal(block + len, ":scheme", "https");
    len += literal(block + len, ":authority", "x");
    len += literal(block + len, ":path", path);
    return raw_peer_frame(s, 1, flags, stream, block, (uint32_t)len);
}

static bool read_all(struct raw_peer *s, uint8_t *ret, size_t len)
{
    for (size_t got = 0; got < len;) {
        int n = SSL_read(s->ssl, ret + got, (int)(len - got));
        if (n <= 0)
            return false;
        s->answered = true;
        got += (size_t)n;
    }
    return true;
}

/* The statuses that this side of the project sends first in a connection: indexed, or a literal
 * value. */
static int status_of(const uint8_t *block, size_t len)
{
    static const int table[] = {200, 204, 206, 304, 400, 404, 500};
    if (len > 0 && block[0] >= 0x88 && block[0] <= 0x8e)
        return table[block[0] - 0x88];
    /* Indexed name 8..14 with a literal value, plain or Huffman-coded: digits are 5 or 6 bits. */
    if (len < 3 || (block[1] & 0x80) == 0)
        return len < 5 ? 0 : (block[2] - '0') * 100 + (block[3] - '0') * 10 + block[4] - '0';
    uint32_t bits = (uint32_t)block[2] << 16 | (uint32_t)(len > 3 ? block[3] : 0) << 8 |
                    (uint32_t)((block[1] & 0x7f) > 2 ? block[4] : 0);
    int status = 0;
    for (int digit = 0, at = 24; digit < 3; digit++) {
        uint32_t five = bits >> (at - 5) & 0x1f, six = bits >> (at - 6) & 0x3f;
        status = status * 10 + (int)(five <= 2 ? five : six - 0x19 + 3);
        at -= five <= 2 ? 5 : 6;
    }
    return status;
}

void raw_peer_read(struct raw_peer *s, bool until_status)
{
    uint8_t head[9], payload[1 << 16];
    while (read_all(s, head, sizeof(head))) {
        uint32_t len = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
        if (len > sizeof(payload) || !read_all(s, payload, len))
            return;
        if (head[3] == 7 && len >= 8)
            s->goaway = (uint8_t)(1 + payload[7]);
        if (head[3] == 1) {
            s->status = status_of(payload, len);
            s->flags = head[4];
            if (until_status)
                return;
        }
    }
}

void raw_peer_drain(struct raw_peer *s)
{
    char buf[4096];
    if (s->ssl != NULL)
        while (SSL_read(s->ssl, buf, sizeof(buf)) > 0)
            ;
    while (read(s->fd, buf, sizeof(buf)) > 0)
        ;
}

struct job {
    struct raw_peer *s;
    raw_peer_script *script;
    uv_async_t async;
    bool done;
};

void raw_peer_done(struct raw_peer *s)
{
    SSL_free(s->ssl);
    SSL_CTX_free(s->ctx);
    s->ssl = NULL;
    s->ctx = NULL;
    if (s->fd > 0)
        close(s->fd);
    s->fd = 0;
}

static void run(void *arg)
{
    struct job *job = arg;
    job->script(job->s);
    raw_peer_done(job->s);
    uv_async_send(&job->async);
}

static void on_async(uv_async_t *async)
{
    ((struct job *)async->data)->done = true;
}

static bool job_done(void *arg)
{
    return ((struct job *)arg)->done;
}

void mesh_raw_peer(struct mesh *m, struct raw_peer *s, raw_peer_script *script)
{
    struct job job = {.s = s, .script = script};
    uv_thread_t thread;
    signal(SIGPIPE, SIG_IGN);
    need(uv_async_init(&m->loop, &job.async, on_async) == 0, "a handle");
    job.async.data = &job;
    need(uv_thread_create(&thread, run, &job) == 0, "a thread");
    mesh_until(m, job_done, &job);
    uv_thread_join(&thread);
    uv_close((uv_handle_t *)&job.async, NULL);
    mesh_turn(m, 2);
}

struct serving {
    struct raw_peer *s;
    raw_peer_script *script;
};

static int listener_fd = -1;
static char listener_address[32];

void raw_peer_accept(struct raw_peer *s)
{
    s->fd = accept(listener_fd, NULL, NULL);
    need(s->fd >= 0, "a connection");
}

static void serve(void *arg)
{
    struct serving *serving = arg;
    serving->script(serving->s);
    raw_peer_done(serving->s);
    free(serving);
}

void raw_peer_serve(struct raw_peer *s, raw_peer_script *script, uv_thread_t *ret_thread)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);
    signal(SIGPIPE, SIG_IGN);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(listener_fd >= 0 && bind(listener_fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
             listen(listener_fd, 8) == 0 &&
             getsockname(listener_fd, (struct sockaddr *)&a, &len) == 0,
         "a listener");
    snprintf(listener_address, sizeof(listener_address), "127.0.0.1:%u", ntohs(a.sin_port));
    s->address = listener_address;
    struct serving *serving = malloc(sizeof(*serving));
    need(serving != NULL, "memory");
    *serving = (struct serving){s, script};
    if (script == NULL)
        free(serving);
    else
        need(uv_thread_create(ret_thread, serve, serving) == 0, "a thread");
}

void raw_peer_end(struct raw_peer *s, uv_thread_t *thread)
{
    (void)s;
    if (thread != NULL)
        uv_thread_join(thread);
    close(listener_fd);
    listener_fd = -1;
}
