/* What members tell of each other: taken from the right one, kept once, spread to all
 * (proto/GOSSIP.md). */
#include "events.h"

#include "base/buf.h"
#include "base/error.h"

#include <criterion/criterion.h>

enum { DAY_S = 86400, RECONCILED_MS = 5 * 30000 };

struct spread {
    uint32_t about;
    enum hf__news kind;
    long by;
    bool over;
};

static bool everywhere(struct hf_world *w, void *ctx)
{
    const struct spread *s = ctx;
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        const struct hf__told *told = kept(w, i, s->about, s->kind, s->by);
        if (hf_world_running(w, i) && (told == NULL || told->over != s->over))
            return false;
    }
    return true;
}

static void drain(struct hf_world *w, uint32_t node)
{
    cr_assert_eq(hf_world_drain(w, node, true, TESTNET_MS), 0);
}

Test(gossip, every_event_reaches_all_when_a_fifth_of_all_messages_is_lost)
{
    struct hf_world *w = testnet_up(20, 3, 5);
    drain(w, 3);
    hf_world_network(w)->loss = 0.2;
    hf_world_network(w)->resend_us = 0;
    struct spread s = {.about = 3, .kind = HF__NEWS_DRAINING, .by = -1};
    cr_assert(hf_world_run_until(w, everywhere, &s, 30000));
    testnet_end(w);
}

/* Tellings of one event by each node, however it travels. */
struct tellings {
    struct hf_account about;
    unsigned by[20];
};

static enum hf_fate count_tellings(void *ctx, const struct hf_message *m,
                                   struct hf_verdict_on *verdict)
{
    struct tellings *t = ctx;
    struct hf_gossip_request request;
    struct hf_arena arena;
    (void)verdict;
    if (m->datagram || m->response || m->method != HF_METHOD_GOSSIP)
        return HF_FATE_PASS;
    hf_arena_init(&arena, 1 << 20);
    cr_assert_eq(hf_wire_decode(&hf_wire_gossip_request, m->body, &arena, &request, NULL), 0);
    for (size_t i = 0; i < request.events_count && !request.digest; i++) {
        struct hf_event_statement s;
        cr_assert_eq(
            hf_wire_decode(&hf_wire_event_statement, request.events[i].statement, &arena, &s, NULL),
            0);
        t->by[m->from] += s.kind == HF__NEWS_DRAINING && hf_account_equal(&s.subject, &t->about);
    }
    hf_arena_done(&arena);
    return HF_FATE_PASS;
}

Test(gossip, an_event_costs_each_member_no_more_tellings_than_its_budget)
{
    struct hf_world *w = testnet_up(20, 3, 5);
    struct tellings t = {.about = *account(w, 3)};
    struct spread s = {.about = 3, .kind = HF__NEWS_DRAINING, .by = -1};
    hf_world_watch(w, count_tellings, &t);
    drain(w, 3);
    cr_assert(hf_world_run_until(w, everywhere, &s, 30000));
    hf_world_run_for(w, 10000);
    unsigned told = 0;
    for (uint32_t i = 0; i < 20; i++) {
        /* The last push goes to three, though less than three may be left. */
        cr_assert_leq(t.by[i], hf__gossip_budget(hf_world_engine(w, i)) + 2u, "n%u: %u", i,
                      t.by[i]);
        told += t.by[i] > 0;
    }
    cr_assert_gt(told, 10);
    hf_world_watch(w, NULL, NULL);
    testnet_end(w);
}

