/* report: a page and figures of what a folder of results holds. */
#include "command/command.h"

#include "figure/report.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct writing {
    const struct hf__options *options;
    const char *folder;
    size_t figures;
};

static bool fail(const struct writing *w, const char *name, int error)
{
    fprintf(stderr, "holdfast-sim: %s/%s cannot be written: %s\n", w->folder, name,
            hf_error_sentence(error));
    return false;
}

static bool write_file(void *ctx, const char *name, struct hf_bytes content)
{
    struct writing *w = ctx;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    int error = hf_file_replace(path, content, 0666);
    w->figures += strstr(name, ".svg") != NULL;
    return error == 0 || fail(w, name, error);
}

/* The folder of the figures is there, and the page is not, unless it may be replaced. */
static bool make_room(const struct writing *w)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/report.html", w->folder);
    if (!w->options->overwrite && lstat(path, &st) == 0) {
        fprintf(stderr, "holdfast-sim: %s is there already: give --overwrite to replace it\n",
                path);
        return false;
    }
    snprintf(path, sizeof path, "%s/figures", w->folder);
    return mkdir(path, 0777) == 0 || errno == EEXIST ||
           fail(w, "figures", hf_error_from_errno(errno));
}

int hf__command_report(const struct hf__options *o)
{
    struct writing w = {.options = o, .folder = o->scenario};
    struct hf__report r = {
        .folder = o->scenario,
        .node_given = o->node_given,
        .node = o->node,
        .at_given = o->at_given,
        .at_us = o->at_us,
    };
    if (o->scenario == NULL) {
        fprintf(stderr, "holdfast-sim: report needs a folder that run or sweep has written\n");
        return EXIT_USAGE;
    }
    if (!hf__report_read(&r)) {
        fprintf(stderr, "holdfast-sim: %s\n", r.why);
        hf__report_done(&r);
        return EXIT_USAGE;
    }
    int code = make_room(&w) ? EXIT_OK : EXIT_USAGE;
    char *json = code == EXIT_OK ? hf__report_json(&r) : NULL;
    hf__report_done(&r);
    if (json != NULL && !hf__report_draw(json, write_file, &w, r.why))
        code = EXIT_ENDED;
    free(json);
    if (r.why[0] != '\0' && code != EXIT_OK)
        fprintf(stderr, "holdfast-sim: %s\n", r.why);
    if (code == EXIT_OK)
        printf("%s/report.html, and %zu figures in %s/figures\n", o->scenario, w.figures,
               o->scenario);
    return code;
}
