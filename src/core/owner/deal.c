/*
 * Dealing: leaving the n shares of a root secret with n candidates, for the first time or in place
 * of a generation whose holders are partly lost (proto/PROTOCOL.md, 7). The order of durable steps:
 * the generation's number in the vault, offers, deposits, n receipts, the record.
 */
#include "owner/deal.h"

#include <stdlib.h>

#include "base/error.h"
#include "owner/record.h"

void hf__deal_begin(struct hf_engine *e)
{
    hf_assert(e->owner->dealing == NULL && e->open && e->claimed);
    if (hf__documents_ready(e) != 0 || !hf__identity_current(e)) {
        hf__retry(e, HF__TIMER_DEAL, false);
        return;
    }
    struct hf__dealing *d =
        hf__scratch(e, sizeof *d + HF__CANDIDATES_MAX * sizeof(struct hf__candidate));
    d->k = (uint8_t)hf__policy(e)->threshold;
    d->n = (uint8_t)hf__policy(e)->shares;
    d->q = (uint8_t)hf__policy(e)->claim_quorum;
    d->epoch = hf_document_version(e->trust->set);
    d->replaces = e->owner->holders_count > 0;
    hf_assert(d->k > 0 && d->k <= d->q && d->q <= d->n && d->n <= HF_SHARES_MAX);
    hf_assert(e->generation_next > 0 && !e->fenced);
    d->generation.version = e->active.number;
    hf__roots_wanted(e, &d->dealt);
    d->generation.number = e->generation_next++;
    e->suite->random(&e->secrets->rng, d->generation.id, sizeof d->generation.id);
    hf__candidates_list(e, d);
    size_t len = sizeof *d + d->candidates_count * sizeof(struct hf__candidate);
    e->owner->dealing = malloc(len);
    hf_assert(e->owner->dealing != NULL);
    memcpy(e->owner->dealing, d, len);
    e->owner->dealing->slots = calloc(d->n, sizeof *d->slots);
    hf_assert(e->owner->dealing->slots != NULL);
    for (size_t i = 0; i < d->n; i++)
        e->owner->dealing->slots[i].candidate = -1;
    hf__trace(e, HF_TRACE_DEALING, 0, NULL, d->generation.number, d->n);
    /* The number is spent before any candidate hears of it, so that it is never used for two
     * polynomials. */
    hf__account_save(e);
    hf__deal_advance(e);
}

void hf__candidate_failed(struct hf_engine *e, struct hf__candidate *c, int error, bool again)
{
    struct hf__dealing *d = e->owner->dealing;
    hf_assert(error != 0 && d != NULL && c->slot < (int)d->n);
    struct hf__slot *s = c->slot >= 0 ? &d->slots[c->slot] : NULL;
    bool sent = s != NULL && s->state == HF__SLOT_DEPOSITING;
    c->error = error;
    c->full = sent && error == HF_EBUSY;
    c->sent = c->sent || sent;
    if (s != NULL)
        hf__slot_move(d, s, HF__SLOT_EMPTY);
    if (again && ++c->attempts < HF__ATTEMPTS_MAX) {
        /* The same slot waits for a new offer: what this provider may
         * hold already is the same share. */
        hf__candidate_move(c, HF__CANDIDATE_UNASKED);
        return;
    }
    hf__trace(e, HF_TRACE_CANDIDATE_FAILED, error, &c->account, (uint64_t)(c->slot + 1), 0);
    /* It may hold the share all the same, and must be told to forget it. Where none more can be
     * noted the dealing ends: what was noted before the last deposits left names all. */
    hf_assert(!c->sent || s != NULL);
    if (c->sent && d->others_count == HF_SHARES_MAX)
        d->overrun = true;
    else if (c->sent)
        d->others[d->others_count++] =
            (struct hf_holder){.account = c->account, .index = (uint64_t)c->slot + 1};
    if (s != NULL)
        s->candidate = -1;
    c->slot = -1;
    hf__candidate_move(c, HF__CANDIDATE_FAILED);
}

