/* What brings about the faults that the checkers of keys through time promise to see. */
#include "stages.h"
#include "testnet.h"

#include <criterion/criterion.h>

/* Each key comes through all its states. */
struct hf_world *stage_keys(void)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.quote_age_max_s = 60;
    struct hf_world *w = testnet_from(&s, 6);
    uint8_t key[HF_APP_KEY_LEN];
    hf_world_policy_edit(w, testnet_short_lives, NULL);
    hf_world_start_all(w);
    for (unsigned i = 0; i < 300 && hf_world_state(w, 0) != HF_STATE_READY; i++)
        run_s(w, 1);
    int r = hf_world_key(w, 0, "tss-db", TESTNET_MS, key, NULL);
    cr_log_info("key: %d", r);
    run_s(w, 240);
    return w;
}

/* A share goes to another holder, whose first key is long gone. */
struct hf_world *stage_dealt_later(void)
{
    struct hf_world *w = stage_keys();
    uint32_t holders[16];
    if (testnet_holders(w, 0, holders) > 0) {
        hf_world_set_remove(w, holders[0]);
        hf_world_set_issue(w);
        run_s(w, 60);
    }
    return w;
}
