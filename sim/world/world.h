/* The world from inside: what its own files, checkers and strategies share. */
#ifndef HF_SIM_WORLD_WORLD_H
#define HF_SIM_WORLD_WORLD_H

#include "sim/world.h"
#include "wire/messages.h"

#include "codec/codec.h"
#include "storage/disk.h"
#include "lib/map.h"
#include "world/observe.h"
#include "attestation/attestation.h"
#include "lib/queue.h"
#include "lib/random.h"
#include "lib/slab.h"
#include "lib/transit.h"

#include "base/error.h"

/* Entries that are prepared, in worlds of so many nodes. */
enum { HF__COMING = 20, HF__COMING_NODES = 1000 };
enum { HF__NOBODY = UINT32_MAX, HF__IMAGES_MAX = 32, HF__ROOTS_MAX = 16 };

/* What an entry of the queue means: type in the top byte, then 24 bits that tell an old entry from
 * one that still counts, then an index. */
enum hf__happening {
    HF__TIMER = 1,    /* node; mark: incarnation */
    HF__ARRIVAL,      /* message */
    HF__CALL_TIMEOUT, /* call; mark: of the call */
    HF__DURABLE,      /* node; mark: incarnation */
    HF__WORK_DONE,    /* work; mark: of the work */
    HF__GIVE,         /* node; mark: incarnation; the newest documents */
    HF__REGISTER,     /* the authority looks at new accounts */
    HF__LOCAL,        /* local request */
    HF__WAKE,         /* observer; mark: its own */
    HF__STARTS,       /* node */
    HF__DIES,         /* node; mark: incarnation */
    HF__COLLATERAL,   /* node; mark: incarnation; its collateral has changed */
    HF__RESETS,       /* processes have died: their connections end */
    HF__FREE,         /* node: it has computed, and takes what waited for that */
    HF__RENEW,        /* the authority looks at the dates of its documents */
};

static inline uint64_t hf__what(enum hf__happening type, uint32_t mark, uint32_t index)
{
    return (uint64_t)type << 56 | (uint64_t)(mark & 0xffffff) << 32 | index;
}

struct hf__checks;

struct hf__message {
    uint32_t from, to; /* HF__NOBODY: a stranger */
    uint32_t from_incarnation, to_incarnation;
    uint32_t call, mark; /* the call that it belongs to */
    uint32_t next;       /* among those that wait for the same write */
    uint32_t len;
    int error; /* of a response */
    uint8_t method;
    uint8_t handshake;            /* flights of TLS that arrive before it */
    bool response, proven, ghost; /* ghost: a copy, whose answer goes nowhere */
    bool datagram;                /* not on a connection: lost, or once, or twice */
    bool closed;                  /* no message: the connection has ended */
    struct hf_account account;    /* proven by the sender's certificate */
    struct hf_blob *apart;        /* holds the body, when it is not in line */
    uint8_t in_line[];
};

static inline struct hf_bytes hf__message_body(const struct hf__message *m)
{
    return m->apart != NULL ? hf_blob_bytes(m->apart) : hf_bytes_of(m->in_line, m->len);
}

struct hf__call {
    uint32_t mark; /* odd while under way */
    uint32_t node, incarnation, to;
    uint32_t to_incarnation; /* of the process that was called; 0: none, it has answered, or its end
                                was told */
    uint32_t id;             /* the engine's */
    uint8_t method;
    bool has_account, ghost;
    struct hf_account account;
};

struct hf__work {
    uint32_t mark; /* odd while under way */
    uint32_t node, incarnation, id;
    uint8_t type, trust;
    bool computed; /* the processor's part of it is done */
    uint64_t due_us;
    uint64_t wall_s;
    uint8_t report_data[64];
    struct hf_hash key_hash;
    struct hf_account account;
    uint32_t version;
    uint32_t len, root_len; /* of what quote points to; the root that the policy names ends it */
    uint8_t *quote;
};

static inline struct hf_bytes hf__work_quote(const struct hf__work *k)
{
    return hf_bytes_of(k->quote, k->len - k->root_len);
}

