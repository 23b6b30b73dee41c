/* Leave to stop for a while: whom a provider asks about, and what answers count for. */
#include "engine_harness.h"
#include "provider/provider.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { OTHERS = 7 };

static struct harness l;

/* A call of the drain that has left and was not answered. */
struct out {
    uint32_t id;
    struct hf_account account;
};
static struct out *outs;
static size_t outs_count;

/* Takes down the calls of the last update that ask for a nonce. */
static void take_calls(void)
{
    for (size_t i = 0; i < l.u.calls_count; i++) {
        if (l.u.calls[i].method != HF_METHOD_NONCE)
            continue;
        outs = realloc(outs, (outs_count + 1) * sizeof *outs);
        cr_assert_not_null(outs);
        outs[outs_count].id = l.u.calls[i].id;
        outs[outs_count++].account = l.u.calls[i].account;
    }
}

/* The members behind those that hold; by their order, as rows are. */
static struct hf_account owner_of(uint32_t owner)
{
    struct hf_account ret;
    authority_account(OTHERS + owner, &ret);
    return ret;
}

/* Keeps a recorded share of an owner that two members, from this one on, hold beside this node: k =
 * 2, n = 3. The dealing's number names it. */
static void hold_as(uint32_t owner, uint32_t claim, uint32_t number, uint32_t member)
{
    struct hf_holder holders[3] = {0};
    struct hf_placement_record record = {.generation = {.version = 1, .number = number},
                                         .threshold = 2,
                                         .holders = holders,
                                         .holders_count = 3,
                                         .epoch = 1,
                                         .quorum = 2,
                                         .provisional = 3,
                                         .ballot = {.number = claim, .instance = {1}}};
    struct hf_held_row row = {.index = 1, .shares = 3, .has_record = true};
    uint8_t key[48] = {0}, commitments[64] = {0};
    record.owner = owner_of(owner);
    record.generation.id[15] = (uint8_t)(number - 1);
    memcpy(key, record.owner.bytes, HF_ID_LEN);
    memcpy(key + HF_ID_LEN, record.generation.id, 16);
    record.commitments = hf_bytes_of(commitments, sizeof commitments);
    for (size_t i = 0; i < 3; i++) {
        holders[i].index = i + 1;
        authority_account((member + i) % OTHERS, &holders[i].account);
    }
    holders[0].account = l.account;
    row.header.owner = record.owner;
    row.header.ballot = record.ballot;
    row.generation = record.generation;
    row.commitments = record.commitments;
    row.record.record = hf__encode(l.e, &hf_wire_placement_record, &record);
    hf__put(l.e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &row);
}

static void hold(uint32_t owner)
{
    hold_as(owner, 1, 1, owner);
}

/* The share that is kept of an owner was deposited again, and its record has not come yet. */
static void deposit_again(uint32_t owner)
{
    struct hf_held_row row = {.index = 1, .shares = 3};
    uint8_t key[48] = {0}, commitments[64] = {0};
    row.header.owner = owner_of(owner);
    memcpy(key, row.header.owner.bytes, HF_ID_LEN);
    row.header.ballot = (struct hf_ballot){.number = 1, .instance = {1}};
    row.generation = (struct hf_generation_id){.version = 1, .number = 1};
    row.commitments = hf_bytes_of(commitments, sizeof commitments);
    hf__put(l.e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &row);
}

/* members: of the owners, the first ones, that are in the set. */
static void up_with(uint32_t owners, uint32_t members)
{
    outs_count = 0;
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, OTHERS + members);
    for (uint32_t i = 0; i < owners; i++)
        hold(i);
}

static void up(uint32_t owners)
{
    up_with(owners, owners);
}

static void down(void)
{
    free(outs);
    outs = NULL;
    harness_done(&l);
}

static void ask(enum hf_local_type what)
{
    harness_local(&l, what, "");
    take_calls();
}

/* Answers call number at with a nonce, or with an error. */
static void answer_as(size_t at, int error, bool draining)
{
    struct hf_nonce_response m = {.versions = {.root = 1, .policy = 1, .epoch = 1},
                                  .draining = draining};
    struct hf_buf b;
    hf_buf_init(&b, 4096);
    m.provider = outs[at].account;
    cr_assert_eq(hf_wire_encode(&hf_wire_nonce_response, &m, &b), 0);
    harness_response(&l, outs[at].id, error, error == 0 ? hf_buf_bytes(&b) : (struct hf_bytes){0});
    hf_buf_done(&b);
    take_calls();
}

static void answer(size_t at, int error)
{
    answer_as(at, error, false);
}

/* Leave is given when the members were told, not before: who asks may end the process at once. */
static void given(void)
{
    cr_assert_eq(l.u.locals_count, 0);
    cr_assert(harness_status(&l).draining);
    for (int i = 0; i < 20 && l.u.locals_count == 0; i++)
        harness_tick(&l, 2 * hf_timing_default.gossip_ms);
    cr_assert_eq(harness_local_error(&l), 0);
    const struct hf__told *told = hf__told_find(l.e, &l.account, HF__NEWS_DRAINING, NULL);
    cr_assert(told != NULL && !told->over && told->budget == 0);
}

Test(hf__drain, of_more_owners_than_calls_may_be_out_asks_all_of_them)
{
    enum { OWNERS = 600 };
    up(OWNERS);
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, HF_CALLS_DRAIN_MAX);
    for (size_t i = 0; i < outs_count; i++) {
        cr_assert_eq(l.u.locals_count, 0);
        answer(i, 0);
    }
    cr_assert_eq(outs_count, 2 * OWNERS);
    given();
    down();
}

