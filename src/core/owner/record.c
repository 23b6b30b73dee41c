/*
 * From n receipts on, the owner's placement record (proto/CLAIMS.md, 4.5): written here, given to
 * its own holders, then to the holders of each older generation that it lists, until q of them have
 * sealed it. Only then is the older generation deleted by name. What is not acknowledged is sent
 * again.
 */

#include "base/error.h"
#include "owner/deal.h"
#include "owner/record.h"

static const struct hf_bytes no_key = {0};

void hf__hint_save(struct hf_engine *e, const struct hf_signed_record *record)
{
    hf_assert(e->active.has_root && record->record.len > 0);
    struct hf_public_hint hint = {
        .version = e->active.number, .has_record = true, .record = *record};
    hint.network = e->network;
    hint.account = e->account;
    hint.has_tickets = true;
    hf__tickets(e, hint.tickets);
    hf__put(e, HF_ROW_PUBLIC, hf_bytes_of("hint", 4), &hf_wire_public_hint, &hint);
}

void hf__record_save(struct hf_engine *e, const struct hf_record_row *row)
{
    struct hf_placement_record record;
    hf_assert(e->open && row->record.record.len > 0);
    hf__put(e, HF_ROW_RECORD, no_key, &hf_wire_record_row, row);
    hf__hint_save(e, &row->record);
    int r = hf__decode(e, &hf_wire_placement_record, row->record.record, &record);
    hf_assert(r == 0);
    hf__roots_note(e, &record);
    hf__put_vault_state(e, HF_VAULT_PLACED);
    hf__moves_drop(e);
    hf__chain_count(e);
}

/* Lists, newest first, what is not sealed: the generation that is replaced, and what its record
 * listed. */
static size_t make_chain(struct hf_engine *e, const struct hf_placement_record *own, bool replaces,
                         struct hf_unsealed ret[static HF__ELECTORATES_MAX])
{
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    size_t needed = hf__needed(e, own, g), count = 0;
    if (replaces)
        ret[count++] = hf__own_unsealed(e, own);
    for (size_t i = 0; i < own->chain_count; i++)
        for (size_t j = 1; j < needed; j++)
            if (memcmp(g[j].id, own->chain[i].generation.id, 16) == 0)
                ret[count++] = own->chain[i];
    hf_assert(count < HF__ELECTORATES_MAX);
    return count;
}

static void sign_record(struct hf_engine *e, struct hf_placement_record *record,
                        struct hf_signed_record *ret)
{
    hf_assert(e->claimed);
    hf_assert(record->holders_count > 0 && e->claim > 0);
    record->ballot.number = e->claim;
    memcpy(record->ballot.instance, e->instance, 16);
    /* One that another vault made may be of a version that this one has not: it stays as it is. */
    (void)!hf__account_wrap(e, (uint32_t)record->generation.version, record->account_wrapped);
    ret->record = hf__encode(e, &hf_wire_placement_record, record);
    e->suite->sign(e->secrets->account, "holdfast/v1/placement-record", ret->record,
                   ret->signature);
}

/* What was lost is there again, where its holder has taken it: those that keep it now get the
 * record, which names them. */
static void mended(struct hf_engine *e)
{
    struct hf__dealing *d = e->owner->dealing;
    hf_assert(d->n == e->owner->holders_count);
    hf_assert(d->mends);
    for (size_t i = 0; i < d->n; i++) {
        struct hf__holder *h = &e->owner->holders[i];
        if (!hf__holder_lacks(h) || !hf__slot_came(&d->slots[i]))
            continue;
        h->error = 0;
        h->shown = d->candidates[i].shown;
    }
    /* Not again and again. */
    hf__deal_later(e, e->now_ms + e->timing.watch_ms, hf__deal_outlook(e));
    hf__deal_free(e);
    hf__record_send(e);
}

