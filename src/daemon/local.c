/*
 * The local socket: the application and the operator of this machine. Who may speak is decided by
 * the kernel's word for who connected, not by anything that is sent. One request at a time on a
 * connection; proto/LOCAL.md specifies them.
 */
#include "local.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "client/frame.h"
#include "clock/clock.h"
#include "daemon.h"
#include "log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { IN_MAX = HF_FRAME_HEAD_LEN + HF_FRAME_REQUEST_MAX, PATIENCE_MS = 50 };

/* One connection. */
struct local_conn {
    uv_pipe_t pipe;
    struct hf__local *owner;
    struct local_conn *next;
    uint64_t id; /* of the request under way; 0 none */
    bool closing;
    enum hf__local_request_type type;
    char name[65];     /* of the key that is waited for */
    uint64_t until_ms; /* 0: no request waits */
    int refusal;       /* the newest, told when the time is over */
    size_t in_len;
    uint8_t in[IN_MAX];
};

struct hf__local {
    struct hf__daemon *d;
    uv_pipe_t pipe;
    uv_timer_t patience; /* runs while a request waits */
    int handles;         /* of these two, still open */
    struct local_conn *conns;
    size_t count;
    uint64_t next_id;
};

/* An answer on its way out; wiped when it has gone, because it may hold a key. */
struct answer {
    uv_write_t uv;
    size_t len;
    uint8_t bytes[];
};

static void read_on(struct local_conn *t);

static void on_closed(uv_handle_t *handle)
{
    struct local_conn *t = handle->data, **at = &t->owner->conns;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    t->owner->count--;
    free(t);
}

static void end(struct local_conn *t)
{
    if (t->closing)
        return;
    t->closing = true;
    uv_close((uv_handle_t *)&t->pipe, on_closed);
}

static void on_written(uv_write_t *uv, int status)
{
    struct answer *a = (struct answer *)uv;
    struct local_conn *t = uv->handle->data;
    hf_wipe(a->bytes, a->len);
    free(a);
    if (status != 0)
        end(t);
}

static void send_text(struct local_conn *t, const char *text, size_t len)
{
    struct answer *a = calloc(1, sizeof *a + HF_FRAME_HEAD_LEN + len);
    if (a == NULL || len == 0 || len > HF_FRAME_MAX || t->closing) {
        free(a);
        end(t);
        return;
    }
    a->len = HF_FRAME_HEAD_LEN + len;
    hf_frame_head(len, a->bytes);
    memcpy(a->bytes + HF_FRAME_HEAD_LEN, text, len);
    uv_buf_t buf = uv_buf_init((char *)a->bytes, (unsigned)a->len);
    t->id = 0;
    t->until_ms = 0;
    if (uv_write(&a->uv, (uv_stream_t *)&t->pipe, &buf, 1, on_written) != 0) {
        hf_wipe(a->bytes, a->len);
        free(a);
        end(t);
    }
}

static void send_json(struct local_conn *t, json_t *root)
{
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (text == NULL) {
        end(t);
        return;
    }
    send_text(t, text, strlen(text));
    free(text);
}

static void send_error(struct local_conn *t, int error)
{
    send_json(t, json_pack("{s:{s:s,s:s,s:b}}", "error", "code", hf_error_name(error), "message",
                           hf_error_sentence(error), "retryable", (int)hf_error_transient(error)));
}

static void send_key(struct local_conn *t, const struct hf_local_reply *r)
{
    struct hf__daemon *d = t->owner->d;
    char key[2 * HF_APP_KEY_LEN + 1], network[65], text[384];
    hf_hex_encode(r->key, HF_APP_KEY_LEN, key);
    hf_hex_encode(d->settings->network, 32, network);
    int len = snprintf(text, sizeof text, "{\"key\":\"%s\",\"network\":\"%s\",\"version\":%u}", key,
                       network, r->key_version);
    hf_assert(len > 0 && (size_t)len < sizeof text);
    send_text(t, text, (size_t)len);
    hf_wipe(key, sizeof key);
    hf_wipe(text, sizeof text);
}

static void send_drill(struct local_conn *t, const struct hf_drill_report *r)
{
    json_t *root = json_pack("{s:i,s:i,s:i,s:i,s:i}", "k", r->k, "n", r->n, "asked", r->asked,
                             "answered", r->answered, "fit", r->fit);
    json_object_set_new(
        root, "providers",
        hf__status_providers(r->providers, r->providers_count, hf_clock_monotonic_ms()));
    send_json(t, root);
}

