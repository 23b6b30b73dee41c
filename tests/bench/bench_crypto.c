/*
 * What the cryptography of a recovery costs on one core: one JSON line an operation, {"name",
 * "per_s", "us"}. The floor under every figure about recoveries and placements. An argument sets
 * the milliseconds spent on each.
 */
#include "crypto/key.h"
#include "crypto/suite.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct hf_suite *const suite = &hf_suite_real;

enum { K = 3, N = 5, BATCH = 8, REPAIR_K = 5, REPAIR_N = 9 };

/* One network in small: an owner's dealing, its keys, and what it sent. */
static struct {
    struct hf_rng rng;
    uint8_t secret[32], shares[N * 32], commitments[K * 32], wrong[N * 32];
    uint8_t sign_public[32], sign_secret[64], seal_public[32], seal_secret[32];
    uint8_t signature[64], proof[HF_PROOF_LEN], sealed[32 + HF_SEAL_OVERHEAD];
    uint8_t row[256], wrapped[256 + HF_WRAP_OVERHEAD];
    struct hf_repair repair;
    uint8_t repaired[REPAIR_N * 32], repair_commitments[REPAIR_K * 32], signed_points[64];
} world;

static const uint8_t indices[N] = {1, 2, 3, 4, 5};
static uint8_t sink[1024];

static struct hf_bytes row(void)
{
    return hf_bytes_of(world.row, sizeof world.row);
}

static int run_hash(void)
{
    struct hf_hash digest;
    suite->hash("holdfast/v1/example", row(), &digest);
    memcpy(sink, digest.bytes, sizeof digest);
    return 0;
}

static int run_mac(void)
{
    suite->mac(world.secret, row(), sink);
    return 0;
}

static int run_key_derive(void)
{
    static const struct hf_network_id network = {{1}};
    static const struct hf_account account = {{2}};
    const struct hf_key_name name = {.network = &network,
                                     .account = &account,
                                     .version = 1,
                                     .purpose = hf_bytes_of("application", 11),
                                     .name = hf_bytes_of("tss-db", 6)};
    return hf_key_derive(suite, world.secret, &name, sink, 32);
}

static int run_sign(void)
{
    suite->sign(world.sign_secret, "holdfast/v1/example", row(), sink);
    return 0;
}

static int run_verify(void)
{
    return suite->verify(world.sign_public, "holdfast/v1/example", row(), world.signature);
}

static int run_seal_keypair(void)
{
    suite->seal_keypair(&world.rng, sink, sink + 32);
    return 0;
}

static int run_seal(void)
{
    return suite->seal(&world.rng, world.seal_public, hf_bytes_of("info", 4), row(),
                       hf_bytes_of(world.shares, 32), sink);
}

static int run_open(void)
{
    return suite->open(world.seal_secret, hf_bytes_of("info", 4), row(),
                       hf_bytes_of(world.sealed, sizeof world.sealed), sink);
}

static int run_wrap(void)
{
    suite->wrap(&world.rng, world.secret, hf_bytes_of("aad", 3), row(), sink);
    return 0;
}

static int run_unwrap(void)
{
    return suite->unwrap(world.secret, hf_bytes_of("aad", 3),
                         hf_bytes_of(world.wrapped, sizeof world.wrapped), sink);
}

static int run_deal(void)
{
    return suite->deal(&world.rng, world.secret, (struct hf_sharing){.k = K, .n = N}, sink,
                       sink + 512);
}

static int run_share_check(void)
{
    return suite->share_check(world.shares + 4 * 32, 5, K, world.commitments);
}

static int run_combine(void)
{
    uint32_t bad;
    return suite->combine(K, world.commitments, N, indices, world.shares, sink, &bad);
}

static int run_combine_wrong(void)
{
    uint32_t bad;
    return suite->combine(K, world.commitments, N, indices, world.wrong, sink, &bad);
}

static int run_prove(void)
{
    return suite->prove(&world.rng, world.shares + 4 * 32, row(), sink);
}

static int run_proof_check(void)
{
    return suite->proof_check(world.proof, 5, K, world.commitments, row());
}

/* One of five helpers that repair a share of nine (proto/CRYPTO.md, 12): what it computes, with the
 * sealing and the signatures of what it sends and takes. */
