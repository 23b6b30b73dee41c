/*
 * One node: what every chamber of core works on, and what node/ does with it. The chambers above
 * hang their own state here by pointers that only they can follow: trust/trust.h, owner/owner.h,
 * provider/provider.h say what it is. Private to core.
 */
#ifndef HF_CORE_NODE_H
#define HF_CORE_NODE_H

#include "attest/verdict.h"
#include "base/secret.h"
#include "core/engine.h"
#include "document/document.h"
#include "node/key_table.h"
#include "node/rows.h"
#include "node/shared.h"
#include "node/update.h"
#include "wire/messages.h"

/* The secrets of one version of the key. */
struct hf__version_secrets {
    uint8_t root[HF_SCALAR_LEN];   /* valid while has_root */
    uint8_t vault_key[HF_KEY_LEN]; /* while the vault is being opened, made or put under it */
    uint8_t wrap_key[HF_KEY_LEN];  /* of the vault: that of its first version for ever */
};

/* In memory for secrets, one allocation a node. */
struct hf__secrets {
    struct hf_rng rng;
    uint8_t nonce_key[HF_KEY_LEN]; /* of the nonces given out; dies with the process */
    struct hf__version_secrets active;
    uint8_t account[HF_SIGN_SECRET_LEN];
    uint8_t mesh[HF_KEY_LEN];         /* of the datagrams of this process */
    uint8_t response[HF_KEY_LEN];     /* of the round of recovery or drill under way */
    uint8_t app_key[HF_APP_KEY_LEN];  /* last released; wiped at the next step */
    uint8_t app_next[HF_APP_KEY_LEN]; /* likewise: of the version to which the name moves */
    uint8_t blackstart[HF_KEY_LEN];   /* response key of the request to share holders */
#ifndef HF_PRODUCTION
    struct hf_hash fixed; /* development: from what account and root are drawn; zeros: from rng */
#endif
};

/* Versions of the root secret that others gave back. In memory for secrets. */
struct hf__given_roots {
    uint8_t count;
    uint32_t version[HF_ROOTS_KEPT_MAX]; /* ascending */
    uint8_t root[HF_ROOTS_KEPT_MAX][HF_SCALAR_LEN];
};

/* A version of the key, as far as it is no secret. */
struct hf__version {
    uint32_t number; /* 0: not known yet */
    bool has_root;
};

/* How far the vault has come, as its row says. */
struct hf__sequence {
    struct hf_sequence_point at;
    struct hf_versions versions; /* of the newest documents that it has gone by */
    bool anew;                   /* it is in place of a lost one, and has not stood since */
    bool firm;                   /* enough holders keep what it was when this process opened it */
    uint64_t written;            /* transaction of the row, of this process; 0: none yet */
};

/* A call that has not been answered. */
struct hf__pending {
    uint32_t id;
    uint32_t arg; /* the asker's: round, generation, … ; what does not match is stale */
    uint8_t task; /* enum hf__task: who asked */
    uint8_t method;
    uint8_t slot;
    uint8_t audit, sealed; /* as in the ask */
    uint64_t claim;        /* of an owner's request: the ballot's number that it was signed under */
    uint8_t shown;         /* number of the own identity that the answering provider knows */
    bool bare;             /* an owner's request, sent without that identity */
    bool curious;          /* an owner's request that asks the provider to show its identity */
    struct hf_account account;
};

/* A quote that the shell makes. */
struct hf__quoting {
    struct hf__quoting *next;
    uint32_t work;
    uint8_t task; /* enum hf__task: who asked */
};

/* A request of a peer, or the answer of one. */
struct hf__message {
    bool is_request;
    uint8_t method;
    uint64_t request; /* of a request: the shell's id */
    bool has_account; /* of a request: the asker's certificate proved an account */
    struct hf_account account;
    bool counted;    /* it has waited, and was counted before that */
    bool expected;   /* of a request of no member: from a member's address */
    uint64_t source; /* of a request of no member: the shell's name for where it comes from */
    bool answered;   /* of an answer: just now, by the account that was called */
    struct hf__pending call; /* of an answer */
};

/* State machines are tables: moves[from] has the bit HF__TO(to) of each move that is permitted, and
 * one function makes the move and asserts what must hold then. */
