/*
 * What single operations of a daemon cost one process in a crowd: cryptography, the dev platform's
 * quotes and verdicts, vaults and transactions; then, of one process alone, what the disk adds to
 * writing and opening ("write_wait", "open_wait"). One JSON line a figure.
 *
 * usage: bench_costs PROCESSES FOLDER   stores are made below the folder
 */
#include "contended.h"

#include "attest/collateral.h"
#include "attest/dev.h"
#include "attest/verify.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "crypto/suite.h"
#include "store/store.h"
#include "store/writer.h"

#include <semaphore.h>
#include <string.h>
#include <uv.h>

enum { RUNS = 40, K = 3, N = 5, ROWS = 2, ROW_LEN = 300, VAULT_ROWS = 24 };
enum { MACHINES = 20, VAULTS = 4, WRITES = 12, TEXT_LEN = 32, VALUES_MAX = 64 };
enum { SECRETS_LEN = 256 << 10 };

enum figure {
    HASH,
    KDF,
    SIGN,
    VERIFY,
    BASE_MULT,
    POINT_MULT,
    AEAD,
    QUOTE,
    JUDGE,
    JUDGE_AGAIN,
    CREATE,
    OPEN,
    WRITE,
    OPEN_WAIT,
    WRITE_WAIT,
    FIGURES
};

static const char *const names[] = {"hash",       "kdf",  "sign",  "verify",    "base_mult",
                                    "point_mult", "aead", "quote", "judge",     "judge_again",
                                    "create",     "open", "write", "open_wait", "write_wait"};

struct values {
    size_t count;
    double us[VALUES_MAX];
};

static struct {
    const char *folder;
    struct values *all;    /* of each process, by figure; shared */
    struct values *values; /* of this one */
    uint8_t root[HF_DEV_ROOT_SPKI_LEN];
    uv_loop_t loop;
} world;

static void note(enum figure figure, double us)
{
    struct values *v = &world.values[figure];
    hf_assert(v->count < VALUES_MAX);
    v->us[v->count++] = us;
}

/* Others first. Returns the processor's time of this process. */
static double turn(void)
{
    (void)sched_yield();
    return contended_cpu_us();
}

/* ---- cryptography */

static const struct hf_suite *const suite = &hf_suite_real;

static struct {
    struct hf_rng rng;
    uint8_t row[256], wrapped[256 + HF_WRAP_OVERHEAD], sink[1024];
    uint8_t root[32], sealed[32 + HF_SEAL_OVERHEAD], seal_public[32], seal_secret[32];
    uint8_t sign_public[32], sign_secret[HF_SIGN_SECRET_LEN], signature[HF_SIGNATURE_LEN];
} keys;

static struct hf_bytes row(void)
{
    return hf_bytes_of(keys.row, sizeof keys.row);
}

static void run_hash(void)
{
    struct hf_hash digest;
    suite->hash("holdfast/v1/example", row(), &digest);
    memcpy(keys.sink, digest.bytes, sizeof digest);
}

static void run_kdf(void)
{
    suite->kdf(keys.root, row(), hf_bytes_of("info", 4), keys.sink, 32);
}

static void run_sign(void)
{
    suite->sign(keys.sign_secret, "holdfast/v1/example", row(), keys.sink);
}

static void run_verify(void)
{
    hf_assert(suite->verify(keys.sign_public, "holdfast/v1/example", row(), keys.signature) == 0);
}

static void run_deal(void)
{
    hf_assert(suite->deal(&keys.rng, keys.root, (struct hf_sharing){.k = K, .n = N}, keys.sink,
                          keys.sink + 512) == 0);
}

static void run_open(void)
{
    hf_assert(suite->open(keys.seal_secret, hf_bytes_of("info", 4), row(),
                          hf_bytes_of(keys.sealed, sizeof keys.sealed), keys.sink) == 0);
}

static void run_wrap(void)
{
    suite->wrap(&keys.rng, keys.root, hf_bytes_of("aad", 3), row(), keys.sink);
}

static void prepare_crypto(void)
{
    hf_rng_init(&keys.rng, (const uint8_t[32]){1});
    suite->random(&keys.rng, keys.row, sizeof keys.row);
    suite->scalar_random(&keys.rng, keys.root);
    suite->sign_keypair(&keys.rng, keys.sign_public, keys.sign_secret);
    suite->seal_keypair(&keys.rng, keys.seal_public, keys.seal_secret);
    suite->sign(keys.sign_secret, "holdfast/v1/example", row(), keys.signature);
    hf_assert(suite->seal(&keys.rng, keys.seal_public, hf_bytes_of("info", 4), row(),
                          hf_bytes_of(keys.root, 32), keys.sealed) == 0);
}

static void measure_crypto(void)
{
    static const struct {
        enum figure figure;
        double times; /* of the figure in one run */
        void (*run)(void);
    } operations[] = {
        {HASH, 1, run_hash},     {KDF, 1, run_kdf},        {SIGN, 1, run_sign},
        {VERIFY, 1, run_verify}, {BASE_MULT, K, run_deal}, {POINT_MULT, 1, run_open},
        {AEAD, 1, run_wrap},
    };
    prepare_crypto();
    for (size_t i = 0; i < RUNS; i++) {
        for (size_t j = 0; j < HF_ARRAY_LEN(operations); j++) {
            double from = turn();
            operations[j].run();
            note(operations[j].figure, (contended_cpu_us() - from) / operations[j].times);
        }
    }
}

