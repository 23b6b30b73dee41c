/* A holder is gone for good while an owner is down: exactly k of the others restore its share at
 * the owner's next candidate (proto/REPAIR.md, 7 to 9). */
#include "owner_down.h"

#include "base/error.h"
#include "owner/owner.h"
#include "provider/provider.h"

#include <criterion/criterion.h>

enum { WEEK_S = 7 * 86400, K = 3, NODES = 10 };

/* It dies, and the authority takes it out of the set. */
static void is_removed(struct hf_world *w, uint32_t node)
{
    hf_world_crash(w, node);
    hf_world_set_remove(w, node);
    hf_world_set_issue(w);
}

static size_t restored(struct hf_world *w)
{
    return hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RESTORED);
}

static void is_restored(struct hf_world *w, size_t count)
{
    for (unsigned i = 0; i < WAIT_MS / 1000 && restored(w) < count; i++)
        hf_world_run_for(w, 1000);
    cr_assert_eq(restored(w), count);
}

Test(restoring, gives_the_share_of_one_that_was_removed_to_the_next_candidate)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    is_removed(w, holders[1]);
    is_restored(w, 1);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(restored(w), 1);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_REPAIRED), 1);
    owner_returns(w);
    cr_assert_geq(hf_world_trace_count(w, OWNER, HF_TRACE_SHARE_MOVED), 1);
    testnet_end(w);
}

/* What was restored, for whom, by whom: all that keep the transfer, and the owner when it is up. */
Test(restoring, is_told_of_by_the_holders_and_by_the_owner)
{
    uint32_t holders[16];
    struct hf_moved_status m;
    struct hf_world *w = owner_down(K, NODES, holders);
    is_removed(w, holders[1]);
    is_restored(w, 1);
    hf_world_run_for(w, 30000);
    for (size_t i = 0; i < N; i++)
        if (i != 1)
            cr_assert_eq(says_moved(w, holders[i], &m), 1);
    cr_assert(hf_account_equal(&m.from, hf_world_account(w, holders[1])));
    cr_assert(m.index == 2 && m.restored && !m.retired);
    cr_assert_eq(m.helpers_count, K);
    cr_assert(hf_account_equal(&m.helpers[0], hf_world_account(w, holders[0])));
    hf_world_start(w, OWNER);
    testnet_ready(w, OWNER);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(says_moved(w, OWNER, &m), 1);
    cr_assert(m.index == 2 && m.restored && m.helpers_count == K && m.retired);
    testnet_end(w);
}

/* Silence alone is no reason, nor is an owner that answers. */
Test(restoring, does_not_begin_for_a_holder_that_is_silent)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    hf_world_crash(w, holders[1]);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(restored(w), 0);
    hf_world_start(w, holders[1]);
    hf_world_start(w, OWNER);
    testnet_key_lives(w, OWNER);
    testnet_end(w);
}

Test(restoring, does_not_begin_while_the_owner_answers)
{
    struct hf_world_settings s = testnet_settings(K, N);
    uint32_t holders[16];
    s.policy.holder_grace_s = 30;
    struct hf_world *w = testnet_up_from(&s, NODES);
    testnet_holders(w, OWNER, holders);
    is_removed(w, holders[1]);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(restored(w), 0);
    cr_assert_gt(testnet_generation(w, OWNER), 1);
    testnet_key_lives(w, OWNER);
    testnet_end(w);
}

/* It had said that it leaves, and died; when its time is over it is gone. */
Test(restoring, begins_when_a_signed_leave_is_over)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    testnet_none_takes(w);
    cr_assert_eq(hf_world_leave(w, holders[1], 120, TESTNET_MS), 0);
    hf_world_run_for(w, 20000);
    hf_world_crash(w, holders[1]);
    hf_world_heal(w);
    hf_world_run_for(w, 60000);
    cr_assert_eq(restored(w), 0);
    is_restored(w, 1);
    owner_returns(w);
    testnet_end(w);
}

/* n - k at most: then those who are left are k, and each further one that goes is lost. */
Test(restoring, goes_on_until_only_k_are_left_whom_the_owner_chose)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    for (size_t i = 0; i < N - K; i++) {
        is_removed(w, holders[i]);
        is_restored(w, i + 1);
    }
    is_removed(w, holders[N - K]);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(restored(w), N - K);
    testnet_end(w);
}

/* What was restored counts towards k: the share of one that is left does not arrive. */
/* Each of the last k has looked by then, and looks again. No vote comes back: the owner then needs
 * the authority. */
