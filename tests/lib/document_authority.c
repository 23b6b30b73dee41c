#include "document_authority.h"

#include <stdio.h>

#include <criterion/criterion.h>

static const uint8_t dev_root[] = "a development root";

static const struct hf_wire_type *type_of(enum hf_document_kind kind)
{
    switch (kind) {
    case HF_DOCUMENT_ROOT:
        return &hf_wire_root;
    case HF_DOCUMENT_POLICY:
        return &hf_wire_policy;
    case HF_DOCUMENT_SET:
        return &hf_wire_validator_set;
    default:
        return &hf_wire_share_set;
    }
}

static struct hf_root root_of(struct authority *n, uint32_t number, size_t first)
{
    return (struct hf_root){.number = number,
                            .issued_s = AUTHORITY_NOW_S - 1000 + number,
                            .threshold = 2,
                            .keys = n->keys + first,
                            .keys_count = 3};
}

void authority_init(struct authority *n)
{
    *n = (struct authority){.suite = &hf_suite_real, .rng.seed = "notary"};
    cr_assert_eq(hf_pool_new(n->suite, &n->pool), 0);
    for (size_t i = 0; i < AUTHORITY_KEYS; i++) {
        n->suite->sign_keypair(&n->rng, n->public_keys[i], n->secret_keys[i]);
        memcpy(n->keys[i].key, n->public_keys[i], HF_KEY_LEN);
    }
    struct hf_root root = authority_root(n);
    n->root = authority_document(n, HF_DOCUMENT_ROOT, &root, "01");
    cr_assert_eq(hf_network_id(n->root, &n->network), 0);
}

void authority_done(struct authority *n)
{
    hf_document_unref(n->root);
    hf_pool_free(n->pool);
    for (size_t i = 0; i < n->envelopes_count; i++)
        hf_buf_done(&n->envelopes[i]);
}

struct hf_root authority_root(struct authority *n)
{
    return root_of(n, 1, 0);
}

struct hf_root authority_next_root(struct authority *n)
{
    struct hf_root root = root_of(n, 2, 3);
    root.has_previous = true;
    root.previous = n->root->body_hash;
    return root;
}

struct hf_policy authority_policy(struct authority *n, uint32_t version, uint8_t k, uint8_t shares)
{
    n->measurement = (struct hf_measurement){.name = hf_bytes_of("release", 7), .rank = 1};
    memset(n->measurement.digest, 7, sizeof n->measurement.digest);
    return (struct hf_policy){.version = version,
                              .issued_s = AUTHORITY_NOW_S - 500,
                              .expires_s = AUTHORITY_NOW_S + 1000000,
                              .trust = 2,
                              .dev_root = hf_bytes_of(dev_root, sizeof dev_root),
                              .shares = shares,
                              .threshold = k,
                              .claim_quorum = k > shares / 2 + 1 ? k : shares / 2u + 1,
                              .measurements = &n->measurement,
                              .measurements_count = 1,
                              .quote_age_max_s = 86400,
                              .shares_held_max = 64,
                              .holder_grace_s = 60};
}

void authority_account(size_t i, struct hf_account *ret)
{
    *ret = (struct hf_account){{0}};
    for (size_t at = 0; at < 4; at++)
        ret->bytes[at] = (uint8_t)(i >> (24 - 8 * at));
    ret->bytes[31] = 1;
}

struct hf_validator_set authority_set(uint32_t epoch, struct hf_validator *validators, size_t count)
{
    static const char address[] = "node:1";
    static char operators[4096][8];
    struct hf_validator_set set = {.epoch = epoch,
                                   .issued_s = AUTHORITY_NOW_S - 400,
                                   .expires_s = AUTHORITY_NOW_S + 1000000,
                                   .validators = validators,
                                   .validators_count = count};
    memset(set.beacon, (int)epoch, sizeof set.beacon);
    cr_assert_leq(count, HF_ARRAY_LEN(operators));
    for (size_t i = 0; i < count; i++) {
        int len = snprintf(operators[i], sizeof operators[i], "op-%zu", i);
        validators[i] = (struct hf_validator){
            .registered_epoch = 1,
            .address = hf_bytes_of(address, strlen(address)),
            .operator_name = hf_bytes_of(operators[i], (size_t)len),
        };
        authority_account(i, &validators[i].account);
    }
    return set;
}

