/* A process as a whole: it starts from its disk, is driven by a shell, stands still, dies. */
#include "run/run.h"

#include "authority/authority.h"
#include "checkers/checkers.h"
#include "lib/pages.h"
#include "network/network.h"
#include "node/node.h"
#include "storage/storage.h"

#include "core/shell.h"
#include "crypto/aead.h"

#include <stdio.h>
#include <stdlib.h>

static void certify(struct hf_world *w, struct hf__node *n)
{
    static const uint8_t spki[44] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03};
    struct hf_account account;
    uint8_t signature[64];
    struct hf_bytes bytes = hf_bytes_of(spki, sizeof spki);
    n->proven = false;
    if (hf_engine_certify(n->engine, bytes, &account, signature) != 0)
        return;
    if (w->suite->verify(account.bytes, "holdfast/v1/tls", bytes, signature) != 0) {
        hf__violate(w, n->number, "certificate", "a certificate's signature does not verify");
        return;
    }
    n->proven = true;
    hf__account_set(w, n, &account);
    hf__account_moves(w, n);
    hf__authority_saw(w, n);
}

static void on_trace(void *stepped, const struct hf_trace *trace)
{
    const struct hf__stepped *s = stepped;
    hf__traced(s->w, s->n, trace);
}

static bool do_write(void *stepped, const struct hf_update *u)
{
    const struct hf__stepped *s = stepped;
    return hf__storage_take(s->w, s->n, u, s->at_us);
}

static void do_identity(void *stepped, const struct hf_update *u)
{
    const struct hf__stepped *s = stepped;
    (void)u;
    certify(s->w, s->n);
}

/* A message leaves when the write that it depends on is durable. */
static void leave(const struct hf__stepped *s, uint64_t after, uint32_t message)
{
    if (message != HF__NOBODY && !hf__storage_holds(s->w, s->n, after, message))
        hf__network_send(s->w, message, s->at_us);
}

static void do_call(void *stepped, const struct hf_call *call)
{
    const struct hf__stepped *s = stepped;
    leave(s, call->after, hf__network_call(s->w, s->n, call, s->at_us));
}

static void do_datagram(void *stepped, const struct hf_datagram_out *datagram)
{
    const struct hf__stepped *s = stepped;
    leave(s, datagram->after, hf__network_datagram(s->w, s->n, datagram));
}

static void do_reply(void *stepped, const struct hf_reply *reply)
{
    const struct hf__stepped *s = stepped;
    leave(s, reply->after, hf__network_reply(s->w, s->n, reply));
}

static void do_work(void *stepped, const struct hf_work *work)
{
    const struct hf__stepped *s = stepped;
    hf__work_start(s->w, s->n, work, s->at_us);
}

static void do_local(void *stepped, const struct hf_local_reply *reply)
{
    const struct hf__stepped *s = stepped;
    hf__local_replied(s->w, s->n, reply);
}

static void set_deadline(void *stepped, uint64_t deadline_ms)
{
    const struct hf__stepped *s = stepped;
    hf__node_deadline(s->w, s->n, deadline_ms);
}

const struct hf_shell hf__process_shell = {.trace = on_trace,
                                           .write = do_write,
                                           .identity = do_identity,
                                           .call = do_call,
                                           .datagram = do_datagram,
                                           .reply = do_reply,
                                           .work = do_work,
                                           .local = do_local,
                                           .deadline = set_deadline};

static void seeds_of(struct hf_world *w, uint32_t node, char (*ret)[24], const char **ret_list,
                     size_t *ret_count)
{
    size_t count = 0;
    for (uint32_t i = 0; i < w->nodes_count && count < 3; i++) {
        if (i == node)
            continue;
        snprintf(ret[count], sizeof ret[count], "n%u:7400", i);
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
    char here[24], from[24];
    struct hf_engine_config config = {
        .suite = w->suite,
        .shared = w->shared,
        .seeds = list,
        .timing = w->settings.timing,
        .accept_dev = true,
        /* Two machines of three have AES instructions; as far as this one has them. */
        .gcm = n->number % 3 != 0 &&
               (w->settings.crypto != HF_WORLD_REAL || hf_aead_available(HF_AEAD_AES256GCM)),
        .secret_alloc = plain_alloc,
        .secret_free = free,
    };
    struct hf__stream seed;
    hf__stream_init(&seed, w->settings.seed ^ w->fresh ^ hf__mix(n->incarnation), "engine",
                    n->number);
    hf__draw_bytes(&seed, config.seed, sizeof config.seed);
    config.network = w->authority.network;
    config.network.bytes[0] ^= n->config_network;
    if (n->config_seeds) {
        list[0] = "nowhere:7400";
        config.seeds_count = 1;
    } else {
        seeds_of(w, n->number, addresses, list, &config.seeds_count);
    }
    config.account = n->told;
    config.find_account = n->finds;
    snprintf(here, sizeof here, "n%u:7400", n->number);
    snprintf(from, sizeof from, "n%ld:7400", n->takes_over);
    config.handover_from = n->takes_over >= 0 ? from : NULL;
    config.address = n->finds || n->takes_over >= 0 ? here : NULL;
    n->secrets = NULL;
    allocates = n;
    int r = hf_engine_new(&config, &n->engine);
    allocates = NULL;
    hf_assert(r == 0);
}

static void start(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
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
    if (n->engine != NULL)
        hf__node_timed_from(w, n);
    if (n->engine != NULL && !w->authority.quiet)
        hf__push(w, w->now_us, hf__what(HF__GIVE, n->incarnation, node));
}

void hf_world_start(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    if (n->engine != NULL || n->gone || n->booted_us > w->now_us)
        return;
    uint64_t boots_us = hf__draw_duration(&w->streams[HF__FOR_BOOT], w->settings.boot);
    if (boots_us == 0) {
        start(w, node);
        return;
    }
    n->booted_us = w->now_us + boots_us;
    hf__push(w, n->booted_us, hf__what(HF__BOOTED, 0, node));
}

void hf__process_booted(struct hf_world *w, uint32_t node)
{
    const struct hf__node *n = hf__node(w, node);
    if (n->booted_us == w->now_us && n->engine == NULL && !n->gone)
        start(w, node);
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
    n->booted_us = 0;
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

void hf_world_corrupt(struct hf_world *w, uint32_t node)
{
    hf__node(w, node)->corrupt = true;
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

void hf__process_release(struct hf_world *w, struct hf__node *n)
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
