/*
 * What time servers agree on (proto/TIME.md). The shell asks the helper and tells what it said;
 * whom to ask, what counts, and what is agreed on is decided here.
 */
#include <stdlib.h>

#include "base/error.h"
#include "trust/trust.h"

static const struct hf_time_interval whole = {.low_us = 0, .high_us = HF_TIME_US_MAX};

static void begin(const struct hf_engine *e, struct hf__clocks *c)
{
    *c = (struct hf__clocks){.reason = HF_ETIMEFEW,
                             .reason_ms = e->now_ms,
                             .since_ms = e->now_ms,
                             .pause_ms = HF_TIME_CONTACT_MS};
    hf_assert(!c->unjudged && !c->met);
}

static bool lists_the_same(const struct hf_policy *a, const struct hf_policy *b)
{
    bool same = a->time_servers_count == b->time_servers_count;
    hf_assert(a->time_servers_count <= HF_TIME_SERVERS_MAX);
    for (size_t i = 0; same && i < a->time_servers_count; i++) {
        const struct hf_time_server *x = &a->time_servers[i], *y = &b->time_servers[i];
        same = hf_bytes_equal(x->name, y->name) && x->port == y->port &&
               hf_bytes_equal(x->operator_name, y->operator_name);
    }
    return same;
}

void hf__time_policy(struct hf_engine *e, const struct hf_policy *next)
{
    struct hf__trust *t = e->trust;
    hf_assert(t->policy != NULL || t->clocks == NULL);
    if (t->policy == NULL || lists_the_same(hf__policy(e), next))
        return;
    e->timed = false;
    if (t->clocks != NULL)
        begin(e, t->clocks);
    hf_assert(t->clocks == NULL || t->clocks->agreeing == 0);
}

/* ---- a report */

/* What the kernel's clock may have gone wrong by since a server answered; chronyd tells of whole
 * seconds, and begins to count at one. */
static uint64_t drift_us(uint64_t age_s)
{
    hf_assert(age_s <= UINT32_MAX);
    return hf_time_drift_us((age_s + 1) * 1000000);
}

/* Keeps what is told of the servers that the policy lists; others have no vote. */
static int keep(struct hf__clocks *c, const struct hf_policy *p,
                const struct hf_time_report *report)
{
    struct hf__clock told[HF_TIME_SERVERS_MAX] = {0};
    hf_assert(report->samples_count <= HF_TIME_SERVERS_MAX);
    for (size_t i = 0; i < report->samples_count; i++) {
        const struct hf_time_sample *s = &report->samples[i];
        size_t at = hf_time_server_named(p, s->name);
        const struct hf_time_interval said = {.low_us = s->low_us, .high_us = s->high_us};
        if (s->low_us > s->high_us)
            return HF_ETIMEHELPER;
        if (at == p->time_servers_count)
            continue;
        told[at] = (struct hf__clock){.state = (uint8_t)s->state,
                                      .sampled = s->high_us > 0,
                                      .at = hf_time_wider(&said, drift_us(s->age_s)),
                                      .age_s = (uint32_t)s->age_s};
    }
    memcpy(c->servers, told, sizeof told);
    c->read_ms = report->read_ms;
    hf_assert(p->time_servers_count <= HF_TIME_SERVERS_MAX);
    return 0;
}

static int read_report(struct hf_engine *e, struct hf__clocks *c, const struct hf_event *event,
                       bool *ret_judged)
{
    struct hf_time_report report;
    if (hf__decode(e, &hf_wire_time_report, event->u.time.report, &report) != 0 ||
        report.read_ms < event->u.time.asked_ms || report.read_ms > e->now_ms)
        return HF_ETIMEHELPER;
    hf_assert(event->type == HF_EVENT_TIME);
    if (!hf_bytes_equal(report.clock_source, hf_bytes_of("tsc", 3))) {
        e->timed = false;
        return HF_ETIMESOURCE;
    }
    *ret_judged = report.judged;
    hf_assert(report.read_ms <= e->now_ms);
    return keep(c, hf__policy(e), &report);
}

/* ---- votes */

/* What the servers of one operator, the first of which is named, have in common. false: none of
 * them says enough, or they contradict each other. */
static bool vote_of(const struct hf_policy *p, const struct hf__clocks *c, size_t first,
                    struct hf_time_interval *ret)
{
    struct hf_time_interval vote = whole;
    bool says = false, torn = false;
    hf_assert(hf_time_operator_of(p, first) == first);
    for (size_t i = first; i < p->time_servers_count; i++) {
        const struct hf__clock *s = &c->servers[i];
        if (hf_time_operator_of(p, i) != first || !s->sampled ||
            hf_time_radius_us(&s->at) > HF_TIME_RADIUS_US_MAX)
            continue;
        says = true;
        torn = torn || !hf_time_common(&vote, &s->at, &vote);
    }
    hf_assert(vote.low_us <= vote.high_us);
    *ret = vote;
    return says && !torn;
}

