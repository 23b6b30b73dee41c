/* Signatures of the authority: made by its tool, checked by every node (proto/PROTOCOL.md,
 * Documents). */
#include "document/document.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "pool.h"

static const char label[] = "holdfast/v1/document";

/* What an authority key signs about a document. */
static void statement(uint8_t kind, const struct hf_hash *body_hash,
                      const struct hf_network_id *network, struct hf_buf *ret)
{
    struct hf_document_statement s = {.kind = kind};
    s.network = *network;
    s.body_hash = *body_hash;
    int r = hf_wire_encode(&hf_wire_document_statement, &s, ret);
    hf_assert(r == 0);
}

bool hf__keys_find(const struct hf_authority_key *keys, size_t count,
                   const uint8_t key[static HF_KEY_LEN])
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(key, keys[i].key, HF_KEY_LEN) == 0)
            return true;
    return false;
}

bool hf_root_names(const struct hf_root *root, const uint8_t key[static HF_KEY_LEN])
{
    return hf__keys_find(root->keys, root->keys_count, key) ||
           hf__keys_find(root->set_signers, root->set_signers_count, key);
}

/*
 * How many of these keys have a good signature among those of d, in which no key stands twice.
 * Stops as soon as too few are left for `enough`, so that wrong signatures cost as little as they
 * can.
 */
static size_t count_signers(const struct hf_document *d, const struct hf_authority_key *keys,
                            size_t keys_count, struct hf_bytes signed_bytes, size_t enough)
{
    const struct hf_signature *all = d->signatures.signatures;
    size_t count = 0, left = 0;
    for (size_t i = 0; i < d->signatures.signatures_count; i++)
        left += hf__keys_find(keys, keys_count, all[i].key);
    for (size_t i = 0; i < d->signatures.signatures_count && count + left >= enough; i++) {
        if (!hf__keys_find(keys, keys_count, all[i].key))
            continue;
        left--;
        count += d->pool->suite->verify(all[i].key, label, signed_bytes, all[i].signature) == 0;
    }
    return count;
}

static bool signed_by(const struct hf_document *d, const struct hf_root *root,
                      struct hf_bytes signed_bytes)
{
    return count_signers(d, root->keys, root->keys_count, signed_bytes, root->threshold) >=
           root->threshold;
}

/* A set with floors that set signers sign has those of one that the authority signed. */
static bool floors_signed(const struct hf_document *d, const struct hf_network_id *network,
                          const struct hf_document *root)
{
    struct hf_document *base;
    struct hf_buf b;
    if (!hf_set_decides(d) && d->u.set.base.len == 0)
        return true;
    if (hf_document_read(d->pool, d->u.set.base, &base) != 0)
        return false;
    hf_buf_init(&b, 512);
    statement(base->kind, &base->body_hash, network, &b);
    bool good = base->kind == HF_DOCUMENT_SET && base->u.set.epoch < d->u.set.epoch &&
                base->u.set.issued_s <= d->u.set.issued_s &&
                signed_by(base, &root->u.root, hf_buf_bytes(&b)) && hf__floors_same(base, d);
    hf_buf_done(&b);
    hf_document_unref(base);
    return good;
}

/* Whether set signers may have signed this, and have. */
static bool signed_by_followers(const struct hf_document *d, const struct hf_network_id *network,
                                const struct hf_document *root, struct hf_bytes signed_bytes)
{
    const struct hf_root *r = &root->u.root;
    return d->kind == HF_DOCUMENT_SET && r->set_threshold > 0 &&
           count_signers(d, r->set_signers, r->set_signers_count, signed_bytes, r->set_threshold) >=
               r->set_threshold &&
           floors_signed(d, network, root);
}

size_t hf_document_signers(const struct hf_document *d, const struct hf_network_id *network,
                           const struct hf_root *root)
{
    struct hf_buf b;
    hf_buf_init(&b, 512);
    statement(d->kind, &d->body_hash, network, &b);
    size_t count = count_signers(d, root->keys, root->keys_count, hf_buf_bytes(&b), 0);
    hf_buf_done(&b);
    return count;
}

