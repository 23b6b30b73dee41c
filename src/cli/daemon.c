/* holdfast key, drain, identity, reload: short requests to the daemon. */
#include "ask.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "client/call.h"
#include "client/frame.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KEY_DIGITS = 64 };

static const char key_usage[] =
    "usage: holdfast key get NAME [--json] [--force]\n"
    "\n"
    "Prints the application key as 64 hexadecimal digits. A terminal is refused:\n"
    "a key does not belong into its history. --force prints it all the same.\n"
    "--json prints an object: key, network, version, and claim, the fencing token:\n"
    "of two copies of this validator the one that took over has the higher.\n"
    "exit status: 0 printed, 1 error, 2 not released now; trying again may help\n";

/* The text of an answer is not given to the JSON library while the key is in it. */
static const char *cut_key(struct hf_client_answer *a, char ret[static KEY_DIGITS + 1])
{
    static const char mark[] = "{\"key\":\"";
    size_t len = sizeof mark - 1;
    if (a->len < len + KEY_DIGITS || memcmp(a->text, mark, len) != 0)
        return NULL;
    memcpy(ret, a->text + len, KEY_DIGITS);
    ret[KEY_DIGITS] = '\0';
    return strspn(ret, "0123456789abcdef") == KEY_DIGITS ? ret : NULL;
}

