/*
 * Ballots (proto/CLAIMS.md): a provider's promise only rises and is durable before it says so, a
 * superseded instance changes nothing, and what is sealed was sealed by its holders.
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <stdlib.h>
#include <string.h>

/* Whether it may have forgotten what it promised, through no fault of its own. */
static bool tainted(const struct hf__checks *c, uint32_t node)
{
    const struct hf__node *n = hf__node(c->world, node);
    return n->tainted || n->emptied;
}

/* Which is forgotten for another: the lowest of those that stood where they are more than half of
 * all, else of those that never did. Two instances may outbid each other many times without either
 * standing, while one goes on under what it had; and the one that is asked for now may be the only
 * one that does not stand yet. */
static struct hf__ballot *forgotten_ballot(struct hf__ballots *all)
{
    struct hf__ballot *lowest[2] = {NULL, NULL};
    uint32_t stood = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        struct hf__ballot *b = &all->of[i];
        stood += b->stood;
        if (lowest[b->stood] == NULL || b->number < lowest[b->stood]->number)
            lowest[b->stood] = b;
    }
    return lowest[2 * stood > all->count];
}

static struct hf__ballot *check_ballot(struct hf__checks *c, const struct hf_account *owner,
                                       uint64_t number, const uint8_t instance[static 16])
{
    struct hf__ballots *all = hf__map_at(
        &c->ballots, hf__key_of(hf__b32(owner->bytes), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0)));
    for (uint32_t i = 0; i < all->count; i++)
        if (all->of[i].number == number && memcmp(all->of[i].instance, instance, 16) == 0)
            return &all->of[i];
    struct hf__ballot *b =
        all->count < HF__BALLOTS_MAX ? &all->of[all->count++] : forgotten_ballot(all);
    free(b->votes);
    *b = (struct hf__ballot){.number = number};
    memcpy(b->instance, instance, 16);
    return b;
}

struct hf__ballot *hf__check_speaks(struct hf__checks *c, uint32_t node)
{
    const struct hf_account *owner = hf__check_account(c, node);
    const struct hf__speaker *p = hf__map_find(&c->speakers, hf__node_key(node));
    if (owner == NULL || p == NULL || p->incarnation != hf__node(c->world, node)->incarnation)
        return NULL;
    return check_ballot(c, owner, p->claim, p->instance);
}

static void vote(struct hf__ballot *b, uint32_t node, const struct hf_account *account,
                 const uint8_t generation[static 16], enum hf__acceptance word)
{
    for (uint32_t i = 0; i < b->votes_count; i++) {
        struct hf__voted *v = &b->votes[i];
        if (hf_account_equal(&v->account, account) && memcmp(v->generation, generation, 16) == 0) {
            v->word = word > v->word ? word : v->word;
            return;
        }
    }
    if (b->votes_count == b->votes_cap) {
        b->votes_cap = b->votes_cap < 8 ? 8 : 2 * b->votes_cap;
        b->votes = realloc(b->votes, b->votes_cap * sizeof *b->votes);
        hf_assert(b->votes != NULL);
    }
    struct hf__voted *v = &b->votes[b->votes_count++];
    *v = (struct hf__voted){.node = node, .word = word};
    v->account = *account;
    memcpy(v->generation, generation, 16);
}

static void accepted(struct hf__checks *c, uint32_t provider, const struct hf_account *account,
                     const struct hf_account *owner, const struct hf_ballot *ballot)
{
    struct hf__relation *r = hf__check_relation(c, account, owner);
    bool same = memcmp(r->instance, ballot->instance, 16) == 0;
    if (!tainted(c, provider) &&
        (ballot->number < r->claim || (ballot->number == r->claim && r->claim > 0 && !same)))
        hf__violate(c->world, provider, "claim",
                    "n%u works under claim %llu of an instance after claim %llu of another",
                    provider, (unsigned long long)ballot->number, (unsigned long long)r->claim);
    r->claim = ballot->number;
    memcpy(r->instance, ballot->instance, 16);
}

/* Whether a provider's disk promises this ballot or a higher one. */
static bool promises(struct hf__checks *c, uint32_t node, const struct hf_account *owner,
                     const struct hf_ballot *ballot)
{
    struct hf_owner_row kept;
    struct hf_claim_statement s;
    struct hf__row *row =
        hf__disk_find(&hf__node(c->world, node)->disk, HF_ROW_OWNER, hf__b32(owner->bytes));
    return row != NULL &&
           hf__check_decode(c, &hf_wire_owner_row, hf_blob_bytes(row->value), &kept) &&
           hf__check_decode(c, &hf_wire_claim_statement, kept.promised.statement, &s) &&
           s.ballot.number >= ballot->number;
}

