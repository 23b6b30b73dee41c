/* Providers that lie, and strangers that ask: named, refused, and nothing is lost. */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* What a lying provider does to its answers to recover: it may sign anything with its own key. */
struct liar {
    struct hf_world *w;
    uint32_t node;  /* the one that lies */
    uint32_t other; /* another holder, whose answers it heard */
    uint8_t method;
    struct hf_buf heard;
    unsigned lies;
};

/* Answers with what another holder has said, as it was said. */
static enum hf_fate parrot(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    if (!m->response || m->error != 0 || m->method != l->method)
        return HF_FATE_PASS;
    if (m->from == l->other && l->heard.len == 0)
        hf_buf_append(&l->heard, m->body.data, m->body.len);
    if (m->from != l->node || l->heard.len == 0)
        return HF_FATE_PASS;
    hf_buf_append(ret->body, l->heard.data, l->heard.len);
    l->lies++;
    return HF_FATE_REPLACE;
}

Test(hostile_provider, answering_with_anothers_share_is_noticed_and_named)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    struct liar l = {.w = w, .node = holders[4], .other = holders[0], .method = HF_METHOD_RECOVER};
    hf_buf_init(&l.heard, 65536);
    /* The one whose answer is copied answers first. */
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                      .method = HF_METHOD_RECOVER,
                                      .from = 0,
                                      .to = (long)holders[4],
                                      .delay_us = 5000});
    hf_world_watch(w, parrot, &l);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    cr_assert_gt(l.lies, 0);
    cr_assert_gt(hf_world_trace_count(w, 0, HF_TRACE_PEER_MISBEHAVED), 0);
    hf_world_watch(w, NULL, NULL);
    hf_buf_done(&l.heard);
    testnet_end(w);
}

/* Answers a later round with its answer to an earlier one. */
static enum hf_fate stale(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    if (!m->response || m->error != 0 || m->method != HF_METHOD_RECOVER || m->from != l->node)
        return HF_FATE_PASS;
    if (l->heard.len == 0) {
        hf_buf_append(&l->heard, m->body.data, m->body.len);
        return HF_FATE_PASS;
    }
    hf_buf_append(ret->body, l->heard.data, l->heard.len);
    l->lies++;
    return HF_FATE_REPLACE;
}

Test(hostile_provider, an_answer_to_an_earlier_round_is_refused)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    struct liar l = {.w = w, .node = holders[0]};
    hf_buf_init(&l.heard, 65536);
    hf_world_watch(w, stale, &l);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    cr_assert_gt(l.lies, 0);
    hf_world_watch(w, NULL, NULL);
    hf_buf_done(&l.heard);
    testnet_end(w);
}

Test(hostile_provider, stalling_costs_a_grace_and_no_more)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_pause(w, holders[3]);
    hf_world_pause(w, holders[4]);
    uint64_t before = hf_world_now_us(w);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert_lt(hf_world_now_us(w) - before, 200000);
    hf_world_resume(w, holders[3]);
    hf_world_resume(w, holders[4]);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* How long node 0 takes from a restart to its claim, in microseconds. Its first three holders are
 * near, the other two far. */
static uint64_t time_to_claim(uint64_t far_us, bool stalls)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    uint32_t holders[16];
    s.attestation.quote = (struct hf_world_duration){100000, 0};
    s.policy.q = 3;
    struct hf_world *w = testnet_from(&s, 9);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    for (int i = 3; i < 5; i++)
        hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                          .response = true,
                                          .from = (long)holders[i],
                                          .to = 0,
                                          .delay_us = far_us});
    if (stalls)
        hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                          .method = HF_METHOD_RECOVER,
                                          .from = 0,
                                          .to = (long)holders[0]});
    else
        hf_world_crash(w, holders[0]);
    uint64_t before = hf_world_now_us(w);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    uint64_t took = hf_world_now_us(w) - before;
    testnet_end(w);
    return took;
}

Test(hostile_provider, giving_nonces_and_no_answers_costs_at_most_as_much_again)
{
    for (uint64_t far_us = 20000; far_us <= 640000; far_us *= 2) {
        uint64_t without = time_to_claim(far_us, false), with = time_to_claim(far_us, true);
        cr_assert_leq(with, 2 * without, "far by %u ms: %u ms, without it %u ms",
                      (unsigned)(far_us / 1000), (unsigned)(with / 1000),
                      (unsigned)(without / 1000));
    }
}

