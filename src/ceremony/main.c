/*
 * holdfast-ceremony: deals the quorum keys of one proposal, once, and ends. It takes one input,
 * makes sure that the network's authority signed it, and gives one output with a quote over both;
 * it opens no port, reads no configuration and keeps nothing (proto/QUORUM.md, 3).
 */
#include "attest/tsm.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/options.h"
#include "base/secret.h"
#include "deal.h"
#include "document/ceremony.h"

#ifndef HF_PRODUCTION
#include "attest/dev.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

enum { SECRETS_LEN = 1 << 16, FILE_MAX = 1 << 20, ROOTS_MAX = 64, QUOTE_MS = 60000 };

static const char usage[] =
    "usage: holdfast-ceremony NETWORK PROPOSAL OUTPUT ROOT...\n"
    "\n"
    "Deals the quorum keys of a proposal that the authority of the network has signed,\n"
    "which the ROOTs prove, from the first on, and writes the output with its quote.\n"
#ifndef HF_PRODUCTION
    "In a development network the environment names the simulated machine:\n"
    "HOLDFAST_DEV, the folder dev of the authority, and HOLDFAST_DEV_IMAGE.\n"
#endif
    ;

static int fail(const char *what, int error)
{
    fprintf(stderr, "holdfast-ceremony: %s: %s\n", what, hf_error_sentence(error));
    return EXIT_FAILURE;
}

static int read_document(struct hf_pool *pool, const char *path, struct hf_document **ret)
{
    struct hf_buf b;
    hf_buf_init(&b, FILE_MAX);
    int r = hf_file_read_regular(path, &b);
    if (r == 0)
        r = hf_document_read(pool, hf_buf_bytes(&b), ret);
    hf_buf_done(&b);
    return r;
}

/* The proposal, signed by the newest of the roots, each of which follows from the one before. */
static int read_proposal(struct hf_pool *pool, const struct hf_network_id *network, char **paths,
                         int roots_count, struct hf_document **ret)
{
    struct hf_document *root = NULL, *d = NULL;
    int r = 0;
    for (int i = 0; i < roots_count && r == 0; i++) {
        r = read_document(pool, paths[2 + i], &d);
        if (r == 0 && d->kind != HF_DOCUMENT_ROOT)
            r = HF_EDOCUMENT;
        if (r == 0)
            r = hf_document_verify(d, network, root);
        hf_document_unref(root);
        root = d;
        d = NULL;
    }
    if (r == 0)
        r = read_document(pool, paths[0], &d);
    if (r == 0 && d->kind != HF_DOCUMENT_PROPOSAL)
        r = HF_EDOCUMENT;
    if (r == 0)
        r = hf_document_verify(d, network, root);
    hf_document_unref(root);
    if (r == 0)
        *ret = d;
    else
        hf_document_unref(d);
    return r;
}

#ifndef HF_PRODUCTION
/* The simulated machine, where the environment names one. HF_ENOTFOUND: it names none. */
static int open_dev(const struct hf_network_id *network, struct hf_producer **ret)
{
    static const char id[] = "ceremony";
    const char *folder = getenv("HOLDFAST_DEV"), *image = getenv("HOLDFAST_DEV_IMAGE");
    struct hf_dev_authority *authority;
    struct hf_dev_machine_spec spec;
    struct hf_dev_machine *machine;
    struct hf_dev_td td;
    if (folder == NULL || image == NULL)
        return HF_ENOTFOUND;
    int r = hf_dev_authority_load(folder, &authority);
    if (r != 0)
        return r;
    hf_dev_machine_spec_init(&spec, hf_bytes_of(id, sizeof id - 1), (uint64_t)time(NULL));
    r = hf_dev_machine_new(authority, &spec, &machine);
    hf_dev_authority_free(authority);
    if (r != 0)
        return r;
    hf_dev_td_init(&td, image);
    hf_dev_td_bind_network(&td, hf_bytes_of(network->bytes, sizeof network->bytes));
    r = hf_dev_producer_new_takes(machine, &td, ret);
    if (r != 0)
        hf_dev_machine_free(machine);
    return r;
}
#endif

