/*
 * A socket from which a service manager fetches keys for units: LoadCredential=NAME:PATH. It
 * connects, ends its own side, and takes what it reads until the end for the credential; nothing
 * there tells a refusal from an empty one. So a unit that may not have its key gets more bytes than
 * a credential may have, and its manager fails it; and while no key can be given at all nothing is
 * accepted: if the daemon ends then, the kernel resets the connection.
 */
#include "credentials.h"

#include "ask.h"
#include "base/error.h"
#include "base/secret.h"
#include "log.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FILLER_LEN = 64 << 10,
    FILLERS = 17, /* together more than the 1 MiB that a credential may have */
    KEY_AT = 8,   /* of the digits, in an answer: proto/LOCAL.md, 4 */
    KEY_DIGITS = 64,
};

/* A unit that waits for its key. */
struct taker {
    struct hf__ask ask; /* first: an ask is its taker */
    uv_pipe_t pipe;
    uv_write_t write;
    struct hf__credentials *owner;
    struct hf__credential_name name;
    bool writing;
    char digits[KEY_DIGITS + 1];
};

struct hf__credentials {
    struct hf__daemon *d;
    uv_poll_t poll;
    int fd;
    bool polling;
    size_t handles; /* of the poll and the takers, still open: freed at 0 */
    bool closing;
};

static char filler[FILLER_LEN];

int hf__credential_name(struct hf_bytes name, struct hf__credential_name *ret)
{
    static const char mark[] = "/unit/";
    const uint8_t *at = memchr(name.data, '/', name.len);
    if (name.len == 0 || name.data[0] != '\0' || at == NULL || at == name.data + 1)
        return HF_EMALFORMED;
    size_t len = name.len - (size_t)(at - name.data);
    for (size_t i = 1; i < name.len; i++)
        if (name.data[i] < 0x21 || name.data[i] > 0x7e)
            return HF_EMALFORMED;
    if (len < sizeof mark - 1 || memcmp(at, mark, sizeof mark - 1) != 0)
        return HF_EMALFORMED;
    const uint8_t *unit = at + sizeof mark - 1;
    len -= sizeof mark - 1;
    const uint8_t *slash = memchr(unit, '/', len);
    if (slash == NULL)
        return HF_EMALFORMED;
    size_t unit_len = (size_t)(slash - unit), key_len = len - unit_len - 1;
    struct hf__credential_name n = {0};
    for (size_t i = 0; i < key_len; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", slash[1 + i]) == NULL)
            return HF_EMALFORMED;
    if (unit_len == 0 || unit_len >= sizeof n.unit || key_len == 0 || key_len >= sizeof n.key)
        return HF_EMALFORMED;
    memcpy(n.unit, unit, unit_len);
    memcpy(n.key, slash + 1, key_len);
    *ret = n;
    return 0;
}

/* ---- one taker */

static void look(struct hf__credentials *c);

/* A handle has closed. Which of them is the last depends on who is connected. */
static void unref(struct hf__credentials *c)
{
    if (--c->handles == 0)
        free(c);
    else if (!c->closing)
        look(c);
}

static void on_closed(uv_handle_t *handle)
{
    struct taker *t = handle->data;
    struct hf__credentials *c = t->owner;
    hf__ask_leave(&t->ask);
    hf_wipe(t->digits, sizeof t->digits);
    free(t);
    unref(c);
}

static void end_taker(struct hf__ask *ask)
{
    struct taker *t = (struct taker *)ask;
    if (!ask->closing)
        uv_close((uv_handle_t *)&t->pipe, on_closed);
    ask->closing = true;
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    end_taker(write->data);
}

/* The key, as a line; or, where there is none, what no manager takes for one. */
static void give(struct taker *t, const char *digits)
{
    uv_buf_t bufs[FILLERS];
    unsigned count = digits != NULL ? 1 : FILLERS;
    for (unsigned i = 0; i < FILLERS; i++)
        bufs[i] = uv_buf_init(filler, sizeof filler);
    if (digits != NULL) {
        memcpy(t->digits, digits, KEY_DIGITS);
        t->digits[KEY_DIGITS] = '\n';
        bufs[0] = uv_buf_init(t->digits, sizeof t->digits);
    }
    t->ask.id = 0;
    t->ask.until_ms = 0;
    if (t->writing)
        return;
    t->writing = true;
    t->write.data = t;
    if (uv_write(&t->write, (uv_stream_t *)&t->pipe, bufs, count, on_written) != 0)
        end_taker(&t->ask);
}

static void send_answer(struct hf__ask *ask, const char *text, size_t len)
{
    static const char head[] = "{\"key\":\"";
    bool is_key = len > KEY_AT + KEY_DIGITS && memcmp(text, head, sizeof head - 1) == 0;
    if (!ask->closing)
        give((struct taker *)ask, is_key ? text + KEY_AT : NULL);
}

/* It waits as long as its manager lets it. */
static void on_wait(struct hf__ask *ask)
{
    ask->until_ms = UINT64_MAX;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    static char nothing[64];
    (void)handle, (void)suggested;
    *ret = uv_buf_init(nothing, sizeof nothing);
}

/* It says nothing; that it has ended its side means no more than that. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct taker *t = stream->data;
    (void)buf;
    if (n == UV_EOF)
        uv_read_stop(stream);
    else if (n < 0)
        end_taker(&t->ask);
}

/* Whom the kernel says it is: root, which the service manager is, and the unit that it names. */
static int identify(int fd, struct taker *t)
{
    struct sockaddr_un name;
    socklen_t len = sizeof name;
    if (!hf__credential_of(fd, &t->ask.who) || getpeername(fd, (struct sockaddr *)&name, &len) != 0)
        return HF_EPERMISSION;
    size_t head = offsetof(struct sockaddr_un, sun_path);
    int r = len > head && len <= sizeof name
                ? hf__credential_name(hf_bytes_of(name.sun_path, len - head), &t->name)
                : HF_EMALFORMED;
    if (r == 0)
        t->ask.who.unit = t->name.unit;
    return r == 0 && t->ask.who.uid == 0 ? 0 : HF_EPERMISSION;
}

static void log_refused(const struct taker *t)
{
    struct hf__line l;
    if (!hf__log_begin(&l, HF__WARNING, "credential_refused"))
        return;
    hf__line_text(&l, "unit", t->name.unit);
    hf__line_text(&l, "name", t->name.key);
    hf__line_uint(&l, "uid", t->ask.who.uid);
    hf__line_error(&l, HF_EPERMISSION);
    hf__log_write(&l);
}

static void serve(struct taker *t, int error)
{
    char request[160];
    const struct hf__applications *a = t->owner->d->applications;
    if (error != 0 || !hf__applications_may_have(a, &t->ask.who, t->name.key)) {
        log_refused(t);
        give(t, NULL);
        return;
    }
    int len =
        snprintf(request, sizeof request, "{\"request\":\"key\",\"name\":\"%s\",\"wait_ms\":%d}",
                 t->name.key, HF__LOCAL_WAIT_MAX);
    hf_assert(len > 0 && (size_t)len < sizeof request);
    hf__ask_serve(&t->ask, hf_bytes_of(request, (size_t)len));
}

/* Nothing is accepted that could not be answered: a connection that is only closed reads as an
 * empty key. */
static void take_in(struct hf__credentials *c)
{
    struct taker *t = calloc(1, sizeof *t);
    int fd = t != NULL ? accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    if (fd < 0) {
        free(t);
        return;
    }
    int r = uv_pipe_init(&c->d->loop, &t->pipe, 0);
    hf_assert(r == 0); /* it only fills in the handle */
    t->owner = c;
    t->pipe.data = t;
    t->ask.right = HF__RIGHT_ALL;
    t->ask.send = send_answer;
    t->ask.end = end_taker;
    t->ask.waits = on_wait;
    hf__ask_join(c->d, &t->ask);
    c->handles++;
    int error = identify(fd, t);
    r = uv_pipe_open(&t->pipe, fd);
    if (r == 0)
        r = uv_read_start((uv_stream_t *)&t->pipe, on_alloc, on_read);
    if (r == 0)
        serve(t, error);
    else
        end_taker(&t->ask);
}

/* ---- the socket */

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct hf__credentials *c = poll->data;
    (void)events;
    if (status == 0)
        take_in(c);
    look(c);
}

