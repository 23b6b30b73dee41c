/* What brings about the faults that the checker of vaults promises to see. */
#include "stages.h"
#include "testnet.h"

#include <criterion/criterion.h>

static struct hf_world *up(void)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.authority.old_vaults = false;
    struct hf_world *w = testnet_from(&s, 6);
    uint8_t key[HF_APP_KEY_LEN];
    hf_world_start_all(w);
    for (unsigned i = 0; i < 300 && hf_world_state(w, 0) != HF_STATE_READY; i++)
        run_s(w, 1);
    int r = hf_world_key(w, 0, "tss-db", TESTNET_MS, key, NULL);
    cr_log_info("key: %d", r);
    return w;
}

/* Holders have seen the vault further on than the one that is put back. */
struct hf_world *stage_vault(void)
{
    struct hf_world *w = up();
    struct hf_disk *old = hf_world_disk_copy(w, 0);
    hf_world_local(w, 0, HF_LOCAL_KEY, "later");
    run_s(w, 40);
    hf_world_crash(w, 0);
    hf_world_disk_put(w, 0, old);
    hf_disk_free(old);
    hf_world_start(w, 0);
    run_s(w, 60);
    hf_world_local(w, 0, HF_LOCAL_KEY, "newer");
    run_s(w, 10);
    return w;
}
