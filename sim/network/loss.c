/*
 * What is lost on the way, and what becomes of it. A segment of a connection is sent again when its
 * time has run out, which then doubles, as RFC 6298 has it: what it carries is late. A datagram is
 * lost. Each message counts as one segment, the last of its burst, so nothing arrives behind it
 * that would tell of the loss earlier.
 */
#include "network/network.h"

#include "network/wan.h"

#include "base/error.h"

#include <math.h>

enum { TRIES_MAX = 15 };
#define SYN_US     UINT64_C(1000000)   /* before a round trip was measured */
#define TIMEOUT_US UINT64_C(120000000) /* at most between two tries */

/*
 * A line with bursts is a chain of two states (E. N. Gilbert, "Capacity of a burst-noise channel",
 * 1960): bad for burst_us on average, and so seldom that `loss` of its time is bad. The chance that
 * it is bad after_us from when it was, or was not.
 */
static double bad_after(const struct hf_world_network *net, bool bad, uint64_t after_us)
{
    double forgets = (double)net->burst_us * (1 - net->loss);
    double known = forgets > 0 ? exp(-(double)after_us / forgets) : 0;
    return net->loss + (bad ? 1 - net->loss : -net->loss) * known;
}

/* Whether what a node sends now is lost. */
static bool lost_now(struct hf_world *w, uint32_t from)
{
    const struct hf_world_network *net = &w->settings.network;
    struct hf__stream *r = &w->streams[HF__FOR_LOSS];
    if (net->burst_us == 0)
        return hf__draw_chance(r, net->loss);
    struct hf__node *n = hf__node(w, from);
    uint64_t since_us = n->line_seen_us == 0 ? UINT64_MAX : w->now_us - n->line_seen_us;
    if (since_us > 0)
        n->line_bad = hf__draw_chance(r, bad_after(net, n->line_bad, since_us));
    n->line_seen_us = w->now_us;
    return n->line_bad;
}

/* Whether a segment that was lost is lost again so much later. */
static bool lost_again(struct hf_world *w, uint64_t later_us)
{
    const struct hf_world_network *net = &w->settings.network;
    return hf__draw_chance(&w->streams[HF__FOR_LOSS],
                           net->burst_us == 0 ? net->loss : bad_after(net, true, later_us));
}

/* How much later a segment arrives, lost at first or not, whose first time-out this is; UINT64_MAX:
 * never. */
static uint64_t late_us(struct hf_world *w, bool lost, uint64_t timeout_us)
{
    uint64_t late = 0;
    for (int i = 0; lost; i++) {
        if (i == TRIES_MAX)
            return UINT64_MAX;
        w->totals.messages_resent++;
        late += timeout_us;
        lost = lost_again(w, timeout_us);
        timeout_us = timeout_us * 2 > TIMEOUT_US ? TIMEOUT_US : timeout_us * 2;
    }
    return late;
}

bool hf__loss(struct hf_world *w, const struct hf__message *m, uint64_t trip_us,
              uint64_t *ret_late_us)
{
    const struct hf_world_network *net = &w->settings.network;
    *ret_late_us = 0;
    if (net->loss <= 0)
        return false;
    bool lost = lost_now(w, m->from);
    if (m->datagram || net->resend_us == 0)
        return lost;
    *ret_late_us = late_us(w, lost, 2 * trip_us + net->resend_us);
    return *ret_late_us == UINT64_MAX;
}

uint64_t hf__loss_flight_us(struct hf_world *w, uint64_t trip_us, bool first)
{
    const struct hf_world_network *net = &w->settings.network;
    if (net->loss <= 0 || net->resend_us == 0)
        return 0;
    /* A trip or more after what was seen of either line. */
    bool lost = hf__draw_chance(&w->streams[HF__FOR_LOSS], net->loss);
    uint64_t late = late_us(w, lost, first ? SYN_US : 2 * trip_us + net->resend_us);
    /* The one that waits for it has given up long before. */
    return late == UINT64_MAX ? TRIES_MAX * TIMEOUT_US : late;
}

uint64_t hf__trip_us(const struct hf_world *w, uint32_t from, uint32_t to)
{
    const struct hf_world_network *net = &w->settings.network;
    bool placed = net->latency == HF_LATENCY_REGIONS || net->latency == HF_LATENCY_MATRIX;
    if (!placed || from == HF__NOBODY || to == HF__NOBODY)
        return net->one_way.median_us;
    uint32_t there = hf__node(w, to)->zone, here = hf__node(w, from)->zone;
    return w->trips_us != NULL ? w->trips_us[here * w->settings.zones + there] / 2
                               : hf__wan_one_way_us(here, there);
}

/* ---- Processes and hosts that end ---- */

/* Whether the call waits at a process that is dead, on a host that says so. */
static bool is_reset(const struct hf_world *w, const struct hf__call *c)
{
    if ((c->mark & 1) == 0 || c->node == HF__NOBODY || c->to == HF__NOBODY ||
        c->to_incarnation == 0)
        return false;
    const struct hf__node *to = hf__node(w, c->to);
    return !to->silent && (to->engine == NULL || to->incarnation != c->to_incarnation);
}

void hf__resets_expect(struct hf_world *w)
{
    if (w->resets)
        return;
    w->resets = true;
    hf__push(w, w->now_us, hf__what(HF__RESETS, 0, 0));
}

void hf__resets(struct hf_world *w)
{
    w->resets = false;
    hf__network_ended(w);
    for (uint32_t i = 0; i < w->calls.count; i++) {
        struct hf__call *c = hf__slab_at(&w->calls, i);
        if (!is_reset(w, c))
            continue;
        c->to_incarnation = 0; /* it was told */
        hf__network_fail(w, i, c->mark, HF_ECONNRESET, w->now_us + hf__trip_us(w, c->to, c->node));
    }
}
