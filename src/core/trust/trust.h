/*
 * Trust: the documents by which a node judges, the verdicts on quotes, who its peers are and who
 * it is to them. Below owner and provider, which both ask it; it knows nothing of shares.
 */
#ifndef HF_CORE_TRUST_H
#define HF_CORE_TRUST_H

#include "document/limits.h"
#include "document/selection.h"
#include "node/node.h"
#include "trust/peer.h"
#include "trust/round.h"

/* Whose place a message takes while it waits: no kind can take another's. */
enum hf__asker_kind {
    HF__OWN,
    HF__MEMBERS,
    HF__TICKETS,
    HF__EXPECTED,
    HF__STRANGERS,
    HF__ASKER_KINDS
};

/* A message that waits for the verdict on a quote in it; handled anew from its start when that is
 * there. */
struct hf__parked {
    struct hf__parked *next;
    uint64_t source; /* of its kind */
    uint8_t kind;    /* enum hf__asker_kind */
    struct hf_hash quote_hash;
    struct hf__message message;
    struct hf_blob *body;
};

/* A quote that is being judged. */
struct hf__judging {
    struct hf__judging *next;
    uint32_t work;
    uint8_t kind; /* enum hf__asker_kind: whose message brought it */
    struct hf_hash quote_hash;
    bool outdated; /* begun before the newest collateral: its verdict counts for nothing */
};

/* What the time helper has told, by the policy's list of servers. */
struct hf__clocks {
    struct hf__clock {
        uint8_t state; /* enum hf_time_server_state */
        bool sampled;
        struct hf_time_interval at; /* the time at read_ms */
        uint32_t age_s;
    } servers[HF_TIME_SERVERS_MAX];
    uint64_t read_ms;
    int reason;
    uint64_t reason_ms;          /* since when there is one */
    uint8_t agreeing, answering; /* operators */
    bool unjudged;               /* dates of certificates are not judged now: first contact */
    uint64_t since_ms;           /* when that began, or enough operators had exchanged keys */
    uint64_t pause_ms;           /* how long either is tried */
    /* What was agreed on then, by which certificates are judged until the time is known. */
    bool met;
    struct hf_time_interval met_at;
    uint64_t met_ms;
};

struct hf__trust {
    struct hf_document *policy;
    struct hf_document *set;
    struct hf_document *set_previous; /* the one before, for orders and identities made under it */
    struct hf_document *shares;       /* who shares the quorum keys; NULL: none known */
    struct hf_document **roots;
    /* The key of the tickets that this node gives its holders; no secret. */
    uint8_t tickets[HF_KEY_LEN];
    bool has_tickets;
    uint32_t adopted; /* counts the documents that were adopted */
    uint8_t roots_count;
    bool accept_dev;
    uint8_t last_refusal_kind;
    uint8_t identity_number; /* counts the own ones, from 1 to 255 and round; 0 none yet */
    int last_refusal;
    struct hf_network_id other; /* of the newest first root of another network; zeros: none came */
    struct hf__known_list known;
    struct hf_blob *identity; /* own, encoded; NULL none yet */
    uint64_t identity_made_s;
    uint32_t identity_epoch;
    uint8_t identity_key[HF_KEY_LEN];   /* the sealing key that it names, */
    uint8_t identity_gcm[HF_KEY_LEN];   /* and that of suite 2; zeros: none */
    uint32_t identity_work;             /* quote under way; 0 none */
    struct hf_blob *identity_statement; /* of that quote */
    char *seeds;                        /* addresses, one after another, each terminated */
    uint16_t seeds_len;
    uint8_t seeds_count;
    uint8_t seed_next;
    int16_t seed_errors[HF_SEEDS_MAX]; /* of the newest call of each; 0 it answered, or none yet */
    uint16_t parked_count[HF__ASKER_KINDS], judging_count[HF__ASKER_KINDS];
    struct hf__parked *parked;
    struct hf__judging *judging;
    struct hf_marks *marks;    /* none allocated while none is known */
    struct hf__excess *excess; /* NULL: no member has asked or told too much yet */
    struct hf__rates *rates;   /* none allocated while no asker came of late */
    struct hf__clocks *clocks; /* none allocated before the time helper was asked */
};

