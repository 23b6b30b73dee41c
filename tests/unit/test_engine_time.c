/* What an engine makes of the reports of the time helper (proto/TIME.md, 3 to 5). */
#include "engine_harness.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SERVERS = 5 };

static const uint64_t minute_us = UINT64_C(60000000), year_us = UINT64_C(31536000000000);

/* A desk for one engine: five servers, b-2 of the operator of b. */
struct desk {
    struct harness l;
    struct hf_time_server servers[SERVERS];
    uint32_t version;
    int64_t wall_off_ms; /* of the host's clock */
    struct hf_time_sample samples[SERVERS];
    struct hf_time_report report;
};

static struct hf_bytes text(const char *what)
{
    return hf_bytes_of(what, strlen(what));
}

/* The true time at the harness's own. */
static uint64_t true_us(const struct desk *d)
{
    return (AUTHORITY_NOW_S * UINT64_C(1000) + d->l.now_ms) * 1000;
}

static void give_policy(struct desk *d, size_t servers)
{
    struct hf_policy p = authority_policy(&d->l.n, ++d->version, 2, 3);
    p.time_servers = d->servers;
    p.time_servers_count = servers;
    struct hf_bytes envelopes[] = {hf_blob_bytes(d->l.n.root->envelope),
                                   authority_sign(&d->l.n, HF_DOCUMENT_POLICY, &p, "01")};
    harness_documents(&d->l, envelopes, 2);
}

static void set_up(struct desk *d, size_t servers)
{
    static const char *const names[SERVERS] = {"a", "b", "b-2", "c", "d"};
    static const char *const operators[SERVERS] = {"a", "b", "b", "c", "d"};
    *d = (struct desk){0};
    for (size_t i = 0; i < SERVERS; i++)
        d->servers[i] =
            (struct hf_time_server){.name = text(names[i]), .operator_name = text(operators[i])};
    harness_init(&d->l);
    harness_fresh(&d->l);
    give_policy(d, servers);
}

static void step(struct desk *d, struct hf_event *event)
{
    event->now_ms = d->l.now_ms;
    event->wall_ms =
        (uint64_t)(AUTHORITY_NOW_S * INT64_C(1000) + (int64_t)d->l.now_ms + d->wall_off_ms);
    hf_engine_step(d->l.e, event, &d->l.u);
}

static void later(struct desk *d, uint64_t ms)
{
    struct hf_event event = {.type = HF_EVENT_TICK};
    d->l.now_ms += ms;
    step(d, &event);
}

/* Every server of the policy answers, right to a millisecond, its dates judged. */
static void answer_all(struct desk *d)
{
    for (size_t i = 0; i < SERVERS; i++)
        d->samples[i] = (struct hf_time_sample){.name = d->servers[i].name,
                                                .state = HF_TIME_SAMPLED,
                                                .low_us = true_us(d) - 1000,
                                                .high_us = true_us(d) + 1000};
    d->report = (struct hf_time_report){.read_ms = d->l.now_ms,
                                        .clock_source = text("tsc"),
                                        .judged = true,
                                        .samples = d->samples,
                                        .samples_count = SERVERS};
}

static void lie(struct desk *d, size_t server, int64_t by_us)
{
    d->samples[server].low_us = (uint64_t)((int64_t)d->samples[server].low_us + by_us);
    d->samples[server].high_us = (uint64_t)((int64_t)d->samples[server].high_us + by_us);
}

static void silence(struct desk *d, size_t server, enum hf_time_server_state state)
{
    d->samples[server] = (struct hf_time_sample){.name = d->servers[server].name, .state = state};
}

static struct hf_time_status tell(struct desk *d)
{
    struct hf_buf b;
    struct hf_time_status s;
    hf_buf_init(&b, 65536);
    cr_assert_eq(hf_wire_encode(&hf_wire_time_report, &d->report, &b), 0);
    struct hf_event event = {.type = HF_EVENT_TIME};
    event.u.time.asked_ms = d->l.now_ms;
    event.u.time.report = hf_buf_bytes(&b);
    step(d, &event);
    hf_buf_done(&b);
    hf_engine_time(d->l.e, &s);
    return s;
}

static struct hf_time_status status(struct desk *d)
{
    struct hf_time_status s;
    hf_engine_time(d->l.e, &s);
    return s;
}

