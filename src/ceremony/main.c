/*
 * holdfast-ceremony: deals the quorum keys of one proposal, once, and ends. It takes one input,
 * makes sure that the network's authority signed it, and gives one output with a quote over both;
 * it opens no port, reads no configuration and keeps nothing (proto/QUORUM.md, 3). For keys that
 * are to be shared anew it asks the holders of the old share set first.
 */
#include "attest/tsm.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/options.h"
#include "base/secret.h"
#include "confine.h"
#include "deal.h"
#include "document/ceremony.h"
#include "reshard.h"

#ifndef HF_PRODUCTION
#include "attest/dev.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

enum {
    SECRETS_LEN = 1 << 16,
    FILE_MAX = 1 << 20,
    ROOTS_MAX = 64,
    QUOTE_MS = 60000,
    PATH_LEN = 4096
};

static const char usage[] =
    "usage: holdfast-ceremony NETWORK PROPOSAL OUTPUT ROOT... [POLICY SHARE-SET]\n"
    "       holdfast-ceremony --help | --version\n"
    "\n"
    "Deals the quorum keys of a proposal that the authority of the network has signed,\n"
    "which the ROOTs prove, from the first on, and writes the output with its quote.\n"
    "Of a proposal that shares the keys of a share set anew it first writes a request\n"
    "for that set's holders, OUTPUT.request, with the policy by which they judge it,\n"
    "and reads the names of their answers' files from standard input, a line each.\n"
#ifndef HF_PRODUCTION
    "In a development network the environment names the simulated machine:\n"
    "HOLDFAST_DEV, the folder dev of the authority, and HOLDFAST_DEV_IMAGE.\n"
#endif
    ;

static const char platform_text[] =
#ifndef HF_PRODUCTION
    "a quote of this machine, from " HF_TSM_PATH
    ", or from the simulated one that HOLDFAST_DEV and HOLDFAST_DEV_IMAGE name";
#else
    "a quote of this machine, from " HF_TSM_PATH;
#endif

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

/* Everything that is given: verified. */
struct input {
    struct hf_network_id network;
    struct hf_document *root, *policy, *shares, *proposal;
    const char *what; /* is under way: named when it fails */
};

static void input_done(struct input *in)
{
    hf_document_unref(in->proposal);
    hf_document_unref(in->shares);
    hf_document_unref(in->policy);
    hf_document_unref(in->root);
}

/* Each root follows from the one before; the last one signed the rest. */
static int take_document(struct hf_pool *pool, const char *path, struct input *in)
{
    struct hf_document *d, **at = NULL;
    int r = read_document(pool, path, &d);
    if (r != 0)
        return r;
    if (d->kind == HF_DOCUMENT_ROOT && in->policy == NULL && in->shares == NULL)
        at = &in->root;
    else if (d->kind == HF_DOCUMENT_POLICY && in->policy == NULL)
        at = &in->policy;
    else if (d->kind == HF_DOCUMENT_SHARES && in->shares == NULL)
        at = &in->shares;
    else if (d->kind == HF_DOCUMENT_PROPOSAL && in->proposal == NULL)
        at = &in->proposal;
    r = at == NULL ? HF_EDOCUMENT : hf_document_verify(d, &in->network, in->root);
    if (r != 0) {
        hf_document_unref(d);
        return r;
    }
    hf_document_unref(*at);
    *at = d;
    return 0;
}

