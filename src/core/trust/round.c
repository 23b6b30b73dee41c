#include "trust/round.h"

#include "base/error.h"
#include "trust/trust.h"

static const uint32_t moves[HF__TARGET_STATES] = {
    [HF__TARGET_IDLE] = HF__TO(HF__TARGET_ASKED) | HF__TO(HF__TARGET_FAILED),
    [HF__TARGET_ASKED] = HF__TO(HF__TARGET_NONCE) | HF__TO(HF__TARGET_ANSWERED) |
                         HF__TO(HF__TARGET_FAILED) | HF__TO(HF__TARGET_IDLE) |
                         HF__TO(HF__TARGET_ASKED),
    [HF__TARGET_NONCE] = HF__TO(HF__TARGET_ASKED) | HF__TO(HF__TARGET_FAILED),
    /* What it answered may turn out bad. */
    [HF__TARGET_ANSWERED] = HF__TO(HF__TARGET_FAILED) | HF__TO(HF__TARGET_ASKED),
    [HF__TARGET_FAILED] = HF__TO(HF__TARGET_ASKED) | HF__TO(HF__TARGET_FAILED),
};

static const uint32_t phase_moves[HF__PHASES] = {
    [HF__PHASE_IDLE] = HF__TO(HF__PHASE_NONCE) | HF__TO(HF__PHASE_IDLE),
    [HF__PHASE_NONCE] = HF__TO(HF__PHASE_QUOTE) | HF__TO(HF__PHASE_IDLE),
    [HF__PHASE_QUOTE] = HF__TO(HF__PHASE_ANSWER) | HF__TO(HF__PHASE_IDLE),
    [HF__PHASE_ANSWER] = HF__TO(HF__PHASE_IDLE),
};

/* What must hold in a phase. */
static bool invariant(const struct hf__round *r)
{
    hf_assert(r->phase < HF__PHASES && r->targets_count <= HF_ROUND_PROVIDERS_MAX);
    switch ((enum hf__phase)r->phase) {
    case HF__PHASE_QUOTE:
        return r->quote_work != 0 && r->transcript != NULL &&
               hf__targets_in(r, HF__TARGET_ASKED) == 0 && hf__targets_in(r, HF__TARGET_NONCE) > 0;
    case HF__PHASE_ANSWER:
        return r->quote_work == 0 && r->transcript != NULL &&
               hf__targets_in(r, HF__TARGET_NONCE) == 0;
    default:
        return r->quote_work == 0;
    }
}

static void phase_move(struct hf__round *r, enum hf__phase to)
{
    hf_assert(r->phase < HF__PHASES && to < HF__PHASES);
    hf_assert((phase_moves[r->phase] & HF__TO(to)) != 0);
    r->phase = (uint8_t)to;
    hf_assert(invariant(r));
}

void hf__target_move(struct hf__target *t, enum hf__target_state to)
{
    hf_assert(t->state < HF__TARGET_STATES && to < HF__TARGET_STATES);
    hf_assert((moves[t->state] & HF__TO(to)) != 0);
    t->state = (uint8_t)to;
}

void hf__target_failed(struct hf_engine *e, struct hf__target *t, int error)
{
    hf_assert(error != 0);
    if (t->error != error || t->since_ms == 0)
        t->since_ms = e->now_ms;
    hf_assert(t->since_ms <= e->now_ms);
    hf__target_move(t, HF__TARGET_FAILED);
    t->answered = false;
    t->error = error;
}

void hf__target_answered(struct hf_engine *e, struct hf__target *t, enum hf__target_state state)
{
    hf_assert(state == HF__TARGET_NONCE || state == HF__TARGET_ANSWERED);
    if (!t->answered)
        t->since_ms = e->now_ms;
    hf__target_move(t, state);
    t->answered = true;
    t->error = 0;
}

size_t hf__targets_in(const struct hf__round *r, enum hf__target_state state)
{
    hf_assert(state < HF__TARGET_STATES);
    size_t count = 0;
    for (size_t i = 0; i < r->targets_count; i++)
        count += r->targets[i].state == state;
    hf_assert(count <= r->targets_count);
    return count;
}

int hf__targets_reason(const struct hf__round *r, bool *ret_permanent)
{
    hf_assert(r->targets_count == 0 || r->targets != NULL);
    bool permanent = r->targets_count > 0, same = permanent;
    for (size_t i = 0; i < r->targets_count; i++) {
        int error = r->targets[i].error;
        permanent = permanent && error != 0 && !hf_error_transient(error);
        same = same && error == r->targets[0].error;
    }
    *ret_permanent = permanent;
    return same && permanent ? r->targets[0].error : 0;
}