/* ---- strangers */

struct ask {
    struct hf_world *w;
    uint32_t provider;
    struct hf_buf nonce_body, answer;
    struct hf_nonce_response nonce;
    struct hf_arena arena;
    uint8_t response_key[32];
};

static void ask_begin(struct ask *a, struct hf_world *w, uint32_t provider,
                      const struct hf_account *account)
{
    struct hf_nonce_request m = {0};
    *a = (struct ask){.w = w, .provider = provider};
    memset(a->response_key, 9, 32);
    hf_buf_init(&a->nonce_body, 65536);
    hf_buf_init(&a->answer, 65536);
    hf_arena_init(&a->arena, 1 << 20);
    m.account = *account;
    memcpy(m.response_key, a->response_key, 32);
    cr_assert_eq(hf_wire_encode(&hf_wire_nonce_request, &m, &a->nonce_body), 0);
    cr_assert_eq(
        hf_world_ask(w, provider, HF_METHOD_NONCE, NULL, hf_buf_bytes(&a->nonce_body), &a->answer),
        0);
    cr_assert_eq(hf_wire_decode(&hf_wire_nonce_response, hf_buf_bytes(&a->answer), &a->arena,
                                &a->nonce, NULL),
                 0);
}

static void ask_done(struct ask *a)
{
    hf_buf_done(&a->nonce_body);
    hf_buf_done(&a->answer);
    hf_arena_done(&a->arena);
}

struct forged {
    const struct hf_network_id *network;
    const struct hf_account *account;
    const struct hf_account *provider;
    const char *label;
    uint32_t machine;
    const char *image;
    bool debug;
    bool other_response_key;
};

/* A recover request with a real quote of the stranger's own hardware over the
 * transcript it likes. */
static int ask_recover(struct ask *a, const struct forged *f)
{
    struct hf_asked asked = {0};
    struct hf_recover_transcript t = {.asked = &asked, .asked_count = 1};
    struct hf_recover_request m = {0};
    struct hf_buf transcript, quote, body;
    uint8_t report_data[64];
    hf_buf_init(&transcript, 8192);
    hf_buf_init(&quote, 65536);
    hf_buf_init(&body, 65536);
    asked.provider = *f->provider;
    memcpy(asked.nonce, a->nonce.nonce, 40);
    t.network = *f->network;
    t.account = *f->account;
    memcpy(t.response_key, a->response_key, 32);
    t.response_key[0] ^= f->other_response_key;
    cr_assert_eq(hf_wire_encode(&hf_wire_recover_transcript, &t, &transcript), 0);
    hf_world_suite(a->w)->report_data(f->label, hf_buf_bytes(&transcript), report_data);
    hf_world_quote(a->w, f->machine, f->image, f->debug, report_data, &quote);
    m.transcript = hf_buf_bytes(&transcript);
    m.quote = hf_buf_bytes(&quote);
    cr_assert_eq(hf_wire_encode(&hf_wire_recover_request, &m, &body), 0);
    hf_buf_clear(&a->answer);
    int r =
        hf_world_ask(a->w, a->provider, HF_METHOD_RECOVER, NULL, hf_buf_bytes(&body), &a->answer);
    hf_buf_done(&transcript);
    hf_buf_done(&quote);
    hf_buf_done(&body);
    return r;
}