struct hf_share_set authority_shares(struct authority *n, uint32_t version)
{
    static const char *const aliases[5] = {"ada", "bob", "cy", "dee", "eve"};
    uint8_t secret[32], shares[5 * 32];
    n->suite->scalar_random(&n->rng, secret);
    cr_assert_eq(n->suite->deal(&n->rng, secret, (struct hf_sharing){.k = 3, .n = 5}, shares,
                                n->commitments),
                 0);
    for (size_t i = 0; i < 5; i++) {
        n->holders[i] = (struct hf_share_holder){
            .alias = hf_bytes_of(aliases[i], strlen(aliases[i])),
            .kind = HF_HOLDER_X25519,
            .key = hf_bytes_of(n->holder_keys[i], sizeof n->holder_keys[i])};
        memset(n->holder_keys[i], (int)i + 1, sizeof n->holder_keys[i]);
        memset(n->sealed_bytes[i], (int)i + 1, sizeof n->sealed_bytes[i]);
        n->sealed[i].sealed = hf_bytes_of(n->sealed_bytes[i], sizeof n->sealed_bytes[i]);
    }
    n->quorum_key =
        (struct hf_quorum_key){.name = hf_bytes_of("black-start", 11),
                               .commitments = hf_bytes_of(n->commitments, sizeof n->commitments),
                               .shares = n->sealed,
                               .shares_count = 5};
    return (struct hf_share_set){.version = version,
                                 .issued_s = AUTHORITY_NOW_S - 300,
                                 .expires_s = AUTHORITY_NOW_S + 1000000,
                                 .threshold = 3,
                                 .holders = n->holders,
                                 .holders_count = 5,
                                 .keys = &n->quorum_key,
                                 .keys_count = 1,
                                 .has_proposal = true,
                                 .has_quote = true};
}

struct hf_bytes authority_sign(struct authority *n, enum hf_document_kind kind, const void *message,
                               const char *signers)
{
    static const struct hf_network_id none;
    const struct hf_network_id *network = n->root == NULL ? &none : &n->network;
    struct hf_buf body;
    cr_assert_lt(n->envelopes_count, AUTHORITY_ENVELOPES);
    struct hf_buf *envelope = &n->envelopes[n->envelopes_count++];
    hf_buf_init(&body, HF_WIRE_DOCUMENT_MAX);
    hf_buf_init(envelope, HF_WIRE_DOCUMENT_MAX);
    cr_assert_eq(hf_wire_encode(type_of(kind), message, &body), 0);
    cr_assert_eq(hf_document_wrap((uint8_t)kind, hf_buf_bytes(&body), envelope), 0);
    hf_buf_done(&body);
    for (const char *s = signers; *s != '\0'; s++) {
        struct hf_buf next;
        size_t key = (size_t)(*s - '0');
        hf_buf_init(&next, HF_WIRE_DOCUMENT_MAX);
        cr_assert_eq(hf_document_sign(n->suite, hf_buf_bytes(envelope), network,
                                      n->secret_keys[key], n->public_keys[key], &next),
                     0);
        hf_buf_done(envelope);
        *envelope = next;
    }
    return hf_buf_bytes(envelope);
}

struct hf_document *authority_document(struct authority *n, enum hf_document_kind kind,
                                       const void *message, const char *signers)
{
    struct hf_document *d = NULL;
    cr_assert_eq(hf_document_read(n->pool, authority_sign(n, kind, message, signers), &d), 0);
    return d;
}
