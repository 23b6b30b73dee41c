/* What a helper's words in a repair prove against it, and what they do not. */
#include "document/broken.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <string.h>

enum { K = 3, N = 5, LOST = 2, HELPER = 1, OTHER = 2 }; /* HELPER, OTHER: places; indices 3, 4 */

static const struct hf_suite *const suite = &hf_suite_real;

/* A repair of share 2 by 1, 3 and 4, all of whom have signed honestly. */
struct stage {
    struct hf_rng rng;
    struct hf_arena arena;
    struct hf_account accounts[N + 2]; /* holders; the owner; the new holder */
    uint8_t keys[N + 2][HF_SIGN_SECRET_LEN];
    uint8_t shares[N][HF_SCALAR_LEN], commitments[K * HF_POINT_LEN];
    struct hf_repair repair;
    struct hf_hash transcript;
    uint8_t parts[K][K * HF_SCALAR_LEN], points[K][K * HF_POINT_LEN];
    struct hf_repair_split splits[K];
    struct hf_broken_repair file;
};

static struct hf_bytes encoded(struct stage *s, const struct hf_wire_type *type, const void *m)
{
    struct hf_bytes bytes;
    cr_assert_eq(hf_wire_encode_in(type, m, &s->arena, &bytes), 0);
    return bytes;
}

static void sign_word(struct stage *s, size_t place, struct hf_repair_word *w, uint8_t *ret)
{
    w->repair = s->transcript;
    w->giver = s->repair.helpers[place];
    suite->sign(s->keys[s->repair.helpers[place] - 1], "holdfast/v1/repair-word",
                encoded(s, &hf_wire_repair_word, w), ret);
}

static void sign_points(struct stage *s, size_t place)
{
    struct hf_repair_word w = {.has_points = true};
    s->splits[place].points = hf_bytes_of(s->points[place], sizeof s->points[place]);
    suite->hash("holdfast/v1/repair-points", s->splits[place].points, &w.points);
    sign_word(s, place, &w, s->splits[place].signature);
}

static void sign_value(struct stage *s, size_t place, uint8_t taker, const uint8_t *value)
{
    struct hf_repair_word w = {.taker = taker, .has_value = true, .has_points = taker == LOST};
    uint8_t all[K * K * HF_POINT_LEN];
    for (size_t i = 0; i < K; i++)
        memcpy(all + i * sizeof s->points[i], s->points[i], sizeof s->points[i]);
    if (w.has_points)
        suite->hash("holdfast/v1/repair-points", hf_bytes_of(all, sizeof all), &w.points);
    suite->hash("holdfast/v1/repair-value", hf_bytes_of(value, HF_SCALAR_LEN), &w.value);
    sign_word(s, place, &w, s->file.signature);
    s->file.has_value = s->file.has_signature = true;
    memcpy(s->file.value, value, HF_SCALAR_LEN);
    s->file.taker = taker;
}

static void fill_record(struct stage *s, struct hf_placement_record *r, struct hf_holder *holders)
{
    for (size_t i = 0; i < N; i++)
        holders[i] = (struct hf_holder){.account = s->accounts[i], .index = i + 1};
    *r = (struct hf_placement_record){.owner = s->accounts[N],
                                      .generation = {.version = 1, .number = 1, .id = {7}},
                                      .threshold = K,
                                      .commitments =
                                          hf_bytes_of(s->commitments, sizeof s->commitments),
                                      .holders = holders,
                                      .holders_count = N,
                                      .epoch = 1,
                                      .ballot = {.number = 1},
                                      .quorum = K,
                                      .provisional = K};
}

static void fill_plan(struct stage *s, const struct hf_placement_record *record)
{
    struct hf_account_ref helpers[K];
    uint8_t keys[(K + 1) * HF_KEY_LEN] = {1};
    for (size_t i = 0; i < K; i++)
        helpers[i].account = s->accounts[s->repair.helpers[i] - 1];
    struct hf_transfer_statement t = {.owner = record->owner,
                                      .generation = record->generation,
                                      .index = LOST,
                                      .from = s->accounts[LOST - 1],
                                      .to = s->accounts[N + 1],
                                      .promised = {.statement = hf_bytes_of("word", 4)},
                                      .newest = {.claim = 1, .generation = 1, .id = {7}},
                                      .made_s = 1234,
                                      .helpers = helpers,
                                      .helpers_count = K};
    struct hf_repair_statement plan = {.epoch = 1, .keys = hf_bytes_of(keys, sizeof keys)};
    s->file.transfer = encoded(s, &hf_wire_transfer_statement, &t);
    suite->hash("holdfast/v1/transfer-hash", s->file.transfer, &plan.transfer);
    s->file.repair = encoded(s, &hf_wire_repair_statement, &plan);
    suite->hash("holdfast/v1/repair", s->file.repair, &s->transcript);
}