/* Holds a refusal back that may pass by itself, while the asker waits. */
static bool hold_back(struct local_conn *t, int error)
{
    if (t->until_ms <= hf_clock_monotonic_ms() || !hf_error_transient(error))
        return false;
    t->refusal = error;
    return true;
}

void hf__local_answer(struct hf__daemon *d, const struct hf_local_reply *reply)
{
    struct local_conn *t = d->local != NULL ? d->local->conns : NULL;
    while (t != NULL && t->id != reply->id)
        t = t->next;
    if (t == NULL || t->closing || (reply->error != 0 && hold_back(t, reply->error)))
        return;
    if (t->type == HF__LOCAL_DRILL && (reply->error == 0 || reply->drill.asked > 0))
        send_drill(t, &reply->drill);
    else if (reply->error != 0)
        send_error(t, reply->error);
    else if (reply->key != NULL)
        send_key(t, reply);
    else
        send_json(t, json_pack("{s:b}", "done", 1));
}

static void answer_identity(struct local_conn *t)
{
    struct hf__daemon *d = t->owner->d;
    struct hf_bytes identity;
    int r = d->running ? hf_engine_identity(d->engine, &identity) : HF_ELOCKED;
    if (r != 0) {
        send_error(t, r);
        return;
    }
    char *text = malloc(2 * identity.len + 1);
    if (text == NULL) {
        send_error(t, HF_ENOMEM);
        return;
    }
    hf_hex_encode(identity.data, identity.len, text);
    send_json(t, json_pack("{s:s,s:s}", "identity", text, "address", d->address));
    free(text);
}

static void ask_engine(struct local_conn *t, enum hf_local_type type, const char *name)
{
    struct hf_event event = {.type = HF_EVENT_LOCAL};
    t->id = ++t->owner->next_id;
    if (!t->owner->d->running) {
        if (!hold_back(t, HF_ELOCKED))
            send_error(t, HF_ELOCKED);
        return;
    }
    event.u.local.id = t->id;
    event.u.local.type = type;
    event.u.local.name = hf_bytes_of(name, strlen(name));
    hf__daemon_step(t->owner->d, &event);
}

void hf__local_again(struct hf__daemon *d)
{
    if (d->local == NULL)
        return;
    for (struct local_conn *t = d->local->conns; t != NULL; t = t->next)
        if (t->until_ms != 0 && !t->closing)
            ask_engine(t, HF_LOCAL_KEY, t->name);
}

static void on_patience(uv_timer_t *timer)
{
    struct hf__local *local = timer->data;
    uint64_t now_ms = hf_clock_monotonic_ms();
    bool waiting = false;
    for (struct local_conn *t = local->conns; t != NULL; t = t->next) {
        if (t->until_ms == 0 || t->closing)
            continue;
        waiting = waiting || t->until_ms > now_ms;
        if (t->until_ms <= now_ms)
            send_error(t, t->refusal);
    }
    if (!waiting)
        uv_timer_stop(timer);
}

static void ask_key(struct local_conn *t, const struct hf__local_request *q)
{
    snprintf(t->name, sizeof t->name, "%s", q->name);
    t->until_ms = q->wait_ms > 0 ? hf_clock_monotonic_ms() + q->wait_ms : 0;
    if (t->until_ms != 0 &&
        uv_timer_start(&t->owner->patience, on_patience, PATIENCE_MS, PATIENCE_MS) != 0)
        t->until_ms = 0;
    ask_engine(t, HF_LOCAL_KEY, t->name);
}

static void answer_status(struct local_conn *t)
{
    char *text = hf__status_json(t->owner->d, false);
    if (text == NULL)
        send_error(t, HF_ENOMEM);
    else
        send_text(t, text, strlen(text));
    free(text);
}

