/* Quorum keys that are shared anew (proto/QUORUM.md, 3), and share holders whom others replaced. */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>

enum { NODES = 7, M = 3, N = 5 };

/* Whether every node goes by the second share set; anew: and has sealed its secret to it. */
static bool all_go_by_it(struct hf_world *w, void *ctx)
{
    const bool *anew = ctx;
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        struct hf_status s = testnet_status(w, i);
        if (s.share_set != 2 || !s.sealed || (*anew && s.sealed_share_set != 2))
            return false;
    }
    return true;
}

/* What a node makes of an answer by a share of before; 0: it counts. */
static int former(struct hf_world *w, uint32_t node, uint8_t holder, const struct hf_buf *request,
                  struct hf_blackstart_report *ret)
{
    struct hf_buf answer;
    hf_buf_init(&answer, 4096);
    cr_assert_eq(hf_world_former_answer(w, holder, hf_buf_bytes(request), &answer), 0);
    int r = hf_world_answer(w, node, hf_buf_bytes(&answer), TESTNET_MS, ret);
    hf_buf_done(&answer);
    return r;
}

/* Everything stops; node 0 asks those of today, after those of before have tried. */
static void open_with(struct hf_world *w, uint8_t m, unsigned before)
{
    struct hf_blackstart_report report;
    struct hf_buf request;
    testnet_power_cut(w);
    testnet_ask(w, 0, &request);
    for (uint8_t i = 1; i <= before; i++) {
        cr_assert_neq(former(w, 0, i, &request, &report), 0, "share %u of before counts", i);
        cr_assert_eq(report.have, 0);
    }
    for (uint8_t i = 1; i <= m; i++) {
        cr_assert_eq(testnet_answered(w, 0, i, &request, &report), 0);
        cr_assert_eq(report.have, i);
        /* Nor beside good ones. */
        if (i < m)
            cr_assert_neq(former(w, 0, (uint8_t)(i + 1), &request, &report), 0);
    }
    hf_buf_done(&request);
    hf_world_run_for(w, 5000);
    cr_assert(testnet_status(w, 0).open);
}

Test(resharding, of_the_same_key_leaves_what_is_sealed_and_old_shares_answer_no_request)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    hf_world_quorum_reshard(w, 2, 4);
    cr_assert(hf_world_run_until(w, all_go_by_it, &(bool){false}, TESTNET_MS));
    open_with(w, 2, N);
    testnet_end(w);
}

Test(resharding, to_as_many_as_before_mixes_no_shares)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    hf_world_quorum_reshard(w, M, N);
    cr_assert(hf_world_run_until(w, all_go_by_it, &(bool){false}, TESTNET_MS));
    open_with(w, M, N);
    testnet_end(w);
}

Test(resharding, is_no_new_key_to_which_all_is_sealed_anew_and_old_shares_open_nothing)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    hf_world_quorum_issue(w, 2, 3, true);
    cr_assert(hf_world_run_until(w, all_go_by_it, &(bool){true}, TESTNET_MS));
    open_with(w, 2, N);
    testnet_end(w);
}

/* The scenario's own event: everything that is locked asks, and comes back. */
Test(resharding, and_a_power_cut_are_survived_by_those_of_today)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    hf_world_quorum_reshard(w, 2, 3);
    cr_assert(hf_world_run_until(w, all_go_by_it, &(bool){false}, TESTNET_MS));
    testnet_power_cut(w);
    for (uint32_t i = 0; i < NODES; i++)
        hf_world_by_people(w, i);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