/* The newest policy, which must be there. */
static inline const struct hf_policy *hf__policy(const struct hf_engine *e)
{
    hf_assert(e->trust->policy != NULL);
    return &e->trust->policy->u.policy;
}

/* HF_ENOMEM. The caller then calls hf__trust_done all the same. */
HF_MUST_USE int hf__trust_init(struct hf_engine *e, const struct hf_engine_config *config);
/* Forgets everything about quotes, own and others', but keeps documents and seeds. Those that wait
 * for a judgement are told. */
void hf__trust_lock(struct hf_engine *e);
/* Frees the rest. */
void hf__trust_done(struct hf_engine *e);
size_t hf__trust_memory(const struct hf_engine *e); /* bytes, without sizeof(struct hf__trust) */
/* Fills in documents, the own identity, and who was refused. */
void hf__trust_status(const struct hf_engine *e, struct hf_status *ret);

/* ---- versions.c */

/* The numbers of the newest documents; 0 where there is none. */
void hf__versions(const struct hf_engine *e, struct hf_versions *ret);
/* Whether documents are known and not expired. HF_ENODOCUMENTS, HF_EEXPIRED. */
HF_MUST_USE int hf__documents_ready(const struct hf_engine *e);
/* HF_EBEHIND: the other side knows newer documents than this node. */
HF_MUST_USE int hf__versions_check(const struct hf_engine *e, const struct hf_versions *theirs);
/* Whether the other side has a document that this node lacks, one that it can do without too. */
bool hf__versions_lack(const struct hf_engine *e, const struct hf_versions *theirs);

/* ---- documents.c */

/* Adopts an envelope if it is newer and verifies. 0 also when it is known already. */
HF_MUST_USE int hf__document_offer(struct hf_engine *e, struct hf_bytes envelope);
/* Asks for newer documents: one validator or, when account is NULL, a seed and a random member. */
void hf__documents_pull(struct hf_engine *e, const struct hf_account *account);
/* Gives a validator that is behind all documents. */
void hf__documents_push(struct hf_engine *e, const struct hf_account *account);
/* Gives an address all documents, and asks it for those that this node lacks. */
void hf__documents_exchange(struct hf_engine *e, const char *address);
/* The timer: pulls, and sets itself again. */
void hf__documents_tick(struct hf_engine *e);
/* Loads what the disk holds, at start. */
void hf__documents_load(struct hf_engine *e, const struct hf_row_in *rows, size_t count);
/* /v1/documents: takes the asker's newer documents and gives it those that it lacks. 0, or a
 * refusal. */
int hf__recv_documents(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* What came back to a pull or a push. */
int hf__documents_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                           struct hf_bytes body);

/* ---- time.c: what time servers agree on (proto/TIME.md) */

/* What the time helper told, or that it did not. */
void hf__time_told(struct hf_engine *e, const struct hf_event *event);
/* A policy takes the place of the newest: what is known stands if both list the same servers. */
void hf__time_policy(struct hf_engine *e, const struct hf_policy *next);

/* ---- members.c: validators of the newest set */

/* Whether an account is in the newest set; false while there is none. */
bool hf__is_member(const struct hf_engine *e, const struct hf_account *account);
/* The registration of an account in the newest set; 0: it is in none. */
uint32_t hf__registered_epoch(const struct hf_engine *e, const struct hf_account *account);
/* The newest set or the one before, whichever is of this epoch; NULL: neither is. */
const struct hf_document *hf__set_of_epoch(const struct hf_engine *e, uint64_t epoch);
/* Its address as terminated text, until the next step; "" when it is in no set. */
const char *hf__address_of(struct hf_engine *e, const struct hf_account *account);
/*
 * Sends a request to a member of the set; the answer comes back with task, method, slot and arg.
 * HF_EREMOVED: it is in no set. HF_EBUSY: too many calls.
 */
HF_MUST_USE int hf__call(struct hf_engine *e, const struct hf__ask *ask,
                         const struct hf_account *account, struct hf_bytes body);

/* Checks the answer to a nonce request: HF_EPEER_ACCOUNT, HF_EBEHIND; the errors of decoding. */
HF_MUST_USE int hf__nonce_answer(struct hf_engine *e, const struct hf__pending *call,
                                 struct hf_bytes body, struct hf_nonce_response *ret);

/* ---- verdicts.c: quotes, each judged once by the shell and then held against the policy */

