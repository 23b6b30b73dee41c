/* A lost share from k others, over the integers modulo 2^61 - 1. */
#include "suites/model.h"

#include "suites/cost.h"

#include "base/error.h"

static bool is_possible(const struct hf_repair *repair, uint8_t helper)
{
    bool found = false;
    if (repair->k == 0 || repair->k > HF_SHARES_MAX || repair->target == 0 ||
        repair->target > HF_SHARES_MAX)
        return false;
    for (size_t i = 0, before = 0; i < repair->k; before = repair->helpers[i++]) {
        if (repair->helpers[i] <= before || repair->helpers[i] > HF_SHARES_MAX ||
            repair->helpers[i] == repair->target)
            return false;
        found = found || repair->helpers[i] == helper;
    }
    return found;
}

static uint64_t weight(const struct hf_repair *repair, uint8_t helper)
{
    uint64_t over = 1, under = 1;
    for (size_t i = 0; i < repair->k; i++) {
        if (repair->helpers[i] == helper)
            continue;
        over = hf__model_mul(over, hf__model_sub(repair->target, repair->helpers[i]));
        under = hf__model_mul(under, hf__model_sub(helper, repair->helpers[i]));
    }
    return hf__model_mul(over, hf__model_inverse(under));
}

int hf__model_repair_split(const uint8_t share[static HF_SCALAR_LEN],
                           const struct hf_repair *repair, uint8_t helper,
                           const struct hf_hash *transcript, uint8_t *ret_parts,
                           uint8_t *ret_points)
{
    struct hf__sponge s;
    uint64_t secret, rest, part;
    bool zero;
    if (!is_possible(repair, helper))
        return HF_EINVAL;
    if (hf__model_get(share, HF__MODEL_SCALAR, &secret) != 0)
        return HF_ESCALAR;
    hf__sponge_init(&s, "repair-part");
    hf__sponge_absorb(&s, hf_bytes_of(share, HF_SCALAR_LEN));
    hf__sponge_absorb(&s, hf_bytes_of(transcript->bytes, sizeof transcript->bytes));
    do {
        zero = false;
        rest = hf__model_mul(weight(repair, helper), secret);
        for (size_t i = 0; i < repair->k; i++) {
            hf__sponge_absorb(&s, hf_bytes_of("part", 4));
            hf__sponge_squeeze(&s, (uint8_t *)&part, sizeof part);
            part = i + 1u < repair->k ? (part & HF__MODEL_P) % HF__MODEL_P : rest;
            rest = hf__model_sub(rest, part);
            zero = zero || part == 0;
            hf__model_put(part, HF__MODEL_SCALAR, ret_parts + i * HF_SCALAR_LEN);
            hf__model_put(hf__model_mul(part, HF__MODEL_G), HF__MODEL_POINT,
                          ret_points + i * HF_POINT_LEN);
        }
    } while (zero);
    hf__cost_add(HF_WORLD_BASE_MULT, repair->k, 0);
    return 0;
}

static int add(uint8_t k, const uint8_t *list, uint8_t pad, uint64_t *ret)
{
    uint64_t sum = 0, one;
    for (size_t i = 0; i < k; i++) {
        if (hf__model_get(list + i * HF_SCALAR_LEN, pad, &one) != 0)
            return pad == HF__MODEL_SCALAR ? HF_ESCALAR : HF_EPOINT;
        sum = hf__model_add(sum, one);
    }
    *ret = sum;
    return 0;
}

int hf__model_repair_split_check(const uint8_t *points, const struct hf_repair *repair,
                                 uint8_t helper, const uint8_t *commitments)
{
    uint64_t public, sum;
    if (!is_possible(repair, helper))
        return HF_EINVAL;
    int r = hf__model_public_share(helper, repair->k, commitments, &public);
    if (r == 0 && public == 0)
        r = HF_EPOINT;
    if (r == 0)
        r = add(repair->k, points, HF__MODEL_POINT, &sum);
    if (r != 0)
        return r;
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    return sum == hf__model_mul(weight(repair, helper), public) ? 0 : HF_ESHARE;
}

int hf__model_repair_sum(uint8_t k, const uint8_t *parts, uint8_t ret[static HF_SCALAR_LEN])
{
    uint64_t sum;
    if (k == 0 || k > HF_SHARES_MAX)
        return HF_EINVAL;
    int r = add(k, parts, HF__MODEL_SCALAR, &sum);
    if (r != 0 || sum == 0)
        return HF_ESCALAR;
    hf__model_put(sum, HF__MODEL_SCALAR, ret);
    return 0;
}

int hf__model_repair_sum_check(const uint8_t sum[static HF_SCALAR_LEN], uint8_t k,
                               const uint8_t *points)
{
    uint64_t wanted, s;
    if (k == 0 || k > HF_SHARES_MAX)
        return HF_EINVAL;
    int r = add(k, points, HF__MODEL_POINT, &wanted);
    if (r != 0)
        return r;
    if (hf__model_get(sum, HF__MODEL_SCALAR, &s) != 0)
        return HF_ESCALAR;
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    return hf__model_mul(s, HF__MODEL_G) == wanted ? 0 : HF_ESHARE;
}
