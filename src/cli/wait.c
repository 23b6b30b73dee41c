/* holdfast wait: until the node is in a state. */
#include "answer.h"
#include "ask.h"
#include "base/options.h"
#include "command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 20, TIMEOUT_S = 60, WAIT_S_MAX = 31536000 };

static const char usage[] =
    "usage: holdfast wait --for STATE [--timeout SECONDS]\n"
    "\n"
    "Waits until the node is in the state, such as ready; placed also means ready\n"
    "and degraded, open means that the vault is open. The default is 60 seconds.\n"
    "exit status: 0 it is in the state, 1 error, 2 it is not\n";

/* Whether a status is at least what is waited for. */
static bool reached(const json_t *root, const char *wanted)
{
    const char *state = text_of(root, "state");
    if (strcmp(state, wanted) == 0)
        return true;
    if (strcmp(wanted, "placed") == 0)
        return strcmp(state, "ready") == 0 || strcmp(state, "degraded") == 0;
    return strcmp(wanted, "open") == 0 && is_true(root, "open");
}

/* The states of a node, and `open`, which is none; an end-to-end test holds them against those of
 * core/states.def, which this room does not see. */
static bool may_wait_for(const char *wanted)
{
    static const char *const known[] = {
        "starting", "fresh",   "recovering", "claiming", "placing",     "placed", "ready",
        "degraded", "leaving", "left",       "blocked",  "handed_over", "open"};
    for (size_t i = 0; i < HF_ARRAY_LEN(known); i++)
        if (strcmp(known[i], wanted) == 0)
            return true;
    fprintf(stderr, "holdfast wait: %s is no state; holdfast(1) lists them\n", wanted);
    return false;
}

static int wait_for(const char *wanted, long timeout_s)
{
    char last[512] = "no answer";
    struct timespec now, pause = {.tv_nsec = POLL_MS * 1000000L};
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t end_s = now.tv_sec + timeout_s;
    do {
        json_t *root;
        if (hf__ask_now(json_pack("{s:s}", "request", "status"), true, &root) == 0) {
            bool there = reached(root, wanted);
            snprintf(last, sizeof last, "%s: can this key come back? %s", text_of(root, "state"),
                     text_of(json_object_get(root, "key"), "says"));
            json_decref(root);
            if (there)
                return HF_CLI_OK;
        }
        nanosleep(&pause, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < end_s);
    fprintf(stderr, "holdfast wait: not %s after %ld s: %s\n", wanted, timeout_s, last);
    return HF_CLI_NOT_READY;
}

struct options {
    const char *wanted;
    uint64_t timeout_s;
};

int hf_cli_wait(int argc, char **argv)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("for", struct options, wanted),
        HF_NUMBER_OF("timeout", struct options, timeout_s, 0, WAIT_S_MAX)};
    struct options o = {.timeout_s = TIMEOUT_S};
    char **words;
    int count;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), &o, &words, &count) ||
        o.wanted == NULL || count != 0 || !may_wait_for(o.wanted))
        return hf__usage(usage);
    return wait_for(o.wanted, (long)o.timeout_s);
}
