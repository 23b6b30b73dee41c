/* How often one may ask, and whose place a message takes that waits for a verdict. */
#include "engine_harness.h"
#include "members/members.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct harness l;

static void set_up(void)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
}

static void tear_down(void)
{
    harness_done(&l);
}

TestSuite(hf__rate, .init = set_up, .fini = tear_down);
TestSuite(hf__verdict, .init = set_up, .fini = tear_down);
TestSuite(hf__parked, .init = set_up, .fini = tear_down);
TestSuite(hf__trace, .init = set_up, .fini = tear_down);

static struct hf__message from_member(size_t i, uint8_t method)
{
    struct hf__message m = {.is_request = true, .method = method, .has_account = true};
    authority_account(i, &m.account);
    return m;
}

static struct hf__message from_elsewhere(uint64_t source, bool expected)
{
    return (struct hf__message){
        .is_request = true, .method = HF_METHOD_RECOVER, .expected = expected, .source = source};
}

Test(hf__rate, of_a_member_beyond_its_part_and_nobody_elses)
{
    struct hf__message m = from_member(0, HF_METHOD_STANDING);
    for (int i = 0; i < HF_RATE_MEMBER_BURST; i++)
        cr_assert_eq(hf__rate_member(l.e, &m), 0, "%d", i);
    cr_assert_eq(hf__rate_member(l.e, &m), HF_ERATE);
    struct hf__message other = from_member(1, HF_METHOD_STANDING);
    cr_assert_eq(hf__rate_member(l.e, &other), 0);
    other = from_member(0, HF_METHOD_OFFER);
    cr_assert_eq(hf__rate_member(l.e, &other), 0, "another method");
    harness_tick(&l, 1000);
    for (int i = 0; i < HF_RATE_MEMBER_PER_S; i++)
        cr_assert_eq(hf__rate_member(l.e, &m), 0, "%d, a second later", i);
    cr_assert_eq(hf__rate_member(l.e, &m), HF_ERATE);
}

Test(hf__rate, of_accounts_that_are_no_members_is_not_theirs)
{
    struct hf__message m = {.is_request = true, .method = HF_METHOD_NONCE, .has_account = true};
    struct hf_account owner;
    authority_account(2, &owner);
    for (int i = 0; i < HF_RATE_OWNER_BURST; i++) {
        m.account.bytes[0] = (uint8_t)i; /* keys are free: each request by another account */
        m.account.bytes[31] = 1;
        cr_assert_eq(hf__rate_member(l.e, &m), 0);
        cr_assert_eq(hf__rate_owner(l.e, &m, &owner), 0);
    }
    cr_assert_eq(hf__rate_owner(l.e, &m, &owner), HF_ERATE);
}

Test(hf__rate, of_a_restarted_owner_is_not_used_up_by_strangers)
{
    struct hf_account owner;
    authority_account(0, &owner);
    struct hf__message stranger = from_elsewhere(1, false), home = from_elsewhere(2, true);
    for (int i = 0; i < 1000; i++)
        (void)!hf__rate_owner(l.e, &stranger, &owner);
    cr_assert_eq(hf__rate_owner(l.e, &stranger, &owner), HF_ERATE);
    cr_assert_eq(hf__rate_owner(l.e, &home, &owner), 0);
    struct hf__message itself = from_member(0, HF_METHOD_RECOVER);
    cr_assert_eq(hf__rate_owner(l.e, &itself, &owner), 0, "its own are counted as a member's");
}

/* Its folder is lost, so that it shows no ticket; another member's host asks in its name. */
Test(hf__rate, of_a_restarted_owner_is_not_used_up_from_another_members_address)
{
    struct hf_account owner;
    authority_account(0, &owner);
    struct hf__message other = from_elsewhere(3, true), home = from_elsewhere(2, true);
    for (int i = 0; i < 1000; i++)
        (void)!hf__rate_owner(l.e, &other, &owner);
    cr_assert_eq(hf__rate_owner(l.e, &other, &owner), HF_ERATE);
    for (int i = 0; i < HF_RATE_OWNER_BURST; i++)
        cr_assert_eq(hf__rate_owner(l.e, &home, &owner), 0);
    cr_assert_eq(hf__rate_owner(l.e, &home, &owner), HF_ERATE);
}

