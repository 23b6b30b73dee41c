#include "ask.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "client/call.h"
#include "client/frame.h"
#include "command.h"
#include "outside.h"

#include <stdio.h>
#include <stdlib.h>

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
    else if (error == HF_ETIMEOUT)
        hint = "it has taken the question and has said nothing since: is the process stopped, or "
               "does its machine or its disk hang? `systemctl status holdfastd` and the kernel's "
               "log say more";
    fprintf(stderr, "holdfast%s%s: the daemon at %s does not answer: %s\n",
            command != NULL ? " " : "", command != NULL ? command : "", hf__cli_socket, hint);
    return HF_CLI_ERROR;
}

/* Over the operator listener; what went wrong has been said. */
static int exchange_outside(struct hf_bytes request, uint32_t within_ms, bool quiet, json_t **ret)
{
    struct hf_buf answer;
    json_error_t error;
    hf_buf_init(&answer, HF_FRAME_MAX);
    int r = hf__outside_ask(request, within_ms, quiet, &answer);
    if (r == 0)
        *ret = json_loadb((const char *)answer.data, answer.len, 0, &error);
    hf_buf_done(&answer);
    return r;
}

static int exchange_local(struct hf_bytes request, uint32_t within_ms, bool quiet, json_t **ret)
{
    struct hf_client_answer answer = {0};
    json_error_t error;
    int r = hf_client_call(hf__cli_socket, request, within_ms, &answer);
    if (r == 0)
        *ret = json_loadb(answer.text, answer.len, 0, &error);
    else if (!quiet)
        hf__say_no_answer(NULL, r);
    hf_client_answer_done(&answer);
    return r;
}

/* What went wrong is said unless quiet. */
static int exchange(json_t *request, uint32_t within_ms, bool quiet, json_t **ret)
{
    json_t *root = NULL;
    char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (text == NULL)
        return HF_ENOMEM;
    struct hf_bytes bytes = hf_bytes_of(text, strlen(text));
    int r = hf__outside_wanted() ? exchange_outside(bytes, within_ms, quiet, &root)
                                 : exchange_local(bytes, within_ms, quiet, &root);
    free(text);
    if (r != 0)
        return r;
    if (!json_is_object(root)) {
        json_decref(root);
        if (!quiet)
            hf__say("daemon", "its answer makes no sense", HF_EMALFORMED);
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

static int ask(json_t *request, uint32_t within_ms, bool quiet, json_t **ret)
{
    json_t *root = NULL;
    int r = exchange(request, within_ms, quiet, &root);
    if (r != 0)
        return r;
    const json_t *error = json_object_get(root, "error");
    if (error != NULL) {
        r = refusal(error, quiet);
        json_decref(root);
        return r;
    }
    *ret = root;
    return 0;
}

int hf__ask(json_t *request, bool quiet, json_t **ret)
{
    return ask(request, HF__ASK_MS, quiet, ret);
}

int hf__ask_now(json_t *request, bool quiet, json_t **ret)
{
    return ask(request, HF__ASK_NOW_MS, quiet, ret);
}

int hf__answer_save(const json_t *answer, const char *member, const char *path)
{
    const char *digits = json_string_value(json_object_get(answer, member));
    size_t len = digits != NULL ? strlen(digits) / 2 : 0;
    uint8_t *bytes = malloc(len + 1);
    int r = bytes == NULL ? HF_ENOMEM : len == 0 ? HF_EMALFORMED : 0;
    if (r == 0)
        r = hf_hex_decode(digits, bytes, len);
    if (r == 0)
        r = hf_file_write_through(path, hf_bytes_of(bytes, len), 0644);
    free(bytes);
    return r;
}
