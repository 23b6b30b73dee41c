/*
 * Sealing older generations (proto/CLAIMS.md, 4.5): the newest record at the holders of each
 * generation that it lists, until q of each have signed that they keep it. What must hold: no
 * holder of an older generation is told before the record's own holders have acknowledged it under
 * the present ballot; otherwise an older generation could be deleted of which the newer one has too
 * few shares.
 */
#include <stdlib.h>

#include "base/error.h"
#include "owner/record.h"

/* One acceptor of one older generation. */
struct hf__sealer {
    uint8_t generation[16];
    struct hf_account account;
    uint8_t quorum;
    bool sealed;
    int error; /* of the last call; 0 none */
    uint64_t since_ms;
    uint8_t signature[64];
};

struct hf__sealing {
    struct hf_hash record_hash;
    size_t count;
    struct hf__sealer sealers[];
};

void hf__seal_free(struct hf_engine *e)
{
    free(e->owner->sealing);
    e->owner->sealing = NULL;
}

size_t hf__seal_memory(const struct hf_engine *e)
{
    hf_assert(e->open || e->owner->sealing == NULL);
    return e->owner->sealing == NULL
               ? 0
               : sizeof *e->owner->sealing + e->owner->sealing->count * sizeof(struct hf__sealer);
}

void hf__seal_status(const struct hf_engine *e, const uint8_t generation[static 16],
                     struct hf_awaited_status *ret)
{
    for (size_t i = 0; e->owner->sealing != NULL && i < e->owner->sealing->count; i++) {
        const struct hf__sealer *s = &e->owner->sealing->sealers[i];
        if (memcmp(s->generation, generation, 16) != 0 ||
            !hf_account_equal(&s->account, &ret->account))
            continue;
        ret->gave = s->sealed;
        ret->error = s->error;
        ret->since_ms = s->since_ms;
    }
}

/* Lists the acceptors of what is unsealed. A record that has changed is sealed from the start. */
static void list_sealers(struct hf_engine *e, const struct hf_placement_record *record,
                         const struct hf_hash *hash)
{
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    if (e->owner->sealing != NULL && hf_hash_equal(&e->owner->sealing->record_hash, hash))
        return;
    hf__seal_free(e);
    size_t n = 0, count = hf__needed(e, record, g);
    for (size_t i = 1; i < count; i++)
        n += g[i].n;
    e->owner->sealing = calloc(1, sizeof *e->owner->sealing + n * sizeof(struct hf__sealer));
    hf_assert(e->owner->sealing != NULL);
    e->owner->sealing->record_hash = *hash;
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < g[i].n; j++) {
            struct hf__sealer *s = &e->owner->sealing->sealers[e->owner->sealing->count++];
            s->quorum = g[i].quorum;
            memcpy(s->generation, g[i].id, 16);
            s->account = g[i].acceptors[j];
        }
}

static void fill_request(struct hf_engine *e, const struct hf__sealer *s,
                         const struct hf_signed_record *record, struct hf_record_request *ret)
{
    hf_assert(s->quorum <= HF_SHARES_MAX);
    *ret = (struct hf_record_request){.record = *record, .has_seals = true};
    memcpy(ret->seals, s->generation, 16);
    ret->has_ticket = hf__ticket_of(e, &s->account, ret->ticket);
    hf__fill_header(e, &s->account, &ret->header);
}

static bool has_certificate(struct hf_engine *e, const uint8_t generation[static 16])
{
    struct hf_older_row row;
    return hf__older_row(e, generation, &row) && row.has_certificate;
}

