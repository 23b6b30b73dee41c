/* holdfast authority key new, root show|sign. */
#include "root.h"

#include "ask.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"
#include "command.h"
#include "difference.h"
#include "base/options.h"
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
    "usage: holdfast authority key new FILE\n"
    "       holdfast authority root show [FILE]\n"
    "       holdfast authority root sign [--signer PUB ... --threshold M]\n"
    "                                    [--set-signer PUB ... --set-threshold M]\n"
    "                                    [--yes DIGEST] [--foreign] [--key FILE]\n"
    "       holdfast authority follow --chain HASH [--every S] [--turn S]\n"
    "                                 [--reattest S] [--exchange DIR] [--key FILE]\n"
    "                                 [--collateral DIR] [--once] -- ADAPTOR ...\n"
    "\n"
    "key new makes a key of the authority, wherever it is to lie, and prints its\n"
    "public part, which `network init --key` and `root sign --signer` take.\n"
    "root sign composes the next root from public keys, or goes on with the one\n"
    "that lacks signatures: it needs those of enough keys of the root before and\n"
    "of its own. What changes is printed, and has to be confirmed.\n"
    "follow, run by a set signer, lets the validator set follow a chain:\n"
    "`holdfast authority follow --help`.\n"
    "\n"
    "  --authority DIR  the authority's folder; default authority\n"
    "  --signer PUB     a key of the new root, for each\n"
    "  --threshold M    how many of them sign\n"
    "  --set-signer PUB a key that signs validator sets which follow a chain, and\n"
    "                   nothing else, for each; --set-threshold M: how many do\n"
    "  --yes DIGEST     confirms the document of this digest, for scripts\n"
    "  --foreign        signs what others have composed, though no --signer is given\n"
    "  --key FILE       a key that is not in the folder's keys\n";

bool hf__public_keys_add(struct hf__public_keys *keys, const char *hex)
{
    uint8_t key[HF_KEY_LEN];
    if (keys->count == HF__PUBLIC_KEYS_MAX || hf_hex_decode(hex, key, sizeof key) != 0)
        return false;
    for (size_t i = 0; i < keys->count; i++)
        if (memcmp(keys->keys[i], key, sizeof key) == 0)
            return false;
    memcpy(keys->keys[keys->count++], key, sizeof key);
    return true;
}

int hf__root_make(const struct hf__authority *a, void *ctx, const struct hf_document *like,
                  struct hf_buf *ret_body)
{
    struct hf__new_root *n = ctx;
    struct hf_authority_key keys[HF__PUBLIC_KEYS_MAX] = {0}, signers[HF__PUBLIC_KEYS_MAX] = {0};
    struct hf_root root = {.number = a->root != NULL ? a->root->u.root.number + 1 : 1,
                           .issued_s = (uint64_t)time(NULL),
                           .threshold = n->threshold,
                           .keys = keys,
                           .keys_count = n->keys.count,
                           .has_previous = a->root != NULL,
                           .has_salt = n->has_salt,
                           .set_threshold = n->set_threshold,
                           .set_signers = signers,
                           .set_signers_count = n->set_signers.count};
    memcpy(root.salt, n->salt, sizeof root.salt);
    if (a->root != NULL)
        root.previous = a->root->body_hash;
    if (like != NULL)
        root.issued_s = like->u.root.issued_s;
    for (size_t i = 0; i < n->keys.count; i++) {
        memcpy(keys[i].key, n->keys.keys[i], HF_KEY_LEN);
        keys[i].name = hf_bytes_of(n->keys.names[i], strlen(n->keys.names[i]));
    }
    for (size_t i = 0; i < n->set_signers.count; i++)
        memcpy(signers[i].key, n->set_signers.keys[i], HF_KEY_LEN);
    int r = hf_wire_encode(&hf_wire_root, &root, ret_body);
    if (r == 0 && a->root == NULL) {
        struct hf_hash id;
        hf_suite_real.hash("holdfast/v1/network", hf_buf_bytes(ret_body), &id);
        memcpy(n->network.bytes, id.bytes, sizeof id);
    }
    return r;
}

