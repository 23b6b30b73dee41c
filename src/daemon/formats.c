/* The versions of what this release writes and speaks, for the log and the status; and what becomes
 * of a data folder of an older one. */
#include "document/document.h"
#include "daemon.h"
#include "log.h"
#include "store/store.h"

#include <jansson.h>
#include <stdio.h>

enum { NAME_LEN = 32 };

static struct hf__storage_formats formats_of(const struct hf__daemon *d)
{
    struct hf__storage_formats f = {0};
    if (d->storage != NULL)
        hf__storage_formats(d->storage, &f);
    return f;
}

static const char *copy_name(int format, char ret[static NAME_LEN])
{
    (void)snprintf(ret, NAME_LEN, "vault.format-%d.db", format);
    return ret;
}

void hf__formats_fill(const struct hf__daemon *d, json_t *root)
{
    char name[NAME_LEN];
    struct hf__storage_formats f = formats_of(d);
    json_t *formats = json_pack("{s:i,s:i,s:i}", "data", hf_store_format_newest(), "protocol",
                                HF_PROTOCOL_VERSION, "documents", HF_DOCUMENT_FORMAT);
    json_object_set_new(formats, "found", f.folder != 0 ? json_integer(f.folder) : json_null());
    json_object_set_new(formats, "kept",
                        f.kept != 0 ? json_string(copy_name(f.kept, name)) : json_null());
    json_object_set_new(root, "version", json_string(HF_RELEASE));
    json_object_set_new(root, "formats", formats);
}

void hf__formats_log(void)
{
    struct hf__line l;
    if (!hf__log_begin(&l, HF__INFO, "release"))
        return;
    hf__line_text(&l, "version", HF_RELEASE);
    hf__line_uint(&l, "data_format", (uint64_t)hf_store_format_newest());
    hf__line_uint(&l, "protocol", HF_PROTOCOL_VERSION);
    hf__line_uint(&l, "documents", HF_DOCUMENT_FORMAT);
    hf__log_write(&l);
}

static void say(int level, const char *event, const struct hf__storage_formats *f, int copy,
                const char *text, int error)
{
    struct hf__line l;
    char name[NAME_LEN];
    if (!hf__log_begin(&l, level, event))
        return;
    hf__line_uint(&l, "found", (uint64_t)f->folder);
    hf__line_uint(&l, "data_format", (uint64_t)hf_store_format_newest());
    if (copy != 0)
        hf__line_text(&l, "copy", copy_name(copy, name));
    hf__line_text(&l, "text", text);
    hf__line_error(&l, error);
    hf__log_write(&l);
}

void hf__formats_found(const struct hf__daemon *d)
{
    struct hf__storage_formats f = formats_of(d);
    if (f.folder < hf_store_format_newest())
        say(HF__WARNING, "older_format", &f, f.folder,
            "the data folder is of an older release: it is written anew when the vault is opened, "
            "and no older release reads it then; a copy is kept until this node is ready",
            0);
}

void hf__formats_changed(void *user, int error)
{
    struct hf__storage_formats f = formats_of(user);
    if (error != 0)
        say(HF__WARNING, "older_copy_stays", &f, f.kept,
            "what was kept of the older format could not be removed", error);
    else if (f.kept != 0)
        say(HF__WARNING, "format_changed", &f, f.kept,
            "the data folder is in the newest format; a copy is kept until this node is ready", 0);
    else
        say(HF__INFO, "older_copy_removed", &f, 0,
            "this node is ready: what was kept of the older format is gone", 0);
}

void hf__formats_settle(const struct hf__daemon *d, const struct hf_trace *t)
{
    if (t->type == HF_TRACE_STATE && t->b == HF_STATE_READY && d->storage != NULL)
        hf__storage_settle(d->storage);
}
