/* The host owns disk, clock, network and restart button: it may deny, never learn or forge. */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"

#include <criterion/criterion.h>

static const struct hf_bytes nothing = {0};

/* The host plants a vault under its own key that names its own server as provider. */
Test(hostile_host, a_planted_provider_list_leads_nowhere_and_the_true_one_is_found)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_public_hint hint;
    struct hf_arena arena;
    struct hf_buf b;
    hf_world_crash(w, 0);
    const struct hf_blob *row = hf_world_row(w, 0, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    hf_arena_init(&arena, 65536);
    hf_buf_init(&b, 65536);
    cr_assert_eq(hf_wire_decode(&hf_wire_public_hint, hf_blob_bytes(row), &arena, &hint, NULL), 0);
    /* Another owner's signed record in place of the node's own. */
    const struct hf_blob *other = hf_world_row(w, 1, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    struct hf_public_hint planted;
    cr_assert_eq(hf_wire_decode(&hf_wire_public_hint, hf_blob_bytes(other), &arena, &planted, NULL),
                 0);
    hint.record = planted.record;
    cr_assert_eq(hf_wire_encode(&hf_wire_public_hint, &hint, &b), 0);
    hf_world_public_put(w, 0, "hint", hf_buf_bytes(&b));
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    hf_buf_done(&b);
    hf_arena_done(&arena);
    testnet_end(w);
}

Test(hostile_host, another_nodes_disk_does_not_open_on_this_machine)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    hf_world_crash(w, 1);
    hf_world_disk_put(w, 1, disk);
    hf_world_start(w, 1);
    testnet_reason(w, 1, HF_STATE_RECOVERING, HF_EFEWPROVIDERS);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_EPLATFORM));
    hf_disk_free(disk);
    testnet_end(w);
}

Test(hostile_host, a_platform_listed_for_the_account_may_take_over)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_machine(w, 0, 99);
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_EFEWPROVIDERS);
    hf_world_set_platform(w, 0, 99);
    hf_world_set_issue(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(hostile_host, a_vault_that_was_damaged_or_rolled_back_by_row_blocks_and_is_never_replaced)
{
    static const int errors[] = {HF_ECORRUPT, HF_EROLLBACK, HF_EVAULTKEY};
    for (size_t i = 0; i < HF_ARRAY_LEN(errors); i++) {
        struct hf_world *w = testnet_up(7, 3, 5);
        hf_world_crash(w, 0);
        hf_world_vault_damage(w, 0, errors[i]);
        hf_world_start(w, 0);
        testnet_reason(w, 0, HF_STATE_BLOCKED, errors[i]);
        cr_assert_eq(hf_world_vault_state(w, 0), HF_VAULT_PLACED);
        testnet_end(w);
    }
}

Test(hostile_host, a_vault_planted_from_another_node_is_noticed)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_buf hint;
    hf_buf_init(&hint, 65536);
    hf_world_crash(w, 0);
    const struct hf_blob *row = hf_world_row(w, 0, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    hf_buf_append(&hint, row->data, row->len);
    struct hf_disk *other = hf_world_disk_copy(w, 1);
    hf_world_disk_put(w, 0, other);
    hf_world_public_put(w, 0, "hint", hf_buf_bytes(&hint));
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULTKEY);
    hf_disk_free(other);
    hf_buf_done(&hint);
    testnet_end(w);
}

Test(hostile_host, a_wiped_hint_is_a_matter_for_a_person)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_public_put(w, 0, "hint", nothing);
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EMISSING);
    cr_assert_eq(hf_world_vault_state(w, 0), HF_VAULT_PLACED);
    testnet_end(w);
}

Test(hostile_host, planted_documents_are_refused_by_name_and_good_ones_pulled)
{
    static const char *const keys[] = {"policy", "set", "root-1"};
    for (size_t i = 0; i < HF_ARRAY_LEN(keys); i++) {
        struct hf_world *w = testnet_up(7, 3, 5);
        hf_world_crash(w, 0);
        hf_world_public_put(w, 0, keys[i], hf_bytes_of("\x81\x01\x01", 3));
        hf_world_start(w, 0);
        testnet_key_lives(w, 0);
        cr_assert(hf_world_trace_count(w, 0, HF_TRACE_DOCUMENT_REFUSED) > 0);
        testnet_end(w);
    }
}

Test(hostile_host, an_older_set_or_policy_on_disk_is_replaced_before_anything_is_released)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_disk *old = hf_world_disk_copy(w, 0);
    hf_world_set_issue(w);
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_run_for(w, 5000);
    hf_world_crash(w, 0);
    hf_world_disk_put(w, 0, old);
    hf_disk_free(old);
    hf_world_quiet(w, true);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    struct hf_status s;
    cr_assert(hf_world_status(w, 0, &s));
    cr_assert_eq(s.epoch, hf_document_version(hf_world_document(w, HF_DOCUMENT_SET)));
    cr_assert_eq(s.policy, hf_document_version(hf_world_document(w, HF_DOCUMENT_POLICY)));
    testnet_end(w);
}

Test(hostile_host, a_clock_set_back_does_not_make_old_identities_young)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_clock_shift(w, 0, -40 * 86400);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(hostile_host, a_clock_far_ahead_denies_service_and_nothing_is_lost)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_clock_shift(w, 0, 4000 * 86400);
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_EEXPIRED);
    hf_world_crash(w, 0);
    hf_world_clock_shift(w, 0, -4000 * 86400);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(hostile_host, an_older_accepted_release_gets_no_share)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_run_for(w, 5000);
    hf_world_crash(w, 0);
    hf_world_image(w, 0, "holdfast-2");
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    hf_world_crash(w, 0);
    hf_world_image(w, 0, "holdfast-1");
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_EFEWPROVIDERS);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_ERANK));
    hf_world_crash(w, 0);
    hf_world_image(w, 0, "holdfast-2");
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(hostile_host, software_that_no_policy_accepts_gets_no_share)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_image(w, 0, "altered");
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_EFEWPROVIDERS);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_EMEASUREMENT));
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED), 0);
    testnet_end(w);
}

Test(hostile_host, a_placed_vault_that_is_gone_is_never_replaced_by_a_fresh_one)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_buf hint;
    hf_buf_init(&hint, 65536);
    hf_world_crash(w, 0);
    const struct hf_blob *row = hf_world_row(w, 0, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    hf_buf_append(&hint, row->data, row->len);
    hf_world_disk_wipe(w, 0);
    hf_world_public_put(w, 0, "hint", hf_buf_bytes(&hint));
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULT_GONE);
    hf_buf_done(&hint);
    testnet_end(w);
}
