/*
 * The claim as a replicated register: what its writer (an owner's instance) and its acceptors
 * (the holders of the owner's shares) must decide alike. proto/CLAIMS.md has the rules, R1 to R12.
 * Private to core.
 */
#ifndef HF_CORE_REGISTER_H
#define HF_CORE_REGISTER_H

#include "members/members.h"

enum {
    HF__ELECTORATES_MAX = HF_CHAIN_MAX + 1, /* the newest generation and its chain */
    HF__ACCEPTORS_MAX = HF__ELECTORATES_MAX * HF_SHARES_MAX, /* distinct ones, at most */
    HF__MOVES_MAX = 2 * HF_WIRE_MOVES_MAX /* what a node keeps, and what is shown to it */
};

/* The vote of an index that was handed over. */
struct hf__move {
    uint8_t generation[16];
    uint8_t index;
    bool restored; /* the share alone: the vote stays where it was */
    struct hf_account from, to;
};

/* At most one of the vote of an index of a generation. */
struct hf__moves {
    size_t count;
    struct hf__move at[HF__MOVES_MAX];
};

/* The acceptors of one generation, and how many of them carry a ballot. */
struct hf__electorate {
    uint8_t id[16]; /* of the generation */
    uint8_t n;
    uint8_t quorum;                             /* q: acceptances that are not provisional */
    uint8_t provisional;                        /* p: acceptances, provisional or not */
    uint16_t moved;                             /* bit of each place whose vote was handed over */
    struct hf_account acceptors[HF_SHARES_MAX]; /* who votes */
    struct hf_account earlier[HF_SHARES_MAX];   /* who did before, where it moved: what that one has
                                                 * given counts for the index too */
    uint8_t indices[HF_SHARES_MAX];
};

/* ---- Records */

/* Checks the placement record of an owner and decodes it: its shape, that it is this owner's, its
 * signature. HF_ERECORD; HF_ESIGNATURE; the errors of decoding; HF_EVOIDRECORD: all of this is as
 * it must be, and ret is filled, but the owner's floor makes it void. */
HF_MUST_USE int hf__record_check(struct hf_engine *e, const struct hf_signed_record *record,
                                 const struct hf_account *owner, struct hf_placement_record *ret);

/* The versions of the root secret that a record protects, ascending. Returns how many. */
size_t hf__record_roots(const struct hf_placement_record *record,
                        uint32_t ret[static HF_ROOTS_KEPT_MAX]);

/* ---- Order (R3) */

/* The place of a record in the order of its owner's records. */
void hf__record_order(const struct hf_placement_record *record, struct hf_record_order *ret);
/*
 * Whether the owner's floor makes a record void (R11): it was signed below the floor, and is not of
 * the generation that the floor names. What must hold: of all records from which an instance may
 * start under a floor, each needs the acceptors of that generation, or descends from one that did.
 */
bool hf__is_void(const struct hf_engine *e, const struct hf_account *owner,
                 const struct hf_record_order *order);
/* Below 0, 0 or above 0, as a is older than b, the same, or newer, of one owner's records; a void
 * one is older than any that is not, and NULL older than any. */
int hf__order_compare(const struct hf_engine *e, const struct hf_account *owner,
                      const struct hf_record_order *a, const struct hf_record_order *b);
/* Compares two ballots: below 0, 0, above 0 by number; two instances of one number are 1 apart
 * either way (neither is above). ret: false when they are of one number and two instances. */
bool hf__ballot_equal(const struct hf_ballot *a, const struct hf_ballot *b);

/* ---- Statements of a ballot (R2) */

/* The owner's own signed word for a ballot, that it knows `known` (NULL: no record); borrowed from
 * the step. */
void hf__claim_sign(struct hf_engine *e, const struct hf_ballot *ballot,
                    const struct hf_record_order *known, struct hf_signed_claim *ret);
/* Checks the owner's signature. HF_ESIGNATURE, HF_EDOCUMENT_NETWORK, HF_EPEER_ACCOUNT, or of
 * decoding. */
HF_MUST_USE int hf__claim_open(struct hf_engine *e, const struct hf_signed_claim *claim,
                               const struct hf_account *owner, struct hf_claim_statement *ret);
/* The statement of a claim that was checked when it was stored. */
void hf__claim_read(struct hf_engine *e, const struct hf_signed_claim *claim,
                    struct hf_claim_statement *ret);

/* ---- How far an owner's vault has come (sequence.c) */

/* Signs the own word for a point. */
void hf__sequence_sign(struct hf_engine *e, const struct hf_sequence_point *at,
                       struct hf_signed_sequence *ret);
/* Whether the owner has signed it. */
bool hf__sequence_holds(struct hf_engine *e, const struct hf_account *owner,
                        const struct hf_signed_sequence *word);
