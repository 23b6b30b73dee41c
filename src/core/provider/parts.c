/*
 * The secrets of a repair (proto/REPAIR.md, 8): a helper's share is split into parts, parts are
 * added up, sums make the share. What must hold: what is secret stands in secret memory alone, and
 * goes out sealed to one key, with its giver's signature inside.
 */
#include "base/error.h"
#include "base/secret.h"
#include "provider/provider.h"

#include <assert.h>

static const char info[] = "holdfast/v1/repair";

/* A scalar on its way from one to another. */
struct part {
    size_t giver;                 /* place of the helper that gives it */
    uint8_t taker;                /* index of the helper that it is for; a sum: of the lost share */
    const struct hf_hash *points; /* a sum: of all helpers; NULL: it is no sum */
};

enum { PART_LEN = HF_SCALAR_LEN + HF_SIGNATURE_LEN };

/* What the helper at a place signs of a scalar. */
static struct hf_bytes word_of(struct hf_engine *e, const struct hf__plan *p,
                               const struct part *part, const uint8_t *value)
{
    struct hf_hash hash;
    hf_assert(part->giver < p->repair.k && part->taker > 0);
    e->suite->hash("holdfast/v1/repair-value", hf_bytes_of(value, HF_SCALAR_LEN), &hash);
    return hf__repair_word(e, p, part->giver, part->taker, part->points, &hash);
}

static int seal_part(struct hf_engine *e, const struct hf__plan *p, const struct part *part,
                     const uint8_t key[static HF_KEY_LEN], const uint8_t *value,
                     uint8_t ret[static HF__PART_SEALED])
{
    static_assert(PART_LEN + HF_SEAL_OVERHEAD == HF__PART_SEALED, "as in messages.def");
    uint8_t *plain = e->secret_alloc(PART_LEN);
    if (plain == NULL)
        return HF_ENOMEM;
    memcpy(plain, value, HF_SCALAR_LEN);
    e->suite->sign(e->secrets->account, "holdfast/v1/repair-word", word_of(e, p, part, value),
                   plain + HF_SCALAR_LEN);
    int r = e->suite->seal(&e->secrets->rng, key, hf_bytes_of(info, strlen(info)),
                           hf__repair_word(e, p, part->giver, part->taker, part->points, NULL),
                           hf_bytes_of(plain, PART_LEN), ret);
    e->secret_free(plain);
    hf_assert(r == 0 || r == HF_EPOINT);
    return r;
}

/* Opens a scalar that was sealed to this node and checks its giver's signature. ret_value: secret.
 * ret_accused: the giver, with its signature where that is good. */
static int open_part(struct hf_engine *e, const struct hf__plan *p, const struct part *part,
                     struct hf_bytes sealed, uint8_t *ret_value, struct hf_accusation *ret_accused)
{
    hf_assert(part->giver < p->repair.k);
    *ret_accused = (struct hf_accusation){.index = p->repair.helpers[part->giver]};
    if (sealed.len != HF__PART_SEALED)
        return HF_ETRANSFER;
    uint8_t *plain = e->secret_alloc(PART_LEN);
    if (plain == NULL)
        return HF_ENOMEM;
    int r = hf__sealing_open(e, NULL, hf_bytes_of(info, strlen(info)),
                             hf__repair_word(e, p, part->giver, part->taker, part->points, NULL),
                             sealed, plain);
    if (r == 0)
        r = e->suite->verify(p->t.helpers[part->giver].account.bytes, "holdfast/v1/repair-word",
                             word_of(e, p, part, plain), plain + HF_SCALAR_LEN);
    if (r == 0) {
        memcpy(ret_value, plain, HF_SCALAR_LEN);
        memcpy(ret_accused->signature, plain + HF_SCALAR_LEN, HF_SIGNATURE_LEN);
        ret_accused->has_signature = true;
    }
    e->secret_free(plain);
    return r;
}

/* Shows what its giver has signed and does not fit: from now on it is no secret. */
static void show_part(struct hf_accusation *accused, const uint8_t *value)
{
    hf_assert(accused->has_signature && accused->index > 0);
    accused->has_value = true;
    memcpy(accused->value, value, HF_SCALAR_LEN);
}

