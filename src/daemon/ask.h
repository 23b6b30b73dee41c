/* Who asks this daemon for something, apart from how the question comes and the answer goes. */
#ifndef HF_DAEMON_ASK_H
#define HF_DAEMON_ASK_H

#include "applications.h"
#include "daemon.h"
#include "local.h"

#include <jansson.h>

/* A drain asks two things in turn: whether the own key could be had, then whether the owners whose
 * shares lie here can spare this node. */
enum hf__drain_stage { HF__DRAIN_OWN_KEY, HF__DRAIN_DUE, HF__DRAIN_ASKED };

/* What one may ask for. */
enum hf__right {
    HF__RIGHT_ALL,  /* the daemon's own user, and root */
    HF__RIGHT_KEYS, /* an application: the keys that it may have */
    HF__RIGHT_READ, /* an operator outside: proto/OPERATOR.md, section 2 */
    HF__RIGHT_ACT,  /* one whom the set names */
};

/* A connection to the local socket, or a request of an operator. It is part of one of these. */
struct hf__ask {
    struct hf__daemon *d;
    struct hf__ask *next; /* of d->asks */
    enum hf__right right;
    struct hf__credential who; /* of the local socket: by the kernel's word */
    bool refused;              /* a key, which the log has said */
    uint64_t id;               /* of the request under way; 0 none */
    enum hf__local_request_type type;
    enum hf__drain_stage drain; /* of a drain */
    char name[65];              /* of the key that is waited for */
    uint64_t until_ms;          /* 0: no request waits */
    int refusal;                /* told when the time is over */
    bool closing;               /* no answer goes any more */
    /* Sends an answer, which ends the request under way; the text is copied, and the copy wiped. */
    void (*send)(struct hf__ask *a, const char *text, size_t len);
    /* Ends it without an answer. Legal when it is closing already. */
    void (*end)(struct hf__ask *a);
    /* To be called when it begins to wait; of one that has no right to keys NULL. */
    void (*waits)(struct hf__ask *a);
};

/* Takes part in what the daemon tells those who ask, until hf__ask_leave. */
void hf__ask_join(struct hf__daemon *d, struct hf__ask *a);
/* Ends its part: it is told nothing more, and may be freed. */
void hf__ask_leave(struct hf__ask *a);
/* Whether a request does something to the node, of those that an operator outside may make. */
bool hf__ask_acts(enum hf__local_request_type type);
/* Answers a request, at once or later. */
void hf__ask_serve(struct hf__ask *a, struct hf_bytes json);
/* Lets the engine answer, now or later; the event's local request is filled in but for its id. */
void hf__ask_step(struct hf__ask *a, struct hf_event *event);
/* Asks for the key that a request names, or confirms one (ask_key.c). */
void hf__ask_key(struct hf__ask *a, const struct hf__local_request *q);
/* Asks for it again, while its asker waits. */
void hf__ask_key_again(struct hf__ask *a);
/* Copies the keys of a reply, which are the engine's until its next step, and has it name the
 * copies. ret: of hf_secret_alloc. HF_ENOMEM. */
HF_MUST_USE int hf__ask_key_hold(struct hf_local_reply *r, uint8_t **ret);
/* The key, or both. */
void hf__ask_key_send(struct hf__ask *a, const struct hf_local_reply *r);
/* Answers that a request failed, and why. */
void hf__ask_refuse(struct hf__ask *a, int error);
/* The same with what was found and wanted, for a person. */
void hf__ask_refuse_with(struct hf__ask *a, int error, const char *found);
/* Answers with an object, which it takes; NULL: there is no memory for it, the request ends. */
void hf__ask_send(struct hf__ask *a, json_t *root);

#endif
