/* holdfast key get, rotate and confirm. */
#include "key.h"

#include "ask.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/id.h"
#include "command.h"
#include "outside.h"
#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char key_usage[] =
    "usage: holdfast key get NAME [--json] [--force] [--wait SECONDS]\n"
    "                        [--network ID]\n"
    "       holdfast key rotate NAME [the same]\n"
    "       holdfast key confirm NAME VERSION\n"
    "\n"
    "get prints the application key as 64 hexadecimal digits. A terminal is refused:\n"
    "a key does not belong into its history. --force prints it all the same.\n"
    "--json prints an object: key, network, version, and claim, the fencing token:\n"
    "of two copies of this validator the one that took over has the higher.\n"
    "rotate has the name move to the newest version: it prints two lines, version\n"
    "and key, the older first; --json adds next and next_version. Encrypt anew what\n"
    "the older key protects, then confirm the newer version: until then both are\n"
    "kept, and get prints the older. A crash in between costs nothing: ask again.\n"
    "--wait waits for what may pass by itself: a daemon that starts or recovers.\n"
    "--network refuses a key of another network than this.\n"
    "exit status: 0 printed or confirmed, 1 error, 2 not now, and trying again may help\n";

struct key_options {
    bool force, json, both;
    uint64_t wait_s;
    const char *name, *network; /* network NULL: any */
};

const char *hf__key_digits(const struct hf_client_answer *a)
{
    static const char mark[] = "{\"key\":\"";
    size_t len = sizeof mark - 1;
    if (a->len < len + HF__KEY_DIGITS || memcmp(a->text, mark, len) != 0)
        return NULL;
    const char *digits = a->text + len;
    return strspn(digits, "0123456789abcdef") == HF__KEY_DIGITS ? digits : NULL;
}

