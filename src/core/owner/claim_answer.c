/* What acceptors answer to a claim: votes, refusals with the owner's word for a higher ballot,
 * newer records, and proof that a higher claim stood. */
#include "base/error.h"
#include "owner/claim.h"
#include "owner/sequence.h"

bool hf__record_take(struct hf_engine *e, const struct hf_signed_record *record,
                     const struct hf_claim_response *with)
{
    hf_assert(e->open);
    struct hf_placement_record own, seen;
    struct hf_record_order own_order, seen_order;
    struct hf_record_row row = {.record = *record};
    bool had = hf__own_record(e, &own, NULL, NULL);
    int r = hf__record_check(e, record, &e->account, &seen);
    /* A vault that was made anew has nothing better than a record that is void: it claims nothing
     * from it, and says so. */
    if (r != 0 && (r != HF_EVOIDRECORD || had))
        return false;
    if (e->generation_next <= seen.generation.number && seen.generation.number < UINT32_MAX)
        e->generation_next = (uint32_t)seen.generation.number + 1;
    if (had)
        hf__record_order(&own, &own_order);
    hf__record_order(&seen, &seen_order);
    if (hf__order_compare(e, &e->account, had ? &own_order : NULL, &seen_order) >= 0)
        return false;
    hf__older_save(e, had ? &own : NULL, &seen);
    hf__record_save(e, &row);
    hf__certificates_drop(e);
    hf_assert(e->generation_next > seen.generation.number || seen.generation.number == UINT32_MAX);
    hf__holders_rebuild(e);
    if (with != NULL) {
        hf__moves_learn(e, with->moves, with->moves_count);
        hf__certificates_learn(e, record, with->certificates, with->certificates_count);
    }
    return true;
}

static int check_answer(struct hf_engine *e, const struct hf__pending *call,
                        const struct hf_claim_response *m, struct hf_claim_answer *ret)
{
    hf_assert(call->method == HF_METHOD_CLAIM);
    const struct hf__peer *peer;
    int r = hf__versions_check(e, &m->versions);
    if (r == 0)
        r = hf__decode(e, &hf_wire_claim_answer, m->answer, ret);
    if (r == 0 && !hf_account_equal(&ret->provider, &call->account))
        r = HF_EPEER_ACCOUNT;
    if (r == 0)
        r = e->suite->verify(call->account.bytes, "holdfast/v1/claim-answer", m->answer,
                             m->signature);
    if (r != 0)
        return r;
    return m->has_identity ? hf__identity_check(e, NULL, &m->identity, &call->account, &peer, NULL)
                           : hf__identity_known(e, &call->account, &peer, NULL);
}

/* Whether the answer is to the statement that this instance signs for the ballot of the call. */
static bool answers_to(struct hf_engine *e, uint64_t number, const struct hf_claim_answer *a)
{
    hf_assert(e->open);
    struct hf_placement_record record;
    struct hf_record_order known;
    struct hf_ballot ballot = {.number = number};
    struct hf_signed_claim claim;
    struct hf_hash hash;
    memcpy(ballot.instance, e->instance, 16);
    bool recorded = hf__own_record(e, &record, NULL, NULL);
    if (recorded)
        hf__record_order(&record, &known);
    hf__claim_sign(e, &ballot, recorded ? &known : NULL, &claim);
    e->suite->hash("holdfast/v1/request", claim.statement, &hash);
    return hf_hash_equal(&hash, &a->statement_hash);
}

/* The ballot that a refusal shows, by the owner's own word; false: it shows none that is a
 * reason. */
static bool refusal_of(struct hf_engine *e, uint64_t number, const struct hf_claim_response *m,
                       struct hf_ballot *ret)
{
    hf_assert(e->open);
    struct hf_claim_statement s;
    if (!m->has_promised || hf__claim_open(e, &m->promised, &e->account, &s) != 0)
        return false;
    *ret = s.ballot;
    return s.ballot.number > number ||
           (s.ballot.number == number && memcmp(s.ballot.instance, e->instance, 16) != 0);
}

