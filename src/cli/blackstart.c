/* holdfast blackstart request|add|status: a node to which no share can come asks the share holders,
 * in files that people carry. */
#include "ask.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/error.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/hex.h"
#include "blackstart_plan.h"
#include "command.h"
#include "document/request.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWERS_MAX = 1 << 19, ANSWER_MAX = 512, REQUEST_MAX = 4 << 20 };

static const char usage[] =
    "usage: holdfast blackstart request FILE [--anew]\n"
    "       holdfast blackstart add FILE...\n"
    "       holdfast blackstart status\n"
    "       holdfast blackstart plan REQUEST...\n"
    "\n"
    "For the hour when every validator has lost its key at once. request writes\n"
    "what share holders are asked for to FILE, which may be carried by any hand; each\n"
    "of them answers with holdfast-share. add gives the node their answers: each is\n"
    "checked at once, a wrong one is named, and with the last that is needed the node\n"
    "opens its vault and goes on by itself. A node that restarts meanwhile asks anew.\n"
    "plan reads the requests of several validators, anywhere, and proposes which of\n"
    "them to start by people so that the rest follow.\n"
    "\n"
    "  --anew  gives up the request that is open, and every answer to it\n"
    "exit status: 0 done, 1 error, 2 answers are missing, 6 documents are too old,\n"
    "17 the share set has expired, 19 an answer to another request, 20 a wrong\n"
    "answer\n";

static void print_time(const char *before, uint64_t s, const char *after)
{
    char text[HF_DATE_TEXT];
    printf("%s%s%s\n", before, hf_date_text(s, HF_DATE_SECOND, text), after);
}

/* Who the share holders are, and whose answers are here. */
static void print_people(const json_t *q)
{
    const json_t *person;
    size_t i;
    printf("share holders, %lld of whom open:",
           (long long)json_integer_value(json_object_get(q, "threshold")));
    json_array_foreach(json_object_get(q, "people"), i, person)
        printf("%s %s%s", i > 0 ? "," : "", json_string_value(json_object_get(person, "alias")),
               json_is_true(json_object_get(person, "answered")) ? " (has answered)" : "");
    puts("");
}

/* One part of the request's file, appended. ret_len: how long the file is. */
static int take_part(struct hf_buf *file, size_t *ret_len)
{
    json_t *root;
    int r =
        hf__ask(json_pack("{s:s,s:I}", "request", "request_part", "offset", (json_int_t)file->len),
                false, &root);
    if (r != 0)
        return r;
    const char *digits = json_string_value(json_object_get(root, "part"));
    size_t len = digits != NULL ? strlen(digits) / 2 : 0;
    uint8_t *part = malloc(len + 1);
    *ret_len = (size_t)json_integer_value(json_object_get(root, "len"));
    r = part == NULL ? HF_ENOMEM : len == 0 ? HF_EMALFORMED : hf_hex_decode(digits, part, len);
    if (r == 0)
        hf_buf_append(file, part, len);
    free(part);
    json_decref(root);
    return r != 0 ? r : file->error;
}

/* The file, whole, in parts: it has a validator set of any size in it, and a frame has its bound.
 * HF_EOTHERREQUEST: another request was made meanwhile. */
static int save_request(const char *digest, const char *path)
{
    char digits[2 * sizeof(struct hf_hash) + 1];
    struct hf_request q;
    struct hf_arena arena;
    struct hf_buf file;
    size_t len = 1;
    int r = 0;
    hf_buf_init(&file, REQUEST_MAX);
    hf_arena_init(&arena, 2 * REQUEST_MAX);
    while (r == 0 && file.len < len)
        r = take_part(&file, &len);
    if (r == 0)
        r = hf_request_read(&hf_suite_real, hf_buf_bytes(&file), &arena, &q);
    if (r == 0) {
        hf_hex_encode(q.hash.bytes, sizeof q.hash.bytes, digits);
        r = strcmp(digest, digits) == 0 ? hf_file_write_through(path, hf_buf_bytes(&file), 0644)
                                        : HF_EOTHERREQUEST;
    }
    hf_arena_done(&arena);
    hf_buf_done(&file);
    return r;
}

