#include "owner_down.h"

#include "owner/owner.h"
#include "provider/provider.h"

#include <criterion/criterion.h>

struct hf_world *owner_down(uint8_t k, uint32_t nodes, uint32_t ret_holders[static 16])
{
    struct hf_world_settings s = testnet_settings(k, N);
    s.policy.holder_grace_s = 30;
    struct hf_world *w = testnet_up_from(&s, nodes);
    cr_assert_eq(testnet_holders(w, OWNER, ret_holders), N);
    hf_world_crash(w, OWNER);
    hf_world_run_for(w, 90000);
    for (size_t i = 0; i < N; i++)
        cr_assert_eq(hf__view(hf_world_engine(w, ret_holders[i]), hf_world_account(w, OWNER)).state,
                     HF_MEMBER_UNREACHABLE);
    return w;
}

/* No node keeps a share of the owner but of its newest dealing. */
static void nothing_older_is_left(struct hf_world *w)
{
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        struct hf_engine *e = hf_world_engine(w, i);
        struct hf_held_row held;
        if (e == NULL)
            continue;
        for (size_t at = 0; hf__held_next(e, hf_world_account(w, OWNER), &at, &held);)
            cr_assert_eq(held.generation.number, testnet_generation(w, OWNER),
                         "node %u keeps an older share", i);
    }
}

void owner_returns(struct hf_world *w)
{
    uint32_t holders[16];
    hf_world_start(w, OWNER);
    testnet_key_lives(w, OWNER);
    hf_world_run_for(w, WAIT_MS);
    testnet_ready(w, OWNER);
    cr_assert_gt(testnet_generation(w, OWNER), 1);
    cr_assert_eq(testnet_holders(w, OWNER, holders), N);
    for (size_t i = 0; i < N; i++)
        cr_assert(hf_world_running(w, holders[i]) &&
                  hf_world_state(w, holders[i]) != HF_STATE_LEFT);
    cr_assert_geq(hf_world_trace_count(w, OWNER, HF_TRACE_RETIRED), 1);
    nothing_older_is_left(w);
    testnet_restart(w, OWNER);
    testnet_key_lives(w, OWNER);
}

size_t says_moved(struct hf_world *w, uint32_t node, struct hf_moved_status *ret)
{
    struct hf_moved_status m;
    size_t count = 0;
    hf__update_begin(hf_world_engine(w, node));
    while (hf_engine_moved(hf_world_engine(w, node), hf_world_account(w, OWNER), count, &m)) {
        cr_assert(hf_account_equal(&m.owner, hf_world_account(w, OWNER)));
        cr_assert(m.generation > 0 && m.moved_s > 0);
        if (count++ == 0)
            *ret = m;
    }
    return count;
}
