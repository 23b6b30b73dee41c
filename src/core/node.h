/* One node: everything the engine knows, and the functions by which its parts
 * call each other. Private to core. */
#ifndef HF_CORE_NODE_H
#define HF_CORE_NODE_H

#include "attest/judge.h"
#include "base/secret.h"
#include "core/engine.h"
#include "document/limits.h"
#include "document/selection.h"
#include "peer.h"
#include "rows.h"
#include "shared.h"
#include "update.h"
#include "wire/messages.h"

/* In memory for secrets, one allocation a node. */
struct hf__secrets {
    struct hf_rng rng;
    uint8_t nonce_key[HF_KEY_LEN]; /* of the nonces given out; dies with the process */
    uint8_t root[HF_SCALAR_LEN];   /* root secret of the active version; valid while has_root */
    uint8_t vault_key[HF_KEY_LEN]; /* while the vault is being opened or made */
    uint8_t wrap_key[HF_KEY_LEN];
    uint8_t account[HF_SIGN_SECRET_LEN];
    uint8_t sealing[HF_KEY_LEN];
    uint8_t response[HF_KEY_LEN];    /* of the round of recovery or drill under way */
    uint8_t app_key[HF_APP_KEY_LEN]; /* last released; wiped at the next step */
};

/* A call that has not been answered. */
struct hf__pending {
    uint32_t id;
    uint32_t arg; /* the asker's: round, generation, … ; what does not match is stale */
    uint8_t method;
    uint8_t slot;
    uint8_t shown; /* number of the own identity that whoever answers an owner's request knows */
    bool bare;     /* an owner's request, sent without that identity */
    bool curious;  /* an owner's request that asks the provider to show its identity */
    uint8_t account[32];
};

/* A message that waits for the verdict on a quote in it; handled anew from
 * its start when that is there. */
struct hf__parked {
    struct hf__parked *next;
    uint8_t quote_hash[32];
    bool is_request;
    uint64_t request; /* of a request: the shell's id */
    bool has_account;
    uint8_t account[32];
    struct hf__pending call; /* of a response */
    uint8_t method;
    struct hf_blob *body;
};

/* A quote that is being judged. */
struct hf__judging {
    struct hf__judging *next;
    uint32_t work;
    uint8_t quote_hash[32];
    bool outdated; /* begun before the newest collateral: its verdict counts for nothing */
};

/* An answer to recover or drill, repeated for as long as its nonce lives. */
struct hf__answer {
    struct hf__answer *next;
    uint8_t key[32]; /* hash of method and request */
    uint64_t until_ms;
    struct hf_blob *body;
};

/* What the owner last heard of a holder. */
struct hf__watch {
    uint8_t account[32];
    uint8_t index;
    bool placed, answered, holds;
    bool confirmed;        /* it has acknowledged the record under the present ballot */
    uint8_t certificates;  /* how many it was given with it */
    bool member;           /* of the set of member_epoch */
    uint32_t member_epoch; /* 0: not looked yet */
    uint8_t shown;         /* number of the own identity under which it answered; 0 none */
    int16_t error;
    uint64_t since_ms; /* since when answered stands; 0 never asked */
    /* since when it is unfit: silent, unplaced or without the share; 0 it is fit */
    uint64_t silent_ms;
};

enum hf__timer {
    HF__TIMER_TASK,  /* recovery, claim, dealing: the next thing to try */
    HF__TIMER_GRACE, /* enough answers are in: go on without the others */
    HF__TIMER_STANDING,
    HF__TIMER_DOCUMENTS,
    HF__TIMER_IDENTITY,
    HF__TIMER_RECORD, /* records and deletions not yet confirmed are sent again */
    HF__TIMERS
};

struct hf__dealing;  /* deal.h */
struct hf__recovery; /* recover.h */
struct hf__claiming; /* claim.h */
struct hf__sealing;  /* seal.c */
struct hf__release;  /* release.c */
struct hf__drill;    /* drill.c */
struct hf__drain;    /* drain.c */