Test(gossip, an_event_crosses_a_partition_when_it_heals)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint8_t group[12] = {1, 1, 1, 1};
    drain(w, 0);
    cr_assert_eq(hf_world_drain(w, 0, false, TESTNET_MS), 0);
    struct spread s = {.about = 0, .kind = HF__NEWS_DRAINING, .by = -1, .over = true};
    cr_assert(hf_world_run_until(w, everywhere, &s, 30000));
    hf_world_partition(w, group);
    uint64_t next = hf_world_engine(w, 0)->members->incarnation + 1000;
    struct hf_event_statement what = event_of(w, 0, 0, HF__NEWS_ADDRESS, next);
    what.address = hf_bytes_of("elsewhere:1", 11);
    say(w, 1, 0, 0, &what);
    hf_world_run_for(w, 60000);
    cr_assert_not_null(kept(w, 3, 0, HF__NEWS_ADDRESS, -1));
    cr_assert_null(kept(w, 7, 0, HF__NEWS_ADDRESS, -1));
    hf_world_heal(w);
    s = (struct spread){.about = 0, .kind = HF__NEWS_ADDRESS, .by = -1};
    cr_assert(hf_world_run_until(w, everywhere, &s, RECONCILED_MS));
    testnet_end(w);
}

/* Whether a node has refused an event with this error and named who told it. */
static bool refused(struct hf_world *w, uint32_t node, uint32_t teller, int error)
{
    size_t count;
    const struct hf_world_trace *traces = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        if (traces[i].node == node && traces[i].trace.type == HF_TRACE_EVENT_REFUSED &&
            traces[i].trace.error == error &&
            hf_account_equal(&traces[i].trace.account, account(w, teller)))
            return true;
    return false;
}

/* Node 1 tells node 2 something that changes nothing there, and is named. */
static void changes_nothing(struct hf_world *w, uint32_t signer, const struct hf_event_statement *s,
                            int error)
{
    size_t before = hf__told_shared(hf_world_engine(w, 2));
    uint32_t changed = hf_world_engine(w, 2)->members->changed;
    say(w, 2, 1, signer, s);
    cr_assert(refused(w, 2, 1, error), "%s", hf_error_name(error));
    cr_assert_eq(hf__told_shared(hf_world_engine(w, 2)), before);
    cr_assert_eq(hf_world_engine(w, 2)->members->changed, changed);
}

Test(gossip, forged_and_foreign_events_change_nothing_and_their_teller_is_named)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement s = event_of(w, 3, 3, HF__NEWS_DRAINING, 1);
    changes_nothing(w, 1, &s, HF_ESIGNATURE);
    s = event_of(w, 3, 3, HF__NEWS_DRAINING, 1);
    memcpy(s.author.bytes, account(w, 1), 32);
    changes_nothing(w, 1, &s, HF_EEVENT_AUTHOR);
    s = event_of(w, 3, 3, HF__NEWS_SUSPECT, 0);
    changes_nothing(w, 3, &s, HF_EEVENT_AUTHOR);
    s = event_of(w, 3, 3, HF__NEWS_ALIVE, 0);
    changes_nothing(w, 3, &s, HF_EEVENT_AUTHOR);
    s = event_of(w, 3, 3, HF__NEWS_ALIVE, 1);
    s.network.bytes[0] ^= 1;
    changes_nothing(w, 3, &s, HF_EDOCUMENT_NETWORK);
    s = event_of(w, 3, 3, HF__NEWS_ALIVE, 1);
    memset(s.author.bytes, 7, 32);
    memset(s.subject.bytes, 7, 32);
    changes_nothing(w, 3, &s, HF_ENOTMEMBER);
    testnet_end(w);
}

Test(gossip, replayed_and_ill_dated_events_change_nothing)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement s = event_of(w, 3, 3, HF__NEWS_ALIVE, 1);
    s.issued_s -= 700;
    s.expires_s -= 700;
    changes_nothing(w, 3, &s, HF_EEXPIRED);
    s = event_of(w, 3, 3, HF__NEWS_ALIVE, 1);
    s.issued_s += 301;
    s.expires_s += 301;
    changes_nothing(w, 3, &s, HF_EEVENT_TIME);
    s = event_of(w, 3, 3, HF__NEWS_ALIVE, 1);
    s.expires_s = s.issued_s + 30 * DAY_S + 1;
    changes_nothing(w, 3, &s, HF_EEVENT_TIME);
    s = event_of(w, 3, 3, HF__NEWS_DRAINING, 1);
    s.expires_s = s.issued_s + 2 * DAY_S + 1;
    changes_nothing(w, 3, &s, HF_EEVENT_TIME);
    /* The same event again is known, and nothing happens. */
    s = event_of(w, 3, 3, HF__NEWS_ALIVE, 1000);
    say(w, 2, 1, 3, &s);
    uint32_t changed = hf_world_engine(w, 2)->members->changed;
    say(w, 2, 1, 3, &s);
    cr_assert_eq(hf_world_engine(w, 2)->members->changed, changed);
    testnet_end(w);
}

