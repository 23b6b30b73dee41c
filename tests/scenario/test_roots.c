/* Root secrets give way to others while a network goes on (proto/ROTATION.md, 5). */
#include "rotating.h"

#include "base/error.h"

#include <criterion/criterion.h>

Test(roots, an_application_that_moves_leaves_the_old_version_and_one_that_does_not_keeps_it)
{
    struct hf_world *w = rotating_up();
    struct hf_world_keys both;
    uint8_t other[HF_APP_KEY_LEN], key[HF_APP_KEY_LEN];
    uint32_t version;
    cr_assert_eq(hf_world_key(w, 0, "stays", MINUTE_MS, other, &version), 0);
    cr_assert_eq(hf_world_keys(w, 0, "tss-db", MINUTE_MS, &both), HF_EKEYNEWEST);
    run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
    testnet_key_lives(w, 0);
    testnet_ready(w, 0);
    cr_assert_eq(hf_world_keys(w, 0, "tss-db", MINUTE_MS, &both), 0);
    cr_assert_eq(both.version, 1);
    cr_assert_eq(both.next_version, 2);
    cr_assert_arr_eq(both.key, testnet_key, HF_APP_KEY_LEN);
    cr_assert_neq(memcmp(both.next, both.key, HF_APP_KEY_LEN), 0);
    /* Until it confirms, a crash leaves both. */
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    struct hf_world_keys again;
    cr_assert_eq(hf_world_keys(w, 0, "tss-db", MINUTE_MS, &again), 0);
    cr_assert_eq(again.next_version, 2);
    cr_assert_arr_eq(again.next, both.next, HF_APP_KEY_LEN);
    cr_assert_eq(hf_world_confirm(w, 0, "tss-db", 3, MINUTE_MS), HF_EKEYOTHER);
    cr_assert_eq(hf_world_confirm(w, 0, "tss-db", 2, MINUTE_MS), 0);
    cr_assert_eq(hf_world_confirm(w, 0, "tss-db", 2, MINUTE_MS), 0, "twice is once");
    cr_assert_eq(hf_world_key(w, 0, "tss-db", MINUTE_MS, key, &version), 0);
    cr_assert_eq(version, 2);
    cr_assert_arr_eq(key, both.next, HF_APP_KEY_LEN);
    hf_world_run_for(w, 3 * MINUTE_MS);
    cr_assert_eq(hf_world_key(w, 0, "stays", MINUTE_MS, key, &version), 0);
    cr_assert_eq(version, 1);
    cr_assert_arr_eq(key, other, HF_APP_KEY_LEN);
    cr_assert_eq(moves(w, 0, HF__KEY_DELETE), 0, "version 1 is bound");
    testnet_ready(w, 0);
    cr_assert_eq(hf_world_keys(w, 0, "stays", MINUTE_MS, &both), 0);
    cr_assert_eq(hf_world_confirm(w, 0, "stays", both.next_version, MINUTE_MS), 0);
    run_until_moved(w, 0, HF__KEY_DELETE, 1);
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", MINUTE_MS, key, &version), 0);
    testnet_end(w);
}

Test(roots, all_nodes_rotate_and_each_recovers_under_whichever_version)
{
    struct hf_world *w = rotating_up();
    for (uint32_t node = 0; node < NODES; node++) {
        run_until_moved(w, node, HF__KEY_ACTIVATE, 2);
        testnet_restart(w, node);
        testnet_ready(w, node);
    }
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(roots, a_lost_folder_brings_all_versions_back)
{
    struct hf_world *w = rotating_up();
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    struct hf_world_keys both;
    struct hf_account account;
    run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
    testnet_ready(w, 0);
    account = testnet_status(w, 0).account;
    hf_world_crash(w, 0);
    hf_world_disk_wipe(w, 0);
    hf_world_told(w, 0, &account);
    hf_world_start(w, 0);
    testnet_ready(w, 0);
    /* Which name was bound to what is lost: it is the oldest, and the next. */
    cr_assert_eq(hf_world_key(w, 0, "tss-db", MINUTE_MS, key, &version), 0);
    cr_assert_eq(version, 1);
    cr_assert_arr_eq(key, testnet_key, HF_APP_KEY_LEN);
    run_until_moved(w, 0, HF__KEY_ACTIVATE, 2);
    testnet_ready(w, 0);
    cr_assert_eq(hf_world_keys(w, 0, "tss-db", MINUTE_MS, &both), 0);
    cr_assert_geq(both.next_version, 2);
    testnet_end(w);
}

/* A node that restores or takes over a share needs no root secret: it is a share like any. */
Test(roots, shares_that_move_while_their_owner_is_down_bring_all_versions_back)
{
    struct hf_world *w = rotating_up();
    uint32_t holders[16];
    run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, 0);
    cr_assert_eq(hf_world_leave(w, holders[0], 3600, MINUTE_MS), 0);
    hf_world_run_for(w, 5 * MINUTE_MS);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Whether all versions of a node's root secret that are not active are gone. */
static bool is_alone(struct hf_world *w, uint32_t node, uint32_t version)
{
    struct hf_status s = testnet_status(w, node);
    return s.roots_count == 1 && s.roots[0].version == version;
}

static bool alone_at_two(struct hf_world *w, void *ctx)
{
    return is_alone(w, *(uint32_t *)ctx, 2);
}

/* At any age, by a policy under which nothing is due for weeks. */
Test(roots, what_is_tainted_gives_way_at_once_and_goes_when_nothing_needs_it)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    struct hf_world_keys both;
    uint32_t node = 0;
    hf_world_local(w, 0, HF_LOCAL_TAINT, "");
    run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
    testnet_ready(w, 0);
    struct hf_status s = testnet_status(w, 0);
    cr_assert_eq(s.roots_count, 2);
    cr_assert(s.roots[0].tainted);
    cr_assert_not(s.roots[1].tainted);
    cr_assert_eq(s.roots[0].names, 1, "no application is cut off");
    cr_assert_eq(s.roots[0].waits, HF_ROOT_WAITS_NAMES);
    testnet_key_lives(w, 0);
    cr_assert_eq(hf_world_keys(w, 0, "tss-db", MINUTE_MS, &both), 0);
    cr_assert_eq(testnet_status(w, 0).roots[0].moving, 1);
    cr_assert_eq(hf_world_confirm(w, 0, "tss-db", both.next_version, MINUTE_MS), 0);
    cr_assert(hf_world_run_until(w, alone_at_two, &node, 10 * MINUTE_MS));
    testnet_restart(w, 0); /* what was not durable is done again */
    testnet_ready(w, 0);
    cr_assert(hf_world_run_until(w, alone_at_two, &node, MINUTE_MS));
    testnet_end(w);
}

static void two_may_depart(struct hf_policy *p, void *ctx)
{
    (void)ctx;
    p->rotation_departures = 2;
}

Test(roots, after_so_many_departures_of_holders_owners_rotate)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    uint32_t holders[16];
    hf_world_policy_edit(w, two_may_depart, NULL);
    for (int i = 0; i < 2; i++) {
        testnet_ready(w, 0);
        testnet_holders(w, 0, holders);
        cr_assert_eq(moves(w, 0, HF__KEY_MAKE), 0, "after %d", i);
        uint32_t generation = testnet_generation(w, 0);
        hf_world_set_remove(w, holders[0]);
        hf_world_set_issue(w);
        hf_world_run_for(w, 3 * MINUTE_MS);
        cr_assert_gt(testnet_generation(w, 0), generation);
    }
    run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
