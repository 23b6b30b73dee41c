/* What a node says of itself. */
#include "core/status.h"

#include "life/life.h"

void hf_engine_status(struct hf_engine *e, uint64_t durable_seq, struct hf_status *ret)
{
    hf_assert(e->state_since_ms <= e->now_ms && (e->open || !e->claimed));
    *ret = (struct hf_status){
        .state = (enum hf_state)e->state,
        .reason = e->reason,
        .since_ms = e->state_since_ms,
        .retry_ms = hf__retry_at(e) == HF__NEVER ? 0 : hf__retry_at(e),
        .open = e->open,
        .claimed = e->claimed,
        .has_account = e->has_account,
        .key_version = e->active.number,
        .claim = e->claim,
        .store_error = e->store_error,
        .store_since_ms = e->store_since_ms,
        .now_s = hf__now_s(e),
    };
    ret->account = e->account;
    ret->network = e->network;
    hf__trust_status(e, ret);
    hf__owner_status(e, ret);
    hf__provider_status(e, ret);
    hf__quorum_status(e, durable_seq, ret);
    hf__life_status(e, ret);
    hf__takeover_status(e, ret);
}

bool hf_engine_open(const struct hf_engine *e)
{
    hf_assert(e != NULL);
    hf_assert(e->open || !e->claimed);
    return e->open;
}

bool hf_engine_claimed(const struct hf_engine *e)
{
    hf_assert(e != NULL);
    hf_assert(e->open || !e->claimed);
    return e->claimed;
}

size_t hf_engine_memory(const struct hf_engine *e)
{
    hf_assert(e->calls_count <= e->calls_cap);
    size_t sum = sizeof *e + sizeof *e->secrets + hf__rows_memory(&e->rows);
    sum += e->calls_cap * sizeof *e->calls;
    for (const struct hf__quoting *q = e->quoting; q != NULL; q = q->next)
        sum += sizeof *q;
    sum += sizeof *e->trust + hf__trust_memory(e);
    sum += sizeof *e->members + hf__members_memory(e);
    sum += sizeof *e->owner + hf__owner_memory(e);
    sum += sizeof *e->quorum + hf__quorum_memory(e);
    sum += sizeof *e->handover + hf__takeover_memory(e);
    return sum + sizeof *e->provider + hf__provider_memory(e);
}