struct hf__local {
    uint64_t id;
    uint32_t node, incarnation;
    enum hf_local_type type;
    char name[HF_KEY_NAME_MAX + 1];
    uint64_t seconds; /* HF_LOCAL_LEAVE */
    uint64_t asked_us;
    bool asked, answered, has_key, first;
    uint64_t after; /* the answer waits for this write; 0 none */
    int error;
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    struct hf_drill_report drill;
    struct hf_blob *bytes;              /* HF_LOCAL_ANSWER: the answer */
    struct hf_blob *file;               /* HF_LOCAL_BLACKSTART: the request */
    struct hf_blackstart_report report; /* without what it borrowed */
};

/* One transaction on its way to the disk, and what waits for it. */
struct hf__pending {
    struct hf__pending *next;
    uint64_t seq, due_us;
    uint32_t messages; /* first of a chain; HF__NOBODY none */
    enum hf_vault_state vault_state;
    size_t count;
    struct hf__disk_write writes[];
};

struct hf__node {
    struct hf_engine *engine; /* NULL: down */
    struct hf_disk disk;
    uint32_t number, incarnation;
    uint32_t machine, machine_next;
    uint8_t image, image_next;
    bool paused, proven, has_account, registered, isolated, crashing;
    bool copy;           /* another node had its account first */
    bool was_registered; /* it is in the set, perhaps under an account it no longer has */
    bool corrupt;        /* has followed a strategy of corrupt trust domains */
    bool tainted;  /* its host has put another disk in: it may have forgotten what it promised */
    bool emptied;  /* its folder was lost: what it knew is gone, and nothing older came instead */
    bool unlisted; /* its requests come from an address that no set names */
    bool silent;   /* its host has no power: it does not even refuse */
    bool gone;     /* never to start again: a copy whose time is over */
    bool leaves;   /* it was told to leave for good */
    bool planted;  /* a strategy keeps a copy of its disk, to put it back */
    bool config_network,
        config_seeds; /* its configuration is its host's: other network, no seeds */
    bool tears;       /* with crash_write: half of that write is left on the disk */
    bool crash_after; /* with crash_write */
    uint8_t group;
    enum hf_state state; /* as it said last */
    struct hf_account account;
    struct hf_account *told; /* account that its configuration names, from malloc; NULL: none */
    uint64_t boot_us;        /* virtual time at which this incarnation began */
    uint64_t busy_us;        /* computes until then */
    uint64_t timer_us;       /* of the entry in the queue; UINT64_MAX none */
    uint64_t line_us;        /* its line out is busy until then */
    uint64_t commit_us;      /* its disk's present commit ends then */
    uint64_t commit_next_us; /* and the one after it, which gathers what comes meanwhile; 0 none */
    uint64_t stall_us;       /* nothing becomes durable before */
    uint64_t deadline_us;    /* that the engine asked for; UINT64_MAX none */
    float drift;             /* seconds gained a second */
    float slowness;
    int64_t clock_us; /* wall clock against true time */
    uint64_t durable_seq;
    uint64_t writes;
    uint64_t crash_write; /* number of the write at which it dies; 0 none */
    int write_error, quote_error;
    uint32_t locals_wait;   /* answers that wait for a write */
    bool told_error;        /* the engine knows of write_error */
    const uint8_t *secrets; /* the engine's own memory for them, which a corrupt one reads */
    uint32_t secrets_len;
    uint64_t *held; /* happenings that wait while it is paused */
    size_t held_count, held_cap;
    uint64_t *backlog; /* happenings that wait while it computes, in order, from backlog_at */
    size_t backlog_at, backlog_count, backlog_cap;
    bool freed; /* an HF__FREE is under way */
    struct hf__pending *pending, *pending_last;
};

struct hf__machine {
    uint8_t tcb_status;
};

/* What the authority has decided about a member's claims. */
struct hf__floor {
    uint64_t claim;
    struct hf_written_off written_off[8];
    size_t written_off_count;
    struct hf_survivors survivors;
    struct hf_account_ref holders[HF_SHARES_MAX];
};

struct hf__member {
    uint32_t node;
    uint32_t registered_epoch;
    uint8_t platforms_count;
    uint32_t platforms[4];
    struct hf_account account;
    struct hf__floor *floor; /* from calloc; NULL: none */
};

struct hf__authority {
    uint8_t public_keys[HF__ROOTS_MAX][32];
    uint8_t secret_keys[HF__ROOTS_MAX][64];
    struct hf_network_id network;
    uint8_t root_next; /* keys of the root now in force start here */
    struct hf_document *roots[HF__ROOTS_MAX];
    size_t roots_count;
    struct hf_document *policy, *set;
    struct hf__member *members;
    size_t members_count, members_cap;
    uint32_t *arrivals; /* nodes whose account waits for registration */
    size_t arrivals_count, arrivals_cap;
    bool looks, quiet;
};

