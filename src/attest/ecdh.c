#include "attest/ecdh.h"

#include "base/error.h"
#include "base/secret.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <string.h>

/* What OpenSSL keeps of one calculation. */
struct work {
    BN_CTX *ctx;
    EC_GROUP *group;
    EC_POINT *theirs, *product;
    BIGNUM *secret;
};

static void work_done(struct work *w)
{
    EC_POINT_clear_free(w->product);
    EC_POINT_free(w->theirs);
    EC_GROUP_free(w->group);
    BN_clear_free(w->secret);
    BN_CTX_free(w->ctx);
    ERR_clear_error();
}

/* point: decoded into w->theirs, which checks that it is on the curve; its order is prime. */
static int work_begin(struct work *w, const uint8_t point[static HF_P256_POINT_LEN])
{
    *w = (struct work){.ctx = BN_CTX_secure_new(),
                       .group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
    if (w->ctx == NULL || w->group == NULL)
        return HF_ENOMEM;
    w->theirs = EC_POINT_new(w->group);
    w->product = EC_POINT_new(w->group);
    if (w->theirs == NULL || w->product == NULL)
        return HF_ENOMEM;
    bool decoded = point[0] == POINT_CONVERSION_UNCOMPRESSED &&
                   EC_POINT_oct2point(w->group, w->theirs, point, HF_P256_POINT_LEN, w->ctx) == 1;
    return decoded ? 0 : HF_EPOINT;
}

int hf_p256_check(const uint8_t point[static HF_P256_POINT_LEN])
{
    struct work w;
    int r = work_begin(&w, point);
    work_done(&w);
    return r;
}

static int encode(struct work *w, uint8_t ret[static HF_P256_POINT_LEN])
{
    return EC_POINT_point2oct(w->group, w->product, POINT_CONVERSION_UNCOMPRESSED, ret,
                              HF_P256_POINT_LEN, w->ctx) == HF_P256_POINT_LEN
               ? 0
               : HF_EPOINT;
}

static int multiply(struct work *w, const uint8_t secret[static HF_P256_SCALAR_LEN],
                    uint8_t ret_public[static HF_P256_POINT_LEN],
                    uint8_t ret_dh[static HF_P256_SCALAR_LEN])
{
    uint8_t own[HF_P256_POINT_LEN], product[HF_P256_POINT_LEN];
    w->secret = BN_secure_new();
    if (w->secret == NULL || BN_bin2bn(secret, HF_P256_SCALAR_LEN, w->secret) == NULL)
        return HF_ENOMEM;
    BN_set_flags(w->secret, BN_FLG_CONSTTIME);
    if (BN_is_zero(w->secret) || BN_cmp(w->secret, EC_GROUP_get0_order(w->group)) >= 0)
        return HF_ESCALAR;
    if (EC_POINT_mul(w->group, w->product, w->secret, NULL, NULL, w->ctx) != 1)
        return HF_ENOMEM;
    int r = encode(w, own);
    if (r == 0 && EC_POINT_mul(w->group, w->product, NULL, w->theirs, w->secret, w->ctx) != 1)
        r = HF_ENOMEM;
    if (r == 0)
        r = encode(w, product);
    if (r == 0) {
        memcpy(ret_public, own, sizeof own);
        memcpy(ret_dh, product + 1, HF_P256_SCALAR_LEN);
    }
    hf_wipe(product, sizeof product);
    return r;
}

int hf_p256_dh(const uint8_t secret[static HF_P256_SCALAR_LEN],
               const uint8_t point[static HF_P256_POINT_LEN],
               uint8_t ret_public[static HF_P256_POINT_LEN],
               uint8_t ret_dh[static HF_P256_SCALAR_LEN])
{
    struct work w;
    int r = work_begin(&w, point);
    if (r == 0)
        r = multiply(&w, secret, ret_public, ret_dh);
    work_done(&w);
    return r;
}
