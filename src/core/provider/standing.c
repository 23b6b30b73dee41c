/* /v1/standing: is this provider placed itself, and does it hold the share that is named? */
#include "base/error.h"
#include "provider/provider.h"

int hf__recv_standing(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
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
    if (r == 0 && !hf__owner_row(e, m.header.owner, &row))
        r = HF_ENOSHARE;
    if (r == 0)
        r = hf__owner_identity(e, from, &request, &m.header, &peer, NULL);
    if (r == 0)
        r = hf__promise(e, &row, &m.header, &request, &raised);
    if (r != 0)
        return r;
    if (hf__proof_keep(e, &row, &m.header, &request) || raised)
        hf__owner_put(e, m.header.owner, &row);
    hf__ack(e, from, &request, hf__held_index(e, m.header.owner, m.generation.id) == m.index,
            hf__votes_for(e, m.header.owner, &row, m.generation.id), NULL);
    return 0;
}
