/*
 * The protocol engine of one node, without any I/O: the shell (the daemon, or the simulator) hands
 * it the time and one event, and gets back an update that says what to write, send, start and tell.
 * The engine reads no clock, draws no randomness but from its seed, opens nothing, starts no thread
 * and calls nothing back. The same events at the same times from the same seed give the same
 * updates.
 *
 * Durability. The writes of one update are one transaction; transactions become durable in the
 * order of their write_seq. A call, reply or local reply carries `after`: it may leave when every
 * write up to that sequence is durable, and at once when it is 0. A shell that keeps this rule may
 * group writes, and may keep stepping the engine while they are under way. A write that fails is
 * tried again by the shell until it succeeds (HF_EVENT_STORE tells the engine, which then refuses
 * what would need more writes).
 *
 * Order. A shell carries out the parts of an update in this order, by hf_shell_carry_out
 * (core/shell.h):
 *   1. traces. They are for logs, counters and checkers; a shell decides nothing by them. What it
 *      has to know of the node's state stands in fields of the update.
 *   2. the transaction is handed to the store: before vault work, because its rows belong to the
 *      vault as it was, and before all that leaves, because a process that dies here has told
 *      its peers nothing.
 *   3. the new identity, before the calls that must show it.
 *   4. calls and datagrams, 5. replies, each in the order given and each when `after` is durable.
 *   6. work: after the transaction, and after what leaves, because that is what others wait for.
 *   7. local replies, when `after` is durable.
 *   8. the deadline, which replaces the one before.
 * A shell that puts a part off (a gate, or an identity where claim_follows permits it) keeps the
 * order among the parts of its kind.
 *
 * Ownership. What an event points to is borrowed for the step. What an update points to belongs to
 * the engine and is valid until the next step; blobs (document/blob.h) may be kept by taking a
 * reference.
 */
#ifndef HF_CORE_ENGINE_H
#define HF_CORE_ENGINE_H

#include "attest/marks.h"
#include "attest/verdict.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/vault.h"
#include "document/blob.h"
#include "document/document.h"
#include "core/limits.h"
#include "core/status.h"
#include "core/time.h"
#include "core/trace.h"
#include "crypto/suite.h"
#include "wire/wire.h"

struct hf_engine;

/* Rows of the vault, by collection; keys are at most HF_ROW_KEY_MAX bytes. */
enum hf_collection {
    HF_ROW_ACCOUNT = 1,   /* key empty: account_row */
    HF_ROW_RECORD = 2,    /* key empty: record_row */
    HF_ROW_OLDER = 3,     /* key generation id (16): older_row */
    HF_ROW_BINDING = 4,   /* key name: binding_row */
    HF_ROW_HELD = 5,      /* key owner (32), generation id (16): held_row */
    HF_ROW_OWNER = 6,     /* key owner (32): owner_row */
    HF_ROW_EVENT = 7,     /* key subject (32), kind (1): signed_event */
    HF_ROW_MEMBER = 8,    /* key empty: member_row */
    HF_ROW_MARKS = 9,     /* key empty: marks_row */
    HF_ROW_SEALED = 10,   /* key empty: sealed_row */
    HF_ROW_PROMISES = 11, /* key empty: promises_row */
    HF_ROW_BROKEN = 12,   /* key provider (32), generation id (16), order (8): broken_* */
    HF_ROW_MOVES = 13,    /* key empty: moves_row */
    HF_ROW_KEYS = 14,     /* key empty: keys_row */
    HF_ROW_ROOTS = 15,    /* key empty: roots_row */
    HF_ROW_PUBLIC = 16,   /* not in the vault: public state, key is text ("hint", "policy", …) */
    HF_ROW_SEQUENCE = 17, /* key empty: sequence_row */
    HF_ROW_GIVEN = 20,    /* key empty: given_row */
    HF_ROW_COLLECTIONS = 32, /* above all of them */
};

struct hf_row_in {
    uint8_t collection;
    struct hf_bytes key;
    struct hf_blob *value; /* borrowed; the engine takes a reference of its own */
};

/*
 * What the engines of a process hold once: verdicts on the quotes of peers, and the memory of the
 * step under way. Engines that share it are stepped one at a time, on one thread.
 */
struct hf_shared;