/* The step's word stands for a request that showed the right ticket. */
Test(hf__rate, of_who_shows_the_owners_ticket_is_not_used_up_from_its_address)
{
    struct hf_account owner;
    authority_account(0, &owner);
    struct hf__message m = from_elsewhere(2, true);
    for (int i = 0; i < HF_RATE_OWNER_BURST; i++)
        cr_assert_eq(hf__rate_owner(l.e, &m, &owner), 0);
    cr_assert_eq(hf__rate_owner(l.e, &m, &owner), HF_ERATE);
    cr_assert_eq(hf__asker_kind(l.e, &m), HF__EXPECTED);
    l.e->shared->step.ticket = true;
    cr_assert_eq(hf__asker_kind(l.e, &m), HF__TICKETS);
    cr_assert_eq(hf__rate_owner(l.e, &m, &owner), 0);
    l.e->shared->step.ticket = false;
}

Test(hf__rate, of_what_has_waited_is_counted_once)
{
    struct hf_account owner;
    authority_account(0, &owner);
    struct hf__message m = from_elsewhere(1, false);
    for (int i = 0; i < HF_RATE_OWNER_BURST; i++)
        cr_assert_eq(hf__rate_owner(l.e, &m, &owner), 0);
    m.counted = true;
    cr_assert_eq(hf__rate_owner(l.e, &m, &owner), 0);
}

/* By account, and how often; the last few, of whom the one longest ago makes room. */
Test(hf__rate, that_a_member_exceeds_is_in_status)
{
    struct hf__message m = from_member(1, HF_METHOD_OFFER);
    cr_assert_eq(harness_status(&l).excess_count, 0);
    for (size_t i = 0; i < HF_RATE_MEMBER_BURST + 3; i++)
        cr_assert_eq(hf__rate_member(l.e, &m), i < HF_RATE_MEMBER_BURST ? 0 : HF_ERATE);
    cr_assert_not(hf__teller_may(l.e, &m.account, HF_EVENTS_BURST));
    struct hf_status s = harness_status(&l);
    cr_assert_eq(s.excess_count, 1);
    cr_assert(hf_account_equal(&s.excess[0].account, &m.account));
    cr_assert_eq(s.excess[0].refused, 4);
    cr_assert_eq(s.excess[0].last_ms, l.e->now_ms);
    for (size_t i = 0; i <= HF_STATUS_EXCESS_MAX; i++) {
        struct hf_account other;
        authority_account(100 + i, &other);
        l.e->now_ms++;
        hf__excess(l.e, &other);
    }
    s = harness_status(&l);
    cr_assert_eq(s.excess_count, HF_STATUS_EXCESS_MAX);
    for (size_t i = 0; i < s.excess_count; i++)
        cr_assert_not(hf_account_equal(&s.excess[i].account, &m.account));
}

/* What the transport refuses is beside what the node refuses itself; an account that is no member's
 * takes no place there. */
Test(hf__rate, that_the_transport_refuses_a_member_is_in_status_too)
{
    struct hf__message m = from_member(1, HF_METHOD_OFFER);
    struct hf_account stranger;
    struct hf_event event = {.type = HF_EVENT_EXCESS};
    authority_account(100, &stranger);
    event.u.excess.account = &stranger;
    harness_step(&l, &event);
    cr_assert_eq(harness_status(&l).excess_count, 0);
    event.u.excess.account = &m.account;
    harness_step(&l, &event);
    harness_step(&l, &event);
    struct hf_status s = harness_status(&l);
    cr_assert_eq(s.excess_count, 1);
    cr_assert(hf_account_equal(&s.excess[0].account, &m.account));
    cr_assert_eq(s.excess[0].refused, 2);
}

static struct hf__message brings(uint64_t source)
{
    struct hf__message m = from_elsewhere(source, false);
    m.method = HF_METHOD_DOCUMENTS;
    return m;
}

static int brought(struct hf__message m, size_t kib)
{
    return hf__rate_brought(l.e, &m, (kib << 10) - 1);
}