int64_t hf__targets_ahead_s(const struct hf__round *r, uint8_t *ret_count)
{
    int64_t ahead[HF_ROUND_PROVIDERS_MAX];
    size_t count = 0;
    hf_assert(r->targets_count <= HF_ROUND_PROVIDERS_MAX);
    for (size_t i = 0; i < r->targets_count; i++) {
        if (r->targets[i].time_s == 0)
            continue;
        int64_t x = (int64_t)r->targets[i].told_s - (int64_t)r->targets[i].time_s;
        size_t at = count++;
        for (; at > 0 && ahead[at - 1] > x; at--)
            ahead[at] = ahead[at - 1];
        ahead[at] = x;
    }
    *ret_count = (uint8_t)count;
    return count == 0 ? 0 : ahead[count / 2];
}

static void ask(struct hf_engine *e, struct hf__round *r, uint8_t method, size_t i,
                struct hf_bytes body)
{
    hf_assert(i < r->targets_count);
    struct hf__target *t = &r->targets[i];
    struct hf__ask what = {.task = r->kind->task,
                           .method = method,
                           .slot = (uint8_t)i,
                           .arg = r->number,
                           .at_once = true};
    int error = hf__call(e, &what, &t->account, body);
    if (error == 0)
        hf__target_move(t, HF__TARGET_ASKED);
    else
        hf__target_failed(e, t, error);
}

size_t hf__round_begin(struct hf_engine *e, struct hf__round *r, uint8_t *ret_secret)
{
    hf_assert(e->has_account && r->phase == HF__PHASE_IDLE);
    struct hf_nonce_request m = {0};
    uint8_t *unused = ret_secret == NULL ? e->secret_alloc(HF_KEY_LEN) : NULL;
    hf_assert(ret_secret != NULL || unused != NULL);
    r->number++;
    phase_move(r, HF__PHASE_NONCE);
    e->suite->seal_keypair(&e->secrets->rng, r->response_key,
                           ret_secret != NULL ? ret_secret : unused);
    e->secret_free(unused);
    hf__versions(e, &m.versions);
    m.account = e->account;
    memcpy(m.response_key, r->response_key, HF_KEY_LEN);
    for (size_t i = 0; i < r->targets_count; i++) {
        m.has_ticket = hf__ticket_of(e, &r->targets[i].account, m.ticket);
        hf_blob_unref(r->targets[i].answer);
        r->targets[i].answer = NULL;
        r->targets[i].asked = true;
        ask(e, r, HF_METHOD_NONCE, i, hf__encode(e, &hf_wire_nonce_request, &m));
    }
    return hf__targets_in(r, HF__TARGET_ASKED);
}

bool hf__round_expects(const struct hf__round *r, const struct hf__pending *call,
                       enum hf__phase phase)
{
    hf_assert(call->task == r->kind->task);
    return r->phase == phase && call->arg == r->number && hf__round_target(r, call) != NULL;
}

struct hf__target *hf__round_target(const struct hf__round *r, const struct hf__pending *call)
{
    struct hf__target *t = call->slot < r->targets_count ? &r->targets[call->slot] : NULL;
    return t != NULL && hf_account_equal(&t->account, &call->account) ? t : NULL;
}

int hf__round_nonce(struct hf_engine *e, struct hf__round *r, const struct hf__pending *call,
                    int error, struct hf_bytes body)
{
    hf_assert(r->phase == HF__PHASE_NONCE && call->slot < r->targets_count);
    struct hf_nonce_response m;
    struct hf__target *t = &r->targets[call->slot];
    int result = error != 0 ? error : hf__nonce_answer(e, call, body, &m);
    if (result != 0) {
        hf__target_failed(e, t, result);
    } else {
        hf__target_answered(e, t, HF__TARGET_NONCE);
        memcpy(t->nonce, m.nonce, sizeof t->nonce);
        t->time_s = m.time_s;
        t->told_s = hf__now_s(e);
    }
    return error == 0 ? result : 0;
}

enum hf__round_next hf__round_next(const struct hf__round *r, enum hf__target_state state,
                                   struct hf__quorum quorum, bool grace_over)
{
    size_t have = hf__targets_in(r, state), waiting = hf__targets_in(r, HF__TARGET_ASKED);
    if ((have >= quorum.want && grace_over) || (have >= quorum.need && waiting == 0))
        return HF__ROUND_GO_ON;
    if (have + waiting < quorum.need)
        return HF__ROUND_GIVE_UP;
    hf_assert(have <= r->targets_count && waiting <= r->targets_count - have);
    return have >= quorum.want ? HF__ROUND_GRACE : HF__ROUND_WAIT;
}

