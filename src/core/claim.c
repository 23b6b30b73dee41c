/*
 * Claiming (proto/PROTOCOL.md, 9): before it releases anything or acts for its account, an instance
 * that opened the vault has its claim accepted by k holders of the newest recorded generation, and
 * of the generation before until a deletion order proves the newest complete. k is above n / 2, so
 * of two instances at most one is accepted for a number. Holders that wait for each other's word
 * are heard too, by a stricter count: see carries().
 */
#include "claim.h"

#include <stdlib.h>

#include "base/error.h"
#include "fault.h"
#include "recover.h"

enum { JUMP_MAX = 1 << 16 };

static void add_holder(struct hf__claiming *c, const struct hf_holder *h, bool newest)
{
    struct hf__claim_holder *at = NULL;
    for (size_t i = 0; i < c->count; i++)
        if (memcmp(c->holders[i].account, h->account, 32) == 0)
            at = &c->holders[i];
    if (at == NULL) {
        hf_assert(c->count < HF__CLAIM_HOLDERS_MAX);
        at = &c->holders[c->count++];
        *at = (struct hf__claim_holder){0};
        memcpy(at->account, h->account, 32);
        at->index = (uint8_t)h->index;
    }
    if (newest)
        at->newest = true;
    else
        at->before = true;
}

/* Whether a deletion order of the owner says that `newest` is complete. */
static bool proves_complete(struct hf_engine *e, const struct hf_signed_deletion *s,
                            const struct hf_generation_id *newest)
{
    struct hf_deletion m;
    return hf__decode(e, &hf_wire_deletion, s->deletion, &m) == 0 &&
           e->suite->verify(e->account, "holdfast/v1/delete", s->deletion, s->signature) == 0 &&
           memcmp(m.header.owner, e->account, 32) == 0 && m.complete.number >= newest->number;
}

/*
 * A claim that a provider names. One provider's word must be enough, since k of n may share but one
 * member with another k of n; so a lie can cost numbers, and no more than JUMP_MAX of them at a
 * time.
 */
static void learn(struct hf_engine *e, struct hf__claiming *c, const uint8_t account[static 32],
                  uint64_t number)
{
    if (number > (uint64_t)e->claim + JUMP_MAX)
        hf__trace(e, HF_TRACE_PEER_MISBEHAVED, HF_EBOUND, account, HF_METHOD_CLAIM, number);
    else if (number > c->highest)
        c->highest = number;
}

/* What the answers of the recovery say beside shares: the highest claim, and
 * whether the newest is complete. */
static bool read_answers(struct hf_engine *e, struct hf__claiming *c,
                         const struct hf_generation_id *newest)
{
    struct hf__recovery *rc = e->recovery;
    bool complete = false;
    for (size_t i = 0; i < rc->targets_count; i++) {
        struct hf_recover_answer a;
        if (rc->targets[i].answer == NULL)
            continue;
        int r = hf__decode(e, &hf_wire_recover_answer, hf_blob_bytes(rc->targets[i].answer), &a);
        hf_assert(r == 0);
        learn(e, c, rc->targets[i].account, a.claim.number);
        /* A number that a holder has seen is spent, also when this vault is of an earlier time. */
        for (size_t j = 0; j < a.shares_count; j++)
            if (a.shares[j].generation.number >= e->generation_next &&
                a.shares[j].generation.number - e->generation_next < JUMP_MAX)
                e->generation_next = (uint32_t)a.shares[j].generation.number + 1;
        complete = complete || (a.has_deletion && proves_complete(e, &a.deletion, newest));
    }
    return complete;
}

/* A record newer than the vault's own: the disk is of an earlier time, or a copy of this node has
 * dealt since. The providers' word is the newer one. Whether it was newer. */
static bool take_newer_record(struct hf_engine *e, const struct hf_signed_record *record)
{
    struct hf_placement_record own, seen;
    struct hf_record_row row = {.record = *record};
    if (hf__record_check(e, record, e->account, &seen) != 0 ||
        seen.generation.version != e->version)
        return false;
    if (e->generation_next <= seen.generation.number)
        e->generation_next = (uint32_t)seen.generation.number + 1;
    if (hf__own_record(e, &own, NULL, NULL) && own.generation.number >= seen.generation.number)
        return false;
    if (seen.has_predecessor)
        hf__retiring_save(e, &seen);
    hf__record_save(e, &row);
    hf__watch_rebuild(e);
    return true;
}

