/* Requests of a ceremony for old shares, and what answers them (proto/QUORUM.md, 3). */
#include "document/reshard.h"

#include "base/error.h"
#include "together.h"

static const char share_info[] = "holdfast/v1/reshard-share";

enum { CONTEXT_MAX = 256 };

int hf_reshard_fits(const struct hf_document *proposal, const struct hf_document *shares)
{
    const struct hf_share_set *p = &proposal->u.shares;
    if (!p->has_reshards || !hf_hash_equal(&p->reshards, &shares->body_hash))
        return HF_EDOCUMENT;
    for (size_t i = 0; i < p->keys_count; i++)
        if (hf_share_set_key(&shares->u.shares, p->keys[i].name) == NULL)
            return HF_EDOCUMENT;
    return 0;
}

int hf_reshard_same(const struct hf_share_set *made, const struct hf_share_set *old)
{
    for (size_t i = 0; i < made->keys_count; i++) {
        const struct hf_quorum_key *key = hf_share_set_key(old, made->keys[i].name);
        if (key == NULL || key->commitments.len < HF_POINT_LEN ||
            made->keys[i].commitments.len < HF_POINT_LEN ||
            memcmp(key->commitments.data, made->keys[i].commitments.data, HF_POINT_LEN) != 0)
            return HF_EDOCUMENT;
    }
    return 0;
}

void hf_reshard_names(struct hf_bytes statement, uint8_t ret_report[static HF_REPORT_DATA_LEN],
                      struct hf_hash *ret_hash)
{
    hf_suite_real.report_data("holdfast/v1/reshard", statement, ret_report);
    hf_suite_real.hash("holdfast/v1/reshard-request", statement, ret_hash);
}

enum { PLACES = 4 };

static void places_of(struct hf_reshard *r, struct hf__place ret[static PLACES])
{
    const struct hf__place places[PLACES] = {{HF_DOCUMENT_ROOT, &r->root, NULL},
                                             {HF_DOCUMENT_POLICY, &r->policy, NULL},
                                             {HF_DOCUMENT_SHARES, &r->shares, NULL},
                                             {HF_DOCUMENT_PROPOSAL, &r->proposal, NULL}};
    memcpy(ret, places, sizeof places);
}

/* Whether the statement is about these documents, and they about each other. */
static int check(const struct hf_reshard *r, const struct hf_network_id *network)
{
    if (r->policy == NULL || r->shares == NULL || r->proposal == NULL)
        return HF_ENODOCUMENTS;
    if (!hf_network_id_equal(&r->statement.network, network))
        return HF_EDOCUMENT_NETWORK;
    if (!hf_hash_equal(&r->statement.proposal, &r->proposal->body_hash) ||
        !hf_hash_equal(&r->statement.share_set, &r->shares->body_hash))
        return HF_EOTHERREQUEST;
    return hf_reshard_fits(r->proposal, r->shares);
}

int hf_reshard_read(struct hf_pool *pool, const struct hf_network_id *network,
                    struct hf_bytes bytes, struct hf_arena *arena, struct hf_reshard *ret)
{
    uint8_t report_data[HF_REPORT_DATA_LEN];
    struct hf__place places[PLACES];
    *ret = (struct hf_reshard){0};
    places_of(ret, places);
    int r = hf_wire_decode(&hf_wire_reshard_request, bytes, arena, &ret->file, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_reshard_statement, ret->file.statement, arena, &ret->statement,
                           NULL);
    for (size_t i = 0; r == 0 && i < ret->file.documents_count; i++)
        r = hf__document_take(pool, network, places, PLACES, ret->file.documents[i].bytes);
    if (r == 0)
        r = check(ret, network);
    if (r == 0)
        hf_reshard_names(ret->file.statement, report_data, &ret->hash);
    return r;
}

void hf_reshard_done(struct hf_reshard *r)
{
    struct hf__place places[PLACES];
    places_of(r, places);
    hf__documents_drop(places, PLACES);
    *r = (struct hf_reshard){0};
}

/* ret: initialised here, ended by the caller. */
static int share_aad(const struct hf_hash *request, struct hf_bytes name, uint8_t index,
                     struct hf_buf *ret)
{
    const struct hf_reshard_share_aad aad = {.request = *request, .name = name, .index = index};
    hf_buf_init(ret, CONTEXT_MAX);
    return hf_wire_encode(&hf_wire_reshard_share_aad, &aad, ret);
}

int hf_reshard_seal(struct hf_rng *rng, const uint8_t response_key[static HF_KEY_LEN],
                    const struct hf_hash *request, struct hf_bytes name, uint8_t index,
                    const uint8_t share[static HF_SCALAR_LEN], struct hf_reshard_share *ret)
{
    struct hf_buf aad;
    int r = share_aad(request, name, index, &aad);
    if (r == 0)
        r = hf_suite_real.seal(rng, response_key, hf_bytes_of(share_info, sizeof share_info - 1),
                               hf_buf_bytes(&aad), hf_bytes_of(share, HF_SCALAR_LEN), ret->sealed);
    hf_buf_done(&aad);
    return r;
}

int hf_reshard_open(const uint8_t secret_key[static HF_KEY_LEN], const struct hf_hash *request,
                    const struct hf_share_set *old, const struct hf_quorum_key *key, uint8_t index,
                    const struct hf_reshard_share *share, uint8_t ret[static HF_SCALAR_LEN])
{
    struct hf_buf aad;
    int r = share_aad(request, key->name, index, &aad);
    if (r == 0 && (hf_suite_real.open(secret_key, hf_bytes_of(share_info, sizeof share_info - 1),
                                      hf_buf_bytes(&aad),
                                      hf_bytes_of(share->sealed, sizeof share->sealed), ret) != 0 ||
                   hf_suite_real.share_check(ret, index, (uint8_t)old->threshold,
                                             key->commitments.data) != 0))
        r = HF_ESHARE;
    hf_buf_done(&aad);
    return r;
}
