/* holdfast root: the versions of the root secret, and their ends. */
#include "answer.h"
#include "ask.h"
#include "base/date.h"
#include "command.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: holdfast root show [--json]\n"
    "       holdfast root taint [--dry-run | --yes]\n"
    "\n"
    "show prints every version of the root secret: its state and since when, what\n"
    "comes next and when, and what it waits for; how many application keys are of it.\n"
    "taint says that others may know it: a successor is made at once, and used as\n"
    "soon as it is backed up; no application is cut off, each moves its key with\n"
    "holdfast key rotate. --dry-run says what that would do, and does nothing.\n"
    "exit status: 0 done, 1 error\n";

/* What comes of a version in the end. */
static const char *next_of(const json_t *v)
{
    const char *state = text_of(v, "state");
    return strcmp(state, "pending") == 0  ? "is used"
           : strcmp(state, "active") == 0 ? "gives way to another"
                                          : "is deleted";
}

/* What a wait is, as a sentence. */
static const char *sentence_of(const char *wait)
{
    static const struct {
        const char *name, *text;
    } waits[] = {{"dealing", "all holders must have a backup that protects it"},
                 {"ready", "the node must be ready"},
                 {"sealed", "share holders must be able to open it"},
                 {"successor", "another must be there to take its place"},
                 {"names", "applications must move their keys, and confirm"},
                 {"deletion", "holders must delete older shares"}};
    for (size_t i = 0; i < HF_ARRAY_LEN(waits); i++)
        if (strcmp(waits[i].name, wait) == 0)
            return waits[i].text;
    return "";
}

static void print_version(const json_t *v)
{
    char since[HF_DATE_TEXT], next[HF_DATE_TEXT];
    const char *wait = sentence_of(text_of(v, "waits_for"));
    printf("version %lld: %s%s since %s\n", number_of(v, "version"), text_of(v, "state"),
           is_true(v, "tainted") ? ", tainted," : "",
           hf_date_text((uint64_t)number_of(v, "since_s"), HF_DATE_SECOND, since));
    printf("  keys of it: %lld", number_of(v, "names"));
    if (number_of(v, "moving") > 0)
        printf("; on their way to a newer version: %lld", number_of(v, "moving"));
    printf("\n  %s", next_of(v));
    if (number_of(v, "next_s") > 0)
        printf(" at %s", hf_date_text((uint64_t)number_of(v, "next_s"), HF_DATE_SECOND, next));
    printf("%s%s\n", wait[0] != '\0' ? ": " : "", wait);
}

static int show(bool json)
{
    json_t *root;
    if (hf__ask(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return HF_CLI_ERROR;
    json_t *list = json_object_get(root, "roots");
    if (json)
        print_json(list);
    for (size_t i = 0; i < json_array_size(list) && !json; i++)
        print_version(json_array_get(list, i));
    if (json_array_size(list) == 0 && !json)
        puts("not known while locked");
    json_decref(root);
    return HF_CLI_OK;
}

/* What a taint does, for the operator who is to confirm it. */
static int print_taint(void)
{
    json_t *root;
    long long names = 0, versions = 0;
    if (hf__ask(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return HF_CLI_ERROR;
    const json_t *list = json_object_get(root, "roots");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        versions += !is_true(v, "tainted");
        names += number_of(v, "names");
        if (!is_true(v, "tainted"))
            printf("version %lld would be tainted: %s; keys of it: %lld\n", number_of(v, "version"),
                   text_of(v, "state"), number_of(v, "names"));
    }
    json_decref(root);
    if (versions == 0)
        puts("nothing would be done: no version is known that is not tainted");
    else
        printf("a new version would be made at once, and used as soon as it is backed up; "
               "%lld key%s would be of a tainted version until moved with holdfast key rotate\n",
               names, names == 1 ? "" : "s");
    return HF_CLI_OK;
}

static int taint(bool dry_run, bool yes)
{
    json_t *root;
    if (dry_run)
        return print_taint();
    if (!yes) {
        int status = print_taint();
        if (status != HF_CLI_OK)
            return status;
        if (!hf__asked("taint it?"))
            return hf__say("root", "not done; --yes does it without asking", 0);
    }
    if (hf__ask(json_pack("{s:s}", "request", "taint"), false, &root) != 0)
        return HF_CLI_ERROR;
    json_decref(root);
    return HF_CLI_OK;
}

int hf_cli_root(int argc, char **argv)
{
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    const char *verb = argc >= 2 ? argv[1] : "", *option = argc == 3 ? argv[2] : "";
    if (argc <= 3 && strcmp(verb, "show") == 0 && (argc == 2 || strcmp(option, "--json") == 0))
        return show(argc == 3);
    bool dry_run = strcmp(option, "--dry-run") == 0, yes = strcmp(option, "--yes") == 0;
    if (argc <= 3 && strcmp(verb, "taint") == 0 && (argc == 2 || dry_run || yes))
        return taint(dry_run, yes);
    return hf__usage(usage);
}
