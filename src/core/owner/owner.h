/*
 * The owner's side: a node leaves shares of its root secret with others, keeps watch over them,
 * and gets the secret back after a restart. Private to core.
 */
#ifndef HF_CORE_OWNER_H
#define HF_CORE_OWNER_H

#include "base/error.h"
#include "owner/rotate.h"
#include "register/register.h"

/* A holder of the newest recorded generation, as the owner last heard of it. */
struct hf__holder {
    struct hf_account account;
    uint8_t index;
    bool placed, answered, holds;
    bool keeps;            /* it said so of the newest record's generation, and that it is placed */
    bool confirmed;        /* it has acknowledged the record under the present ballot */
    bool sealed;           /* it keeps what share holders open, as it is now */
    bool voteless;         /* it says that it has no vote: its share was lost, or came again */
    bool away;             /* it has said that it restarts, and has not answered since */
    uint8_t certificates;  /* how many it was given with it */
    bool member, departs;  /* by the view of `viewed` */
    uint32_t seen;         /* a mark of the view of it; 0 not yet */
    uint32_t viewed;       /* changes of the view when it was looked at, and one; 0 not yet */
    uint8_t again;         /* how often in a row it was asked again for what may pass by itself */
    uint8_t shown;         /* number of the own identity under which it answered; 0 none */
    uint16_t patience;     /* a random part of how much later than others this node gives it up */
    uint8_t audit;         /* number of the challenge; 0 none yet */
    uint8_t audits_failed; /* in a row */
    uint8_t challenge[HF_CHALLENGE_LEN];
    uint64_t audit_ms;                 /* when the next one is due */
    uint64_t audited_ms;               /* when it last passed one; 0 never */
    struct hf_sequence_point sequence; /* how far it knows this vault to have come */
    bool promised;           /* its promise of the newest recorded generation is kept, and it is: */
    struct hf_hash earlier;  /* by which later questions name it */
    uint64_t promised_set_s; /* by the issue date of its set */
    uint8_t promised_key[HF_KEY_LEN]; /* under this sealing key */
    int16_t error;
    uint64_t since_ms; /* since when answered stands; 0 never asked */
    /* since when it is unfit: silent, unplaced or without the share; 0 it is fit */
    uint64_t silent_ms;
};

/* What a task of the owner has come to, for the life of the node to go on with. */
enum hf__outcome {
    HF__OUTCOME_NONE,
    HF__OUTCOME_REBUILT,     /* the root secret is back: the vault can be opened */
    HF__OUTCOME_FENCED,      /* another instance speaks for the account: this one must stop */
    HF__OUTCOME_HANDED_OVER, /* this vault was handed over, and who has it has claimed */
    HF__OUTCOME_BEHIND,      /* this vault is an old one: another has been further */
};

struct hf__dealing;  /* owner/deal.h */
struct hf__recovery; /* owner/recover.h */
struct hf__claiming; /* owner/claim.h */
struct hf__sealing;  /* owner/seal.c */
struct hf__release;  /* owner/release.c */
struct hf__drill;    /* owner/drill.c */

