/*
 * The network's documents: the input is read as an envelope, as the body of one, and as envelopes
 * one after the other, each with its length, of which the first is a network's root. What is read
 * is then used as a node would: verified, searched, and put in order for owners under every rule.
 */
#include "base/error.h"
#include "document/document.h"
#include "document/selection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { OWNERS = 3, ORDER_MAX = 3 * HF_SHARES_MAX, KINDS = HF_DOCUMENT_PROPOSAL };

static void use_order(const struct hf_document *set, size_t owner, uint8_t rule, uint8_t n)
{
    uint32_t order[ORDER_MAX], again[ORDER_MAX];
    const struct hf_validator *validators = set->u.set.validators;
    size_t count = hf_select(set, &validators[owner].account, 1, rule, n, ORDER_MAX, order);
    hf_assert(count <= 3u * n);
    for (size_t i = 0; i < count; i++) {
        hf_assert(order[i] < set->u.set.validators_count && order[i] != owner);
        hf_assert(!validators[order[i]].leaving);
        for (size_t j = 0; j < i; j++)
            hf_assert(order[i] != order[j]);
    }
    hf_assert(hf_select(set, &validators[owner].account, 1, rule, n, ORDER_MAX, again) == count);
    hf_assert(memcmp(order, again, count * sizeof order[0]) == 0);
}

static void use_set(const struct hf_document *set)
{
    static const uint8_t sizes[] = {1, 5, HF_SHARES_MAX};
    size_t count = set->u.set.validators_count;
    for (size_t i = 0; i < count; i++)
        hf_assert(hf_set_find(set, &set->u.set.validators[i].account) == (long)i);
    for (size_t owner = 0; owner < count && owner < OWNERS; owner++) {
        for (uint8_t rule = 0; rule <= 2; rule++) {
            for (size_t s = 0; s < HF_ARRAY_LEN(sizes); s++)
                use_order(set, owner, rule, sizes[s]);
        }
    }
    for (uint8_t rule = 0; rule <= 2; rule++) {
        int r = hf_select_possible(set, rule, 5);
        hf_assert(r <= 0);
    }
}

static void use_policy(const struct hf_policy *p)
{
    static const uint8_t here[16] = {9}, there[16] = {8};
    const struct hf_validator nowhere = {0};
    uint8_t key[HF_ROOT_KEY_LEN];
    struct hf_roots roots;
    int r = hf_policy_roots(p, key, &roots);
    hf_assert(r != 0 || (roots.trust == HF_TRUST_DEV) == (roots.dev_key != NULL));
    hf_assert(hf_policy_platform_fits(p, &nowhere, here, here));
    hf_assert(hf_policy_platform_fits(p, &nowhere, here, there) ==
              (p->platform_rule == HF_PLATFORM_ANY));
    uint64_t q = hf_claim_quorum_proposed(p->shares, p->threshold);
    hf_assert(q >= p->threshold);
}

/* What a ceremony adds is gone in its proposal, which is one. */
static void use_shares(struct hf_pool *pool, const struct hf_share_set *s, bool proposal)
{
    struct hf_buf body, envelope;
    struct hf_document *d;
    for (size_t i = 0; i < s->keys_count; i++)
        hf_assert(hf_share_set_key(s, s->keys[i].name) == &s->keys[i]);
    hf_assert(hf_share_set_key(s, hf_bytes_of("\xff", 1)) == NULL);
    if (proposal)
        return;
    hf_buf_init(&body, 1 << 20);
    hf_buf_init(&envelope, 1 << 20);
    int r = hf_share_set_proposal(s, &body);
    if (r == 0)
        r = hf_document_wrap(HF_DOCUMENT_PROPOSAL, hf_buf_bytes(&body), &envelope);
    if (r == 0)
        r = hf_document_read(pool, hf_buf_bytes(&envelope), &d);
    hf_assert(r == 0);
    hf_document_unref(d);
    hf_buf_done(&body);
    hf_buf_done(&envelope);
}

/* Whether m keys of a root have signed, or of a set as many set signers as it asks for. */
static bool is_signed(const struct hf_document *d, const struct hf_network_id *network,
                      const struct hf_root *root)
{
    const struct hf_root followers = {.keys = root->set_signers,
                                      .keys_count = root->set_signers_count};
    return hf_document_signers(d, network, root) >= root->threshold ||
           (d->kind == HF_DOCUMENT_SET && root->set_threshold > 0 &&
            hf_document_signers(d, network, &followers) >= root->set_threshold);
}

/* Whether nothing verifies that keys of the root before it have not signed. */
static void use_chain(struct hf_pool *pool, struct hf_bytes in)
{
    struct hf_network_id network;
    struct hf_document *root = NULL, *d;
    while (in.len > 2) {
        size_t len = (size_t)in.data[0] << 8 | in.data[1];
        if (len > in.len - 2 || hf_document_read(pool, hf_bytes_of(in.data + 2, len), &d) != 0)
            break;
        in = hf_bytes_of(in.data + 2 + len, in.len - 2 - len);
        if (root == NULL && hf_network_id(d, &network) != 0) {
            hf_document_unref(d);
            break;
        }
        int r = hf_document_verify(d, &network, root);
        hf_assert(r != 0 || root == NULL || is_signed(d, &network, &root->u.root));
        if (r == 0 && d->kind == HF_DOCUMENT_ROOT) {
            hf_document_unref(root);
            root = d;
        } else {
            hf_document_unref(d);
            if (root == NULL)
                break;
        }
    }
    hf_document_unref(root);
}

static void use_document(struct hf_pool *pool, struct hf_bytes envelope)
{
    static const struct hf_network_id network;
    struct hf_document *d, *again;
    if (hf_document_read(pool, envelope, &d) != 0)
        return;
    int r = hf_document_read(pool, envelope, &again);
    hf_assert(r == 0 && again == d); /* held once */
    hf_document_unref(again);
    hf_assert(hf_document_version(d) > 0 && hf_document_issued_s(d) < hf_document_expires_s(d));
    /* No network id is all zeros, so nothing may verify for it. */
    hf_assert(hf_document_verify(d, &network, NULL) != 0);
    if (d->kind == HF_DOCUMENT_SET)
        use_set(d);
    else if (d->kind == HF_DOCUMENT_POLICY)
        use_policy(&d->u.policy);
    else if (d->kind != HF_DOCUMENT_ROOT)
        use_shares(pool, &d->u.shares, d->kind == HF_DOCUMENT_PROPOSAL);
    hf_document_unref(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_pool *pool;
    int r = hf_pool_new(&hf_suite_real, &pool);
    hf_assert(r == 0);
    use_document(pool, hf_bytes_of(data, len));
    use_chain(pool, hf_bytes_of(data, len));
    if (len > 1) {
        struct hf_buf envelope;
        hf_buf_init(&envelope, len + 64);
        r = hf_document_wrap((uint8_t)(1 + data[0] % KINDS), hf_bytes_of(data + 1, len - 1),
                             &envelope);
        hf_assert(r == 0);
        use_document(pool, hf_buf_bytes(&envelope));
        hf_buf_done(&envelope);
    }
    hf_pool_free(pool);
    return 0;
}
