#include "ask.h"

#include "base/error.h"
#include "client/call.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int hf__say(const char *command, const char *what, int error)
{
    if (error != 0)
        fprintf(stderr, "holdfast %s: %s: %s\n", command, what, hf_error_sentence(error));
    else
        fprintf(stderr, "holdfast %s: %s\n", command, what);
    return HF_CLI_ERROR;
}

int hf__say_no_answer(const char *command, int error)
{
    const char *hint = hf_error_sentence(error);
    if (error == HF_ENOTFOUND)
        hint = "there is no socket: does holdfastd run, and is this the `socket` of its "
               "configuration? --socket PATH names another";
    else if (error == HF_ECONNECT)
        hint = "its socket is there, and holdfastd does not run";
    else if (error == HF_EPERMISSION)
        hint = "this user may not use the socket, or another user than its folder's made it";
    fprintf(stderr, "holdfast%s%s: the daemon at %s does not answer: %s\n",
            command != NULL ? " " : "", command != NULL ? command : "", hf__cli_socket, hint);
    return HF_CLI_ERROR;
}

bool hf__options(int argc, char **argv, const struct hf_option *table, size_t count, void *options,
                 char ***ret_words, int *ret_count)
{
    char reason[HF_OPTION_REASON_MAX];
    bool ok = hf_options_explain(argc, argv, table, count, options, ret_words, ret_count, reason);
    if (!ok)
        fprintf(stderr, "holdfast: %s\n", reason);
    return ok;
}

bool hf__dev_refused(const char *command, bool dev)
{
#ifdef HF_PRODUCTION
    if (dev)
        hf__say(command,
                "--dev: this build is for production and knows no development network; "
                "`contrib/build --dev` makes one that does",
                0);
    return dev;
#else
    (void)command;
    (void)dev;
    return false;
#endif
}

const char *hf__minute(uint64_t s, char ret[static 32])
{
    struct tm tm;
    time_t t = (time_t)s;
    if (gmtime_r(&t, &tm) == NULL || strftime(ret, 32, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        ret[0] = '\0';
    return ret;
}

int hf__usage(const char *text)
{
    fputs(text, stderr);
    return HF_CLI_USAGE;
}

bool hf__help(int argc, char **argv, const char *text)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(text, stdout);
            return true;
        }
    return false;
}

static int exchange(json_t *request, json_t **ret)
{
    struct hf_client_answer answer = {0};
    json_error_t error;
    char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (text == NULL)
        return HF_ENOMEM;
    int r = hf_client_call(hf__cli_socket, hf_bytes_of(text, strlen(text)), HF__ASK_MS, &answer);
    free(text);
    if (r != 0)
        return r;
    json_t *root = json_loadb(answer.text, answer.len, 0, &error);
    hf_client_answer_done(&answer);
    if (!json_is_object(root)) {
        json_decref(root);
        return HF_EMALFORMED;
    }
    *ret = root;
    return 0;
}

/* The daemon's own words are kept: it knows more than its code says. */
static int refusal(const json_t *error, bool quiet)
{
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *found = json_string_value(json_object_get(error, "text"));
    if (!quiet)
        fprintf(stderr, "holdfast: the daemon refuses: %s (%s)%s%s\n",
                message != NULL ? message : "without a word", code != NULL ? code : "unknown",
                found != NULL ? ": " : "", found != NULL ? found : "");
    return code != NULL ? hf_error_from_name(code) : HF_EMALFORMED;
}

int hf__ask(json_t *request, bool quiet, json_t **ret)
{
    json_t *root = NULL;
    int r = exchange(request, &root);
    if (r != 0) {
        if (!quiet)
            hf__say_no_answer(NULL, r);
        return r;
    }
    const json_t *error = json_object_get(root, "error");
    if (error != NULL) {
        r = refusal(error, quiet);
        json_decref(root);
        return r;
    }
    *ret = root;
    return 0;
}
