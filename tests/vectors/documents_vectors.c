/*
 * Prints tests/vectors/documents.json: a network's first root, a second one signed by both, a
 * policy and a validator set, all signed; documents that must be refused, with the error; and the
 * orders of candidates that follow from the set. Keys are made from a counter and are for these
 * vectors alone.
 */
#include "base/error.h"
#include "document/document.h"
#include "document/selection.h"
#include "generated.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEYS = 5,        /* 0..2 are the first root's, 2..4 the second's; both need two */
    VALIDATORS = 48, /* of 16 operators in 3 zones and none; every ninth is leaving */
    LARGE = 5000,    /* of a set that is not printed: it follows from its size */
    ISSUED_S = 1700000000,
};

struct key {
    uint8_t secret[HF_SIGN_SECRET_LEN];
    uint8_t public_key[HF_KEY_LEN];
};

/* An envelope with what made it, so that it can be printed and read. */
struct made {
    const char *name;
    struct hf_buf envelope;
};

static const struct hf_suite *const suite = &hf_suite_real;
static struct key keys[KEYS];
static struct hf_network_id network;
static const struct hf_network_id no_network;

static void make_keys(void)
{
    struct hf_rng rng;
    static const uint8_t seed[32] = {2};
    hf_rng_init(&rng, seed);
    for (size_t i = 0; i < KEYS; i++)
        suite->sign_keypair(&rng, keys[i].public_key, keys[i].secret);
}

/* Wraps a body and signs it with the keys whose bits are set. */
static struct made make(const char *name, uint8_t kind, const struct hf_wire_type *type,
                        const void *document, const struct hf_network_id *under, unsigned signers)
{
    struct made m = {.name = name};
    struct hf_buf body;
    hf_buf_init(&body, 1 << 20);
    hf_buf_init(&m.envelope, 1 << 20);
    int r = hf_wire_encode(type, document, &body);
    if (r == 0)
        r = hf_document_wrap(kind, hf_buf_bytes(&body), &m.envelope);
    for (unsigned i = 0; i < KEYS && r == 0; i++) {
        if ((signers & 1u << i) == 0)
            continue;
        struct hf_buf next;
        hf_buf_init(&next, 1 << 20);
        r = hf_document_sign(suite, hf_buf_bytes(&m.envelope), under, keys[i].secret,
                             keys[i].public_key, &next);
        hf_buf_done(&m.envelope);
        m.envelope = next;
    }
    hf_assert(r == 0);
    hf_buf_done(&body);
    return m;
}

static struct hf_root root_of(uint64_t number, size_t first_key, struct hf_authority_key *ret_keys)
{
    struct hf_root root = {.number = number,
                           .issued_s = ISSUED_S + number,
                           .threshold = 2,
                           .keys = ret_keys,
                           .keys_count = 3};
    for (size_t i = 0; i < 3; i++) {
        ret_keys[i] = (struct hf_authority_key){.name = {NULL, 0}};
        memcpy(ret_keys[i].key, keys[first_key + i].public_key, HF_KEY_LEN);
    }
    return root;
}

static struct hf_policy policy_of(uint64_t version)
{
    static struct hf_measurement measurements[1] = {
        {.name = {(const uint8_t *)"release-1", 9}, .digest = {1}, .rank = 1},
    };
    return (struct hf_policy){.version = version,
                              .issued_s = ISSUED_S,
                              .expires_s = ISSUED_S + 31536000,
                              .trust = 1,
                              .shares = 5,
                              .threshold = 3,
                              .claim_quorum = 4,
                              .measurements = measurements,
                              .measurements_count = 1,
                              .quote_age_max_s = 86400,
                              .shares_held_max = 1000,
                              .holder_grace_s = 3600};
}

static struct hf_bytes text_of(const char *text)
{
    return hf_bytes_of(text, strlen(text));
}

static struct hf_validator_set set_of(uint64_t epoch, struct hf_validator *ret_validators)
{
    static const char *const zones[] = {"", "east", "north", "west"};
    static char operators[VALIDATORS][16];
    struct hf_validator_set set = {.epoch = epoch,
                                   .issued_s = ISSUED_S,
                                   .expires_s = ISSUED_S + 31536000,
                                   .beacon = {3},
                                   .validators = ret_validators,
                                   .validators_count = VALIDATORS};
    for (size_t i = 0; i < VALIDATORS; i++) {
        snprintf(operators[i], sizeof operators[i], "operator-%zu", i * 7 % 16);
        ret_validators[i] = (struct hf_validator){.account = {{(uint8_t)(4 * i + 1), (uint8_t)i}},
                                                  .registered_epoch = 1,
                                                  .address = text_of("validator.example:7400"),
                                                  .operator_name = text_of(operators[i]),
                                                  .zone = text_of(zones[i % 5 % 4]),
                                                  .leaving = i % 9 == 8};
    }
    return set;
}