#define HF__TO(state) (1u << (state))

/*
 * Deadlines: each is of one task, which sets it and is run when it comes. Those up to
 * HF__TIMER_DEAL are of tasks that fail and are tried again after pauses of their own; whatever
 * they may have waited for brings them forward (hf__kick).
 */
enum hf__timer {
    HF__TIMER_FRESH,     /* life: the vault is made again, or what placing waits for is looked at */
    HF__TIMER_RECOVER,   /* recovery: the next round, or the vault is opened again */
    HF__TIMER_CLAIM,     /* claim: holders that have not accepted are asked again */
    HF__TIMER_DEAL,      /* dealing: begins, or goes on */
    HF__TIMER_GRACE,     /* recovery: enough answers are in, the round goes on without the others */
    HF__TIMER_STANDING,  /* holders: all are asked whether they are placed and hold their share */
    HF__TIMER_DOCUMENTS, /* documents: pulled from a seed and a random member */
    HF__TIMER_IDENTITY,  /* identity: the own one is renewed, or its quote asked for again */
    HF__TIMER_RECORD,    /* record: sent again to holders that have not confirmed it */
    HF__TIMER_SEAL,      /* record: sent again to holders of older generations, to be sealed */
    HF__TIMER_LEAVE,     /* leaving: who has not moved is looked at */
    HF__TIMER_DRAIN,     /* drain: leave is given when the members were told; it ends */
    HF__TIMER_GOSSIP,    /* members: what is new is told to a few */
    HF__TIMER_RECONCILE, /* members: events are compared with a random one */
    HF__TIMER_PROBE,     /* members: the next are probed, and what came of it */
    HF__TIMER_RETIRE,    /* record: deletions are sent again to holders of older generations */
    HF__TIMER_QUORUM,    /* quorum: sealing is tried again */
    HF__TIMER_KEYS,      /* life: the next step of a sealing key is due */
    HF__TIMER_REPAIR,    /* repair: shares of owners that are down are looked at */
    HF__TIMER_HANDOVER,  /* handover: the new one asks; what was given up is forgotten */
    HF__TIMERS,
    HF__TIMERS_RETRIED = HF__TIMER_DEAL + 1
};

struct hf__trust;        /* trust/trust.h */
struct hf__members;      /* members/members.h */
struct hf__owner;        /* owner/owner.h */
struct hf__provider;     /* provider/provider.h */
struct hf__quorum_state; /* quorum/quorum.h */
struct hf__handover;     /* handover/handover.h */

/* What every step looks at stands first, close together: a simulator has many engines. */
struct hf_engine {
    const struct hf_suite *suite;
    struct hf_shared *shared;
    struct hf__secrets *secrets;
    struct hf__trust *trust;
    struct hf__members *members;
    struct hf__owner *owner;
    struct hf__provider *provider;
    struct hf__quorum_state *quorum;
    struct hf__handover *handover;
    uint64_t now_ms;
    uint64_t wall_ms;
    uint64_t late_ms; /* so long this node stood still before this step, or was busy */
    uint64_t floor_s; /* newest issue date of a verified document */
    /* What time servers agreed on: the time at time_ms of the monotonic clock. */
    struct hf_time_interval time;
    uint64_t time_ms;
    uint64_t timers[HF__TIMERS];
    bool started;
    bool has_account;
    bool told;      /* account is the configuration's word, until the folder has said more */
    bool finding;   /* the folder is empty, and the set is asked whose it was */
    bool lost;      /* the folder has no vault of this account: it is made anew after a recovery */
    bool open;      /* the vault's rows are in the mirror, the account's secrets in secrets */
    bool claimed;   /* this instance speaks for the account */
    bool inherited; /* the ballot is one that another process gave up, until a new one stands */
    bool handed;    /* this process has given its ballot up: it speaks for no account any more */
    bool fenced;
    bool unsealed;      /* the policy asks for it, and the root secret is not sealed */
    bool vault_work;    /* making or opening the vault is under way */
    bool key_out;       /* the last step put an application key into secrets */
    bool rekeyed;       /* the last step put the vault's next key there */
    bool new_identity;  /* this step changed who the node is to its peers */
    bool state_changed; /* this step changed the state, or its reason */
    uint8_t state;      /* enum hf_state */
    uint16_t calls_count, calls_cap;
    struct hf__pending *calls; /* none allocated while none is out */
    struct hf__quoting *quoting;
    struct hf_account account;
    struct hf_network_id network;
    struct hf_hash tls_key; /* of the key under which the shell answers peers */
    struct hf__rows rows;
    uint32_t next_id;   /* of calls and work */
    uint64_t write_seq; /* of the last transaction */
    struct hf__version active;
    uint8_t instance[16];
    uint64_t claim;       /* number of the own ballot; 0 none yet */
    uint64_t claim_asked; /* highest number asked for, durable before it is asked */
    int reason;
    int store_error;
    bool timed;   /* time is known, unless it is too old */
    bool crowded; /* as the event of this step says */
    bool gcm;     /* this machine has AES-256-GCM */
    struct hf_timing timing;

