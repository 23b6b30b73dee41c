/*
 * Prints tests/vectors/repair.json: the operations of proto/CRYPTO.md, section 12, by which k
 * holders restore a share, with inputs that must be refused, and the error.
 */
#include "base/secret.h"
#include "rows.h"

struct dealing {
    uint8_t secret[32];
    uint8_t shares[9][32];
    uint8_t commitments[5 * 32];
};

static void print_deal(struct writer *w, struct dealing *ret)
{
    begin(w, "deal", '[');
    begin(w, NULL, '{');
    suite->scalar_random(&w->inputs, ret->secret);
    hf_assert(suite->deal(&w->inputs, ret->secret, (struct hf_sharing){.k = 5, .n = 9},
                          ret->shares[0], ret->commitments) == 0);
    put_hex(w, "shares", ret->shares, sizeof ret->shares);
    put_hex(w, "commitments", ret->commitments, sizeof ret->commitments);
    end(w, '}');
    end(w, ']');
}

/* A share of a dealing, repaired by k others. */
struct repaired {
    struct hf_repair repair;
    struct hf_hash transcript;
    uint8_t parts[HF_SHARES_MAX][HF_SHARES_MAX * 32];  /* by giver, by taker */
    uint8_t points[HF_SHARES_MAX][HF_SHARES_MAX * 32]; /* the same */
};

static void print_split(struct writer *w, const uint8_t share[static 32], uint8_t helper,
                        const struct repaired *d, uint8_t *ret_parts, uint8_t *ret_points)
{
    uint8_t parts[HF_SHARES_MAX * 32], points[HF_SHARES_MAX * 32];
    size_t len = d->repair.k * 32u;
    begin(w, NULL, '{');
    put_hex(w, "share", share, 32);
    put_number(w, "helper", helper);
    put_hex(w, "helpers", d->repair.helpers, d->repair.k);
    put_number(w, "target", d->repair.target);
    put_hex(w, "transcript", d->transcript.bytes, 32);
    int r = suite->repair_split(share, &d->repair, helper, &d->transcript, parts, points);
    put_error(w, r);
    put_hex(w, "parts", parts, r == 0 ? len : 0);
    put_hex(w, "points", points, r == 0 ? len : 0);
    end(w, '}');
    memcpy(ret_parts, parts, r == 0 ? len : 0);
    memcpy(ret_points, points, r == 0 ? len : 0);
}

static void print_split_check(struct writer *w, const uint8_t *points, uint8_t helper,
                              const struct hf_repair *repair, const uint8_t *commitments)
{
    begin(w, NULL, '{');
    put_hex(w, "points", points, repair->k * 32u);
    put_number(w, "helper", helper);
    put_hex(w, "helpers", repair->helpers, repair->k);
    put_number(w, "target", repair->target);
    put_hex(w, "commitments", commitments, repair->k * 32u);
    put_error(w, suite->repair_split_check(points, repair, helper, commitments));
    end(w, '}');
}

static void print_sum(struct writer *w, const uint8_t *parts, const uint8_t *points, uint8_t k,
                      uint8_t ret[static 32])
{
    uint8_t sum[32];
    begin(w, NULL, '{');
    put_hex(w, "parts", parts, k * 32u);
    int r = suite->repair_sum(k, parts, sum);
    put_error(w, r);
    put_hex(w, "sum", sum, r == 0 ? sizeof sum : 0);
    put_hex(w, "points", points, points == NULL ? 0 : k * 32u);
    put_text(w, "check",
             points == NULL || r != 0 ? ""
                                      : hf_error_name(suite->repair_sum_check(sum, k, points)));
    end(w, '}');
    memcpy(ret, sum, r == 0 ? sizeof sum : 0);
}