/* Who is asked: the holders of the newest record and, unless that is known to be
 * complete, of its predecessor. */
static void list_holders(struct hf_engine *e, struct hf__claiming *c, bool complete)
{
    struct hf_placement_record record;
    bool confirmed;
    bool found = hf__own_record(e, &record, NULL, &confirmed);
    hf_assert(found); /* a vault that says `placed` has one: they were written together */
    c->count = 0;
    c->k = (uint8_t)record.threshold;
    c->k_before = 0;
    for (size_t i = 0; i < record.holders_count; i++)
        add_holder(c, &record.holders[i], true);
    /* A deletion order says that all holders have confirmed the newest
     * record; so does the vault's own row. */
    if (!record.has_predecessor || complete || confirmed)
        return;
    c->k_before = (uint8_t)record.predecessor.threshold;
    for (size_t i = 0; i < record.predecessor.holders_count; i++)
        add_holder(c, &record.predecessor.holders[i], false);
}

static void begin(struct hf_engine *e, struct hf__claiming *c)
{
    e->claiming = c;
    e->pause_ms = 0;
    hf__state_set(e, HF_STATE_CLAIMING, 0);
    hf__timer_set(e, HF__TIMER_TASK, 0);
}

void hf__claim_begin(struct hf_engine *e)
{
    struct hf_signed_record seen;
    hf_assert(e->open && !e->claimed && e->recovery != NULL && e->claiming == NULL);
    struct hf__claiming *c = calloc(1, sizeof *c);
    hf_assert(c != NULL);
    if (e->recovery->record != NULL) {
        int r = hf__decode(e, &hf_wire_signed_record, hf_blob_bytes(e->recovery->record), &seen);
        hf_assert(r == 0);
        (void)take_newer_record(e, &seen);
    }
    c->highest = e->claim;
    list_holders(e, c, read_answers(e, c, &e->recorded));
    hf__recover_free(e);
    begin(e, c);
}

/*
 * Claims anew, one number higher, when a holder has accepted the very number that this instance won
 * for another, which died or lost: as k accepted it for this one, nobody else holds it, but that
 * holder refuses this one under it for ever. Once in a process: a liar could always refuse.
 */
static void claim_again(struct hf_engine *e)
{
    struct hf_placement_record record;
    bool confirmed = false;
    if (e->claimed_again || e->dealing != NULL || !hf__own_record(e, &record, NULL, &confirmed) ||
        !confirmed)
        return;
    struct hf__claiming *c = calloc(1, sizeof *c);
    hf_assert(c != NULL);
    e->claimed_again = true;
    e->claimed = false;
    c->highest = e->claim;
    list_holders(e, c, false);
    begin(e, c);
}

void hf__claim_free(struct hf_engine *e)
{
    free(e->claiming);
    e->claiming = NULL;
}

static int send_claim(struct hf_engine *e, const uint8_t holder[static 32], uint8_t slot,
                      uint32_t number)
{
    struct hf_claim_request m = {0};
    struct hf_claim_statement s = {0};
    if (!hf__identity_own(e, &m.identity))
        return HF_EIDENTITY;
    hf__fill_header(e, holder, &s.header);
    s.header.claim.number = number;
    hf__versions(e, &m.versions);
    m.generation = e->recorded.number;
    m.statement = hf__encode(e, &hf_wire_claim_statement, &s);
    e->suite->sign(e->s->account, "holdfast/v1/claim", m.statement, m.signature);
    return hf__call(e, HF_METHOD_CLAIM, holder, slot, number,
                    hf__encode(e, &hf_wire_claim_request, &m), false);
}

/* How the holders of one generation stand to the claim. */
struct tally {
    size_t accepted, refused, asked;
    size_t left, missing; /* holders in the newest set, and of those the ones that did not accept */
};

static struct tally count_words(const struct hf_engine *e, bool newest)
{
    const struct hf__claiming *c = e->claiming;
    struct tally t = {0};
    for (size_t i = 0; i < c->count; i++) {
        const struct hf__claim_holder *h = &c->holders[i];
        if (newest ? !h->newest : !h->before)
            continue;
        bool member = hf_set_find(e->set, h->account) >= 0;
        bool accepts = h->word == HF__WORD_ACCEPTED || h->word == HF__WORD_PROVISIONAL;
        t.accepted += h->word == HF__WORD_ACCEPTED;
        t.refused += h->word == HF__WORD_REFUSED;
        t.asked += h->word == HF__WORD_ASKED;
        t.left += member;
        t.missing += member && !accepts;
    }
    return t;
}

