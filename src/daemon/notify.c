/*
 * Telling the service manager how it goes, in systemd's protocol (sd_notify(3)): datagrams to the
 * socket that NOTIFY_SOCKET names. Ready means that keys can be had, so that a unit that is ordered
 * after this one starts when its key is there. The watchdog is fed by the loop.
 */
#include "base/error.h"
#include "base/file.h"
#include "clock/clock.h"
#include "daemon.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TEXT_MAX = 512 };

/* The environment is the service manager's; a value that cannot be right is said and ignored. */
static int address_of(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
    size_t len = strlen(name);
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof ret->sun_path)
        return HF_EINVAL;
    memcpy(ret->sun_path, name, len);
    if (name[0] == '@')
        ret->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return 0;
}

/* Half of the time after which the manager takes the daemon for hung; 0: it does not watch. */
static uint64_t watchdog_ms(void)
{
    const char *of = getenv("WATCHDOG_PID"), *text = getenv("WATCHDOG_USEC");
    char *end;
    if (text == NULL || (of != NULL && strtoll(of, NULL, 10) != getpid()))
        return 0;
    unsigned long long us = strtoull(text, &end, 10);
    return *end == '\0' && text[0] >= '0' && text[0] <= '9' ? us / 2000 : 0;
}

static int open_socket(const char *name)
{
    struct sockaddr_un address;
    socklen_t len;
    int r = address_of(name, &address, &len);
    if (r != 0)
        return r;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return hf_error_from_errno(errno);
    if (connect(fd, (struct sockaddr *)&address, len) == 0)
        return fd;
    r = hf_error_from_errno(errno);
    close(fd);
    return r;
}

void hf__notify_open(struct hf__daemon *d)
{
    const char *name = getenv("NOTIFY_SOCKET");
    d->notify_fd = -1;
    d->notified = -1;
    if (name == NULL)
        return;
    int r = open_socket(name);
    if (r < 0)
        hf__log(HF__WARNING, "notify_socket", name, r);
    else
        d->notify_fd = r;
    d->watchdog_ms = watchdog_ms();
}

/* One that cannot be sent now is not worth waiting for: the next says what is then true. */
static bool tell(const struct hf__daemon *d, const char *text)
{
    return write(d->notify_fd, text, strlen(text)) == (ssize_t)strlen(text);
}

void hf__notify_tick(struct hf__daemon *d)
{
    struct hf_status s;
    char text[TEXT_MAX];
    uint64_t now_ms = hf_clock_monotonic_ms();
    if (d->notify_fd < 0)
        return;
    if (d->watchdog_ms > 0 && now_ms >= d->watchdog_at_ms) {
        (void)tell(d, "WATCHDOG=1\n");
        d->watchdog_at_ms = now_ms + d->watchdog_ms;
    }
    hf__watch_status(d, &s);
    bool ready = hf__watch_serves(&s);
    if (d->notified == (int)s.state && (d->notified_ready || !ready))
        return;
    snprintf(text, sizeof text, "%sSTATUS=%s: %s\n", ready ? "READY=1\n" : "",
             hf_state_name(s.state), hf_state_sentence(s.state));
    if (!tell(d, text))
        return;
    d->notified = (int)s.state;
    d->notified_ready = d->notified_ready || ready;
}

void hf__notify_stop(struct hf__daemon *d)
{
    if (d->notify_fd < 0)
        return;
    (void)tell(d, "STOPPING=1\nSTATUS=stopping\n");
    close(d->notify_fd);
    d->notify_fd = -1;
}
