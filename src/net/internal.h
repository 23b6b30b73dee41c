/*
 * What the files of this room share. Three objects, and who frees them:
 *
 * hf__conn, a connection. Everything it has is freed in on_closed, libuv's close callback, and
 * nowhere else: so any function may close any connection at any time, and no caller's pointer dies
 * under it. Work that comes upon `closing` stops. Its calls or streams end in on_closed too.
 * hf__stream, an incoming request. It lives as long as nghttp2's stream of that number, and is its
 * user data. hf__call, an outgoing one. It is on exactly one list: waiting (of its target), calls
 * (of its connection), or finished (of the hf_net), from where the completed hook is called and the
 * call is freed. hf__target, an address called. It lives while it has a call or a connection.
 *
 * Nothing is written, and no hook called, from inside a public function: hf__wake has it done at
 * the loop's next turn, before it waits.
 */
#ifndef HF_NET_INTERNAL_H
#define HF_NET_INTERNAL_H

#include "address.h"
#include "base/buf.h"
#include "base/error.h"
#include "deadline.h"
#include "flood.h"
#include "list.h"
#include "net/net.h"
#include "resolve.h"
#include "source.h"
#include "tls.h"

#include <nghttp2/nghttp2.h>
#include <uv.h>

enum {
    HF__PLAIN_LEN = 16 << 10, /* one TLS record's worth */
    HF__QUEUED_MAX =
        256 << 10, /* output that piles up behind a write, all of it forced by the peer */
    HF__SLOTS_MAX = 1 << 16,
};

enum hf__conn_state { HF__CONNECTING, HF__HANDSHAKE, HF__OPEN, HF__CLOSING };

struct hf__target;

struct hf__conn {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct hf_net *net;
    uint64_t id;
    enum hf__conn_state state;
    bool outgoing;
    bool closing;
    bool opened;     /* its handshake succeeded */
    bool stale;      /* incoming: the identity changed during the handshake, so drain it at once */
    bool draining;   /* no new streams; closes when those it has are done */
    bool writing;    /* pending is libuv's */
    bool dirty;      /* on net->dirty */
    bool heard;      /* the peer's first SETTINGS came */
    bool pinged;     /* a PING waits for its answer */
    bool vsock;      /* of AF_VSOCK, and not TCP */
    bool ended;      /* by the other end, or it broke */
    bool suspect;    /* a call on it met its deadline in silence, and that PING will tell */
    uint32_t excess; /* refusals because of what the peer asks or holds: the daemon is told next */
    uint32_t fault;  /* of the peer, as the GOAWAY to it names it (RFC 9113, 7); 0: none */
    bool has_account;
    struct hf_account account;
    struct hf__tls tls;
    nghttp2_session *h2;
    struct hf_buf pending; /* being written */
    struct hf_buf queued;  /* behind it */
    struct hf__list link;  /* net->conns */
    struct hf__list dirty_link;
    struct hf__list streams; /* hf__stream, incoming */
    struct hf__list calls;   /* hf__call, outgoing */
    uint32_t active;         /* length of streams or calls */
    uint64_t bytes;          /* bodies held for it, both ways */
    struct hf__who who;      /* incoming: whose account it stands on, */
    bool joined;             /* as long as it does */
    bool useful;             /* it has had an answer that is not an error */
    uint64_t useful_ms;      /* when it last had one, or came */
    struct hf__deadline deadline;
    uint64_t idle_since_ms;
    uint64_t input_ms; /* when the peer last sent a byte */
    uint64_t write_since_ms;
    uint64_t drain_since_ms;
    uint64_t ping_ms;
    struct hf__bucket control;
    struct hf__bucket resets;
    uint8_t ip[HF_NET_IP_LEN]; /* incoming */
    struct hf__target *target; /* outgoing */
    struct hf__name *name;     /* outgoing: it waits for what this name stands for */
    uint64_t attempt_ms;       /* when it began to connect to its address */
    struct sockaddr_storage addresses[HF__ADDRESSES_MAX];
    unsigned address_count;
    unsigned address_next;
    char address[64]; /* incoming */
    int error;        /* why it closed */
    char reason[HF_NET_REASON_MAX];
};

