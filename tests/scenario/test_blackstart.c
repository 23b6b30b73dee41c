/* A whole network stops at once, and people who share the quorum key start it again
 * (proto/QUORUM.md, 4 and 5). */
#include "testnet.h"

#include "base/error.h"
#include "document/request.h"

#include <criterion/criterion.h>

enum { NODES = 7, M = 3, N = 5 };

/* Three of the five start a node. */
static void start_by_people(struct hf_world *w, uint32_t node)
{
    static const uint8_t holders[M] = {5, 1, 3};
    struct hf_blackstart_report report;
    struct hf_buf request;
    testnet_ask(w, node, &request);
    for (uint8_t i = 0; i < M; i++) {
        cr_assert_eq(testnet_answered(w, node, holders[i], &request, &report), 0);
        cr_assert_eq(report.holder, holders[i]);
        cr_assert_eq(report.have, i + 1);
        cr_assert_eq(report.need, M);
    }
    hf_buf_done(&request);
}

Test(sealing, is_said_when_a_power_cut_can_no_longer_take_it)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    testnet_power_cut(w);
    for (uint32_t i = 0; i < NODES; i++)
        cr_assert_neq(testnet_status(w, i).sealed_s, 0, "node %u had said so", i);
    testnet_end(w);
}

Test(blackstart, brings_every_key_back_as_it_was)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    unsigned by_people = 0;
    testnet_power_cut(w);
    for (uint32_t i = 0; i < NODES; i++) {
        hf_world_run_for(w, 20000);
        if (testnet_status(w, i).open)
            continue;
        start_by_people(w, i);
        by_people++;
    }
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    cr_assert_geq(by_people, 3);
    cr_assert_lt(by_people, NODES, "the rest follow unasked");
    cr_assert(testnet_all_sealed(w, NULL), "and are sealed as before");
    testnet_end(w);
}

/* Two of these holders start a node. */
static void start_by_two(struct hf_world *w, uint32_t node, uint8_t first, uint8_t second)
{
    struct hf_blackstart_report report;
    struct hf_buf request;
    testnet_ask(w, node, &request);
    cr_assert_eq(testnet_answered(w, node, first, &request, &report), 0);
    cr_assert_eq(testnet_answered(w, node, second, &request, &report), 0);
    hf_buf_done(&request);
}

Test(blackstart, a_crash_at_any_moment_costs_a_new_request_at_most, .timeout = 120)
{
    /* From the last answer on, in which the vault opens and the node claims, one event further each
     * time; and then the machine is gone once more. */
    for (unsigned events = 0; events <= 120; events += events < 20 ? 1 : 10) {
        struct hf_world *w = testnet_up(NODES, 3, 5);
        hf_world_quorum_issue(w, 2, N, true);
        cr_assert(hf_world_run_until(w, testnet_all_sealed, NULL, TESTNET_MS));
        testnet_power_cut(w);
        start_by_two(w, 0, 1, 2);
        for (unsigned i = 0; i < events; i++)
            cr_assert(hf_world_step(w));
        hf_world_power_off(w, 0);
        hf_world_start(w, 0);
        hf_world_run_for(w, 5000);
        cr_assert_not(testnet_status(w, 0).open, "after %u events", events);
        start_by_two(w, 0, 3, 4);
        for (uint32_t node = 1; node < NODES; node++) {
            hf_world_run_for(w, 20000);
            if (!testnet_status(w, node).open)
                start_by_two(w, node, 5, 1);
        }
        testnet_ready(w, HF_WORLD_ALL);
        testnet_key_lives(w, 0);
        testnet_end(w);
    }
}

Test(sealing, a_crash_at_any_moment_of_it_loses_nothing, .timeout = 120)
{
    for (unsigned events = 0; events <= 200; events += 10) {
        struct hf_world *w = testnet_up(NODES, 3, 5);
        hf_world_quorum_issue(w, M, N, true);
        for (unsigned i = 0; i < events; i++)
            cr_assert(hf_world_step(w));
        testnet_restart(w, 0);
        cr_assert(hf_world_run_until(w, testnet_all_sealed, NULL, TESTNET_MS), "after %u events",
                  events);
        testnet_key_lives(w, 0);
        testnet_end(w);
    }
}