/* What every step looks at stands first, close together: a simulator has many engines. */
struct hf_engine {
    const struct hf_suite *suite;
    struct hf_shared *shared;
    struct hf__secrets *s;
    uint64_t now_ms;
    uint64_t wall_ms;
    uint64_t floor_s; /* newest issue date of a verified document */
    uint64_t timers[HF__TIMERS];
    bool started;
    bool has_account;
    bool has_root;
    bool open;    /* the vault's rows are in the mirror, the account's secrets in s */
    bool claimed; /* this instance speaks for the account */
    bool fenced;
    bool vault_work; /* making or opening the vault is under way */
    bool draining;
    bool key_out;       /* the last step put an application key into s */
    bool new_identity;  /* this step changed who the node is to its peers */
    bool state_changed; /* this step changed the state, or its reason */
    bool accept_dev;
    uint8_t state; /* enum hf_state */
    uint8_t roots_count;
    uint8_t watch_count;
    uint8_t identity_number; /* counts the own ones, from 1 to 255 and round; 0 none yet */
    uint8_t last_refusal_kind;
    struct hf_document *policy;
    struct hf_document *set;
    uint8_t account[32];
    uint8_t network[32];
    struct hf__rows rows;
    struct hf__known_list known;
    struct hf__pending *calls; /* none allocated while none is out */
    uint16_t calls_count, calls_cap;
    uint32_t next_id;        /* of calls and work */
    uint64_t write_seq;      /* of the last transaction */
    struct hf__watch *watch; /* of the holders of the newest recorded generation, by index */
    struct hf_generation_id recorded; /* the newest recorded generation, while watch_count > 0 */
    uint8_t instance[16];
    uint32_t version;
    uint64_t claim;        /* number of the own ballot; 0 none yet */
    uint64_t claim_asked;  /* highest number asked for, durable before it is asked */
    struct hf_blob *proof; /* encoded claim_proof of the own ballot; NULL: the vault's maker */
    int reason;
    int store_error;
    struct hf_blob *identity; /* own, encoded; NULL none yet */
    struct hf_timing timing;

    uint32_t generation_next;
    uint8_t unsealed; /* older generations that the newest record lists and nothing excuses */
    uint32_t claim_pause_ms; /* last pause before a higher claim */
    uint16_t seeds_len;
    uint8_t seeds_count;
    uint8_t seed_next;
    int last_refusal;
    uint64_t state_since_ms;
    uint64_t store_since_ms;
    uint64_t binding_seq; /* of the last transaction that bound the name of an application key */
    uint64_t identity_made_s;
    uint32_t identity_epoch;
    uint32_t identity_work;             /* quote under way; 0 none */
    struct hf_blob *identity_statement; /* of that quote */
    uint8_t sealing_key[32];
    struct hf_document **roots;
    struct hf_document *set_previous; /* the one before, for orders and identities made under it */
    char *seeds;                      /* texts, one after another */
    void *(*secret_alloc)(size_t len);
    void (*secret_free)(void *p);

    struct hf__parked *parked;
    uint16_t parked_count;
    uint16_t strangers_count; /* of those, requests of askers without an account */
    uint16_t answers_count;
    struct hf__judging *judging;
    struct hf__answer *answers;
    struct hf__dealing *dealing;
    struct hf__recovery *recovery;
    struct hf__claiming *claiming;
    struct hf__sealing *sealing;
    struct hf__release *releases;
    struct hf__drill *drill;
    struct hf__drain *drain;
    uint64_t deal_after_ms; /* no replacement before: the last one found too few candidates */
    uint32_t pause_ms;      /* last pause between rounds */
};

/* A handler's way to say: park this message until wait_hash is judged, then call me again. */
enum { HF__PARK = 1 };

static const uint64_t HF__NEVER = UINT64_MAX;

static inline struct hf_bytes hf__key_account(const uint8_t account[static 32])
{
    return hf_bytes_of(account, 32);
}

/* ---- engine.c: time, timers, state */
uint64_t hf__now_s(const struct hf_engine *e);
void hf__timer_set(struct hf_engine *e, enum hf__timer timer, uint64_t after_ms);
void hf__timer_clear(struct hf_engine *e, enum hf__timer timer);
/* Moves to a state that the table permits; checks its invariant. The same
 * state again changes the reason. */
void hf__state_set(struct hf_engine *e, enum hf_state state, int reason);
/* Something that tasks wait for has changed: try again now. */
void hf__kick(struct hf_engine *e);
/* The next pause of a task that failed: doubles, with jitter. */
void hf__task_retry(struct hf_engine *e, bool permanent);
uint32_t hf__random_below(struct hf_engine *e, uint32_t bound);
void hf__fill_header(const struct hf_engine *e, const uint8_t provider[static 32],
                     struct hf_owner_header *ret);

