/*
 * The life of a connection to the local socket: who is let in, what is read and sent, who waits for
 * how long, and the end.
 */
#include "ask.h"
#include "askers.h"

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "client/frame.h"
#include "clock/clock.h"
#include "log.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 50,  /* while an answer is waited for */
    IDLE_MS = 30000,   /* without a request, a connection ends */
    SURPLUS_MAX = 16,  /* connections beyond the bound that are told so ... */
    SURPLUS_MS = 2000, /* ... if they ask in this time */
    ROOT_PLACES = 4,   /* of the bound, that only root may take */
    OWN_PLACES = 12,   /* and that only its own user and root may */
    IN_MAX = HF_FRAME_HEAD_LEN + HF_FRAME_REQUEST_MAX,
};

/* One connection. */
struct local_conn {
    struct hf__ask ask; /* first: an ask is its connection */
    uv_pipe_t pipe;
    struct hf__local *owner;
    struct local_conn *next;
    uint64_t idle_ms; /* since when it has no request */
    bool writing;     /* an answer is on its way out */
    bool paused;      /* nothing is read meanwhile */
    bool ended;       /* it sends nothing more: closed when it has its answer */
    bool surplus;     /* beyond the bound: told that the daemon is busy, whatever it asks */
    size_t in_len;
    uint8_t in[IN_MAX];
};

struct hf__local {
    struct hf__daemon *d;
    uv_pipe_t pipe;
    uv_timer_t patience;      /* runs while a client is connected */
    uint64_t patience_ms;     /* its interval; 0: it does not run */
    size_t handles;           /* of these two and the connections, still open: freed at 0 */
    struct local_conn *conns; /* newest first */
    size_t surplus;           /* of them, beyond the bound */
    struct local_conn *spare; /* for a connection when memory is short, to close it with */
    bool waiting;             /* a client came when the spare was in use too */
};

/* An answer on its way out; wiped when it has gone, because it may hold a key. */
struct answer {
    uv_write_t uv;
    size_t len;
    uint8_t bytes[];
};

static void on_connection(uv_stream_t *server, int status);
static void keep_time(struct hf__local *local);

/* A handle has closed. Which of them is the last depends on what is connected. */
static void unref(struct hf__local *local)
{
    if (--local->handles > 0)
        return;
    local->d->local = NULL;
    free(local->spare);
    free(local);
}

static void on_closed(uv_handle_t *handle)
{
    struct local_conn *t = handle->data, **at = &t->owner->conns;
    struct hf__local *local = t->owner;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    hf__ask_leave(&t->ask);
    local->surplus -= t->surplus;
    if (local->spare == NULL)
        local->spare = t;
    else
        free(t);
    if (local->waiting && !uv_is_closing((uv_handle_t *)&local->pipe)) {
        local->waiting = false;
        on_connection((uv_stream_t *)&local->pipe, 0);
    }
    unref(local);
}

static void end_conn(struct local_conn *t)
{
    if (t->ask.closing)
        return;
    t->ask.closing = true;
    uv_close((uv_handle_t *)&t->pipe, on_closed);
}

static void end_ask(struct hf__ask *ask)
{
    end_conn((struct local_conn *)ask);
}

static bool is_application(const struct local_conn *t)
{
    return t->ask.right == HF__RIGHT_KEYS;
}

static void read_on(struct local_conn *t);
static void resume(struct local_conn *t);

static void on_written(uv_write_t *uv, int status)
{
    struct answer *a = (struct answer *)uv;
    struct local_conn *t = uv->handle->data;
    hf_wipe(a->bytes, a->len);
    free(a);
    t->writing = false;
    if (status != 0 || t->ended)
        end_conn(t);
    else
        resume(t);
}

static void send_answer(struct hf__ask *ask, const char *text, size_t len)
{
    struct local_conn *t = (struct local_conn *)ask;
    struct answer *a = calloc(1, sizeof *a + HF_FRAME_HEAD_LEN + len);
    if (a == NULL || len == 0 || len > HF_FRAME_MAX || t->ask.closing) {
        free(a);
        end_conn(t);
        return;
    }
    a->len = HF_FRAME_HEAD_LEN + len;
    hf_frame_head(len, a->bytes);
    memcpy(a->bytes + HF_FRAME_HEAD_LEN, text, len);
    uv_buf_t buf = uv_buf_init((char *)a->bytes, (unsigned)a->len);
    t->ask.id = 0;
    t->ask.until_ms = 0;
    t->idle_ms = hf_clock_monotonic_ms();
    t->writing = true;
    if (uv_write(&a->uv, (uv_stream_t *)&t->pipe, &buf, 1, on_written) != 0) {
        hf_wipe(a->bytes, a->len);
        free(a);
        end_conn(t);
    }
}

/* Whether the other end has gone altogether, and not only ended what it sends. */
static bool has_gone(const struct local_conn *t)
{
    struct pollfd p = {.events = 0};
    return uv_fileno((const uv_handle_t *)&t->pipe, &p.fd) != 0 ||
           (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0);
}

