/*
 * Corrupt members to whom others restore a share (proto/REPAIR.md, 8): they say that they have it
 * already by a transfer that no helper signed, or that the sums of a helper do not fit, with what
 * it has not signed or with nothing.
 */
#include "hostile/hostile.h"

#include <string.h>

/* Says that a helper, who is drawn, has sent what does not fit. */
static bool accuse(struct hf__strategy_run *run, const struct hf_message *m, struct hf_buf *ret)
{
    struct hf_restore_response r;
    if (!hf__hostile_decode(run, &hf_wire_restore_response, m->body, &r) || r.has_accused)
        return false;
    r.has_accused = true;
    r.accused = (struct hf_accusation){.index = 1 + hf__draw_below(&run->r, HF_SHARES_MAX)};
    if (hf__draw_below(&run->r, 2) == 0) {
        r.accused.has_value = r.accused.has_signature = true;
        for (size_t i = 0; i < sizeof r.accused.value - 1; i++)
            r.accused.value[i] = (uint8_t)hf__draw(&run->r);
        for (size_t i = 0; i < sizeof r.accused.signature; i++)
            r.accused.signature[i] = (uint8_t)hf__draw(&run->r);
    }
    return hf__encode_into(&hf_wire_restore_response, &r, ret) == 0;
}

/* Says that it has the share by a transfer that it has signed itself. */
static bool pretend(struct hf__strategy_run *run, const struct hf_message *m, struct hf_buf *ret)
{
    struct hf_take_response r;
    struct hf_account_ref helpers[2] = {0};
    struct hf_transfer_statement t = {.index = 1, .helpers = helpers, .helpers_count = 2};
    struct hf_buf statement;
    uint8_t others[HF_SIGNATURE_LEN];
    bool done = false;
    if (!hf__hostile_decode(run, &hf_wire_take_response, m->body, &r) || r.has_transfer)
        return false;
    const struct hf__node *n = hf__node(run->world, m->from);
    t.network = run->world->authority.network;
    t.to = helpers[0].account = n->account;
    t.owner = t.from = helpers[1].account = hf__node(run->world, m->to)->account;
    t.generation.number = t.generation.version = t.newest.generation = 1;
    t.made_s = 1;
    t.promised.statement = hf_bytes_of(n->account.bytes, HF_ID_LEN);
    hf_buf_init(&statement, 1 << 12);
    if (hf__encode_into(&hf_wire_transfer_statement, &t, &statement) == 0 &&
        hf__hostile_sign(run, m->from, "holdfast/v1/restored", hf_buf_bytes(&statement), others)) {
        r.has_transfer = true;
        r.transfer = (struct hf_signed_transfer){.statement = hf_buf_bytes(&statement),
                                                 .others = hf_bytes_of(others, sizeof others)};
        memcpy(r.transfer.signature, others, sizeof others);
        done = hf__encode_into(&hf_wire_take_response, &r, ret) == 0;
    }
    hf_buf_done(&statement);
    return done;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    bool done = false;
    if (!run->on || !m->response || m->error != 0 || !hf__hostile_has(run, m->from) ||
        m->to == HF__NOBODY || !hf__node(w, m->to)->has_account)
        return HF_FATE_PASS;
    hf_arena_reset(&run->arena);
    if (m->method == HF_METHOD_RESTORE)
        done = accuse(run, m, ret->body);
    else if (m->method == HF_METHOD_TAKE && hf__draw_below(&run->r, 3) == 0)
        done = pretend(run, m, ret->body);
    run->acts += done;
    return done ? HF_FATE_REPLACE : HF_FATE_PASS;
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__hostile_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_takers = {
    .name = "false-takers",
    .doc =
        "corrupt members to whom a share is restored say that they have it, or accuse who helped",
    .corrupts = true,
    .begin = begin,
    .end = hf__hostile_end,
};
