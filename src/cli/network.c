/* holdfast network init: the authority's keys, the first root, and a first policy to edit. */
#ifndef HF_PRODUCTION
#include "attest/dev.h"
#endif
#include "attest/quote.h"
#include "authority.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "ask.h"
#include "command.h"
#include "base/options.h"
#include "policy.h"
#include "root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { KEYS_MAX = HF__PUBLIC_KEYS_MAX, COLLATERAL_DAYS = 3650 };

static const char usage[] =
    "usage: holdfast network init DIR [--keys N | --key PUB ...] [--threshold M]\n"
    "                             [--validators V] [--shares N]\n"
    "                             [--share-threshold K] [--claim-quorum Q]\n"
    "                             [--dev] [--image NAME]\n"
    "\n"
    "Makes a network's authority in a new folder: N keys of which any M sign, the\n"
    "first root signed by them, and policy.yaml to be edited and signed with\n"
    "`holdfast policy sign`. Prints the network id.\n"
    "\n"
    "  --keys N             keys of the authority, made here; default 3\n"
    "  --key PUB            a key made elsewhere with `holdfast authority key new`, for\n"
    "                       each; then none is made here, and its holders sign the\n"
    "                       root with `holdfast authority root sign`\n"
    "  --threshold M        how many sign; default more than half\n"
    "  --validators V       how many the network will have, to propose what\n"
    "                       follows; default 8 or more\n"
    "  --shares N           shares of each validator; default 7, or one for each\n"
    "                       other validator\n"
    "  --share-threshold K  how many rebuild its secret; default 3, in small\n"
    "                       networks 2\n"
    "  --claim-quorum Q     how many holders must accept a restarted validator;\n"
    "                       default two thirds\n"
    "  --dev                a development network: no special hardware, and no\n"
    "                       protection; its policy is signed at once\n"
    "  --image NAME         of the simulated software; default holdfast\n";

struct options {
    const char *folder, *image;
    uint64_t keys, threshold, validators, shares, share_threshold, claim_quorum;
    struct hf__public_keys given; /* --key */
    bool dev;
};

/* Fills in what was not given: n for the others that there will be, 7 at most; k so that few
 * suffice and one thief does not; q two thirds. */
static void propose(struct options *o)
{
    if (o->shares == 0)
        o->shares = o->validators > 7 ? 7 : o->validators - 1;
    if (o->share_threshold == 0)
        o->share_threshold = o->shares >= 5 ? 3 : o->shares >= 2 ? 2 : 1;
    if (o->claim_quorum == 0)
        o->claim_quorum = hf_claim_quorum_proposed(o->shares, o->share_threshold);
}

/* What the choice withstands, in words. */
static void print_choice(const struct options *o)
{
    unsigned long n = (unsigned long)o->shares, k = (unsigned long)o->share_threshold,
                  q = (unsigned long)o->claim_quorum;
    fprintf(
        stderr,
        "each validator leaves %lu shares with others; any %lu rebuild its secret, and %lu must "
        "accept it when it restarts\n"
        "  at a restart, %lu of the %lu may be dead\n"
        "  %lu may be lost for good before the secret is\n"
        "  %lu may lie, or have had an old disk put back, before two copies can both speak\n",
        n, k, q, n - q, n, n - k, 2 * q - n - 1);
}