void hf__check_claim_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_claim_response response;
    struct hf_claim_answer answer;
    struct hf_claim_request request;
    struct hf_claim_statement s;
    if (m->method != HF_METHOD_CLAIM)
        return;
    struct hf__heard *h = hf__check_heard(c, m);
    if (h == NULL ||
        !hf__check_decode(c, &hf_wire_claim_request, hf_bytes_of(h->body, h->len), &request) ||
        !hf__check_decode(c, &hf_wire_claim_statement, request.claim.statement, &s) ||
        !hf__check_decode(c, &hf_wire_claim_response, m->body, &response) ||
        !hf__check_decode(c, &hf_wire_claim_answer, response.answer, &answer))
        return;
    if (!answer.accepted)
        return;
    if (!promises(c, m->from, &s.owner, &s.ballot))
        hf__violate(c->world, m->from, "claim", "n%u accepted claim %llu before that was durable",
                    m->from, (unsigned long long)s.ballot.number);
    accepted(c, m->from, &answer.provider, &s.owner, &s.ballot);
    struct hf__ballot *b = check_ballot(c, &s.owner, s.ballot.number, s.ballot.instance);
    const struct hf__order known = {s.known.claim, s.known.generation};
    if (s.has_known && hf__check_newer(known, b->known))
        b->known = known;
    for (size_t i = 0; i < response.votes_count; i++)
        vote(b, m->from, &answer.provider, response.votes[i].generation,
             answer.provisional ? HF__ACCEPTANCE_PROVISIONAL : HF__ACCEPTANCE_STANDING);
}

static struct hf__key sealed_key(const struct hf_account *owner, const uint8_t id[static 16],
                                 const uint8_t by[static 16])
{
    return hf__key_of(hf__b32(owner->bytes), hf_bytes_of(id, 16), hf_bytes_of(by, 16));
}

static bool sealed_by(struct hf__checks *c, const struct hf_account *owner,
                      const struct hf__electors *g, const uint8_t by[static 16])
{
    const struct hf__sealed *s = hf__map_find(&c->sealed, sealed_key(owner, g->generation.id, by));
    uint32_t count = 0;
    for (size_t j = 0; s != NULL && j < g->count; j++) {
        bool sealed = false;
        for (uint32_t i = 0; i < s->count; i++)
            sealed =
                sealed || hf_account_equal(&g->holders[j], &s->acceptors[i]) ||
                ((g->moved >> j & 1) != 0 && hf_account_equal(&g->successors[j], &s->acceptors[i]));
        count += sealed;
    }
    return count >= g->quorum;
}

bool hf__check_sealed(struct hf__checks *c, const struct hf_placement_record *r,
                      const struct hf__electors *g)
{
    bool sealed = sealed_by(c, &r->owner, g, r->generation.id);
    for (size_t i = 0; i < r->chain_count; i++)
        sealed = sealed || sealed_by(c, &r->owner, g, r->chain[i].generation.id);
    return sealed;
}

/* An acceptor says that it keeps the record that seals a generation: then it does, durably. */
static void seal_sent(struct hf__checks *c, const struct hf_message *m,
                      const struct hf_record_request *request)
{
    struct hf_ack_response response;
    struct hf_ack_statement s;
    struct hf_owner_row kept;
    struct hf_placement_record by;
    const struct hf_account *owner = &request->header.owner;
    if (!request->has_seals ||
        !hf__check_decode(c, &hf_wire_placement_record, request->record.record, &by) ||
        !hf__check_decode(c, &hf_wire_ack_response, m->body, &response) || !response.has_seal ||
        !hf__check_decode(c, &hf_wire_ack_statement, response.statement, &s))
        return;
    struct hf__row *row =
        hf__disk_find(&hf__node(c->world, m->from)->disk, HF_ROW_OWNER, hf__b32(owner->bytes));
    if (row == NULL || !hf__check_decode(c, &hf_wire_owner_row, hf_blob_bytes(row->value), &kept) ||
        !kept.has_newest)
        hf__violate(c->world, m->from, "claim", "n%u sealed by a record that it does not keep",
                    m->from);
    struct hf__sealed *sealed =
        hf__map_at(&c->sealed, sealed_key(owner, request->seals, by.generation.id));
    for (uint32_t i = 0; i < sealed->count; i++)
        if (hf_account_equal(&sealed->acceptors[i], &s.provider))
            return;
    if (sealed->count < HF_SHARES_MAX)
        sealed->acceptors[sealed->count++] = s.provider;
}