Test(hf__rate, of_documents_that_are_brought_without_proof_is_each_sources_own)
{
    for (int i = 0; i < 2; i++) {
        struct hf__message a = brings(1), b = brings(2);
        /* A member's address is no account of the set. */
        a.expected = b.expected = i == 1;
        cr_assert_eq(brought(a, HF_RATE_BROUGHT_BURST), 0);
        for (int j = 0; j < 100; j++)
            cr_assert_eq(brought(a, HF_RATE_BROUGHT_BURST), HF_ERATE);
        cr_assert_eq(brought(b, HF_RATE_BROUGHT_BURST), 0, "who is refused uses nothing up");
        l.e->now_ms += 1000;
        cr_assert_eq(brought(a, HF_RATE_BROUGHT_PER_S), 0);
        cr_assert_eq(brought(a, 1), HF_ERATE);
        l.e->now_ms += 8000;
        cr_assert_eq(brought(a, 64 << 10), 0, "more than all of it counts for all of it");
        cr_assert_eq(brought(a, 1), HF_ERATE);
    }
}

Test(hf__rate, of_documents_that_are_brought_without_proof_is_bounded_in_all)
{
    uint64_t source = 0; /* ::1 is a source too */
    for (size_t left = HF_RATE_BROUGHT_ALL_BURST; left > 0; left -= HF_RATE_BROUGHT_BURST)
        cr_assert_eq(brought(brings(source++), HF_RATE_BROUGHT_BURST), 0);
    size_t memory = hf__rates_memory(l.e->trust->rates);
    for (int i = 0; i < 10000; i++)
        cr_assert_eq(brought(brings(source++), 1), HF_ERATE);
    cr_assert_eq(hf__rates_memory(l.e->trust->rates), memory, "nor is anything kept of them");
    struct hf__message expected = brings(source);
    expected.expected = true;
    cr_assert_eq(brought(expected, HF_RATE_BROUGHT_BURST), 0, "strangers' part is theirs alone");
    l.e->now_ms += 1000;
    cr_assert_eq(brought(brings(source++), HF_RATE_BROUGHT_ALL_PER_S), 0);
    cr_assert_eq(brought(brings(source++), 1), HF_ERATE);
}

/* A request of a few bytes draws all documents: without a rate, a peer that asks without end has
 * them sent without end. */
Test(hf__rate, of_documents_that_are_given_without_proof_is_each_sources_own)
{
    struct hf__message a = brings(1), b = brings(2);
    b.expected = true;
    for (int i = 0; i < 8; i++)
        cr_assert_eq(hf__rate_given(l.e, &a, (HF_RATE_GIVEN_BURST << 10) / 8 - 1), 0, "%d", i);
    cr_assert_eq(hf__rate_given(l.e, &a, 1), HF_ERATE);
    cr_assert_eq(hf__rate_given(l.e, &a, 0), 0, "what is given nothing costs nothing");
    cr_assert_eq(hf__rate_given(l.e, &b, 64 << 20), 0);
    cr_assert_eq(hf__rate_given(l.e, &b, 1), HF_ERATE);
    l.e->now_ms += 1000;
    cr_assert_eq(hf__rate_given(l.e, &a, (HF_RATE_GIVEN_PER_S << 10) - 1), 0);
    cr_assert_eq(hf__rate_given(l.e, &a, 1), HF_ERATE);
}

/* Its requests have a rate, but each may move as much as a document may have. */
Test(hf__rate, of_a_members_documents_is_its_own_both_ways)
{
    int (*const ways[])(struct hf_engine *, const struct hf__message *, size_t) = {hf__rate_brought,
                                                                                   hf__rate_given};
    struct hf__message a = from_member(0, HF_METHOD_DOCUMENTS);
    struct hf__message b = from_member(1, HF_METHOD_DOCUMENTS);
    for (size_t i = 0; i < HF_ARRAY_LEN(ways); i++) {
        cr_assert_eq(ways[i](l.e, &a, HF_RATE_MEMBER_KIB_BURST << 10), 0, "the largest");
        cr_assert_eq(ways[i](l.e, &a, 1), HF_ERATE);
        cr_assert_eq(ways[i](l.e, &b, 1), 0, "another's");
        cr_assert_eq(hf__rate_member(l.e, &a), 0, "and what it asks otherwise");
        l.e->now_ms += 1000;
        cr_assert_eq(ways[i](l.e, &a, (HF_RATE_MEMBER_KIB_PER_S << 10) - 1), 0);
        cr_assert_eq(ways[i](l.e, &a, 1), HF_ERATE);
        a.counted = true; /* what has waited for a verdict is not counted anew */
        cr_assert_eq(hf__rate_brought(l.e, &a, 1), 0);
        a.counted = false;
    }
    struct hf_status s = harness_status(&l);
    cr_assert_eq(s.excess_count, 1);
    cr_assert_eq(s.excess[0].refused, 4);
}

