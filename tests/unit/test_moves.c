/* The tables of a dealing and a claim: what is permitted, and what must hold after it. */
#include "owner/claim.h"
#include "owner/deal.h"

#include <stdlib.h>

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>

static uint8_t share[HF_SCALAR_LEN];
static struct hf__slot slots[2];
static struct hf__dealing *made;

/* A dealing whose slot 1 is filled by candidate 0, which has made its offer. */
static struct hf__dealing *dealing(enum hf__slot_state state)
{
    made = malloc(sizeof *made + 2 * sizeof(struct hf__candidate));
    cr_assert(made);
    *made = (struct hf__dealing){.n = 2, .shares = share, .slots = slots, .candidates_count = 2};
    made->candidates[0] = (struct hf__candidate){.state = HF__CANDIDATE_OFFERED, .slot = 1};
    made->candidates[1] = (struct hf__candidate){.slot = -1};
    slots[0] = (struct hf__slot){.candidate = -1};
    slots[1] = (struct hf__slot){.state = (uint8_t)state,
                                 .transcript = hf_blob_new(hf_bytes_of("transcript", 10))};
    return made;
}

static void done(void)
{
    hf_blob_unref(slots[1].transcript);
    free(made);
}

struct move {
    unsigned from, to;
};

/* ---- candidates */

ParameterizedTestParameters(hf__candidate_move, that_is_forbidden)
{
    static struct move moves[] = {
        {HF__CANDIDATE_UNASKED, HF__CANDIDATE_OFFERED},
        {HF__CANDIDATE_ASKED, HF__CANDIDATE_ASKED},
        {HF__CANDIDATE_OFFERED, HF__CANDIDATE_ASKED},
        {HF__CANDIDATE_FAILED, HF__CANDIDATE_ASKED},
        {HF__CANDIDATE_FAILED, HF__CANDIDATE_UNASKED},
        {HF__CANDIDATE_FAILED, HF__CANDIDATE_OFFERED},
    };
    return cr_make_param_array(struct move, moves, HF_ARRAY_LEN(moves));
}

ParameterizedTest(struct move *m, hf__candidate_move, that_is_forbidden, .signal = SIGABRT)
{
    struct hf__candidate c = {.state = (uint8_t)m->from, .slot = -1, .error = -1};
    hf__candidate_move(&c, m->to);
}

Test(hf__candidate_move, fails_only_out_of_its_slot, .signal = SIGABRT)
{
    struct hf__candidate c = {.state = HF__CANDIDATE_ASKED, .slot = 0, .error = -1};
    hf__candidate_move(&c, HF__CANDIDATE_FAILED);
}

Test(hf__candidate_move, fails_for_a_reason)
{
    struct hf__candidate c = {.state = HF__CANDIDATE_ASKED, .slot = -1, .error = -1};
    hf__candidate_move(&c, HF__CANDIDATE_FAILED);
    cr_assert_eq(c.state, HF__CANDIDATE_FAILED);
}

Test(hf__candidate_move, is_not_asked_for_ever, .signal = SIGABRT)
{
    struct hf__candidate c = {.state = HF__CANDIDATE_ASKED, .attempts = HF__ATTEMPTS_MAX};
    hf__candidate_move(&c, HF__CANDIDATE_UNASKED);
}

/* ---- slots */

ParameterizedTestParameters(hf__slot_move, that_is_forbidden)
{
    static struct move moves[] = {
        {HF__SLOT_EMPTY, HF__SLOT_DEPOSITING},  {HF__SLOT_EMPTY, HF__SLOT_RECEIPT},
        {HF__SLOT_SEALED, HF__SLOT_RECEIPT},    {HF__SLOT_SEALED, HF__SLOT_SEALED},
        {HF__SLOT_DEPOSITING, HF__SLOT_SEALED}, {HF__SLOT_RECEIPT, HF__SLOT_EMPTY},
    };
    return cr_make_param_array(struct move, moves, HF_ARRAY_LEN(moves));
}