static void print_hex(struct hf_bytes bytes, struct hf_buf *out)
{
    hf_buf_append_u8(out, '"');
    for (size_t i = 0; i < bytes.len; i++)
        hf_buf_printf(out, "%02x", bytes.data[i]);
    hf_buf_append_u8(out, '"');
}

/* Reads what was made and holds it against a root, as a node would; prints it, with
 * the error where one is expected. */
static void print_document(struct hf_pool *pool, const struct made *m,
                           const struct hf_document *root, int expected, struct hf_document **ret,
                           struct hf_buf *out)
{
    struct hf_document *d = NULL;
    int r = hf_document_read(pool, hf_buf_bytes(&m->envelope), &d);
    if (r == 0)
        r = hf_document_verify(d, &network, root);
    hf_assert(r == expected);
    hf_buf_printf(out, "\n    {\"name\": \"%s\",", m->name);
    if (expected != 0)
        hf_buf_printf(out, " \"error\": \"%s\",", hf_error_name(expected));
    hf_buf_printf(out, "\n     \"envelope\": ");
    print_hex(hf_buf_bytes(&m->envelope), out);
    hf_buf_append_u8(out, '}');
    if (ret != NULL)
        *ret = d;
    else
        hf_document_unref(d);
}

static void done(struct made *m, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hf_buf_done(&m[i].envelope);
}

/* The chain that every node follows: first root, second root, policy, set. */
static void print_chain(struct hf_pool *pool, struct hf_document **ret_roots,
                        struct hf_document **ret_set, struct hf_buf *out)
{
    static struct hf_validator validators[VALIDATORS];
    struct hf_authority_key first_keys[3], second_keys[3];
    struct hf_root first = root_of(1, 0, first_keys), second = root_of(2, 2, second_keys);
    struct hf_policy policy = policy_of(1);
    struct hf_validator_set set = set_of(1, validators);
    struct hf_document *unused;

    struct made made[4];
    made[0] =
        make("first root", HF_DOCUMENT_ROOT, &hf_wire_root, &first, &no_network, 1u << 0 | 1u << 1);
    int r = hf_document_read(pool, hf_buf_bytes(&made[0].envelope), &ret_roots[0]);
    if (r == 0)
        r = hf_network_id(ret_roots[0], &network);
    hf_assert(r == 0);
    hf_buf_printf(out, "  \"network\": ");
    print_hex(hf_bytes_of(&network, sizeof network), out);
    hf_buf_printf(out, ",\n  \"documents\": [");
    print_document(pool, &made[0], NULL, 0, &unused, out);
    hf_document_unref(unused);

    second.has_previous = true;
    second.previous = ret_roots[0]->body_hash;
    made[1] = make("second root", HF_DOCUMENT_ROOT, &hf_wire_root, &second, &network,
                   1u << 0 | 1u << 2 | 1u << 3);
    hf_buf_append_u8(out, ',');
    print_document(pool, &made[1], ret_roots[0], 0, &ret_roots[1], out);

    made[2] =
        make("policy", HF_DOCUMENT_POLICY, &hf_wire_policy, &policy, &network, 1u << 3 | 1u << 4);
    hf_buf_append_u8(out, ',');
    print_document(pool, &made[2], ret_roots[1], 0, NULL, out);

    made[3] = make("validator set", HF_DOCUMENT_SET, &hf_wire_validator_set, &set, &network,
                   1u << 2 | 1u << 4);
    hf_buf_append_u8(out, ',');
    print_document(pool, &made[3], ret_roots[1], 0, ret_set, out);
    hf_buf_printf(out, "\n  ]");
    done(made, HF_ARRAY_LEN(made));
}