/* Keeps an owner's word in its row where it is higher than the one there; whether it was. */
bool hf__sequence_keep(struct hf_engine *e, struct hf_owner_row *row,
                       const struct hf_account *owner, const struct hf_signed_sequence *word);
/* What the newest set says of the own vault; NULL: nothing. */
const struct hf_sequence_floor *hf__sequence_floor(const struct hf_engine *e);

/* ---- Certificates, proofs, electorates (R4, R5, R7, R11) */

/* Hash of a record's bytes, as seals name it. */
void hf__record_hash(struct hf_engine *e, const struct hf_signed_record *record,
                     struct hf_hash *ret);
/*
 * Whether a certificate can excuse an owner that knows this record from one generation of its
 * chain: it was sealed by the record's own generation or by another of the chain, under a ballot
 * that is not above the record's, holders of q indices are named, and the floor does not say who
 * votes instead, or that it need not be asked. moves: votes that were handed over; may be NULL.
 */
bool hf__certificate_fits(const struct hf_engine *e, const struct hf_certificate *c,
                          const struct hf_placement_record *record, const struct hf__moves *moves);
/* The same, and each of them has signed. HF_ECERTIFICATE. */
HF_MUST_USE int hf__certificate_check(struct hf_engine *e, const struct hf_certificate *c,
                                      const struct hf_placement_record *record,
                                      const struct hf__moves *moves);
/*
 * Who must carry a ballot of the owner under this record: the holders of its generation, and of
 * each generation in its chain that no certificate seals and that the authority has not written
 * off. moves: the votes that were handed over; may be NULL. Returns how many electorates; the first
 * is of the record's own generation.
 */
size_t hf__electorates(struct hf_engine *e, const struct hf_placement_record *record,
                       const struct hf_certificate *certificates, size_t certificates_count,
                       const struct hf__moves *moves,
                       struct hf__electorate ret[static HF__ELECTORATES_MAX]);
/* Whether an account is among the acceptors of an electorate. */
bool hf__is_acceptor(const struct hf__electorate *g, const struct hf_account *account);
/* The floor that the newest set gives an owner; NULL: none. */
const struct hf_floor *hf__floor_of(const struct hf_engine *e, const struct hf_account *owner);
/* Whether the instance of a claim says itself that it stood, however many have accepted it. */
bool hf__claim_stood(struct hf_engine *e, const struct hf_claim_proof *proof,
                     const struct hf_account *owner);
/*
 * Whether acceptances carry the claim in each of the electorates. HF_EPROOF: its instance does not
 * say that it stood, too few for one of them, or a signature does not verify.
 */
HF_MUST_USE int hf__claim_proof_check(struct hf_engine *e, const struct hf_claim_proof *proof,
                                      const struct hf__electorate *electorates, size_t count,
                                      const struct hf_account *owner);
/* What an acceptor signs for a ballot; borrowed from the step. */
struct hf_bytes hf__acceptance_bytes(struct hf_engine *e, const struct hf_account *owner,
                                     const uint8_t generation[static 16],
                                     const struct hf_ballot *ballot, bool provisional);
/* What an acceptor signs when it seals: all of a certificate but its seals; borrowed from the
 * step. */
struct hf_bytes hf__seal_bytes(struct hf_engine *e, const struct hf_account *owner,
                               const struct hf_certificate *what,
                               const struct hf_account *acceptor);

/* ---- transfer.c: votes that were handed over (proto/REPAIR.md) */

/* Checks what a holder of an owner's share signs when it hands its vote over: its shape, that it is
 * of this owner, its signature. HF_ETRANSFER, HF_EDOCUMENT_NETWORK, HF_EPEER_ACCOUNT,
 * HF_ESIGNATURE, or of decoding. */
HF_MUST_USE int hf__transfer_check(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                                   const struct hf_account *owner,
                                   struct hf_transfer_statement *ret);
/* A transfer that was checked when it was stored. */
void hf__transfer_read(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                       struct hf_transfer_statement *ret);
/* The same as a status says it; its member retired is false. */
void hf__transfer_status(const struct hf_transfer_statement *t, struct hf_moved_status *ret);
/* What others name it by. */
void hf__transfer_hash(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                       struct hf_hash *ret);
/* What another holder signs that keeps a transfer; borrowed from the step. */
struct hf_bytes hf__transfer_word(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                                  const struct hf_account *holder);
/* What the new holder signs that has the share; borrowed from the step. */
struct hf_bytes hf__handover_word(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                                  const struct hf_account *holder, bool votes);
/* Whether two say the same: byte for byte, or that one and the same share was restored at one and
 * the same place. */
bool hf__transfer_same(struct hf_engine *e, const struct hf_signed_transfer *a,
                       const struct hf_signed_transfer *b);
/* Whether a transfer is of a generation with these holders: from the one of its index, to one that
 * is none of them; restored by so many others of them as its threshold says, by index. */