static void ask_candidate(struct hf_engine *e, size_t i)
{
    struct hf__dealing *d = e->owner->dealing;
    struct hf__candidate *c = &d->candidates[i];
    hf_assert(i < d->candidates_count && c->state == HF__CANDIDATE_UNASKED);
    struct hf_offer m = {.generation = d->generation, .epoch = d->epoch, .has_record = d->mends};
    struct hf_placement_record record;
    bool found = !d->mends || hf__own_record(e, &record, &m.record, NULL);
    hf_assert(found);
    hf__fill_header(e, &c->account, &m.header);
    struct hf__ask ask = {.task = HF__TASK_DEAL,
                          .method = HF_METHOD_OFFER,
                          .slot = (uint8_t)i,
                          .arg = (uint32_t)d->generation.number};
    int r = hf__owner_send(e, &ask, &c->account, &hf_wire_offer, &m);
    if (r == 0)
        hf__candidate_move(c, HF__CANDIDATE_ASKED);
    else
        hf__candidate_failed(e, c, r, false);
}

struct counts {
    size_t missing;  /* slots without a candidate */
    size_t placed;   /* free offers of candidates that are placed */
    size_t unplaced; /* free offers of others */
    size_t asked;
    size_t unasked;
};

static struct counts count(const struct hf__dealing *d)
{
    hf_assert(d->n > 0 && d->n <= HF_SHARES_MAX);
    struct counts n = {0};
    for (size_t i = 0; i < d->n; i++)
        n.missing += !d->mends && d->slots[i].candidate < 0; /* a mend has the holders it names */
    for (size_t i = 0; i < d->candidates_count; i++) {
        const struct hf__candidate *c = &d->candidates[i];
        if (c->slot >= 0)
            continue;
        bool offered = c->state == HF__CANDIDATE_OFFERED;
        n.placed += offered && (c->placed || c->kept);
        n.unplaced += offered && !c->placed && !c->kept;
        n.asked += c->state == HF__CANDIDATE_ASKED;
        n.unasked += c->state == HF__CANDIDATE_UNASKED;
    }
    hf_assert(n.missing <= d->n && n.asked + n.unasked <= d->candidates_count);
    return n;
}

/* Gives free offers to slots without a candidate: holders kept and placed
 * first, by the order of candidates. */
static void assign(struct hf__dealing *d)
{
    for (int want_placed = 1; want_placed >= 0; want_placed--)
        for (size_t i = 0; i < d->candidates_count; i++) {
            struct hf__candidate *c = &d->candidates[i];
            if (c->state != HF__CANDIDATE_OFFERED || c->slot >= 0 ||
                (want_placed && !c->placed && !c->kept))
                continue;
            for (size_t s = 0; s < d->n; s++)
                if (d->slots[s].candidate < 0) {
                    d->slots[s].candidate = (int8_t)i;
                    c->slot = (int8_t)s;
                    hf_assert(c->slot < (int)d->n && d->slots[c->slot].candidate == (int)i);
                    break;
                }
        }
}

/* How long a replacement waits that found too few: the grace of holders, or where a candidate may
 * only have been busy, locked or away for a moment, or others can be asked by now, a pause that
 * doubles up to it. outlook: of those who would be asked now. */
static uint64_t pause_of(struct hf_engine *e, const struct hf__dealing *d, uint64_t outlook)
{
    uint64_t grace_ms = hf__policy(e)->holder_grace_s * 1000;
    uint64_t last_ms = e->owner->deal_pause_ms;
    /* Holders have answered since it listed whom to ask, and others would be asked now. */
    bool passes = hf__deal_asks(d) != outlook;
    for (size_t i = 0; i < d->candidates_count; i++)
        passes = passes || (d->candidates[i].state == HF__CANDIDATE_FAILED &&
                            hf_error_transient(d->candidates[i].error));
    if (!passes) {
        e->owner->deal_pause_ms = 0;
        return grace_ms;
    }
    /* Only pauses for what may pass by itself double; documents that came meanwhile begin anew. */
    uint64_t pause_ms = last_ms > 0 && e->owner->deal_after_adopted == e->trust->adopted
                            ? 2 * last_ms
                            : e->timing.watch_ms;
    e->owner->deal_pause_ms = pause_ms < grace_ms ? pause_ms : grace_ms;
    hf_assert(e->owner->deal_pause_ms <= grace_ms);
    return e->owner->deal_pause_ms;
}

