/* Share sets and their proposals: who shares the quorum keys (proto/QUORUM.md, 3). */
#include "document/document.h"

#include "base/error.h"
#include "crypto/quorum.h"
#include "crypto/x25519.h"
#include "pool.h"

static bool holders_ok(const struct hf_share_set *s)
{
    for (size_t i = 0; i < s->holders_count; i++) {
        /* With two encodings of one key a person would have two places. */
        if (hf_x25519_check(s->holders[i].key) != 0)
            return false;
        for (size_t j = 0; j < i; j++)
            if (hf_bytes_equal(s->holders[i].alias, s->holders[j].alias) ||
                memcmp(s->holders[i].key, s->holders[j].key, sizeof s->holders[i].key) == 0)
                return false;
    }
    return true;
}

/* Dealt by m points, and a share for each holder; or not yet. */
static bool key_ok(const struct hf_share_set *s, size_t at, bool proposal)
{
    const struct hf_quorum_key *key = &s->keys[at];
    size_t points = proposal ? 0 : s->threshold, shares = proposal ? 0 : s->holders_count;
    if (key->commitments.len != points * HF_POINT_LEN || key->shares_count != shares)
        return false;
    for (size_t i = 0; i < at; i++) {
        if (hf_bytes_equal(s->keys[i].name, key->name))
            return false;
        if (!proposal && memcmp(s->keys[i].commitments.data, key->commitments.data, 32) == 0)
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
