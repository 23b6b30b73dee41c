/* A command's options by its table: what is taken, and what is refused instead of guessed at. */
#include "base/options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct chosen {
    const char *folder;
    bool force;
    uint64_t count, after_s;
    unsigned taken;
};

static bool take(void *options, const char *text)
{
    ((struct chosen *)options)->taken++;
    return strcmp(text, "bad") != 0;
}

static const struct hf_option table[] = {
    HF_TEXT_OF("folder", struct chosen, folder),
    HF_FLAG_OF("force", struct chosen, force),
    HF_NUMBER_OF("count", struct chosen, count, 2, 16),
    HF_DURATION_OF("after", struct chosen, after_s, 60, 86400),
    HF_TAKE_BY("each", take),
};

static struct chosen chosen;
static char **words;
static int words_count;

/* Parts a line of words without blanks in them. */
static int part(const char *text, char **argv)
{
    static char copy[256];
    int argc = 0;
    char *rest = copy;
    chosen = (struct chosen){.folder = "default"};
    snprintf(copy, sizeof copy, "command %s", text);
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
        argv[argc++] = word;
    argv[argc] = NULL;
    return argc;
}

static bool line(const char *text)
{
    static char *argv[32];
    int argc = part(text, argv);
    char reason[HF_OPTION_REASON_MAX];
    return hf_options_read(argc, argv, table, HF_ARRAY_LEN(table), &chosen, &words, &words_count,
                           reason);
}

Test(hf_options_read, puts_each_where_its_row_says)
{
    cr_assert(line("one --folder f --force --count 7 two --after 2h --each a --each b"));
    cr_assert_str_eq(chosen.folder, "f");
    cr_assert(chosen.force);
    cr_assert_eq(chosen.count, 7);
    cr_assert_eq(chosen.after_s, 7200);
    cr_assert_eq(chosen.taken, 2);
    cr_assert_eq(words_count, 2);
    cr_assert_str_eq(words[0], "one");
    cr_assert_str_eq(words[1], "two");
}

Test(hf_options_read, leaves_defaults_and_what_is_behind_two_dashes)
{
    cr_assert(line("-- --force"));
    cr_assert_str_eq(chosen.folder, "default");
    cr_assert_not(chosen.force);
    cr_assert_eq(words_count, 1);
}

Test(hf_options_read, refuses_what_no_row_takes)
{
    static const char *const rows[] = {"--unknown",  "-f",          "--folder",    "--force=1",
                                       "--count 2x", "--count 1",   "--count 17",  "--count -3",
                                       "--count=",   "--after 59s", "--after 25h", "--after 2",
                                       "--each bad"};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++)
        cr_assert_not(line(rows[i]), "%s", rows[i]);
}

Test(hf_options_read, names_the_option_and_what_is_wrong)
{
    static const struct {
        const char *line, *reason;
    } cases[] = {
        {"--unknown", "--unknown: not an option"},
        {"word --unknown=1 word", "--unknown=1: not an option"},
        {"-fx", "-f: not an option"},
        {"--folder", "--folder: needs a value"},
        {"--force=1", "--force=1: takes no value"},
        {"--cuont 7", "--cuont: not an option; did you mean --count?"},
        {"--cuont=7", "--cuont=7: not an option; did you mean --count?"},
        {"--count 17", "--count 17: not acceptable"},
        {"--each a --each bad", "--each bad: not acceptable"},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        char reason[HF_OPTION_REASON_MAX] = "", *argv[32];
        int argc = part(cases[i].line, argv);
        cr_assert_not(hf_options_read(argc, argv, table, HF_ARRAY_LEN(table), &chosen, &words,
                                      &words_count, reason),
                      "%s", cases[i].line);
        cr_assert_str_eq(reason, cases[i].reason);
    }
}

Test(hf_number_read, is_digits_and_nothing_else_within_its_bounds)
{
    static const char *const bad[] = {
        "", " 1", "1 ", "+1", "-1", "0x1", "1e3", "2x", "18446744073709551616"};
    uint64_t v = 42;
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        cr_assert_not(hf_number_read(bad[i], 0, UINT64_MAX, &v), "%s", bad[i]);
        cr_assert_eq(v, 42);
    }
    cr_assert(hf_number_read("18446744073709551615", 0, UINT64_MAX, &v));
    cr_assert_eq(v, UINT64_MAX);
    cr_assert(hf_number_read("007", 7, 7, &v));
    cr_assert_not(hf_number_read("8", 0, 7, &v));
    cr_assert_not(hf_number_read("6", 7, 7, &v));
    cr_assert_eq(v, 7);
}
