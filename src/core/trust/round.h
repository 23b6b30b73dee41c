/*
 * A round: the same is asked of many members at once. Each gives a nonce, one quote covers all the
 * nonces, each answers over that quote. What a round is for says its kind; when enough has come,
 * how long to wait for the rest, and whether another round follows, says the task that began it.
 * Private to core.
 *
 * Recovery and drill are rounds. A claim and a drain are not: no quote covers what they are
 * answered, they have no second call, and what they share with a round is hf__call. A claim counts
 * votes by electorate, one holder may sit in several, it asks single holders again under the same
 * ballot, and goes on the moment that enough have voted. A drain asks about many owners at once, as
 * many members as calls may be out, and keeps a count for each owner; the nonce that it is given it
 * takes as a sign of life.
 */
#ifndef HF_CORE_ROUND_H
#define HF_CORE_ROUND_H

#include "node/node.h"

/* One that is asked. */
enum hf__target_state {
    HF__TARGET_IDLE,  /* not asked, or no part of the round any more */
    HF__TARGET_ASKED, /* for a nonce or an answer */
    HF__TARGET_NONCE,
    HF__TARGET_ANSWERED,
    HF__TARGET_FAILED,
    HF__TARGET_STATES
};

struct hf__target {
    struct hf_account account;
    uint8_t state;     /* enum hf__target_state; moved by hf__target_move alone */
    uint8_t index;     /* of its share, as a record or its answer says; 0 not known */
    bool asked;        /* in any round */
    bool stalls;       /* gave a nonce once, and then no answer while others could have gone on */
    bool answered;     /* the last time that it was asked for anything and the wait ended */
    int error;         /* of the last time; 0 none */
    uint64_t since_ms; /* since when answered and error stand; 0 never asked */
    uint8_t nonce[40];
    uint64_t time_s;        /* that it told last; 0 never */
    uint64_t told_s;        /* what the own clock said then */
    struct hf_blob *answer; /* encoded, signature and identity checked; kept by who asked */
};

enum hf__phase {
    HF__PHASE_IDLE, /* none is under way */
    HF__PHASE_NONCE,
    HF__PHASE_QUOTE,
    HF__PHASE_ANSWER,
    HF__PHASES
};

/* What rounds of one kind have in common. */
struct hf__round_kind {
    enum hf__task task;
    uint8_t method;    /* of the second call: recover, drill */
    const char *label; /* of what the quote is over */
};

struct hf__round {
    const struct hf__round_kind *kind;
    struct hf__target *targets; /* the owner's, as many as targets_count says */
    uint8_t targets_count;
    uint8_t phase;       /* enum hf__phase */
    uint32_t number;     /* goes up with each; answers to calls of another are stale */
    uint32_t quote_work; /* 0: none under way */
    uint8_t response_key[HF_KEY_LEN];
    struct hf_hash transcript_hash;
    struct hf_blob *transcript; /* of the last quote that was asked for */
};

/* What to do when something has come, or the grace is over. */
enum hf__round_next {
    HF__ROUND_WAIT,
    HF__ROUND_GRACE,   /* enough is in: wait a little for the rest */
    HF__ROUND_GO_ON,   /* with those that are in */
    HF__ROUND_GIVE_UP, /* enough cannot come any more */
};

/* How many are enough. */
struct hf__quorum {
    size_t need; /* with so many it goes on when none is left to wait for */
    size_t want; /* with so many it goes on after a grace */
};

/* Moves a target as the table permits. */
void hf__target_move(struct hf__target *t, enum hf__target_state to);
/* It failed, and why; error is not 0. */
void hf__target_failed(struct hf_engine *e, struct hf__target *t, int error);
/* It gave what was asked for: state is HF__TARGET_NONCE or HF__TARGET_ANSWERED. */
void hf__target_answered(struct hf_engine *e, struct hf__target *t, enum hf__target_state state);
/* How many targets are in a state. */
size_t hf__targets_in(const struct hf__round *r, enum hf__target_state state);
/*
 * The first cause why all targets failed, when all say the same and time does not mend it; else 0.
 * ret_permanent: whether time mends none of them.
 */
int hf__targets_reason(const struct hf__round *r, bool *ret_permanent);

/*
 * How far the own clock is ahead of those that the targets told, in seconds: the median, so that no
 * minority decides what an operator reads. ret_count: of how many; 0: none told. Nothing may be
 * decided by it.
 */
int64_t hf__targets_ahead_s(const struct hf__round *r, uint8_t *ret_count);

/*
 * Begins the next round: a new response key, and a nonce of every target. ret_secret: of the
 * response key, HF_KEY_LEN bytes in secret memory; NULL: none is needed. Returns how many were
 * asked.
 */
size_t hf__round_begin(struct hf_engine *e, struct hf__round *r, uint8_t *ret_secret);
/* The target that was called; NULL: its place was given to another since. */
struct hf__target *hf__round_target(const struct hf__round *r, const struct hf__pending *call);
/* Whether an answer is to a call of this round and of this phase. */
bool hf__round_expects(const struct hf__round *r, const struct hf__pending *call,
                       enum hf__phase phase);
/* Takes a nonce, or why there is none. 0, or what was wrong with the answer, for the trace. */
int hf__round_nonce(struct hf_engine *e, struct hf__round *r, const struct hf__pending *call,
                    int error, struct hf_bytes body);
/* What follows in the phase of nonces or of answers: state is of those that are in. */
enum hf__round_next hf__round_next(const struct hf__round *r, enum hf__target_state state,
                                   struct hf__quorum quorum, bool grace_over);
/* Asks for the quote over the nonces that are in; a target that has given none is out of the
 * round. */
void hf__round_quote(struct hf_engine *e, struct hf__round *r);
/* Whether this work is the quote that the round waits for. */
bool hf__round_awaits(const struct hf__round *r, uint32_t work);
/* The quote has come: asks those with a nonce for their answers. Returns how many were asked. */
size_t hf__round_ask(struct hf_engine *e, struct hf__round *r, struct hf_bytes quote);
/*
 * Checks what every answer must be: signed by whom was asked, over this round's transcript, with a
 * good identity. ret_signed: the signed part, ret its form. HF__PARK; HF_EBEHIND;
 * HF_EPEER_ACCOUNT; HF_ESIGNATURE; the errors of decoding and of hf__identity_check.
 */
HF_MUST_USE int hf__round_answer(struct hf_engine *e, const struct hf__round *r,
                                 const struct hf__pending *call, struct hf_bytes body,
                                 struct hf_bytes *ret_signed, struct hf_recover_answer *ret);
/* Ends the round that is under way, if one is. What still comes is stale. */
void hf__round_end(struct hf__round *r);
/* Frees what the round holds, answers of its targets included. */
void hf__round_done(struct hf__round *r);
size_t hf__round_memory(const struct hf__round *r); /* bytes that it holds, without the targets */

#endif
