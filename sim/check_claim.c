/*
 * Claims (proto/PROTOCOL.md, 9): no two instances hold k acceptances for one claim, a provider's
 * highest claim only rises, and a superseded instance changes nothing.
 */
#include "check.h"

#include <string.h>

static struct hf__key claim_key(const uint8_t owner[static 32], uint32_t number)
{
    return hf__key_of(hf__b32(owner), hf_bytes_of(&number, sizeof(number)), hf_bytes_of(NULL, 0));
}

static bool tainted(const struct hf__checks *c, uint32_t node)
{
    return hf__node(c->world, node)->tainted;
}

static struct hf__claimant *claimant_find(const struct hf__checks *c,
                                          const uint8_t owner[static 32], uint32_t number,
                                          const uint8_t instance[static 16])
{
    struct hf__claimed *claimed = hf__map_find(&c->claims, claim_key(owner, number));
    for (uint32_t i = 0; claimed != NULL && i < claimed->count; i++) {
        if (memcmp(claimed->by[i].instance, instance, 16) == 0)
            return &claimed->by[i];
    }
    return NULL;
}

static struct hf__acceptor *acceptor_find(struct hf__claimant *by, const uint8_t account[static 32])
{
    for (uint32_t i = 0; i < by->count; i++) {
        if (memcmp(by->acceptors[i].account, account, 32) == 0)
            return &by->acceptors[i];
    }
    return NULL;
}

static void note(struct hf__claimant *by, uint32_t node, const uint8_t account[static 32],
                 enum hf__acceptance word)
{
    struct hf__acceptor *a = acceptor_find(by, account);
    if (a == NULL && by->count < HF_ARRAY_LEN(by->acceptors)) {
        a = &by->acceptors[by->count++];
        *a = (struct hf__acceptor){.node = node};
        memcpy(a->account, account, 32);
    }
    if (a != NULL && word > a->word)
        a->word = word;
}

static uint32_t standing(const struct hf__claimant *by)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < by->count; i++)
        count += by->acceptors[i].word == HF__ACCEPTANCE_STANDING;
    return count;
}

/* Whether k of those that accepted for it stand themselves and have forgotten nothing. */
static bool carried(const struct hf__checks *c, const struct hf__claimant *by, uint32_t k)
{
    uint32_t sound = 0;
    for (uint32_t i = 0; i < by->count; i++)
        sound +=
            by->acceptors[i].word == HF__ACCEPTANCE_STANDING && !tainted(c, by->acceptors[i].node);
    return sound >= k;
}

static void count_accepted(struct hf__checks *c, uint32_t provider, const struct hf_owner_header *h,
                           enum hf__acceptance word)
{
    uint32_t number = (uint32_t)h->claim.number, carries = 0;
    struct hf__claimed *claimed = hf__map_at(&c->claims, claim_key(h->owner, number));
    memcpy(claimed->owner, h->owner, 32);
    claimed->number = number;
    hf__check_highest(c, h->owner, number);
    struct hf__claimant *by = claimant_find(c, h->owner, number, h->claim.instance);
    if (by == NULL && claimed->count < HF__INSTANCES_MAX) {
        by = &claimed->by[claimed->count++];
        memcpy(by->instance, h->claim.instance, 16);
    }
    if (by == NULL)
        return;
    note(by, provider, h->provider, word);
    for (uint32_t i = 0; i < claimed->count; i++)
        carries += carried(c, &claimed->by[i], hf__check_threshold(c, h->owner));
    /* Providers of two generations may be different ones: the count is only sound for one
     * generation, whose k are more than half. */
    const struct hf__owned *o = hf__check_owner(c, h->owner);
    if (carries > 1 && o->count <= 1)
        hf__violate(c->world, provider, "claim", "two instances hold claim %u at k providers each",
                    number);
}

void hf__check_accepted(struct hf__checks *c, uint32_t provider, const struct hf_owner_header *h,
                        enum hf__acceptance word)
{
    struct hf__relation *r = hf__check_relation(c, h->provider, h->owner);
    bool same = memcmp(r->instance, h->claim.instance, 16) == 0;
    if (!tainted(c, provider) &&
        (h->claim.number < r->claim || (h->claim.number == r->claim && r->claim > 0 && !same)))
        hf__violate(c->world, provider, "claim",
                    "n%u accepted claim %u of an instance after claim %u of another", provider,
                    (unsigned)h->claim.number, r->claim);
    r->claim = (uint32_t)h->claim.number;
    memcpy(r->instance, h->claim.instance, 16);
    count_accepted(c, provider, h, word);
}

