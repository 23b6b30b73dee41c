#include "authority.h"

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "command.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROOTS_MAX = 16 };

bool hf__path(char ret[static HF__PATH_LEN], const char *folder, const char *name)
{
    int n = snprintf(ret, HF__PATH_LEN, "%s/%s", folder, name);
    return n > 0 && n < HF__PATH_LEN;
}

static int read_document(struct hf_pool *pool, const char *path, struct hf_document **ret)
{
    struct hf_buf b;
    hf_buf_init(&b, HF__DOCUMENT_MAX);
    int r = hf_file_read(path, &b);
    if (r == 0)
        r = hf_document_read(pool, hf_buf_bytes(&b), ret);
    hf_buf_done(&b);
    return r;
}

/* A document of the folder, verified. HF_ENOTFOUND: there is none. */
static int load(struct hf__authority *a, const char *name, uint8_t kind, struct hf_document **ret)
{
    char path[HF__PATH_LEN];
    struct hf_document *d;
    if (!hf__path(path, a->folder, name))
        return HF_ETOOBIG;
    int r = read_document(a->pool, path, &d);
    if (r == HF_ENOTFOUND)
        return r;
    if (r == 0 && d->kind != kind)
        r = HF_EDOCUMENT;
    else if (r == 0)
        r = hf_document_verify(d, a->network, a->root);
    if (r != 0) {
        fprintf(stderr, "holdfast: %s: %s\n", path, hf_error_sentence(r));
        return r;
    }
    *ret = d;
    return 0;
}

static int load_roots(struct hf__authority *a)
{
    char path[HF__PATH_LEN], name[64];
    if (!hf__path(path, a->folder, "documents/root-1.doc"))
        return HF_ETOOBIG;
    struct hf_document *first;
    int r = read_document(a->pool, path, &first);
    if (r == 0) {
        r = hf_network_id(first, a->network);
        hf_document_unref(first);
    }
    if (r != 0) {
        fprintf(stderr, "holdfast: %s: %s\n", path, hf_error_sentence(r));
        return r;
    }
    for (int i = 1; i <= ROOTS_MAX && r == 0; i++) {
        struct hf_document *root = NULL;
        snprintf(name, sizeof name, "documents/root-%d.doc", i);
        r = load(a, name, HF_DOCUMENT_ROOT, &root);
        if (r != 0)
            break;
        hf_document_unref(a->root);
        a->root = root;
    }
    return r == HF_ENOTFOUND && a->root != NULL ? 0 : r;
}

int hf__authority_open(const char *folder, struct hf__authority *ret)
{
    struct hf__authority a = {.folder = folder};
    int r = hf_secret_init(1 << 16, false);
    if (r == 0)
        r = hf_pool_new(&hf_suite_real, &a.pool);
    if (r != 0)
        return r;
    r = load_roots(&a);
    if (r == 0)
        r = load(&a, "documents/policy.doc", HF_DOCUMENT_POLICY, &a.policy);
    if (r == 0 || r == HF_ENOTFOUND)
        r = load(&a, "documents/set.doc", HF_DOCUMENT_SET, &a.set);
    if (r == HF_ENOTFOUND)
        r = 0;
    if (r != 0)
        hf__authority_close(&a);
    else
        *ret = a;
    return r;
}

void hf__authority_close(struct hf__authority *a)
{
    hf_document_unref(a->root);
    hf_document_unref(a->policy);
    hf_document_unref(a->set);
    hf_pool_free(a->pool);
    *a = (struct hf__authority){0};
}

/* What is in force, or what waits for signatures. */
static int begin(struct hf__authority *a, uint8_t kind, const char *pending, hf__make_fn *make,
                 void *ctx, struct hf_buf *ret_envelope)
{
    struct hf_buf body;
    int r = hf_file_read(pending, ret_envelope);
    if (r != HF_ENOTFOUND)
        return r;
    hf_buf_init(&body, HF__DOCUMENT_MAX);
    r = make(a, ctx, &body);
    if (r == 0)
        r = hf_document_wrap(kind, hf_buf_bytes(&body), ret_envelope);
    hf_buf_done(&body);
    return r;
}

static int finish(struct hf__authority *a, const char *name, const char *pending,
                  const struct hf_buf *envelope, bool *ret_issued)
{
    char path[HF__PATH_LEN], relative[64];
    struct hf_document *d;
    snprintf(relative, sizeof relative, "documents/%s.doc", name);
    if (!hf__path(path, a->folder, relative))
        return HF_ETOOBIG;
    int r = hf_document_read(a->pool, hf_buf_bytes(envelope), &d);
    if (r != 0)
        return r;
    size_t have = d->signatures.signatures_count, need = a->root->u.root.threshold;
    r = hf_document_verify(d, a->network, a->root);
    *ret_issued = r == 0;
    if (r == 0) {
        r = hf_file_replace(path, hf_buf_bytes(envelope), 0644);
        if (r == 0) {
            unlink(pending);
            printf("%s %u signed by %zu of %zu keys: %s\n", name, hf_document_version(d), have,
                   a->root->u.root.keys_count, path);
        }
    } else if (r == HF_EDOCUMENT_SIGNATURE) {
        r = hf_file_replace(pending, hf_buf_bytes(envelope), 0644);
        printf("%s %u has %zu signatures and needs %zu: sign %s further\n", name,
               hf_document_version(d), have, need, pending);
    }
    hf_document_unref(d);
    return r;
}

int hf__issue(struct hf__authority *a, uint8_t kind, const char *name, const char *key_file,
              hf__make_fn *make, void *ctx, bool *ret_issued)
{
    char pending[HF__PATH_LEN], relative[64];
    struct hf_buf envelope;
    size_t signatures = 0;
    snprintf(relative, sizeof relative, "pending-%s.doc", name);
    if (!hf__path(pending, a->folder, relative))
        return HF_ETOOBIG;
    hf_buf_init(&envelope, HF__DOCUMENT_MAX);
    int r = begin(a, kind, pending, make, ctx, &envelope);
    if (r == 0)
        r = hf__sign_all(a->folder, key_file, a->network, &a->root->u.root, &envelope, &signatures);
    if (r == 0)
        r = finish(a, name, pending, &envelope, ret_issued);
    hf_buf_done(&envelope);
    return r;
}
