/*
 * holdfast page: the status page of a daemon as one file, or kept fresh on a port of 127.0.0.1. It
 * is drawn here from what the daemon says of itself, so that a node that lies can show untrue
 * figures and nothing else: no script of its own, and no markup.
 */
#include "ask.h"
#include "base/error.h"
#include "base/file.h"
#include "command.h"
#include "page/page.h"
#include "page/question.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char page_usage[] =
    "usage: holdfast page [--port PORT]\n"
    "\n"
    "Prints the daemon's status page, one HTML file that needs nothing else. With\n"
    "--port it is served on that port of 127.0.0.1, for a browser, and kept fresh\n"
    "until the command is ended; 0 takes a free one. It shows, and asks for nothing\n"
    "to be done. With --operator it is of a node in another trust domain.\n";

enum {
    READERS_MAX = 32,
    WRITE_S = 5, /* for an answer to be taken */
};

struct reader {
    int fd; /* -1: free */
    struct hf_question question;
};

struct page_options {
    uint64_t port;
    bool serve;
};

static bool take_port(void *options, const char *text)
{
    struct page_options *o = options;
    o->serve = true;
    return hf_number_read(text, 0, 65535, &o->port);
}

static int ask_data(bool quiet, json_t **ret)
{
    return hf__ask(json_pack("{s:s}", "request", "page"), quiet, ret);
}

static int print_page(void)
{
    json_t *data;
    struct hf_buf page;
    if (ask_data(false, &data) != 0)
        return HF_CLI_ERROR;
    hf_buf_init(&page, HF_PAGE_MAX);
    hf_page_write(data, &page);
    json_decref(data);
    int r = page.error;
    if (r == 0 && fwrite(page.data, 1, page.len, stdout) != page.len)
        r = HF_EIO;
    hf_buf_done(&page);
    return r == 0 ? HF_CLI_OK : hf__say("page", "standard output", r);
}

/* ---- serving it */

static void refuse(struct hf_buf *b, const char *status, const char *text)
{
    hf_buf_printf(b, "HTTP/1.0 %s\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n%s\n",
                  status, text);
}

static void answer(const struct hf_question *q, struct hf_buf *b)
{
    bool data_alone = hf_question_asks(q, "/page.json");
    json_t *data;
    if (!hf_question_at_home(q))
        refuse(b, "421 Misdirected Request", "this page is for 127.0.0.1 and localhost");
    else if (!data_alone && !hf_question_asks(q, "/"))
        refuse(b, "404 Not Found", "the status page is at /");
    else if (ask_data(true, &data) != 0)
        refuse(b, "502 Bad Gateway", "the daemon does not answer");
    else {
        hf_page_answer(data, data_alone, b);
        json_decref(data);
    }
}

static void drop(struct reader *r)
{
    close(r->fd);
    r->fd = -1;
}

static void send_answer(struct reader *r)
{
    struct hf_buf b;
    hf_buf_init(&b, HF_PAGE_MAX);
    answer(&r->question, &b);
    for (size_t sent = 0; b.error == 0 && sent < b.len;) {
        ssize_t n = send(r->fd, b.data + sent, b.len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    hf_buf_done(&b);
    drop(r);
}

/* What has come of a question; a browser may open connections and ask nothing. */
static void read_more(struct reader *r)
{
    char in[1024];
    ssize_t n = recv(r->fd, in, sizeof in, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    enum hf_question_state state = HF_QUESTION_TOO_LONG;
    if (n > 0)
        state = hf_question_take(&r->question, hf_bytes_of(in, (size_t)n));
    if (state == HF_QUESTION_WHOLE)
        send_answer(r);
    else if (state == HF_QUESTION_TOO_LONG)
        drop(r);
}

/* A place for one more: who came first goes, if none is free. */
static void admit(int listener, struct reader readers[static READERS_MAX], size_t *next)
{
    const struct timeval patience = {.tv_sec = WRITE_S};
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct reader *r = &readers[*next % READERS_MAX];
    *next += 1;
    if (r->fd >= 0)
        drop(r);
    *r = (struct reader){.fd = fd};
    /* One that takes nothing keeps the others waiting no longer than this. */
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        drop(r);
}

static int listen_on(uint16_t port, uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, READERS_MAX) == 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        *ret_port = ntohs(address.sin_port);
        return fd;
    }
    int r = hf_error_from_errno(errno);
    if (fd >= 0)
        close(fd);
    return r;
}

static int serve(uint16_t wanted)
{
    struct reader readers[READERS_MAX];
    struct pollfd polled[READERS_MAX + 1];
    uint16_t port = 0;
    size_t next = 0;
    json_t *data;
    /* What keeps it from being asked is said here, and not in the browser. */
    if (ask_data(false, &data) != 0)
        return HF_CLI_ERROR;
    json_decref(data);
    int listener = listen_on(wanted, &port);
    if (listener < 0)
        return hf__say("page", "127.0.0.1", listener);
    for (size_t i = 0; i < READERS_MAX; i++)
        readers[i].fd = -1;
    printf("http://127.0.0.1:%u/\n", (unsigned)port);
    if (fflush(stdout) != 0)
        return HF_CLI_ERROR;
    for (;;) {
        for (size_t i = 0; i < READERS_MAX; i++)
            polled[i] = (struct pollfd){.fd = readers[i].fd, .events = POLLIN};
        polled[READERS_MAX] = (struct pollfd){.fd = listener, .events = POLLIN};
        if (poll(polled, READERS_MAX + 1, -1) < 0)
            continue;
        for (size_t i = 0; i < READERS_MAX; i++)
            if (polled[i].fd >= 0 && polled[i].revents != 0)
                read_more(&readers[i]);
        if (polled[READERS_MAX].revents != 0)
            admit(listener, readers, &next);
    }
}

int hf_cli_page(int argc, char **argv)
{
    static const struct hf_option table[] = {HF_TAKE_BY("port", take_port)};
    struct page_options o = {0};
    char **words;
    int count;
    if (hf__help(argc, argv, page_usage))
        return HF_CLI_OK;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), &o, &words, &count) || count > 0)
        return hf__usage(page_usage);
    return o.serve ? serve((uint16_t)o.port) : print_page();
}
