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

/* All of the rows into the vault that was just made, in one transaction, as they were. */
static int put_rows(struct hf_engine *e, const struct hf__rows *rows)
{
    hf_assert(e->rows.count == 0 && !e->open && rows->count > 0);
    for (size_t i = 0; i < rows->count; i++) {
        const struct hf__row *row = rows->rows[i].row;
        hf__put_blob(e, row->collection, hf_bytes_of(row->key, row->key_len), row->value);
    }
    return hf__account_load(e);
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

void hf__life_inherited(struct hf_engine *e, int error)
{
    struct hf__taking *t = e->handover->taking;
    struct hf_record_row record;
    hf_assert(e->state == HF_STATE_STARTING && t->phase == HF__TAKING_VAULT);
    if (error == 0 && hf__taking_late(e)) {
        /* The old one may have started again, and claim. */
        hf__taking_failed(e, HF_EHANDOVERTIME);
        return;
    }
    if (error != 0 && hf_error_transient(error)) {
        hf__state_set(e, HF_STATE_STARTING, error);
        hf__timer_set(e, HF__TIMER_HANDOVER, e->timing.retry_ms_min);
        return;
    }
    int r = error != 0 ? error : put_rows(e, &t->rows);
    struct hf_blob *own = r == 0 ? hf__rows_get(&e->rows, HF_ROW_RECORD, no_key) : NULL;
    if (r == 0 && own == NULL)
        r = HF_EMISSING;
    if (r == 0)
        r = hf__decode(e, &hf_wire_record_row, hf_blob_bytes(own), &record);
    if (r == 0 && e->claim_asked < t->ballot.number)
        r = HF_EBOUND;
    if (r != 0) {
        hf__life_block(e, r);
        return;
    }
    become(e, t);
    hf__life_opened(e);
    hf__record_save(e, &record);
    e->owner->inherited_seq = e->write_seq;
    hf__taking_free(e);
    hf__claim_begin(e);
    hf_assert(e->state == HF_STATE_CLAIMING && e->inherited);
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
        hf__vault_ask(e, HF_WORK_VAULT_CREATE);
        return;
    case HF__HANDOVER_NONE:
        return;
    }
}