/* Whether nothing of it is under way. */
static bool is_idle(const struct local_conn *t)
{
    return t->ask.id == 0 && !t->writing;
}

static void look_after(struct local_conn *t, uint64_t now_ms)
{
    uint64_t idle_max = t->surplus ? SURPLUS_MS : IDLE_MS;
    if (t->ended && has_gone(t))
        end_conn(t);
    else if (t->ask.id == 0 && now_ms - t->idle_ms >= idle_max)
        end_conn(t);
    else if (t->ask.until_ms != 0 && t->ask.until_ms <= now_ms)
        hf__ask_refuse(&t->ask, t->ask.refusal);
}

static void on_patience(uv_timer_t *timer)
{
    struct hf__local *local = timer->data;
    uint64_t now_ms = hf_clock_monotonic_ms();
    for (struct local_conn *t = local->conns; t != NULL; t = t->next)
        if (!t->ask.closing)
            look_after(t, now_ms);
    keep_time(local);
}

/* Looks often while a client waits, now and then while one is connected, else not at all. */
static void keep_time(struct hf__local *local)
{
    uint64_t interval_ms = local->conns != NULL ? SURPLUS_MS / 2 : 0;
    for (const struct local_conn *t = local->conns; t != NULL; t = t->next)
        if (!t->ask.closing && (t->ask.until_ms != 0 || t->ended))
            interval_ms = PATIENCE_MS;
    if (interval_ms == local->patience_ms || uv_is_closing((uv_handle_t *)&local->patience))
        return;
    local->patience_ms = interval_ms;
    uv_timer_stop(&local->patience);
    if (interval_ms != 0) {
        int r = uv_timer_start(&local->patience, on_patience, interval_ms, interval_ms);
        hf_assert(r == 0); /* it has a callback and is not closing */
    }
}

