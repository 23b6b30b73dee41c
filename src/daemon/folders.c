/*
 * The operator's folders: signed documents, and the collateral that lies there. A thread looks at
 * them: a disk that does not answer holds up this and nothing else.
 */
#include "folders.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "daemon.h"
#include "log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILES_MAX = 64, DOCUMENT_MAX = HF_NET_BODY_CEILING, PATH_LEN = 4400 };

/* A file of the documents' folder, or what is wrong with it. */
struct file {
    char path[PATH_LEN];
    int error;
    struct hf_buf content;
    uint8_t kind; /* of the document, once it was read; 0: it is none */
};

struct look {
    uv_work_t uv;
    struct hf__daemon *d;
    const char *documents, *collateral; /* NULL: is not looked at */
    bool always;                        /* documents are read, new or not */
    struct timespec seen;
    struct hf__folder_facts facts;
    struct file *files; /* the last may stand for all that are too many */
    size_t count;
};

struct hf__folders {
    bool looking, again, always;
    struct timespec seen; /* the time of the documents' folder when it was read last */
    struct hf__folder_facts facts;
};

/* ---- on the thread */

static struct file *file_new(struct look *l, const char *path, int error)
{
    struct file *grown = realloc(l->files, (l->count + 1) * sizeof *grown);
    hf_assert(grown != NULL);
    l->files = grown;
    struct file *f = &l->files[l->count++];
    *f = (struct file){.error = error};
    snprintf(f->path, sizeof f->path, "%s", path);
    hf_buf_init(&f->content, DOCUMENT_MAX);
    return f;
}

static int is_document(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 4, ".doc") == 0;
}

static void read_documents(struct look *l)
{
    struct dirent **names;
    char path[PATH_LEN];
    int count = scandir(l->documents, &names, is_document, alphasort);
    if (count < 0)
        file_new(l, l->documents, HF_ENOTFOUND);
    for (int i = 0; i < count; i++) {
        int len = snprintf(path, sizeof path, "%s/%s", l->documents, names[i]->d_name);
        if (l->count == FILES_MAX) {
            file_new(l, path, HF_ETOOBIG);
        } else if (l->count < FILES_MAX && len > 0 && (size_t)len < sizeof path) {
            struct file *f = file_new(l, path, 0);
            f->error = hf_file_read_regular(path, &f->content);
        }
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

static struct timespec changed(const char *folder)
{
    struct stat st;
    return stat(folder, &st) == 0 ? st.st_mtim : (struct timespec){0};
}

/* Documents are renamed into the folder: its time tells. */
static void look_at_documents(struct look *l)
{
    struct timespec now = changed(l->documents);
    bool other = now.tv_sec != l->seen.tv_sec || now.tv_nsec != l->seen.tv_nsec;
    if (!l->always && (now.tv_sec == 0 || !other))
        return;
    l->seen = now;
    read_documents(l);
}

/* tcb_info_ and 12 digits and .json. */
static bool names_platform(const char *name, uint8_t ret[static HF_FMSPC_LEN])
{
    static const char before[] = "tcb_info_", after[] = ".json";
    char digits[2 * HF_FMSPC_LEN + 1] = "";
    if (strlen(name) != sizeof before - 1 + sizeof digits - 1 + sizeof after - 1 ||
        strncmp(name, before, sizeof before - 1) != 0 ||
        strcmp(name + sizeof before - 1 + sizeof digits - 1, after) != 0)
        return false;
    memcpy(digits, name + sizeof before - 1, sizeof digits - 1);
    return hf_hex_decode(digits, ret, HF_FMSPC_LEN) == 0;
}

static void look_at_collateral(struct look *l)
{
    struct hf__folder_facts *f = &l->facts;
    struct timespec filled = changed(l->collateral);
    DIR *dir = opendir(l->collateral);
    struct dirent *entry;
    f->filled_s = filled.tv_sec > 0 ? (uint64_t)filled.tv_sec : 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (f->count < HF__FETCH_PLATFORMS_MAX &&
            names_platform(entry->d_name, f->fmspcs[f->count].bytes))
            f->count++;
    if (dir != NULL)
        closedir(dir);
    f->looked = true;
}

static void look_work(uv_work_t *uv)
{
    struct look *l = uv->data;
    look_at_collateral(l);
    if (l->documents != NULL)
        look_at_documents(l);
}

/* ---- on the loop */

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
static void read_file(struct hf__daemon *d, struct file *f)
{
    struct hf_document *document;
    if (f->error == 0)
        f->error = hf_document_read(d->documents, hf_buf_bytes(&f->content), &document);
    if (f->error != 0) {
        refuse(f->path, f->error);
        return;
    }
    f->kind = document->kind;
    hf_document_unref(document);
}

/* Roots, then policies, then sets of both kinds: each can be verified only with those before it. */
static void take(struct hf__daemon *d, struct look *l)
{
    struct hf_bytes envelopes[FILES_MAX];
    struct hf_event event = {.type = HF_EVENT_DOCUMENTS};
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++)
        read_file(d, &l->files[i]);
    for (uint8_t kind = HF_DOCUMENT_ROOT; kind <= HF_DOCUMENT_SHARES; kind++)
        for (size_t i = 0; i < l->count; i++)
            if (l->files[i].kind == kind)
                envelopes[count++] = hf_buf_bytes(&l->files[i].content);
    event.u.documents.envelopes = envelopes;
    event.u.documents.count = count;
    if (count > 0)
        hf__daemon_step(d, &event);
}

static void look_free(struct look *l)
{
    for (size_t i = 0; i < l->count; i++)
        hf_buf_done(&l->files[i].content);
    free(l->files);
    free(l);
}

static void look_done(uv_work_t *uv, int status)
{
    struct look *l = uv->data;
    struct hf__daemon *d = l->d;
    struct hf__folders *f = d->folders;
    f->looking = false;
    if (status == 0)
        f->facts = l->facts;
    if (status == 0 && d->running) {
        f->seen = l->seen;
        take(d, l);
    }
    look_free(l);
    if (f->again && !d->stopping)
        hf__folders_look(d, f->always);
}

int hf__folders_new(struct hf__daemon *d)
{
    d->folders = calloc(1, sizeof *d->folders);
    return d->folders != NULL ? 0 : HF_ENOMEM;
}

void hf__folders_free(struct hf__daemon *d)
{
    free(d->folders);
    d->folders = NULL;
}

const struct hf__folder_facts *hf__folders_facts(const struct hf__daemon *d)
{
    return &d->folders->facts;
}

void hf__folders_look(struct hf__daemon *d, bool always)
{
    struct hf__folders *f = d->folders;
    f->always = f->always || always;
    if (f->looking) {
        /* What was put there just now, the look that is under way may have missed. */
        f->again = f->again || always;
        return;
    }
    struct look *l = calloc(1, sizeof *l);
    hf_assert(l != NULL);
    l->uv.data = l;
    l->d = d;
    l->documents = d->running ? d->settings->documents : NULL;
    l->collateral = d->settings->collateral;
    l->always = f->always;
    l->seen = f->seen;
    f->looking = true;
    f->again = f->always = false;
    int r = uv_queue_work(&d->loop, &l->uv, look_work, look_done);
    hf_assert(r == 0);
}