static size_t votes(const struct hf_policy *p, const struct hf__clocks *c,
                    struct hf_time_interval ret[static HF_TIME_SERVERS_MAX])
{
    size_t count = 0;
    hf_assert(p->time_servers_count <= HF_TIME_SERVERS_MAX);
    for (size_t i = 0; i < p->time_servers_count; i++)
        if (hf_time_operator_of(p, i) == i && vote_of(p, c, i, &ret[count]))
            count++;
    hf_assert(count <= hf_time_operators(p));
    return count;
}

/* Operators of whose servers one at least has come so far. */
static size_t come_to(const struct hf_policy *p, const struct hf__clocks *c,
                      enum hf_time_server_state state)
{
    size_t count = 0;
    hf_assert(state != HF_TIME_UNASKED);
    for (size_t i = 0; i < p->time_servers_count; i++) {
        bool has = false;
        for (size_t j = i; j < p->time_servers_count; j++)
            has = has || (hf_time_operator_of(p, j) == i && c->servers[j].state >= state);
        count += has;
    }
    hf_assert(count <= hf_time_operators(p));
    return count;
}

/* ---- first contact */

/* Certificates are judged again, by what was met or by the clock; longer than the last time. */
static void judge_again(const struct hf_engine *e, struct hf__clocks *c)
{
    hf_assert(c->unjudged && c->pause_ms <= HF_TIME_CONTACT_MS_MAX);
    c->unjudged = false;
    c->since_ms = e->now_ms;
    c->pause_ms *= 2;
    if (c->pause_ms > HF_TIME_CONTACT_MS_MAX)
        c->pause_ms = HF_TIME_CONTACT_MS_MAX;
}

static void take_turns(const struct hf_engine *e, struct hf__clocks *c)
{
    struct hf_time_interval now;
    hf_assert(c->since_ms <= e->now_ms && c->pause_ms > 0);
    if (hf__time_now(e, &now) || e->now_ms - c->since_ms < c->pause_ms)
        return;
    if (c->unjudged) {
        judge_again(e, c);
        return;
    }
    c->unjudged = true;
    c->since_ms = e->now_ms;
}

/* What was agreed on while no date was judged is no time to go by, but one to judge dates by. */
static void meet(struct hf_engine *e, struct hf__clocks *c, const struct hf_time_interval *agreed)
{
    hf_assert(agreed->low_us <= agreed->high_us && c->read_ms <= e->now_ms);
    c->met = true;
    c->met_at = *agreed;
    c->met_ms = c->read_ms;
    if (c->unjudged)
        judge_again(e, c);
}

static void know(struct hf_engine *e, struct hf__clocks *c, const struct hf_time_interval *agreed)
{
    hf_assert(hf_time_radius_us(agreed) <= HF_TIME_RADIUS_US_MAX && c->read_ms <= e->now_ms);
    e->timed = true;
    e->time = *agreed;
    e->time_ms = c->read_ms;
    c->unjudged = c->met = false;
    c->since_ms = e->now_ms;
    c->pause_ms = HF_TIME_CONTACT_MS;
}

/* ---- what comes of it */

/* Why the time is not measured, by what was kept of a report; 0: it is. */
static int weigh(struct hf_engine *e, struct hf__clocks *c, bool judged)
{
    const struct hf_policy *p = hf__policy(e);
    struct hf_time_interval list[HF_TIME_SERVERS_MAX], agreed;
    size_t count = votes(p, c, list), needed = hf_time_needed(p);
    size_t exchanged = come_to(p, c, HF_TIME_UNANSWERED);
    bool agree = hf_time_agree(list, count, needed, &agreed) &&
                 hf_time_radius_us(&agreed) <= HF_TIME_RADIUS_US_MAX;
    c->agreeing = (uint8_t)hf_time_most(list, count);
    c->answering = (uint8_t)come_to(p, c, HF_TIME_SAMPLED);
    hf_assert(c->agreeing <= count && c->answering <= exchanged);
    if (agree && judged) {
        know(e, c, &agreed);
        return agreed.high_us / 1000000 < e->floor_s ? HF_ETIMEFLOOR : 0;
    }
    if (agree)
        meet(e, c, &agreed);
    else if (judged && exchanged >= needed)
        c->since_ms = e->now_ms;
    take_turns(e, c);
    if (exchanged < needed || !judged)
        return HF_ETIMEKEYS;
    return c->answering < needed ? HF_ETIMEUDP : HF_ETIMEFEW;
}

