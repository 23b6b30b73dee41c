/*
 * The world from inside: all of its state in one place, and what every chamber does with it. What
 * a chamber does besides stands in the header of that chamber.
 */
#ifndef HF_SIM_WORLD_WORLD_H
#define HF_SIM_WORLD_WORLD_H

#include "sim/world.h"
#include "wire/messages.h"

#include "codec/codec.h"
#include "lib/map.h"
#include "world/dealing.h"
#include "world/observe.h"
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
enum hf__entry_type {
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
    HF__TIMED,        /* node; mark: incarnation; its time helper tells */
    HF__RENEW,        /* the authority looks at the dates of its documents */
    HF__BOOTED,       /* node: its machine has started, unless it died since */
};

/* The word of an entry: its type, the mark by which it still counts, an index. */
static inline uint64_t hf__what(enum hf__entry_type type, uint32_t mark, uint32_t index)
{
    return (uint64_t)type << 56 | (uint64_t)(mark & 0xffffff) << 32 | index;
}

struct hf__checks;
struct hf__people;
struct hf__falsehoods;
struct hf__platforms; /* of real cryptography */
struct hf_shell;

enum {
    HF__ROOT_SPKI_LEN = 91,
    HF__DAY_S = 86400, /* collateral is issued daily, at midnight */
};

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

/* Borrowed, for as long as the message is on its way. */
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

/* What is to be judged, without the root that follows it; borrowed from the work. */
static inline struct hf_bytes hf__work_quote(const struct hf__work *k)
{
    return hf_bytes_of(k->quote, k->len - k->root_len);
}

struct hf__local {
    uint64_t id;
    uint32_t node, incarnation;
    enum hf_local_type type;
    char name[HF_KEY_NAME_MAX + 1];
    uint64_t seconds;  /* HF_LOCAL_LEAVE */
    uint64_t confirms; /* HF_LOCAL_CONFIRM: the version */
    uint64_t asked_us;
    bool asked, answered, has_key, has_next, first;
    uint64_t after; /* the answer waits for this write; 0 none */
    int error;
    uint8_t key[HF_APP_KEY_LEN], next[HF_APP_KEY_LEN];
    uint32_t version, next_version;
    uint64_t claim;
    struct hf_drill_report drill;
    struct hf_blob *bytes;              /* HF_LOCAL_ANSWER: the answer */
    struct hf_blob *file;               /* HF_LOCAL_BLACKSTART: the request */
    struct hf_blackstart_report report; /* without what it borrowed */
};

/*
 * A virtual disk: the vault's plain header, the hash of its key, its rows and the public rows.
 * Values are blobs, held once however many disks, engines and writes refer to them.
 */
struct hf__row {
    struct hf_blob *value;
    uint8_t collection;
    uint8_t key_len;
    uint8_t key[]; /* key_len */
};

struct hf_disk {
    uint8_t vault; /* enum hf_vault_state */
    struct hf_account account;
    uint32_t version;
    struct hf_hash key_hash;
    int damage; /* what the next opening of the vault finds; 0 nothing */
    uint32_t count, cap;
    struct hf__row **rows; /* in the order in which they were first written */
};

/* A write as it waits: the engine's key is copied. */
struct hf__disk_write {
    struct hf_blob *value;
    uint8_t collection;
    uint8_t key_len;
    uint8_t key[HF_ROW_KEY_MAX];
};

/* One transaction on its way to the disk, and what waits for it. */
struct hf__pending {
    struct hf__pending *next;
    uint64_t seq, due_us;
    uint32_t messages; /* first of a chain; HF__NOBODY none */
    enum hf_vault_state vault_state;
    bool rekeys; /* the vault is under another key from then on, of this version: */
    uint32_t version;
    struct hf_hash key_hash;
    size_t count;
    struct hf__disk_write writes[];
};

/* An entry of the queue that has come, and could not happen yet. */
struct hf__waiting {
    uint64_t what, since_us;
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
    bool finds;    /* an empty folder is of whom the set has at its address */
    bool unlisted; /* its requests come from an address that no set names */
    bool silent;   /* its host has no power: it does not even refuse */
    bool gone;     /* never to start again: a copy whose time is over */
    bool leaves;   /* it was told to leave for good */
    bool was_out;  /* the authority has left it out of a set, or registered it anew */
    bool planted;  /* a strategy keeps a copy of its disk, to put it back */
    bool config_network,
        config_seeds; /* its configuration is its host's: other network, no seeds */
    bool tears;       /* with crash_write: half of that write is left on the disk */
    bool crash_after; /* with crash_write */
    uint8_t group;
    enum hf_state state; /* as it said last */
    struct hf_account account;
    uint32_t home;              /* its machine is that of the node with this number */
    uint32_t owned, zone, host; /* its operator, zone and host, by their numbers */
    long takes_over;            /* node of the old release that its configuration names; -1: none */
    struct hf_account *told;    /* account that its configuration names, from malloc; NULL: none */
    uint64_t boot_us;           /* virtual time at which this incarnation began */
    uint64_t booted_us;         /* its machine starts, and will have then; 0: it does not */
    uint64_t busy_us;           /* computes until then */
    uint64_t timer_us;          /* of the entry in the queue; UINT64_MAX none */
    uint64_t line_us;           /* its line out is busy until then */
    uint64_t line_seen_us;      /* with bursts: when line_bad was found out */
    bool line_bad;              /* everything sent then was lost */
    uint64_t commit_us;         /* its disk's present commit ends then */
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
    uint64_t *held; /* entries that wait while it is paused */
    size_t held_count, held_cap;
    /* Entries that wait while it computes, in order, from backlog_at. */
    struct hf__waiting *backlog;
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
    uint8_t favoured[16];
    struct hf_generation_ref written_off[8];
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
    bool has_sequence_floor;
    struct hf_sequence_floor sequence_floor;
};

