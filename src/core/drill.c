/*
 * A drill (proto/PROTOCOL.md, 8): all the checks of a recovery, asked by the unlocked owner and
 * answered with proofs of knowing the shares instead of the shares. No secret moves, and nothing
 * is claimed.
 */
#include <stdlib.h>

#include "base/error.h"
#include "node.h"
#include "recover.h"

enum { DRILL_BIT = 1 << 30 };

struct hf__drill {
    uint64_t request;
    uint32_t arg;
    uint32_t quote_work;
    uint8_t phase; /* enum hf__phase */
    uint8_t response_key[32];
    uint8_t transcript_hash[32];
    struct hf_blob *transcript;
    uint8_t count;
    struct hf__target targets[HF_SHARES_MAX];
    bool fit[HF_SHARES_MAX];
    bool answered; /* the operator has the report */
};

static size_t in_state(const struct hf__drill *d, uint8_t state);
static void finish(struct hf_engine *e);

void hf__drill_begin(struct hf_engine *e, uint64_t request)
{
    struct hf_msg_nonce_request m = {0};
    uint8_t *unused = e->secret_alloc(HF_KEY_LEN);
    struct hf__drill *d = calloc(1, sizeof *d);
    hf_assert(d != NULL && unused != NULL);
    d->request = request;
    d->arg = DRILL_BIT | hf__random_below(e, DRILL_BIT);
    d->phase = HF__PHASE_NONCE;
    /* Proofs are not sealed; the key only makes the transcript this drill's own. */
    e->suite->seal_keypair(&e->s->rng, d->response_key, unused);
    e->secret_free(unused);
    hf__versions(e, &m.versions);
    memcpy(m.account, e->account, 32);
    memcpy(m.response_key, d->response_key, 32);
    struct hf_bytes body = hf__encode(e, &hf_wire_nonce_request, &m);
    e->drill = d;
    for (size_t i = 0; i < e->watch_count; i++) {
        struct hf__target *t = &d->targets[d->count++];
        memcpy(t->account, e->watch[i].account, 32);
        t->index = e->watch[i].index;
        t->error = hf__call(e, HF_METHOD_NONCE, t->account, (uint8_t)i, d->arg, body, true);
        t->state = t->error == 0 ? HF__TARGET_ASKED : HF__TARGET_FAILED;
        t->since_ms = e->now_ms;
    }
    if (in_state(d, HF__TARGET_ASKED) == 0)
        finish(e);
}

void hf__drill_free(struct hf_engine *e)
{
    struct hf__drill *d = e->drill;
    if (d == NULL)
        return;
    if (!d->answered)
        hf__local_reply(e, d->request, HF_ELOCKED);
    hf_blob_unref(d->transcript);
    free(d);
    e->drill = NULL;
}

size_t hf__drill_memory(const struct hf_engine *e)
{
    const struct hf__drill *d = e->drill;
    if (d == NULL)
        return 0;
    size_t sum =
        sizeof *d + (d->transcript != NULL ? sizeof(struct hf_blob) + d->transcript->len : 0);
    for (size_t i = 0; i < d->count; i++)
        if (d->targets[i].answer != NULL)
            sum += sizeof(struct hf_blob) + d->targets[i].answer->len;
    return sum;
}

static size_t in_state(const struct hf__drill *d, uint8_t state)
{
    size_t count = 0;
    for (size_t i = 0; i < d->count; i++)
        count += d->targets[i].state == state;
    return count;
}

static void finish(struct hf_engine *e)
{
    struct hf__drill *d = e->drill;
    struct hf_msg_placement_record record;
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found);
    struct hf_local_reply *reply = hf__local_reply(e, d->request, 0);
    struct hf_drill_report *report = &reply->drill;
    report->k = (uint8_t)record.threshold;
    report->n = (uint8_t)record.holders_count;
    for (size_t i = 0; i < d->count; i++) {
        const struct hf__target *t = &d->targets[i];
        struct hf_provider_status *p = &report->providers[report->providers_count++];
        memcpy(p->account, t->account, 32);
        p->address = hf__status_address(e, t->account);
        p->index = t->index;
        p->answered = t->state == HF__TARGET_ANSWERED;
        p->error = t->error;
        p->since_ms = t->since_ms;
        report->asked++;
        report->answered = (uint8_t)(report->answered + p->answered);
        report->fit = (uint8_t)(report->fit + d->fit[i]);
    }
    if (report->fit < report->k)
        reply->error = HF_EFEWPROVIDERS;
    d->answered = true;
    hf__trace(e, HF_TRACE_DRILL, reply->error, NULL, report->fit, report->k);
    hf__drill_free(e);
}

