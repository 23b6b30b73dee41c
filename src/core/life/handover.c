/* What a handover comes to in the life of both: the old one locks itself for good, the new one goes
 * on as the same instance (proto/HANDOVER.md, 2 and 3). */
#include "life/life.h"

#include "base/error.h"

static const struct hf_bytes no_key = {0};

static void given_up(struct hf_engine *e)
{
    hf_assert(e->handover->given != NULL && e->handover->given->seq == e->write_seq);
    hf__life_lock(e);
    hf__state_set(e, HF_STATE_HANDED_OVER, HF_EHANDEDOVER);
    hf__given_due(e);
}

/* All of the rows into the vault that was just made, in one transaction, as they were, and what a
 * node that is locked starts from. They are read back when that is durable. */
static int write_vault(struct hf_engine *e, const struct hf__taking *t)
{
    struct hf_record_row record;
    hf_assert(e->rows.count == 0 && !e->open && t->rows.count > 0);
    for (size_t i = 0; i < t->rows.count; i++) {
        const struct hf__row *row = t->rows.rows[i].row;
        hf__put_blob(e, row->collection, hf_bytes_of(row->key, row->key_len), row->value);
    }
    int r = hf__account_load(e);
    struct hf_blob *own = r == 0 ? hf__rows_get(&e->rows, HF_ROW_RECORD, no_key) : NULL;
    if (r == 0 && own == NULL)
        r = HF_EMISSING;
    if (r == 0)
        r = hf__decode(e, &hf_wire_record_row, hf_blob_bytes(own), &record);
    if (r == 0 && e->claim_asked < t->ballot.number)
        r = HF_EBOUND;
    if (r != 0)
        return r;
    hf__hint_save(e, &record.record);
    hf__put_vault_state(e, HF_VAULT_PLACED);
    hf__rows_done(&e->rows);
    return 0;
}

/* Who it is: the instance that gave up, until its own claim stands. */
static void become(struct hf_engine *e, const struct hf__taking *t)
{
    hf_assert(t->ballot.number > 0 && e->claim_asked >= t->ballot.number);
    e->claim = t->ballot.number;
    memcpy(e->instance, t->ballot.instance, sizeof e->instance);
    e->inherited = true;
    e->owner->proof = t->proof != NULL ? hf_blob_ref(t->proof) : NULL;
    struct hf_trace *trace =
        hf__trace(e, HF_TRACE_INHERITED, 0, NULL, e->claim, e->now_ms - t->asked_ms);
    memcpy(trace->hash.bytes, e->instance, sizeof e->instance);
}

/* The vault was made: all that was inherited goes into it. */
static int made(struct hf_engine *e, struct hf__taking *t)
{
    hf_assert(t->phase == HF__TAKING_VAULT);
    if (hf__taking_late(e)) {
        /* The old one may have started again, and claim. */
        hf__taking_failed(e, HF_EHANDOVERTIME);
        return 0;
    }
    int r = write_vault(e, t);
    if (r != 0)
        return r;
    hf__taking_move(t, HF__TAKING_DURABLE);
    hf__vault_ask(e, HF_WORK_VAULT_OPEN);
    return 0;
}

/* It is durable, and was read back. A disk may have taken its time: an old one that was started
 * again may stand by now, and this is an instance like any that was started again. */
static int written(struct hf_engine *e, const struct hf__taking *t, const struct hf_event *event)
{
    bool late = hf__taking_late(e);
    hf_assert(t->phase == HF__TAKING_DURABLE);
    int r = hf__life_load(e, event);
    if (r != 0)
        return r;
    if (late)
        hf__trace(e, HF_TRACE_HANDOVER_FAILED, HF_EHANDOVERTIME, NULL, 0, 0);
    else
        become(e, t);
    hf__life_opened(e);
    hf__sequence_opened(e);
    hf__taking_free(e);
    hf__claim_begin(e);
    hf_assert(e->state == HF_STATE_CLAIMING && e->inherited == !late);
    return 0;
}

void hf__life_inherited(struct hf_engine *e, const struct hf_event *event)
{
    struct hf__taking *t = e->handover->taking;
    int r = event->u.vault.error;
    hf_assert(e->state == HF_STATE_STARTING && event->type == HF_EVENT_VAULT);
    if (r != 0 && hf_error_transient(r)) {
        hf__state_set(e, HF_STATE_STARTING, r);
        hf__timer_set(e, HF__TIMER_HANDOVER, e->timing.retry_ms_min);
        return;
    }
    if (r == 0)
        r = t->phase == HF__TAKING_VAULT ? made(e, t) : written(e, t, event);
    if (r != 0)
        hf__life_block(e, r);
}

void hf__life_handover(struct hf_engine *e)
{
    enum hf__handover_outcome outcome = (enum hf__handover_outcome)e->handover->outcome;
    e->handover->outcome = HF__HANDOVER_NONE;
    switch (outcome) {
    case HF__HANDOVER_GIVEN:
        given_up(e);
        return;
    case HF__HANDOVER_GOT:
        hf_assert(e->active.has_root && !e->open);
        hf__vault_ask(e, e->handover->taking->phase == HF__TAKING_DURABLE ? HF_WORK_VAULT_OPEN
                                                                          : HF_WORK_VAULT_CREATE);
        return;
    case HF__HANDOVER_NONE:
        return;
    }
}
