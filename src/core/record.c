/*
 * From n receipts on (proto/PROTOCOL.md, 7): the placement record, written here and given to all
 * holders; and, once all have confirmed it, the deletion of the generation before by name. What is
 * unconfirmed is sent again until it is not.
 */
#include <stdlib.h>

#include "base/error.h"
#include "deal.h"

static const struct hf_bytes no_key = {0};

static void fill_predecessor(struct hf_engine *e, struct hf_placement_record *ret)
{
    struct hf_placement_record old;
    ret->has_predecessor = hf__own_record(e, &old, NULL, NULL);
    if (!ret->has_predecessor)
        return;
    ret->predecessor = (struct hf_predecessor){.generation = old.generation,
                                               .threshold = old.threshold,
                                               .holders = old.holders,
                                               .holders_count = old.holders_count};
    for (size_t i = 0; i < old.holders_count; i++)
        old.holders[i].has_receipt = false;
}

/* The holders of the older generation, and those that may hold a share of it without a receipt. */
static size_t list_holders(struct hf_engine *e, const struct hf_predecessor *p,
                           struct hf_holder *ret)
{
    struct hf_record_row row;
    struct hf_placement_record old;
    size_t count = p->holders_count;
    memcpy(ret, p->holders, count * sizeof *ret);
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_RECORD, no_key);
    if (value == NULL || hf__decode(e, &hf_wire_record_row, hf_blob_bytes(value), &row) != 0 ||
        hf__decode(e, &hf_wire_placement_record, row.record.record, &old) != 0 ||
        old.generation.number != p->generation.number)
        return count;
    for (size_t i = 0; i < row.strays_count; i++)
        ret[count++] = row.strays[i];
    return count;
}

void hf__retiring_save(struct hf_engine *e, const struct hf_placement_record *record)
{
    const struct hf_predecessor *p = &record->predecessor;
    struct hf_holder holders[2 * HF_SHARES_MAX];
    size_t count = list_holders(e, p, holders);
    struct hf_retiring_row row = {.generation = p->generation,
                                  .complete = record->generation,
                                  .threshold = p->threshold,
                                  .shares = p->holders_count,
                                  .holders = holders,
                                  .holders_count = count};
    hf__put(e, HF_ROW_RETIRING, hf_bytes_of(p->generation.id, 16), &hf_wire_retiring_row, &row);
}

void hf__record_save(struct hf_engine *e, const struct hf_record_row *row)
{
    struct hf_public_hint hint = {.version = e->version, .has_record = true, .record = row->record};
    memcpy(hint.network, e->network, 32);
    memcpy(hint.account, e->account, 32);
    hf__put(e, HF_ROW_RECORD, no_key, &hf_wire_record_row, row);
    hf__put(e, HF_ROW_PUBLIC, hf_bytes_of("hint", 4), &hf_wire_public_hint, &hint);
    hf__put_vault_state(e, HF_VAULT_PLACED);
}