static void ask_quote(struct hf_engine *e)
{
    struct hf__drill *d = e->drill;
    struct hf_msg_asked asked[HF_SHARES_MAX];
    struct hf_msg_recover_transcript t = {.version = e->version, .asked = asked};
    memcpy(t.network, e->network, 32);
    memcpy(t.account, e->account, 32);
    memcpy(t.response_key, d->response_key, 32);
    for (size_t i = 0; i < d->count; i++) {
        if (d->targets[i].state != HF__TARGET_NONCE)
            continue;
        memcpy(asked[t.asked_count].provider, d->targets[i].account, 32);
        memcpy(asked[t.asked_count++].nonce, d->targets[i].nonce, 40);
    }
    struct hf_bytes encoded = hf__encode(e, &hf_wire_recover_transcript, &t);
    d->transcript = hf_blob_new(encoded);
    hf_assert(d->transcript != NULL);
    e->suite->hash("holdfast/v1/recover-transcript", encoded, d->transcript_hash);
    struct hf_work *w = hf__work(e, HF_WORK_QUOTE);
    e->suite->report_data("holdfast/v1/drill", encoded, w->report_data);
    d->quote_work = w->id;
    d->phase = HF__PHASE_QUOTE;
}

int hf__drill_nonce(struct hf_engine *e, const struct hf__pending *call, int error,
                    const struct hf_msg_nonce_response *answer)
{
    struct hf__drill *d = e->drill;
    if (call->arg != d->arg || d->phase != HF__PHASE_NONCE)
        return 0;
    struct hf__target *t = &d->targets[call->slot];
    t->error = error;
    t->state = error == 0 ? HF__TARGET_NONCE : HF__TARGET_FAILED;
    if (error == 0)
        memcpy(t->nonce, answer->nonce, sizeof t->nonce);
    /* A drill has time: it waits for every holder, so that the report names each. */
    if (in_state(d, HF__TARGET_ASKED) > 0)
        return 0;
    if (in_state(d, HF__TARGET_NONCE) > 0)
        ask_quote(e);
    else
        finish(e);
    return 0;
}

void hf__drill_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__drill *d = e->drill;
    struct hf_msg_recover_request m = {.quote = quote};
    if (d == NULL || work != d->quote_work || d->phase != HF__PHASE_QUOTE)
        return;
    d->phase = HF__PHASE_ANSWER;
    hf__versions(e, &m.versions);
    m.transcript = hf_blob_bytes(d->transcript);
    struct hf_bytes body =
        error == 0 ? hf__encode(e, &hf_wire_recover_request, &m) : (struct hf_bytes){0};
    for (size_t i = 0; i < d->count; i++) {
        struct hf__target *t = &d->targets[i];
        if (t->state != HF__TARGET_NONCE)
            continue;
        t->error = error != 0
                       ? error
                       : hf__call(e, HF_METHOD_DRILL, t->account, (uint8_t)i, d->arg, body, true);
        t->state = t->error == 0 ? HF__TARGET_ASKED : HF__TARGET_FAILED;
    }
    if (in_state(d, HF__TARGET_ASKED) == 0)
        finish(e);
}

/* The proof for the newest recorded generation, among those of all that are held. */
static int check_proof(struct hf_engine *e, const struct hf__target *t,
                       const struct hf_msg_recover_answer *a)
{
    struct hf_msg_placement_record record;
    if (!hf__own_record(e, &record, NULL, NULL))
        return HF_ENOTREADY;
    for (size_t i = 0; i < a->shares_count; i++) {
        const struct hf_msg_held_share *s = &a->shares[i];
        struct hf_msg_share_aad aad = {.generation = s->generation, .index = s->index};
        if (memcmp(s->generation.id, record.generation.id, 16) != 0 || s->index != t->index)
            continue;
        if (s->proof.len != HF_PROOF_LEN || !hf_bytes_equal(s->commitments, record.commitments))
            return HF_EPROOF;
        memcpy(aad.transcript_hash, e->drill->transcript_hash, 32);
        memcpy(aad.provider, t->account, 32);
        return e->suite->proof_check(s->proof.data, t->index, (uint8_t)record.threshold,
                                     record.commitments.data,
                                     hf__encode(e, &hf_wire_share_aad, &aad));
    }
    return HF_ENOSHARE;
}

static int check_answer(struct hf_engine *e, const struct hf__target *t, struct hf_bytes body)
{
    struct hf_msg_recover_response m;
    struct hf_msg_recover_answer a;
    const struct hf__peer *peer;
    int r = hf__decode(e, &hf_wire_recover_response, body, &m);
    if (r == 0)
        r = e->suite->verify(t->account, "holdfast/v1/recover-answer", m.answer, m.signature);
    if (r == 0)
        r = hf__decode(e, &hf_wire_recover_answer, m.answer, &a);
    if (r == 0 && (memcmp(a.provider, t->account, 32) != 0 ||
                   memcmp(a.transcript_hash, e->drill->transcript_hash, 32) != 0))
        r = HF_EPEER_ACCOUNT;
    if (r == 0)
        r = hf__identity_check(e, &m.identity, t->account, &peer, NULL);
    return r != 0 ? r : check_proof(e, t, &a);
}

int hf__drill_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    struct hf__drill *d = e->drill;
    if (d == NULL || call->arg != d->arg || d->phase != HF__PHASE_ANSWER)
        return 0;
    struct hf__target *t = &d->targets[call->slot];
    int r = error != 0 ? error : check_answer(e, t, body);
    if (r == HF__PARK)
        return r;
    t->error = r;
    t->state = r == 0 ? HF__TARGET_ANSWERED : HF__TARGET_FAILED;
    d->fit[call->slot] = r == 0;
    if (in_state(d, HF__TARGET_ASKED) == 0)
        finish(e);
    return error == 0 ? r : 0;
}