Test(stranger, a_quote_for_another_account_network_platform_provider_nonce_or_purpose_gets_nothing)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    struct hf_network_id other_network = {{1}};
    testnet_holders(w, 0, holders);
    struct hf_account account = *hf_world_account(w, 0), other = *hf_world_account(w, 1);
    struct hf_account provider = *hf_world_account(w, holders[0]);
    struct hf_account second = *hf_world_account(w, holders[1]);
    const struct forged good = {.network = hf_world_network_id(w),
                                .account = &account,
                                .provider = &provider,
                                .label = "holdfast/v1/recover",
                                .machine = 0,
                                .image = "holdfast-1"};
    struct {
        int error;
        struct forged f;
    } cases[] = {
        {HF_EDOCUMENT_NETWORK, good}, {HF_ENONCE, good},    {HF_ENONCE, good},
        {HF_EREPORTDATA, good},       {HF_EPLATFORM, good}, {HF_EMEASUREMENT, good},
        {HF_EDEBUGTD, good},          {HF_ENONCE, good},
    };
    cases[0].f.network = &other_network;
    cases[1].f.account = &other; /* the nonce was given for another account */
    cases[2].f.provider = &second;
    cases[3].f.label = "holdfast/v1/drill";
    cases[4].f.machine = 55;
    cases[5].f.image = "altered";
    cases[6].f.debug = true;
    cases[7].f.other_response_key = true;
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        struct ask a;
        ask_begin(&a, w, holders[0], &account);
        int r = ask_recover(&a, &cases[i].f);
        bool other_holder = i == 1 && r == HF_ENOSHARE;
        cr_assert(r == cases[i].error || other_holder, "case %zu: %s", i, hf_error_name(r));
        ask_done(&a);
    }
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED), 0);
    testnet_end(w);
}

Test(stranger, a_nonce_dies_with_its_time_and_with_its_makers_process)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    struct hf_account account, provider;
    testnet_holders(w, 0, holders);
    account = *hf_world_account(w, 0);
    provider = *hf_world_account(w, holders[0]);
    const struct forged good = {.network = hf_world_network_id(w),
                                .account = &account,
                                .provider = &provider,
                                .label = "holdfast/v1/recover",
                                .machine = 0,
                                .image = "holdfast-1"};
    struct ask a, b;
    ask_begin(&a, w, holders[0], &account);
    hf_world_run_for(w, 60000);
    cr_assert_eq(ask_recover(&a, &good), HF_ENONCE);
    ask_begin(&b, w, holders[0], &account);
    testnet_restart(w, holders[0]);
    testnet_ready(w, holders[0]);
    cr_assert_eq(ask_recover(&b, &good), HF_ENONCE);
    ask_done(&a);
    ask_done(&b);
    testnet_end(w);
}

/* An asker that has proved nothing must not make a provider store anything. */
Test(stranger, a_hundred_thousand_nonces_cost_the_provider_no_memory)
{
    struct hf_world *w = testnet_up(2, 1, 1);
    struct hf_account account;
    account = *hf_world_account(w, 0);
    hf_world_run_for(w, 120000); /* what the two remember of each other is there */
    size_t before = hf_engine_memory(hf_world_engine(w, 1));
    for (int i = 0; i < 2000; i++) {
        struct ask a;
        ask_begin(&a, w, 1, &account);
        ask_done(&a);
        if (i % HF_RATE_OWNER_BURST == HF_RATE_OWNER_BURST - 1)
            hf_world_run_for(w, 1000 * HF_RATE_OWNER_BURST / HF_RATE_OWNER_PER_S);
    }
    cr_assert_leq(hf_engine_memory(hf_world_engine(w, 1)), before);
    testnet_end(w);
}

Test(stranger, who_asks_beyond_the_owners_part_is_refused_and_the_owner_recovers)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_nonce_request m = {.response_key = {9}};
    struct hf_buf body, answer;
    uint32_t holders[16];
    size_t refused = 0;
    hf_buf_init(&body, 65536);
    hf_buf_init(&answer, 65536);
    testnet_holders(w, 0, holders);
    m.account = *hf_world_account(w, 0);
    cr_assert_eq(hf_wire_encode(&hf_wire_nonce_request, &m, &body), 0);
    hf_world_crash(w, 0);
    for (size_t i = 0; i < 5; i++)
        for (int j = 0; j < 2 * HF_RATE_OWNER_BURST; j++)
            refused += hf_world_ask(w, holders[i], HF_METHOD_NONCE, NULL, hf_buf_bytes(&body),
                                    &answer) == HF_ERATE;
    cr_assert_geq(refused, 5 * HF_RATE_OWNER_BURST / 2);
    hf_world_start(w, 0);
    testnet_ready(w, 0);
    hf_buf_done(&body);
    hf_buf_done(&answer);
    testnet_end(w);
}

