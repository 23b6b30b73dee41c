/*
 * Dealing: leaving the n shares of a root secret with n candidates, for the first time or in place
 * of a generation whose holders are partly lost (proto/PROTOCOL.md, 7). The order of durable steps:
 * the generation's number in the vault, offers, deposits, n receipts, the record.
 */
#include "fault.h"
#include "deal.h"

#include <stdlib.h>

#include "base/error.h"

enum { CANDIDATES_MAX = HF_RANK_FACTOR * HF_SHARES_MAX + HF_SHARES_MAX, ATTEMPTS_MAX = 3 };

static bool same_operator(const struct hf_engine *e, const uint8_t *a, const uint8_t *b)
{
    long ia = hf_set_find(e->set, a), ib = hf_set_find(e->set, b);
    const struct hf_validator *v = e->set->u.set.validators;
    return ia >= 0 && ib >= 0 && hf_bytes_equal(v[ia].operator_name, v[ib].operator_name);
}

/* A holder of the recorded generation that goes on: it has the record,
 * answers, and is still a member. */
static bool fit(const struct hf_engine *e, const struct hf__watch *w)
{
    return w->confirmed && w->silent_ms == 0 && hf_set_find(e->set, w->account) >= 0;
}

static void add_candidate(struct hf__dealing *d, const uint8_t account[static 32], bool kept)
{
    struct hf__candidate *c = &d->candidates[d->candidates_count++];
    *c = (struct hf__candidate){.kept = kept, .slot = -1};
    memcpy(c->account, account, 32);
}

/* Holders that stay come first; the others by the current order, without those
 * that just failed us. */
static void list_candidates(struct hf_engine *e, struct hf__dealing *d)
{
    const struct hf_policy *p = &e->policy->u.policy;
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    for (size_t i = 0; i < e->watch_count; i++)
        if (fit(e, &e->watch[i]))
            add_candidate(d, e->watch[i].account, true);
    size_t kept = d->candidates_count;
    size_t count = hf_select(e->set, e->account, e->version, (uint8_t)p->domain_rule, d->n,
                             HF_RANK_FACTOR * (size_t)d->n, order);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *account = e->set->u.set.validators[order[i]].account;
        bool skip = false;
        for (size_t j = 0; j < e->watch_count && !skip; j++)
            skip = memcmp(e->watch[j].account, account, 32) == 0;
        for (size_t j = 0; j < kept && !skip && p->domain_rule != 2; j++)
            skip = same_operator(e, d->candidates[j].account, account);
        if (!skip)
            add_candidate(d, account, false);
    }
}

void hf__deal_begin(struct hf_engine *e)
{
    hf_assert(e->dealing == NULL && e->open && e->claimed);
    if (hf__documents_ready(e) != 0 || !hf__identity_current(e)) {
        hf__task_retry(e, false);
        return;
    }
    struct hf__dealing *d =
        hf__scratch(e, sizeof *d + CANDIDATES_MAX * sizeof(struct hf__candidate));
    d->k = (uint8_t)e->policy->u.policy.threshold;
    d->n = (uint8_t)e->policy->u.policy.shares;
    d->q = (uint8_t)e->policy->u.policy.claim_quorum;
    d->epoch = hf_document_version(e->set);
    d->replaces = e->watch_count > 0;
    d->generation.version = e->version;
    d->generation.number = e->generation_next++;
    e->suite->random(&e->s->rng, d->generation.id, sizeof d->generation.id);
    list_candidates(e, d);
    size_t len = sizeof *d + d->candidates_count * sizeof(struct hf__candidate);
    e->dealing = malloc(len);
    hf_assert(e->dealing != NULL);
    memcpy(e->dealing, d, len);
    e->dealing->slots = calloc(d->n, sizeof *d->slots);
    hf_assert(e->dealing->slots != NULL);
    for (size_t i = 0; i < d->n; i++)
        e->dealing->slots[i].candidate = -1;
    hf__trace(e, HF_TRACE_DEALING, 0, NULL, d->generation.number, d->n);
    /* The number is spent before anyone hears of it, so that it is never used
     * for two polynomials. */
    hf__account_save(e);
    hf__deal_advance(e);
}

void hf__deal_free(struct hf_engine *e)
{
    struct hf__dealing *d = e->dealing;
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->n; i++)
        hf_blob_unref(d->slots[i].transcript);
    if (d->shares != NULL)
        hf_wipe(d->shares, (size_t)d->n * HF_SCALAR_LEN);
    e->secret_free(d->shares);
    free(d->slots);
    free(d);
    e->dealing = NULL;
}

