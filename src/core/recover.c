/*
 * Recovery, the owner's rounds (proto/PROTOCOL.md, 8): nonces from all providers at once, one quote
 * over all of them, all answers at once. A round ends when enough is known; the next follows by
 * itself after a pause.
 */
#include "recover.h"
#include "register.h"

#include <stdlib.h>

#include "base/error.h"

void hf__recover_begin(struct hf_engine *e, struct hf_bytes record)
{
    struct hf_signed_record hint;
    hf_assert(e->recovery == NULL && e->has_account);
    e->recovery = calloc(1, sizeof *e->recovery);
    hf_assert(e->recovery != NULL);
    if (record.len > 0 && hf__decode(e, &hf_wire_signed_record, record, &hint) == 0)
        hf__record_learn(e, &hint);
    hf__timer_set(e, HF__TIMER_TASK, 0);
}

void hf__recover_free(struct hf_engine *e)
{
    struct hf__recovery *rc = e->recovery;
    if (rc == NULL)
        return;
    for (size_t i = 0; i < rc->targets_count; i++)
        hf_blob_unref(rc->targets[i].answer);
    hf_blob_unref(rc->transcript);
    hf_blob_unref(rc->record);
    hf_wipe(e->s->response, sizeof e->s->response);
    free(rc);
    e->recovery = NULL;
}

struct hf__target *hf__target_add(struct hf_engine *e, const uint8_t account[static 32])
{
    struct hf__recovery *rc = e->recovery;
    struct hf__target *t = NULL;
    if (memcmp(account, e->account, 32) == 0)
        return NULL;
    for (size_t i = 0; i < rc->targets_count; i++) {
        if (memcmp(rc->targets[i].account, account, 32) == 0)
            return &rc->targets[i];
        if (rc->targets[i].error == HF_ENOSHARE)
            t = &rc->targets[i];
    }
    /* Without room, one that has said that it holds nothing makes room. */
    if (rc->targets_count < HF_ROUND_PROVIDERS_MAX)
        t = &rc->targets[rc->targets_count++];
    if (t == NULL)
        return NULL;
    hf_blob_unref(t->answer);
    *t = (struct hf__target){0};
    memcpy(t->account, account, 32);
    return t;
}

void hf__record_learn(struct hf_engine *e, const struct hf_signed_record *record)
{
    struct hf__recovery *rc = e->recovery;
    struct hf_placement_record m, known;
    struct hf_signed_record s;
    /* Not the disk nor the peer but the owner's own signature says that a record is one. */
    if (hf__record_check(e, record, e->account, &m) != 0 || m.generation.version != e->version)
        return;
    if (rc->record != NULL) {
        struct hf_record_order order, known_order;
        int r = hf__decode(e, &hf_wire_signed_record, hf_blob_bytes(rc->record), &s);
        if (r == 0)
            r = hf__decode(e, &hf_wire_placement_record, s.record, &known);
        hf_assert(r == 0);
        hf__record_order(&m, &order);
        hf__record_order(&known, &known_order);
        if (hf__order_compare(&order, &known_order) <= 0)
            return;
    }
    hf_blob_unref(rc->record);
    rc->record = hf_blob_new(hf__encode(e, &hf_wire_signed_record, record));
    hf_assert(rc->record != NULL);
    rc->threshold = (uint8_t)m.threshold;
    for (size_t i = 0; i < m.holders_count; i++) {
        struct hf__target *t = hf__target_add(e, m.holders[i].account);
        if (t != NULL)
            t->index = (uint8_t)m.holders[i].index; /* to be shown; its answer says what it holds */
    }
}

/* Without a usable hint, whoever the owner would have picked is asked. */
static void add_candidates(struct hf_engine *e)
{
    struct hf__recovery *rc = e->recovery;
    const struct hf_policy *p = &e->policy->u.policy;
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    if (rc->threshold == 0)
        rc->threshold = (uint8_t)p->threshold;
    if (rc->targets_count >= rc->threshold && rc->round < 3)
        return;
    /* In a small network everybody, then: a share may be with one who was picked under an older
     * set. */
    if (rc->round >= 3 && e->set->u.set.validators_count <= HF_ROUND_PROVIDERS_MAX)
        for (size_t i = 0; i < e->set->u.set.validators_count; i++)
            hf__target_add(e, e->set->u.set.validators[i].account);
    const struct hf_document *sets[] = {e->set, e->set_previous};
    for (size_t s = 0; s < HF_ARRAY_LEN(sets); s++) {
        if (sets[s] == NULL)
            continue;
        size_t count = hf_select(sets[s], e->account, e->version, (uint8_t)p->domain_rule,
                                 (uint8_t)p->shares, HF_ARRAY_LEN(order), order);
        for (size_t i = 0; i < count; i++)
            hf__target_add(e, sets[s]->u.set.validators[order[i]].account);
    }
}