struct hf__stream {
    struct hf__list link;
    struct hf__conn *conn;
    int32_t id;
    enum hf_net_method method;
    bool known_method;
    bool head;     /* its answer has no body */
    bool too_long; /* the path */
    bool whole;    /* the request's last byte came */
    bool replied;
    char path[HF_NET_PATH_MAX + 1];
    size_t header_bytes;
    unsigned header_count;
    size_t body_max;
    size_t declared; /* content-length; SIZE_MAX: none was given */
    struct hf_buf body;
    uint8_t *reply;
    size_t reply_len;
    size_t reply_sent;
    uint64_t since_ms; /* when its request began, or its answer was given */
    struct hf__deadline deadline;
};

struct hf__call {
    struct hf__list link;
    struct hf_net *net;
    struct hf__target *target; /* until it ends */
    struct hf__conn *conn;     /* while it is running */
    int32_t stream;
    uint64_t token;
    bool has_account;
    struct hf_account account;
    unsigned flags;
    enum hf_net_method method;
    char path[HF_NET_PATH_MAX + 1];
    uint8_t *body;
    size_t body_len;
    size_t body_sent;
    struct hf_buf answer;
    size_t held; /* of it, on its connection's account */
    enum hf_net_type type;
    size_t header_bytes;
    bool again;        /* it was sent once and certainly not carried out */
    uint64_t since_ms; /* when it was given to the connection */
    struct hf__deadline deadline;
    int error;
    int status;
    struct { /* the peer, kept for the completed hook: its connection may be gone by then */
        uint64_t conn;
        bool has_account;
        struct hf_account account;
        char address[HF_NET_ADDRESS_MAX];
    } peer;
    char reason[HF_NET_REASON_MAX];
};

struct hf__target {
    struct hf__list link; /* net->targets */
    struct hf_net *net;
    struct hf__list waiting; /* hf__call */
    struct hf__conn *conn;   /* the one for new calls, or NULL */
    unsigned refs;           /* calls and connections */
    bool kicked;             /* on net->kicked: waiting calls need a look */
    struct hf__list kicked_link;
    struct hf__host host;
    char address[HF_NET_ADDRESS_MAX];
};

/* What all connections of a kind have. */
struct hf__tally {
    uint32_t connections, handshakes;
    uint64_t bytes;
    struct hf__bucket accepts, accepts_new; /* of all; and of those that are new */
};

struct hf_net {
    uv_loop_t *loop;
    struct hf_net_limits limits;
    struct hf_net_hooks hooks;
    struct hf__tls_context tls;
    uv_idle_t idle;
    uv_timer_t timer;
    uint64_t timer_ms;                /* when timer fires, or HF__NEVER */
    struct hf__deadline accept_again; /* when there was no memory for a connection that waits */
    uv_tcp_t *listener; /* on its own, so that the next can be made while it closes; or NULL */
    uv_udp_t *udp;      /* beside it, or NULL: no datagrams */
    uint8_t datagram[HF_NET_DATAGRAM_MAX + 1];
    bool stopping;
    unsigned handles; /* libuv's, and requests under way, that must end before done */
    void (*done)(void *user);
    struct hf__deadlines deadlines;
    struct hf__list conns;
    struct hf__sources sources;
    struct hf__tally kinds[HF_NET_KINDS];
    struct hf__list dirty;
    struct hf__list finished;
    struct hf__list targets;
    struct hf__resolver resolver;
    struct hf__list kicked;
    struct hf__conn **slots; /* by the low 16 bits of a connection's id */
    size_t slot_count;
    uint64_t conn_serial;
    uint32_t calls; /* all of them, finished ones included */
    nghttp2_session_callbacks *server_callbacks;
    nghttp2_session_callbacks *client_callbacks;
    nghttp2_option *option;
    struct hf_buf out; /* TLS records of the connection at work */
    uint8_t *read_buf; /* HF_NET_READ_LEN */
    uint8_t *plain;    /* HF__PLAIN_LEN: decrypted, or to be encrypted */
    struct hf_net_stats stats;
};

