/* What a node says of itself. */
#include "core/status.h"

#include "claim.h"
#include "deal.h"
#include "node.h"
#include "recover.h"

static const struct hf_bytes no_key = {0};

const char *hf__status_address(struct hf_engine *e, const uint8_t account[static 32])
{
    long at = e->set != NULL ? hf_set_find(e->set, account) : -1;
    if (at < 0)
        return "";
    struct hf_bytes address = e->set->u.set.validators[at].address;
    char *text = hf__scratch(e, address.len + 1);
    memcpy(text, address.data, address.len);
    return text;
}

static struct hf_provider_status *add(struct hf_engine *e, struct hf_status *ret,
                                      const uint8_t account[static 32])
{
    hf_assert(ret->providers_count < HF_STATUS_PROVIDERS_MAX);
    struct hf_provider_status *p = &ret->providers[ret->providers_count++];
    *p = (struct hf_provider_status){.address = hf__status_address(e, account)};
    memcpy(p->account, account, 32);
    return p;
}

static void fill_providers(struct hf_engine *e, struct hf_status *ret)
{
    for (size_t i = 0; e->recovery != NULL && i < e->recovery->targets_count; i++) {
        const struct hf__target *t = &e->recovery->targets[i];
        struct hf_provider_status *p = add(e, ret, t->account);
        p->index = t->index;
        p->answered = t->answered;
        p->error = t->error;
        p->since_ms = t->since_ms;
    }
    for (size_t i = 0; e->claiming != NULL && i < e->claiming->count; i++) {
        const struct hf__claim_holder *h = &e->claiming->holders[i];
        struct hf_provider_status *p = add(e, ret, h->account);
        p->index = h->index;
        p->answered = h->vote == HF__VOTE_ACCEPTED || h->vote == HF__VOTE_PROVISIONAL ||
                      h->vote == HF__VOTE_REFUSED;
        p->error = h->error;
        p->since_ms = h->since_ms;
    }
    if (ret->providers_count > 0)
        return;
    for (size_t i = 0; i < e->watch_count; i++) {
        const struct hf__watch *w = &e->watch[i];
        struct hf_provider_status *p = add(e, ret, w->account);
        p->index = w->index;
        p->placed = w->placed;
        p->answered = w->answered;
        p->error = w->error;
        p->since_ms = w->since_ms;
    }
}

static void fill_retiring(struct hf_engine *e, struct hf_status *ret)
{
    const struct hf__row *at;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_OLDER, no_key);
         (at = hf__rows_at(&e->rows, i, HF_ROW_OLDER, no_key)) != NULL &&
         ret->retiring_count < HF_STATUS_RETIRING_MAX;
         i++) {
        struct hf_older_row row;
        int r = hf__decode(e, &hf_wire_older_row, hf_blob_bytes(at->value), &row);
        hf_assert(r == 0);
        if (row.holders_count == 0)
            continue;
        ret->retiring[ret->retiring_count++] =
            (struct hf_retiring_status){.generation = (uint32_t)row.generation.number,
                                        .outstanding = (uint8_t)row.holders_count,
                                        .retired = row.holders_count < row.threshold};
    }
}

static void fill_documents(const struct hf_engine *e, struct hf_status *ret)
{
    ret->root = e->roots_count;
    if (e->policy != NULL) {
        ret->policy = hf_document_version(e->policy);
        ret->policy_expires_s = hf_document_expires_s(e->policy);
        ret->dev = e->policy->u.policy.trust == HF_TRUST_DEV;
        ret->k = (uint8_t)e->policy->u.policy.threshold;
        ret->n = (uint8_t)e->policy->u.policy.shares;
    }
    if (e->set != NULL) {
        ret->epoch = hf_document_version(e->set);
        ret->set_expires_s = hf_document_expires_s(e->set);
        ret->validators = e->set->u.set.validators_count;
        ret->registered = e->has_account && hf_set_find(e->set, e->account) >= 0;
    }
    ret->last_refusal = e->last_refusal;
    ret->last_refusal_kind = e->last_refusal_kind;
}