/* paths: proposal, output, and the documents. */
static int read_input(struct hf_pool *pool, char **paths, int count, struct input *ret)
{
    int r = 0;
    for (int i = 2; i < count && r == 0; i++) {
        ret->what = paths[i];
        r = take_document(pool, paths[i], ret);
    }
    if (r == 0) {
        ret->what = paths[0];
        r = take_document(pool, paths[0], ret);
    }
    if (r == 0 && ret->proposal == NULL)
        r = HF_EDOCUMENT;
    if (r == 0 && ret->proposal->u.shares.has_reshards &&
        (ret->policy == NULL || ret->shares == NULL))
        r = HF_ENODOCUMENTS;
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

static int make_quote(struct input *in, const uint8_t report_data[static HF_REPORT_DATA_LEN],
                      struct hf_buf *ret)
{
    struct hf_producer *producer;
    struct timespec now;
    in->what = platform_text;
    int r = open_producer(&in->network, &producer);
    if (r != 0)
        return r;
    clock_gettime(CLOCK_MONOTONIC, &now);
    r = hf_producer_make(producer, report_data, (uint64_t)now.tv_sec * 1000 + QUOTE_MS, ret);
    hf_producer_free(producer);
    return r;
}

/* The request for the old shares, with everything by which it is judged. */
static int write_request(struct input *in, char **paths, int count, struct hf_bytes statement)
{
    struct hf_reshard_request m = {.format = 1, .statement = statement};
    struct hf_encoded documents[ROOTS_MAX + 3];
    struct hf_buf quote, file, roots[ROOTS_MAX + 2];
    uint8_t report_data[HF_REPORT_DATA_LEN];
    struct hf_hash hash;
    char path[PATH_LEN];
    int n = snprintf(path, sizeof path, "%s.request", paths[1]);
    hf_reshard_names(statement, report_data, &hash);
    hf_buf_init(&quote, FILE_MAX);
    hf_buf_init(&file, 4 * FILE_MAX);
    int r = n > 0 && n < (int)sizeof path ? make_quote(in, report_data, &quote) : HF_ETOOBIG;
    in->what = r == 0 ? paths[1] : in->what;
    for (int i = 2; i < count; i++) {
        hf_buf_init(&roots[i - 2], FILE_MAX);
        if (r == 0)
            r = hf_file_read_regular(paths[i], &roots[i - 2]);
        documents[m.documents_count++].bytes = hf_buf_bytes(&roots[i - 2]);
    }
    documents[m.documents_count++].bytes = hf_blob_bytes(in->proposal->envelope);
    m.documents = documents;
    m.quote = hf_buf_bytes(&quote);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_reshard_request, &m, &file);
    if (r == 0)
        r = hf_file_write_through(path, hf_buf_bytes(&file), 0644);
    for (int i = 2; i < count; i++)
        hf_buf_done(&roots[i - 2]);
    hf_buf_done(&file);
    hf_buf_done(&quote);
    if (r == 0)
        printf("%s: give it to the share holders, %llu of whom have to answer\n"
               "  holdfast-share reshard %s --key FILE --collateral DIR --out ANSWER --network %s\n"
               "(DIR: collateral, copied from a validator or brought by holdfast-collateral)\n"
               "then type the name of each ANSWER here, a line each\n",
               path, (unsigned long long)in->shares->u.shares.threshold, path, paths[-1]);
    fflush(stdout);
    return r;
}

/* Reads the name of an answer's file, and takes the answer; what is wrong with it is said. */
static void take_answer(struct hf__reshard *s, char *path)
{
    const struct hf_share_set *old = &s->shares->u.shares;
    struct hf_buf b;
    uint8_t index = 0;
    path[strcspn(path, "\n")] = '\0';
    hf_buf_init(&b, FILE_MAX);
    int r = hf_file_read_regular(path, &b);
    if (r == 0)
        r = hf__reshard_take(s, hf_buf_bytes(&b), &index);
    hf_buf_done(&b);
    const struct hf_bytes alias = index > 0 && index <= old->holders_count
                                      ? old->holders[index - 1].alias
                                      : (struct hf_bytes){0};
    printf("%s: %.*s: %s; %u of %llu\n", path, (int)alias.len,
           alias.len > 0 ? (const char *)alias.data : "", r == 0 ? "counts" : hf_error_sentence(r),
           s->count, (unsigned long long)old->threshold);
    fflush(stdout);
}

