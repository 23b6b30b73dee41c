/*
 * Handover from an old release to a new one on the same machine (proto/HANDOVER.md): the old one
 * shows what it is, gives its ballot up, and then hands over what its vault holds; the new one
 * goes on as the same instance. What a leaving holder does with single shares is the provider's
 * transfer, and nothing of this. Private to core.
 */
#ifndef HF_CORE_HANDOVER_H
#define HF_CORE_HANDOVER_H

#include "owner/owner.h"

/* A new one whose quote has passed. */
struct hf__presented {
    bool used, waits;  /* waits: `request` is answered when the quote is made */
    uint64_t request;  /* the shell's */
    uint32_t work;     /* the own quote; 0: it is made */
    uint64_t until_ms; /* by then its transcript is a minute old */
    struct hf_hash transcript_hash, quote_new, quote_old;
    struct hf_blob *transcript, *quote;
    struct hf_verdict verdict; /* on the new one's quote */
};

/* What was given up, for as long as it may be fetched. */
struct hf__given {
    struct hf_hash transcript_hash, bound;
    uint8_t *key; /* of the pages; secret */
    struct hf_blob *head;
    uint8_t signature[HF_SIGNATURE_LEN];
    struct hf__rows rows;
    uint64_t until_ms;
    uint64_t seq;     /* of the write that gave up: nothing leaves before it is durable */
    uint32_t fetched; /* rows that were asked for so far */
};

/* How far a new one is. Moved by hf__taking_move alone. */
enum hf__taking_phase {
    HF__TAKING_IDLE,      /* asks next, or waits for documents or the time */
    HF__TAKING_CHALLENGE, /* a challenge was asked for */
    HF__TAKING_QUOTE,     /* its quote is made, and then judged as others judge it */
    HF__TAKING_PRESENT,   /* it was shown, and the old one's is awaited and judged */
    HF__TAKING_ROWS,      /* the old one gives up, or has, and hands over */
    HF__TAKING_VAULT,     /* all is there: the vault is made */
    HF__TAKING_DURABLE,   /* it is written, and read back when that is durable */
    HF__TAKING_PHASES,
};

/* What a new one has so far. */
struct hf__taking {
    uint8_t phase;     /* enum hf__taking_phase */
    uint64_t asked_ms; /* when this exchange began: it ends within the minute from then */
    uint32_t pause_ms;
    uint32_t arg; /* of this exchange: what answers another is stale */
    uint32_t work;
    uint8_t *secret; /* HF_KEY_LEN bytes: of the response key; NULL: none is drawn */
    uint8_t *key;    /* HF_KEY_LEN bytes, of the pages; NULL: no head has come */
    uint8_t response_key[HF_KEY_LEN];
    uint8_t nonce[HF_KEY_LEN];
    struct hf_account account;
    struct hf_ballot ballot;
    struct hf_hash transcript_hash, quote_new, quote_old, bound;
    struct hf_blob *transcript, *quote;
    uint8_t ppid[HF_PPID_LEN]; /* of the own quote, and what the policy ranks it */
    uint32_t rank;
    struct hf_blob *proof;
    struct hf_hash digest, digest_wanted;
    uint32_t rows_wanted;
    struct hf__rows rows;
};

/* What a handover has come to, for the life of the node to go on with. */
enum hf__handover_outcome {
    HF__HANDOVER_NONE,
    HF__HANDOVER_GIVEN, /* this process gave its ballot up: it locks itself for good */
    HF__HANDOVER_GOT,   /* all has come: the vault can be made, or read back */
};

struct hf__handover {
    char *from; /* host:port of the old one; NULL: this node takes over from none */
    struct hf__presented presented[HF_HANDOVER_PRESENTED_MAX];
    struct hf__given *given;
    struct hf__taking *taking;
    uint8_t outcome; /* enum hf__handover_outcome; taken by hf__life_settle */
};

/* HF_ENOMEM. The caller then calls hf__takeover_done all the same. */
HF_MUST_USE int hf__takeover_init(struct hf_engine *e, const struct hf_engine_config *config);
/* The node locks itself: forgets new ones that have passed, and what it was taking; not what it
 * gave up. */
