/*
 * A peer on the network that is not one of ours: a thread with a blocking socket, OpenSSL used
 * directly, and frames written by hand. Its script runs beside the test's loop, which mesh_raw_peer
 * drives until it ends.
 */
#ifndef HF_TESTS_RAW_PEER_H
#define HF_TESTS_RAW_PEER_H

#include "mesh.h"

#include <openssl/ssl.h>

enum raw_peer_certificate {
    RAW_PEER_NONE,
    RAW_PEER_PLAIN,         /* without an extension */
    RAW_PEER_NAMED,         /* the extension holds a name that is not ours */
    RAW_PEER_ACCOUNT,       /* node's account, rightly signed */
    RAW_PEER_OTHER_KEY,     /* the account's signature, of another TLS key */
    RAW_PEER_BAD_SIGNATURE, /* one bit of it is wrong */
    RAW_PEER_MALFORMED,     /* the extension is one byte short */
    RAW_PEER_TWICE,         /* the extension is there twice */
    RAW_PEER_LARGE,         /* above HF_NET_CERTIFICATE_MAX */
    RAW_PEER_CHAIN,         /* a good one, and with it copies beyond HF_NET_CERTIFICATE_LIST_MAX */
};

struct raw_peer {
    const char *address;          /* whom to call */
    const char *from;             /* "127.1.2.3": as whom; NULL: 127.0.0.1 */
    const struct mesh_node *node; /* whose account, for certificates */
    enum raw_peer_certificate certificate;
    const char *label;    /* under which the account signs its TLS key; NULL: a node's */
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
    uint8_t flags;  /* of the HEADERS with the status */
    uint8_t goaway; /* 0: none came; else 1 + its error code */
};

typedef void raw_peer_script(struct raw_peer *s);

/* Frees what s has; for who runs a script by itself. */
void raw_peer_done(struct raw_peer *s);
/* Runs the script in a thread, and the loop until it has ended. Frees what s has. */
void mesh_raw_peer(struct mesh *m, struct raw_peer *s, raw_peer_script *script);
/* The same, with a listener: s->address is set to it before the script runs; the loop is driven by
 * the test. */
void raw_peer_serve(struct raw_peer *s, raw_peer_script *script, uv_thread_t *ret_thread);
void raw_peer_end(struct raw_peer *s, uv_thread_t *thread);

/* For scripts. */
void raw_peer_connect(struct raw_peer *s);
void raw_peer_accept(struct raw_peer *s);
/* TLS over fd; sets shook. */
bool raw_peer_shake(struct raw_peer *s, bool server);
/* The client's preface and empty SETTINGS. */
void raw_peer_preface(struct raw_peer *s);
/* All of it: connects, shakes hands, and sends the preface where that succeeds. */
void raw_peer_greet(struct raw_peer *s);
bool raw_peer_write(struct raw_peer *s, const void *data, size_t len);
/* A frame by hand: RFC 9113, section 4.1. */
bool raw_peer_frame(struct raw_peer *s, uint8_t type, uint8_t flags, uint32_t stream,
                    const void *payload, uint32_t len);
/* HEADERS of a request, in literals: RFC 7541, section 6.2.2. */
bool raw_peer_request(struct raw_peer *s, uint8_t flags, uint32_t stream, const char *method,
                      const char *path);
/* Reads frames until the connection ends, or a HEADERS frame with a status comes when wanted. */
void raw_peer_read(struct raw_peer *s, bool until_status);
/* Reads until the connection ends, whatever comes. */
void raw_peer_drain(struct raw_peer *s);

#endif
