/* The life of a node: the moves that there are, and no others. */
#include "engine_harness.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdlib.h>

enum { STATES = HF_STATE_HANDED_OVER + 1 };

#define S(name) HF_STATE_##name

static const enum hf_state permitted[][2] = {
    {S(STARTING), S(FRESH)},      {S(STARTING), S(RECOVERING)}, {S(STARTING), S(BLOCKED)},
    {S(FRESH), S(PLACING)},       {S(FRESH), S(BLOCKED)},       {S(RECOVERING), S(CLAIMING)},
    {S(RECOVERING), S(BLOCKED)},  {S(CLAIMING), S(PLACING)},    {S(CLAIMING), S(PLACED)},
    {S(CLAIMING), S(BLOCKED)},    {S(PLACING), S(PLACED)},      {S(PLACING), S(BLOCKED)},
    {S(PLACED), S(READY)},        {S(PLACED), S(DEGRADED)},     {S(PLACED), S(BLOCKED)},
    {S(READY), S(DEGRADED)},      {S(READY), S(PLACED)},        {S(READY), S(LEAVING)},
    {S(READY), S(BLOCKED)},       {S(DEGRADED), S(READY)},      {S(DEGRADED), S(PLACED)},
    {S(DEGRADED), S(LEAVING)},    {S(DEGRADED), S(BLOCKED)},    {S(LEAVING), S(LEFT)},
    {S(LEAVING), S(BLOCKED)},     {S(PLACED), S(CLAIMING)},     {S(READY), S(CLAIMING)},
    {S(DEGRADED), S(CLAIMING)},   {S(PLACING), S(CLAIMING)},    {S(PLACED), S(LEAVING)},
    {S(LEAVING), S(PLACED)},      {S(LEAVING), S(CLAIMING)},    {S(LEFT), S(CLAIMING)},
    {S(LEFT), S(BLOCKED)},        {S(LEFT), S(PLACED)},         {S(STARTING), S(CLAIMING)},
    {S(PLACED), S(HANDED_OVER)},  {S(READY), S(HANDED_OVER)},   {S(DEGRADED), S(HANDED_OVER)},
    {S(LEAVING), S(HANDED_OVER)},
};

static bool may(enum hf_state from, enum hf_state to)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(permitted); i++)
        if (permitted[i][0] == from && permitted[i][1] == to)
            return true;
    return from == to;
}

static struct harness l;

/* An engine in a state, with all that the invariant of another asks for. */
static void stand(enum hf_state from, enum hf_state to)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    harness_tick(&l, 0);
    l.e->state = (uint8_t)from;
    l.e->has_account = true;
    l.e->open = to >= HF_STATE_CLAIMING && to <= HF_STATE_LEFT;
    l.e->claimed = to >= HF_STATE_PLACING && to <= HF_STATE_LEFT;
    struct hf_blob *record = hf_blob_new(hf_bytes_of("a record", 8));
    cr_assert_not_null(record);
    hf_blob_unref(hf__rows_put(&l.e->rows, HF_ROW_RECORD, (struct hf_bytes){0}, record));
    hf_blob_unref(record);
}

Test(hf__state_set, every_permitted_move_is_made_and_traced)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(permitted); i++) {
        struct hf_update u;
        stand(permitted[i][0], permitted[i][1]);
        l.e->now_ms += 5;
        hf__update_begin(l.e);
        hf__state_set(l.e, permitted[i][1], -7);
        hf__update_end(l.e, &u);
        cr_assert_eq(l.e->state, permitted[i][1]);
        cr_assert_eq(l.e->reason, -7);
        cr_assert_eq(l.e->state_since_ms, l.e->now_ms);
        cr_assert_eq(u.traces_count, 1);
        cr_assert_eq(u.traces[0].type, HF_TRACE_STATE);
        cr_assert_eq(u.traces[0].a, permitted[i][0]);
        cr_assert_eq(u.traces[0].b, permitted[i][1]);
        cr_assert_eq(u.traces[0].error, -7);
        cr_assert_eq(u.state, permitted[i][1]);
        cr_assert(u.state_changed);
        harness_done(&l);
    }
}

Test(hf__state_set, the_same_state_again_changes_the_reason_and_not_the_time)
{
    struct hf_update u;
    stand(HF_STATE_READY, HF_STATE_READY);
    uint64_t since = l.e->state_since_ms;
    l.e->now_ms += 5;
    hf__update_begin(l.e);
    hf__state_set(l.e, HF_STATE_READY, -3);
    hf__state_set(l.e, HF_STATE_READY, -3);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.traces_count, 1);
    cr_assert_eq(l.e->reason, -3);
    cr_assert_eq(l.e->state_since_ms, since);
    cr_assert(u.state_changed, "its reason counts too");
    hf__update_begin(l.e);
    hf__state_set(l.e, HF_STATE_READY, -3);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.state, HF_STATE_READY);
    cr_assert_not(u.state_changed);
    harness_done(&l);
}

struct move {
    enum hf_state from, to;
};

ParameterizedTestParameters(hf__state_set, a_forbidden_move)
{
    static struct move moves[STATES * STATES];
    size_t count = 0;
    for (int from = 0; from < STATES; from++)
        for (int to = 0; to < STATES; to++)
            if (!may((enum hf_state)from, (enum hf_state)to))
                moves[count++] = (struct move){(enum hf_state)from, (enum hf_state)to};
    return cr_make_param_array(struct move, moves, count);
}

ParameterizedTest(struct move *m, hf__state_set, a_forbidden_move, .signal = SIGABRT)
{
    stand(m->from, m->to);
    hf__state_set(l.e, m->to, 0);
}

Test(hf__state_set, ready_without_a_record, .signal = SIGABRT)
{
    stand(HF_STATE_PLACED, HF_STATE_READY);
    hf_blob_unref(hf__rows_del(&l.e->rows, HF_ROW_RECORD, (struct hf_bytes){0}));
    hf__state_set(l.e, HF_STATE_READY, 0);
}

Test(hf__state_set, placed_without_a_claim, .signal = SIGABRT)
{
    stand(HF_STATE_CLAIMING, HF_STATE_PLACED);
    l.e->claimed = false;
    hf__state_set(l.e, HF_STATE_PLACED, 0);
}

Test(hf__state_set, claiming_with_a_closed_vault, .signal = SIGABRT)
{
    stand(HF_STATE_RECOVERING, HF_STATE_CLAIMING);
    l.e->open = false;
    hf__state_set(l.e, HF_STATE_CLAIMING, 0);
}

Test(hf__state_set, blocked_with_an_open_vault, .signal = SIGABRT)
{
    stand(HF_STATE_READY, HF_STATE_BLOCKED);
    l.e->open = true;
    hf__state_set(l.e, HF_STATE_BLOCKED, 0);
}