static void print_sums(struct writer *w, const struct repaired *d, const struct dealing *deal)
{
    uint8_t parts[HF_SHARES_MAX * 32], points[HF_SHARES_MAX * 32], sums[HF_SHARES_MAX * 32];
    const uint8_t k = d->repair.k;
    begin(w, "sum", '[');
    for (size_t j = 0; j < k; j++) {
        for (size_t i = 0; i < k; i++) {
            memcpy(parts + i * 32, d->parts[i] + j * 32, 32);
            memcpy(points + i * 32, d->points[i] + j * 32, 32);
        }
        print_sum(w, parts, points, k, sums + j * 32);
    }
    memset(parts, 0, 32);
    print_sum(w, parts, points, k, parts);
    memset(parts, 0xff, 32);
    print_sum(w, parts, points, k, parts);
    memcpy(parts, d->parts[0], 32); /* what was published for another */
    print_sum(w, parts, points, k, parts);
    memset(points, 0, 32);
    print_sum(w, parts, points, k, parts);
    print_sum(w, sums, NULL, k, parts); /* of all helpers: the lost share */
    hf_assert(memcmp(parts, deal->shares[d->repair.target - 1], 32) == 0);
    end(w, ']');
}

static void print_repair(struct writer *w)
{
    static const struct hf_repair wrong[] = {
        {5, 4, {1, 2, 4, 5, 9}}, {5, 3, {2, 1, 4, 5, 9}},  {5, 3, {1, 1, 4, 5, 9}},
        {5, 3, {0, 1, 4, 5, 9}}, {5, 3, {1, 2, 4, 5, 17}}, {5, 0, {1, 2, 4, 5, 9}},
    };
    struct dealing deal;
    struct repaired d = {.repair = {5, 3, {1, 2, 4, 5, 9}}}, other = {.repair = {0}};
    uint8_t zero[32] = {0}, ignored[HF_SHARES_MAX * 32];
    print_deal(w, &deal);
    suite->random(&w->inputs, d.transcript.bytes, 32);
    begin(w, "split", '[');
    for (size_t i = 0; i < d.repair.k; i++) {
        uint8_t index = d.repair.helpers[i];
        print_split(w, deal.shares[index - 1], index, &d, d.parts[i], d.points[i]);
    }
    print_split(w, deal.shares[5], 6, &d, ignored, ignored);
    print_split(w, zero, 1, &d, ignored, ignored);
    for (size_t i = 0; i < HF_ARRAY_LEN(wrong); i++) {
        other.repair = wrong[i];
        print_split(w, deal.shares[0], 1, &other, ignored, ignored);
    }
    end(w, ']');
    begin(w, "split_check", '[');
    for (size_t i = 0; i < d.repair.k; i++)
        print_split_check(w, d.points[i], d.repair.helpers[i], &d.repair, deal.commitments);
    print_split_check(w, d.points[0], 2, &d.repair, deal.commitments);
    for (size_t i = 0; i < HF_ARRAY_LEN(wrong); i++)
        print_split_check(w, d.points[0], 1, &wrong[i], deal.commitments);
    other.repair = (struct hf_repair){5, 3, {1, 2, 4, 5, 8}};
    print_split_check(w, d.points[0], 1, &other.repair, deal.commitments);
    memcpy(ignored, d.points[0], sizeof ignored);
    memset(ignored + 32, 0, 32); /* the identity */
    print_split_check(w, ignored, 1, &d.repair, deal.commitments);
    ignored[32] = 1; /* negative */
    print_split_check(w, ignored, 1, &d.repair, deal.commitments);
    end(w, ']');
    print_sums(w, &d, &deal);
}

int main(int argc, char **argv)
{
    struct writer w = {.between = ""};
    const uint8_t seed[32] = "vectors of a repair";

    hf_assert(hf_secret_init(4096, false) == 0);
    hf_buf_init(&w.out, 1 << 20);
    hf_rng_init(&w.inputs, seed);
    hf_buf_printf(&w.out, "{\n  ");
    put_text(&w, "about",
             "see proto/CRYPTO.md, section 12; bytes are hexadecimal; made by repair_vectors.c");
    w.between = ",\n  ";
    print_repair(&w);
    hf_buf_printf(&w.out, "\n}\n");
    return generated_main(argc, argv, &w.out);
}
