#include "reshard.h"

#include "base/error.h"
#include "base/secret.h"

#include <string.h>

struct hf__reshard_secrets {
    uint8_t response[HF_KEY_LEN];
    uint8_t shares[HF_SHARES_MAX][HF_SHARES_MAX][HF_SCALAR_LEN]; /* of each key, as they came */
    uint8_t keys[HF_SHARES_MAX][HF_SCALAR_LEN];
};

/* The old key of which a key of the proposal is. */
static const struct hf_quorum_key *old_key(const struct hf__reshard *r, size_t key)
{
    const struct hf_quorum_key *old =
        hf_share_set_key(&r->shares->u.shares, r->proposal->u.shares.keys[key].name);
    hf_assert(old != NULL);
    return old;
}

int hf__reshard_begin(const struct hf_document *proposal, const struct hf_document *shares,
                      const struct hf_network_id *network, struct hf_rng *rng,
                      struct hf__reshard *ret, struct hf_buf *ret_statement)
{
    struct hf_reshard_statement s = {
        .network = *network, .proposal = proposal->body_hash, .share_set = shares->body_hash};
    uint8_t report_data[HF_REPORT_DATA_LEN];
    *ret = (struct hf__reshard){.proposal = proposal, .shares = shares};
    int r = hf_reshard_fits(proposal, shares);
    if (r != 0)
        return r;
    ret->secrets = hf_secret_alloc(sizeof *ret->secrets);
    if (ret->secrets == NULL)
        return HF_ENOMEM;
    hf_suite_real.seal_keypair(rng, s.response_key, ret->secrets->response);
    r = hf_wire_encode(&hf_wire_reshard_statement, &s, ret_statement);
    if (r == 0)
        hf_reshard_names(hf_buf_bytes(ret_statement), report_data, &ret->request);
    return r;
}

void hf__reshard_done(struct hf__reshard *r)
{
    hf_secret_free(r->secrets);
    *r = (struct hf__reshard){0};
}

static int open_all(struct hf__reshard *r, const struct hf_reshard_answer *a)
{
    const struct hf_share_set *wanted = &r->proposal->u.shares;
    int e = 0;
    for (size_t i = 0; i < wanted->keys_count && e == 0; i++)
        e = hf_reshard_open(r->secrets->response, &r->request, &r->shares->u.shares, old_key(r, i),
                            (uint8_t)a->index, &a->shares[i], r->secrets->shares[i][r->count]);
    return e;
}

int hf__reshard_take(struct hf__reshard *r, struct hf_bytes answer, uint8_t *ret_index)
{
    enum { ARENA_MAX = 1 << 16 };
    struct hf_arena arena;
    struct hf_reshard_answer a;
    *ret_index = 0;
    hf_arena_init(&arena, ARENA_MAX);
    int e = hf_wire_decode(&hf_wire_reshard_answer, answer, &arena, &a, NULL);
    if (e == 0 && !hf_hash_equal(&a.request, &r->request))
        e = HF_EOTHERREQUEST;
    if (e == 0 && (a.index > r->shares->u.shares.holders_count || r->count == HF_SHARES_MAX))
        e = HF_ENOTHOLDER;
    if (e == 0) {
        *ret_index = (uint8_t)a.index;
        e = memchr(r->indices, *ret_index, r->count) != NULL     ? HF_EREPEATED
            : a.shares_count != r->proposal->u.shares.keys_count ? HF_ESHARE
                                                                 : open_all(r, &a);
    }
    if (e == 0)
        r->indices[r->count++] = *ret_index;
    hf_arena_done(&arena);
    return e;
}

int hf__reshard_combine(struct hf__reshard *r, const uint8_t (**ret)[HF_SCALAR_LEN])
{
    uint32_t bad;
    uint8_t m = (uint8_t)r->shares->u.shares.threshold;
    int e = r->count < m ? HF_EFEWSHARES : 0;
    for (size_t i = 0; i < r->proposal->u.shares.keys_count && e == 0; i++)
        e = hf_suite_real.combine(m, old_key(r, i)->commitments.data, r->count, r->indices,
                                  r->secrets->shares[i][0], r->secrets->keys[i], &bad);
    if (e == 0)
        *ret = (const uint8_t(*)[HF_SCALAR_LEN])r->secrets->keys;
    return e;
}