void hf__round_quote(struct hf_engine *e, struct hf__round *r)
{
    hf_assert(r->phase == HF__PHASE_NONCE && r->quote_work == 0);
    struct hf_asked *asked = hf__scratch(e, r->targets_count * sizeof *asked);
    struct hf_recover_transcript t = {.version = e->active.number, .asked = asked};
    t.network = e->network;
    t.account = e->account;
    memcpy(t.response_key, r->response_key, HF_KEY_LEN);
    for (size_t i = 0; i < r->targets_count; i++) {
        struct hf__target *target = &r->targets[i];
        if (target->state == HF__TARGET_ASKED)
            hf__target_move(target, HF__TARGET_IDLE);
        if (target->state != HF__TARGET_NONCE)
            continue;
        asked[t.asked_count].provider = target->account;
        memcpy(asked[t.asked_count++].nonce, target->nonce, sizeof target->nonce);
    }
    hf_assert(t.asked_count > 0 && t.asked_count <= r->targets_count);
    struct hf_bytes encoded = hf__encode(e, &hf_wire_recover_transcript, &t);
    hf_blob_unref(r->transcript);
    r->transcript = hf_blob_new(encoded);
    hf_assert(r->transcript != NULL);
    e->suite->hash("holdfast/v1/recover-transcript", encoded, &r->transcript_hash);
    r->quote_work = hf__quote(e, r->kind->task, r->kind->label, encoded);
    phase_move(r, HF__PHASE_QUOTE);
}

bool hf__round_awaits(const struct hf__round *r, uint32_t work)
{
    hf_assert((r->phase == HF__PHASE_QUOTE) == (r->quote_work != 0));
    return r->phase == HF__PHASE_QUOTE && r->quote_work == work;
}

size_t hf__round_ask(struct hf_engine *e, struct hf__round *r, struct hf_bytes quote)
{
    hf_assert(r->phase == HF__PHASE_QUOTE && r->transcript != NULL);
    struct hf_recover_request m = {.quote = quote, .transcript = hf_blob_bytes(r->transcript)};
    hf__versions(e, &m.versions);
    for (size_t i = 0; i < r->targets_count; i++) {
        if (r->targets[i].state != HF__TARGET_NONCE)
            continue;
        m.has_ticket = hf__ticket_of(e, &r->targets[i].account, m.ticket);
        ask(e, r, r->kind->method, i, hf__encode(e, &hf_wire_recover_request, &m));
    }
    r->quote_work = 0;
    phase_move(r, HF__PHASE_ANSWER);
    return hf__targets_in(r, HF__TARGET_ASKED);
}

int hf__round_answer(struct hf_engine *e, const struct hf__round *r, const struct hf__pending *call,
                     struct hf_bytes body, struct hf_bytes *ret_signed,
                     struct hf_recover_answer *ret)
{
    hf_assert(r->phase == HF__PHASE_ANSWER && call->task == r->kind->task);
    struct hf_recover_response m;
    const struct hf__peer *peer;
    int error = hf__decode(e, &hf_wire_recover_response, body, &m);
    if (error == 0)
        error = hf__versions_check(e, &m.versions);
    if (error == 0)
        error = e->suite->verify(call->account.bytes, "holdfast/v1/recover-answer", m.answer,
                                 m.signature);
    if (error == 0)
        error = hf__decode(e, &hf_wire_recover_answer, m.answer, ret);
    if (error == 0 && (!hf_account_equal(&ret->provider, &call->account) ||
                       !hf_hash_equal(&ret->transcript_hash, &r->transcript_hash)))
        error = HF_EPEER_ACCOUNT;
    if (error == 0)
        error = hf__identity_check(e, NULL, &m.identity, &call->account, &peer, NULL);
    if (error == 0)
        *ret_signed = m.answer;
    return error;
}

void hf__round_end(struct hf__round *r)
{
    r->quote_work = 0;
    phase_move(r, HF__PHASE_IDLE);
    hf_assert(r->phase == HF__PHASE_IDLE);
}

void hf__round_done(struct hf__round *r)
{
    hf_assert(r->targets_count <= HF_ROUND_PROVIDERS_MAX);
    for (size_t i = 0; i < r->targets_count; i++)
        hf_blob_unref(r->targets[i].answer);
    hf_blob_unref(r->transcript);
}

size_t hf__round_memory(const struct hf__round *r)
{
    hf_assert(r->targets_count <= HF_ROUND_PROVIDERS_MAX);
    size_t sum = hf__blob_memory(r->transcript);
    for (size_t i = 0; i < r->targets_count; i++)
        sum += hf__blob_memory(r->targets[i].answer);
    return sum;
}
