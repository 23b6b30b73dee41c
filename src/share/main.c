/* holdfast-share: a share holder's program. It works without a daemon and without a network: all
 * that it reads and writes is in files that people carry. */
#include "share.h"

#include "base/error.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/options.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { SECRETS_LEN = 1 << 16, PASSES = 3, MEMORY_KIB = 256 << 10, DESCRIPTOR_MAX = 1023 };

static const char usage[] =
    "usage: holdfast-share key new FILE [--token URI]\n"
    "       holdfast-share key restore|words|show FILE\n"
    "       holdfast-share print FILE | lp\n"
    "       holdfast-share open OUTPUT --key FILE [--out ACK] [--challenge HEX]\n"
    "       holdfast-share answer REQUEST... --key FILE --collateral DIR --out ANSWER\n"
    "                      [--network ID] [--yes DIGEST] [--again ACCOUNT...]\n"
    "                      [--without-memory]\n"
    "       holdfast-share reshard REQUEST --key FILE --collateral DIR --out ANSWER\n"
    "                      [--network ID] [--yes DIGEST] [--without-memory]\n"
    "\n"
    "key new makes a key of your own, under a passphrase; words prints the 24 words\n"
    "that are the same key, to be written down; restore makes the file from them;\n"
    "show prints the public key and its fingerprint, six words to be read aloud. With\n"
    "--token the key is one of P-256 on a PKCS #11 token, whose PIN is asked for.\n"
    "print gives a page of PDF: of a key its words, of another file its digest, and of\n"
    "either a QR code where it fits one.\n"
    "open tells whether your shares in a ceremony's output are right, and writes the\n"
    "acknowledgement. answer checks validators' requests, shows who asks, and answers\n"
    "all of them or none. What it has seen and answered lies beside the key, in\n"
    "FILE.state, and goes with the key wherever that goes. reshard gives a ceremony\n"
    "your shares, by which it shares the same keys among others.\n"
    "\n"
    "  --key FILE           your key\n"
    "  --out FILE           where the acknowledgement or the answer goes\n"
    "  --collateral DIR     collateral to verify quotes by\n"
    "  --network ID         the network, where no file of it was seen before\n"
    "  --yes DIGEST         confirms the requests of this digest, for scripts\n"
    "  --challenge HEX      of a drill: the acknowledgement is of today\n"
    "  --again ACCOUNT      answers one more request of this validator, which restarted;\n"
    "                       8 digits of its account at least\n"
    "  --without-memory     begins anew where FILE.state is lost\n"
    "  --token URI          the token of a new key (RFC 7512), without a PIN\n"
    "  --passphrase-fd N    reads the passphrase, or the PIN, from a descriptor\n"
    "  --words-fd N         reads the words from a descriptor\n"
    "  --argon2 PASSES,KIB  how slow a new key's passphrase is to guess\n"
    "  --version            print the version\n"
    "  --help               print this\n"
    "exit status: 0 done, 1 error, 3 the request must not be answered, 4 the share\n"
    "does not fit, 5 a wrong passphrase, 6 documents are too old or have expired, 7\n"
    "this clock is off, or the request is older than a day, 8 not confirmed, 9 what\n"
    "the key has answered is not beside it, 10 the token, or the key on it, is not\n"
    "there, 11 the token is locked, 12 a wrong PIN, 13 the token or the key has no\n"
    "ECDH, 14 --network is missing, 15 the key is no share holder's, 16 a wrong\n"
    "word, 17 the share set has expired, 18 it is of another network, 64 wrong usage\n";

static bool take_argon2(void *options, const char *text)
{
    struct hf__share_options *o = options;
    char passes[24];
    const char *comma = strchr(text, ',');
    if (comma == NULL || (size_t)(comma - text) >= sizeof passes)
        return false;
    snprintf(passes, sizeof passes, "%.*s", (int)(comma - text), text);
    return hf_number_read(passes, 0, UINT64_MAX, &o->passes) &&
           hf_number_read(comma + 1, 0, UINT64_MAX, &o->memory_kib);
}