/* A quote as it is looked at before it is judged. */
struct hf__seen {
    struct hf_bytes quote;      /* the bytes that count, borrowed */
    const uint8_t *report_data; /* 64 bytes of it, or NULL: not seen */
    struct hf_hash hash;        /* of the bytes that count: by it quotes are known */
};

/* Looks at a quote: HF_ENOTTDX, HF_EQUOTE. */
HF_MUST_USE int hf__quote_look(struct hf_engine *e, struct hf_bytes bytes, struct hf__seen *ret);
/*
 * The verdict on a quote, or HF__PARK after starting to judge it. from: the message that it came
 * in, or NULL: in an answer to a call of this node. report_data: 64 bytes that it must say, or
 * NULL: whatever. HF_EREPORTDATA: it says others, and is not judged at all. HF_EBUSY: too much is
 * waiting. HF_ERATE: too much of this asker is.
 */
HF_MUST_USE int hf__verdict(struct hf_engine *e, const struct hf__message *from,
                            const struct hf__seen *seen, const uint8_t *report_data,
                            struct hf_verdict *ret);
/*
 * Holds a verdict against the newest policy, with why not as its result. report_data: 64 bytes, or
 * NULL: whatever it is. dated: made_s is when the quote was made, and its age counts. ret_rank: of
 * the software; may be NULL.
 */
HF_MUST_USE int hf__judge(struct hf_engine *e, const struct hf_verdict *v,
                          const uint8_t *report_data, bool dated, uint64_t made_s,
                          uint32_t *ret_rank);
/* A judgement has come. Whether its work was under way: then fresh_hash names its quote. */
bool hf__quote_judged(struct hf_engine *e, uint32_t work, const struct hf_verdict *v);
/* The collateral has changed: every quote is judged anew when it is used next. */
void hf__verdicts_forget(struct hf_engine *e);
/* Forgets all of them, and what waits for them; those that asked are told HF_ELOCKED. */
void hf__verdicts_done(struct hf_engine *e);

/* ---- parked.c: who waits for a verdict */

/* On whose account a message stands; NULL: this node's own. */
enum hf__asker_kind hf__asker_kind(const struct hf_engine *e, const struct hf__message *m);
/*
 * Whether one more message of this asker may wait. HF_ERATE: too much of its source does. HF_EBUSY:
 * too much of its kind does, and no other source has more than it; else the worst is told HF_EBUSY
 * and goes: of the source that has most, the one that has waited longest for its turn.
 */
HF_MUST_USE int hf__parked_room(struct hf_engine *e, const struct hf__message *from);
/* Whether a quote is with the shell. */
bool hf__is_judged(const struct hf_engine *e, const struct hf_hash *quote_hash);
/* Whether one more quote of this kind of asker may be judged now; else it waits for its turn. */
bool hf__may_judge(const struct hf_engine *e, enum hf__asker_kind kind);
/* Keeps a message whose handler said HF__PARK, with a copy of its body. */
void hf__park(struct hf_engine *e, const struct hf__message *what, struct hf_bytes body);
/* Takes out the messages that wait for this quote, oldest first; the caller frees them. */
struct hf__parked *hf__parked_take(struct hf_engine *e, const struct hf_hash *quote_hash);
/* Takes out one whose turn it is to have its quote judged, to be handled anew; the caller frees it.
 * NULL: it is the turn of none. */
struct hf__parked *hf__parked_next(struct hf_engine *e);

/* ---- marks.c: what never goes back */

/* Keeps what collateral the shell has verified. */
void hf__marks_seen(struct hf_engine *e, const struct hf_marks *marks);
/* The vault is open: what it has kept, and what was seen before, both count. */
void hf__marks_open(struct hf_engine *e);

/* ---- rates.c: how often one may ask */

/* Counts a request of a member, by its method. HF_ERATE: too many of late. */
HF_MUST_USE int hf__rate_member(struct hf_engine *e, const struct hf__message *m);
/*
 * Counts a request about an owner by any asker but itself. Those that show its ticket have a part
 * of their own, and so have those from a member's address: strangers cannot use up a restarted
 * owner's. HF_ERATE: too many of late.
 */
HF_MUST_USE int hf__rate_owner(struct hf_engine *e, const struct hf__message *m,
                               const struct hf_account *owner);
