/* Rounds: when one goes on, what a target may become, which answers are stale. */
#include "engine_harness.h"
#include "trust/round.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>

enum { TARGETS = 5 };

static struct harness l;
static struct hf__target targets[TARGETS];

static const struct hf__round_kind kind = {
    .task = HF__TASK_RECOVER, .method = HF_METHOD_RECOVER, .label = "holdfast/v1/recover"};

static struct hf__round round_of(const char *states)
{
    struct hf__round r = {.kind = &kind, .targets = targets, .targets_count = TARGETS};
    for (size_t i = 0; i < TARGETS; i++)
        targets[i] = (struct hf__target){.state = (uint8_t)(states[i] == 'a'   ? HF__TARGET_ASKED
                                                            : states[i] == 'n' ? HF__TARGET_NONCE
                                                            : states[i] == 'f' ? HF__TARGET_FAILED
                                                                               : HF__TARGET_IDLE)};
    return r;
}

/* ---- hf__round_next */

Test(hf__round_next, by_how_many_are_in_and_how_many_are_awaited)
{
    static const struct {
        const char *states; /* a: asked, n: in, f: failed */
        size_t need, want;
        bool grace_over;
        enum hf__round_next expected;
    } cases[] = {
        {"aaaaa", 3, 3, false, HF__ROUND_WAIT},    {"aaaaa", 3, 3, true, HF__ROUND_WAIT},
        {"nnaaa", 3, 3, false, HF__ROUND_WAIT},    {"nnnaa", 3, 3, false, HF__ROUND_GRACE},
        {"nnnaa", 3, 3, true, HF__ROUND_GO_ON},    {"nnnff", 3, 3, false, HF__ROUND_GO_ON},
        {"nnfff", 3, 3, false, HF__ROUND_GIVE_UP}, {"nafff", 3, 3, false, HF__ROUND_GIVE_UP},
        {"nnfff", 1, 3, false, HF__ROUND_GO_ON},   {"nnffa", 1, 3, true, HF__ROUND_WAIT},
        {"fffff", 1, 3, false, HF__ROUND_GIVE_UP}, {"nnnna", 1, 6, true, HF__ROUND_WAIT},
        {"nnnnn", 1, 6, false, HF__ROUND_GO_ON},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        struct hf__round r = round_of(cases[i].states);
        struct hf__quorum q = {.need = cases[i].need, .want = cases[i].want};
        cr_assert_eq(hf__round_next(&r, HF__TARGET_NONCE, q, cases[i].grace_over),
                     cases[i].expected, "case %zu", i);
    }
}

/* ---- hf__round_target */

Test(hf__round_target, is_nobody_once_its_place_was_given_to_another)
{
    struct hf__round r = round_of("aaaaa");
    struct hf__pending call = {.task = HF__TASK_RECOVER, .slot = 1};
    for (size_t i = 0; i < TARGETS; i++)
        targets[i].account.bytes[0] = (uint8_t)(i + 1);
    call.account.bytes[0] = 2;
    cr_assert_eq(hf__round_target(&r, &call), &targets[1]);
    targets[1].account.bytes[0] = 9;
    cr_assert_null(hf__round_target(&r, &call));
    r.phase = HF__PHASE_NONCE;
    cr_assert(!hf__round_expects(&r, &call, HF__PHASE_NONCE));
    call.slot = TARGETS;
    cr_assert_null(hf__round_target(&r, &call));
}

/* ---- hf__round_begin, hf__round_nonce */

static void up(void)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, TARGETS);
    hf__update_begin(l.e);
}

