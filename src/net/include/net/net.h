/*
 * HTTP/2 over TLS 1.3 on a libuv loop: the listener of this node, and a pool of connections to
 * others. It knows requests and answers, and who sent them; what they mean is the daemon's affair.
 * proto/TRANSPORT.md specifies what is on the wire.
 *
 * Everything runs on the thread of the loop, and every hook is called from the loop, never from
 * inside a function of this header: a caller may hold a request in its hands while it calls any of
 * them. Nothing blocks; host names are resolved on the loop.
 *
 * Identity. The TLS key is made when the hf_net is. Its certificate names an account only after
 * hf_net_set_identity: the account's key never comes here, only its signature over the public half
 * of the TLS key. A peer's certificate is judged after every handshake, and none is ever resumed:
 * no tickets are given. A certificate that carries no account, or (incoming) no certificate at all,
 * is a locked node's.
 */
#ifndef HF_NET_NET_H
#define HF_NET_NET_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"
#include "net/limits.h"
#include "net/stats.h"

struct uv_loop_s;
struct hf_net;

/* What the account signs: hash(label, SubjectPublicKeyInfo of the TLS key), as
 * hf_suite.sign does. */
#define HF_NET_TLS_LABEL "holdfast/v1/tls"

enum { HF_NET_DATAGRAM_MAX = 1200 };
enum { HF_NET_IP_LEN = 16 }; /* an IPv6 address; IPv4 as ::ffff:a.b.c.d */

enum hf_net_method { HF_NET_GET, HF_NET_POST };
enum hf_net_type { HF_NET_MSGPACK, HF_NET_JSON, HF_NET_TEXT };

/* Who is at the other end of a connection. Borrowed for the length of a hook. */
struct hf_net_peer {
    uint64_t conn; /* names the connection, never used again; 0 where there was none */
    bool outgoing; /* this node opened it */
    const struct hf_account *account; /* proven by its certificate; NULL: locked */
    const char *address;   /* "ip:port" of an incoming one, the called address of an outgoing one */
    const uint8_t *ip;     /* HF_NET_IP_LEN bytes of an incoming one; NULL of an outgoing one */
    enum hf_net_kind kind; /* of an incoming one: whose bounds are its own */
};

/* Names a request until it is answered. A handle whose stream has gone is
 * recognised and ignored. */
struct hf_net_handle {
    uint64_t conn;
    int32_t stream;
};

struct hf_net_request {
    struct hf_net_handle handle;
    struct hf_net_peer peer;
    enum hf_net_method method;
    /* terminated, at most HF_NET_PATH_MAX characters, no query, starts with '/' */
    const char *path;
    struct hf_bytes body; /* borrowed for the length of the hook */
};

/* How a call ended. Everything in it is borrowed for the length of the hook. */
struct hf_net_result {
    uint64_t token;
    int error;  /* 0: an answer came, whatever its status. Otherwise see hf_net_call */
    int status; /* HTTP status; 0 on error */
    enum hf_net_type type;
    struct hf_bytes body;    /* empty on error */
    struct hf_net_peer peer; /* conn is 0 when no connection was ready */
    const char *reason;      /* on error, a sentence with the cause; otherwise "" */
};

/* What a peer is to this node. */
struct hf_net_standing {
    enum hf_net_kind kind;
    uint32_t places; /* its source has so many times the bounds of one: as many members live at its
                        address. 0 counts as 1 */
};