Test(hf__rate, of_documents_that_are_given_is_kept_by_who_gives_them)
{
    struct hf_documents_request all = {0};
    struct hf_buf b;
    int r = 0;
    hf_buf_init(&b, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_documents_request, &all, &b), 0);
    for (size_t i = 0; i <= HF_RATE_GIVEN_BURST && r == 0; i++) {
        harness_request(&l, HF_METHOD_DOCUMENTS, NULL, hf_buf_bytes(&b));
        r = l.u.replies[0].error;
    }
    cr_assert_eq(r, HF_ERATE);
    /* Who has them all is told so. */
    hf__versions(l.e, &all.versions);
    hf_buf_clear(&b);
    cr_assert_eq(hf_wire_encode(&hf_wire_documents_request, &all, &b), 0);
    harness_request(&l, HF_METHOD_DOCUMENTS, NULL, hf_buf_bytes(&b));
    cr_assert_eq(l.u.replies[0].error, 0);
    hf_buf_done(&b);
}

/* Whose documents are not read hears so, and no more is done; who brings none is answered. */
Test(hf__rate, of_documents_refuses_what_is_beyond_it_before_it_is_read)
{
    struct hf_encoded garbage = {.bytes = hf_bytes_of("\xff", 1)};
    struct hf_documents_request without = {0};
    struct hf_documents_request with = {.documents = &garbage, .documents_count = 1};
    struct hf_buf b, c;
    hf_buf_init(&b, 4096);
    hf_buf_init(&c, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_documents_request, &with, &b), 0);
    cr_assert_eq(hf_wire_encode(&hf_wire_documents_request, &without, &c), 0);
    for (size_t i = 0; i < HF_RATE_BROUGHT_BURST; i++) {
        harness_request(&l, HF_METHOD_DOCUMENTS, NULL, hf_buf_bytes(&b));
        cr_assert_eq(l.u.replies[0].error, 0);
    }
    harness_request(&l, HF_METHOD_DOCUMENTS, NULL, hf_buf_bytes(&b));
    cr_assert_eq(harness_refusal(&l), HF_ERATE);
    harness_request(&l, HF_METHOD_DOCUMENTS, NULL, hf_buf_bytes(&c));
    cr_assert_eq(l.u.replies[0].error, 0);
    hf_buf_done(&b);
    hf_buf_done(&c);
}

Test(hf__rate, keeps_no_count_of_who_has_not_asked_of_late)
{
    struct hf_account owner = {{0}};
    struct hf__message m = from_elsewhere(1, false);
    size_t most = 0;
    for (uint32_t i = 1; i <= 3 * HF_RATES_MAX; i++) {
        memcpy(owner.bytes, &i, sizeof i);
        cr_assert_eq(hf__rate_owner(l.e, &m, &owner), 0, "nobody is refused for others");
        size_t memory = hf__rates_memory(l.e->trust->rates);
        most = memory > most ? memory : most;
    }
    cr_assert_leq(most, 16 + 16 * 2 * HF_RATES_MAX);
    hf__rates_expire(l.e);
    cr_assert_gt(hf__rates_memory(l.e->trust->rates), 0);
    harness_tick(&l, 1000);
    hf__rates_expire(l.e);
    cr_assert_eq(hf__rates_memory(l.e->trust->rates), 0);
}

/* ---- verdicts */

/* A quote of the tests: its report data, one byte that belongs to it, and whatever comes then. */
static int outline(struct hf_bytes bytes, struct hf_bytes *ret_quote,
                   const uint8_t **ret_report_data)
{
    if (bytes.len < HF_REPORT_DATA_LEN + 1)
        return HF_EQUOTE;
    *ret_quote = hf_bytes_of(bytes.data, HF_REPORT_DATA_LEN + 1);
    *ret_report_data = bytes.data;
    return 0;
}

