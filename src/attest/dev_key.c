#include "dev_pki.h"
#include "base/error.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EC_GROUP *curve;

static void make_curve(void)
{
    curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    hf_assert(curve != NULL);
}

const EC_GROUP *hf__dev_curve(void)
{
    pthread_once(&once, make_curve);
    return curve;
}

/* x and y of scalar times the generator, as an uncompressed point of 65 bytes. */
static int public_of(const BIGNUM *scalar, uint8_t ret[static 65])
{
    int r = HF_EINTERNAL;
    const EC_GROUP *group = hf__dev_curve();
    EC_POINT *point = EC_POINT_new(group);
    if (point != NULL && EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret, 65, NULL) == 65)
        r = 0;
    EC_POINT_free(point);
    return r;
}

static int key_of_parts(const BIGNUM *scalar, const uint8_t point[static 65], EVP_PKEY **ret)
{
    int r = HF_EINTERNAL;
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (build == NULL || ctx == NULL)
        goto out;
    if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 65) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1)
        goto out;
    params = OSSL_PARAM_BLD_to_param(build);
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
        goto out;
    *ret = key;
    r = 0;
out:
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return r;
}

static int key_of_scalar(const BIGNUM *scalar, EVP_PKEY **ret)
{
    uint8_t point[65];
    if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(hf__dev_curve())) >= 0)
        return HF_EINVAL;
    int r = public_of(scalar, point);
    return r != 0 ? r : key_of_parts(scalar, point, ret);
}

int hf__dev_key_of_secret(const uint8_t secret[static HF__DEV_SECRET_LEN], EVP_PKEY **ret)
{
    BIGNUM *scalar = BN_bin2bn(secret, HF__DEV_SECRET_LEN, NULL);
    int r = scalar != NULL ? key_of_scalar(scalar, ret) : HF_ENOMEM;
    BN_clear_free(scalar);
    return r;
}

/* SHA-512 of seed and label, reduced: 512 bits leave a bias of 2^-256. */
static int key_of_seed(const uint8_t *seed, const char *label, EVP_PKEY **ret)
{
    uint8_t input[HF_DEV_SEED_LEN + 64], wide[SHA512_DIGEST_LENGTH];
    size_t label_len = strlen(label);
    hf_assert(label_len <= 64);
    memcpy(input, seed, HF_DEV_SEED_LEN);
    memcpy(input + HF_DEV_SEED_LEN, label, label_len);
    SHA512(input, HF_DEV_SEED_LEN + label_len, wide);

    int r = HF_ENOMEM;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *scalar = BN_bin2bn(wide, sizeof wide, NULL);
    if (ctx != NULL && scalar != NULL &&
        BN_nnmod(scalar, scalar, EC_GROUP_get0_order(hf__dev_curve()), ctx) == 1)
        r = key_of_scalar(scalar, ret);
    BN_clear_free(scalar);
    BN_CTX_free(ctx);
    return r;
}

int hf__dev_key_new(const uint8_t *seed, const char *label, EVP_PKEY **ret)
{
    if (seed != NULL)
        return key_of_seed(seed, label, ret);
    EVP_PKEY *key = EVP_EC_gen("prime256v1");
    if (key == NULL)
        return HF_EINTERNAL;
    *ret = key;
    return 0;
}

int hf__dev_key_public(const EVP_PKEY *key, uint8_t ret[static HF_DEV_ROOT_KEY_LEN])
{
    uint8_t point[65];
    size_t len = 0;
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) !=
            1 ||
        len != sizeof point || point[0] != POINT_CONVERSION_UNCOMPRESSED)
        return HF_EMALFORMED;
    memcpy(ret, point + 1, HF_DEV_ROOT_KEY_LEN);
    return 0;
}
