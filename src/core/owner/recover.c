/*
 * Recovery, the owner's rounds (proto/PROTOCOL.md, 8): nonces from all providers at once, one quote
 * over all of them, all answers at once. A round ends when enough is known; the next follows by
 * itself after a pause.
 */
#include "owner/recover.h"

#include <stdlib.h>

#include "base/error.h"

static const struct hf__round_kind recover_kind = {
    .task = HF__TASK_RECOVER, .method = HF_METHOD_RECOVER, .label = "holdfast/v1/recover"};

void hf__recover_free(struct hf_engine *e)
{
    struct hf__recovery *rc = e->owner->recovery;
    if (rc == NULL)
        return;
    e->owner->ahead_s = hf__targets_ahead_s(&rc->round, &e->owner->clocks_told);
    hf__round_done(&rc->round);
    hf_blob_unref(rc->record);
    hf_blob_unref(rc->sealed);
    if (rc->given != NULL)
        hf_wipe(rc->given, sizeof *rc->given);
    e->secret_free(rc->given);
    hf_wipe(e->secrets->response, sizeof e->secrets->response);
    free(rc);
    e->owner->recovery = NULL;
    hf_assert(e->owner->outcome != HF__OUTCOME_REBUILT);
    hf__timer_clear(e, HF__TIMER_RECOVER);
    hf__timer_clear(e, HF__TIMER_GRACE);
}

/* Whose place another may have: one that has said that it holds nothing; or one that was asked in
 * vain, and that no record names: members that are gone may be more than there are places. */
static bool yields(const struct hf__target *t)
{
    bool silent = t->state == HF__TARGET_IDLE || t->state == HF__TARGET_FAILED;
    hf_assert(t->state < HF__TARGET_STATES);
    return t->error == HF_ENOSHARE || (silent && t->asked && !t->stalls && t->index == 0);
}

/* The provider among those asked, added if need be; NULL: it is the node itself, or there is no
 * room. */
static struct hf__target *target_add(struct hf_engine *e, const struct hf_account *account)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc != NULL && rc->round.targets_count <= HF_ROUND_PROVIDERS_MAX);
    struct hf__target *t = NULL;
    if (hf_account_equal(account, &e->account))
        return NULL;
    for (size_t i = 0; i < rc->round.targets_count; i++) {
        if (hf_account_equal(&rc->targets[i].account, account))
            return &rc->targets[i];
        if (yields(&rc->targets[i]) && (t == NULL || rc->targets[i].error == HF_ENOSHARE))
            t = &rc->targets[i];
    }
    if (rc->round.targets_count < HF_ROUND_PROVIDERS_MAX)
        t = &rc->targets[rc->round.targets_count++];
    if (t == NULL)
        return NULL;
    hf_blob_unref(t->answer);
    *t = (struct hf__target){0};
    t->account = *account;
    return t;
}

bool hf__recover_knows(struct hf_engine *e, const struct hf_signed_record *record)
{
    struct hf__recovery *rc = e->owner->recovery;
    struct hf_signed_record known;
    hf_assert(rc != NULL);
    if (rc->record == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_signed_record, hf_blob_bytes(rc->record), &known);
    hf_assert(r == 0);
    return hf_bytes_equal(known.record, record->record) &&
           memcmp(known.signature, record->signature, sizeof known.signature) == 0;
}

/* Keeps a signed record when it is the owner's and newer than the one kept: one that the floor has
 * made void while there is no other, as its holders may keep what opens the vault. */
static void record_learn(struct hf_engine *e, const struct hf_signed_record *record)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc != NULL);
    struct hf_placement_record m, known;
    struct hf_signed_record s;
    if (hf__recover_knows(e, record))
        return;
    /* Not the disk nor the peer but the owner's own signature says that a record is one. */
    int checked = hf__record_check(e, record, &e->account, &m);
    if (checked != 0 && checked != HF_EVOIDRECORD)
        return;
    if (rc->record != NULL) {
        struct hf_record_order order, known_order;
        int r = hf__decode(e, &hf_wire_signed_record, hf_blob_bytes(rc->record), &s);
        if (r == 0)
            r = hf__decode(e, &hf_wire_placement_record, s.record, &known);
        hf_assert(r == 0);
        hf__record_order(&m, &order);
        hf__record_order(&known, &known_order);
        if (hf__order_compare(e, &e->account, &order, &known_order) <= 0)
            return;
    }
    hf_blob_unref(rc->record);
    rc->record = hf_blob_new(hf__encode(e, &hf_wire_signed_record, record));
    hf_assert(rc->record != NULL);
    rc->threshold = (uint8_t)m.threshold;
    hf_assert(rc->threshold > 0);
    for (size_t i = 0; i < m.holders_count; i++) {
        struct hf__target *t = target_add(e, &m.holders[i].account);
        if (t != NULL)
            t->index = (uint8_t)m.holders[i].index; /* to be shown; its answer says what it holds */
    }
}

