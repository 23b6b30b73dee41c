/* A share holder's own key: 32 random bytes, as a file under a passphrase, or as 24 words. */
#include "share.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/hpke.h"
#include "crypto/kdf.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LEN_MAX = 1024 };

/* Everything that follows from the entropy. */
static void derive(struct hf__person *p)
{
    hf_hpke_derive_keypair(hf_bytes_of(p->entropy, sizeof p->entropy), p->public_key,
                           p->secret_key);
}

void hf__person_hash(const uint8_t public_key[static HF_KEY_LEN], struct hf_hash *ret)
{
    hf_suite_real.hash("holdfast/v1/share-key", hf_bytes_of(public_key, HF_KEY_LEN), ret);
}

static void print_public(const uint8_t public_key[static 32])
{
    char digits[65], words[HF_FINGERPRINT_LEN];
    struct hf_hash hash;
    hf_hex_encode(public_key, 32, digits);
    hf__person_hash(public_key, &hash);
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
        uint8_t key[32];
    } *s = hf_secret_alloc(sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    memcpy(f.key, p->public_key, sizeof f.key);
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

static int read_file(const char *path, struct hf_arena *arena, struct hf_buf *b,
                     struct hf_share_key_file *ret)
{
    int r = hf_file_read_regular(path, b);
    return r != 0 ? r : hf_wire_decode(&hf_wire_share_key_file, hf_buf_bytes(b), arena, ret, NULL);
}

static int unwrap(const struct hf_share_key_file *f, const char *passphrase, struct hf__person *ret)
{
    uint8_t *key = hf_secret_alloc(32);
    if (key == NULL)
        return HF_ENOMEM;
    int r = hf_passphrase_key(hf_bytes_of(passphrase, strlen(passphrase)), f->salt, f->passes,
                              f->memory_kib, key);
    if (r == 0 &&
        hf_suite_real.unwrap(key, hf_bytes_of(f->key, sizeof f->key),
                             hf_bytes_of(f->wrapped, sizeof f->wrapped), ret->entropy) != 0)
        r = HF_EPASSPHRASE;
    hf_secret_free(key);
    if (r != 0)
        return r;
    derive(ret);
    return memcmp(ret->public_key, f->key, sizeof f->key) == 0 ? 0 : HF_EMALFORMED;
}

int hf__person_open(const struct hf__share_options *o, struct hf__person **ret)
{
    struct hf_share_key_file f;
    struct hf_arena arena;
    struct hf_buf b;
    struct hf__person *p = hf_secret_alloc(sizeof *p);
    char *passphrase = hf_secret_alloc(HF__PASSPHRASE_MAX);
    hf_arena_init(&arena, FILE_LEN_MAX);
    hf_buf_init(&b, FILE_LEN_MAX);
    int r = p == NULL || passphrase == NULL ? HF_ENOMEM : read_file(o->key, &arena, &b, &f);
    if (r == 0)
        r = hf__ask_secret("Passphrase of your key: ", o->passphrase_fd, passphrase);
    if (r == 0)
        r = unwrap(&f, passphrase, p);
    hf_buf_done(&b);
    hf_arena_done(&arena);
    hf_secret_free(passphrase);
    if (r == 0)
        *ret = p;
    else
        hf_secret_free(p);
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

static int make(const struct hf__share_options *o, const char *path, bool restore)
{
    struct stat st;
    struct hf_buf file;
    if (lstat(path, &st) == 0 || hf__memory_exists(path))
        return HF_EEXIST; /* before a passphrase is typed for nothing */
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
        derive(p);
        r = seal(o, p, passphrase, &file);
    }
    if (r == 0)
        r = hf_file_make(path, hf_buf_bytes(&file), 0600);
    if (r == 0) {
        r = hf__memory_make(path);
        if (r != 0)
            (void)unlink(path); /* a key without a memory is taken for a copy */
    }
    if (r == 0) {
        print_public(p->public_key);
        if (restore)
            printf("%s.state begins anew: if there is one of this key elsewhere, put it in its "
                   "place\n",
                   path);
        else
            printf("write the words of `holdfast-share key words %s` down, by hand, and keep them "
                   "apart\n",
                   path);
    }
    hf_buf_done(&file);
    hf_secret_free(passphrase);
    hf_secret_free(p);
    return r;
}

static int print_words(const struct hf__share_options *o, const char *path)
{
    struct hf__share_options with = *o;
    struct hf__person *p;
    char *text = hf_secret_alloc(HF_WORDS_TEXT_LEN);
    with.key = path;
    int r = text == NULL ? HF_ENOMEM : hf__person_open(&with, &p);
    if (r == 0) {
        hf_words_encode(p->entropy, text);
        r = hf__show_secret(text);
        hf_secret_free(p);
    }
    hf_secret_free(text);
    return r;
}

int hf__person_public(const char *path, uint8_t ret[static HF_KEY_LEN])
{
    struct hf_share_key_file f;
    struct hf_arena arena;
    struct hf_buf b;
    hf_arena_init(&arena, FILE_LEN_MAX);
    hf_buf_init(&b, FILE_LEN_MAX);
    int r = read_file(path, &arena, &b, &f);
    if (r == 0)
        memcpy(ret, f.key, HF_KEY_LEN);
    hf_buf_done(&b);
    hf_arena_done(&arena);
    return r;
}

static int show(const char *path)
{
    uint8_t public_key[HF_KEY_LEN];
    int r = hf__person_public(path, public_key);
    if (r == 0)
        print_public(public_key);
    return r;
}

int hf__share_key(const struct hf__share_options *o)
{
    if (o->words_count != 3)
        return HF__SHARE_USAGE;
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
        return HF__SHARE_USAGE;
    return r == 0 ? HF__SHARE_OK : hf__share_say(path, r);
}
