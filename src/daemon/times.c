#include "times.h"

#include "base/error.h"
#include "clock/clock.h"
#include "daemon.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PACKET_MAX = 16384 };

struct hf__times {
    int fd; /* of the question that is out; -1: none is */
    uint64_t asked_ms;
    bool asked; /* at all */
    struct hf_clock_watch clock;
    uint8_t packet[PACKET_MAX];
};

static void tell(struct hf__daemon *d, int error, struct hf_bytes report, bool bent)
{
    struct hf_event event = {.type = HF_EVENT_TIME};
    event.u.time.error = error;
    event.u.time.asked_ms = d->times->asked_ms;
    event.u.time.report = report;
    event.u.time.bent = bent;
    hf__daemon_step(d, &event);
}

static void hang_up(struct hf__times *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

static void failed(struct hf__daemon *d)
{
    hang_up(d->times);
    tell(d, HF_ETIMEHELPER, (struct hf_bytes){0}, false);
}

/* ---- asking */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void ask(struct hf__daemon *d)
{
    struct hf__times *t = d->times;
    struct hf_buf b;
    hf_buf_init(&b, PACKET_MAX);
    if (hf_engine_time_ask(d->engine, &b) == 0) {
        t->asked = true;
        t->asked_ms = hf_clock_monotonic_ms();
        t->fd = connect_to(d->settings->time_helper);
        if (t->fd < 0 || send(t->fd, b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
            failed(d);
    }
    hf_buf_done(&b);
}

static void listen_to(struct hf__daemon *d)
{
    struct hf__times *t = d->times;
    ssize_t got = recv(t->fd, t->packet, sizeof t->packet, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (hf_clock_monotonic_ms() - t->asked_ms >= HF_TIME_ANSWER_MS)
            failed(d);
    } else if (got <= 0) {
        failed(d);
    } else {
        hang_up(t);
        tell(d, 0, hf_bytes_of(t->packet, (size_t)got), false);
    }
}

void hf__times_tick(struct hf__daemon *d)
{
    struct hf__times *t = d->times;
    if (!d->running)
        return;
    /* What is known moves with this clock. */
    if (hf_clock_bent(&t->clock))
        tell(d, HF_ETIMEFEW, (struct hf_bytes){0}, true);
    if (t->fd >= 0)
        listen_to(d);
    else if (!t->asked || hf_clock_monotonic_ms() - t->asked_ms >= HF_TIME_ASK_MS)
        ask(d);
}

int hf__times_new(struct hf__daemon *d)
{
    d->times = calloc(1, sizeof *d->times);
    if (d->times == NULL)
        return HF_ENOMEM;
    d->times->fd = -1;
    return 0;
}

void hf__times_free(struct hf__daemon *d)
{
    if (d->times == NULL)
        return;
    hang_up(d->times);
    free(d->times);
    d->times = NULL;
}

/* ---- status */

static void set(json_t *o, const char *name, json_t *value)
{
    int r = json_object_set_new_nocheck(o, name, value);
    hf_assert(r == 0);
}

static json_t *number(uint64_t v)
{
    return json_integer((json_int_t)v);
}

static json_t *name(struct hf_bytes b)
{
    json_t *text = json_stringn((const char *)b.data, b.len);
    return text != NULL ? text : json_null();
}

static json_t *server(const struct hf_time_server_status *s)
{
    static const char *const states[] = {[HF_TIME_UNASKED] = "not_asked",
                                         [HF_TIME_EXCHANGE] = "no_keys",
                                         [HF_TIME_UNANSWERED] = "no_answer",
                                         [HF_TIME_SAMPLED] = "answers"};
    json_t *o = json_object();
    set(o, "name", name(s->name));
    set(o, "operator", name(s->operator_name));
    set(o, "state", json_string(states[s->state]));
    set(o, "offset_us", s->sampled ? json_integer(s->off_us) : json_null());
    set(o, "uncertainty_us", s->sampled ? number(s->radius_us) : json_null());
    set(o, "age_s", s->sampled ? number(s->age_s) : json_null());
    return o;
}

json_t *hf__times_json(const struct hf__daemon *d)
{
    struct hf_time_status s;
    if (!d->running)
        return json_null();
    hf_engine_time(d->engine, &s);
    if (s.listed == 0)
        return json_null();
    json_t *o = json_object(), *list = json_array();
    set(o, "known", json_boolean(s.known));
    set(o, "error", hf__status_error(s.reason));
    set(o, "listed", number(s.listed));
    set(o, "needed", number(s.needed));
    set(o, "answering", number(s.answering));
    set(o, "agreeing", number(s.agreeing));
    set(o, "judges_dates", json_boolean(s.judging));
    set(o, "time_us", s.known ? number(s.time_us) : json_null());
    set(o, "uncertainty_us", s.known ? number(s.radius_us) : json_null());
    set(o, "age_ms", s.known ? number(s.age_ms) : json_null());
    set(o, "clock_ahead_us", s.known ? json_integer(s.clock_us) : json_null());
    for (size_t i = 0; i < s.servers_count; i++)
        json_array_append_new(list, server(&s.servers[i]));
    set(o, "servers", list);
    return o;
}
