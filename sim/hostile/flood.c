/* Asks for nonces, and with garbage for everything, as fast as its line carries. */
#include "hostile/hostile.h"

#include "network/network.h"

#include <string.h>

enum { PAUSE_US = 2000, BURST = 20 };

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__strategy_run *run = ctx;
    (void)mark;
    if (!run->on || run->count == 0)
        return;
    uint32_t from = run->nodes[hf__draw_below(&run->r, run->count)];
    for (int i = 0; i < BURST; i++) {
        uint32_t to = hf__hostile_other(run, from);
        if (hf__draw_below(&run->r, 4) == 0) {
            uint8_t junk[200];
            size_t len = hf__draw_below(&run->r, sizeof junk);
            hf__draw_bytes(&run->r, junk, sizeof junk);
            run->acts++;
            hf__network_inject(w, from, to, (uint8_t)(1 + hf__draw_below(&run->r, 10)), NULL,
                               hf_bytes_of(junk, len), w->now_us);
            continue;
        }
        struct hf_nonce_request request = {0};
        uint32_t victim = hf__hostile_other(run, from);
        if (hf__node(w, victim)->has_account)
            request.account = hf__node(w, victim)->account;
        hf__draw_bytes(&run->r, request.response_key, HF_KEY_LEN);
        hf__hostile_ask(run, from, to, HF_METHOD_NONCE, NULL, &hf_wire_nonce_request, &request);
    }
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US * BURST);
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.wake = wake};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, 0);
    hf__wake(w, run->observer, 0, w->now_us);
    return run;
}

const struct hf__strategy hf__strategy_flood = {
    .name = "flood",
    .doc = "500 requests a second for nonces, and with garbage",
    .begin = begin,
    .end = hf__hostile_end,
};