/* ---- documents.c */
void hf__versions(const struct hf_engine *e, struct hf_versions *ret);
/* Whether documents are known and not expired. HF_ENODOCUMENTS, HF_EEXPIRED. */
HF_MUST_USE int hf__documents_ready(const struct hf_engine *e);
/* Adopts an envelope if it is newer and verifies. 0 also when it is known already. */
HF_MUST_USE int hf__document_offer(struct hf_engine *e, struct hf_bytes envelope);
/* HF_EBEHIND: the other side knows newer documents than this node. */
HF_MUST_USE int hf__versions_check(const struct hf_engine *e, const struct hf_versions *theirs);
void hf__documents_pull(struct hf_engine *e, const uint8_t *account);
void hf__documents_push(struct hf_engine *e, const uint8_t account[static 32]);
void hf__documents_tick(struct hf_engine *e);
void hf__documents_list(struct hf_engine *e, const struct hf_versions *theirs,
                        struct hf_encoded **ret, size_t *ret_count);
/* Loads what the disk holds, at start. */
void hf__documents_load(struct hf_engine *e, const struct hf_row_in *rows, size_t count);
int hf__recv_documents(struct hf_engine *e, uint64_t id, struct hf_bytes body);
int hf__documents_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                           struct hf_bytes body);

/* ---- quote.c */
/* The verdict on a quote, or HF__PARK after starting to judge it. HF_EBUSY: too much is waiting. */
HF_MUST_USE int hf__verdict(struct hf_engine *e, struct hf_bytes quote, struct hf_verdict *ret);
/* Holds a verdict against the newest policy. report_data: 64 bytes. ret_rank:
 * of the software; may be NULL. */
HF_MUST_USE int hf__judge(struct hf_engine *e, const struct hf_verdict *v,
                          const uint8_t *report_data, bool dated, uint64_t made_s,
                          uint32_t *ret_rank);
/* The peer that an identity proves, judged for now; HF__PARK; else why not. ret
 * is valid until the next call. */
HF_MUST_USE int hf__identity_check(struct hf_engine *e, const struct hf_identity *identity,
                                   const uint8_t account[static 32], const struct hf__peer **ret,
                                   uint32_t *ret_rank);
/* The peer as it is remembered, judged for now; HF_EIDENTITY: none is. */
HF_MUST_USE int hf__identity_known(struct hf_engine *e, const uint8_t account[static 32],
                                   const struct hf__peer **ret, uint32_t *ret_rank);
void hf__identity_renew(struct hf_engine *e);
/* Whether the own identity is of the newest set: peers refuse one of a set that
 * is two epochs old. */
bool hf__identity_current(const struct hf_engine *e);
/* Own identity, decoded; false: none yet. */
bool hf__identity_own(struct hf_engine *e, struct hf_identity *ret);
void hf__identity_made(struct hf_engine *e, int error, struct hf_bytes quote);
void hf__park(struct hf_engine *e, const struct hf__parked *what, struct hf_bytes body);
/* Whether this work was under way: then fresh_hash names its quote. */
bool hf__quote_judged(struct hf_engine *e, uint32_t work, const struct hf_verdict *v);
/* The collateral has changed: every quote is judged anew when it is used next. */
void hf__verdicts_forget(struct hf_engine *e);
void hf__quotes_done(struct hf_engine *e);

/* ---- vault.c: who this node is */
void hf__start(struct hf_engine *e, const struct hf_event *event);
void hf__vault_event(struct hf_engine *e, const struct hf_event *event);
/* Fresh, open, registered and with documents: begin to place. */
void hf__fresh_advance(struct hf_engine *e);
/* Has the vault made or opened under the key that the root secret gives. */
void hf__vault_ask(struct hf_engine *e, enum hf_work_type type);
void hf__account_save(struct hf_engine *e);
/* Forgets every secret and every row: nothing can be signed, released or answered any more. */
void hf__lock(struct hf_engine *e);
void hf__derive(const struct hf_engine *e, uint32_t version, const char *purpose,
                struct hf_bytes name, uint8_t ret[static 32]);
/* The newest placement record of this node, decoded; false: none. */
bool hf__own_record(struct hf_engine *e, struct hf_placement_record *ret,
                    struct hf_signed_record *ret_signed, bool *ret_confirmed);
/* Rebuilds the list of holders that are watched, from the newest record. */
void hf__watch_rebuild(struct hf_engine *e);

