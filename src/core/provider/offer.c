/* /v1/offer: may this owner leave a share here? (proto/PROTOCOL.md, 7) */
#include "base/buf.h"
#include "base/error.h"
#include "document/domain.h"
#include "provider/provider.h"

int hf__order_check(struct hf_engine *e, const struct hf_account *owner, uint64_t version,
                    uint64_t epoch)
{
    const struct hf_policy *p = hf__policy(e);
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    const struct hf_document *set = hf__set_of_epoch(e, epoch);
    long self = set != NULL ? hf_set_find(set, &e->account) : -1;
    if (self < 0)
        return HF_EORDER;
    size_t count = hf__view_places(e, set, owner, (uint32_t)version, (uint8_t)p->shares, order);
    hf_assert(count <= HF_ARRAY_LEN(order));
    const struct hf_validator *v = set->u.set.validators;
    hf_assert((size_t)self < set->u.set.validators_count);
    for (size_t i = 0; i < count; i++)
        if (order[i] == (uint32_t)self)
            return 0;
    for (size_t i = 0; i < count; i++)
        if (hf_domain_parts((enum hf_domain_rule)p->domain_rule, &v[order[i]], &v[self]))
            return 0;
    return HF_EORDER;
}

/* A holder of a recorded generation of this owner stays one, whatever its rank is now. */
static bool holds_recorded(struct hf_engine *e, const struct hf_account *owner)
{
    hf_assert(e->open);
    struct hf_held_row held;
    for (size_t at = 0; hf__held_next(e, owner, &at, &held);)
        if (held.has_record)
            return true;
    return false;
}

int hf__recv_offer(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_offer m;
    struct hf__owner_message o;
    struct hf_offer_response answer = {0};
    struct hf_placement_record record;
    uint8_t index;
    int r = hf__owner_open(e, from, body, &hf_wire_offer, &m, &o);
    if (r == 0)
        r = hf__owner_check(e, &o, &m.header);
    if (r == 0)
        r = hf__closing(e);
    if (r == 0)
        r = hf__room_check(e, &m.header, &m.generation, m.has_record);
    if (r == 0 && m.has_record)
        r = hf__again_check(e, &m.record, &m.header, &m.generation, &record, &index);
    else if (r == 0 && !holds_recorded(e, &m.header.owner))
        r = hf__order_check(e, &m.header.owner, m.generation.version, m.epoch);
    if (r == 0)
        r = hf__owner_identity(e, &o);
    if (r == 0 && !hf__identity_own(e, &answer.identity))
        r = HF_EBUSY;
    if (r == 0 && o.known)
        r = hf__promise(e, &o.row, &m.header, &o.request, &o.raised);
    if (r != 0)
        return r;
    if (o.known)
        hf__owner_keep(e, &o, false);
    hf__versions(e, &answer.versions);
    answer.placed = hf__is_placed(e);
    hf__nonce_make(e, hf__offer_context(e, &m.header.owner, &m.generation), answer.nonce);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_offer_response, &answer), !o.raised);
    return 0;
}