int hf__share_split(struct hf_engine *e, const struct hf__plan *p, const struct hf_held_row *held,
                    size_t place, struct hf_split_response *ret)
{
    const size_t k = p->repair.k;
    struct hf_repair_split own = {0};
    struct hf_hash hash;
    hf_assert(place < k && p->repair.helpers[place] == held->index);
    uint8_t *points = hf__scratch(e, k * HF_POINT_LEN);
    struct hf_repair_sealed *parts = hf__scratch(e, k * sizeof *parts);
    uint8_t *secret = e->secret_alloc((k + 1) * HF_SCALAR_LEN);
    if (secret == NULL)
        return HF_ENOMEM;
    int r = e->suite->unwrap(e->secrets->active.wrap_key, hf_bytes_of(held->generation.id, 16),
                             hf_bytes_of(held->wrapped, sizeof held->wrapped), secret);
    if (r == 0)
        r = e->suite->repair_split(secret, &p->repair, (uint8_t)held->index, &p->transcript,
                                   secret + HF_SCALAR_LEN, points);
    for (size_t i = 0; r == 0 && i < k; i++) {
        struct part part = {.giver = place, .taker = p->repair.helpers[i]};
        r = seal_part(e, p, &part, hf__plan_key(p, i), secret + (i + 1) * HF_SCALAR_LEN,
                      parts[i].sealed);
    }
    e->secret_free(secret);
    if (r != 0)
        return r;
    ret->parts = parts;
    ret->parts_count = k;
    ret->points = own.points = hf_bytes_of(points, k * HF_POINT_LEN);
    hf__points_hash(e, p, &own, 1, &hash);
    e->suite->sign(e->secrets->account, "holdfast/v1/repair-word",
                   hf__repair_word(e, p, place, 0, &hash, NULL), ret->signature);
    hf_assert(ret->parts_count == p->record->threshold);
    return 0;
}

/* Takes the part that the helper at a place has sent; ret_accused: when it does not fit. */
static int take_part(struct hf_engine *e, const struct hf__plan *p,
                     const struct hf_repair_split *split, const struct part *part, size_t place,
                     uint8_t *ret, struct hf_accusation *ret_accused)
{
    hf_assert(part->taker == p->repair.helpers[place] && part->points == NULL);
    hf_assert(split->points.len == (size_t)p->repair.k * HF_POINT_LEN);
    int r = open_part(e, p, part, split->sealed, ret, ret_accused);
    if (r == 0) {
        r = e->suite->secret_check(ret, split->points.data + place * HF_POINT_LEN);
        if (r != 0)
            show_part(ret_accused, ret);
    }
    return r;
}

int hf__parts_sum(struct hf_engine *e, const struct hf__plan *p,
                  const struct hf_repair_split *splits, size_t place,
                  uint8_t ret[static HF__PART_SEALED], struct hf_accusation *ret_accused)
{
    const uint8_t k = p->repair.k;
    struct hf_hash points;
    struct part sum = {.giver = place, .taker = p->repair.target, .points = &points};
    hf_assert(place < k);
    hf__points_hash(e, p, splits, k, &points);
    uint8_t *parts = e->secret_alloc((size_t)k * HF_SCALAR_LEN);
    if (parts == NULL)
        return HF_ENOMEM;
    int r = 0;
    for (size_t i = 0; r == 0 && i < k; i++) {
        struct part part = {.giver = i, .taker = p->repair.helpers[place]};
        r = take_part(e, p, &splits[i], &part, place, parts + i * HF_SCALAR_LEN, ret_accused);
    }
    if (r == 0) {
        *ret_accused = (struct hf_accusation){0};
        r = e->suite->repair_sum(k, parts, parts);
    }
    if (r == 0)
        r = seal_part(e, p, &sum, hf__plan_key(p, k), parts, ret);
    e->secret_free(parts);
    return r;
}

int hf__sums_wrap(struct hf_engine *e, const struct hf__plan *p, const struct hf_restore_request *m,
                  struct hf_held_row *ret, struct hf_accusation *ret_accused)
{
    const uint8_t k = p->repair.k;
    struct hf_hash points;
    uint8_t column[HF_SHARES_MAX * HF_POINT_LEN];
    hf_assert(m->splits_count == k && m->sums_count == k);
    hf_assert(ret->index == p->repair.target);
    hf__points_hash(e, p, m->splits, k, &points);
    uint8_t *sums = e->secret_alloc((size_t)k * HF_SCALAR_LEN);
    if (sums == NULL)
        return HF_ENOMEM;
    int r = 0;
    for (size_t j = 0; r == 0 && j < k; j++) {
        struct part sum = {.giver = j, .taker = p->repair.target, .points = &points};
        uint8_t *value = sums + j * HF_SCALAR_LEN;
        hf__points_for(p, m->splits, j, column);
        r = open_part(e, p, &sum, hf_bytes_of(m->sums[j].sealed, HF__PART_SEALED), value,
                      ret_accused);
        if (r != 0)
            break;
        r = e->suite->repair_sum_check(value, k, column);
        if (r != 0)
            show_part(ret_accused, value);
    }
    if (r == 0) {
        *ret_accused = (struct hf_accusation){0};
        r = e->suite->repair_sum(k, sums, sums);
    }
    if (r == 0)
        r = e->suite->share_check(sums, p->repair.target, k, p->record->commitments.data);
    if (r == 0)
        e->suite->wrap(&e->secrets->rng, e->secrets->active.wrap_key,
                       hf_bytes_of(p->record->generation.id, 16), hf_bytes_of(sums, HF_SCALAR_LEN),
                       ret->wrapped);
    e->secret_free(sums);
    return r;
}
