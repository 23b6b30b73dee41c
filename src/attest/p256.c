#include "p256.h"
#include "base/error.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>

/* What OpenSSL looks up by name, once per process. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library;
static EVP_MD *sha256;
static EVP_PKEY *curve; /* any key of the curve, from which others take their parameters */

static void fetch(void)
{
    /* The generator of P-256 (FIPS 186-4, D.1.2.3): some valid point is needed. */
    static const uint8_t generator[65] = {
        0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
        0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
        0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
        0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
        0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
    uint8_t point[sizeof generator];
    memcpy(point, generator, sizeof point);
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group - 1),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_END};
    library = OSSL_LIB_CTX_new();
    hf_assert(library != NULL);
    sha256 = EVP_MD_fetch(library, "SHA256", NULL);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(library, "EC", NULL);
    hf_assert(sha256 != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
    hf_assert(EVP_PKEY_fromdata(ctx, &curve, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(ctx);
}

int hf__p256_key(const uint8_t key[static HF_P256_KEY_LEN], EVP_PKEY **ret)
{
    pthread_once(&once, fetch);
    uint8_t point[1 + HF_P256_KEY_LEN];
    point[0] = 0x04; /* uncompressed */
    memcpy(point + 1, key, HF_P256_KEY_LEN);
    EVP_PKEY *pkey = EVP_PKEY_new();
    if (pkey == NULL || EVP_PKEY_copy_parameters(pkey, curve) != 1) {
        EVP_PKEY_free(pkey);
        ERR_clear_error();
        return HF_ENOMEM;
    }
    /* Checks that the point is on the curve, which for a curve of prime order is all there is to
     * check. */
    if (EVP_PKEY_set1_encoded_public_key(pkey, point, sizeof point) != 1) {
        EVP_PKEY_free(pkey);
        ERR_clear_error();
        return HF_EPOINT;
    }
    *ret = pkey;
    return 0;
}

EVP_PKEY *hf__p256_ref(EVP_PKEY *key)
{
    hf_assert(EVP_PKEY_up_ref(key) == 1);
    return key;
}

void hf__p256_free(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
}

void hf__sha256(struct hf_bytes a, struct hf_bytes b, uint8_t ret[static HF__SHA256_LEN])
{
    pthread_once(&once, fetch);
    unsigned len = 32;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    /* Without a digest there is no verdict, and no way to say so: out of memory ends the process
     * here. */
    hf_assert(ctx != NULL && EVP_DigestInit_ex2(ctx, sha256, NULL) == 1);
    hf_assert(EVP_DigestUpdate(ctx, a.data, a.len) == 1);
    hf_assert(EVP_DigestUpdate(ctx, b.data, b.len) == 1);
    hf_assert(EVP_DigestFinal_ex(ctx, ret, &len) == 1 && len == 32);
    EVP_MD_CTX_free(ctx);
}

/* INTEGER of 32 big-endian bytes at ret; its length, at most 35. */
static size_t put_integer(const uint8_t v[static HF__P256_LEN], uint8_t *ret)
{
    size_t skip = 0;
    while (skip < 31 && v[skip] == 0)
        skip++;
    size_t pad = v[skip] >> 7;
    size_t len = 32 - skip;
    ret[0] = 0x02;
    ret[1] = (uint8_t)(pad + len);
    ret[2] = 0;
    memcpy(ret + 2 + pad, v + skip, len);
    return 2 + pad + len;
}

bool hf__p256_verify(EVP_PKEY *key, struct hf_bytes message,
                     const uint8_t signature[static HF_P256_SIGNATURE_LEN])
{
    uint8_t der[2 + 35 + 35];
    size_t len = 2;
    len += put_integer(signature, der + len);
    len += put_integer(signature + HF__P256_LEN, der + len);
    der[0] = 0x30;
    der[1] = (uint8_t)(len - 2);
    return hf__p256_verify_der(key, message, hf_bytes_of(der, len));
}

bool hf__p256_verify_der(EVP_PKEY *key, struct hf_bytes message, struct hf_bytes signature)
{
    uint8_t digest[HF__SHA256_LEN];
    hf__sha256(message, hf_bytes_of(NULL, 0), digest);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(library, key, NULL);
    bool good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
                EVP_PKEY_verify(ctx, signature.data, signature.len, digest, sizeof digest) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!good)
        ERR_clear_error();
    return good;
}