/* ---- owner.c: requests that an owner signs */
/* Sends body, encoded and signed under the method's label, with the own
 * identity unless the holder knows it. */
HF_MUST_USE int hf__owner_send(struct hf_engine *e, uint8_t method,
                               const uint8_t provider[static 32], uint8_t slot, uint32_t arg,
                               const struct hf_wire_type *type, const void *message);
/* A holder has answered: it knows the identity that this call showed or relied on. */
void hf__owner_known(struct hf_engine *e, const struct hf__pending *call);
/* One side has forgotten the identity of the other that a request relied on: asks again, and
 * shows or asks for it. False: the request is not of a kind that is repeated here. */
bool hf__owner_again(struct hf_engine *e, const struct hf__pending *call);
/* Opens an owner's request: its shape, and what is inside it. */
HF_MUST_USE int hf__owner_open(struct hf_engine *e, struct hf_bytes body,
                               const struct hf_wire_type *type, void *ret_message,
                               struct hf_owner_request *ret_request);
/* Whether header may speak here: documents, network, both accounts,
 * membership, the owner's signature. */
HF_MUST_USE int hf__owner_check(struct hf_engine *e, uint8_t method,
                                const struct hf_owner_request *request,
                                const struct hf_owner_header *header);
/* The identity that came with a request, or the one that is remembered. */
HF_MUST_USE int hf__owner_identity(struct hf_engine *e, const struct hf_owner_request *request,
                                   const struct hf_owner_header *header,
                                   const struct hf__peer **ret, uint32_t *ret_rank);
/* The row of an owner, decoded; false: none. */
bool hf__owner_row(struct hf_engine *e, const uint8_t owner[static 32], struct hf_owner_row *ret);
/* A share held of an owner's generation, decoded; false: none. */
bool hf__held_row(struct hf_engine *e, const uint8_t owner[static 32], const uint8_t id[static 16],
                  struct hf_held_row *ret);
/* The index of a share that is held and recorded; 0: none is. */
uint8_t hf__held_index(struct hf_engine *e, const uint8_t owner[static 32],
                       const uint8_t id[static 16]);
void hf__held_key(const uint8_t owner[static 32], const uint8_t id[static 16],
                  uint8_t ret[static 48]);
/* Checks the placement record of an owner: signature, shape, receipts' shape. */
HF_MUST_USE int hf__record_check(struct hf_engine *e, const struct hf_signed_record *record,
                                 const uint8_t owner[static 32], struct hf_placement_record *ret);
/* Answers an owner's request. votes: this node is an acceptor for the generation named. seal: 64
 * bytes over seal_statement, or NULL. */
void hf__ack(struct hf_engine *e, uint64_t id, const struct hf_owner_request *request, bool holds,
             bool votes, const uint8_t *seal);
/* Checks an answer to an owner's request: its signature, and the answerer's identity, shown or
 * remembered. HF__PARK. ret_response may be NULL. */
HF_MUST_USE int hf__ack_check(struct hf_engine *e, const struct hf__pending *call,
                              const uint8_t request_hash[static 32], struct hf_bytes body,
                              struct hf_ack_statement *ret, struct hf_ack_response *ret_response);

/* ---- the provider's side, one file a request. 0: answered; HF__PARK; else a refusal. */
int hf__recv_offer(struct hf_engine *e, uint64_t id, struct hf_bytes body);
int hf__recv_deposit(struct hf_engine *e, uint64_t id, struct hf_bytes body);
int hf__recv_record(struct hf_engine *e, uint64_t id, struct hf_bytes body);
int hf__recv_delete(struct hf_engine *e, uint64_t id, struct hf_bytes body);
int hf__recv_standing(struct hf_engine *e, uint64_t id, struct hf_bytes body);
int hf__recv_nonce(struct hf_engine *e, uint64_t id, struct hf_bytes body);
int hf__recv_recover(struct hf_engine *e, uint64_t id, uint8_t method, struct hf_bytes body);
int hf__recv_claim(struct hf_engine *e, uint64_t id, struct hf_bytes body);
/* Forgets the answers whose nonce has ended. */
void hf__answers_expire(struct hf_engine *e);
/* nonce.c */
void hf__nonce_make(struct hf_engine *e, struct hf_bytes context, uint8_t ret[static 40]);
HF_MUST_USE int hf__nonce_check(struct hf_engine *e, struct hf_bytes context,
                                const uint8_t nonce[static 40]);