/*
 * Whether the holders of a generation carry the claim: `needed` whose own claims stand, or all that
 * are left in the set, whether theirs stand or not, when these are as many. A holder whose own
 * claim does not stand yet may be one of two copies that its host runs, each with a word of its
 * own, so one missing holder makes such words worth nothing. Fewer than `needed` carry nothing,
 * were they all to accept: those that have left the set may have carried another instance before.
 */
static bool carries(const struct tally *t, size_t needed)
{
    return t->accepted >= needed || (t->left >= needed && t->missing == 0);
}

/* k signed refusals: another instance speaks for the account. This one can do nothing any more. */
static void fence(struct hf_engine *e, uint64_t standing)
{
    hf__trace(e, HF_TRACE_FENCED, HF_EFENCED, NULL, standing, 0);
    e->fenced = true;
    hf__lock(e);
    hf__state_set(e, HF_STATE_BLOCKED, HF_EFENCED);
}

static void won(struct hf_engine *e)
{
    bool confirmed;
    struct hf_placement_record record;
    e->claim = e->claiming->number;
    e->claimed = true;
    e->refusals = 0;
    hf__claim_free(e);
    hf__account_save(e);
    hf__trace(e, HF_TRACE_CLAIM_WON, 0, NULL, e->claim, 0);
    hf__timer_clear(e, HF__TIMER_TASK);
    bool found = hf__own_record(e, &record, NULL, &confirmed);
    hf_assert(found);
    hf__state_set(e, confirmed ? HF_STATE_PLACED : HF_STATE_PLACING, 0);
    hf__record_send(e);
    hf__retire_send(e);
    hf__standing_send(e);
}

/*
 * Acceptances needed of the predecessor's holders. Who has left the set serves nobody any more,
 * neither this instance nor another: when fewer than k are left, a majority of them is what no two
 * instances can both have.
 */
static size_t before_needed(const struct hf__claiming *c, const struct tally *before)
{
    if (c->k_before == 0 || before->left == 0)
        return 0;
    return before->left >= c->k_before ? c->k_before : before->left / 2 + 1;
}

static void progress(struct hf_engine *e)
{
    struct hf__claiming *c = e->claiming;
    struct tally newest = count_words(e, true), before = count_words(e, false);
    if (carries(&newest, c->k) && carries(&before, before_needed(c, &before))) {
        won(e);
    } else if (newest.refused >= c->k) {
        fence(e, c->highest);
    } else if (newest.asked + before.asked == 0) {
        hf__state_set(e, HF_STATE_CLAIMING, HF_EFEWPROVIDERS);
        hf__task_retry(e, false);
    }
}

/* The timer of the task: a first attempt, a higher number, or again to
 * those that have not answered. */
void hf__claim_advance(struct hf_engine *e)
{
    struct hf__claiming *c = e->claiming;
    bool refused = false;
    int r = hf__documents_ready(e);
    if (r == 0 && !hf__identity_current(e))
        r = HF_EIDENTITY;
    if (r != 0) {
        /* The identity's quote, or documents, are under way: both try
         * the task again when they come. */
        hf__state_set(e, HF_STATE_CLAIMING, r);
        hf__timer_set(e, HF__TIMER_TASK, e->timing.retry_ms_max);
        return;
    }
    for (size_t i = 0; i < c->count; i++)
        refused = refused || c->holders[i].word == HF__WORD_REFUSED;
    if (c->number == 0 || refused) {
        c->number = (uint32_t)++c->highest;
        for (size_t i = 0; i < c->count; i++)
            c->holders[i].word = HF__WORD_NONE;
        hf__trace(e, HF_TRACE_CLAIM_ASKED, 0, NULL, c->number, c->count);
    }
    hf__timer_set(e, HF__TIMER_TASK, e->timing.call_ms + e->timing.retry_ms_min);
    for (size_t i = 0; i < c->count; i++) {
        struct hf__claim_holder *h = &c->holders[i];
        if (h->word == HF__WORD_ACCEPTED || h->word == HF__WORD_ASKED)
            continue;
        h->error = send_claim(e, h->account, (uint8_t)i, c->number);
        h->word = h->error == 0 ? HF__WORD_ASKED : HF__WORD_FAILED;
    }
    /* Whoever has left the set cannot be asked, and may be missed no longer. */
    progress(e);
}

