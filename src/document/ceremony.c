/* Outputs of ceremonies, shares in them, and acknowledgements (proto/QUORUM.md, 3). */
#include "document/ceremony.h"

#include "attest/ecdh.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/hpke.h"
#include "pool.h"

static const char share_info[] = "holdfast/v1/quorum-share";

enum { CONTEXT_MAX = 512 };

int hf_ceremony_decode(struct hf_arena *arena, struct hf_ceremony *c)
{
    int r = hf_wire_decode(&hf_wire_share_set, c->file.share_set, arena, &c->set, NULL);
    if (r != 0)
        return r;
    /* It is a share set but for the quote, which cannot name itself. */
    struct hf_share_set whole = c->set;
    whole.has_quote = true;
    r = c->set.has_quote ? HF_EDOCUMENT : hf__share_set_check(&whole, false);
    hf_suite_real.hash("holdfast/v1/ceremony-output", c->file.share_set, &c->hash);
    return r;
}

int hf_ceremony_read(struct hf_bytes bytes, struct hf_arena *arena, struct hf_ceremony *ret)
{
    int r = hf_wire_decode(&hf_wire_ceremony_output, bytes, arena, &ret->file, NULL);
    return r != 0 ? r : hf_ceremony_decode(arena, ret);
}

int hf_ceremony_report_data(const struct hf_ceremony *c, uint8_t ret[static HF_REPORT_DATA_LEN])
{
    struct hf_ceremony_statement s = {
        .network = c->file.network, .proposal = c->set.proposal, .output = c->hash};
    struct hf_buf b;
    hf_buf_init(&b, CONTEXT_MAX);
    int r = hf_wire_encode(&hf_wire_ceremony_statement, &s, &b);
    if (r == 0)
        hf_suite_real.report_data("holdfast/v1/ceremony", hf_buf_bytes(&b), ret);
    hf_buf_done(&b);
    return r;
}

/* Associated data of a share. ret: initialised here, ended by the caller. */
static int share_aad(const struct hf_network_id *network, const struct hf_share_set *set,
                     struct hf_bytes name, uint8_t index, struct hf_buf *ret)
{
    const struct hf_quorum_share_aad aad = {
        .network = *network, .proposal = set->proposal, .name = name, .index = index};
    hf_buf_init(ret, CONTEXT_MAX);
    return hf_wire_encode(&hf_wire_quorum_share_aad, &aad, ret);
}

/* HPKE to a key of P-256, with a fresh one. ret: encapsulated key, sealed share, tag. */
static int seal_p256(struct hf_rng *rng, const uint8_t key[static HF_P256_POINT_LEN],
                     struct hf_bytes aad, struct hf_bytes share, uint8_t *ret)
{
    struct hf_hpke hpke;
    int r;
    uint8_t *secret = hf_secret_alloc(2 * HF_P256_SCALAR_LEN);
    if (secret == NULL)
        return HF_ENOMEM;
    uint8_t *dh = secret + HF_P256_SCALAR_LEN;
    do {
        hf_suite_real.random(rng, secret, HF_P256_SCALAR_LEN);
        r = hf_p256_dh(secret, key, ret, dh);
    } while (r == HF_ESCALAR);
    if (r == 0)
        r = hf_hpke_init_p256(&hpke, HF_AEAD_CHACHA20POLY1305, true, dh, ret, key,
                              hf_bytes_of(share_info, sizeof share_info - 1));
    if (r == 0) {
        r = hf_hpke_seal(&hpke, aad, share, ret + HF_P256_POINT_LEN);
        hf_hpke_done(&hpke);
    }
    hf_secret_free(secret);
    return r;
}

int hf_share_seal(struct hf_rng *rng, const struct hf_network_id *network,
                  const struct hf_share_set *set, struct hf_bytes name, uint8_t index,
                  const uint8_t share[static HF_SCALAR_LEN],
                  uint8_t buffer[static HF_SEALED_SHARE_MAX], struct hf_sealed_share *ret)
{
    struct hf_buf aad;
    hf_assert(index >= 1 && index <= set->holders_count);
    const struct hf_share_holder *h = &set->holders[index - 1];
    const struct hf_bytes plain = hf_bytes_of(share, HF_SCALAR_LEN);
    int r = share_aad(network, set, name, index, &aad);
    if (r == 0 && !hf_holder_key_ok(h->kind, h->key))
        r = HF_EPOINT;
    if (r == 0 && h->kind == HF_HOLDER_P256)
        r = seal_p256(rng, h->key.data, hf_buf_bytes(&aad), plain, buffer);
    else if (r == 0)
        r = hf_suite_real.seal(rng, h->key.data, hf_bytes_of(share_info, sizeof share_info - 1),
                               hf_buf_bytes(&aad), plain, buffer);
    if (r == 0)
        ret->sealed = hf_bytes_of(buffer, hf__sealed_share_len(h->kind));
    hf_buf_done(&aad);
    return r;
}