/* documents: holds the documents of these engines; outlives the result. HF_ENOMEM. */
HF_MUST_USE int hf_shared_new(struct hf_pool *documents, struct hf_shared **ret);
/* Engines read and write messages by this codec from now on; hf_wire_tables at first. */
void hf_shared_codec(struct hf_shared *shared, const struct hf_wire_codec *codec);
/* What of a quote is seen before it is judged, as of hf_quote_outline. */
typedef int hf_outline_fn(struct hf_bytes bytes, struct hf_bytes *ret_quote,
                          const uint8_t **ret_report_data);
/*
 * Engines look at quotes by this from now on; hf_quote_outline at first. NULL: nothing is seen of a
 * quote, all of its bytes count, and its report data is compared when it has been judged.
 */
void hf_shared_outline(struct hf_shared *shared, hf_outline_fn *outline);
/* Bytes that it holds, but for its documents. */
size_t hf_shared_memory(const struct hf_shared *shared);
/* Every engine must have been freed. Freeing NULL is legal. */
void hf_shared_free(struct hf_shared *shared);

/* What a node is told once, when its engine is made. Everything is copied. */
struct hf_engine_config {
    const struct hf_suite *suite;
    struct hf_shared *shared;      /* one for all engines of a process; outlives them */
    struct hf_network_id network;  /* network id */
    uint8_t seed[HF_RNG_SEED_LEN]; /* fresh randomness, from the shell; secret */
    const char *const *seeds;      /* addresses to pull the first documents from */
    size_t seeds_count;            /* <= HF_SEEDS_MAX */
    const char *address;           /* at which peers reach this node; NULL: where the set says */
    /* 32 bytes: who this node is, for a folder that is lost; NULL: the folder says, and an empty
     * one is of a new node. It decides nothing but whose shares are asked for. */
    const struct hf_account *account;
    /* An empty folder is of whom the newest set has at `address`, which must be given then; of a
     * new node where the set has none there. */
    bool find_account;
    /* host:port of an old release on this machine: an empty folder takes over from it
     * (proto/HANDOVER.md); NULL: from none. It decides nothing but who is asked. */
    const char *handover_from;
    /* Label "holdfast/v1/tls-key": SubjectPublicKeyInfo of the key under which the shell answers
     * peers; the process has one. */
    struct hf_hash tls_key;
    struct hf_timing timing; /* hf_timing_default, or changed above its floors */
    bool accept_dev;         /* false: a policy that trusts a development root is refused */
    bool gcm;                /* this machine has AES-256-GCM: suite->seal_gcm and its other half */
#ifndef HF_PRODUCTION
    /* Development: from what the account and the root secret of a new node are drawn, so that they
     * are the same in every empty folder; NULL: from seed. Only with accept_dev. */
    const struct hf_hash *fixed;
#endif
    /* Memory for secrets: zeroed on alloc, wiped on free. The daemon passes
     * hf_secret_alloc, hf_secret_free. */
    void *(*secret_alloc)(size_t len);
    void (*secret_free)(void *p);
};

/* The version of the peer protocol, PROTOCOL 2, as its paths begin with it. */
#define HF_PROTOCOL_VERSION          1
#define HF__PREFIX_OF(version)       "/v" #version "/"
#define HF__PREFIX_OF_VALUE(version) HF__PREFIX_OF(version)
#define HF_PROTOCOL_PREFIX           HF__PREFIX_OF_VALUE(HF_PROTOCOL_VERSION)

