/* holdfast leave: announces it, and waits until the owners have moved. */
#include "answer.h"
#include "ask.h"
#include "base/error.h"
#include "command.h"
#include "base/options.h"
#include "named.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_S = 86400, DEADLINE_DAYS = 7, DEADLINE_DAYS_MAX = 90 };

static const char usage[] =
    "usage: holdfast leave [--deadline DAYS] [--reason TEXT] [--no-wait]\n"
    "       holdfast leave --cancel\n"
    "       holdfast leave --abandon ACCOUNT\n"
    "\n"
    "Leaves the network for good. It is announced, the node serves on until every\n"
    "owner whose share it keeps has moved elsewhere, and the command ends when the\n"
    "node has left; then it may be stopped. It says meanwhile who has not moved.\n"
    "After the deadline (default 7 days, 0 to 90) the node forgets shares of which\n"
    "enough is left elsewhere. --cancel takes the leave back while nothing was\n"
    "forgotten: until the first owner has moved, which may be for seconds only.\n"
    "--abandon forgets, after the deadline, what is kept for one owner\n"
    "that does not move: it may lose its key by that.\n"
    "exit status: 0 it has left, or what was asked is done, 1 error\n";

static const char left_text[] =
    "left: nothing is kept here any more; the daemon may be stopped, and the authority may remove "
    "the account with `holdfast set remove`";

/* Whether owners lack a place to move to: without this node, each would have fewer others than it
 * has shares. By the number that this node's own backup has, which is the policy's. */
static bool nowhere_to_go(const json_t *root)
{
    long long others = number_of(root, "validators") - 2, wanted = number_of(root, "n");
    if (others >= wanted)
        return false;
    fprintf(stderr,
            "holdfast leave: the owners have nowhere to go: without this node each has %lld other "
            "validators, and a backup needs %lld. They move when the authority has added others "
            "(`holdfast set add`); until then do not stop this node. `holdfast leave --cancel` "
            "takes the leave back\n",
            others > 0 ? others : 0, wanted);
    return true;
}