static uint64_t judged_by_s(struct desk *d)
{
    struct hf_buf b;
    struct hf_arena arena;
    struct hf_time_ask ask;
    hf_buf_init(&b, 65536);
    hf_arena_init(&arena, 65536);
    cr_assert_eq(hf_engine_time_ask(d->l.e, &b), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_time_ask, hf_buf_bytes(&b), &arena, &ask, NULL), 0);
    cr_assert_geq(ask.servers_count, 3);
    uint64_t s = ask.judge_s;
    hf_arena_done(&arena);
    hf_buf_done(&b);
    return s;
}

/* By what the engine judges dates. */
static uint64_t now_s(struct desk *d)
{
    return harness_status(&d->l).now_s;
}

static bool is_true(struct desk *d, const struct hf_time_status *s)
{
    uint64_t off = s->time_us > true_us(d) ? s->time_us - true_us(d) : true_us(d) - s->time_us;
    return s->known && off <= s->radius_us;
}

Test(hf_engine_time, is_nothing_without_servers_in_the_policy)
{
    struct desk d;
    struct hf_buf b;
    hf_buf_init(&b, 1024);
    set_up(&d, 0);
    answer_all(&d);
    struct hf_time_status s = tell(&d);
    cr_assert(!s.known && s.listed == 0 && s.reason == 0 && s.servers_count == 0);
    cr_assert_eq(hf_engine_time_ask(d.l.e, &b), HF_ENOTFOUND);
    d.wall_off_ms = 86400000;
    later(&d, 1000);
    cr_assert_eq(now_s(&d), AUTHORITY_NOW_S + 86400 + d.l.now_ms / 1000, "the clock counts");
    harness_done(&d.l);
}

Test(hf_engine_time, is_what_a_majority_of_the_listed_operators_agree_on)
{
    struct desk d;
    set_up(&d, SERVERS);
    struct hf_time_status s = status(&d);
    cr_assert(!s.known && s.listed == 4 && s.needed == 3 && s.reason == HF_ETIMEFEW);
    answer_all(&d);
    s = tell(&d);
    cr_assert(is_true(&d, &s));
    cr_assert(s.reason == 0 && s.agreeing == 4 && s.answering == 4 && s.judging);
    cr_assert_eq(s.radius_us, 2000, "with the drift of a second");
    cr_assert_eq(s.clock_us, 0);
    cr_assert_not_null(harness_trace(&d.l, HF_TRACE_TIME));
    harness_done(&d.l);
}

/* One liar of four operators, by a minute and by a year, to either side. */
Test(hf_engine_time, is_moved_by_no_minority)
{
    const int64_t lies[] = {(int64_t)minute_us, -(int64_t)minute_us, (int64_t)year_us,
                            -(int64_t)year_us};
    struct desk d;
    set_up(&d, SERVERS);
    for (size_t i = 0; i < HF_ARRAY_LEN(lies); i++) {
        later(&d, 8000);
        answer_all(&d);
        lie(&d, 0, lies[i]);
        struct hf_time_status s = tell(&d);
        cr_assert(is_true(&d, &s) && s.agreeing == 3 && s.reason == 0);
        cr_assert_eq(s.servers[0].off_us, lies[i], "who is far off is seen");
    }
    harness_done(&d.l);
}

Test(hf_engine_time, counts_the_servers_of_one_operator_once)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    silence(&d, 3, HF_TIME_UNANSWERED);
    silence(&d, 4, HF_TIME_UNANSWERED);
    struct hf_time_status s = tell(&d);
    cr_assert(!s.known && s.agreeing == 2, "three servers answer, of two operators");
    cr_assert_eq(s.reason, HF_ETIMEUDP);
    harness_done(&d.l);
}

Test(hf_engine_time, an_operator_that_contradicts_itself_has_no_vote)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    lie(&d, 2, (int64_t)minute_us);
    struct hf_time_status s = tell(&d);
    cr_assert(is_true(&d, &s) && s.agreeing == 3 && s.answering == 4);
    lie(&d, 0, (int64_t)minute_us);
    s = tell(&d);
    cr_assert_eq(s.agreeing, 2, "nor does b-2 help a");
    harness_done(&d.l);
}

Test(hf_engine_time, a_lost_majority_is_said_and_what_was_known_grows_old)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    tell(&d);
    later(&d, 8000);
    answer_all(&d);
    lie(&d, 0, (int64_t)year_us);
    lie(&d, 3, -(int64_t)year_us);
    struct hf_time_status s = tell(&d);
    cr_assert(is_true(&d, &s), "by what was agreed on before");
    cr_assert(s.reason == HF_ETIMEFEW && s.agreeing == 2 && s.age_ms == 8000);
    cr_assert_eq(s.reason_ms, d.l.now_ms);
    cr_assert_eq(s.radius_us, 2000 + 8000);
    later(&d, 9900000);
    s = status(&d);
    cr_assert(is_true(&d, &s));
    later(&d, 100000);
    s = status(&d);
    cr_assert_not(s.known, "wider than ten seconds");
    harness_done(&d.l);
}

