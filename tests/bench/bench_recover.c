/*
 * Recoveries served by one provider, each on a fresh connection, in processor time of the provider;
 * beside it the floor: the signatures, key exchanges and verifications that each of them must do.
 * One JSON line. bench_daemon.py calls it with a real network.
 *
 * usage: bench_recover ADDRESS PROVIDER NETWORK OWNER MACHINE PID COUNT
 */
#include "attest/dev.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/suite.h"
#include "internal.h"
#include "wire/messages.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

enum { ARENA_MAX = 1 << 20, FLOOR_ROUNDS = 300, DEADLINE_MS = 10000 };

static struct {
    uv_loop_t loop;
    struct hf_net *net;
    const char *address;
    struct hf_account provider;
    struct hf_network_id network;
    struct hf_account owner;
    struct hf_dev_machine *machine;
    struct hf_dev_td td;
    struct hf_rng rng;
    uint8_t response_key[32], response_secret[32];
    unsigned long left, served;
    bool asking_nonce;
} world;

static void ask_nonce(void);

static void call(const char *path, const struct hf_wire_type *type, const void *message)
{
    struct hf_buf body;
    hf_buf_init(&body, ARENA_MAX);
    hf_assert(hf_wire_encode(type, message, &body) == 0);
    const struct hf_net_call c = {.address = world.address,
                                  .account = &world.provider,
                                  .method = HF_NET_POST,
                                  .path = path,
                                  .body = hf_buf_bytes(&body),
                                  .deadline_ms = DEADLINE_MS};
    hf_assert(hf_net_call(world.net, &c) == 0);
    hf_buf_done(&body);
}

static void ask_nonce(void)
{
    struct hf_nonce_request m = {0};
    m.account = world.owner;
    hf_suite_real.seal_keypair(&world.rng, world.response_key, world.response_secret);
    memcpy(m.response_key, world.response_key, 32);
    world.asking_nonce = true;
    call("/v1/nonce", &hf_wire_nonce_request, &m);
}

static void ask_share(const uint8_t nonce[static 40])
{
    struct hf_asked asked = {0};
    struct hf_recover_transcript t = {.version = 1, .asked = &asked, .asked_count = 1};
    struct hf_recover_request m = {0};
    struct hf_buf transcript, quote;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    asked.provider = world.provider;
    memcpy(asked.nonce, nonce, sizeof asked.nonce);
    t.network = world.network;
    t.account = world.owner;
    memcpy(t.response_key, world.response_key, 32);
    hf_buf_init(&transcript, ARENA_MAX);
    hf_buf_init(&quote, HF_QUOTE_MAX);
    hf_assert(hf_wire_encode(&hf_wire_recover_transcript, &t, &transcript) == 0);
    hf_suite_real.report_data("holdfast/v1/recover", hf_buf_bytes(&transcript), report_data);
    hf_assert(hf_dev_quote_make(world.machine, &world.td, HF_DEV_QUOTE_V4, report_data, &quote) ==
              0);
    m.transcript = hf_buf_bytes(&transcript);
    m.quote = hf_buf_bytes(&quote);
    world.asking_nonce = false;
    call("/v1/recover", &hf_wire_recover_request, &m);
    hf_buf_done(&transcript);
    hf_buf_done(&quote);
}

static void on_stopped(void *user)
{
    (void)user;
    hf_net_free(world.net);
}

static void on_completed(void *user, const struct hf_net_result *r)
{
    struct hf_arena arena;
    struct hf_nonce_response nonce;
    (void)user;
    if (r->error != 0 || r->status != 200) {
        fprintf(stderr, "bench_recover: %s %d %.*s\n", hf_error_name(r->error), r->status,
                (int)r->body.len, (const char *)r->body.data);
        exit(EXIT_FAILURE);
    }
    if (world.asking_nonce) {
        hf_arena_init(&arena, ARENA_MAX);
        hf_assert(hf_wire_decode(&hf_wire_nonce_response, r->body, &arena, &nonce, NULL) == 0);
        ask_share(nonce.nonce);
        hf_arena_done(&arena);
        return;
    }
    world.served++;
    hf__conn_close(hf__conn_find(world.net, r->peer.conn), HF_ECONNRESET, "measured", "");
    if (--world.left > 0)
        ask_nonce();
    else
        hf_net_stop(world.net, on_stopped);
}

/* Processor time of all threads of a process so far, in microseconds. */
static double spent_us(const char *pid)
{
    char path[600];
    double total = 0;
    unsigned long long run;
    snprintf(path, sizeof path, "/proc/%s/task", pid);
    DIR *d = opendir(path);
    hf_assert(d != NULL);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid, e->d_name);
        FILE *f = e->d_name[0] != '.' ? fopen(path, "re") : NULL;
        char line[128] = "";
        if (f == NULL)
            continue;
        if (fgets(line, sizeof line, f) != NULL) {
            run = strtoull(line, NULL, 10);
            total += (double)run / 1e3;
        }
        fclose(f);
    }
    closedir(d);
    return total;
}

