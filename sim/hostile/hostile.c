#include "hostile/hostile.h"

#include "network/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_done(void *ctx, struct hf_world *w)
{
    struct hf__strategy_run *run = ctx;
    (void)w;
    if (run->forget != NULL)
        run->forget(run);
    hf_arena_done(&run->arena);
    free(run->nodes);
    free(run->more);
    free(run);
}

/* The stream of its own: named after the strategy, when it began and on whom. Nothing else that
 * happens in the world changes it. */
static void draw_from(struct hf__strategy_run *run)
{
    char name[64];
    const char *strategy = run->world->beginning == NULL ? "" : run->world->beginning;
    snprintf(name, sizeof name, "strategy %s", strategy);
    hf__stream_init(&run->r, run->world->settings.seed, name,
                    hf__mix(run->world->now_us) ^ (run->count == 0 ? 0 : run->nodes[0]));
}

struct hf__strategy_run *hf__hostile_new(struct hf_world *w, const uint32_t *nodes, size_t count,
                                         struct hf__observer observer, size_t more_len)
{
    struct hf__strategy_run *run = calloc(1, sizeof *run);
    hf_assert(run != NULL);
    run->world = w;
    run->count = count;
    run->on = true;
    run->nodes = malloc((count + 1) * sizeof(uint32_t));
    run->more = calloc(1, more_len + 1);
    hf_assert(run->nodes != NULL && run->more != NULL);
    memcpy(run->nodes, nodes, count * sizeof(uint32_t));
    draw_from(run);
    hf_arena_init(&run->arena, 1 << 22);
    observer.ctx = run;
    observer.done = run_done;
    run->observer = hf__observe(w, &observer);
    return run;
}

void hf__hostile_end(struct hf_world *w, struct hf__strategy_run *run)
{
    (void)w;
    run->on = false;
}

bool hf__hostile_has(const struct hf__strategy_run *run, uint32_t node)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->nodes[i] == node)
            return true;
    }
    return false;
}

bool hf__hostile_decode(struct hf__strategy_run *run, const struct hf_wire_type *type,
                        struct hf_bytes in, void *ret)
{
    return hf__direct.decode(type, in, &run->arena, ret, NULL) == 0;
}

uint64_t hf__hostile_ask(struct hf__strategy_run *run, uint32_t from, uint32_t to, uint8_t method,
                         const struct hf_account *account, const struct hf_wire_type *type,
                         const void *message)
{
    struct hf_buf body;
    hf_buf_init(&body, UINT32_MAX);
    int r = hf__encode_into(type, message, &body);
    uint64_t call = 0;
    if (r == 0)
        call = hf__network_inject(run->world, from, to, method, account, hf_buf_bytes(&body),
                                  run->world->now_us);
    hf_buf_done(&body);
    run->acts++;
    return call;
}

bool hf__hostile_sign(struct hf__strategy_run *run, uint32_t node, const char *label,
                      struct hf_bytes data, uint8_t ret[static 64])
{
    const struct hf__node *n = hf__node(run->world, node);
    if (n->engine == NULL || !n->has_account)
        return false;
    for (size_t at = HF_KEY_LEN; at + HF_ID_LEN <= n->secrets_len; at++) {
        if (memcmp(n->secrets + at, n->account.bytes, HF_ID_LEN) != 0)
            continue;
        run->world->suite->sign(n->secrets + at - HF_KEY_LEN, label, data, ret);
        return true;
    }
    return false;
}

bool hf__hostile_share(struct hf__strategy_run *run, uint32_t node, const struct hf_held_row *row,
                       uint8_t ret[static HF_SCALAR_LEN])
{
    const struct hf__node *n = hf__node(run->world, node);
    if (n->engine == NULL)
        return false;
    struct hf_bytes aad = hf_bytes_of(row->generation.id, sizeof row->generation.id);
    struct hf_bytes wrapped = hf_bytes_of(row->wrapped, sizeof row->wrapped);
    /* Where its key lies it need not know: only one place opens the row. */
    for (size_t at = 0; at + HF_KEY_LEN <= n->secrets_len; at++)
        if (run->world->suite->unwrap(n->secrets + at, aad, wrapped, ret) == 0)
            return true;
    return false;
}

bool hf__hostile_claim(struct hf__strategy_run *run, const struct hf_message *m,
                       hf__claim_edit_fn *edit, struct hf_buf *ret)
{
    struct hf_claim_response response;
    struct hf_claim_answer answer;
    struct hf_buf encoded;
    bool done = false;
    if (!hf__hostile_decode(run, &hf_wire_claim_response, m->body, &response) ||
        !hf__hostile_decode(run, &hf_wire_claim_answer, response.answer, &answer))
        return false;
    edit(run, &answer);
    hf_buf_init(&encoded, 4096);
    if (hf__encode_into(&hf_wire_claim_answer, &answer, &encoded) == 0 &&
        hf__hostile_sign(run, m->from, "holdfast/v1/claim-answer", hf_buf_bytes(&encoded),
                         response.signature)) {
        response.answer = hf_buf_bytes(&encoded);
        done = hf__encode_into(&hf_wire_claim_response, &response, ret) == 0;
    }
    hf_buf_done(&encoded);
    return done;
}

void hf__hostile_take_back(struct hf_world *w, uint32_t node)
{
    if (w->authority.policy->u.policy.platform_rule == HF_PLATFORM_ANY)
        hf__hostile_restart(w, node);
}

void hf__hostile_restart(struct hf_world *w, uint32_t node)
{
    hf_world_crash(w, node);
    hf_world_start(w, node);
}

uint32_t hf__hostile_other(struct hf__strategy_run *run, uint32_t node)
{
    uint32_t count = run->world->nodes_count;
    if (count < 2)
        return node;
    uint32_t other = (uint32_t)hf__draw_below(&run->r, count - 1);
    return other >= node ? other + 1 : other;
}