struct hf__authority {
    uint8_t public_keys[HF__ROOTS_MAX][HF_KEY_LEN];
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

/* A step whose update is carried out, as the functions of hf_world.shell get it. */
struct hf__stepped {
    struct hf_world *w;
    struct hf__node *n;
    uint64_t at_us; /* the process has computed until then */
};

struct hf_world {
    struct hf_world_settings settings;
    uint64_t now_us;
    struct hf__queue queue;
    uint64_t coming[HF__COMING]; /* what was shown last */
    uint32_t coming_count;
    const struct hf_suite *suite;
    const struct hf_shell *shell; /* carries out an engine's update */
    struct hf_pool *pool;
    struct hf_shared *shared;
    struct hf__node **nodes;
    uint32_t nodes_count, nodes_cap;
    struct hf__machine *machines;
    uint32_t machines_count;
    struct hf__dealing operators, zones, hosts; /* count 0: each node has its own */
    uint32_t *trips_us;   /* of a matrix, by zone and zone; NULL: there is none */
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
    uint64_t fresh; /* see hf__renew; 0: never */
    struct hf__authority authority;
    char images[HF__IMAGES_MAX][HF_WORLD_NAME_MAX];
    uint8_t release; /* the image that new nodes start with */
    size_t images_count;
    uint64_t quote_key[2];
    struct hf__platforms *platforms; /* NULL: quotes are records */
    struct hf_buf quote;             /* the one that is made now */
    uint8_t dev_root[HF__ROOT_SPKI_LEN];
    uint64_t evaluated_s;        /* day of the newest TCB level */
    bool timed;                  /* time helpers tell the time */
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
    struct hf__checks *checks;         /* NULL: unchecked */
    struct hf__people *people;         /* share holders; NULL: there are none */
    struct hf__falsehoods *falsehoods; /* of share holders; NULL: no node asked people yet */
    uint64_t shares_valid_s;           /* of their share set; 0: as policy and set, and renewed */
    bool violated;
    struct hf__answer answer;
    uint64_t *cores_ns; /* of each host, one after the other: busy until then */
    size_t hosts_cap;
    struct hf__map judged; /* machines whose quotes a process has judged */
    struct hf__conn *conns;
    size_t conns_cap, conns_count;
    uint64_t *conns_last; /* of each, if ordered: when the last request and answer arrive */
};

/* A message by its number, until it is given back. */
static inline struct hf__message *hf__message(const struct hf_world *w, uint32_t message)
{
    return hf__transit_at(&w->messages, message);
}

/* An entry of the queue, for at_us or now, whichever is later. */
void hf__push(struct hf_world *w, uint64_t at_us, uint64_t what);
/*
 * Draws anew whatever is still to be drawn: the world is one of several that were the same until
 * now, and name, other than 0, is its own among them.
 */
void hf__renew(struct hf_world *w, uint64_t name);
/* A node has shown this account. */
void hf__account_set(struct hf_world *w, struct hf__node *n, const struct hf_account *account);
/* A node that was to take over has shown its account: where it has, it is the member from now on,
 * and the old one a copy. */
void hf__account_moves(struct hf_world *w, struct hf__node *n);
/* It has lost what it took over before that was durable: the old one is the member again. */
void hf__account_returns(struct hf_world *w, struct hf__node *n);
/* An engine has traced something: it is counted, shown to the observers, and kept. */
void hf__traced(struct hf_world *w, struct hf__node *n, const struct hf_trace *t);
/* Two more words for the hash over all that happens. */
void hf__hash_run(struct hf_world *w, uint64_t a, uint64_t b);
static inline struct hf__node *hf__node(const struct hf_world *w, uint32_t number)
{
    hf_assert(number < w->nodes_count);
    return w->nodes[number];
}

/* The claim quorum of a world's policy. */
static inline uint8_t hf__claim_quorum(const struct hf_world_policy *p)
{
    uint8_t least = p->k > p->n / 2 + 1 ? p->k : (uint8_t)(p->n / 2 + 1);
    return p->q != 0 ? p->q : least;
}

/* Whose a node is: those that are alone come before all others. */
static inline uint32_t hf__operator(const struct hf_world *w, uint32_t node)
{
    return hf__node(w, node)->owned;
}

#endif
