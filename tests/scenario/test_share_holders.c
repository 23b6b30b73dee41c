/* When people cannot open a node, and how they can all the same (proto/QUORUM.md, 4 and 5). */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>

enum { NODES = 7, M = 3, N = 5, SHARES_VALID_S = 1200 };

Test(blackstart, a_share_set_that_has_expired_opens_nothing)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    struct hf_blackstart_report report;
    struct hf_buf request, before;
    hf_world_shares_valid(w, SHARES_VALID_S);
    hf_world_quorum_issue(w, M, N, true);
    cr_assert(hf_world_run_until(w, testnet_all_sealed, NULL, TESTNET_MS));
    testnet_power_cut(w);
    testnet_ask(w, 0, &request);
    cr_assert_eq(testnet_answered(w, 0, 1, &request, &report), 0);
    hf_buf_init(&before, 4096);
    cr_assert_eq(hf_world_holder_answer(w, 2, hf_buf_bytes(&request), &before), 0);
    hf_world_run_for(w, SHARES_VALID_S * 1000);
    cr_assert_eq(testnet_answered(w, 0, 3, &request, &report), HF_ESHARES_EXPIRED,
                 "no holder answers");
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&before), TESTNET_MS, &report),
                 HF_ESHARES_EXPIRED, "what was answered before does not count");
    cr_assert_eq(report.have, 1);
    cr_assert_eq(hf_world_blackstart(w, 1, TESTNET_MS, &before), HF_ESHARES_EXPIRED);
    hf_buf_done(&before);
    hf_buf_done(&request);
    testnet_end(w);
}