ParameterizedTest(struct move *m, hf__slot_move, that_is_forbidden, .signal = SIGABRT)
{
    struct hf__dealing *d = dealing((enum hf__slot_state)m->from);
    hf__slot_move(d, &slots[1], (enum hf__slot_state)m->to);
}

Test(hf__slot_move, to_a_receipt_and_no_further)
{
    struct hf__dealing *d = dealing(HF__SLOT_EMPTY);
    hf__slot_move(d, &slots[1], HF__SLOT_SEALED);
    hf__slot_move(d, &slots[1], HF__SLOT_DEPOSITING);
    hf__slot_move(d, &slots[1], HF__SLOT_RECEIPT);
    cr_assert_eq(slots[1].state, HF__SLOT_RECEIPT);
    done();
}

Test(hf__slot_move, without_a_candidate_holds_no_share, .signal = SIGABRT)
{
    struct hf__dealing *d = dealing(HF__SLOT_EMPTY);
    slots[1].candidate = -1;
    hf__slot_move(d, &slots[1], HF__SLOT_SEALED);
}

Test(hf__slot_move, is_that_of_its_candidate, .signal = SIGABRT)
{
    struct hf__dealing *d = dealing(HF__SLOT_EMPTY);
    d->candidates[0].slot = 0;
    hf__slot_move(d, &slots[1], HF__SLOT_SEALED);
}

/* ---- votes */

ParameterizedTestParameters(hf__vote_move, that_is_forbidden)
{
    static struct move moves[] = {
        {HF__VOTE_NONE, HF__VOTE_ACCEPTED},  {HF__VOTE_NONE, HF__VOTE_PROVISIONAL},
        {HF__VOTE_NONE, HF__VOTE_REFUSED},   {HF__VOTE_ASKED, HF__VOTE_ASKED},
        {HF__VOTE_ACCEPTED, HF__VOTE_ASKED},
    };
    return cr_make_param_array(struct move, moves, HF_ARRAY_LEN(moves));
}

ParameterizedTest(struct move *m, hf__vote_move, that_is_forbidden, .signal = SIGABRT)
{
    struct hf__claim_holder h = {.vote = (uint8_t)m->from, .electorates = 1};
    h.voted = m->to == HF__VOTE_ACCEPTED || m->to == HF__VOTE_PROVISIONAL;
    hf__vote_move(&h, (enum hf__vote)m->to);
}

Test(hf__vote_move, accepted_without_a_signature, .signal = SIGABRT)
{
    struct hf__claim_holder h = {.vote = HF__VOTE_ASKED, .electorates = 1};
    hf__vote_move(&h, HF__VOTE_ACCEPTED);
}

Test(hf__vote_move, accepted_for_an_electorate_in_which_it_has_no_vote, .signal = SIGABRT)
{
    struct hf__claim_holder h = {.vote = HF__VOTE_ASKED, .electorates = 1, .voted = 2};
    hf__vote_move(&h, HF__VOTE_ACCEPTED);
}

Test(hf__vote_move, a_refusal_leaves_no_signature_that_counts, .signal = SIGABRT)
{
    struct hf__claim_holder h = {.vote = HF__VOTE_ASKED, .electorates = 1, .voted = 1};
    hf__vote_move(&h, HF__VOTE_REFUSED);
}

Test(hf__vote_move, of_a_new_number_begins_anew)
{
    struct hf__claim_holder h = {.vote = HF__VOTE_ACCEPTED, .electorates = 1};
    hf__vote_move(&h, HF__VOTE_NONE);
    hf__vote_move(&h, HF__VOTE_ASKED);
    h.voted = 1;
    hf__vote_move(&h, HF__VOTE_PROVISIONAL);
    hf__vote_move(&h, HF__VOTE_ASKED);
    hf__vote_move(&h, HF__VOTE_ACCEPTED);
    cr_assert_eq(h.vote, HF__VOTE_ACCEPTED);
}