static bool add_key(void *options, const char *text)
{
    return hf__public_keys_add(&((struct options *)options)->given, text);
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct hf_option table[] = {
        HF_NUMBER_OF("keys", struct options, keys, 1, KEYS_MAX),
        HF_TAKE_BY("key", add_key),
        HF_NUMBER_OF("threshold", struct options, threshold, 1, KEYS_MAX),
        HF_NUMBER_OF("shares", struct options, shares, 1, 16),
        HF_NUMBER_OF("share-threshold", struct options, share_threshold, 1, 16),
        HF_NUMBER_OF("validators", struct options, validators, 2, 1000000),
        HF_NUMBER_OF("claim-quorum", struct options, claim_quorum, 1, 16),
        HF_FLAG_OF("dev", struct options, dev),
        HF_TEXT_OF("image", struct options, image)};
    char **words;
    int count;
    *o = (struct options){.validators = 8, .image = "holdfast"};
    if (argc < 2 || strcmp(argv[1], "init") != 0 ||
        !hf__options(argc - 1, argv + 1, table, HF_ARRAY_LEN(table), o, &words, &count) ||
        count != 1)
        return false;
    o->folder = words[0];
    if (o->keys != 0 && o->given.count != 0)
        return false;
    if (o->keys == 0)
        o->keys = o->given.count != 0 ? o->given.count : 3;
    if (o->threshold == 0)
        o->threshold = o->keys / 2 + 1;
    propose(o);
    const struct hf_policy none = {.version = 1};
    return o->threshold <= o->keys &&
           hf_quorums_ok(o->shares, o->share_threshold, o->claim_quorum,
                         hf_provisional_quorum(&none, o->shares, o->claim_quorum));
}

static int make_folder(const char *folder, const char *name, mode_t mode)
{
    char path[HF__PATH_LEN];
    if (!hf__path(path, folder, name))
        return HF_ETOOBIG;
    return mkdir(path, mode) == 0 ? 0 : hf_error_from_errno(errno);
}

static int make_folders(const struct options *o)
{
    /* Never over another network's keys. */
    if (mkdir(o->folder, 0700) != 0)
        return errno == EEXIST ? HF_EEXIST : hf_error_from_errno(errno);
    int r = make_folder(o->folder, "keys", 0700);
    return r == 0 ? make_folder(o->folder, "documents", 0755) : r;
}

/* The keys that are made here. */
static int make_keys(const struct options *o, struct hf__public_keys *ret)
{
    char name[32];
    int r = 0;
    if (o->given.count != 0) {
        *ret = o->given;
        return 0;
    }
    for (size_t i = 0; i < o->keys && r == 0; i++) {
        snprintf(name, sizeof name, "key-%zu", i + 1);
        memcpy(ret->names[i], name, sizeof ret->names[i]);
        r = hf__key_make(o->folder, name, ret->keys[i]);
    }
    ret->count = o->keys;
    return r;
}

/* ret_in_force: signed by enough keys; else it lies there to be signed. */
static int make_root(const struct options *o, struct hf_network_id *ret_network, bool *ret_in_force)
{
    struct hf__authority a;
    struct hf__new_root root = {.threshold = o->threshold, .has_salt = true};
    int r = make_keys(o, &root.keys);
    if (r == 0 && getrandom(root.salt, sizeof root.salt, 0) != sizeof root.salt)
        r = HF_EINTERNAL;
    if (r == 0)
        r = hf__authority_open_new(o->folder, &a);
    if (r != 0)
        return r;
    struct hf__issue_job job = {.kind = HF_DOCUMENT_ROOT,
                                .name = "root",
                                .make = hf__root_make,
                                .ctx = &root,
                                .consent = {.own = true}};
    r = hf__issue(&a, &job, ret_in_force);
    if (r == HF_EDOCUMENT_SIGNATURE) /* the keys are elsewhere */
        r = 0;
    *ret_network = root.network;
    hf__authority_close(&a);
    return r;
}

#ifdef HF_PRODUCTION
static int make_dev(const struct options *o, const struct hf_network_id *network,
                    struct hf_buf *policy)
{
    (void)o;
    (void)network;
    (void)policy;
    return HF_EUNSUPPORTED;
}
#else
static int make_collateral(const struct options *o, const struct hf_dev_authority *a)
{
    char path[HF__PATH_LEN];
    struct hf_dev_collateral_spec *spec = calloc(1, sizeof *spec);
    struct hf_dev_collateral collateral;
    if (spec == NULL || !hf__path(path, o->folder, "collateral")) {
        free(spec);
        return HF_ENOMEM;
    }
    hf_dev_collateral_spec_init(spec, (uint64_t)time(NULL), COLLATERAL_DAYS * UINT64_C(86400));
    int r = hf_dev_collateral_make(a, spec, &collateral);
    if (r == 0) {
        r = hf_dev_collateral_write(&collateral, path);
        hf_dev_collateral_done(&collateral);
    }
    free(spec);
    return r;
}