static int check_answer(struct hf_engine *e, const struct hf__pending *call,
                        const struct hf_claim_response *m, struct hf_claim_answer *ret)
{
    struct hf_claim_statement s = {0};
    uint8_t hash[32];
    int r = hf__versions_check(e, &m->versions);
    if (r == 0)
        r = hf__decode(e, &hf_wire_claim_answer, m->answer, ret);
    if (r != 0)
        return r;
    hf__fill_header(e, call->account, &s.header);
    s.header.claim.number = call->arg;
    e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_claim_statement, &s), hash);
    if (memcmp(ret->provider, call->account, 32) != 0 || memcmp(ret->statement_hash, hash, 32) != 0)
        return HF_EPEER_ACCOUNT;
    return e->suite->verify(call->account, "holdfast/v1/claim-answer", m->answer, m->signature);
}

/* Whether a refusal says what alone can be a reason: another instance's claim,
 * as high or higher. */
static bool refuses(const struct hf_engine *e, uint64_t number, const struct hf_claim_answer *a)
{
    return !a->accepted &&
           (a->highest.number > number ||
            (a->highest.number == number && memcmp(a->highest.instance, e->instance, 16) != 0));
}

/* A holder's signed word about the claim under which this node works. */
static void challenge_answered(struct hf_engine *e, const struct hf__pending *call,
                               const struct hf_claim_answer *a)
{
    struct hf_placement_record record;
    if (!e->claimed || call->arg != e->claim || !refuses(e, e->claim, a) ||
        !hf__own_record(e, &record, NULL, NULL))
        return;
    size_t refusals = 0;
    for (size_t i = 0; i < record.holders_count; i++) {
        if (memcmp(record.holders[i].account, call->account, 32) == 0)
            e->refusals |= (uint16_t)(1u << i);
        refusals += e->refusals >> i & 1;
    }
    if (refusals >= record.threshold)
        fence(e, a->highest.number);
    else if (a->highest.number == e->claim)
        claim_again(e);
}

int hf__claim_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    struct hf__claiming *c = e->claiming;
    struct hf_claim_response m;
    struct hf_claim_answer a;
    if (!e->open)
        return 0;
    int r = error != 0 ? error : hf__decode(e, &hf_wire_claim_response, body, &m);
    if (r == 0 && m.has_record && c != NULL && take_newer_record(e, &m.record)) {
        /* Its holders are asked, under a number that no holder of the older one has accepted. */
        list_holders(e, c, false);
        c->number = 0;
        hf__timer_set(e, HF__TIMER_TASK, 0);
        return 0;
    }
    if (r == 0)
        r = check_answer(e, call, &m, &a);
    bool odd = r == 0 && !a.accepted && !refuses(e, call->arg, &a);
    if (c == NULL) {
        if (r == 0)
            challenge_answered(e, call, &a);
        if (odd && !m.has_record)
            r = HF_EBOUND;
        return error == 0 ? r : 0;
    }
    if (call->arg != c->number || call->slot >= c->count)
        return 0;
    if (odd)
        r = HF_EBOUND;
    struct hf__claim_holder *h = &c->holders[call->slot];
    h->error = r;
    h->since_ms = e->now_ms;
    if (r == HF_ENOSHARE && !h->newest)
        h->word = HF__WORD_ACCEPTED; /* it keeps nothing of this owner: it carries nobody's claim */
    else if (r != 0)
        h->word = HF__WORD_FAILED;
    else if (!a.accepted)
        h->word = HF__WORD_REFUSED;
    else
        h->word =
            a.provisional && !HF_FAULT(PROVISIONAL) ? HF__WORD_PROVISIONAL : HF__WORD_ACCEPTED;
    if (r == 0)
        learn(e, c, call->account, a.highest.number);
    progress(e);
    return error == 0 ? r : 0;
}

void hf__claim_challenge(struct hf_engine *e, const uint8_t provider[static 32])
{
    if (!e->claimed || hf__calling(e, HF_METHOD_CLAIM, provider, NULL))
        return;
    int r = send_claim(e, provider, UINT8_MAX, e->claim);
    (void)r; /* the next refusal asks again */
}
