/*
 * Claiming, the owner's side of the register (proto/CLAIMS.md). Before an instance acts for its
 * account, q acceptors of the newest generation, and q of each unsealed older one that the record
 * lists, have accepted its ballot (R4). What must hold: of two instances that stand, the higher was
 * known to more than n - q honest acceptors of some generation that the lower needs.
 *
 * A number is durable as asked before it is asked (R1). A refusal makes an instance claim higher,
 * after a pause; an instance that stands goes on standing meanwhile (R7). Silence means nothing.
 */
#include "owner/claim.h"

#include <stdlib.h>

#include "base/error.h"
#include "owner/recover.h"
#include "owner/sequence.h"

static void add_acceptor(struct hf__claiming *c, const struct hf__electorate *g, size_t at,
                         uint8_t electorate)
{
    hf_assert(electorate < HF__ELECTORATES_MAX && at < g->n);
    struct hf__claim_holder *h = NULL;
    for (size_t i = 0; i < c->count && h == NULL; i++)
        if (hf_account_equal(&c->holders[i].account, &g->acceptors[at]))
            h = &c->holders[i];
    if (h == NULL) {
        hf_assert(c->count < HF__ACCEPTORS_MAX);
        h = &c->holders[c->count++];
        *h = (struct hf__claim_holder){.index = g->indices[at]};
        h->account = g->acceptors[at];
    }
    h->electorates |= (uint8_t)(1u << electorate);
}

void hf__claim_list(struct hf_engine *e, struct hf__claiming *c)
{
    struct hf_placement_record record;
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found); /* a vault that says `placed` has one: they were written together */
    c->electorates_count = (uint8_t)hf__needed(e, &record, c->electorates);
    c->count = 0;
    for (uint8_t g = 0; g < c->electorates_count; g++)
        for (size_t i = 0; i < c->electorates[g].n; i++)
            add_acceptor(c, &c->electorates[g], i, g);
    c->number = 0;
    hf_assert(c->electorates_count > 0 && c->count <= HF__ACCEPTORS_MAX);
    /* A certificate excuses only a ballot that is not below the one acknowledged. */
    if (record.ballot.number > c->highest)
        c->highest = record.ballot.number;
    if (e->sequence.at.claim > c->highest)
        c->highest = e->sequence.at.claim;
    const struct hf_floor *floor = hf__floor_of(e, &e->account);
    if (floor != NULL && floor->claim - 1 > c->highest)
        c->highest = floor->claim - 1;
}

/* Spends the next number: durable before any holder is asked for it. */
static void next_number(struct hf_engine *e, struct hf__claiming *c)
{
    if (c->highest < e->claim_asked)
        c->highest = e->claim_asked;
    hf_assert(c->highest < HF_WIRE_CLAIM_MAX);
    hf_assert(e->open && c->highest >= e->claim);
    c->number = ++c->highest;
    hf_assert(c->number > e->claim);
    e->claim_asked = c->number;
    hf__account_save(e);
    for (size_t i = 0; i < c->count; i++) {
        c->holders[i].voted = 0;
        hf__vote_move(&c->holders[i], HF__VOTE_NONE);
    }
    hf__trace(e, HF_TRACE_CLAIM_ASKED, 0, NULL, c->number, c->count);
}

/* The answers of the recovery name ballots, generations and certificates beside shares. */
static void read_answers(struct hf_engine *e, struct hf__claiming *c)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc != NULL && rc->round.phase == HF__PHASE_IDLE);
    uint64_t known = e->generation_next;
    for (size_t i = 0; i < rc->round.targets_count; i++) {
        struct hf_recover_answer a;
        struct hf_claim_statement s;
        if (rc->targets[i].answer == NULL)
            continue;
        int r = hf__decode(e, &hf_wire_recover_answer, hf_blob_bytes(rc->targets[i].answer), &a);
        hf_assert(r == 0);
        if (hf__claim_open(e, &a.promised, &e->account, &s) == 0) {
            hf__given_heard(e, &s.ballot);
            if (s.ballot.number > c->highest)
                c->highest = s.ballot.number;
        }
        /* A number that a holder has seen is spent, also when this vault is of an earlier time. The
         * word of a holder alone may not spend all of them. */
        for (size_t j = 0; j < a.shares_count; j++)
            if (a.shares[j].generation.number >= e->generation_next &&
                a.shares[j].generation.number < UINT32_MAX &&
                a.shares[j].generation.number - known < HF_GENERATIONS_LEAP_MAX)
                e->generation_next = (uint32_t)a.shares[j].generation.number + 1;
        hf__moves_learn(e, a.moves, a.moves_count);
        if (a.has_newest)
            hf__certificates_learn(e, &a.newest, a.certificates, a.certificates_count);
    }
}

