/*
 * Shares that others restore while their owner is down (proto/REPAIR.md, 7 to 9): a helper that
 * gives its sum has durably noted where the share is; the new holder's is durable, has no vote, and
 * is at none of those whom the owner chose; and exactly k of those have helped.
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <string.h>

/* Whether a node does what its engine says, on a disk that its host keeps. */
static bool is_sound(const struct hf__node *n)
{
    return !n->corrupt && !n->tainted && !n->emptied && !n->copy;
}

static bool row_of(struct hf__checks *c, const struct hf__node *n, const struct hf_account *owner,
                   struct hf_owner_row *ret)
{
    struct hf__row *row = hf__disk_find(&n->disk, HF_ROW_OWNER, hf__b32(owner->bytes));
    return row != NULL && hf__check_decode(c, &hf_wire_owner_row, hf_blob_bytes(row->value), ret);
}

/* Whether a node has durably noted that the share of this index is at the same new holder. */
static bool has_noted(struct hf__checks *c, const struct hf__node *n,
                      const struct hf_transfer_statement *t)
{
    struct hf_owner_row row;
    struct hf_transfer_statement s;
    if (!row_of(c, n, &t->owner, &row))
        return false;
    for (size_t i = 0; i < row.moves_count; i++)
        if (hf__check_decode(c, &hf_wire_transfer_statement, row.moves[i].statement, &s) &&
            s.helpers_count > 0 && s.index == t->index &&
            memcmp(s.generation.id, t->generation.id, 16) == 0 && hf_account_equal(&s.to, &t->to))
            return true;
    return false;
}

static void check_sum(struct hf__checks *c, const struct hf_message *m, const struct hf__heard *h)
{
    struct hf_sum_request request;
    struct hf_sum_response response;
    struct hf_transfer_statement t;
    const struct hf__node *n = hf__node(c->world, m->from);
    if (!is_sound(n) ||
        !hf__check_decode(c, &hf_wire_sum_request, hf_bytes_of(h->body, h->len), &request) ||
        !hf__check_decode(c, &hf_wire_sum_response, m->body, &response) || response.has_accused ||
        !hf__check_decode(c, &hf_wire_transfer_statement, request.transfer.statement, &t))
        return;
    if (!has_noted(c, n, &t))
        hf__violate(c->world, m->from, "regained",
                    "n%u gave a sum before it had durably noted where the share is", m->from);
}

/* Exactly k of those whom the owner chose, and the new holder is none of them. */
static bool are_helpers(const struct hf_transfer_statement *t,
                        const struct hf_placement_record *record)
{
    size_t found = 0;
    for (size_t i = 0; i < record->holders_count; i++) {
        const struct hf_account *holder = &record->holders[i].account;
        if (hf_account_equal(holder, &t->to))
            return false;
        for (size_t j = 0; j < t->helpers_count; j++)
            found += hf_account_equal(holder, &t->helpers[j].account) &&
                     record->holders[i].index != t->index;
    }
    return found == record->threshold && t->helpers_count == record->threshold;
}

static void check_restored(struct hf__checks *c, const struct hf_message *m,
                           const struct hf__heard *h)
{
    struct hf_restore_request request;
    struct hf_restore_response response;
    struct hf_transfer_statement t;
    struct hf_placement_record record;
    struct hf_held_row held = {0};
    struct hf_owner_row row = {0};
    uint8_t key[48];
    const struct hf__node *n = hf__node(c->world, m->from);
    if (!is_sound(n) ||
        !hf__check_decode(c, &hf_wire_restore_request, hf_bytes_of(h->body, h->len), &request) ||
        !hf__check_decode(c, &hf_wire_restore_response, m->body, &response) ||
        response.has_accused ||
        !hf__check_decode(c, &hf_wire_transfer_statement, request.transfer.statement, &t) ||
        !hf__check_decode(c, &hf_wire_placement_record, request.record.record, &record))
        return;
    memcpy(key, t.owner.bytes, HF_ID_LEN);
    memcpy(key + HF_ID_LEN, t.generation.id, 16);
    struct hf__row *kept = hf__disk_find(&n->disk, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    bool has = kept != NULL &&
               hf__check_decode(c, &hf_wire_held_row, hf_blob_bytes(kept->value), &held) &&
               held.index == t.index && row_of(c, n, &t.owner, &row);
    if (!has)
        hf__violate(c->world, m->from, "regained", "n%u took a restored share that is not durable",
                    m->from);
    else if (!held.restored)
        hf__violate(c->world, m->from, "regained", "n%u took a restored share that votes", m->from);
    else if (!are_helpers(&t, &record))
        hf__violate(c->world, m->from, "regained",
                    "n%u took a share that not exactly k of its owner's holders restored", m->from);
}

void hf__check_regained_sent(struct hf__checks *c, const struct hf_message *m)
{
    if (m->method != HF_METHOD_SUM && m->method != HF_METHOD_RESTORE)
        return;
    struct hf__heard *h = hf__check_heard(c, m);
    if (h == NULL)
        return;
    if (m->method == HF_METHOD_SUM)
        check_sum(c, m, h);
    else
        check_restored(c, m, h);
}