/* Those to whom shares have moved are asked too, in the next round: members alone, as a holder that
 * lies may name any account. */
static void moves_learn(struct hf_engine *e, const struct hf_recover_answer *answer)
{
    struct hf_transfer_statement s;
    hf_assert(answer->moves_count <= HF_WIRE_MOVES_MAX);
    for (size_t i = 0; i < answer->moves_count; i++) {
        if (hf__transfer_check(e, &answer->moves[i], &e->account, &s) != 0 ||
            !hf__is_member(e, &s.to))
            continue;
        struct hf__target *t = target_add(e, &s.to);
        hf_assert(t == NULL || hf_account_equal(&t->account, &s.to));
        if (t != NULL && !t->asked)
            e->owner->recovery->moved = true;
    }
}

void hf__recover_begin(struct hf_engine *e, struct hf_bytes record)
{
    hf_assert(!e->open && !e->active.has_root);
    struct hf_signed_record hint;
    hf_assert(e->owner->recovery == NULL && e->has_account);
    e->owner->recovery = calloc(1, sizeof *e->owner->recovery);
    hf_assert(e->owner->recovery != NULL);
    e->owner->recovery->round =
        (struct hf__round){.kind = &recover_kind, .targets = e->owner->recovery->targets};
    if (record.len > 0 && hf__decode(e, &hf_wire_signed_record, record, &hint) == 0)
        record_learn(e, &hint);
    hf__timer_set(e, HF__TIMER_RECOVER, 0);
}

/*
 * All members, in turn: a share, or who knows of its holders, may be with one who was picked under
 * an older set. Those that hold nothing, or do not answer, make room for the next in each round.
 */
static void add_everybody(struct hf_engine *e)
{
    struct hf__recovery *rc = e->owner->recovery;
    const struct hf_validator_set *set = &e->trust->set->u.set;
    hf_assert(set->validators_count > 0);
    for (size_t i = 0; i < HF_ROUND_PROVIDERS_MAX && i < set->validators_count; i++) {
        const struct hf_account *account =
            &set->validators[rc->cursor % set->validators_count].account;
        if (!hf_account_equal(account, &e->account) && target_add(e, account) == NULL)
            return; /* no room: the same one first in the next round */
        rc->cursor++;
    }
}

/* Without a usable hint, those that the owner would have picked are asked. */
static void add_candidates(struct hf_engine *e)
{
    struct hf__recovery *rc = e->owner->recovery;
    const struct hf_policy *p = hf__policy(e);
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    if (rc->threshold == 0)
        rc->threshold = (uint8_t)p->threshold;
    hf_assert(rc->threshold > 0 && rc->threshold <= HF_SHARES_MAX);
    bool all = rc->round.number >= 3 || rc->searches;
    if (rc->round.targets_count >= rc->threshold && !all)
        return;
    const struct hf_document *sets[] = {e->trust->set, e->trust->set_previous};
    for (size_t s = 0; s < HF_ARRAY_LEN(sets); s++) {
        if (sets[s] == NULL)
            continue;
        size_t count =
            hf_select(sets[s], &e->account, e->active.number, (enum hf_domain_rule)p->domain_rule,
                      (uint8_t)p->shares, HF_ARRAY_LEN(order), order);
        for (size_t i = 0; i < count; i++)
            target_add(e, &sets[s]->u.set.validators[order[i]].account);
    }
    if (all)
        add_everybody(e);
}

bool hf__recover_searched(const struct hf_engine *e)
{
    hf_assert(e->owner->recovery != NULL && e->has_account);
    hf_assert(e->owner->recovery->round.kind == &recover_kind);
    return e->trust->set != NULL &&
           e->owner->recovery->cursor >= e->trust->set->u.set.validators_count;
}