/* The paths of the peer protocol: HF_PROTOCOL_PREFIX and the name. */
#define HF_METHOD_MAP(X)                                                                           \
    X(HF_METHOD_DOCUMENTS, 1, "documents")                                                         \
    X(HF_METHOD_OFFER, 2, "offer")                                                                 \
    X(HF_METHOD_DEPOSIT, 3, "deposit")                                                             \
    X(HF_METHOD_RECORD, 4, "record")                                                               \
    X(HF_METHOD_DELETE, 5, "delete")                                                               \
    X(HF_METHOD_STANDING, 6, "standing")                                                           \
    X(HF_METHOD_NONCE, 7, "nonce")                                                                 \
    X(HF_METHOD_RECOVER, 8, "recover")                                                             \
    X(HF_METHOD_CLAIM, 9, "claim")                                                                 \
    X(HF_METHOD_DRILL, 10, "drill")                                                                \
    X(HF_METHOD_GOSSIP, 11, "gossip")                                                              \
    X(HF_METHOD_REMAINS, 12, "remains")                                                            \
    X(HF_METHOD_PROBE, 13, "probe")                                                                \
    X(HF_METHOD_ATTEST, 14, "attest")                                                              \
    X(HF_METHOD_TAKE, 15, "take")                                                                  \
    X(HF_METHOD_TRANSFER, 16, "transfer")                                                          \
    X(HF_METHOD_HANDOVER, 17, "handover")                                                          \
    X(HF_METHOD_HELP, 18, "help")                                                                  \
    X(HF_METHOD_SPLIT, 19, "split")                                                                \
    X(HF_METHOD_SUM, 20, "sum")                                                                    \
    X(HF_METHOD_RESTORE, 21, "restore")                                                            \
    X(HF_METHOD_CHALLENGE, 22, "challenge")                                                        \
    X(HF_METHOD_PRESENT, 23, "present")                                                            \
    X(HF_METHOD_INHERIT, 24, "inherit")

enum hf_method {
#define X(constant, number, name) constant = number,
    HF_METHOD_MAP(X)
#undef X
};
/* They are numbered from 1 to this. */
enum {
#define X(constant, number, name) +1
    HF_METHODS = 0 HF_METHOD_MAP(X)
#undef X
};
/* "offer", …; NULL for a number that is none. */
const char *hf_method_name(int method);
/* The method of a name, or 0. */
int hf_method_from_name(const char *name);

enum hf_event_type {
    HF_EVENT_START = 1,    /* once, first */
    HF_EVENT_REQUEST,      /* a peer asks */
    HF_EVENT_RESPONSE,     /* a call was answered, or failed */
    HF_EVENT_VAULT,        /* HF_WORK_VAULT_CREATE or _OPEN is done */
    HF_EVENT_QUOTE_MADE,   /* HF_WORK_QUOTE is done */
    HF_EVENT_QUOTE_JUDGED, /* HF_WORK_JUDGE is done */
    HF_EVENT_STORE,        /* writing began to fail, or works again */
    HF_EVENT_LOCAL,        /* the application or the operator asks */
    HF_EVENT_DOCUMENTS,    /* envelopes from the operator's folder */
    HF_EVENT_TICK,         /* the deadline of the last update has come */
    HF_EVENT_COLLATERAL,   /* quotes are verified by newer collateral from now on */
    HF_EVENT_DATAGRAM,     /* a datagram came */
    HF_EVENT_CLOSED,       /* a connection that a member's account was proved on has ended */
    HF_EVENT_MARKS,        /* what collateral has been verified: it is never to go back */
    HF_EVENT_TIME,         /* the time helper answered, or did not */
    HF_EVENT_EXCESS,       /* the transport refused what an account asked too much of it */
};

/* What the application and the operator may ask of an engine; what only reads
 * is in core/status.h. */
enum hf_local_type {
    HF_LOCAL_KEY = 1,    /* release the application key `name` */
    HF_LOCAL_DRILL,      /* prove that k shares can be had and fit */
    HF_LOCAL_DRAIN,      /* may this node stop for a while? take no new shares */
    HF_LOCAL_UNDRAIN,    /* take shares again */
    HF_LOCAL_STOP,       /* the process ends in a moment, whatever others can do without: says so */
    HF_LOCAL_LEAVE,      /* leave for good: serve on until the owners have moved */
    HF_LOCAL_STAY,       /* take the leave back */
    HF_LOCAL_ABANDON,    /* after its deadline: forget what is kept for the owner `name` */
    HF_LOCAL_BLACKSTART, /* make a request to the share holders */
    HF_LOCAL_ANSWER,     /* `name` is an answer of one of them */
    HF_LOCAL_KEYS,       /* the key `name`, and that of a newer version to which it moves */
    HF_LOCAL_CONFIRM,    /* the application needs no key of `name` but that of `version` */
    HF_LOCAL_TAINT,      /* others may know the root secret: it gives way at once */
    HF_LOCAL_QUOTE,      /* a quote over bytes and a nonce of the application's */
};

