/* holdfast evidence: which validators broke a promise to this node, and what a file proves against
 * one (proto/EVIDENCE.md). */
#include "answer.h"
#include "ask.h"
#include "authority.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "document/broken.h"
#include "policy.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_PROVED = 0, EXIT_NOT_PROVED = 1, EXIT_UNREADABLE = 2, WHO_LEN = 160 };

static const char usage[] =
    "usage: holdfast evidence [--output FOLDER] [--json]\n"
    "       holdfast evidence verify [--authority DIR] FILE\n"
    "\n"
    "Which validators broke a promise to this node: they signed that they keep a\n"
    "share of it, and then signed a wrong proof of that, or that they keep none; or\n"
    "signed what does not fit, helping to restore a share of an owner that is down.\n"
    "--output writes a file for each into FOLDER, which proves it to anyone.\n"
    "verify judges such a file by the documents in DIR (default authority), without\n"
    "a daemon, and says who broke which promise when.\n"
    "exit status: 0 a broken promise is proved, 1 nothing is proved,\n"
    "2 something cannot be read\n";

struct options {
    const char *output, *folder;
    bool json;
};

/* ---- what this node keeps */

/* Writes one file; its name tells the provider and the dealing, of which two may have one number.
 * says: where it is said. */
static int save(const json_t *one, const char *folder, FILE *says)
{
    char path[HF__PATH_LEN];
    int len = snprintf(path, sizeof path, "%s/evidence-%.8s-%lld-%.8s.bin", folder,
                       text_of(one, "provider"), number_of(one, "generation"),
                       text_of(one, "generation_id"));
    if (len < 0 || (size_t)len >= sizeof path)
        return hf__say("evidence", folder, HF_ETOOBIG);
    int r = hf__answer_save(one, "file", path);
    if (r != 0)
        return hf__say("evidence", path, r);
    fprintf(says, "%s: written\n", path);
    return HF_CLI_OK;
}

/* What was broken, by its name. */
static const char *breach_of(const char *name)
{
    if (strcmp(name, "repair") == 0)
        return "it signed what does not fit, where that share was restored";
    return strcmp(name, "proof") == 0 ? "it signed a wrong proof"
                                      : "it signed that it does not keep it";
}

static void print_one(const json_t *one)
{
    char when[HF_DATE_TEXT];
    const char *name = text_of(one, "operator");
    printf("  %s  %.40s (%.8s)  share %lld of dealing %lld: %s\n",
           hf_date_text((uint64_t)number_of(one, "broken_s"), HF_DATE_MINUTE, when),
           name[0] != '\0' ? name : "-", text_of(one, "provider"), number_of(one, "index"),
           number_of(one, "generation"), breach_of(text_of(one, "breach")));
}

static int list(const struct options *o)
{
    json_t *root;
    int status = HF_CLI_OK;
    if (hf__ask_now(json_pack("{s:s}", "request", "evidence"), false, &root) != 0)
        return HF_CLI_ERROR;
    const json_t *all = json_object_get(root, "evidence");
    if (o->json)
        print_json(root);
    else if (json_array_size(all) == 0)
        printf("no promise to this node was broken, as far as it is signed\n");
    for (size_t i = 0; i < json_array_size(all) && status == HF_CLI_OK; i++) {
        if (!o->json)
            print_one(json_array_get(all, i));
        if (o->output != NULL)
            status = save(json_array_get(all, i), o->output, o->json ? stderr : stdout);
    }
    json_decref(root);
    return status;
}

/* ---- whether a file proves anything */

/* The operator, by the set, and the first digits; all of them where no set has the account. */
static const char *who(const struct hf__authority *a, const struct hf_account *account,
                       char ret[static WHO_LEN])
{
    char hex[65];
    long at = a->set != NULL ? hf_set_find(a->set, account) : -1;
    const struct hf_validator *v = at >= 0 ? &a->set->u.set.validators[at] : NULL;
    hf_hex_encode(account->bytes, sizeof account->bytes, hex);
    if (v != NULL)
        snprintf(ret, WHO_LEN, "%.*s (%.8s)", (int)v->operator_name.len,
                 (const char *)v->operator_name.data, hex);
    else
        snprintf(ret, WHO_LEN, "account %s, in no set that is known here", hex);
    return ret;
}

