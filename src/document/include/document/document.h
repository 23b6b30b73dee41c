/*
 * The network's signed documents: read, checked, held once. A pool keeps one copy of each document
 * however many engines use it, with what follows from its bytes alone (its hash, its parsed form,
 * the order of selection).
 */
#ifndef HF_DOCUMENT_DOCUMENT_H
#define HF_DOCUMENT_DOCUMENT_H

#include "attest/collateral.h"
#include "attest/judge.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "document/blob.h"
#include "document/domain.h"
#include "crypto/suite.h"
#include "wire/messages.h"

/* Of envelope and body, PROTOCOL 2: a document of a higher one is refused. */
enum { HF_DOCUMENT_FORMAT = 1 };

enum hf_document_kind {
    HF_DOCUMENT_ROOT = 1,
    HF_DOCUMENT_POLICY = 2,
    HF_DOCUMENT_SET = 3,
    HF_DOCUMENT_SHARES = 4,   /* who shares the quorum keys */
    HF_DOCUMENT_PROPOSAL = 5, /* of a share set, for a ceremony; goes to no node */
};

/* What a measurement is accepted for: policy.measurements[].role. */
enum hf_role { HF_ROLE_DAEMON = 0, HF_ROLE_CEREMONY = 1 };

/* Where a share may be recovered: policy.platform_rule. */
enum hf_platform_rule {
    HF_PLATFORM_OWN = 0, /* on the depositor's platform, or on one that the set lists */
    HF_PLATFORM_ANY = 1,
};

/* What a share holder's key is: share_holder.kind. */
enum hf_holder_kind { HF_HOLDER_X25519 = 1, HF_HOLDER_P256 = 2 };
enum {
    HF_HOLDER_KEY_MAX = 65,
    HF_SEALED_SHARE_MAX = 113, /* a share that is sealed to such a key */
};

/* So far above all that is known a floor's claim is set: lost holders may have seen other claims,
 * and a copy that runs until it hears of the set makes more. At one a second, 12 days. */
enum { HF_FLOOR_MARGIN = 1 << 20 };

struct hf_selection_table; /* document/selection.h */

/* One document. Immutable; shared; counted. */
struct hf_document {
    struct hf_document *next; /* in its pool's bucket */
    struct hf_pool *pool;
    uint32_t refs;
    uint8_t kind;             /* enum hf_document_kind */
    struct hf_hash hash;      /* of the envelope's bytes: label holdfast/v1/envelope */
    struct hf_hash body_hash; /* of the body's bytes: label holdfast/v1/body */
    struct hf_blob *envelope; /* as it travels and as it is kept */
    struct hf_arena *arena;   /* holds what the parsed form points to */
    struct hf_envelope signatures;
    union {
        struct hf_root root;
        struct hf_policy policy;
        struct hf_validator_set set;
        struct hf_share_set shares; /* of a share set, or of a proposal */
    } u;
    const uint32_t *floors; /* of a set: which validators have one */
    uint32_t floors_count;
    struct hf_selection_table *table;    /* of a set, once an order was asked for */
    const struct hf_judge_policy *judge; /* of a policy: the same, for quotes to be held against */
};

/*
 * What a policy says of quotes, for hf_judge. role: what for; a measurement of another role is in
 * the list as one that is not accepted. measurements: room for p->measurements_count, in the
 * policy's order and without names; evaluations: room for p->tcb_evaluations_count; ret borrows
 * both.
 */
void hf_policy_judge(const struct hf_policy *p, enum hf_role role,
                     struct hf_judge_measurement *measurements,
                     struct hf_judge_evaluation *evaluations, struct hf_judge_policy *ret);

/*
 * The roots of quotes that a policy trusts. key: room for its development root's, which ret
 * borrows. Errors of hf_root_key_from_spki.
 */
HF_MUST_USE int hf_policy_roots(const struct hf_policy *p, uint8_t key[static HF_ROOT_KEY_LEN],
                                struct hf_roots *ret);

/*
 * Whether what a member sealed on one platform may be opened on another (proto/PROTOCOL.md, 8).
 * v: the member, in the set.
 */
