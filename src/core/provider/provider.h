/*
 * The provider's side: a node keeps shares of others, and answers for them. One file a request.
 * Private to core.
 */
#ifndef HF_CORE_PROVIDER_H
#define HF_CORE_PROVIDER_H

#include "register/register.h"

/* An answer to recover or drill, repeated for as long as its nonce lives. */
struct hf__answer {
    struct hf__answer *next;
    struct hf_hash key; /* hash of method and request */
    uint64_t until_ms;
    struct hf_blob *body;
};

struct hf__drain;     /* provider/drain.c */
struct hf__attesting; /* provider/attest.c */

/* What a leaver asks the other holders of one generation, after its deadline. */
struct hf__leaving {
    uint32_t number; /* of the question: answers to one before are stale */
    uint8_t needed, live, waiting;
    struct hf_account owner;
    uint8_t generation[16];
    size_t at;         /* shares that were looked at in this round */
    bool vain;         /* the next of them cannot be handed over now */
    uint32_t pause_ms; /* between the last round and the next; 0: something went since */
    uint64_t again_ms; /* the next round */
};

struct hf__handing; /* provider/handing.h */
struct hf__mending; /* provider/repair.c */

/* A place in a generation for which this node has said yes: until then it says so for no other. */
struct hf__welcome {
    uint64_t generation; /* head of its id */
    uint64_t until_ms;
    uint8_t index;
};

struct hf__provider {
    struct hf__answer *answers; /* newest first */
    uint16_t answers_count;
    bool draining;
    uint64_t drain_until_ms; /* while it does */
    struct hf__drain *drain;
    struct hf__attesting *attesting; /* newest first */
    struct hf__leaving leaving;
    struct hf__handing *handing; /* of one share; NULL: none is under way */
    uint32_t handovers;          /* that were begun */
    struct hf__mending *mending; /* of one lost share; NULL: none is under way */
    uint32_t mendings;           /* that were begun */
    size_t mended;               /* shares that were looked at in this round */
    uint8_t awaited[16];         /* generation of a lost share for which others have their turn; */
    uint8_t awaited_index;       /* its index, 0: none; */
    uint64_t awaited_ms;         /* and since when */
    uint32_t handed_over;        /* shares that this process gave to another, which votes */
    uint64_t handed_ms; /* when this process sent a share to another last, or opened its vault */
    struct hf__welcome welcomes[HF_WELCOMES_MAX]; /* in no order; take.c */
};

/* Draws the key of the nonces; they are worth nothing to another process. */
void hf__provider_init(struct hf_engine *e);
/* Forgets the answers, and ends a drain's question; its asker is told. */
void hf__provider_lock(struct hf_engine *e);
/* Bytes, without sizeof(struct hf__provider). */
size_t hf__provider_memory(const struct hf_engine *e);
/* Fills in what is kept for others, the drain and the leave. */
void hf__provider_status(struct hf_engine *e, struct hf_status *ret);

/* ---- requests. 0: answered; HF__PARK; else a refusal. */

