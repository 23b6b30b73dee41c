#include "dev_pki.h"
#include "attest/collateral.h"
#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/stat.h>

static const uint64_t year_s = 365 * 86400;

static const char *const ca_name[2] = {"Holdfast Development PCK Platform CA",
                                       "Holdfast Development PCK Processor CA"};

void hf_dev_authority_spec_init(struct hf_dev_authority_spec *ret, uint64_t now_s)
{
    struct hf_dev_window window = {.from_s = now_s, .to_s = now_s + 20 * year_s};
    *ret = (struct hf_dev_authority_spec){.root = window, .ca = window, .signer = window};
}

void hf_dev_authority_free(struct hf_dev_authority *a)
{
    if (a == NULL)
        return;
    EVP_PKEY_free(a->root_key);
    X509_free(a->root);
    for (int i = 0; i < 2; i++) {
        EVP_PKEY_free(a->ca_key[i]);
        X509_free(a->ca[i]);
    }
    EVP_PKEY_free(a->signer_key);
    X509_free(a->signer);
    free(a);
}

static int make_keys(struct hf_dev_authority *a, const uint8_t *seed)
{
    int r = hf__dev_key_new(seed, "root", &a->root_key);
    if (r == 0)
        r = hf__dev_key_new(seed, "platform-ca", &a->ca_key[HF_DEV_CA_PLATFORM]);
    if (r == 0)
        r = hf__dev_key_new(seed, "processor-ca", &a->ca_key[HF_DEV_CA_PROCESSOR]);
    return r != 0 ? r : hf__dev_key_new(seed, "tcb-signing", &a->signer_key);
}

static const char *or_else(const char *name, const char *usual)
{
    return name != NULL ? name : usual;
}

static int make_certs(struct hf_dev_authority *a, const struct hf_dev_authority_spec *spec)
{
    struct hf__dev_cert_spec cert = {.name = or_else(spec->root_name, HF_DEV_ROOT_NAME),
                                     .window = spec->root,
                                     .key = a->root_key,
                                     .path_len = 1,
                                     .crl_name = "root-ca.der"};
    int r = hf__dev_cert_new(&cert, &a->root);
    cert.issuer = a->root;
    cert.issuer_key = a->root_key;
    for (int i = 0; i < 2 && r == 0; i++) {
        cert.name = ca_name[i];
        cert.window = spec->ca;
        cert.key = a->ca_key[i];
        cert.path_len = 0;
        r = hf__dev_cert_new(&cert, &a->ca[i]);
    }
    if (r != 0)
        return r;
    cert.name = or_else(spec->signer_name, "Holdfast Development TCB Signing");
    cert.window = spec->signer;
    cert.key = a->signer_key;
    cert.path_len = -1;
    return hf__dev_cert_new(&cert, &a->signer);
}

int hf_dev_authority_new(const struct hf_dev_authority_spec *spec, struct hf_dev_authority **ret)
{
    struct hf_dev_authority *a = calloc(1, sizeof *a);
    if (a == NULL)
        return HF_ENOMEM;
    int r = make_keys(a, spec->seed);
    if (r == 0)
        r = make_certs(a, spec);
    if (r != 0) {
        hf_dev_authority_free(a);
        return r;
    }
    *ret = a;
    return 0;
}

void hf_dev_authority_root_key(const struct hf_dev_authority *a,
                               uint8_t ret[static HF_DEV_ROOT_KEY_LEN])
{
    int r = hf__dev_key_public(a->root_key, ret);
    hf_assert(r == 0); /* a key that was made or loaded has a public half */
}

void hf_dev_authority_root_spki(const struct hf_dev_authority *a,
                                uint8_t ret[static HF_DEV_ROOT_SPKI_LEN])
{
    /* Of P-256 everything before the point is fixed. */
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
    _Static_assert(sizeof head + HF_DEV_ROOT_KEY_LEN == HF_DEV_ROOT_SPKI_LEN, "head and point");
    memcpy(ret, head, sizeof head);
    hf_dev_authority_root_key(a, ret + sizeof head);
}

void hf_dev_authority_ca_serial(const struct hf_dev_authority *a, enum hf_dev_ca ca,
                                uint8_t ret[static HF_DEV_SERIAL_LEN])
{
    int r = hf__dev_cert_serial(a->ca[ca], ret);
    hf_assert(r == 0); /* checked when it was loaded */
}

