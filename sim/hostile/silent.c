/* A provider that gives receipts, and nothing else afterwards. */
#include "hostile/hostile.h"

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    (void)w;
    (void)ret;
    if (!run->on || !m->response || !hf__hostile_has(run, m->from) ||
        m->method == HF_METHOD_OFFER || m->method == HF_METHOD_DEPOSIT ||
        m->method == HF_METHOD_DOCUMENTS)
        return HF_FATE_PASS;
    run->acts++;
    return HF_FATE_DROP;
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__hostile_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_silent = {
    .name = "silent",
    .doc = "corrupt providers give receipts, and answer nothing else",
    .corrupts = true,
    .begin = begin,
    .end = hf__hostile_end,
};