/* Whether an account has yet to delete its share of an older dealing that was recorded. */
static bool deletes(struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(e->open && e->claimed);
    struct hf_older_row row;
    bool any = false;
    for (size_t at = 0; !any && hf__older_next(e, &at, &row);)
        for (size_t i = 0; i < row.holders_count; i++)
            any = any || (memcmp(row.generation.id, row.complete.id, 16) != 0 &&
                          hf_account_equal(&row.holders[i].account, account));
    return any;
}

/*
 * Whether a candidate took no share because it keeps all that it may. Where nothing older than the
 * newest is needed, it is told to forget what is older (older.c); where something is, what is lost
 * of the newest comes again, so that it can be sealed (mend.c). Where it has no older share to
 * delete, it is votes that fill it, which are forgotten under a higher ballot than theirs alone:
 * one is claimed.
 */
static void note_full(struct hf_engine *e, const struct hf__dealing *d)
{
    hf_assert(d->replaces && e->claimed);
    bool votes = false;
    e->owner->full = false;
    for (size_t i = 0; !d->mends && i < d->candidates_count; i++) {
        const struct hf__candidate *c = &d->candidates[i];
        e->owner->full = e->owner->full || c->full;
        votes = votes || (c->full && !deletes(e, &c->account));
    }
    if (!e->owner->full || e->owner->unsealed > 0)
        return;
    struct hf_placement_record record;
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found);
    if (votes && record.ballot.number == e->claim) {
        e->owner->outgrown = true;
        hf__timer_set(e, HF__TIMER_CLAIM, 0);
    }
}

/* Candidates that may have taken a share of a dealing that came to nothing are told to forget it
 * soon, whatever follows: that takes a record under the present ballot. Where a higher one is
 * claimed they are told under that. */
static void tell(struct hf_engine *e)
{
    hf_assert(e->claimed && e->owner->dealing->replaces);
    if (e->owner->dealing->mends || e->owner->outgrown ||
        hf__rows_count(&e->rows, HF_ROW_OLDER) == 0)
        return;
    hf__record_resign(e, true);
    hf_assert(e->owner->claiming == NULL);
    hf__timer_set(e, HF__TIMER_RECORD, e->timing.retry_ms_min);
    hf__timer_set(e, HF__TIMER_RETIRE, e->timing.standing_ms);
}

/* Too few candidates answered. A first placement goes on asking; a replacement
 * leaves the old dealing as it is. */
static void give_up(struct hf_engine *e)
{
    struct hf__dealing *d = e->owner->dealing;
    hf_assert(d != NULL && e->claimed);
    if (d->replaces) {
        bool mends = d->mends;
        uint64_t outlook = hf__deal_outlook(e);
        hf__deal_later(e, e->now_ms + pause_of(e, d, outlook), outlook);
        note_full(e, d);
        tell(e);
        hf__deal_free(e);
        if (!mends && (e->state == HF_STATE_READY || e->state == HF_STATE_PLACED ||
                       e->state == HF_STATE_DEGRADED))
            hf__state_set(e, HF_STATE_DEGRADED, HF_ESELECTION);
        return;
    }
    /* A new number and a new polynomial next time: some candidates may
     * hold shares of this one by now. */
    hf__deal_free(e);
    hf__state_set(e, HF_STATE_PLACING, HF_EFEWPROVIDERS);
    hf__retry(e, HF__TIMER_DEAL, false);
}