void hf__record_make(struct hf_engine *e)
{
    struct hf__dealing *d = e->dealing;
    struct hf_holder holders[HF_SHARES_MAX] = {0}, strays[HF_SHARES_MAX] = {0};
    struct hf_record_row row = {.strays = strays, .strays_count = d->strays_count};
    struct hf_placement_record record = {.generation = d->generation,
                                         .threshold = d->k,
                                         .commitments = hf_bytes_of(d->commitments, 32u * d->k),
                                         .holders = holders,
                                         .holders_count = d->n,
                                         .epoch = d->epoch,
                                         .claim.number = e->claim};
    memcpy(record.network, e->network, 32);
    memcpy(record.owner, e->account, 32);
    memcpy(record.claim.instance, e->instance, 16);
    for (size_t i = 0; i < d->n; i++) {
        memcpy(holders[i].account, d->candidates[d->slots[i].candidate].account, 32);
        memcpy(holders[i].receipt, d->slots[i].receipt, HF_SIGNATURE_LEN);
        holders[i].has_receipt = true;
        holders[i].index = i + 1;
    }
    for (size_t i = 0; i < d->strays_count; i++) {
        memcpy(strays[i].account, d->strays[i], 32);
        strays[i].index = 1; /* which one does not matter: it is told to forget by name */
    }
    fill_predecessor(e, &record);
    if (record.has_predecessor)
        hf__retiring_save(e, &record);
    row.record.record = hf__encode(e, &hf_wire_placement_record, &record);
    e->suite->sign(e->s->account, "holdfast/v1/placement-record", row.record.record,
                   row.record.signature);
    hf__record_save(e, &row);
    hf__trace(e, HF_TRACE_RECORDED, 0, NULL, record.generation.number, d->n);
    hf__watch_rebuild(e);
    for (size_t i = 0; i < d->n; i++)
        e->watch[i].shown = d->candidates[d->slots[i].candidate].shown;
    hf__deal_free(e);
    hf__record_send(e);
}

static struct hf_bytes record_body(struct hf_engine *e, const uint8_t holder[static 32],
                                   const struct hf_signed_record *record)
{
    struct hf_record_request m = {.record = *record};
    hf__fill_header(e, holder, &m.header);
    return hf__encode(e, &hf_wire_record_request, &m);
}

void hf__record_send(struct hf_engine *e)
{
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    bool confirmed;
    if (!e->claimed || !hf__own_record(e, &record, &signed_record, &confirmed) || confirmed)
        return;
    for (size_t i = 0; i < e->watch_count; i++) {
        struct hf__watch *w = &e->watch[i];
        uint32_t arg = (uint32_t)record.generation.number;
        if (w->confirmed || hf__calling(e, HF_METHOD_RECORD, w->account, &arg))
            continue;
        struct hf_record_request m = {.record = signed_record};
        hf__fill_header(e, w->account, &m.header);
        int r = hf__owner_send(e, HF_METHOD_RECORD, w->account, (uint8_t)i, arg,
                               &hf_wire_record_request, &m);
        w->error = (int16_t)r;
        if (r != 0 && w->silent_ms == 0)
            w->silent_ms = e->now_ms;
    }
    hf__timer_set(e, HF__TIMER_RECORD, e->timing.standing_ms);
    hf__watch_judge(e);
}

/* All holders have the record: it is complete, and the one before may go. */
static void confirm(struct hf_engine *e, uint64_t number)
{
    struct hf_record_row row;
    int r = hf__decode(e, &hf_wire_record_row,
                       hf_blob_bytes(hf__rows_get(&e->rows, HF_ROW_RECORD, no_key)), &row);
    hf_assert(r == 0);
    row.confirmed = true;
    hf__put(e, HF_ROW_RECORD, no_key, &hf_wire_record_row, &row);
    hf__trace(e, HF_TRACE_CONFIRMED, 0, NULL, number, 0);
    if (e->state != HF_STATE_PLACED)
        hf__state_set(e, HF_STATE_PLACED, 0);
    hf__timer_clear(e, HF__TIMER_RECORD);
    hf__retire_send(e);
    hf__standing_send(e);
}

int hf__record_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body)
{
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    struct hf_ack_statement s;
    uint8_t hash[32];
    bool confirmed;
    if (!e->claimed || !hf__own_record(e, &record, &signed_record, &confirmed) || confirmed ||
        call->arg != record.generation.number || call->slot >= e->watch_count)
        return 0;
    struct hf__watch *w = &e->watch[call->slot];
    int r = error;
    if (r == 0) {
        e->suite->hash("holdfast/v1/request", record_body(e, w->account, &signed_record), hash);
        r = hf__ack_check(e, call, hash, body, &s);
    }
    w->error = (int16_t)r;
    if (r != 0) {
        /* A holder that never confirms is replaced like one that never answers. */
        if (w->silent_ms == 0)
            w->silent_ms = e->now_ms;
        hf__watch_judge(e);
        return error == 0 ? r : 0;
    }
    w->confirmed = true;
    w->placed = s.placed;
    w->silent_ms = 0;
    for (size_t i = 0; i < e->watch_count; i++)
        if (!e->watch[i].confirmed)
            return 0;
    confirm(e, record.generation.number);
    return 0;
}

