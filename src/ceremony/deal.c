#include "deal.h"

#include "base/error.h"
#include "base/secret.h"
#include "document/ceremony.h"

#include <string.h>

/* What is secret while one key is dealt. */
struct dealing {
    uint8_t secret[HF_SCALAR_LEN];
    uint8_t shares[HF_SHARES_MAX][HF_SCALAR_LEN];
};

/* One key; secret NULL: a new one. ret_commitments, buffers, ret_sealed: room for as many as there
 * can be. */
static int deal_key(const struct hf_share_set *set, const struct hf_network_id *network,
                    struct hf_bytes name, struct hf_rng *rng, const uint8_t *secret,
                    uint8_t *ret_commitments, uint8_t (*buffers)[HF_SEALED_SHARE_MAX],
                    struct hf_sealed_share *ret_sealed)
{
    const struct hf_sharing sharing = {.k = (uint8_t)set->threshold,
                                       .n = (uint8_t)set->holders_count};
    struct dealing *d = hf_secret_alloc(sizeof *d);
    if (d == NULL)
        return HF_ENOMEM;
    if (secret != NULL)
        memcpy(d->secret, secret, sizeof d->secret);
    else
        hf_suite_real.scalar_random(rng, d->secret);
    int r = hf_suite_real.deal(rng, d->secret, sharing, d->shares[0], ret_commitments);
    for (uint8_t i = 0; i < set->holders_count && r == 0; i++)
        r = hf_share_seal(rng, network, set, name, (uint8_t)(i + 1), d->shares[i], buffers[i],
                          &ret_sealed[i]);
    hf_secret_free(d);
    return r;
}

int hf__ceremony_deal(const struct hf_document *proposal, const struct hf_network_id *network,
                      struct hf_rng *rng, const uint8_t (*secrets)[HF_SCALAR_LEN],
                      struct hf_buf *ret_body)
{
    static uint8_t commitments[HF_SHARES_MAX][HF_SHARES_MAX * HF_POINT_LEN];
    static uint8_t buffers[HF_SHARES_MAX][HF_SHARES_MAX][HF_SEALED_SHARE_MAX];
    static struct hf_sealed_share sealed[HF_SHARES_MAX][HF_SHARES_MAX];
    struct hf_quorum_key keys[HF_SHARES_MAX];
    struct hf_share_set set = proposal->u.shares;
    const struct hf_quorum_key *names = set.keys;
    int r = 0;
    hf_assert(proposal->kind == HF_DOCUMENT_PROPOSAL && set.keys_count <= HF_ARRAY_LEN(keys));
    set.has_proposal = true;
    set.proposal = proposal->body_hash;
    for (size_t i = 0; i < set.keys_count && r == 0; i++) {
        r = deal_key(&set, network, names[i].name, rng, secrets != NULL ? secrets[i] : NULL,
                     commitments[i], buffers[i], sealed[i]);
        keys[i] = (struct hf_quorum_key){
            .name = names[i].name,
            .commitments = hf_bytes_of(commitments[i], (size_t)set.threshold * HF_POINT_LEN),
            .shares = sealed[i],
            .shares_count = set.holders_count};
    }
    set.keys = keys;
    return r == 0 ? hf_wire_encode(&hf_wire_share_set, &set, ret_body) : r;
}
