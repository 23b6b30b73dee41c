/* What the handlers of an owner's signed requests share: opened, checked, acknowledged. */
#include "base/error.h"
#include "provider/provider.h"

int hf__owner_open(struct hf_engine *e, struct hf_bytes body, const struct hf_wire_type *type,
                   void *ret_message, struct hf_owner_request *ret_request)
{
    hf_assert(type != NULL && ret_message != NULL);
    int r = hf__decode(e, &hf_wire_owner_request, body, ret_request);
    return r != 0 ? r : hf__decode(e, type, ret_request->body, ret_message);
}

int hf__owner_check(struct hf_engine *e, const struct hf__message *m,
                    const struct hf_owner_request *request, const struct hf_owner_header *header)
{
    hf_assert(m->is_request && e->claimed);
    int r = hf__documents_ready(e);
    if (r != 0)
        return r;
    if (!hf_network_id_equal(&header->network, &e->network))
        return HF_EDOCUMENT_NETWORK;
    if (!hf_account_equal(&header->provider, &e->account))
        return HF_EPEER_ACCOUNT;
    /* The connection must be the owner's own: a signed request carried by another proves nothing
     * about now. */
    if (!m->has_account || !hf_account_equal(&m->account, &header->owner))
        return HF_EPERMISSION;
    r = hf__versions_check(e, &request->versions);
    if (r != 0)
        return r;
    if (!hf__is_member(e, &header->owner))
        return HF_ENOTMEMBER;
    return e->suite->verify(header->owner.bytes, hf__label(m->method), request->body,
                            request->signature);
}

int hf__owner_identity(struct hf_engine *e, const struct hf__message *m,
                       const struct hf_owner_request *request, const struct hf_owner_header *header,
                       const struct hf__peer **ret, uint32_t *ret_rank)
{
    hf_assert(e->trust->set != NULL);
    if (request->has_identity)
        return hf__identity_check(e, m, &request->identity, &header->owner, ret, ret_rank);
    return hf__identity_known(e, &header->owner, ret, ret_rank);
}

void hf__ack(struct hf_engine *e, const struct hf__message *from,
             const struct hf_owner_request *request, struct hf_ack_statement *s,
             const uint8_t *seal)
{
    struct hf_ack_response response = {.has_seal = seal != NULL};
    hf_assert(e->open && e->claimed);
    hf_assert(seal == NULL || !s->has_proof); /* of different requests */
    hf_assert(s->holds ? !s->released && !s->unknown : !s->has_proof);
    if (seal != NULL)
        memcpy(response.seal, seal, sizeof response.seal);
    response.has_identity = request->show_identity && hf__identity_own(e, &response.identity);
    e->suite->hash("holdfast/v1/request", request->body, &s->request_hash);
    s->provider = e->account;
    s->placed = hf__is_placed(e);
    hf__versions(e, &response.versions);
    response.statement = hf__encode(e, &hf_wire_ack_statement, s);
    e->suite->sign(e->secrets->account, "holdfast/v1/ack", response.statement, response.signature);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_ack_response, &response), false);
}