static int run_repair_helper(void)
{
    static const struct hf_hash transcript = {{3}};
    uint8_t parts[REPAIR_K * 32], points[REPAIR_K * 32], sum[32], signature[64];
    uint8_t sealed[32 + 64 + HF_SEAL_OVERHEAD], plain[32 + 64] = {0};
    const struct hf_bytes all = hf_bytes_of(points, sizeof points);
    int r = suite->repair_split(world.repaired, &world.repair, 1, &transcript, parts, points);
    suite->sign(world.sign_secret, "holdfast/v1/example", all, world.signed_points);
    for (size_t i = 0; i < REPAIR_K; i++) {
        const struct hf_bytes part = hf_bytes_of(parts + i * 32, 32);
        suite->sign(world.sign_secret, "holdfast/v1/example", part, signature);
        memcpy(plain, part.data, 32);
        memcpy(plain + 32, signature, 64);
        /* Given by this one; then, as if another had given it, taken and checked. */
        if (r == 0)
            r = suite->seal(&world.rng, world.seal_public, hf_bytes_of("info", 4), row(),
                            hf_bytes_of(plain, sizeof plain), sealed);
        if (r == 0)
            r = suite->open(world.seal_secret, hf_bytes_of("info", 4), row(),
                            hf_bytes_of(sealed, sizeof sealed), plain);
        if (r == 0)
            r = suite->verify(world.sign_public, "holdfast/v1/example", part, signature);
        if (r == 0)
            r = suite->secret_check(part.data, points + i * 32);
        if (r == 0)
            r = suite->verify(world.sign_public, "holdfast/v1/example", all, world.signed_points);
        if (r == 0)
            r = suite->repair_split_check(points, &world.repair, 1, world.repair_commitments);
    }
    if (r == 0)
        r = suite->repair_sum(REPAIR_K, parts, sum);
    suite->sign(world.sign_secret, "holdfast/v1/example", row(), signature);
    return r == 0 ? suite->seal(&world.rng, world.seal_public, hf_bytes_of("info", 4), row(),
                                hf_bytes_of(plain, sizeof plain), sealed)
                  : r;
}

static const struct {
    const char *name;
    int (*run)(void);
} operations[] = {
    {"hash_256_bytes", run_hash},
    {"mac_256_bytes", run_mac},
    {"key_derive", run_key_derive},
    {"sign", run_sign},
    {"verify", run_verify},
    {"seal_keypair", run_seal_keypair},
    {"seal_share", run_seal},
    {"open_share", run_open},
    {"wrap_256_bytes", run_wrap},
    {"unwrap_256_bytes", run_unwrap},
    {"deal_3_of_5", run_deal},
    {"share_check_k3_index5", run_share_check},
    {"combine_3_of_5", run_combine},
    {"combine_3_of_5_one_wrong", run_combine_wrong},
    {"prove", run_prove},
    {"proof_check_k3_index5", run_proof_check},
    {"repair_helper_5_of_9", run_repair_helper},
};

static void make_world(void)
{
    const uint8_t seed[32] = "bench";

    hf_assert(hf_secret_init(4096, false) == 0);
    hf_rng_init(&world.rng, seed);
    suite->random(&world.rng, world.row, sizeof world.row);
    suite->scalar_random(&world.rng, world.secret);
    suite->sign_keypair(&world.rng, world.sign_public, world.sign_secret);
    suite->seal_keypair(&world.rng, world.seal_public, world.seal_secret);
    hf_assert(suite->deal(&world.rng, world.secret, (struct hf_sharing){.k = K, .n = N},
                          world.shares, world.commitments) == 0);
    memcpy(world.wrong, world.shares, sizeof world.wrong);
    world.wrong[0] ^= 1;
    suite->sign(world.sign_secret, "holdfast/v1/example", row(), world.signature);
    hf_assert(suite->seal(&world.rng, world.seal_public, hf_bytes_of("info", 4), row(),
                          hf_bytes_of(world.shares, 32), world.sealed) == 0);
    suite->wrap(&world.rng, world.secret, hf_bytes_of("aad", 3), row(), world.wrapped);
    hf_assert(suite->prove(&world.rng, world.shares + 4 * 32, row(), world.proof) == 0);
    world.repair = (struct hf_repair){REPAIR_K, 3, {1, 2, 4, 5, 9}};
    hf_assert(suite->deal(&world.rng, world.secret,
                          (struct hf_sharing){.k = REPAIR_K, .n = REPAIR_N}, world.repaired,
                          world.repair_commitments) == 0);
}

static double now_s(void)
{
    struct timespec t;
    hf_assert(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    const double budget_s = (argc > 1 ? strtod(argv[1], NULL) : 200.0) / 1000.0;

    make_world();
    for (size_t i = 0; i < HF_ARRAY_LEN(operations); i++) {
        double start = now_s(), spent;
        unsigned long runs = 0;
        do {
            for (int j = 0; j < BATCH; j++)
                hf_assert(operations[i].run() == 0);
            runs += BATCH;
            spent = now_s() - start;
        } while (spent < budget_s);
        printf("{\"name\": \"%s\", \"per_s\": %.0f, \"us\": %.2f}\n", operations[i].name,
               (double)runs / spent, spent / (double)runs * 1e6);
    }
    return EXIT_SUCCESS;
}
