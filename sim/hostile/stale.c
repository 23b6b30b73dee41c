/* Shows its neighbours genuine documents of the past as if they were the newest: in pushes of its
 * own, and in what it answers to those who pull. */
#include "hostile/hostile.h"

enum { PAUSE_US = 700000, KEPT = 8 };

struct stale {
    struct hf_document *kept[KEPT]; /* policies and sets, oldest first */
    size_t count;
};

/* Keeps what is in force now, for later. */
static void keep(struct hf__strategy_run *run, struct hf_document *d)
{
    struct stale *s = run->more;
    for (size_t i = 0; d != NULL && i < s->count; i++) {
        if (s->kept[i] == d)
            return;
    }
    if (d != NULL && s->count < KEPT)
        s->kept[s->count++] = hf_document_ref(d);
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__strategy_run *run = ctx;
    struct stale *s = run->more;
    (void)mark;
    if (!run->on || run->count == 0)
        return;
    keep(run, w->authority.policy);
    keep(run, w->authority.set);
    uint32_t from = run->nodes[hf__draw_below(&run->r, run->count)];
    if (s->count > 0) {
        const struct hf_document *d = s->kept[hf__draw_below(&run->r, s->count)];
        struct hf_encoded document = {.bytes = hf_blob_bytes(d->envelope)};
        struct hf_documents_request request = {
            .versions = {.root = 1, .policy = 1000, .epoch = 1000},
            .documents = &document,
            .documents_count = 1,
        };
        hf__hostile_ask(run, from, hf__hostile_other(run, from), HF_METHOD_DOCUMENTS, NULL,
                        &hf_wire_documents_request, &request);
    }
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
}

/* A node that pulls from it gets an old one, and hears that nothing newer is known. */
static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    const struct stale *s = run->more;
    (void)w;
    if (!run->on || !m->response || m->error != 0 || m->method != HF_METHOD_DOCUMENTS ||
        !hf__hostile_has(run, m->from) || s->count == 0)
        return HF_FATE_PASS;
    struct hf_encoded document = {.bytes = hf_blob_bytes(s->kept[0]->envelope)};
    struct hf_documents_response response = {
        .versions = {.root = 1, .policy = 1, .epoch = 1},
        .documents = &document,
        .documents_count = 1,
    };
    if (hf__encode_into(&hf_wire_documents_response, &response, ret->body) != 0)
        return HF_FATE_PASS;
    run->acts++;
    return HF_FATE_REPLACE;
}

static void forget(struct hf__strategy_run *run)
{
    struct stale *s = run->more;
    for (size_t i = 0; i < s->count; i++)
        hf_document_unref(s->kept[i]);
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .wake = wake};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, sizeof(struct stale));
    run->forget = forget;
    keep(run, w->authority.policy);
    keep(run, w->authority.set);
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
    return run;
}

const struct hf__strategy hf__strategy_stale = {
    .name = "stale-documents",
    .doc = "pushes genuine documents of the past, and answers pulls with them",
    .begin = begin,
    .end = hf__hostile_end,
};
