/* What the place of a word decides (proto/GOSSIP.md, 1): the order of all that is said of one
 * member, and what numbers may do in it. */
#include "events.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { AT = 1000, OBSERVER = 2, TELLER = 1, ACCUSER = 1, SUBJECT = 3, SAY_S = 9 };

static struct hf__view view(struct hf_world *w, uint32_t by)
{
    return hf__view(hf_world_engine(w, by), account(w, SUBJECT));
}

/* One of the words of the table, at a place; a suspicion shows a word of its subject there. */
static struct hf_event_statement word(struct hf_world *w, enum hf__news kind, uint64_t at,
                                      bool second, struct hf_buf *ret_seen)
{
    uint32_t author = kind == HF__NEWS_SUSPECT ? ACCUSER : SUBJECT;
    struct hf_event_statement s =
        event_of(w, author, SUBJECT, kind, kind == HF__NEWS_SUSPECT ? 0 : at);
    if (kind == HF__NEWS_SUSPECT) {
        struct hf_buf bytes;
        struct hf_event_statement shown = event_of(w, SUBJECT, SUBJECT, HF__NEWS_DRAINING, at);
        hf_buf_init(&bytes, 4096);
        shown.over = true;
        struct hf_signed_event seen = sign(w, SUBJECT, &shown, &bytes);
        hf_buf_clear(ret_seen);
        cr_assert_eq(hf_wire_encode(&hf_wire_signed_event, &seen, ret_seen), 0);
        hf_buf_done(&bytes);
        s.seen = hf_buf_bytes(ret_seen);
    }
    /* The same place, and other bytes. */
    s.issued_s += second ? 1 : 0;
    return s;
}

#define ALIVE   HF__NEWS_ALIVE
#define SUSPECT HF__NEWS_SUSPECT
#define LEAVE   HF__NEWS_LEAVE

/* SWIM, section 4.2, with a leave, which is its subject's, in the place of a death that others
 * find: for each word that is kept, and each that comes at a place below, equal and above. */
Test(places, decide_each_word_against_each_other)
{
    static const struct {
        enum hf__news kept, comes;
        int above;   /* -1, 0, 1: the place of what comes */
        bool taken;  /* it is kept */
        bool stands; /* and so is what was kept */
        enum hf_member_state state;
    } rows[] = {
        {ALIVE, ALIVE, -1, false, true, HF_MEMBER_MEMBER},
        {ALIVE, ALIVE, 0, false, true, HF_MEMBER_MEMBER},
        {ALIVE, ALIVE, 1, true, false, HF_MEMBER_MEMBER},
        {ALIVE, SUSPECT, -1, false, true, HF_MEMBER_MEMBER},
        {ALIVE, SUSPECT, 0, true, true, HF_MEMBER_SUSPECT},
        {ALIVE, SUSPECT, 1, true, true, HF_MEMBER_SUSPECT},
        {ALIVE, LEAVE, -1, true, true, HF_MEMBER_LEAVING},
        {ALIVE, LEAVE, 0, true, true, HF_MEMBER_LEAVING},
        {ALIVE, LEAVE, 1, true, true, HF_MEMBER_LEAVING},
        {SUSPECT, ALIVE, -1, true, true, HF_MEMBER_SUSPECT},
        {SUSPECT, ALIVE, 0, true, true, HF_MEMBER_SUSPECT},
        {SUSPECT, ALIVE, 1, true, false, HF_MEMBER_MEMBER},
        {SUSPECT, SUSPECT, -1, false, true, HF_MEMBER_SUSPECT},
        {SUSPECT, SUSPECT, 0, true, false, HF_MEMBER_SUSPECT},
        {SUSPECT, SUSPECT, 1, true, false, HF_MEMBER_SUSPECT},
        {SUSPECT, LEAVE, -1, true, true, HF_MEMBER_LEAVING},
        {SUSPECT, LEAVE, 0, true, true, HF_MEMBER_LEAVING},
        {SUSPECT, LEAVE, 1, true, false, HF_MEMBER_LEAVING},
        {LEAVE, ALIVE, -1, true, true, HF_MEMBER_LEAVING},
        {LEAVE, ALIVE, 0, true, true, HF_MEMBER_LEAVING},
        {LEAVE, ALIVE, 1, true, true, HF_MEMBER_LEAVING},
        {LEAVE, SUSPECT, -1, false, true, HF_MEMBER_LEAVING},
        {LEAVE, SUSPECT, 0, true, true, HF_MEMBER_LEAVING},
        {LEAVE, SUSPECT, 1, true, true, HF_MEMBER_LEAVING},
        {LEAVE, LEAVE, -1, false, true, HF_MEMBER_LEAVING},
        {LEAVE, LEAVE, 0, false, true, HF_MEMBER_LEAVING},
        {LEAVE, LEAVE, 1, true, false, HF_MEMBER_LEAVING},
    };
    struct hf_buf seen, more;
    hf_buf_init(&seen, 4096);
    hf_buf_init(&more, 4096);
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        struct hf_world *w = testnet_up(7, 3, 5);
        struct hf_event_statement first = word(w, rows[i].kept, AT, false, &seen);
        struct hf_event_statement second =
            word(w, rows[i].comes, (uint64_t)(AT + rows[i].above), true, &more);
        const struct hf__told *a, *b;
        say(w, OBSERVER, TELLER, first.kind == SUSPECT ? ACCUSER : SUBJECT, &first);
        a = kept(w, OBSERVER, SUBJECT, rows[i].kept, rows[i].kept == SUSPECT ? ACCUSER : -1);
        cr_assert_not_null(a, "row %zu", i);
        uint64_t first_s = a->issued_s;
        say(w, OBSERVER, TELLER, second.kind == SUSPECT ? ACCUSER : SUBJECT, &second);
        a = kept(w, OBSERVER, SUBJECT, rows[i].kept, rows[i].kept == SUSPECT ? ACCUSER : -1);
        b = kept(w, OBSERVER, SUBJECT, rows[i].comes, rows[i].comes == SUSPECT ? ACCUSER : -1);
        cr_assert_eq(b != NULL && b->issued_s == second.issued_s, rows[i].taken, "row %zu", i);
        cr_assert_eq(a != NULL && a->issued_s == first_s, rows[i].stands, "row %zu", i);
        cr_assert_eq(view(w, OBSERVER).state, rows[i].state, "row %zu: %d", i,
                     view(w, OBSERVER).state);
        testnet_end(w);
    }
    hf_buf_done(&seen);
    hf_buf_done(&more);
}

