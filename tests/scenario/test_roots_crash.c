/* Crashes while root secrets give way to others (proto/ROTATION.md, 5). */
#include "rotating.h"

#include <criterion/criterion.h>

/* What a crash interrupts is as it was, or done. */
Test(roots_crash, a_crash_at_any_moment_leaves_the_vault_under_one_version_or_the_other,
     .timeout = 200)
{
    static const enum hf__key_verb verbs[] = {HF__KEY_MAKE, HF__KEY_ACTIVATE};
    for (size_t v = 0; v < HF_ARRAY_LEN(verbs); v++)
        for (unsigned events = 0; events <= 60; events += 6) {
            struct hf_world *w = rotating_up();
            run_until_moved(w, 0, verbs[v], 1);
            for (unsigned i = 0; i < events; i++)
                cr_assert(hf_world_step(w));
            testnet_restart(w, 0);
            testnet_key_lives(w, 0);
            run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
            testnet_restart(w, 0);
            testnet_key_lives(w, 0);
            testnet_end(w);
        }
}

/* A write that rekeys is lost, or durable, with the process. */
Test(roots_crash, a_crash_at_each_write_of_a_rotation_loses_nothing, .timeout = 200)
{
    for (unsigned nth = 1; nth <= 12; nth++)
        for (int after = 0; after <= 1; after++) {
            struct hf_world *w = rotating_up();
            run_until_moved(w, 0, HF__KEY_MAKE, 1);
            hf_world_crash_at_write(w, 0, nth, after != 0);
            hf_world_run_for(w, MINUTE_MS);
            if (!hf_world_running(w, 0))
                hf_world_start(w, 0);
            testnet_key_lives(w, 0);
            run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
            testnet_restart(w, 0);
            testnet_key_lives(w, 0);
            testnet_end(w);
        }
}
