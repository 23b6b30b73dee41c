/* Counters for Prometheus on a loopback port, and the status page: one HTTP/1.0 answer for each
 * connection. */
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "clock/clock.h"
#include "daemon.h"
#include "log.h"
#include "page/page.h"
#include "page/question.h"
#include "sandbox/sandbox.h"

#include <assert.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>

enum {
    TEXT_MAX = 64 << 10,
    ANSWER_MAX = HF_PAGE_MAX,
    READ_LEN = 1024,
    ASKERS_MAX = 16,     /* at once: then who came first of them goes, if it had its time to ask */
    OPEN_MAX = 256,      /* whatever time it had */
    ASK_MS = 250,        /* this time: a burst of silent ones takes no scrape's place */
    ASKER_MS_MAX = 5000, /* for question and answer */
    LOOK_MS = 500,       /* how often that is looked at */
};

struct asker {
    uv_tcp_t tcp;
    struct hf__metrics *owner;
    struct asker *next;
    uv_write_t write;
    struct hf_buf answer;
    uint64_t since_ms;
    bool closing;
    char in[READ_LEN]; /* what was read last */
    struct hf_question question;
};

struct hf__metrics {
    struct hf__daemon *d;
    uv_tcp_t tcp;
    uv_timer_t patience;  /* runs while there is an asker */
    struct asker *askers; /* newest first */
    struct asker *spare;  /* for one who comes when memory is short, to close it with */
    bool waiting;         /* an asker came when the spare was in use too */
    size_t handles;       /* of listener, timer and askers, still open: freed at 0 */
};

static void head(struct hf_buf *b, const char *name, const char *type, const char *what)
{
    hf_buf_printf(b, "# HELP holdfast_%s %s\n# TYPE holdfast_%s %s\n", name, what, name, type);
}

static void metric(struct hf_buf *b, const char *name, const char *type, const char *what,
                   uint64_t value)
{
    head(b, name, type, what);
    hf_buf_printf(b, "holdfast_%s %llu\n", name, (unsigned long long)value);
}

/* A span in seconds, from microseconds. */
static void span_metric(struct hf_buf *b, const char *name, const char *type, const char *what,
                        uint64_t us)
{
    head(b, name, type, what);
    hf_buf_printf(b, "holdfast_%s %llu.%06u\n", name, (unsigned long long)(us / 1000000),
                  (unsigned)(us % 1000000));
}

static void daemon_metrics(struct hf__daemon *d, struct hf_buf *b)
{
#define HF_METRIC_DAEMON(name, type, unit, what, reading, value) metric(b, name, type, what, value);
#include "metrics.def"
}

static void engine_metrics(struct hf__daemon *d, struct hf_buf *b)
{
    struct hf_status *s = calloc(1, sizeof *s);
    if (s == NULL)
        return;
    hf_engine_status(d->engine, d->gate.durable, s);
#define HF_METRIC_ENGINE(name, type, unit, what, reading, value) metric(b, name, type, what, value);
#include "metrics.def"
    struct hf__outlook *o = calloc(1, sizeof *o);
    if (o != NULL) {
        hf__watch_outlook(d, s, hf_clock_monotonic_ms(), o);
#define HF_METRIC_OUTLOOK(name, type, unit, what, reading, value)                                  \
    metric(b, name, type, what, value);
#include "metrics.def"
    }
    free(o);
#define HF_METRIC_STATE(name, type, unit, what, reading, value)                                    \
    head(b, name, type, what);                                                                     \
    hf_buf_printf(b, "holdfast_%s{state=\"%s\"} 1\n", name, hf_state_name(s->state));
#define HF_METRIC_REASON(name, type, unit, what, reading, value)                                   \
    head(b, name, type, what);                                                                     \
    hf_buf_printf(b, "holdfast_%s{reason=\"%s\",of=\"%s\"} %d\n", name, reason, of, value);
    const char *of = hf__status_reason_of(d, s), *reason = "none";
    if (of != NULL)
        reason = hf_error_name(s->reason);
    else
        of = "none";
#include "metrics.def"
    free(s);
}

static void collateral_metrics(struct hf__daemon *d, struct hf_buf *b)
{
    struct hf__collateral_facts f;
    hf__collateral_facts(d, &f);
    bool serves = f.use == HF_REFRESH_CURRENT || f.use == HF_REFRESH_STALE;
#define HF_METRIC_COLLATERAL(name, type, unit, what, reading, value)                               \
    metric(b, name, type, what, value);
#include "metrics.def"
}

