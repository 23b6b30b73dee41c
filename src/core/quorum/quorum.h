/*
 * The quorum key on a node's side (proto/QUORUM.md): while all is well the node seals its root
 * secret to it; locked, with no provider left to give it a share, it asks the share holders, checks
 * what each of them answers, and opens with m answers. Private to core.
 */
#ifndef HF_CORE_QUORUM_H
#define HF_CORE_QUORUM_H

#include "crypto/quorum.h"
#include "owner/owner.h"

/* Of one black start: what each holder's answer gives. */
enum { HF__PARTIALS_LEN = HF_SHARES_MAX * HF_PARTIAL_LEN };

struct hf__blackstart; /* quorum/blackstart.c */

struct hf__quorum_state {
    struct hf_blob *sealed;         /* sealed_row of the own root secret; NULL: there is none */
    uint64_t sealed_seq;            /* the write with it; 0: it was there at start */
    struct hf__blackstart *request; /* under way, or waiting for answers; NULL: none */
    uint64_t asked_s;               /* when the newest request was made; 0: none since the vault was
                                       open last */
    uint32_t asked;                 /* requests since then */
    uint32_t settled;               /* documents adopted when it was last found to be as wanted */
    bool good;                      /* it was: nothing is to be sealed */
    bool waits;                     /* for the verdict on the own quote, or for the timer */
};

/* ---- quorum.c */

/* What the folder holds, at start. */
void hf__quorum_load(struct hf_engine *e, const struct hf_row_in *rows, size_t count);
/* The vault is open: no request is needed any more, and what it keeps goes where a locked node can
 * read it. */
void hf__quorum_opened(struct hf_engine *e);
/* Forgets requests; what is sealed is no secret, and stays. */
void hf__quorum_lock(struct hf_engine *e);
void hf__quorum_done(struct hf_engine *e); /* frees the rest */
/* Bytes, without sizeof(struct hf__quorum_state). */
size_t hf__quorum_memory(const struct hf_engine *e);
/* Fills in the share set, what is sealed and durable, and how far a request has come. */
void hf__quorum_status(struct hf_engine *e, uint64_t durable_seq, struct hf_status *ret);

/* No share holder answers by a share set that has expired, and no answer by one counts. */
bool hf__quorum_expired(const struct hf_engine *e, const struct hf_document *shares);

/* ---- choose.c */

/* What share holders can be asked to open. */
struct hf__chosen {
    struct hf_signed_sealed sealed;
    struct hf_sealed_context context;
    const struct hf_quorum_key *key; /* of the newest share set; NULL: it is sealed to none of it */
};

/* What the folder or the vault holds, as it is written there, without the account's word for it.
 * ret is borrowed from the step. False: nothing, or no such thing. */
bool hf__quorum_own(struct hf_engine *e, struct hf_signed_sealed *ret,
                    struct hf_sealed_context *ret_context);
/*
 * Of what a locked node has and of what a holder gave back in the recovery under way: what is
 * sealed to a key of the newest share set, and of two of those the newer. sure: what lies in the
 * folder is taken only where the account has signed it. ret is borrowed from the step. False: there
 * is none.
 */
bool hf__quorum_choose(struct hf_engine *e, bool sure, struct hf__chosen *ret);

/* ---- seal.c */

/* The key to which the policy wants the root secret sealed; NULL: to none, or the share set that
 * has it is not known. */
const struct hf_quorum_key *hf__quorum_wanted(const struct hf_engine *e);
/* Whether the versions of the root secret that are kept are sealed to that key. */
bool hf__quorum_sealed(struct hf_engine *e, const struct hf_quorum_key *key);
/* Whether a version is sealed where the policy requires that it be. */
bool hf__quorum_holds(struct hf_engine *e, uint32_t version);
/* The timer: what could not be sealed is tried again, and what was is looked at anew. */
void hf__quorum_due(struct hf_engine *e);
/* Seals when documents, identity or time ask for it. */
void hf__quorum_advance(struct hf_engine *e);
/* Whether nothing is to be sealed by the documents that were adopted: asked after every step. */
static inline bool hf__quorum_settled(const struct hf_engine *e)
{
    return e->quorum->good && e->quorum->settled == e->trust->adopted;
}

/* ---- blackstart.c */

/* The operator asks for a request; answered with the file when its quote is there. */
void hf__blackstart_begin(struct hf_engine *e, uint64_t local);
/* Its quote, or why there is none. */
void hf__blackstart_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
/* An answer of a share holder, from the operator. */
void hf__blackstart_add(struct hf_engine *e, uint64_t local, struct hf_bytes answer);
/* Ends the request, if there is one, and wipes its key and its answers; those that wait are
 * told. */
void hf__blackstart_free(struct hf_engine *e);
size_t hf__blackstart_memory(const struct hf_engine *e); /* bytes held */
/* How far the request has come. */
void hf__blackstart_status(const struct hf_engine *e, struct hf_status *ret);

#endif
