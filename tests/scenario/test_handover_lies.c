/* What a holder that lies gets for a made-up handover (proto/REPAIR.md, 3): it is refused, and
 * nothing of it is kept. And what it shows the owner of one costs that little (5). */
#include "testnet.h"

#include "base/error.h"
#include "owner/record.h"
#include "owner/recover.h"
#include "provider/provider.h"

#include "wire/messages.h"

#include <criterion/criterion.h>

enum { WEEK_S = 7 * 86400, OWNER = 0, K = 3, N = 5, NODES = 10 };

/* A network, one of whose holders says that it leaves; its first holders lie. */
struct stage {
    struct hf_world *w;
    uint32_t holders[16];
    struct hf_buf body, answer, statement, row;
    struct hf_transfer_statement t;
    struct hf_signed_transfer transfer;
    struct hf_signed_record record;
    struct hf_placement_record decoded;
    struct hf_arena arena;
};

static void stage_end(struct stage *s)
{
    hf_buf_done(&s->body);
    hf_buf_done(&s->answer);
    hf_buf_done(&s->statement);
    hf_buf_done(&s->row);
    hf_arena_done(&s->arena);
    testnet_end(s->w);
}

/* The secret key of a node's account. */
static const uint8_t *key_of(struct stage *s, uint32_t node)
{
    return hf_world_engine(s->w, node)->secrets->account;
}

static void sign(struct stage *s, uint32_t by)
{
    hf_buf_clear(&s->statement);
    cr_assert_eq(hf_wire_encode(&hf_wire_transfer_statement, &s->t, &s->statement), 0);
    s->transfer.statement = hf_buf_bytes(&s->statement);
    hf_world_suite(s->w)->sign(key_of(s, by), "holdfast/v1/transfer", s->transfer.statement,
                               s->transfer.signature);
}

/* What the first holder would sign to hand its share to `to`. */
static void fill(struct stage *s, uint32_t to)
{
    struct hf_owner_row row;
    struct hf_engine *e = hf_world_engine(s->w, s->holders[0]);
    cr_assert(hf__owner_row(e, hf_world_account(s->w, OWNER), &row));
    cr_assert_eq(hf_wire_encode(&hf_wire_owner_row, &row, &s->row), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_owner_row, hf_buf_bytes(&s->row), &s->arena, &row, NULL),
                 0);
    s->record = row.newest;
    cr_assert_eq(
        hf_wire_decode(&hf_wire_placement_record, s->record.record, &s->arena, &s->decoded, NULL),
        0);
    s->t = (struct hf_transfer_statement){
        .generation = s->decoded.generation, .promised = row.promised, .made_s = 1};
    s->t.network = *hf_world_network_id(s->w);
    s->t.owner = *hf_world_account(s->w, OWNER);
    s->t.from = *hf_world_account(s->w, s->holders[0]);
    s->t.to = *hf_world_account(s->w, to);
    for (size_t i = 0; i < s->decoded.holders_count; i++)
        if (hf_account_equal(&s->decoded.holders[i].account, &s->t.from))
            s->t.index = s->decoded.holders[i].index;
    s->t.newest = (struct hf_record_order){.claim = s->decoded.ballot.number,
                                           .generation = s->decoded.generation.number};
    memcpy(s->t.newest.id, s->decoded.generation.id, 16);
    sign(s, s->holders[0]);
}

/* A member that is no holder of the owner, and is not the owner. */
static uint32_t outsider(struct stage *s, unsigned nth)
{
    for (uint32_t i = 1; i < NODES; i++)
        if (!testnet_holds(s->w, OWNER, i) && nth-- == 0)
            return i;
    cr_assert_fail("all hold");
    return 0;
}