struct hf__owner {
    struct hf__holder *holders; /* of the newest recorded generation, by index */
    uint8_t holders_count;
    uint8_t outcome;  /* enum hf__outcome; taken by hf__life_settle */
    uint32_t drills;  /* that were begun */
    bool moved;       /* it has learnt of votes that moved, and not acted by it yet */
    uint8_t unsealed; /* older generations that the newest record lists and nothing excuses */
    uint32_t claim_pause_ms; /* last pause before a higher claim */
    /* how far the own clock was ahead of those of so many providers in the last round; a hint */
    uint8_t clocks_told;
    int64_t ahead_s;
    struct hf_blob *sealed; /* sealed_row that the holders are given; NULL: there is none */
    uint8_t sealed_number;  /* of it; 0 before the first */
    struct hf_blob *proof;  /* encoded claim_proof of the own ballot; NULL: the vault's maker */
    /* the newest recorded generation, while holders_count > 0 */
    struct hf_generation_id recorded;
    struct hf_hash commitments_hash; /* of its dealing */
    struct hf__dealing *dealing;
    uint64_t deposited_ms; /* when this process last sent a share of one, or began */
    struct hf__recovery *recovery;
    struct hf__claiming *claiming;
    struct hf__sealing *sealing;
    struct hf__release *releases;
    /* Of a vault that was handed over: nothing is claimed before. */
    uint64_t given_until_ms;
    struct hf_sequence_point opened;     /* how far the vault had come when it was opened */
    struct hf_signed_sequence word;      /* for how far it has */
    bool behind;                         /* it is an old one, by what a holder has seen: */
    struct hf_signed_sequence seen, had; /* that, and how far it had come itself */
    struct hf__bound *bound;             /* names that this process has bound, the newest first */
    struct hf__vouch *vouches;           /* quotes for applications that are being made */
    struct hf__drill *drill;
    /* No replacement before: the last one found too few candidates among documents that were the
     * deal_after_adopted-th to be adopted, a view that had changed so often, and those who could be
     * asked by it, whose change counts from deal_news_ms on. */
    uint64_t deal_after_ms, deal_news_ms, deal_after_outlook;
    uint32_t deal_after_adopted, deal_after_changed;
    uint64_t deal_pause_ms; /* after a dealing that failed by what may pass; 0: the last did not */
    bool full;        /* a candidate of the last dealing that was given up keeps all that it may */
    bool other_roots; /* the newest generation does not protect the versions that it should */
    bool outgrown; /* holders keep votes that go under a higher ballot alone: it is to be claimed */
    uint64_t hurried_ms; /* for when its holders were last to be asked sooner, as one had news */
    /* When the newest generation is replaced because the policy asks for another; 0: it does not,
     * as of the documents that were the renew_adopted-th to be adopted. */
    uint64_t renew_ms;
    uint32_t renew_adopted;
    /* What has moved, as this process learnt it, the oldest first: for people. NULL: nothing. */
    struct hf_moved_status *lately;
    uint8_t lately_count;
};

/* NULL: it holds nothing of the newest recorded generation. */
static inline struct hf__holder *hf__holder_find(const struct hf_engine *e,
                                                 const struct hf_account *account)
{
    for (size_t i = 0; i < e->owner->holders_count; i++)
        if (hf_account_equal(&e->owner->holders[i].account, account))
            return &e->owner->holders[i];
    return NULL;
}

/* Whether a holder says itself that nothing of this owner is there, or no promise: its folder was
 * lost, or an old one was put in. Unlike silence this does not pass. */
static inline bool hf__holder_is_bare(const struct hf__holder *h)
{
    return h->voteless || (!h->answered && h->error == HF_ENOSHARE);
}

/* Whether a holder says that its share is not there. */
static inline bool hf__holder_lacks(const struct hf__holder *h)
{
    return h->error == HF_ENOSHARE;
}

/* Ends and frees all that is under way, and forgets the holders. Those that wait are told. */
void hf__owner_lock(struct hf_engine *e);
size_t hf__owner_memory(const struct hf_engine *e); /* bytes, without sizeof(struct hf__owner) */
/* Fills in the dealing, its holders and the generations that are being retired. */
void hf__owner_status(struct hf_engine *e, struct hf_status *ret);

/* ---- deal.c, deposit.c: a first dealing, or one that replaces the newest and drops the holders
 * that are unfit */

/* Begins one, or tries again after a pause when documents or the own identity are missing. */
void hf__deal_begin(struct hf_engine *e);
/* Asks further candidates, seals, deposits, or gives up. */
void hf__deal_advance(struct hf_engine *e);
/* The timer: goes on with a dealing, or begins the first one again. */
void hf__deal_due(struct hf_engine *e);
/* Makes a dealing of shares of the newest generation that are lost, for hf__deal_advance to go on
 * with; false: none is lost, or none can come again now (mend.c). */
bool hf__mend_begin(struct hf_engine *e);
/* Ends the dealing under way, if one is. Shares that have left stay where they are. */
void hf__deal_free(struct hf_engine *e);
/* The quote over the transcripts of a dealing, or why there is none. */
void hf__deal_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
/* A candidate's offer, or why there is none. */
int hf__offer_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);
/* A candidate's receipt, or why there is none. */
int hf__deposit_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body);

/* ---- candidates.c: whom a dealing asks */

/* Whether the policy's domain rule keeps two members of the newest set from holding shares of one
 * owner. */
bool hf__domain_parts(const struct hf_engine *e, const struct hf_account *a,
                      const struct hf_account *b);
/* A number for whom a replacement would ask now, and in which order: another one, for others. */
uint64_t hf__deal_outlook(struct hf_engine *e);
/* The same for whom a dealing asks. */
uint64_t hf__deal_asks(const struct hf__dealing *d);
/* No replacement nor mend before a time, unless what this one came to nothing by has changed.
 * outlook: of now. */