void hf__claim_begin(struct hf_engine *e)
{
    struct hf_signed_record seen;
    hf_assert(e->open && !e->claimed && e->owner->claiming == NULL);
    hf_assert(e->owner->recovery == NULL || !e->inherited);
    struct hf__claiming *c = calloc(1, sizeof *c);
    hf_assert(c != NULL);
    hf__given_found(e);
    if (e->owner->recovery != NULL && e->owner->recovery->record != NULL) {
        int r =
            hf__decode(e, &hf_wire_signed_record, hf_blob_bytes(e->owner->recovery->record), &seen);
        hf_assert(r == 0);
        (void)hf__record_take(e, &seen, NULL);
    }
    if (e->owner->recovery != NULL)
        read_answers(e, c);
    hf__recover_free(e);
    e->owner->moved = false; /* it has not asked by anything else */
    e->owner->claiming = c;
    hf__retry_reset(e, HF__TIMER_CLAIM);
    hf__claim_list(e, c);
    hf_assert(e->owner->recovery == NULL && c->number == 0);
    /* Its write is under way while the identity's quote is made. */
    if (!hf__own_void(e))
        next_number(e, c);
    hf__state_set(e, HF_STATE_CLAIMING, 0);
    hf__timer_set(e, HF__TIMER_CLAIM, 0);
}

/* Claims a higher number after a random pause that doubles. */
static void claim_pause(struct hf_engine *e)
{
    struct hf__claiming *c = e->owner->claiming;
    const struct hf_timing *t = &e->timing;
    c->pause_ms = c->pause_ms < t->retry_ms_min ? t->retry_ms_min : c->pause_ms * 2;
    if (c->pause_ms > t->retry_ms_max)
        c->pause_ms = t->retry_ms_max;
    hf_assert(c->pause_ms >= t->retry_ms_min && c->pause_ms <= t->retry_ms_max);
    e->owner->claim_pause_ms = c->pause_ms;
    c->number = 0;
    hf__timer_set(e, HF__TIMER_CLAIM, hf__random_below(e, c->pause_ms) + 1);
}

void hf__claim_higher(struct hf_engine *e, uint64_t number)
{
    hf_assert(e->claimed);
    if (e->owner->claiming != NULL) {
        if (number > e->owner->claiming->highest)
            e->owner->claiming->highest = number;
        return;
    }
    struct hf__claiming *c = calloc(1, sizeof *c);
    hf_assert(c != NULL);
    /* What is under way speaks under the ballot that is refused. */
    hf__deal_free(e);
    hf_assert(e->owner->dealing == NULL && c->number == 0);
    c->highest = number;
    c->pause_ms = e->owner->claim_pause_ms;
    e->owner->claiming = c;
    hf__claim_list(e, c);
    if (number > c->highest)
        c->highest = number;
    claim_pause(e);
}

void hf__claim_recount(struct hf_engine *e)
{
    struct hf__claiming *c = e->owner->claiming;
    hf_assert(e->open && (c == NULL || c->electorates_count > 0));
    if (c == NULL || hf__still_needed(e, c->electorates, c->electorates_count))
        return;
    hf__claim_list(e, c);
    hf_assert(c->number == 0);
    hf__timer_set(e, HF__TIMER_CLAIM, 0);
}