/* The header of an owner's signed request; false: it is none. */
static bool owner_header(struct hf__checks *c, uint8_t method, struct hf_bytes body,
                         struct hf_owner_header *ret)
{
    struct hf_owner_request request;
    union {
        struct hf_offer offer;
        struct hf_deposit deposit;
        struct hf_record_request record;
        struct hf_deletion deletion;
        struct hf_standing standing;
    } u;
    struct hf_deposit_transcript t;
    if (method < HF_METHOD_OFFER || method > HF_METHOD_STANDING ||
        !hf__check_decode(c, &hf_wire_owner_request, body, &request))
        return false;
    switch (method) {
    case HF_METHOD_OFFER:
        if (!hf__check_decode(c, &hf_wire_offer, request.body, &u.offer))
            return false;
        *ret = u.offer.header;
        return true;
    case HF_METHOD_DEPOSIT:
        if (!hf__check_decode(c, &hf_wire_deposit, request.body, &u.deposit) ||
            !hf__check_decode(c, &hf_wire_deposit_transcript, u.deposit.transcript, &t))
            return false;
        *ret = t.header;
        return true;
    case HF_METHOD_RECORD:
        if (!hf__check_decode(c, &hf_wire_record_request, request.body, &u.record))
            return false;
        *ret = u.record.header;
        return true;
    case HF_METHOD_DELETE:
        if (!hf__check_decode(c, &hf_wire_deletion, request.body, &u.deletion))
            return false;
        *ret = u.deletion.header;
        return true;
    default:
        if (!hf__check_decode(c, &hf_wire_standing, request.body, &u.standing))
            return false;
        *ret = u.standing.header;
        return true;
    }
}

void hf__check_spoke(struct hf__checks *c, uint32_t node, uint64_t claim,
                     const uint8_t instance[static 16])
{
    struct hf__speaker *p = hf__map_at(&c->speakers, hf__node_key(node));
    p->incarnation = hf__node(c->world, node)->incarnation;
    p->claim = claim;
    memcpy(p->instance, instance, 16);
}

void hf__check_speaker_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_owner_header h;
    /* Claims ask; everything else speaks. */
    if (m->method != HF_METHOD_CLAIM && owner_header(c, m->method, m->body, &h))
        hf__check_spoke(c, m->from, h.ballot.number, h.ballot.instance);
}

void hf__check_superseded_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_owner_header h;
    struct hf_owner_request request;
    struct hf_record_request record;
    if (m->method != HF_METHOD_DEPOSIT && m->method != HF_METHOD_RECORD &&
        m->method != HF_METHOD_DELETE && m->method != HF_METHOD_STANDING)
        return;
    struct hf__heard *heard = hf__check_heard(c, m);
    if (heard == NULL || !owner_header(c, heard->method, hf_bytes_of(heard->body, heard->len), &h))
        return;
    const struct hf__relation *r = hf__check_relation(c, &h.provider, &h.owner);
    bool same = memcmp(r->instance, h.ballot.instance, 16) == 0;
    if (!tainted(c, m->from) && !hf__node(c->world, m->from)->corrupt &&
        (h.ballot.number < r->claim || (h.ballot.number == r->claim && r->claim > 0 && !same)))
        hf__violate(c->world, m->from, "claim",
                    "n%u carried out %s of a superseded instance: claim %llu, and %llu stands",
                    m->from, hf_method_name(m->method), (unsigned long long)h.ballot.number,
                    (unsigned long long)r->claim);
    if (!tainted(c, m->from) && !hf__node(c->world, m->from)->corrupt &&
        !promises(c, m->from, &h.owner, &h.ballot))
        hf__violate(c->world, m->from, "claim",
                    "n%u works under claim %llu and does not promise it", m->from,
                    (unsigned long long)h.ballot.number);
    accepted(c, m->from, &h.provider, &h.owner, &h.ballot);
    if (m->method == HF_METHOD_RECORD &&
        hf__check_decode(c, &hf_wire_owner_request, hf_bytes_of(heard->body, heard->len),
                         &request) &&
        hf__check_decode(c, &hf_wire_record_request, request.body, &record))
        seal_sent(c, m, &record);
}