static void stage_begin(struct stage *s, bool leaves)
{
    struct hf_world_settings settings = testnet_settings(K, N);
    *s = (struct stage){.w = testnet_up_from(&settings, NODES)};
    hf_buf_init(&s->body, 1 << 20);
    hf_buf_init(&s->answer, 1 << 20);
    hf_buf_init(&s->statement, 1 << 16);
    hf_buf_init(&s->row, 1 << 16);
    hf_arena_init(&s->arena, 1 << 20);
    cr_assert_eq(testnet_holders(s->w, OWNER, s->holders), N);
    /* What is made by hand is not of a sound engine. */
    hf_world_corrupt(s->w, s->holders[0]);
    fill(s, outsider(s, 0));
    hf_world_pause(s->w, OWNER); /* it would deal anew */
    if (leaves) {
        cr_assert_eq(hf_world_leave(s->w, s->holders[0], WEEK_S, TESTNET_MS), 0);
        hf_world_run_for(s->w, 5000);
    }
}

static void tell_versions(struct stage *s, uint32_t to, struct hf_versions *ret)
{
    hf__versions(hf_world_engine(s->w, to), ret);
}

static int tell_transfer(struct stage *s, uint32_t as, uint32_t to)
{
    struct hf_transfer_request m = {.transfer = s->transfer};
    tell_versions(s, to, &m.versions);
    hf_buf_clear(&s->body);
    hf_buf_clear(&s->answer);
    cr_assert_eq(hf_wire_encode(&hf_wire_transfer_request, &m, &s->body), 0);
    return hf_world_ask(s->w, to, HF_METHOD_TRANSFER, hf_world_account(s->w, as),
                        hf_buf_bytes(&s->body), &s->answer);
}

static int ask_take(struct stage *s, uint32_t as, uint32_t to, uint64_t index)
{
    struct hf_take_request m = {.record = s->record, .owner = s->t.owner, .index = index};
    struct hf_engine *e = hf_world_engine(s->w, as);
    m.epoch = hf_document_version(e->trust->set);
    tell_versions(s, to, &m.versions);
    struct hf_bytes own = hf_blob_bytes(e->trust->identity);
    cr_assert_eq(hf_wire_decode(&hf_wire_identity, own, &s->arena, &m.identity, NULL), 0);
    hf_buf_clear(&s->body);
    hf_buf_clear(&s->answer);
    cr_assert_eq(hf_wire_encode(&hf_wire_take_request, &m, &s->body), 0);
    return hf_world_ask(s->w, to, HF_METHOD_TAKE, hf_world_account(s->w, as),
                        hf_buf_bytes(&s->body), &s->answer);
}

static size_t kept(struct stage *s, uint32_t node)
{
    struct hf_owner_row row;
    return hf__owner_row(hf_world_engine(s->w, node), &s->t.owner, &row) ? row.moves_count : 0;
}

/* It may sign a transfer, as one that leaves may: of its own index. */
Test(handover_lies, of_one_that_has_not_announced_its_leave_are_refused)
{
    struct stage s;
    stage_begin(&s, false);
    cr_assert_eq(ask_take(&s, s.holders[0], outsider(&s, 0), s.t.index), HF_ESTAYS);
    cr_assert_eq(kept(&s, s.holders[1]), 0);
    stage_end(&s);
}

Test(handover_lies, about_another_index_holder_owner_or_generation_are_refused)
{
    struct stage s;
    stage_begin(&s, true);
    const struct hf_transfer_statement good = s.t;
    s.t.index = good.index % N + 1;
    sign(&s, s.holders[0]);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), HF_ETRANSFER);
    s.t = good;
    s.t.to = *hf_world_account(s.w, s.holders[2]); /* a holder already */
    sign(&s, s.holders[0]);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), HF_ETRANSFER);
    s.t = good;
    s.t.to = s.t.owner;
    sign(&s, s.holders[0]);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), HF_ETRANSFER);
    s.t = good;
    s.t.generation.number++;
    sign(&s, s.holders[0]);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), HF_ETRANSFER);
    s.t = good;
    s.t.generation.id[0] ^= 1;
    s.t.newest.id[0] ^= 1;
    sign(&s, s.holders[0]);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), HF_ENOSHARE);
    s.t = good;
    s.t.network.bytes[0] ^= 1;
    sign(&s, s.holders[0]);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), HF_EDOCUMENT_NETWORK);
    s.t = good;
    sign(&s, s.holders[2]); /* by another */
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), HF_ESIGNATURE);
    cr_assert_eq(kept(&s, s.holders[1]), 0);
    stage_end(&s);
}

