/* The operator's folder of signed documents. */
#include "base/error.h"
#include "base/file.h"
#include "daemon.h"
#include "log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILES_MAX = 64, DOCUMENT_MAX = HF_NET_BODY_CEILING, PATH_LEN = 4400 };

struct loaded {
    struct hf_buf files[FILES_MAX];
    size_t count;
};

static void refuse(const char *path, int error)
{
    struct hf__line l;
    if (!hf__log_begin(&l, HF__ERROR, "document_file_refused"))
        return;
    hf__line_text(&l, "file", path);
    hf__line_error(&l, error);
    hf__log_write(&l);
}

/* A bad file is refused by its name before the engine sees it; signatures and age are the engine's
 * to judge. */
static void load_file(struct hf__daemon *d, const char *path, struct loaded *ret)
{
    struct hf_document *document;
    if (ret->count == FILES_MAX) {
        refuse(path, HF_ETOOBIG);
        return;
    }
    struct hf_buf *b = &ret->files[ret->count];
    hf_buf_init(b, DOCUMENT_MAX);
    int r = hf_file_read_regular(path, b);
    if (r == 0)
        r = hf_document_read(d->documents, hf_buf_bytes(b), &document);
    if (r != 0) {
        refuse(path, r);
        hf_buf_done(b);
        return;
    }
    hf_document_unref(document);
    ret->count++;
}

static int is_document(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 4, ".doc") == 0;
}

static void read_folder(struct hf__daemon *d, const char *folder, struct loaded *ret)
{
    struct dirent **names;
    char path[PATH_LEN];
    int count = scandir(folder, &names, is_document, alphasort);
    if (count < 0) {
        refuse(folder, HF_ENOTFOUND);
        return;
    }
    for (int i = 0; i < count; i++) {
        int len = snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (len > 0 && (size_t)len < sizeof path)
            load_file(d, path, ret);
        free(names[i]);
    }
    free(names);
}

/* Roots, then policies, then sets of both kinds: each can be verified only with those before it. */
static size_t sort(struct hf__daemon *d, const struct loaded *l, struct hf_bytes *ret)
{
    size_t count = 0;
    for (uint8_t kind = HF_DOCUMENT_ROOT; kind <= HF_DOCUMENT_SHARES; kind++)
        for (size_t i = 0; i < l->count; i++) {
            struct hf_document *document;
            struct hf_bytes bytes = hf_buf_bytes(&l->files[i]);
            if (hf_document_read(d->documents, bytes, &document) != 0)
                continue;
            if (document->kind == kind)
                ret[count++] = bytes;
            hf_document_unref(document);
        }
    return count;
}

/* Documents are renamed into the folder: its time tells. */
static struct timespec changed(const struct hf__daemon *d)
{
    struct stat st;
    if (d->settings->documents == NULL || stat(d->settings->documents, &st) != 0)
        return (struct timespec){0};
    return st.st_mtim;
}

void hf__documents_watch(struct hf__daemon *d)
{
    struct timespec now = changed(d);
    if (d->running && now.tv_sec != 0 &&
        (now.tv_sec != d->documents_seen.tv_sec || now.tv_nsec != d->documents_seen.tv_nsec))
        hf__documents_read(d);
}

void hf__documents_read(struct hf__daemon *d)
{
    struct hf_bytes envelopes[FILES_MAX];
    struct hf_event event = {.type = HF_EVENT_DOCUMENTS};
    if (d->settings->documents == NULL)
        return;
    d->documents_seen = changed(d);
    struct loaded *l = calloc(1, sizeof *l);
    hf_assert(l != NULL);
    read_folder(d, d->settings->documents, l);
    event.u.documents.envelopes = envelopes;
    event.u.documents.count = sort(d, l, envelopes);
    if (event.u.documents.count > 0)
        hf__daemon_step(d, &event);
    for (size_t i = 0; i < l->count; i++)
        hf_buf_done(&l->files[i]);
    free(l);
}