void hf__seal_send(struct hf_engine *e)
{
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    struct hf_hash hash;
    bool waiting = false;
    if (!e->claimed || e->owner->claiming != NULL || e->owner->unsealed == 0 ||
        !hf__own_record(e, &record, &signed_record, NULL) || record.ballot.number != e->claim ||
        !hf__record_complete(e, &record))
        return;
    hf__record_hash(e, &signed_record, &hash);
    list_sealers(e, &record, &hash);
    hf_assert(hf_hash_equal(&e->owner->sealing->record_hash, &hash));
    for (size_t i = 0; i < e->owner->sealing->count; i++) {
        const struct hf__sealer *s = &e->owner->sealing->sealers[i];
        uint32_t arg = (uint32_t)i;
        if (s->sealed || has_certificate(e, s->generation) || !hf__is_member(e, &s->account))
            continue;
        waiting = true;
        if (hf__calling(e, HF_METHOD_RECORD, &s->account, &arg))
            continue;
        struct hf_record_request m;
        fill_request(e, s, &signed_record, &m);
        struct hf__ask ask = {.task = HF__TASK_SEAL, .method = HF_METHOD_RECORD, .arg = arg};
        int r = hf__owner_send(e, &ask, &s->account, &hf_wire_record_request, &m);
        (void)r; /* asked again with the timer */
    }
    if (waiting)
        hf__timer_set(e, HF__TIMER_SEAL, e->timing.standing_ms);
}

/* q acceptors of one generation have sealed it: their signatures are the certificate. */
static void certify(struct hf_engine *e, const struct hf__sealer *last,
                    const struct hf_certificate *what)
{
    hf_assert(last->sealed && last->quorum > 0 && last->quorum <= HF_SHARES_MAX);
    struct hf_older_row row;
    struct hf_seal seals[HF_SHARES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < e->owner->sealing->count && count < last->quorum; i++) {
        const struct hf__sealer *s = &e->owner->sealing->sealers[i];
        if (!s->sealed || memcmp(s->generation, last->generation, 16) != 0)
            continue;
        seals[count].acceptor = s->account;
        memcpy(seals[count++].signature, s->signature, 64);
    }
    if (count < last->quorum || !hf__older_row(e, last->generation, &row) || row.has_certificate)
        return;
    row.has_certificate = true;
    row.certificate = *what;
    row.certificate.seals = seals;
    row.certificate.seals_count = count;
    hf_assert(count == last->quorum);
    hf__put(e, HF_ROW_OLDER, hf_bytes_of(last->generation, 16), &hf_wire_older_row, &row);
    hf__trace(e, HF_TRACE_CERTIFIED, 0, NULL, row.generation.number, count);
    hf__chain_count(e);
    hf__record_send(e); /* hands the certificate on */
    hf__retire_send(e);
    hf__holders_judge(e);
}

int hf__seal_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                      struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_SEAL && call->method == HF_METHOD_RECORD);
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    struct hf_record_request m;
    struct hf_ack_statement s;
    struct hf_ack_response response;
    struct hf_certificate what = {0};
    struct hf_hash hash;
    if (!e->claimed || e->owner->sealing == NULL || call->arg >= e->owner->sealing->count ||
        !hf__own_record(e, &record, &signed_record, NULL))
        return 0;
    struct hf__sealer *sealer = &e->owner->sealing->sealers[call->arg];
    hf__record_hash(e, &signed_record, &what.record);
    if (!hf_account_equal(&sealer->account, &call->account) || sealer->sealed ||
        !hf_hash_equal(&e->owner->sealing->record_hash, &what.record))
        return 0;
    if (sealer->error != error || sealer->since_ms == 0)
        sealer->since_ms = e->now_ms;
    sealer->error = error;
    if (error != 0)
        return 0;
    fill_request(e, sealer, &signed_record, &m);
    e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_record_request, &m), &hash);
    int r = hf__ack_check(e, call, &hash, body, &s, &response);
    if (r != 0)
        return r;
    memcpy(what.generation, sealer->generation, 16);
    memcpy(what.by, record.generation.id, 16);
    what.ballot = record.ballot;
    if (!response.has_seal || !s.votes ||
        e->suite->verify(call->account.bytes, "holdfast/v1/seal",
                         hf__seal_bytes(e, &e->account, &what, &call->account), response.seal) != 0)
        return HF_ECERTIFICATE;
    sealer->sealed = true;
    memcpy(sealer->signature, response.seal, 64);
    certify(e, sealer, &what);
    return 0;
}
