/* What the network loses, and how: segments of connections are late, datagrams are gone; a dead
 * process resets, a dead host is silent. */
#include "world/world.h"

#include "network/network.h"

#include "base/error.h"
#include "wire/messages.h"

#include <criterion/criterion.h>
#include <string.h>

enum { TRIP_US = 10000, RESEND_US = 200000, SENDS = 1000 };

struct seen {
    unsigned arrived;
    uint64_t first_us, last_us, late_sum_us; /* late: beyond one trip */
    uint64_t sent_us;
    unsigned ended;
    int error;
    uint64_t ended_us;
};

static const uint8_t nothing[40];

static void delivered(void *ctx, struct hf_world *w, const struct hf_message *m)
{
    struct seen *s = ctx;
    if (m->datagram ? m->body.len != sizeof(nothing)
                    : m->response || m->method != HF_METHOD_STANDING)
        return;
    uint64_t late_us = w->now_us - s->sent_us - TRIP_US;
    s->arrived++;
    s->late_sum_us += late_us;
    if (s->arrived == 1 || late_us < s->first_us)
        s->first_us = late_us;
    if (late_us > s->last_us)
        s->last_us = late_us;
}

static void ended(void *ctx, struct hf_world *w, const struct hf__call *c, int error,
                  struct hf_bytes body)
{
    struct seen *s = ctx;
    (void)body;
    if (c->method != HF_METHOD_STANDING)
        return;
    s->ended++;
    s->error = error;
    s->ended_us = w->now_us;
}

/* Two nodes that have nothing to do: too few for any provider. */
static struct hf_world *two(struct seen *s, double loss, uint64_t resend_us)
{
    struct hf_world_settings settings;
    struct hf__observer observer = {.ctx = s, .delivered = delivered, .ended = ended};
    struct hf_world *w;
    hf_world_settings_init(&settings);
    settings.network.one_way = (struct hf_world_duration){.median_us = TRIP_US};
    settings.network.loss = loss;
    settings.network.resend_us = resend_us;
    cr_assert_eq(hf_world_new(&settings, &w), 0);
    hf_world_add_many(w, 2);
    hf__observe(w, &observer);
    hf_world_start_all(w);
    hf_world_run_for(w, 1000);
    return w;
}

static void call(struct hf_world *w, struct seen *s, uint32_t timeout_ms)
{
    struct hf_call c = {.id = 900000,
                        .method = HF_METHOD_STANDING,
                        .address = "n1:7400",
                        .timeout_ms = timeout_ms,
                        .body = hf_bytes_of(nothing, sizeof(nothing))};
    s->sent_us = w->now_us;
    hf__network_send(w, hf__network_call(w, hf__node(w, 0), &c, w->now_us), w->now_us);
}

static struct seen calls(double loss, uint64_t resend_us)
{
    struct seen s = {0};
    struct hf_world *w = two(&s, loss, resend_us);
    for (int i = 0; i < SENDS; i++) {
        call(w, &s, 15000);
        hf_world_run_for(w, 15000);
    }
    hf_world_free(w);
    return s;
}

/* The first time-out is a round trip and what the setting says, the next ones twice as long: with
 * a loss of a fifth the mean is 0.2 * 220 ms * (1 + 0.4 + 0.16 + ...) = 73 ms. */
Test(hf_sim_network, a_lost_segment_is_sent_again_and_is_late)
{
    struct seen none = calls(0, RESEND_US), some = calls(0.2, RESEND_US);
    const uint64_t timeout_us = 2 * TRIP_US + RESEND_US;
    cr_assert_eq(none.arrived, SENDS);
    cr_assert_eq(none.last_us, 0);
    cr_assert_eq(some.arrived, SENDS);
    cr_assert_eq(some.first_us, 0);
    cr_assert_eq((some.last_us + timeout_us) % timeout_us, 0, "%d", (int)some.last_us);
    cr_assert_geq(some.last_us, 3 * timeout_us);
    uint64_t mean_us = some.late_sum_us / SENDS;
    cr_assert(mean_us > 60000 && mean_us < 90000, "%d us late", (int)mean_us);
}

