/*
 * What is lost on the way, and what becomes of it. A segment of a connection is sent again when its
 * time has run out, which then doubles, as RFC 6298 has it: what it carries is late. A datagram is
 * lost. Each message counts as one segment, the last of its burst, so nothing arrives behind it
 * that would tell of the loss earlier.
 */
#include "network/network.h"

#include "network/wan.h"

#include "base/error.h"

enum { TRIES_MAX = 15 };
#define SYN_US     UINT64_C(1000000)   /* before a round trip was measured */
#define TIMEOUT_US UINT64_C(120000000) /* at most between two tries */

/* How much later a segment arrives whose first time-out this is; UINT64_MAX: never. */
static uint64_t late_us(struct hf_world *w, uint64_t timeout_us)
{
    uint64_t late = 0;
    for (int i = 0; hf__draw_chance(&w->streams[HF__FOR_LOSS], w->settings.network.loss); i++) {
        if (i == TRIES_MAX)
            return UINT64_MAX;
        w->totals.messages_resent++;
        late += timeout_us;
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
    if (m->datagram || net->resend_us == 0)
        return hf__draw_chance(&w->streams[HF__FOR_LOSS], net->loss);
    *ret_late_us = late_us(w, 2 * trip_us + net->resend_us);
    return *ret_late_us == UINT64_MAX;
}

uint64_t hf__loss_flight_us(struct hf_world *w, uint64_t trip_us, bool first)
{
    const struct hf_world_network *net = &w->settings.network;
    if (net->loss <= 0 || net->resend_us == 0)
        return 0;
    uint64_t late = late_us(w, first ? SYN_US : 2 * trip_us + net->resend_us);
    /* The one that waits for it has given up long before. */
    return late == UINT64_MAX ? TRIES_MAX * TIMEOUT_US : late;
}

uint64_t hf__trip_us(const struct hf_world *w, uint32_t from, uint32_t to)
{
    const struct hf_world_network *net = &w->settings.network;
    uint32_t zones = w->settings.zones;
    if (net->latency != HF_LATENCY_REGIONS || from == HF__NOBODY || to == HF__NOBODY)
        return net->one_way.median_us;
    return hf__wan_one_way_us(from % zones, to % zones);
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
