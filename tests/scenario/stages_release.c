/* Stages of test_checkers.c: a new release takes over from node 0 (proto/HANDOVER.md). */
#include "stages.h"
#include "testnet.h"

#include <criterion/criterion.h>

static void goes_untimed(struct hf_policy *p, void *ctx)
{
    (void)ctx;
    p->handover_untimed = true;
}

/* On the machine of node 0, or another; its disk takes a while with what is written next. */
static struct hf_world *new_release(uint32_t machine, uint64_t stall_ms)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    struct hf_world *w = testnet_from(&s, 6);
    uint8_t key[HF_APP_KEY_LEN];
    hf_world_start_all(w);
    run_s(w, 60);
    if (hf_world_key(w, 0, "tss-db", TESTNET_MS, key, NULL) != 0)
        cr_log_info("no key");
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_policy_edit(w, goes_untimed, NULL);
    run_s(w, 5);
    uint32_t node = hf_world_beside(w, 0);
    hf_world_image(w, node, "holdfast-2");
    hf_world_machine(w, node, machine);
    hf_world_disk_stall(w, 0, stall_ms);
    hf_world_start(w, node);
    for (unsigned i = 0; i < 40 && hf_world_violation(w) == NULL; i++)
        if (hf_world_key(w, i % 2 == 0 ? node : 0, "tss-db", 500, key, NULL) != 0)
            run_s(w, 1);
    return w;
}

struct hf_world *stage_new_release(void)
{
    return new_release(0, 0);
}

struct hf_world *stage_new_release_slow_disk(void)
{
    return new_release(0, 3000);
}

struct hf_world *stage_new_release_elsewhere(void)
{
    return new_release(3, 0);
}
