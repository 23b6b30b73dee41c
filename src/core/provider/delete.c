/*
 * /v1/delete: forget one generation by name. The share goes; the promise, the newest record and the
 * vote stay (R6): a holder that forgot them would vote for an instance that was superseded. Or all
 * that is older goes, known to the owner or not, and the votes for it: the owner says so once
 * enough acceptors keep a record on which nothing older hangs, so that no ballot needs any of it.
 */
#include "base/error.h"
#include "provider/provider.h"

/* Takes the record that comes with the order, when it is newer than the one known. A generation
 * goes only where the newest record known is of another one; all go only by the record of the
 * order's own ballot, than which none is newer. */
static int check_order(struct hf_engine *e, const struct hf_deletion *m, struct hf_owner_row *row)
{
    struct hf_placement_record record;
    struct hf_record_order newest;
    int r = hf__record_check(e, &m->record, &m->header.owner, &record);
    if (r == 0 && memcmp(record.generation.id, m->complete.id, 16) != 0)
        r = HF_ERECORD;
    if (r != 0)
        return r;
    r = hf__newest_check(e, row, &m->record, &record);
    if (r == HF_ECONTRADICTION)
        return r;
    hf_assert(record.generation.number > 0);
    if (r == 0 && !hf__newest_is(row, &m->record))
        hf__newest_set(row, &m->record, NULL, 0);
    bool known = hf__newest_order(e, row, &newest);
    hf_assert(known);
    if (m->all && (memcmp(newest.id, m->complete.id, 16) != 0 ||
                   !hf__ballot_equal(&record.ballot, &m->header.ballot)))
        return HF_EGENERATION;
    return memcmp(newest.id, m->generation.id, 16) != 0 ? 0 : HF_EGENERATION;
}

static void forget(struct hf_engine *e, const struct hf_held_row *held, struct hf_owner_row *row)
{
    uint8_t key[48];
    hf_assert(held->generation.number > 0);
    hf__held_key(&held->header.owner, held->generation.id, key);
    hf__del(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    hf__former_add(e, row, held);
    hf__trace(e, HF_TRACE_SHARE_DELETED, 0, &held->header.owner, held->generation.number, 0);
}

/* The ballot of the order bounds what goes: however late the order comes, what the same instance
 * has dealt since stays. */
static void forget_all(struct hf_engine *e, const struct hf_deletion *m, struct hf_owner_row *row)
{
    struct hf_held_row held;
    uint64_t below = m->header.ballot.number;
    hf_assert(m->all && below > 0);
    for (size_t at = 0; hf__held_next(e, &m->header.owner, &at, &held);)
        if (held.header.ballot.number < below &&
            memcmp(held.generation.id, m->complete.id, 16) != 0) {
            forget(e, &held, row);
            at--;
        }
    hf__former_forget(row, below, m->complete.id);
}

/* Carries the order out. Where nothing of the generation is here, nothing of it is taken from now
 * on: a deposit may be on its way for as long as its nonce lives. */
static int carry_out(struct hf_engine *e, const struct hf_deletion *m, struct hf_owner_row *row,
                     const struct hf_owner_request *shown, bool *ret_changed)
{
    struct hf_held_row held;
    bool held_here = hf__held_row(e, &m->header.owner, m->generation.id, &held);
    bool former = m->unrecorded && hf__former_has(row, m->generation.id);
    bool known = held_here || m->all || former;
    bool raises = row->generation_newest < m->generation.number;
    *ret_changed = known || raises;
    /* What is on its way to another is not gone: who says that it keeps nothing has sent nothing
     * that could still be taken. */
    if (hf__handing_over(e, row, m->generation.id))
        return HF_EBUSY;
    int r = known ? check_order(e, m, row) : 0;
    if (r == 0 && *ret_changed)
        r = e->store_error;
    if (r != 0)
        return r;
    if (raises)
        row->generation_newest = m->generation.number;
    if (held_here)
        forget(e, &held, row);
    if (m->unrecorded)
        (void)hf__former_take(row, m->generation.id);
    if (m->all)
        forget_all(e, m, row);
    hf__moves_prune(e, row, &m->header.owner, shown);
    hf_assert(!held_here || hf__held_index(e, &m->header.owner, m->generation.id) == 0);
    hf_assert(row->generation_newest >= m->generation.number);
    return 0;
}

int hf__recv_delete(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_deletion m = {0};
    struct hf__owner_message o;
    bool changed = false, taken = false;
    int r = hf__owner_admit(e, from, body, &hf_wire_deletion, &m, &m.header, &o);
    if (r == 0)
        r = carry_out(e, &m, &o.row, &o.request, &changed);
    if (r != 0)
        return r;
    taken = hf__was_taken(e, &o.row, m.generation.id);
    hf__owner_keep(e, &o, changed);
    struct hf_ack_statement s = {
        .votes = hf__votes_for(e, &m.header.owner, &o.row, m.generation.id), .released = taken};
    hf__ack(e, &o, &s, NULL);
    return 0;
}