/* ---- the store */

static const struct hf_vault_header header = {.network = {{1}}, .account = {{2}}, .key_version = 1};
static sem_t woken;

static void wake(void *ctx)
{
    (void)ctx;
    sem_post(&woken);
}

/* One transaction until it is durable. */
static void write_rows(struct hf_writer *w, uint64_t number)
{
    static const uint8_t value[ROW_LEN];
    uint64_t key[ROWS];
    struct hf_store_op ops[ROWS];
    struct hf_writer_done done;
    for (uint64_t i = 0; i < ROWS; i++) {
        key[i] = (number * ROWS + i) % VAULT_ROWS;
        ops[i] = (struct hf_store_op){HF_STORE_VAULT_PUT, 1, hf_bytes_of(&key[i], 8),
                                      hf_bytes_of(value, sizeof value)};
    }
    struct hf_store_update u = {ops, ROWS};
    hf_assert(hf_writer_submit(w, &u, number) == 0);
    do
        sem_wait(&woken);
    while (!hf_writer_next(w, &done));
    hf_assert(done.code == 0);
}

static double wall_us(void)
{
    return contended_clock_us(CLOCK_MONOTONIC);
}

/* alone: what the disk adds to the processor's time, too, which in a crowd includes waiting for a
 * core. */
static void measure_writes(struct hf_store *s, bool alone)
{
    struct hf_writer_options options = {.wake = wake};
    struct hf_writer *w;
    hf_assert(sem_init(&woken, 0, 0) == 0 && hf_writer_new(s, &options, &w) == 0);
    for (unsigned i = 0; i < WRITES; i++) {
        double cpu = turn(), wall = wall_us();
        write_rows(w, i);
        cpu = contended_cpu_us() - cpu;
        if (alone)
            note(WRITE_WAIT, wall_us() - wall - cpu);
        else
            note(WRITE, cpu);
    }
    hf_writer_free(w);
    hf_assert(sem_destroy(&woken) == 0);
}

static int seen(void *ctx, uint8_t collection, struct hf_bytes key, struct hf_bytes value)
{
    (void)ctx;
    (void)collection;
    (void)key;
    (void)value;
    return 0;
}

static void measure_vaults(unsigned number, bool alone)
{
    static const uint8_t key[32] = {7};
    for (unsigned i = 0; i < VAULTS; i++) {
        char path[4096];
        struct hf_store *s;
        (void)snprintf(path, sizeof path, "%s/store%u-%u%s", world.folder, number, i,
                       alone ? "-alone" : "");
        hf_assert(hf_store_open(path, suite, &s, NULL) == 0);
        double cpu = turn();
        hf_assert(hf_store_vault_create(s, key, &header, NULL) == 0);
        if (!alone)
            note(CREATE, contended_cpu_us() - cpu);
        measure_writes(s, alone);
        hf_store_close(s);
        hf_assert(hf_store_open(path, suite, &s, NULL) == 0);
        cpu = turn();
        double wall = wall_us();
        hf_assert(hf_store_vault_open(s, key, seen, NULL, NULL) == 0);
        cpu = contended_cpu_us() - cpu;
        if (alone)
            note(OPEN_WAIT, wall_us() - wall - cpu);
        else
            note(OPEN, cpu);
        hf_store_close(s);
    }
}

/* ---- quotes */

static struct hf_collateral *collateral_of(const struct hf_dev_authority *a, uint64_t now_s,
                                           const struct hf_roots *roots)
{
    struct hf_dev_collateral_spec spec;
    struct hf_dev_collateral made;
    struct hf_collateral *c;
    hf_dev_collateral_spec_init(&spec, now_s, 86400);
    hf_assert(hf_dev_collateral_make(a, &spec, &made) == 0);
    const struct hf_bytes info = hf_buf_bytes(&made.tcb_info);
    const struct hf_collateral_source source = {
        .qe_identity = hf_buf_bytes(&made.qe_identity),
        .tcb_infos = &info,
        .tcb_info_count = 1,
        .tcb_signing_chain = hf_buf_bytes(&made.tcb_signing_chain),
        .pck_lists = {{hf_buf_bytes(&made.pck_crl), hf_buf_bytes(&made.pck_crl_issuer_chain)}},
        .root_ca_crl = hf_buf_bytes(&made.root_ca_crl),
    };
    hf_assert(hf_collateral_new(&source, roots, &c) == 0);
    hf_dev_collateral_done(&made);
    return c;
}

/* One piece of work for another thread, as the daemon hands it over. */
struct job {
    uv_work_t work; /* first */
    struct hf_producer *producer;
    uint8_t report_data[64];
    struct hf_buf *quote;
    struct hf_verify_params *params;
    struct hf_verdict verdict;
};

static void back(uv_work_t *work, int status)
{
    (void)work;
    hf_assert(status == 0);
}