Test(gossip, contradicting_events_change_nothing_and_the_first_stands)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement s = event_of(w, 3, 3, HF__NEWS_DRAINING, 4);
    say(w, 2, 1, 3, &s);
    s.until_s = s.issued_s + 9;
    /* Node 1 passes it on: it is its author that is named. */
    say(w, 2, 1, 3, &s);
    cr_assert(refused(w, 2, 3, HF_EEVENT_CONTRADICTS));
    cr_assert_not(refused(w, 2, 1, HF_EEVENT_CONTRADICTS));
    cr_assert_eq(kept(w, 2, 3, HF__NEWS_DRAINING, -1)->until_s, 0);
    s.incarnation = 5;
    say(w, 2, 1, 3, &s);
    cr_assert_eq(kept(w, 2, 3, HF__NEWS_DRAINING, -1)->until_s, s.until_s);
    testnet_end(w);
}

Test(gossip, oversized_and_malformed_messages_are_refused_as_a_whole)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    static uint8_t large[2000];
    struct hf_buf answer;
    hf_buf_init(&answer, 1 << 20);
    struct hf_bytes body = hf_bytes_of(large, sizeof large);
    cr_assert_eq(hf_world_ask(w, 2, HF_METHOD_GOSSIP, account(w, 1), body, &answer), HF_EMALFORMED);
    struct hf_buf bytes;
    hf_buf_init(&bytes, 1 << 20);
    struct hf_signed_event events[17] = {0};
    struct hf_gossip_request m = {.events = events, .events_count = 17};
    cr_assert_neq(hf_wire_encode(&hf_wire_gossip_request, &m, &bytes), 0);
    cr_assert_eq(hf_world_ask(w, 2, HF_METHOD_GOSSIP, NULL, body, &answer), HF_EMALFORMED);
    m.events_count = 0;
    m.digest = true;
    hf_buf_clear(&bytes);
    cr_assert_eq(hf_wire_encode(&hf_wire_gossip_request, &m, &bytes), 0);
    cr_assert_eq(hf_world_ask(w, 2, HF_METHOD_GOSSIP, NULL, hf_buf_bytes(&bytes), &answer),
                 HF_EPERMISSION);
    const struct hf_account stranger = {{9}};
    cr_assert_eq(hf_world_ask(w, 2, HF_METHOD_GOSSIP, &stranger, hf_buf_bytes(&bytes), &answer),
                 HF_ENOTMEMBER);
    hf_buf_done(&bytes);
    hf_buf_done(&answer);
    testnet_end(w);
}

/* A copy of a node that was superseded signs on with its old ballot. */
Test(gossip, who_is_stale_is_answered_with_what_is_newer)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement s = event_of(w, 3, 3, HF__NEWS_DRAINING, 9), old = s;
    s.ballot.number++;
    s.incarnation = 1;
    say(w, 2, 1, 3, &s);
    struct hf_buf bytes, body, answer;
    hf_buf_init(&bytes, 4096);
    hf_buf_init(&body, 1 << 16);
    hf_buf_init(&answer, 1 << 16);
    struct hf_signed_event what = sign(w, 3, &old, &bytes);
    struct hf_gossip_request m = {.events = &what, .events_count = 1};
    cr_assert_eq(hf_wire_encode(&hf_wire_gossip_request, &m, &body), 0);
    cr_assert_eq(hf_world_ask(w, 2, HF_METHOD_GOSSIP, account(w, 1), hf_buf_bytes(&body), &answer),
                 0);
    struct hf_arena arena;
    struct hf_gossip_response response;
    hf_arena_init(&arena, 1 << 20);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_gossip_response, hf_buf_bytes(&answer), &arena, &response, NULL),
        0);
    cr_assert_eq(response.events_count, 1);
    cr_assert_eq(kept(w, 2, 3, HF__NEWS_DRAINING, -1)->place.incarnation, 1);
    /* An old word is no fault of the member that passes it on. */
    cr_assert_not(refused(w, 2, 1, HF_EEVENT_STALE));
    hf_arena_done(&arena);
    hf_buf_done(&bytes);
    hf_buf_done(&body);
    hf_buf_done(&answer);
    testnet_end(w);
}

