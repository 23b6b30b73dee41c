/*
 * A drill (proto/PROTOCOL.md, 8): all the checks of a recovery, asked by the unlocked owner and
 * answered with proofs of knowing the shares instead of the shares. No secret moves, and nothing
 * is claimed.
 */
#include <stdlib.h>

#include "base/error.h"
#include "owner/owner.h"
#include "owner/recover.h"

struct hf__drill {
    uint64_t request; /* the local request that waits for the report */
    struct hf__round round;
    struct hf__target targets[HF_SHARES_MAX];
    bool fit[HF_SHARES_MAX]; /* its proof is one of its share of the newest recorded generation */
    bool answered;           /* the operator has the report */
};

static const struct hf__round_kind drill_kind = {
    .task = HF__TASK_DRILL, .method = HF_METHOD_DRILL, .label = "holdfast/v1/drill"};

/* A drill has time: it waits for every holder, so that the report names each. */
static const struct hf__quorum everybody = {.need = 1, .want = HF_SHARES_MAX + 1};

static void finish(struct hf_engine *e);

void hf__drill_begin(struct hf_engine *e, uint64_t request)
{
    hf_assert(e->claimed && e->owner->holders_count <= HF_SHARES_MAX);
    struct hf__drill *d = calloc(1, sizeof *d);
    hf_assert(d != NULL && e->owner->drill == NULL);
    d->request = request;
    d->round = (struct hf__round){
        .kind = &drill_kind, .targets = d->targets, .number = e->owner->drills++};
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        struct hf__target *t = &d->targets[d->round.targets_count++];
        t->account = e->owner->holders[i].account;
        t->index = e->owner->holders[i].index;
    }
    e->owner->drill = d;
    /* Proofs are not sealed; the response key only makes the transcript this drill's own. */
    if (hf__round_begin(e, &d->round, NULL) == 0)
        finish(e);
}

void hf__drill_free(struct hf_engine *e)
{
    struct hf__drill *d = e->owner->drill;
    if (d == NULL)
        return;
    if (!d->answered)
        hf__local_reply(e, d->request, HF_ELOCKED);
    hf__round_done(&d->round);
    free(d);
    e->owner->drill = NULL;
}

size_t hf__drill_memory(const struct hf_engine *e)
{
    const struct hf__drill *d = e->owner->drill;
    hf_assert(d == NULL || d->round.targets_count <= HF_SHARES_MAX);
    return d == NULL ? 0 : sizeof *d + hf__round_memory(&d->round);
}

static void finish(struct hf_engine *e)
{
    struct hf__drill *d = e->owner->drill;
    hf_assert(d != NULL && !d->answered);
    struct hf_placement_record record;
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found);
    struct hf_local_reply *reply = hf__local_reply(e, d->request, 0);
    struct hf_drill_report *report = &reply->drill;
    report->k = (uint8_t)record.threshold;
    report->n = (uint8_t)record.holders_count;
    for (size_t i = 0; i < d->round.targets_count; i++) {
        const struct hf__target *t = &d->targets[i];
        struct hf_provider_status *p = &report->providers[report->providers_count++];
        p->account = t->account;
        p->address = hf__address_of(e, &t->account);
        p->index = t->index;
        p->answered = t->state == HF__TARGET_ANSWERED;
        p->error = t->error;
        p->since_ms = t->since_ms;
        report->asked++;
        report->answered = (uint8_t)(report->answered + p->answered);
        report->fit = (uint8_t)(report->fit + d->fit[i]);
    }
    hf_assert(report->fit <= report->answered && report->answered <= report->asked);
    if (report->fit < report->k)
        reply->error = HF_EFEWPROVIDERS;
    e->owner->ahead_s = hf__targets_ahead_s(&d->round, &e->owner->clocks_told);
    d->answered = true;
    hf__trace(e, HF_TRACE_DRILL, reply->error, NULL, report->fit, report->k);
    hf__drill_free(e);
}

int hf__drill_nonce(struct hf_engine *e, const struct hf__pending *call, int error,
                    struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_DRILL && call->method == HF_METHOD_NONCE);
    struct hf__drill *d = e->owner->drill;
    if (d == NULL || !hf__round_expects(&d->round, call, HF__PHASE_NONCE))
        return 0;
    int r = hf__round_nonce(e, &d->round, call, error, body);
    switch (hf__round_next(&d->round, HF__TARGET_NONCE, everybody, false)) {
    case HF__ROUND_GO_ON:
        hf__round_quote(e, &d->round);
        break;
    case HF__ROUND_GIVE_UP:
        finish(e);
        break;
    default:
        break;
    }
    return r;
}

void hf__drill_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__drill *d = e->owner->drill;
    hf_assert(d == NULL || !d->answered);
    if (d == NULL || !hf__round_awaits(&d->round, work))
        return;
    for (size_t i = 0; i < d->round.targets_count && error != 0; i++)
        if (d->targets[i].state == HF__TARGET_NONCE)
            hf__target_failed(e, &d->targets[i], error);
    if (error != 0 || hf__round_ask(e, &d->round, quote) == 0)
        finish(e);
}

/* The proof for the newest recorded generation, among those of all that are held. */
static int check_proof(struct hf_engine *e, const struct hf__target *t,
                       const struct hf_recover_answer *a)
{
    hf_assert(e->owner->drill != NULL && t->index > 0);
    struct hf_placement_record record;
    if (!hf__own_record(e, &record, NULL, NULL))
        return HF_ENOTREADY;
    for (size_t i = 0; i < a->shares_count; i++) {
        const struct hf_held_share *s = &a->shares[i];
        struct hf_share_aad aad = {.generation = s->generation, .index = s->index};
        if (memcmp(s->generation.id, record.generation.id, 16) != 0 || s->index != t->index)
            continue;
        if (s->proof.len != HF_PROOF_LEN || !hf_bytes_equal(s->commitments, record.commitments))
            return HF_EPROOF;
        aad.transcript_hash = e->owner->drill->round.transcript_hash;
        aad.provider = t->account;
        return e->suite->proof_check(s->proof.data, t->index, (uint8_t)record.threshold,
                                     record.commitments.data,
                                     hf__encode(e, &hf_wire_share_aad, &aad));
    }
    return HF_ENOSHARE;
}

int hf__drill_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_DRILL && call->method == HF_METHOD_DRILL);
    struct hf__drill *d = e->owner->drill;
    struct hf_bytes bytes;
    struct hf_recover_answer answer;
    if (d == NULL || !hf__round_expects(&d->round, call, HF__PHASE_ANSWER))
        return 0;
    struct hf__target *t = &d->targets[call->slot];
    int r = error != 0 ? error : hf__round_answer(e, &d->round, call, body, &bytes, &answer);
    if (r == 0)
        r = check_proof(e, t, &answer);
    if (r == HF__PARK)
        return r;
    if (r == 0)
        hf__target_answered(e, t, HF__TARGET_ANSWERED);
    else
        hf__target_failed(e, t, r);
    d->fit[call->slot] = r == 0;
    if (hf__targets_in(&d->round, HF__TARGET_ASKED) == 0)
        finish(e);
    return error == 0 ? r : 0;
}
