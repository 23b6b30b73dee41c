/*
 * Verifications of quotes on one core, cold (nothing remembered) and warm, beside bare P-256
 * verifications in the same rounds. Every variant says how many signatures it verified, counted at
 * OpenSSL's door, and its cost as a multiple of as many bare ones. Medians over rounds of processor
 * time, so that neighbours disturb little.
 *
 * With the public vectors (HOLDFAST_VECTORS, or ../shared/vectors) quotes and collateral are
 * Intel's; otherwise the dev platform's. An argument sets the rounds.
 */
#include "attest/dev.h"
#include "base/error.h"
#include "base/file.h"
#include "machine.h"

#include <malloc.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 200, ROUNDS_MAX = 100000, PER_ROUND = 10 };

/* Counts every signature that OpenSSL verifies; the linker sends the calls here. */
static unsigned long signatures;
int __real_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig, size_t siglen,
                           const unsigned char *tbs, size_t tbslen);
int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig, size_t siglen,
                           const unsigned char *tbs, size_t tbslen);
int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig, size_t siglen,
                           const unsigned char *tbs, size_t tbslen)
{
    signatures++;
    return __real_EVP_PKEY_verify(ctx, sig, siglen, tbs, tbslen);
}

/* One quote with its collateral as bytes. */
static struct {
    const char *source;
    struct hf_roots roots;
    uint8_t dev_key[HF_ROOT_KEY_LEN];
    uint64_t at_s;
    struct hf_buf quote, tcb_info, single[5];
    struct hf_collateral *prepared;
    struct hf_verify_cache *cache;
    struct hf_quote parsed;
    struct hf__pck_chain *chain;
    EVP_PKEY *key;
    EVP_PKEY_CTX *bare;
    uint8_t der[80], digest[32];
    size_t der_len;
} world;

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_attest: %s\n", what);
    exit(EXIT_FAILURE);
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct hf_collateral *prepare(void)
{
    const struct hf_bytes info = hf_buf_bytes(&world.tcb_info);
    const struct hf_collateral_source source = {
        .qe_identity = hf_buf_bytes(&world.single[0]),
        .tcb_infos = &info,
        .tcb_info_count = 1,
        .tcb_signing_chain = hf_buf_bytes(&world.single[1]),
        .pck_lists = {{hf_buf_bytes(&world.single[2]), hf_buf_bytes(&world.single[3])}},
        .root_ca_crl = hf_buf_bytes(&world.single[4]),
    };
    struct hf_collateral *c;
    must(hf_collateral_new(&source, &world.roots, &c) == 0, "preparing collateral");
    return c;
}

static void verify(const struct hf_collateral *c, struct hf_verify_cache *cache)
{
    const struct hf_verify_params params = {
        .at_s = world.at_s, .roots = world.roots, .collateral = c, .cache = cache};
    struct hf_verdict v;
    must(hf_quote_verify(hf_buf_bytes(&world.quote), &params, &v, NULL) == 0, "out of memory");
    must(v.error == 0, hf_error_name(v.error));
}

/* --- what is measured --- */

static void run_bare(void)
{
    must(EVP_PKEY_verify(world.bare, world.der, world.der_len, world.digest, 32) == 1, "bare");
}

static void run_cold(void)
{
    struct hf_collateral *c = prepare();
    verify(c, NULL);
    hf_collateral_unref(c);
}

static void run_warm(void)
{
    verify(world.prepared, world.cache);
}

/* Certificates and collateral were seen, the attestation key was not. */
static void run_warm_new_key(void)
{
    verify(world.prepared, world.cache);
}

/* Leaves in the cache only another attestation key of the same machine. */
static void forget_key(void)
{
    static uint8_t copy[HF_QUOTE_MAX];
    struct hf_quote other;
    memcpy(copy, world.quote.data, world.parsed.len);
    copy[world.parsed.attestation_key - world.quote.data] ^= 1;
    must(hf_quote_parse(hf_bytes_of(copy, world.parsed.len), &other, NULL) == 0, "parsing");
    hf__cache_add(world.cache, &other, world.chain, world.key);
}

static const struct variant {
    const char *name;
    void (*before)(void); /* not measured */
    void (*run)(void);
} variants[] = {
    {"bare_p256", NULL, run_bare},
    {"cold", NULL, run_cold},
    {"warm_new_attestation_key", forget_key, run_warm_new_key},
    {"warm", NULL, run_warm},
};