void hf_dev_authority_signer_serial(const struct hf_dev_authority *a,
                                    uint8_t ret[static HF_DEV_SERIAL_LEN])
{
    int r = hf__dev_cert_serial(a->signer, ret);
    hf_assert(r == 0); /* checked when it was loaded */
}

/* The four pairs, in the order in which they are written. */
struct pair {
    const char *key_file, *cert_file;
    EVP_PKEY **key;
    X509 **cert;
};

static void pairs_of(struct hf_dev_authority *a, struct pair ret[static 4])
{
    ret[0] = (struct pair){"root.key.pem", "root.cert.pem", &a->root_key, &a->root};
    ret[1] = (struct pair){"platform-ca.key.pem", "platform-ca.cert.pem", &a->ca_key[0], &a->ca[0]};
    ret[2] =
        (struct pair){"processor-ca.key.pem", "processor-ca.cert.pem", &a->ca_key[1], &a->ca[1]};
    ret[3] =
        (struct pair){"tcb-signing.key.pem", "tcb-signing.cert.pem", &a->signer_key, &a->signer};
}

static int write_pem(const char *folder, const char *file, int r, struct hf_buf *pem)
{
    char path[PATH_MAX];
    if (r == 0)
        r = hf__dev_path(folder, file, path);
    if (r == 0)
        r = hf_file_replace(path, hf_buf_bytes(pem), 0600);
    hf_buf_done(pem);
    return r;
}

static int save_pair(const char *folder, const struct pair *pair)
{
    struct hf_buf pem;
    hf_buf_init(&pem, HF__DEV_PEM_MAX);
    int r = write_pem(folder, pair->key_file, hf__dev_pem_key(*pair->key, &pem), &pem);
    if (r != 0)
        return r;
    return write_pem(folder, pair->cert_file, hf__dev_pem_cert(*pair->cert, &pem), &pem);
}

int hf_dev_authority_save(const struct hf_dev_authority *a, const char *folder)
{
    struct hf_dev_authority view = *a;
    struct pair pairs[4];
    pairs_of(&view, pairs);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return hf_error_from_errno(errno);
    int r = 0;
    for (int i = 0; i < 4 && r == 0; i++)
        r = save_pair(folder, &pairs[i]);
    return r;
}

static int read_pem(const char *folder, const char *file, BIO **ret)
{
    char path[PATH_MAX];
    struct hf_buf pem;
    hf_buf_init(&pem, HF__DEV_PEM_MAX);
    int r = hf__dev_path(folder, file, path);
    if (r == 0)
        r = hf_file_read(path, &pem);
    if (r == 0) {
        BIO *bio = BIO_new(BIO_s_mem());
        if (bio == NULL || BIO_write(bio, pem.data, (int)pem.len) != (int)pem.len) {
            BIO_free(bio);
            r = HF_ENOMEM;
        } else {
            *ret = bio;
        }
    }
    hf_buf_done(&pem);
    return r;
}

static int load_pair(const char *folder, const struct pair *pair)
{
    BIO *bio = NULL;
    uint8_t serial[HF_DEV_SERIAL_LEN], public_key[HF_DEV_ROOT_KEY_LEN];
    int r = read_pem(folder, pair->key_file, &bio);
    if (r != 0)
        return r;
    *pair->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    r = read_pem(folder, pair->cert_file, &bio);
    if (r != 0)
        return r;
    *pair->cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (*pair->key == NULL || *pair->cert == NULL ||
        hf__dev_key_public(*pair->key, public_key) != 0 ||
        X509_check_private_key(*pair->cert, *pair->key) != 1)
        return HF_EMALFORMED;
    return hf__dev_cert_serial(*pair->cert, serial);
}

int hf_dev_authority_load(const char *folder, struct hf_dev_authority **ret)
{
    struct hf_dev_authority *a = calloc(1, sizeof *a);
    if (a == NULL)
        return HF_ENOMEM;
    struct pair pairs[4];
    pairs_of(a, pairs);
    int r = 0;
    for (int i = 0; i < 4 && r == 0; i++)
        r = load_pair(folder, &pairs[i]);
    if (r != 0) {
        hf_dev_authority_free(a);
        return r;
    }
    *ret = a;
    return 0;
}