static void serve(struct local_conn *t, struct hf_bytes json)
{
    struct hf__local_request q;
    int r = hf__local_decode(json, &q);
    if (r != 0) {
        send_error(t, r);
        return;
    }
    t->type = q.type;
    switch (q.type) {
    case HF__LOCAL_STATUS:
        answer_status(t);
        return;
    case HF__LOCAL_KEY:
        ask_key(t, &q);
        return;
    case HF__LOCAL_DRILL:
        ask_engine(t, HF_LOCAL_DRILL, "");
        return;
    case HF__LOCAL_DRAIN:
        ask_engine(t, HF_LOCAL_DRAIN, "");
        return;
    case HF__LOCAL_UNDRAIN:
        ask_engine(t, HF_LOCAL_UNDRAIN, "");
        return;
    case HF__LOCAL_IDENTITY:
        answer_identity(t);
        return;
    case HF__LOCAL_RELOAD:
        hf__daemon_reload(t->owner->d);
        send_json(t, json_pack("{s:b}", "done", 1));
        return;
    }
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
    if (n < 0) {
        end(t);
        return;
    }
    t->in_len += (size_t)n;
    read_on(t);
}

/* Serves the whole frames that have come, while no request is under way. */
static void read_on(struct local_conn *t)
{
    while (!t->closing) {
        struct hf_bytes body;
        long taken = hf_frame_next(hf_bytes_of(t->in, t->in_len), HF_FRAME_REQUEST_MAX, &body);
        if (taken < 0 || t->id != 0) {
            /* Malformed, or more while an answer is due. */
            end(t);
            return;
        }
        if (taken == 0)
            return;
        serve(t, body);
        t->in_len -= (size_t)taken;
        memmove(t->in, t->in + taken, t->in_len);
        if (t->in_len == 0)
            return;
    }
}

/* Admit the daemon's own user and root: both could read its memory and files anyway. */
static bool permitted(uv_pipe_t *pipe, uid_t *ret_uid)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)pipe, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return false;
    *ret_uid = peer.uid;
    return peer.uid == geteuid() || peer.uid == 0;
}

static void refuse_peer(uid_t uid)
{
    struct hf__line l;
    if (!hf__log_begin(&l, HF__WARNING, "local_refused"))
        return;
    hf__line_uint(&l, "uid", uid);
    hf__line_error(&l, HF_EPERMISSION);
    hf__log_write(&l);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct hf__local *local = server->data;
    uid_t uid = (uid_t)-1;
    struct local_conn *t = status == 0 ? calloc(1, sizeof *t) : NULL;
    if (t == NULL || uv_pipe_init(server->loop, &t->pipe, 0) != 0) {
        free(t);
        return;
    }
    t->owner = local;
    t->pipe.data = t;
    t->next = local->conns;
    local->conns = t;
    local->count++;
    if (uv_accept(server, (uv_stream_t *)&t->pipe) != 0) {
        end(t);
    } else if (!permitted(&t->pipe, &uid)) {
        refuse_peer(uid);
        end(t);
    } else if (local->count > HF__LOCALS_MAX) {
        send_error(t, HF_EBUSY);
        end(t);
    } else if (uv_read_start((uv_stream_t *)&t->pipe, on_alloc, on_read) != 0) {
        end(t);
    }
}

/* A socket without a listener was left behind by a crash. */
static bool is_stale(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 &&
                   errno == ECONNREFUSED;
    close(fd);
    return refused;
}

int hf__local_open(struct hf__daemon *d)
{
    const char *path = d->settings->socket;
    if (is_stale(path))
        unlink(path);
    struct hf__local *local = calloc(1, sizeof *local);
    if (local == NULL)
        return HF_ENOMEM;
    int r = uv_pipe_init(&d->loop, &local->pipe, 0);
    if (r == 0)
        r = uv_timer_init(&d->loop, &local->patience);
    hf_assert(r == 0);
    local->d = d;
    local->pipe.data = local->patience.data = local;
    local->handles = 2;
    d->local = local;
    mode_t old = umask(0177);
    r = uv_pipe_bind(&local->pipe, path);
    umask(old);
    if (r == 0)
        r = uv_listen((uv_stream_t *)&local->pipe, 16, on_connection);
    return r == 0 ? 0 : r == UV_EADDRINUSE ? HF_EADDRINUSE : hf_error_from_errno(-r);
}

static void on_server_closed(uv_handle_t *handle)
{
    struct hf__local *local = handle->data;
    if (--local->handles > 0)
        return;
    local->d->local = NULL;
    free(local);
}

void hf__local_close(struct hf__daemon *d)
{
    if (d->local == NULL)
        return;
    for (struct local_conn *t = d->local->conns; t != NULL; t = t->next)
        end(t);
    uv_close((uv_handle_t *)&d->local->pipe, on_server_closed);
    uv_close((uv_handle_t *)&d->local->patience, on_server_closed);
}
