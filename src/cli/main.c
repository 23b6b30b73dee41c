/* holdfast: the operator's command. */
#include "base/check.h"
#include "base/file.h"
#include "base/nearest.h"
#include "command.h"
#include "outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET_DEFAULT "/run/holdfast/socket"

const char *hf__cli_socket = SOCKET_DEFAULT;

static const struct {
    const char *name;
    const char *words;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"status", "", hf_cli_status, "what state this node is in, and why"},
    {"wait", "", hf_cli_wait, "wait until it is in a state"},
    {"key", " get|rotate|confirm", hf_cli_key,
     "an application key, and its move to a newer version"},
    {"exec", " PROGRAM", hf_cli_exec, "run a program with application keys"},
    {"backup", " show|verify", hf_cli_backup, "who keeps this node's shares; prove that they do"},
    {"peers", "", hf_cli_peers, "the other members, as this node sees them"},
    {"events", "", hf_cli_events, "what members have said of themselves and each other"},
    {"evidence", " [verify]", hf_cli_evidence, "who broke a promise to this node, and the proof"},
    {"watch", "", hf_cli_watch, "print each change of a member's state"},
    {"root", " show|taint", hf_cli_root, "the versions of the root secret, and their ends"},
    {"drain", "", hf_cli_drain, "ask whether this node may stop for a while"},
    {"blackstart", " request|add|status|plan", hf_cli_blackstart,
     "start again with the help of share holders"},
    {"leave", "", hf_cli_leave, "leave the network, once the owners have moved"},
    {"identity", "", hf_cli_identity, "this node's account and quote, for its registration"},
    {"mute", " REASON", hf_cli_mute, "do not be warned of something for a while"},
    {"reload", "", hf_cli_reload, "read documents and collateral again"},
    {"metrics", "", hf_cli_metrics, "what a Prometheus server reads of it"},
    {"page", "", hf_cli_page, "the status page, for a browser"},
    {"explain", " [REASON]", hf_cli_explain, "what a reason means, and what to do about it"},
    {"node", " init|key", hf_cli_node, "write a machine's configuration; an operator's key"},
    {"network", " init", hf_cli_network, "make a network: keys, root, policy"},
    {"authority", " key|root|follow", hf_cli_authority, "the authority's keys and roots"},
    {"policy", " show|sign|measurement|describe", hf_cli_policy, "what the network accepts"},
    {"set",
     " add|attest|remove|restore|platform|operator-key|taint|floor|sequence-floor|show|sign|"
     "describe",
     hf_cli_set, "who the validators are"},
    {"quorum", " propose|reshard|sign|deal|ack|drill|show", hf_cli_quorum,
     "who shares the quorum key"},
    {"quote", " show|verify|make", hf_cli_quote, "show a quote, verify it, or make one"},
};

static int usage(FILE *to, int status)
{
    fprintf(to, "usage: holdfast [--socket PATH | --operator ADDRESS --key FILE] COMMAND ...\n\n"
                "  --socket PATH  the daemon's local socket; default: HOLDFAST_SOCKET\n"
                "                 in the environment, or " SOCKET_DEFAULT "\n"
                "  --operator ADDRESS --key FILE [--account ACCOUNT]\n"
                "                 its operator listener, from outside the trust domain:\n"
                "                 HOST:PORT or vsock:CID:PORT; the operator's key, and\n"
                "                 the account that the daemon has to prove\n"
                "  --version      print the version\n"
                "  --help         print this; after a command: how it is used\n\n"
                "commands:\n");
    for (size_t i = 0; i < HF_ARRAY_LEN(commands); i++) {
        int n = fprintf(to, "  %s%s", commands[i].name, commands[i].words);
        fprintf(to, "%*s  %s\n", n < 24 ? 24 - n : 0, "", commands[i].summary);
    }
    return status;
}

/* The words before the command: which daemon is meant. Returns where they end. */
static int read_where(int argc, char **argv, int at)
{
    const struct {
        const char *name;
        const char **to;
    } words[] = {{"--socket", &hf__cli_socket},
                 {"--operator", &hf__outside.address},
                 {"--key", &hf__outside.key_file},
                 {"--account", &hf__outside.account}};
    for (size_t i = 0; i < HF_ARRAY_LEN(words) && at + 1 < argc; i++)
        if (strcmp(argv[at], words[i].name) == 0) {
            *words[i].to = argv[at + 1];
            at += 2;
            i = (size_t)-1; /* from the first again: in any order */
        }
    return at;
}

static void say_meant(const struct hf_nearest *meant)
{
    fprintf(stderr, "no command of that name%s%s%s\n",
            meant->known != NULL ? "; did you mean " : "", meant->known != NULL ? meant->known : "",
            meant->known != NULL ? "?" : "");
}

/* Whether a command that goes on with one of several words does so; what it may be a slip of is
 * said. */
static bool verb_known(const char *command, const char *words, const char *verb)
{
    char list[128], *rest = list;
    struct hf_nearest meant = hf_nearest_to(verb);
    if (words[0] != ' ' || words[1] < 'a' || words[1] > 'z')
        return true;
    snprintf(list, sizeof list, "%s", words + 1);
    for (char *known; (known = strtok_r(rest, "|", &rest)) != NULL;) {
        if (strcmp(known, verb) == 0)
            return true;
        hf_nearest_offer(&meant, known);
    }
    fprintf(stderr, "holdfast %s: %s: ", command, verb);
    say_meant(&meant);
    fprintf(stderr, "usage: holdfast %s%s ...; `holdfast %s --help` says more\n", command, words,
            command);
    return false;
}

static int start_with(int argc, char **argv)
{
    const char *from_environment = getenv("HOLDFAST_SOCKET");
    int at = 1;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    if (from_environment != NULL && from_environment[0] != '\0')
        hf__cli_socket = from_environment;
    at = read_where(argc, argv, at);
    if (!hf__outside_valid())
        return HF_CLI_USAGE;
    if (at < argc && strcmp(argv[at], "--help") == 0)
        return usage(stdout, HF_CLI_OK);
    if (at < argc && strcmp(argv[at], "--version") == 0)
        return puts("holdfast " HF_RELEASE) < 0;
    struct hf_nearest meant = hf_nearest_to(at < argc ? argv[at] : "");
    for (size_t i = 0; at < argc && i < HF_ARRAY_LEN(commands); i++) {
        hf_nearest_offer(&meant, commands[i].name);
        if (strcmp(argv[at], commands[i].name) != 0)
            continue;
        bool word = at + 1 < argc && argv[at + 1][0] != '-';
        return !word || verb_known(commands[i].name, commands[i].words, argv[at + 1])
                   ? commands[i].run(argc - at, argv + at)
                   : HF_CLI_USAGE;
    }
    if (at == argc)
        return usage(stderr, HF_CLI_USAGE);
    fprintf(stderr, "holdfast: %s: ", argv[at]);
    if (argv[at][0] != '-')
        say_meant(&meant);
    else
        fprintf(stderr, "%s\n",
                strcmp(argv[at], "--socket") == 0 ? "needs a path, before the command"
                                                  : "no option of that name, or without its value; "
                                                    "options of a command stand behind it");
    return usage(stderr, HF_CLI_USAGE);
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfast", start_with(argc, argv), HF_CLI_ERROR);
}
