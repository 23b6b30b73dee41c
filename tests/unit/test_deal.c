/* A dealing under way: answers that come late, and an authority that changes what it goes by. */
#include "engine_harness.h"
#include "owner/claim.h"
#include "owner/deal.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct harness l;

/* A dealing under way whose candidates are asked. */
static struct hf__dealing *under_way(void)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    hf__update_begin(l.e);
    cr_assert_not_null(l.e->owner->dealing);
    return l.e->owner->dealing;
}

static struct hf__pending offer_to(const struct hf__dealing *d, uint8_t slot)
{
    return (struct hf__pending){.task = HF__TASK_DEAL,
                                .method = HF_METHOD_OFFER,
                                .arg = (uint32_t)d->generation.number,
                                .slot = slot,
                                .account = d->candidates[0].account};
}

/* Mends have one number, so that the call names the dealing of before as well. */
Test(hf__offer_answered, of_a_place_that_is_not_there_or_anothers_is_passed_over)
{
    struct hf__dealing *d = under_way();
    struct hf__pending beyond = offer_to(d, UINT8_MAX), another = offer_to(d, 1);
    cr_assert_eq(hf__offer_answered(l.e, &beyond, HF_ETIMEOUT, (struct hf_bytes){0}), 0);
    cr_assert_eq(hf__offer_answered(l.e, &another, HF_ETIMEOUT, (struct hf_bytes){0}), 0);
    cr_assert_eq(d->candidates[0].state, HF__CANDIDATE_ASKED);
    cr_assert_eq(d->candidates[1].state, HF__CANDIDATE_ASKED);
    harness_done(&l);
}

Test(hf__offer_answered, counts_once)
{
    struct hf__dealing *d = under_way();
    struct hf__pending call = offer_to(d, 0);
    hf__candidate_move(&d->candidates[0], HF__CANDIDATE_OFFERED);
    cr_assert_eq(hf__offer_answered(l.e, &call, HF_ETIMEOUT, (struct hf_bytes){0}), 0);
    cr_assert_eq(d->candidates[0].state, HF__CANDIDATE_OFFERED);
    harness_done(&l);
}

/* The last share has a holder whose key is none, and no other call is out. */
Test(hf__deal_advance, goes_on_where_a_key_to_seal_to_is_none)
{
    struct hf__dealing *d = under_way();
    cr_assert(hf__deal_shares(l.e, d));
    for (size_t i = 0; i < d->n; i++) {
        d->candidates[i].state = HF__CANDIDATE_OFFERED;
        d->candidates[i].sealing_suite = HF_SEALING_CHACHA;
        d->candidates[i].slot = (int8_t)i;
        d->slots[i].candidate = (int8_t)i;
        d->slots[i].state = i > 0 ? HF__SLOT_RECEIPT : HF__SLOT_EMPTY;
    }
    hf__deal_advance(l.e);
    cr_assert_eq(d->candidates[0].state, HF__CANDIDATE_FAILED);
    cr_assert_eq(d->candidates[3].state, HF__CANDIDATE_ASKED);
    harness_done(&l);
}

/* Between two ballots a claim has no number; nor has the call of a ballot that is a multiple of
 * 2^32. */
Test(hf__claim_answered, while_a_claim_pauses_is_passed_over)
{
    struct hf__dealing *d = under_way();
    struct hf__claiming *c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    l.e->owner->claiming = c;
    c->count = 1;
    c->holders[0].account = d->candidates[0].account;
    struct hf__pending call = {
        .task = HF__TASK_CLAIM, .method = HF_METHOD_CLAIM, .account = d->candidates[0].account};
    cr_assert_eq(hf__claim_answered(l.e, &call, HF_ETIMEOUT, (struct hf_bytes){0}), 0);
    cr_assert_eq(c->holders[0].vote, 0);
    cr_assert_eq(c->holders[0].error, 0);
    harness_done(&l);
}

/* The newest record, which lists as many older generations as may be. */
static void put_record(size_t chain_count)
{
    struct hf_holder holders[3] = {{.index = 1}, {.index = 2}, {.index = 3}};
    struct hf_unsealed chain[HF_CHAIN_MAX];
    uint8_t commitments[64] = {0};
    for (size_t i = 0; i < 3; i++)
        authority_account(i, &holders[i].account);
    for (size_t i = 0; i < chain_count; i++)
        chain[i] = (struct hf_unsealed){
            .generation = {.version = 1, .number = i + 1, .id = {(uint8_t)(i + 1)}},
            .threshold = 2,
            .quorum = 2,
            .provisional = 3,
            .holders = holders,
            .holders_count = 3};
    struct hf_placement_record record = {.generation = {.version = 1, .number = 9, .id = {9}},
                                         .threshold = 2,
                                         .quorum = 2,
                                         .provisional = 3,
                                         .ballot = {.number = l.e->claim},
                                         .epoch = 1,
                                         .commitments = hf_bytes_of(commitments, 64),
                                         .holders = holders,
                                         .holders_count = 3,
                                         .chain = chain,
                                         .chain_count = chain_count};
    record.owner = l.e->account;
    struct hf_record_row row = {.confirmed = true};
    row.record.record = hf__encode(l.e, &hf_wire_placement_record, &record);
    hf__put(l.e, HF_ROW_RECORD, (struct hf_bytes){0}, &hf_wire_record_row, &row);
    hf__chain_count(l.e);
    cr_assert_eq(l.e->owner->unsealed, chain_count);
}

/* All have given their receipts; what the newest record lists is unsealed. */
static void receipts_with(size_t unsealed)
{
    struct hf__dealing *d = under_way();
    put_record(unsealed);
    d->replaces = true;
    cr_assert(hf__deal_shares(l.e, d));
    for (size_t i = 0; i < d->n; i++) {
        d->candidates[i].state = HF__CANDIDATE_OFFERED;
        d->candidates[i].slot = (int8_t)i;
        d->slots[i].candidate = (int8_t)i;
        d->slots[i].state = HF__SLOT_RECEIPT;
    }
    hf__deal_advance(l.e);
    cr_assert_null(l.e->owner->dealing);
}

static uint64_t newest(void)
{
    struct hf_placement_record record;
    cr_assert(hf__own_record(l.e, &record, NULL, NULL));
    return record.generation.number;
}

Test(hf__deal_advance, records_where_one_more_may_be_listed)
{
    receipts_with(HF_CHAIN_MAX - 1);
    cr_assert_neq(newest(), 9);
    harness_done(&l);
}

/* One of them was sealed when the dealing began; by a floor of the authority's it is so no more. */
Test(hf__deal_advance, ends_a_dealing_whose_record_would_list_too_many)
{
    receipts_with(HF_CHAIN_MAX);
    cr_assert_eq(newest(), 9);
    harness_done(&l);
}