void hf__recover_failed(struct hf_engine *e, int reason)
{
    hf_assert(reason != 0);
    struct hf__recovery *rc = e->owner->recovery;
    bool permanent;
    /* What all of them say is the reason; that they are too few follows from it. */
    int shared = hf__targets_reason(&rc->round, &permanent);
    hf__round_end(&rc->round);
    hf__timer_clear(e, HF__TIMER_GRACE);
    hf__state_set(e, HF_STATE_RECOVERING, shared != 0 ? shared : reason);
    /* That those asked hold nothing is no answer before all members were. */
    bool others = shared == HF_ENOSHARE && e->trust->set != NULL && !hf__recover_searched(e);
    hf__retry(e, HF__TIMER_RECOVER, permanent && !others);
}

/*
 * With how many a round goes on. The k of the record that is known, at first; later with a single
 * one: a newer record, of which only answers tell, may need fewer.
 */
static struct hf__quorum quorum_of(const struct hf__recovery *rc)
{
    hf_assert(rc->threshold > 0);
    return (struct hf__quorum){.need = rc->round.number < 3 ? rc->threshold : 1,
                               .want = rc->threshold};
}

static void start_round(struct hf_engine *e)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc->round.phase == HF__PHASE_IDLE && e->state == HF_STATE_RECOVERING);
    rc->began_ms = e->now_ms;
    size_t asked = hf__round_begin(e, &rc->round, e->secrets->response);
    hf__trace(e, HF_TRACE_ROUND, 0, NULL, rc->round.number, rc->round.targets_count);
    if (asked < quorum_of(rc).need)
        hf__recover_failed(e, HF_EFEWPROVIDERS);
}

void hf__recover_round(struct hf_engine *e)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc != NULL && !e->open);
    hf_assert(!e->active.has_root);
    if (rc->round.phase != HF__PHASE_IDLE)
        return; /* a kick while a round is under way */
    int r = hf__documents_ready(e);
    if (r == 0 && !hf__is_member(e, &e->account))
        r = HF_ENOTMEMBER;
    if (r != 0) {
        hf__state_set(e, HF_STATE_RECOVERING, r);
        hf__retry(e, HF__TIMER_RECOVER, false);
        return;
    }
    add_candidates(e);
    start_round(e);
}

/*
 * How long a round waits for the rest once enough are in. A round that failed with the quickest,
 * who may lie or hold nothing, is followed by one that waits twice as long: those that are slow are
 * heard in the end.
 */
static uint32_t grace_ms(const struct hf_engine *e)
{
    uint32_t grace = e->owner->recovery->searches ? e->timing.call_ms : e->timing.round_grace_ms;
    for (uint32_t i = 1; i < e->owner->recovery->round.number && grace < e->timing.call_ms; i++)
        grace *= 2;
    hf_assert(grace > 0);
    return grace < e->timing.call_ms ? grace : e->timing.call_ms;
}

static void start_grace(struct hf_engine *e)
{
    hf_assert(e->owner->recovery != NULL);
    if (e->timers[HF__TIMER_GRACE] == HF__NEVER)
        hf__timer_set(e, HF__TIMER_GRACE, grace_ms(e));
}

/* Targets in a state, without those that stalled. */
static size_t willing(const struct hf__recovery *rc, enum hf__target_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < rc->round.targets_count; i++)
        count += rc->targets[i].state == state && !rc->targets[i].stalls;
    hf_assert(count <= rc->round.targets_count);
    return count;
}

static void nonce_progress(struct hf_engine *e, bool grace_over)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc->round.phase == HF__PHASE_NONCE);
    /* While enough others may come, the nonces of those that stalled are none to go on with. */
    size_t in = willing(rc, HF__TARGET_NONCE), open = willing(rc, HF__TARGET_ASKED);
    if (in < rc->threshold && in + open >= rc->threshold)
        return;
    switch (hf__round_next(&rc->round, HF__TARGET_NONCE, quorum_of(rc), grace_over)) {
    case HF__ROUND_GO_ON:
        hf__timer_clear(e, HF__TIMER_GRACE);
        hf__round_quote(e, &rc->round);
        return;
    case HF__ROUND_GIVE_UP:
        hf__recover_failed(e, HF_EFEWPROVIDERS);
        return;
    case HF__ROUND_GRACE:
        start_grace(e);
        return;
    case HF__ROUND_WAIT:
        return;
    }
}