    struct hf__sequence sequence;
    uint32_t generation_next;
    uint32_t settled;                       /* documents adopted when hf__life_settle looked last */
    uint32_t settled_members;               /* changes of the view, likewise */
    uint32_t pauses_ms[HF__TIMERS_RETRIED]; /* the last pause of each; 0: it has not failed */
    uint64_t state_since_ms;
    uint64_t store_since_ms;
    uint8_t vault_name[HF_KEY_LEN];  /* the first sealing key that the vault drew */
    uint8_t sealing_key[HF_KEY_LEN]; /* the active one of suite 1 */
    uint8_t sealing_gcm[HF_KEY_LEN]; /* that of suite 2; zeros: there is none */
    void *(*secret_alloc)(size_t len);
    void (*secret_free)(void *p);
};

/* A handler's way to say: park this message until wait_hash is judged, then call me again. */
enum { HF__PARK = 1 };

enum { HF__ACCOUNT_WRAPPED_LEN = HF_SIGN_SECRET_LEN + HF_WRAP_OVERHEAD };

static const uint64_t HF__NEVER = UINT64_MAX;

/* An account as the key of a row, borrowed. */
static inline struct hf_bytes hf__key_account(const struct hf_account *account)
{
    return hf_account_bytes(account);
}

/* Whether the disk takes nothing, or so much waits for it that nothing more is to. */
static inline bool hf__disk_waits(const struct hf_engine *e)
{
    return e->store_error != 0 || e->crowded;
}

/* The account that the certificate of a request proved; NULL: none. */
static inline const struct hf_account *hf__asker(const struct hf__message *m)
{
    return m->has_account ? &m->account : NULL;
}

/* Bytes of a blob in memory; NULL is legal. */
static inline size_t hf__blob_memory(const struct hf_blob *b)
{
    return b == NULL ? 0 : sizeof *b + b->len;
}

/* ---- timer.c: time, timers, chance */

/* What time servers agreed on, as of now. false: it is not known, or too old. */
bool hf__time_now(const struct hf_engine *e, struct hf_time_interval *ret);
/* The time in seconds since 1970 by which things are judged: within what time servers agreed on,
 * but never before floor_s, never 0. */
uint64_t hf__now_s(const struct hf_engine *e);
/* Sets a deadline to so long after this step's time, in place of the one before. */
void hf__timer_set(struct hf_engine *e, enum hf__timer timer, uint64_t after_ms);
/* Takes a deadline away. */
void hf__timer_clear(struct hf_engine *e, enum hf__timer timer);
/* Uniform below bound, which is above 0 and small beside 2^32. */
uint32_t hf__random_below(struct hf_engine *e, uint32_t bound);

/* ---- retry.c: what failed is tried again, after pauses (backoff) */

/* Something that tasks wait for has changed: tries again now what waits. */
void hf__kick(struct hf_engine *e);
/* Sets the deadline of a task that failed: each pause is twice the last one, with jitter, and a
 * long one when time does not mend the failure. */
