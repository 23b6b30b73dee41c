/* Strangers take every place for connections that the targets have left: who has no account key
 * yet, as everybody who recovers, seldom gets one. (What a real listener does about it is tested
 * where it is: tests/unit/test_net_flood.c.) */
#include "hostile/plot.h"

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__plot *p = ctx;
    (void)w;
    (void)ret;
    if (!p->on || m->response || m->account != NULL || !hf__plot_has(p, m->to) ||
        hf__draw_below(&p->r, 4) == 0)
        return HF_FATE_PASS;
    p->acts++;
    return HF_FATE_RESET;
}

static struct hf__plot *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__plot_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_connections = {
    .name = "connections",
    .doc =
        "strangers take the targets' places for connections: three of four who are locked get none",
    .begin = begin,
    .end = hf__plot_end,
};
