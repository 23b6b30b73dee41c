/* /v1/standing: is this provider placed itself, and does it hold the share that is named? */
#include "base/error.h"
#include "node.h"
#include "provider.h"

int hf__recv_standing(struct hf_engine *e, uint64_t id, struct hf_bytes body)
{
    struct hf_owner_request request;
    struct hf_standing m;
    struct hf_owner_row row;
    const struct hf__peer *peer;
    int r = hf__owner_open(e, body, &hf_wire_standing, &m, &request);
    if (r == 0)
        r = hf__owner_check(e, HF_METHOD_STANDING, &request, &m.header);
    if (r == 0 && hf__owner_row(e, m.header.owner, &row))
        r = hf__claim_check(&row, &m.header.claim);
    if (r == 0)
        r = hf__owner_identity(e, &request, &m.header, &peer, NULL);
    if (r != 0)
        return r;
    hf__ack(e, id, request.body, hf__held_index(e, m.header.owner, m.generation.id) == m.index);
    return 0;
}
