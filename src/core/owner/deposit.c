/* The second half of a dealing: shares sealed, one quote over all their transcripts, deposits and
 * receipts. */
#include <stdlib.h>

#include "base/error.h"
#include "owner/deal.h"
#include "owner/record.h"

static struct hf_bytes commitments_of(const struct hf__dealing *d)
{
    hf_assert(d->k > 0 && d->k <= HF_SHARES_MAX);
    return hf_bytes_of(d->commitments, (size_t)d->k * HF_POINT_LEN);
}

/* HF_EPOINT: the provider's sealing key is of small order. */
static int seal(struct hf_engine *e, size_t slot)
{
    static const char info[] = "holdfast/v1/share";
    struct hf__dealing *d = e->owner->dealing;
    struct hf__slot *s = &d->slots[slot];
    hf_assert(slot < d->n && s->candidate >= 0 && d->shares != NULL);
    const struct hf__candidate *c = &d->candidates[s->candidate];
    struct hf_deposit_aad aad = {.generation = d->generation, .index = slot + 1};
    struct hf_deposit_transcript t = {.generation = d->generation,
                                      .index = slot + 1,
                                      .threshold = d->k,
                                      .shares = d->n,
                                      .quorum = d->q,
                                      .commitments = commitments_of(d)};
    aad.network = e->network;
    aad.owner = e->account;
    aad.provider = c->account;
    int r =
        hf__sealing_seal(e, c->sealing_suite, c->sealing_key, hf_bytes_of(info, strlen(info)),
                         hf__encode(e, &hf_wire_deposit_aad, &aad),
                         hf_bytes_of(d->shares + slot * HF_SCALAR_LEN, HF_SCALAR_LEN), s->sealed);
    if (r != 0)
        return r;
    hf__fill_header(e, &c->account, &t.header);
    e->suite->random(&e->secrets->rng, t.owner_nonce, sizeof t.owner_nonce);
    memcpy(t.provider_nonce, c->nonce, sizeof t.provider_nonce);
    memcpy(t.sealing_key, c->sealing_key, HF_KEY_LEN);
    e->suite->hash("holdfast/v1/sealed-share", hf_bytes_of(s->sealed, sizeof s->sealed),
                   &t.sealed_hash);
    hf_blob_unref(s->transcript);
    s->transcript = hf_blob_new(hf__encode(e, &hf_wire_deposit_transcript, &t));
    hf_assert(s->transcript != NULL);
    e->suite->hash("holdfast/v1/deposit-transcript", hf_blob_bytes(s->transcript),
                   &s->transcript_hash);
    hf__slot_move(d, s, HF__SLOT_SEALED);
    return 0;
}

static void ask_quote(struct hf_engine *e)
{
    struct hf__dealing *d = e->owner->dealing;
    hf_assert(d->quote_work == 0);
    d->quoted_count = 0;
    for (size_t i = 0; i < d->n; i++)
        if (d->slots[i].state == HF__SLOT_SEALED)
            memcpy(d->quoted + HF_ID_LEN * d->quoted_count++, d->slots[i].transcript_hash.bytes,
                   HF_ID_LEN);
    hf_assert(d->quoted_count <= d->n);
    if (d->quoted_count == 0)
        return;
    d->quote_work = hf__quote(e, HF__TASK_DEAL, "holdfast/v1/deposit",
                              hf_bytes_of(d->quoted, 32u * d->quoted_count));
}

void hf__deposit_advance(struct hf_engine *e)
{
    struct hf__dealing *d = e->owner->dealing;
    hf_assert(d != NULL && e->claimed);
    bool all = true, failed = false;
    if (d->shares == NULL) {
        bool dealt = hf__deal_shares(e, d);
        hf_assert(dealt); /* what a dealing under way protects is kept */
    }
    for (size_t i = 0; i < d->n; i++) {
        struct hf__slot *s = &d->slots[i];
        if (s->state == HF__SLOT_EMPTY && s->candidate >= 0 &&
            d->candidates[s->candidate].state == HF__CANDIDATE_OFFERED) {
            int r = seal(e, i);
            if (r != 0)
                hf__candidate_failed(e, &d->candidates[s->candidate], r, false);
            failed = failed || r != 0;
        }
        /* One that refuses what it has lost keeps the others from nothing. */
        all = all && (s->state == HF__SLOT_RECEIPT || (d->mends && s->candidate < 0));
    }
    if (failed)
        hf__deal_advance(e); /* each failure is a candidate less */
    else if (all)
        hf__record_make(e);
    else if (d->quote_work == 0)
        ask_quote(e);
}