Test(hf_engine_time, bounds_the_clock_from_both_sides)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    tell(&d);
    uint64_t true_s = true_us(&d) / 1000000;
    d.wall_off_ms = (int64_t)(year_us / 1000);
    later(&d, 0);
    cr_assert_eq(now_s(&d), true_s);
    cr_assert_eq(status(&d).clock_us, (int64_t)year_us);
    d.wall_off_ms = -(int64_t)(minute_us / 1000);
    later(&d, 0);
    cr_assert_leq(true_s - now_s(&d), 1);
    d.wall_off_ms = 0;
    later(&d, 0);
    cr_assert_eq(now_s(&d), true_s);
    harness_done(&d.l);
}

/* The policy is 500 seconds old: time servers that are a year behind cannot take dates back. */
Test(hf_engine_time, never_goes_below_the_newest_verified_date)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    for (size_t i = 0; i < SERVERS; i++)
        lie(&d, i, -(int64_t)year_us);
    struct hf_time_status s = tell(&d);
    cr_assert_eq(s.reason, HF_ETIMEFLOOR);
    cr_assert_eq(now_s(&d), AUTHORITY_NOW_S - 500);
    harness_done(&d.l);
}

Test(hf_engine_time, a_wide_interval_has_no_vote)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    silence(&d, 4, HF_TIME_UNANSWERED);
    d.samples[3].low_us = true_us(&d) - HF_TIME_RADIUS_US_MAX + 1000;
    d.samples[3].high_us = true_us(&d) + HF_TIME_RADIUS_US_MAX - 1000;
    cr_assert_eq(tell(&d).agreeing, 3);
    d.samples[3].high_us++;
    cr_assert_eq(tell(&d).agreeing, 2);
    d.samples[3].high_us--;
    d.samples[3].age_s = 1;
    cr_assert_eq(tell(&d).agreeing, 2, "it has aged");
    harness_done(&d.l);
}

Test(hf_engine_time, says_whether_keys_or_answers_are_missing)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    for (size_t i = 0; i < SERVERS; i++)
        silence(&d, i, i < 2 ? HF_TIME_SAMPLED : HF_TIME_EXCHANGE);
    cr_assert_eq(tell(&d).reason, HF_ETIMEKEYS);
    for (size_t i = 0; i < SERVERS; i++)
        silence(&d, i, HF_TIME_UNANSWERED);
    cr_assert_eq(tell(&d).reason, HF_ETIMEUDP);
    for (size_t i = 0; i < SERVERS; i++)
        silence(&d, i, HF_TIME_SAMPLED);
    cr_assert_eq(tell(&d).reason, HF_ETIMEFEW);
    harness_done(&d.l);
}

Test(hf_engine_time, is_not_believed_on_another_clock_source)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    cr_assert(tell(&d).known);
    d.report.clock_source = text("kvm-clock");
    struct hf_time_status s = tell(&d);
    cr_assert(!s.known && s.reason == HF_ETIMESOURCE);
    harness_done(&d.l);
}

Test(hf_engine_time, is_lost_when_the_monotonic_clock_was_bent)
{
    struct desk d;
    struct hf_event event = {.type = HF_EVENT_TIME};
    set_up(&d, SERVERS);
    answer_all(&d);
    cr_assert(tell(&d).known);
    event.u.time.error = HF_ETIMEFEW;
    event.u.time.bent = true;
    step(&d, &event);
    cr_assert(!status(&d).known && status(&d).reason == HF_ETIMEFEW);
    harness_done(&d.l);
}

Test(hf_engine_time, a_helper_that_fails_takes_nothing_away)
{
    struct desk d;
    struct hf_event event = {.type = HF_EVENT_TIME};
    set_up(&d, SERVERS);
    answer_all(&d);
    tell(&d);
    event.u.time.error = HF_ETIMEHELPER;
    step(&d, &event);
    struct hf_time_status s = status(&d);
    cr_assert(is_true(&d, &s) && s.reason == HF_ETIMEHELPER);
    harness_done(&d.l);
}