/* ---- the owner's side */
/* deal*.c: a first dealing, or one that replaces the newest and drops the
 * holders that are unfit. */
void hf__deal_begin(struct hf_engine *e);
void hf__deal_advance(struct hf_engine *e);
void hf__deal_free(struct hf_engine *e);
void hf__deal_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
int hf__offer_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);
int hf__deposit_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body);
/* record.c */
/* Writes the newest record to vault and public state, and flips the vault to `placed`. */
void hf__record_save(struct hf_engine *e, const struct hf_record_row *row);
void hf__record_send(struct hf_engine *e);
/* Counts what the newest record lists and nothing excuses, into e->unsealed. */
void hf__chain_count(struct hf_engine *e);
/* acceptor.c: notes since when owners are out of the set, and drops the tombstones of those that
 * have been for a year. */
void hf__owners_age(struct hf_engine *e);
/* seal.c */
void hf__seal_send(struct hf_engine *e);
void hf__seal_free(struct hf_engine *e);
size_t hf__seal_memory(const struct hf_engine *e); /* bytes held */
/* The certificates kept for generations in the record's chain; returns how many. */
size_t hf__certificates(struct hf_engine *e, const struct hf_placement_record *record,
                        struct hf_certificate ret[static HF_CHAIN_MAX + 1]);
/* Keeps those certificates that hold, when the record that they came with is the own one. */
void hf__certificates_learn(struct hf_engine *e, const struct hf_signed_record *record,
                            const struct hf_certificate *certificates, size_t count);
int hf__record_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body);
void hf__retire_send(struct hf_engine *e);
int hf__delete_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body);
/* watch.c */
void hf__standing_send(struct hf_engine *e);
/* Asks one holder, unless it is being asked. */
void hf__standing_ask(struct hf_engine *e, struct hf__watch *w);
int hf__standing_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                          struct hf_bytes body);
void hf__watch_judge(struct hf_engine *e);
/* recover*.c */
void hf__recover_begin(struct hf_engine *e, struct hf_bytes record);
void hf__recover_round(struct hf_engine *e);
void hf__recover_grace(struct hf_engine *e);
void hf__recover_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
void hf__recover_free(struct hf_engine *e);
int hf__nonce_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);
int hf__recover_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body);
/* claim.c */
void hf__claim_begin(struct hf_engine *e);
void hf__claim_advance(struct hf_engine *e);
void hf__claim_free(struct hf_engine *e);
/* The set may say that ballots below a floor are void: an instance below it claims anew. */
void hf__claim_floor(struct hf_engine *e);
int hf__claim_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);
/* A provider says that another claim stands: ask it for its signed word. */
void hf__claim_challenge(struct hf_engine *e, const uint8_t provider[static 32]);
/* status.c: an account's address as terminated text, until the next step; ""
 * when it is in no set. */
const char *hf__status_address(struct hf_engine *e, const uint8_t account[static 32]);
/* release.c: an application key, to the local asker `request`. */
void hf__release(struct hf_engine *e, uint64_t request, struct hf_bytes name);
/* Why nothing can be released: 0 nothing, HF_EFENCED, HF_ELOCKED, HF_ENOTCLAIMED. */
int hf__why_closed(const struct hf_engine *e);
int hf__release_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body);
/* Ends the first releases that wait, with an error. */
void hf__releases_end(struct hf_engine *e, int error);
size_t hf__release_memory(const struct hf_engine *e); /* bytes held */
/* local.c, drain.c, drill.c */
void hf__drain_begin(struct hf_engine *e, uint64_t request);
/* Ends the question, if one is under way; its asker gets the error. */
void hf__drain_free(struct hf_engine *e, int error);
size_t hf__drain_memory(const struct hf_engine *e); /* bytes held */
/* Whether arg is of a drain's question; then the answer is taken. */
bool hf__drain_answered(struct hf_engine *e, uint32_t arg, int error);
void hf__local(struct hf_engine *e, const struct hf_event *event);
void hf__drill_begin(struct hf_engine *e, uint64_t request);
void hf__drill_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
void hf__drill_free(struct hf_engine *e);
size_t hf__drill_memory(const struct hf_engine *e); /* bytes held */
int hf__drill_nonce(struct hf_engine *e, const struct hf__pending *call, int error,
                    const struct hf_nonce_response *answer);
int hf__drill_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);

#endif
