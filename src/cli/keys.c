/* The authority's keys: files of one line, read into memory for secrets and wiped. */
#include "authority.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>

static const char mark[] = "holdfast-authority-key-1 ";

enum { MARK_LEN = sizeof mark - 1, TEXT_LEN = MARK_LEN + 2 * HF_SIGN_SECRET_LEN + 1 };

int hf__key_make(const char *folder, const char *name, uint8_t ret_public[static 32])
{
    char path[HF__PATH_LEN], relative[128];
    snprintf(relative, sizeof relative, "keys/%s.key", name);
    if (!hf__path(path, folder, relative))
        return HF_ETOOBIG;
    struct {
        struct hf_rng rng;
        uint8_t seed[32], secret[HF_SIGN_SECRET_LEN];
        char text[TEXT_LEN + 1];
    } *s = hf_secret_alloc(sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    int r = HF_EINTERNAL;
    if (getrandom(s->seed, sizeof s->seed, 0) == sizeof s->seed) {
        hf_rng_init(&s->rng, s->seed);
        hf_suite_real.sign_keypair(&s->rng, ret_public, s->secret);
        memcpy(s->text, mark, MARK_LEN);
        hf_hex_encode(s->secret, sizeof s->secret, s->text + MARK_LEN);
        s->text[TEXT_LEN - 1] = '\n';
        r = hf_file_replace(path, hf_bytes_of(s->text, TEXT_LEN), 0600);
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

static bool in_root(const struct hf_msg_root *root, const uint8_t key[static 32])
{
    for (size_t i = 0; i < root->keys_count; i++)
        if (memcmp(root->keys[i].key, key, 32) == 0)
            return true;
    return false;
}

static int sign_with(const char *path, const uint8_t network[static 32],
                     const struct hf_msg_root *root, struct hf_buf *envelope, size_t *signed_count)
{
    uint8_t *secret = hf_secret_alloc(HF_SIGN_SECRET_LEN);
    if (secret == NULL)
        return HF_ENOMEM;
    const uint8_t *public_key = secret + 32;
    int r = key_read(path, secret);
    if (r != 0) {
        fprintf(stderr, "holdfast: %s: %s\n", path, hf_error_sentence(r));
    } else if (in_root(root, public_key)) {
        struct hf_buf next;
        hf_buf_init(&next, HF__DOCUMENT_MAX);
        r = hf_document_sign(&hf_suite_real, hf_buf_bytes(envelope), network, secret, public_key,
                             &next);
        if (r == 0) {
            hf_buf_done(envelope);
            *envelope = next;
            (*signed_count)++;
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

int hf__sign_all(const char *folder, const char *key_file, const uint8_t network[static 32],
                 const struct hf_msg_root *root, struct hf_buf *envelope, size_t *ret_signed)
{
    char keys[HF__PATH_LEN], path[HF__PATH_LEN];
    struct dirent **names;
    size_t signed_count = 0;
    int r = 0;
    if (!hf__path(keys, folder, "keys"))
        return HF_ETOOBIG;
    int count = scandir(keys, &names, is_key, alphasort);
    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = hf__path(path, keys, names[i]->d_name)
                    ? sign_with(path, network, root, envelope, &signed_count)
                    : HF_ETOOBIG;
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    if (r == 0 && key_file != NULL)
        r = sign_with(key_file, network, root, envelope, &signed_count);
    if (r == 0)
        *ret_signed = signed_count;
    return r;
}
