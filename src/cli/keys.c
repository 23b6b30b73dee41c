/* Keys of the authority and of operators: files of one line, read into memory for secrets and
 * wiped. What a key is for stands in its file: one is not taken for the other. */
#include "ask.h"
#include "authority.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "command.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char authority[] = "holdfast-authority-key-1 ", operator[] =
                                                                 "holdfast-operator-key-1 ";

enum { TEXT_MAX = sizeof authority - 1 + 2 * HF_SIGN_SECRET_LEN + 1 };

static size_t text_len(const char *mark)
{
    return strlen(mark) + 2 * HF_SIGN_SECRET_LEN + 1;
}

int hf__key_make(const char *folder, const char *name, uint8_t ret_public[static HF_KEY_LEN])
{
    char path[HF__PATH_LEN], relative[128];
    snprintf(relative, sizeof relative, "keys/%s.key", name);
    return hf__path(path, folder, relative) ? hf__key_make_file(path, ret_public) : HF_ETOOBIG;
}

static int make_file(const char *path, const char *mark, uint8_t ret_public[static HF_KEY_LEN])
{
    size_t len = text_len(mark), mark_len = strlen(mark);
    struct {
        struct hf_rng rng;
        uint8_t secret[HF_SIGN_SECRET_LEN];
        char text[TEXT_MAX + 1];
    } *s = hf_secret_alloc(sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    int r = hf_rng_fresh(&s->rng);
    if (r == 0) {
        hf_suite_real.sign_keypair(&s->rng, ret_public, s->secret);
        memcpy(s->text, mark, mark_len);
        hf_hex_encode(s->secret, sizeof s->secret, s->text + mark_len);
        s->text[len - 1] = '\n';
        r = hf_file_make(path, hf_bytes_of(s->text, len), 0600); /* never over another */
    }
    hf_secret_free(s);
    return r;
}

int hf__key_make_file(const char *path, uint8_t ret_public[static HF_KEY_LEN])
{
    return make_file(path, authority, ret_public);
}

int hf__operator_key_make(const char *path, uint8_t ret_public[static HF_KEY_LEN])
{
    return make_file(path, operator, ret_public);
}

int hf__key_new(const char *command, const char *path, hf__key_make_fn *make)
{
    uint8_t key[HF_KEY_LEN];
    char hex[65];
    int r = hf_secret_init(1 << 16, false);
    if (r == 0)
        r = make(path, key);
    if (r != 0)
        return hf__say(command, path, r);
    hf_hex_encode(key, sizeof key, hex);
    return puts(hex) >= 0 && fflush(stdout) == 0 ? HF_CLI_OK : HF_CLI_ERROR;
}

/* secret: HF_SIGN_SECRET_LEN bytes; its last 32 are the public key. */
static int key_read(const char *path, const char *mark, uint8_t *secret)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return HF_ENOTFOUND;
    if ((st.st_mode & 077) != 0) {
        fprintf(stderr, "holdfast: %s: others may read it; make its mode 0600\n", path);
        return HF_EPERMISSION;
    }
    size_t len = text_len(mark), mark_len = strlen(mark);
    char *text = hf_secret_alloc(len + 1);
    if (text == NULL)
        return HF_ENOMEM;
    FILE *f = fopen(path, "re");
    int r = HF_EMALFORMED;
    if (f == NULL) {
        r = HF_EPERMISSION;
    } else {
        setvbuf(f, NULL, _IONBF, 0);
        size_t n = fread(text, 1, len, f);
        fclose(f);
        if (n >= len - 1 && memcmp(text, mark, mark_len) == 0) {
            text[len - 1] = '\0';
            r = hf_hex_decode(text + mark_len, secret, HF_SIGN_SECRET_LEN);
        }
    }
    hf_secret_free(text);
    return r;
}