struct options {
    const char *folder, *key_file;
    struct hf__consent consent;
    struct hf__new_root root;
    char **words;
    int words_count;
};

static bool add_signer(void *options, const char *text)
{
    return hf__public_keys_add(&((struct options *)options)->root.keys, text);
}

static bool add_set_signer(void *options, const char *text)
{
    return hf__public_keys_add(&((struct options *)options)->root.set_signers, text);
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("authority", struct options, folder),
        HF_TAKE_BY("signer", add_signer),
        HF_NUMBER_OF("threshold", struct options, root.threshold, 1, HF__PUBLIC_KEYS_MAX),
        HF_TAKE_BY("set-signer", add_set_signer),
        HF_NUMBER_OF("set-threshold", struct options, root.set_threshold, 1, HF__PUBLIC_KEYS_MAX),
        HF_TEXT_OF("yes", struct options, consent.digest),
        HF_FLAG_OF("foreign", struct options, consent.foreign),
        HF_TEXT_OF("key", struct options, key_file)};
    *o = (struct options){.folder = HF__AUTHORITY_DEFAULT};
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), o, &o->words, &o->words_count))
        return false;
    bool composed = o->root.keys.count > 0;
    bool follows = o->root.set_signers.count > 0;
    return o->words_count > 0 && (composed || !follows) &&
           (follows
                ? o->root.set_threshold >= 1 && o->root.set_threshold <= o->root.set_signers.count
                : o->root.set_threshold == 0) &&
           (composed ? o->root.threshold >= 1 && o->root.threshold <= o->root.keys.count
                     : o->root.threshold == 0);
}

/* The folder, where the first root may still wait for signatures. */
static int open_folder(const struct options *o, struct hf__authority *ret)
{
    char path[HF__PATH_LEN];
    FILE *f = hf__path(path, o->folder, "documents/root-1.doc") ? fopen(path, "re") : NULL;
    if (f == NULL)
        return hf__authority_open_new(o->folder, ret);
    fclose(f);
    return hf__authority_open(o->folder, ret);
}

static int root_sign(const struct options *o)
{
    struct hf__authority a;
    bool issued, composed = o->root.keys.count > 0;
    struct hf__new_root root = o->root;
    int r = open_folder(o, &a);
    if (r != 0)
        return hf__say("authority", o->folder, r);
    struct hf__issue_job job = {.kind = HF_DOCUMENT_ROOT,
                                .name = "root",
                                .key_file = o->key_file,
                                .make = composed ? hf__root_make : NULL,
                                .ctx = &root,
                                .consent = o->consent};
    r = hf__issue(&a, &job, &issued);
    hf__authority_close(&a);
    return hf__issued("authority", "root", r);
}

static int root_show(const struct options *o)
{
    struct hf__authority a;
    if (o->words_count == 3)
        return hf__show_file("authority", o->words[2], HF_DOCUMENT_ROOT, hf__document_print);
    int r = hf__authority_open(o->folder, &a);
    if (r != 0)
        return hf__say("authority", o->folder, r);
    r = hf__show("authority", a.root, hf__document_print);
    hf__authority_close(&a);
    return r;
}

int hf_cli_authority(int argc, char **argv)
{
    struct options o;
    if (argc > 1 && strcmp(argv[1], "follow") == 0)
        return hf_cli_follow(argc - 1, argv + 1);
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    bool ok = read_options(argc, argv, &o);
    int n = o.words_count;
    const char *first = ok ? o.words[0] : "", *second = ok && n > 1 ? o.words[1] : "";
    if (ok && strcmp(first, "key") == 0 && strcmp(second, "new") == 0 && n == 3)
        return hf__key_new("authority", o.words[2], hf__key_make_file);
    if (ok && strcmp(first, "root") == 0 && strcmp(second, "sign") == 0 && n == 2)
        return root_sign(&o);
    if (ok && strcmp(first, "root") == 0 && strcmp(second, "show") == 0 && n <= 3)
        return root_show(&o);
    return hf__usage(usage);
}