static void print_refused_roots(struct hf_pool *pool, struct hf_document *const *roots,
                                struct hf_buf *out)
{
    struct hf_authority_key some_keys[3];
    struct hf_root root = root_of(2, 2, some_keys);
    const unsigned both = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3;
    struct made made[5];
    root.has_previous = true;
    root.previous = roots[0]->body_hash;
    made[0] = make("second root, signed by one key of the first", HF_DOCUMENT_ROOT, &hf_wire_root,
                   &root, &network, 1u << 0 | 1u << 3 | 1u << 4);
    made[1] = make("second root, signed by one of its own keys", HF_DOCUMENT_ROOT, &hf_wire_root,
                   &root, &network, 1u << 0 | 1u << 1 | 1u << 3);
    root.number = 3;
    made[2] =
        make("a root that skips a number", HF_DOCUMENT_ROOT, &hf_wire_root, &root, &network, both);
    root.number = 2;
    root.previous.bytes[0] ^= 1;
    made[3] =
        make("a root that follows another", HF_DOCUMENT_ROOT, &hf_wire_root, &root, &network, both);
    root = root_of(1, 1, some_keys);
    made[4] = make("the first root of another network", HF_DOCUMENT_ROOT, &hf_wire_root, &root,
                   &no_network, 1u << 1 | 1u << 2);
    print_document(pool, &made[0], roots[0], HF_EDOCUMENT_SIGNATURE, NULL, out);
    hf_buf_append_u8(out, ',');
    print_document(pool, &made[1], roots[0], HF_EDOCUMENT_SIGNATURE, NULL, out);
    hf_buf_append_u8(out, ',');
    print_document(pool, &made[2], roots[0], HF_EDOCUMENT_ROOT, NULL, out);
    hf_buf_append_u8(out, ',');
    print_document(pool, &made[3], roots[0], HF_EDOCUMENT_ROOT, NULL, out);
    hf_buf_append_u8(out, ',');
    print_document(pool, &made[4], NULL, HF_EDOCUMENT_NETWORK, NULL, out);
    done(made, HF_ARRAY_LEN(made));
}

static void print_refused_others(struct hf_pool *pool, struct hf_document *const *roots,
                                 struct hf_buf *out)
{
    static struct hf_validator validators[VALIDATORS];
    struct hf_policy policy = policy_of(2);
    struct hf_validator_set set = set_of(2, validators);
    struct made made[6];
    made[0] = make("a policy signed by a key of the older root", HF_DOCUMENT_POLICY,
                   &hf_wire_policy, &policy, &network, 1u << 0 | 1u << 3);
    made[1] = make("a policy signed for no network", HF_DOCUMENT_POLICY, &hf_wire_policy, &policy,
                   &no_network, 1u << 3 | 1u << 4);
    made[2] = make("a set in the envelope of a policy", HF_DOCUMENT_POLICY, &hf_wire_validator_set,
                   &set, &network, 1u << 3 | 1u << 4);
    policy.claim_quorum = 2, policy.threshold = 2;
    made[3] = make("a policy with q of n no majority", HF_DOCUMENT_POLICY, &hf_wire_policy, &policy,
                   &network, 1u << 3 | 1u << 4);
    validators[1].account.bytes[0] = validators[0].account.bytes[0];
    validators[1].account.bytes[1] = validators[0].account.bytes[1];
    made[4] = make("a set with an account twice", HF_DOCUMENT_SET, &hf_wire_validator_set, &set,
                   &network, 1u << 3 | 1u << 4);
    policy = policy_of(2);
    policy.rotation_pending_s = 7200, policy.rotation_active_s = policy.rotation_expired_s = 86400;
    policy.quote_age_max_s = 86401;
    made[5] = make("a policy whose keys are gone while quotes name them", HF_DOCUMENT_POLICY,
                   &hf_wire_policy, &policy, &network, 1u << 3 | 1u << 4);
    static const int expected[] = {HF_EDOCUMENT_SIGNATURE, HF_EDOCUMENT_SIGNATURE, HF_EMALFORMED,
                                   HF_EDOCUMENT,           HF_EDOCUMENT,           HF_EDOCUMENT};
    for (size_t i = 0; i < HF_ARRAY_LEN(made); i++) {
        hf_buf_append_u8(out, ',');
        print_document(pool, &made[i], roots[1], expected[i], NULL, out);
    }
    done(made, HF_ARRAY_LEN(made));
}

/* The order of one owner's candidates, by their places in the set. */
static void print_order(const struct hf_document *set, size_t owner, uint32_t version, uint8_t rule,
                        uint8_t n, struct hf_buf *out)
{
    uint32_t order[3 * HF_SHARES_MAX];
    size_t count = hf_select(set, &set->u.set.validators[owner].account, version, rule, n,
                             HF_ARRAY_LEN(order), order);
    hf_buf_printf(out,
                  "\n    {\"owner\": %zu, \"version\": %" PRIu32
                  ", \"rule\": %u, \"n\": %u,\n     \"order\": [",
                  owner, version, rule, n);
    for (size_t i = 0; i < count; i++)
        hf_buf_printf(out, "%s%" PRIu32, i == 0 ? "" : ", ", order[i]);
    hf_buf_printf(out, "]}");
}

