#include "authority.h"

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>

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

/* By the newest root or an older one: after a change of the root, what the older one signed is what
 * the next version replaces. */
static int verify(const struct hf__authority *a, const struct hf_document *d)
{
    int r = hf_document_verify(d, &a->network, a->root);
    for (size_t i = a->older_count; r == HF_EDOCUMENT_SIGNATURE && i-- > 0;)
        if (d->kind != HF_DOCUMENT_ROOT)
            r = hf_document_verify(d, &a->network, a->older[i]);
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
        r = verify(a, d);
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
        r = hf_network_id(first, &a->network);
        hf_document_unref(first);
    }
    if (r != 0) {
        fprintf(stderr, "holdfast: %s: %s\n", path, hf_error_sentence(r));
        return r;
    }
    for (int i = 1; i <= HF__ROOTS_MAX && r == 0; i++) {
        struct hf_document *root = NULL;
        snprintf(name, sizeof name, "documents/root-%d.doc", i);
        r = load(a, name, HF_DOCUMENT_ROOT, &root);
        if (r != 0)
            break;
        if (a->root != NULL)
            a->older[a->older_count++] = a->root;
        a->root = root;
    }
    return r == HF_ENOTFOUND && a->root != NULL ? 0 : r;
}

int hf__authority_open_new(const char *folder, struct hf__authority *ret)
{
    struct hf__authority a = {.folder = folder};
    int r = hf_secret_init(1 << 16, false);
    if (r == 0)
        r = hf_pool_new(&hf_suite_real, &a.pool);
    if (r == 0)
        *ret = a;
    return r;
}

int hf__authority_open(const char *folder, struct hf__authority *ret)
{
    struct hf__authority a;
    int r = hf__authority_open_new(folder, &a);
    if (r != 0)
        return r;
    r = load_roots(&a);
    if (r != 0) {
        hf__authority_close(&a);
        return r;
    }
    r = load(&a, "documents/policy.doc", HF_DOCUMENT_POLICY, &a.policy);
    if (r == 0 || r == HF_ENOTFOUND)
        r = load(&a, "documents/set.doc", HF_DOCUMENT_SET, &a.set);
    if (r == 0 || r == HF_ENOTFOUND)
        r = load(&a, "documents/share-set.doc", HF_DOCUMENT_SHARES, &a.shares);
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
    for (size_t i = 0; i < a->older_count; i++)
        hf_document_unref(a->older[i]);
    hf_document_unref(a->root);
    hf_document_unref(a->policy);
    hf_document_unref(a->set);
    hf_document_unref(a->shares);
    hf_pool_free(a->pool);
    *a = (struct hf__authority){0};
}
