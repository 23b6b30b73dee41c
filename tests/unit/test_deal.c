/* Answers to offers that come late: from whoever has no such place any more, or twice. */
#include "engine_harness.h"
#include "owner/deal.h"

#include "base/error.h"

#include <criterion/criterion.h>

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
