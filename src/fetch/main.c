#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "confine.h"
#include "folder.h"
#include "options.h"
#include "service.h"

#include <stdio.h>

/* Exit codes, as --help says. */
enum { EXIT_DONE = 0, EXIT_AGAIN = 1, EXIT_USAGE = HF_EXIT_USAGE, EXIT_REFUSED = 3 };

/* One line, whatever bytes a service or a file name brought into it. */
static void say(char *reason)
{
    for (char *p = reason; *p != '\0'; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    fprintf(stderr, "holdfast-collateral: %s\n", reason);
}

static int run(const struct hf__fetch_options *options)
{
    char reason[HF__FETCH_REASON_MAX] = "", text[HF_DATE_TEXT];
    struct hf__service_set set;
    uint64_t expires_s = 0;
    int rc = hf__fetch_confine();
    if (rc != 0)
        snprintf(reason, sizeof reason, "system calls cannot be filtered: %s",
                 hf_error_sentence(rc));
    else
        rc = hf__service_fetch(options, &set, reason);
    if (rc == 0) {
        rc = hf__folder_replace(options, &set, &expires_s, reason);
        hf__service_set_done(&set);
    }
    if (rc != 0) {
        say(reason);
        return hf_error_transient(rc) ? EXIT_AGAIN : EXIT_REFUSED;
    }
    printf("%s: %zu platform%s, valid until %s\n", options->output, options->fmspc_count,
           options->fmspc_count == 1 ? "" : "s", hf_date_text(expires_s, HF_DATE_ISO, text));
    return EXIT_DONE;
}

static int start_with(int argc, char **argv)
{
    char reason[HF__FETCH_REASON_MAX] = "";
    struct hf__fetch_options options;
    if (hf_file_standard() != 0)
        return EXIT_AGAIN;
    if (hf__fetch_options_parse(argc, argv, &options, reason, sizeof reason) != 0) {
        say(reason);
        return EXIT_USAGE;
    }
    if (options.help || options.version) {
        fputs(options.help ? hf__fetch_usage : "holdfast-collateral " HF_RELEASE "\n", stdout);
        return EXIT_DONE;
    }
    return run(&options);
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfast-collateral", start_with(argc, argv), EXIT_AGAIN);
}