struct hf__rule {
    struct hf_rule rule;
    unsigned met, hits;
    bool dropped;
};

struct hf__cut {
    long from, to;
};

/* What a stranger's request came to. */
struct hf__answer {
    bool done;
    int error;
    struct hf_buf *body;
};

/* A connection that was opened; it counts while both processes are those that opened it. */
struct hf__conn {
    uint32_t from, to; /* from HF__NOBODY: empty */
    uint32_t from_incarnation, to_incarnation;
    bool from_proven, to_proven, used;
};

struct hf_world {
    struct hf_world_settings settings;
    uint64_t now_us;
    struct hf__queue queue;
    uint64_t coming[HF__COMING]; /* what was shown last */
    uint32_t coming_count;
    const struct hf_suite *suite;
    struct hf_pool *pool;
    struct hf_shared *shared;
    struct hf__node **nodes;
    uint32_t nodes_count, nodes_cap;
    struct hf__machine *machines;
    uint32_t machines_count;
    uint32_t *by_account; /* node numbers, hashed by account; HF__NOBODY empty */
    size_t by_account_cap, by_account_count;
    struct hf__slab calls, works;
    struct hf__transit messages;
    struct hf_blob *large; /* the newest body that is too large for it */
    uint32_t *copies;      /* nodes whose account another had first */
    size_t copies_count, copies_cap;
    struct hf__local **locals;
    size_t locals_count, locals_cap;
    struct hf__stream streams[HF__PURPOSES];
    struct hf__authority authority;
    char images[HF__IMAGES_MAX][HF_WORLD_NAME_MAX];
    uint8_t release; /* the image that new nodes start with */
    size_t images_count;
    uint64_t quote_key[2];
    struct hf__platforms *platforms; /* NULL: quotes are records */
    struct hf_buf quote;             /* the one that is made now */
    uint8_t dev_root[HF__ROOT_SPKI_LEN];
    uint64_t evaluated_s;        /* day of the newest TCB level */
    uint64_t collateral_until_s; /* true time from which no newer collateral is issued */
    struct hf__rule *rules;
    size_t rules_count, rules_cap;
    struct hf__cut *cuts;
    size_t cuts_count, cuts_cap;
    bool partitioned;
    bool resets; /* HF__RESETS is in the queue */
    hf_watch_fn *watch;
    void *watch_ctx;
    struct hf__observer observers[HF__OBSERVERS_MAX];
    size_t observers_count;
    const char *beginning; /* name of the strategy that begins now; NULL: none does */
    struct hf_world_trace *traces;
    size_t traces_count, traces_cap;
    uint64_t trace_counts[64];
    struct hf_world_totals totals;
    uint64_t disturbed_us; /* when anything was last done to nodes, network or documents */
    struct hf_violation violation;
    struct hf__checks *checks; /* NULL: nobody checks */
    struct hf__people *people; /* share holders; NULL: there are none */
    bool violated;
    struct hf__answer answer;
    uint64_t *cores_ns; /* of each host, one after the other: busy until then */
    size_t hosts_cap;
    struct hf__map judged; /* machines whose quotes a process has judged */
    struct hf__conn *conns;
    size_t conns_cap, conns_count;
};

/* node.c */
void hf__step(struct hf_world *w, struct hf__node *n, struct hf_event *event);
/* The oldest happening that waited while the node computed, if it computes no more; false: none. */
bool hf__node_next(struct hf_world *w, struct hf__node *n, uint64_t *ret_what);
bool hf__node_postpones(struct hf_world *w, struct hf__node *n, uint64_t what);
void hf__node_timer(struct hf_world *w, struct hf__node *n, uint64_t what);
void hf__node_release(struct hf_world *w, struct hf__node *n);
uint64_t hf__node_wall_ms(const struct hf_world *w, const struct hf__node *n);