void hf__candidate_failed(struct hf_engine *e, struct hf__candidate *c, int error, bool again)
{
    struct hf__dealing *d = e->dealing;
    bool sent = c->slot >= 0 && d->slots[c->slot].state == HF__SLOT_DEPOSITING;
    c->error = error;
    if (again && ++c->attempts < ATTEMPTS_MAX) {
        /* The same slot waits for a new offer: what this provider may
         * hold already is the same share. */
        c->state = HF__CANDIDATE_UNASKED;
    } else {
        c->state = HF__CANDIDATE_FAILED;
        hf__trace(e, HF_TRACE_CANDIDATE_FAILED, error, c->account, (uint64_t)(c->slot + 1), 0);
        if (c->slot >= 0)
            d->slots[c->slot].candidate = -1;
        /* It may hold the share all the same: what replaces this generation must tell it to
         * forget. / */
        if (sent && d->orphans_count < HF_SHARES_MAX)
            memcpy(d->orphans[d->orphans_count++], c->account, 32);
    }
    if (c->slot >= 0)
        d->slots[c->slot].state = HF__SLOT_EMPTY;
    if (c->state == HF__CANDIDATE_FAILED)
        c->slot = -1;
}

static void ask(struct hf_engine *e, size_t i)
{
    struct hf__dealing *d = e->dealing;
    struct hf__candidate *c = &d->candidates[i];
    struct hf_offer m = {.generation = d->generation, .epoch = d->epoch};
    hf__fill_header(e, c->account, &m.header);
    int r = hf__owner_send(e, HF_METHOD_OFFER, c->account, (uint8_t)i,
                           (uint32_t)d->generation.number, &hf_wire_offer, &m);
    if (r == 0)
        c->state = HF__CANDIDATE_ASKED;
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
    struct counts n = {0};
    for (size_t i = 0; i < d->n; i++)
        n.missing += d->slots[i].candidate < 0;
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
                    break;
                }
        }
}

/* Too few candidates answered. A first placement goes on asking; a replacement
 * leaves the old dealing as it is. */
static void give_up(struct hf_engine *e)
{
    struct hf__dealing *d = e->dealing;
    if (d->replaces) {
        hf__deal_free(e);
        for (size_t i = 0; i < e->watch_count; i++)
            if (e->watch[i].silent_ms != 0)
                e->watch[i].silent_ms = e->now_ms;
        e->deal_after_ms = e->now_ms + e->policy->u.policy.holder_grace_s * 1000;
        if (e->state == HF_STATE_READY || e->state == HF_STATE_PLACED ||
            e->state == HF_STATE_DEGRADED)
            hf__state_set(e, HF_STATE_DEGRADED, HF_ESELECTION);
        return;
    }
    /* A new number and a new polynomial next time: some candidates may
     * hold shares of this one by now. */
    hf__deal_free(e);
    hf__state_set(e, HF_STATE_PLACING, HF_EFEWPROVIDERS);
    hf__task_retry(e, false);
}

/* A first placement begins anew when the documents it was made under have been replaced. */
static bool outdated(const struct hf_engine *e)
{
    const struct hf__dealing *d = e->dealing;
    return d->k != e->policy->u.policy.threshold || d->n != e->policy->u.policy.shares ||
           d->q != e->policy->u.policy.claim_quorum || hf_document_version(e->set) > d->epoch + 1;
}

void hf__deal_advance(struct hf_engine *e)
{
    struct hf__dealing *d = e->dealing;
    hf__timer_clear(e, HF__TIMER_TASK);
    if (outdated(e)) {
        hf__deal_free(e);
        hf__deal_begin(e);
        return;
    }
    /* A slot's own candidate is asked again before anything else. */
    for (size_t i = 0; i < d->candidates_count; i++)
        if (d->candidates[i].state == HF__CANDIDATE_UNASKED && d->candidates[i].slot >= 0)
            ask(e, i);
    struct counts n = count(d);
    for (size_t i = 0; i < d->candidates_count && n.placed + n.asked < n.missing; i++)
        if (d->candidates[i].state == HF__CANDIDATE_UNASKED) {
            ask(e, i);
            n = count(d);
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
    struct hf__dealing *d = e->dealing;
    struct hf_offer_response m;
    const struct hf__peer *peer;
    if (d == NULL || call->arg != d->generation.number)
        return 0;
    hf_assert(call->slot < d->candidates_count);
    struct hf__candidate *c = &d->candidates[call->slot];
    int r = error;
    if (r == 0)
        r = hf__decode(e, &hf_wire_offer_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = hf__identity_check(e, &m.identity, call->account, &peer, NULL);
    if (r == HF__PARK)
        return r;
    if (r == 0) {
        c->state = HF__CANDIDATE_OFFERED;
        c->placed = m.placed;
        memcpy(c->nonce, m.nonce, sizeof c->nonce);
        memcpy(c->sealing_key, HF_FAULT(UNATTESTED) ? e->account : peer->sealing_key, 32);
    } else {
        hf__candidate_failed(e, c, r, c->slot >= 0 && hf_error_transient(r));
    }
    hf__deal_advance(e);
    return error == 0 ? r : 0;
}