Test(gossip, who_is_suspected_answers_and_the_suspicion_is_gone_everywhere)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    uint32_t who = 3; /* or the next that was not suspected while all came up */
    while (kept(w, 2, who, HF__NEWS_ALIVE, -1) != NULL)
        who++;
    cr_assert_lt(who, 9);
    struct hf_event_statement s = event_of(w, 1, who, HF__NEWS_SUSPECT, 0);
    say(w, 2, 1, 1, &s);
    cr_assert_eq(hf__view(hf_world_engine(w, 2), account(w, who)).state, HF_MEMBER_SUSPECT);
    struct spread alive = {.about = who, .kind = HF__NEWS_ALIVE, .by = -1};
    cr_assert(hf_world_run_until(w, everywhere, &alive, 10000));
    for (uint32_t i = 0; i < 9; i++) {
        cr_assert_null(kept(w, i, who, HF__NEWS_SUSPECT, 1));
        cr_assert_eq(hf__view(hf_world_engine(w, i), account(w, who)).state, HF_MEMBER_MEMBER);
    }
    /* The same suspicion again is below what was answered. */
    uint64_t answered = hf_world_engine(w, who)->members->incarnation;
    s.issued_s++;
    say(w, 2, 1, 1, &s);
    hf_world_run_for(w, 10000);
    cr_assert_null(kept(w, 2, who, HF__NEWS_SUSPECT, 1));
    cr_assert_eq(hf_world_engine(w, who)->members->incarnation, answered);
    testnet_end(w);
}

Test(gossip, a_suspicion_that_names_what_its_subject_never_signed_is_refused)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement invented = event_of(w, 3, 3, HF__NEWS_ALIVE, HF_WIRE_INCARNATION_MAX);
    struct hf_event_statement s = event_of(w, 1, 3, HF__NEWS_SUSPECT, 0);
    struct hf_buf bytes, seen;
    hf_buf_init(&bytes, 4096);
    hf_buf_init(&seen, 4096);
    struct hf_signed_event by_another = sign(w, 1, &invented, &bytes);
    cr_assert_eq(hf_wire_encode(&hf_wire_signed_event, &by_another, &seen), 0);
    s.seen = hf_buf_bytes(&seen);
    changes_nothing(w, 1, &s, HF_EEVENT_SEEN);
    s.seen = hf_bytes_of("nothing", 7);
    changes_nothing(w, 1, &s, HF_EEVENT_SEEN);
    hf_buf_done(&bytes);
    hf_buf_done(&seen);
    testnet_end(w);
}

/* The subject has said one thing to some and another to others, and is silent now: each of its
 * words is its word. */
Test(gossip, a_suspicion_is_taken_whichever_of_two_words_its_author_has_heard)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement word = event_of(w, 3, 3, HF__NEWS_ALIVE, 1000);
    struct hf_event_statement s = event_of(w, 1, 3, HF__NEWS_SUSPECT, 0);
    struct hf_buf bytes, seen;
    hf_buf_init(&bytes, 4096);
    hf_buf_init(&seen, 4096);
    hf_world_isolate(w, 3);
    say(w, 2, 4, 3, &word);
    word.expires_s++;
    struct hf_signed_event other = sign(w, 3, &word, &bytes);
    cr_assert_eq(hf_wire_encode(&hf_wire_signed_event, &other, &seen), 0);
    s.seen = hf_buf_bytes(&seen);
    say(w, 2, 1, 1, &s);
    cr_assert_not_null(kept(w, 2, 3, HF__NEWS_SUSPECT, 1));
    hf_buf_done(&bytes);
    hf_buf_done(&seen);
    testnet_end(w);
}

