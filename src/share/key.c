/* holdfast-share key: a share holder's own key is made, shown, and made again from its words. */
#include "share.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/kdf.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LEN_MAX = 2048 };

static const char next_text[] =
    "next: send the public key to the authority, for `holdfast quorum propose --holder "
    "NAME=KEY`; whoever signs there reads the fingerprint to you, and these six words it has to "
    "be\n";

static void print_public(const struct hf__public *p)
{
    char digits[2 * HF_HOLDER_KEY_MAX + 1], words[HF_FINGERPRINT_LEN];
    struct hf_hash hash;
    hf_hex_encode(p->key, p->len, digits);
    hf__person_hash(p, &hash);
    hf_fingerprint(hash.bytes, words);
    printf("public key:  %s\nfingerprint: %s\n", digits, words);
}

/* Wraps the entropy under a passphrase. passphrase: terminated. */
static int seal(const struct hf__share_options *o, const struct hf__person *p,
                const char *passphrase, struct hf_buf *ret)
{
    struct hf_share_key_file f = {.format = 1, .passes = o->passes, .memory_kib = o->memory_kib};
    struct {
        struct hf_rng rng;
        uint8_t key[HF_KEY_LEN];
    } *s = hf_secret_alloc(sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    memcpy(f.key, p->public.key, sizeof f.key);
    int r = hf_rng_fresh(&s->rng);
    if (r == 0 && getrandom(f.salt, sizeof f.salt, 0) != sizeof f.salt)
        r = HF_EINTERNAL;
    if (r == 0)
        r = hf_passphrase_key(hf_bytes_of(passphrase, strlen(passphrase)), f.salt, f.passes,
                              f.memory_kib, s->key);
    if (r == 0) {
        hf_suite_real.wrap(&s->rng, s->key, hf_bytes_of(f.key, sizeof f.key),
                           hf_bytes_of(p->entropy, sizeof p->entropy), f.wrapped);
        r = hf_wire_encode(&hf_wire_share_key_file, &f, ret);
    }
    hf_secret_free(s);
    return r;
}

/* A new passphrase. At the terminal it is typed twice: what is mistyped once opens nothing. */
static int new_passphrase(const struct hf__share_options *o, char *ret)
{
    int r = hf__ask_secret("New passphrase: ", o->passphrase_fd, ret);
    if (r != 0 || o->passphrase_fd >= 0)
        return r;
    char *second = hf_secret_alloc(HF__PASSPHRASE_MAX);
    if (second == NULL)
        return HF_ENOMEM;
    r = hf__ask_secret("The same once more: ", -1, second);
    if (r == 0 && strcmp(ret, second) != 0)
        r = HF_EPASSPHRASE;
    hf_secret_free(second);
    return r;
}

/* The entropy of a key that is made again from its words. */
static int ask_words(const struct hf__share_options *o, struct hf__person *ret)
{
    unsigned word;
    char *text = hf_secret_alloc(HF__PASSPHRASE_MAX);
    if (text == NULL)
        return HF_ENOMEM;
    int r = hf__ask_secret("The 24 words: ", o->words_fd, text);
    if (r == 0)
        r = hf_words_decode(text, ret->entropy, &word);
    if (r == HF_EWORD && word > 0)
        fprintf(stderr, "holdfast-share: word %u is not in the list\n", word);
    hf_secret_free(text);
    return r;
}

/* Makes the file of a key, and its memory: a key without one is taken for a copy. */
static int put(const char *path, struct hf_bytes file)
{
    int r = hf_file_make(path, file, 0600);
    if (r != 0)
        return r;
    r = hf__memory_make(path);
    if (r != 0)
        (void)unlink(path);
    return r;
}

/* A key in the file: a new one, or from its words. */
static int make_own(const struct hf__share_options *o, const char *path, bool restore)
{
    struct hf_buf file;
    struct hf__person *p = hf_secret_alloc(sizeof *p);
    char *passphrase = hf_secret_alloc(HF__PASSPHRASE_MAX);
    hf_buf_init(&file, FILE_LEN_MAX);
    int r = p == NULL || passphrase == NULL ? HF_ENOMEM : 0;
    if (r == 0 && restore)
        r = ask_words(o, p);
    else if (r == 0 && getrandom(p->entropy, sizeof p->entropy, 0) != sizeof p->entropy)
        r = HF_EINTERNAL;
    if (r == 0)
        r = new_passphrase(o, passphrase);
    if (r == 0) {
        hf__person_derive(p);
        r = seal(o, p, passphrase, &file);
    }
    if (r == 0)
        r = put(path, hf_buf_bytes(&file));
    if (r == 0) {
        print_public(&p->public);
        if (restore)
            printf("%s.state begins anew: if there is one of this key elsewhere, put it in its "
                   "place\n",
                   path);
        else
            printf("write the words of `holdfast-share key words %s` down, by hand, and keep them "
                   "apart\n%s",
                   path, next_text);
    }
    hf_buf_done(&file);
    hf_secret_free(passphrase);
    hf_secret_free(p);
    return r;
}

/* A key on a token; the file says which. */
static int make_on_token(const struct hf__share_options *o, const char *path)
{
    struct hf_share_token_file f = {.format = 2, .uri = hf_bytes_of(o->token, strlen(o->token))};
    struct hf__public public = {.kind = HF_HOLDER_P256, .len = sizeof public.key};
    struct hf__token *token;
    struct hf_buf file;
    int r = hf__token_open(o->token, NULL, o->passphrase_fd, &token);
    if (r != 0)
        return r;
    memcpy(public.key, hf__token_public(token), sizeof public.key);
    memcpy(f.key, public.key, sizeof f.key);
    hf_buf_init(&file, FILE_LEN_MAX);
    r = hf_wire_encode(&hf_wire_share_token_file, &f, &file);
    if (r == 0)
        r = put(path, hf_buf_bytes(&file));
    if (r == 0) {
        print_public(&public);
        puts(hf__token_made(token) ? "the key was made on the token, and cannot leave it: a token "
                                     "that is lost is a share that is lost"
                                   : "the key was on the token");
        fputs(next_text, stdout);
    }
    hf__token_close(token);
    hf_buf_done(&file);
    return r;
}

static int make(const struct hf__share_options *o, const char *path, bool restore)
{
    struct stat st;
    if (lstat(path, &st) == 0 || hf__memory_exists(path))
        return HF_EEXIST; /* before a passphrase is typed for nothing */
    if (o->token == NULL)
        return make_own(o, path, restore);
    return restore ? HF_EINVAL : make_on_token(o, path);
}

static int print_words(const struct hf__share_options *o, const char *path)
{
    struct hf__share_options with = *o;
    struct hf__public public;
    struct hf__person *p;
    char *text = hf_secret_alloc(HF_WORDS_TEXT_LEN);
    with.key = path;
    int r = text == NULL ? HF_ENOMEM : hf__person_public(path, &public);
    if (r == 0 && public.kind != HF_HOLDER_X25519) {
        fputs("holdfast-share: a key on a token has no words\n", stderr);
        r = HF_EINVAL;
    }
    if (r == 0)
        r = hf__person_open(&with, &p);
    if (r == 0) {
        hf_words_encode(p->entropy, text);
        r = hf__show_secret(text);
        hf__person_close(p);
    }
    hf_secret_free(text);
    return r;
}

static int show(const char *path)
{
    struct hf__public public;
    int r = hf__person_public(path, &public);
    if (r == 0)
        print_public(&public);
    return r;
}

int hf__share_key(const struct hf__share_options *o)
{
    if (o->words_count != 3)
        return HF_EXIT_USAGE;
    const char *verb = o->words[1], *path = o->words[2];
    int r;
    if (strcmp(verb, "new") == 0)
        r = make(o, path, false);
    else if (strcmp(verb, "restore") == 0)
        r = make(o, path, true);
    else if (strcmp(verb, "words") == 0)
        r = print_words(o, path);
    else if (strcmp(verb, "show") == 0)
        r = show(path);
    else
        return HF_EXIT_USAGE;
    return r == 0 ? HF_EXIT_OK : hf__share_say(path, r);
}