static double now_us(void)
{
    struct timespec t;
    hf_assert(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/*
 * P-256: the handshake's signature, and the verification of the quote's; X25519: a fresh key and an
 * exchange. A node that recovers shows no certificate.
 */
static double floor_tls_and_quote(void)
{
    static const uint8_t message[64];
    uint8_t signature[128], secret[32];
    size_t len, secret_len;
    EVP_PKEY *p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
             *peer = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    hf_assert(p256 != NULL && peer != NULL && md != NULL);
    double from = now_us();
    for (int i = 0; i < FLOOR_ROUNDS; i++) {
        len = sizeof signature;
        hf_assert(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, p256) == 1 &&
                  EVP_DigestSign(md, signature, &len, message, sizeof message) == 1);
        EVP_MD_CTX_reset(md);
        hf_assert(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, p256) == 1 &&
                  EVP_DigestVerify(md, signature, len, message, sizeof message) == 1);
        EVP_MD_CTX_reset(md);
        EVP_PKEY *fresh = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
        EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(fresh, NULL);
        secret_len = sizeof secret;
        hf_assert(x != NULL && EVP_PKEY_derive_init(x) == 1 &&
                  EVP_PKEY_derive_set_peer(x, peer) == 1 &&
                  EVP_PKEY_derive(x, secret, &secret_len) == 1);
        EVP_PKEY_CTX_free(x);
        EVP_PKEY_free(fresh);
    }
    double spent = (now_us() - from) / FLOOR_ROUNDS;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(peer);
    return spent;
}

/* The share sealed to the response key, and the answer signed. */
static double floor_answer(void)
{
    static const uint8_t share[32];
    uint8_t public_key[32], secret_key[HF_SIGN_SECRET_LEN], sealed[32 + HF_SEAL_OVERHEAD];
    uint8_t signature[HF_SIGNATURE_LEN];
    struct hf_bytes plain = hf_bytes_of(share, sizeof share), none = {0};
    hf_suite_real.sign_keypair(&world.rng, public_key, secret_key);
    double from = now_us();
    for (int i = 0; i < FLOOR_ROUNDS; i++) {
        hf_assert(hf_suite_real.seal(&world.rng, world.response_key, none, none, plain, sealed) ==
                  0);
        hf_suite_real.sign(secret_key, "bench", plain, signature);
    }
    return (now_us() - from) / FLOOR_ROUNDS;
}

static int verify(const struct hf_account *account, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    return hf_suite_real.verify(account->bytes, label, data, signature);
}

static void start(char **argv)
{
    static const struct hf_net_hooks hooks = {.verify = NULL};
    struct hf_net_hooks h = hooks;
    uint8_t seed[32];
    h.verify = verify;
    h.completed = on_completed;
    world.address = argv[1];
    hf_assert(hf_secret_init(1 << 16, false) == 0);
    hf_assert(hf_hex_decode(argv[2], world.provider.bytes, 32) == 0 &&
              hf_hex_decode(argv[3], world.network.bytes, 32) == 0 &&
              hf_hex_decode(argv[4], world.owner.bytes, 32) == 0);
    hf_assert(hf_dev_machine_load(argv[5], &world.machine) == 0);
    hf_dev_td_init(&world.td, "holdfast");
    hf_dev_td_bind_network(&world.td, hf_bytes_of(world.network.bytes, 32));
    hf_assert(uv_random(NULL, NULL, seed, sizeof seed, 0, NULL) == 0);
    hf_rng_init(&world.rng, seed);
    hf_assert(uv_loop_init(&world.loop) == 0);
    hf_assert(hf_net_new(&world.loop, NULL, &h, &world.net) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fputs("usage: bench_recover ADDRESS PROVIDER NETWORK OWNER MACHINE PID COUNT\n", stderr);
        return 2;
    }
    start(argv);
    world.left = strtoul(argv[7], NULL, 10);
    hf_assert(world.left > 0);
    ask_nonce();
    double before = spent_us(argv[6]);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    double each = (spent_us(argv[6]) - before) / (double)world.served;
    double least = floor_tls_and_quote() + floor_answer();
    printf("{\"name\": \"recoveries_served\", \"count\": %lu, \"provider_us\": %.1f, "
           "\"per_s_and_core\": %.0f, \"floor_us\": %.1f, \"floor_share\": %.2f}\n",
           world.served, each, 1e6 / each, least, least / each);
    hf_dev_machine_free(world.machine);
    uv_loop_close(&world.loop);
    return 0;
}