/* processor.c */
/* When a node's process has computed so long, starting now or when its host has a core to spare. */
uint64_t hf__compute(struct hf_world *w, const struct hf__node *n, uint64_t ns);
/* What the processor has to do for a piece of work, in nanoseconds. */
uint64_t hf__compute_work(struct hf_world *w, const struct hf__node *n, const struct hf__work *k);
/* hf__compute for a step of its engine, whose cryptography was counted. */
uint64_t hf__compute_step(struct hf_world *w, const struct hf__node *n,
                          const struct hf_event *event, const struct hf_update *u);

/* disk.c */
/* Tells observers that a node's vault holds nothing any more. */
void hf__disk_emptied(struct hf_world *w, uint32_t node, bool hostile);

/* storage.c */
/* False: the node is doomed, and nothing of the update may leave. */
HF_MUST_USE bool hf__storage_take(struct hf_world *w, struct hf__node *n, const struct hf_update *u,
                                  uint64_t at_us);
/* Whether a message must wait for a write; it is then taken, and sent when its time has come. */
bool hf__storage_holds(struct hf_world *w, struct hf__node *n, uint64_t after, uint32_t message);
void hf__storage_durable(struct hf_world *w, struct hf__node *n);
void hf__storage_crash(struct hf_world *w, struct hf__node *n);

/* message.c */
/* One that carries a copy of body, and is zero otherwise; from and to are still to be set. */
uint32_t hf__message_new(struct hf_world *w, struct hf_bytes body);
void hf__message_free(struct hf_world *w, uint32_t message);
/* Changes one bit of the body's byte at. */
void hf__message_spoil(struct hf__message *m, size_t at);
/* Another body and error; what was appended to body is taken out of it. */
void hf__message_replace(struct hf__message *m, struct hf_buf *body, int error);

/* network.c */
void hf__network_call(struct hf_world *w, struct hf__node *n, const struct hf_call *call,
                      uint64_t at_us);
void hf__network_reply(struct hf_world *w, struct hf__node *n, const struct hf_reply *reply,
                       uint64_t at_us);
void hf__network_arrive(struct hf_world *w, uint32_t message);
void hf__network_timeout(struct hf_world *w, uint32_t call, uint32_t mark);
/* Sends a message that waited, or one just made; the message belongs to the network afterwards. */
void hf__network_send(struct hf_world *w, uint32_t message, uint64_t at_us);
/* Whether the caller must first open a connection; it counts as open afterwards. */
bool hf__conn_opens(struct hf_world *w, const struct hf__message *m);
/*
 * When a request arrives that must open its connection, and whose trip takes trip_us: TCP, then TLS
 * 1.3 with two certificates. Where cores are shared, each end computes when its flight arrives.
 */
uint64_t hf__conn_open(struct hf_world *w, struct hf__message *m, uint64_t trip_us);
/* A flight of TLS arrives instead of the request. False: the request itself is there. */
bool hf__conn_shakes(struct hf_world *w, uint32_t message, struct hf__message *m);
/* One trip between two nodes, drawn. */
uint64_t hf__one_way_us(struct hf_world *w, uint32_t from, uint32_t to);

static inline struct hf__message *hf__message(const struct hf_world *w, uint32_t message)
{
    return hf__transit_at(&w->messages, message);
}

/* Ends a call with an error, delay_us from now. */
void hf__network_fail(struct hf_world *w, uint32_t call, uint32_t mark, int error, uint64_t at_us);
/* A request from a stranger or a strategy; the answer goes to local request `waits`, or nowhere. */
/* Returns its number, that hf_message.call shows in the answer. */
uint64_t hf__network_inject(struct hf_world *w, uint32_t from, uint32_t to, uint8_t method,
                            const struct hf_account *account, struct hf_bytes body, uint64_t at_us);

/* A message that nobody answers and nobody sends again, from one node to another. */
/* Processes have ended: the other ends of their connections hear of it, unless the host is
 * silent. */
void hf__network_ended(struct hf_world *w);
void hf__network_datagram(struct hf_world *w, struct hf__node *n,
                          const struct hf_datagram_out *datagram, uint64_t at_us);

/* loss.c */
/* Whether a message is lost whose trip takes so long; if not, how much later it arrives. */
bool hf__loss(struct hf_world *w, const struct hf__message *m, uint64_t trip_us,
              uint64_t *ret_late_us);
/* How much later a flight of a handshake arrives; first: no round trip has been measured yet. */
uint64_t hf__loss_flight_us(struct hf_world *w, uint64_t trip_us, bool first);
/* One trip, not drawn: of what a kernel answers by itself. */
uint64_t hf__trip_us(const struct hf_world *w, uint32_t from, uint32_t to);
/* A process has died: calls under way at it will be reset, unless its host is silent. */
void hf__resets_expect(struct hf_world *w);
void hf__resets(struct hf_world *w);