Test(handover_lies, in_the_name_of_another_are_refused)
{
    struct stage s;
    stage_begin(&s, true);
    cr_assert_eq(hf_world_leave(s.w, s.holders[2], WEEK_S, TESTNET_MS), 0);
    hf_world_run_for(s.w, 5000);
    cr_assert_eq(tell_transfer(&s, s.holders[2], s.holders[1]), HF_ETRANSFER);
    cr_assert_eq(ask_take(&s, s.holders[2], outsider(&s, 0), s.t.index), HF_ERECORD);
    stage_end(&s);
}

/* A second transfer of one index is one too many, and so is one more than n - k. */
Test(handover_lies, that_hand_one_share_to_two_are_refused)
{
    struct stage s;
    stage_begin(&s, true);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), 0);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), 0);
    cr_assert_eq(kept(&s, s.holders[1]), 1);
    s.t.to = *hf_world_account(s.w, outsider(&s, 1));
    sign(&s, s.holders[0]);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), HF_ESHAREMOVED);
    cr_assert_eq(kept(&s, s.holders[1]), 1);
    stage_end(&s);
}

/* The candidate is one by the owner's order, and none that holds a share already. */
Test(handover_lies, to_who_may_not_have_the_share_are_refused)
{
    struct stage s;
    stage_begin(&s, true);
    cr_assert_eq(ask_take(&s, s.holders[0], s.holders[1], s.t.index), HF_EINDEX);
    cr_assert_eq(ask_take(&s, s.holders[0], outsider(&s, 0), s.t.index % N + 1), HF_ERECORD);
    cr_assert_eq(ask_take(&s, s.holders[0], outsider(&s, 0), s.t.index), 0);
    stage_end(&s);
}

/* The share itself, by whatever transfer is signed now, to one who has said yes. */
static int hand_over(struct stage *s, uint32_t to)
{
    static const char info[] = "holdfast/v1/handover";
    struct hf_engine *e = hf_world_engine(s->w, s->holders[0]);
    const struct hf_suite *suite = hf_world_suite(s->w);
    struct hf_deposit_aad aad = {.generation = s->t.generation, .index = s->t.index};
    struct hf_handover_request m = {.transfer = s->transfer, .record = s->record};
    struct hf_take_response yes;
    struct hf_held_row held;
    struct hf_buf bound;
    cr_assert_eq(ask_take(s, s->holders[0], to, s->t.index), 0);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_take_response, hf_buf_bytes(&s->answer), &s->arena, &yes, NULL), 0);
    memcpy(m.nonce, yes.nonce, sizeof m.nonce);
    aad.network = s->t.network;
    aad.owner = s->t.owner;
    aad.provider = s->t.to;
    hf_buf_init(&bound, 1 << 16);
    cr_assert_eq(hf_wire_encode(&hf_wire_deposit_aad, &aad, &bound), 0);
    uint8_t *share = e->secret_alloc(HF_SCALAR_LEN);
    hf__update_begin(e);
    cr_assert(hf__held_row(e, &s->t.owner, s->t.generation.id, &held));
    cr_assert_eq(suite->unwrap(e->secrets->active.wrap_key, hf_bytes_of(held.generation.id, 16),
                               hf_bytes_of(held.wrapped, sizeof held.wrapped), share),
                 0);
    cr_assert_eq(suite->seal(&e->secrets->rng, hf_world_engine(s->w, to)->sealing_key,
                             hf_bytes_of(info, strlen(info)), hf_buf_bytes(&bound),
                             hf_bytes_of(share, HF_SCALAR_LEN), m.sealed),
                 0);
    e->secret_free(share);
    hf_buf_done(&bound);
    tell_versions(s, to, &m.versions);
    hf_buf_clear(&s->body);
    hf_buf_clear(&s->answer);
    cr_assert_eq(hf_wire_encode(&hf_wire_handover_request, &m, &s->body), 0);
    return hf_world_ask(s->w, to, HF_METHOD_HANDOVER, hf_world_account(s->w, s->holders[0]),
                        hf_buf_bytes(&s->body), &s->answer);
}