struct hf_event {
    enum hf_event_type type;
    uint64_t now_ms;  /* monotonic, for intervals */
    uint64_t wall_ms; /* Unix time as the host tells it, for dates; never trusted below what
                         documents prove */
    bool crowded;     /* so much waits for the disk that nothing is taken that can be told again */
    union {
        struct {
            enum hf_vault_state vault;
            const struct hf_row_in *rows; /* public state */
            size_t rows_count;
        } start;
        struct {
            uint64_t id; /* the shell's; answered by exactly one hf_reply, unless the asker goes */
            uint8_t method; /* enum hf_method */
            /* 32 bytes that the asker's certificate proved, or NULL: a locked node */
            const struct hf_account *account;
            /* Of an asker that is no member: it asks from a member's address; and the shell's name
             * for where it asks from, whose requests share a part. */
            bool expected;
            uint64_t source;
            struct hf_bytes body;
        } request;
        struct {
            uint32_t call; /* hf_call.id */
            int error;     /* 0, or an error of the peer (its refusal's code) or of the way there */
            const struct hf_account *account; /* that the answerer's certificate proved, or NULL */
            struct hf_bytes body;
        } response;
        struct {
            int error;
            const struct hf_row_in *rows; /* of the vault, all; empty for one just made */
            size_t rows_count;
        } vault;
        struct {
            uint32_t work; /* hf_work.id */
            int error;
            struct hf_bytes quote;
        } quote_made;
        struct {
            uint32_t work;
            struct hf_verdict verdict; /* its error says whether the quote is genuine at all */
        } quote_judged;
        struct {
            int error; /* 0: writing works again */
        } store;
        struct {
            uint64_t id;
            enum hf_local_type type;
            union {
                struct hf_bytes text;    /* as it was given: one of these by the type, or empty */
                struct hf_bytes key;     /* 1 to HF_KEY_NAME_MAX characters of a-z 0-9 - _ . */
                struct hf_bytes reason;  /* HF_LOCAL_LEAVE: at most HF_KEY_NAME_MAX bytes */
                struct hf_bytes account; /* HF_LOCAL_ABANDON: an owner's, 64 hexadecimal digits */
                struct hf_bytes answer;  /* HF_LOCAL_ANSWER: an encoded blackstart_answer */
                struct hf_bytes bytes;   /* HF_LOCAL_QUOTE: HF_APPLICATION_LEN, the nonce last */
            };
            uint64_t seconds; /* HF_LOCAL_LEAVE: until its deadline, <= HF_LEAVE_S_MAX */
            uint64_t version; /* HF_LOCAL_CONFIRM */
        } local;
        struct {
            const struct hf_bytes *envelopes;
            size_t count;
        } documents;
        struct {
            struct hf_bytes body; /* where it came from says nothing */
        } datagram;
        struct {
            const struct hf_account *account; /* whose connection ended, or who asks too much */
        } closed, excess;
        struct {
            const struct hf_marks *marks;
        } marks;
        struct {
            int error;              /* why there is no report, or 0 */
            uint64_t asked_ms;      /* monotonic: when the helper was asked */
            struct hf_bytes report; /* an encoded time_report */
            bool bent;              /* the monotonic clock stood still, or was slewed too fast */
        } time;
    } u;
};

/* One row to put, or to delete when value is NULL. */
struct hf_write {
    uint8_t collection;
    uint8_t key_len;
    uint8_t key[HF_ROW_KEY_MAX];
    struct hf_blob *value;
};

/* A request to a peer: exactly one HF_EVENT_RESPONSE comes, with HF_ETIMEOUT after timeout_ms. */
struct hf_call {
    uint32_t id;
    uint8_t method;
    bool has_account; /* the answerer must prove `account`, or be refused with HF_EPEER_ACCOUNT */
    struct hf_account account;
    const char *address; /* host:port, terminated */
    uint32_t timeout_ms;
    struct hf_bytes body;
    uint64_t after;
};

/* A datagram to a peer, by UDP to the number of its TCP port. It may be lost, and is answered by
 * nothing. */
struct hf_datagram_out {
    const char *address;  /* host:port, terminated */
    struct hf_bytes body; /* at most HF_DATAGRAM_MAX bytes */
    uint64_t after;
};