void hf__record_make(struct hf_engine *e)
{
    struct hf__dealing *d = e->owner->dealing;
    hf_assert(d != NULL && e->claimed && e->owner->claiming == NULL);
    if (d->mends) {
        mended(e);
        return;
    }
    struct hf_holder holders[HF_SHARES_MAX] = {0};
    struct hf_unsealed chain[HF__ELECTORATES_MAX];
    struct hf_record_row row = {0};
    const struct hf_policy *p = hf__policy(e);
    struct hf_placement_record own;
    struct hf_placement_record record = {.generation = d->generation,
                                         .threshold = d->k,
                                         .quorum = d->q,
                                         .provisional = hf_provisional_quorum(p, d->n, d->q),
                                         .commitments = hf_bytes_of(d->commitments, 32u * d->k),
                                         .holders = holders,
                                         .holders_count = d->n,
                                         .epoch = d->epoch,
                                         .chain = chain,
                                         .roots = d->roots,
                                         .roots_count = d->roots != NULL ? d->dealt.count : 0,
                                         .others = d->others,
                                         .others_count = d->others_count};
    record.network = e->network;
    record.owner = e->account;
    for (size_t i = 0; i < d->n; i++) {
        holders[i].account = d->candidates[d->slots[i].candidate].account;
        holders[i].index = i + 1;
    }
    bool replaces = hf__own_record(e, &own, NULL, NULL);
    if (replaces) {
        record.chain_count = make_chain(e, &own, true, chain);
        hf__older_save(e, &own, &record);
        hf__roots_departed(e, &own, &record);
    }
    /* What was noted in case of a crash is now in the record's own row. */
    hf__given_up_drop(e);
    sign_record(e, &record, &row.record);
    hf__record_save(e, &row);
    hf__older_purge(e, &record);
    hf__trace(e, HF_TRACE_RECORDED, 0, NULL, record.generation.number, d->n);
    hf__holders_rebuild(e);
    hf_assert(e->owner->holders_count == d->n);
    for (size_t i = 0; i < d->n; i++)
        e->owner->holders[i].shown = d->candidates[d->slots[i].candidate].shown;
    e->owner->deal_pause_ms = 0;
    e->owner->full = false;
    hf__deal_free(e);
    hf__record_send(e);
}

/* Holders of the newest generation that have acknowledged its record under the present ballot. */
static size_t confirmed_count(const struct hf_engine *e)
{
    size_t count = 0;
    for (size_t i = 0; i < e->owner->holders_count; i++)
        count += e->owner->holders[i].confirmed;
    hf_assert(count <= e->owner->holders_count);
    return count;
}

void hf__record_resign(struct hf_engine *e, bool always)
{
    hf_assert(e->claimed);
    struct hf_record_row row;
    struct hf_placement_record own;
    struct hf_unsealed chain[HF__ELECTORATES_MAX];
    int r = hf__decode(e, &hf_wire_record_row,
                       hf_blob_bytes(hf__rows_get(&e->rows, HF_ROW_RECORD, no_key)), &row);
    hf_assert(r == 0);
    r = hf__decode(e, &hf_wire_placement_record, row.record.record, &own);
    hf_assert(r == 0);
    /* One that all holders keep as it is signed, and on which nothing older hangs, stays so. */
    if (own.ballot.number == e->claim ||
        (!always && row.confirmed && !row.resigned && own.chain_count == 0))
        return;
    own.chain_count = make_chain(e, &own, false, chain);
    own.chain = chain;
    sign_record(e, &own, &row.record);
    /* Until all have acknowledged it so, each further ballot signs and sends it again. */
    row.resigned = true;
    hf__record_save(e, &row);
    for (size_t i = 0; i < e->owner->holders_count; i++)
        e->owner->holders[i].confirmed = false;
}

static void fill_request(struct hf_engine *e, const struct hf__holder *h,
                         const struct hf_signed_record *record,
                         const struct hf_certificate *certificates, size_t count,
                         struct hf_record_request *ret)
{
    hf_assert(count <= HF_CHAIN_MAX && h->index > 0);
    *ret = (struct hf_record_request){.record = *record,
                                      .certificates = (struct hf_certificate *)certificates,
                                      .certificates_count = count};
    ret->has_ticket = hf__ticket_of(e, &h->account, ret->ticket);
    hf__fill_header(e, &h->account, &ret->header);
}

void hf__record_send(struct hf_engine *e)
{
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    struct hf_certificate certificates[HF__ELECTORATES_MAX];
    bool waiting = false;
    if (!e->claimed || e->owner->claiming != NULL ||
        !hf__own_record(e, &record, &signed_record, NULL) || record.ballot.number != e->claim)
        return;
    size_t sealed = hf__certificates(e, &record, certificates);
    hf_assert(record.holders_count == e->owner->holders_count);
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        struct hf__holder *h = &e->owner->holders[i];
        uint32_t arg = (uint32_t)record.generation.number;
        if (h->confirmed && h->certificates >= sealed)
            continue;
        waiting = true;
        if (hf__calling(e, HF_METHOD_RECORD, &h->account, &arg))
            continue;
        struct hf_record_request m;
        fill_request(e, h, &signed_record, certificates, sealed, &m);
        struct hf__ask ask = {.task = HF__TASK_RECORD,
                              .method = HF_METHOD_RECORD,
                              .slot = (uint8_t)i,
                              .sealed = (uint8_t)sealed,
                              .arg = arg};
        int r = hf__owner_send(e, &ask, &h->account, &hf_wire_record_request, &m);
        if (r == 0)
            continue; /* what it answered last holds until it answers again */
        h->error = (int16_t)r;
        if (h->silent_ms == 0)
            h->silent_ms = e->now_ms;
    }
    if (waiting)
        hf__timer_set(e, HF__TIMER_RECORD, e->timing.standing_ms);
    hf__holders_judge(e);
}