bool hf_policy_platform_fits(const struct hf_policy *p, const struct hf_validator *v,
                             const uint8_t sealed_on[static 16], const uint8_t platform[static 16]);

struct hf_pool;

/* HF_ENOMEM. suite: for hashes and signatures; outlives the pool. */
HF_MUST_USE int hf_pool_new(const struct hf_suite *suite, struct hf_pool **ret);
/*
 * The largest document, in bytes, that the pool reads: HF_DOCUMENT_MAX at first, which fits a
 * message of the transport and a row of the store; at most HF_WIRE_DOCUMENT_MAX, for worlds without
 * either.
 */
void hf_pool_document_max(struct hf_pool *pool, size_t len_max);
/* That bound, as it stands. */
size_t hf_pool_document_limit(const struct hf_pool *pool);
/* Bytes of the documents that it holds, with what follows from them. */
size_t hf_pool_memory(const struct hf_pool *pool);
/* Every document must have been given back. */
void hf_pool_free(struct hf_pool *pool);

/*
 * Reads an envelope into the pool, or finds it there: one reference more for the caller. Structure,
 * bounds and the relations inside it are checked (n, k, q and p fit, sorted validators, each once,
 * …); signatures are not. HF_EMALFORMED and the other codes of wire; HF_EDOCUMENT: a relation does
 * not hold. HF_ENOMEM.
 */
HF_MUST_USE int hf_document_read(struct hf_pool *pool, struct hf_bytes envelope,
                                 struct hf_document **ret);
/* One reference more; returns d. */
struct hf_document *hf_document_ref(struct hf_document *d);
/* Gives a reference back. NULL is legal. */
void hf_document_unref(struct hf_document *d);

/* Whether these bytes are a key of this kind, to which something can be sealed, in its only
 * encoding. */
bool hf_holder_key_ok(uint64_t kind, struct hf_bytes key);
/* The quorum key of a name in a share set; NULL: it has none. */
const struct hf_quorum_key *hf_share_set_key(const struct hf_share_set *s, struct hf_bytes name);
/* The proposal from which it was dealt: the same without what a ceremony adds. ret: initialised by
 * the caller. HF_ENOMEM. */
HF_MUST_USE int hf_share_set_proposal(const struct hf_share_set *s, struct hf_buf *ret);

/* Its number, version or epoch, by its kind. */
uint32_t hf_document_version(const struct hf_document *d);
/* When it was issued, in seconds since 1970. */
uint64_t hf_document_issued_s(const struct hf_document *d);
/* When it expires; UINT64_MAX: a root does not. */
uint64_t hf_document_expires_s(const struct hf_document *d);

/* The network id that a first root defines. HF_EINVAL: not a root with number 1. */
HF_MUST_USE int hf_network_id(const struct hf_document *first_root, struct hf_network_id *ret);

/*
 * Whether a document may be adopted: signed by m of root's keys (a further root also by m of its
 * own), or a set by as many set signers as root asks for, with no floor that the authority has not
 * signed. root NULL: only the first root of this network. HF_EDOCUMENT_SIGNATURE;
 * HF_EDOCUMENT_NETWORK: a first root of another network; HF_EDOCUMENT_ROOT: a root that does not
 * follow.
 */
HF_MUST_USE int hf_document_verify(const struct hf_document *d, const struct hf_network_id *network,
                                   const struct hf_document *root);

/*
 * Signs: appends one signature to an envelope's bytes (an unsigned envelope has none), or replaces
 * that of the same key. For the authority's tool. network: zeros for a first root. ret: initialised
 * by the caller.
 */
HF_MUST_USE int hf_document_sign(const struct hf_suite *suite, struct hf_bytes envelope,
                                 const struct hf_network_id *network,
                                 const uint8_t secret[static HF_SIGN_SECRET_LEN],
                                 const uint8_t public_key[static HF_KEY_LEN], struct hf_buf *ret);
/* Whether a key is one of a root's, of the authority or of a set signer. */
bool hf_root_names(const struct hf_root *root, const uint8_t key[static HF_KEY_LEN]);
/* How many distinct keys of root have signed d for this network (zeros: for a first root). */
size_t hf_document_signers(const struct hf_document *d, const struct hf_network_id *network,
                           const struct hf_root *root);