Test(hf_sim_network, without_resending_the_call_is_lost)
{
    struct seen s = calls(0.2, 0);
    cr_assert(s.arrived > SENDS * 76 / 100 && s.arrived < SENDS * 84 / 100, "%u", s.arrived);
    cr_assert_eq(s.last_us, 0);
    cr_assert_eq(s.ended, SENDS);
}

Test(hf_sim_network, nothing_gets_through_where_everything_is_lost)
{
    struct seen s = {0};
    struct hf_world *w = two(&s, 1, RESEND_US);
    call(w, &s, 5000);
    hf_world_run_for(w, 1000000);
    cr_assert_eq(s.arrived, 0);
    cr_assert_eq(s.error, HF_ETIMEOUT);
    hf_world_free(w);
}

Test(hf_sim_network, a_lost_datagram_is_gone_and_none_is_late)
{
    struct seen s = {0};
    struct hf_world *w = two(&s, 0.2, RESEND_US);
    for (int i = 0; i < SENDS; i++) {
        s.sent_us = w->now_us;
        const struct hf_datagram_out d = {.address = "n1:7400", .body = hf_bytes_of(nothing, 40)};
        hf__network_send(w, hf__network_datagram(w, hf__node(w, 0), &d), w->now_us);
        hf_world_run_for(w, 1000);
    }
    cr_assert(s.arrived > SENDS * 76 / 100 && s.arrived < SENDS * 84 / 100, "%u", s.arrived);
    cr_assert_eq(s.last_us, 0);
    cr_assert_eq(s.ended, 0);
    hf_world_free(w);
}

/* How a call ends at whose other end something happens after `before` us. */
static struct seen ends(void (*what)(struct hf_world *w, uint32_t node), uint64_t before_us)
{
    struct seen s = {0};
    struct hf_world *w = two(&s, 0, RESEND_US);
    hf_world_pause(w, 1); /* hears the request, and does not answer */
    if (before_us == 0)
        what(w, 1);
    call(w, &s, 5000);
    if (before_us > 0) {
        hf_world_run_for(w, before_us / 1000);
        what(w, 1);
    }
    hf_world_run_for(w, 60000);
    cr_assert_eq(s.ended, 1);
    s.ended_us -= s.sent_us;
    hf_world_free(w);
    return s;
}

Test(hf_sim_network, a_dead_process_resets_calls_under_way_and_refuses_new_ones)
{
    struct seen under_way = ends(hf_world_crash, 1000000), later = ends(hf_world_crash, 0);
    cr_assert_eq(under_way.error, HF_ECONNRESET, "%s", hf_error_name(under_way.error));
    cr_assert_eq(under_way.ended_us, 1000000 + TRIP_US);
    cr_assert_eq(later.error, HF_ECONNECT, "%s", hf_error_name(later.error));
    cr_assert_eq(later.ended_us, 2 * TRIP_US);
}

/* Its answer is on its way: what its kernel says later comes too late. */
Test(hf_sim_network, an_answer_that_left_before_the_process_died_arrives)
{
    struct seen s = {0};
    struct hf_world *w = two(&s, 0, RESEND_US);
    call(w, &s, 5000);
    while (s.arrived == 0)
        hf_world_run_for(w, 1);
    hf_world_run_for(w, 1);
    hf_world_crash(w, 1);
    hf_world_run_for(w, 60000);
    cr_assert_eq(s.ended, 1);
    cr_assert(s.error != HF_ECONNRESET && s.error != HF_ETIMEOUT, "%s", hf_error_name(s.error));
    hf_world_free(w);
}

Test(hf_sim_network, a_dead_host_says_nothing)
{
    const uint64_t before_us[] = {0, 1000000};
    for (size_t i = 0; i < HF_ARRAY_LEN(before_us); i++) {
        struct seen s = ends(hf_world_power_off, before_us[i]);
        cr_assert_eq(s.error, HF_ETIMEOUT, "%s", hf_error_name(s.error));
        cr_assert_eq(s.ended_us, 5000000);
    }
}

/* Until it starts again: then a new connection finds it. */
Test(hf_sim_network, a_host_that_has_power_again_hears)
{
    struct seen s = {0};
    struct hf_world *w = two(&s, 0, RESEND_US);
    hf_world_power_off(w, 1);
    hf_world_start(w, 1);
    call(w, &s, 5000);
    hf_world_run_for(w, 60000);
    cr_assert_eq(s.arrived, 1);
    cr_assert_neq(s.error, HF_ETIMEOUT);
    hf_world_free(w);
}

