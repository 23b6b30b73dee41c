/*
 * Shares that move while their owner is down (proto/REPAIR.md): a holder ceases before it signs,
 * and signs once; the one that takes over has its promise, and votes only when enough others keep
 * the transfer; and the old holder keeps its share until then.
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <string.h>

static struct hf__key moved_key(const struct hf_account *owner, const uint8_t id[static 16],
                                const struct hf_account *from)
{
    return hf__key_of(hf__b32(owner->bytes), hf_bytes_of(id, 16), hf__b32(from->bytes));
}

const struct hf_account *hf__check_successor(const struct hf__checks *c,
                                             const struct hf_account *owner,
                                             const uint8_t id[static 16],
                                             const struct hf_account *from)
{
    return hf__map_find(&c->moved, moved_key(owner, id, from));
}

/* Whether a node does what its engine says, on a disk that its host keeps. */
static bool is_sound(const struct hf__node *n)
{
    return !n->corrupt && !n->tainted && !n->emptied && !n->copy;
}

static bool held_of(struct hf__checks *c, const struct hf__node *n, const struct hf_account *owner,
                    const uint8_t id[static 16], struct hf_held_row *ret)
{
    uint8_t key[48];
    memcpy(key, owner->bytes, HF_ID_LEN);
    memcpy(key + HF_ID_LEN, id, 16);
    struct hf__row *row = hf__disk_find(&n->disk, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    return row != NULL && hf__check_decode(c, &hf_wire_held_row, hf_blob_bytes(row->value), ret);
}

static bool row_of(struct hf__checks *c, const struct hf__node *n, const struct hf_account *owner,
                   struct hf_owner_row *ret)
{
    struct hf__row *row = hf__disk_find(&n->disk, HF_ROW_OWNER, hf__b32(owner->bytes));
    return row != NULL && hf__check_decode(c, &hf_wire_owner_row, hf_blob_bytes(row->value), ret);
}

static bool keeps(struct hf__checks *c, const struct hf__node *n, const struct hf_account *owner,
                  struct hf_bytes transfer)
{
    struct hf_owner_row row;
    if (!row_of(c, n, owner, &row))
        return false;
    for (size_t i = 0; i < row.moves_count; i++)
        if (hf_bytes_equal(row.moves[i].statement, transfer))
            return true;
    return false;
}

/* A holder shows its transfer: it has durably ceased, and signed no other. */
static void check_signed(struct hf__checks *c, uint32_t node, struct hf_bytes transfer)
{
    struct hf_transfer_statement t;
    struct hf_held_row held;
    const struct hf__node *n = hf__node(c->world, node);
    const struct hf_account *account = hf__check_account(c, node);
    if (account == NULL || !hf__check_decode(c, &hf_wire_transfer_statement, transfer, &t) ||
        !hf_account_equal(&t.from, account))
        return;
    struct hf_account *to = hf__map_at(&c->moved, moved_key(&t.owner, t.generation.id, &t.from));
    static const struct hf_account nobody;
    if (!hf_account_equal(to, &nobody) && !hf_account_equal(to, &t.to) && is_sound(n))
        hf__violate(c->world, node, "moved", "n%u handed one share over to two", node);
    *to = t.to;
    bool has = held_of(c, n, &t.owner, t.generation.id, &held);
    if (is_sound(n) && ((has && !held.ceased) || !keeps(c, n, &t.owner, transfer)))
        hf__violate(c->world, node, "moved",
                    "n%u showed a transfer before it had durably ceased to vote", node);
}

void hf__check_transfer_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_transfer_request transfer;
    struct hf_handover_request handover;
    if (m->method == HF_METHOD_TRANSFER &&
        hf__check_decode(c, &hf_wire_transfer_request, m->body, &transfer))
        check_signed(c, m->from, transfer.transfer.statement);
    else if (m->method == HF_METHOD_HANDOVER &&
             hf__check_decode(c, &hf_wire_handover_request, m->body, &handover))
        check_signed(c, m->from, handover.transfer.statement);
}

