/* holdfastd: the daemon. */
#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "daemon.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 << 10 };

static const char usage[] =
    "usage: holdfastd --config FILE [--check-config | --as-root] [--applications FILE]\n"
    "\n"
    "  --config FILE     the configuration, in YAML\n"
    "  --check-config    only say whether it is right: each error with line and field\n"
    "  --as-root         stay root, where root starts it and the configuration names no user\n"
    "  --applications FILE\n"
    "                    the image's list of who may have which keys; default:\n"
    "                    " HF_APPLICATIONS_PATH ", where it is there\n"
    "  --describe        print every field of the configuration, with its meaning\n"
    "  --version         print the version\n"
    "  --help            print this\n"
    "\n"
    "SIGTERM stops it, SIGHUP reads documents and collateral again.\n";

static int describe(void)
{
    struct hf_buf out;
    hf_buf_init(&out, TEXT_MAX);
    hf_config_describe(&hf__settings_schema, &out);
    bool ok = out.error == 0 && fwrite(out.data, 1, out.len, stdout) == out.len;
    hf_buf_done(&out);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int say_errors(const char *file, int error, const struct hf_config_errors *errors)
{
    struct hf_buf out;
    if (errors->count == 0) {
        fprintf(stderr, "%s: %s\n", file, hf_error_sentence(error));
        return EXIT_FAILURE;
    }
    hf_buf_init(&out, TEXT_MAX);
    hf_config_errors_print(errors, &out);
    fwrite(out.data, 1, out.len, stderr);
    hf_buf_done(&out);
    return EXIT_FAILURE;
}

/* What a start would find, as far as it can be said before one. */
static int check_paths(const char *file, const struct hf__settings *settings)
{
    const char *path;
    int r = hf__harden_paths_check(settings, &path);
    if (r == 0) {
        printf("%s: right\n", file);
        return EXIT_SUCCESS;
    }
    fprintf(stderr,
            "%s: %s: neither it nor the folder that would hold it can be opened, or that is the "
            "root: %s\n",
            file, path, hf_error_sentence(r));
    return EXIT_FAILURE;
}

static int run(const struct hf__start *start, bool check_only)
{
    const char *file = start->config_file;
    static struct hf_config_errors errors;
    struct hf__settings settings;
    struct hf_config_doc *doc;
    int r = hf_config_load_file(file, &hf__settings_schema, &settings, &doc, &errors);
    if (r != 0)
        return say_errors(file, r, &errors);
    int status = EXIT_SUCCESS;
    hf__log_setup(settings.log.format == HF__LOG_JSON, settings.log.level);
    if (check_only)
        status = check_paths(file, &settings);
    else
        status = hf__daemon_run(&settings, start);
    hf_config_doc_free(doc);
    return status;
}

struct chosen {
    struct hf__start start;
    bool check_only, describe, version, help;
};

static const struct hf_option options[] = {
    HF_TEXT_OF("config", struct chosen, start.config_file),
    HF_FLAG_OF("check-config", struct chosen, check_only),
    HF_FLAG_OF("as-root", struct chosen, start.as_root),
    HF_TEXT_OF("applications", struct chosen, start.applications),
    HF_FLAG_OF("describe", struct chosen, describe),
    HF_FLAG_OF("version", struct chosen, version),
    HF_FLAG_OF("help", struct chosen, help),
};

static int start_with(int argc, char **argv)
{
    char reason[HF_OPTION_REASON_MAX], **words;
    struct chosen chosen = {0};
    int words_count;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    hf__harden_early();
    if (!hf_options_read(argc, argv, options, HF_ARRAY_LEN(options), &chosen, &words, &words_count,
                         reason)) {
        fprintf(stderr, "holdfastd: %s\n%s", reason, usage);
        return HF_EXIT_USAGE;
    }
    if (chosen.describe)
        return describe();
    if (chosen.help || chosen.version) {
        fputs(chosen.help ? usage : "holdfastd " HF_RELEASE "\n", stdout);
        return EXIT_SUCCESS;
    }
    if (chosen.start.config_file == NULL || words_count != 0) {
        fputs(usage, stderr);
        return HF_EXIT_USAGE;
    }
    return run(&chosen.start, chosen.check_only);
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfastd", start_with(argc, argv), EXIT_FAILURE);
}