/* Asks for the verdict on a quote of 80 bytes and, where it has to wait, has the message wait. */
static int ask(const struct hf__message *from, const uint8_t quote[static 80], const uint8_t *data)
{
    struct hf__seen seen;
    struct hf_verdict v;
    hf__update_begin(l.e);
    int r = hf__quote_look(l.e, hf_bytes_of(quote, 80), &seen);
    if (r == 0)
        r = hf__verdict(l.e, from, &seen, data, &v);
    if (r == HF__PARK)
        hf__park(l.e, from, hf_bytes_of("body", 4));
    hf__update_end(l.e, &l.u);
    return r;
}

Test(hf__verdict, of_a_quote_about_something_else_is_not_asked_for)
{
    uint8_t quote[80] = {1}, other[64] = {2};
    struct hf__message m = from_elsewhere(1, false);
    hf_shared_outline(l.shared, outline);
    cr_assert_eq(ask(&m, quote, other), HF_EREPORTDATA);
    cr_assert_eq(harness_works(&l, HF_WORK_JUDGE), 0, "nothing is verified for it");
    cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    cr_assert_eq(harness_works(&l, HF_WORK_JUDGE), 1);
    cr_assert_eq(harness_work(&l, HF_WORK_JUDGE)->quote.len, 65, "what follows is not judged");
    cr_assert_eq(harness_work(&l, HF_WORK_JUDGE)->stale_s, 0, "the policy gives none");
}

Test(hf__verdict, of_one_quote_with_other_bytes_after_it_is_asked_for_once)
{
    uint8_t quote[80] = {1};
    hf_shared_outline(l.shared, outline);
    for (uint8_t i = 0; i < HF_PARKED_EACH_MAX; i++) {
        struct hf__message m = from_elsewhere(i, false);
        quote[70] = i;
        cr_assert_eq(ask(&m, quote, quote), HF__PARK);
        cr_assert_eq(harness_works(&l, HF_WORK_JUDGE), i == 0);
    }
    quote[64] = 1; /* a byte of it */
    struct hf__message m = from_elsewhere(99, false);
    cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    cr_assert_eq(harness_works(&l, HF_WORK_JUDGE), 1);
    cr_assert_eq(ask(&m, (uint8_t[80]){[0] = 1}, NULL), HF__PARK);
}

Test(hf__verdict, places_to_wait_are_each_askers_own)
{
    uint8_t quote[80] = {0};
    int r = 0;
    hf_shared_outline(l.shared, outline);
    for (uint32_t i = 0; i < HF_PARKED_STRANGERS_MAX; i++) {
        struct hf__message m = from_elsewhere(i / HF_PARKED_EACH_MAX, false);
        memcpy(quote, &i, sizeof i);
        cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    }
    quote[4] = 1;
    struct hf__message m = from_elsewhere(0, false);
    cr_assert_eq(ask(&m, quote, quote), HF_ERATE, "this source has its part");
    m = from_elsewhere(1000, false);
    cr_assert_eq(ask(&m, quote, quote), HF__PARK, "the worst goes");
    m = from_elsewhere(0, true);
    cr_assert_eq(ask(&m, quote, quote), HF__PARK, "not a member's address");
    m = from_member(0, HF_METHOD_DEPOSIT);
    for (int i = 0; i < HF_PARKED_EACH_MAX; i++)
        cr_assert_eq(ask(&m, quote, quote), HF__PARK, "nor a member");
    cr_assert_eq(ask(&m, quote, quote), HF_ERATE);
    struct hf__message own = {.call.method = HF_METHOD_RECOVER};
    for (int i = 0; i < HF_PARKED_OWN_MAX && r == 0; i++)
        r = ask(&own, quote, quote) == HF__PARK ? 0 : -1;
    cr_assert_eq(r, 0, "nor the answers to its own calls");
    cr_assert_eq(ask(&own, quote, quote), HF_EBUSY);
}

/* A stranger can make a key, and show an account by it. */
Test(hf__parked, an_account_in_no_set_waits_among_strangers)
{
    struct hf__message m = from_member(0, HF_METHOD_RECOVER);
    cr_assert_eq(hf__asker_kind(l.e, &m), HF__MEMBERS);
    m.account.bytes[0] ^= 1;
    cr_assert_eq(hf__asker_kind(l.e, &m), HF__STRANGERS);
}