Test(gossip, one_author_cannot_keep_more_suspicions_than_its_bound)
{
    struct hf_world *w = testnet_up(20, 3, 5);
    hf_world_partition(w, (uint8_t[20]){[2] = 1}); /* none answers */
    unsigned taken = 0;
    for (uint32_t i = 0; i < 20; i++) {
        if (i == 1 || i == 2)
            continue;
        struct hf_event_statement s = event_of(w, 1, i, HF__NEWS_SUSPECT, 0);
        const struct hf__told *seen = kept(w, 2, i, HF__NEWS_ALIVE, -1);
        if (seen != NULL)
            s.seen = hf_blob_bytes(seen->encoded);
        say(w, 2, 1, 1, &s);
        taken += kept(w, 2, i, HF__NEWS_SUSPECT, 1) != NULL;
    }
    cr_assert_eq(taken, HF_EVENTS_SUSPECTS_MAX);
    cr_assert(refused(w, 2, 1, HF_EQUOTA));
    testnet_end(w);
}

Test(gossip, who_forges_loses_its_own_voice_and_nobody_elses)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_event_statement s = event_of(w, 3, 3, HF__NEWS_DRAINING, 1000);
    struct hf_buf bytes;
    hf_buf_init(&bytes, 4096);
    struct hf_signed_event forged = sign(w, 1, &s, &bytes), good;
    int r = 0;
    unsigned heard = 0;
    for (; heard < 1000 && (r = tell(w, 2, account(w, 1), &forged)) == 0; heard++)
        ;
    cr_assert_eq(r, HF_EBUSY);
    cr_assert_lt(heard, HF_EVENTS_BURST / 8);
    hf_buf_clear(&bytes);
    good = sign(w, 3, &s, &bytes);
    cr_assert_eq(tell(w, 2, account(w, 1), &good), HF_EBUSY);
    cr_assert_eq(tell(w, 2, account(w, 4), &good), 0);
    cr_assert_not_null(kept(w, 2, 3, HF__NEWS_DRAINING, -1));
    /* It is heard again after a while. */
    hf_world_run_for(w, 5000);
    cr_assert_eq(tell(w, 2, account(w, 1), &good), 0);
    hf_buf_done(&bytes);
    testnet_end(w);
}

/* Only those whose share it keeps ask their holders sooner, and only so often. */
Test(gossip, who_talks_all_the_time_costs_owners_few_questions)
{
    struct hf_world *w = testnet_up(20, 3, 7);
    hf_world_run_for(w, 60000);
    unsigned asked = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_COUNT,
                                                       .method = HF_METHOD_STANDING,
                                                       .from = HF_WORLD_ALL,
                                                       .to = HF_WORLD_ALL});
    hf_world_run_for(w, 60000);
    unsigned quiet = hf_world_rule_hits(w, asked);
    cr_assert_gt(quiet, 0);
    for (uint64_t i = 0; i < 120; i++) {
        struct hf_event_statement s = event_of(w, 9, 9, HF__NEWS_DRAINING, 1000 + i);
        s.until_s = s.issued_s + 5;
        s.over = i % 2;
        for (uint32_t to = 0; to < 20; to += 6)
            say(w, to, 9, 9, &s);
        hf_world_run_for(w, 490);
    }
    cr_assert_lt(hf_world_rule_hits(w, asked) - quiet, 4 * quiet);
    testnet_end(w);
}

