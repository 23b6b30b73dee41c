/*
 * A provider that is corrupt inside its trust domain answers recoveries with wrong shares: damaged,
 * under another index or generation, or without the newest; all properly signed.
 */
#include "plot.h"

#include <stdlib.h>
#include <string.h>

static void spoil(struct hf__plot *p, struct hf_recover_answer *answer)
{
    if (answer->shares_count == 0)
        return;
    struct hf_held_share *share = &answer->shares[hf__draw_below(&p->r, answer->shares_count)];
    switch (hf__draw_below(&p->r, 6)) {
    case 0:
        answer->shares_count--;
        break;
    case 1:
        share->index = share->index % share->shares + 1;
        break;
    case 2:
        share->generation.number++;
        break;
    case 3:
        share->generation.id[0] ^= 1;
        break;
    case 4:
        /* What is borrowed lies in the message that is being replaced. */
        ((uint8_t *)(uintptr_t)share->commitments.data)[0] ^= 1;
        break;
    default:
        if (share->sealed.len > 0)
            ((uint8_t *)(uintptr_t)share->sealed.data)[40] ^= 1;
    }
}

static bool rebuild(struct hf__plot *p, const struct hf_message *m, struct hf_buf *ret)
{
    struct hf_recover_response response;
    struct hf_recover_answer answer;
    struct hf_buf encoded;
    bool done = false;
    hf_arena_reset(&p->arena);
    if (!hf__plot_decode(p, &hf_wire_recover_response, m->body, &response) ||
        !hf__plot_decode(p, &hf_wire_recover_answer, response.answer, &answer))
        return false;
    spoil(p, &answer);
    hf_buf_init(&encoded, 1 << 20);
    if (hf_wire_encode(&hf_wire_recover_answer, &answer, &encoded) == 0 &&
        hf__plot_sign(p, m->from, "holdfast/v1/recover-answer", hf_buf_bytes(&encoded),
                      response.signature)) {
        response.answer = hf_buf_bytes(&encoded);
        done = hf_wire_encode(&hf_wire_recover_response, &response, ret) == 0;
    }
    hf_buf_done(&encoded);
    return done;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__plot *p = ctx;
    (void)w;
    if (!p->on || !m->response || m->error != 0 || !hf__plot_has(p, m->from) ||
        (m->method != HF_METHOD_RECOVER && m->method != HF_METHOD_DRILL))
        return HF_FATE_PASS;
    return rebuild(p, m, ret->body) ? HF_FATE_REPLACE : HF_FATE_PASS;
}

static void *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__plot_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_shares = {
    .name = "wrong-shares",
    .doc = "corrupt providers answer recoveries with wrong, mixed or old shares, signed",
    .corrupts = true,
    .begin = begin,
    .end = hf__plot_end,
};
