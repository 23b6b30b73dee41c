/* What the handlers of an owner's signed requests share: opened, checked, acknowledged; and those
 * of a member's questions about an owner's shares. */
#include "base/error.h"
#include "provider/provider.h"

int hf__owner_open(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body,
                   const struct hf_wire_type *type, void *ret_message,
                   struct hf__owner_message *ret)
{
    hf_assert(from->is_request && type != NULL && ret_message != NULL);
    *ret = (struct hf__owner_message){.from = from};
    int r = hf__decode(e, &hf_wire_owner_request, body, &ret->request);
    return r != 0 ? r : hf__decode(e, type, ret->request.body, ret_message);
}

int hf__asker_check(struct hf_engine *e, const struct hf__message *from,
                    const struct hf_versions *versions, const struct hf_account *owner)
{
    hf_assert(e->claimed && from->is_request);
    int r = hf__documents_ready(e);
    if (r == 0)
        r = hf__versions_check(e, versions);
    if (r != 0)
        return r;
    if (!from->has_account)
        return HF_EPERMISSION;
    return hf__is_member(e, &from->account) && hf__is_member(e, owner) ? 0 : HF_ENOTMEMBER;
}

int hf__owner_check(struct hf_engine *e, struct hf__owner_message *o,
                    const struct hf_owner_header *header)
{
    const struct hf__message *m = o->from;
    hf_assert(e->claimed);
    o->header = header;
    int r = hf__documents_ready(e);
    if (r == 0)
        r = hf__names_check(e, &header->network, &header->provider, &e->account);
    if (r != 0)
        return r;
    /* The connection must be the owner's own: a signed request carried by another proves nothing
     * about now. */
    if (!m->has_account || !hf_account_equal(&m->account, &header->owner))
        return HF_EPERMISSION;
    r = hf__versions_check(e, &o->request.versions);
    if (r != 0)
        return r;
    if (!hf__is_member(e, &header->owner))
        return HF_ENOTMEMBER;
    r = e->suite->verify(header->owner.bytes, hf__label(m->method), o->request.body,
                         o->request.signature);
    if (r != 0)
        return r;
    o->known = hf__owner_row(e, &header->owner, &o->row);
    /* What the owner knows of votes that have moved: its certificates and proofs hang on it. */
    o->moved = o->known && hf__moves_merge(e, &o->row, &header->owner, o->request.moves,
                                           o->request.moves_count);
    return 0;
}

int hf__owner_identity(struct hf_engine *e, const struct hf__owner_message *o)
{
    const struct hf__peer *peer;
    hf_assert(e->trust->set != NULL);
    if (o->request.has_identity)
        return hf__identity_check(e, o->from, &o->request.identity, &o->header->owner, &peer, NULL);
    return hf__identity_known(e, &o->header->owner, &peer, NULL);
}

int hf__owner_admit(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body,
                    const struct hf_wire_type *type, void *ret_message,
                    const struct hf_owner_header *header, struct hf__owner_message *ret)
{
    int r = hf__owner_open(e, from, body, type, ret_message, ret);
    if (r == 0)
        r = hf__owner_check(e, ret, header);
    if (r == 0 && !ret->known)
        r = HF_ENOSHARE;
    if (r == 0)
        r = hf__owner_identity(e, ret);
    if (r == 0)
        r = hf__promise(e, &ret->row, header, &ret->request, &ret->raised);
    hf_assert(r != 0 || ret->row.promised.statement.len > 0);
    return r;
}

void hf__owner_keep(struct hf_engine *e, struct hf__owner_message *o, bool changed)
{
    hf_assert(o->header != NULL && o->row.promised.statement.len > 0);
    if (o->request.has_sequence)
        changed = hf__sequence_keep(e, &o->row, &o->header->owner, &o->request.sequence) || changed;
    if (hf__proof_keep(e, &o->row, o->header, &o->request) || o->raised || o->moved || changed)
        hf__owner_put(e, &o->header->owner, &o->row);
}

void hf__ack(struct hf_engine *e, const struct hf__owner_message *o, struct hf_ack_statement *s,
             const uint8_t *seal)
{
    const struct hf_owner_request *request = &o->request;
    struct hf_ack_response response = {.has_seal = seal != NULL};
    hf_assert(e->open && e->claimed);
    hf_assert(seal == NULL || !s->has_proof); /* of different requests */
    hf_assert(s->holds ? !s->released && !s->unknown : !s->has_proof);
    if (seal != NULL)
        memcpy(response.seal, seal, sizeof response.seal);
    response.has_identity = request->show_identity && hf__identity_own(e, &response.identity);
    response.moves = hf__moves_unshown(e, &o->row, request, &response.moves_count);
    e->suite->hash("holdfast/v1/request", request->body, &s->request_hash);
    s->provider = e->account;
    s->placed = hf__is_placed(e);
    s->has_sequence = o->row.has_sequence;
    s->sequence = o->row.sequence.at;
    hf__versions(e, &response.versions);
    response.statement = hf__encode(e, &hf_wire_ack_statement, s);
    e->suite->sign(e->secrets->account, "holdfast/v1/ack", response.statement, response.signature);
    hf__reply(e, o->from->request, 0, hf__encode(e, &hf_wire_ack_response, &response), false);
}