static void deposit(struct hf_engine *e, size_t slot, struct hf_bytes quote)
{
    struct hf__dealing *d = e->owner->dealing;
    struct hf__slot *s = &d->slots[slot];
    hf_assert(slot < d->n && s->state == HF__SLOT_SEALED && s->transcript != NULL);
    struct hf__candidate *c = &d->candidates[s->candidate];
    struct hf_deposit m = {.transcript = hf_blob_bytes(s->transcript),
                           .sealed = hf_bytes_of(s->sealed, sizeof s->sealed),
                           .transcripts = hf_bytes_of(d->quoted, 32u * d->quoted_count),
                           .quote = quote,
                           .has_record = d->mends};
    struct hf_placement_record record;
    bool found = !d->mends || hf__own_record(e, &record, &m.record, NULL);
    hf_assert(found);
    struct hf__ask ask = {.task = HF__TASK_DEAL,
                          .method = HF_METHOD_DEPOSIT,
                          .slot = (uint8_t)slot,
                          .arg = (uint32_t)d->generation.number};
    int r = hf__owner_send(e, &ask, &c->account, &hf_wire_deposit, &m);
    e->owner->deposited_ms = e->now_ms;
    if (r == 0)
        hf__slot_move(d, s, HF__SLOT_DEPOSITING);
    else
        hf__candidate_failed(e, c, r, false);
}

void hf__deal_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__dealing *d = e->owner->dealing;
    if (d == NULL || work != d->quote_work)
        return;
    d->quote_work = 0;
    hf_assert(d->quoted_count > 0 && d->quoted_count <= d->n);
    if (error != 0) {
        hf__retry(e, HF__TIMER_DEAL, false);
        return;
    }
    if (!d->mends)
        hf__given_up_save(e);
    for (size_t i = 0; i < d->n; i++)
        for (size_t j = 0; j < d->quoted_count && d->slots[i].state == HF__SLOT_SEALED; j++)
            if (memcmp(d->slots[i].transcript_hash.bytes, d->quoted + HF_ID_LEN * j, HF_ID_LEN) ==
                0)
                deposit(e, i, quote);
    hf__deal_advance(e);
}

static int check_receipt(struct hf_engine *e, size_t slot, const struct hf__candidate *c,
                         struct hf_bytes body)
{
    hf_assert(e->owner->dealing != NULL && slot < e->owner->dealing->n);
    struct hf__dealing *d = e->owner->dealing;
    struct hf_deposit_response m;
    struct hf_receipt_statement s = {.generation = d->generation, .index = slot + 1};
    int r = hf__decode(e, &hf_wire_deposit_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r != 0)
        return r;
    hf__fill_header(e, &c->account, &s.header);
    e->suite->hash("holdfast/v1/commitments", commitments_of(d), &s.commitments_hash);
    return e->suite->verify(c->account.bytes, "holdfast/v1/receipt",
                            hf__encode(e, &hf_wire_receipt_statement, &s), m.receipt);
}

int hf__deposit_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_DEAL && call->method == HF_METHOD_DEPOSIT);
    struct hf__dealing *d = e->owner->dealing;
    if (d == NULL || call->arg != d->generation.number || call->slot >= d->n)
        return 0;
    struct hf__slot *s = &d->slots[call->slot];
    if (s->state != HF__SLOT_DEPOSITING)
        return 0;
    struct hf__candidate *c = &d->candidates[s->candidate];
    if (!hf_account_equal(&c->account, &call->account))
        return 0;
    int r = error != 0 ? error : check_receipt(e, call->slot, c, body);
    if (r == 0) {
        hf__slot_move(d, s, HF__SLOT_RECEIPT);
        c->shown = call->shown;
        hf__trace(e, HF_TRACE_RECEIPT, 0, &c->account, d->generation.number, call->slot + 1u);
    } else {
        hf__candidate_failed(e, c, r, hf_error_transient(r));
    }
    hf__deal_advance(e);
    return error == 0 ? r : 0;
}