static void print_repair(const struct hf_broken *b)
{
    char when[HF_DATE_TEXT];
    printf("broken     %s: helping to restore this share, it signed what does not fit what it "
           "published, or its own share\n",
           hf_date_text(b->broken_s, HF_DATE_MINUTE, when));
    printf("No release of this software signs that: what runs there is another, or its machine "
           "fails.\n");
}

static void print_broken(const struct hf__authority *a, const struct hf_broken *b)
{
    char name[WHO_LEN], when[HF_DATE_TEXT];
    printf("A PROMISE WAS BROKEN\n");
    printf("by         %s\n", who(a, &b->provider, name));
    printf("to         %s\n", who(a, &b->owner, name));
    printf("about      share %u of dealing %llu of key version %llu\n", b->index,
           (unsigned long long)b->generation.number, (unsigned long long)b->generation.version);
    if (b->breach == HF_BREACH_DENIAL) {
        printf("promised   %s: it signed that it keeps this share\n",
               hf_date_text(b->promised_s, HF_DATE_MINUTE, when));
        printf(
            "broken     %s: it signed that it does not keep it, and was not released from it%s\n",
            hf_date_text(b->broken_s, HF_DATE_MINUTE, when),
            b->unknown ? "; it says that it never heard of this owner" : "");
        printf("An older copy of its data folder was put back, its disk failed, or its software "
               "lies.\n");
    } else if (b->breach == HF_BREACH_REPAIR) {
        print_repair(b);
    } else {
        printf("broken     %s: it signed that it keeps this share, with a proof that is wrong or "
               "missing\n",
               hf_date_text(b->broken_s, HF_DATE_MINUTE, when));
        printf("No release of this software signs that: what runs there is another, or its machine "
               "fails.\n");
    }
    printf(b->breach == HF_BREACH_REPAIR ? "The time is by the clock of who asked it."
                                         : "Times are by the clock of whoever broke it.");
    if (a->set != NULL)
        printf(" Names are by set %llu.", (unsigned long long)a->set->u.set.epoch);
    printf("\n");
}

static int refuse(const char *file, int error, int status)
{
    fprintf(stderr, "holdfast evidence: %s: %s (%s)\n", file, hf_error_sentence(error),
            hf_error_name(error));
    return status;
}

static int verify(const struct options *o, const char *file)
{
    struct hf__authority a;
    struct hf_broken b;
    struct hf_arena arena;
    struct hf_buf bytes;
    int status = EXIT_PROVED;
    if (hf__authority_open(o->folder, &a) != 0)
        return EXIT_UNREADABLE;
    hf_arena_init(&arena, HF_BROKEN_FILE_MAX);
    hf_buf_init(&bytes, HF_BROKEN_FILE_MAX);
    int r = hf_file_read_regular(file, &bytes);
    if (r != 0) {
        status = refuse(file, r, EXIT_UNREADABLE);
    } else {
        r = hf_broken_read(&hf_suite_real, hf_buf_bytes(&bytes), &arena, &b);
        if (r == 0 && !hf_network_id_equal(&b.network, &a.network))
            r = HF_EDOCUMENT_NETWORK;
        if (r == 0)
            print_broken(&a, &b);
        else
            status = refuse(file, r, EXIT_NOT_PROVED);
    }
    hf_buf_done(&bytes);
    hf_arena_done(&arena);
    hf__authority_close(&a);
    return status;
}

int hf_cli_evidence(int argc, char **argv)
{
    static const struct hf_option table[] = {HF_TEXT_OF("output", struct options, output),
                                             HF_TEXT_OF("authority", struct options, folder),
                                             HF_FLAG_OF("json", struct options, json)};
    struct options o = {0};
    char **words;
    int count;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), &o, &words, &count))
        return hf__usage(usage);
    bool judges = count == 2 && strcmp(words[0], "verify") == 0;
    if (judges && o.output == NULL && !o.json) {
        o.folder = o.folder != NULL ? o.folder : HF__AUTHORITY_DEFAULT;
        return verify(&o, words[1]);
    }
    return count == 0 && o.folder == NULL ? list(&o) : hf__usage(usage);
}
