/* Records what its neighbours send and sends it again, later, to the same and
 * to other receivers. */
#include "hostile/plot.h"

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
    struct hf__plot *p = ctx;
    struct replay *r = p->more;
    (void)w;
    (void)ret;
    if (!p->on || m->response || m->from == HF__NOBODY ||
        (!hf__plot_has(p, m->from) && !hf__plot_has(p, m->to)))
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
    struct hf__plot *p = ctx;
    struct replay *r = p->more;
    (void)mark;
    const struct kept *k = &r->kept[hf__draw_below(&p->r, KEPT)];
    if (k->body != NULL && p->on) {
        uint32_t to = hf__draw_below(&p->r, 4) == 0 ? hf__plot_other(p, k->from) : k->to;
        p->acts++;
        hf__network_inject(w, k->from, to, k->method, k->proven ? &k->account : NULL,
                           hf_bytes_of(k->body, k->len), w->now_us);
    }
    if (p->on)
        hf__wake(w, p->observer, 0, w->now_us + PAUSE_US);
}

static void forget(struct hf__plot *p)
{
    struct replay *r = p->more;
    for (size_t i = 0; i < KEPT; i++)
        free(r->kept[i].body);
}

static struct hf__plot *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .wake = wake};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, sizeof(struct replay));
    p->forget = forget;
    hf__wake(w, p->observer, 0, w->now_us + PAUSE_US);
    return p;
}

const struct hf__strategy hf__strategy_replay = {
    .name = "replay",
    .doc = "requests of the targets and to them are sent again, also to others",
    .begin = begin,
    .end = hf__plot_end,
};