struct hf_net_hooks {
    void *user; /* first argument of every hook but verify */
    /* hf_suite.verify: 0, or an error when the signature does not verify. Required. */
    int (*verify)(const struct hf_account *account, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN]);
    /* What signatures over a TLS key are made under: this end's, and the other's. NULL:
     * HF_NET_TLS_LABEL. Terminated, and not copied. */
    const char *own_label, *peer_label;
    /* A whole request came. Answer it with hf_net_reply, now or later. Required to listen. */
    void (*request)(void *user, const struct hf_net_request *request);
    /* A call ended; called exactly once for each hf_net_call that returned 0. Required to call. */
    void (*completed)(void *user, const struct hf_net_result *result);
    /* A datagram came to the number of the listener's port; who sent it is not known. Optional:
     * none are taken. */
    void (*datagram)(void *user, struct hf_bytes body);
    /* A connection on which a peer had proved its account was ended by the other end, or broke.
     * Optional. */
    void (*closed)(void *user, const struct hf_account *account);
    /* A peer that has proved its account is refused because of what it asks or holds itself (429).
     * Optional. */
    void (*excess)(void *user, const struct hf_account *account);
    /*
     * The largest body that this peer may send to this path, in bytes, asked when the headers are
     * there. 0: a body is not taken (413 if one comes). Negative: HF_ENOTFOUND answers 404,
     * HF_EUNSUPPORTED 405, HF_EPERMISSION 403, HF_EBUSY 429, others 503. Optional: body_bytes_max
     * of the limits.
     */
    int64_t (*body_max)(void *user, enum hf_net_method method, const char *path,
                        const struct hf_net_peer *peer);
    /*
     * What a peer is to this node: asked when its connection comes (peer->account is NULL then),
     * when it has proved an account, and when it asks something after a pause. Optional: all are
     * strangers.
     */
    struct hf_net_standing (*standing)(void *user, const struct hf_net_peer *peer);
};

/*
 * Makes the TLS key and a certificate without an account. limits: NULL for the defaults; copied.
 * hooks: copied. loop: outlives it; the caller runs it. HF_EINVAL: a limit outside its floor or
 * ceiling. HF_ENOMEM. HF_EINTERNAL: OpenSSL cannot make a key.
 */
HF_MUST_USE int hf_net_new(struct uv_loop_s *loop, const struct hf_net_limits *limits,
                           const struct hf_net_hooks *hooks, struct hf_net **ret_net);
/*
 * Begins to stop: no more requests come, calls end with HF_ECANCELED, connections close. done is
 * called, from the loop, when no handle is left; it may call hf_net_free. Once only.
 * Nothing is waited for that others have to do: neither handshakes nor names.
 */
void hf_net_stop(struct hf_net *net, void (*done)(void *user));
/* Only when stopped: from done, or later. NULL is legal. */
void hf_net_free(struct hf_net *net);

/*
 * Opens the listener, and takes datagrams at the same number if it can. address: "ip:port",
 * "[ipv6]:port", "vsock:any:port"; port 0 takes a free one; names are not resolved. After an
 * error it may be called again. HF_EINVAL: not such an address. HF_EADDRINUSE: the port is taken.
 * HF_EADDRESS: not an address of this machine. HF_EPERMISSION: a port below 1024. HF_EEXIST: it
 * listens.
 */
HF_MUST_USE int hf_net_listen(struct hf_net *net, const char *address);
/* Stops accepting; connections stay. No-op where there is no listener. */
void hf_net_unlisten(struct hf_net *net);
/* Where it listens, with the real port, terminated; "" when it does not. */
void hf_net_listening(const struct hf_net *net, char ret_address[static HF_NET_ADDRESS_MAX]);

/* The SubjectPublicKeyInfo (DER) of this process's TLS key: what the
 * account signs. Lives as long as net. */
struct hf_bytes hf_net_identity_request(const struct hf_net *net);
/*
 * Takes the account's signature, makes a new certificate and retires every connection of the old
 * one: it gets a GOAWAY, what is in flight may finish until drain_ms_max, new calls take new
 * connections. account NULL: back to a certificate without one (signature is then ignored).
 * HF_ESIGNATURE: it does not verify; nothing changes. HF_ENOMEM.
 */
HF_MUST_USE int hf_net_set_identity(struct hf_net *net, const struct hf_account *account,
                                    const uint8_t *signature);

/*
 * Answers a request. status: 200 to 599. body: copied. False: its stream has gone (the peer gave
 * up, the connection ended, it was answered before), and the answer with it.
 */
bool hf_net_reply(struct hf_net *net, struct hf_net_handle handle, int status,
                  enum hf_net_type type, struct hf_bytes body);
/* Answers with {"code":name of error,"message":message,"retryable":…}.
 * message NULL: the error's sentence. */
bool hf_net_reply_error(struct hf_net *net, struct hf_net_handle handle, int status, int error,
                        const char *message);

