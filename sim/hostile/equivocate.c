/* A corrupt provider accepts every claim, tells each asker what it wants to hear, and calls itself
 * placed. */
#include "hostile/hostile.h"

static void flip(struct hf__strategy_run *run, struct hf_claim_answer *answer)
{
    answer->accepted = hf__draw_below(&run->r, 2) == 0;
}

static bool flip_ack(struct hf__strategy_run *run, const struct hf_message *m, struct hf_buf *ret)
{
    struct hf_ack_response response;
    struct hf_ack_statement statement;
    struct hf_buf encoded;
    bool done = false;
    if (!hf__hostile_decode(run, &hf_wire_ack_response, m->body, &response) ||
        !hf__hostile_decode(run, &hf_wire_ack_statement, response.statement, &statement))
        return false;
    statement.placed = hf__draw_below(&run->r, 2) == 0;
    hf_buf_init(&encoded, 4096);
    if (hf__encode_into(&hf_wire_ack_statement, &statement, &encoded) == 0 &&
        hf__hostile_sign(run, m->from, "holdfast/v1/ack", hf_buf_bytes(&encoded),
                         response.signature)) {
        response.statement = hf_buf_bytes(&encoded);
        done = hf__encode_into(&hf_wire_ack_response, &response, ret) == 0;
    }
    hf_buf_done(&encoded);
    return done;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    (void)w;
    if (!run->on || !m->response || m->error != 0 || !hf__hostile_has(run, m->from))
        return HF_FATE_PASS;
    hf_arena_reset(&run->arena);
    bool done = false;
    if (m->method == HF_METHOD_CLAIM)
        done = hf__hostile_claim(run, m, flip, ret->body);
    else if (m->method == HF_METHOD_STANDING)
        done = flip_ack(run, m, ret->body);
    run->acts += done;
    return done ? HF_FATE_REPLACE : HF_FATE_PASS;
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__hostile_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_equivocate = {
    .name = "equivocation",
    .doc = "corrupt providers accept and refuse claims as they like, and lie about their standing",
    .corrupts = true,
    .begin = begin,
    .end = hf__hostile_end,
};
