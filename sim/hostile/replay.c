/* Records what its neighbours send and sends it again, later, to the same and
 * to other receivers. */
#include "hostile/hostile.h"

#include "network/network.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT = 64, PAUSE_US = 300000 };

struct kept {
    uint32_t from, to;
    uint8_t method;
    bool proven;
    struct hf_account account;
    uint32_t len;
    uint8_t *body;
};

struct replay {
    struct kept kept[KEPT];
    size_t next;
};

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    struct replay *r = run->more;
    (void)w;
    (void)ret;
    if (!run->on || m->response || m->from == HF__NOBODY ||
        (!hf__hostile_has(run, m->from) && !hf__hostile_has(run, m->to)))
        return HF_FATE_PASS;
    struct kept *k = &r->kept[r->next++ % KEPT];
    free(k->body);
    k->from = m->from;
    k->to = m->to;
    k->method = m->method;
    k->proven = m->account != NULL;
    if (k->proven)
        k->account = *m->account;
    k->len = (uint32_t)m->body.len;
    k->body = malloc(m->body.len + 1);
    hf_assert(k->body != NULL);
    if (m->body.len > 0)
        memcpy(k->body, m->body.data, m->body.len);
    return HF_FATE_PASS;
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__strategy_run *run = ctx;
    struct replay *r = run->more;
    (void)mark;
    const struct kept *k = &r->kept[hf__draw_below(&run->r, KEPT)];
    if (k->body != NULL && run->on) {
        uint32_t to = hf__draw_below(&run->r, 4) == 0 ? hf__hostile_other(run, k->from) : k->to;
        run->acts++;
        hf__network_inject(w, k->from, to, k->method, k->proven ? &k->account : NULL,
                           hf_bytes_of(k->body, k->len), w->now_us);
    }
    if (run->on)
        hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
}

static void forget(struct hf__strategy_run *run)
{
    struct replay *r = run->more;
    for (size_t i = 0; i < KEPT; i++)
        free(r->kept[i].body);
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .wake = wake};
    struct hf__strategy_run *run =
        hf__hostile_new(w, nodes, count, observer, sizeof(struct replay));
    run->forget = forget;
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
    return run;
}

const struct hf__strategy hf__strategy_replay = {
    .name = "replay",
    .doc = "requests of the targets and to them are sent again, also to others",
    .begin = begin,
    .end = hf__hostile_end,
};
