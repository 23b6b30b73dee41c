/* Log lines on their way out: no caller that logs waits, and what is lost is said. */
#include "log.h"
#include "log_writer.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_LEN = 100, PLENTY = 4 * HF__LOG_BUFFER_LEN / LINE_LEN };

static size_t about(uint64_t lost, char *ret, size_t len)
{
    int n = snprintf(ret, len, "lost %llu\n", (unsigned long long)lost);
    return (size_t)n;
}

static void put(struct hf__log_writer *w, unsigned number)
{
    char line[LINE_LEN + 1];
    snprintf(line, sizeof line, "%0*u\n", LINE_LEN - 1, number);
    hf__log_writer_put(w, hf_bytes_of(line, LINE_LEN), about);
}

/* Reads all of a pipe; terminated, freed by the caller. */
static char *read_all(int fd)
{
    size_t len = 0, cap = 1 << 20;
    char *text = malloc(cap + 1);
    ssize_t n;
    cr_assert_not_null(text);
    while ((n = read(fd, text + len, cap - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    return text;
}

Test(hf__log_writer, lines_come_whole_and_in_order)
{
    int fds[2];
    struct hf__log_writer *w;
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(hf__log_writer_new(fds[1], &w), 0);
    for (unsigned i = 0; i < 500; i++)
        put(w, i);
    cr_assert(hf__log_writer_free(w, 20000));
    close(fds[1]);
    char *text = read_all(fds[0]);
    cr_assert_eq(strlen(text), 500 * LINE_LEN);
    for (unsigned i = 0; i < 500; i++)
        cr_assert_eq(strtoul(text + i * LINE_LEN, NULL, 10), i);
    free(text);
    close(fds[0]);
}

struct reader {
    int fd;
    char *text;
};

static void *read_later(void *arg)
{
    struct reader *r = arg;
    r->text = read_all(r->fd);
    return NULL;
}

/* The test would hang where who logs waits for who reads. */
Test(hf__log_writer, a_reader_that_stalls_costs_lines_and_nobodys_time, .timeout = 60)
{
    int fds[2];
    pthread_t thread;
    struct hf__log_writer *w;
    struct reader reader;
    unsigned long whole = 0, said = 0;
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(hf__log_writer_new(fds[1], &w), 0);
    for (unsigned i = 0; i < PLENTY; i++)
        put(w, i);
    uint64_t lost = hf__log_writer_lost(w);
    cr_assert_gt(lost, 0);
    cr_assert_lt(lost, PLENTY);
    /* The reader wakes; the next line is preceded by how many were lost. */
    reader.fd = fds[0];
    cr_assert_eq(pthread_create(&thread, NULL, read_later, &reader), 0);
    do
        put(w, PLENTY);
    while (hf__log_writer_lost(w) > lost && (lost = hf__log_writer_lost(w)) > 0);
    cr_assert(hf__log_writer_free(w, 20000));
    close(fds[1]);
    pthread_join(thread, NULL);
    for (char *line = reader.text; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "lost ", 5) == 0)
            said += strtoul(line + 5, NULL, 10);
        else
            whole++;
    }
    cr_assert_eq(said, lost);
    cr_assert_geq(whole + said, PLENTY + 1);
    free(reader.text);
    close(fds[0]);
}

Test(hf__log_writer, a_reader_that_never_comes_does_not_hold_the_end, .timeout = 60)
{
    int fds[2];
    struct hf__log_writer *w;
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(hf__log_writer_new(fds[1], &w), 0);
    for (unsigned i = 0; i < PLENTY; i++)
        put(w, i);
    cr_assert_not(hf__log_writer_free(w, 10));
}

Test(hf__log_writer, a_reader_that_has_gone_is_no_error, .timeout = 60)
{
    int fds[2];
    struct hf__log_writer *w;
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(pipe(fds), 0);
    close(fds[0]);
    cr_assert_eq(hf__log_writer_new(fds[1], &w), 0);
    for (unsigned i = 0; i < 10; i++)
        put(w, i);
    cr_assert(hf__log_writer_free(w, 20000));
    close(fds[1]);
}

static bool begins(struct hf__log_rate *r, uint64_t now_ms, char ret[static 256])
{
    struct hf__line l;
    if (!hf__log_begin_rated(&l, r, now_ms, HF__WARNING, "asked"))
        return false;
    hf__line_end(&l);
    snprintf(ret, 256, "%.*s", (int)l.buf.len, (const char *)l.buf.data);
    hf_buf_done(&l.buf);
    return true;
}

Test(hf__log_begin_rated, holds_back_what_is_too_much_and_says_how_many)
{
    struct hf__log_rate r = {0};
    struct hf__line l;
    char text[256];
    uint64_t now_ms = 1000000;
    for (int i = 0; i < 20; i++) {
        cr_assert(begins(&r, now_ms + (uint64_t)i, text), "%d", i);
        cr_assert_null(strstr(text, "held_back"));
    }
    for (int i = 0; i < 7; i++)
        cr_assert_not(begins(&r, now_ms + 9999, text));
    cr_assert_not(hf__log_begin_held_back(&l, &r, now_ms + 9999, false), "the time runs");
    cr_assert(begins(&r, now_ms + 10000, text));
    cr_assert_not_null(strstr(text, "event=asked held_back=7\n"), "%s", text);
    cr_assert_not(hf__log_begin_held_back(&l, &r, now_ms + 30000, true), "it is said");
    /* Where nothing comes any more, it is said all the same. */
    for (int i = 0; i < 22; i++)
        (void)begins(&r, now_ms + 10001, text);
    cr_assert_eq(r.held_back, 3);
    cr_assert(hf__log_begin_held_back(&l, &r, now_ms + 20000, false));
    hf__line_end(&l);
    snprintf(text, sizeof text, "%.*s", (int)l.buf.len, (const char *)l.buf.data);
    cr_assert_not_null(strstr(text, "level=warning event=asked held_back=3\n"), "%s", text);
    hf_buf_done(&l.buf);
    cr_assert_eq(r.held_back, 0);
}