/*
 * Whether the answer proves that a claim of another instance, above this one's own, stood (R7): its
 * word, and a quorum of every generation that a record needs. The record is the own one, or the
 * newer one that comes with the answer; its certificates excuse as they do for the own claim.
 */
static bool proves(struct hf_engine *e, const struct hf_claim_response *m, uint64_t *ret_number)
{
    hf_assert(e->claimed || e->inherited);
    struct hf_claim_statement s;
    struct hf_placement_record record;
    struct hf_certificate certificates[HF__ELECTORATES_MAX];
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    if (!m->has_proof || hf__claim_open(e, &m->proof.claim, &e->account, &s) != 0 ||
        s.ballot.number <= e->claim || memcmp(s.ballot.instance, e->instance, 16) == 0 ||
        !hf__own_record(e, &record, NULL, NULL))
        return false;
    *ret_number = s.ballot.number;
    size_t count = hf__needed(e, &record, g);
    if (hf__claim_proof_check(e, &m->proof, g, count, &e->account) == 0)
        return true;
    if (!m->has_newest || hf__record_check(e, &m->newest, &e->account, &record) != 0)
        return false;
    struct hf__moves moves;
    hf__own_moves(e, &moves);
    hf__moves_shown(e, m->moves, m->moves_count, &record, &moves);
    size_t sealed = 0;
    for (size_t i = 0; i < m->certificates_count; i++)
        if (hf__certificate_check(e, &m->certificates[i], &record, &moves) == 0)
            certificates[sealed++] = m->certificates[i];
    count = hf__electorates(e, &record, certificates, sealed, &moves, g);
    return hf__claim_proof_check(e, &m->proof, g, count, &e->account) == 0;
}

/* A higher claim stood: this instance can do nothing for the account any more. */
static void fence(struct hf_engine *e, uint64_t standing)
{
    hf_assert(standing > e->claim && (e->claimed || e->inherited));
    hf__trace(e, HF_TRACE_FENCED, HF_EFENCED, NULL, standing, 0);
    e->fenced = true;
    e->owner->outcome = HF__OUTCOME_FENCED;
}

static void take_votes(struct hf_engine *e, const struct hf__claiming *c,
                       struct hf__claim_holder *h, const struct hf_claim_response *m,
                       bool provisional)
{
    hf_assert(c->number > 0 && c->electorates_count <= HF__ELECTORATES_MAX);
    struct hf_ballot ballot = {.number = c->number};
    memcpy(ballot.instance, e->instance, 16);
    h->voted = 0;
    h->provisional = provisional;
    for (size_t i = 0; i < m->votes_count; i++)
        for (uint8_t g = 0; g < c->electorates_count; g++) {
            const struct hf_vote *v = &m->votes[i];
            struct hf_bytes what =
                hf__acceptance_bytes(e, &e->account, v->generation, &ballot, provisional);
            if ((h->electorates >> g & 1) == 0 || (h->voted >> g & 1) != 0 ||
                memcmp(v->generation, c->electorates[g].id, 16) != 0 ||
                e->suite->verify(h->account.bytes, "holdfast/v1/acceptance", what, v->signature) !=
                    0)
                continue;
            h->voted |= (uint8_t)(1u << g);
            memcpy(h->signatures[g], v->signature, 64);
        }
}

/* An answer to a claim under which this instance stands already: a holder that refused a request of
 * its was asked for its word. */
