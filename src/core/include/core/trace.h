/*
 * What happened, for logs, counters and the simulator's checkers: typed events, never prose, never
 * a secret.
 */
#ifndef HF_CORE_TRACE_H
#define HF_CORE_TRACE_H

#include <stdint.h>

/* X(constant, name, level): level 0 debug, 1 info, 2 warning, 3 error */
#define HF_TRACE_MAP(X)                                                                            \
    X(HF_TRACE_STATE, "state", 1)       /* a: old, b: new; error: reason */                        \
    X(HF_TRACE_DOCUMENT, "document", 1) /* a: kind, b: version; adopted */                         \
    X(HF_TRACE_DOCUMENT_REFUSED, "document_refused",                                               \
      2) /* a: kind, b: version; error; hash: its network, where that is another */                \
    X(HF_TRACE_REQUEST_REFUSED, "request_refused", 0)   /* a: method; error; account: asker */     \
    X(HF_TRACE_CALL_FAILED, "call_failed", 0)           /* a: method; error; account: peer */      \
    X(HF_TRACE_PEER_MISBEHAVED, "peer_misbehaved", 2)   /* a: method; error; account: peer */      \
    X(HF_TRACE_QUOTE_REFUSED, "quote_refused", 2)       /* a: method; error; account */            \
    X(HF_TRACE_QUOTE_FAILED, "quote_failed", 2)         /* our own could not be made; error */     \
    X(HF_TRACE_DEALING, "dealing", 1)                   /* a: generation, b: n; begun */           \
    X(HF_TRACE_CANDIDATE_FAILED, "candidate_failed", 2) /* account; a: index; error */             \
    X(HF_TRACE_RECEIPT, "receipt", 0)                   /* owner side; account; a: gen, b: idx */  \
    X(HF_TRACE_RECORDED, "recorded", 1)                 /* a: generation; record is written */     \
    X(HF_TRACE_CONFIRMED, "confirmed", 1)               /* a: generation; all holders have it */   \
    X(HF_TRACE_CERTIFIED, "certified", 1)         /* a: generation, b: seals; it is sealed */      \
    X(HF_TRACE_SEALED, "sealed", 1)               /* acceptor; account: owner; a: newer gen */     \
    X(HF_TRACE_RETIRED, "retired", 1)             /* a: gen, b: may keep it; hash: its id */       \
    X(HF_TRACE_SHARE_STORED, "share_stored", 1)   /* provider; account: owner; a: gen, b: idx */   \
    X(HF_TRACE_SHARE_DELETED, "share_deleted", 1) /* provider; account: owner; a: gen */           \
    X(HF_TRACE_VOTE_CEASED, "vote_ceased", 1)     /* leaver; account: owner; a: gen, b: idx */     \
    X(HF_TRACE_HANDED_OVER, "handed_over", 1)     /* leaver; account: owner; a: gen, b: idx */     \
    X(HF_TRACE_SHARE_TAKEN, "share_taken", 1)     /* its successor; account: owner; a, b: same */  \
    X(HF_TRACE_SHARE_MOVED, "share_moved", 1)     /* owner; account: successor; a: gen, b: idx */  \
    X(HF_TRACE_SHARE_RESTORED, "share_restored", 1) /* new holder; account: owner; a, b: same */   \
    X(HF_TRACE_REPAIRED, "repaired", 1)             /* helper that asked; account: owner; a, b */  \
    X(HF_TRACE_HELPER_LIED, "helper_lied", 2) /* the same; account: helper; a: idx, b: step */     \
    X(HF_TRACE_SHARE_RELEASED, "share_released",                                                   \
      1)                          /* provider; account: owner; a: gen, b: idx; hash: transcript */ \
    X(HF_TRACE_ROUND, "round", 0) /* recovery; a: round, b: providers asked */                     \
    X(HF_TRACE_SHARE_BAD, "share_bad", 2)     /* owner; account: provider; a: gen, b: idx */       \
    X(HF_TRACE_REBUILT, "rebuilt", 1)         /* a: generation, b: shares used */                  \
    X(HF_TRACE_CLAIM_ASKED, "claim_asked", 0) /* a: number */                                      \
    X(HF_TRACE_CLAIM_WON, "claim_won", 1)     /* a: number; hash: instance */                      \
    X(HF_TRACE_CLAIM_ACCEPTED, "claim_accepted",                                                   \
      1) /* provider; account: owner; a: number; hash: instance */                                 \
    X(HF_TRACE_CLAIM_REFUSED, "claim_refused",                                                     \
      1)                            /* provider; account: owner; a: number; hash: instance */      \
    X(HF_TRACE_FENCED, "fenced", 3) /* a: claim that stands instead */                             \
    X(HF_TRACE_KEY_RELEASED, "key_released", 1) /* a: version; first when b is 1 */                \
    X(HF_TRACE_KEY_MOVED, "key_moved", 1)       /* a: version before, b: now */                    \
    X(HF_TRACE_DRILL, "drill", 1)               /* a: proofs that fit, b: k */                     \
    X(HF_TRACE_STORE, "store", 2)               /* error, or 0: works again */                     \
    X(HF_TRACE_AUDITED, "audited", 0) /* account: holder; a: generation, b: index; it proved it */ \
    X(HF_TRACE_AUDIT_FAILED, "audit_failed", 2)     /* error; account: holder; a: in a row */      \
    X(HF_TRACE_PROMISE_BROKEN, "promise_broken", 2) /* account: holder; a: generation, b: index */ \
    X(HF_TRACE_SEALING_KEY, "sealing_key",                                                         \
      1) /* a: id; b: 0 made, 1 dated anew, 2 used, 3 expired, 4 deleted */                        \
    X(HF_TRACE_MESH_KEY, "mesh_key", 1)           /* a: id; b: likewise */                         \
    X(HF_TRACE_ROOT, "root_secret", 1)            /* a: version; b: likewise, or 5 tainted */      \
    X(HF_TRACE_QUORUM_SEALED, "quorum_sealed", 1) /* a: share set, b: key version */               \
    X(HF_TRACE_BLACKSTART_ASKED, "blackstart_asked", 2)   /* a: request, b: m; hash: request */    \
    X(HF_TRACE_BLACKSTART_ANSWER, "blackstart_answer", 2) /* a: holder, b: have; error */          \
    X(HF_TRACE_BLACKSTART_OPENED, "blackstart_opened", 2) /* a: answers, b: m; hash: request */    \
    X(HF_TRACE_FOUND, "found",                                                                     \
      1) /* account; a: 0 there, 1 suspect, 2 unreachable; b: incarnation */                       \
    X(HF_TRACE_EVENT, "event", 1) /* taken; account: subject; a: kind, b: incarnation */           \
    X(HF_TRACE_EVENT_REFUSED, "event_refused", 2) /* error; account: who told it; a: kind */       \
    X(HF_TRACE_GIVEN_UP, "given_up", 2)           /* a: claim, b: rows; hash: instance */          \
    X(HF_TRACE_INHERITED, "inherited", 2) /* a: claim, b: ms since asked; hash: instance */        \
    X(HF_TRACE_HANDOVER_FAILED, "handover_failed", 2) /* error; it is tried again */               \
    X(HF_TRACE_TIME, "time", 1) /* error: why not known; a: operators agree, b: needed */          \
    X(HF_TRACE_SEED_FAILED, "seed_failed", 2)   /* error; a: which, from 0 */                      \
    X(HF_TRACE_VAULT_OPENED, "vault_opened", 1) /* a, b: how far it had come: claim, number */     \
    X(HF_TRACE_VAULT_BEHIND, "vault_behind", 3) /* a: number that a holder shows, b: its own */

enum hf_trace_type {
#define X(constant, name, level) constant,
    HF_TRACE_MAP(X)
#undef X
};

struct hf_trace {
    enum hf_trace_type type;
    int error;
    bool foreign; /* in the request of a stranger: nothing for an operator to act on */
    uint64_t a, b;
    struct hf_account account; /* of the peer it is about, or zeros */
    struct hf_hash hash;       /* 16 bytes or 32, where the list says so */
};

/* Its name, as the log has it; static. */
const char *hf_trace_name(enum hf_trace_type type);
/* How much it weighs: 0 debug, 1 info, 2 warning, 3 error. */
int hf_trace_level(enum hf_trace_type type);

#endif