void hf__claim_floor(struct hf_engine *e)
{
    const struct hf_floor *floor = hf__floor_of(e, &e->account);
    struct hf__claiming *c = e->owner->claiming;
    hf_assert(e->open && (c == NULL || c->electorates_count > 0));
    /* What all holders carried and what survivors carry need not meet: every vote of a ballot is
     * counted by the floor under which it is asked for. */
    bool is_void = hf__own_void(e);
    if (floor != NULL && e->claim < floor->claim)
        e->inherited = false;
    if (floor != NULL)
        hf__certificates_drop(e);
    if (floor != NULL && c != NULL &&
        ((c->number != 0 ? c->number : c->highest + 1) < floor->claim || is_void ||
         !hf__still_needed(e, c->electorates, c->electorates_count))) {
        hf__claim_list(e, c);
        hf__timer_set(e, HF__TIMER_CLAIM, 0);
        hf_assert(c->number == 0 && c->highest + 1 >= floor->claim);
    }
    if (floor != NULL)
        hf__releases_recount(e);
    if (floor == NULL || !e->claimed || (e->claim >= floor->claim && !is_void) ||
        e->owner->holders_count == 0)
        return;
    hf__claim_higher(e, floor->claim - 1);
    hf__releases_end(e, HF_ENOTCLAIMED);
    e->claimed = false;
    hf_assert(e->owner->claiming != NULL && e->owner->releases == NULL);
    hf__state_set(e, HF_STATE_CLAIMING, HF_ESUPERSEDED);
}

void hf__claim_free(struct hf_engine *e)
{
    free(e->owner->claiming);
    e->owner->claiming = NULL;
    hf_assert(e->open || !e->claimed);
    hf__timer_clear(e, HF__TIMER_CLAIM);
}

static int send_claim(struct hf_engine *e, const struct hf_account *holder, uint8_t slot,
                      uint64_t number)
{
    hf_assert(e->open && number > 0 && number <= e->claim_asked);
    struct hf_claim_request m = {0};
    struct hf_placement_record record;
    struct hf_record_order known;
    struct hf_ballot ballot = {.number = number};
    const struct hf__peer *peer;
    if (!hf__identity_own(e, &m.identity))
        return HF_EIDENTITY;
    memcpy(ballot.instance, e->instance, 16);
    bool recorded = hf__own_record(e, &record, NULL, NULL);
    if (recorded)
        hf__record_order(&record, &known);
    hf__claim_sign(e, &ballot, recorded ? &known : NULL, &m.claim);
    hf__versions(e, &m.versions);
    m.show_identity = hf__identity_known(e, holder, &peer, NULL) != 0;
    struct hf__ask ask = {
        .task = HF__TASK_CLAIM, .method = HF_METHOD_CLAIM, .slot = slot, .arg = (uint32_t)number};
    return hf__call(e, &ask, holder, hf__encode(e, &hf_wire_claim_request, &m));
}

/* How one electorate stands to the ballot. */
struct tally {
    size_t firm, any; /* acceptances: of those whose own claims stand, of all */
    size_t open;      /* that may still accept: asked, provisional, or not reached yet */
};

static struct tally count_votes(const struct hf__claiming *c, uint8_t electorate)
{
    hf_assert(electorate < c->electorates_count);
    struct tally t = {0};
    for (size_t i = 0; i < c->count; i++) {
        const struct hf__claim_holder *h = &c->holders[i];
        if ((h->electorates >> electorate & 1) == 0)
            continue;
        bool voted = (h->voted >> electorate & 1) != 0;
        t.firm += voted && h->vote == HF__VOTE_ACCEPTED;
        t.any += voted;
        t.open += h->vote == HF__VOTE_ASKED;
    }
    hf_assert(t.firm <= t.any && t.any <= c->electorates[electorate].n);
    return t;
}

/*
 * Whether an electorate carries the ballot (R4, R10): q acceptances of holders whose own claims
 * stand, or p of either kind. A holder whose own claim does not stand yet may be one of two copies
 * that its host runs, each with a vote of its own; two sets of p share 2p - n holders, all of which
 * would have to be run twice.
 */
static bool carries(const struct tally *t, const struct hf__electorate *g)
{
    hf_assert(g->quorum > 0 && g->quorum <= g->provisional);
    return t->firm >= g->quorum || t->any >= g->provisional;
}

static uint8_t index_of(const struct hf__electorate *g, const struct hf_account *account)
{
    hf_assert(g->n > 0);
    size_t i = 0;
    while (!hf_account_equal(&g->acceptors[i], account)) {
        i++;
        hf_assert(i < g->n);
    }
    return g->indices[i];
}

/* The acceptances that carried the claim, and this instance's word that it stood: who shows them
 * fences every lower one (R7). */
