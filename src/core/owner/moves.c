/*
 * What a dealing and a claim are made of, as tables: permitted moves, and what must hold in each
 * state. A candidate fills at most one slot; a slot holds a share for one candidate; an acceptor's
 * vote counts for exactly the electorates for which it has given a signature.
 */
#include "owner/claim.h"
#include "owner/deal.h"

static const uint32_t candidate_moves[HF__CANDIDATE_STATES] = {
    [HF__CANDIDATE_UNASKED] = HF__TO(HF__CANDIDATE_ASKED) | HF__TO(HF__CANDIDATE_FAILED),
    /* A slot's own candidate is asked again when it failed for a moment. */
    [HF__CANDIDATE_ASKED] = HF__TO(HF__CANDIDATE_OFFERED) | HF__TO(HF__CANDIDATE_FAILED) |
                            HF__TO(HF__CANDIDATE_UNASKED),
    [HF__CANDIDATE_OFFERED] = HF__TO(HF__CANDIDATE_FAILED) | HF__TO(HF__CANDIDATE_UNASKED),
    [HF__CANDIDATE_FAILED] = 0,
};

static const uint32_t slot_moves[HF__SLOT_STATES] = {
    [HF__SLOT_EMPTY] = HF__TO(HF__SLOT_EMPTY) | HF__TO(HF__SLOT_SEALED),
    [HF__SLOT_SEALED] = HF__TO(HF__SLOT_DEPOSITING) | HF__TO(HF__SLOT_EMPTY),
    [HF__SLOT_DEPOSITING] = HF__TO(HF__SLOT_RECEIPT) | HF__TO(HF__SLOT_EMPTY),
    [HF__SLOT_RECEIPT] = 0,
};

#define ANSWERS                                                                                    \
    (HF__TO(HF__VOTE_PROVISIONAL) | HF__TO(HF__VOTE_ACCEPTED) | HF__TO(HF__VOTE_REFUSED) |         \
     HF__TO(HF__VOTE_FAILED))

/* A new number begins anew with all of them. Who accepted for some of its generations keeps that
 * while it is asked for the others: so an answer may find any vote but NONE. */
static const uint32_t vote_moves[HF__VOTES] = {
    [HF__VOTE_NONE] = HF__TO(HF__VOTE_NONE) | HF__TO(HF__VOTE_ASKED) | HF__TO(HF__VOTE_FAILED),
    [HF__VOTE_ASKED] = HF__TO(HF__VOTE_NONE) | ANSWERS,
    [HF__VOTE_PROVISIONAL] = HF__TO(HF__VOTE_NONE) | HF__TO(HF__VOTE_ASKED) | ANSWERS,
    [HF__VOTE_ACCEPTED] = HF__TO(HF__VOTE_NONE) | ANSWERS,
    [HF__VOTE_REFUSED] = HF__TO(HF__VOTE_NONE) | HF__TO(HF__VOTE_ASKED) | ANSWERS,
    [HF__VOTE_FAILED] = HF__TO(HF__VOTE_NONE) | HF__TO(HF__VOTE_ASKED) | ANSWERS,
};

static bool candidate_invariant(const struct hf__candidate *c)
{
    hf_assert(c->state < HF__CANDIDATE_STATES);
    switch ((enum hf__candidate_state)c->state) {
    case HF__CANDIDATE_FAILED:
        return c->slot < 0 && c->error != 0;
    default:
        return c->attempts < HF__ATTEMPTS_MAX;
    }
}

void hf__candidate_move(struct hf__candidate *c, enum hf__candidate_state to)
{
    hf_assert(c->state < HF__CANDIDATE_STATES && to < HF__CANDIDATE_STATES);
    hf_assert((candidate_moves[c->state] & HF__TO(to)) != 0);
    c->state = (uint8_t)to;
    hf_assert(candidate_invariant(c));
}

static bool slot_invariant(const struct hf__dealing *d, const struct hf__slot *s)
{
    hf_assert(s >= d->slots && s < d->slots + d->n);
    if (s->state == HF__SLOT_EMPTY)
        return true;
    const struct hf__candidate *c = s->candidate < 0 ? NULL : &d->candidates[s->candidate];
    return c != NULL && c->slot == s - d->slots && c->state == HF__CANDIDATE_OFFERED &&
           d->shares != NULL && s->transcript != NULL;
}

void hf__slot_move(const struct hf__dealing *d, struct hf__slot *s, enum hf__slot_state to)
{
    hf_assert(s->state < HF__SLOT_STATES && to < HF__SLOT_STATES);
    hf_assert((slot_moves[s->state] & HF__TO(to)) != 0);
    s->state = (uint8_t)to;
    hf_assert(slot_invariant(d, s));
}

static bool vote_invariant(const struct hf__claim_holder *h)
{
    hf_assert(h->electorates != 0);
    switch ((enum hf__vote)h->vote) {
    case HF__VOTE_PROVISIONAL:
    case HF__VOTE_ACCEPTED:
        return h->voted != 0 && (h->voted & ~h->electorates) == 0;
    case HF__VOTE_FAILED:
        return h->voted == 0 && h->error != 0;
    case HF__VOTE_NONE:
    case HF__VOTE_REFUSED:
        return h->voted == 0;
    default:
        return (h->voted & ~h->electorates) == 0;
    }
}

void hf__vote_move(struct hf__claim_holder *h, enum hf__vote to)
{
    hf_assert(h->vote < HF__VOTES && to < HF__VOTES);
    hf_assert((vote_moves[h->vote] & HF__TO(to)) != 0);
    h->vote = (uint8_t)to;
    hf_assert(vote_invariant(h));
}