static int challenge_answered(struct hf_engine *e, const struct hf__pending *call,
                              const struct hf_claim_response *m, const struct hf_claim_answer *a)
{
    struct hf_ballot shown = {0};
    if (!e->claimed || call->arg != (uint32_t)e->claim || a->accepted)
        return 0;
    /* It claims higher from the newest record that it was shown (proto/CLAIMS.md, 4.3), from any
     * sender. A record that is no newer, or is not the owner's own, is no reason. */
    bool newer = m->has_newest && hf__record_take(e, &m->newest, m);
    if (!refusal_of(e, e->claim, m, &shown) && !newer)
        return HF_EBOUND;
    hf__deal_free(e); /* it is under the ballot that is given up */
    hf_assert(e->claimed && e->owner->dealing == NULL);
    hf__claim_higher(e, m->has_promised && shown.number > e->claim ? shown.number : e->claim);
    return 0;
}

/* Takes an acceptor's word. HF_EBOUND: it refuses and shows no reason. */
static int take_answer(struct hf_engine *e, struct hf__claim_holder *h,
                       const struct hf_claim_response *m, const struct hf_claim_answer *a)
{
    struct hf__claiming *c = e->owner->claiming;
    hf_assert(c != NULL && c->number > 0);
    struct hf_ballot shown = {0};
    if (a->accepted) {
        take_votes(e, c, h, m, a->provisional);
        /* Who accepts, and votes for none of the generations that are needed, is asked again. */
        h->error = h->voted == 0 ? HF_ENOSHARE : 0;
        hf__vote_move(h, h->voted == 0    ? HF__VOTE_FAILED
                         : a->provisional ? HF__VOTE_PROVISIONAL
                                          : HF__VOTE_ACCEPTED);
        return 0;
    }
    h->voted = 0;
    if (!refusal_of(e, c->number, m, &shown)) {
        h->error = HF_EBOUND;
        hf__vote_move(h, HF__VOTE_FAILED);
        return HF_EBOUND;
    }
    hf__vote_move(h, HF__VOTE_REFUSED);
    hf__given_heard(e, &shown);
    if (shown.number > c->highest)
        c->highest = shown.number;
    return 0;
}

int hf__claim_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_CLAIM && call->method == HF_METHOD_CLAIM);
    struct hf__claiming *c = e->owner->claiming;
    struct hf_claim_response m;
    struct hf_claim_answer a;
    uint64_t number;
    if (!e->open)
        return 0;
    int r = error != 0 ? error : hf__decode(e, &hf_wire_claim_response, body, &m);
    if (r == 0)
        r = check_answer(e, call, &m, &a);
    if (r == HF__PARK)
        return r;
    if (r == 0 && !hf__sequence_heard(e, &call->account, &m))
        return 0;
    if (r == 0)
        hf__moves_learn(e, m.moves, m.moves_count);
    if (r == 0 && (e->claimed || e->inherited) && proves(e, &m, &number)) {
        fence(e, number);
        return 0;
    }
    /* The record is the owner's own, from any sender and to any question. */
    if (r == 0 && m.has_newest && c != NULL && hf__record_take(e, &m.newest, &m)) {
        hf__claim_list(e, c);
        hf__timer_set(e, HF__TIMER_CLAIM, 0);
        return 0;
    }
    if (c == NULL)
        return r == 0 && answers_to(e, e->claim, &a) ? challenge_answered(e, call, &m, &a)
               : error == 0                          ? r
                                                     : 0;
    /* 0: it pauses, and has asked nothing that could be answered. */
    if (c->number == 0 || call->arg != (uint32_t)c->number || call->slot >= c->count)
        return 0;
    /* An answer to another statement is none: the acceptor is asked again. */
    if (r == 0 && !answers_to(e, c->number, &a))
        r = HF_EBOUND;
    struct hf__claim_holder *h = &c->holders[call->slot];
    h->error = r;
    h->since_ms = e->now_ms;
    if (r == 0)
        r = take_answer(e, h, &m, &a);
    else if (h->voted == 0)
        hf__vote_move(h, HF__VOTE_FAILED);
    else if (h->vote != HF__VOTE_ACCEPTED)
        hf__vote_move(h, HF__VOTE_PROVISIONAL); /* what it said before still counts */
    hf__claim_progress(e);
    return error == 0 ? r : 0;
}