/* A stop would waste what people have answered; afterwards it costs them nothing. */
Test(blackstart, that_people_are_answering_is_no_moment_to_stop)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_report report;
    struct hf_buf request;
    testnet_power_cut(w);
    cr_assert_eq(hf_world_drain(w, 0, true, TESTNET_MS), 0, "nobody was asked yet");
    testnet_ask(w, 0, &request);
    cr_assert_eq(hf_world_drain(w, 0, true, TESTNET_MS), HF_EDRAINASKED);
    for (uint8_t holder = 1; holder <= M; holder++) {
        cr_assert_eq(testnet_answered(w, 0, holder, &request, &report), 0);
        if (holder < M)
            cr_assert_eq(hf_world_drain(w, 0, true, TESTNET_MS), HF_EDRAINASKED);
    }
    hf_buf_done(&request);
    hf_world_run_for(w, 20000);
    cr_assert(testnet_status(w, 0).open);
    cr_assert_neq(hf_world_drain(w, 0, true, TESTNET_MS), HF_EDRAINASKED);
    testnet_end(w);
}

Test(blackstart, a_wrong_answer_is_named_and_costs_nothing)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_report report;
    struct hf_buf request, a;
    testnet_power_cut(w);
    testnet_ask(w, 0, &request);
    cr_assert_eq(testnet_answered(w, 0, 1, &request, &report), 0);
    hf_buf_init(&a, 4096);
    cr_assert_eq(hf_world_holder_answer(w, 2, hf_buf_bytes(&request), &a), 0);
    a.data[a.len - 1] ^= 1;
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&a), TESTNET_MS, &report), HF_ECRYPTO);
    cr_assert_eq(report.holder, 2);
    cr_assert_eq(report.have, 1);
    a.data[a.len - 1] ^= 1;
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&a), TESTNET_MS, &report), 0);
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&a), TESTNET_MS, &report), HF_EREPEATED);
    cr_assert_eq(report.have, 2);
    cr_assert_eq(hf_world_answer(w, 0, hf_bytes_of("no answer", 9), TESTNET_MS, &report),
                 HF_EMALFORMED);
    cr_assert_eq(report.holder, 0);
    cr_assert_not(testnet_status(w, 0).open);
    cr_assert_eq(testnet_answered(w, 0, 4, &request, &report), 0);
    cr_assert_eq(report.have, M);
    hf_world_run_for(w, 5000);
    cr_assert(testnet_status(w, 0).open);
    hf_buf_done(&a);
    hf_buf_done(&request);
    testnet_end(w);
}

Test(blackstart, a_holder_that_answers_for_another_is_found_out)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_report report;
    struct hf_blackstart_answer m;
    struct hf_arena arena;
    struct hf_buf request, a, other;
    testnet_power_cut(w);
    testnet_ask(w, 0, &request);
    hf_buf_init(&a, 4096);
    hf_buf_init(&other, 4096);
    hf_arena_init(&arena, 4096);
    cr_assert_eq(hf_world_holder_answer(w, 2, hf_buf_bytes(&request), &a), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_blackstart_answer, hf_buf_bytes(&a), &arena, &m, NULL), 0);
    m.context.index = 3;
    cr_assert_eq(hf_wire_encode(&hf_wire_blackstart_answer, &m, &other), 0);
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&other), TESTNET_MS, &report), HF_ECRYPTO);
    m.context.index = N + 1;
    hf_buf_clear(&other);
    cr_assert_eq(hf_wire_encode(&hf_wire_blackstart_answer, &m, &other), 0);
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&other), TESTNET_MS, &report), HF_ENOTHOLDER);
    cr_assert_eq(report.have, 0);
    hf_arena_done(&arena);
    hf_buf_done(&other);
    hf_buf_done(&a);
    hf_buf_done(&request);
    testnet_end(w);
}

Test(blackstart, answers_from_before_a_restart_count_for_nothing)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_report report;
    struct hf_buf first, second, late;
    testnet_power_cut(w);
    testnet_ask(w, 0, &first);
    hf_buf_init(&late, 4096);
    cr_assert_eq(hf_world_holder_answer(w, 1, hf_buf_bytes(&first), &late), 0);
    testnet_restart(w, 0);
    hf_world_run_for(w, 5000);
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&late), TESTNET_MS, &report), HF_ENOREQUEST);
    cr_assert_eq(testnet_status(w, 0).blackstart_number, 1, "it knows that it has asked before");
    testnet_ask(w, 0, &second);
    cr_assert_eq(testnet_status(w, 0).blackstart_number, 2);
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&late), TESTNET_MS, &report), HF_EOTHERREQUEST);
    cr_assert_eq(testnet_answered(w, 0, 1, &second, &report), HF_ESECONDREQUEST);
    for (uint8_t holder = 2; holder <= 4; holder++)
        cr_assert_eq(testnet_answered(w, 0, holder, &second, &report), 0);
    hf_world_run_for(w, 5000);
    cr_assert(testnet_status(w, 0).open);
    cr_assert_eq(testnet_status(w, 0).blackstart_number, 0);
    hf_buf_done(&late);
    hf_buf_done(&first);
    hf_buf_done(&second);
    testnet_end(w);
}

