/* What a helper's signed words prove against it, where a share was restored (proto/EVIDENCE.md,
 * 2). */
#include "document/broken.h"

#include "base/error.h"

/* What is in a file, opened. */
struct repair {
    const struct hf_broken_repair *file;
    struct hf_placement_record record;
    struct hf_transfer_statement t;
    struct hf_repair_statement s;
    struct hf_hash transcript;
    struct hf_repair indices;
    size_t place; /* of the accused among the helpers */
};

/* The indices of the helpers, by the owner's record; false: they are not k of its holders. */
static bool find_helpers(struct repair *r)
{
    size_t found = 0;
    r->indices.k = (uint8_t)r->record.threshold;
    r->indices.target = (uint8_t)r->t.index;
    r->place = r->record.threshold;
    for (size_t i = 0; i < r->record.holders_count && found < r->t.helpers_count; i++) {
        const struct hf_holder *h = &r->record.holders[i];
        if (!hf_account_equal(&h->account, &r->t.helpers[found].account))
            continue;
        if (h->index == r->file->index)
            r->place = found;
        r->indices.helpers[found++] = (uint8_t)h->index;
    }
    return found == r->record.threshold && found == r->t.helpers_count &&
           r->place < r->record.threshold;
}

static int open_file(const struct hf_suite *suite, struct hf_arena *arena, struct repair *ret)
{
    const struct hf_broken_repair *m = ret->file;
    struct hf_hash hash;
    int r = hf_wire_decode(&hf_wire_placement_record, m->record.record, arena, &ret->record, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_transfer_statement, m->transfer, arena, &ret->t, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_repair_statement, m->repair, arena, &ret->s, NULL);
    if (r != 0)
        return r;
    suite->hash("holdfast/v1/transfer-hash", m->transfer, &hash);
    suite->hash("holdfast/v1/repair", m->repair, &ret->transcript);
    if (!hf_hash_equal(&hash, &ret->s.transfer) ||
        !hf_account_equal(&ret->record.owner, &ret->t.owner) ||
        !hf_network_id_equal(&ret->record.network, &ret->t.network) ||
        memcmp(ret->record.generation.id, ret->t.generation.id, 16) != 0 ||
        ret->record.commitments.len != ret->record.threshold * HF_POINT_LEN || !find_helpers(ret))
        return HF_EUNPROVEN;
    return suite->verify(ret->record.owner.bytes, "holdfast/v1/placement-record", m->record.record,
                         m->record.signature);
}

/* Whether a helper has signed a word of this repair. */
static int check_word(const struct hf_suite *suite, const struct repair *p, size_t place,
                      struct hf_repair_word *w, const uint8_t signature[static HF_SIGNATURE_LEN],
                      struct hf_arena *arena)
{
    struct hf_bytes bytes;
    w->repair = p->transcript;
    w->giver = p->indices.helpers[place];
    int r = hf_wire_encode_in(&hf_wire_repair_word, w, arena, &bytes);
    return r != 0 ? r
                  : suite->verify(p->t.helpers[place].account.bytes, "holdfast/v1/repair-word",
                                  bytes, signature);
}

/* Whether the helper at a place has signed these points. */
static int check_points(const struct hf_suite *suite, const struct repair *p, size_t place,
                        const struct hf_repair_split *split, struct hf_arena *arena)
{
    struct hf_repair_word w = {.has_points = true};
    if (split->points.len != (size_t)p->indices.k * HF_POINT_LEN)
        return HF_EUNPROVEN;
    suite->hash("holdfast/v1/repair-points", split->points, &w.points);
    return check_word(suite, p, place, &w, split->signature, arena);
}

/* A part that is not the one published for this taker. */
static int check_part(const struct hf_suite *suite, const struct repair *p, struct hf_arena *arena)
{
    const struct hf_broken_repair *m = p->file;
    struct hf_repair_word w = {.taker = m->taker, .has_value = true};
    size_t at = 0;
    while (at < p->indices.k && p->indices.helpers[at] != m->taker)
        at++;
    if (at == p->indices.k || m->splits_count != 1)
        return HF_EUNPROVEN;
    suite->hash("holdfast/v1/repair-value", hf_bytes_of(m->value, sizeof m->value), &w.value);
    int r = check_word(suite, p, p->place, &w, m->signature, arena);
    if (r != 0)
        return r;
    return suite->secret_check(m->value, m->splits[0].points.data + at * HF_POINT_LEN) != 0
               ? 0
               : HF_EUNPROVEN;
}

/* A sum that is not that of the parts published for this helper. */
static int check_sum(const struct hf_suite *suite, const struct repair *p, struct hf_arena *arena)
{
    const struct hf_broken_repair *m = p->file;
    const size_t len = (size_t)p->indices.k * HF_POINT_LEN;
    struct hf_repair_word w = {.taker = m->taker, .has_points = true, .has_value = true};
    uint8_t all[HF_SHARES_MAX * HF_SHARES_MAX * HF_POINT_LEN];
    uint8_t column[HF_SHARES_MAX * HF_POINT_LEN];
    if (m->splits_count != p->indices.k)
        return HF_EUNPROVEN;
    for (size_t i = 0; i < m->splits_count; i++) {
        memcpy(all + i * len, m->splits[i].points.data, len);
        memcpy(column + i * HF_POINT_LEN, m->splits[i].points.data + p->place * HF_POINT_LEN,
               HF_POINT_LEN);
    }
    suite->hash("holdfast/v1/repair-points", hf_bytes_of(all, m->splits_count * len), &w.points);
    suite->hash("holdfast/v1/repair-value", hf_bytes_of(m->value, sizeof m->value), &w.value);
    int r = check_word(suite, p, p->place, &w, m->signature, arena);
    if (r != 0)
        return r;
    r = suite->repair_sum_check(m->value, p->indices.k, column);
    return r == HF_ESHARE || r == HF_ESCALAR ? 0 : HF_EUNPROVEN;
}

int hf_broken_repair_check(const struct hf_suite *suite, const struct hf_broken_repair *m,
                           struct hf_arena *arena, struct hf_broken *ret)
{
    struct repair p = {.file = m};
    int r = open_file(suite, arena, &p);
    bool alone = r == 0 && m->splits_count == 1;
    if (r == 0 && !alone && m->splits_count != p.indices.k)
        r = HF_EUNPROVEN;
    for (size_t i = 0; r == 0 && i < m->splits_count; i++)
        r = check_points(suite, &p, alone ? p.place : i, &m->splits[i], arena);
    if (r != 0)
        return r;
    if (m->taker == 0)
        r = alone && suite->repair_split_check(m->splits[0].points.data, &p.indices,
                                               (uint8_t)m->index, p.record.commitments.data) != 0
                ? 0
                : HF_EUNPROVEN;
    else if (!m->has_value || !m->has_signature)
        r = HF_EUNPROVEN;
    else
        r = m->taker == p.t.index ? check_sum(suite, &p, arena) : check_part(suite, &p, arena);
    if (r != 0)
        return r;
    *ret = (struct hf_broken){.breach = HF_BREACH_REPAIR,
                              .network = p.t.network,
                              .owner = p.t.owner,
                              .provider = p.t.helpers[p.place].account,
                              .generation = p.t.generation,
                              .index = (uint8_t)p.t.index,
                              .broken_s = p.t.made_s};
    return 0;
}
