/* Strangers take every place for connections that the targets have left: who has no account key
 * yet, as every node that recovers, seldom gets one. (What a real listener does about it is tested
 * where it is: tests/unit/test_net_flood.c.) */
#include "hostile/hostile.h"

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    (void)w;
    (void)ret;
    if (!run->on || m->response || m->account != NULL || !hf__hostile_has(run, m->to) ||
        hf__draw_below(&run->r, 4) == 0)
        return HF_FATE_PASS;
    run->acts++;
    return HF_FATE_RESET;
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__hostile_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_connections = {
    .name = "connections",
    .doc =
        "strangers take the targets' places for connections: three of four who are locked get none",
    .begin = begin,
    .end = hf__hostile_end,
};
