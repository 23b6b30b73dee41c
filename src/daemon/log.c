#include "log.h"

#include "log_writer.h"
#include "base/error.h"
#include "base/hex.h"
#include "clock/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 4096, HEX_MAX = 64, RATE_MS = 10000, RATE_LINES = 20 };

static bool log_json;
static int log_level = HF__INFO;
static struct hf__log_writer *writer; /* NULL: hf__log_write writes by itself */
static bool stuck;                    /* the reader takes nothing: a write would last for ever */

void hf__log_setup(bool json, int level)
{
    log_json = json;
    log_level = level;
}

bool hf__log_wanted(int level)
{
    return level >= log_level;
}

static void append_quoted(struct hf_buf *b, const char *value)
{
    hf_buf_append_u8(b, '"');
    for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            hf_buf_printf(b, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            hf_buf_printf(b, "\\u%04x", *p);
        else
            hf_buf_append_u8(b, *p);
    }
    hf_buf_append_u8(b, '"');
}

static bool plain(const char *value)
{
    if (*value == '\0')
        return false;
    for (; *value != '\0'; value++)
        if (*value <= 0x20 || *value == '"' || *value == '=' || *value == '\\' || *value == 0x7f)
            return false;
    return true;
}

static void append_name(struct hf__line *l, const char *name)
{
    if (l->json)
        hf_buf_printf(&l->buf, ",\"%s\":", name);
    else
        hf_buf_printf(&l->buf, " %s=", name);
}

void hf__line_begin(struct hf__line *l, bool json, uint64_t wall_ms, int level, const char *event)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    struct tm tm;
    char when[32];
    time_t t = (time_t)(wall_ms / 1000);
    hf_assert(level >= HF__DEBUG && level <= HF__ERROR);
    hf_buf_init(&l->buf, LINE_MAX_LEN);
    l->json = json;
    if (gmtime_r(&t, &tm) == NULL || strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        when[0] = '\0';
    hf_buf_printf(&l->buf,
                  json ? "{\"time\":\"%s.%03uZ\",\"level\":\"%s\",\"event\":\"%s\""
                       : "time=%s.%03uZ level=%s event=%s",
                  when, (unsigned)(wall_ms % 1000), levels[level], event);
}

void hf__line_text(struct hf__line *l, const char *name, const char *value)
{
    if (value == NULL)
        return;
    append_name(l, name);
    if (l->json || !plain(value))
        append_quoted(&l->buf, value);
    else
        hf_buf_append(&l->buf, value, strlen(value));
}

void hf__line_uint(struct hf__line *l, const char *name, uint64_t value)
{
    append_name(l, name);
    hf_buf_printf(&l->buf, "%llu", (unsigned long long)value);
}

void hf__line_hex(struct hf__line *l, const char *name, struct hf_bytes value)
{
    char text[2 * HEX_MAX + 1];
    hf_assert(value.len <= HEX_MAX);
    hf_hex_encode(value.data, value.len, text);
    hf__line_text(l, name, text);
}

void hf__line_error(struct hf__line *l, int error)
{
    if (error == 0)
        return;
    hf__line_text(l, "error", hf_error_name(error));
    hf__line_text(l, "message", hf_error_sentence(error));
}

void hf__line_end(struct hf__line *l)
{
    if (l->json)
        hf_buf_append_u8(&l->buf, '}');
    hf_buf_append_u8(&l->buf, '\n');
}

bool hf__log_begin(struct hf__line *l, int level, const char *event)
{
    if (!hf__log_wanted(level))
        return false;
    hf__line_begin(l, log_json, hf_clock_wall_ms(), level, event);
    return true;
}

void hf__log_hold_back(struct hf__log_rate *r, int level, const char *event)
{
    r->event = event;
    r->level = level;
    r->held_back++;
}

static bool begin_counted(struct hf__line *l, struct hf__log_rate *r, int level, const char *event)
{
    if (!hf__log_begin(l, level, event))
        return false;
    if (r->held_back > 0)
        hf__line_uint(l, "held_back", r->held_back);
    r->held_back = 0;
    return true;
}

bool hf__log_begin_rated(struct hf__line *l, struct hf__log_rate *r, uint64_t now_ms, int level,
                         const char *event)
{
    if (!hf__log_wanted(level))
        return false;
    if (now_ms - r->since_ms >= RATE_MS) {
        r->since_ms = now_ms;
        r->lines = 0;
    }
    if (r->lines == RATE_LINES) {
        hf__log_hold_back(r, level, event);
        return false;
    }
    r->lines++;
    return begin_counted(l, r, level, event);
}

bool hf__log_begin_held_back(struct hf__line *l, struct hf__log_rate *r, uint64_t now_ms,
                             bool at_once)
{
    bool over = at_once || now_ms - r->since_ms >= RATE_MS;
    return r->held_back > 0 && over && begin_counted(l, r, r->level, r->event);
}

/* A line in the place of those that the buffer had no room for. */
static size_t say_lost(uint64_t lost, char *ret, size_t len)
{
    struct hf__line l;
    hf__line_begin(&l, log_json, hf_clock_wall_ms(), HF__WARNING, "log_lines_lost");
    hf__line_uint(&l, "count", lost);
    hf__line_end(&l);
    size_t said = l.buf.error == 0 && l.buf.len <= len ? l.buf.len : 0;
    if (said > 0)
        memcpy(ret, l.buf.data, said);
    hf_buf_done(&l.buf);
    return said;
}

void hf__log_write(struct hf__line *l)
{
    hf__line_end(l);
    if (l->buf.error != 0 || stuck) {
        hf_buf_done(&l->buf);
        return;
    }
    if (writer != NULL) {
        hf__log_writer_put(writer, hf_buf_bytes(&l->buf), say_lost);
    } else {
        ssize_t n = write(STDERR_FILENO, l->buf.data, l->buf.len);
        (void)n;
    }
    hf_buf_done(&l->buf);
}

int hf__log_start(void)
{
    hf_assert(writer == NULL);
    return hf__log_writer_new(STDERR_FILENO, &writer);
}

void hf__log_stop(uint32_t ms_max)
{
    struct hf__log_writer *w = writer;
    writer = NULL;
    stuck = !hf__log_writer_free(w, ms_max);
}

uint64_t hf__log_lost(void)
{
    return writer == NULL ? 0 : hf__log_writer_lost(writer);
}

static bool is_journal(void)
{
    const char *name = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat st;
    if (name == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return strcmp(name, own) == 0;
}

void hf__log_alarm(const char *event, const char *text, int error)
{
    static const char emergency[] = "<0>"; /* sd-daemon(3): shown on every terminal */
    const size_t mark = sizeof emergency - 1;
    struct hf__line l;
    if (!hf__log_begin(&l, HF__ERROR, event))
        return;
    hf__line_text(&l, "text", text);
    hf__line_error(&l, error);
    if (is_journal() && hf_buf_room(&l.buf, mark) != NULL) {
        memmove(l.buf.data + mark, l.buf.data, l.buf.len);
        memcpy(l.buf.data, emergency, mark);
        l.buf.len += mark;
    }
    hf__log_write(&l);
}

void hf__log(int level, const char *event, const char *text, int error)
{
    struct hf__line l;
    if (!hf__log_begin(&l, level, event))
        return;
    hf__line_text(&l, "text", text);
    hf__line_error(&l, error);
    hf__log_write(&l);
}