Test(restoring, goes_on_for_the_third_when_the_last_two_have_restored_two)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(2, N + 4, holders);
    for (size_t i = 0; i < N - 2; i++) {
        is_removed(w, holders[i]);
        is_restored(w, i + 1);
    }
    hf_world_start(w, OWNER);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(hf_world_state(w, OWNER), HF_STATE_CLAIMING);
    testnet_end(w);
}

Test(restoring, carries_an_owner_that_lacks_a_share_without_it)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    for (size_t i = 0; i < N - K; i++) {
        is_removed(w, holders[i]);
        is_restored(w, i + 1);
    }
    for (size_t i = N - K; i < N - K + 2; i++)
        hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                          .method = HF_METHOD_DEPOSIT,
                                          .from = OWNER,
                                          .to = holders[i]});
    unsigned lost = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                      .method = HF_METHOD_NONCE,
                                                      .from = OWNER,
                                                      .to = holders[N - 1]});
    hf_world_start(w, OWNER);
    testnet_key_lives(w, OWNER);
    cr_assert_gt(hf_world_rule_hits(w, lost), 0);
    hf_world_heal(w);
    hf_world_run_for(w, WAIT_MS);
    testnet_ready(w, OWNER);
    testnet_end(w);
}

/* One dies, or a message is met: it goes on, and to the same new holder. */
static void goes_on_after(uint8_t method, bool response, enum hf_rule_action action)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    unsigned rule = hf_world_rule(w, (struct hf_rule){.action = action,
                                                      .method = method,
                                                      .response = response,
                                                      .from = HF_WORLD_ALL,
                                                      .to = HF_WORLD_ALL,
                                                      .count = 1});
    is_removed(w, holders[1]);
    for (unsigned i = 0; i < 600 && hf_world_rule_hits(w, rule) == 0; i++)
        hf_world_run_for(w, 100);
    cr_assert_gt(hf_world_rule_hits(w, rule), 0);
    hf_world_run_for(w, 10000);
    hf_world_heal(w);
    for (uint32_t i = 1; i < NODES; i++)
        if (!hf_world_running(w, i) && i != holders[1])
            hf_world_start(w, i);
    is_restored(w, 1);
    hf_world_run_for(w, 120000);
    cr_assert_eq(restored(w), 1);
    owner_returns(w);
    testnet_end(w);
}

static const uint8_t methods[] = {HF_METHOD_HELP, HF_METHOD_TAKE, HF_METHOD_SPLIT, HF_METHOD_SUM,
                                  HF_METHOD_RESTORE};

Test(restoring, goes_on_after_a_crash_of_who_sends_a_message)
{
    for (size_t m = 0; m < HF_ARRAY_LEN(methods); m++)
        for (int response = 0; response < 2; response++)
            goes_on_after(methods[m], response == 1, HF_RULE_CRASH_FROM);
}

Test(restoring, goes_on_after_a_crash_of_who_gets_a_message)
{
    for (size_t m = 0; m < HF_ARRAY_LEN(methods); m++)
        for (int response = 0; response < 2; response++)
            goes_on_after(methods[m], response == 1, HF_RULE_CRASH_TO);
}

Test(restoring, goes_on_after_a_message_that_was_changed_or_lost_or_comes_twice)
{
    static const enum hf_rule_action actions[] = {HF_RULE_CORRUPT, HF_RULE_DROP, HF_RULE_DUPLICATE};
    for (size_t a = 0; a < HF_ARRAY_LEN(actions); a++)
        for (size_t m = 0; m < HF_ARRAY_LEN(methods); m++)
            for (int response = 0; response < 2; response++)
                if (actions[a] != HF_RULE_DUPLICATE || response == 0)
                    goes_on_after(methods[m], response == 1, actions[a]);
}

/* At the first message of each kind the owner is back. */
Test(restoring, ends_well_when_the_owner_comes_back_in_the_middle)
{
    for (size_t m = 0; m < HF_ARRAY_LEN(methods); m++)
        for (int response = 0; response < 2; response++) {
            uint32_t holders[16];
            struct hf_world *w = owner_down(K, NODES, holders);
            unsigned late = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                                              .method = methods[m],
                                                              .response = response == 1,
                                                              .from = HF_WORLD_ALL,
                                                              .to = HF_WORLD_ALL,
                                                              .delay_us = 8000000});
            is_removed(w, holders[1]);
            for (unsigned i = 0; i < 600 && hf_world_rule_hits(w, late) == 0; i++)
                hf_world_run_for(w, 100);
            cr_assert_gt(hf_world_rule_hits(w, late), 0);
            owner_returns(w);
            hf_world_heal(w);
            testnet_key_lives(w, OWNER);
            testnet_end(w);
        }
}