static void make_proof(struct hf_engine *e, const struct hf__claiming *c)
{
    struct hf_placement_record record;
    struct hf_record_order known;
    struct hf_claim_proof proof = {0};
    struct hf_ballot ballot = {.number = e->claim};
    struct hf_acceptance *list = hf__scratch(e, HF__ACCEPTORS_MAX * sizeof *list);
    size_t count = 0;
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found);
    hf__record_order(&record, &known);
    hf_assert(e->claimed && e->claim == c->number && e->claim > 0);
    memcpy(ballot.instance, e->instance, 16);
    hf__claim_sign(e, &ballot, &known, &proof.claim);
    e->suite->sign(e->secrets->account, "holdfast/v1/standing-proof", proof.claim.statement,
                   proof.signature);
    for (uint8_t g = 0; g < c->electorates_count; g++) {
        /* As many as carry it, and no more: each holder keeps all of them. */
        struct tally t = count_votes(c, g);
        bool firm = t.firm >= c->electorates[g].quorum;
        size_t left = firm ? c->electorates[g].quorum : c->electorates[g].provisional;
        for (size_t i = 0; i < c->count && left > 0 && count < HF__ACCEPTORS_MAX; i++) {
            const struct hf__claim_holder *h = &c->holders[i];
            if ((h->voted >> g & 1) == 0 || (firm && h->vote != HF__VOTE_ACCEPTED))
                continue;
            left--;
            struct hf_acceptance *a = &list[count++];
            *a = (struct hf_acceptance){.provisional = h->provisional};
            a->index = index_of(&c->electorates[g], &h->account);
            memcpy(a->generation, c->electorates[g].id, 16);
            memcpy(a->signature, h->signatures[g], 64);
        }
    }
    proof.acceptances = list;
    proof.acceptances_count = count;
    hf_assert(count > 0 && count <= HF__ACCEPTORS_MAX);
    hf_blob_unref(e->owner->proof);
    e->owner->proof = hf_blob_new(hf__encode(e, &hf_wire_claim_proof, &proof));
    hf_assert(e->owner->proof != NULL);
}

static void won(struct hf_engine *e)
{
    bool confirmed, again = e->claimed;
    struct hf_placement_record record;
    struct hf__claiming *c = e->owner->claiming;
    hf_assert(e->open && c->electorates_count > 0 && !hf__own_void(e));
    hf_assert(c->number > e->claim || !e->claimed);
    hf_assert(c->number <= e->claim_asked);
    e->claim = c->number;
    e->claimed = true;
    e->inherited = false; /* what it stands under now is its own */
    hf__sequence_won(e);
    hf__given_drop(e);
    e->owner->claim_pause_ms = 0; /* the next one that goes above it has waited for nothing yet */
    make_proof(e, c);
    hf__claim_free(e);
    hf_assert(e->owner->claiming == NULL && e->owner->proof != NULL);
    /* Every holder is shown the new ballot, and its proof, with the next request. */
    for (size_t i = 0; i < e->owner->holders_count; i++)
        e->owner->holders[i].shown = 0;
    struct hf_trace *t = hf__trace(e, HF_TRACE_CLAIM_WON, 0, NULL, e->claim, 0);
    memcpy(t->hash.bytes, e->instance, 16);
    hf__members_claimed(e);
    /* Orders to forget are given under the present ballot, with a record that names it. */
    hf__record_resign(e, hf__rows_count(&e->rows, HF_ROW_OLDER) > 0);
    bool found = hf__own_record(e, &record, NULL, &confirmed);
    hf_assert(found);
    if (!again)
        hf__state_set(e, confirmed ? HF_STATE_PLACED : HF_STATE_PLACING, 0);
    hf__record_send(e);
    hf__seal_send(e);
    hf__retire_send(e);
    hf__standing_send(e);
}

