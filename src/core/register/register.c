/* What both ends of the claim register decide alike. */
#include "register/register.h"

#include "base/error.h"

/* Indices from 1 without gaps, each holder once. */
static bool holders_ok(const struct hf_holder *holders, size_t count)
{
    hf_assert(count <= HF_SHARES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (holders[i].index != i + 1)
            return false;
        for (size_t j = 0; j < i; j++)
            if (hf_account_equal(&holders[j].account, &holders[i].account))
                return false;
    }
    return count > 0;
}

size_t hf__record_roots(const struct hf_placement_record *record,
                        uint32_t ret[static HF_ROOTS_KEPT_MAX])
{
    hf_assert(record->generation.version > 0 && record->roots_count <= HF_ROOTS_KEPT_MAX);
    for (size_t i = 0; i < record->roots_count; i++)
        ret[i] = (uint32_t)record->roots[i].version;
    if (record->roots_count == 0)
        ret[0] = (uint32_t)record->generation.version;
    return record->roots_count > 0 ? record->roots_count : 1;
}

/* Several versions, ascending, that of the generation among them; or none is listed. */
static bool roots_ok(const struct hf_placement_record *record)
{
    bool own = record->roots_count == 0;
    hf_assert(record->roots_count <= HF_ROOTS_KEPT_MAX);
    for (size_t i = 0; i < record->roots_count; i++) {
        if (i > 0 && record->roots[i].version <= record->roots[i - 1].version)
            return false;
        own = own || record->roots[i].version == record->generation.version;
    }
    return own && record->roots_count != 1;
}

int hf__record_check(struct hf_engine *e, const struct hf_signed_record *record,
                     const struct hf_account *owner, struct hf_placement_record *ret)
{
    int r = hf__decode(e, &hf_wire_placement_record, record->record, ret);
    if (r != 0)
        return r;
    if (!hf_network_id_equal(&ret->network, &e->network) || !hf_account_equal(&ret->owner, owner) ||
        ret->commitments.len != 32 * ret->threshold ||
        !holders_ok(ret->holders, ret->holders_count) || !roots_ok(ret) ||
        !hf_quorums_ok(ret->holders_count, ret->threshold, ret->quorum, ret->provisional))
        return HF_ERECORD;
    for (size_t i = 0; i < ret->chain_count; i++) {
        const struct hf_unsealed *u = &ret->chain[i];
        if (!holders_ok(u->holders, u->holders_count) ||
            !hf_quorums_ok(u->holders_count, u->threshold, u->quorum, u->provisional) ||
            memcmp(u->generation.id, ret->generation.id, 16) == 0)
            return HF_ERECORD;
        for (size_t j = 0; j < i; j++)
            if (memcmp(ret->chain[j].generation.id, u->generation.id, 16) == 0)
                return HF_ERECORD;
    }
    hf_assert(ret->holders_count > 0 && 2 * ret->quorum > ret->holders_count);
    hf_assert(ret->chain_count <= HF_CHAIN_MAX);
    struct hf_record_order order;
    hf__record_order(ret, &order);
    r = e->suite->verify(owner->bytes, "holdfast/v1/placement-record", record->record,
                         record->signature);
    return r == 0 && hf__is_void(e, owner, &order) ? HF_EVOIDRECORD : r;
}

void hf__record_order(const struct hf_placement_record *record, struct hf_record_order *ret)
{
    hf_assert(record->ballot.number > 0 && record->generation.number > 0);
    *ret = (struct hf_record_order){.claim = record->ballot.number,
                                    .generation = record->generation.number};
    memcpy(ret->id, record->generation.id, 16);
}

bool hf__is_void(const struct hf_engine *e, const struct hf_account *owner,
                 const struct hf_record_order *order)
{
    const struct hf_floor *floor = hf__floor_of(e, owner);
    hf_assert(floor == NULL || floor->claim > 0);
    return floor != NULL && order->claim < floor->claim &&
           memcmp(order->id, floor->favoured, sizeof order->id) != 0;
}

int hf__order_compare(const struct hf_engine *e, const struct hf_account *owner,
                      const struct hf_record_order *a, const struct hf_record_order *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    hf_assert((a->claim == 0) == (a->generation == 0) && (b->claim == 0) == (b->generation == 0));
    bool void_a = hf__is_void(e, owner, a), void_b = hf__is_void(e, owner, b);
    if (void_a != void_b)
        return void_a ? -1 : 1;
    if (a->claim != b->claim)
        return a->claim < b->claim ? -1 : 1;
    return (a->generation > b->generation) - (a->generation < b->generation);
}

