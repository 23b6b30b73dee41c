#include "base/options.h"

#include "base/duration.h"
#include "base/nearest.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 64 };

bool hf_number_read(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    if (*text == '\0')
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (digit > 9 || digit > max || v > (max - digit) / 10)
            return false;
        v = 10 * v + digit;
    }
    if (v < min)
        return false;
    *ret = v;
    return true;
}

static bool take(const struct hf_option *o, void *options, const char *text)
{
    void *member = (char *)options + o->offset;
    uint64_t v;
    switch (o->kind) {
    case HF_OPTION_FLAG:
        *(bool *)member = true;
        return true;
    case HF_OPTION_TEXT:
        *(const char **)member = text;
        return true;
    case HF_OPTION_NUMBER:
        return hf_number_read(text, o->min, o->max, (uint64_t *)member);
    case HF_OPTION_DURATION:
        if (hf_duration_parse(text, o->max, &v) != 0 || v < o->min)
            return false;
        *(uint64_t *)member = v;
        return true;
    case HF_OPTION_TAKE:
        return o->take(options, text);
    }
    return false;
}

/* The option of the table that a word is, or is a slip of. */
static struct hf_nearest nearest(char name[static NAME_MAX_LEN], const char *word,
                                 const struct hf_option *table, size_t count)
{
    word += strspn(word, "-");
    snprintf(name, NAME_MAX_LEN, "%.*s", (int)strcspn(word, "="), word);
    struct hf_nearest n = hf_nearest_to(name);
    for (size_t i = 0; i < count; i++)
        hf_nearest_offer(&n, table[i].name);
    return n;
}

/* Why getopt_long gave c. A short option stands in optopt; of a long one that the table has,
 * without its value or with one that it does not take, 0 does. */
static void explain(int c, char *const *argv, const struct hf_option *table, size_t count,
                    char reason[static HF_OPTION_REASON_MAX])
{
    char name[NAME_MAX_LEN];
    const char *word = argv[optind - 1], *why = c == ':' ? "needs a value" : "not an option";
    struct hf_nearest meant = nearest(name, word, table, count);
    if (optopt != 0)
        snprintf(reason, HF_OPTION_REASON_MAX, "-%c: %s", optopt, why);
    else if (c == ':' || meant.known == NULL)
        snprintf(reason, HF_OPTION_REASON_MAX, "%.200s: %s", word, why);
    else if (meant.edits == 0)
        snprintf(reason, HF_OPTION_REASON_MAX, "%.200s: takes no value", word);
    else
        snprintf(reason, HF_OPTION_REASON_MAX, "%.140s: %s; did you mean --%.64s?", word, why,
                 meant.known);
}

bool hf_options_read(int argc, char **argv, const struct hf_option *table, size_t count,
                     void *options, char ***ret_words, int *ret_count,
                     char ret_reason[static HF_OPTION_REASON_MAX])
{
    struct option longs[HF_OPTIONS_MAX + 1] = {0};
    int which = -1;
    hf_assert(count <= HF_OPTIONS_MAX);
    for (size_t i = 0; i < count; i++)
        longs[i] = (struct option){
            .name = table[i].name,
            .has_arg = table[i].kind == HF_OPTION_FLAG ? no_argument : required_argument,
        };
    opterr = 0;
    optind = 0; /* getopt_long begins anew */
    for (int c; (c = getopt_long(argc, argv, ":", longs, &which)) != -1;) {
        if (c != 0) {
            explain(c, argv, table, count, ret_reason);
            return false;
        }
        if (!take(&table[which], options, optarg)) {
            snprintf(ret_reason, HF_OPTION_REASON_MAX, "--%.40s %.180s: not acceptable",
                     table[which].name, optarg);
            return false;
        }
    }
    *ret_words = argv + optind;
    *ret_count = argc - optind;
    return true;
}