static int open_producer(const struct hf_network_id *network, struct hf_producer **ret)
{
#ifndef HF_PRODUCTION
    int r = open_dev(network, ret);
    if (r != HF_ENOTFOUND)
        return r;
#else
    (void)network;
#endif
    return hf_tsm_producer_new(HF_TSM_PATH, ret);
}

/* out: the output without its quote. */
static int make_quote(const struct hf_ceremony_output *out, struct hf_buf *ret)
{
    enum { ARENA_MAX = 4 * FILE_MAX };
    struct hf_ceremony c = {.file = *out};
    struct hf_producer *producer;
    struct timespec now;
    struct hf_arena arena;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_ceremony_decode(&arena, &c);
    if (r == 0)
        r = hf_ceremony_report_data(&c, report_data);
    if (r == 0)
        r = open_producer(&out->network, &producer);
    hf_arena_done(&arena);
    if (r != 0)
        return r;
    clock_gettime(CLOCK_MONOTONIC, &now);
    r = hf_producer_make(producer, report_data, (uint64_t)now.tv_sec * 1000 + QUOTE_MS, ret);
    hf_producer_free(producer);
    return r;
}

static int deal(const struct hf_document *proposal, const struct hf_network_id *network,
                struct hf_buf *ret)
{
    struct hf_rng *rng = hf_secret_alloc(sizeof *rng);
    if (rng == NULL)
        return HF_ENOMEM;
    int r = hf_rng_fresh(rng);
    if (r == 0)
        r = hf__ceremony_deal(proposal, network, rng, ret);
    hf_secret_free(rng);
    return r;
}

static int run(const struct hf_document *proposal, const struct hf_network_id *network,
               const char *path)
{
    struct hf_ceremony_output out = {.format = 1, .network = *network};
    struct hf_buf body, quote, file;
    hf_buf_init(&body, FILE_MAX);
    hf_buf_init(&quote, FILE_MAX);
    hf_buf_init(&file, 2 * FILE_MAX);
    int r = deal(proposal, network, &body);
    out.share_set = hf_buf_bytes(&body);
    if (r == 0)
        r = make_quote(&out, &quote);
    out.quote = hf_buf_bytes(&quote);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_ceremony_output, &out, &file);
    if (r == 0)
        r = hf_file_write_through(path, hf_buf_bytes(&file), 0644);
    hf_buf_done(&file);
    hf_buf_done(&quote);
    hf_buf_done(&body);
    return r;
}

static int start_with(int argc, char **argv)
{
    const struct rlimit none = {0};
    struct hf_document *proposal;
    struct hf_pool *pool;
    struct hf_network_id network;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0)) {
        fputs(argv[1][2] == 'h' ? usage : "holdfast-ceremony " HF_RELEASE "\n", stdout);
        return EXIT_SUCCESS;
    }
    if (argc < 5 || argc > 4 + ROOTS_MAX ||
        hf_hex_decode(argv[1], network.bytes, sizeof network.bytes) != 0) {
        fputs(usage, stderr);
        return HF_EXIT_USAGE;
    }
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail("core dumps", HF_EPERMISSION);
    int r = hf_secret_init(SECRETS_LEN, true);
    if (r == 0)
        r = hf_pool_new(&hf_suite_real, &pool);
    if (r != 0)
        return fail("memory for secrets", r);
    r = read_proposal(pool, &network, argv + 2, argc - 4, &proposal);
    if (r != 0)
        return fail(argv[2], r);
    r = run(proposal, &network, argv[3]);
    hf_document_unref(proposal);
    hf_pool_free(pool);
    return r == 0 ? EXIT_SUCCESS : fail(argv[3], r);
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfast-ceremony", start_with(argc, argv), EXIT_FAILURE);
}