static void time_metrics(struct hf__daemon *d, struct hf_buf *b)
{
    struct hf_time_status t;
    hf_engine_time(d->engine, &t);
#define HF_METRIC_TIME(name, type, unit, what, reading, value) metric(b, name, type, what, value);
#define HF_METRIC_TIMESPAN(name, type, unit, what, reading, value)                                 \
    span_metric(b, name, type, what, value);
#include "metrics.def"
}

static void store_metrics(struct hf__daemon *d, struct hf_buf *b)
{
    struct hf__storage_stats s;
    hf__storage_stats(d->storage, &s);
#define HF_METRIC_STORE(name, type, unit, what, reading, value) metric(b, name, type, what, value);
#include "metrics.def"
}

static void net_metrics(struct hf__daemon *d, struct hf_buf *b)
{
    enum {
#define X(field, sentence) +1
        COUNTERS = 0 HF_NET_COUNTER_MAP(X),
#undef X
#define HF_METRIC_NET(name, type, unit, what, reading, value) +1
        ROWS = 0
#include "metrics.def"
    };
    static_assert((int)COUNTERS == (int)ROWS, "metrics.def has a row for each counter of net");
    const struct hf_net_stats *n = hf_net_stats(d->net);
#define HF_METRIC_NET(name, type, unit, what, reading, value) metric(b, name, type, what, value);
#include "metrics.def"
}

static void event_metrics(struct hf__daemon *d, struct hf_buf *b)
{
#define HF_METRIC_EVENTS(name, type, unit, what, reading, value)                                   \
    head(b, name, type, what);                                                                     \
    for (size_t i = 0; i < HF_ARRAY_LEN(d->traces); i++)                                           \
        if (d->traces[i] > 0)                                                                      \
            hf_buf_printf(b, "holdfast_%s{event=\"%s\"} %llu\n", name,                             \
                          hf_trace_name((enum hf_trace_type)i), (unsigned long long)d->traces[i]);
#include "metrics.def"
}

static void write_plain(struct hf_buf *b, const char *status, const char *text)
{
    hf_buf_printf(b, "HTTP/1.0 %s\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n%s\n",
                  status, text);
}

static void write_metrics(struct hf__daemon *d, struct hf_buf *b)
{
    daemon_metrics(d, b);
    if (d->running)
        engine_metrics(d, b);
    collateral_metrics(d, b);
    if (d->storage != NULL)
        time_metrics(d, b);
    store_metrics(d, b);
    net_metrics(d, b);
    event_metrics(d, b);
}

void hf__metrics_text(struct hf__daemon *d, struct hf_buf *ret)
{
    hf_buf_init(ret, TEXT_MAX);
    write_metrics(d, ret);
}

/* The page, for those who asked this machine for it. */
static void answer_page(struct hf__daemon *d, const struct hf_question *q, struct hf_buf *b)
{
    bool home = hf_question_at_home(q);
    json_t *data = home ? hf__page_data(d) : NULL;
    if (!home)
        write_plain(b, "421 Misdirected Request",
                    "this page is for 127.0.0.1 and localhost, and was asked for by another name");
    else
        hf_page_answer(data, hf_question_asks(q, "/page.json"), b);
    json_decref(data);
}

/*
 * /metrics; /healthz: the loop answers, which is all that a supervisor may restart it for; /readyz:
 * keys can be had now; where the settings want it the page, and what it is drawn from.
 */