/* All holders have the record: the dealing is complete. */
static void confirm(struct hf_engine *e, uint64_t number)
{
    hf_assert(e->claimed && confirmed_count(e) == e->owner->holders_count);
    struct hf_record_row row;
    int r = hf__decode(e, &hf_wire_record_row,
                       hf_blob_bytes(hf__rows_get(&e->rows, HF_ROW_RECORD, no_key)), &row);
    hf_assert(r == 0);
    bool first = !row.confirmed;
    if (first || row.resigned) {
        row.confirmed = true;
        row.resigned = false;
        hf__put(e, HF_ROW_RECORD, no_key, &hf_wire_record_row, &row);
    }
    if (first) {
        hf__trace(e, HF_TRACE_CONFIRMED, 0, NULL, number, 0);
        if (e->state != HF_STATE_PLACED && e->state != HF_STATE_LEAVING &&
            e->state != HF_STATE_LEFT)
            hf__state_set(e, HF_STATE_PLACED, 0);
    }
    hf__seal_send(e);
    hf__retire_send(e);
    hf__standing_send(e);
}

int hf__record_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_RECORD && call->method == HF_METHOD_RECORD);
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    struct hf_ack_statement s;
    struct hf_certificate certificates[HF__ELECTORATES_MAX];
    struct hf_record_request m;
    struct hf_hash hash;
    if (!e->claimed || !hf__own_record(e, &record, &signed_record, NULL) ||
        call->arg != (uint32_t)record.generation.number || call->slot >= e->owner->holders_count)
        return 0;
    struct hf__holder *h = &e->owner->holders[call->slot];
    size_t sealed = hf__certificates(e, &record, certificates);
    /* What is asked now is another question, or another's: nothing is said about it. */
    if (call->claim != e->claim || call->sealed != sealed ||
        !hf_account_equal(&h->account, &call->account)) {
        hf__timer_set(e, HF__TIMER_RECORD, 0);
        return 0;
    }
    int r = error;
    if (r == 0) {
        fill_request(e, h, &signed_record, certificates, sealed, &m);
        e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_record_request, &m), &hash);
        r = hf__ack_check(e, call, &hash, body, &s, NULL);
    }
    if (r == HF__PARK || (r == HF_EIDENTITY && error == 0))
        return r;
    h->error = (int16_t)r;
    if (r != 0) {
        /* A holder that never confirms is replaced like one that never answers. */
        if (h->silent_ms == 0)
            h->silent_ms = e->now_ms;
        hf__holders_judge(e);
        return error == 0 ? r : 0;
    }
    bool fresh = !h->confirmed;
    h->confirmed = true;
    h->certificates = (uint8_t)sealed;
    h->voteless = !s.votes;
    h->placed = s.placed;
    h->silent_ms = 0;
    if (!fresh)
        return 0;
    if (confirmed_count(e) == e->owner->holders_count) {
        confirm(e, record.generation.number);
    } else {
        hf__seal_send(e);
        hf__retire_send(e);
    }
    return 0;
}

/*
 * All have it; or, where only the authority could find another way, as many as make the generation
 * one that can be used: k that hold it, and q of its acceptors. A chain that is full must end: the
 * next dealing could mend what is missing, and may not begin. And those whom the authority has
 * written off do not come.
 */
bool hf__record_complete(struct hf_engine *e, const struct hf_placement_record *record)
{
    hf_assert(record->holders_count == e->owner->holders_count);
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    size_t count = confirmed_count(e), voting = 0;
    if (count == e->owner->holders_count)
        return true;
    struct hf__moves moves;
    hf__own_moves(e, &moves);
    (void)hf__electorates(e, record, NULL, 0, &moves, g);
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        const struct hf__holder *h = &e->owner->holders[i];
        voting += h->confirmed && !h->voteless && hf__is_acceptor(&g[0], &h->account);
    }
    return (record->chain_count == HF_CHAIN_MAX || g[0].n < record->holders_count) &&
           count >= record->threshold && voting >= g[0].quorum;
}
