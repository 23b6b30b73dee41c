/*
 * Certificates (proto/CLAIMS.md, 4.2): what excuses an instance from asking the holders of an older
 * generation. What must hold: each that is kept fits the newest record and the floor in force.
 */
#include "owner/record.h"
#include "register/register.h"

size_t hf__certificates(struct hf_engine *e, const struct hf_placement_record *record,
                        struct hf_certificate ret[static HF_CHAIN_MAX + 1])
{
    size_t count = 0;
    hf_assert(record->chain_count <= HF_CHAIN_MAX);
    for (size_t i = 0; i < record->chain_count; i++) {
        struct hf_older_row row;
        if (hf__older_row(e, record->chain[i].generation.id, &row) && row.has_certificate)
            ret[count++] = row.certificate;
    }
    hf_assert(count <= HF_CHAIN_MAX);
    return count;
}

void hf__certificates_drop(struct hf_engine *e)
{
    struct hf_placement_record own;
    struct hf_older_row row;
    struct hf__moves moves;
    hf_assert(e->open);
    if (!hf__own_record(e, &own, NULL, NULL))
        return;
    hf__own_moves(e, &moves);
    for (size_t at = 0; hf__older_next(e, &at, &row);) {
        if (!row.has_certificate || hf__certificate_fits(e, &row.certificate, &own, &moves))
            continue;
        row.has_certificate = false;
        hf__older_put(e, &row);
    }
    hf__chain_count(e);
}

void hf__certificates_learn(struct hf_engine *e, const struct hf_signed_record *record,
                            const struct hf_certificate *certificates, size_t count)
{
    hf_assert(e->open && (count == 0 || certificates != NULL));
    struct hf_placement_record own;
    struct hf_signed_record own_signed;
    if (!hf__own_record(e, &own, &own_signed, NULL) ||
        !hf_bytes_equal(own_signed.record, record->record))
        return;
    struct hf__moves moves;
    hf__own_moves(e, &moves);
    for (size_t i = 0; i < count; i++) {
        struct hf_older_row row;
        if (hf__older_row(e, certificates[i].generation, &row) && !row.has_certificate &&
            hf__certificate_check(e, &certificates[i], &own, &moves) == 0) {
            row.has_certificate = true;
            row.certificate = certificates[i];
            hf__older_put(e, &row);
        }
    }
    hf__chain_count(e);
}

size_t hf__needed(struct hf_engine *e, const struct hf_placement_record *own,
                  struct hf__electorate ret[static HF__ELECTORATES_MAX])
{
    struct hf_certificate certificates[HF__ELECTORATES_MAX];
    struct hf__moves moves;
    size_t sealed = hf__certificates(e, own, certificates);
    hf__own_moves(e, &moves);
    size_t count = hf__electorates(e, own, certificates, sealed, &moves, ret);
    hf_assert(count > 0 && count <= HF__ELECTORATES_MAX);
    hf_assert(memcmp(ret[0].id, own->generation.id, 16) == 0);
    return count;
}

static bool same_electorate(const struct hf__electorate *a, const struct hf__electorate *b)
{
    hf_assert(a->n <= HF_SHARES_MAX && b->n <= HF_SHARES_MAX);
    bool same = memcmp(a->id, b->id, 16) == 0 && a->n == b->n && a->quorum == b->quorum &&
                a->provisional == b->provisional;
    for (size_t i = 0; same && i < a->n; i++)
        same = hf_account_equal(&a->acceptors[i], &b->acceptors[i]);
    return same;
}

bool hf__still_needed(struct hf_engine *e, const struct hf__electorate *listed, size_t count)
{
    struct hf_placement_record record;
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found); /* nothing is asked of holders before there is one */
    hf_assert(count > 0 && count <= HF__ELECTORATES_MAX);
    bool same = hf__needed(e, &record, g) == count;
    for (size_t i = 0; same && i < count; i++)
        same = same_electorate(&g[i], &listed[i]);
    return same;
}

void hf__chain_count(struct hf_engine *e)
{
    struct hf_placement_record record;
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    e->owner->unsealed = 0;
    if (!hf__own_record(e, &record, NULL, NULL))
        return;
    e->owner->unsealed = (uint8_t)(hf__needed(e, &record, g) - 1);
    hf_assert(e->owner->unsealed <= HF_CHAIN_MAX);
}