int hf_network_id(const struct hf_document *first_root, struct hf_network_id *ret)
{
    if (first_root->kind != HF_DOCUMENT_ROOT || first_root->u.root.number != 1)
        return HF_EINVAL;
    struct hf_hash id;
    first_root->pool->suite->hash("holdfast/v1/network", first_root->signatures.body, &id);
    memcpy(ret->bytes, id.bytes, sizeof id);
    return 0;
}

static int verify_first(const struct hf_document *d, const struct hf_network_id *network,
                        struct hf_bytes signed_bytes)
{
    struct hf_network_id id;
    if (d->kind != HF_DOCUMENT_ROOT || d->u.root.number != 1)
        return HF_ENODOCUMENTS;
    if (hf_network_id(d, &id) != 0 || !hf_network_id_equal(&id, network))
        return HF_EDOCUMENT_NETWORK;
    if (!signed_by(d, &d->u.root, signed_bytes))
        return HF_EDOCUMENT_SIGNATURE;
    return 0;
}

static int verify_next(const struct hf_document *d, const struct hf_network_id *network,
                       const struct hf_document *root, struct hf_bytes signed_bytes)
{
    hf_assert(root->kind == HF_DOCUMENT_ROOT);
    if (!signed_by(d, &root->u.root, signed_bytes) &&
        !signed_by_followers(d, network, root, signed_bytes))
        return HF_EDOCUMENT_SIGNATURE;
    if (d->kind != HF_DOCUMENT_ROOT)
        return 0;
    if (d->u.root.number != root->u.root.number + 1 ||
        !hf_hash_equal(&d->u.root.previous, &root->body_hash) ||
        d->u.root.issued_s < root->u.root.issued_s)
        return HF_EDOCUMENT_ROOT;
    if (!signed_by(d, &d->u.root, signed_bytes))
        return HF_EDOCUMENT_SIGNATURE;
    return 0;
}

int hf_document_verify(const struct hf_document *d, const struct hf_network_id *network,
                       const struct hf_document *root)
{
    static const struct hf_network_id none;
    struct hf_buf b;
    hf_buf_init(&b, 512);
    statement(d->kind, &d->body_hash, root == NULL ? &none : network, &b);
    int r = root == NULL ? verify_first(d, network, hf_buf_bytes(&b))
                         : verify_next(d, network, root, hf_buf_bytes(&b));
    hf_buf_done(&b);
    return r;
}

int hf_document_wrap(uint8_t kind, struct hf_bytes body, struct hf_buf *ret)
{
    struct hf_envelope e = {.format = HF_DOCUMENT_FORMAT, .kind = kind, .body = body};
    return hf_wire_encode(&hf_wire_envelope, &e, ret);
}

int hf_document_sign(const struct hf_suite *suite, struct hf_bytes envelope,
                     const struct hf_network_id *network,
                     const uint8_t secret[static HF_SIGN_SECRET_LEN],
                     const uint8_t public_key[static HF_KEY_LEN], struct hf_buf *ret)
{
    struct hf_arena arena;
    struct hf_buf b;
    struct hf_envelope e;
    struct hf_signature all[65];
    struct hf_hash body_hash;
    hf_arena_init(&arena, 65536);
    hf_buf_init(&b, 512);
    int r = hf_wire_decode(&hf_wire_envelope, envelope, &arena, &e, NULL);
    if (r != 0)
        goto out;
    suite->hash("holdfast/v1/body", e.body, &body_hash);
    statement((uint8_t)e.kind, &body_hash, network, &b);
    size_t count = 0;
    for (size_t i = 0; i < e.signatures_count; i++)
        if (memcmp(e.signatures[i].key, public_key, HF_KEY_LEN) != 0)
            all[count++] = e.signatures[i];
    memcpy(all[count].key, public_key, HF_KEY_LEN);
    suite->sign(secret, label, hf_buf_bytes(&b), all[count++].signature);
    e.signatures = all;
    e.signatures_count = count;
    r = hf_wire_encode(&hf_wire_envelope, &e, ret);
out:
    hf_arena_done(&arena);
    hf_buf_done(&b);
    return r;
}