/* rule.c */
enum hf_fate hf__rules_judge(struct hf_world *w, struct hf__message *m, uint64_t *ret_delay_us);
bool hf__cut_between(const struct hf_world *w, uint32_t from, uint32_t to);

/* work.c */
void hf__work_start(struct hf_world *w, struct hf__node *n, const struct hf_work *work,
                    uint64_t at_us);
void hf__work_done(struct hf_world *w, uint32_t work, uint32_t mark);
/* The work of an entry of the queue will not be done. */
void hf__work_drop(struct hf_world *w, uint64_t what);
/* Nothing slows work down any more: what is under way takes no longer than it would now. */
void hf__works_hurry(struct hf_world *w);

/* attestation.c, and platforms.h */
uint8_t hf__image_index(struct hf_world *w, const char *name);

/* authority.c */
/* Signs documents anew that have less than a third of their life left, and looks again later. */
void hf__authority_renew(struct hf_world *w);
/* Whether a document of the authority ends within a third of the life that it was given. */
bool hf__authority_ends(const struct hf_world *w, const struct hf_document *d);
void hf__authority_init(struct hf_world *w);
void hf__authority_done(struct hf_world *w);
void hf__authority_saw(struct hf_world *w, struct hf__node *n);
void hf__authority_look(struct hf_world *w);
/* Whether every other validator could still place its shares if this one were not in the set. */
bool hf__set_spares(const struct hf_world *w, uint32_t node);
void hf__authority_give(struct hf_world *w, struct hf__node *n);
void hf__give_all(struct hf_world *w);

/* ---- people.c */
void hf__people_free(struct hf_world *w);
/* The share set anew, with later dates, when it ends soon. */
void hf__people_renew(struct hf_world *w);
/* The share set in force; NULL: none. */
const struct hf_document *hf__people_shares(const struct hf_world *w);
/* A checker: a node that opens by a black start has been answered by m holders. */
void hf__check_quorum(struct hf_world *w, uint32_t node, const struct hf_trace *t);

/* local.c */
void hf__local_ask(struct hf_world *w, uint32_t index);
void hf__local_replied(struct hf_world *w, struct hf__node *n, const struct hf_local_reply *reply);
/* Writes have become durable: answers that waited for them leave. */
void hf__local_durable(struct hf_world *w, struct hf__node *n);
/* The operator has a node leave, with a deadline so many seconds away. */
void hf__local_leave(struct hf_world *w, uint32_t node, uint64_t seconds);

/* check.c */
void hf__checkers_add(struct hf_world *w);
/* Memory that the checkers hold. */
size_t hf__checks_bytes(const struct hf_world *w);

/* run.c */
/* One event that is due by then; false: there is none. */
bool hf__step_until(struct hf_world *w, uint64_t until_us);

/* world.c */
void hf__push(struct hf_world *w, uint64_t at_us, uint64_t what);
void hf__account_set(struct hf_world *w, struct hf__node *n, const struct hf_account *account);
void hf__traced(struct hf_world *w, struct hf__node *n, const struct hf_trace *t);
void hf__hash_run(struct hf_world *w, uint64_t a, uint64_t b);
/* A row of checkers.def. */
struct hf__checker {
    const char *name, *promise;
};
extern const struct hf__checker hf__checkers[]; /* NULL after the last */
/* A checker, by its name, has found a broken promise. */
void hf__violate(struct hf_world *w, uint32_t node, const char *checker, const char *fmt, ...)
    HF_PRINTF(4, 5);

static inline struct hf__node *hf__node(const struct hf_world *w, uint32_t number)
{
    hf_assert(number < w->nodes_count);
    return w->nodes[number];
}

/* Room for one more element of size bytes; ends the process when there is none. */
void *hf__grow(void *items, size_t count, size_t *cap, size_t size);

/* The claim quorum of a world's policy. */
static inline uint8_t hf__claim_quorum(const struct hf_world_policy *p)
{
    uint8_t least = p->k > p->n / 2 + 1 ? p->k : (uint8_t)(p->n / 2 + 1);
    return p->q != 0 ? p->q : least;
}

#endif
