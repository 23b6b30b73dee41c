/* Share sets and their proposals: who shares the quorum keys (proto/QUORUM.md, 3). */
#include "document/document.h"

#include "attest/ecdh.h"
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/quorum.h"
#include "crypto/x25519.h"
#include "pool.h"

bool hf_holder_key_ok(uint64_t kind, struct hf_bytes key)
{
    if (kind == HF_HOLDER_P256)
        return key.len == HF_P256_POINT_LEN && hf_p256_check(key.data) == 0;
    return kind == HF_HOLDER_X25519 && key.len == HF_KEY_LEN && hf_x25519_check(key.data) == 0;
}

/* What is the same for a key and for whatever else its person could give out as another one: of
 * P-256, 4 and x, which the point's negative has too. */
static struct hf_bytes key_of(const struct hf_share_holder *h)
{
    return hf_bytes_of(h->key.data,
                       h->kind == HF_HOLDER_P256 ? 1 + HF_P256_SCALAR_LEN : h->key.len);
}

static bool holders_ok(const struct hf_share_set *s)
{
    for (size_t i = 0; i < s->holders_count; i++) {
        /* With two encodings of one key a person would have two places. */
        if (!hf_holder_key_ok(s->holders[i].kind, s->holders[i].key))
            return false;
        for (size_t j = 0; j < i; j++)
            if (hf_bytes_equal(s->holders[i].alias, s->holders[j].alias) ||
                hf_bytes_equal(key_of(&s->holders[i]), key_of(&s->holders[j])))
                return false;
    }
    return true;
}

size_t hf__sealed_share_len(uint64_t kind)
{
    size_t encapsulated = kind == HF_HOLDER_P256 ? HF_P256_POINT_LEN : HF_KEY_LEN;
    return encapsulated + HF_SCALAR_LEN + HF_AEAD_TAG_LEN;
}

/* Dealt by m points, and a share for each holder; or not yet. */
static bool key_ok(const struct hf_share_set *s, size_t at, bool proposal)
{
    const struct hf_quorum_key *key = &s->keys[at];
    size_t points = proposal ? 0 : s->threshold, shares = proposal ? 0 : s->holders_count;
    if (key->commitments.len != points * HF_POINT_LEN || key->shares_count != shares)
        return false;
    for (size_t i = 0; i < shares; i++)
        if (key->shares[i].sealed.len != hf__sealed_share_len(s->holders[i].kind))
            return false;
    for (size_t i = 0; i < at; i++) {
        if (hf_bytes_equal(s->keys[i].name, key->name))
            return false;
        if (!proposal &&
            memcmp(s->keys[i].commitments.data, key->commitments.data, HF_POINT_LEN) == 0)
            return false;
    }
    return proposal || hf_quorum_commitments_check((uint8_t)s->threshold, (uint8_t)s->holders_count,
                                                   key->commitments.data) == 0;
}

int hf__share_set_check(const struct hf_share_set *s, bool proposal)
{
    /* With a threshold of one among several, each of them alone could open everything. */
    bool ok = s->expires_s > s->issued_s && s->holders_count >= 1 && s->keys_count >= 1 &&
              s->threshold <= s->holders_count && (s->threshold >= 2 || s->holders_count == 1) &&
              s->has_proposal == !proposal && s->has_quote == !proposal && holders_ok(s);
    for (size_t i = 0; ok && i < s->keys_count; i++)
        ok = key_ok(s, i, proposal);
    return ok ? 0 : HF_EDOCUMENT;
}

const struct hf_quorum_key *hf_share_set_key(const struct hf_share_set *s, struct hf_bytes name)
{
    for (size_t i = 0; i < s->keys_count; i++)
        if (hf_bytes_equal(s->keys[i].name, name))
            return &s->keys[i];
    return NULL;
}

int hf_share_set_proposal(const struct hf_share_set *s, struct hf_buf *ret)
{
    struct hf_quorum_key keys[HF_SHARES_MAX];
    struct hf_share_set proposal = *s;
    hf_assert(s->keys_count <= HF_ARRAY_LEN(keys));
    proposal.has_quote = proposal.has_proposal = false;
    proposal.keys = keys;
    for (size_t i = 0; i < s->keys_count; i++)
        keys[i] = (struct hf_quorum_key){.name = s->keys[i].name};
    return hf_wire_encode(&hf_wire_share_set, &proposal, ret);
}
