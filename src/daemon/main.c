/* holdfastd: the daemon. */
#include "base/error.h"
#include "base/file.h"
#include "daemon.h"
#include "log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2, TEXT_MAX = 64 << 10 };

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
        printf("%s: right\n", file);
    else
        status = hf__daemon_run(&settings, start);
    hf_config_doc_free(doc);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
        {"as-root", no_argument, NULL, 'r'},      {"applications", required_argument, NULL, 'a'},
        {"describe", no_argument, NULL, 'd'},     {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    struct hf__start start = {0};
    bool check_only = false;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    hf__harden_early();
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (c == 'c')
            start.config_file = optarg;
        else if (c == 'k')
            check_only = true;
        else if (c == 'r')
            start.as_root = true;
        else if (c == 'a')
            start.applications = optarg;
        else if (c == 'd')
            return describe();
        else if (c == 'v' || c == 'h') {
            fputs(c == 'v' ? "holdfastd " HF_RELEASE "\n" : usage, stdout);
            return EXIT_SUCCESS;
        } else {
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    if (start.config_file == NULL || optind != argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return run(&start, check_only);
}
