/* What commands say in the same way: what went wrong, how they are used. */
#include "ask.h"
#include "base/error.h"
#include "command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int hf__say(const char *command, const char *what, int error)
{
    if (error != 0)
        fprintf(stderr, "holdfast %s: %s: %s\n", command, what, hf_error_sentence(error));
    else
        fprintf(stderr, "holdfast %s: %s\n", command, what);
    return HF_CLI_ERROR;
}

bool hf__options(int argc, char **argv, const struct hf_option *table, size_t count, void *options,
                 char ***ret_words, int *ret_count)
{
    char reason[HF_OPTION_REASON_MAX];
    bool ok = hf_options_read(argc, argv, table, count, options, ret_words, ret_count, reason);
    if (!ok)
        fprintf(stderr, "holdfast: %s\n", reason);
    return ok;
}

bool hf__dev_refused(const char *command, bool dev)
{
#ifdef HF_PRODUCTION
    if (dev)
        hf__say(command,
                "--dev: this build is for production and knows no development network; "
                "`contrib/build --dev` makes one that does",
                0);
    return dev;
#else
    (void)command;
    (void)dev;
    return false;
#endif
}

const char *hf__as_root(void)
{
    return geteuid() == 0 ? " --as-root" : "";
}

int hf__usage(const char *text)
{
    fputs(text, stderr);
    return HF_CLI_USAGE;
}

bool hf__help(int argc, char **argv, const char *text)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(text, stdout);
            return true;
        }
    return false;
}

bool hf__asked(const char *question)
{
    char answer[8];
    if (isatty(STDIN_FILENO) != 1)
        return false;
    fprintf(stderr, "%s [yes/no] ", question);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}