int hf__operator_key_sign(const char *path, const char *label, struct hf_bytes data,
                          uint8_t ret_public[static HF_KEY_LEN], uint8_t ret_signature[static 64])
{
    uint8_t *secret = hf_secret_alloc(HF_SIGN_SECRET_LEN);
    if (secret == NULL)
        return HF_ENOMEM;
    int r = key_read(path, operator, secret);
    if (r == 0) {
        memcpy(ret_public, secret + HF_SIGN_SECRET_LEN - HF_KEY_LEN, HF_KEY_LEN);
        hf_suite_real.sign(secret, label, data, ret_signature);
    }
    hf_secret_free(secret);
    return r;
}

static bool among(const struct hf_authority_key *keys, size_t count,
                  const uint8_t key[static HF_KEY_LEN])
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(keys[i].key, key, HF_KEY_LEN) == 0)
            return true;
    return false;
}

size_t hf__signers(const struct hf__authority *a, const struct hf_document *d,
                   struct hf_authority_key ret[static HF__SIGNERS_MAX])
{
    const struct hf_root *roots[] = {a->root != NULL ? &a->root->u.root : NULL,
                                     d->kind == HF_DOCUMENT_ROOT ? &d->u.root : NULL};
    size_t count = 0;
    for (size_t r = 0; r < HF_ARRAY_LEN(roots); r++)
        for (size_t i = 0; roots[r] != NULL && i < roots[r]->keys_count; i++)
            if (!among(ret, count, roots[r]->keys[i].key))
                ret[count++] = roots[r]->keys[i];
    hf_assert(count <= HF__SIGNERS_MAX);
    return count;
}

const struct hf_network_id *hf__signed_network(const struct hf__authority *a,
                                               const struct hf_document *d)
{
    static const struct hf_network_id none;
    return d->kind == HF_DOCUMENT_ROOT && d->u.root.number == 1 ? &none : &a->network;
}

/* What is signed, by whom it may be, and how often it was. */
struct signing {
    const struct hf_network_id *network;
    struct hf_authority_key keys[HF__SIGNERS_MAX];
    size_t keys_count;
    struct hf_buf *envelope;
    size_t signed_count;
};

static int sign_with(const char *path, void *ctx)
{
    struct signing *s = ctx;
    uint8_t *secret = hf_secret_alloc(HF_SIGN_SECRET_LEN);
    if (secret == NULL)
        return HF_ENOMEM;
    const uint8_t *public_key = secret + HF_SIGN_SECRET_LEN - HF_KEY_LEN;
    int r = key_read(path, authority, secret);
    if (r != 0) {
        fprintf(stderr, "holdfast: %s: %s\n", path, hf_error_sentence(r));
    } else if (among(s->keys, s->keys_count, public_key)) {
        struct hf_buf next;
        hf_buf_init(&next, HF__DOCUMENT_MAX);
        r = hf_document_sign(&hf_suite_real, hf_buf_bytes(s->envelope), s->network, secret,
                             public_key, &next);
        if (r == 0) {
            hf_buf_done(s->envelope);
            *s->envelope = next;
            s->signed_count++;
        } else {
            hf_buf_done(&next);
        }
    }
    hf_secret_free(secret);
    return r;
}

static int is_key(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".key") == 0;
}

/* The keys of the folder, and then the one in key_file, where one is given; an error ends it. */
static int each_key(const char *folder, const char *key_file,
                    int (*take)(const char *path, void *ctx), void *ctx)
{
    char keys[HF__PATH_LEN], path[HF__PATH_LEN];
    struct dirent **names;
    int r = 0;
    if (!hf__path(keys, folder, "keys"))
        return HF_ETOOBIG;
    int count = scandir(keys, &names, is_key, alphasort);
    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = hf__path(path, keys, names[i]->d_name) ? take(path, ctx) : HF_ETOOBIG;
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return r == 0 && key_file != NULL ? take(key_file, ctx) : r;
}

int hf__sign_all(const struct hf__authority *a, const char *key_file, const struct hf_document *d,
                 struct hf_buf *envelope, size_t *ret_signed)
{
    struct signing s = {.network = hf__signed_network(a, d), .envelope = envelope};
    s.keys_count = hf__signers(a, d, s.keys);
    int r = each_key(a->folder, key_file, sign_with, &s);
    if (r == 0)
        *ret_signed = s.signed_count;
    return r;
}

