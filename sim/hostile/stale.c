/* Shows its neighbours genuine documents of the past as if they were the newest: in pushes of its
 * own, and in what it answers to those who pull. */
#include "hostile/plot.h"

enum { PAUSE_US = 700000, KEPT = 8 };

struct stale {
    struct hf_document *kept[KEPT]; /* policies and sets, oldest first */
    size_t count;
};

/* Keeps what is in force now, for later. */
static void keep(struct hf__plot *p, struct hf_document *d)
{
    struct stale *s = p->more;
    for (size_t i = 0; d != NULL && i < s->count; i++) {
        if (s->kept[i] == d)
            return;
    }
    if (d != NULL && s->count < KEPT)
        s->kept[s->count++] = hf_document_ref(d);
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__plot *p = ctx;
    struct stale *s = p->more;
    (void)mark;
    if (!p->on || p->count == 0)
        return;
    keep(p, w->authority.policy);
    keep(p, w->authority.set);
    uint32_t from = p->nodes[hf__draw_below(&p->r, p->count)];
    if (s->count > 0) {
        const struct hf_document *d = s->kept[hf__draw_below(&p->r, s->count)];
        struct hf_encoded document = {.bytes = hf_blob_bytes(d->envelope)};
        struct hf_documents_request request = {
            .versions = {.root = 1, .policy = 1000, .epoch = 1000},
            .documents = &document,
            .documents_count = 1,
        };
        hf__plot_ask(p, from, hf__plot_other(p, from), HF_METHOD_DOCUMENTS, NULL,
                     &hf_wire_documents_request, &request);
    }
    hf__wake(w, p->observer, 0, w->now_us + PAUSE_US);
}

/* Whoever pulls from it gets an old one, and hears that nothing newer is known. */
static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__plot *p = ctx;
    const struct stale *s = p->more;
    (void)w;
    if (!p->on || !m->response || m->error != 0 || m->method != HF_METHOD_DOCUMENTS ||
        !hf__plot_has(p, m->from) || s->count == 0)
        return HF_FATE_PASS;
    struct hf_encoded document = {.bytes = hf_blob_bytes(s->kept[0]->envelope)};
    struct hf_documents_response response = {
        .versions = {.root = 1, .policy = 1, .epoch = 1},
        .documents = &document,
        .documents_count = 1,
    };
    if (hf__encode_into(&hf_wire_documents_response, &response, ret->body) != 0)
        return HF_FATE_PASS;
    p->acts++;
    return HF_FATE_REPLACE;
}

static void forget(struct hf__plot *p)
{
    struct stale *s = p->more;
    for (size_t i = 0; i < s->count; i++)
        hf_document_unref(s->kept[i]);
}

static struct hf__plot *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .wake = wake};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, sizeof(struct stale));
    p->forget = forget;
    keep(p, w->authority.policy);
    keep(p, w->authority.set);
    hf__wake(w, p->observer, 0, w->now_us + PAUSE_US);
    return p;
}

const struct hf__strategy hf__strategy_stale = {
    .name = "stale-documents",
    .doc = "pushes genuine documents of the past, and answers pulls with them",
    .begin = begin,
    .end = hf__plot_end,
};
