/* Requests for a black start, and answers to them (proto/QUORUM.md, 4 and 5). */
#include "document/request.h"

#include "base/error.h"
#include "base/secret.h"
#include "crypto/quorum.h"

static const char partial_info[] = "holdfast/v1/partial";

enum { CONTEXT_MAX = 256 };

void hf_sealed_hash(const struct hf_suite *suite, struct hf_bytes statement, struct hf_hash *ret)
{
    suite->hash("holdfast/v1/sealed-statement", statement, ret);
}

int hf_request_read(const struct hf_suite *suite, struct hf_bytes bytes, struct hf_arena *arena,
                    struct hf_request *ret)
{
    int r = hf_wire_decode(&hf_wire_blackstart_request, bytes, arena, &ret->file, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_blackstart_transcript, ret->file.transcript, arena,
                           &ret->transcript, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_sealed_statement, ret->file.sealed.statement, arena,
                           &ret->sealed, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_sealed_context, ret->sealed.context, arena, &ret->context,
                           NULL);
    if (r == 0)
        suite->hash("holdfast/v1/blackstart-request", ret->file.transcript, &ret->hash);
    return r;
}

/*
 * Without the account's signature a host could have any body opened; without the proof it could
 * have a C1 that it computed from another's opened on its own machine.
 */
static int signed_check(const struct hf_suite *suite, const struct hf_network_id *network,
                        const struct hf_signed_sealed *sealed, const struct hf_sealed_statement *s,
                        const struct hf_sealed_context *c)
{
    struct hf_hash hash;
    if (!hf_network_id_equal(&c->network, network))
        return HF_ESEALED;
    if (suite->verify(c->account.bytes, "holdfast/v1/sealed", sealed->statement,
                      sealed->signature) != 0)
        return HF_ESEALED;
    hf_sealed_hash(suite, sealed->statement, &hash);
    /* The real proof, whatever the suite: points of the quorum key are real everywhere. */
    int r = hf_suite_real.proof_check(sealed->proof, 1, 1, s->c1,
                                      hf_bytes_of(hash.bytes, sizeof hash.bytes));
    return r == 0 ? 0 : HF_ESEALED;
}

const struct hf_quorum_key *hf_share_set_key_of(const struct hf_share_set *s,
                                                const uint8_t point[static HF_POINT_LEN])
{
    for (size_t i = 0; i < s->keys_count; i++)
        if (memcmp(s->keys[i].commitments.data, point, HF_POINT_LEN) == 0)
            return &s->keys[i];
    return NULL;
}

static int documents_check(const struct hf_request *q, const struct hf_request_documents *d,
                           uint64_t now_s)
{
    const struct hf_blackstart_transcript *t = &q->transcript;
    if (!hf_network_id_equal(&t->network, d->network))
        return HF_EDOCUMENT_NETWORK;
    if (hf_document_expires_s(d->policy) < now_s || hf_document_expires_s(d->set) < now_s)
        return HF_EEXPIRED;
    if (hf_document_expires_s(d->shares) < now_s)
        return HF_ESHARES_EXPIRED;
    if (t->policy > hf_document_version(d->policy))
        return HF_EBEHIND;
    if (t->policy < hf_document_version(d->policy) ||
        !hf_hash_equal(&t->share_set, &d->shares->body_hash))
        return HF_EDOCUMENT_OLD;
    return hf_set_find(d->set, &t->account) >= 0 ? 0 : HF_ENOTMEMBER;
}

int hf_request_check(const struct hf_suite *suite, const struct hf_request *q,
                     const struct hf_request_documents *d, uint64_t now_s,
                     const struct hf_quorum_key **ret_key)
{
    struct hf_hash hash;
    int r = documents_check(q, d, now_s);
    if (r != 0)
        return r;
    hf_sealed_hash(suite, q->file.sealed.statement, &hash);
    if (!hf_hash_equal(&hash, &q->transcript.sealed) ||
        !hf_account_equal(&q->context.account, &q->transcript.account))
        return HF_ESEALED;
    r = signed_check(suite, d->network, &q->file.sealed, &q->sealed, &q->context);
    if (r != 0)
        return r;
    const struct hf_quorum_key *key =
        hf_share_set_key_of(&d->shares->u.shares, q->context.quorum_key);
    if (key == NULL)
        return HF_EUNSEALED;
    *ret_key = key;
    return 0;
}

int hf_request_platform_check(const struct hf_request *q, const struct hf_request_documents *d,
                              const uint8_t ppid[static 16], uint32_t rank)
{
    long at = hf_set_find(d->set, &q->transcript.account);
    hf_assert(at >= 0);
    const struct hf_validator *v = &d->set->u.set.validators[at];
    if (!hf_policy_platform_fits(&d->policy->u.policy, v, q->context.ppid, ppid))
        return HF_EPLATFORM;
    return rank < q->context.rank ? HF_ERANK : 0;
}