struct hf_reply {
    uint64_t id;
    int error; /* 0: body is the answer; else a refusal with this code */
    struct hf_bytes body;
    uint64_t after;
};

enum hf_work_type {
    HF_WORK_VAULT_CREATE = 1, /* set an older placing vault aside, make a new one under key */
    HF_WORK_VAULT_OPEN,       /* open under key, check the head, give all rows */
    HF_WORK_QUOTE,            /* make a quote over report_data */
    HF_WORK_JUDGE,            /* verify quote under trust and dev_root, at the time wall_s */
};

/* Something slow to start. Answered by one event that carries its id (vault
 * work needs none: one at a time). */
struct hf_work {
    enum hf_work_type type;
    uint32_t id;
    const uint8_t *key;        /* vault: 32 bytes, secret, valid until the next step */
    struct hf_account account; /* vault: for its plain header */
    uint32_t version;          /* vault: likewise */
    const char *label;         /* quote: says what for; terminated, of static duration */
    struct hf_hash hash;       /* quote: of what it is about, under the label */
    uint8_t report_data[64];   /* quote: made of these two (CRYPTO.md, 3) */
    struct hf_bytes quote;     /* judge */
    uint8_t trust;             /* judge: enum hf_trust of the policy */
    struct hf_bytes dev_root;
    uint64_t wall_s;  /* judge */
    uint64_t stale_s; /* judge: how long expired collateral may serve, at most */
};

struct hf_local_reply {
    uint64_t id;
    int error;
    const uint8_t *key; /* HF_LOCAL_KEY: HF_APP_KEY_LEN bytes, secret, valid until the next step */
    uint32_t key_version; /* HF_LOCAL_KEY, HF_LOCAL_KEYS, HF_LOCAL_CONFIRM */
    const uint8_t *next;  /* HF_LOCAL_KEYS: likewise, of next_version */
    uint32_t next_version;
    uint64_t claim;               /* HF_LOCAL_KEY: number of the ballot, as fencing token */
    bool first;                   /* HF_LOCAL_KEY: the name was bound by this very release */
    struct hf_drill_report drill; /* HF_LOCAL_DRILL */
    struct hf_drain_report drain; /* HF_LOCAL_DRAIN, refused with HF_EDRAIN */
    struct hf_bytes quote; /* HF_LOCAL_QUOTE: an encoded application_quote, until the next step */
    struct hf_blackstart_report blackstart; /* HF_LOCAL_BLACKSTART, HF_LOCAL_ANSWER */
    uint64_t after;
};

struct hf_update {
    const struct hf_write *writes; /* one transaction, in order */
    size_t writes_count;
    /* HF_VAULT_NONE: unchanged; else set in the same transaction */
    enum hf_vault_state vault_state;
    /* NULL: unchanged; else the vault is put under this key, and its plain header says key_version,
     * in the same transaction. 32 bytes, secret, valid until the next step. */
    const uint8_t *rekey;
    uint32_t key_version;
    uint64_t write_seq; /* of this transaction; 0 when there are no writes */
    const struct hf_call *calls;
    size_t calls_count;
    const struct hf_datagram_out *datagrams;
    size_t datagrams_count;
    const struct hf_reply *replies;
    size_t replies_count;
    const struct hf_work *work; /* may start at once: none depends on a write */
    size_t work_count;
    const struct hf_local_reply *locals;
    size_t locals_count;
    const struct hf_trace *traces; /* in the order in which things happened */
    size_t traces_count;
    uint64_t deadline_ms; /* on event.now_ms's clock: send HF_EVENT_TICK then; UINT64_MAX: none */
    /* Make a new certificate (hf_engine_certify) and close connections made under the old one. */
    bool identity_changed;
    /* With identity_changed: the node claims next. A shell may keep the old connections, on which a
     * locked node claims as well, until the claim's calls have left. */
    bool claim_follows;
    /* With a vault that has opened: collateral older than this is not to be used. NULL: none known,
     * or not now. */
    const struct hf_marks *marks;
    enum hf_state state; /* after the step */
    /* The state, or the reason for it, is another than before the step: a local request that was
     * refused for now may be answered otherwise, and may be put again. */
    bool state_changed;
};

/*
 * Makes an engine. It does nothing before HF_EVENT_START.
 * HF_ENOMEM. HF_EINVAL: a bound of the configuration, or a timing below its floor.
 */
