/* explain: what a reason means, and what to do about it. */
#include "base/check.h"
#include "base/error.h"
#include "ask.h"
#include "command.h"
#include "outside.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 78, INDENT = 2 };

static const struct reason {
    int number;
    bool transient;
    const char *name, *what, *todo, *otherwise;
} reasons[] = {
#define HF_REASON(constant, number, name, transient, what, todo, otherwise, test)                  \
    {number, transient, name, what, todo, otherwise},
#include "base/reasons.def"
#undef HF_REASON
};

/* Prints the words of text in lines of at most COLUMNS, indented. */
static void wrap(const char *text)
{
    int column = 0;
    while (*text != '\0') {
        int len = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + len > COLUMNS) {
            printf("\n");
            column = 0;
        }
        int printed = printf("%*s%.*s", column == 0 ? INDENT : 1, "", len, text);
        column += printed > 0 ? printed : len + 1;
        text += len + (text[len] == ' ');
    }
    printf("\n");
}

static void explain(const struct reason *r)
{
    printf("%s (%d): %s\n\nWhat to do:\n", r->name, r->number, r->what);
    wrap(r->todo);
    printf("If nothing is done:\n");
    wrap(r->otherwise);
    printf("Trying again, unchanged:\n");
    wrap(r->transient ? "may help; what can be tried again by itself, is." : "does not help.");
}

static const char usage[] =
    "usage: holdfast explain [REASON]\n"
    "\n"
    "Says what a reason means that status, log, a command or a peer gave, what to\n"
    "do about it, and what happens if nothing is done. Without one: lists them.\n";

/* In the words of a daemon, whose release may know other reasons. */
static int explain_outside(const char *name)
{
    json_t *root;
    json_t *request = name != NULL ? json_pack("{s:s,s:s}", "request", "explain", "reason", name)
                                   : json_pack("{s:s}", "request", "explain");
    if (hf__ask(request, false, &root) != 0)
        return HF_CLI_ERROR;
    const json_t *list = json_object_get(root, "reasons");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *code = "", *what = "", *todo = "", *otherwise = "";
        int again = 0;
        if (json_unpack((json_t *)(uintptr_t)one, "{s:s,s:s,s:s,s:s,s:b}", "code", &code, "what",
                        &what, "do", &todo, "otherwise", &otherwise, "retryable", &again) != 0)
            continue;
        const struct reason r = {hf_error_from_name(code), again != 0, code, what, todo, otherwise};
        if (name != NULL)
            explain(&r);
        else
            printf("%-31s %s\n", code, what);
    }
    json_decref(root);
    return HF_CLI_OK;
}

int hf_cli_explain(int argc, char **argv)
{
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
        return hf__usage(usage);
    if (hf__outside_wanted())
        return explain_outside(argc == 2 ? argv[1] : NULL);
    for (size_t i = 0; i < HF_ARRAY_LEN(reasons); i++) {
        if (argc == 1) {
            printf("%-31s %s\n", reasons[i].name, reasons[i].what);
        } else if (strcmp(argv[1], reasons[i].name) == 0) {
            explain(&reasons[i]);
            return HF_CLI_OK;
        }
    }
    if (argc == 1)
        return HF_CLI_OK;
    fprintf(stderr, "holdfast explain: no reason is called %s; holdfast explain lists them\n",
            argv[1]);
    return HF_CLI_ERROR;
}
