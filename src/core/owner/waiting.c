/*
 * For whom an owner waits before it can act or be ready: votes for its ballot, of each generation
 * that does not carry it yet, and seals of older generations. Silence may pass; where it does not,
 * this is what the authority must know to decide (proto/CLAIMS.md, 6).
 */
#include "owner/claim.h"
#include "owner/waiting.h"

/* The number of a generation that a record names. */
static uint32_t number_of(const struct hf_placement_record *record, const uint8_t id[static 16])
{
    hf_assert(record->chain_count <= HF_CHAIN_MAX);
    for (size_t i = 0; i < record->chain_count; i++)
        if (memcmp(record->chain[i].generation.id, id, 16) == 0)
            return (uint32_t)record->chain[i].generation.number;
    return (uint32_t)record->generation.number;
}

static struct hf_wait_status *begin(struct hf_status *ret, const struct hf_placement_record *record,
                                    const struct hf__electorate *g, bool seals)
{
    hf_assert(ret->waits_count < HF_STATUS_WAITS_MAX);
    struct hf_wait_status *wait = &ret->waits[ret->waits_count++];
    *wait = (struct hf_wait_status){.seals = seals,
                                    .generation = number_of(record, g->id),
                                    .quorum = g->quorum,
                                    .provisional = seals ? g->quorum : g->provisional};
    memcpy(wait->id, g->id, 16);
    return wait;
}

static struct hf_awaited_status *add(struct hf_engine *e, struct hf_wait_status *wait,
                                     const struct hf_account *account)
{
    hf_assert(wait->acceptors_count < HF_SHARES_MAX);
    struct hf_awaited_status *a = &wait->acceptors[wait->acceptors_count++];
    *a = (struct hf_awaited_status){.address = hf__address_of(e, account)};
    a->account = *account;
    return a;
}

static void count(struct hf_wait_status *wait, const struct hf_awaited_status *a)
{
    wait->given = (uint8_t)(wait->given + a->gave);
    wait->firm = (uint8_t)(wait->firm + (a->gave && !a->provisional));
    hf_assert(wait->firm <= wait->given && wait->given <= wait->acceptors_count);
}

static void fill_votes(struct hf_engine *e, const struct hf_placement_record *record,
                       struct hf_status *ret)
{
    const struct hf__claiming *c = e->owner->claiming;
    hf_assert(c->electorates_count > 0 && ret->waits_count == 0);
    for (uint8_t g = 0; g < c->electorates_count; g++) {
        struct hf_wait_status *wait = begin(ret, record, &c->electorates[g], false);
        for (size_t i = 0; i < c->count; i++) {
            const struct hf__claim_holder *h = &c->holders[i];
            if ((h->electorates >> g & 1) == 0)
                continue;
            struct hf_awaited_status *a = add(e, wait, &h->account);
            a->gave = (h->voted >> g & 1) != 0;
            a->provisional = a->gave && h->vote != HF__VOTE_ACCEPTED;
            a->refused = h->vote == HF__VOTE_REFUSED;
            a->error = h->error;
            a->since_ms = h->since_ms;
            count(wait, a);
        }
        if (wait->firm >= wait->quorum || wait->given >= wait->provisional)
            ret->waits_count--; /* this one carries the ballot */
    }
}

static void fill_seals(struct hf_engine *e, const struct hf_placement_record *record,
                       struct hf_status *ret)
{
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    size_t electorates = hf__needed(e, record, g);
    for (size_t i = 1; i < electorates; i++) {
        struct hf_wait_status *wait = begin(ret, record, &g[i], true);
        for (size_t j = 0; j < g[i].n; j++) {
            struct hf_awaited_status *a = add(e, wait, &g[i].acceptors[j]);
            hf__seal_status(e, g[i].id, a);
            count(wait, a);
        }
    }
}

/* The host carries this to the authority: it must not choose the number. */
static void sign_evidence(struct hf_engine *e, const struct hf_signed_record *record,
                          struct hf_status *ret)
{
    struct hf_evidence_statement s = {.claim_highest = ret->claim_highest};
    hf_assert(e->open && ret->claim_highest > 0);
    s.network = e->network;
    s.owner = e->account;
    hf__record_hash(e, record, &s.record);
    e->suite->sign(e->secrets->account, "holdfast/v1/evidence",
                   hf__encode(e, &hf_wire_evidence_statement, &s), ret->evidence);
    ret->has_evidence = true;
}

void hf__waiting_status(struct hf_engine *e, struct hf_status *ret)
{
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    if (!hf__own_record(e, &record, &signed_record, NULL))
        return;
    ret->record = signed_record.record;
    memcpy(ret->record_signature, signed_record.signature, sizeof ret->record_signature);
    ret->claim_highest = e->claim_asked > e->claim ? e->claim_asked : e->claim;
    if (record.ballot.number > ret->claim_highest)
        ret->claim_highest = record.ballot.number;
    if (e->owner->claiming != NULL && e->owner->claiming->highest > ret->claim_highest)
        ret->claim_highest = e->owner->claiming->highest;
    if (e->owner->claiming != NULL)
        fill_votes(e, &record, ret);
    else if (e->claimed)
        fill_seals(e, &record, ret);
    hf_assert(ret->claim_highest >= e->claim && ret->waits_count <= HF_STATUS_WAITS_MAX);
    bool is_void = hf__own_void(e);
    if (is_void)
        ret->waits_count = 0; /* no votes make it count */
    if (ret->waits_count > 0 || is_void)
        sign_evidence(e, &signed_record, ret);
}
