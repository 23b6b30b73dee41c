/* The tables of both kinds of handover: what is permitted, and what must hold after it. */
#include "handover/handover.h"
#include "provider/handing.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>

struct move {
    unsigned from, to;
};

/* ---- a share that a leaver hands over */

static struct hf__handing handing(enum hf__handing_phase phase)
{
    return (struct hf__handing){.phase = (uint8_t)phase,
                                .sealing_suite = phase > HF__HANDING_TAKE ? HF_SEALING_CHACHA : 0,
                                .kept = phase > HF__HANDING_TAKE ? 6 : 0,
                                .given = phase > HF__HANDING_TAKE};
}

ParameterizedTestParameters(hf__handing_move, that_is_forbidden)
{
    static struct move moves[] = {
        {HF__HANDING_ASK, HF__HANDING_ASK},     {HF__HANDING_ASK, HF__HANDING_TELL},
        {HF__HANDING_ASK, HF__HANDING_FINISH},  {HF__HANDING_TAKE, HF__HANDING_ASK},
        {HF__HANDING_TAKE, HF__HANDING_FINISH}, {HF__HANDING_TELL, HF__HANDING_TAKE},
        {HF__HANDING_TELL, HF__HANDING_ASK},    {HF__HANDING_FINISH, HF__HANDING_TELL},
        {HF__HANDING_FINISH, HF__HANDING_ASK},
    };
    return cr_make_param_array(struct move, moves, HF_ARRAY_LEN(moves));
}

ParameterizedTest(struct move *m, hf__handing_move, that_is_forbidden, .signal = SIGABRT)
{
    struct hf__handing h = handing((enum hf__handing_phase)m->from);
    hf__handing_move(&h, (enum hf__handing_phase)m->to);
}

Test(hf__handing_move, goes_from_candidate_to_candidate_and_on)
{
    struct hf__handing h = handing(HF__HANDING_ASK);
    hf__handing_move(&h, HF__HANDING_TAKE);
    hf__handing_move(&h, HF__HANDING_TAKE);
    h.sealing_suite = HF_SEALING_CHACHA;
    hf__handing_move(&h, HF__HANDING_TELL);
    h.kept = 2;
    h.given = true;
    hf__handing_move(&h, HF__HANDING_FINISH);
    cr_assert_eq(h.phase, HF__HANDING_FINISH);
}

Test(hf__handing_move, tells_only_who_has_said_how_to_seal, .signal = SIGABRT)
{
    struct hf__handing h = handing(HF__HANDING_TAKE);
    hf__handing_move(&h, HF__HANDING_TELL);
}

Test(hf__handing_move, finishes_only_what_was_given, .signal = SIGABRT)
{
    struct hf__handing h = handing(HF__HANDING_TELL);
    h.given = false;
    hf__handing_move(&h, HF__HANDING_FINISH);
}

Test(hf__handing_move, waits_for_all_who_were_asked, .signal = SIGABRT)
{
    struct hf__handing h = handing(HF__HANDING_ASK);
    h.waiting = 1;
    hf__handing_move(&h, HF__HANDING_TAKE);
}

/* ---- a new release that takes over */

static uint8_t secret[HF_KEY_LEN];
static struct hf_blob blob;

/* All that a phase may ask for is there. */
static struct hf__taking taking(enum hf__taking_phase phase)
{
    struct hf__taking t = {.phase = (uint8_t)phase};
    t.secret = phase >= HF__TAKING_CHALLENGE ? secret : NULL;
    t.transcript = phase >= HF__TAKING_QUOTE ? &blob : NULL;
    t.quote = phase >= HF__TAKING_PRESENT ? &blob : NULL;
    return t;
}

ParameterizedTestParameters(hf__taking_move, that_is_forbidden)
{
    static struct move moves[] = {
        {HF__TAKING_IDLE, HF__TAKING_QUOTE},     {HF__TAKING_IDLE, HF__TAKING_VAULT},
        {HF__TAKING_CHALLENGE, HF__TAKING_ROWS}, {HF__TAKING_CHALLENGE, HF__TAKING_CHALLENGE},
        {HF__TAKING_QUOTE, HF__TAKING_ROWS},     {HF__TAKING_QUOTE, HF__TAKING_VAULT},
        {HF__TAKING_PRESENT, HF__TAKING_VAULT},  {HF__TAKING_PRESENT, HF__TAKING_QUOTE},
        {HF__TAKING_ROWS, HF__TAKING_PRESENT},   {HF__TAKING_VAULT, HF__TAKING_ROWS},
        {HF__TAKING_ROWS, HF__TAKING_DURABLE},   {HF__TAKING_DURABLE, HF__TAKING_VAULT},
    };
    return cr_make_param_array(struct move, moves, HF_ARRAY_LEN(moves));
}

ParameterizedTest(struct move *m, hf__taking_move, that_is_forbidden, .signal = SIGABRT)
{
    struct hf__taking t = taking((enum hf__taking_phase)m->from);
    t.key = m->to == HF__TAKING_VAULT ? secret : NULL;
    hf__taking_move(&t, (enum hf__taking_phase)m->to);
}

Test(hf__taking_move, goes_all_the_way)
{
    struct hf__taking t = taking(HF__TAKING_IDLE);
    t.secret = secret;
    hf__taking_move(&t, HF__TAKING_CHALLENGE);
    t.transcript = &blob;
    hf__taking_move(&t, HF__TAKING_QUOTE);
    t.quote = &blob;
    hf__taking_move(&t, HF__TAKING_PRESENT);
    hf__taking_move(&t, HF__TAKING_ROWS);
    t.key = secret;
    hf__taking_move(&t, HF__TAKING_VAULT);
    hf__taking_move(&t, HF__TAKING_DURABLE);
    t = (struct hf__taking){.phase = t.phase};
    hf__taking_move(&t, HF__TAKING_IDLE);
    cr_assert_eq(t.phase, HF__TAKING_IDLE);
}

Test(hf__taking_move, keeps_nothing_of_what_has_failed, .signal = SIGABRT)
{
    struct hf__taking t = taking(HF__TAKING_PRESENT);
    hf__taking_move(&t, HF__TAKING_IDLE);
}

Test(hf__taking_move, shows_no_quote_that_is_not_made, .signal = SIGABRT)
{
    struct hf__taking t = taking(HF__TAKING_QUOTE);
    t.quote = &blob;
    t.work = 7;
    hf__taking_move(&t, HF__TAKING_PRESENT);
}

Test(hf__taking_move, makes_no_vault_without_all_rows, .signal = SIGABRT)
{
    struct hf__taking t = taking(HF__TAKING_ROWS);
    t.key = secret;
    t.rows_wanted = 1;
    hf__taking_move(&t, HF__TAKING_VAULT);
}