void hf__deal_later(struct hf_engine *e, uint64_t after_ms, uint64_t outlook);

/* ---- own_record.c */

/* The newest placement record of this node, decoded; false: none. ret_signed, ret_confirmed: may
 * be NULL. */
bool hf__own_record(struct hf_engine *e, struct hf_placement_record *ret,
                    struct hf_signed_record *ret_signed, bool *ret_confirmed);
/* Whether there is one and the floor makes it void: then no holder may be asked for a ballot. */
bool hf__own_void(struct hf_engine *e);

/* ---- given.c: a vault that was handed over to another (proto/HANDOVER.md, 4) */

/* The vault was opened, before it claims: notes whether it is one. */
void hf__given_found(struct hf_engine *e);
/* Whether it waits for what may still be on the way to that other. */
bool hf__given_waits(const struct hf_engine *e);
/* A holder has named a ballot of this account: if it is that other's, this vault is done with. */
void hf__given_heard(struct hf_engine *e, const struct hf_ballot *ballot);
/* The claim stands: it is this vault's account again. */
void hf__given_drop(struct hf_engine *e);

/* ---- sequence.c: whether the vault is an old one (proto/CLAIMS.md, 4.9) */

/* Before the vault counts as open: judges it by what the recovery's answers say. lost: it is made
 * in place of one that is lost, and goes on from what they say. HF_EVAULTBEHIND. */
HF_MUST_USE int hf__sequence_judge(struct hf_engine *e, bool lost);
/* It is open, and before it claims: what it is now is what its holders are to know. */
void hf__sequence_opened(struct hf_engine *e);

/* ---- record.c: the placement record */

/* Writes the newest record to vault and public state, and flips the vault to `placed`. */
void hf__record_save(struct hf_engine *e, const struct hf_record_row *row);
/* Sends the newest record to the holders that have not confirmed it. */
void hf__record_send(struct hf_engine *e);
/* A holder's acknowledgement of the record, or why there is none. */
int hf__record_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body);

/* ---- older.c: generations that the newest one replaces */

/* Sends the deletion of older generations to their holders, once the newest record is confirmed. */
void hf__retire_send(struct hf_engine *e);
/* One holder's acknowledgement of a deletion. */
int hf__delete_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body);

/* ---- moved.c: shares of the own that moved while this node was down (proto/REPAIR.md) */

/* What is known of them. */
void hf__own_moves(struct hf_engine *e, struct hf__moves *ret);
/* Puts them into a request. */
void hf__moves_fill(struct hf_engine *e, struct hf_owner_request *ret);
/* Takes in what a holder keeps, as far as it is signed and of a generation of this node's: those to
 * whom shares have moved are asked to delete them, too. */
void hf__moves_learn(struct hf_engine *e, const struct hf_signed_transfer *list, size_t count);
/* Forgets those of generations with which this node has nothing to do any more. */
void hf__moves_drop(struct hf_engine *e);
/* The one at a place among those that this process has learnt, and those that it knew before and
 * waits for; false: there is none. The vault is open. */
bool hf__moved_at(struct hf_engine *e, size_t at, struct hf_moved_status *ret);

/* ---- certificate.c: what excuses from asking the holders of older generations */

/* Counts what the newest record lists and nothing excuses, into unsealed. */
void hf__chain_count(struct hf_engine *e);
/* The certificates kept for generations in the record's chain; returns how many. */
size_t hf__certificates(struct hf_engine *e, const struct hf_placement_record *record,
                        struct hf_certificate ret[static HF_CHAIN_MAX + 1]);
/* The electorates that must carry a ballot under the own record, by the certificates kept and the
 * floor in force; as hf__electorates. */
size_t hf__needed(struct hf_engine *e, const struct hf_placement_record *own,
                  struct hf__electorate ret[static HF__ELECTORATES_MAX]);
/* Whether those who must carry a ballot now are the `count` electorates that were listed. */
bool hf__still_needed(struct hf_engine *e, const struct hf__electorate *listed, size_t count);
/* Keeps those certificates that hold, when the record that they came with is the own one. */
void hf__certificates_learn(struct hf_engine *e, const struct hf_signed_record *record,
                            const struct hf_certificate *certificates, size_t count);