/* The owner knows the one transfer and orders who is named there to delete; who has been given the
 * share by the other is never told. */
Test(handover_lies, that_leave_a_share_behind_hang_no_leave_of_others)
{
    struct stage s;
    stage_begin(&s, true);
    uint32_t given = outsider(&s, 0);
    cr_assert_eq(hand_over(&s, given), 0);
    s.t.to = *hf_world_account(s.w, outsider(&s, 1));
    sign(&s, s.holders[0]);
    cr_assert_eq(tell_transfer(&s, s.holders[0], s.holders[1]), 0);
    hf_world_resume(s.w, OWNER);
    hf_world_run_for(s.w, 120000);
    testnet_ready(s.w, OWNER);
    cr_assert_eq(hf_world_leave(s.w, given, 0, TESTNET_MS), 0);
    cr_assert(hf_world_run_until_state(s.w, given, HF_STATE_LEFT, 600000));
    stage_end(&s);
}

/* ---- shown to the owner */

/* A holder that adds transfers to what it answers; its own word goes on being signed. */
struct shower {
    struct stage *s;
    bool strangers; /* in each answer to a recovery, which has nothing else: others each time */
    uint32_t named;
    unsigned shown;
    struct hf_buf part, whole;
    struct hf_buf statements[HF_WIRE_MOVES_MAX];
    struct hf_signed_transfer list[HF_WIRE_MOVES_MAX];
};

static void shower_begin(struct shower *t, struct stage *s, bool strangers)
{
    *t = (struct shower){.s = s, .strangers = strangers};
    hf_buf_init(&t->part, 1 << 20);
    hf_buf_init(&t->whole, 1 << 20);
    for (size_t i = 0; i < HF_WIRE_MOVES_MAX; i++)
        hf_buf_init(&t->statements[i], 1 << 16);
}

static void shower_end(struct shower *t)
{
    hf_world_watch(t->s->w, NULL, NULL);
    hf_buf_done(&t->part);
    hf_buf_done(&t->whole);
    for (size_t i = 0; i < HF_WIRE_MOVES_MAX; i++)
        hf_buf_done(&t->statements[i]);
}

static void name_strangers(struct shower *t)
{
    struct hf_transfer_statement stranger = t->s->t;
    for (size_t i = 0; i < HF_WIRE_MOVES_MAX; i++) {
        t->named++;
        memset(&stranger.to, 0xee, sizeof stranger.to);
        memcpy(&stranger.to, &t->named, sizeof t->named);
        hf_buf_clear(&t->statements[i]);
        cr_assert_eq(hf_wire_encode(&hf_wire_transfer_statement, &stranger, &t->statements[i]), 0);
        t->list[i].statement = hf_buf_bytes(&t->statements[i]);
        hf_world_suite(t->s->w)->sign(key_of(t->s, t->s->holders[0]), "holdfast/v1/transfer",
                                      t->list[i].statement, t->list[i].signature);
    }
}