static void append_spki(const struct hf_dev_authority *a, struct hf_buf *ret)
{
    uint8_t spki[HF_DEV_ROOT_SPKI_LEN];
    char text[2 * sizeof spki + 1];
    hf_dev_authority_root_spki(a, spki);
    hf_hex_encode(spki, sizeof spki, text);
    hf_buf_printf(ret, "dev_root: \"%s\"\n", text);
}

static int make_dev(const struct options *o, const struct hf_network_id *network,
                    struct hf_buf *policy)
{
    char path[HF__PATH_LEN], digest[2 * HF_MEASUREMENT_LEN + 1];
    struct hf_dev_authority_spec spec;
    struct hf_dev_authority *a;
    struct hf_dev_td td;
    uint8_t measurement[HF_MEASUREMENT_LEN];
    if (!hf__path(path, o->folder, "dev"))
        return HF_ETOOBIG;
    hf_dev_authority_spec_init(&spec, (uint64_t)time(NULL));
    int r = hf_dev_authority_new(&spec, &a);
    if (r != 0)
        return r;
    r = hf_dev_authority_save(a, path);
    if (r == 0)
        r = make_collateral(o, a);
    append_spki(a, policy);
    hf_dev_authority_free(a);
    hf_dev_td_init(&td, o->image);
    hf_dev_td_bind_network(&td, hf_bytes_of(network->bytes, HF_ID_LEN));
    hf_dev_td_measurement(&td, measurement);
    hf_hex_encode(measurement, sizeof measurement, digest);
    hf_buf_printf(policy, "measurements:\n  - name: \"%s\"\n    digest: \"%s\"\n    rank: 1\n",
                  o->image, digest);
    return r;
}
#endif

static void append_bytes(struct hf_buf *text, const char *name, uint64_t value)
{
    uint8_t bytes[8];
    char hex[2 * sizeof bytes + 1];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    hf_hex_encode(bytes, sizeof bytes, hex);
    hf_buf_printf(text, "%s: \"%s\"\n", name, hex);
}

/* What its host chooses when it launches a trust domain, and no measurement covers. */
static void append_strict(struct hf_buf *text)
{
    static const char *const registers[] = {"mrservicetd", "mrconfigid", "mrowner",
                                            "mrownerconfig"};
    hf_buf_printf(text,
                  "# What the host of a trust domain chooses; see holdfast(1), quote verify.\n");
    append_bytes(text, "td_attributes_mask", UINT64_MAX & ~HF_TD_ATTRIBUTES_HARMLESS);
    append_bytes(text, "td_attributes_value", HF_TD_ATTRIBUTE_SEPT_VE_DISABLE);
    append_bytes(text, "xfam_mask", ~HF_XFAM_KNOWN);
    append_bytes(text, "xfam_value", 0);
    append_bytes(text, "seam_attributes_mask", UINT64_MAX);
    append_bytes(text, "seam_attributes_value", 0);
    for (size_t i = 0; i < HF_ARRAY_LEN(registers); i++)
        hf_buf_printf(text, "%s: \"%0*d\"\n", registers[i], 2 * HF_MR_LEN, 0);
}