/* One that was removed and comes back has its row, and nothing more. */
Test(restoring, leaves_a_holder_that_comes_back_what_it_has)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    is_removed(w, holders[1]);
    is_restored(w, 1);
    hf_world_start(w, holders[1]);
    hf_world_run_for(w, 120000);
    cr_assert_eq(restored(w), 1);
    owner_returns(w);
    testnet_end(w);
}

/* All that are left have their turn at once; one of them does not reach the first candidate, and
 * asks the next. */
static void all_ask(bool apart)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    for (size_t i = 0; i < N; i++) {
        struct hf_engine *e = hf_world_engine(w, holders[i]);
        struct hf_held_row held;
        size_t at = 0;
        cr_assert(hf__held_next(e, hf_world_account(w, OWNER), &at, &held));
        memcpy(e->provider->awaited, held.generation.id, sizeof e->provider->awaited);
        e->provider->awaited_index = 2;
        e->provider->awaited_ms = 0;
    }
    if (apart)
        hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                          .method = HF_METHOD_TAKE,
                                          .from = holders[2],
                                          .to = HF_WORLD_ALL,
                                          .count = 1});
    is_removed(w, holders[1]);
    hf_world_run_for(w, 120000);
    cr_assert_geq(restored(w), 1);
    cr_assert_geq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_REPAIRED), 1);
    owner_returns(w);
    testnet_end(w);
}

Test(restoring, may_be_asked_for_by_several_at_once)
{
    all_ask(false);
    all_ask(true);
}

static int ask_help(struct hf_world *w, uint32_t as, uint32_t to, uint64_t index)
{
    struct hf_help_request m = {.owner = *hf_world_account(w, OWNER), .index = index};
    struct hf_engine *e = hf_world_engine(w, to);
    struct hf_held_row held;
    struct hf_buf body, answer;
    size_t at = 0;
    cr_assert(hf__held_next(e, hf_world_account(w, OWNER), &at, &held));
    memcpy(m.generation, held.generation.id, sizeof m.generation);
    hf__versions(e, &m.versions);
    hf_buf_init(&body, 1 << 16);
    hf_buf_init(&answer, 1 << 16);
    cr_assert_eq(hf_wire_encode(&hf_wire_help_request, &m, &body), 0);
    int r =
        hf_world_ask(w, to, HF_METHOD_HELP, hf_world_account(w, as), hf_buf_bytes(&body), &answer);
    hf_buf_done(&body);
    hf_buf_done(&answer);
    return r;
}

/* A node that is no holder of the owner's, and not the owner. */
static uint32_t outsider(struct hf_world *w, const uint32_t *holders)
{
    for (uint32_t i = 1; i < NODES; i++) {
        bool is = hf_world_running(w, i);
        for (size_t j = 0; j < N; j++)
            is = is && holders[j] != i;
        if (is)
            return i;
    }
    cr_assert_fail("all are holders");
    return OWNER;
}

/* It follows from what is signed and found: one that asks for it otherwise is refused. */
Test(restoring, is_helped_with_for_no_one_who_merely_asks)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    testnet_none_takes(w);
    cr_assert_eq(ask_help(w, holders[2], holders[0], 2), HF_ESTAYS);
    hf_world_crash(w, holders[1]);
    hf_world_run_for(w, 90000);
    cr_assert_eq(ask_help(w, holders[2], holders[0], 2), HF_ESTAYS);
    is_removed(w, holders[1]);
    hf_world_run_for(w, 10000);
    cr_assert_eq(ask_help(w, holders[2], holders[0], 2), 0);
    cr_assert_eq(ask_help(w, holders[2], holders[0], 3), HF_ESTAYS);
    cr_assert_eq(ask_help(w, holders[2], holders[0], 1), HF_ENOSHARE);
    cr_assert_eq(ask_help(w, holders[2], holders[0], 16), HF_ENOSHARE);
    cr_assert_eq(ask_help(w, outsider(w, holders), holders[0], 2), HF_EPERMISSION);
    cr_assert_eq(ask_help(w, holders[1], holders[0], 2), HF_ENOTMEMBER);
    cr_assert_eq(restored(w), 0);
    hf_world_start(w, OWNER);
    testnet_key_lives(w, OWNER);
    hf_world_heal(w);
    testnet_end(w);
}
