/* A node's process: it starts from its disk, steps its engine, stands still, and dies. */
#include "world/world.h"

#include "core/shell.h"
#include "suites/cost.h"
#include "lib/pages.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t now_ms(const struct hf_world *w, const struct hf__node *n)
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

static void hold(struct hf__node *n, uint64_t what)
{
    n->held = hf__grow(n->held, n->held_count, &n->held_cap, sizeof(*n->held));
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
            memmove(n->backlog, n->backlog + n->backlog_at, n->backlog_count * sizeof(*n->backlog));
            n->backlog_at = 0;
        }
        n->backlog = hf__grow(n->backlog, n->backlog_count, &n->backlog_cap, sizeof(*n->backlog));
        n->backlog[n->backlog_count++] = what;
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
    *ret_what = n->backlog[n->backlog_at++];
    if (n->backlog_at < n->backlog_count) {
        call_when_free(w, n);
    } else {
        n->backlog_at = 0;
        n->backlog_count = 0;
    }
    return true;
}

static void certify(struct hf_world *w, struct hf__node *n)
{
    static const uint8_t spki[44] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03};
    struct hf_account account;
    uint8_t signature[64];
    struct hf_bytes bytes = hf_bytes_of(spki, sizeof(spki));
    n->proven = false;
    if (hf_engine_certify(n->engine, bytes, &account, signature) != 0)
        return;
    if (w->suite->verify(account.bytes, "holdfast/v1/tls", bytes, signature) != 0) {
        hf__violate(w, n->number, "certificate", "a certificate's signature does not verify");
        return;
    }
    n->proven = true;
    hf__account_set(w, n, &account);
    hf__authority_saw(w, n);
}

/* The shell of a node whose step ends at at_us. */
struct shell {
    struct hf_world *w;
    struct hf__node *n;
    uint64_t at_us;
};

static void on_trace(void *shell, const struct hf_trace *trace)
{
    const struct shell *s = shell;
    hf__traced(s->w, s->n, trace);
}

static bool do_write(void *shell, const struct hf_update *u)
{
    const struct shell *s = shell;
    return hf__storage_take(s->w, s->n, u, s->at_us);
}

static void do_identity(void *shell, const struct hf_update *u)
{
    const struct shell *s = shell;
    (void)u;
    certify(s->w, s->n);
}

static void do_call(void *shell, const struct hf_call *call)
{
    const struct shell *s = shell;
    hf__network_call(s->w, s->n, call, s->at_us);
}

static void do_datagram(void *shell, const struct hf_datagram_out *datagram)
{
    const struct shell *s = shell;
    hf__network_datagram(s->w, s->n, datagram, s->at_us);
}

static void do_reply(void *shell, const struct hf_reply *reply)
{
    const struct shell *s = shell;
    hf__network_reply(s->w, s->n, reply, s->at_us);
}

static void do_work(void *shell, const struct hf_work *work)
{
    const struct shell *s = shell;
    hf__work_start(s->w, s->n, work, s->at_us);
}

static void do_local(void *shell, const struct hf_local_reply *reply)
{
    const struct shell *s = shell;
    hf__local_replied(s->w, s->n, reply);
}

static void set_deadline(void *shell, uint64_t deadline_ms)
{
    const struct shell *s = shell;
    s->n->deadline_us = when(s->w, s->n, deadline_ms);
    arm(s->w, s->n);
}

static const struct hf_shell how = {.trace = on_trace,
                                    .write = do_write,
                                    .identity = do_identity,
                                    .call = do_call,
                                    .datagram = do_datagram,
                                    .reply = do_reply,
                                    .work = do_work,
                                    .local = do_local,
                                    .deadline = set_deadline};

void hf__step(struct hf_world *w, struct hf__node *n, struct hf_event *event)
{
    struct hf_update u;
    event->now_ms = now_ms(w, n);
    event->wall_ms = hf__node_wall_ms(w, n);
    hf__cost_ns = 0;
    hf__cost_table = w->settings.processor.operation;
    hf_engine_step(n->engine, event, &u);
    w->totals.events++;
    hf__hash_run(w, (uint64_t)n->number << 8 | event->type, u.write_seq);
    uint64_t at_us = hf__compute_step(w, n, event, &u);
    n->busy_us = at_us;
    n->state = u.state;
    struct shell shell = {w, n, at_us};
    hf_shell_carry_out(&how, &shell, &u);
    if (n->crashing)
        hf_world_crash(w, n->number);
}

static void seeds_of(struct hf_world *w, uint32_t node, char (*ret)[24], const char **ret_list,
                     size_t *ret_count)
{
    size_t count = 0;
    for (uint32_t i = 0; i < w->nodes_count && count < 3; i++) {
        if (i == node)
            continue;
        snprintf(ret[count], sizeof(ret[count]), "n%u:7400", i);
        ret_list[count] = ret[count];
        count++;
    }
    *ret_count = count;
}

/* Whose engine is being made: the engine's hook for memory has no argument for it. */
static struct hf__node *allocates;

