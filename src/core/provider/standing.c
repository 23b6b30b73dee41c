/* /v1/standing: is this provider placed itself, and does it hold the share that is named? */
#include "base/error.h"
#include "provider/provider.h"

/* Answers an audit. False: the share that lies here cannot be had, so that none is held. */
static bool prove(struct hf_engine *e, const struct hf_standing *m,
                  uint8_t ret_proof[static HF_PROOF_LEN])
{
    hf_assert(e->open && m->has_challenge);
    struct hf_held_row held;
    struct hf_audit_context c = {.generation = m->generation, .index = m->index};
    if (!hf__held_row(e, &m->header.owner, m->generation.id, &held))
        return false;
    hf_assert(held.index > 0);
    c.network = e->network;
    memcpy(c.challenge, m->challenge, 32);
    c.provider = e->account;
    c.owner = m->header.owner;
    uint8_t *share = e->secret_alloc(HF_SCALAR_LEN);
    hf_assert(share != NULL);
    int r = e->suite->unwrap(e->secrets->active.wrap_key, hf_bytes_of(held.generation.id, 16),
                             hf_bytes_of(held.wrapped, sizeof held.wrapped), share);
    if (r == 0)
        r = e->suite->prove(&e->secrets->rng, share, hf__encode(e, &hf_wire_audit_context, &c),
                            ret_proof);
    e->secret_free(share);
    if (r != 0)
        hf__held_spoil(e, &m->header.owner, m->generation.id);
    return r == 0;
}

int hf__recv_standing(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_owner_request request;
    struct hf_standing m;
    struct hf_owner_row row;
    const struct hf__peer *peer;
    bool raised = false;
    int r = hf__owner_open(e, body, &hf_wire_standing, &m, &request);
    if (r == 0)
        r = hf__owner_check(e, from, &request, &m.header);
    /* Nothing is acknowledged for an owner that is unknown: a holder that lost its row would
     * speak for an instance that was superseded here. */
    if (r == 0 && !hf__owner_row(e, &m.header.owner, &row))
        r = HF_ENOSHARE;
    if (r == 0)
        r = hf__owner_identity(e, from, &request, &m.header, &peer, NULL);
    if (r == 0)
        r = hf__promise(e, &row, &m.header, &request, &raised);
    if (r != 0)
        return r;
    if (hf__proof_keep(e, &row, &m.header, &request) || raised)
        hf__owner_put(e, &m.header.owner, &row);
    uint8_t proof[HF_PROOF_LEN];
    bool holds = hf__held_index(e, &m.header.owner, m.generation.id) == m.index;
    bool proves = holds && m.has_challenge && prove(e, &m, proof);
    if (m.has_challenge)
        holds = proves;
    hf_assert(!proves || holds);
    hf__ack(e, from, &request, holds, hf__votes_for(e, &m.header.owner, &row, m.generation.id),
            NULL, proves ? proof : NULL);
    return 0;
}
