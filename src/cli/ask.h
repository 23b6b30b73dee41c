/* Asking the daemon, and what commands share. */
#ifndef HF_CLI_ASK_H
#define HF_CLI_ASK_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/options.h"

#include <jansson.h>

enum {
    HF__ASK_MS = 30000,    /* what the daemon may have to ask others, or do, before it answers */
    HF__ASK_NOW_MS = 5000, /* what it answers from what it knows */
};

/*
 * Asks the daemon and reads its answer. request: consumed. ret: the answer, given back with
 * json_decref. What goes wrong, in asking or as the daemon's refusal, is said on standard error
 * unless quiet, and returned as a code of base/error.h.
 */
HF_MUST_USE int hf__ask(json_t *request, bool quiet, json_t **ret);

/* hf__ask, of what the daemon answers at once whatever others do: one that has said nothing after
 * HF__ASK_NOW_MS hangs, and its operator is to know that soon. */
HF_MUST_USE int hf__ask_now(json_t *request, bool quiet, json_t **ret);

/* Writes the bytes whose digits a member of an answer has to a file. HF_EMALFORMED: there are none.
 * What hf_file_write_through gives. */
HF_MUST_USE int hf__answer_save(const json_t *answer, const char *member, const char *path);

/* Says that there is no answer from the socket and what to look at; returns HF_CLI_ERROR. */
int hf__say_no_answer(const char *command, int error);

/* Says what went wrong with what, on standard error; returns HF_CLI_ERROR. */
int hf__say(const char *command, const char *what, int error);
/* Whether a person at the terminal says yes; false where standard input is none. */
bool hf__asked(const char *question);

/* What the daemon is started with besides where it is root who types it and no user is named. */
const char *hf__as_root(void);
/* hf_options_read for a command: what is wrong with an option is said on standard error. */
HF_MUST_USE bool hf__options(int argc, char **argv, const struct hf_option *table, size_t count,
                             void *options, char ***ret_words, int *ret_count);

/* A command that was used wrongly: says how it is used on standard error. Returns HF_CLI_USAGE. */
int hf__usage(const char *text);

/* Whether a build for production was asked for a development network; said so. */
bool hf__dev_refused(const char *command, bool dev);

/* Whether a word is --help: then the text has been printed, and the command is done. */
bool hf__help(int argc, char **argv, const char *text);

#endif