static int key_refused(const struct hf_client_answer *a)
{
    json_error_t ignored;
    json_t *root = json_loadb(a->text, a->len, 0, &ignored);
    const json_t *error = json_object_get(root, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    bool again = json_is_true(json_object_get(error, "retryable"));
    fprintf(stderr, "holdfast key: not released: %s\n",
            message != NULL ? message : "the daemon's answer makes no sense");
    json_decref(root);
    return again ? HF_CLI_NOT_READY : HF_CLI_ERROR;
}

/* The key alone, or the daemon's answer as it is: an object of one line (proto/LOCAL.md, 4). */
static int key_print(struct hf_client_answer *a, bool json)
{
    char key[KEY_DIGITS + 2];
    if (cut_key(a, key) == NULL)
        return key_refused(a);
    key[KEY_DIGITS] = '\n';
    struct iovec json_line[] = {{a->text, a->len}, {key + KEY_DIGITS, 1}};
    struct iovec key_line[] = {{key, KEY_DIGITS + 1}};
    size_t len = json ? a->len + 1 : KEY_DIGITS + 1;
    ssize_t n = json ? writev(STDOUT_FILENO, json_line, 2) : writev(STDOUT_FILENO, key_line, 1);
    explicit_bzero(key, sizeof key);
    return n >= 0 && (size_t)n == len ? HF_CLI_OK : hf__say("key", "standard output", HF_EIO);
}

static int key_get(const char *name, bool json)
{
    struct hf_client_answer answer = {0};
    json_t *request = json_pack("{s:s,s:s}", "request", "key", "name", name);
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (text == NULL)
        return hf__say("key", "the name is not UTF-8", 0);
    int r = hf_client_call(hf__cli_socket, hf_bytes_of(text, strlen(text)), HF__ASK_MS, &answer);
    free(text);
    if (r != 0)
        return hf__say("key", hf__cli_socket, r);
    int status = key_print(&answer, json);
    hf_client_answer_done(&answer);
    return status;
}

int hf_cli_key(int argc, char **argv)
{
    bool force = false, json = false, wrong = argc < 3 || strcmp(argv[1], "get") != 0;
    if (hf__help(argc, argv, key_usage))
        return HF_CLI_OK;
    for (int i = 3; i < argc && !wrong; i++) {
        bool *option = strcmp(argv[i], "--force") == 0  ? &force
                       : strcmp(argv[i], "--json") == 0 ? &json
                                                        : &wrong;
        *option = true;
    }
    if (wrong) {
        fputs(key_usage, stderr);
        return HF_CLI_ERROR;
    }
    if (!force && isatty(STDOUT_FILENO) == 1)
        return hf__say("key", "standard output is a terminal; see --help", 0);
    return key_get(argv[2], json);
}

static const char drain_usage[] =
    "usage: holdfast drain [--undo]\n"
    "\n"
    "Asks whether this node may stop for a while, and takes no new shares from\n"
    "then on. Refused while it would leave an owner with too few live providers.\n"
    "--undo takes shares again.\n";

int hf_cli_drain(int argc, char **argv)
{
    json_t *root;
    if (hf__help(argc, argv, drain_usage))
        return HF_CLI_OK;
    bool undo = argc == 2 && strcmp(argv[1], "--undo") == 0;
    if (argc > 1 && !undo) {
        fputs(drain_usage, stderr);
        return HF_CLI_ERROR;
    }
    if (hf__ask(json_pack("{s:s}", "request", undo ? "undrain" : "drain"), false, &root) != 0)
        return HF_CLI_ERROR;
    json_decref(root);
    puts(undo ? "takes shares again" : "may stop; takes no new shares");
    return HF_CLI_OK;
}

static const char identity_usage[] =
    "usage: holdfast identity [--output FILE]\n"
    "\n"
    "Prints this node's account, address and identity quote as JSON, for\n"
    "`holdfast set add` at the authority.\n";

int hf_cli_identity(int argc, char **argv)
{
    json_t *root;
    if (hf__help(argc, argv, identity_usage))
        return HF_CLI_OK;
    bool to_file = argc == 3 && strcmp(argv[1], "--output") == 0;
    if (argc > 1 && !to_file) {
        fputs(identity_usage, stderr);
        return HF_CLI_ERROR;
    }
    if (hf__ask(json_pack("{s:s}", "request", "identity"), false, &root) != 0)
        return HF_CLI_ERROR;
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(root);
    if (text == NULL)
        return hf__say("identity", "answer", HF_ENOMEM);
    int r = 0;
    if (to_file)
        r = hf_file_write_through(argv[2], hf_bytes_of(text, strlen(text)), 0644);
    else
        r = puts(text) < 0 || fflush(stdout) != 0 ? HF_EIO : 0;
    free(text);
    return r == 0 ? HF_CLI_OK : hf__say("identity", to_file ? argv[2] : "standard output", r);
}

static const char reload_usage[] =
    "usage: holdfast reload\n"
    "\n"
    "The daemon reads documents and collateral again, as on SIGHUP.\n";

int hf_cli_reload(int argc, char **argv)
{
    json_t *root;
    if (hf__help(argc, argv, reload_usage))
        return HF_CLI_OK;
    if (argc > 1) {
        fputs(reload_usage, stderr);
        return HF_CLI_ERROR;
    }
    if (hf__ask(json_pack("{s:s}", "request", "reload"), false, &root) != 0)
        return HF_CLI_ERROR;
    json_decref(root);
    return HF_CLI_OK;
}

static const char mute_usage[] =
    "usage: holdfast mute REASON --for DURATION\n"
    "       holdfast mute REASON --undo\n"
    "\n"
    "A warning that stands is not logged, and does not count in the exit status,\n"
    "for so long, such as 12h or 7d; at most 90d. It is heard again before when it\n"
    "weighs more, when it comes anew, and when the daemon restarts.\n"
    "exit status: 0 done, 1 error, 2 usage\n";

/* "90m", "12h", "7d" in seconds; 0: not a duration. */
static long long seconds_of(const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    long long unit = *end == 's'   ? 1
                     : *end == 'm' ? 60
                     : *end == 'h' ? 3600
                     : *end == 'd' ? 86400
                                   : 0;
    return n > 0 && n <= 90LL * 86400 && unit > 0 && end[1] == '\0' ? n * unit : 0;
}

int hf_cli_mute(int argc, char **argv)
{
    json_t *root;
    bool undo = argc == 3 && strcmp(argv[2], "--undo") == 0;
    long long for_s = argc == 4 && strcmp(argv[2], "--for") == 0 ? seconds_of(argv[3]) : 0;
    if (hf__help(argc, argv, mute_usage))
        return HF_CLI_OK;
    if (!undo && for_s == 0) {
        fputs(mute_usage, stderr);
        return HF_CLI_USAGE;
    }
    json_t *request = json_pack("{s:s,s:s,s:I}", "request", "mute", "reason", argv[1], "for_s",
                                (json_int_t)for_s);
    if (hf__ask(request, false, &root) != 0)
        return HF_CLI_ERROR;
    json_decref(root);
    return HF_CLI_OK;
}