static bool drains_everywhere(struct hf_world *w, void *none)
{
    (void)none;
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        if (hf_world_running(w, i) && i != SUBJECT && !view(w, i).draining)
            return false;
    return true;
}

/* Generations that are the time of a start: after a year, one that restarts is not believed. */
Test(places, of_a_process_that_ran_for_a_year_keep_nobody_from_hearing_the_next)
{
    struct hf_world_settings settings = testnet_settings(2, 3);
    settings.timing.probe_ms = 0;
    settings.timing.watch_ms = settings.timing.documents_ms = settings.timing.reconcile_ms =
        settings.timing.audit_ms = 3600000;
    struct hf_world *w = testnet_up_from(&settings, 5);
    for (unsigned month = 0; month < 13; month++)
        hf_world_run_for(w, 30 * UINT64_C(86400000));
    testnet_restart(w, SUBJECT);
    testnet_ready(w, HF_WORLD_ALL);
    cr_assert_eq(hf_world_drain(w, SUBJECT, true, TESTNET_MS), 0);
    cr_assert(hf_world_run_until(w, drains_everywhere, NULL, TESTNET_MS));
    testnet_end(w);
}

/* A number that sticks: the highest there is, which its own subject has signed. */
Test(places, of_the_highest_number_end_with_the_ballot_that_signed_them)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement s =
        event_of(w, SUBJECT, SUBJECT, HF__NEWS_DRAINING, HF_WIRE_INCARNATION_MAX);
    s.over = true;
    for (uint32_t i = 0; i < 7; i++)
        if (i != SUBJECT)
            say(w, i, i == TELLER ? OBSERVER : TELLER, SUBJECT, &s);
    cr_assert_eq(view(w, OBSERVER).place, HF_WIRE_INCARNATION_MAX);
    testnet_restart(w, SUBJECT);
    testnet_ready(w, HF_WORLD_ALL);
    cr_assert_eq(hf_world_drain(w, SUBJECT, true, TESTNET_MS), 0);
    cr_assert(hf_world_run_until(w, drains_everywhere, NULL, TESTNET_MS));
    cr_assert_lt(view(w, OBSERVER).place, 1000);
    testnet_end(w);
}