/* Forgets those that do not fit the newest record, or the floor in force: they were made for
 * another lineage, or the authority has decided about their generation since. */
void hf__certificates_drop(struct hf_engine *e);

/* ---- seal.c: the newest record at the holders of older generations, until those are sealed */

/* Sends the newest record to the holders of what is unsealed; sets its timer while any is left. */
void hf__seal_send(struct hf_engine *e);
/* Forgets who has sealed so far; what is certified stays. */
void hf__seal_free(struct hf_engine *e);
size_t hf__seal_memory(const struct hf_engine *e); /* bytes held */
/* What a holder of an older generation, named in ret, has said to the present record. */
void hf__seal_status(const struct hf_engine *e, const uint8_t generation[static 16],
                     struct hf_awaited_status *ret);
/* An acceptor's seal, or why there is none. */
int hf__seal_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                      struct hf_bytes body);

/* ---- holders.c: what is known of the holders */

/* Makes the list anew from the newest record; who holds again keeps what is known of it. */
void hf__holders_rebuild(struct hf_engine *e);
/* The timer: asks all of them, and sets itself again. */
void hf__standing_send(struct hf_engine *e);
/* Whether the view of one is another than when this was last asked. */
bool hf__holders_changed(struct hf_engine *e);
/* Asks one holder, unless it is being asked. */
void hf__standing_ask(struct hf_engine *e, struct hf__holder *h);
/* What one holder says of its share and of itself. HF__PARK, or what was wrong with it. */
int hf__standing_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                          struct hf_bytes body);
/* Draws the node's state from them, and begins a new dealing when one has been unfit for long. */
void hf__holders_judge(struct hf_engine *e);
/* This node stood still for e->late_ms: no holder was silent in that time. */
void hf__holders_slept(struct hf_engine *e);

/* ---- audit.c: whether holders know their shares */

/* A holder of a new generation: nothing is known of its share yet. */
void hf__audit_begin(struct hf_engine *e, struct hf__holder *h);
/* Draws the challenge of the standing that is about to leave. Returns its number; 0: none is
 * due. */
uint8_t hf__audit_challenge(struct hf_engine *e, struct hf__holder *h);
/* What came of it. s: what the holder says of the share. */
void hf__audit_judge(struct hf_engine *e, struct hf__holder *h, const struct hf_ack_statement *s);

/* ---- record.c */

/* Writes what a locked node starts from, with this record. */
void hf__hint_save(struct hf_engine *e, const struct hf_signed_record *record);

/* ---- evidence.c: what holders have promised, and which of them broke it (proto/EVIDENCE.md) */

/* Takes in what is known of the promises of the newest recorded generation; its holders are new. */
void hf__evidence_begin(struct hf_engine *e, const struct hf_placement_record *record);
/* Fills in what makes the answer to a standing count as a word for or against a promise. */
void hf__evidence_ask(const struct hf_engine *e, const struct hf__holder *h, struct hf_standing *m);
/* Keeps a holder's answer as its promise, or as the word that breaks it. asked: the question; s:
 * the answer's statement, decoded, whose signature is good; an audit in it has been judged. */
void hf__evidence_hear(struct hf_engine *e, struct hf__holder *h, const struct hf_standing *asked,
                       const struct hf_ack_statement *s, const struct hf_ack_response *response);
/* Whether anything is kept against a member. */
bool hf__evidence_against(const struct hf_engine *e, const struct hf_account *account);

/* ---- recover.c, rebuild.c */

/* record: the signed record of the public hint, encoded, or empty. */
void hf__recover_begin(struct hf_engine *e, struct hf_bytes record);
/* The timer of the task: a new round. */
void hf__recover_round(struct hf_engine *e);
/* The timer: enough has come, go on without the others. */
void hf__recover_grace(struct hf_engine *e);
/* The newest placement record of this node that a recovery knows, signed by it: an encoded
 * signed_record; empty: none. Until the recovery ends. */
struct hf_bytes hf__recover_record(const struct hf_engine *e);
/* Where versions of the root secret go that come back by another way than shares; NULL: there is no
 * memory. */
struct hf__given_roots *hf__recover_room(struct hf_engine *e);
/* They are there, that of `version` was the active one: the round that is under way ends, and the
 * vault can be opened. */
void hf__recover_given(struct hf_engine *e, uint32_t version);
/* All versions of the root secret that a recovery has brought back, until it ends. */
const struct hf__given_roots *hf__recover_roots(const struct hf_engine *e);
/* With the root secret back and the folder lost: the account's secret, out of the record that was
 * rebuilt, and a new sealing key. HF_EACCOUNT: it is another's. HF_ECRYPTO. */