void hf__claim_progress(struct hf_engine *e)
{
    struct hf__claiming *c = e->owner->claiming;
    hf_assert(c != NULL && c->electorates_count > 0);
    bool all = c->number != 0, lost = false, refused = false;
    size_t asked = 0;
    for (uint8_t g = 0; g < c->electorates_count; g++) {
        struct tally t = count_votes(c, g);
        all = all && carries(&t, &c->electorates[g]);
        lost = lost || t.any + t.open < c->electorates[g].quorum;
    }
    for (size_t i = 0; i < c->count; i++) {
        refused = refused || c->holders[i].vote == HF__VOTE_REFUSED;
        asked += c->holders[i].vote == HF__VOTE_ASKED;
    }
    if (all) {
        won(e);
    } else if (c->number != 0 && refused && (lost || asked == 0)) {
        /* Another instance was promised more, living or dead: go above it. */
        if (!e->claimed)
            hf__state_set(e, HF_STATE_CLAIMING, HF_ESUPERSEDED);
        claim_pause(e);
    } else if (asked == 0) {
        if (!e->claimed)
            hf__state_set(e, HF_STATE_CLAIMING, HF_EQUORUM);
        hf__retry(e, HF__TIMER_CLAIM, false);
    }
}

/* Whether this node has gone by newer documents than it has now: its host has lost them, and others
 * have them. */
static bool is_outdated(struct hf_engine *e)
{
    struct hf_versions now;
    hf__versions(e, &now);
    hf_assert(e->open);
    if (!hf__sequence_lacks(e, &now))
        return false;
    hf__timer_set(e, HF__TIMER_DOCUMENTS, 0);
    return true;
}

/* The timer of the task: a number, or again to those that have not answered. */
void hf__claim_advance(struct hf_engine *e)
{
    struct hf__claiming *c = e->owner->claiming;
    bool outgrown = e->owner->outgrown;
    e->owner->outgrown = false;
    if (c == NULL) {
        hf_assert(outgrown && e->claimed);
        hf__claim_higher(e, e->claim);
        return;
    }
    hf_assert(e->open);
    int r = hf__documents_ready(e);
    if (r == 0 && hf__own_void(e))
        r = HF_EVOIDRECORD;
    if (r == 0 && !hf__identity_current(e))
        r = HF_EIDENTITY;
    if (r == 0 && hf__given_waits(e))
        r = HF_EHANDEDOVER;
    if (r == 0 && is_outdated(e))
        r = HF_EBEHIND;
    if (r != 0) {
        /* The identity's quote, or documents, are under way: both try the task again when they
         * come. Under a floor that makes the own record void only another floor helps. */
        if (!e->claimed)
            hf__state_set(e, HF_STATE_CLAIMING, r);
        hf__timer_set(e, HF__TIMER_CLAIM, e->timing.retry_ms_max);
        return;
    }
    if (c->number == 0)
        next_number(e, c);
    hf_assert(c->number > e->claim && c->number <= e->claim_asked);
    hf__timer_set(e, HF__TIMER_CLAIM, e->timing.call_ms + e->timing.retry_ms_min);
    for (size_t i = 0; i < c->count; i++) {
        struct hf__claim_holder *h = &c->holders[i];
        if ((h->vote == HF__VOTE_ACCEPTED && h->voted == h->electorates) ||
            h->vote == HF__VOTE_ASKED)
            continue;
        h->error = send_claim(e, &h->account, (uint8_t)i, c->number);
        if (h->vote == HF__VOTE_ACCEPTED)
            continue; /* for some of the generations it has voted: that still counts */
        hf__vote_move(h, h->error == 0                     ? HF__VOTE_ASKED
                         : h->vote == HF__VOTE_PROVISIONAL ? HF__VOTE_PROVISIONAL
                                                           : HF__VOTE_FAILED);
    }
    hf__claim_progress(e);
}

/* Whether an account is an acceptor of a generation that the ballot needs now. */
static bool is_needed(struct hf_engine *e, const struct hf_account *account)
{
    struct hf_placement_record record;
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    bool needed = false;
    if (!hf__own_record(e, &record, NULL, NULL))
        return false;
    size_t count = hf__needed(e, &record, g);
    for (size_t i = 0; i < count && !needed; i++)
        needed = hf__is_acceptor(&g[i], account);
    return needed;
}

void hf__claim_challenge(struct hf_engine *e, const struct hf_account *provider)
{
    hf_assert(e->open || !e->claimed);
    if (!e->claimed || e->owner->claiming != NULL ||
        hf__calling(e, HF_METHOD_CLAIM, provider, NULL) || !is_needed(e, provider))
        return;
    int r = send_claim(e, provider, UINT8_MAX, e->claim);
    (void)r; /* the next refusal asks again */
}