/* A first placement begins anew when the documents it was made under have been replaced. */
static bool outdated(const struct hf_engine *e)
{
    const struct hf__dealing *d = e->owner->dealing;
    hf_assert(d != NULL && d->epoch > 0);
    if (d->mends)
        return false;
    return d->k != hf__policy(e)->threshold || d->n != hf__policy(e)->shares ||
           d->q != hf__policy(e)->claim_quorum || hf_document_version(e->trust->set) > d->epoch + 1;
}

/* The authority may write off a generation that was sealed when the dealing began: its record would
 * list more than a record may. What was deposited is told to be forgotten, as of any that is given
 * up; another begins when one of those listed is sealed. */
static bool crowded(const struct hf_engine *e)
{
    const struct hf__dealing *d = e->owner->dealing;
    hf_assert(e->owner->unsealed <= HF_CHAIN_MAX);
    return d->replaces && !d->mends && e->owner->unsealed == HF_CHAIN_MAX;
}

void hf__deal_advance(struct hf_engine *e)
{
    struct hf__dealing *d = e->owner->dealing;
    hf_assert(d != NULL && e->claimed && e->owner->claiming == NULL);
    hf__timer_clear(e, HF__TIMER_DEAL);
    if (crowded(e)) {
        tell(e);
        hf__deal_free(e);
        return;
    }
    if (outdated(e)) {
        hf__deal_free(e);
        hf__deal_begin(e);
        return;
    }
    /* A slot's own candidate is asked again before anything else. */
    for (size_t i = 0; i < d->candidates_count; i++)
        if (d->candidates[i].state == HF__CANDIDATE_UNASKED && d->candidates[i].slot >= 0)
            ask_candidate(e, i);
    if (d->mends && hf__mend_failed(d)) {
        give_up(e);
        return;
    }
    struct counts n = count(d);
    for (size_t i = 0; i < d->candidates_count && n.placed + n.asked < n.missing; i++)
        if (d->candidates[i].state == HF__CANDIDATE_UNASKED) {
            ask_candidate(e, i);
            n = count(d);
        }
    if (d->overrun) {
        give_up(e);
        return;
    }
    if (n.placed >= n.missing ||
        (n.asked == 0 && n.unasked == 0 && n.placed + n.unplaced >= n.missing)) {
        assign(d);
        hf__deposit_advance(e);
    } else if (n.asked == 0) {
        give_up(e);
    }
}

int hf__offer_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_DEAL && call->method == HF_METHOD_OFFER);
    struct hf__dealing *d = e->owner->dealing;
    struct hf_offer_response m;
    const struct hf__peer *peer;
    /* A mend has the number of the dealing that it mends, and of the mend before it: an answer to
     * another of them may come late, from a candidate that has no such place now. */
    if (d == NULL || call->arg != d->generation.number || call->slot >= d->candidates_count)
        return 0;
    struct hf__candidate *c = &d->candidates[call->slot];
    if (c->state != HF__CANDIDATE_ASKED || !hf_account_equal(&c->account, &call->account))
        return 0;
    int r = error;
    if (r == 0)
        r = hf__decode(e, &hf_wire_offer_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = hf__identity_check(e, NULL, &m.identity, &call->account, &peer, NULL);
    if (r == HF__PARK)
        return r;
    if (r == 0) {
        hf__candidate_move(c, HF__CANDIDATE_OFFERED);
        c->placed = m.placed;
        memcpy(c->nonce, m.nonce, sizeof c->nonce);
        c->sealing_suite = hf__peer_sealing(e, peer, c->sealing_key);
    } else {
        hf__candidate_failed(e, c, r, c->slot >= 0 && hf_error_transient(r));
    }
    hf__deal_advance(e);
    return error == 0 ? r : 0;
}

void hf__deal_due(struct hf_engine *e)
{
    hf_assert(e->open || e->owner->dealing == NULL);
    if (e->owner->dealing != NULL)
        hf__deal_advance(e);
    else if (e->state == HF_STATE_PLACING && e->owner->holders_count == 0)
        hf__deal_begin(e);
}
