/* An adversary in the network who knows the protocol, and holds back exactly what hurts: receipts,
 * records, deletion orders and the answers to claims; everything else passes at once. */
#include "hostile/hostile.h"

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    (void)w;
    if (!run->on || (!hf__hostile_has(run, m->from) && !hf__hostile_has(run, m->to)))
        return HF_FATE_PASS;
    bool hurts = (m->method == HF_METHOD_DEPOSIT && m->response) || m->method == HF_METHOD_RECORD ||
                 m->method == HF_METHOD_DELETE || m->method == HF_METHOD_CLAIM ||
                 (m->method == HF_METHOD_RECOVER && m->response);
    if (!hurts || hf__draw_below(&run->r, 3) == 0)
        return HF_FATE_PASS;
    run->acts++;
    ret->delay_us = hf__draw_below(&run->r, 12000000);
    return HF_FATE_DELAY;
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__hostile_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_delay = {
    .name = "delayer",
    .doc = "receipts, records, deletions and claims of the targets are held back, up to 12 s",
    .begin = begin,
    .end = hf__hostile_end,
};