static void on_wait(struct hf__ask *ask)
{
    keep_time(((struct local_conn *)ask)->owner);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct local_conn *t = handle->data;
    (void)suggested;
    *ret = uv_buf_init((char *)t->in + t->in_len, (unsigned)(sizeof t->in - t->in_len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct local_conn *t = stream->data;
    (void)buf;
    if (n == 0)
        return;
    if (n == UV_EOF && !is_idle(t) && !has_gone(t)) {
        /* It may still read: the answer under way goes out first. */
        uv_read_stop(stream);
        t->ended = true;
        keep_time(t->owner);
        return;
    }
    if (n < 0) {
        end_conn(t);
        return;
    }
    t->in_len += (size_t)n;
    read_on(t);
}

/* Nothing more is read, and so nothing answered, until the client has taken its answer. */
static void pause_reading(struct local_conn *t)
{
    uv_read_stop((uv_stream_t *)&t->pipe);
    t->paused = true;
}

static void resume(struct local_conn *t)
{
    read_on(t);
    if (!t->paused || t->writing || t->ask.closing)
        return;
    t->paused = false;
    if (uv_read_start((uv_stream_t *)&t->pipe, on_alloc, on_read) != 0)
        end_conn(t);
}

/* Serves the whole frames that have come, while no request and no answer is under way. */
static void read_on(struct local_conn *t)
{
    while (!t->ask.closing) {
        if (t->writing) {
            pause_reading(t);
            return;
        }
        struct hf_bytes body;
        long taken = hf_frame_next(hf_bytes_of(t->in, t->in_len), HF_FRAME_REQUEST_MAX, &body);
        if (taken < 0 || t->ask.id != 0) {
            /* Malformed, or more while an answer is due. */
            end_conn(t);
            return;
        }
        if (taken == 0)
            return;
        if (t->surplus) {
            t->ended = true;
            hf__ask_refuse(&t->ask, HF_EBUSY);
        } else {
            hf__ask_serve(&t->ask, body);
        }
        t->in_len -= (size_t)taken;
        memmove(t->in, t->in + taken, t->in_len);
        if (t->in_len == 0)
            return;
    }
}

/* Its own user and root, who could read the daemon's memory and files anyway; and applications. */
static bool permitted(struct local_conn *t)
{
    uv_os_fd_t fd;
    t->ask.who.uid = (uid_t)-1;
    if (uv_fileno((const uv_handle_t *)&t->pipe, &fd) != 0 || !hf__credential_of(fd, &t->ask.who))
        return false;
    bool own = t->ask.who.uid == geteuid() || t->ask.who.uid == 0;
    t->ask.right = own ? HF__RIGHT_ALL : HF__RIGHT_KEYS;
    return own || hf__applications_admit(t->owner->d->applications, &t->ask.who);
}

static void refuse_peer(struct hf__daemon *d, uid_t uid)
{
    struct hf__line l;
    if (!hf__asker_log(d, HF__LOCAL_REFUSED, uid, &l))
        return;
    hf__line_uint(&l, "uid", uid);
    hf__line_error(&l, HF_EPERMISSION);
    hf__log_write(&l);
}

/* How many may be served beside this one at most, it included. */
static size_t places_for(const struct local_conn *t)
{
    if (t->ask.who.uid == 0)
        return HF__LOCALS_MAX;
    return HF__LOCALS_MAX - ROOT_PLACES - (is_application(t) ? OWN_PLACES : 0);
}

/*
 * A place among those who are served: a free one, or that of who has asked nothing for longest. An
 * application's user has few, and takes none but an application's.
 */
static bool has_place(struct hf__local *local, const struct local_conn *newcomer)
{
    size_t served = 0, same = 0;
    struct local_conn *idle = NULL, *own_idle = NULL;
    for (struct local_conn *t = local->conns; t != NULL; t = t->next) {
        if (t == newcomer || t->ask.closing || t->surplus)
            continue;
        bool own = t->ask.who.uid == newcomer->ask.who.uid;
        bool is_free = is_idle(t) && t->in_len == 0;
        served++;
        same += own;
        if (is_free && own && (own_idle == NULL || t->idle_ms <= own_idle->idle_ms))
            own_idle = t;
        if (is_free && (!is_application(newcomer) || is_application(t)) &&
            (idle == NULL || t->idle_ms <= idle->idle_ms))
            idle = t;
    }
    if (is_application(newcomer) && same >= HF__APPLICATION_PLACES)
        idle = own_idle;
    else if (served < places_for(newcomer))
        return true;
    if (idle != NULL)
        end_conn(idle);
    return idle != NULL;
}

static void admit(struct local_conn *t)
{
    struct hf__local *local = t->owner;
    if (!permitted(t)) {
        refuse_peer(local->d, t->ask.who.uid);
        end_conn(t);
        return;
    }
    if (!has_place(local, t)) {
        /* Read before it is refused: who is closed unread sees a connection that broke. */
        t->surplus = true;
        if (++local->surplus > SURPLUS_MAX) {
            end_conn(t);
            return;
        }
    }
    if (uv_read_start((uv_stream_t *)&t->pipe, on_alloc, on_read) != 0)
        end_conn(t);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct hf__local *local = server->data;
    struct local_conn *t = status == 0 ? calloc(1, sizeof *t) : NULL;
    bool short_of_memory = t == NULL;
    if (status != 0)
        return;
    if (short_of_memory) {
        t = local->spare;
        local->spare = NULL;
    }
    /* The spare is used already: those who come next wait until it is back. libuv gives no other
     * connection before this one is accepted. */
    local->waiting = t == NULL;
    if (t == NULL)
        return;
    memset(t, 0, sizeof *t);
    int r = uv_pipe_init(server->loop, &t->pipe, 0);
    hf_assert(r == 0); /* it only fills in the handle */
    t->owner = local;
    t->ask.send = send_answer;
    t->ask.end = end_ask;
    t->ask.waits = on_wait;
    hf__ask_join(local->d, &t->ask);
    t->pipe.data = t;
    t->idle_ms = hf_clock_monotonic_ms();
    t->next = local->conns;
    local->conns = t;
    local->handles++;
    keep_time(local);
    if (uv_accept(server, (uv_stream_t *)&t->pipe) != 0 || short_of_memory)
        end_conn(t);
    else
        admit(t);
}

int hf__local_open(struct hf__daemon *d, const char **ret_what)
{
    int fd = -1;
    struct hf__local *local = calloc(1, sizeof *local);
    struct local_conn *spare = calloc(1, sizeof *spare);
    *ret_what = "out of memory";
    int r = local != NULL && spare != NULL
                ? hf__local_listen(d->settings->socket, d->user.uid, d->user.gid,
                                   hf__applications_any(d->applications), &fd, ret_what)
                : HF_ENOMEM;
    if (r != 0) {
        free(local);
        free(spare);
        return r;
    }
    r = uv_pipe_init(&d->loop, &local->pipe, 0);
    if (r == 0)
        r = uv_timer_init(&d->loop, &local->patience);
    hf_assert(r == 0);
    local->d = d;
    local->spare = spare;
    local->pipe.data = local->patience.data = local;
    local->handles = 2;
    d->local = local;
    r = uv_pipe_open(&local->pipe, fd);
    if (r == 0)
        r = uv_listen((uv_stream_t *)&local->pipe, HF__LOCAL_BACKLOG, on_connection);
    return r == 0 ? 0 : hf_error_from_errno(-r);
}

static void on_handle_closed(uv_handle_t *handle)
{
    unref(handle->data);
}

void hf__local_close(struct hf__daemon *d)
{
    struct hf__local *local = d->local;
    if (local == NULL)
        return;
    unlink(d->settings->socket);
    for (struct local_conn *t = local->conns; t != NULL; t = t->next)
        end_conn(t);
    uv_close((uv_handle_t *)&local->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&local->patience, on_handle_closed);
}
