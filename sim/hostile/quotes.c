/*
 * Asks for the shares of others, with every quote that the owner of some machine can have made: of
 * its own machine, of other software, of a DEBUG trust domain, over another transcript, with a
 * nonce that was given to another asker, or made up.
 */
#include "hostile/hostile.h"

#include <string.h>

enum { PAUSE_US = 200000, ROUND_MAX = 16 };

struct round {
    uint64_t call;
    uint32_t to, from, victim;
    uint8_t response_key[HF_KEY_LEN];
};

struct quotes {
    struct round rounds[ROUND_MAX];
    size_t next;
    uint8_t last_nonce[40]; /* of an earlier round, given to another key */
};

static void ask_share(struct hf__strategy_run *run, const struct round *r,
                      const uint8_t nonce[static 40])
{
    struct hf_world *w = run->world;
    struct hf_asked asked;
    struct hf_recover_transcript t = {.asked = &asked, .asked_count = 1};
    struct hf_recover_request request = {0};
    struct hf_buf transcript, quote;
    uint8_t report_data[64];
    uint64_t kind = hf__draw_below(&run->r, 5);
    bool drill = hf__draw_below(&run->r, 4) == 0;
    memset(&asked, 0, sizeof asked);
    asked.provider = hf__node(w, r->to)->account;
    memcpy(asked.nonce, nonce, 40);
    t.network = w->authority.network;
    t.account = hf__node(w, r->victim)->account;
    memcpy(t.response_key, r->response_key, HF_KEY_LEN);
    hf_buf_init(&transcript, 1 << 16);
    hf_buf_init(&quote, 1 << 16);
    int error = hf__encode_into(&hf_wire_recover_transcript, &t, &transcript);
    hf_assert(error == 0);
    w->suite->report_data(drill ? "holdfast/v1/drill" : "holdfast/v1/recover",
                          hf_buf_bytes(&transcript), report_data);
    if (kind == 3)
        report_data[5] ^= 1;
    hf_world_quote(w, kind == 4 ? hf__node(w, r->victim)->machine : r->from,
                   kind == 1 || kind == 4 ? "evil" : "holdfast-1", kind == 2, report_data, &quote);
    if (kind == 3 && hf__draw_below(&run->r, 2) == 0)
        quote.data[hf__draw_below(&run->r, quote.len)] ^= 1;
    request.transcript = hf_buf_bytes(&transcript);
    request.quote = hf_buf_bytes(&quote);
    hf__hostile_ask(run, r->from, r->to, drill ? HF_METHOD_DRILL : HF_METHOD_RECOVER, NULL,
                    &hf_wire_recover_request, &request);
    hf_buf_done(&transcript);
    hf_buf_done(&quote);
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    struct quotes *q = run->more;
    struct hf_nonce_response nonce;
    (void)w;
    (void)ret;
    if (!run->on || !m->response || m->method != HF_METHOD_NONCE || m->error != 0)
        return HF_FATE_PASS;
    for (size_t i = 0; i < ROUND_MAX; i++) {
        if (q->rounds[i].call != m->call || m->call == 0)
            continue;
        hf_arena_reset(&run->arena);
        if (!hf__hostile_decode(run, &hf_wire_nonce_response, m->body, &nonce))
            continue;
        bool other = hf__draw_below(&run->r, 4) == 0;
        ask_share(run, &q->rounds[i], other ? q->last_nonce : nonce.nonce);
        memcpy(q->last_nonce, nonce.nonce, 40);
        q->rounds[i].call = 0;
        break;
    }
    return HF_FATE_PASS;
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__strategy_run *run = ctx;
    struct quotes *q = run->more;
    (void)mark;
    if (!run->on || run->count == 0)
        return;
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
    struct round *r = &q->rounds[q->next++ % ROUND_MAX];
    struct hf_nonce_request request = {0};
    r->from = run->nodes[hf__draw_below(&run->r, run->count)];
    r->to = hf__hostile_other(run, r->from);
    r->victim = hf__hostile_other(run, r->from);
    if (!hf__node(w, r->victim)->has_account || !hf__node(w, r->to)->has_account)
        return;
    hf__draw_bytes(&run->r, r->response_key, sizeof r->response_key);
    request.account = hf__node(w, r->victim)->account;
    memcpy(request.response_key, r->response_key, HF_KEY_LEN);
    r->call = hf__hostile_ask(run, r->from, r->to, HF_METHOD_NONCE, NULL, &hf_wire_nonce_request,
                              &request);
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .wake = wake};
    struct hf__strategy_run *run =
        hf__hostile_new(w, nodes, count, observer, sizeof(struct quotes));
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
    return run;
}

const struct hf__strategy hf__strategy_quotes = {
    .name = "foreign-quotes",
    .doc = "asks for shares of others with quotes of other machines, software and transcripts",
    .begin = begin,
    .end = hf__hostile_end,
};