/* The keys of the old share set, from as many of its holders as it takes. */
static int ask_holders(struct input *in, char **paths, int count, struct hf_rng *rng,
                       struct hf__reshard *s, const uint8_t (**ret)[HF_SCALAR_LEN])
{
    char path[PATH_LEN];
    struct hf_buf statement;
    hf_buf_init(&statement, FILE_MAX);
    int r = hf__reshard_begin(in->proposal, in->shares, &in->network, rng, s, &statement);
    if (r == 0)
        r = write_request(in, paths, count, hf_buf_bytes(&statement));
    hf_buf_done(&statement);
    while (r == 0 && s->count < in->shares->u.shares.threshold &&
           fgets(path, sizeof path, stdin) != NULL)
        take_answer(s, path);
    if (r == 0)
        in->what = "the answers of the share holders";
    return r == 0 ? hf__reshard_combine(s, ret) : r;
}

static int deal(struct input *in, char **paths, int count, struct hf_buf *ret)
{
    struct hf__reshard s = {0};
    const uint8_t(*secrets)[HF_SCALAR_LEN] = NULL;
    struct hf_rng *rng = hf_secret_alloc(sizeof *rng);
    if (rng == NULL)
        return HF_ENOMEM;
    in->what = paths[0];
    int r = hf_rng_fresh(rng);
    if (r == 0 && in->proposal->u.shares.has_reshards)
        r = ask_holders(in, paths, count, rng, &s, &secrets);
    if (r == 0)
        r = hf__ceremony_deal(in->proposal, &in->network, rng, secrets, ret);
    hf__reshard_done(&s);
    hf_secret_free(rng);
    return r;
}

/* out: the output without its quote. */
static int quote_output(struct input *in, const struct hf_ceremony_output *out, struct hf_buf *ret)
{
    enum { ARENA_MAX = 4 * FILE_MAX };
    struct hf_ceremony c = {.file = *out};
    struct hf_arena arena;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_ceremony_decode(&arena, &c);
    if (r == 0)
        r = hf_ceremony_report_data(&c, report_data);
    hf_arena_done(&arena);
    return r == 0 ? make_quote(in, report_data, ret) : r;
}

static int run(struct input *in, char **paths, int count)
{
    struct hf_ceremony_output out = {.format = 1, .network = in->network};
    struct hf_buf body, quote, file;
    hf_buf_init(&body, FILE_MAX);
    hf_buf_init(&quote, FILE_MAX);
    hf_buf_init(&file, 2 * FILE_MAX);
    int r = deal(in, paths, count, &body);
    out.share_set = hf_buf_bytes(&body);
    if (r == 0)
        r = quote_output(in, &out, &quote);
    out.quote = hf_buf_bytes(&quote);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_ceremony_output, &out, &file);
    if (r == 0) {
        in->what = paths[1];
        r = hf_file_write_through(paths[1], hf_buf_bytes(&file), 0644);
    }
    if (r == 0)
        printf("%s: send it to the authority, who types\n  holdfast quorum deal %s\n", paths[1],
               paths[1]);
    hf_buf_done(&file);
    hf_buf_done(&quote);
    hf_buf_done(&body);
    return r;
}

static int start_with(int argc, char **argv)
{
    const struct rlimit none = {0};
    struct input in = {0};
    struct hf_pool *pool;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0)) {
        fputs(argv[1][2] == 'h' ? usage : "holdfast-ceremony " HF_RELEASE "\n", stdout);
        return EXIT_SUCCESS;
    }
    if (argc < 5 || argc > 4 + ROOTS_MAX + 2 ||
        hf_hex_decode(argv[1], in.network.bytes, sizeof in.network.bytes) != 0) {
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
    r = hf__ceremony_confine();
    if (r != 0)
        return fail("the sandbox", r);
    r = read_input(pool, argv + 2, argc - 2, &in);
    if (r == 0)
        r = run(&in, argv + 2, argc - 2);
    input_done(&in);
    hf_pool_free(pool);
    return r == 0 ? EXIT_SUCCESS : fail(in.what, r);
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfast-ceremony", start_with(argc, argv), EXIT_FAILURE);
}
