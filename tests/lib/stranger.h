/*
 * Someone on the network who is not one of ours: a thread with a blocking socket, OpenSSL used
 * directly, and frames written by hand. Its script runs beside the test's loop, which mesh_stranger
 * drives until it ends.
 */
#ifndef HF_TESTS_STRANGER_H
#define HF_TESTS_STRANGER_H

#include "mesh.h"

#include <openssl/ssl.h>

enum stranger_certificate {
    STRANGER_NONE,
    STRANGER_PLAIN,         /* without an extension */
    STRANGER_NAMED,         /* the extension holds a name that is not ours */
    STRANGER_ACCOUNT,       /* node's account, rightly signed */
    STRANGER_OTHER_KEY,     /* the account's signature, of another TLS key */
    STRANGER_BAD_SIGNATURE, /* one bit of it is wrong */
    STRANGER_MALFORMED,     /* the extension is one byte short */
    STRANGER_TWICE,         /* the extension is there twice */
    STRANGER_LARGE,         /* above HF_NET_CERTIFICATE_MAX */
};

struct stranger {
    const char *address;          /* whom to call */
    const struct mesh_node *node; /* whose account, for certificates */
    enum stranger_certificate certificate;
    const char *alpn;     /* NULL: none */
    int version;          /* of TLS; 0: 1.3 */
    SSL_SESSION *session; /* to be resumed, or NULL */
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    void *user;
    /* Set by scripts, for the test to look at. */
    bool shook;    /* the handshake succeeded, as far as this side knows */
    bool answered; /* something came after it */
    bool resumed;
    int status;
    uint8_t goaway; /* 0: none came; else 1 + its error code */
};

typedef void stranger_script(struct stranger *s);

/* Runs the script in a thread, and the loop until it has ended. Frees what s has. */
void mesh_stranger(struct mesh *m, struct stranger *s, stranger_script *script);
/* The same, with a listener: s->address is set to it before the script runs; the loop is driven by
 * the test. */
void stranger_serve(struct stranger *s, stranger_script *script, uv_thread_t *ret_thread);
void stranger_end(struct stranger *s, uv_thread_t *thread);

/* For scripts. */
void stranger_connect(struct stranger *s);
void stranger_accept(struct stranger *s);
/* TLS over fd; sets shook. */
bool stranger_shake(struct stranger *s, bool server);
/* The client's preface and empty SETTINGS. */
void stranger_preface(struct stranger *s);
bool stranger_write(struct stranger *s, const void *data, size_t len);
/* A frame by hand: RFC 9113, section 4.1. */
bool stranger_frame(struct stranger *s, uint8_t type, uint8_t flags, uint32_t stream,
                    const void *payload, uint32_t len);
/* HEADERS of a request, in literals: RFC 7541, section 6.2.2. */
bool stranger_request(struct stranger *s, uint8_t flags, uint32_t stream, const char *method,
                      const char *path);
/* Reads frames until the connection ends, or a HEADERS frame with a status comes when wanted. */
void stranger_read(struct stranger *s, bool until_status);
/* Reads until the connection ends, whatever comes. */
void stranger_drain(struct stranger *s);

#endif