static int key_refused(const char *command, const struct hf_client_answer *a)
{
    json_error_t ignored;
    json_t *root = json_loadb(a->text, a->len, 0, &ignored);
    const json_t *error = json_object_get(root, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *code = json_string_value(json_object_get(error, "code"));
    bool wrong_name = code != NULL && hf_error_from_name(code) == HF_EINVAL;
    bool again = json_is_true(json_object_get(error, "retryable"));
    fprintf(stderr, "holdfast %s: not released: %s (%s)%s\n", command,
            message != NULL ? message : "the daemon's answer makes no sense",
            code != NULL ? code : "unknown",
            wrong_name ? ": a key's name is 1 to 64 characters of a-z 0-9 - _ ." : "");
    json_decref(root);
    return again ? HF_CLI_NOT_READY : HF_CLI_ERROR;
}

/* The key alone, or the daemon's answer as it is: an object of one line (proto/LOCAL.md, 4). */
static int key_print(const struct hf_client_answer *a, bool json)
{
    static char end[] = "\n";
    const char *digits = hf__key_digits(a);
    struct iovec line[] = {{json ? a->text : (char *)digits, json ? a->len : HF__KEY_DIGITS},
                           {end, 1}};
    ssize_t n = writev(STDOUT_FILENO, line, 2);
    return n >= 0 && (size_t)n == line[0].iov_len + 1 ? HF_CLI_OK
                                                      : hf__say("key", "standard output", HF_EIO);
}

/* Whether the answer is of the network that is wanted: a host may have planted another's. */
static bool of_network(const struct hf_client_answer *a, const char *network)
{
    char mark[96];
    if (network == NULL)
        return true;
    snprintf(mark, sizeof mark, "\"network\":\"%s\"", network);
    return strstr(a->text, mark) != NULL;
}

/* Asks until the daemon is there, or the wait is over. */
static int key_ask(struct hf_bytes request, long wait_s, struct hf_client_answer *ret)
{
    struct timespec now, pause = {.tv_nsec = 20000000};
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t end_s = now.tv_sec + wait_s;
    for (;;) {
        int r = hf_client_call(hf__cli_socket, request, HF__ASK_MS + (uint32_t)wait_s * 1000, ret);
        clock_gettime(CLOCK_MONOTONIC, &now);
        bool absent = r == HF_ENOTFOUND || r == HF_ECONNECT || r == HF_ECONNRESET;
        if (!absent || now.tv_sec >= end_s)
            return r;
        nanosleep(&pause, NULL);
    }
}

int hf__key_fetch(const char *command, const char *what, const char *name, long wait_s,
                  const char *network, struct hf_client_answer *ret)
{
    struct hf_client_answer answer = {0};
    if (hf__outside_wanted())
        return hf__say(command, "no key leaves a trust domain: ask the local socket", 0);
    json_t *request = json_pack("{s:s,s:s,s:I}", "request", what, "name", name, "wait_ms",
                                (json_int_t)wait_s * 1000);
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (text == NULL)
        return hf__say(command, "the name is not UTF-8", 0);
    int r = key_ask(hf_bytes_of(text, strlen(text)), wait_s, &answer);
    free(text);
    if (r != 0) {
        hf__say_no_answer(command, r);
        return hf_error_transient(r) || r == HF_ENOTFOUND ? HF_CLI_NOT_READY : HF_CLI_ERROR;
    }
    int status = HF_CLI_OK;
    if (hf__key_digits(&answer) == NULL)
        status = key_refused(command, &answer);
    else if (!of_network(&answer, network))
        status = hf__say(command, "it is a key of another network than --network says", 0);
    if (status == HF_CLI_OK)
        *ret = answer;
    else
        hf_client_answer_done(&answer);
    return status;
}

/* The digits after a member's name in an answer, which has no blanks; NULL: it has no such. */
static const char *after(const struct hf_client_answer *a, const char *mark)
{
    const char *at = strstr(a->text, mark);
    return at != NULL ? at + strlen(mark) : NULL;
}

/* Both keys of a name, each with its version, a line each. */
static int both_print(const struct hf_client_answer *a)
{
    static char end[] = "\n", blank[] = " ";
    const char *version = after(a, "\"version\":"), *next_version = after(a, "\"next_version\":");
    const char *key = hf__key_digits(a), *next = after(a, "\"next\":\"");
    if (version == NULL || next_version == NULL || next == NULL ||
        strspn(next, "0123456789abcdef") != HF__KEY_DIGITS)
        return hf__say("key", "the daemon's answer makes no sense", 0);
    struct iovec lines[] = {{(char *)version, strspn(version, "0123456789")},
                            {blank, 1},
                            {(char *)key, HF__KEY_DIGITS},
                            {end, 1},
                            {(char *)next_version, strspn(next_version, "0123456789")},
                            {blank, 1},
                            {(char *)next, HF__KEY_DIGITS},
                            {end, 1}};
    size_t wanted = 0;
    for (size_t i = 0; i < HF_ARRAY_LEN(lines); i++)
        wanted += lines[i].iov_len;
    ssize_t n = writev(STDOUT_FILENO, lines, HF_ARRAY_LEN(lines));
    return n >= 0 && (size_t)n == wanted ? HF_CLI_OK : hf__say("key", "standard output", HF_EIO);
}

static int key_get(const char *name, const struct key_options *o)
{
    struct hf_client_answer answer;
    int status =
        hf__key_fetch("key", o->both ? "keys" : "key", name, (long)o->wait_s, o->network, &answer);
    if (status != HF_CLI_OK)
        return status;
    status = o->both && !o->json ? both_print(&answer) : key_print(&answer, o->json);
    hf_client_answer_done(&answer);
    return status;
}

static bool take_network(void *options, const char *text)
{
    struct hf_network_id id;
    ((struct key_options *)options)->network = text;
    return hf_hex_decode(text, id.bytes, sizeof id) == 0;
}

static bool read_key_options(int argc, char **argv, struct key_options *o)
{
    static const struct hf_option table[] = {
        HF_FLAG_OF("force", struct key_options, force),
        HF_FLAG_OF("json", struct key_options, json), HF_TAKE_BY("network", take_network),
        HF_NUMBER_OF("wait", struct key_options, wait_s, 0, 3600)};
    char **words;
    int count;
    *o = (struct key_options){0};
    if (argc < 3 || (strcmp(argv[1], "get") != 0 && strcmp(argv[1], "rotate") != 0) ||
        !hf__options(argc - 1, argv + 1, table, HF_ARRAY_LEN(table), o, &words, &count) ||
        count != 1)
        return false;
    o->name = words[0];
    o->both = strcmp(argv[1], "rotate") == 0;
    return true;
}

/* The application needs no other key of a name any more. */
static int key_confirm(const char *name, const char *text)
{
    char *end;
    json_t *answer;
    long long version = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || version < 1 || version > UINT32_MAX)
        return hf__say("key", "VERSION is a number, as holdfast key rotate prints it", 0);
    json_t *request = json_pack("{s:s,s:s,s:I}", "request", "confirm", "name", name, "version",
                                (json_int_t)version);
    int r = hf__ask(request, false, &answer);
    if (r != 0)
        return hf_error_transient(r) ? HF_CLI_NOT_READY : HF_CLI_ERROR;
    json_decref(answer);
    return HF_CLI_OK;
}

int hf_cli_key(int argc, char **argv)
{
    struct key_options o;
    if (hf__help(argc, argv, key_usage))
        return HF_CLI_OK;
    if (argc == 4 && strcmp(argv[1], "confirm") == 0)
        return key_confirm(argv[2], argv[3]);
    if (!read_key_options(argc, argv, &o))
        return hf__usage(key_usage);
    if (!o.force && isatty(STDOUT_FILENO) == 1)
        return hf__say("key", "standard output is a terminal; see --help", 0);
    return key_get(o.name, &o);
}
