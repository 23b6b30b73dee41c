/* What a node's time helper tells: the true time, as all servers that the policy lists would have
 * it, or nothing (proto/TIME.md). */
#include "node/node.h"

enum { RADIUS_US = 20000, FIRST_US = 1000000, AGAIN_US = 300000000 };

static void plan(struct hf_world *w, const struct hf__node *n, uint64_t after_us)
{
    hf__push(w, w->now_us + after_us, hf__what(HF__TIMED, n->incarnation, n->number));
}

void hf_world_time_tell(struct hf_world *w, uint32_t node, int error)
{
    struct hf__node *n = hf__node(w, node);
    const struct hf_document *policy = w->authority.policy;
    struct hf_time_sample samples[HF_TIME_SERVERS_MAX] = {0};
    struct hf_time_report report = {.judged = true, .samples = samples};
    struct hf_event event = {.type = HF_EVENT_TIME};
    struct hf_buf bytes;
    if (n->engine == NULL || policy == NULL)
        return;
    uint64_t true_us = w->settings.wall_s * UINT64_C(1000000) + w->now_us;
    report.clock_source = hf_bytes_of("tsc", 3);
    report.read_ms = hf__node_now_ms(w, n);
    report.samples_count = policy->u.policy.time_servers_count;
    hf_assert(report.samples_count <= HF_TIME_SERVERS_MAX);
    for (size_t i = 0; i < report.samples_count; i++)
        samples[i] = (struct hf_time_sample){.name = policy->u.policy.time_servers[i].name,
                                             .state = 3,
                                             .low_us = true_us - RADIUS_US,
                                             .high_us = true_us + RADIUS_US};
    hf_buf_init(&bytes, 1 << 16);
    int r = hf_wire_encode(&hf_wire_time_report, &report, &bytes);
    hf_assert(r == 0);
    event.u.time.error = error;
    event.u.time.report = error == 0 ? hf_buf_bytes(&bytes) : (struct hf_bytes){0};
    hf__step(w, n, &event);
    hf_buf_done(&bytes);
}

void hf__node_timed(struct hf_world *w, struct hf__node *n)
{
    if (!w->timed)
        return;
    hf_world_time_tell(w, n->number, 0);
    plan(w, n, AGAIN_US);
}

void hf__node_timed_from(struct hf_world *w, const struct hf__node *n)
{
    if (w->timed)
        plan(w, n, FIRST_US);
}

void hf_world_time(struct hf_world *w, bool known)
{
    bool before = w->timed;
    w->timed = known;
    for (uint32_t i = 0; known && !before && i < w->nodes_count; i++)
        if (w->nodes[i]->engine != NULL)
            plan(w, w->nodes[i], 0);
}
