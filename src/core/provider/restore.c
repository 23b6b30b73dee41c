/*
 * The new holder of a share that others restore (proto/REPAIR.md, 8). What must hold: nothing is
 * stored that does not fit the owner's commitments, and a share that was restored never votes.
 */
#include "base/error.h"
#include "provider/provider.h"

struct context {
    struct hf_restore_request m;
    struct hf_placement_record record;
    struct hf__plan plan;
    struct hf_owner_row row;
    struct hf_held_row held;
    bool known; /* a row is kept of the owner */
    bool has;   /* the share is here already */
};

static int check_asker(struct hf_engine *e, const struct hf__message *from, const struct context *c,
                       const struct hf_transfer_statement *t)
{
    hf_assert(from->is_request && e->claimed);
    int r = hf__asker_check(e, from, &c->m.versions, &t->owner);
    if (r != 0)
        return r;
    return hf__holder_gone(e, &t->from) ? 0 : HF_ESTAYS;
}

/* Whether all helpers have signed the transfer and their points, and those add up. */
static int check_signed(struct hf_engine *e, const struct context *c)
{
    struct hf_transfer_statement t;
    const struct hf__plan *p = &c->plan;
    int r = hf__transfer_check(e, &c->m.transfer, &p->t.owner, &t);
    if (r == 0 && (c->m.splits_count != p->repair.k || c->m.sums_count != p->repair.k))
        r = HF_ETRANSFER;
    for (size_t i = 0; r == 0 && i < c->m.splits_count; i++) {
        r = hf__split_signed(e, p, i, &c->m.splits[i]);
        if (r == 0)
            r = hf__split_check(e, p, i, &c->m.splits[i]);
    }
    hf_assert(r != 0 || c->m.splits_count > 0);
    return r;
}

static int check_restore(struct hf_engine *e, const struct hf__message *from, struct context *c)
{
    struct hf_transfer_statement t;
    struct hf_claim_statement promised;
    struct hf__plan *p = &c->plan;
    int r = hf__decode(e, &hf_wire_transfer_statement, c->m.transfer.statement, &t);
    if (r == 0)
        r = check_asker(e, from, c, &t);
    if (r == 0)
        r = hf__record_check(e, &c->m.record, &t.owner, &c->record);
    if (r == 0)
        r = hf__plan_read(e, c->m.transfer.statement, c->m.repair, &c->record, p);
    if (r == 0)
        r = hf__claim_open(e, &t.promised, &t.owner, &promised);
    if (r != 0)
        return r;
    if (!hf_account_equal(&t.to, &e->account) || hf__plan_place(p, &from->account) < 0 ||
        promised.ballot.number < c->record.ballot.number ||
        !hf__sealing_has(e, hf__plan_key(p, p->repair.k)))
        return HF_ETRANSFER;
    r = hf__nonce_check(e, hf__take_context(e, &t.owner, &c->record.generation, &from->account),
                        c->m.nonce);
    if (r == 0)
        r = hf__place_check(e, NULL, &c->record, t.index, &c->has);
    if (r != 0 || c->has)
        return r;
    r = hf__move_room_check(e, &t.owner);
    hf_assert(r != 0 || t.index <= c->record.holders_count);
    return r != 0 ? r : check_signed(e, c);
}

/* What the owner will show itself by, as the helpers knew it: a share is given out by the same
 * rules here as there. */
static void inherit(struct hf_engine *e, struct context *c)
{
    struct hf_owner_row *row = &c->row;
    const struct hf_transfer_statement *t = &c->plan.t;
    hf_assert(c->known || row->promised.statement.len == 0);
    if (!c->known) {
        row->promised = t->promised;
        memcpy(row->ppid, t->ppid, sizeof row->ppid);
    }
    if (t->rank > row->rank)
        row->rank = t->rank;
    if (row->generation_newest < c->record.generation.number)
        row->generation_newest = c->record.generation.number;
    if (hf__newest_check(e, row, &c->m.record, &c->record) == 0 &&
        !hf__newest_is(row, &c->m.record))
        hf__newest_set(row, &c->m.record, NULL, 0);
    hf_assert(row->promised.statement.len > 0 && row->generation_newest > 0);
}

static int store(struct hf_engine *e, struct context *c)
{
    uint8_t key[48];
    const struct hf_transfer_statement *t = &c->plan.t;
    hf_assert(t->helpers_count == c->record.threshold);
    if (!hf__transfer_keep(e, &c->row, &t->owner, &c->m.transfer))
        return HF_ESHAREMOVED;
    hf_assert(c->held.restored && c->held.has_record);
    hf__held_key(&t->owner, c->record.generation.id, key);
    hf__put(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &c->held);
    hf__owner_put(e, &t->owner, &c->row);
    hf_assert(!hf__held_votes(e, &t->owner, c->record.generation.id));
    hf__trace(e, HF_TRACE_SHARE_RESTORED, 0, &t->owner, c->record.generation.number, t->index);
    return 0;
}

static int take(struct hf_engine *e, struct context *c, struct hf_accusation *ret_accused)
{
    c->held = (struct hf_held_row){.generation = c->record.generation,
                                   .index = c->plan.t.index,
                                   .shares = c->record.holders_count,
                                   .commitments = c->record.commitments,
                                   .has_record = true,
                                   .record = c->m.record,
                                   .restored = true};
    c->held.header.network = e->network;
    c->held.header.owner = c->plan.t.owner;
    c->held.header.provider = e->account;
    c->held.header.ballot = c->record.ballot;
    if (e->store_error != 0)
        return e->store_error;
    int r = hf__sums_wrap(e, &c->plan, &c->m, &c->held, ret_accused);
    if (r != 0)
        return r;
    c->known = hf__owner_row(e, &c->plan.t.owner, &c->row);
    hf_assert(c->held.index > 0 && !c->has);
    inherit(e, c);
    return store(e, c);
}

int hf__recv_restore(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct context *c = hf__scratch(e, sizeof *c);
    struct hf_restore_response answer = {0};
    int r = hf__decode(e, &hf_wire_restore_request, body, &c->m);
    if (r == 0)
        r = check_restore(e, from, c);
    if (r == 0 && !c->has)
        r = take(e, c, &answer.accused);
    answer.has_accused = r != 0 && r != HF_ENOMEM && answer.accused.index != 0;
    if (r != 0 && !answer.has_accused)
        return r;
    hf__versions(e, &answer.versions);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_restore_response, &answer), false);
    return 0;
}