size_t hf__targets_in(const struct hf__recovery *rc, uint8_t state)
{
    size_t count = 0;
    for (size_t i = 0; i < rc->targets_count; i++)
        count += rc->targets[i].state == state;
    return count;
}

static void target_failed(struct hf_engine *e, struct hf__target *t, int error)
{
    if (t->error != error || t->since_ms == 0)
        t->since_ms = e->now_ms;
    t->state = HF__TARGET_FAILED;
    t->answered = false;
    t->error = error;
}

static void target_answered(struct hf_engine *e, struct hf__target *t, uint8_t state)
{
    if (!t->answered)
        t->since_ms = e->now_ms;
    t->state = state;
    t->answered = true;
    t->error = 0;
}

void hf__round_failed(struct hf_engine *e, int reason)
{
    struct hf__recovery *rc = e->recovery;
    bool permanent = rc->targets_count > 0, same = permanent;
    for (size_t i = 0; i < rc->targets_count; i++) {
        if (rc->targets[i].error == 0 || hf_error_transient(rc->targets[i].error))
            permanent = false;
        same = same && rc->targets[i].error == rc->targets[0].error;
    }
    /* What all of them say is the reason; that they are too few follows from it. */
    if (same && permanent)
        reason = rc->targets[0].error;
    rc->phase = HF__PHASE_IDLE;
    hf__timer_clear(e, HF__TIMER_GRACE);
    hf__state_set(e, HF_STATE_RECOVERING, reason);
    hf__task_retry(e, permanent);
}

/*
 * With how many a round goes on. The k of the record that is known, at first; later with anyone:
 * a newer record, of which only answers tell, may need fewer.
 */
static size_t enough(const struct hf__recovery *rc)
{
    return rc->round < 3 ? rc->threshold : 1;
}

static void start_round(struct hf_engine *e)
{
    struct hf__recovery *rc = e->recovery;
    struct hf_nonce_request m = {0};
    rc->round++;
    rc->phase = HF__PHASE_NONCE;
    e->suite->seal_keypair(&e->s->rng, rc->response_key, e->s->response);
    hf__versions(e, &m.versions);
    memcpy(m.account, e->account, 32);
    memcpy(m.response_key, rc->response_key, 32);
    struct hf_bytes body = hf__encode(e, &hf_wire_nonce_request, &m);
    for (size_t i = 0; i < rc->targets_count; i++) {
        struct hf__target *t = &rc->targets[i];
        hf_blob_unref(t->answer);
        t->answer = NULL;
        t->asked = true;
        int r = hf__call(e, HF_METHOD_NONCE, t->account, (uint8_t)i, rc->round, body, true);
        if (r == 0)
            t->state = HF__TARGET_ASKED;
        else
            target_failed(e, t, r);
    }
    hf__trace(e, HF_TRACE_ROUND, 0, NULL, rc->round, rc->targets_count);
    if (hf__targets_in(rc, HF__TARGET_ASKED) < enough(rc))
        hf__round_failed(e, HF_EFEWPROVIDERS);
}

/* The timer of the task: a new round, or the vault again. */
void hf__recover_round(struct hf_engine *e)
{
    struct hf__recovery *rc = e->recovery;
    if (e->has_root) {
        rc->phase = HF__PHASE_OPEN;
        if (!e->vault_work)
            hf__vault_ask(e, HF_WORK_VAULT_OPEN);
        return;
    }
    if (rc->phase != HF__PHASE_IDLE)
        return; /* a kick while a round is under way */
    int r = hf__documents_ready(e);
    if (r == 0 && hf_set_find(e->set, e->account) < 0)
        r = HF_ENOTMEMBER;
    if (r != 0) {
        hf__state_set(e, HF_STATE_RECOVERING, r);
        hf__task_retry(e, false);
        return;
    }
    add_candidates(e);
    start_round(e);
}