/* An envelope without signatures around an encoded body. */
HF_MUST_USE int hf_document_wrap(uint8_t kind, struct hf_bytes body, struct hf_buf *ret);

/* Whether k, q and p fit n holders: 2 <= k <= q <= p <= n and 2q > n, or all are 1 where n is. */
bool hf_quorums_ok(uint64_t n, uint64_t k, uint64_t q, uint64_t p);
/*
 * How many of the acceptors that are left of n must carry a claim by the authority's decision
 * (CLAIMS 6): as many as withstand the lying ones that q of n withstood, but with one to spare, and
 * always a majority.
 */
uint64_t hf_survivors_quorum(uint64_t left, uint64_t n, uint64_t q);
/* How long a key is in each state: of the policy, or what holds where it says nothing. */
struct hf_lifetimes {
    uint64_t pending_s, active_s, expired_s;
};

/* Which relation between them does not hold. */
enum hf_lifetimes_fault {
    HF_LIFETIMES_FIT,
    HF_LIFETIMES_PENDING,       /* pending is not below active: keys would be late before use */
    HF_LIFETIMES_EXPIRED_SHORT, /* expired is below quote_age_max_s: a quote may still name it */
    HF_LIFETIMES_EXPIRED_LONG,  /* expired is above active: too many would be kept */
};

/* Suites of sealing keys (proto/ROTATION.md, 4): HPKE with X25519 and one of these. */
enum hf_sealing_suite { HF_SEALING_CHACHA = 1, HF_SEALING_GCM = 2, HF_SEALING_SUITES };

/* Bit s: suite s. Without the first a policy is no document. */
uint32_t hf_policy_sealing_suites(const struct hf_policy *p);
/* Those of a policy. */
void hf_policy_lifetimes(const struct hf_policy *p, struct hf_lifetimes *ret);
/* The first fault; a document in which one is, is refused. */
enum hf_lifetimes_fault hf_policy_lifetimes_check(const struct hf_policy *p);

/* p of a policy, or what follows from n and q when it names none: n - (n - q) / 2, rounded down. */
uint64_t hf_provisional_quorum(const struct hf_policy *policy, uint64_t n, uint64_t q);
/* The q that is proposed for n holders: two thirds of them, so that a few may lie or be rolled
 * back. */
uint64_t hf_claim_quorum_proposed(uint64_t n, uint64_t k);

/* The index of an account in a set, by binary search; -1: not a member. */
long hf_set_find(const struct hf_document *set, const struct hf_account *account);
/* Fetches ahead what hf_set_find will look at: depth 0, some time later depth 1. Only a hint. */
void hf_set_prefetch(const struct hf_document *set, const struct hf_account *account,
                     unsigned depth);
/* Below 0, 0 or above 0, as a vault at a is less far than one at b, as far, or further. */
int hf_sequence_compare(const struct hf_sequence_point *a, const struct hf_sequence_point *b);
/* The floor of an account, be it a member of the set or no more; NULL: none. */
const struct hf_floor *hf_set_floor(const struct hf_document *set,
                                    const struct hf_account *account);
/* How many floors a set has, of its members and of others. */
size_t hf_set_floors(const struct hf_document *set);
/* Whether a set has a decision of the authority about a validator's claims or vault: set signers
 * may repeat those, and make none. */
bool hf_set_decides(const struct hf_document *set);
/*
 * Lets a set that is being made keep the floors of the one before it: set->departed has those of
 * accounts that are not among set->validators, which ascend by account. before: NULL, for the
 * first. room: for hf_set_floors(before); set borrows it, and before.
 */
void hf_set_keep_departed(const struct hf_document *before, struct hf_validator_set *set,
                          struct hf_departed_floor *room);
/*
 * Whether a later set keeps the floors of one before it (proto/PROTOCOL.md, 4): each is there, the
 * claim of it never falls, and what was decided about generations changes only when it rises.
 * HF_EFLOOR; ret, which may be NULL: the first account whose floor does not stay.
 */
HF_MUST_USE int hf_set_floors_kept(const struct hf_document *before,
                                   const struct hf_document *after, struct hf_account *ret);

#endif
