/* The owner's side as a whole: ended, measured, shown. */
#include "owner/owner.h"

#include <stdlib.h>

#include "base/error.h"

#include "owner/claim.h"
#include "owner/deal.h"
#include "owner/record.h"
#include "owner/recover.h"
#include "owner/waiting.h"

void hf__owner_lock(struct hf_engine *e)
{
    struct hf__owner *o = e->owner;
    int reason = e->handed ? HF_EHANDEDOVER : e->fenced ? HF_EFENCED : HF_ELOCKED;
    hf__deal_free(e);
    hf__recover_free(e);
    hf__claim_free(e);
    hf__seal_free(e);
    hf__releases_end(e, reason);
    hf__bindings_forget(e);
    hf__application_free(e, reason);
    hf_blob_unref(o->proof);
    o->proof = NULL;
    hf__drill_free(e);
    hf__statement_free(e);
    free(o->holders);
    o->holders = NULL;
    free(o->lately);
    o->lately = NULL;
    o->lately_count = 0;
    o->holders_count = 0;
    o->outcome = HF__OUTCOME_NONE;
    hf_assert(o->dealing == NULL && o->claiming == NULL && o->releases == NULL);
    hf_assert(o->recovery == NULL && o->drill == NULL);
}

bool hf__owner_again(struct hf_engine *e, const struct hf__pending *call)
{
    hf_assert(call->task < HF__TASKS);
    struct hf__holder *h = hf__holder_find(e, &call->account);
    if (h != NULL)
        h->shown = 0;
    /* Each asks those of its holders who have not answered and are not being asked. */
    switch ((enum hf__task)call->task) {
    case HF__TASK_RECORD:
        hf__record_send(e);
        return true;
    case HF__TASK_SEAL:
        hf__seal_send(e);
        return true;
    case HF__TASK_RETIRE:
        hf__retire_send(e);
        return true;
    case HF__TASK_STANDING:
        if (h == NULL)
            return false;
        hf__standing_ask(e, h);
        return true;
    default: /* a release asks again by itself */
        return false;
    }
}

static size_t dealing_memory(const struct hf__dealing *d)
{
    if (d == NULL)
        return 0;
    hf_assert(d->n <= HF_SHARES_MAX);
    size_t sum = sizeof *d + d->candidates_count * sizeof(struct hf__candidate);
    sum += d->roots != NULL ? d->dealt.count * sizeof *d->roots : 0;
    sum += d->n * sizeof *d->slots + (d->shares != NULL ? d->n * (size_t)HF_SCALAR_LEN : 0);
    for (size_t i = 0; i < d->n; i++)
        sum += hf__blob_memory(d->slots[i].transcript);
    return sum;
}

static size_t recovery_memory(const struct hf__recovery *rc)
{
    if (rc == NULL)
        return 0;
    hf_assert(rc->round.targets_count <= HF_ROUND_PROVIDERS_MAX);
    return sizeof *rc + (rc->given != NULL ? sizeof *rc->given : 0) + hf__round_memory(&rc->round) +
           hf__blob_memory(rc->record) + hf__blob_memory(rc->sealed);
}

size_t hf__owner_memory(const struct hf_engine *e)
{
    const struct hf__owner *o = e->owner;
    hf_assert((o->holders_count > 0) == (o->holders != NULL));
    size_t sum = o->holders_count * sizeof *o->holders;
    sum += dealing_memory(o->dealing) + recovery_memory(o->recovery) + hf__drill_memory(e);
    sum += hf__blob_memory(o->sealed) + hf__blob_memory(o->proof) + hf__seal_memory(e) +
           hf__release_memory(e) + hf__application_memory(e);
    sum += o->lately != NULL ? HF_WIRE_MOVES_MAX * sizeof *o->lately : 0;
    return sum + (o->claiming != NULL ? sizeof *o->claiming : 0);
}

static struct hf_provider_status *add(struct hf_engine *e, struct hf_status *ret,
                                      const struct hf_account *account)
{
    hf_assert(ret->providers_count < HF_STATUS_PROVIDERS_MAX);
    struct hf_provider_status *p = &ret->providers[ret->providers_count++];
    *p = (struct hf_provider_status){.address = hf__address_of(e, account)};
    p->account = *account;
    return p;
}

