/* A host runs two copies of a node that draw versions of the root secret apart: one number, two
 * secrets (proto/ROTATION.md, 5). What the vault goes under must be what shares give back. */
#include "rotating.h"

#include <criterion/criterion.h>

enum { WRITE_MS = 20 /* by then a write is durable, and no more has come of it */ };

/* Cut off from all, node 0 draws version 2 and cannot deal it. A copy of its disk, on a node
 * of the same machine, is heard: it draws one too, deals it, goes under it, and stops. Returns the
 * copy. */
static uint32_t draw_apart(struct hf_world *w)
{
    uint32_t copy = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    hf_world_disk_put(w, copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, copy, 0);
    hf_world_isolate(w, 0);
    hf_world_local(w, 0, HF_LOCAL_TAINT, "");
    run_until_moved(w, 0, HF__KEY_MAKE, 1);
    hf_world_run_for(w, 1000);
    hf_world_crash(w, 0);
    hf_world_start(w, copy);
    testnet_ready(w, copy);
    hf_world_local(w, copy, HF_LOCAL_TAINT, "");
    run_until_moved(w, copy, HF__KEY_ACTIVATE, 1);
    hf_world_run_for(w, 1000);
    hf_world_crash(w, copy);
    hf_world_heal(w);
    return copy;
}

/* It goes under a version of its own table, and is found again under it. */
static void goes_under_another(struct hf_world *w)
{
    testnet_ready(w, 0);
    run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
    hf_world_run_for(w, 1000);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
}

Test(roots_copies, the_one_that_was_dealt_goes_before_the_own_of_its_number)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    uint32_t copy = draw_apart(w);
    struct hf_world_keys ours, theirs;
    hf_world_start(w, 0);
    goes_under_another(w);
    cr_assert_eq(hf_world_keys(w, 0, "tss-db", MINUTE_MS, &ours), 0);
    hf_world_crash(w, 0);
    hf_world_start(w, copy);
    testnet_ready(w, copy);
    cr_assert_eq(hf_world_keys(w, copy, "tss-db", MINUTE_MS, &theirs), 0);
    cr_assert_arr_eq(ours.next, theirs.next, HF_APP_KEY_LEN);
    testnet_end(w);
}

/* A power cut, after which people open what lies with node 0 itself, and with others if need be. */
static void start_by_people(struct hf_world *w)
{
    struct hf_blackstart_report report;
    struct hf_buf request;
    for (uint32_t i = 0; i < NODES; i++)
        hf_world_power_off(w, i);
    for (uint32_t i = 0; i < NODES; i++)
        hf_world_start(w, i);
    for (uint32_t i = 0; i < NODES; i++) {
        hf_world_run_for(w, 20000);
        if (testnet_status(w, i).open)
            continue;
        testnet_ask(w, i, &request);
        cr_assert_eq(testnet_answered(w, i, 1, &request, &report), 0);
        cr_assert_eq(testnet_answered(w, i, 2, &request, &report), 0);
        hf_buf_done(&request);
    }
}

/* What lies with node 0 holds its own version 2. */
Test(roots_copies, the_own_of_a_number_is_dealt_before_it_is_used)
{
    struct hf_world *w = testnet_sealed(NODES, 2, 3);
    (void)draw_apart(w);
    start_by_people(w);
    goes_under_another(w);
    testnet_end(w);
}

Test(roots_copies, the_one_that_was_dealt_is_sealed_before_it_is_used)
{
    struct hf_world *w = testnet_sealed(NODES, 2, 3);
    (void)draw_apart(w);
    hf_world_start(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_QUORUM_SEALED, 1, TESTNET_MS));
    cr_assert_eq(moves(w, 0, HF__KEY_ACTIVATE), 0);
    run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
    hf_world_run_for(w, WRITE_MS);
    start_by_people(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
