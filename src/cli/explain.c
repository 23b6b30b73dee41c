/* explain: what a reason means, and what to do about it. */
#include "base/error.h"
#include "ask.h"
#include "command.h"

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

int hf_cli_explain(int argc, char **argv)
{
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
        return hf__usage(usage);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
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
