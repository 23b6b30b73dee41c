/*
 * A report's files: the script of contrib/web draws them, in an interpreter that has neither files
 * nor a network. The page carries the same script for browsers.
 */
#include "figure/report.h"

#include <duktape.h>
#include <stdio.h>
#include <string.h>

/* Made from contrib/web/dist: for browsers, and for this interpreter. Each ends with a zero. */
extern const unsigned char hf__web_report[], hf__web_report_plain[];
extern const unsigned long hf__web_report_len, hf__web_report_plain_len;

struct drawing {
    const char *json;
    hf__file_fn *file;
    void *ctx;
    bool whole; /* every file was taken */
};

static duk_ret_t draw(duk_context *js, void *ctx)
{
    struct drawing *d = ctx;
    duk_push_lstring(js, (const char *)hf__web_report_plain, hf__web_report_plain_len);
    duk_push_string(js, "report-plain.js");
    duk_compile(js, 0);
    duk_call(js, 0);
    duk_pop(js);
    duk_get_global_string(js, "holdfast_report");
    duk_get_prop_string(js, -1, "files");
    duk_push_string(js, d->json);
    duk_push_lstring(js, (const char *)hf__web_report, hf__web_report_len);
    duk_call(js, 2);
    duk_size_t count = duk_get_length(js, -1);
    d->whole = true;
    for (duk_uarridx_t i = 0; d->whole && i < count; i++) {
        duk_size_t len;
        duk_get_prop_index(js, -1, i);
        duk_get_prop_index(js, -1, 0);
        duk_get_prop_index(js, -2, 1);
        const char *content = duk_require_lstring(js, -1, &len);
        d->whole = d->file(d->ctx, duk_require_string(js, -2), hf_bytes_of(content, len));
        duk_pop_3(js);
    }
    return 0;
}

bool hf__report_draw(const char *json, hf__file_fn *file, void *ctx, char why[static HF__WHY_MAX])
{
    struct drawing d = {.json = json, .file = file, .ctx = ctx};
    why[0] = '\0';
    duk_context *js = duk_create_heap_default();
    hf_assert(js != NULL);
    if (duk_safe_call(js, draw, &d, 0, 1) != DUK_EXEC_SUCCESS) {
        snprintf(why, HF__WHY_MAX, "the figures cannot be drawn: %.400s",
                 duk_safe_to_stacktrace(js, -1));
        d.whole = false;
    }
    duk_destroy_heap(js);
    return d.whole;
}