static int by_account(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(((struct hf_validator *)0)->account));
}

/* A set of LARGE validators, in groups: account i is the hash of i, and the validator at place p is
 * of operator p mod 50 and of zone p mod 7. */
static struct hf_document *large_set(struct hf_pool *pool)
{
    static struct hf_account accounts[LARGE];
    static struct hf_validator validators[LARGE];
    static char names[50][8];
    struct hf_document *d = NULL;
    struct hf_validator_set set = {.epoch = 1,
                                   .issued_s = ISSUED_S,
                                   .expires_s = ISSUED_S + 31536000,
                                   .beacon = {4},
                                   .validators = validators,
                                   .validators_count = LARGE};
    for (size_t i = 0; i < LARGE; i++) {
        uint8_t number[4] = {0, 0, (uint8_t)(i >> 8), (uint8_t)i};
        struct hf_hash drawn;
        suite->hash("holdfast/v1/vector", hf_bytes_of(number, 4), &drawn);
        accounts[i] = hf_account_of(drawn.bytes);
    }
    qsort(accounts, LARGE, sizeof accounts[0], by_account);
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++)
        snprintf(names[i], sizeof names[i], "%zu", i);
    for (size_t i = 0; i < LARGE; i++) {
        validators[i] = (struct hf_validator){.registered_epoch = 1,
                                              .address = text_of("validator.example:7400"),
                                              .operator_name = text_of(names[i % 50]),
                                              .zone = text_of(names[i % 7])};
        validators[i].account = accounts[i];
    }
    struct made made =
        make("large", HF_DOCUMENT_SET, &hf_wire_validator_set, &set, &network, 1u << 3 | 1u << 4);
    int r = hf_document_read(pool, hf_buf_bytes(&made.envelope), &d);
    hf_assert(r == 0);
    hf_buf_done(&made.envelope);
    return d;
}

static void print_large(struct hf_pool *pool, struct hf_buf *out)
{
    struct hf_document *set = large_set(pool);
    const char *between = "";
    hf_buf_printf(out, ",\n  \"large\": {\"count\": %d, \"beacon\": ", LARGE);
    print_hex(hf_bytes_of(set->u.set.beacon, 32), out);
    hf_buf_printf(out, ", \"orders\": [");
    for (size_t owner = 0; owner < LARGE; owner += 499) {
        hf_buf_printf(out, "%s", between);
        print_order(set, owner, 1, (uint8_t)(owner % 3), 5, out);
        between = ",";
    }
    hf_buf_printf(out, "\n  ]}");
    hf_document_unref(set);
}

static void print_orders(const struct hf_document *set, struct hf_buf *out)
{
    static const uint8_t sizes[] = {1, 3, 5, 16};
    const char *between = "";
    for (size_t owner = 0; owner < VALIDATORS; owner += 11) {
        for (uint8_t rule = 0; rule <= 2; rule++) {
            for (size_t s = 0; s < HF_ARRAY_LEN(sizes); s++) {
                hf_buf_printf(out, "%s", between);
                print_order(set, owner, (uint32_t)(1 + owner % 2), rule, sizes[s], out);
                between = ",";
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct hf_pool *pool;
    struct hf_document *roots[2], *set;
    struct hf_buf out;
    int r = hf_pool_new(suite, &pool);
    hf_assert(r == 0);
    make_keys();
    hf_buf_init(&out, 1 << 24);
    hf_buf_printf(&out, "{\n  \"about\": \"Signed documents of a made-up network "
                        "(proto/PROTOCOL.md, section 4), ones "
                        "that must be refused, and the orders of candidates that follow from the "
                        "set (section 5; by "
                        "places in the set, from 0). The large set is not printed: account i is "
                        "the hash of i, of four bytes, under label vector; the validator at place "
                        "p is of operator p mod 50 and zone p mod 7.\",\n");
    print_chain(pool, roots, &set, &out);
    hf_buf_printf(&out, ",\n  \"refused\": [");
    print_refused_roots(pool, roots, &out);
    print_refused_others(pool, roots, &out);
    hf_buf_printf(&out, "\n  ],\n  \"orders\": [");
    print_orders(set, &out);
    hf_buf_printf(&out, "\n  ]");
    print_large(pool, &out);
    hf_buf_printf(&out, "\n}\n");
    hf_document_unref(set);
    hf_document_unref(roots[0]);
    hf_document_unref(roots[1]);
    hf_pool_free(pool);
    return generated_main(argc, argv, &out);
}