int hf__recover_nonce(struct hf_engine *e, const struct hf__pending *call, int error,
                      struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_RECOVER && call->method == HF_METHOD_NONCE);
    struct hf__recovery *rc = e->owner->recovery;
    struct hf_nonce_response m;
    if (rc == NULL || call->arg != rc->round.number)
        return 0;
    if (!hf__round_expects(&rc->round, call, HF__PHASE_NONCE)) {
        /* Too late for its round; what kept it is still worth showing. */
        struct hf__target *t = hf__round_target(&rc->round, call);
        int r = error != 0 ? error : hf__nonce_answer(e, call, body, &m);
        if (r != 0 && t != NULL && t->state == HF__TARGET_IDLE)
            hf__target_failed(e, t, r);
        return 0;
    }
    int r = hf__round_nonce(e, &rc->round, call, error, body);
    nonce_progress(e, false);
    return r;
}

/*
 * The answers take longer than the nonces and the quote together did. A provider that has not given
 * one is waited for no longer, when there are enough others: another round begins at once, in which
 * the word of those that stalled is not what it goes on by. Without this one provider that gives
 * nonces and no answers costs a recovery the whole deadline of a call, again and again.
 */
static void give_up_stalled(struct hf_engine *e)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc->round.phase == HF__PHASE_ANSWER);
    size_t others = 0;
    for (size_t i = 0; i < rc->round.targets_count; i++)
        others += rc->targets[i].state != HF__TARGET_ASKED && !rc->targets[i].stalls &&
                  rc->targets[i].error != HF_ENOSHARE;
    if (others < rc->threshold)
        return; /* it goes on with the deadlines of the calls */
    for (size_t i = 0; i < rc->round.targets_count; i++)
        if (rc->targets[i].state == HF__TARGET_ASKED) {
            rc->targets[i].stalls = true;
            hf__target_failed(e, &rc->targets[i], HF_ETIMEOUT);
        }
    hf__round_end(&rc->round);
    hf__timer_set(e, HF__TIMER_RECOVER, 0);
}

void hf__recover_grace(struct hf_engine *e)
{
    const struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc == NULL || !e->open);
    if (rc != NULL && rc->round.phase == HF__PHASE_NONCE) {
        nonce_progress(e, true);
    } else if (rc != NULL && rc->round.phase == HF__PHASE_ANSWER) {
        hf__recover_decide(e);
        if (rc->round.phase == HF__PHASE_ANSWER)
            give_up_stalled(e);
    }
}

void hf__recover_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc == NULL || rc->began_ms <= e->now_ms);
    if (rc == NULL || !hf__round_awaits(&rc->round, work))
        return;
    if (error != 0)
        hf__recover_failed(e, error);
    else if (hf__round_ask(e, &rc->round, quote) < quorum_of(rc).need)
        hf__recover_failed(e, HF_EFEWPROVIDERS);
    else
        hf__timer_set(e, HF__TIMER_GRACE, e->now_ms - rc->began_ms + grace_ms(e));
}

int hf__recover_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_RECOVER && call->method == HF_METHOD_RECOVER);
    struct hf__recovery *rc = e->owner->recovery;
    struct hf_bytes bytes;
    struct hf_recover_answer answer;
    if (rc == NULL || !hf__round_expects(&rc->round, call, HF__PHASE_ANSWER))
        return 0;
    struct hf__target *t = &rc->targets[call->slot];
    int r = error != 0 ? error : hf__round_answer(e, &rc->round, call, body, &bytes, &answer);
    if (r == HF__PARK)
        return r;
    if (r != 0) {
        hf__target_failed(e, t, r);
    } else {
        hf__target_answered(e, t, HF__TARGET_ANSWERED);
        t->stalls = false;
        t->answer = hf_blob_new(bytes);
        hf_assert(t->answer != NULL);
        for (size_t i = 0; i < answer.shares_count; i++)
            if (answer.shares[i].has_record)
                record_learn(e, &answer.shares[i].record);
        if (answer.has_newest)
            record_learn(e, &answer.newest);
        moves_learn(e, &answer);
        if (answer.has_sealed)
            hf__statement_learn(e, &answer.sealed);
    }
    /* No provider is left to wait for: whatever has come decides. */
    if (hf__targets_in(&rc->round, HF__TARGET_ASKED) == 0)
        hf__recover_decide(e);
    else if (hf__targets_in(&rc->round, HF__TARGET_ANSWERED) == rc->threshold)
        hf__timer_set(e, HF__TIMER_GRACE, grace_ms(e));
    return error == 0 ? r : 0;
}
