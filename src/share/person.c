/* A share holder's own key: in a file under a passphrase, or on a token. */
#include "share.h"

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/hpke.h"
#include "crypto/kdf.h"

#include <string.h>

enum { FILE_LEN_MAX = 2048 };

/* What is in a key's file; the bytes that it borrows are in it too. */
struct key_file {
    bool token;
    struct hf_share_key_file own;
    struct hf_share_token_file on;
    struct hf_buf bytes;
    struct hf_arena arena;
};

static void file_done(struct key_file *f)
{
    hf_arena_done(&f->arena);
    hf_buf_done(&f->bytes);
}

/* ret: ended with file_done, on failure too. */
static int read_file(const char *path, struct key_file *ret)
{
    ret->token = false;
    hf_buf_init(&ret->bytes, FILE_LEN_MAX);
    hf_arena_init(&ret->arena, FILE_LEN_MAX);
    int r = hf_file_read_regular(path, &ret->bytes);
    if (r != 0)
        return r;
    struct hf_bytes bytes = hf_buf_bytes(&ret->bytes);
    r = hf_wire_decode(&hf_wire_share_key_file, bytes, &ret->arena, &ret->own, NULL);
    if (r == 0)
        return 0;
    ret->token = hf_wire_decode(&hf_wire_share_token_file, bytes, &ret->arena, &ret->on, NULL) == 0;
    return ret->token ? 0 : r;
}

static void public_of(const struct key_file *f, struct hf__public *ret)
{
    *ret = (struct hf__public){.kind = f->token ? HF_HOLDER_P256 : HF_HOLDER_X25519,
                               .len = f->token ? sizeof f->on.key : sizeof f->own.key};
    memcpy(ret->key, f->token ? f->on.key : f->own.key, ret->len);
}

int hf__person_public(const char *path, struct hf__public *ret)
{
    struct key_file f;
    int r = read_file(path, &f);
    if (r == 0)
        public_of(&f, ret);
    file_done(&f);
    return r;
}

int hf__person_index(const char *path, const struct hf_share_set *set, uint8_t *ret_index)
{
    struct hf__public public;
    int r = hf__person_public(path, &public);
    uint8_t index = r == 0 ? hf__share_index(&public, set) : 0;
    if (r == 0 && index == 0)
        r = HF_ENOTHOLDER;
    if (r == 0)
        *ret_index = index;
    return r;
}

void hf__person_hash(const struct hf__public *p, struct hf_hash *ret)
{
    hf_suite_real.hash("holdfast/v1/share-key", hf_bytes_of(p->key, p->len), ret);
}

void hf__person_derive(struct hf__person *p)
{
    p->public = (struct hf__public){.kind = HF_HOLDER_X25519, .len = HF_KEY_LEN};
    hf_hpke_derive_keypair(hf_bytes_of(p->entropy, sizeof p->entropy), p->public.key,
                           p->secret_key);
}

static int unwrap(const struct hf_share_key_file *f, const char *passphrase, struct hf__person *ret)
{
    uint8_t *key = hf_secret_alloc(HF_KEY_LEN);
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
    hf__person_derive(ret);
    return memcmp(ret->public.key, f->key, sizeof f->key) == 0 ? 0 : HF_EMALFORMED;
}

static int open_own(const struct hf__share_options *o, const struct hf_share_key_file *f,
                    struct hf__person *ret)
{
    char *passphrase = hf_secret_alloc(HF__PASSPHRASE_MAX);
    if (passphrase == NULL)
        return HF_ENOMEM;
    int r = hf__ask_secret("Passphrase of your key: ", o->passphrase_fd, passphrase);
    if (r == 0)
        r = unwrap(f, passphrase, ret);
    hf_secret_free(passphrase);
    return r;
}

static int open_token(const struct hf__share_options *o, const struct key_file *f,
                      struct hf__person *ret)
{
    char uri[FILE_LEN_MAX + 1];
    memcpy(uri, f->on.uri.data, f->on.uri.len);
    uri[f->on.uri.len] = '\0';
    public_of(f, &ret->public);
    return hf__token_open(uri, f->on.key, o->passphrase_fd, &ret->token);
}

int hf__person_open(const struct hf__share_options *o, struct hf__person **ret)
{
    struct key_file f;
    struct hf__person *p = hf_secret_alloc(sizeof *p);
    if (p == NULL)
        return HF_ENOMEM;
    p->token = NULL;
    int r = read_file(o->key, &f);
    if (r == 0)
        r = f.token ? open_token(o, &f, p) : open_own(o, &f.own, p);
    file_done(&f);
    if (r == 0)
        *ret = p;
    else
        hf__person_close(p);
    return r;
}

void hf__person_close(struct hf__person *p)
{
    if (p == NULL)
        return;
    hf__token_close(p->token);
    hf_secret_free(p);
}

int hf__person_share(struct hf__person *p, const struct hf_network_id *network,
                     const struct hf_share_set *set, size_t key, uint8_t index,
                     uint8_t ret[static HF_SCALAR_LEN])
{
    if (p->token == NULL)
        return hf_share_open(p->secret_key, network, set, key, index, ret);
    const uint8_t *point = hf_share_point(set, key, index);
    if (point == NULL)
        return HF_ESHARE;
    uint8_t *dh = hf_secret_alloc(HF_P256_SCALAR_LEN);
    if (dh == NULL)
        return HF_ENOMEM;
    int r = hf__token_dh(p->token, point, dh);
    if (r == 0)
        r = hf_share_open_dh(dh, network, set, key, index, ret);
    hf_secret_free(dh);
    return r == HF_EPOINT ? HF_ESHARE : r;
}