/* /v1/offer: whether an owner may leave a share here, and a nonce for its deposit. */
int hf__recv_offer(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/deposit: keeps a share, durably, and signs for it. */
int hf__recv_deposit(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/record: keeps the owner's record, and seals an older generation by it. */
int hf__recv_record(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/delete: forgets one generation; the promise and the vote stay. */
int hf__recv_delete(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/standing: whether this node is placed and holds the share, with a proof when one is asked
 * for. */
int hf__recv_standing(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/nonce: a nonce for a recovery or a drill, and whether this node drains. */
int hf__recv_nonce(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/recover and /v1/drill: shares sealed to the asker's key, or a proof that they are kept. */
int hf__recv_recover(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/claim: a vote for the owner's ballot, or the owner's own word against it. */
int hf__recv_claim(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);

/* ---- attest.c: attestation on request (proto/PROTOCOL.md, 14) */

/* /v1/attest: has a quote made over the asker's nonce, which is the answer. */
int hf__recv_attest(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* The quote, or why there is none. */
void hf__attest_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
/* Ends those that are under way; those that wait are told. */
void hf__attest_free(struct hf_engine *e, int error);
size_t hf__attest_memory(const struct hf_engine *e); /* bytes held */

/* ---- drain.c: leave to stop for a while */

/* request: the local request that waits for leave. */
void hf__drain_begin(struct hf_engine *e, uint64_t request);
/* This process ends in a moment: says so to a few members, at once. HF_ENOTREADY: its claim does
 * not stand, so that its word counts for nothing. */
HF_MUST_USE int hf__stop_announce(struct hf_engine *e);
/* Ends the question, if one is under way; its asker gets the error. */
void hf__drain_free(struct hf_engine *e, int error);
/* Ends the drain, if this node drains, and says so. */
void hf__drain_end(struct hf_engine *e);
/* The timer: gives leave once enough members were told, or have not been in seconds; and ends a
 * drain that has lasted as long as one may. */
void hf__drain_due(struct hf_engine *e);
size_t hf__drain_memory(const struct hf_engine *e); /* bytes held */
/* What another holder says of itself: that it is there, or why it does not count. */
int hf__drain_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);

/* ---- leave.c: leaving for good (proto/GOSSIP.md, 4) */

/* Whether this node has announced its leave. */
bool hf__leaving(const struct hf_engine *e);
/* Announces it. reason: for people. HF_ELOCKED; HF_ENOTCLAIMED; HF_ENOTPLACED; HF_ENOTMEMBER;
 * HF_EINVAL: too long. */
HF_MUST_USE int hf__leave_begin(struct hf_engine *e, struct hf_bytes reason, uint64_t seconds);
/* HF_EINVAL: it is not leaving. HF_EFORGOTTEN: there is no way back. HF_ELOCKED, HF_ENOTCLAIMED. */
HF_MUST_USE int hf__leave_cancel(struct hf_engine *e);
/* Forgets what is kept for an owner. HF_EINVAL: no account, or not leaving. HF_ENOTREADY: before
 * the deadline. HF_ENOSHARE. HF_ELOCKED. */
HF_MUST_USE int hf__leave_abandon(struct hf_engine *e, struct hf_bytes account);
/* Why this node takes no share: HF_EDRAINING, HF_ELEAVING; 0: it does. */
HF_MUST_USE int hf__closing(const struct hf_engine *e);
/* A set was adopted: an account that it has registered anew begins anew, whatever it had said of
 * the registration before. */
void hf__leave_adopted(struct hf_engine *e);
/* The timer: goes on with it, and sets itself again. */
void hf__leave_advance(struct hf_engine *e);
/* Fills in the leave, and the first owners that it waits for. */
void hf__leave_status(struct hf_engine *e, struct hf_status *ret);
/* A share goes and its vote, if it has one, stays: as when its owner orders it. From then on there
 * is no way back. */
void hf__leave_forget(struct hf_engine *e, const struct hf_held_row *held);
/* The share that was looked at last could not be handed over: it is asked about. */
void hf__leave_keeps(struct hf_engine *e);
/* What another holder says of a generation, or why it does not. */
int hf__leave_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);
/* /v1/remains: whether the share of a generation is still kept here. 0, or a refusal. */
int hf__recv_remains(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);

/* ---- handover.c: a share is handed over by one that leaves (proto/REPAIR.md) */

/* Begins to hand a share over, or goes on with it, where that may be; false: it may not now. */
bool hf__handing_begin(struct hf_engine *e, const struct hf_held_row *held);
/* What one that was asked for it has said, or why it has not. */
int hf__handing_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body);
/* Whether this node lets the holder of an index hand its share of a generation over before its own,
 * which it then does not go on with for now. */
bool hf__handover_yields(struct hf_engine *e, const struct hf_account *owner,
                         const uint8_t generation[static 16], uint8_t index);
/* Ends what is under way; what is durable stays. */
void hf__handing_free(struct hf_engine *e);
size_t hf__handing_memory(const struct hf_engine *e); /* bytes held */

/* ---- take.c: what others do when one that leaves hands a share over */

/* /v1/take: whether this node would have a share. */
int hf__recv_take(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/transfer: keeps another holder's transfer, durably, and signs for it. */
int hf__recv_transfer(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/handover: keeps a share, durably, and votes for it once enough others keep the transfer. */
int hf__recv_handover(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);

/* ---- moves.c: the transfers in an owner's row */

/* Whether a share of a generation may still be on its way from here to another. */
bool hf__handing_over(const struct hf_engine *e, const struct hf_owner_row *row,
                      const uint8_t generation[static 16]);
/* Who votes for a record's own generation, as far as this node knows. */
void hf__acceptors(struct hf_engine *e, const struct hf_placement_record *record,
                   struct hf__electorate *ret);
/* Whether a holder of a share is gone for good: it is no member, or its signed leave is over, and
 * it has had the time to hand its share over. */
bool hf__holder_gone(const struct hf_engine *e, const struct hf_account *account);
/* The transfer of an index of a generation; restored: one by which it is at a member that is not
 * gone, this node's own before others. false: it is at none, as far as the row knows. */
bool hf__transfer_find(struct hf_engine *e, const struct hf_owner_row *row,
                       const uint8_t generation[static 16], uint64_t index, bool restored,
                       struct hf_signed_transfer *ret);
/* Whether a transfer of the generation is to this node: without the share, it was let go. */
bool hf__was_taken(struct hf_engine *e, const struct hf_owner_row *row,
                   const uint8_t generation[static 16]);
/* Adds one that was checked to a row; false: it is full, or hf__transfer_find has another of that
 * index. */
bool hf__transfer_keep(struct hf_engine *e, struct hf_owner_row *row,
                       const struct hf_account *owner, const struct hf_signed_transfer *transfer);
/* Adds those that an owner shows. Whether the row has changed. */
bool hf__moves_merge(struct hf_engine *e, struct hf_owner_row *row, const struct hf_account *owner,
                     const struct hf_signed_transfer *list, size_t count);
/* Those of a row that a request does not show. */
struct hf_signed_transfer *hf__moves_unshown(struct hf_engine *e, const struct hf_owner_row *row,
                                             const struct hf_owner_request *request,
                                             size_t *ret_count);
/* Forgets those of generations of which nothing is kept here any more, as far as the owner shows
 * that it knows them. */
void hf__moves_prune(struct hf_engine *e, struct hf_owner_row *row, const struct hf_account *owner,
                     const struct hf_owner_request *request);

/* Whether as many of a generation have moved as may: what is left with those that the owner chose
 * must be enough by itself. */
bool hf__moves_exhausted(struct hf_engine *e, const struct hf_owner_row *row,
                         const struct hf_placement_record *record);
/*
 * Whether this node can have a share: it holds no other one of this generation, and has no vote for
 * it. from: who would hand it over; NULL: it would be restored. ret_has: it has this very one, in
 * this way. HF_EINDEX; HF_EGENERATION: it is too late for it.
 */
HF_MUST_USE int hf__place_check(struct hf_engine *e, const struct hf_account *from,
                                const struct hf_placement_record *record, uint64_t index,
                                bool *ret_has);
/* Whether what is kept of the owner leaves room for one share more. HF_EBUSY, HF_EDRAINING,
 * HF_ELEAVING, HF_EQUOTA, the store's error. */
HF_MUST_USE int hf__move_room_check(struct hf_engine *e, const struct hf_account *owner);

/* ---- parts.c: the secrets of a repair (proto/REPAIR.md, 8) */

enum { HF__PART_SEALED = HF_SCALAR_LEN + HF_SIGNATURE_LEN + HF_SEAL_OVERHEAD };

/* Splits the share of this node, the helper at a place; fills in points, parts and signature.
 * HF_ENOMEM; those of unwrap and repair_split. */
HF_MUST_USE int hf__share_split(struct hf_engine *e, const struct hf__plan *p,
                                const struct hf_held_row *held, size_t place,
                                struct hf_split_response *ret);
/* Adds up what is for this node, the helper at a place, and seals it to the new holder. splits: k,
 * checked. Not 0: ret_accused names who has sent what does not fit; index 0: it was none of
 * them. */
HF_MUST_USE int hf__parts_sum(struct hf_engine *e, const struct hf__plan *p,
                              const struct hf_repair_split *splits, size_t place,
                              uint8_t ret[static HF__PART_SEALED],
                              struct hf_accusation *ret_accused);
/* Adds the sums up, which were sealed to this node, checks the share against the owner's
 * commitments and wraps it for the vault. Not 0: as hf__parts_sum. */
HF_MUST_USE int hf__sums_wrap(struct hf_engine *e, const struct hf__plan *p,
                              const struct hf_restore_request *m, struct hf_held_row *ret,
                              struct hf_accusation *ret_accused);

/* ---- help.c: what a helper does (proto/REPAIR.md, 7) */

/* A share of this node's that can help to restore another of its generation. */
struct hf__lost {
    struct hf_owner_row row;
    struct hf_held_row held;
    struct hf_placement_record record;
    struct hf_signed_transfer transfer; /* it was restored, or is to be */
    bool is_signed;
};

/* Whether this node may help to restore the share of an index: its own is of the newest record that
 * it knows, which names it; that of the index is gone; the owner is silent, long enough.
 * HF_ENOSHARE; HF_ESTAYS: it is not gone, or the owner answers; HF_ESHAREMOVED: it is elsewhere, or
 * as many have moved as may; HF_EDRAINING, HF_ELEAVING. */
HF_MUST_USE int hf__lost_check(struct hf_engine *e, const struct hf_account *owner,
                               const uint8_t id[static 16], uint64_t index, struct hf__lost *ret);
/* Keeps what all helpers have signed, if it is not kept already; false: there is no room. */
bool hf__restored_keep(struct hf_engine *e, struct hf__lost *l,
                       const struct hf_signed_transfer *transfer);
/* Notes that the new holder has the share: it is not asked again. */
void hf__restored_done(struct hf_engine *e, struct hf__lost *l);
/* /v1/help: whether this node would help. */
int hf__recv_help(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/split: splits its share. */
int hf__recv_split(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* /v1/sum: notes durably that the share is restored, and adds up what is for this node. */
int hf__recv_sum(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);

/* ---- restore.c: who has a restored share */

/* /v1/restore: keeps a share, durably. */
int hf__recv_restore(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);

/* ---- repair.c: who asks the others */

/* Something is known of a member that was not: looks for lost shares soon. */
void hf__mending_look(struct hf_engine *e);
/* The timer: begins to restore a lost share, where there is one and it is this node's turn. */
void hf__mending_due(struct hf_engine *e);
/* What one that was asked has said, or why it has not. */
int hf__mending_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body);
/* Ends what is under way; what is durable stays. */
void hf__mending_free(struct hf_engine *e);
size_t hf__mending_memory(const struct hf_engine *e); /* bytes held */

/* ---- request.c: what the handlers of an owner's signed requests share */
/* Whether a member asks about a share of a member: by documents that both know, and under its
 * account. */
HF_MUST_USE int hf__asker_check(struct hf_engine *e, const struct hf__message *from,
                                const struct hf_versions *versions, const struct hf_account *owner);

/* An owner's signed request, and what is kept of its owner. */
struct hf__owner_message {
    const struct hf__message *from;
    struct hf_owner_request request;
    const struct hf_owner_header *header; /* a part of the handler's own message */
    bool known;                           /* a row is kept of the owner; else row is empty */
    struct hf_owner_row row;
    bool raised; /* the promise in row is higher than the one that is kept */
    bool moved;  /* the row knows of votes that have moved, by the request */
};

/* Opens a request: its shape, and what is inside it. The errors of decoding. */
HF_MUST_USE int hf__owner_open(struct hf_engine *e, const struct hf__message *from,
                               struct hf_bytes body, const struct hf_wire_type *type,
                               void *ret_message, struct hf__owner_message *ret);
/* Whether header may speak here: documents, network, both accounts, membership, the owner's own
 * connection, its signature. Then fills in what is kept of the owner. */
HF_MUST_USE int hf__owner_check(struct hf_engine *e, struct hf__owner_message *o,
                                const struct hf_owner_header *header);
/* Whether the owner runs approved software: by the identity that came with a request, or the one
 * that is remembered. HF__PARK; the errors of hf__identity_check and hf__identity_known. */
HF_MUST_USE int hf__owner_identity(struct hf_engine *e, const struct hf__owner_message *o);
/* All of the above, and raises the promise to the request's ballot: what every request must pass
 * that is only for who keeps something of the owner. header: a part of ret_message. HF_ENOSHARE:
 * nothing is kept, and all but identity and promise was checked. The errors of hf__promise. */
HF_MUST_USE int hf__owner_admit(struct hf_engine *e, const struct hf__message *from,
                                struct hf_bytes body, const struct hf_wire_type *type,
                                void *ret_message, const struct hf_owner_header *header,
                                struct hf__owner_message *ret);
/* Writes the row, where the handler changed it, the promise was raised, or the request brings a
 * higher proof. */
void hf__owner_keep(struct hf_engine *e, struct hf__owner_message *o, bool changed);
/* Acknowledges a request, with the writes of this step. s: what is said; what every one says of
 * this node and the request is filled in. seal: 64 bytes over seal_statement, or NULL. */
void hf__ack(struct hf_engine *e, const struct hf__owner_message *o, struct hf_ack_statement *s,
             const uint8_t *seal);

/* ---- held.c: what is kept of an owner */

/* The row of an owner, decoded; false: none. */
bool hf__owner_row(struct hf_engine *e, const struct hf_account *owner, struct hf_owner_row *ret);
/* A share held of an owner's generation, decoded; false: none. */
bool hf__held_row(struct hf_engine *e, const struct hf_account *owner, const uint8_t id[static 16],
                  struct hf_held_row *ret);
/*
 * The next share that is held of an owner, or of any when it is NULL, by owner; decoded until the
 * next step; false: no more. *at: 0 at first, then the number of shares that came before. A caller
 * that deletes the row of the last one takes one from it.
 */
bool hf__held_next(struct hf_engine *e, const struct hf_account *owner, size_t *at,
                   struct hf_held_row *ret);
/* Whether a share is held that has a vote. */
bool hf__held_votes(struct hf_engine *e, const struct hf_account *owner,
                    const uint8_t id[static 16]);
/* Whether a recorded share is held here that can be had, and has a vote: who counts on what is left
 * of a generation counts this one. */
bool hf__held_counts(struct hf_engine *e, const struct hf_account *owner,
                     const uint8_t id[static 16]);
/* The index of a share that is held and recorded, and can be had; 0: none is. */
uint8_t hf__held_index(struct hf_engine *e, const struct hf_account *owner,
                       const uint8_t id[static 16]);
/* The share of a row cannot be had: from now on it counts as none, until its row is written or the
 * process restarts. */
void hf__held_spoil(struct hf_engine *e, const struct hf_account *owner,
                    const uint8_t id[static 16]);
/* Whether that was said of one that is held. */
bool hf__held_spoilt(struct hf_engine *e, const struct hf_account *owner,
                     const uint8_t id[static 16]);
/*
 * The plain share of a row, in secret memory: HF_SCALAR_LEN bytes, which the caller gives back by
 * e->secret_free. HF_ENOMEM. HF_ECRYPTO: what the row has is no share under this vault's key.
 */
HF_MUST_USE int hf__held_open(struct hf_engine *e, const struct hf_held_row *held, uint8_t **ret);
/* The key of a held row: owner, generation id. */
void hf__held_key(const struct hf_account *owner, const uint8_t id[static 16],
                  uint8_t ret[static 48]);
/*
 * Whether a share may come again (proto/CLAIMS.md, 4.6): the record that comes with it is the
 * owner's, under the ballot of the request, no older than what is known, of this generation, and
 * names this node. ret: decoded. HF_EBALLOT; HF_EGENERATION; HF_ERECORD; those of
 * hf__record_check.
 */
HF_MUST_USE int hf__again_check(struct hf_engine *e, const struct hf_signed_record *record,
                                const struct hf_owner_header *header,
                                const struct hf_generation_id *generation,
                                struct hf_placement_record *ret, uint8_t *ret_index);
/* Whether there is room for a share of an owner. The store's error while writing fails;
 * HF_EQUOTA. */
HF_MUST_USE int hf__quota_check(struct hf_engine *e, const struct hf_account *owner);
/*
 * Whether an owner may leave a share of this generation; again: one that was held before. The
 * store's error while writing fails; HF_EQUOTA; HF_ESUPERSEDED: a lower claim than one known;
 * HF_EGENERATION: not newer than what was accepted.
 */
HF_MUST_USE int hf__room_check(struct hf_engine *e, const struct hf_owner_header *header,
                               const struct hf_generation_id *generation, bool again);

/* Whether this node, or another of its operator for which it may stand in, is among an owner's
 * candidates under the set of an epoch (offer.c). HF_EORDER. */
HF_MUST_USE int hf__order_check(struct hf_engine *e, const struct hf_account *owner,
                                uint64_t version, uint64_t epoch);

/* ---- acceptor.c: what a holder promises, for what it votes, what it remembers */

/* Writes the row of an owner, which has a promise. */
void hf__owner_put(struct hf_engine *e, const struct hf_account *owner,
                   const struct hf_owner_row *row);
/* The ballot that a row promises. */
void hf__promised(struct hf_engine *e, const struct hf_owner_row *row, struct hf_ballot *ret);
/* HF_ESUPERSEDED: the ballot is below the one promised or the owner's floor, or another
 * instance's of the same number. */
HF_MUST_USE int hf__promise_check(struct hf_engine *e, const struct hf_owner_row *row,
                                  const struct hf_account *owner, const struct hf_ballot *ballot);
/*
 * Raises the promise in a row to the ballot of a request, when that is higher; the caller puts the
 * row before it answers. A row without a promise is one that is being made. HF_ESUPERSEDED.
 * HF_EIDENTITY: the request lacks the owner's word for its ballot. HF_EBALLOT, HF_ESIGNATURE: the
 * word does not fit. HF_EPROOF: the proof that came with it does not hold. The store's error.
 */
HF_MUST_USE int hf__promise(struct hf_engine *e, struct hf_owner_row *row,
                            const struct hf_owner_header *header,
                            const struct hf_owner_request *request, bool *ret_raised);
/* Keeps the proof that came with a request whose promise was made, when it is higher than the one
 * kept. Whether the row has changed. */
bool hf__proof_keep(struct hf_engine *e, struct hf_owner_row *row,
                    const struct hf_owner_header *header, const struct hf_owner_request *request);
/* The order of the newest record in a row; false: none is known. */
bool hf__newest_order(struct hf_engine *e, const struct hf_owner_row *row,
                      struct hf_record_order *ret);
/* How an owner's record that was checked stands to the newest one that its row knows. 0: it is
 * that one, or newer; HF_EGENERATION: older; HF_ECONTRADICTION: of the same order, and another. */
HF_MUST_USE int hf__newest_check(struct hf_engine *e, const struct hf_owner_row *row,
                                 const struct hf_signed_record *record,
                                 const struct hf_placement_record *decoded);
/* Whether it is the newest one, byte for byte. */
bool hf__newest_is(const struct hf_owner_row *row, const struct hf_signed_record *record);
/* Makes it the newest one, with certificates that were checked by it. */
void hf__newest_set(struct hf_owner_row *row, const struct hf_signed_record *record,
                    struct hf_certificate *certificates, size_t count);
/* Whether this node is an acceptor for the generation: it holds or has held its share, and knows
 * what it promised for it. */
bool hf__votes_for(struct hf_engine *e, const struct hf_account *owner,
                   const struct hf_owner_row *row, const uint8_t generation[static 16]);
/* For how many generations of an owner this node votes: at most HF_WIRE_FORMER_MAX, as no share is
 * taken beyond. No vote makes room for another: a record of any of them may be shown yet, and who
 * starts from it goes on by its acceptors alone. Only hf__former_forget makes room. */
size_t hf__votes_count(struct hf_engine *e, const struct hf_account *owner,
                       const struct hf_owner_row *row);
/* Notes that a share is gone and its vote stays, if it has one. */
void hf__former_add(struct hf_engine *e, struct hf_owner_row *row, const struct hf_held_row *held);
/* Forgets the votes for what was left here under a ballot below the given number, but for the
 * newest generation. */
void hf__former_forget(struct hf_owner_row *row, uint64_t below, const uint8_t newest[static 16]);
/* Whether the row names a generation whose share is gone. */
bool hf__former_has(const struct hf_owner_row *row, const uint8_t generation[static 16]);
/* Such a generation is taken out: its share is there again, or no instance can need the vote.
 * false: the row does not name it. */
bool hf__former_take(struct hf_owner_row *row, const uint8_t generation[static 16]);
/* Whether a share of any generation is held for an owner. */
bool hf__holds_any(const struct hf_engine *e, const struct hf_account *owner);
/* Owners for whom a share is held. */
size_t hf__owners_served(const struct hf_engine *e);
/* Notes since when owners are out of the set, and drops the tombstones of those that have been for
 * a year. */
void hf__owners_age(struct hf_engine *e);

/* ---- nonce.c: nonces that cost their maker no memory */

/* A nonce for this context, good for so long as the timing says; the vault is open. */
void hf__nonce_make(struct hf_engine *e, struct hf_bytes context, uint8_t ret[static 40]);
/* HF_ENONCE: not of this process, for another context, or expired. */
HF_MUST_USE int hf__nonce_check(struct hf_engine *e, struct hf_bytes context,
                                const uint8_t nonce[static 40]);
/* What the nonce of an offer is bound to. */
struct hf_bytes hf__offer_context(struct hf_engine *e, const struct hf_account *owner,
                                  const struct hf_generation_id *generation);
/* What the nonce of a handover is bound to. */
struct hf_bytes hf__take_context(struct hf_engine *e, const struct hf_account *owner,
                                 const struct hf_generation_id *generation,
                                 const struct hf_account *from);
/* What the nonce of a recovery is bound to. */
struct hf_bytes hf__recover_context(struct hf_engine *e, const struct hf_account *account,
                                    const uint8_t response_key[static HF_KEY_LEN]);

/* ---- answers.c: answers to recover and drill, repeated while their nonce lives */

/* The body of an answer, until the next step; false: there is none. */
bool hf__answer_find(struct hf_engine *e, const struct hf_hash *key, struct hf_bytes *ret);
/* Keeps the body of an answer for the rest of its nonce's life. key: of hf__answer_find. */
void hf__answer_keep(struct hf_engine *e, const struct hf_hash *key, struct hf_bytes body);
/* Forgets the answers whose nonce has ended. */
void hf__answers_expire(struct hf_engine *e);

#endif
