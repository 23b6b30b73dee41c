/* What is asked on the port of 127.0.0.1, and at which name. */
#include "base/error.h"
#include "page/question.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct hf_question asked(const char *text, enum hf_question_state wanted)
{
    struct hf_question q = {0};
    cr_assert_eq(hf_question_take(&q, hf_bytes_of(text, strlen(text))), wanted, "%s", text);
    return q;
}

Test(question, a_head_ends_with_an_empty_line_and_what_follows_is_no_part_of_it)
{
    asked("GET / HTTP/1.1\r\nHost: a\r\n", HF_QUESTION_UNDER_WAY);
    asked("\r\n", HF_QUESTION_UNDER_WAY);
    struct hf_question q = asked("GET / HTTP/1.0\n\nGET /metrics", HF_QUESTION_WHOLE);
    cr_assert_eq(q.len, strlen("GET / HTTP/1.0\n\n"));
}

Test(question, a_path_is_asked_for_whole_or_with_a_query)
{
    struct hf_question q = asked("GET /page.json?a HTTP/1.1\r\n\r\n", HF_QUESTION_WHOLE);
    cr_assert(hf_question_asks(&q, "/page.json"));
    cr_assert_not(hf_question_asks(&q, "/page"));
    cr_assert_not(hf_question_asks(&q, "/"));
    q = asked("POST / HTTP/1.1\r\n\r\n", HF_QUESTION_WHOLE);
    cr_assert_not(hf_question_asks(&q, "/"), "it is read only");
    q = asked("GET /", HF_QUESTION_UNDER_WAY);
    cr_assert_not(hf_question_asks(&q, "/"));
}

Test(question, a_name_of_another_machine_is_not_at_home)
{
    static const struct {
        const char *host;
        bool home;
    } names[] = {
        {"127.0.0.1", true},       {"127.0.0.1:9700", true}, {"localhost:1", true},
        {"LOCALHOST", true},       {"[::1]:9700", true},     {"127.0.0.1.evil.example", false},
        {"localhost.evil", false}, {"evil.example", false},  {"10.0.0.1:9700", false}};
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
        char text[128];
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nAccept: *\r\nhOsT: \t%s \r\n\r\n",
                 names[i].host);
        struct hf_question q = asked(text, HF_QUESTION_WHOLE);
        cr_assert_eq(hf_question_at_home(&q), names[i].home, "%s", names[i].host);
    }
    struct hf_question q = asked("GET /metrics HTTP/1.0\r\n\r\n", HF_QUESTION_WHOLE);
    cr_assert(hf_question_at_home(&q), "a program names none");
}

Test(question, one_without_an_end_has_a_bound_and_its_first_lines_are_kept)
{
    struct hf_question q = {0};
    static const char line[] = "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ";
    uint8_t more[4096];
    memset(more, 'c', sizeof more);
    cr_assert_eq(hf_question_take(&q, hf_bytes_of(line, sizeof line - 1)), HF_QUESTION_UNDER_WAY);
    enum hf_question_state state = HF_QUESTION_UNDER_WAY;
    for (size_t sent = 0; sent <= HF_QUESTION_MAX; sent += sizeof more)
        state = hf_question_take(&q, hf_bytes_of(more, sizeof more));
    cr_assert_eq(state, HF_QUESTION_TOO_LONG);
    cr_assert_eq(q.len, HF_QUESTION_MAX);
    cr_assert_eq(q.kept, HF_QUESTION_KEPT);
    cr_assert(hf_question_asks(&q, "/") && hf_question_at_home(&q));
}