/* Until it is back. */
static void hand_over(enum figure figure, struct job *job, uv_work_cb work)
{
    double from = turn();
    hf_assert(uv_queue_work(&world.loop, &job->work, work, back) == 0);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    note(figure, contended_cpu_us() - from);
}

static void make_work(uv_work_t *work)
{
    struct job *j = (struct job *)work;
    hf_assert(hf_producer_make(j->producer, j->report_data, UINT64_MAX, j->quote) == 0);
}

static void make(struct hf_producer *p, uint8_t number, struct hf_buf *ret)
{
    struct job job = {.producer = p, .report_data = {number}, .quote = ret};
    hand_over(QUOTE, &job, make_work);
}

/* The root's key is read from the policy each time. */
static void judge_work(uv_work_t *work)
{
    struct job *j = (struct job *)work;
    uint8_t key[HF_ROOT_KEY_LEN];
    hf_assert(hf_root_key_from_spki(hf_bytes_of(world.root, sizeof world.root), key) == 0);
    j->params->roots.dev_key = key;
    hf_assert(hf_quote_verify(hf_buf_bytes(j->quote), j->params, &j->verdict, NULL) == 0);
}

static void judge(enum figure figure, struct hf_buf *quote, struct hf_verify_params *params)
{
    struct job job = {.quote = quote, .params = params};
    hand_over(figure, &job, judge_work);
    hf_assert(job.verdict.error == 0);
}

static struct hf_producer *machine_of(const struct hf_dev_authority *a, unsigned number,
                                      uint64_t now_s)
{
    char id[TEXT_LEN];
    struct hf_dev_machine_spec spec;
    struct hf_dev_machine *m;
    struct hf_dev_td td;
    struct hf_producer *p;
    (void)snprintf(id, sizeof id, "machine%u", number);
    hf_dev_machine_spec_init(&spec, hf_bytes_of(id, strlen(id)), now_s);
    hf_assert(hf_dev_machine_new(a, &spec, &m) == 0);
    hf_dev_td_init(&td, "holdfast");
    hf_assert(hf_dev_producer_new_takes(m, &td, &p) == 0);
    return p;
}

static void measure_quotes(void)
{
    const uint64_t now_s = UINT64_C(1782907200);
    uint8_t root[HF_DEV_ROOT_KEY_LEN];
    struct hf_dev_authority_spec spec;
    struct hf_dev_authority *a;
    struct hf_verify_params params = {.at_s = now_s};
    struct hf_collateral *c;
    hf_dev_authority_spec_init(&spec, now_s);
    hf_assert(hf_dev_authority_new(&spec, &a) == 0);
    hf_dev_authority_root_key(a, root);
    hf_dev_authority_root_spki(a, world.root);
    params.roots = (struct hf_roots){.trust = HF_TRUST_DEV, .dev_key = root};
    hf_assert(hf_verify_cache_new(MACHINES, &params.cache) == 0);
    c = collateral_of(a, now_s, &params.roots);
    params.collateral = c;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct hf_producer *p = machine_of(a, i, now_s);
        struct hf_buf first, second;
        hf_buf_init(&first, HF_QUOTE_MAX);
        hf_buf_init(&second, HF_QUOTE_MAX);
        make(p, 1, &first);
        make(p, 2, &second);
        judge(JUDGE, &first, &params);
        judge(JUDGE_AGAIN, &second, &params);
        hf_buf_done(&first);
        hf_buf_done(&second);
        hf_producer_free(p);
    }
    hf_collateral_unref(c);
    hf_verify_cache_free(params.cache);
    hf_dev_authority_free(a);
}

static void in_a_crowd(unsigned number)
{
    world.values = &world.all[(size_t)number * FIGURES];
    hf_assert(hf_secret_init(SECRETS_LEN, false) == 0 && uv_loop_init(&world.loop) == 0);
    measure_crypto();
    measure_quotes();
    measure_vaults(number, false);
}

static void report(unsigned size)
{
    static double together[CONTENDED_MAX * VALUES_MAX];
    for (int f = 0; f < FIGURES; f++) {
        size_t count = 0;
        for (unsigned i = 0; i < size; i++) {
            const struct values *v = &world.all[(size_t)i * FIGURES + (size_t)f];
            memcpy(together + count, v->us, v->count * sizeof together[0]);
            count += v->count;
        }
        contended_report(names[f], contended_mean(together, count));
    }
}

int main(int argc, char **argv)
{
    pid_t pids[CONTENDED_MAX];
    unsigned size = argc == 3 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    if (size == 0 || size > CONTENDED_MAX) {
        fputs("usage: bench_costs PROCESSES FOLDER\n", stderr);
        return 2;
    }
    contended_memory();
    world.folder = argv[2];
    world.all = contended_shared(size * FIGURES * sizeof(struct values));
    contended_start(size, pids, in_a_crowd);
    contended_wait(size, pids);
    world.values = world.all;
    hf_assert(hf_secret_init(SECRETS_LEN, false) == 0);
    measure_vaults(0, true);
    report(size);
    return EXIT_SUCCESS;
}