/* ---- What a connection and a line are like ---- */

/* Numbers of messages, which stand in the last eight bytes of their bodies, as they arrive. */
struct numbers {
    uint64_t next, overtaken, arrived, runs, lost; /* runs: of those lost, one after the other */
};

static void numbered(void *ctx, struct hf_world *w, const struct hf_message *m)
{
    struct numbers *n = ctx;
    uint64_t number;
    (void)w;
    if (m->body.len != sizeof(nothing) || m->response)
        return;
    memcpy(&number, m->body.data + sizeof(nothing) - 8, 8);
    n->overtaken += number < n->next;
    n->runs += number > n->next;
    n->lost += number > n->next ? number - n->next : 0;
    n->next = number >= n->next ? number + 1 : n->next;
    n->arrived++;
}

static struct hf_world *numbering(struct numbers *n, const struct hf_world_network *network)
{
    struct hf_world_settings settings;
    struct hf__observer observer = {.ctx = n, .delivered = numbered};
    struct hf_world *w;
    hf_world_settings_init(&settings);
    settings.network = *network;
    settings.seed = 3500000320001;
    cr_assert_eq(hf_world_new(&settings, &w), 0);
    hf_world_add_many(w, 2);
    hf__observe(w, &observer);
    hf_world_start_all(w);
    hf_world_run_for(w, 1000);
    return w;
}

static void send_numbered(struct hf_world *w, uint64_t number, bool datagram)
{
    uint8_t body[sizeof(nothing)] = {0};
    memcpy(body + sizeof(body) - 8, &number, 8);
    const struct hf_datagram_out d = {.address = "n1:7400", .body = {body, sizeof(body)}};
    struct hf_call c = {.id = 900000 + (uint32_t)number,
                        .method = HF_METHOD_STANDING,
                        .address = "n1:7400",
                        .timeout_ms = 60000,
                        .body = {body, sizeof(body)}};
    uint32_t message = datagram ? hf__network_datagram(w, hf__node(w, 0), &d)
                                : hf__network_call(w, hf__node(w, 0), &c, w->now_us);
    hf__network_send(w, message, w->now_us);
}

static struct numbers requests(bool ordered)
{
    struct numbers n = {0};
    const struct hf_world_network network = {.latency = HF_LATENCY_LOGNORMAL,
                                             .one_way = {.median_us = TRIP_US, .sigma = 1},
                                             .loss = 0.05,
                                             .resend_us = RESEND_US,
                                             .ordered = ordered};
    struct hf_world *w = numbering(&n, &network);
    for (uint64_t i = 0; i < SENDS; i++) {
        send_numbered(w, i, false);
        hf_world_run_for(w, 1);
    }
    hf_world_run_for(w, 60000);
    hf_world_free(w);
    return n;
}

Test(hf_sim_network, an_ordered_connection_keeps_the_order_behind_what_is_late)
{
    struct numbers loose = requests(false), ordered = requests(true);
    cr_assert_eq(loose.arrived, SENDS);
    cr_assert_eq(ordered.arrived, SENDS);
    cr_assert_gt(loose.overtaken, SENDS / 4);
    cr_assert_eq(ordered.overtaken, 0);
}

/* A line that is bad for 40 ms of 400: a tenth is lost, forty datagrams in a row. */
Test(hf_sim_network, what_a_burst_loses_it_loses_together)
{
    enum { DATAGRAMS = 200000 };
    static const uint64_t bursts_us[] = {0, 40000};
    for (unsigned i = 0; i < 2; i++) {
        struct numbers n = {0};
        const struct hf_world_network network = {
            .one_way = {.median_us = TRIP_US}, .loss = 0.1, .burst_us = bursts_us[i]};
        struct hf_world *w = numbering(&n, &network);
        for (uint64_t j = 0; j < DATAGRAMS; j++) {
            send_numbered(w, j, true);
            hf_world_run_for(w, 1);
        }
        hf_world_free(w);
        double lost = (double)n.lost / DATAGRAMS, length = (double)n.lost / (double)n.runs;
        cr_assert(lost > 0.085 && lost < 0.115, "%f", lost);
        if (i == 0)
            cr_assert(length > 1.05 && length < 1.2, "%f", length);
        else
            cr_assert(length > 34 && length < 47, "%f", length);
    }
}