uint32_t hf__check_acceptances(struct hf__checks *c, const uint8_t owner[static 32],
                               uint32_t number, const uint8_t instance[static 16])
{
    const struct hf__claimant *by = claimant_find(c, owner, number, instance);
    return by == NULL ? 0 : standing(by);
}

enum hf__acceptance hf__check_word(struct hf__checks *c, const uint8_t owner[static 32],
                                   uint32_t number, const uint8_t instance[static 16],
                                   const uint8_t provider[static 32])
{
    struct hf__claimant *by = claimant_find(c, owner, number, instance);
    const struct hf__acceptor *a = by == NULL ? NULL : acceptor_find(by, provider);
    return a == NULL ? HF__ACCEPTANCE_NONE : a->word;
}

bool hf__check_forgotten(struct hf__checks *c, const uint8_t owner[static 32], uint32_t number,
                         const uint8_t a[static 16], const uint8_t b[static 16])
{
    struct hf__claimant *x = claimant_find(c, owner, number, a);
    struct hf__claimant *y = claimant_find(c, owner, number, b);
    for (uint32_t i = 0; x != NULL && y != NULL && i < x->count; i++) {
        const struct hf__acceptor *other = acceptor_find(y, x->acceptors[i].account);
        if (other != NULL && (tainted(c, x->acceptors[i].node) || tainted(c, other->node)))
            return true;
    }
    return false;
}

static bool keeps_any(const struct hf__checks *c, uint32_t node, const uint8_t owner[static 32])
{
    const struct hf_disk *d = &hf__node(c->world, node)->disk;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->rows[i]->collection == HF_ROW_HELD && memcmp(d->rows[i]->key, owner, 32) == 0)
            return true;
    }
    return false;
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
        !hf__check_decode(c, &hf_wire_claim_statement, request.statement, &s) ||
        !hf__check_decode(c, &hf_wire_claim_response, m->body, &response) ||
        !hf__check_decode(c, &hf_wire_claim_answer, response.answer, &answer))
        return;
    if (!answer.accepted)
        return;
    struct hf__row *row =
        hf__disk_find(&hf__node(c->world, m->from)->disk, HF_ROW_OWNER, hf__b32(s.header.owner));
    struct hf_owner_row kept;
    /* Who keeps nothing of an owner any more, by its own order, has no word to keep either. */
    if (row == NULL && !keeps_any(c, m->from, s.header.owner))
        return;
    if (row == NULL || !hf__check_decode(c, &hf_wire_owner_row, hf_blob_bytes(row->value), &kept) ||
        kept.claim.number < s.header.claim.number)
        hf__violate(c->world, m->from, "claim", "n%u accepted claim %u before that was durable",
                    m->from, (unsigned)s.header.claim.number);
    hf__check_accepted(c, m->from, &s.header,
                       answer.provisional ? HF__ACCEPTANCE_PROVISIONAL : HF__ACCEPTANCE_STANDING);
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

void hf__check_speaker_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_owner_header h;
    struct hf_claim_request request;
    struct hf_claim_statement s;
    if (m->method == HF_METHOD_CLAIM) {
        if (!hf__check_decode(c, &hf_wire_claim_request, m->body, &request) ||
            !hf__check_decode(c, &hf_wire_claim_statement, request.statement, &s))
            return;
        h = s.header;
    } else if (!owner_header(c, m->method, m->body, &h)) {
        return;
    }
    struct hf__speaker *p =
        hf__map_at(&c->speakers, hf__key_of(hf_bytes_of(&m->from, sizeof(m->from)),
                                            hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0)));
    p->incarnation = hf__node(c->world, m->from)->incarnation;
    p->claim = (uint32_t)h.claim.number;
    memcpy(p->instance, h.claim.instance, 16);
}

void hf__check_superseded_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_owner_header h;
    if (m->method != HF_METHOD_DEPOSIT && m->method != HF_METHOD_RECORD &&
        m->method != HF_METHOD_DELETE)
        return;
    struct hf__heard *heard = hf__check_heard(c, m);
    if (heard == NULL || !owner_header(c, heard->method, hf_bytes_of(heard->body, heard->len), &h))
        return;
    const struct hf__relation *r = hf__check_relation(c, h.provider, h.owner);
    bool same = memcmp(r->instance, h.claim.instance, 16) == 0;
    if (!tainted(c, m->from) &&
        (h.claim.number < r->claim || (h.claim.number == r->claim && !same)))
        hf__violate(c->world, m->from, "claim",
                    "n%u carried out %s of a superseded instance: claim %u, and %u stands", m->from,
                    hf_method_name(m->method), (unsigned)h.claim.number, r->claim);
}