static struct hf_deletion deletion_of(struct hf_engine *e, const struct hf_retiring_row *row,
                                      const uint8_t holder[static 32])
{
    struct hf_deletion m = {.generation = row->generation, .complete = row->complete};
    hf__fill_header(e, holder, &m.header);
    return m;
}

void hf__retire_send(struct hf_engine *e)
{
    struct hf_placement_record record;
    const struct hf__row *at;
    bool confirmed, waiting = false;
    if (!e->claimed || !hf__own_record(e, &record, NULL, &confirmed) || !confirmed)
        return;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_RETIRING, no_key);
         (at = hf__rows_at(&e->rows, i, HF_ROW_RETIRING, no_key)) != NULL; i++) {
        struct hf_retiring_row row;
        int r = hf__decode(e, &hf_wire_retiring_row, hf_blob_bytes(at->value), &row);
        hf_assert(r == 0);
        for (size_t j = 0; j < row.holders_count; j++) {
            const uint8_t *holder = row.holders[j].account;
            uint32_t arg = (uint32_t)row.generation.number;
            if (hf_set_find(e->set, holder) < 0)
                continue;
            waiting = true;
            if (hf__calling(e, HF_METHOD_DELETE, holder, &arg))
                continue;
            struct hf_deletion m = deletion_of(e, &row, holder);
            r = hf__owner_send(e, HF_METHOD_DELETE, holder, 0, arg, &hf_wire_deletion, &m);
            (void)r; /* asked again with the timer */
        }
    }
    if (waiting)
        hf__timer_set(e, HF__TIMER_RECORD, e->timing.watch_ms);
}

/* One holder less that keeps the old generation. */
static void delete_confirmed(struct hf_engine *e, struct hf_retiring_row *row, size_t holder)
{
    struct hf_bytes key = hf_bytes_of(hf__scratch(e, 16), 16);
    memcpy((uint8_t *)(uintptr_t)key.data, row->generation.id, 16);
    row->holders[holder] = row->holders[--row->holders_count];
    /* All but k - 1 of those that may hold a share have forgotten: they cannot rebuild it. */
    if (row->holders_count + 1 == row->threshold)
        hf__trace(e, HF_TRACE_RETIRED, 0, NULL, row->generation.number, row->holders_count);
    if (row->holders_count == 0)
        hf__del(e, HF_ROW_RETIRING, key);
    else
        hf__put(e, HF_ROW_RETIRING, key, &hf_wire_retiring_row, row);
}

int hf__delete_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body)
{
    const struct hf__row *at;
    if (!e->claimed || error != 0)
        return 0;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_RETIRING, no_key);
         (at = hf__rows_at(&e->rows, i, HF_ROW_RETIRING, no_key)) != NULL; i++) {
        struct hf_retiring_row row;
        struct hf_ack_statement s;
        uint8_t hash[32];
        int r = hf__decode(e, &hf_wire_retiring_row, hf_blob_bytes(at->value), &row);
        hf_assert(r == 0);
        if (row.generation.number != call->arg)
            continue;
        for (size_t j = 0; j < row.holders_count; j++) {
            if (memcmp(row.holders[j].account, call->account, 32) != 0)
                continue;
            struct hf_deletion m = deletion_of(e, &row, call->account);
            e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_deletion, &m), hash);
            r = hf__ack_check(e, call, hash, body, &s);
            if (r == 0 && !s.holds)
                delete_confirmed(e, &row, j);
            return r;
        }
    }
    return 0;
}