/* A number within a statement, as it is encoded: all its bytes become 0xff. */
static void overflow(struct hf_buf *statement, uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    for (size_t i = 0; i + sizeof bytes <= statement->len; i++)
        if (memcmp(statement->data + i, bytes, sizeof bytes) == 0) {
            memset(statement->data + i, 0xff, sizeof bytes);
            return;
        }
    cr_assert(false, "it is not there");
}

/* Whether node 2 keeps anything of what the subject has signed, with a number that cannot be. */
static bool takes(struct hf_world *w, const struct hf_event_statement *s, uint64_t number)
{
    struct hf_buf bytes;
    hf_buf_init(&bytes, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_event_statement, s, &bytes), 0);
    if (number != 0)
        overflow(&bytes, number);
    struct hf_signed_event what = {.statement = hf_buf_bytes(&bytes)};
    hf_world_suite(w)->sign(hf_world_engine(w, SUBJECT)->secrets->account, "holdfast/v1/event",
                            what.statement, what.signature);
    (void)!tell(w, OBSERVER, account(w, TELLER), &what);
    hf_buf_done(&bytes);
    return kept(w, OBSERVER, SUBJECT, HF__NEWS_DRAINING, -1) != NULL;
}

/* Coordinates that were no numbers infected all: what is out of its bounds is looked at on receipt,
 * and what is within them does not last longer than its word may. */
Test(places, take_no_number_that_cannot_be_and_keep_none_for_ever)
{
    enum { RARE = 0x1a2b3c4d5e };
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement s = event_of(w, SUBJECT, SUBJECT, HF__NEWS_DRAINING, RARE);
    cr_assert_not(takes(w, &s, RARE), "an incarnation");
    s.incarnation = AT;
    s.until_s = RARE;
    cr_assert_not(takes(w, &s, RARE), "a time");
    s.until_s = HF_WIRE_TIME_MAX;
    cr_assert(takes(w, &s, 0));
    cr_assert(view(w, OBSERVER).draining);
    hf_world_run_for(w, 660000);
    cr_assert_not(view(w, OBSERVER).draining, "until the end of time");
    testnet_end(w);
}

static const char *reached(struct hf_world *w, uint32_t node)
{
    return hf__address_of(hf_world_engine(w, OBSERVER), account(w, node));
}

/* Names that are taken twice when a node comes back elsewhere: the account is who it is, and its
 * address is what it says last. */
Test(places, of_an_address_move_its_account_and_nobody_elses)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    char home[64], theirs[64];
    snprintf(home, sizeof home, "%s", reached(w, SUBJECT));
    snprintf(theirs, sizeof theirs, "%s", reached(w, TELLER));
    struct hf_event_statement s = event_of(w, SUBJECT, SUBJECT, HF__NEWS_ADDRESS, AT + 1);
    /* It comes back at the address of another: both are members still, each by its own name. */
    s.address = hf_bytes_of(theirs, strlen(theirs));
    say(w, OBSERVER, TELLER, SUBJECT, &s);
    cr_assert_str_eq(reached(w, SUBJECT), theirs);
    cr_assert_str_eq(reached(w, TELLER), theirs);
    cr_assert_eq(view(w, OBSERVER).state, HF_MEMBER_MEMBER);
    cr_assert_eq(hf__view(hf_world_engine(w, OBSERVER), account(w, TELLER)).state,
                 HF_MEMBER_MEMBER);
    /* An older word of it does not bring it back. */
    s.incarnation = AT;
    s.address = hf_bytes_of("before:1", 8);
    say(w, OBSERVER, TELLER, SUBJECT, &s);
    cr_assert_str_eq(reached(w, SUBJECT), theirs);
    /* Nor may another move it. */
    s = event_of(w, TELLER, SUBJECT, HF__NEWS_ADDRESS, AT + 9);
    s.address = hf_bytes_of("stolen:1", 8);
    say(w, OBSERVER, TELLER, TELLER, &s);
    cr_assert_str_eq(reached(w, SUBJECT), theirs);
    s = event_of(w, SUBJECT, SUBJECT, HF__NEWS_ADDRESS, AT + 2);
    s.over = true;
    say(w, OBSERVER, TELLER, SUBJECT, &s);
    cr_assert_str_eq(reached(w, SUBJECT), home);
    testnet_end(w);
}