static void answer(struct hf__daemon *d, const struct hf_question *q, struct hf_buf *b)
{
    struct hf_status s;
    bool page = d->settings->metrics->page;
    if (hf_question_asks(q, "/metrics")) {
        hf_buf_printf(b, "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                         "Connection: close\r\n\r\n");
        write_metrics(d, b);
    } else if (hf_question_asks(q, "/healthz")) {
        write_plain(b, "200 OK", "ok");
    } else if (hf_question_asks(q, "/readyz")) {
        hf__watch_status(d, &s);
        bool ready = hf__watch_serves(&s);
        write_plain(b, ready ? "200 OK" : "503 Service Unavailable", hf_state_name(s.state));
    } else if (page && (hf_question_asks(q, "/") || hf_question_asks(q, "/page.json"))) {
        answer_page(d, q, b);
    } else {
        write_plain(b, "404 Not Found",
                    page ? "the status page is at /, metrics at /metrics; there are /healthz and "
                           "/readyz"
                         : "metrics are at /metrics; there are /healthz and /readyz");
    }
}

static void on_connection(uv_stream_t *server, int status);

/* A handle has closed. Which of them is the last depends on who is connected. */
static void unref(struct hf__metrics *m)
{
    if (--m->handles > 0)
        return;
    m->d->metrics = NULL;
    free(m->spare);
    free(m);
}

static void on_closed(uv_handle_t *handle)
{
    struct asker *a = handle->data, **at = &a->owner->askers;
    struct hf__metrics *m = a->owner;
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    hf_buf_done(&a->answer);
    if (m->spare == NULL)
        m->spare = a;
    else
        free(a);
    if (m->askers == NULL)
        uv_timer_stop(&m->patience);
    if (m->waiting && !uv_is_closing((uv_handle_t *)&m->tcp)) {
        m->waiting = false;
        on_connection((uv_stream_t *)&m->tcp, 0);
    }
    unref(m);
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

static void send_answer(struct asker *a, uv_stream_t *stream)
{
    uv_buf_t out = uv_buf_init((char *)a->answer.data, (unsigned)a->answer.len);
    a->write.data = a;
    if (a->answer.error != 0 || uv_write(&a->write, stream, &out, 1, on_written) != 0)
        end(a);
}

/* The whole head is read before it is answered: what is left unread when a connection is closed
 * has the kernel reset it, and the answer may be lost. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct asker *a = stream->data;
    (void)buf;
    if (n == 0)
        return;
    enum hf_question_state state = HF_QUESTION_UNDER_WAY;
    if (n > 0)
        state = hf_question_take(&a->question, hf_bytes_of(a->in, (size_t)n));
    if (n > 0 && state == HF_QUESTION_UNDER_WAY)
        return;
    uv_read_stop(stream);
    if (state == HF_QUESTION_WHOLE)
        answer(a->owner->d, &a->question, &a->answer);
    else if (state == HF_QUESTION_TOO_LONG)
        write_plain(&a->answer, "431 Request Header Fields Too Large", "too long a head");
    if (n < 0)
        end(a);
    else
        send_answer(a, stream);
}

/* Ends who came first where there are more than there may be, and it had its time; whether it
 * did. */
static bool make_place(struct hf__metrics *m)
{
    size_t open = 0;
    struct asker *first = NULL;
    for (struct asker *a = m->askers; a != NULL; a = a->next)
        if (!a->closing) {
            open++;
            first = a;
        }
    if (open <= ASKERS_MAX ||
        (open <= OPEN_MAX && hf_clock_monotonic_ms() - first->since_ms < ASK_MS))
        return false;
    end(first);
    return true;
}

/* Lets those go whose time is over. */
static void on_patience(uv_timer_t *timer)
{
    struct hf__metrics *m = timer->data;
    uint64_t now_ms = hf_clock_monotonic_ms();
    for (struct asker *a = m->askers; a != NULL; a = a->next)
        if (now_ms - a->since_ms >= ASKER_MS_MAX)
            end(a);
    while (make_place(m))
        ;
}

/* Takes in every asker: libuv gives no other connection before this one is accepted. */
static void on_connection(uv_stream_t *server, int status)
{
    struct hf__metrics *m = server->data;
    if (status != 0)
        return;
    struct asker *a = calloc(1, sizeof *a);
    bool short_of_memory = a == NULL;
    if (short_of_memory) {
        a = m->spare;
        m->spare = NULL;
    }
    m->waiting = a == NULL;
    if (a == NULL)
        return;
    memset(a, 0, sizeof *a);
    int r = uv_tcp_init(server->loop, &a->tcp);
    hf_assert(r == 0); /* it only fills in the handle */
    a->owner = m;
    a->tcp.data = a;
    a->since_ms = hf_clock_monotonic_ms();
    a->next = m->askers;
    m->askers = a;
    m->handles++;
    hf_buf_init(&a->answer, ANSWER_MAX);
    if (!uv_is_active((uv_handle_t *)&m->patience))
        uv_timer_start(&m->patience, on_patience, LOOK_MS, LOOK_MS);
    if (uv_accept(server, (uv_stream_t *)&a->tcp) != 0 || short_of_memory ||
        uv_read_start((uv_stream_t *)&a->tcp, on_alloc, on_read) != 0)
        end(a);
    while (make_place(m))
        ;
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
    struct asker *spare = calloc(1, sizeof *spare);
    if (m == NULL || spare == NULL) {
        free(m);
        free(spare);
        return;
    }
    int r = uv_tcp_init(&d->loop, &m->tcp);
    if (r == 0)
        r = uv_timer_init(&d->loop, &m->patience);
    hf_assert(r == 0); /* they only fill in the handles */
    m->d = d;
    m->spare = spare;
    m->handles = 2;
    m->tcp.data = m->patience.data = m;
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

static void on_handle_closed(uv_handle_t *handle)
{
    unref(handle->data);
}

void hf__metrics_close(struct hf__daemon *d)
{
    if (d->metrics == NULL)
        return;
    for (struct asker *a = d->metrics->askers; a != NULL; a = a->next)
        end(a);
    uv_close((uv_handle_t *)&d->metrics->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&d->metrics->patience, on_handle_closed);
}
