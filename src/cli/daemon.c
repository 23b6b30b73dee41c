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
#include <unistd.h>

enum { KEY_DIGITS = 64 };

static const char key_usage[] =
    "usage: holdfast key get NAME [--force]\n"
    "\n"
    "Prints the application key as 64 hexadecimal digits. A terminal is refused:\n"
    "a key does not belong into its history. --force prints it all the same.\n"
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

static int key_get(const char *name)
{
    char key[KEY_DIGITS + 2];
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
    int status;
    if (cut_key(&answer, key) == NULL) {
        status = key_refused(&answer);
    } else {
        key[KEY_DIGITS] = '\n';
        ssize_t n = write(STDOUT_FILENO, key, KEY_DIGITS + 1);
        status = n == KEY_DIGITS + 1 ? HF_CLI_OK : hf__say("key", "standard output", HF_EIO);
    }
    explicit_bzero(key, sizeof key);
    hf_client_answer_done(&answer);
    return status;
}

int hf_cli_key(int argc, char **argv)
{
    if (hf__help(argc, argv, key_usage))
        return HF_CLI_OK;
    bool force = argc == 4 && strcmp(argv[3], "--force") == 0;
    if ((argc != 3 && !force) || strcmp(argv[1], "get") != 0) {
        fputs(key_usage, stderr);
        return HF_CLI_ERROR;
    }
    if (!force && isatty(STDOUT_FILENO) == 1)
        return hf__say("key", "standard output is a terminal; see --help", 0);
    return key_get(argv[2]);
}

/*
 * What short commands share: --help, a command line that makes sense or not, and the question.
 * False: the command has ended with *ret_status. True: *ret is the answer, the caller's.
 */
static bool asked(int argc, char **argv, const char *usage, bool makes_sense, const char *request,
                  json_t **ret, int *ret_status)
{
    *ret_status = HF_CLI_OK;
    if (hf__help(argc, argv, usage))
        return false;
    *ret_status = HF_CLI_ERROR;
    if (!makes_sense) {
        fputs(usage, stderr);
        return false;
    }
    return hf__ask(json_pack("{s:s}", "request", request), false, ret) == 0;
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
    int status;
    bool undo = argc == 2 && strcmp(argv[1], "--undo") == 0;
    if (!asked(argc, argv, drain_usage, argc == 1 || undo, undo ? "undrain" : "drain", &root,
               &status))
        return status;
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
    int status;
    bool to_file = argc == 3 && strcmp(argv[1], "--output") == 0;
    if (!asked(argc, argv, identity_usage, argc == 1 || to_file, "identity", &root, &status))
        return status;
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(root);
    if (text == NULL)
        return hf__say("identity", "answer", HF_ENOMEM);
    int r = 0;
    if (to_file)
        r = hf_file_replace(argv[2], hf_bytes_of(text, strlen(text)), 0644);
    else
        r = puts(text) < 0 ? HF_EIO : 0;
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
    int status;
    if (!asked(argc, argv, reload_usage, argc == 1, "reload", &root, &status))
        return status;
    json_decref(root);
    return HF_CLI_OK;
}
