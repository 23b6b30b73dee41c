/* Asks for nonces, and with garbage for everything, as fast as its line carries. */
#include "hostile/plot.h"

#include "network/network.h"

#include <string.h>

enum { PAUSE_US = 2000, BURST = 20 };

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__plot *p = ctx;
    (void)mark;
    if (!p->on || p->count == 0)
        return;
    uint32_t from = p->nodes[hf__draw_below(&p->r, p->count)];
    for (int i = 0; i < BURST; i++) {
        uint32_t to = hf__plot_other(p, from);
        if (hf__draw_below(&p->r, 4) == 0) {
            uint8_t junk[200];
            size_t len = hf__draw_below(&p->r, sizeof(junk));
            hf__draw_bytes(&p->r, junk, sizeof(junk));
            p->acts++;
            hf__network_inject(w, from, to, (uint8_t)(1 + hf__draw_below(&p->r, 10)), NULL,
                               hf_bytes_of(junk, len), w->now_us);
            continue;
        }
        struct hf_nonce_request request = {0};
        uint32_t victim = hf__plot_other(p, from);
        if (hf__node(w, victim)->has_account)
            request.account = hf__node(w, victim)->account;
        hf__draw_bytes(&p->r, request.response_key, 32);
        hf__plot_ask(p, from, to, HF_METHOD_NONCE, NULL, &hf_wire_nonce_request, &request);
    }
    hf__wake(w, p->observer, 0, w->now_us + PAUSE_US * BURST);
}

static struct hf__plot *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.wake = wake};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, 0);
    hf__wake(w, p->observer, 0, w->now_us);
    return p;
}

const struct hf__strategy hf__strategy_flood = {
    .name = "flood",
    .doc = "500 requests a second for nonces, and with garbage",
    .begin = begin,
    .end = hf__plot_end,
};