/* limits.c: whether each is within its floor and ceiling */
bool hf__limits_valid(const struct hf_net_limits *l);

/* net.c */
uint64_t hf__now_ms(struct hf_net *net);
/* Schedules on_idle before the loop waits again. */
void hf__wake(struct hf_net *net);
/* Moves a deadline, and the timer with it. */
void hf__set_deadline(struct hf_net *net, struct hf__deadline *d, uint64_t at_ms);
/* One handle less; the last one of a stopping hf_net ends it. */
void hf__handle_gone(struct hf_net *net);
/* Writes a last reason: "address: text (detail)". ret:
 * HF_NET_REASON_MAX bytes. detail may be "". */
void hf__last_reason(char *ret, const char *address, const char *text, const char *detail);

/* conn.c: TCP and TLS */
struct hf__conn *hf__conn_new(struct hf_net *net, bool outgoing);
/* The connection of this id, or NULL when it is gone or closing. */
struct hf__conn *hf__conn_find(const struct hf_net *net, uint64_t id);
/* Begins to read and to shake hands; the socket is connected. */
void hf__conn_start(struct hf__conn *conn);
/* Ends it, and its calls with this error. No-op when it is closing. */
void hf__conn_close(struct hf__conn *conn, int error, const char *reason, const char *detail);
/* No new streams: it closes when those it has are done. */
void hf__conn_drain(struct hf__conn *conn);
/* Schedules a flush of the connection at the loop's next turn. */
void hf__conn_touch(struct hf__conn *conn);
/* Hands what HTTP/2 has to send to TLS and the socket. */
void hf__conn_flush(struct hf__conn *conn);
/* Sets its deadline anew, after something that it depends on changed. */
void hf__conn_schedule(struct hf__conn *conn);
/* The other end's address as terminated text; valid while the connection is. */
const char *hf__conn_address(const struct hf__conn *conn);
/* What is known of the other end: its address, and the account that its certificate proved. */
void hf__conn_peer(const struct hf__conn *conn, struct hf_net_peer *ret);

/* budget.c: what is held for whom, and who gives way */
/* Puts an incoming connection on the account of who it is now. HF_ENOMEM: nothing changed. */
HF_MUST_USE int hf__conn_join(struct hf__conn *conn, struct hf_net_standing standing);
/* The same, after asking the hook. The connection may be closing afterwards. */
void hf__conn_rejoin(struct hf__conn *conn);
/* Takes it off that account. No-op when it stands on none. */
void hf__conn_leave(struct hf__conn *conn);
/* Its handshake is done. */
void hf__conn_shaken(struct hf__conn *conn);
/* The rates of the kinds, from the limits. */
void hf__kinds_init(struct hf_net *net);
/* Whether it comes within the rates of its sources and of its kind; it is counted. */
bool hf__conn_may_come(struct hf__conn *conn);
/* Ends others of its kind until all are within their bounds. */
void hf__conn_make_place(struct hf__conn *conn);
/*
 * Whether an incoming connection may hold that many bytes more, others of its kind giving way.
 * HF_EQUOTA: its own source has its part. HF_EBUSY: the kind has, and no source has more of it.
 */
HF_MUST_USE int hf__conn_has_room(struct hf__conn *conn, size_t bytes);
/* The same for the answer to a call of our own; larger ones give way. */
HF_MUST_USE bool hf__call_has_room(struct hf__call *call, size_t bytes);
/* Counts bytes held for a connection. */
void hf__conn_hold(struct hf__conn *conn, size_t bytes);
/* Gives back bytes that hf__conn_hold counted. */
void hf__conn_release(struct hf__conn *conn, size_t bytes);

/* conn_out.c: what goes out of a connection */
void hf__conn_send(struct hf__conn *conn);

/* conn_time.c */
/* Doubts that the peer is there: sends a PING, and no new calls until it is answered. */
void hf__conn_suspect(struct hf__conn *conn);
/* The connection's deadline has come: ends it or its calls, or sends a PING. */
void hf__conn_due(struct hf__deadline *d);

