#include "trial/series.h"

#include "network/network.h"
#include "trial/columns.h"
#include "world/world.h"

#include "base/check.h"

enum { SPANS = 200, DATAGRAM = 0 };

uint64_t hf__series_span(uint64_t for_us)
{
    static const unsigned steps[] = {1, 2, 5};
    uint64_t least = for_us / SPANS, power = 1;
    for (;; power *= 10)
        for (size_t i = 0; i < HF_ARRAY_LEN(steps); i++)
            if (steps[i] * power >= least)
                return steps[i] * power;
}

/* Writes what was counted, and begins the span of a time. */
static void flush(struct hf__series *s, const struct hf_world *w, uint64_t now_us)
{
    uint32_t nodes = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        nodes += w->nodes[i]->engine != NULL;
    for (uint32_t kind = 0; kind < HF__SERIES_KINDS; kind++) {
        struct hf__series_row *row = &s->now[kind];
        if (row->requests + row->answers > 0) {
            row->from_us = s->from_us;
            row->span_us = s->span_us;
            row->nodes = nodes;
            row->kind = kind == DATAGRAM ? "datagram" : hf_method_name((uint8_t)kind);
            hf__series_row_print(row, s->out);
        }
        *row = (struct hf__series_row){0};
    }
    s->from_us = now_us - now_us % s->span_us;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__series *s = ctx;
    (void)ret;
    if (m->at_us >= s->from_us + s->span_us)
        flush(s, w, m->at_us);
    hf_assert(m->method < HF__SERIES_KINDS);
    struct hf__series_row *row = &s->now[m->datagram ? DATAGRAM : m->method];
    row->requests += !m->response;
    row->answers += m->response;
    row->bytes += hf__wire_len(w, m->body);
    return HF_FATE_PASS;
}

void hf__series_watch(struct hf__series *s, struct hf_world *w)
{
    struct hf__observer observer = {.ctx = s, .sent = sent};
    hf_assert(s->span_us > 0);
    hf__series_heading_print(s->out);
    hf__observe(w, &observer);
}

void hf__series_end(struct hf__series *s, const struct hf_world *w)
{
    flush(s, w, w->now_us);
}