static int make_policy_form(const struct options *o, const struct hf_network_id *network)
{
    char path[HF__PATH_LEN];
    struct hf_buf text;
    int r = 0;
    if (!hf__path(path, o->folder, "policy.yaml"))
        return HF_ETOOBIG;
    hf_buf_init(&text, 1 << 16);
    hf_buf_printf(&text,
                  "# What the network accepts; in force after `holdfast policy sign`.\n"
                  "shares: %lu\nthreshold: %lu\nclaim_quorum: %lu\n"
                  "domain_rule: operators_and_zones\n"
                  "platform_rule: own\nvalidity: 365d\nquote_age: 1d\nholder_grace: 10m\n"
                  "shares_held: 1024\ntrust: %s\n",
                  o->shares, o->share_threshold, o->claim_quorum, o->dev ? "dev" : "intel");
    append_strict(&text);
    if (o->dev)
        r = make_dev(o, network, &text);
    else
        hf_buf_printf(&text, "# Days for updates, when Intel calls another TCB out of date:\n"
                             "#tcb_grace: 30d\n#tcb_evaluations:\n"
                             "#  - number: 19\n#    tcb_date: 2025-05-14T00:00:00Z\n"
                             "#    counts_from: <when the network lets it count>\n"
                             "# Each release, as `holdfast quote show` prints its measurement:\n"
                             "#  - name: \"1.0\"\n#    digest: \"<64 hexadecimal digits>\"\n"
                             "#    rank: 1\nmeasurements: []\n");
    if (r == 0)
        r = text.error;
    if (r == 0)
        r = hf_file_replace(path, hf_buf_bytes(&text), 0644);
    hf_buf_done(&text);
    return r;
}

/* From here to the first key, for who reads nothing else. */
static void print_next(const struct options *o, const char *id)
{
    fprintf(stderr,
            "next, on each machine (at least %lu, of as many operators):\n"
            "  holdfast node init --network %s %s%s --join HOST:PORT --address HOST:PORT\n"
            "  holdfastd%s --config holdfastd.yaml\n"
            "then here, for each machine, and once for all of them:\n"
            "  holdfast --socket SOCKET set add --authority %s --operator NAME\n"
            "  holdfast set sign --authority %s\n"
            "%s/documents is public: any node that has it gives it to the others.\n"
            "when all machines lose power at once, every key is lost, unless people hold a key for "
            "that hour: holdfast-blackstart(7), and `holdfast quorum show --authority %s`\n"
            "keep %s/keys secret and in copies: who has %lu of them decides what the network "
            "accepts, and without them it ends when its documents expire, in 365 days.\n",
            o->shares + 1, id, o->dev ? "--dev " : "--documents ", o->dev ? o->folder : "DIR",
            hf__as_root(), o->folder, o->folder, o->folder, o->folder, o->folder, o->threshold);
}

static int init(const struct options *o)
{
    struct hf_network_id network;
    char id[65];
    bool in_force = false;
    const char *what = o->folder;
    int r = make_folders(o);
    if (r == 0)
        r = hf_secret_init(1 << 16, false);
    if (r == 0) {
        what = "keys and root";
        r = make_root(o, &network, &in_force);
    }
    if (r == 0) {
        what = "policy";
        r = make_policy_form(o, &network);
    }
    if (r != 0)
        return hf__say("network", what, r);
    hf_hex_encode(network.bytes, sizeof network, id);
    fprintf(stderr, "network id: %s\n", id);
    if (isatty(STDOUT_FILENO) != 1)
        puts(id); /* alone, for a script */
    print_choice(o);
    if (!in_force)
        fprintf(stderr, "next: `holdfast authority root sign --foreign` by the keys' holders\n");
    if (in_force && o->dev) {
        int status = hf__policy_sign(o->folder, NULL, &(struct hf__consent){.own = true});
        if (status != HF_CLI_OK)
            return status;
    } else {
        fprintf(stderr,
                "next: `holdfast policy measurement add NAME DIGEST --authority %s` for the image "
                "of your machines,\n      and collateral into %s/collateral "
                "(holdfast-collateral); then `holdfast policy sign --authority %s`\n",
                o->folder, o->folder, o->folder);
    }
    print_next(o, id);
    return HF_CLI_OK;
}

int hf_cli_network(int argc, char **argv)
{
    struct options o;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!read_options(argc, argv, &o))
        return hf__usage(usage);
    return hf__dev_refused("network", o.dev) ? HF_CLI_ERROR : init(&o);
}