HF_MUST_USE int hf_engine_new(const struct hf_engine_config *config, struct hf_engine **ret);
/* Wipes its secrets. Freeing NULL is legal. */
void hf_engine_free(struct hf_engine *e);

/* One event in, one update out. Never fails: what goes wrong is in the
 * update. Time may not run backwards. */
void hf_engine_step(struct hf_engine *e, const struct hf_event *event, struct hf_update *ret);

/*
 * Brings what a step will read near the processor, and changes nothing: for a shell of very many
 * engines, which knows what comes next. depth 0 fetches the engine itself; 1, some time later, what
 * it points to; 2, what that points to.
 */
void hf_engine_prefetch(const struct hf_engine *e, unsigned depth);

/*
 * Signs a peer certificate: the node's account and its signature under label "holdfast/v1/tls" over
 * spki, the certificate's SubjectPublicKeyInfo (DER). HF_ELOCKED: the vault is not open.
 */
HF_MUST_USE int hf_engine_certify(struct hf_engine *e, struct hf_bytes spki,
                                  struct hf_account *ret_account, uint8_t ret_signature[static 64]);

/*
 * Whether the newest policy would accept a quote of this verdict, its age aside: 0, or why not.
 * HF_ENODOCUMENTS: there is no policy.
 */
HF_MUST_USE int hf_engine_judge(struct hf_engine *e, const struct hf_verdict *v);

/*
 * The node's own identity quote, encoded (wire: identity), for the authority that adds its account
 * to a set. ret: borrowed until the next step. HF_ELOCKED: the vault is not open. HF_EIDENTITY: not
 * made yet.
 */
HF_MUST_USE int hf_engine_identity(const struct hf_engine *e, struct hf_bytes *ret);

/* The newest set, for what a shell wants to know of peers; NULL: there is none yet. Borrowed until
 * the next step. */
const struct hf_document *hf_engine_set(const struct hf_engine *e);

/* The time by which it judges dates, in seconds since 1970, when the clocks show this: as in an
 * event, and not before the last. */
uint64_t hf_engine_now_s(const struct hf_engine *e, uint64_t now_ms, uint64_t wall_ms);
/*
 * What the time helper is to be asked, encoded (wire: time_ask). ret: appended to. HF_ENOTFOUND:
 * the policy lists no time servers, or there is none. HF_ENOMEM.
 */
HF_MUST_USE int hf_engine_time_ask(const struct hf_engine *e, struct hf_buf *ret);
/* What is known of the time, as of the last step. What ret points to is valid until the next. */
void hf_engine_time(const struct hf_engine *e, struct hf_time_status *ret);

/* Looks at the node; see core/status.h. durable_seq: the newest write that is durable; what people
 * rely on is said from then on. What ret points to is valid until the next step. */
void hf_engine_status(struct hf_engine *e, uint64_t durable_seq, struct hf_status *ret);
/* How it reaches the other members. */
void hf_engine_mesh(const struct hf_engine *e, struct hf_mesh_status *ret);
/* The member at a place of the newest set; false: there is none at that place. The same. */
bool hf_engine_peer(struct hf_engine *e, size_t at, struct hf_peer_status *ret);
/* The event at a place among those that are kept; false: there is none at that place. */
bool hf_engine_told(const struct hf_engine *e, size_t at, struct hf_told_status *ret);
/* The share at a place among those of a member's that are known to have moved while it was down: of
 * the node itself what it has learnt since it started, or waits for; of others what it keeps word
 * of. false: there is none at that place, or the vault is locked. */
bool hf_engine_moved(struct hf_engine *e, const struct hf_account *owner, size_t at,
                     struct hf_moved_status *ret);
/* A broken promise at a place among those that are kept; false: there is none at that place. */
bool hf_engine_broken(const struct hf_engine *e, size_t at, struct hf_broken_status *ret);

/* Of the status alone whether the vault is open, and whether the own claim stands. */
bool hf_engine_open(const struct hf_engine *e);
bool hf_engine_claimed(const struct hf_engine *e);
/* Bytes that the engine holds in memory: blobs counted in full, of what several engines
 * hold once (identities of peers) its part, and of documents nothing. */
size_t hf_engine_memory(const struct hf_engine *e);

#endif