Test(stranger, owners_requests_need_the_owners_own_connection)
{
    struct hf_world *w = testnet_up(2, 1, 1);
    struct hf_buf answer;
    static const uint8_t methods[] = {HF_METHOD_OFFER, HF_METHOD_DEPOSIT, HF_METHOD_RECORD,
                                      HF_METHOD_DELETE, HF_METHOD_STANDING};
    hf_buf_init(&answer, 65536);
    for (size_t i = 0; i < HF_ARRAY_LEN(methods); i++) {
        cr_assert_eq(hf_world_ask(w, 1, methods[i], NULL, hf_bytes_of("\x80", 1), &answer),
                     HF_EMISSING);
        cr_assert_eq(hf_world_ask(w, 1, methods[i], NULL, hf_bytes_of("junk", 4), &answer),
                     HF_EMALFORMED);
    }
    hf_buf_done(&answer);
    testnet_end(w);
}

/* Every request that was ever sent, sent again later by a stranger and by its first sender. */
struct tape {
    struct {
        uint8_t method;
        uint32_t from, to;
        bool has_account;
        struct hf_account account;
        uint8_t *data;
        size_t len;
    } said[512];
    size_t count;
};

static enum hf_fate record_tape(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct tape *t = ctx;
    (void)ret;
    if (m->response || t->count == HF_ARRAY_LEN(t->said) || m->method == HF_METHOD_DOCUMENTS)
        return HF_FATE_PASS;
    size_t i = t->count++;
    t->said[i].method = m->method;
    t->said[i].from = m->from;
    t->said[i].to = m->to;
    t->said[i].has_account = m->account != NULL;
    if (m->account != NULL)
        t->said[i].account = *m->account;
    t->said[i].data = malloc(m->body.len);
    memcpy(t->said[i].data, m->body.data, m->body.len);
    t->said[i].len = m->body.len;
    return HF_FATE_PASS;
}

/* An old deposit, replayed, must not take the place of a newer one. */
Test(stranger, every_request_replayed_after_a_restart_changes_nothing)
{
    struct hf_world *w = testnet_new(4, 2, 3);
    struct tape tape = {0};
    struct hf_buf answer;
    uint32_t version;
    hf_buf_init(&answer, 1 << 20);
    hf_world_watch(w, record_tape, &tape);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    hf_world_watch(w, NULL, NULL);
    for (uint32_t i = 1; i < 4; i++) {
        testnet_restart(w, i);
        testnet_ready(w, i);
    }
    hf_world_run_for(w, 60000);
    uint64_t released = hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED);
    uint64_t stored = hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_STORED);
    uint64_t deleted = hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_DELETED);
    for (size_t i = 0; i < tape.count; i++) {
        hf_buf_clear(&answer);
        (void)hf_world_ask(w, tape.said[i].to, tape.said[i].method,
                           tape.said[i].has_account ? &tape.said[i].account : NULL,
                           hf_bytes_of(tape.said[i].data, tape.said[i].len), &answer);
        free(tape.said[i].data);
    }
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED), released);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_STORED), stored);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_DELETED), deleted);
    for (uint32_t i = 0; i < 4; i++) {
        testnet_restart(w, i);
        testnet_ready(w, i);
    }
    testnet_key_lives(w, 0);
    hf_buf_done(&answer);
    testnet_end(w);
}

/* The quickest answers next door, with a share that is not its own; the honest are far away. */
Test(hostile_provider, a_quick_liar_does_not_keep_the_slow_from_being_heard)
{
    struct hf_world *w = testnet_up(7, 2, 3);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    struct liar l = {.w = w, .node = holders[0], .other = holders[1], .method = HF_METHOD_RECOVER};
    hf_buf_init(&l.heard, 65536);
    /* The one whose answer is copied answers first. */
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                      .method = HF_METHOD_RECOVER,
                                      .from = 0,
                                      .to = (long)holders[0],
                                      .delay_us = 5000});
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                      .from = (long)holders[2],
                                      .to = 0,
                                      .response = true,
                                      .delay_us = 300000});
    hf_world_watch(w, parrot, &l);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    hf_world_watch(w, NULL, NULL);
    hf_buf_done(&l.heard);
    hf_world_heal(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
