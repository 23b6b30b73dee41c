/*
 * Proposals of set signers: files in a folder that their machines share, by whatever means. Each
 * signer writes files of its own name alone, and believes of others' only what a key has signed.
 */
#include "follow.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NAME_LEN = 64, KEY_DIGITS = 16 };

static void name_of(uint32_t epoch, const uint8_t key[static HF_KEY_LEN], char ret[static NAME_LEN])
{
    char digits[65];
    hf_hex_encode(key, 32, digits);
    snprintf(ret, NAME_LEN, "set-%010u-%.*s.doc", epoch, KEY_DIGITS, digits);
}

static int is_proposal(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 8 && strncmp(entry->d_name, "set-", 4) == 0 &&
           strcmp(entry->d_name + len - 4, ".doc") == 0;
}

static int read_one(const struct hf__authority *a, const char *path, struct hf_document **ret)
{
    struct hf_buf b;
    hf_buf_init(&b, HF__DOCUMENT_MAX);
    int r = hf_file_read_regular(path, &b);
    if (r == 0)
        r = hf_document_read(a->pool, hf_buf_bytes(&b), ret);
    hf_buf_done(&b);
    return r;
}

int hf__proposals_read(const struct hf__authority *a, const char *folder, struct hf__proposals *ret)
{
    char path[HF__PATH_LEN];
    struct dirent **names;
    struct hf__proposals p = {0};
    int count = scandir(folder, &names, is_proposal, alphasort);
    if (count < 0)
        return HF_ENOTFOUND;
    for (int i = 0; i < count; i++) {
        struct hf_document *d = NULL;
        /* What another has written is no proposal, and no error, where it cannot be read as one. */
        if (p.count < HF__PROPOSALS_MAX && hf__path(path, folder, names[i]->d_name) &&
            read_one(a, path, &d) == 0) {
            if (d->kind == HF_DOCUMENT_SET && hf_document_version(d) > hf_document_version(a->set))
                p.list[p.count++] = d;
            else
                hf_document_unref(d);
        }
        free(names[i]);
    }
    free(names);
    *ret = p;
    return 0;
}

void hf__proposals_done(struct hf__proposals *p)
{
    for (size_t i = 0; i < p->count; i++)
        hf_document_unref(p->list[i]);
    p->count = 0;
}

/* The good signature of one signer on a body, in whichever proposal it stands; NULL: none. */
static const struct hf_signature *signature_of(const struct hf__authority *a,
                                               const struct hf__proposals *p,
                                               const struct hf_document *d,
                                               struct hf_authority_key *signer)
{
    const struct hf_root alone = {.keys = signer, .keys_count = 1};
    for (size_t i = 0; i < p->count; i++) {
        const struct hf_envelope *e = &p->list[i]->signatures;
        if (!hf_hash_equal(&p->list[i]->body_hash, &d->body_hash) ||
            hf_document_signers(p->list[i], &a->network, &alone) == 0)
            continue;
        for (size_t j = 0; j < e->signatures_count; j++)
            if (memcmp(e->signatures[j].key, signer->key, sizeof signer->key) == 0)
                return &e->signatures[j];
    }
    return NULL;
}

int hf__proposals_merge(const struct hf__authority *a, const struct hf__proposals *p,
                        const struct hf_document *d, struct hf_buf *ret, size_t *ret_count)
{
    const struct hf_root *root = &a->root->u.root;
    struct hf_signature all[HF__SIGNERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < root->set_signers_count && count < HF_ARRAY_LEN(all); i++) {
        const struct hf_signature *s = signature_of(a, p, d, &root->set_signers[i]);
        if (s != NULL)
            all[count++] = *s;
    }
    const struct hf_envelope whole = {.format = 1,
                                      .kind = d->kind,
                                      .body = d->signatures.body,
                                      .signatures = all,
                                      .signatures_count = count};
    *ret_count = count;
    return hf_wire_encode(&hf_wire_envelope, &whole, ret);
}

int hf__proposal_write(const struct hf__authority *a, const char *key_file, const char *folder,
                       struct hf_bytes body, struct hf_document **ret)
{
    char path[HF__PATH_LEN], name[NAME_LEN];
    uint8_t key[HF_KEY_LEN];
    struct hf_buf bare, whole;
    struct hf_document *d = NULL;
    hf_buf_init(&bare, HF__DOCUMENT_MAX);
    hf_buf_init(&whole, HF__DOCUMENT_MAX);
    int r = hf_document_wrap(HF_DOCUMENT_SET, body, &bare);
    if (r == 0)
        r = hf__sign_following(a, key_file, hf_buf_bytes(&bare), key, &whole);
    if (r == 0)
        r = hf_document_read(a->pool, hf_buf_bytes(&whole), &d);
    if (r == 0) {
        name_of(hf_document_version(d), key, name);
        r = hf__path(path, folder, name) ? hf_file_replace(path, hf_buf_bytes(&whole), 0644)
                                         : HF_ETOOBIG;
    }
    if (r == 0)
        *ret = d;
    else
        hf_document_unref(d);
    hf_buf_done(&bare);
    hf_buf_done(&whole);
    return r;
}

void hf__proposals_clear(const char *folder, const uint8_t key[static HF_KEY_LEN], uint32_t epoch)
{
    char path[HF__PATH_LEN], own[NAME_LEN];
    struct dirent **names;
    int count = scandir(folder, &names, is_proposal, alphasort);
    for (int i = 0; i < count; i++) {
        unsigned long of = strtoul(names[i]->d_name + 4, NULL, 10);
        name_of((uint32_t)of, key, own);
        if (of <= epoch && strcmp(names[i]->d_name, own) == 0 &&
            hf__path(path, folder, names[i]->d_name))
            unlink(path);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}