bool hf__ballot_equal(const struct hf_ballot *a, const struct hf_ballot *b)
{
    return a->number == b->number && memcmp(a->instance, b->instance, 16) == 0;
}

void hf__claim_sign(struct hf_engine *e, const struct hf_ballot *ballot,
                    const struct hf_record_order *known, struct hf_signed_claim *ret)
{
    struct hf_claim_statement s = {.ballot = *ballot, .has_known = known != NULL};
    hf_assert(e->open && ballot->number > 0);
    if (known != NULL)
        s.known = *known;
    s.network = e->network;
    s.owner = e->account;
    ret->statement = hf__encode(e, &hf_wire_claim_statement, &s);
    struct hf__claim_shown *shown = &e->shared->claim;
    hf_assert(ret->statement.len <= sizeof shown->statement);
    /* The statement names the account, and a key signs a statement in one way. */
    if (!hf_bytes_equal(hf_bytes_of(shown->statement, shown->len), ret->statement)) {
        e->suite->sign(e->secrets->account, "holdfast/v1/claim", ret->statement, shown->signature);
        memcpy(shown->statement, ret->statement.data, ret->statement.len);
        shown->len = ret->statement.len;
    }
    memcpy(ret->signature, shown->signature, sizeof ret->signature);
}

void hf__claim_read(struct hf_engine *e, const struct hf_signed_claim *claim,
                    struct hf_claim_statement *ret)
{
    int r = hf__decode(e, &hf_wire_claim_statement, claim->statement, ret);
    hf_assert(r == 0);
    hf_assert(ret->ballot.number > 0);
}

int hf__claim_open(struct hf_engine *e, const struct hf_signed_claim *claim,
                   const struct hf_account *owner, struct hf_claim_statement *ret)
{
    int r = hf__decode(e, &hf_wire_claim_statement, claim->statement, ret);
    if (r == 0)
        r = hf__names_check(e, &ret->network, &ret->owner, owner);
    if (r != 0)
        return r;
    hf_assert(ret->ballot.number > 0);
    return e->suite->verify(owner->bytes, "holdfast/v1/claim", claim->statement, claim->signature);
}

void hf__record_hash(struct hf_engine *e, const struct hf_signed_record *record,
                     struct hf_hash *ret)
{
    hf_assert(record->record.len > 0);
    e->suite->hash("holdfast/v1/record", record->record, ret);
}

struct hf_bytes hf__acceptance_bytes(struct hf_engine *e, const struct hf_account *owner,
                                     const uint8_t generation[static 16],
                                     const struct hf_ballot *ballot, bool provisional)
{
    hf_assert(ballot->number > 0);
    struct hf_acceptance_statement s = {.ballot = *ballot, .provisional = provisional};
    s.network = e->network;
    s.owner = *owner;
    memcpy(s.generation, generation, 16);
    return hf__encode(e, &hf_wire_acceptance_statement, &s);
}

struct hf_bytes hf__seal_bytes(struct hf_engine *e, const struct hf_account *owner,
                               const struct hf_certificate *what, const struct hf_account *acceptor)
{
    hf_assert(what->ballot.number > 0 && memcmp(what->by, what->generation, 16) != 0);
    struct hf_seal_statement s = {.ballot = what->ballot};
    s.network = e->network;
    s.owner = *owner;
    memcpy(s.generation, what->generation, 16);
    memcpy(s.by, what->by, 16);
    s.record = what->record;
    s.acceptor = *acceptor;
    return hf__encode(e, &hf_wire_seal_statement, &s);
}

/* The generation of a chain that has this id; NULL: none. */
static const struct hf_unsealed *chain_find(const struct hf_placement_record *record,
                                            const uint8_t id[static 16])
{
    hf_assert(record->chain_count <= HF_CHAIN_MAX);
    for (size_t i = 0; i < record->chain_count; i++)
        if (memcmp(record->chain[i].generation.id, id, 16) == 0)
            return &record->chain[i];
    return NULL;
}

/* Whether an id is of the record's own generation, or of one in its chain. */
static bool in_lineage(const struct hf_placement_record *record, const uint8_t id[static 16])
{
    hf_assert(record->holders_count > 0);
    return memcmp(record->generation.id, id, 16) == 0 || chain_find(record, id) != NULL;
}

