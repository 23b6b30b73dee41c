/* /v1/delete: forget one generation by name (proto/PROTOCOL.md, 7). The order stays, as proof
 * that a newer one is complete. */
#include "base/error.h"
#include "fault.h"
#include "node.h"
#include "provider.h"

enum { ORDER_MAX = 512 }; /* bytes of signed_deletion.deletion */

static bool holds_any(const struct hf_engine *e, const uint8_t owner[static 32])
{
    struct hf_bytes prefix = hf__key_account(owner);
    size_t at = hf__rows_first(&e->rows, HF_ROW_HELD, prefix);
    return hf__rows_at(&e->rows, at, HF_ROW_HELD, prefix) != NULL;
}

static void forget(struct hf_engine *e, const struct hf_deletion *m,
                   const struct hf_owner_request *request, struct hf_owner_row *row)
{
    uint8_t key[48];
    hf__held_key(m->header.owner, m->generation.id, key);
    hf__del(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    if (HF_FAULT(DELETE)) {
        hf__held_key(m->header.owner, m->complete.id, key);
        hf__del(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    }
    hf__trace(e, HF_TRACE_SHARE_DELETED, 0, m->header.owner, m->generation.number, 0);
    if (!holds_any(e, m->header.owner)) {
        hf__del(e, HF_ROW_OWNER, hf__key_account(m->header.owner));
        return;
    }
    row->has_deletion = true;
    row->deletion.deletion = request->body;
    memcpy(row->deletion.signature, request->signature, 64);
    hf__put(e, HF_ROW_OWNER, hf__key_account(m->header.owner), &hf_wire_owner_row, row);
}

int hf__recv_delete(struct hf_engine *e, uint64_t id, struct hf_bytes body)
{
    struct hf_owner_request request;
    struct hf_deletion m;
    struct hf_owner_row row;
    struct hf_held_row held;
    const struct hf__peer *peer;
    int r = hf__owner_open(e, body, &hf_wire_deletion, &m, &request);
    if (r == 0)
        r = hf__owner_check(e, HF_METHOD_DELETE, &request, &m.header);
    if (r == 0 && m.complete.number <= m.generation.number)
        r = HF_EGENERATION;
    if (r == 0 && request.body.len > ORDER_MAX)
        r = HF_EBOUND; /* it could not be kept as proof */
    bool known = r == 0 && hf__owner_row(e, m.header.owner, &row);
    if (known)
        r = hf__claim_check(&row, &m.header.claim);
    if (r == 0)
        r = hf__owner_identity(e, &request, &m.header, &peer, NULL);
    if (r == 0 && e->store_error != 0)
        r = e->store_error;
    if (r != 0)
        return r;
    if (known && hf__held_row(e, m.header.owner, m.generation.id, &held))
        forget(e, &m, &request, &row);
    hf__ack(e, id, request.body, false);
    return 0;
}