Test(hf_sim_network, headers_are_reckoned_by_segment_and_record)
{
    struct numbers n = {0};
    const struct hf_world_network network = {.one_way = {.median_us = TRIP_US}};
    struct hf_world *w = numbering(&n, &network);
    struct hf_world_totals before, after;
    hf_world_totals(w, &before);
    send_numbered(w, 0, true);
    hf_world_totals(w, &after);
    cr_assert_eq(after.line_bytes - before.line_bytes, sizeof(nothing) + 28);
    before = after;
    send_numbered(w, 1, false);
    hf_world_totals(w, &after);
    cr_assert_eq(after.bytes_sent - before.bytes_sent, sizeof(nothing));
    cr_assert_eq(after.line_bytes - before.line_bytes, sizeof(nothing) + 18 + 48 + 22 + 52);
    hf_world_free(w);
}

/* ---- What takes time ---- */

Test(hf_sim_network, a_machine_boots_before_its_process_starts)
{
    struct hf_world_settings settings;
    struct hf_world *w;
    hf_world_settings_init(&settings);
    settings.boot.median_us = 30000000;
    cr_assert_eq(hf_world_new(&settings, &w), 0);
    hf_world_add_many(w, 2);
    hf_world_start_all(w);
    hf_world_run_for(w, 29000);
    hf_world_start(w, 0); /* it does so already */
    cr_assert(!hf_world_running(w, 0));
    hf_world_crash(w, 1);
    hf_world_run_for(w, 1001);
    cr_assert(hf_world_running(w, 0));
    cr_assert(!hf_world_running(w, 1), "it died while it booted");
    hf_world_start(w, 1);
    hf_world_crash(w, 0);
    hf_world_start(w, 0);
    hf_world_run_for(w, 29000);
    cr_assert(!hf_world_running(w, 0) && !hf_world_running(w, 1));
    hf_world_run_for(w, 1001);
    cr_assert(hf_world_running(w, 0) && hf_world_running(w, 1));
    hf_world_free(w);
}

/* Ten requests in the same microsecond, of which each takes at least a step: nine wait. */
Test(hf_sim_network, what_waits_for_a_node_is_counted_with_its_time)
{
    struct hf_world_settings settings;
    struct hf_world *w;
    struct hf_world_totals before, after;
    hf_world_settings_init(&settings);
    settings.costs = true;
    hf_world_processor_init(&settings.processor);
    settings.timing.probe_ms = 0;
    cr_assert_eq(hf_world_new(&settings, &w), 0);
    hf_world_add_many(w, 2);
    hf_world_start_all(w);
    hf_world_run_for(w, 1500);
    hf_world_totals(w, &before);
    for (uint64_t i = 0; i < 10; i++)
        send_numbered(w, i, false);
    hf_world_run_for(w, 3);
    hf_world_totals(w, &after);
    uint64_t waits = after.waits - before.waits, waited_us = after.waited_us - before.waited_us;
    cr_assert_geq(waits, 9);
    cr_assert_geq(waited_us, 9 * 10 / 2 * 8);
    cr_assert_geq(after.waited_most_us, 9 * 8);
    hf_world_free(w);
}

/* A trip takes one_way exactly, unless the scenario names a sigma. */
Test(hf_sim_network, constant_latency_has_no_spread_that_is_not_asked_for)
{
    static const struct {
        enum hf_world_latency latency;
        double sigma;
        bool same;
    } rows[] = {{HF_LATENCY_CONSTANT, -1, true},
                {HF_LATENCY_CONSTANT, 0.4, false},
                {HF_LATENCY_LOGNORMAL, -1, false},
                {HF_LATENCY_LOGNORMAL, 0, true}};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        struct numbers n = {0};
        const struct hf_world_network network = {
            .latency = rows[i].latency, .one_way = {.median_us = TRIP_US, .sigma = rows[i].sigma}};
        struct hf_world *w = numbering(&n, &network);
        unsigned same = 0;
        for (unsigned j = 0; j < 20; j++)
            same += hf__one_way_us(w, 0, 1) == TRIP_US;
        cr_assert(rows[i].same ? same == 20 : same < 5, "row %zu: %u", i, same);
        hf_world_free(w);
    }
}