/* h2.c: what both sides of HTTP/2 share */
HF_MUST_USE int hf__h2_callbacks_init(struct hf_net *net);
/* Makes the HTTP/2 session and queues its settings. HF_ENOMEM. */
HF_MUST_USE int hf__h2_start(struct hf__conn *conn);
/* Feeds decrypted bytes; closes the connection on error. */
void hf__h2_input(struct hf__conn *conn, const uint8_t *data, size_t len);
/* A header field. name: static, in lower case; value: nghttp2 copies it. */
nghttp2_nv hf__h2_field(const char *name, const char *value, size_t value_len);
/* The content type of a header value of len bytes. */
enum hf_net_type hf__h2_type(const uint8_t *value, size_t len);
/* The header value of a content type, terminated. */
const char *hf__h2_type_name(enum hf_net_type type);

/* server.c */
void hf__server_callbacks(nghttp2_session_callbacks *c);
/* Takes a frame of an incoming request. 0, or an error of nghttp2 that ends the connection. */
HF_MUST_USE int hf__server_frame(nghttp2_session *h2, const nghttp2_frame *frame,
                                 struct hf__conn *conn);
/* Follows the frames that were sent for an answer. As hf__server_frame. */
HF_MUST_USE int hf__server_frame_sent(nghttp2_session *h2, const nghttp2_frame *frame,
                                      struct hf__conn *conn);
/* Ends all streams of a connection that is gone. */
void hf__server_abandon(struct hf__conn *conn);

/* datagram.c: beside the listener, which is open. Without them all the rest works. */
void hf__datagrams_open(struct hf_net *net);
/* Closes the socket; its handle goes in the loop's next turn. */
void hf__datagrams_close(struct hf_net *net);

/* listener.c: takes in a connection that has waited since there was no memory for it */
void hf__accept_due(struct hf__deadline *d);

/* client.c: calls on a connection */
void hf__client_callbacks(nghttp2_session_callbacks *c);
/* Takes a frame of the answer to a call. As hf__server_frame. */
HF_MUST_USE int hf__client_frame(nghttp2_session *h2, const nghttp2_frame *frame,
                                 struct hf__conn *conn);
/* Ends a call: it goes to net->finished. reason: for a person; NULL when
 * there is no error, or it is there. */
void hf__call_finish(struct hf__call *call, int error, const char *reason, const char *detail);
/* Ends a call whose stream is still there. */
void hf__call_reset(struct hf__call *call, int error, const char *reason);
/* Gives a waiting call to an open connection, or finishes it when the peer is
 * not who it should be. */
void hf__call_send(struct hf__call *call, struct hf__conn *conn);
/* Ends all calls of a connection that is gone, with its error. */
void hf__client_abandon(struct hf__conn *conn);

/* pool.c */
/* The target of an address, with one reference more; NULL: no memory,
 * or (ret_error) not an address. */
struct hf__target *hf__target_get(struct hf_net *net, const char *address, int *ret_error);
/* Gives one reference back; the last one frees the target. */
void hf__target_unref(struct hf__target *t);
/* Schedules a look at the target's waiting calls at the loop's next turn. */
void hf__target_kick(struct hf__target *t);
/* Gives waiting calls to the connection, making one if need be. */
void hf__target_serve(struct hf__target *t);
/* Its address, or its name's, are there: connects to the first. */
void hf__conn_connect(struct hf__conn *conn);
/* Its name has no address, or none can be had now. */
void hf__conn_unresolved(struct hf__conn *conn);
/* When the next address is to be tried beside the one that has not answered; or HF__NEVER. */
uint64_t hf__conn_race_ms(const struct hf__conn *conn);
/* Tries that address. */
void hf__conn_race(struct hf__conn *conn);
/* Takes the connection out of the pool: new calls will use another. */
void hf__target_forget(struct hf__conn *conn);
/* call.c */
void hf__call_free(struct hf__call *call);

#endif