static void ask_quote(struct hf_engine *e)
{
    struct hf__recovery *rc = e->recovery;
    struct hf_asked asked[HF_ROUND_PROVIDERS_MAX];
    struct hf_recover_transcript t = {.version = e->version, .asked = asked};
    hf__timer_clear(e, HF__TIMER_GRACE);
    memcpy(t.network, e->network, 32);
    memcpy(t.account, e->account, 32);
    memcpy(t.response_key, rc->response_key, 32);
    for (size_t i = 0; i < rc->targets_count; i++) {
        /* Whoever has not given a nonce by now is not part of this round any more. */
        if (rc->targets[i].state == HF__TARGET_ASKED)
            rc->targets[i].state = HF__TARGET_IDLE;
        if (rc->targets[i].state != HF__TARGET_NONCE)
            continue;
        memcpy(asked[t.asked_count].provider, rc->targets[i].account, 32);
        memcpy(asked[t.asked_count++].nonce, rc->targets[i].nonce, 40);
    }
    struct hf_bytes encoded = hf__encode(e, &hf_wire_recover_transcript, &t);
    hf_blob_unref(rc->transcript);
    rc->transcript = hf_blob_new(encoded);
    hf_assert(rc->transcript != NULL);
    e->suite->hash("holdfast/v1/recover-transcript", encoded, rc->transcript_hash);
    struct hf_work *w = hf__work(e, HF_WORK_QUOTE);
    e->suite->report_data("holdfast/v1/recover", encoded, w->report_data);
    rc->quote_work = w->id;
    rc->phase = HF__PHASE_QUOTE;
}

/*
 * How long a round waits for the rest once enough are in. A round that failed with the quickest,
 * who may lie or hold nothing, is followed by one that waits twice as long: those that are slow are
 * heard in the end.
 */
static uint32_t grace_ms(const struct hf_engine *e)
{
    uint32_t grace = e->timing.round_grace_ms;
    for (uint32_t i = 1; i < e->recovery->round && grace < e->timing.call_ms; i++)
        grace *= 2;
    return grace < e->timing.call_ms ? grace : e->timing.call_ms;
}

/* Go on, wait a little for the rest, or give the round up. */
static void nonce_progress(struct hf_engine *e, bool grace_over)
{
    struct hf__recovery *rc = e->recovery;
    size_t have = hf__targets_in(rc, HF__TARGET_NONCE);
    size_t waiting = hf__targets_in(rc, HF__TARGET_ASKED);
    if ((have >= rc->threshold && grace_over) || (have >= enough(rc) && waiting == 0))
        ask_quote(e);
    else if (have + waiting < enough(rc))
        hf__round_failed(e, HF_EFEWPROVIDERS);
    else if (have >= rc->threshold && e->timers[HF__TIMER_GRACE] == HF__NEVER)
        hf__timer_set(e, HF__TIMER_GRACE, grace_ms(e));
}

static int check_nonce(struct hf_engine *e, const struct hf__pending *call, struct hf_bytes body,
                       struct hf_nonce_response *ret)
{
    int r = hf__decode(e, &hf_wire_nonce_response, body, ret);
    if (r == 0)
        r = hf__versions_check(e, &ret->versions);
    if (r == 0 && memcmp(ret->provider, call->account, 32) != 0)
        r = HF_EPEER_ACCOUNT;
    return r;
}

int hf__nonce_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    struct hf__recovery *rc = e->recovery;
    struct hf_nonce_response m;
    int r = error != 0 ? error : check_nonce(e, call, body, &m);
    if (hf__drain_answered(e, call->arg, r))
        return 0;
    if (rc == NULL || rc->phase != HF__PHASE_NONCE || call->arg != rc->round) {
        if (e->drill != NULL)
            return hf__drill_nonce(e, call, r, &m);
        /* Too late for its round; what kept it is still worth showing. */
        if (rc != NULL && call->arg == rc->round && r != 0 &&
            rc->targets[call->slot].state == HF__TARGET_IDLE)
            target_failed(e, &rc->targets[call->slot], r);
        return 0;
    }
    struct hf__target *t = &rc->targets[call->slot];
    if (r == 0) {
        target_answered(e, t, HF__TARGET_NONCE);
        memcpy(t->nonce, m.nonce, sizeof t->nonce);
    } else {
        target_failed(e, t, r);
    }
    nonce_progress(e, false);
    return error == 0 ? r : 0;
}