const struct hf_floor *hf__floor_of(const struct hf_engine *e, const struct hf_account *owner)
{
    long at = e->trust->set != NULL ? hf_set_find(e->trust->set, owner) : -1;
    hf_assert(at < 0 || (size_t)at < e->trust->set->u.set.validators_count);
    if (at < 0 || !e->trust->set->u.set.validators[at].has_floor)
        return NULL;
    return &e->trust->set->u.set.validators[at].floor;
}

/* Whether the authority has written a generation off. */
static bool is_written_off(const struct hf_floor *floor, const uint8_t id[static 16])
{
    hf_assert(floor == NULL || floor->written_off_count == 0 || floor->written_off != NULL);
    for (size_t i = 0; floor != NULL && i < floor->written_off_count; i++)
        if (memcmp(floor->written_off[i].id, id, 16) == 0)
            return true;
    return false;
}

/* The holders that the authority says are left vote in place of all. */
static void reduce(const struct hf_floor *floor, struct hf__electorate *g)
{
    hf_assert(g->n > 0 && g->n <= HF_SHARES_MAX);
    for (size_t i = 0; floor != NULL && i < floor->survivors_count; i++) {
        const struct hf_survivors *s = &floor->survivors[i];
        if (memcmp(s->generation, g->id, 16) != 0)
            continue;
        uint8_t n = 0;
        for (size_t a = 0; a < g->n; a++)
            for (size_t h = 0; h < s->holders_count; h++)
                if (hf_account_equal(&g->acceptors[a], &s->holders[h].account)) {
                    g->acceptors[n] = g->acceptors[a];
                    g->indices[n++] = g->indices[a];
                    break;
                }
        g->n = n;
        hf_assert(n <= HF_SHARES_MAX);
        g->quorum = g->provisional = (uint8_t)s->quorum;
        return;
    }
}

static void add(struct hf__electorate *g, const uint8_t id[static 16], uint64_t quorum,
                uint64_t provisional, const struct hf_holder *holders, size_t count)
{
    hf_assert(count > 0 && count <= HF_SHARES_MAX && 2 * quorum > count);
    *g = (struct hf__electorate){
        .n = (uint8_t)count, .quorum = (uint8_t)quorum, .provisional = (uint8_t)provisional};
    memcpy(g->id, id, 16);
    for (size_t i = 0; i < count; i++) {
        g->acceptors[i] = holders[i].account;
        g->indices[i] = (uint8_t)holders[i].index;
    }
}

bool hf__is_acceptor(const struct hf__electorate *g, const struct hf_account *account)
{
    hf_assert(g->n <= HF_SHARES_MAX);
    for (size_t i = 0; i < g->n; i++)
        if (hf_account_equal(&g->acceptors[i], account))
            return true;
    return false;
}

bool hf__certificate_fits(const struct hf_engine *e, const struct hf_certificate *c,
                          const struct hf_placement_record *record, const struct hf__moves *moves)
{
    struct hf__electorate g;
    const struct hf_unsealed *u = chain_find(record, c->generation);
    const struct hf_floor *floor = hf__floor_of(e, &record->owner);
    hf_assert(record->holders_count > 0 && record->chain_count <= HF_CHAIN_MAX);
    if (u == NULL || memcmp(c->by, c->generation, 16) == 0 || !in_lineage(record, c->by) ||
        c->ballot.number > record->ballot.number || is_written_off(floor, c->generation))
        return false;
    add(&g, u->generation.id, u->quorum, u->provisional, u->holders, u->holders_count);
    reduce(floor, &g);
    hf__moves_apply(moves, &g);
    hf_assert(memcmp(g.id, c->generation, 16) == 0);
    bool fits = c->seals_count >= g.quorum;
    uint32_t seen = 0; /* bit of each index */
    for (size_t i = 0; fits && i < c->seals_count; i++) {
        uint8_t index = hf__electorate_index(&g, &c->seals[i].acceptor);
        fits = index > 0 && (seen >> index & 1) == 0;
        seen |= UINT32_C(1) << index;
    }
    return fits;
}

int hf__certificate_check(struct hf_engine *e, const struct hf_certificate *c,
                          const struct hf_placement_record *record, const struct hf__moves *moves)
{
    hf_assert(record->holders_count > 0);
    if (!hf__certificate_fits(e, c, record, moves))
        return HF_ECERTIFICATE;
    for (size_t i = 0; i < c->seals_count; i++)
        if (e->suite->verify(c->seals[i].acceptor.bytes, "holdfast/v1/seal",
                             hf__seal_bytes(e, &record->owner, c, &c->seals[i].acceptor),
                             c->seals[i].signature) != 0)
            return HF_ECERTIFICATE;
    return 0;
}