static void fill_placement(struct hf_engine *e, struct hf_status *ret)
{
    struct hf_placement_record record;
    if (hf__own_record(e, &record, NULL, &ret->confirmed)) {
        ret->k = (uint8_t)record.threshold;
        ret->n = (uint8_t)record.holders_count;
        ret->generation = (uint32_t)record.generation.number;
    }
    if (e->dealing != NULL) {
        ret->dealing = (uint32_t)e->dealing->generation.number;
        for (size_t i = 0; i < e->dealing->n; i++)
            if (e->dealing->slots[i].state == HF__SLOT_RECEIPT)
                ret->dealing_receipts++;
    }
    ret->owners = hf__rows_count(&e->rows, HF_ROW_OWNER);
    ret->shares = hf__rows_count(&e->rows, HF_ROW_HELD);
}

void hf_engine_status(struct hf_engine *e, uint64_t now_ms, struct hf_status *ret)
{
    (void)now_ms;
    *ret = (struct hf_status){
        .state = (enum hf_state)e->state,
        .reason = e->reason,
        .since_ms = e->state_since_ms,
        .retry_ms = e->timers[HF__TIMER_TASK] == HF__NEVER ? 0 : e->timers[HF__TIMER_TASK],
        .round = e->recovery != NULL ? e->recovery->round : 0,
        .open = e->open,
        .claimed = e->claimed,
        .draining = e->draining,
        .has_account = e->has_account,
        .key_version = e->version,
        .claim = e->claim,
        .store_error = e->store_error,
        .store_since_ms = e->store_since_ms,
    };
    memcpy(ret->account, e->account, 32);
    memcpy(ret->network, e->network, 32);
    fill_documents(e, ret);
    fill_placement(e, ret);
    fill_providers(e, ret);
    fill_retiring(e, ret);
}

static size_t blob_memory(const struct hf_blob *b)
{
    return b == NULL ? 0 : sizeof *b + b->len;
}

static size_t tasks_memory(const struct hf_engine *e)
{
    size_t sum = 0;
    if (e->dealing != NULL) {
        const struct hf__dealing *d = e->dealing;
        sum += sizeof *d + d->candidates_count * sizeof(struct hf__candidate);
        sum += d->n * sizeof *d->slots + (d->shares != NULL ? d->n * (size_t)HF_SCALAR_LEN : 0);
        for (size_t i = 0; i < d->n; i++)
            sum += blob_memory(d->slots[i].transcript);
    }
    if (e->recovery != NULL) {
        const struct hf__recovery *rc = e->recovery;
        sum += sizeof *rc + blob_memory(rc->transcript) + blob_memory(rc->record);
        for (size_t i = 0; i < rc->targets_count; i++)
            sum += blob_memory(rc->targets[i].answer);
    }
    if (e->claiming != NULL)
        sum += sizeof *e->claiming;
    return sum + hf__seal_memory(e) + hf__release_memory(e) + hf__drill_memory(e) +
           hf__drain_memory(e);
}

size_t hf_engine_memory(const struct hf_engine *e)
{
    size_t sum = sizeof *e + sizeof *e->s + hf__rows_memory(&e->rows) + hf__known_memory(&e->known);
    sum += e->roots_count * sizeof(struct hf_document *);
    sum += e->calls_cap * sizeof *e->calls + e->watch_count * sizeof *e->watch;
    sum += e->seeds_len + 1u;
    sum += blob_memory(e->identity) + blob_memory(e->identity_statement);
    for (const struct hf__parked *m = e->parked; m != NULL; m = m->next)
        sum += sizeof *m + blob_memory(m->body);
    for (const struct hf__judging *j = e->judging; j != NULL; j = j->next)
        sum += sizeof *j;
    for (const struct hf__answer *a = e->answers; a != NULL; a = a->next)
        sum += sizeof *a + blob_memory(a->body);
    return sum + tasks_memory(e);
}