Test(blackstart, an_answer_for_one_node_opens_no_other)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_report report;
    struct hf_buf mine, theirs;
    testnet_power_cut(w);
    testnet_ask(w, 0, &mine);
    testnet_ask(w, 1, &theirs);
    struct hf_buf a;
    hf_buf_init(&a, 4096);
    cr_assert_eq(hf_world_holder_answer(w, 1, hf_buf_bytes(&theirs), &a), 0);
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&a), TESTNET_MS, &report), HF_EOTHERREQUEST);
    hf_buf_done(&a);
    hf_buf_done(&mine);
    hf_buf_done(&theirs);
    testnet_end(w);
}

/* Decodes a request, has it changed, and gives it to a holder. */
typedef void change_fn(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                       struct hf_buf *transcript);

static int changed(struct hf_world *w, const struct hf_buf *request, change_fn *change)
{
    struct hf_blackstart_request q;
    struct hf_blackstart_transcript t;
    struct hf_arena arena;
    struct hf_buf transcript, out, a;
    hf_arena_init(&arena, 1 << 20);
    hf_buf_init(&transcript, 4096);
    hf_buf_init(&out, 1 << 20);
    hf_buf_init(&a, 4096);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_blackstart_request, hf_buf_bytes(request), &arena, &q, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_blackstart_transcript, q.transcript, &arena, &t, NULL), 0);
    change(&q, &t, &transcript);
    cr_assert_eq(hf_wire_encode(&hf_wire_blackstart_request, &q, &out), 0);
    int r = hf_world_holder_answer(w, 1, hf_buf_bytes(&out), &a);
    hf_buf_done(&a);
    hf_buf_done(&out);
    hf_buf_done(&transcript);
    hf_arena_done(&arena);
    return r;
}

static void again(struct hf_blackstart_request *q, const struct hf_blackstart_transcript *t,
                  struct hf_buf *transcript)
{
    cr_assert_eq(hf_wire_encode(&hf_wire_blackstart_transcript, t, transcript), 0);
    q->transcript = hf_buf_bytes(transcript);
}

static void other_key(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                      struct hf_buf *transcript)
{
    t->response_key[0] ^= 1;
    again(q, t, transcript);
}

static void older_policy(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                         struct hf_buf *transcript)
{
    t->policy--;
    again(q, t, transcript);
}

static void newer_policy(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                         struct hf_buf *transcript)
{
    t->policy++;
    again(q, t, transcript);
}

static void other_network(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                          struct hf_buf *transcript)
{
    t->network.bytes[0] ^= 1;
    again(q, t, transcript);
}

static void stranger(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                     struct hf_buf *transcript)
{
    t->account.bytes[0] ^= 1;
    again(q, t, transcript);
}

static void other_share_set(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                            struct hf_buf *transcript)
{
    t->share_set.bytes[0] ^= 1;
    again(q, t, transcript);
}

static void no_proof(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                     struct hf_buf *transcript)
{
    (void)t;
    (void)transcript;
    q->sealed.proof[0] ^= 1;
}

static void no_signature(struct hf_blackstart_request *q, struct hf_blackstart_transcript *t,
                         struct hf_buf *transcript)
{
    (void)t;
    (void)transcript;
    q->sealed.signature[0] ^= 1;
}

Test(blackstart, a_request_that_was_changed_is_refused)
{
    static const struct {
        change_fn *change;
        int error;
    } cases[] = {{other_key, HF_EREPORTDATA}, {older_policy, HF_EDOCUMENT_OLD},
                 {newer_policy, HF_EBEHIND},  {other_network, HF_EDOCUMENT_NETWORK},
                 {stranger, HF_ENOTMEMBER},   {other_share_set, HF_EDOCUMENT_OLD},
                 {no_proof, HF_ESEALED},      {no_signature, HF_ESEALED}};
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_buf request;
    testnet_power_cut(w);
    testnet_ask(w, 0, &request);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++)
        cr_assert_eq(changed(w, &request, cases[i].change), cases[i].error, "case %zu", i);
    hf_buf_done(&request);
    testnet_end(w);
}