/* Of two forks the higher claim decides, whatever their dealings are numbered and in whatever order
 * they lie. */
Test(hf__drain, of_an_owner_with_two_forks_asks_about_the_higher_claim)
{
    static const struct {
        uint32_t claim, number;
    } other[] = {{2, 9}, {1, 2}, {1, 9}};
    for (size_t i = 0; i < 3; i++) {
        struct hf_account expected;
        up(1);
        hold_as(0, 3, 5, 3);
        hold_as(0, other[i].claim, other[i].number, 1);
        ask(HF_LOCAL_DRAIN);
        cr_assert_eq(outs_count, 2);
        for (size_t j = 0; j < 2; j++) {
            authority_account(4 + j, &expected);
            cr_assert(hf_account_equal(&outs[j].account, &expected));
        }
        down();
    }
}

Test(hf__drain, asks_nobody_about_a_share_whose_record_went_meanwhile)
{
    enum { OWNERS = 200 };
    up(OWNERS);
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, HF_CALLS_DRAIN_MAX);
    deposit_again(OWNERS - 1);
    for (size_t i = 0; i < outs_count; i++) {
        cr_assert_eq(l.u.locals_count, 0);
        answer(i, 0);
    }
    cr_assert_eq(outs_count, 2 * (OWNERS - 1));
    cr_assert_eq(harness_local_error(&l), HF_EDRAIN);
    down();
}

Test(hf__drain, is_refused_when_one_owner_would_be_left_with_too_few)
{
    up(3);
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, 6);
    for (size_t i = 0; i < 6; i++)
        answer(i, i == 3 ? HF_ELOCKED : 0);
    cr_assert_eq(harness_local_error(&l), HF_EDRAIN);
    cr_assert(!harness_status(&l).draining);
    down();
}

Test(hf__drain, answers_to_a_question_that_was_withdrawn_do_not_count)
{
    up(3);
    ask(HF_LOCAL_DRAIN);
    ask(HF_LOCAL_UNDRAIN);
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, 12);
    for (size_t i = 0; i < 6; i++) {
        answer(i, HF_ELOCKED);
        cr_assert_eq(l.u.locals_count, 0);
    }
    for (size_t i = 6; i < 12; i++)
        answer(i, 0);
    given();
    down();
}

Test(hf__drain, a_holder_that_drains_counts_as_gone_and_the_owner_is_named)
{
    up(3);
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, 6);
    for (size_t i = 0; i < 6; i++)
        answer_as(i, 0, i == 3);
    cr_assert_eq(harness_local_error(&l), HF_EDRAIN);
    cr_assert_eq(l.u.locals[0].drain.owners, 1);
    const struct hf_account owner = owner_of(1);
    cr_assert(hf_account_equal(&l.u.locals[0].drain.owner, &owner));
    cr_assert_eq(l.u.locals[0].drain.live, 1);
    cr_assert_eq(l.u.locals[0].drain.needed, 2);
    cr_assert_eq(l.u.locals[0].drain.missing_count, 1);
    cr_assert(hf_account_equal(&l.u.locals[0].drain.missing[0], &outs[3].account));
    down();
}

Test(hf__drain, answers_to_the_256th_question_before_do_not_count)
{
    up(1);
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, 2);
    ask(HF_LOCAL_UNDRAIN);
    for (size_t i = 0; i < 255; i++) {
        size_t at = outs_count;
        ask(HF_LOCAL_DRAIN);
        for (size_t j = at; j < at + 2; j++)
            answer(j, HF_ELOCKED);
        cr_assert_eq(harness_local_error(&l), HF_EDRAIN);
    }
    size_t at = outs_count;
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, at + 2);
    answer(0, 0);
    answer(1, 0);
    cr_assert_eq(l.u.locals_count, 0, "they are of another question");
    answer(at, HF_ELOCKED);
    answer(at + 1, HF_ELOCKED);
    cr_assert_eq(harness_local_error(&l), HF_EDRAIN);
    down();
}

Test(hf__drain, goes_on_where_ids_of_calls_begin_anew)
{
    up(2);
    /* None of the first ids is out any more. */
    free(l.e->calls);
    l.e->calls = NULL;
    l.e->calls_count = l.e->calls_cap = 0;
    l.e->next_id = UINT32_MAX - 1;
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_neq(outs[i].id, 0);
        answer(i, 0);
    }
    given();
    down();
}

Test(hf__drain, asks_nothing_about_an_owner_that_was_removed)
{
    up_with(3, 2);
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, 4);
    for (size_t i = 0; i < 4; i++)
        answer(i, 0);
    given();
    down();
}

/* It gives none of its shares, and loses nothing. */
Test(hf__drain, of_a_locked_node_is_granted_unasked)
{
    outs_count = 0;
    harness_init(&l);
    harness_start(&l, HF_VAULT_PLACED);
    ask(HF_LOCAL_DRAIN);
    cr_assert_eq(outs_count, 0);
    cr_assert_eq(harness_local_error(&l), 0);
    cr_assert(harness_status(&l).draining);
    down();
}

/* Else none would ever be asked again. */
Test(hf__leave_answered, while_the_leaver_claims_anew_is_counted_down)
{
    up(0);
    hf__update_begin(l.e);
    l.e->provider->leaving.number = 7;
    l.e->provider->leaving.waiting = 2;
    struct hf__pending call = {.task = HF__TASK_LEAVE, .method = HF_METHOD_REMAINS, .arg = 7};
    for (int i = 0; i < 3; i++)
        cr_assert_eq(hf__leave_answered(l.e, &call, HF_ETIMEOUT, (struct hf_bytes){0}), 0);
    cr_assert_eq(l.e->provider->leaving.waiting, 0);
    down();
}
