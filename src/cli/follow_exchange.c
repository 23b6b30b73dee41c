/*
 * What set signers exchange: three files of each in a folder that their machines share, by whatever
 * means. A signer writes those of its own name alone, and goes by what a key has signed.
 */
#include "follow_exchange.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORD_MAX = 2100000, ARENA_MAX = 4 << 20 };

static const char label[] = "holdfast/v1/chain-word";
static const char word_file[] = "word", proposal_file[] = "set", in_force_file[] = "in-force";

static bool path_of(char ret[static HF__PATH_LEN], const char *folder, const char *what,
                    const uint8_t key[static HF_KEY_LEN])
{
    char name[96], digits[2 * HF_KEY_LEN + 1];
    hf_hex_encode(key, HF_KEY_LEN, digits);
    snprintf(name, sizeof name, "%s-%s.doc", what, digits);
    return hf__path(ret, folder, name);
}

static int read_file(const char *folder, const char *what, const uint8_t key[static HF_KEY_LEN],
                     struct hf_buf *ret)
{
    char path[HF__PATH_LEN];
    return path_of(path, folder, what, key) ? hf_file_read_regular(path, ret) : HF_ETOOBIG;
}

static int write_file(const char *folder, const char *what, const uint8_t key[static HF_KEY_LEN],
                      struct hf_bytes content)
{
    char path[HF__PATH_LEN];
    return path_of(path, folder, what, key) ? hf_file_replace(path, content, 0644) : HF_ETOOBIG;
}

/* ---- reading */

static int read_set(const struct hf__authority *a, const char *folder, const char *what,
                    const uint8_t key[static HF_KEY_LEN], struct hf_document **ret)
{
    struct hf_buf b;
    struct hf_document *d = NULL;
    hf_buf_init(&b, HF__DOCUMENT_MAX);
    int r = read_file(folder, what, key, &b);
    if (r == 0)
        r = hf_document_read(a->pool, hf_buf_bytes(&b), &d);
    hf_buf_done(&b);
    if (r == 0 && d->kind != HF_DOCUMENT_SET) {
        hf_document_unref(d);
        r = HF_EDOCUMENT;
    }
    if (r == 0)
        *ret = d;
    return r;
}

static bool signed_by(const struct hf__authority *a, const struct hf_document *d,
                      struct hf_authority_key *signer)
{
    const struct hf_root alone = {.keys = signer, .keys_count = 1};
    return hf_document_signers(d, &a->network, &alone) == 1;
}

static int read_proposal(const struct hf__authority *a, const char *folder,
                         struct hf_authority_key *signer, struct hf_document **ret)
{
    struct hf_document *d = NULL;
    int r = read_set(a, folder, proposal_file, signer->key, &d);
    if (r == 0 && !signed_by(a, d, signer)) {
        hf_document_unref(d);
        r = HF_EDOCUMENT_SIGNATURE;
    }
    if (r == 0)
        *ret = d;
    return r;
}

static int read_in_force(const struct hf__authority *a, const char *folder,
                         const struct hf_authority_key *signer, struct hf_document **ret)
{
    struct hf_document *d = NULL;
    int r = read_set(a, folder, in_force_file, signer->key, &d);
    if (r == 0)
        r = hf_document_verify(d, &a->network, a->root);
    if (r == 0)
        *ret = d;
    else
        hf_document_unref(d);
    return r;
}

static void forget_word(struct hf__heard *h)
{
    if (h == NULL)
        return;
    hf_buf_done(&h->bytes);
    hf_arena_done(&h->arena);
    free(h);
}

static int decode_word(struct hf__heard *h, const struct hf_authority_key *signer)
{
    struct hf_signed_chain_word s;
    int r =
        hf_wire_decode(&hf_wire_signed_chain_word, hf_buf_bytes(&h->bytes), &h->arena, &s, NULL);
    if (r == 0 && memcmp(s.key, signer->key, sizeof s.key) != 0)
        r = HF_EDOCUMENT_SIGNATURE;
    if (r == 0)
        r = hf_suite_real.verify(s.key, label, s.statement, s.signature);
    return r != 0 ? r : hf_wire_decode(&hf_wire_chain_word, s.statement, &h->arena, &h->word, NULL);
}

static int read_word(const char *folder, const struct hf_authority_key *signer,
                     struct hf__heard **ret)
{
    struct hf__heard *h = calloc(1, sizeof *h);
    if (h == NULL)
        return HF_ENOMEM;
    hf_buf_init(&h->bytes, WORD_MAX);
    hf_arena_init(&h->arena, ARENA_MAX);
    int r = read_file(folder, word_file, signer->key, &h->bytes);
    if (r == 0)
        r = decode_word(h, signer);
    if (r == 0)
        *ret = h;
    else
        forget_word(h);
    return r;
}