static void answer_with_strangers(struct shower *t, const struct hf_message *m,
                                  struct hf_verdict_on *ret)
{
    struct hf_recover_response r;
    struct hf_recover_answer a;
    cr_assert_eq(hf_wire_decode(&hf_wire_recover_response, m->body, &t->s->arena, &r, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_recover_answer, r.answer, &t->s->arena, &a, NULL), 0);
    name_strangers(t);
    a.moves = t->list;
    a.moves_count = HF_WIRE_MOVES_MAX;
    a.shares_count = 0;
    hf_buf_clear(&t->part);
    cr_assert_eq(hf_wire_encode(&hf_wire_recover_answer, &a, &t->part), 0);
    r.answer = hf_buf_bytes(&t->part);
    hf_world_suite(t->s->w)->sign(key_of(t->s, m->from), "holdfast/v1/recover-answer", r.answer,
                                  r.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_recover_response, &r, ret->body), 0);
}

static enum hf_fate show(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct shower *t = ctx;
    struct hf_ack_response r;
    if (!m->response || m->error != 0 || m->from != t->s->holders[0] || m->to != OWNER ||
        m->method != (t->strangers ? HF_METHOD_RECOVER : HF_METHOD_STANDING))
        return HF_FATE_PASS;
    t->shown++;
    hf_arena_reset(&t->s->arena);
    if (t->strangers) {
        answer_with_strangers(t, m, ret);
        return HF_FATE_REPLACE;
    }
    cr_assert_eq(hf_wire_decode(&hf_wire_ack_response, m->body, &t->s->arena, &r, NULL), 0);
    r.moves = &t->s->transfer;
    r.moves_count = 1;
    cr_assert_eq(hf_wire_encode(&hf_wire_ack_response, &r, ret->body), 0);
    return HF_FATE_REPLACE;
}

/* All have confirmed that they have forgotten a dealing, which the newest record still lists; one
 * of them says that it had handed its share over. */
Test(handover_lies, about_what_all_have_forgotten_cost_its_owner_a_question)
{
    struct stage s;
    struct shower t;
    struct hf_older_row row;
    stage_begin(&s, false);
    hf_world_resume(s.w, OWNER);
    cr_assert_eq(hf_world_leave(s.w, s.holders[1], WEEK_S, TESTNET_MS), 0);
    hf_world_run_for(s.w, 300000);
    cr_assert(hf__older_row(hf_world_engine(s.w, OWNER), s.t.generation.id, &row));
    cr_assert_eq(row.holders_count, 0);
    shower_begin(&t, &s, false);
    hf_world_watch(s.w, show, &t);
    hf_world_run_for(s.w, 300000);
    cr_assert_gt(t.shown, 0);
    cr_assert(hf__older_row(hf_world_engine(s.w, OWNER), s.t.generation.id, &row));
    cr_assert_eq(row.holders_count, 0);
    shower_end(&t);
    testnet_key_lives(s.w, OWNER);
    stage_end(&s);
}

/* How many rounds a recovery has begun in half an hour with two holders, one of whom lies. */
static uint64_t rounds(bool lies)
{
    struct stage s;
    struct shower t;
    stage_begin(&s, false);
    hf_world_crash(s.w, OWNER);
    for (size_t i = 2; i < N; i++)
        hf_world_isolate(s.w, s.holders[i]);
    shower_begin(&t, &s, true);
    if (lies)
        hf_world_watch(s.w, show, &t);
    hf_world_start(s.w, OWNER);
    hf_world_run_for(s.w, 1800000);
    uint64_t count = hf_world_trace_count(s.w, OWNER, HF_TRACE_ROUND);
    cr_assert_eq(t.shown > 0, lies);
    cr_assert_lt(hf_world_engine(s.w, OWNER)->owner->recovery->round.targets_count, NODES);
    hf_world_heal(s.w);
    testnet_key_lives(s.w, OWNER);
    shower_end(&t);
    stage_end(&s);
    return count;
}

Test(handover_lies, about_strangers_who_have_a_share_have_no_recovery_ask_them)
{
    uint64_t honest = rounds(false), lied = rounds(true);
    cr_assert_leq(lied, honest + 3, "%u rounds, honest %u", (unsigned)lied, (unsigned)honest);
}