HF_MUST_USE int hf__recover_account(struct hf_engine *e);
/* The quote over the nonces of a round, or why there is none. */
void hf__recover_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
/* Ends the recovery, if one is under way, and wipes its response key. */
void hf__recover_free(struct hf_engine *e);
/* A provider's nonce, or why there is none. */
int hf__recover_nonce(struct hf_engine *e, const struct hf__pending *call, int error,
                      struct hf_bytes body);
/* What a provider holds, or why it does not say. */
int hf__recover_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body);

/* ---- statement.c: what share holders open, with the holders */

/* The number of the statement that a holder is to be given; 0: none. */
uint8_t hf__statement_due(struct hf_engine *e, const struct hf__holder *h);
/* Puts that of this number, if it is not 0, into a standing; false: there is another by now. */
bool hf__statement_fill(struct hf_engine *e, uint8_t number, struct hf_standing *ret);
/* What a holder said. number: of the one it was given with the request, or 0. */
void hf__statement_heard(struct hf__holder *h, uint8_t number, bool keeps);
/* How many holders keep the newest. */
uint8_t hf__statement_holders(struct hf_engine *e);
/* Forgets it, and who keeps it. */
void hf__statement_free(struct hf_engine *e);
/* Keeps one that a holder gave with its answer to a recovery, if it is this node's own and newer
 * than the one kept. */
void hf__statement_learn(struct hf_engine *e, const struct hf_signed_sealed *s);
/* The newest, an encoded signed_sealed; empty: none. Until the recovery ends. */
struct hf_bytes hf__statement_learned(const struct hf_engine *e);

/* ---- claim.c, claim_answer.c */

/* After a recovery, whose answers it reads and then frees. */
void hf__claim_begin(struct hf_engine *e);
/* The timer of the task. */
void hf__claim_advance(struct hf_engine *e);
/* Ends the claim under way, if one is. One that stands goes on standing. */
void hf__claim_free(struct hf_engine *e);
/* One acceptor's answer to a claim. HF__PARK, or what was wrong with it. */
int hf__claim_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);
/* Others may have to carry the claim under way than those that it was asked of: then they are,
 * under a further number. */
void hf__claim_recount(struct hf_engine *e);
/* The set may say that ballots below a floor are void: an instance below it claims anew. */
void hf__claim_floor(struct hf_engine *e);
/* A provider says that another claim stands: ask it for its signed word, if the own ballot needs
 * it. */
void hf__claim_challenge(struct hf_engine *e, const struct hf_account *provider);

/* ---- release.c: application keys */

/* A key of this name, to the local asker `request`. */
void hf__release(struct hf_engine *e, uint64_t request, struct hf_bytes name);
/* Its key, and that of a newer version to which it moves from now on. HF_EKEYUNBOUND,
 * HF_EKEYNEWEST. */
void hf__release_both(struct hf_engine *e, uint64_t request, struct hf_bytes name);
/* The application needs no other key of this name than that of `version`. HF_EKEYUNBOUND,
 * HF_EKEYOTHER. */
void hf__release_confirm(struct hf_engine *e, uint64_t request, struct hf_bytes name,
                         uint64_t version);
/* Why nothing can be released: 0 nothing, HF_EFENCED, HF_ELOCKED, HF_ENOTCLAIMED. */
int hf__why_closed(const struct hf_engine *e);
/* One holder's word about the claim under which a key is to be released first. */
int hf__release_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body);
/* Ends the first releases that wait, with an error. */
void hf__releases_end(struct hf_engine *e, int error);
/* Ends those whose acknowledgements a floor has others give; those that wait ask again. */
void hf__releases_recount(struct hf_engine *e);
/* Forgets which names this process has bound: the vault is closed, and no release waits. */
void hf__bindings_forget(struct hf_engine *e);
size_t hf__release_memory(const struct hf_engine *e); /* bytes held */

/* ---- application.c: quotes for applications */

/* Makes a quote over 64 bytes and a nonce of 32, under the claim that stands, and answers when it
 * is there. Refused: HF_EINVAL, HF_EBUSY, and as a key is. */
