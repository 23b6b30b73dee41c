/* The connections of the local socket: their life, and what comes and goes on them. */
#ifndef HF_DAEMON_LOCAL_CONN_H
#define HF_DAEMON_LOCAL_CONN_H

#include "applications.h"
#include "client/frame.h"
#include "daemon.h"
#include "local.h"

enum { HF__LOCAL_IN_MAX = HF_FRAME_HEAD_LEN + HF_FRAME_REQUEST_MAX };

/* One connection. */
/* A drain asks two things in turn: whether the own key could be had, then whether the owners whose
 * shares lie here can spare this node. */
enum hf__drain_stage { HF__DRAIN_OWN_KEY, HF__DRAIN_DUE, HF__DRAIN_ASKED };

struct local_conn {
    uv_pipe_t pipe;
    struct hf__local *owner;
    struct local_conn *next;
    uint64_t id;      /* of the request under way; 0 none */
    uint64_t idle_ms; /* since when it has none */
    bool closing;
    bool writing; /* an answer is on its way out */
    bool ended;   /* it sends nothing more: closed when it has its answer */
    bool surplus; /* beyond the bound: told that the daemon is busy, whatever it asks */
    struct hf__credential who; /* connected, by the kernel's word */
    bool application;          /* neither the daemon's own user nor root: it may ask for keys */
    bool refused;              /* a key, which the log has said */
    enum hf__local_request_type type;
    enum hf__drain_stage drain; /* of a drain */
    char name[65];              /* of the key that is waited for */
    uint64_t until_ms;          /* 0: no request waits */
    int refusal;                /* told when the time is over */
    size_t in_len;
    uint8_t in[HF__LOCAL_IN_MAX];
};

struct hf__local {
    struct hf__daemon *d;
    uv_pipe_t pipe;
    uv_timer_t patience;      /* runs while a client is connected */
    uint64_t patience_ms;     /* its interval; 0: it does not run */
    size_t handles;           /* of these two and the connections, still open: freed at 0 */
    struct local_conn *conns; /* newest first */
    size_t surplus;           /* of them, beyond the bound */
    struct local_conn *spare; /* for a connection when memory is short, to close it with */
    bool waiting;             /* a client came when the spare was in use too */
    uint64_t next_id;
};

/* ---- local_conn.c */
/* Closes it, when its loop comes round; legal when it is closing already. */
void hf__local_end(struct local_conn *t);
/* Sends an answer, which ends the request under way; the text is copied, and the copy wiped. */
void hf__local_send(struct local_conn *t, const char *text, size_t len);
/* To be called when a connection begins to wait. */
void hf__local_keep_time(struct hf__local *local);

/* ---- local.c */
/* Answers a request, at once or later. */
void hf__local_serve(struct local_conn *t, struct hf_bytes json);
/* Answers that a request failed, and why. */
void hf__local_refuse(struct local_conn *t, int error);

#endif