static bool take_again(void *options, const char *text)
{
    struct hf__share_options *o = options;
    size_t len = strlen(text);
    if (o->again_count == HF__AGAIN_MAX || len < HF__AGAIN_LEN || len > 2 * (size_t)HF_ID_LEN ||
        strspn(text, "0123456789abcdef") != len)
        return false;
    o->again[o->again_count++] = text;
    return true;
}

static bool read_descriptor(const char *text, int *ret)
{
    uint64_t fd;
    if (!hf_number_read(text, 0, DESCRIPTOR_MAX, &fd))
        return false;
    *ret = (int)fd;
    return true;
}

static bool take_passphrase(void *options, const char *text)
{
    return read_descriptor(text, &((struct hf__share_options *)options)->passphrase_fd);
}

static bool take_words(void *options, const char *text)
{
    return read_descriptor(text, &((struct hf__share_options *)options)->words_fd);
}

static bool read_options(int argc, char **argv, struct hf__share_options *o)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("key", struct hf__share_options, key),
        HF_TEXT_OF("token", struct hf__share_options, token),
        HF_TEXT_OF("out", struct hf__share_options, out),
        HF_TEXT_OF("collateral", struct hf__share_options, collateral),
        HF_TEXT_OF("network", struct hf__share_options, network),
        HF_TEXT_OF("yes", struct hf__share_options, digest),
        HF_TEXT_OF("challenge", struct hf__share_options, challenge),
        HF_TAKE_BY("again", take_again),
        HF_FLAG_OF("without-memory", struct hf__share_options, without_memory),
        HF_TAKE_BY("passphrase-fd", take_passphrase),
        HF_TAKE_BY("words-fd", take_words),
        HF_TAKE_BY("argon2", take_argon2),
    };
    *o = (struct hf__share_options){
        .passphrase_fd = -1, .words_fd = -1, .passes = PASSES, .memory_kib = MEMORY_KIB};
    char reason[HF_OPTION_REASON_MAX];
    bool ok = hf_options_read(argc, argv, table, HF_ARRAY_LEN(table), o, &o->words, &o->words_count,
                              reason);
    if (!ok)
        fprintf(stderr, "holdfast-share: %s\n", reason);
    return ok;
}

/* Nothing of this process is to reach a disk by a crash. */
static int harden(void)
{
    const struct rlimit none = {0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return HF_EPERMISSION;
    return hf_secret_init(SECRETS_LEN, true);
}

static int run(const struct hf__share_options *o)
{
    static const struct {
        const char *name;
        int (*run)(const struct hf__share_options *o);
    } commands[] = {{"key", hf__share_key},
                    {"open", hf__share_open_file},
                    {"print", hf__share_print},
                    {"reshard", hf__share_reshard},
                    {"answer", hf__share_answer}};
    struct hf_nearest meant = hf_nearest_to(o->words[0]);
    for (size_t i = 0; i < HF_ARRAY_LEN(commands); i++) {
        if (strcmp(o->words[0], commands[i].name) == 0)
            return commands[i].run(o);
        hf_nearest_offer(&meant, commands[i].name);
    }
    fprintf(stderr, "holdfast-share: %s: no command of that name%s%s%s\n", o->words[0],
            meant.known != NULL ? "; did you mean " : "", meant.known != NULL ? meant.known : "",
            meant.known != NULL ? "?" : "");
    return HF_EXIT_USAGE;
}

static int start_with(int argc, char **argv)
{
    struct hf__share_options o;
    if (hf_file_standard() != 0)
        return HF_EXIT_ERROR;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--version") == 0) {
            fputs(argv[i][2] == 'h' ? usage : "holdfast-share " HF_RELEASE "\n", stdout);
            return HF_EXIT_OK;
        }
    int r = harden();
    if (r != 0)
        return hf__share_say("memory for secrets", r);
    int status = HF_EXIT_USAGE;
    if (read_options(argc, argv, &o) && o.words_count >= 1)
        status = run(&o);
    if (status == HF_EXIT_USAGE)
        fputs(usage, stderr);
    return status;
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfast-share", start_with(argc, argv), HF_EXIT_ERROR);
}