/* Whether a generation of the chain need not be asked: a certificate seals it, or the authority has
 * written it off. */
static bool is_excused(const struct hf_floor *floor, const struct hf_unsealed *u,
                       const struct hf_certificate *certificates, size_t count)
{
    hf_assert(u->holders_count > 0);
    for (size_t i = 0; i < count; i++)
        if (memcmp(certificates[i].generation, u->generation.id, 16) == 0)
            return true;
    return is_written_off(floor, u->generation.id);
}

size_t hf__electorates(struct hf_engine *e, const struct hf_placement_record *record,
                       const struct hf_certificate *certificates, size_t certificates_count,
                       const struct hf__moves *moves,
                       struct hf__electorate ret[static HF__ELECTORATES_MAX])
{
    const struct hf_floor *floor = hf__floor_of(e, &record->owner);
    size_t count = 0;
    hf_assert(record->chain_count <= HF_CHAIN_MAX);
    add(&ret[count++], record->generation.id, record->quorum, record->provisional, record->holders,
        record->holders_count);
    for (size_t i = 0; i < record->chain_count; i++) {
        const struct hf_unsealed *u = &record->chain[i];
        if (!is_excused(floor, u, certificates, certificates_count))
            add(&ret[count++], u->generation.id, u->quorum, u->provisional, u->holders,
                u->holders_count);
    }
    for (size_t i = 0; i < count; i++) {
        reduce(floor, &ret[i]);
        hf__moves_apply(moves, &ret[i]);
    }
    hf_assert(count > 0 && count <= HF__ELECTORATES_MAX);
    return count;
}

/* Whether an acceptance is of this electorate's generation and ballot, and of who votes for its
 * index, or did before it handed its vote over. */
static bool is_given(struct hf_engine *e, const struct hf_acceptance *a,
                     const struct hf_ballot *ballot, const struct hf__electorate *g,
                     const struct hf_account *owner)
{
    size_t at = 0;
    while (at < g->n && g->indices[at] != a->index)
        at++;
    if (at == g->n || memcmp(a->generation, g->id, 16) != 0)
        return false;
    hf_assert(at < HF_SHARES_MAX);
    struct hf_bytes what = hf__acceptance_bytes(e, owner, g->id, ballot, a->provisional);
    return e->suite->verify(g->acceptors[at].bytes, "holdfast/v1/acceptance", what, a->signature) ==
               0 ||
           ((g->moved >> at & 1) != 0 &&
            e->suite->verify(g->earlier[at].bytes, "holdfast/v1/acceptance", what, a->signature) ==
                0);
}

/* Whether the acceptances of one electorate suffice; each acceptor counts once. */
static bool carried(struct hf_engine *e, const struct hf_claim_proof *proof,
                    const struct hf_ballot *ballot, const struct hf__electorate *g,
                    const struct hf_account *owner)
{
    size_t firm = 0, any = 0;
    uint32_t seen = 0; /* bit of each index */
    for (size_t i = 0; i < proof->acceptances_count; i++) {
        const struct hf_acceptance *a = &proof->acceptances[i];
        if ((seen >> a->index & 1) != 0 || !is_given(e, a, ballot, g, owner))
            continue;
        seen |= UINT32_C(1) << a->index;
        firm += !a->provisional;
        any++;
    }
    hf_assert(firm <= any && any <= g->n);
    return firm >= g->quorum || any >= g->provisional;
}

bool hf__claim_stood(struct hf_engine *e, const struct hf_claim_proof *proof,
                     const struct hf_account *owner)
{
    hf_assert(e->suite != NULL && owner != NULL);
    hf_assert(proof->claim.statement.len > 0);
    return e->suite->verify(owner->bytes, "holdfast/v1/standing-proof", proof->claim.statement,
                            proof->signature) == 0;
}

int hf__claim_proof_check(struct hf_engine *e, const struct hf_claim_proof *proof,
                          const struct hf__electorate *electorates, size_t count,
                          const struct hf_account *owner)
{
    hf_assert(count > 0 && count <= HF__ELECTORATES_MAX);
    struct hf_claim_statement s;
    int r = hf__claim_open(e, &proof->claim, owner, &s);
    if (r != 0)
        return r;
    if (!hf__claim_stood(e, proof, owner))
        return HF_EPROOF;
    for (size_t i = 0; i < count; i++)
        if (!carried(e, proof, &s.ballot, &electorates[i], owner))
            return HF_EPROOF;
    return 0;
}