Test(hf__parked, of_strangers_few_quotes_are_judged_at_a_time_and_each_has_its_turn)
{
    uint8_t quote[80] = {0};
    uint32_t works[HF_JUDGED_STRANGERS_MAX];
    hf_shared_outline(l.shared, outline);
    for (uint8_t i = 0; i < HF_PARKED_EACH_MAX; i++) {
        struct hf__message m = from_elsewhere(7, false);
        quote[0] = i;
        cr_assert_eq(ask(&m, quote, quote), HF__PARK);
        cr_assert_eq(harness_works(&l, HF_WORK_JUDGE), i < HF_JUDGED_STRANGERS_MAX);
        if (i < HF_JUDGED_STRANGERS_MAX)
            works[i] = harness_work(&l, HF_WORK_JUDGE)->id;
    }
    struct hf__message expected = from_elsewhere(7, true);
    quote[0] = 100;
    cr_assert_eq(ask(&expected, quote, quote), HF__PARK);
    cr_assert_eq(harness_works(&l, HF_WORK_JUDGE), 1, "whoever is expected waits for no stranger");
    struct hf__message m = from_elsewhere(8, false);
    quote[0] = 101;
    cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    struct hf__parked *next = hf__parked_next(l.e);
    cr_assert_null(next, "all that may be are being judged");
    hf__update_begin(l.e);
    cr_assert(hf__quote_judged(l.e, works[0], &(struct hf_verdict){.error = HF_EQUOTESIG}));
    next = hf__parked_next(l.e);
    cr_assert_not_null(next);
    cr_assert_eq(next->source, 8, "who has least waiting comes first, however late");
    hf_blob_unref(next->body);
    free(next);
    next = hf__parked_next(l.e);
    cr_assert_not_null(next);
    cr_assert_eq(next->source, 7);
    hf_blob_unref(next->body);
    free(next);
    hf__update_end(l.e, &l.u);
}

Test(hf__parked, the_worst_of_a_kind_goes_when_its_places_are_full)
{
    uint8_t quote[80] = {0};
    hf_shared_outline(l.shared, outline);
    for (uint32_t i = 0; i < HF_PARKED_STRANGERS_MAX; i++) {
        /* One source has two places, the others one each. */
        struct hf__message m = from_elsewhere(i < 63 ? i : 40, false);
        m.request = 1000 + i;
        memcpy(quote, &i, sizeof i);
        cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    }
    struct hf__message m = from_elsewhere(2000, false);
    quote[4] = 1;
    cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    cr_assert_eq(l.u.replies_count, 1);
    cr_assert_eq(l.u.replies[0].id, 1040, "of who has most, what has waited longest");
    cr_assert_eq(l.u.replies[0].error, HF_EBUSY);
    m = from_elsewhere(2001, false);
    quote[5] = 1;
    cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    cr_assert_eq(l.u.replies_count, 1);
    cr_assert_eq(l.u.replies[0].id, 1000 + HF_JUDGED_STRANGERS_MAX, "not one that is being judged");
    m = from_elsewhere(2001, false);
    quote[6] = 1;
    cr_assert_eq(ask(&m, quote, quote), HF_EBUSY, "it has as many as anybody");
}

Test(hf__trace, of_a_strangers_quote_is_told_apart_however_late_its_verdict_comes)
{
    uint8_t quote[80] = {0};
    struct hf__message m = from_elsewhere(1, false);
    hf_shared_outline(l.shared, outline);
    m.method = 0; /* refused when it is handled anew */
    cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    harness_quote_judged(&l, harness_work(&l, HF_WORK_JUDGE)->id, HF_EQUOTESIG);
    const struct hf_trace *t = harness_trace(&l, HF_TRACE_REQUEST_REFUSED);
    cr_assert_not_null(t);
    cr_assert(t->foreign);
    m = from_member(0, 0);
    quote[0] = 1;
    cr_assert_eq(ask(&m, quote, quote), HF__PARK);
    harness_quote_judged(&l, harness_work(&l, HF_WORK_JUDGE)->id, HF_EQUOTESIG);
    t = harness_trace(&l, HF_TRACE_REQUEST_REFUSED);
    cr_assert_not_null(t);
    cr_assert_not(t->foreign);
}