/* Accepts while a key could be given, and there is room. */
static void look(struct hf__credentials *c)
{
    struct hf_status s;
    hf__watch_status(c->d, &s);
    bool wanted = !c->d->stopping && c->handles <= HF__TAKERS_MAX && hf__watch_serves(&s);
    if (wanted && !c->polling)
        c->polling = uv_poll_start(&c->poll, UV_READABLE, on_readable) == 0;
    else if (!wanted && c->polling)
        c->polling = uv_poll_stop(&c->poll) != 0;
}

/* Whether its manager has given up, and not only ended its side. */
static bool has_gone(const struct taker *t)
{
    struct pollfd p = {.events = 0};
    return uv_fileno((const uv_handle_t *)&t->pipe, &p.fd) != 0 ||
           (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0);
}

void hf__credentials_tick(struct hf__daemon *d)
{
    if (d->credentials == NULL)
        return;
    for (struct hf__ask *a = d->asks; a != NULL; a = a->next)
        if (a->send == send_answer && !a->closing && has_gone((struct taker *)a))
            end_taker(a);
    look(d->credentials);
}

int hf__credentials_open(struct hf__daemon *d, const char **ret_what)
{
    if (d->settings->credentials == NULL)
        return 0;
    struct hf__credentials *c = calloc(1, sizeof *c);
    if (c == NULL)
        return HF_ENOMEM;
    memset(filler, '\n', sizeof filler);
    int r = hf__local_listen(d->settings->credentials, d->user.uid, d->user.gid, false, &c->fd,
                             ret_what);
    if (r == 0 && uv_poll_init(&d->loop, &c->poll, c->fd) != 0) {
        close(c->fd);
        r = HF_ENOMEM;
    }
    if (r != 0) {
        free(c);
        return r;
    }
    c->d = d;
    c->handles = 1;
    c->poll.data = c;
    d->credentials = c;
    return 0;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct hf__credentials *c = handle->data;
    close(c->fd);
    unref(c);
}

void hf__credentials_close(struct hf__daemon *d)
{
    struct hf__credentials *c = d->credentials;
    if (c == NULL)
        return;
    /* A taker may end before the poll has closed: nothing looks at it from here on. */
    c->closing = true;
    d->credentials = NULL;
    unlink(d->settings->credentials);
    for (struct hf__ask *a = d->asks; a != NULL; a = a->next)
        if (a->send == send_answer && !a->closing)
            give((struct taker *)a, NULL);
    uv_close((uv_handle_t *)&c->poll, on_poll_closed);
}
