/*
 * Corrupt holders that make transfers up (proto/REPAIR.md, 3 and 8): of another's share, to one
 * that is a holder or the owner, of another generation, restored by helpers who know nothing of it.
 * They tell other holders of them, and show them to the owner with what they answer. No node may go
 * by one.
 */
#include "hostile/hostile.h"

#include "storage/storage.h"

#include <stdlib.h>
#include <string.h>

enum { LIES = 6 };

/* One transfer that is made up, with what it points to. */
struct lie {
    struct hf_transfer_statement t;
    struct hf_account_ref helpers[HF_SHARES_MAX];
    uint8_t others[HF_SHARES_MAX * HF_SIGNATURE_LEN];
    struct hf_buf statement;
    struct hf_signed_transfer transfer;
};

/* What a corrupt node keeps of an owner's newest generation; false: nothing. */
static bool read_row(struct hf__strategy_run *run, uint32_t node, const struct hf_account *owner,
                     struct hf_owner_row *ret, struct hf_placement_record *ret_record)
{
    struct hf__row *row =
        hf__disk_find(&hf__node(run->world, node)->disk, HF_ROW_OWNER, hf_account_bytes(owner));
    return row != NULL &&
           hf__hostile_decode(run, &hf_wire_owner_row, hf_blob_bytes(row->value), ret) &&
           ret->has_newest &&
           hf__hostile_decode(run, &hf_wire_placement_record, ret->newest.record, ret_record);
}

/* The holder of a record at a place that is drawn, other than this account where there is one. */
static const struct hf_holder *any_other(struct hf__strategy_run *run,
                                         const struct hf_placement_record *r,
                                         const struct hf_account *account)
{
    size_t at = (size_t)hf__draw_below(&run->r, r->holders_count);
    if (hf_account_equal(&r->holders[at].account, account))
        at = (at + 1) % r->holders_count;
    return &r->holders[at];
}

/* One of the lies; each is wrong in one respect alone. */
static void twist(struct hf__strategy_run *run, const struct hf_placement_record *r,
                  const struct hf_account *account, struct lie *lie)
{
    struct hf_transfer_statement *t = &lie->t;
    const struct hf_holder *other = any_other(run, r, account);
    switch (hf__draw_below(&run->r, LIES)) {
    case 0: /* another's share */
        t->from = other->account;
        t->index = other->index;
        break;
    case 1: /* at another's index */
        t->index = other->index;
        break;
    case 2:
        t->to = other->account;
        break;
    case 3:
        t->to = r->owner;
        break;
    case 4: /* another generation */
        t->generation.id[0] ^= 1;
        t->newest.id[0] ^= 1;
        break;
    default: /* restored, by helpers who have not signed */
        t->from = other->account;
        t->index = other->index;
        for (size_t i = 0; i < r->holders_count && t->helpers_count < r->threshold; i++)
            if (r->holders[i].index != t->index)
                lie->helpers[t->helpers_count++].account = r->holders[i].account;
        t->helpers = lie->helpers;
        break;
    }
}

static bool sign(struct hf__strategy_run *run, uint32_t node, struct lie *lie)
{
    struct hf_signed_transfer *s = &lie->transfer;
    bool restored = lie->t.helpers_count > 0;
    hf_buf_init(&lie->statement, 1 << 12);
    if (hf__encode_into(&hf_wire_transfer_statement, &lie->t, &lie->statement) != 0)
        return false;
    s->statement = hf_buf_bytes(&lie->statement);
    if (!hf__hostile_sign(run, node, restored ? "holdfast/v1/restored" : "holdfast/v1/transfer",
                          s->statement, s->signature))
        return false;
    for (size_t i = 1; i < lie->t.helpers_count; i++)
        memcpy(lie->others + (i - 1) * HF_SIGNATURE_LEN, s->signature, HF_SIGNATURE_LEN);
    if (restored)
        s->others = hf_bytes_of(lie->others, (lie->t.helpers_count - 1) * HF_SIGNATURE_LEN);
    return true;
}

/* Makes one up. ret_record: the owner's, as the liar knows it. The caller ends ret->statement. */
static bool make_up(struct hf__strategy_run *run, uint32_t node, const struct hf_account *owner,
                    struct hf_placement_record *ret_record, struct lie *ret)
{
    struct hf_owner_row row;
    const struct hf__node *n = hf__node(run->world, node);
    const struct hf__node *to = hf__node(run->world, hf__hostile_other(run, node));
    *ret = (struct lie){0};
    if (!n->has_account || !to->has_account || !read_row(run, node, owner, &row, ret_record) ||
        ret_record->holders_count < 3)
        return false;
    struct hf_transfer_statement *t = &ret->t;
    t->network = run->world->authority.network;
    t->owner = *owner;
    t->generation = ret_record->generation;
    t->from = n->account;
    t->to = to->account;
    t->promised = row.promised;
    t->newest = (struct hf_record_order){.claim = ret_record->ballot.number,
                                         .generation = ret_record->generation.number};
    memcpy(t->newest.id, ret_record->generation.id, sizeof t->newest.id);
    t->rank = row.rank;
    memcpy(t->ppid, row.ppid, sizeof t->ppid);
    t->made_s = run->world->settings.wall_s + run->world->now_us / 1000000;
    for (size_t i = 0; i < ret_record->holders_count; i++)
        if (hf_account_equal(&ret_record->holders[i].account, &n->account))
            t->index = ret_record->holders[i].index;
    if (t->index == 0)
        return false;
    twist(run, ret_record, &n->account, ret);
    return sign(run, node, ret);
}