static void *plain_alloc(size_t len)
{
    void *p = calloc(1, len);
    if (allocates != NULL) {
        hf_assert(allocates->secrets == NULL); /* an engine keeps all of them in one piece */
        allocates->secrets = p;
        allocates->secrets_len = (uint32_t)len;
    }
    return p;
}

static void boot(struct hf_world *w, struct hf__node *n)
{
    char addresses[3][24];
    const char *list[3];
    struct hf_engine_config config = {
        .suite = w->suite,
        .shared = w->shared,
        .seeds = list,
        .timing = w->settings.timing,
        .accept_dev = true,
        .secret_alloc = plain_alloc,
        .secret_free = free,
    };
    struct hf__stream seed;
    hf__stream_init(&seed, w->settings.seed ^ hf__mix(n->incarnation), "engine", n->number);
    hf__draw_bytes(&seed, config.seed, sizeof(config.seed));
    config.network = w->authority.network;
    config.network.bytes[0] ^= n->config_network;
    if (n->config_seeds) {
        list[0] = "nowhere:7400";
        config.seeds_count = 1;
    } else {
        seeds_of(w, n->number, addresses, list, &config.seeds_count);
    }
    config.account = n->told;
    n->secrets = NULL;
    allocates = n;
    int r = hf_engine_new(&config, &n->engine);
    allocates = NULL;
    hf_assert(r == 0);
}

void hf_world_start(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    if (n->engine != NULL || n->gone)
        return;
    w->disturbed_us = w->now_us;
    n->incarnation++;
    n->boot_us = w->now_us;
    n->busy_us = w->now_us;
    n->timer_us = UINT64_MAX;
    n->deadline_us = UINT64_MAX;
    n->durable_seq = 0;
    n->paused = false;
    n->silent = false;
    n->crashing = false;
    n->state = HF_STATE_STARTING;
    n->told_error = false;
    n->machine = n->machine_next;
    n->image = n->image_next;
    hf__pages_grown();
    boot(w, n);
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].started != NULL)
            w->observers[i].started(w->observers[i].ctx, w, node);
    }
    size_t count;
    struct hf_row_in *rows = hf__disk_rows(&n->disk, true, &count);
    struct hf_event event = {.type = HF_EVENT_START};
    event.u.start.vault = (enum hf_vault_state)n->disk.vault;
    event.u.start.rows = rows;
    event.u.start.rows_count = count;
    hf__step(w, n, &event);
    free(rows);
    if (n->engine != NULL && !w->authority.quiet)
        hf__push(w, w->now_us, hf__what(HF__GIVE, n->incarnation, node));
}

/* What waited for a process that stood still dies with it. */
static void forget_held(struct hf_world *w, struct hf__node *n)
{
    for (size_t i = 0; i < n->held_count; i++) {
        if (n->held[i] >> 56 == HF__ARRIVAL)
            hf__message_free(w, (uint32_t)n->held[i]);
        else if (n->held[i] >> 56 == HF__WORK_DONE)
            hf__work_drop(w, n->held[i]);
    }
    n->held_count = 0;
}

void hf_world_crash(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    if (n->engine == NULL)
        return;
    w->disturbed_us = w->now_us;
    hf_engine_free(n->engine);
    n->engine = NULL;
    n->proven = false;
    n->crashing = false;
    forget_held(w, n);
    hf__storage_crash(w, n);
    hf__resets_expect(w);
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].crashed != NULL)
            w->observers[i].crashed(w->observers[i].ctx, w, node);
    }
}

void hf_world_power_off(struct hf_world *w, uint32_t node)
{
    hf__node(w, node)->silent = true;
    hf_world_crash(w, node);
}

void hf_world_unlist(struct hf_world *w, uint32_t node)
{
    hf__node(w, node)->unlisted = true;
}

void hf_world_pause(struct hf_world *w, uint32_t node)
{
    w->disturbed_us = w->now_us;
    hf__node(w, node)->paused = true;
}

void hf_world_resume(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    w->disturbed_us = w->now_us;
    n->paused = false;
    for (size_t i = 0; i < n->held_count; i++) {
        if (n->held[i] >> 56 == HF__TIMER)
            n->timer_us = w->now_us;
        hf__push(w, w->now_us, n->held[i]);
    }
    n->held_count = 0;
}

void hf_world_slow(struct hf_world *w, uint32_t node, double factor)
{
    hf_assert(factor >= 1);
    w->disturbed_us = w->now_us;
    hf__node(w, node)->slowness = (float)factor;
}

bool hf_world_running(const struct hf_world *w, uint32_t node)
{
    return hf__node(w, node)->engine != NULL;
}

/* The timer's entry has come; it may be an old one. */
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

void hf__node_release(struct hf_world *w, struct hf__node *n)
{
    if (n->engine != NULL) {
        hf_engine_free(n->engine);
        n->engine = NULL;
        hf__storage_crash(w, n);
    }
    hf__disk_done(&n->disk);
    free(n->told);
    free(n->held);
    free(n->backlog);
    free(n);
}
