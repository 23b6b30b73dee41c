/* Counters for Prometheus on a loopback port: one short HTTP/1.0 answer for each connection. */
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "clock/clock.h"
#include "daemon.h"
#include "log.h"

#include <netinet/in.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 << 10, ASKERS_MAX = 16, ASK_LEN = 1024 };

struct asker {
    uv_tcp_t tcp;
    struct hf__metrics *owner;
    uv_write_t write;
    struct hf_buf answer;
    bool closing;
    char in[ASK_LEN];
};

struct hf__metrics {
    struct hf__daemon *d;
    uv_tcp_t tcp;
    size_t count;
};

static void metric(struct hf_buf *b, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    hf_buf_printf(b, "# HELP holdfast_%s %s\n# TYPE holdfast_%s %s\nholdfast_%s %llu\n", name, help,
                  name, type, name, (unsigned long long)value);
}

static void engine_metrics(struct hf__daemon *d, struct hf_buf *b)
{
    struct hf_status *s = calloc(1, sizeof *s);
    if (s == NULL)
        return;
    hf_engine_status(d->engine, hf_clock_monotonic_ms(), s);
    metric(b, "ready", "gauge", "1 in the state ready", s->state == HF_STATE_READY);
    metric(b, "open", "gauge", "1 while the vault is open", s->open);
    metric(b, "policy_version", "gauge", "newest policy", s->policy);
    metric(b, "epoch", "gauge", "newest validator set", s->epoch);
    metric(b, "owners", "gauge", "validators for whom shares are kept", s->owners);
    metric(b, "shares", "gauge", "shares kept", s->shares);
    metric(b, "engine_bytes", "gauge", "memory of the engine", hf_engine_memory(d->engine));
    hf_buf_printf(b,
                  "# HELP holdfast_state 1 for the state that the node is in\n"
                  "# TYPE holdfast_state gauge\nholdfast_state{state=\"%s\"} 1\n",
                  hf_state_name(s->state));
    free(s);
}

static void collateral_metrics(struct hf__daemon *d, struct hf_buf *b)
{
    struct hf__collateral_facts f;
    hf__collateral_facts(d, &f);
    bool serves = f.use == HF_REFRESH_CURRENT || f.use == HF_REFRESH_STALE;
    metric(b, "collateral_serves", "gauge", "1 while quotes can be judged by it", serves);
    metric(b, "collateral_expires_s", "gauge", "Unix time; 0: there is none", f.expires_s);
    metric(b, "collateral_issued_s", "gauge", "Unix time of its newest document", f.issued_s);
    metric(b, "collateral_fetches_total", "counter", "that brought a set", f.fetches);
    metric(b, "collateral_failures_total", "counter", "fetches that failed", f.failures_total);
}

static void write_text(struct hf__daemon *d, struct hf_buf *b)
{
    const struct hf_net_stats *n = hf_net_stats(d->net);
    hf_buf_printf(b, "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                     "Connection: close\r\n\r\n");
    metric(b, "uptime_ms", "gauge", "since the start", hf_clock_monotonic_ms() - d->started_ms);
    metric(b, "secret_bytes", "gauge", "locked memory in use", hf_secret_used());
    metric(b, "outputs_waiting", "gauge", "outputs that wait for a write", d->gate.count);
    if (d->running)
        engine_metrics(d, b);
    collateral_metrics(d, b);
    if (d->storage != NULL) {
        struct hf__storage_stats s;
        hf__storage_stats(d->storage, &s);
        metric(b, "store_groups_total", "counter", "transactions committed", s.groups);
        metric(b, "store_updates_total", "counter", "updates in them", s.updates);
        metric(b, "store_waiting", "gauge", "updates that wait", s.waiting);
    }
#define X(field, sentence) metric(b, "net_" #field "_total", "counter", sentence, n->field);
    HF_NET_COUNTER_MAP(X)
#undef X
    hf_buf_printf(b, "# HELP holdfast_events_total what the engine reported\n"
                     "# TYPE holdfast_events_total counter\n");
    for (size_t i = 0; i < HF_ARRAY_LEN(d->traces); i++)
        if (d->traces[i] > 0)
            hf_buf_printf(b, "holdfast_events_total{event=\"%s\"} %llu\n",
                          hf_trace_name((enum hf_trace_type)i), (unsigned long long)d->traces[i]);
}

static void on_closed(uv_handle_t *handle)
{
    struct asker *a = handle->data;
    a->owner->count--;
    hf_buf_done(&a->answer);
    free(a);
}

static void end(struct asker *a)
{
    if (!a->closing)
        uv_close((uv_handle_t *)&a->tcp, on_closed);
    a->closing = true;
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    end(write->data);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct asker *a = handle->data;
    (void)suggested;
    *ret = uv_buf_init(a->in, sizeof a->in);
}

/* Whatever is asked, there is one answer. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct asker *a = stream->data;
    (void)buf;
    if (n == 0)
        return;
    uv_read_stop(stream);
    if (n > 0)
        write_text(a->owner->d, &a->answer);
    uv_buf_t out = uv_buf_init((char *)a->answer.data, (unsigned)a->answer.len);
    a->write.data = a;
    if (n < 0 || a->answer.error != 0 || uv_write(&a->write, stream, &out, 1, on_written) != 0)
        end(a);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct hf__metrics *m = server->data;
    struct asker *a = status == 0 && m->count < ASKERS_MAX ? calloc(1, sizeof *a) : NULL;
    if (a == NULL || uv_tcp_init(server->loop, &a->tcp) != 0) {
        free(a);
        return;
    }
    a->owner = m;
    a->tcp.data = a;
    m->count++;
    hf_buf_init(&a->answer, TEXT_MAX);
    if (uv_accept(server, (uv_stream_t *)&a->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&a->tcp, on_alloc, on_read) != 0)
        end(a);
}

void hf__metrics_open(struct hf__daemon *d)
{
    struct sockaddr_storage bound;
    int len = sizeof bound;
    struct hf__line l;
    struct sockaddr_in address;
    if (d->settings->metrics == NULL)
        return;
    struct hf__metrics *m = calloc(1, sizeof *m);
    if (m == NULL)
        return;
    int r = uv_tcp_init(&d->loop, &m->tcp);
    hf_assert(r == 0);
    m->d = d;
    m->tcp.data = m;
    d->metrics = m;
    r = uv_ip4_addr("127.0.0.1", d->settings->metrics->port, &address);
    if (r == 0)
        r = uv_tcp_bind(&m->tcp, (const struct sockaddr *)&address, 0);
    if (r == 0)
        r = uv_listen((uv_stream_t *)&m->tcp, 16, on_connection);
    if (r == 0)
        r = uv_tcp_getsockname(&m->tcp, (struct sockaddr *)&bound, &len);
    if (r != 0) {
        hf__log(HF__ERROR, "no_metrics", uv_strerror(r), HF_EADDRINUSE);
    } else if (hf__log_begin(&l, HF__INFO, "metrics")) {
        hf__line_uint(&l, "port", ntohs(((const struct sockaddr_in *)&bound)->sin_port));
        hf__log_write(&l);
    }
}

static void on_server_closed(uv_handle_t *handle)
{
    struct hf__metrics *m = handle->data;
    m->d->metrics = NULL;
    free(m);
}

void hf__metrics_close(struct hf__daemon *d)
{
    if (d->metrics != NULL)
        uv_close((uv_handle_t *)&d->metrics->tcp, on_server_closed);
}