/* What the daemon says of the leave. Whether the node has left; -1: an error, which was said. */
static int look(long long *ret_owners, long long *ret_handed, char ret_first[static HF__NAMED_LEN],
                bool *said_nowhere)
{
    json_t *root;
    if (hf__ask(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return -1;
    const char *state = json_string_value(json_object_get(root, "state"));
    const json_t *leaving = json_object_get(root, "leaving");
    const char *first = json_string_value(json_array_get(json_object_get(leaving, "waiting"), 0));
    json_t *members = first != NULL ? hf__named_members() : NULL;
    int left = state != NULL && strcmp(state, "left") == 0;
    *ret_owners = number_of(leaving, "owners");
    *ret_handed = json_is_object(leaving) ? number_of(leaving, "handed_over") : *ret_handed;
    if (!left && *ret_owners > 0 && !*said_nowhere)
        *said_nowhere = nowhere_to_go(root);
    ret_first[0] = '\0';
    if (first != NULL)
        hf__named_text(members, first, ret_first);
    json_decref(members);
    if (!left && !json_is_object(leaving))
        left = hf__say("leave", "the leave was taken back", 0) == HF_CLI_OK ? 1 : -1;
    json_decref(root);
    return left;
}

static int wait_until_left(void)
{
    long long owners, handed = 0, said = -1;
    bool said_nowhere = false;
    char first[HF__NAMED_LEN];
    int left;
    while ((left = look(&owners, &handed, first, &said_nowhere)) == 0) {
        if (owners != said)
            printf("%lld owner%s not moved yet%s%s\n", owners, owners == 1 ? " has" : "s have",
                   first[0] != '\0' ? ", the first is " : "", first);
        said = owners;
        fflush(stdout);
        sleep(1);
    }
    if (left < 0)
        return HF_CLI_ERROR;
    if (handed > 0)
        printf("%lld share%s of owners that are down handed over to others\n", handed,
               handed == 1 ? "" : "s");
    puts(left_text);
    return HF_CLI_OK;
}

/* Whether it has left already: it is not asked to do so again. -1: an error, which was said. */
static int has_left(void)
{
    json_t *root;
    if (hf__ask(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return -1;
    const char *state = json_string_value(json_object_get(root, "state"));
    int left = state != NULL && strcmp(state, "left") == 0;
    json_decref(root);
    return left;
}

/* A person is told what comes of it; a script has been told by the manual. */
static bool is_meant(void)
{
    fputs("This node leaves the network for good, and its keys can be had no more once it is "
          "stopped. "
          "From the moment when\nthe first owner whose share it keeps has moved, which may be in "
          "seconds, it cannot be taken back.\n",
          stderr);
    return hf__asked("leave?");
}

/* invalid: what HF_EINVAL means here. */
static int request(json_t *what, const char *done, const char *invalid)
{
    json_t *root;
    int r = hf__ask(what, false, &root);
    if (r == HF_EINVAL)
        return hf__say("leave", invalid, 0);
    if (r != 0)
        return HF_CLI_ERROR;
    json_decref(root);
    puts(done);
    return HF_CLI_OK;
}

/* The owner may be named as `holdfast leave` prints it. */
static int abandon(const char *word)
{
    static const char not_waited_for[] =
        "this node waits for no owner of that name or account while it leaves; `holdfast leave` "
        "says whom it waits for";
    json_t *root;
    char account[65];
    if (hf__ask(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return HF_CLI_ERROR;
    json_t *members = hf__named_members();
    const json_t *waiting = json_object_get(json_object_get(root, "leaving"), "waiting");
    bool one = hf__named_one("leave", members, waiting, word, account);
    json_decref(members);
    json_decref(root);
    /* Of many owners only the first are told: whole accounts are taken for the others. */
    if (!one && strlen(word) != sizeof account - 1)
        return hf__say("leave", not_waited_for, 0);
    return request(json_pack("{s:s,s:s}", "request", "abandon", "account", one ? account : word),
                   "forgotten", not_waited_for);
}

struct options {
    uint64_t days;
    const char *reason, *abandon;
    bool no_wait, cancel;
};

static bool parse(int argc, char **argv, struct options *ret)
{
    static const struct hf_option table[] = {
        HF_NUMBER_OF("deadline", struct options, days, 0, DEADLINE_DAYS_MAX),
        HF_TEXT_OF("reason", struct options, reason),
        HF_FLAG_OF("no-wait", struct options, no_wait),
        HF_FLAG_OF("cancel", struct options, cancel),
        HF_TEXT_OF("abandon", struct options, abandon),
    };
    char **words;
    int count;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), ret, &words, &count) || count > 0)
        return false;
    /* These two stand alone. */
    return !(ret->cancel && argc != 2) && !(ret->abandon != NULL && argc != 3);
}

int hf_cli_leave(int argc, char **argv)
{
    struct options o = {.days = DEADLINE_DAYS, .reason = ""};
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!parse(argc, argv, &o))
        return hf__usage(usage);
    if (o.cancel)
        return request(json_pack("{s:s}", "request", "stay"), "stays",
                       "this node is not leaving: there is nothing to take back");
    if (o.abandon != NULL)
        return abandon(o.abandon);
    int left = has_left();
    if (left > 0)
        puts(left_text);
    if (left != 0)
        return left > 0 ? HF_CLI_OK : HF_CLI_ERROR;
    if (isatty(STDIN_FILENO) == 1 && !is_meant()) {
        fputs("holdfast leave: nothing was done\n", stderr);
        return HF_CLI_ERROR;
    }
    int r = request(json_pack("{s:s,s:s,s:I}", "request", "leave", "reason", o.reason, "seconds",
                              (json_int_t)(o.days * DAY_S)),
                    "announced", "--reason: at most 64 characters");
    return r == HF_CLI_OK && !o.no_wait ? wait_until_left() : r;
}
