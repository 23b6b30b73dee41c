#include "page/question.h"

#include "base/check.h"

#include <string.h>
#include <strings.h>

enum hf_question_state hf_question_take(struct hf_question *q, struct hf_bytes more)
{
    for (size_t i = 0; i < more.len; i++) {
        char c = (char)more.data[i];
        if (q->len == HF_QUESTION_MAX)
            return HF_QUESTION_TOO_LONG;
        q->len++;
        if (q->kept < sizeof q->in)
            q->in[q->kept++] = c;
        if (c == '\n' && q->line_empty)
            return HF_QUESTION_WHOLE;
        q->line_empty = c == '\n' || (c == '\r' && q->line_empty);
    }
    return HF_QUESTION_UNDER_WAY;
}

bool hf_question_asks(const struct hf_question *q, const char *path)
{
    static const char get[] = "GET ";
    size_t begin = sizeof get - 1, n = strlen(path);
    if (q->kept <= begin + n || memcmp(q->in, get, begin) != 0 ||
        memcmp(q->in + begin, path, n) != 0)
        return false;
    char next = q->in[begin + n];
    return next == ' ' || next == '?' || next == '\r' || next == '\n';
}

/* The value of the header, without blanks around it; len 0 where there is none. */
static struct hf_bytes header(const struct hf_question *q, const char *name)
{
    size_t n = strlen(name), at = 0;
    while (at < q->kept) {
        const char *line = q->in + at;
        const char *end = memchr(line, '\n', q->kept - at);
        size_t len = end != NULL ? (size_t)(end - line) : q->kept - at;
        at += len + 1;
        if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
            continue;
        line += n + 1;
        len -= n + 1;
        while (len > 0 && (line[0] == ' ' || line[0] == '\t')) {
            line++;
            len--;
        }
        while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t'))
            len--;
        return hf_bytes_of(line, len);
    }
    return (struct hf_bytes){0};
}

bool hf_question_at_home(const struct hf_question *q)
{
    static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};
    struct hf_bytes host = header(q, "Host");
    if (host.len == 0)
        return true;
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
        size_t n = strlen(names[i]);
        if (host.len >= n && strncasecmp((const char *)host.data, names[i], n) == 0 &&
            (host.len == n || host.data[n] == ':'))
            return true;
    }
    return false;
}
