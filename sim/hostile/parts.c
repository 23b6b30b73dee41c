/*
 * Corrupt holders that help to restore a share (proto/REPAIR.md, 8) and publish what does not add
 * up, send another part than they published, or another sum than that of what they were sent; all
 * of it signed. Their network answers for them what their engine does not say.
 */
#include "hostile/hostile.h"

#include "storage/storage.h"

#include <stdlib.h>
#include <string.h>

/* Requests that corrupt holders have been sent, and have not answered yet. */
enum { ASKED_MAX = 8 };

struct asked {
    uint64_t call;
    uint8_t method;
    size_t len;
    uint8_t *body;
};

struct parts {
    struct asked asked[ASKED_MAX];
    size_t next;
};

static void forget(struct hf__strategy_run *run)
{
    struct parts *p = run->more;
    for (size_t i = 0; i < ASKED_MAX; i++)
        free(p->asked[i].body);
}

static void remember(struct parts *p, const struct hf_message *m)
{
    struct asked *a = &p->asked[p->next++ % ASKED_MAX];
    free(a->body);
    a->body = malloc(m->body.len + 1);
    hf_assert(a->body != NULL);
    memcpy(a->body, m->body.data, m->body.len);
    a->len = m->body.len;
    a->call = m->call;
    a->method = m->method;
}

static struct hf_bytes asked_of(const struct parts *p, const struct hf_message *m)
{
    for (size_t i = 0; i < ASKED_MAX; i++)
        if (p->asked[i].body != NULL && p->asked[i].call == m->call &&
            p->asked[i].method == m->method)
            return hf_bytes_of(p->asked[i].body, p->asked[i].len);
    return (struct hf_bytes){0};
}

/* What a corrupt helper signs by. */
struct helper {
    uint32_t node;
    struct hf_transfer_statement t;
    struct hf_repair_statement s;
    struct hf_hash transcript;
    struct hf_placement_record record;
    uint64_t index; /* its own */
};

