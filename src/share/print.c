/* holdfast-share print: a key, or a file that is carried by hand, as a page to be printed. */
#include "page.h"
#include "share.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/kdf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 4 };

static void put_use(struct hf__page *p)
{
    static const char *const lines[] = {
        "What it is for",
        "  When all validators of a network have lost their keys at once, you and other",
        "  share holders start it again: each answers a validator's request, as many as",
        "  the network's threshold says. What answers is this key. Nobody else may see it.",
        " ",
        "How it is used",
        "  holdfast-share answer REQUEST --key FILE --collateral DIR --out ANSWER \\",
        "    --network ID",
        "  It checks the request by itself, and shows who asks: holdfast-blackstart(7).",
        "  Any validator prints the network's ID: holdfast status.",
        "  What it remembers lies in FILE.state. If that is lost, add --without-memory, and",
        "  ask of each request whether you have answered one of that validator before.",
        " ",
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(lines); i++)
        hf__page_line(p, "%s", lines[i]);
}

static void put_public(struct hf__page *p, const struct hf__public *public)
{
    char digits[2 * HF_HOLDER_KEY_MAX + 1], words[HF_FINGERPRINT_LEN];
    struct hf_hash hash;
    hf_hex_encode(public->key, public->len, digits);
    hf__person_hash(public, &hash);
    hf_fingerprint(hash.bytes, words);
    hf__page_line(p, "fingerprint: %s", words);
    hf__page_line(p, "public key:  %.66s", digits);
    if (strlen(digits) > 66)
        hf__page_line(p, "             %s", digits + 66);
    hf__page_line(p, " ");
}

/* The words in columns, numbered. text: they, with blanks between; secret, and taken apart. */
static void put_words(struct hf__page *p, char *text)
{
    const char *words[HF_WORDS];
    size_t count = 0;
    for (char *at = text; count < HF_WORDS && *at != '\0';) {
        words[count++] = at;
        char *blank = strchr(at, ' ');
        if (blank == NULL)
            break;
        *blank = '\0';
        at = blank + 1;
    }
    hf_assert(count == HF_WORDS);
    hf__page_line(p, "The 24 words, which are the key");
    for (size_t row = 0; row < HF_WORDS; row += COLUMNS)
        hf__page_line(p, "  %2zu %-12s %2zu %-12s %2zu %-12s %2zu %s", row + 1, words[row], row + 2,
                      words[row + 1], row + 3, words[row + 2], row + 4, words[row + 3]);
    hf__page_line(p, "  They make the file again:  holdfast-share key restore FILE");
    hf__page_line(p, " ");
}

static void put_code(struct hf__page *p, const char *what)
{
    hf__page_line(p, "The code below is %s.", what);
    hf__page_line(p, "A picture of it gives that back:");
    hf__page_line(p, "  zbarimg --raw --oneshot -q -Sbinary PICTURE > FILE");
}

static int put_key(const struct hf__share_options *o, const struct hf__public *public,
                   struct hf__page *p)
{
    struct hf__person *person;
    hf__page_line(p, "HOLDFAST: the key of a share holder");
    hf__page_line(p, " ");
    put_public(p, public);
    put_use(p);
    if (public->kind == HF_HOLDER_P256) {
        hf__page_line(
            p, "The key is on a token, and nowhere else: without the token the share is lost.");
        hf__page_line(p, " ");
        put_code(p, "the file that says which token");
        return 0;
    }
    int r = hf__person_open(o, &person);
    if (r != 0)
        return r;
    char *text = hf_secret_alloc(HF_WORDS_TEXT_LEN);
    if (text != NULL) {
        hf_words_encode(person->entropy, text);
        put_words(p, text);
        put_code(p, "the file, which still wants its passphrase");
    }
    hf_secret_free(text);
    hf__person_close(person);
    return text != NULL ? 0 : HF_ENOMEM;
}

/* What a file is to people. */
static const char *kind_of(struct hf_bytes file)
{
    static const struct {
        const struct hf_wire_type *type;
        const char *what;
    } kinds[] = {
        {&hf_wire_blackstart_request, "a validator's request to share holders"},
        {&hf_wire_blackstart_answers, "a share holder's answers"},
        {&hf_wire_ceremony_output, "what a ceremony has dealt"},
        {&hf_wire_share_ack, "a share holder's acknowledgement"},
        {&hf_wire_reshard_request, "a ceremony's request for old shares"},
        {&hf_wire_reshard_answer, "a share holder's old shares, for a ceremony"},
        {&hf_wire_envelope, "a document of the authority"},
    };
    union {
        struct hf_blackstart_request request;
        struct hf_blackstart_answers answers;
        struct hf_ceremony_output output;
        struct hf_share_ack ack;
        struct hf_reshard_request reshard;
        struct hf_reshard_answer shares;
        struct hf_envelope document;
    } m;
    const char *what = "a file that this release does not know";
    for (size_t i = 0; i < HF_ARRAY_LEN(kinds); i++) {
        struct hf_arena arena;
        hf_arena_init(&arena, 2 * HF__SHARE_FILE_MAX);
        if (hf_wire_decode(kinds[i].type, file, &arena, &m, NULL) == 0)
            what = kinds[i].what;
        hf_arena_done(&arena);
    }
    return what;
}

/* A file that is no key: nothing in it is secret. */
static void put_file(struct hf__page *p, const char *path, struct hf_bytes file)
{
    char digits[2 * HF_HMAC_LEN + 1];
    uint8_t digest[HF_HMAC_LEN];
    hf_sha256(file, digest);
    hf_hex_encode(digest, sizeof digest, digits);
    hf__page_line(p, "HOLDFAST: %s", kind_of(file));
    hf__page_line(p, " ");
    hf__page_line(p, "file:    %.72s", path);
    hf__page_line(p, "length:  %zu bytes", file.len);
    hf__page_line(p, "SHA-256: %s", digits);
    hf__page_line(p, " ");
    if (file.len <= HF__CODE_MAX) {
        put_code(p, "the file");
        return;
    }
    hf__page_line(p, "It is too large for a code. Carry the file, and compare this page with:");
    hf__page_line(p, "  sha256sum FILE");
}

int hf__share_print(const struct hf__share_options *o)
{
    struct hf__share_options with = *o;
    struct hf__public public;
    struct hf__page page;
    struct hf_buf file;
    if (o->words_count != 2)
        return HF_EXIT_USAGE;
    const char *path = with.key = o->words[1];
    if (isatty(STDOUT_FILENO) == 1) {
        fputs("holdfast-share: a page is for a printer: | lp\n", stderr);
        return HF_EXIT_USAGE;
    }
    hf_buf_init(&file, HF__SHARE_FILE_MAX);
    int r = hf__page_init(&page);
    if (r == 0)
        r = hf_file_read_regular(path, &file);
    if (r == 0 && hf__person_public(path, &public) == 0)
        r = put_key(&with, &public, &page);
    else if (r == 0)
        put_file(&page, path, hf_buf_bytes(&file));
    struct hf_bytes code = hf_buf_bytes(&file);
    if (code.len > HF__CODE_MAX)
        code.len = 0;
    if (r == 0)
        r = hf__page_write(&page, code);
    hf__page_done(&page);
    hf_buf_done(&file);
    return r == 0 ? HF_EXIT_OK : hf__share_say(path, r);
}