/* --- setting up --- */

static bool load(const char *folder, const char *name, struct hf_buf *ret)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    hf_buf_init(ret, 1 << 20);
    return hf_file_read(path, ret) == 0;
}

static bool load_vectors(const char *folder)
{
    static const char *const names[] = {
        "collateral/S16/qe_identity.json", "collateral/S16/tcb_signing_chain.pem",
        "collateral/S16/pck_crl.der", "collateral/S16/pck_crl_issuer_chain.pem",
        "collateral/S16/root_ca_crl.der"};
    if (!load(folder, "quotes/tdx-v4-m15-00806f050000-02b23a00-d0ee491c.quote.bin", &world.quote) ||
        !load(folder, "collateral/S16/tcb_info_00806f050000.json", &world.tcb_info))
        return false;
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++)
        if (!load(folder, names[i], &world.single[i]))
            return false;
    world.source = "intel";
    world.roots.trust = HF_TRUST_INTEL;
    world.at_s = UINT64_C(1782907200);
    return true;
}

static void make_dev(void)
{
    static const uint8_t report_data[64] = {1};
    const uint64_t now_s = UINT64_C(1782907200);
    struct hf_dev_authority_spec authority_spec;
    struct hf_dev_machine_spec machine_spec;
    struct hf_dev_collateral_spec spec;
    struct hf_dev_authority *a;
    struct hf_dev_machine *m;
    struct hf_dev_td td;
    struct hf_dev_collateral c;
    hf_dev_authority_spec_init(&authority_spec, now_s);
    must(hf_dev_authority_new(&authority_spec, &a) == 0, "authority");
    hf_dev_machine_spec_init(&machine_spec, hf_bytes_of("bench", 5), now_s);
    must(hf_dev_machine_new(a, &machine_spec, &m) == 0, "machine");
    hf_dev_td_init(&td, "image");
    hf_buf_init(&world.quote, HF_QUOTE_MAX);
    must(hf_dev_quote_make(m, &td, HF_DEV_QUOTE_V4, report_data, &world.quote) == 0, "quote");
    hf_dev_collateral_spec_init(&spec, now_s, 86400);
    must(hf_dev_collateral_make(a, &spec, &c) == 0, "collateral");
    hf_dev_authority_root_key(a, world.dev_key);
    world.tcb_info = c.tcb_info;
    world.single[0] = c.qe_identity;
    world.single[1] = c.tcb_signing_chain;
    world.single[2] = c.pck_crl;
    world.single[3] = c.pck_crl_issuer_chain;
    world.single[4] = c.root_ca_crl;
    world.source = "dev";
    world.roots = (struct hf_roots){.trust = HF_TRUST_DEV, .dev_key = world.dev_key};
    world.at_s = now_s;
    hf_dev_machine_free(m);
    hf_dev_authority_free(a);
}

static void find_world(void)
{
    const char *vectors = getenv("HOLDFAST_VECTORS"), *source = getenv("HOLDFAST_SOURCE");
    char folder[4096];
    if (vectors != NULL)
        snprintf(folder, sizeof folder, "%s/dcap", vectors);
    else
        snprintf(folder, sizeof folder, "%s/../shared/vectors/dcap", source != NULL ? source : ".");
    if (!load_vectors(folder))
        make_dev();
}

/* The quote's own signature, for bare verifications with a decoded key and a ready context. */
static void set_up_bare(void)
{
    const uint8_t *rs = world.parsed.signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    world.der_len = 2;
    for (int half = 0; half < 2; half++) {
        const uint8_t *v = rs + 32 * half;
        size_t skip = 0;
        while (v[skip] == 0)
            skip++;
        size_t pad = v[skip] >> 7;
        uint8_t *to = world.der + world.der_len;
        to[0] = 2;
        to[1] = (uint8_t)(32 - skip + pad);
        memcpy(to + 2 + pad, v + skip, 32 - skip);
        world.der_len += 2 + 32 - skip + pad;
    }
    world.der[0] = 0x30;
    world.der[1] = (uint8_t)(world.der_len - 2);
    must(EVP_DigestInit(ctx, EVP_sha256()) == 1 &&
             EVP_DigestUpdate(ctx, world.parsed.signed_part.data, world.parsed.signed_part.len) &&
             EVP_DigestFinal(ctx, world.digest, NULL) == 1,
         "hashing");
    EVP_MD_CTX_free(ctx);
    world.bare = EVP_PKEY_CTX_new(world.key, NULL);
    must(world.bare != NULL && EVP_PKEY_verify_init(world.bare) == 1, "a context");
}