/* The first key that fits is used. */
struct finding {
    const struct hf_root *root;
    bool (*fits)(const struct hf_root *root, const uint8_t key[static HF_KEY_LEN]);
    void (*use)(void *ctx, const uint8_t *secret);
    void *ctx;
    bool done;
};

static int use_one(const char *path, void *ctx)
{
    struct finding *f = ctx;
    uint8_t *secret = f->done ? NULL : hf_secret_alloc(HF_SIGN_SECRET_LEN);
    if (secret == NULL)
        return f->done ? 0 : HF_ENOMEM;
    int r = key_read(path, authority, secret);
    if (r != 0) {
        fprintf(stderr, "holdfast: %s: %s\n", path, hf_error_sentence(r));
    } else if (f->fits(f->root, secret + HF_KEY_LEN)) {
        f->use(f->ctx, secret);
        f->done = true;
    }
    hf_secret_free(secret);
    return r;
}

/* What a key of the root signs that is no document. */
struct saying {
    const char *label;
    struct hf_bytes data;
    uint8_t *ret_public, *ret_signature;
};

static void say(void *ctx, const uint8_t *secret)
{
    const struct saying *s = ctx;
    memcpy(s->ret_public, secret + HF_KEY_LEN, HF_KEY_LEN);
    hf_suite_real.sign(secret, s->label, s->data, s->ret_signature);
}

int hf__sign_word(const struct hf__authority *a, const char *key_file, const char *label,
                  struct hf_bytes data, uint8_t ret_public[static HF_KEY_LEN],
                  uint8_t ret_signature[static 64])
{
    struct saying s = {
        .label = label, .data = data, .ret_public = ret_public, .ret_signature = ret_signature};
    struct finding f = {.root = &a->root->u.root, .fits = hf_root_names, .use = say, .ctx = &s};
    int r = each_key(a->folder, key_file, use_one, &f);
    return r != 0 || f.done ? r : HF_ENOTFOUND;
}

static bool is_set_signer(const struct hf_root *root, const uint8_t key[static HF_KEY_LEN])
{
    return among(root->set_signers, root->set_signers_count, key);
}

int hf__sign_following_word(const struct hf__authority *a, const char *key_file, const char *label,
                            struct hf_bytes data, uint8_t ret_public[static HF_KEY_LEN],
                            uint8_t ret_signature[static 64])
{
    struct saying s = {
        .label = label, .data = data, .ret_public = ret_public, .ret_signature = ret_signature};
    struct finding f = {.root = &a->root->u.root, .fits = is_set_signer, .use = say, .ctx = &s};
    int r = each_key(a->folder, key_file, use_one, &f);
    return r != 0 || f.done ? r : HF_ENOTFOUND;
}

/* A set that a set signer signs; no envelope: its key alone is asked for. */
struct following {
    const struct hf_network_id *network;
    struct hf_bytes envelope;
    struct hf_buf *ret;
    uint8_t *ret_public;
    int error;
};

static void follow(void *ctx, const uint8_t *secret)
{
    struct following *f = ctx;
    memcpy(f->ret_public, secret + HF_KEY_LEN, HF_KEY_LEN);
    if (f->ret != NULL)
        f->error = hf_document_sign(&hf_suite_real, f->envelope, f->network, secret,
                                    secret + HF_KEY_LEN, f->ret);
}

int hf__sign_following(const struct hf__authority *a, const char *key_file,
                       struct hf_bytes envelope, uint8_t ret_public[static HF_KEY_LEN],
                       struct hf_buf *ret_envelope)
{
    struct following s = {.network = &a->network,
                          .envelope = envelope,
                          .ret = ret_envelope,
                          .ret_public = ret_public};
    struct finding f = {.root = &a->root->u.root, .fits = is_set_signer, .use = follow, .ctx = &s};
    int r = each_key(a->folder, key_file, use_one, &f);
    if (r != 0 || !f.done)
        return r != 0 ? r : HF_ENOTFOUND;
    return s.error;
}