Test(hf__round_begin, asks_every_target_and_forgets_the_round_before)
{
    struct hf__round r = round_of("iiiii");
    struct hf_update u;
    up();
    for (size_t i = 0; i < TARGETS - 1; i++)
        authority_account(i, &targets[i].account);
    /* The last one is no member: it fails at once. */
    cr_assert_eq(hf__round_begin(l.e, &r, NULL), TARGETS - 1);
    cr_assert_eq(targets[TARGETS - 1].state, HF__TARGET_FAILED);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.calls_count, TARGETS - 1);
    struct hf__pending call = l.e->calls[l.e->calls_count - 1];
    cr_assert(hf__round_expects(&r, &call, HF__PHASE_NONCE));
    cr_assert(!hf__round_expects(&r, &call, HF__PHASE_ANSWER));
    hf__round_end(&r);
    cr_assert(!hf__round_expects(&r, &call, HF__PHASE_NONCE));
    (void)hf__round_begin(l.e, &r, NULL);
    cr_assert(!hf__round_expects(&r, &call, HF__PHASE_NONCE));
    hf__round_done(&r);
    harness_done(&l);
}

Test(hf__round_quote, covers_the_nonces_that_are_in_and_leaves_the_rest_out)
{
    struct hf__round r = round_of("iiiii");
    struct hf_recover_transcript t;
    up();
    for (size_t i = 0; i < TARGETS; i++)
        authority_account(i, &targets[i].account);
    cr_assert_eq(hf__round_begin(l.e, &r, NULL), TARGETS);
    hf__target_answered(l.e, &targets[1], HF__TARGET_NONCE);
    hf__target_answered(l.e, &targets[3], HF__TARGET_NONCE);
    hf__round_quote(l.e, &r);
    cr_assert_eq(hf__decode(l.e, &hf_wire_recover_transcript, hf_blob_bytes(r.transcript), &t), 0);
    cr_assert_eq(t.asked_count, 2);
    cr_assert_arr_eq(t.asked[1].provider.bytes, targets[3].account.bytes, 32);
    cr_assert_eq(targets[0].state, HF__TARGET_IDLE);
    cr_assert(!hf__round_awaits(&r, r.quote_work + 1));
    cr_assert(hf__round_awaits(&r, r.quote_work));
    cr_assert_eq(hf__round_ask(l.e, &r, hf_bytes_of("a quote", 7)), 2);
    cr_assert_eq(l.e->calls[l.e->calls_count - 1].method, HF_METHOD_RECOVER);
    hf__round_done(&r);
    harness_done(&l);
}

/* ---- what may not be */

struct move {
    enum hf__target_state from, to;
};

ParameterizedTestParameters(hf__target_move, that_is_forbidden)
{
    static struct move moves[] = {
        {HF__TARGET_IDLE, HF__TARGET_NONCE},      {HF__TARGET_IDLE, HF__TARGET_ANSWERED},
        {HF__TARGET_NONCE, HF__TARGET_ANSWERED},  {HF__TARGET_NONCE, HF__TARGET_IDLE},
        {HF__TARGET_ANSWERED, HF__TARGET_NONCE},  {HF__TARGET_ANSWERED, HF__TARGET_ANSWERED},
        {HF__TARGET_FAILED, HF__TARGET_ANSWERED}, {HF__TARGET_FAILED, HF__TARGET_NONCE},
    };
    return cr_make_param_array(struct move, moves, HF_ARRAY_LEN(moves));
}

ParameterizedTest(struct move *m, hf__target_move, that_is_forbidden, .signal = SIGABRT)
{
    struct hf__target t = {.state = (uint8_t)m->from};
    hf__target_move(&t, m->to);
}

Test(hf__round_quote, without_a_nonce, .signal = SIGABRT)
{
    struct hf__round r = round_of("iiiii");
    up();
    for (size_t i = 0; i < TARGETS; i++)
        authority_account(i, &targets[i].account);
    (void)hf__round_begin(l.e, &r, NULL);
    hf__round_quote(l.e, &r);
}

Test(hf__round_begin, while_one_is_under_way, .signal = SIGABRT)
{
    struct hf__round r = round_of("iiiii");
    up();
    authority_account(0, &targets[0].account);
    (void)hf__round_begin(l.e, &r, NULL);
    (void)hf__round_begin(l.e, &r, NULL);
}