void hf__retry(struct hf_engine *e, enum hf__timer timer, bool permanent);
/* The next pause is the first one again. */
void hf__retry_reset(struct hf_engine *e, enum hf__timer timer);
/* When the first of the tasks that failed is tried again; HF__NEVER: none is. */
uint64_t hf__retry_at(const struct hf_engine *e);
/* Brings what is to be tried again to the first pause from now. */
void hf__retry_soon(struct hf_engine *e);

/* ---- state.c */

/* Moves to a state that the table permits; checks its invariant. The same state again changes the
 * reason. */
void hf__state_set(struct hf_engine *e, enum hf_state state, int reason);
/* Whether this node's own shares are with all their holders. */
bool hf__is_placed(const struct hf_engine *e);

/* ---- keys.c: what the root secret gives, and what lies in the vault under it */

/* The key of a purpose and a name under the active version of the root secret, which is there.
 * name: may be empty. */
void hf__derive(const struct hf_engine *e, const char *purpose, struct hf_bytes name,
                uint8_t ret[static HF_KEY_LEN]);
/* The same under any secret of a version: a root secret, or what a dealing shares. */
void hf__derive_from(const struct hf_engine *e, const uint8_t root[static HF_SCALAR_LEN],
                     uint32_t version, const char *purpose, struct hf_bytes name,
                     uint8_t ret[static HF_KEY_LEN]);
/* Asks the shell to make or open the vault, under the key derived from the root secret. */
void hf__vault_ask(struct hf_engine *e, enum hf_work_type type);
/* Writes the account's row: its secrets, wrapped, and the numbers that must never come back. */
void hf__account_save(struct hf_engine *e);
/* Reads it back. HF_EMISSING; HF_EACCOUNT: it is another's, or its secrets are; HF_ECRYPTO. */
HF_MUST_USE int hf__account_load(struct hf_engine *e);
/* The account's secret under a key that a version of the root secret gives, for the placement
 * record. False: that version is not kept, and ret is as it was. */
HF_MUST_USE bool hf__account_wrap(struct hf_engine *e, uint32_t version,
                                  uint8_t ret[static HF__ACCOUNT_WRAPPED_LEN]);
/* Takes the account's secret out of a placement record; root: of its generation's version.
 * HF_EACCOUNT: it is another's. HF_ECRYPTO. */
HF_MUST_USE int hf__account_restore(struct hf_engine *e, const uint8_t root[static HF_SCALAR_LEN],
                                    uint32_t version,
                                    const uint8_t wrapped[static HF__ACCOUNT_WRAPPED_LEN]);

/* ---- roots.c: the versions of the root secret (proto/ROTATION.md, 5) */

/* Of a vault that has no row of them: the active version is the only one. */
void hf__roots_begin(struct hf_engine *e);
/* Of a vault that is being opened under the active version: finds the wrapping key, before anything
 * that is wrapped is read. HF_EMALFORMED: the row is none. HF_ECRYPTO. */
HF_MUST_USE int hf__roots_load(struct hf_engine *e);
/* Adds versions that others gave back and the vault does not know: the vault is older than they
 * are, or new in place of one that was `lost`. Of two secrets of one number theirs stays: the own
 * was never used, or they would know it. */
void hf__roots_merge(struct hf_engine *e, const struct hf__given_roots *given, bool lost);
/* The version to which a name is bound that was not bound: the active one, or while it is not known
 * which names were, the oldest that is kept. */
uint32_t hf__roots_first(struct hf_engine *e);
/* The row, which is there once the vault is open, and what is no secret in it as a table: whether a
 * version is ready or needed is not in it. */
void hf__roots_table(struct hf_engine *e, struct hf_roots_row *ret_row, struct hf__keys *ret);
/*
 * Writes the row of a table that moves have been made in; each new version is drawn. row: the one
 * that the table was read of. Where another version is active from now on, the vault goes under it
 * in this step's transaction; the caller writes what else names the version. Whether it is so.
 */
HF_MUST_USE bool hf__roots_save(struct hf_engine *e, const struct hf_roots_row *row,
                                const struct hf__keys *keys);
/* Writes a row in which nothing but dates, taint and what was dealt has changed. */
void hf__roots_put(struct hf_engine *e, const struct hf_roots_row *row);
/* A version that is kept; false: it is not. ret: secret. */
HF_MUST_USE bool hf__root_copy(struct hf_engine *e, uint32_t version,
                               uint8_t ret[static HF_SCALAR_LEN]);