Test(hf_engine_time, takes_no_report_that_cannot_be_one)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    d.report.read_ms = d.l.now_ms + 1;
    cr_assert_eq(tell(&d).reason, HF_ETIMEHELPER, "from what is to come");
    d.report.read_ms = d.l.now_ms - 1;
    cr_assert_eq(tell(&d).reason, HF_ETIMEHELPER, "from before it was asked for");
    d.report.read_ms = d.l.now_ms;
    d.samples[4].low_us = d.samples[4].high_us + 1;
    cr_assert_eq(tell(&d).reason, HF_ETIMEHELPER, "an end before its beginning");
    struct hf_event event = {.type = HF_EVENT_TIME};
    event.u.time.report = text("no report");
    step(&d, &event);
    cr_assert(!status(&d).known && status(&d).reason == HF_ETIMEHELPER);
    harness_done(&d.l);
}

Test(hf_engine_time, servers_that_are_not_listed_have_no_vote)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    d.samples[3].name = text("e");
    d.samples[4].name = text("f");
    struct hf_time_status s = tell(&d);
    cr_assert(!s.known && s.agreeing == 2 && s.servers[3].state == HF_TIME_UNASKED);
    harness_done(&d.l);
}

Test(hf_engine_time, of_a_policy_with_other_servers_is_not_known_yet)
{
    struct desk d;
    set_up(&d, SERVERS);
    answer_all(&d);
    tell(&d);
    give_policy(&d, SERVERS);
    cr_assert(status(&d).known, "the same");
    d.servers[4].port = 4461;
    give_policy(&d, SERVERS);
    cr_assert_not(status(&d).known);
    answer_all(&d);
    cr_assert(tell(&d).known);
    give_policy(&d, 0);
    cr_assert(!status(&d).known && status(&d).listed == 0);
    harness_done(&d.l);
}

/* No server gives keys, as with a clock that lies outside of their certificates' dates. */
static void give_no_keys(struct desk *d)
{
    answer_all(d);
    for (size_t i = 0; i < SERVERS; i++)
        silence(d, i, HF_TIME_EXCHANGE);
}

Test(hf_engine_time_ask, judges_no_dates_once_a_minute_has_brought_no_keys)
{
    struct desk d;
    set_up(&d, SERVERS);
    d.wall_off_ms = -(int64_t)(year_us / 1000);
    give_no_keys(&d);
    tell(&d);
    cr_assert_eq(judged_by_s(&d), AUTHORITY_NOW_S - 500, "its clock, but not below the floor");
    later(&d, HF_TIME_CONTACT_MS - 1);
    give_no_keys(&d);
    tell(&d);
    cr_assert_neq(judged_by_s(&d), 0);
    later(&d, 1);
    give_no_keys(&d);
    cr_assert_not(tell(&d).judging);
    cr_assert_eq(judged_by_s(&d), 0);

    answer_all(&d);
    d.report.judged = false;
    struct hf_time_status s = tell(&d);
    cr_assert(!s.known && s.judging && s.reason == HF_ETIMEKEYS, "it is no time to go by");
    cr_assert_eq(judged_by_s(&d), true_us(&d) / 1000000, "but one to judge dates by");
    cr_assert_eq(now_s(&d), AUTHORITY_NOW_S - 500);

    answer_all(&d);
    s = tell(&d);
    cr_assert(is_true(&d, &s));
    cr_assert_leq(true_us(&d) / 1000000 - judged_by_s(&d), 1);
    harness_done(&d.l);
}

Test(hf_engine_time_ask, takes_turns_of_doubling_length_while_nothing_helps)
{
    struct desk d;
    uint64_t turn_ms = HF_TIME_CONTACT_MS;
    set_up(&d, SERVERS);
    give_no_keys(&d);
    tell(&d);
    for (int i = 0; i < 10; i++) {
        later(&d, turn_ms);
        give_no_keys(&d);
        cr_assert_not(tell(&d).judging);
        later(&d, turn_ms);
        give_no_keys(&d);
        cr_assert(tell(&d).judging);
        turn_ms = 2 * turn_ms < HF_TIME_CONTACT_MS_MAX ? 2 * turn_ms : HF_TIME_CONTACT_MS_MAX;
    }
    harness_done(&d.l);
}

Test(hf_engine_time_ask, goes_on_judging_while_keys_are_given_or_the_time_is_known)
{
    struct desk d;
    set_up(&d, SERVERS);
    for (int i = 0; i < 30; i++) {
        later(&d, 8000);
        answer_all(&d);
        for (size_t j = 0; j < SERVERS; j++)
            silence(&d, j, HF_TIME_UNANSWERED);
        cr_assert(tell(&d).judging);
    }
    answer_all(&d);
    tell(&d);
    for (int i = 0; i < 30; i++) {
        later(&d, 8000);
        give_no_keys(&d);
        cr_assert(tell(&d).judging);
    }
    harness_done(&d.l);
}