static void set_up(void)
{
    struct hf__chain_fault fault;
    find_world();
    must(hf_quote_parse(hf_buf_bytes(&world.quote), &world.parsed, NULL) == 0, "parsing");
    must(hf__pck_chain_new(world.parsed.certification, &world.chain, &fault) == 0, "the chain");
    must(hf__p256_key(world.parsed.attestation_key, &world.key) == 0, "the key");
    must(hf_verify_cache_new(1, &world.cache) == 0, "a cache");
    world.prepared = prepare();
    set_up_bare();
}

/* --- measuring --- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double round_of(const struct variant *v)
{
    double us = 0;
    for (int i = 0; i < PER_ROUND; i++) {
        if (v->before != NULL)
            v->before();
        double start = cpu_us();
        v->run();
        us += cpu_us() - start;
    }
    return us / PER_ROUND;
}

static unsigned long count_of(const struct variant *v)
{
    if (v->before != NULL)
        v->before();
    unsigned long before = signatures;
    v->run();
    return signatures - before;
}

static void measure(size_t rounds)
{
    static double us[HF_ARRAY_LEN(variants)][ROUNDS_MAX];
    double bare = 0;
    /* Rounds take turns, so that a disturbance meets every variant alike. */
    for (size_t r = 0; r < rounds; r++)
        for (size_t i = 0; i < HF_ARRAY_LEN(variants); i++)
            us[i][r] = round_of(&variants[i]);
    for (size_t i = 0; i < HF_ARRAY_LEN(variants); i++) {
        unsigned long count = count_of(&variants[i]);
        qsort(us[i], rounds, sizeof us[i][0], compare);
        double median = us[i][rounds / 2];
        if (i == 0)
            bare = median;
        printf("{\"bench\":\"attest\",\"name\":\"%s\",\"source\":\"%s\",\"us\":%.1f,"
               "\"per_second\":%.0f,\"signatures\":%lu,\"times_bare\":%.3f}\n",
               variants[i].name, world.source, median, 1e6 / median, count,
               median / (bare * (double)count));
    }
}

/* What a full cache holds: machines that differ in their attestation keys. */
static void measure_memory(void)
{
    enum { MACHINES = 256 };
    static uint8_t copy[HF_QUOTE_MAX];
    struct hf_verify_cache *cache;
    struct hf_quote other;
    size_t before = mallinfo2().uordblks;
    must(hf_verify_cache_new(8, &cache) == 0, "a cache");
    size_t empty = mallinfo2().uordblks - before;
    memcpy(copy, world.quote.data, world.parsed.len);
    must(hf_quote_parse(hf_bytes_of(copy, world.parsed.len), &other, NULL) == 0, "parsing");
    for (unsigned i = 0; i < MACHINES; i++) {
        struct hf__chain_fault fault;
        struct hf__pck_chain *chain;
        EVP_PKEY *key;
        copy[other.attestation_key - copy] = (uint8_t)i;
        must(hf__pck_chain_new(other.certification, &chain, &fault) == 0, "the chain");
        must(hf__p256_key(world.parsed.attestation_key, &key) == 0, "the key");
        hf__cache_add(cache, &other, chain, key);
        hf__pck_chain_unref(chain);
        hf__p256_free(key);
    }
    size_t full = mallinfo2().uordblks - before;
    printf("{\"bench\":\"attest\",\"name\":\"cache_memory\",\"bytes_per_machine\":%zu,"
           "\"bound\":%d}\n",
           (full - empty) / 8, HF_VERIFY_CACHE_ENTRY_BYTES);
    hf_verify_cache_free(cache);
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS;
    must(rounds > 0 && rounds <= ROUNDS_MAX, "rounds: 1 to 100000");
    set_up();
    measure((size_t)rounds);
    measure_memory();
    return EXIT_SUCCESS;
}