/* ---- sealing.c: the keys to which shares are sealed (proto/ROTATION.md, 4) */

/* Of a vault that was made just now: draws the first one, which names the vault. */
void hf__sealing_begin(struct hf_engine *e);
/* Of a vault that is being opened. first: of an account_row, for a vault from before there was a
 * row of keys; secret. HF_EMALFORMED: the row is none. */
HF_MUST_USE int hf__sealing_load(struct hf_engine *e, const uint8_t first[static HF_KEY_LEN]);
/* The row, which is there once the vault is open, and what is no secret in it as a table. */
void hf__sealing_table(struct hf_engine *e, struct hf_keys_row *ret_row, struct hf__keys *ret);
/* Writes the row of a table that moves have been made in; each new key is drawn. row: the one that
 * the table was read of. The active key is the one from now on. */
void hf__sealing_save(struct hf_engine *e, const struct hf_keys_row *row,
                      const struct hf__keys *keys);
/* Seals to a key of this suite (enum hf_sealing_suite), which this machine has. ret: plain.len +
 * HF_SEAL_OVERHEAD bytes. HF_EPOINT: the key is of small order. */
HF_MUST_USE int hf__sealing_seal(struct hf_engine *e, uint8_t suite,
                                 const uint8_t key[static HF_KEY_LEN], struct hf_bytes info,
                                 struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret);
/* Whether one of them is this one. */
bool hf__sealing_has(struct hf_engine *e, const uint8_t public_key[static HF_KEY_LEN]);
/* Opens what was sealed to one of them: to this one, or where NULL to any. ret: sealed.len -
 * HF_SEAL_OVERHEAD bytes, secret. HF_ECRYPTO: it is none of them, or does not open. HF_EPOINT,
 * HF_ENOMEM. */
HF_MUST_USE int hf__sealing_open(struct hf_engine *e, const uint8_t *public_key,
                                 struct hf_bytes info, struct hf_bytes aad, struct hf_bytes sealed,
                                 uint8_t *ret);

/* ---- sequence.c: how far the vault has come (proto/CLAIMS.md, 4.9) */

/* This step changes what must not be forgotten: once in a transaction. The vault is open. */
void hf__sequence_advance(struct hf_engine *e);
/* The claim stands: the vault goes on under it. */
void hf__sequence_stands(struct hf_engine *e);
/* Goes on from where holders say that a vault of this account has been. anew: it lacks all of that,
 * and holders name nothing else that counts until it stands. */
void hf__sequence_raise(struct hf_engine *e, const struct hf_sequence_point *to, bool anew);
/* These documents are in force: older ones never are again. */
void hf__sequence_documents(struct hf_engine *e, const struct hf_versions *now);
/* Whether the vault has gone by newer documents than these. */
bool hf__sequence_lacks(const struct hf_engine *e, const struct hf_versions *now);
/* Of a vault that is being opened. HF_EMALFORMED: the row is none. */
HF_MUST_USE int hf__sequence_load(struct hf_engine *e);
/* Whether this node's word for a ballot is firm (R10): its claim stands, and what its vault was
 * when it was opened is what enough holders keep, so that it is no older one. Who has left tells
 * its holders no more. */
static inline bool hf__is_firm(const struct hf_engine *e)
{
    hf_assert(e->open || !e->claimed);
    return e->claimed && (e->sequence.firm || e->state == HF_STATE_LEFT);
}

/* ---- message.c: what the messages of both sides have in common */

/* What a signature under a request of this method is over: "holdfast/v1/" and its name. */
const char *hf__label(uint8_t method);
/* Whether a message is of this network, and names the account that it should. HF_EDOCUMENT_NETWORK,
 * HF_EPEER_ACCOUNT. */
HF_MUST_USE int hf__names_check(const struct hf_engine *e, const struct hf_network_id *network,
                                const struct hf_account *named, const struct hf_account *wanted);
/* Fills in network, this node as the owner, the provider, and the claim under which it works. */
void hf__fill_header(const struct hf_engine *e, const struct hf_account *provider,
                     struct hf_owner_header *ret);

#endif