static struct stage *stage_new(void)
{
    struct stage *s = calloc(1, sizeof *s);
    struct hf_placement_record record;
    struct hf_holder holders[N];
    uint8_t secret[HF_SCALAR_LEN];
    hf_arena_init(&s->arena, 1 << 20);
    for (size_t i = 0; i < N + 2; i++)
        suite->sign_keypair(&s->rng, s->accounts[i].bytes, s->keys[i]);
    suite->scalar_random(&s->rng, secret);
    cr_assert_eq(
        suite->deal(&s->rng, secret, (struct hf_sharing){K, N}, s->shares[0], s->commitments), 0);
    s->repair = (struct hf_repair){K, LOST, {1, 3, 4}};
    fill_record(s, &record, holders);
    s->file.format = 2;
    s->file.record.record = encoded(s, &hf_wire_placement_record, &record);
    suite->sign(s->keys[N], "holdfast/v1/placement-record", s->file.record.record,
                s->file.record.signature);
    fill_plan(s, &record);
    for (size_t i = 0; i < K; i++) {
        uint8_t index = s->repair.helpers[i];
        cr_assert_eq(suite->repair_split(s->shares[index - 1], &s->repair, index, &s->transcript,
                                         s->parts[i], s->points[i]),
                     0);
        sign_points(s, i);
    }
    s->file.index = s->repair.helpers[HELPER];
    s->file.splits = &s->splits[HELPER];
    s->file.splits_count = 1;
    return s;
}

static int judged(struct stage *s)
{
    struct hf_broken what;
    struct hf_arena arena;
    hf_arena_init(&arena, HF_BROKEN_FILE_MAX);
    int r = hf_broken_read(suite, encoded(s, &hf_wire_broken_repair, &s->file), &arena, &what);
    hf_arena_done(&arena);
    if (r == 0) {
        cr_assert_eq(what.breach, HF_BREACH_REPAIR);
        cr_assert(hf_account_equal(&what.provider, &s->accounts[s->repair.helpers[HELPER] - 1]));
        cr_assert_eq(what.index, LOST);
        cr_assert_eq(what.broken_s, 1234);
    }
    return r;
}

static void stage_end(struct stage *s)
{
    hf_arena_done(&s->arena);
    free(s);
}

Test(broken_repair, points_that_do_not_add_up_prove_it_and_those_that_do_prove_nothing)
{
    struct stage *s = stage_new();
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    memcpy(s->points[HELPER], s->points[OTHER], HF_POINT_LEN);
    cr_assert_eq(judged(s), HF_ESIGNATURE);
    sign_points(s, HELPER);
    cr_assert_eq(judged(s), 0);
    stage_end(s);
}

Test(broken_repair, a_part_that_was_not_published_proves_it_and_one_that_was_nothing)
{
    struct stage *s = stage_new();
    const uint8_t taker = s->repair.helpers[OTHER];
    sign_value(s, HELPER, taker, s->parts[HELPER] + OTHER * HF_SCALAR_LEN);
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    sign_value(s, HELPER, taker, s->parts[HELPER]);
    cr_assert_eq(judged(s), 0);
    s->file.signature[3] ^= 1;
    cr_assert_eq(judged(s), HF_ESIGNATURE);
    /* Of a part without the points that it ought to fit, or for who is no helper. */
    sign_value(s, HELPER, taker, s->parts[HELPER]);
    s->file.splits_count = 0;
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    s->file.splits_count = 1;
    sign_value(s, HELPER, 5, s->parts[HELPER]);
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    s->file.has_value = false;
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    stage_end(s);
}

Test(broken_repair, a_sum_of_other_parts_proves_it_and_the_right_one_nothing)
{
    struct stage *s = stage_new();
    uint8_t parts[K * HF_SCALAR_LEN], sum[HF_SCALAR_LEN];
    for (size_t i = 0; i < K; i++)
        memcpy(parts + i * HF_SCALAR_LEN, s->parts[i] + HELPER * HF_SCALAR_LEN, HF_SCALAR_LEN);
    cr_assert_eq(suite->repair_sum(K, parts, sum), 0);
    s->file.splits = s->splits;
    s->file.splits_count = K;
    sign_value(s, HELPER, LOST, sum);
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    sign_value(s, HELPER, LOST, parts);
    cr_assert_eq(judged(s), 0);
    memset(parts, 0, sizeof parts); /* zero is no sum */
    sign_value(s, HELPER, LOST, parts);
    cr_assert_eq(judged(s), 0);
    s->file.splits = &s->splits[HELPER];
    s->file.splits_count = 1;
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    stage_end(s);
}

Test(broken_repair, proves_nothing_by_another_record_or_repair_or_helper)
{
    struct stage *s = stage_new();
    struct hf_bytes transfer = s->file.transfer;
    memcpy(s->points[HELPER], s->points[OTHER], HF_POINT_LEN);
    sign_points(s, HELPER);
    cr_assert_eq(judged(s), 0);
    s->file.record.signature[0] ^= 1;
    cr_assert_eq(judged(s), HF_ESIGNATURE);
    s->file.record.signature[0] ^= 1;
    s->file.index = LOST;
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    s->file.index = s->repair.helpers[OTHER];
    cr_assert_eq(judged(s), HF_ESIGNATURE);
    s->file.index = s->repair.helpers[HELPER];
    struct hf_transfer_statement t;
    cr_assert_eq(hf_wire_decode(&hf_wire_transfer_statement, transfer, &s->arena, &t, NULL), 0);
    t.made_s++;
    s->file.transfer = encoded(s, &hf_wire_transfer_statement, &t);
    cr_assert_eq(judged(s), HF_EUNPROVEN);
    stage_end(s);
}