void hf__recover_grace(struct hf_engine *e)
{
    if (e->recovery == NULL)
        return;
    if (e->recovery->phase == HF__PHASE_NONCE)
        nonce_progress(e, true);
    else if (e->recovery->phase == HF__PHASE_ANSWER)
        hf__recover_decide(e);
}

void hf__recover_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__recovery *rc = e->recovery;
    struct hf_recover_request m = {.quote = quote};
    if (rc == NULL || work != rc->quote_work || rc->phase != HF__PHASE_QUOTE)
        return;
    rc->quote_work = 0;
    if (error != 0) {
        hf__round_failed(e, error);
        return;
    }
    rc->phase = HF__PHASE_ANSWER;
    hf__versions(e, &m.versions);
    m.transcript = hf_blob_bytes(rc->transcript);
    struct hf_bytes body = hf__encode(e, &hf_wire_recover_request, &m);
    for (size_t i = 0; i < rc->targets_count; i++) {
        struct hf__target *t = &rc->targets[i];
        if (t->state != HF__TARGET_NONCE)
            continue;
        int r = hf__call(e, HF_METHOD_RECOVER, t->account, (uint8_t)i, rc->round, body, true);
        if (r == 0)
            t->state = HF__TARGET_ASKED;
        else
            target_failed(e, t, r);
    }
    if (hf__targets_in(rc, HF__TARGET_ASKED) < enough(rc))
        hf__round_failed(e, HF_EFEWPROVIDERS);
}

static int check_answer(struct hf_engine *e, const struct hf__pending *call, struct hf_bytes body,
                        struct hf_recover_response *ret, struct hf_recover_answer *ret_answer)
{
    const struct hf__peer *peer;
    int r = hf__decode(e, &hf_wire_recover_response, body, ret);
    if (r == 0)
        r = hf__versions_check(e, &ret->versions);
    if (r == 0)
        r = e->suite->verify(call->account, "holdfast/v1/recover-answer", ret->answer,
                             ret->signature);
    if (r == 0)
        r = hf__decode(e, &hf_wire_recover_answer, ret->answer, ret_answer);
    if (r == 0 && (memcmp(ret_answer->provider, call->account, 32) != 0 ||
                   memcmp(ret_answer->transcript_hash, e->recovery->transcript_hash, 32) != 0))
        r = HF_EPEER_ACCOUNT;
    return r != 0 ? r : hf__identity_check(e, &ret->identity, call->account, &peer, NULL);
}

int hf__recover_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body)
{
    struct hf__recovery *rc = e->recovery;
    struct hf_recover_response m;
    struct hf_recover_answer answer;
    if (rc == NULL || rc->phase != HF__PHASE_ANSWER || call->arg != rc->round)
        return 0;
    struct hf__target *t = &rc->targets[call->slot];
    int r = error != 0 ? error : check_answer(e, call, body, &m, &answer);
    if (r == HF__PARK)
        return r;
    if (r != 0) {
        target_failed(e, t, r);
    } else {
        target_answered(e, t, HF__TARGET_ANSWERED);
        t->answer = hf_blob_new(m.answer);
        hf_assert(t->answer != NULL);
        for (size_t i = 0; i < answer.shares_count; i++)
            if (answer.shares[i].has_record)
                hf__record_learn(e, &answer.shares[i].record);
        if (answer.has_newest)
            hf__record_learn(e, &answer.newest);
    }
    size_t waiting = hf__targets_in(rc, HF__TARGET_ASKED);
    size_t have = hf__targets_in(rc, HF__TARGET_ANSWERED);
    if (waiting == 0)
        hf__recover_decide(e);
    else if (have >= rc->threshold && e->timers[HF__TIMER_GRACE] == HF__NEVER)
        hf__timer_set(e, HF__TIMER_GRACE, grace_ms(e));
    return error == 0 ? r : 0;
}