static uint64_t number_of(struct hf__checks *c, const struct hf_signed_claim *claim)
{
    struct hf_claim_statement s;
    return hf__check_decode(c, &hf_wire_claim_statement, claim->statement, &s) ? s.ballot.number
                                                                               : 0;
}

/* How many holders of a record keep a transfer, or are not sound; who they are now. */
static size_t keepers(struct hf__checks *c, const struct hf_placement_record *r,
                      const struct hf_transfer_statement *t, struct hf_bytes transfer)
{
    size_t count = 0;
    for (size_t i = 0; i < r->holders_count; i++) {
        const struct hf_account *holder = &r->holders[i].account;
        const struct hf_account *next = hf__check_successor(c, &r->owner, r->generation.id, holder);
        long at = hf_world_find(c->world, holder), now = -1;
        if (next != NULL)
            now = hf_world_find(c->world, next);
        bool kept = false;
        for (int which = 0; which < 2; which++) {
            long node = which == 0 ? at : now;
            const struct hf__node *n = node < 0 ? NULL : hf__node(c->world, (uint32_t)node);
            kept = kept || (n != NULL && (!is_sound(n) || keeps(c, n, &r->owner, transfer)));
        }
        count += kept && r->holders[i].index != t->index;
    }
    return count;
}

void hf__check_handover_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_handover_request request;
    struct hf_handover_response response;
    struct hf_transfer_statement t;
    struct hf_placement_record record;
    struct hf_held_row held;
    struct hf_owner_row row;
    const struct hf__node *n = hf__node(c->world, m->from);
    struct hf__heard *h = m->method == HF_METHOD_HANDOVER ? hf__check_heard(c, m) : NULL;
    if (h == NULL || !is_sound(n) ||
        !hf__check_decode(c, &hf_wire_handover_request, hf_bytes_of(h->body, h->len), &request) ||
        !hf__check_decode(c, &hf_wire_handover_response, m->body, &response) ||
        !hf__check_decode(c, &hf_wire_transfer_statement, request.transfer.statement, &t) ||
        !hf__check_decode(c, &hf_wire_placement_record, request.record.record, &record))
        return;
    if (!held_of(c, n, &t.owner, t.generation.id, &held) || !row_of(c, n, &t.owner, &row)) {
        hf__violate(c->world, m->from, "moved", "n%u took a share that is not durable", m->from);
        return;
    }
    if (number_of(c, &row.promised) < number_of(c, &t.promised))
        hf__violate(c->world, m->from, "moved",
                    "n%u took a share without the promise that goes with it", m->from);
    if (response.votes &&
        (held.waiting || keepers(c, &record, &t, request.transfer.statement) < record.quorum))
        hf__violate(c->world, m->from, "moved",
                    "n%u votes for a share, and fewer than %u others keep the transfer", m->from,
                    (unsigned)record.quorum);
}

void hf__check_handed_over(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    const struct hf_account *account = hf__check_account(c, node);
    const struct hf__node *n = hf__node(c->world, node);
    struct hf__owned *o = hf__check_owner(c, &t->account);
    if (account == NULL || !is_sound(n))
        return;
    for (uint32_t i = 0; i < o->count; i++) {
        const struct hf__sharing *s = &o->sharings[i];
        const struct hf_account *to = hf__check_successor(c, &t->account, s->id, account);
        long at = to == NULL ? -1 : hf_world_find(c->world, to);
        struct hf_held_row held;
        if (s->number != t->a || at < 0)
            continue;
        const struct hf__node *next = hf__node(c->world, (uint32_t)at);
        if (!is_sound(next) || next->gone)
            return;
        if (held_of(c, next, &t->account, s->id, &held) && !held.waiting)
            return;
        hf__violate(c->world, node, "moved", "n%u gives its share up, and n%u does not vote for it",
                    node, (unsigned)at);
        return;
    }
}