bool hf__transfer_of(const struct hf_transfer_statement *t,
                     const struct hf_generation_id *generation, const struct hf_holder *holders,
                     size_t count, uint64_t threshold);
/* The same, of the record's own generation or one of its chain. */
bool hf__transfer_fits(const struct hf_transfer_statement *t,
                       const struct hf_placement_record *record);
/* Adds stored transfers to a list: of each vote the first; and of restored shares all. */
void hf__moves_add(struct hf_engine *e, const struct hf_signed_transfer *list, size_t count,
                   struct hf__moves *ret);
/* Adds what others have shown, as far as it is signed and fits a record. */
void hf__moves_shown(struct hf_engine *e, const struct hf_signed_transfer *list, size_t count,
                     const struct hf_placement_record *record, struct hf__moves *ret);
/* How many of those that are stored are of a generation. */
size_t hf__moves_count(struct hf_engine *e, const struct hf_signed_transfer *list, size_t count,
                       const uint8_t id[static 16]);
/* Those to whom votes were handed over vote in an electorate. */
void hf__moves_apply(const struct hf__moves *moves, struct hf__electorate *g);
/* The index for which an account votes, or has voted before it handed its vote over; 0: none. */
uint8_t hf__electorate_index(const struct hf__electorate *g, const struct hf_account *account);

/* ---- repair.c: what the messages of a repair are bound to (proto/REPAIR.md, 7 and 8) */

/* A repair that was read: borrowed from the bytes, the record and the step. */
struct hf__plan {
    const struct hf_placement_record *record;
    struct hf_transfer_statement t;
    struct hf_repair_statement s;
    struct hf_hash transcript;
    struct hf_repair repair; /* by indices */
};

/* Reads what is to be signed and what all messages are bound to, and checks both against a record
 * that was checked: its generation, its holders, its order, exactly k helpers by index, as many
 * keys as it takes. Not whether it is to be done, nor any signature. HF_ETRANSFER, or of
 * decoding. */
HF_MUST_USE int hf__plan_read(struct hf_engine *e, struct hf_bytes transfer, struct hf_bytes repair,
                              const struct hf_placement_record *record, struct hf__plan *ret);
/* The sealing key of the helper at a place; at k: of the new holder. */
const uint8_t *hf__plan_key(const struct hf__plan *p, size_t place);
/* The place of a helper; -1: it is none. */
long hf__plan_place(const struct hf__plan *p, const struct hf_account *account);
/* What the helper at a place signs, or what is sealed with it; points, value: may be NULL. Borrowed
 * from the step. */
struct hf_bytes hf__repair_word(struct hf_engine *e, const struct hf__plan *p, size_t giver,
                                uint8_t taker, const struct hf_hash *points,
                                const struct hf_hash *value);
/* The hash of the points of so many helpers, one after another. */
void hf__points_hash(struct hf_engine *e, const struct hf__plan *p,
                     const struct hf_repair_split *splits, size_t count, struct hf_hash *ret);
/* What all k helpers have published for the one at a place. ret_points: k points. */
void hf__points_for(const struct hf__plan *p, const struct hf_repair_split *splits, size_t place,
                    uint8_t *ret_points);
/* Whether the helper at a place has signed its points. HF_ETRANSFER: not k points;
 * HF_ESIGNATURE. */
HF_MUST_USE int hf__split_signed(struct hf_engine *e, const struct hf__plan *p, size_t giver,
                                 const struct hf_repair_split *split);
/* Whether its points add up; else it has signed what no honest helper does. Those of
 * repair_split_check. */
HF_MUST_USE int hf__split_check(struct hf_engine *e, const struct hf__plan *p, size_t giver,
                                const struct hf_repair_split *split);

/* ---- broken.c: what proves that another lied (proto/EVIDENCE.md) */

/* Whether something is kept against an account about a generation. */
bool hf__broken_has(const struct hf_engine *e, const struct hf_account *account,
                    const uint8_t generation[static 16]);
/* Keeps a file that was checked, the first about an account and a generation; the oldest makes
 * room, but of long ones only so many are kept. */
void hf__broken_keep(struct hf_engine *e, const struct hf_account *account,
                     const uint8_t generation[static 16], const struct hf_wire_type *type,
                     const void *file);

/* ---- statement.c */

/* Checks what an owner had sealed for share holders, as another hands it over. HF_ESEALED: of
 * another network or account, or not signed by it; the errors of decoding. */
HF_MUST_USE int hf__sealed_read(struct hf_engine *e, const struct hf_signed_sealed *s,
                                const struct hf_account *owner, struct hf_sealed_context *ret);
/* Whether the one was sealed after the other, by what the owner signed. */
bool hf__sealed_newer(const struct hf_sealed_context *one, const struct hf_sealed_context *other);

#endif