void hf__takeover_lock(struct hf_engine *e);
/* Forgets all of it. */
void hf__takeover_done(struct hf_engine *e);
size_t
hf__takeover_memory(const struct hf_engine *e); /* bytes, without sizeof(struct hf__handover) */
/* The timer: the new one asks, or what was given up is forgotten after its minute. */
void hf__takeover_due(struct hf_engine *e);
/* Fills in what there is to say of it. */
void hf__takeover_status(const struct hf_engine *e, struct hf_status *ret);

/* ---- check.c: what both sides hold against each other */

/*
 * Whether documents and time permit a handover now. ret_timed: the time is authenticated.
 * HF_ENODOCUMENTS, HF_EEXPIRED, HF_EHANDOVERUNTIMED.
 */
HF_MUST_USE int hf__takeover_ready(const struct hf_engine *e, bool *ret_timed);
/* Whether a date lies within a minute of now. HF_EHANDOVERTIME. */
HF_MUST_USE int hf__takeover_dated(const struct hf_engine *e, uint64_t made_s);
/* Whether two quotes are of one machine. HF_EOTHERMACHINE. */
HF_MUST_USE int hf__takeover_machine(const uint8_t one[static HF_PPID_LEN],
                                     const uint8_t other[static HF_PPID_LEN]);
/* What all that is handed over is bound to. */
void hf__takeover_bound(struct hf_engine *e, const struct hf_hash *transcript,
                        const struct hf_hash *quote_new, const struct hf_hash *quote_old,
                        struct hf_hash *ret);
/* The key of the pages, under the active root secret, which is there. NULL: no memory for secrets;
 * else the caller's, secret_free. */
uint8_t *hf__takeover_key(struct hf_engine *e, const struct hf_hash *bound);

/* ---- pages.c: a vault's rows, as opaque as they lie there */

/* Whether rows can be handed over. HF_ETOOBIG: too many, or one is too long. */
HF_MUST_USE int hf__pages_fit(const struct hf__rows *rows);
/* Adds a row to the digest of those before it; at first it is zeros. */
void hf__pages_digest(struct hf_engine *e, const struct hf__row *row, struct hf_hash *digest);
/* A page of rows from an index on, which is one of theirs. ret_next: of the next page; 0: it is the
 * last. Until the next step. */
struct hf_bytes hf__page_make(struct hf_engine *e, const struct hf__rows *rows, uint32_t from,
                              uint32_t *ret_next);
/* Adds the rows of a page to those that came before, and to their digest. HF_EBOUND: they do not
 * follow, or are of a collection that does not travel. Errors of decoding: one is no row of its
 * collection. */
HF_MUST_USE int hf__page_take(struct hf_engine *e, struct hf_bytes page, struct hf__rows *rows,
                              struct hf_hash *digest);

/* ---- phase.c */

/* Moves a new one on; asserts that the move is permitted, and what holds then. */
void hf__taking_move(struct hf__taking *t, enum hf__taking_phase to);

/* ---- old.c: the old one */

/* /v1/challenge, /v1/present, /v1/inherit. 0, HF__PARK, or a refusal. */
int hf__recv_challenge(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body);
int hf__recv_present(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body);
int hf__recv_inherit(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body);
/* The quote that a new one waits for, or why there is none. */
void hf__present_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);

/* Forgets those that have passed; who waits is told. */
void hf__presented_free(struct hf_engine *e, int error);
/* What was given up, and can be fetched no more, is forgotten; else sets the timer for it. */
void hf__given_due(struct hf_engine *e);
/* Forgets it, fetched or not. */
void hf__given_free(struct hf_engine *e);

/* ---- new.c: the new one */

/* Begins to take over. Not before documents and the time permit it does it ask. */
void hf__taking_begin(struct hf_engine *e);
/* The timer, of one that takes over. */
void hf__taking_due(struct hf_engine *e);
/* Documents have changed, or the time has: asks now, if it does not ask already. */
void hf__taking_soon(struct hf_engine *e);
/* The own quote, or why there is none. */
void hf__taking_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote);
/* A quote was judged: it may have been the own one. */
void hf__taking_judged(struct hf_engine *e);
/* An answer of the old one, or why there is none. */
int hf__taking_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body);
/* Ends an exchange that came to nothing: asks anew after a pause. */
void hf__taking_failed(struct hf_engine *e, int reason);
/* Whether the minute of this exchange is over. */
bool hf__taking_late(const struct hf_engine *e);
/* Forgets what was taken, and that there was anything to take. */
void hf__taking_free(struct hf_engine *e);

#endif