/* Counts a quote that is made on request, by who asked: a member's account, or a signer's key.
 * HF_ERATE: too many of late. */
HF_MUST_USE int hf__rate_attest(struct hf_engine *e, const uint8_t asker[static HF_KEY_LEN]);
/* Counts an event that an account has signed and that is new here, by whichever way it came.
 * HF_ERATE: it has signed too many of late. */
HF_MUST_USE int hf__rate_author(struct hf_engine *e, const struct hf_account *author);
/*
 * Counts what documents cost that an asker brings, len bytes of them: of a member by its account;
 * of one that proves no account of the set by the source, whether or not a member is expected
 * there, and all of its kind together. HF_ERATE: too much of late.
 */
HF_MUST_USE int hf__rate_brought(struct hf_engine *e, const struct hf__message *m, size_t len);
/* Counts documents, len bytes of them, that an asker is given: by the account of a member, else by
 * the source. HF_ERATE: too much of late. */
HF_MUST_USE int hf__rate_given(struct hf_engine *e, const struct hf__message *m, size_t len);
/* Counts an answer of a member, len bytes that had nothing new for this node, as brought. */
void hf__rate_useless(struct hf_engine *e, const struct hf_account *member, size_t len);
/* Whether the largest document there may be is within what a member may bring now. */
bool hf__rate_may_bring(const struct hf_engine *e, const struct hf_account *member);
/* Notes that a member was refused for how much it asked or told. */
void hf__excess(struct hf_engine *e, const struct hf_account *member);
/* Fills in which members were refused for that. */
void hf__excess_status(const struct hf_engine *e, struct hf_status *ret);
size_t hf__excess_memory(const struct hf_engine *e); /* bytes held */
/* Forgets the counts of those that have not asked of late. */
void hf__rates_expire(struct hf_engine *e);
/* Bytes; NULL is legal. */
size_t hf__rates_memory(const struct hf__rates *r);

/* ---- ticket.c: what an owner shows that has no account key yet */

/* The key of this node's tickets, drawn where it has none yet. */
void hf__tickets(struct hf_engine *e, uint8_t ret[static HF_KEY_LEN]);
/* Takes the key from the hint of a node that starts. */
void hf__tickets_take(struct hf_engine *e, const uint8_t key[static HF_KEY_LEN]);
/* This node's ticket at a holder; false: it has no key to make it of. */
bool hf__ticket_of(struct hf_engine *e, const struct hf_account *holder,
                   uint8_t ret[static HF_MAC_LEN]);
/* A stranger has shown a ticket: where it is the one that the owner of this row gave, its request
 * is counted, and waits, apart from others until the step is over. */
void hf__ticket_shown(struct hf_engine *e, const struct hf_owner_row *row,
                      const uint8_t ticket[static HF_MAC_LEN]);

/* ---- identity.c: identity quotes, the own one and those of peers */

/*
 * The peer that an identity proves, judged for now; HF__PARK; else why not. from: as of
 * hf__verdict. ret is valid until the next call. ret_rank: may be NULL.
 */
HF_MUST_USE int hf__identity_check(struct hf_engine *e, const struct hf__message *from,
                                   const struct hf_identity *identity,
                                   const struct hf_account *account, const struct hf__peer **ret,
                                   uint32_t *ret_rank);
/* The peer as it is remembered, judged for now; HF_EIDENTITY: none is. */
HF_MUST_USE int hf__identity_known(struct hf_engine *e, const struct hf_account *account,
                                   const struct hf__peer **ret, uint32_t *ret_rank);
/* The key to which a share for a peer is sealed; returns its suite (enum hf_sealing_suite): that of
 * AES-256-GCM where both have it. */
uint8_t hf__peer_sealing(const struct hf_engine *e, const struct hf__peer *peer,
                         uint8_t ret[static HF_KEY_LEN]);
/* Asks for a new quote when the own identity is missing, old or of an older set; sets the timer. */
void hf__identity_renew(struct hf_engine *e);
/* Whether the own identity is of the newest set: peers refuse one of a set that
 * is two epochs old. */
bool hf__identity_current(const struct hf_engine *e);
/* Own identity, decoded; false: none yet. */
bool hf__identity_own(struct hf_engine *e, struct hf_identity *ret);
/* The quote that was asked for, or why there is none. */
void hf__identity_made(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);

#endif