static void fill_providers(struct hf_engine *e, struct hf_status *ret)
{
    const struct hf__owner *o = e->owner;
    hf_assert(ret->providers_count == 0);
    for (size_t i = 0; o->recovery != NULL && i < o->recovery->round.targets_count; i++) {
        const struct hf__target *t = &o->recovery->targets[i];
        struct hf_provider_status *p = add(e, ret, &t->account);
        p->index = t->index;
        p->answered = t->answered;
        p->error = t->error;
        p->since_ms = t->since_ms;
    }
    for (size_t i = 0; o->claiming != NULL && i < o->claiming->count; i++) {
        const struct hf__claim_holder *h = &o->claiming->holders[i];
        struct hf_provider_status *p = add(e, ret, &h->account);
        p->index = h->index;
        p->answered = h->vote == HF__VOTE_ACCEPTED || h->vote == HF__VOTE_PROVISIONAL ||
                      h->vote == HF__VOTE_REFUSED;
        p->error = h->error;
        p->since_ms = h->since_ms;
    }
    if (ret->providers_count > 0)
        return;
    for (size_t i = 0; i < o->holders_count; i++) {
        const struct hf__holder *h = &o->holders[i];
        struct hf_provider_status *p = add(e, ret, &h->account);
        p->index = h->index;
        p->placed = h->placed;
        p->answered = h->answered;
        p->error = h->error;
        p->since_ms = h->since_ms;
        p->audited_ms = h->audited_ms;
        p->audits_failed = h->audits_failed;
        p->broke = hf__evidence_against(e, &h->account);
    }
}

static void fill_retiring(struct hf_engine *e, struct hf_status *ret)
{
    struct hf_older_row row;
    hf_assert(ret->retiring_count == 0);
    for (size_t at = 0;
         ret->retiring_count < HF_STATUS_RETIRING_MAX && hf__older_next(e, &at, &row);) {
        if (row.holders_count == 0)
            continue;
        ret->retiring[ret->retiring_count++] =
            (struct hf_retiring_status){.generation = (uint32_t)row.generation.number,
                                        .outstanding = (uint8_t)row.holders_count,
                                        .retired = hf__older_retired(e, &row)};
    }
    hf_assert(ret->retiring_count <= HF_STATUS_RETIRING_MAX);
}

static void vault_status(const struct hf_signed_sequence *word, struct hf_vault_status *ret)
{
    hf_assert(sizeof ret->signature == sizeof word->signature);
    ret->claim = word->at.claim;
    ret->number = word->at.number;
    memcpy(ret->signature, word->signature, sizeof ret->signature);
}

void hf__owner_status(struct hf_engine *e, struct hf_status *ret)
{
    const struct hf__owner *o = e->owner;
    hf_assert(o->dealing == NULL || e->claimed);
    struct hf_placement_record record;
    ret->round = o->recovery != NULL ? o->recovery->round.number : 0;
    ret->searched = o->recovery != NULL && hf__recover_searched(e);
    ret->broken = hf__rows_count(&e->rows, HF_ROW_BROKEN);
    if (hf__own_record(e, &record, NULL, &ret->confirmed)) {
        ret->k = (uint8_t)record.threshold;
        ret->n = (uint8_t)record.holders_count;
        ret->q = (uint8_t)record.quorum;
        ret->renew_ms = o->renew_ms;
        ret->generation = (uint32_t)record.generation.number;
    }
    if (o->dealing != NULL) {
        ret->dealing = (uint32_t)o->dealing->generation.number;
        for (size_t i = 0; i < o->dealing->n; i++)
            if (o->dealing->slots[i].state == HF__SLOT_RECEIPT)
                ret->dealing_receipts++;
    }
    ret->sealed_holders = hf__statement_holders(e);
    ret->ahead_s = o->ahead_s;
    ret->clocks_told = o->clocks_told;
    if (o->recovery != NULL)
        ret->ahead_s = hf__targets_ahead_s(&o->recovery->round, &ret->clocks_told);
    ret->behind = o->behind && !e->open;
    if (ret->behind) {
        vault_status(&o->seen, &ret->seen);
        vault_status(&o->had, &ret->had);
    }
    fill_providers(e, ret);
    fill_retiring(e, ret);
    hf__waiting_status(e, ret);
}