static bool open_plan(struct hf__strategy_run *run, uint32_t node, struct hf_bytes transfer,
                      struct hf_bytes repair, struct helper *ret)
{
    uint8_t key[48];
    struct hf_held_row held;
    *ret = (struct helper){.node = node};
    if (!hf__hostile_decode(run, &hf_wire_transfer_statement, transfer, &ret->t) ||
        !hf__hostile_decode(run, &hf_wire_repair_statement, repair, &ret->s))
        return false;
    hf_world_suite(run->world)->hash("holdfast/v1/repair", repair, &ret->transcript);
    memcpy(key, ret->t.owner.bytes, HF_ID_LEN);
    memcpy(key + HF_ID_LEN, ret->t.generation.id, 16);
    struct hf__row *row =
        hf__disk_find(&hf__node(run->world, node)->disk, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    if (row == NULL ||
        !hf__hostile_decode(run, &hf_wire_held_row, hf_blob_bytes(row->value), &held) ||
        !hf__hostile_decode(run, &hf_wire_placement_record, held.record.record, &ret->record))
        return false;
    ret->index = held.index;
    return true;
}

/* The index of the helper at a place. */
static uint64_t index_at(const struct helper *h, size_t place)
{
    for (size_t i = 0; i < h->record.holders_count; i++)
        if (hf_account_equal(&h->record.holders[i].account, &h->t.helpers[place].account))
            return h->record.holders[i].index;
    return 0;
}

static bool sign_word(struct hf__strategy_run *run, const struct helper *h,
                      struct hf_repair_word *w, uint8_t ret[static 64])
{
    struct hf_buf bytes;
    hf_buf_init(&bytes, 1 << 12);
    w->repair = h->transcript;
    w->giver = h->index;
    bool done =
        hf__encode_into(&hf_wire_repair_word, w, &bytes) == 0 &&
        hf__hostile_sign(run, h->node, "holdfast/v1/repair-word", hf_buf_bytes(&bytes), ret);
    hf_buf_done(&bytes);
    return done;
}

/* Any scalar, signed as what this taker is owed and sealed to it. */
static bool seal_other(struct hf__strategy_run *run, const struct helper *h, size_t place,
                       uint64_t taker, const struct hf_hash *points, uint8_t ret[static 144])
{
    const struct hf_suite *suite = hf_world_suite(run->world);
    struct hf_repair_word w = {.taker = taker, .has_points = points != NULL};
    struct hf_rng rng = {0};
    struct hf_buf aad;
    uint8_t plain[HF_SCALAR_LEN + HF_SIGNATURE_LEN];
    for (size_t i = 0; i < sizeof rng.seed; i++)
        rng.seed[i] = (uint8_t)hf__draw(&run->r);
    suite->scalar_random(&rng, plain);
    if (points != NULL)
        w.points = *points;
    hf_buf_init(&aad, 1 << 12);
    w.repair = h->transcript;
    w.giver = h->index;
    bool done = hf__encode_into(&hf_wire_repair_word, &w, &aad) == 0;
    w.has_value = true;
    suite->hash("holdfast/v1/repair-value", hf_bytes_of(plain, HF_SCALAR_LEN), &w.value);
    done = done && sign_word(run, h, &w, plain + HF_SCALAR_LEN) &&
           suite->seal(&rng, h->s.keys.data + place * HF_KEY_LEN,
                       hf_bytes_of("holdfast/v1/repair", 18), hf_buf_bytes(&aad),
                       hf_bytes_of(plain, sizeof plain), ret) == 0;
    hf_buf_done(&aad);
    return done;
}

/* Its points in another order: they add up, and fit no part; or, of one taken twice, do not. */
static bool spoil_split(struct hf__strategy_run *run, const struct helper *h,
                        const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct hf_split_response r;
    struct hf_repair_word w = {.has_points = true};
    uint8_t points[16 * 32];
    if (!hf__hostile_decode(run, &hf_wire_split_response, m->body, &r) || r.parts_count < 2 ||
        r.points.len != 32 * r.parts_count)
        return false;
    memcpy(points, r.points.data, r.points.len);
    size_t at = (size_t)hf__draw_below(&run->r, r.parts_count);
    if (hf__draw_below(&run->r, 2) == 0) {
        memcpy(points + at * 32, r.points.data + (at + 1) % r.parts_count * 32, 32);
        r.points = hf_bytes_of(points, r.points.len);
        hf_world_suite(run->world)->hash("holdfast/v1/repair-points", r.points, &w.points);
        return sign_word(run, h, &w, r.signature) &&
               hf__encode_into(&hf_wire_split_response, &r, ret->body) == 0;
    }
    return seal_other(run, h, at, index_at(h, at), NULL, r.parts[at].sealed) &&
           hf__encode_into(&hf_wire_split_response, &r, ret->body) == 0;
}

static bool spoil_sum(struct hf__strategy_run *run, const struct helper *h,
                      const struct hf_sum_request *q, const struct hf_message *m,
                      struct hf_verdict_on *ret)
{
    struct hf_sum_response r;
    struct hf_hash hash;
    uint8_t all[16 * 512], sealed[144];
    size_t len = 0;
    if (!hf__hostile_decode(run, &hf_wire_sum_response, m->body, &r) || r.has_accused)
        return false;
    for (size_t i = 0; i < q->splits_count; len += q->splits[i++].points.len)
        memcpy(all + len, q->splits[i].points.data, q->splits[i].points.len);
    hf_world_suite(run->world)->hash("holdfast/v1/repair-points", hf_bytes_of(all, len), &hash);
    if (!seal_other(run, h, h->t.helpers_count, h->t.index, &hash, sealed))
        return false;
    r.sealed = hf_bytes_of(sealed, sizeof sealed);
    return hf__encode_into(&hf_wire_sum_response, &r, ret->body) == 0;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    struct hf_split_request split;
    struct hf_sum_request sum;
    struct helper h;
    bool done = false;
    (void)w;
    if (!run->on || (m->method != HF_METHOD_SPLIT && m->method != HF_METHOD_SUM))
        return HF_FATE_PASS;
    if (!m->response) {
        if (hf__hostile_has(run, m->to))
            remember(run->more, m);
        return HF_FATE_PASS;
    }
    if (m->error != 0 || !hf__hostile_has(run, m->from))
        return HF_FATE_PASS;
    hf_arena_reset(&run->arena);
    struct hf_bytes asked = asked_of(run->more, m);
    if (m->method == HF_METHOD_SPLIT)
        done = hf__hostile_decode(run, &hf_wire_split_request, asked, &split) &&
               open_plan(run, m->from, split.transfer, split.repair, &h) &&
               hf__draw_below(&run->r, 3) > 0 && spoil_split(run, &h, m, ret);
    else
        done = hf__hostile_decode(run, &hf_wire_sum_request, asked, &sum) &&
               open_plan(run, m->from, sum.transfer.statement, sum.repair, &h) &&
               spoil_sum(run, &h, &sum, m, ret);
    run->acts += done;
    return done ? HF_FATE_REPLACE : HF_FATE_PASS;
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, sizeof(struct parts));
    run->forget = forget;
    return run;
}

const struct hf__strategy hf__strategy_parts = {
    .name = "false-parts",
    .doc = "corrupt helpers restore a share with parts and sums that do not fit, and sign them",
    .corrupts = true,
    .begin = begin,
    .end = hf__hostile_end,
};