Test(gossip, what_must_last_survives_a_restart_and_incarnations_only_rise)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    drain(w, 3);
    struct spread s = {.about = 3, .kind = HF__NEWS_DRAINING, .by = -1};
    cr_assert(hf_world_run_until(w, everywhere, &s, 30000));
    uint64_t before = hf_world_engine(w, 3)->members->incarnation;
    hf_world_run_for(w, 1000); /* until it is durable */
    testnet_restart(w, 5);
    hf_world_cut(w, 3, 5);
    cr_assert(hf_world_run_until_trace(w, 5, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert_not_null(kept(w, 5, 3, HF__NEWS_DRAINING, -1));
    hf_world_heal(w);
    /* A drain ends by itself: who is back says so. */
    testnet_restart(w, 3);
    s.over = true;
    cr_assert(hf_world_run_until(w, everywhere, &s, TESTNET_MS));
    cr_assert_gt(hf_world_engine(w, 3)->members->incarnation, before);
    testnet_end(w);
}

Test(gossip, a_stop_that_cannot_wait_is_told_before_the_process_ends)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 3, holders);
    /* It asks no member whether it can be spared: one holder is gone already. */
    hf_world_power_off(w, holders[0]);
    hf_world_local(w, 3, HF_LOCAL_STOP, NULL);
    hf_world_run_for(w, 400);
    hf_world_crash(w, 3);
    struct spread s = {.about = 3, .kind = HF__NEWS_DRAINING, .by = -1};
    cr_assert(hf_world_run_until(w, everywhere, &s, 30000));
    hf_world_start(w, holders[0]);
    hf_world_start(w, 3);
    s.over = true;
    cr_assert(hf_world_run_until(w, everywhere, &s, TESTNET_MS), "it is back, and says so");
    /* A locked node has no word. */
    testnet_restart(w, 5);
    uint64_t before = hf_world_engine(w, 5)->members->incarnation;
    hf_world_local(w, 5, HF_LOCAL_STOP, NULL);
    cr_assert_eq(hf_world_engine(w, 5)->members->incarnation, before);
    testnet_end(w);
}

Test(gossip, events_of_who_left_the_set_are_dropped_and_a_new_document_is_told)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    drain(w, 3);
    struct spread s = {.about = 3, .kind = HF__NEWS_DRAINING, .by = -1};
    cr_assert(hf_world_run_until(w, everywhere, &s, 30000));
    hf_world_crash(w, 3);
    hf_world_set_remove(w, 3);
    hf_world_quiet(w, true);
    hf_world_set_issue(w);
    hf_world_give_newest(w, 1);
    hf_world_run_for(w, 5000);
    for (uint32_t i = 0; i < 9; i++)
        if (i != 3)
            cr_assert_null(kept(w, i, 3, HF__NEWS_DRAINING, -1), "node %u", i);
    testnet_end(w);
}

/* What could not be kept is not taken: it would be told on, and lost here with a restart. */
Test(gossip, that_must_last_is_taken_when_the_disk_takes_it)
{
    struct hf_world *w = testnet_up(8, 3, 5);
    const struct hf_engine *e = hf_world_engine(w, 5);
    hf_world_disk_fail(w, 5, HF_ENOSPACE);
    cr_assert_eq(hf_world_leave(w, 1, 86400, 60000), 0);
    hf_world_run_for(w, 5000);
    cr_assert_eq(e->store_error, HF_ENOSPACE);
    cr_assert_eq(hf_world_leave(w, 2, 86400, 60000), 0);
    hf_world_run_for(w, 60000);
    cr_assert_null(hf__told_find(e, hf_world_account(w, 2), HF__NEWS_LEAVE, NULL));
    hf_world_disk_fail(w, 5, 0);
    hf_world_run_for(w, 120000);
    cr_assert_not_null(hf__told_find(e, hf_world_account(w, 2), HF__NEWS_LEAVE, NULL));
    for (uint32_t i = 0; i < 8; i++)
        cr_assert(!testnet_traced(w, (long)i, HF_TRACE_EVENT_REFUSED, HF_EBUSY));
    testnet_end(w);
}
