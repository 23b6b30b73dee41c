/* The authority's keys: files of one line, read into memory for secrets and wiped. */
#include "authority.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char mark[] = "holdfast-authority-key-1 ";

enum { MARK_LEN = sizeof mark - 1, TEXT_LEN = MARK_LEN + 2 * HF_SIGN_SECRET_LEN + 1 };

int hf__key_make(const char *folder, const char *name, uint8_t ret_public[static 32])
{
    char path[HF__PATH_LEN], relative[128];
    snprintf(relative, sizeof relative, "keys/%s.key", name);
    return hf__path(path, folder, relative) ? hf__key_make_file(path, ret_public) : HF_ETOOBIG;
}

int hf__key_make_file(const char *path, uint8_t ret_public[static 32])
{
    struct {
        struct hf_rng rng;
        uint8_t secret[HF_SIGN_SECRET_LEN];
        char text[TEXT_LEN + 1];
    } *s = hf_secret_alloc(sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    int r = hf_rng_fresh(&s->rng);
    if (r == 0) {
        hf_suite_real.sign_keypair(&s->rng, ret_public, s->secret);
        memcpy(s->text, mark, MARK_LEN);
        hf_hex_encode(s->secret, sizeof s->secret, s->text + MARK_LEN);
        s->text[TEXT_LEN - 1] = '\n';
        r = hf_file_make(path, hf_bytes_of(s->text, TEXT_LEN), 0600); /* never over another */
    }
    hf_secret_free(s);
    return r;
}

/* secret: HF_SIGN_SECRET_LEN bytes; its last 32 are the public key. */
static int key_read(const char *path, uint8_t *secret)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return HF_ENOTFOUND;
    if ((st.st_mode & 077) != 0) {
        fprintf(stderr, "holdfast: %s: others may read it; make its mode 0600\n", path);
        return HF_EPERMISSION;
    }
    char *text = hf_secret_alloc(TEXT_LEN + 1);
    if (text == NULL)
        return HF_ENOMEM;
    FILE *f = fopen(path, "re");
    int r = HF_EMALFORMED;
    if (f == NULL) {
        r = HF_EPERMISSION;
    } else {
        setvbuf(f, NULL, _IONBF, 0);
        size_t n = fread(text, 1, TEXT_LEN, f);
        fclose(f);
        if (n >= TEXT_LEN - 1 && memcmp(text, mark, MARK_LEN) == 0) {
            text[TEXT_LEN - 1] = '\0';
            r = hf_hex_decode(text + MARK_LEN, secret, HF_SIGN_SECRET_LEN);
        }
    }
    hf_secret_free(text);
    return r;
}

static bool among(const struct hf_authority_key *keys, size_t count, const uint8_t key[static 32])
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(keys[i].key, key, 32) == 0)
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

static int sign_with(const char *path, struct signing *s)
{
    uint8_t *secret = hf_secret_alloc(HF_SIGN_SECRET_LEN);
    if (secret == NULL)
        return HF_ENOMEM;
    const uint8_t *public_key = secret + 32;
    int r = key_read(path, secret);
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

int hf__sign_all(const struct hf__authority *a, const char *key_file, const struct hf_document *d,
                 struct hf_buf *envelope, size_t *ret_signed)
{
    char keys[HF__PATH_LEN], path[HF__PATH_LEN];
    struct dirent **names;
    struct signing s = {.network = hf__signed_network(a, d), .envelope = envelope};
    int r = 0;
    s.keys_count = hf__signers(a, d, s.keys);
    if (!hf__path(keys, a->folder, "keys"))
        return HF_ETOOBIG;
    int count = scandir(keys, &names, is_key, alphasort);
    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = hf__path(path, keys, names[i]->d_name) ? sign_with(path, &s) : HF_ETOOBIG;
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    if (r == 0 && key_file != NULL)
        r = sign_with(key_file, &s);
    if (r == 0)
        *ret_signed = s.signed_count;
    return r;
}