void hf__time_told(struct hf_engine *e, const struct hf_event *event)
{
    struct hf__trust *t = e->trust;
    bool judged = false;
    hf_assert(event->type == HF_EVENT_TIME);
    if (event->u.time.bent)
        e->timed = false;
    if (t->policy == NULL || hf__policy(e)->time_servers_count == 0)
        return;
    if (t->clocks == NULL) {
        t->clocks = calloc(1, sizeof *t->clocks);
        hf_assert(t->clocks != NULL);
        begin(e, t->clocks);
    }
    struct hf__clocks *c = t->clocks;
    int reason = event->u.time.error;
    if (reason == 0)
        reason = read_report(e, c, event, &judged);
    if (reason == 0)
        reason = weigh(e, c, judged);
    if (reason == 0 || c->reason == 0)
        c->reason_ms = e->now_ms;
    if (reason != c->reason)
        hf__trace(e, HF_TRACE_TIME, reason, NULL, c->agreeing, hf_time_needed(hf__policy(e)));
    c->reason = reason;
}

/* ---- for the shell */

/* By which certificates are judged; 0: their dates are not. */
static uint64_t judge_s(const struct hf_engine *e)
{
    const struct hf__clocks *c = e->trust->clocks;
    struct hf_time_interval now;
    if (c == NULL || hf__time_now(e, &now) || (!c->unjudged && !c->met))
        return hf__now_s(e);
    if (c->unjudged)
        return 0;
    hf_assert(c->met_ms <= e->now_ms);
    struct hf_time_interval later = hf_time_later(&c->met_at, (e->now_ms - c->met_ms) * 1000);
    uint64_t met_s = hf_time_middle_us(&later) / 1000000;
    hf_assert(met_s <= HF_WIRE_TIME_MAX);
    return met_s > e->floor_s ? met_s : e->floor_s;
}

int hf_engine_time_ask(const struct hf_engine *e, struct hf_buf *ret)
{
    if (e->trust->policy == NULL || hf__policy(e)->time_servers_count == 0)
        return HF_ENOTFOUND;
    const struct hf_policy *p = hf__policy(e);
    const struct hf_time_ask ask = {
        .servers = p->time_servers, .servers_count = p->time_servers_count, .judge_s = judge_s(e)};
    hf_assert(ask.servers_count <= HF_TIME_SERVERS_MAX && ask.judge_s <= HF_WIRE_TIME_MAX);
    return hf_wire_encode(&hf_wire_time_ask, &ask, ret);
}

/* How far a moment lies after the host's clock; both are far from the ends of the type. */
static int64_t after_clock(const struct hf_engine *e, uint64_t us)
{
    hf_assert(us <= HF_TIME_US_MAX && e->wall_ms <= HF_TIME_US_MAX / 1000);
    return (int64_t)us - (int64_t)(e->wall_ms * 1000);
}

static void server_status(const struct hf_engine *e, size_t at, struct hf_time_server_status *ret)
{
    const struct hf_time_server *server = &hf__policy(e)->time_servers[at];
    const struct hf__clocks *c = e->trust->clocks;
    *ret = (struct hf_time_server_status){.name = server->name,
                                          .operator_name = server->operator_name};
    hf_assert(at < HF_TIME_SERVERS_MAX);
    if (c == NULL)
        return;
    const struct hf__clock *s = &c->servers[at];
    ret->state = (enum hf_time_server_state)s->state;
    ret->sampled = s->sampled;
    if (!s->sampled)
        return;
    hf_assert(c->read_ms <= e->now_ms);
    struct hf_time_interval later = hf_time_later(&s->at, (e->now_ms - c->read_ms) * 1000);
    ret->off_us = after_clock(e, hf_time_middle_us(&later));
    ret->radius_us = hf_time_radius_us(&later);
    ret->age_s = s->age_s + (e->now_ms - c->read_ms) / 1000;
}

void hf_engine_time(const struct hf_engine *e, struct hf_time_status *ret)
{
    const struct hf__clocks *c = e->trust->clocks;
    struct hf_time_interval now;
    *ret = (struct hf_time_status){.judging = true};
    if (e->trust->policy == NULL || hf__policy(e)->time_servers_count == 0)
        return;
    const struct hf_policy *p = hf__policy(e);
    hf_assert(p->time_servers_count <= HF_TIME_SERVERS_MAX);
    ret->listed = hf_time_operators(p);
    ret->needed = hf_time_needed(p);
    ret->reason = c != NULL ? c->reason : HF_ETIMEFEW;
    ret->reason_ms = c != NULL ? c->reason_ms : e->now_ms;
    ret->judging = c == NULL || !c->unjudged;
    ret->agreeing = c != NULL ? c->agreeing : 0;
    ret->answering = c != NULL ? c->answering : 0;
    ret->known = hf__time_now(e, &now);
    if (ret->known) {
        ret->time_us = hf_time_middle_us(&now);
        ret->radius_us = hf_time_radius_us(&now);
        ret->age_ms = e->now_ms - e->time_ms;
        ret->clock_us = -after_clock(e, ret->time_us);
    }
    for (size_t i = 0; i < p->time_servers_count; i++)
        server_status(e, i, &ret->servers[i]);
    ret->servers_count = p->time_servers_count;
    hf_assert(ret->needed <= ret->listed && ret->agreeing <= ret->listed);
}
