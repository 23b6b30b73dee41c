/* /v1/offer: may this owner leave a share here? (proto/PROTOCOL.md, 7) */
#include "base/buf.h"
#include "base/error.h"
#include "node.h"
#include "provider.h"

/* Whether this node is among the owner's candidates under the set that the owner names. */
static int check_order(struct hf_engine *e, const struct hf_offer *m)
{
    const struct hf_policy *p = &e->policy->u.policy;
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    const struct hf_document *set = NULL;
    if (m->epoch == hf_document_version(e->set))
        set = e->set;
    else if (e->set_previous != NULL && m->epoch == hf_document_version(e->set_previous))
        set = e->set_previous;
    long self = set != NULL ? hf_set_find(set, e->account) : -1;
    if (self < 0)
        return HF_EORDER;
    size_t count =
        hf_select(set, m->header.owner, (uint32_t)m->generation.version, (uint8_t)p->domain_rule,
                  (uint8_t)p->shares, HF_RANK_FACTOR * (size_t)p->shares, order);
    for (size_t i = 0; i < count; i++)
        if (order[i] == (uint32_t)self)
            return 0;
    return HF_EORDER;
}

int hf__room_check(struct hf_engine *e, const struct hf_owner_header *header,
                   const struct hf_generation_id *generation)
{
    struct hf_owner_row row;
    if (e->store_error != 0)
        return e->store_error;
    bool known = hf__owner_row(e, header->owner, &row);
    if (!known && hf__rows_count(&e->rows, HF_ROW_OWNER) >=
                      e->policy->u.policy.shares_held_max + HF_TOMBSTONES_MAX)
        return HF_EQUOTA;
    if ((!known || !hf__holds_any(e, header->owner)) &&
        hf__owners_served(e) >= e->policy->u.policy.shares_held_max)
        return HF_EQUOTA;
    if (!known)
        return 0;
    int r = hf__promise_check(e, &row, header->owner, &header->ballot);
    if (r != 0)
        return r;
    /* The newest number may come again only for the dealing that took it. */
    struct hf_held_row held;
    if (generation->number < row.generation_newest ||
        (generation->number == row.generation_newest &&
         !hf__held_row(e, header->owner, generation->id, &held)))
        return HF_EGENERATION;
    return 0;
}

/* A holder of a recorded generation of this owner stays one, whatever its rank is now. */
static bool holds_recorded(struct hf_engine *e, const uint8_t owner[static 32])
{
    struct hf_bytes prefix = hf__key_account(owner);
    size_t at = hf__rows_first(&e->rows, HF_ROW_HELD, prefix);
    const struct hf__row *row;
    while ((row = hf__rows_at(&e->rows, at++, HF_ROW_HELD, prefix)) != NULL) {
        struct hf_held_row held;
        int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(row->value), &held);
        hf_assert(r == 0);
        if (held.has_record)
            return true;
    }
    return false;
}

struct hf_bytes hf__offer_context(struct hf_engine *e, const uint8_t owner[static 32],
                                  const struct hf_generation_id *generation)
{
    uint8_t *context = hf__scratch(e, 5 + 32 + 16);
    memcpy(context, "offer", 5);
    memcpy(context + 5, owner, 32);
    memcpy(context + 37, generation->id, 16);
    return hf_bytes_of(context, 53);
}

int hf__recv_offer(struct hf_engine *e, uint64_t id, struct hf_bytes body)
{
    struct hf_owner_request request;
    struct hf_offer m;
    struct hf_offer_response answer = {0};
    const struct hf__peer *peer;
    struct hf_owner_row row;
    bool raised = false;
    int r = hf__owner_open(e, body, &hf_wire_offer, &m, &request);
    if (r == 0)
        r = hf__owner_check(e, HF_METHOD_OFFER, &request, &m.header);
    if (r == 0 && e->draining)
        r = HF_EDRAINING;
    if (r == 0)
        r = hf__room_check(e, &m.header, &m.generation);
    if (r == 0 && !holds_recorded(e, m.header.owner))
        r = check_order(e, &m);
    if (r == 0)
        r = hf__owner_identity(e, &request, &m.header, &peer, NULL);
    if (r == 0 && !hf__identity_own(e, &answer.identity))
        r = HF_EBUSY;
    bool known = r == 0 && hf__owner_row(e, m.header.owner, &row);
    if (known)
        r = hf__promise(e, &row, &m.header, &request, &raised);
    if (r != 0)
        return r;
    if (known && (hf__proof_keep(e, &row, &m.header, &request) || raised))
        hf__owner_put(e, m.header.owner, &row);
    hf__versions(e, &answer.versions);
    answer.placed = hf__is_placed(e);
    hf__nonce_make(e, hf__offer_context(e, m.header.owner, &m.generation), answer.nonce);
    hf__reply(e, id, 0, hf__encode(e, &hf_wire_offer_response, &answer), !raised);
    return 0;
}