void hf__application_ask(struct hf_engine *e, uint64_t local, struct hf_bytes bytes);
/* The quote, or why there is none. */
void hf__application_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
/* Ends all of them; error is not 0. */
void hf__application_free(struct hf_engine *e, int error);
size_t hf__application_memory(const struct hf_engine *e); /* bytes held */

/* ---- drill.c */

/* request: the local request that waits for the report. */
void hf__drill_begin(struct hf_engine *e, uint64_t request);
/* The quote over the nonces of a drill, or why there is none. */
void hf__drill_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
/* Ends the drill under way, if one is; who asked for it, and was not answered, gets HF_ELOCKED. */
void hf__drill_free(struct hf_engine *e);
size_t hf__drill_memory(const struct hf_engine *e); /* bytes held */
/* A holder's nonce, or why there is none. */
int hf__drill_nonce(struct hf_engine *e, const struct hf__pending *call, int error,
                    struct hf_bytes body);
/* A holder's proof, or why there is none. */
int hf__drill_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);

/* ---- send.c: requests that an owner signs, and their acknowledgements */

/*
 * Sends message, encoded and signed under the method's label, with the own identity unless the
 * holder knows it. HF_EIDENTITY: there is none yet; the errors of hf__call.
 */
HF_MUST_USE int hf__owner_send(struct hf_engine *e, const struct hf__ask *ask,
                               const struct hf_account *provider, const struct hf_wire_type *type,
                               const void *message);
/* One side has forgotten the identity of the other that a request relied on: asks again, and
 * shows or asks for it. False: the request is not of a kind that is repeated here. */
bool hf__owner_again(struct hf_engine *e, const struct hf__pending *call);
/* Checks an acknowledgement of the request with this hash, and the identity of its sender, shown or
 * remembered. HF__PARK; HF_EPEER_ACCOUNT: of another, or by another; HF_ESIGNATURE; HF_EBEHIND;
 * HF_EIDENTITY, HF_EMISSING: it is not known; the errors of decoding. HF_ENOSHARE: it acknowledges
 * nothing, as its sender knows nothing of this owner; what it says is given all the same.
 * ret_response may be NULL. */
HF_MUST_USE int hf__ack_check(struct hf_engine *e, const struct hf__pending *call,
                              const struct hf_hash *request_hash, struct hf_bytes body,
                              struct hf_ack_statement *ret, struct hf_ack_response *ret_response);

/* ---- versions of the root secret (roots.c) */

/* What a dealing protects. */
struct hf__dealt {
    uint8_t count;
    uint32_t version[HF_ROOTS_KEPT_MAX]; /* ascending */
};

/* By which durations versions give way to others; the policy is there. */
struct hf__rotation hf__roots_policy(const struct hf_engine *e);
/* The versions that the next dealing protects: all that are kept but those whose time is over and
 * that no application needs any more. */
void hf__roots_wanted(struct hf_engine *e, struct hf__dealt *ret);
/* What a record protects. */
void hf__roots_recorded(const struct hf_placement_record *record, struct hf__dealt *ret);
/* Whether the shares of a record give the very secrets that this vault has under its numbers: of
 * two copies of a vault each may have drawn one of its own. HF_ESHARE: they do not. HF_ENOMEM:
 * that cannot be told now, or this vault lacks one of them. */
HF_MUST_USE int hf__roots_check(struct hf_engine *e, const struct hf_placement_record *record);
/* Whether a version is among them. */
bool hf__dealt_has(const struct hf__dealt *d, uint32_t version);
/* Whether two protect the same versions. */
bool hf__dealt_equal(const struct hf__dealt *a, const struct hf__dealt *b);
/* Whether an application's key is of this version, or on its way to it. */
bool hf__root_bound(struct hf_engine *e, uint32_t version);
/* How many names have their key of this version; ret_moving: of them, how many move to another. */
uint32_t hf__root_names(struct hf_engine *e, uint32_t version, uint32_t *ret_moving);
/* Whether some holder may still keep a share of a dealing that protects this version. dealt: as in
 * kept_root. */
bool hf__root_dealt(struct hf_engine *e, uint32_t version, uint64_t dealt);
/* Looks anew whether the newest generation protects what it should. */
void hf__roots_look(struct hf_engine *e);
/* Others may know versions up to this one: they are tainted, and give way at once. Returns how many
 * were not so before. */
size_t hf__roots_taint(struct hf_engine *e, uint32_t through);
/* Taints what the authority orders, in the set or by what the policy allows. */
void hf__roots_obey(struct hf_engine *e);

#endif