/* Writes the file of the request with this digest, and says to whom it goes. The exit status. */
static int give(const char *digest, const char *path)
{
    json_t *root;
    int r = save_request(digest != NULL ? digest : "", path);
    if (r != 0)
        return hf__say("blackstart", path, r);
    if (hf__ask(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return HF_CLI_ERROR;
    const json_t *q = json_object_get(root, "quorum");
    printf("%s: give it to %lld share holders, and keep this node running until they have "
           "answered\nrequest: %s\n",
           path, (long long)json_integer_value(json_object_get(q, "threshold")), digest);
    print_people(q);
    puts("where several validators wait, `holdfast blackstart plan` says, from their requests, "
         "which few are to be started by people");
    printf("next: each of them compares what stands behind `request:` with you, by another way, "
           "and answers:\n"
           "  holdfast-share answer %s --key FILE --collateral DIR --out ANSWER --network %s\n"
           "(DIR: collateral, copied from a validator or brought by holdfast-collateral)\n"
           "then here, as the answers come:\n"
           "  holdfast blackstart add ANSWER...\n",
           path, json_string_value(json_object_get(root, "network")));
    json_decref(root);
    return HF_CLI_OK;
}

static int request_anew(const char *path)
{
    json_t *root;
    int r = hf__ask(json_pack("{s:s}", "request", "blackstart"), false, &root);
    if (r != 0)
        return r == HF_ECANCELED ? HF_CLI_ERROR : hf_exit_of(r);
    uint64_t before_s = (uint64_t)json_integer_value(json_object_get(root, "before_s"));
    if (before_s != 0)
        print_time("this node asked before, at ", before_s,
                   ": answers to that request are worth nothing any more");
    int status = give(json_string_value(json_object_get(root, "digest")), path);
    json_decref(root);
    return status;
}

/* A request that is open and that has no answer is written once more: its file may be lost, or may
 * never have been written. */
static int request(const char *path, bool anew)
{
    json_t *root;
    if (anew)
        return request_anew(path);
    if (hf__ask(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return HF_CLI_ERROR;
    const json_t *q = json_object_get(root, "quorum");
    int status = HF_CLI_ERROR;
    if (!json_is_true(json_object_get(q, "open"))) {
        status = request_anew(path);
    } else if (json_integer_value(json_object_get(q, "have")) == 0) {
        puts("the request that is open, written once more; --anew makes another one");
        status = give(json_string_value(json_object_get(q, "digest")), path);
    } else {
        fprintf(stderr,
                "holdfast blackstart: a request is open, and %lld of %lld answers to it are here; "
                "with a new one they, and those under way, are worth nothing: --anew asks all the "
                "same\n",
                (long long)json_integer_value(json_object_get(q, "have")),
                (long long)json_integer_value(json_object_get(q, "need")));
    }
    json_decref(root);
    return status;
}

/* The request that is open; zeros: none is. */
static int open_request(struct hf_hash *ret)
{
    json_t *root;
    *ret = (struct hf_hash){0};
    int r = hf__ask(json_pack("{s:s}", "request", "status"), false, &root);
    if (r != 0)
        return r;
    const char *digest =
        json_string_value(json_object_get(json_object_get(root, "quorum"), "digest"));
    if (digest != NULL)
        r = hf_hex_decode(digest, ret->bytes, sizeof ret->bytes);
    json_decref(root);
    return r;
}

/* The digits of the answer to the request, out of a share holder's file. */
static int read_answer(const char *path, const struct hf_hash *request,
                       char ret[static 2 * ANSWER_MAX + 1])
{
    struct hf_buf file, answer;
    struct hf_arena arena;
    struct hf_blackstart_answer a;
    hf_buf_init(&file, ANSWERS_MAX);
    hf_buf_init(&answer, ANSWER_MAX);
    hf_arena_init(&arena, 2 * ANSWERS_MAX);
    int r = hf_file_read_regular(path, &file);
    if (r == 0)
        r = hf_answers_pick(hf_buf_bytes(&file), &arena, request, &a);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_blackstart_answer, &a, &answer);
    if (r == 0)
        hf_hex_encode(answer.data, answer.len, ret);
    hf_arena_done(&arena);
    hf_buf_done(&answer);
    hf_buf_done(&file);
    return r;
}

/* One file. ret_missing: how many more answers are needed. The exit status. */
static int add_one(const char *path, const struct hf_hash *request, long long *ret_missing)
{
    json_t *root;
    char digits[2 * ANSWER_MAX + 1];
    int r = read_answer(path, request, digits);
    if (r != 0) {
        (void)hf__say("blackstart", path, r);
        return hf_exit_of_answer(r);
    }
    fprintf(stderr, "%s: ", path);
    r = hf__ask(json_pack("{s:s,s:s}", "request", "answer", "answer", digits), false, &root);
    if (r != 0)
        return hf_exit_of_answer(r);
    long long have = json_integer_value(json_object_get(root, "have"));
    long long need = json_integer_value(json_object_get(root, "need"));
    const char *alias = json_string_value(json_object_get(root, "alias"));
    fprintf(stderr, "the answer of %s counts: %lld of %lld\n", alias != NULL ? alias : "", have,
            need);
    *ret_missing = need - have;
    json_decref(root);
    return HF_CLI_OK;
}

static int add(int count, char **paths)
{
    int status = HF_CLI_OK;
    long long missing = 1;
    struct hf_hash request;
    if (open_request(&request) != 0)
        return HF_CLI_ERROR;
    for (int i = 0; i < count && missing > 0; i++) {
        int of_this = add_one(paths[i], &request, &missing);
        status = status == HF_CLI_OK ? of_this : status;
    }
    if (missing > 0)
        return status != HF_CLI_OK ? status : HF_CLI_NOT_READY;
    puts("enough: the node opens its vault and claims its account; see holdfast status");
    return HF_CLI_OK;
}

static int print_status(const json_t *root)
{
    const json_t *q = json_object_get(root, "quorum");
    long long have = json_integer_value(json_object_get(q, "have"));
    long long need = json_integer_value(json_object_get(q, "need"));
    bool open = json_is_true(json_object_get(root, "open"));
    uint64_t since_s = (uint64_t)json_integer_value(json_object_get(q, "since_s"));
    uint64_t asked_s = (uint64_t)json_integer_value(json_object_get(q, "request_s"));
    if (since_s != 0)
        print_time("sealed since ", since_s,
                   json_is_true(json_object_get(q, "openable"))
                       ? ""
                       : ": the share set has expired, or has another key");
    else if (json_is_true(json_object_get(q, "lost")))
        puts("a lost folder: what share holders open of it lies with those that keep its shares; "
             "start one of them by people, and then ask for this one");
    else
        puts("not sealed: share holders cannot open this node");
    if (json_array_size(json_object_get(q, "people")) > 0)
        print_people(q);
    if (open) {
        puts("open: no share holder is needed");
        return HF_CLI_OK;
    }
    if (!json_is_true(json_object_get(q, "open"))) {
        if (asked_s != 0)
            print_time("asked before this start, at ", asked_s, ": ask anew");
        puts("no request is open; make one with `holdfast blackstart request FILE`");
        return HF_CLI_NOT_READY;
    }
    printf("%lld of %lld answers are here\n", have, need);
    return HF_CLI_NOT_READY;
}

static int show_status(void)
{
    json_t *root;
    if (hf__ask(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return HF_CLI_ERROR;
    int status = print_status(root);
    json_decref(root);
    return status;
}

int hf_cli_blackstart(int argc, char **argv)
{
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (argc == 3 && strcmp(argv[1], "request") == 0)
        return request(argv[2], false);
    if (argc == 4 && strcmp(argv[1], "request") == 0 && strcmp(argv[3], "--anew") == 0)
        return request(argv[2], true);
    if (argc >= 3 && strcmp(argv[1], "add") == 0)
        return add(argc - 2, argv + 2);
    if (argc == 2 && strcmp(argv[1], "status") == 0)
        return show_status();
    if (argc >= 3 && strcmp(argv[1], "plan") == 0)
        return hf__blackstart_plan(argc - 2, argv + 2);
    return hf__usage(usage);
}
