/* Older dealings of a node's own: how many are kept, and which one a holder has forgotten. */
#include "engine_harness.h"
#include "owner/record.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct harness l;

static void up(void)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    hf__update_begin(l.e);
}

/* The newest record, which lists a generation of this id, and no other. */
static void put_record(uint8_t listed)
{
    struct hf_holder holders[3] = {{.index = 1}, {.index = 2}, {.index = 3}};
    struct hf_unsealed chain = {.generation = {.version = 1, .number = 1, .id = {listed}},
                                .threshold = 2,
                                .quorum = 2,
                                .provisional = 3,
                                .holders = holders,
                                .holders_count = 3};
    uint8_t commitments[64] = {0};
    struct hf_placement_record record = {.generation = {.version = 1, .number = 99, .id = {99}},
                                         .threshold = 2,
                                         .quorum = 2,
                                         .provisional = 3,
                                         .ballot = {.number = 1},
                                         .epoch = 1,
                                         .commitments = hf_bytes_of(commitments, 64),
                                         .holders = holders,
                                         .holders_count = 3,
                                         .chain = &chain,
                                         .chain_count = 1};
    record.owner = l.e->account;
    for (size_t i = 0; i < 3; i++)
        authority_account(i, &holders[i].account);
    struct hf_record_row row = {.confirmed = true};
    row.record.record = hf__encode(l.e, &hf_wire_placement_record, &record);
    hf__put(l.e, HF_ROW_RECORD, (struct hf_bytes){0}, &hf_wire_record_row, &row);
}

/* A dealing that was given up, or the one that the record lists; one member may keep its share. */
static void put_older(uint8_t id, uint64_t number)
{
    struct hf_holder holder = {.index = 1};
    struct hf_older_row row = {.generation = {.version = 1, .number = number, .id = {id}},
                               .complete = {.version = 1, .number = number, .id = {id}},
                               .threshold = 1,
                               .shares = 3,
                               .holders = &holder,
                               .holders_count = 1};
    authority_account(0, &holder.account);
    hf__put(l.e, HF_ROW_OLDER, hf_bytes_of(row.generation.id, 16), &hf_wire_older_row, &row);
}

static bool there(uint8_t first)
{
    struct hf_older_row row;
    uint8_t id[16] = {first};
    return hf__older_row(l.e, id, &row);
}

Test(hf__older_save, bounds_what_is_kept_and_drops_the_oldest_that_no_claim_needs)
{
    struct hf_holder holders[3] = {{.index = 1}, {.index = 2}, {.index = 3}};
    up();
    put_record(1);
    for (uint8_t i = 1; i <= HF_OLDER_MAX; i++)
        put_older(i, i);
    cr_assert_eq(hf__rows_count(&l.e->rows, HF_ROW_OLDER), HF_OLDER_MAX);
    for (size_t i = 0; i < 3; i++)
        authority_account(i, &holders[i].account);
    struct hf_placement_record own = {.generation = {.version = 1, .number = 99, .id = {99}},
                                      .threshold = 2,
                                      .holders = holders,
                                      .holders_count = 3};
    struct hf_placement_record newer = {.generation = {.version = 1, .number = 100, .id = {100}}};
    hf__older_save(l.e, &own, &newer);
    cr_assert_eq(hf__rows_count(&l.e->rows, HF_ROW_OLDER), HF_OLDER_MAX);
    cr_assert(there(1), "the record lists it");
    cr_assert(!there(2));
    cr_assert(there(3));
    cr_assert(there(99));
    harness_done(&l);
}

Test(hf__older_purge, drops_what_only_those_keep_who_are_no_members_and_too_few)
{
    struct hf_holder strangers[2] = {{.account = {{1}}, .index = 1},
                                     {.account = {{2}}, .index = 2}};
    struct hf_placement_record own = {.generation = {.id = {99}}};
    struct hf_older_row row = {.generation = {.version = 1, .number = 5, .id = {5}},
                               .complete = {.version = 1, .number = 5, .id = {5}},
                               .threshold = 3,
                               .shares = 3,
                               .holders = strangers,
                               .holders_count = 2};
    up();
    put_older(4, 4);
    hf__put(l.e, HF_ROW_OLDER, hf_bytes_of(row.generation.id, 16), &hf_wire_older_row, &row);
    row.generation.id[0] = row.complete.id[0] = 6;
    row.threshold = 2; /* those two could rebuild it */
    hf__put(l.e, HF_ROW_OLDER, hf_bytes_of(row.generation.id, 16), &hf_wire_older_row, &row);
    hf__older_purge(l.e, &own);
    cr_assert(there(4), "a member can be told");
    cr_assert(!there(5));
    cr_assert(there(6));
    harness_done(&l);
}

Test(hf__delete_answered, is_of_the_generation_that_was_named_not_of_its_number)
{
    struct hf__pending call = {.task = HF__TASK_RETIRE, .method = HF_METHOD_DELETE};
    up();
    put_record(1);
    put_older(7, 3);
    put_older(8, 3); /* of a fork */
    call.claim = l.e->claim;
    authority_account(0, &call.account);
    call.arg = UINT32_C(8) << 24;
    l.e->owner->deposited_ms = l.e->now_ms;
    cr_assert_eq(hf__delete_answered(l.e, &call, HF_ENOSHARE, (struct hf_bytes){0}), 0);
    cr_assert(there(8), "a deposit may still come");
    l.e->now_ms += l.e->timing.nonce_life_ms + l.e->timing.call_ms;
    cr_assert_eq(hf__delete_answered(l.e, &call, HF_ENOSHARE, (struct hf_bytes){0}), 0);
    cr_assert(there(7));
    cr_assert(!there(8));
    harness_done(&l);
}