void hf_request_report_data(const struct hf_suite *suite, const struct hf_request *q,
                            uint8_t ret[static HF_REPORT_DATA_LEN])
{
    suite->report_data("holdfast/v1/blackstart", q->file.transcript, ret);
}

/* The context of a partial decryption, encoded. ret: ended by the caller. */
static void encode_context(const struct hf_partial_context *c, struct hf_buf *ret)
{
    hf_buf_init(ret, CONTEXT_MAX);
    int r = hf_wire_encode(&hf_wire_partial_context, c, ret);
    hf_assert(r == 0);
}

int hf_answer_make(const struct hf_suite *suite, struct hf_rng *rng, const struct hf_request *q,
                   uint8_t index, const uint8_t share[static HF_SCALAR_LEN],
                   struct hf_blackstart_answer *ret)
{
    struct hf_blackstart_answer a = {
        .context = {.request = q->hash, .share_set = q->transcript.share_set, .index = index}};
    struct hf_buf context;
    uint8_t partial[HF_PARTIAL_LEN];
    encode_context(&a.context, &context);
    int r = hf_quorum_partial(rng, share, q->sealed.c1, hf_buf_bytes(&context), partial);
    if (r == 0)
        r = suite->seal(rng, q->transcript.response_key,
                        hf_bytes_of(partial_info, sizeof partial_info - 1), hf_buf_bytes(&context),
                        hf_bytes_of(partial, sizeof partial), a.sealed);
    if (r == 0)
        *ret = a;
    hf_buf_done(&context);
    hf_wipe(partial, sizeof partial);
    return r;
}

int hf_answers_pick(struct hf_bytes file, struct hf_arena *arena, const struct hf_hash *request,
                    struct hf_blackstart_answer *ret)
{
    struct hf_blackstart_answers all;
    int r = hf_wire_decode(&hf_wire_blackstart_answers, file, arena, &all, NULL);
    if (r == 0 && all.answers_count == 0)
        r = HF_EMALFORMED;
    if (r != 0)
        return r;
    *ret = all.answers[0];
    for (size_t i = 0; i < all.answers_count; i++)
        if (hf_hash_equal(&all.answers[i].context.request, request)) {
            *ret = all.answers[i];
            break;
        }
    return 0;
}

/* Opens what was sealed and checks it against what the holder of its index must give. */
static int open_partial(const struct hf_suite *suite, const struct hf_blackstart_answer *a,
                        const uint8_t secret_key[static HF_KEY_LEN],
                        const uint8_t c1[static HF_POINT_LEN], const struct hf_quorum_key *key,
                        uint8_t *ret)
{
    struct hf_buf context;
    encode_context(&a->context, &context);
    int r = suite->open(secret_key, hf_bytes_of(partial_info, sizeof partial_info - 1),
                        hf_buf_bytes(&context), hf_bytes_of(a->sealed, sizeof a->sealed), ret);
    if (r == 0)
        r = hf_quorum_partial_check(ret, (uint8_t)a->context.index,
                                    (uint8_t)(key->commitments.len / HF_POINT_LEN),
                                    key->commitments.data, c1, hf_buf_bytes(&context));
    hf_buf_done(&context);
    return r;
}

int hf_answer_open(const struct hf_suite *suite, struct hf_bytes answer,
                   const struct hf_hash *request, const uint8_t secret_key[static HF_KEY_LEN],
                   const uint8_t c1[static HF_POINT_LEN], const struct hf_document *shares,
                   const struct hf_quorum_key *key, uint8_t *ret_index, uint8_t *ret_partial)
{
    enum { ARENA_MAX = 4096 };
    struct hf_arena arena;
    struct hf_blackstart_answer a;
    *ret_index = 0;
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_wire_decode(&hf_wire_blackstart_answer, answer, &arena, &a, NULL);
    if (r == 0 && !hf_hash_equal(&a.context.request, request))
        r = HF_EOTHERREQUEST;
    if (r == 0 && !hf_hash_equal(&a.context.share_set, &shares->body_hash))
        r = HF_EDOCUMENT_OLD;
    if (r == 0 && a.context.index > shares->u.shares.holders_count)
        r = HF_ENOTHOLDER;
    if (r == 0) {
        *ret_index = (uint8_t)a.context.index;
        r = open_partial(suite, &a, secret_key, c1, key, ret_partial);
    }
    hf_arena_done(&arena);
    return r;
}