/* What is not there is no word, and no error; nor is what a stranger has put there. */
static int count_strange(struct hf__exchange *x, int r)
{
    x->strange += r != 0 && r != HF_ENOTFOUND && r != HF_ENOMEM;
    return r == HF_ENOMEM ? r : 0;
}

int hf__exchange_read(const struct hf__authority *a, const char *folder, struct hf__exchange *ret)
{
    const struct hf_root *root = &a->root->u.root;
    struct hf__exchange x = {.count = root->set_signers_count};
    int r = 0;
    hf_assert(x.count <= HF__SET_SIGNERS_MAX);
    for (size_t i = 0; r == 0 && i < x.count; i++) {
        struct hf_authority_key *signer = &root->set_signers[i];
        struct hf__signer_files *of = &x.signers[i];
        r = count_strange(&x, read_word(folder, signer, &of->heard));
        if (r == 0)
            r = count_strange(&x, read_proposal(a, folder, signer, &of->proposal));
        if (r == 0)
            r = count_strange(&x, read_in_force(a, folder, signer, &of->in_force));
    }
    if (r == 0)
        *ret = x;
    else
        hf__exchange_done(&x);
    return r;
}

void hf__exchange_done(struct hf__exchange *x)
{
    for (size_t i = 0; i < x->count; i++) {
        forget_word(x->signers[i].heard);
        hf_document_unref(x->signers[i].proposal);
        hf_document_unref(x->signers[i].in_force);
    }
    *x = (struct hf__exchange){0};
}

/* ---- signatures */

/* A signer's signature in its own proposal, where that has this body; NULL: none. */
static const struct hf_signature *signature_of(const struct hf__exchange *x, size_t signer,
                                               const struct hf_authority_key *key,
                                               const struct hf_document *d)
{
    const struct hf_document *own = x->signers[signer].proposal;
    if (own == NULL || !hf_hash_equal(&own->body_hash, &d->body_hash))
        return NULL;
    for (size_t i = 0; i < own->signatures.signatures_count; i++)
        if (memcmp(own->signatures.signatures[i].key, key->key, sizeof key->key) == 0)
            return &own->signatures.signatures[i];
    return NULL;
}

int hf__exchange_merge(const struct hf__authority *a, const struct hf__exchange *x,
                       const struct hf_document *d, struct hf_buf *ret, size_t *ret_count)
{
    const struct hf_root *root = &a->root->u.root;
    struct hf_signature all[HF__SET_SIGNERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < x->count; i++) {
        const struct hf_signature *s = signature_of(x, i, &root->set_signers[i], d);
        if (s != NULL)
            all[count++] = *s;
    }
    const struct hf_envelope whole = {.format = HF_DOCUMENT_FORMAT,
                                      .kind = d->kind,
                                      .body = d->signatures.body,
                                      .signatures = all,
                                      .signatures_count = count};
    *ret_count = count;
    return hf_wire_encode(&hf_wire_envelope, &whole, ret);
}

/* ---- writing */

int hf__exchange_propose(const struct hf__authority *a, const char *key_file, const char *folder,
                         struct hf_bytes body, struct hf__exchange *x, size_t own)
{
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
    if (r == 0)
        r = write_file(folder, proposal_file, key, hf_buf_bytes(&whole));
    if (r == 0) {
        hf_document_unref(x->signers[own].proposal);
        x->signers[own].proposal = d;
    } else {
        hf_document_unref(d);
    }
    hf_buf_done(&bare);
    hf_buf_done(&whole);
    return r;
}

int hf__exchange_say(const struct hf__authority *a, const char *key_file, const char *folder,
                     const struct hf_chain_word *word)
{
    struct hf_signed_chain_word s = {0};
    struct hf_buf statement, whole;
    hf_buf_init(&statement, WORD_MAX);
    hf_buf_init(&whole, WORD_MAX);
    int r = hf_wire_encode(&hf_wire_chain_word, word, &statement);
    s.statement = hf_buf_bytes(&statement);
    if (r == 0)
        r = hf__sign_following_word(a, key_file, label, s.statement, s.key, s.signature);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_signed_chain_word, &s, &whole);
    if (r == 0)
        r = write_file(folder, word_file, s.key, hf_buf_bytes(&whole));
    hf_buf_done(&statement);
    hf_buf_done(&whole);
    return r;
}

int hf__exchange_show(const char *folder, const uint8_t key[static HF_KEY_LEN],
                      const struct hf_document *set)
{
    struct hf_buf there;
    struct hf_bytes envelope = hf_blob_bytes(set->envelope);
    hf_buf_init(&there, HF__DOCUMENT_MAX);
    int r = read_file(folder, in_force_file, key, &there);
    bool same = r == 0 && hf_bytes_equal(hf_buf_bytes(&there), envelope);
    hf_buf_done(&there);
    return same ? 0 : write_file(folder, in_force_file, key, envelope);
}