static struct hf_signed_sealed borrowed;

static void statement_of_another(struct hf_blackstart_request *q,
                                 struct hf_blackstart_transcript *t, struct hf_buf *transcript)
{
    (void)t;
    (void)transcript;
    q->sealed = borrowed;
}

Test(blackstart, another_nodes_statement_is_refused)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_request q;
    struct hf_arena arena;
    struct hf_buf mine, theirs;
    testnet_power_cut(w);
    testnet_ask(w, 0, &mine);
    testnet_ask(w, 1, &theirs);
    hf_arena_init(&arena, 1 << 20);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_blackstart_request, hf_buf_bytes(&theirs), &arena, &q, NULL), 0);
    borrowed = q.sealed;
    cr_assert_eq(changed(w, &mine, statement_of_another), HF_ESEALED);
    hf_arena_done(&arena);
    hf_buf_done(&mine);
    hf_buf_done(&theirs);
    testnet_end(w);
}

Test(blackstart, a_foreign_machine_gets_nothing)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_report report;
    struct hf_buf request;
    testnet_power_cut(w);
    hf_world_crash(w, 0);
    hf_world_machine(w, 0, 4711);
    hf_world_start(w, 0);
    hf_world_run_for(w, 5000);
    testnet_ask(w, 0, &request);
    cr_assert_eq(testnet_answered(w, 0, 1, &request, &report), HF_EPLATFORM);
    hf_buf_done(&request);
    testnet_end(w);
}

Test(blackstart, software_that_was_never_accepted_gets_nothing)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_report report;
    struct hf_buf request;
    testnet_power_cut(w);
    hf_world_crash(w, 0);
    hf_world_image(w, 0, "of-the-host");
    hf_world_start(w, 0);
    hf_world_run_for(w, 5000);
    testnet_ask(w, 0, &request);
    cr_assert_eq(testnet_answered(w, 0, 1, &request, &report), HF_EMEASUREMENT);
    hf_buf_done(&request);
    testnet_end(w);
}

Test(blackstart, who_is_not_locked_or_not_sealed_makes_no_request)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    struct hf_buf request;
    hf_buf_init(&request, 1 << 20);
    cr_assert_eq(hf_world_blackstart(w, 0, TESTNET_MS, &request), HF_ENOTLOCKED);
    testnet_power_cut(w);
    hf_world_quorum_issue(w, M, N, false);
    hf_world_run_for(w, 5000);
    cr_assert_eq(hf_world_blackstart(w, 0, TESTNET_MS, &request), HF_EUNSEALED);
    hf_buf_done(&request);
    testnet_end(w);
}

/* A share set without the key that the policy names: no node can seal to it. */
static void name_another(struct hf_policy *policy, void *ctx)
{
    (void)ctx;
    policy->quorum_key = hf_bytes_of("another", 7);
    policy->quorum_required = true;
}

Test(sealing, where_the_policy_asks_for_it_and_it_is_not_done_the_node_is_degraded)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    hf_world_policy_edit(w, name_another, NULL);
    for (uint32_t i = 0; i < NODES; i++)
        testnet_reason(w, i, HF_STATE_DEGRADED, HF_EUNSEALED);
    testnet_end(w);
}

Test(sealing, is_done_anew_when_the_key_is_another)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    cr_assert_eq(testnet_status(w, 0).sealed_share_set, 1);
    hf_world_quorum_issue(w, 2, 3, true);
    cr_assert(hf_world_run_until(w, testnet_all_sealed, NULL, TESTNET_MS));
    hf_world_run_for(w, 10000);
    for (uint32_t i = 0; i < NODES; i++)
        cr_assert_eq(testnet_status(w, i).sealed_share_set, 2);
    testnet_end(w);
}

Test(sealing, lasts_over_an_ordinary_restart)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    uint64_t since_s = testnet_status(w, 0).sealed_s;
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    cr_assert(testnet_status(w, 0).sealed);
    cr_assert_eq(testnet_status(w, 0).sealed_s, since_s);
    testnet_end(w);
}