/* Another holder is told of it. */
static void tell(struct hf__strategy_run *run, uint32_t node, const struct hf_versions *versions,
                 const struct hf_placement_record *record, const struct lie *lie)
{
    struct hf_transfer_request m = {.versions = *versions, .transfer = lie->transfer};
    const struct hf_account *account = &hf__node(run->world, node)->account;
    long to = hf_world_find(run->world, &any_other(run, record, account)->account);
    if (to >= 0 && (uint32_t)to != node)
        hf__hostile_ask(run, node, (uint32_t)to, HF_METHOD_TRANSFER, account,
                        &hf_wire_transfer_request, &m);
}

static bool show_in_claim(struct hf__strategy_run *run, const struct hf_message *m, struct lie *lie,
                          struct hf_buf *ret, struct hf_versions *versions)
{
    struct hf_claim_response r;
    if (!hf__hostile_decode(run, &hf_wire_claim_response, m->body, &r))
        return false;
    *versions = r.versions;
    r.moves = &lie->transfer;
    r.moves_count = 1;
    return hf__encode_into(&hf_wire_claim_response, &r, ret) == 0;
}

static bool show_in_ack(struct hf__strategy_run *run, const struct hf_message *m, struct lie *lie,
                        struct hf_buf *ret, struct hf_versions *versions)
{
    struct hf_ack_response r;
    if (!hf__hostile_decode(run, &hf_wire_ack_response, m->body, &r))
        return false;
    *versions = r.versions;
    r.moves = &lie->transfer;
    r.moves_count = 1;
    return hf__encode_into(&hf_wire_ack_response, &r, ret) == 0;
}

static bool show_in_recover(struct hf__strategy_run *run, const struct hf_message *m,
                            struct lie *lie, struct hf_buf *ret, struct hf_versions *versions)
{
    struct hf_recover_response r;
    struct hf_recover_answer a;
    struct hf_buf answer;
    bool done = false;
    if (!hf__hostile_decode(run, &hf_wire_recover_response, m->body, &r) ||
        !hf__hostile_decode(run, &hf_wire_recover_answer, r.answer, &a))
        return false;
    *versions = r.versions;
    a.moves = &lie->transfer;
    a.moves_count = 1;
    hf_buf_init(&answer, 1 << 18);
    if (hf__encode_into(&hf_wire_recover_answer, &a, &answer) == 0 &&
        hf__hostile_sign(run, m->from, "holdfast/v1/recover-answer", hf_buf_bytes(&answer),
                         r.signature)) {
        r.answer = hf_buf_bytes(&answer);
        done = hf__encode_into(&hf_wire_recover_response, &r, ret) == 0;
    }
    hf_buf_done(&answer);
    return done;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    struct hf_placement_record record;
    struct hf_versions versions = {0};
    struct lie lie;
    bool done = false;
    if (!run->on || !m->response || m->error != 0 || !hf__hostile_has(run, m->from) ||
        m->to == HF__NOBODY || !hf__node(w, m->to)->has_account || hf__draw_below(&run->r, 2) == 0)
        return HF_FATE_PASS;
    hf_arena_reset(&run->arena);
    if (make_up(run, m->from, &hf__node(w, m->to)->account, &record, &lie)) {
        if (m->method == HF_METHOD_CLAIM)
            done = show_in_claim(run, m, &lie, ret->body, &versions);
        else if (m->method == HF_METHOD_STANDING || m->method == HF_METHOD_RECORD)
            done = show_in_ack(run, m, &lie, ret->body, &versions);
        else if (m->method == HF_METHOD_RECOVER)
            done = show_in_recover(run, m, &lie, ret->body, &versions);
        if (done && hf__draw_below(&run->r, 4) == 0)
            tell(run, m->from, &versions, &record, &lie);
    }
    hf_buf_done(&lie.statement);
    run->acts += done;
    return done ? HF_FATE_REPLACE : HF_FATE_PASS;
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__hostile_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_moves = {
    .name = "made-up-transfers",
    .doc = "corrupt holders tell holders and owners of transfers that none may go by",
    .corrupts = true,
    .begin = begin,
    .end = hf__hostile_end,
};
