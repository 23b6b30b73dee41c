/* holdfast drain, identity, metrics, reload, mute: short requests to the daemon. */
#include "ask.h"
#include "base/error.h"
#include "base/file.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
    if (argc > 1 && !undo)
        return hf__usage(drain_usage);
    if (hf__ask(json_pack("{s:s}", "request", undo ? "undrain" : "drain"), false, &root) != 0)
        return HF_CLI_ERROR;
    json_decref(root);
    puts(undo ? "takes shares again" : "may stop; takes no new shares");
    return HF_CLI_OK;
}

static const char identity_usage[] =
    "usage: holdfast identity [--output FILE] [--wait SECONDS]\n"
    "\n"
    "Prints this node's account, address and identity quote as JSON, for\n"
    "`holdfast set add` at the authority. A node that has just started makes the\n"
    "quote first: --wait waits for it.\n";

enum { IDENTITY_WAIT_S_MAX = 3600, IDENTITY_PAUSE_MS = 200 };

struct identity_options {
    const char *output;
    uint64_t wait_s;
};

/* The identity, waited for while the node may still be making it. */
static int ask_identity(uint64_t wait_s, json_t **ret)
{
    const struct timespec pause = {.tv_nsec = IDENTITY_PAUSE_MS * 1000000L};
    int r = HF_ELOCKED;
    for (uint64_t left_ms = wait_s * 1000; left_ms > 0; left_ms -= IDENTITY_PAUSE_MS) {
        r = hf__ask(json_pack("{s:s}", "request", "identity"), true, ret);
        if (r == 0 || !hf_error_transient(r))
            break;
        (void)nanosleep(&pause, NULL);
    }
    return r == 0 ? 0 : hf__ask(json_pack("{s:s}", "request", "identity"), false, ret);
}

int hf_cli_identity(int argc, char **argv)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("output", struct identity_options, output),
        HF_NUMBER_OF("wait", struct identity_options, wait_s, 0, IDENTITY_WAIT_S_MAX)};
    struct identity_options o = {0};
    json_t *root;
    char **words;
    int count;
    if (hf__help(argc, argv, identity_usage))
        return HF_CLI_OK;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), &o, &words, &count) || count > 0)
        return hf__usage(identity_usage);
    if (ask_identity(o.wait_s, &root) != 0)
        return HF_CLI_ERROR;
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(root);
    if (text == NULL)
        return hf__say("identity", "answer", HF_ENOMEM);
    int r = 0;
    if (o.output != NULL)
        r = hf_file_write_through(o.output, hf_bytes_of(text, strlen(text)), 0644);
    else
        r = puts(text) < 0 || fflush(stdout) != 0 ? HF_EIO : 0;
    free(text);
    return r == 0 ? HF_CLI_OK
                  : hf__say("identity", o.output != NULL ? o.output : "standard output", r);
}

static const char metrics_usage[] =
    "usage: holdfast metrics\n"
    "\n"
    "Prints the daemon's metrics as a Prometheus server reads them.\n";

int hf_cli_metrics(int argc, char **argv)
{
    json_t *root;
    if (hf__help(argc, argv, metrics_usage))
        return HF_CLI_OK;
    if (argc > 1)
        return hf__usage(metrics_usage);
    if (hf__ask(json_pack("{s:s}", "request", "metrics"), false, &root) != 0)
        return HF_CLI_ERROR;
    const char *text = json_string_value(json_object_get(root, "metrics"));
    int r = text == NULL || fputs(text, stdout) < 0 || fflush(stdout) != 0 ? HF_EIO : 0;
    json_decref(root);
    return r == 0 ? HF_CLI_OK : hf__say("metrics", "standard output", r);
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
    if (argc > 1)
        return hf__usage(reload_usage);
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
    "exit status: 0 done, 1 error, 64 wrong usage\n";

enum { MUTE_S_MAX = 90 * 86400 };

struct mute_options {
    uint64_t for_s;
    bool undo;
};

int hf_cli_mute(int argc, char **argv)
{
    static const struct hf_option table[] = {
        HF_DURATION_OF("for", struct mute_options, for_s, 1, MUTE_S_MAX),
        HF_FLAG_OF("undo", struct mute_options, undo)};
    struct mute_options o = {0};
    json_t *root;
    char **words;
    int count;
    if (hf__help(argc, argv, mute_usage))
        return HF_CLI_OK;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), &o, &words, &count) || count != 1 ||
        o.undo != (o.for_s == 0))
        return hf__usage(mute_usage);
    json_t *request = json_pack("{s:s,s:s,s:I}", "request", "mute", "reason", words[0], "for_s",
                                (json_int_t)o.for_s);
    int r = hf__ask(request, false, &root);
    if (r == HF_EINVAL)
        return hf__say("mute", "no reason has that name; `holdfast explain` lists them", 0);
    if (r == HF_ENOTFOUND)
        return hf__say("mute", o.undo ? "it is not muted" : "no warning of that reason stands now",
                       0);
    if (r != 0)
        return HF_CLI_ERROR;
    json_decref(root);
    return HF_CLI_OK;
}