/* What was opened, against the commitments. */
static int check_share(const struct hf_share_set *set, size_t key, uint8_t index,
                       const uint8_t share[static HF_SCALAR_LEN])
{
    return hf_suite_real.share_check(share, index, (uint8_t)set->threshold,
                                     set->keys[key].commitments.data) == 0
               ? 0
               : HF_ESHARE;
}

int hf_share_open(const uint8_t secret_key[static HF_KEY_LEN], const struct hf_network_id *network,
                  const struct hf_share_set *set, size_t key, uint8_t index,
                  uint8_t ret_share[static HF_SCALAR_LEN])
{
    struct hf_buf aad;
    hf_assert(index >= 1 && index <= set->holders_count && key < set->keys_count);
    if (set->holders[index - 1].kind != HF_HOLDER_X25519)
        return HF_ESHARE;
    int r = share_aad(network, set, set->keys[key].name, index, &aad);
    if (r == 0 && hf_suite_real.open(secret_key, hf_bytes_of(share_info, sizeof share_info - 1),
                                     hf_buf_bytes(&aad), set->keys[key].shares[index - 1].sealed,
                                     ret_share) != 0)
        r = HF_ESHARE;
    if (r == 0)
        r = check_share(set, key, index, ret_share);
    hf_buf_done(&aad);
    return r;
}

const uint8_t *hf_share_point(const struct hf_share_set *set, size_t key, uint8_t index)
{
    hf_assert(index >= 1 && index <= set->holders_count && key < set->keys_count);
    if (set->holders[index - 1].kind != HF_HOLDER_P256)
        return NULL;
    return set->keys[key].shares[index - 1].sealed.data;
}

int hf_share_open_dh(const uint8_t dh[static HF_KEY_LEN], const struct hf_network_id *network,
                     const struct hf_share_set *set, size_t key, uint8_t index,
                     uint8_t ret_share[static HF_SCALAR_LEN])
{
    struct hf_buf aad;
    struct hf_hpke hpke;
    const uint8_t *point = hf_share_point(set, key, index);
    if (point == NULL)
        return HF_ESHARE;
    const struct hf_bytes sealed = set->keys[key].shares[index - 1].sealed;
    int r = share_aad(network, set, set->keys[key].name, index, &aad);
    if (r == 0)
        r = hf_hpke_init_p256(&hpke, HF_AEAD_CHACHA20POLY1305, false, dh, point,
                              set->holders[index - 1].key.data,
                              hf_bytes_of(share_info, sizeof share_info - 1));
    if (r == 0) {
        if (hf_hpke_open(&hpke, hf_buf_bytes(&aad),
                         hf_bytes_of(point + HF_P256_POINT_LEN, sealed.len - HF_P256_POINT_LEN),
                         ret_share) != 0)
            r = HF_ESHARE;
        hf_hpke_done(&hpke);
    }
    if (r == 0)
        r = check_share(set, key, index, ret_share);
    hf_buf_done(&aad);
    return r;
}

/* What a proof is about. ret: initialised here, ended by the caller. */
static int ack_context(const struct hf_ceremony *c, const uint8_t *challenge, size_t key,
                       uint64_t index, struct hf_buf *ret)
{
    struct hf_share_ack_context context = {.network = c->file.network,
                                           .output = c->hash,
                                           .name = c->set.keys[key].name,
                                           .index = index,
                                           .has_challenge = challenge != NULL};
    if (challenge != NULL)
        memcpy(context.challenge, challenge, sizeof context.challenge);
    hf_buf_init(ret, CONTEXT_MAX);
    return hf_wire_encode(&hf_wire_share_ack_context, &context, ret);
}

int hf_ack_prove(const struct hf_ceremony *c, const uint8_t *challenge, struct hf_rng *rng,
                 size_t key, uint8_t index, const uint8_t share[static HF_SCALAR_LEN],
                 struct hf_share_proof *ret)
{
    struct hf_buf context;
    int r = ack_context(c, challenge, key, index, &context);
    if (r == 0)
        r = hf_suite_real.prove(rng, share, hf_buf_bytes(&context), ret->proof);
    hf_buf_done(&context);
    return r;
}

int hf_ack_check(const struct hf_ceremony *c, const uint8_t *challenge,
                 const struct hf_share_ack *ack)
{
    struct hf_buf context;
    if (!hf_hash_equal(&ack->output, &c->hash) || ack->has_challenge != (challenge != NULL) ||
        (challenge != NULL && memcmp(ack->challenge, challenge, sizeof ack->challenge) != 0))
        return HF_EOTHERREQUEST;
    if (ack->index > c->set.holders_count)
        return HF_ENOTHOLDER;
    if (ack->proofs_count != c->set.keys_count)
        return HF_EPROOF;
    int r = 0;
    for (size_t i = 0; i < ack->proofs_count && r == 0; i++) {
        r = ack_context(c, challenge, i, ack->index, &context);
        if (r == 0 && hf_suite_real.proof_check(
                          ack->proofs[i].proof, (uint8_t)ack->index, (uint8_t)c->set.threshold,
                          c->set.keys[i].commitments.data, hf_buf_bytes(&context)) != 0)
            r = HF_EPROOF;
        hf_buf_done(&context);
    }
    return r;
}
