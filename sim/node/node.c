/* A node's process while it runs: it steps its engine, keeps what must wait, and is woken. */
#include "node/node.h"

#include "suites/cost.h"

#include "core/shell.h"

#include <math.h>
#include <string.h>

uint64_t hf__node_now_ms(const struct hf_world *w, const struct hf__node *n)
{
    uint64_t up_us = w->now_us - n->boot_us;
    if (n->drift < 0 || n->drift > 0)
        up_us = (uint64_t)((double)up_us * (1 + (double)n->drift));
    return 1000 + up_us / 1000;
}

uint64_t hf__node_wall_ms(const struct hf_world *w, const struct hf__node *n)
{
    int64_t us = (int64_t)(w->settings.wall_s * 1000000 + w->now_us) + n->clock_us;
    if (n->drift < 0 || n->drift > 0)
        us += (int64_t)((double)w->now_us * (double)n->drift);
    return us < 0 ? 0 : (uint64_t)us / 1000;
}

/* When the node's monotonic clock will show ms. */
static uint64_t when(const struct hf_world *w, const struct hf__node *n, uint64_t ms)
{
    if (ms == UINT64_MAX || ms > UINT64_MAX / 2000)
        return UINT64_MAX;
    uint64_t up_us = ms <= 1000 ? 0 : (ms - 1000) * 1000;
    if (n->drift < 0 || n->drift > 0)
        up_us = (uint64_t)ceil((double)up_us / (1 + (double)n->drift)) + 1;
    uint64_t at_us = n->boot_us + up_us;
    return at_us < w->now_us ? w->now_us : at_us;
}

static void arm(struct hf_world *w, struct hf__node *n)
{
    if (n->deadline_us < n->timer_us) {
        n->timer_us = n->deadline_us;
        hf__push(w, n->timer_us, hf__what(HF__TIMER, n->incarnation, n->number));
    }
}

void hf__node_deadline(struct hf_world *w, struct hf__node *n, uint64_t deadline_ms)
{
    n->deadline_us = when(w, n, deadline_ms);
    arm(w, n);
}

static void hold(struct hf__node *n, uint64_t what)
{
    n->held = hf__grow(n->held, n->held_count, &n->held_cap, sizeof *n->held);
    n->held[n->held_count++] = what;
}

/* One entry of the queue for all that waits: each of thousands is touched twice, not once for each
 * that was before it. */
static void call_when_free(struct hf_world *w, struct hf__node *n)
{
    if (n->freed)
        return;
    n->freed = true;
    hf__push(w, n->busy_us > w->now_us ? n->busy_us : w->now_us, hf__what(HF__FREE, 0, n->number));
}

bool hf__node_postpones(struct hf_world *w, struct hf__node *n, uint64_t what)
{
    if (n->paused) {
        hold(n, what);
        return true;
    }
    if (n->busy_us > w->now_us) {
        if (n->backlog_at > n->backlog_count / 2) {
            n->backlog_count -= n->backlog_at;
            memmove(n->backlog, n->backlog + n->backlog_at, n->backlog_count * sizeof *n->backlog);
            n->backlog_at = 0;
        }
        n->backlog = hf__grow(n->backlog, n->backlog_count, &n->backlog_cap, sizeof *n->backlog);
        n->backlog[n->backlog_count++] = (struct hf__waiting){what, w->now_us};
        call_when_free(w, n);
        return true;
    }
    return false;
}

bool hf__node_next(struct hf_world *w, struct hf__node *n, uint64_t *ret_what)
{
    n->freed = false;
    if (n->busy_us > w->now_us) {
        call_when_free(w, n);
        return false;
    }
    if (n->backlog_at == n->backlog_count)
        return false;
    const struct hf__waiting *next = &n->backlog[n->backlog_at++];
    uint64_t waited_us = w->now_us - next->since_us;
    *ret_what = next->what;
    w->totals.waits++;
    w->totals.waited_us += waited_us;
    if (waited_us > w->totals.waited_most_us)
        w->totals.waited_most_us = waited_us;
    if (n->backlog_at < n->backlog_count) {
        call_when_free(w, n);
    } else {
        n->backlog_at = 0;
        n->backlog_count = 0;
    }
    return true;
}

void hf__step(struct hf_world *w, struct hf__node *n, struct hf_event *event)
{
    struct hf_update u;
    event->now_ms = hf__node_now_ms(w, n);
    event->wall_ms = hf__node_wall_ms(w, n);
    hf__cost_ns = 0;
    hf__cost_table = w->settings.processor.operation;
    hf_engine_step(n->engine, event, &u);
    w->totals.events++;
    hf__hash_run(w, (uint64_t)n->number << 8 | event->type, u.write_seq);
    uint64_t at_us = hf__compute_step(w, n, event, &u);
    n->busy_us = at_us;
    n->state = u.state;
    struct hf__stepped stepped = {w, n, at_us};
    hf_shell_carry_out(w->shell, &stepped, &u);
    if (n->crashing)
        hf_world_crash(w, n->number);
}

void hf__node_timer(struct hf_world *w, struct hf__node *n, uint64_t what)
{
    if (n->timer_us != w->now_us)
        return;
    if (n->paused) {
        hold(n, what);
        return;
    }
    n->timer_us = UINT64_MAX;
    if (n->deadline_us < n->busy_us)
        n->deadline_us = n->busy_us;
    if (n->deadline_us > w->now_us) {
        arm(w, n);
        return;
    }
    struct hf_event event = {.type = HF_EVENT_TICK};
    n->deadline_us = UINT64_MAX;
    w->totals.timers++;
    hf__step(w, n, &event);
}
