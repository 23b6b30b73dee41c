/*
 * Corrupt providers keep what they were ordered to delete, and answer recoveries with an older
 * generation instead of the newest: opened in their own memory, sealed to the asker, signed.
 */
#include "hostile/answer.h"

#include <string.h>

enum { KEPT = 64, ASKED = 16 };

struct old {
    struct {
        uint32_t node;
        struct hf_account owner;
        struct hf_blob *row;
    } kept[KEPT];
    struct {
        uint64_t call;
        struct hf_account account;
        uint8_t response_key[HF_KEY_LEN];
    } asked[ASKED];
    size_t next_kept, next_asked;
    uint8_t sealed[HF_SCALAR_LEN + HF_SEAL_OVERHEAD];
};

static void keep(struct old *old, uint32_t node, uint8_t collection, const uint8_t *key,
                 uint8_t key_len, struct hf_blob *row)
{
    if (collection != HF_ROW_HELD || key_len != 48 || row == NULL)
        return;
    size_t at = old->next_kept++ % KEPT;
    hf_blob_unref(old->kept[at].row);
    old->kept[at].row = hf_blob_ref(row);
    old->kept[at].node = node;
    old->kept[at].owner = hf_account_of(key);
}

static void durable(void *ctx, struct hf_world *w, uint32_t node,
                    const struct hf__disk_write *writes, size_t count)
{
    struct hf__strategy_run *run = ctx;
    struct old *old = run->more;
    (void)w;
    for (size_t i = 0; run->on && hf__hostile_has(run, node) && i < count; i++)
        keep(old, node, writes[i].collection, writes[i].key, writes[i].key_len, writes[i].value);
}

static void delivered(void *ctx, struct hf_world *w, const struct hf_message *m)
{
    struct hf__strategy_run *run = ctx;
    struct old *old = run->more;
    struct hf_recover_request request;
    struct hf_recover_transcript t;
    (void)w;
    if (!run->on || m->response || m->method != HF_METHOD_RECOVER || !hf__hostile_has(run, m->to))
        return;
    hf_arena_reset(&run->arena);
    if (!hf__hostile_decode(run, &hf_wire_recover_request, m->body, &request) ||
        !hf__hostile_decode(run, &hf_wire_recover_transcript, request.transcript, &t))
        return;
    size_t at = old->next_asked++ % ASKED;
    old->asked[at].call = m->call;
    old->asked[at].account = t.account;
    memcpy(old->asked[at].response_key, t.response_key, HF_KEY_LEN);
}

/* Puts a kept row in the place of a share of the answer. */
static bool put(struct hf__strategy_run *run, uint32_t node, const uint8_t *response_key,
                const struct hf_recover_answer *answer, const struct hf_held_row *row,
                struct hf_held_share *ret)
{
    static const char info[] = "holdfast/v1/answer";
    struct old *old = run->more;
    struct hf_share_aad aad = {.generation = row->generation, .index = row->index};
    struct hf_rng rng = {0};
    struct hf_buf context;
    uint8_t share[HF_SCALAR_LEN];
    aad.transcript_hash = answer->transcript_hash;
    aad.provider = answer->provider;
    if (!hf__hostile_share(run, node, row, share))
        return false;
    hf__draw_bytes(&run->r, rng.seed, sizeof rng.seed);
    hf_buf_init(&context, 4096);
    bool done = hf__encode_into(&hf_wire_share_aad, &aad, &context) == 0 &&
                run->world->suite->seal(&rng, response_key, hf_bytes_of(info, strlen(info)),
                                        hf_buf_bytes(&context), hf_bytes_of(share, sizeof share),
                                        old->sealed) == 0;
    hf_buf_done(&context);
    *ret = (struct hf_held_share){.generation = row->generation,
                                  .index = row->index,
                                  .shares = row->shares,
                                  .commitments = row->commitments,
                                  .sealed = hf_bytes_of(old->sealed, sizeof old->sealed),
                                  .has_record = row->has_record,
                                  .record = row->record};
    return done;
}

static bool spoil(struct hf__strategy_run *run, const struct hf_message *m,
                  struct hf_recover_answer *answer)
{
    struct old *old = run->more;
    struct hf_held_share *newest = &answer->shares[answer->shares_count - 1];
    size_t asked = 0;
    if (answer->shares_count > 1) {
        answer->shares_count--;
        return true;
    }
    while (asked < ASKED && old->asked[asked].call != m->call)
        asked++;
    for (size_t i = 0; asked < ASKED && i < KEPT; i++) {
        struct hf_held_row row;
        if (old->kept[i].row == NULL || old->kept[i].node != m->from ||
            !hf_account_equal(&old->kept[i].owner, &old->asked[asked].account) ||
            !hf__hostile_decode(run, &hf_wire_held_row, hf_blob_bytes(old->kept[i].row), &row) ||
            row.generation.number >= newest->generation.number)
            continue;
        return put(run, m->from, old->asked[asked].response_key, answer, &row, newest);
    }
    return false;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    (void)w;
    return hf__answer_spoil(ctx, m, ret, spoil);
}

static void forget(struct hf__strategy_run *run)
{
    struct old *old = run->more;
    for (size_t i = 0; i < KEPT; i++)
        hf_blob_unref(old->kept[i].row);
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .delivered = delivered, .durable = durable};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, sizeof(struct old));
    run->forget = forget;
    for (size_t i = 0; i < count; i++) {
        const struct hf_disk *d = &hf__node(w, nodes[i])->disk;
        for (uint32_t j = 0; j < d->count; j++)
            keep(run->more, nodes[i], d->rows[j]->collection, d->rows[j]->key, d->rows[j]->key_len,
                 d->rows[j]->value);
    }
    return run;
}

const struct hf__strategy hf__strategy_old = {
    .name = "old-shares",
    .doc = "corrupt providers keep deleted shares, and answer with an older generation",
    .corrupts = true,
    .begin = begin,
    .end = hf__hostile_end,
};
