#include "ops.h"
#include "scalar.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

/*
 * A lost share from k others, while each helper keeps its own to itself (Laing and Stinson, "A
 * Survey and Refinement of Repairable Threshold Schemes", 2017, section 4: the enrolment protocol).
 * Each helper's term of the interpolation is split into k parts, one for each helper; the helpers'
 * sums of the parts that they got add up to the lost share. Byte for byte in proto/CRYPTO.md, 12.
 */

/* Whether k helpers of distinct indices, ascending, repair another one. */
static bool is_possible(const struct hf_repair *repair)
{
    if (repair->k == 0 || repair->k > HF_SHARES_MAX || repair->target == 0 ||
        repair->target > HF_SHARES_MAX)
        return false;
    for (size_t i = 0, before = 0; i < repair->k; before = repair->helpers[i++])
        if (repair->helpers[i] <= before || repair->helpers[i] > HF_SHARES_MAX ||
            repair->helpers[i] == repair->target)
            return false;
    return true;
}

static bool is_helper(const struct hf_repair *repair, uint8_t index)
{
    return memchr(repair->helpers, index, repair->k) != NULL;
}

/* ret *= a - b */
static void multiply_difference(uint8_t ret[static HF_SCALAR_LEN], uint8_t a, uint8_t b)
{
    uint8_t left[HF_SCALAR_LEN], right[HF_SCALAR_LEN], difference[HF_SCALAR_LEN];

    hf__scalar_small(a, left);
    hf__scalar_small(b, right);
    crypto_core_ristretto255_scalar_sub(difference, left, right);
    crypto_core_ristretto255_scalar_mul(ret, ret, difference);
}

/* What the helper's share counts for in the lost one: the product over the other helpers j of
 * (target - j) / (helper - j). Public. */
static void weight(const struct hf_repair *repair, uint8_t helper,
                   uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t under[HF_SCALAR_LEN];

    hf__scalar_small(1, ret);
    hf__scalar_small(1, under);
    for (size_t i = 0; i < repair->k; i++) {
        if (repair->helpers[i] == helper)
            continue;
        multiply_difference(ret, repair->target, repair->helpers[i]);
        multiply_difference(under, helper, repair->helpers[i]);
    }
    hf__scalar_invert(under, under);
    crypto_core_ristretto255_scalar_mul(ret, ret, under);
}

/* The part for the helper at a place: what only who has the share can compute. */
static void draw_part(const uint8_t share[static HF_SCALAR_LEN], const struct hf_hash *transcript,
                      uint8_t attempt, uint8_t place, uint8_t ret[static HF_SCALAR_LEN])
{
    const uint8_t tail[] = {attempt, place};
    const struct hf_bytes pieces[] = {hf_bytes_of(transcript->bytes, sizeof transcript->bytes),
                                      hf_bytes_of(tail, sizeof tail)};

    hf__scalar_hash(hf_bytes_of(share, HF_SCALAR_LEN), "holdfast/v1/repair-part",
                    HF_ARRAY_LEN(pieces), pieces, ret);
}

int hf__repair_split(const uint8_t share[static HF_SCALAR_LEN], const struct hf_repair *repair,
                     uint8_t helper, const struct hf_hash *transcript, uint8_t *ret_parts,
                     uint8_t *ret_points)
{
    uint8_t rest[HF_SCALAR_LEN], factor[HF_SCALAR_LEN];
    uint8_t attempt = 0;
    bool zero;

    if (!is_possible(repair) || !is_helper(repair, helper))
        return HF_EINVAL;
    if (!hf__scalar_valid(share))
        return HF_ESCALAR;
    weight(repair, helper, factor);
    /* A part of zero would be published as the identity, and tell itself. */
    do {
        zero = false;
        crypto_core_ristretto255_scalar_mul(rest, factor, share);
        for (uint8_t i = 0; i < repair->k; i++) {
            uint8_t *part = ret_parts + (size_t)i * HF_SCALAR_LEN;
            if (i + 1 < repair->k) {
                draw_part(share, transcript, attempt, i, part);
                crypto_core_ristretto255_scalar_sub(rest, rest, part);
            } else {
                memcpy(part, rest, HF_SCALAR_LEN);
            }
            zero |= sodium_is_zero(part, HF_SCALAR_LEN);
        }
        attempt++;
    } while (zero);
    for (size_t i = 0; i < repair->k; i++)
        hf__point_of(ret_points + i * HF_POINT_LEN, ret_parts + i * HF_SCALAR_LEN);
    hf_wipe(rest, sizeof rest);
    return 0;
}

/* The sum of k public points, each of which must be one. It may be the identity. */
static int add_points(uint8_t k, const uint8_t *points, uint8_t ret[static HF_POINT_LEN])
{
    uint8_t sum[HF_POINT_LEN];

    for (size_t i = 0; i < k; i++)
        if (!hf__point_valid(points + i * HF_POINT_LEN))
            return HF_EPOINT;
    memcpy(sum, points, sizeof sum);
    for (size_t i = 1; i < k; i++) {
        int r = crypto_core_ristretto255_add(sum, sum, points + i * HF_POINT_LEN);
        hf_assert(r == 0);
    }
    memcpy(ret, sum, sizeof sum);
    return 0;
}

int hf__repair_split_check(const uint8_t *points, const struct hf_repair *repair, uint8_t helper,
                           const uint8_t *commitments)
{
    uint8_t sum[HF_POINT_LEN], public_share[HF_POINT_LEN], wanted[HF_POINT_LEN];
    uint8_t factor[HF_SCALAR_LEN];

    if (!is_possible(repair) || !is_helper(repair, helper))
        return HF_EINVAL;
    int r = hf__public_share(helper, repair->k, commitments, public_share);
    /* Who has a share of zero has no part to give. */
    if (r == 0 && sodium_is_zero(public_share, sizeof public_share))
        r = HF_EPOINT;
    if (r == 0)
        r = add_points(repair->k, points, sum);
    if (r != 0)
        return r;
    weight(repair, helper, factor);
    hf__point_multiply(wanted, factor, public_share);
    return hf_secret_equal(sum, wanted, sizeof sum) ? 0 : HF_ESHARE;
}

int hf__repair_sum(uint8_t k, const uint8_t *parts, uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t sum[HF_SCALAR_LEN] = {0};
    int r = k == 0 || k > HF_SHARES_MAX ? HF_EINVAL : 0;

    for (size_t i = 0; r == 0 && i < k; i++) {
        if (!hf__scalar_valid(parts + i * HF_SCALAR_LEN))
            r = HF_ESCALAR;
        else
            crypto_core_ristretto255_scalar_add(sum, sum, parts + i * HF_SCALAR_LEN);
    }
    if (r == 0 && sodium_is_zero(sum, sizeof sum))
        r = HF_ESCALAR;
    if (r == 0)
        memcpy(ret, sum, sizeof sum);
    hf_wipe(sum, sizeof sum);
    return r;
}

int hf__repair_sum_check(const uint8_t sum[static HF_SCALAR_LEN], uint8_t k, const uint8_t *points)
{
    uint8_t wanted[HF_POINT_LEN];

    if (k == 0 || k > HF_SHARES_MAX)
        return HF_EINVAL;
    int r = add_points(k, points, wanted);
    if (r != 0)
        return r;
    return hf__scalar_valid(sum) ? hf__secret_check(sum, wanted) : HF_ESCALAR;
}
