/*
 * The options of a command as a table: one row each, what it takes and where it goes. Words and
 * options may be mixed; `--` ends the options; a name may be cut short while it is one row's alone.
 */
#ifndef HF_BASE_OPTIONS_H
#define HF_BASE_OPTIONS_H

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hf_option_kind {
    HF_OPTION_FLAG,     /* bool: it is there */
    HF_OPTION_TEXT,     /* const char *: of the command line, not copied */
    HF_OPTION_NUMBER,   /* uint64_t: digits and nothing else, within min and max */
    HF_OPTION_DURATION, /* uint64_t, seconds: as hf_duration_parse reads it, within min and max */
    HF_OPTION_TAKE,     /* take is given the text */
};

struct hf_option {
    const char *name; /* without its dashes */
    enum hf_option_kind kind;
    size_t offset; /* of the member in the command's struct; of HF_OPTION_TAKE unused */
    uint64_t min, max;
    bool (*take)(void *options, const char *text); /* false: it will not do */
};

/* Rows, by the member that they fill. */
#define HF_FLAG_OF(name_, type, member)                                                            \
    {                                                                                              \
        .name = name_, .kind = HF_OPTION_FLAG, .offset = offsetof(type, member)                    \
    }
#define HF_TEXT_OF(name_, type, member)                                                            \
    {                                                                                              \
        .name = name_, .kind = HF_OPTION_TEXT, .offset = offsetof(type, member)                    \
    }
#define HF_NUMBER_OF(name_, type, member, min_, max_)                                              \
    {                                                                                              \
        .name = name_, .kind = HF_OPTION_NUMBER, .offset = offsetof(type, member), .min = min_,    \
        .max = max_                                                                                \
    }
#define HF_DURATION_OF(name_, type, member, min_, max_)                                            \
    {                                                                                              \
        .name = name_, .kind = HF_OPTION_DURATION, .offset = offsetof(type, member), .min = min_,  \
        .max = max_                                                                                \
    }
#define HF_TAKE_BY(name_, function)                                                                \
    {                                                                                              \
        .name = name_, .kind = HF_OPTION_TAKE, .take = function                                    \
    }

enum { HF_OPTIONS_MAX = 24 };

/* The exit status of every program that was used wrongly: EX_USAGE of sysexits.h, so that no number
 * that means something else is taken for it. */
enum { HF_EXIT_USAGE = 64 };

enum { HF_OPTION_REASON_MAX = 256 };

/*
 * Reads the words behind argv[0]. options: the command's struct, which has its defaults. ret_words,
 * ret_count: what is no option, in order; argv is reordered for it. false: an option that no row
 * has, without its value, or with one that will not do; ret_reason then says which and what is
 * wrong with it, terminated and cut where it is too long.
 */
HF_MUST_USE bool hf_options_read(int argc, char **argv, const struct hf_option *table, size_t count,
                                 void *options, char ***ret_words, int *ret_count,
                                 char ret_reason[static HF_OPTION_REASON_MAX]);
/* A number: decimal digits and nothing else, within min and max. ret: untouched when it is none. */
HF_MUST_USE bool hf_number_read(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

#endif