/*
 * Whether a line may be written into the log about what a connection did: each source has so many
 * at once, and one a second. False: it has had them; count it. True where the connection has gone.
 */
bool hf_net_may_log(struct hf_net *net, uint64_t conn);
/* The IP of "ip:port" or "[ipv6]:port", as in hf_net_peer. HF_EINVAL: a name, or no address. */
HF_MUST_USE int hf_net_address_ip(const char *address, uint8_t ret[static HF_NET_IP_LEN]);
/*
 * Calls each with every name that calls have asked for of late, at most HF_NET_NAMES_MAX of them,
 * and every address that it was last resolved to (at most HF_NET_NAME_IPS_MAX of a name): what is
 * known, nothing is asked. host: as calls name it, terminated, borrowed for the length of the call.
 */
void hf_net_names(const struct hf_net *net,
                  void (*each)(void *user, const char *host,
                               const uint8_t ip[static HF_NET_IP_LEN]),
                  void *user);
/* Rises whenever that has changed. */
uint64_t hf_net_names_changes(const struct hf_net *net);

enum hf_net_call_flags {
    HF_NET_LOCKED_OK = 1, /* a peer whose certificate names no account will do */
    HF_NET_VSOCK_OK = 2,  /* an address of vsock will do: connecting blocks, up to two seconds */
};

struct hf_net_call {
    uint64_t token;                   /* the caller's own; comes back in the result */
    const char *address;              /* "host:port", "[ipv6]:port", or "vsock:CID:PORT" */
    const struct hf_account *account; /* that the peer must prove; NULL: any */
    unsigned flags;                   /* of hf_net_call_flags */
    enum hf_net_method method;
    const char *path;
    struct hf_bytes body;    /* empty with HF_NET_GET */
    uint32_t deadline_ms;    /* from now, connecting and waiting included; at least 1 */
    size_t answer_bytes_max; /* 0: body_bytes_max of the limits */
};

/*
 * Appends the SubjectPublicKeyInfo (DER) of the key that the other end of a connection has proved:
 * what its account signed. HF_ENOTFOUND: the connection has gone, or no certificate was shown on
 * it.
 */
HF_MUST_USE int hf_net_peer_key(const struct hf_net *net, uint64_t conn, struct hf_buf *ret);

/*
 * Sends a request on the pooled connection to its address, which is made if need be. Everything is
 * copied. Returns an error, and then never calls completed: HF_EINVAL: no address, path or
 * deadline, or one out of bounds. HF_ETOOBIG: body above HF_NET_BODY_CEILING. HF_EBUSY: calls_max
 * reached. HF_ENOMEM. How it can end (hf_net_result.error):
 * HF_ETIMEOUT: its deadline. HF_ERESOLVE: no such host. HF_ECONNECT: refused or unreachable.
 * HF_ETLS: the handshake failed. HF_EPEER_CERT: the peer's certificate or the account's signature
 * in it is wrong. HF_EPEER_ACCOUNT: it proved another account. HF_EPEER_LOCKED: it proved none, and
 * HF_NET_LOCKED_OK was not given. HF_ECONNRESET: the connection or stream ended before the answer
 * did; the request may have been carried out. HF_EREFUSED: it was certainly not carried out.
 * HF_EHTTP: the answer is not HTTP/2 as specified. HF_ETOOBIG: the answer is above its bound.
 * HF_ECANCELED: this node stops. HF_ENOMEM. HF_EBUSY: all of pool_max is in use.
 */
HF_MUST_USE int hf_net_call(struct hf_net *net, const struct hf_net_call *call);
/*
 * Sends a datagram to the number of a peer's port, now. address: as of hf_net_call; a name is known
 * from a connection to it, and not asked for. body: at most HF_NET_DATAGRAM_MAX bytes. False: it is
 * lost: this node has none, the name is not known, or the socket does not take it.
 */
bool hf_net_datagram(struct hf_net *net, const char *address, struct hf_bytes body);
/* Whether datagrams can come and go: the listener's number was free for them. */
bool hf_net_has_datagrams(const struct hf_net *net);
/* Counters since the start, what is open now, and the last reason of each kind. Borrowed. */
const struct hf_net_stats *hf_net_stats(const struct hf_net *net);

#endif
