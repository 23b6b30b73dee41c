/* /v1/record: the dealing is complete; keep its record beside the share (proto/PROTOCOL.md, 7).
 * A record deletes nothing. */
#include "base/error.h"
#include "fault.h"
#include "node.h"
#include "provider.h"

/* Whether the record is of the generation held here and gives this node the index that it holds. */
static int check_fit(const struct hf_engine *e, const struct hf_placement_record *record,
                     const struct hf_held_row *held)
{
    if (held->generation.number != record->generation.number ||
        held->generation.version != record->generation.version ||
        !hf_bytes_equal(held->commitments, record->commitments) ||
        held->index > record->holders_count ||
        memcmp(record->holders[held->index - 1].account, e->account, 32) != 0)
        return HF_ERECORD;
    return 0;
}

int hf__recv_record(struct hf_engine *e, uint64_t id, struct hf_bytes body)
{
    struct hf_owner_request request;
    struct hf_record_request m;
    struct hf_placement_record record;
    struct hf_owner_row row;
    struct hf_held_row held;
    const struct hf__peer *peer;
    uint8_t key[48];
    int r = hf__owner_open(e, body, &hf_wire_record_request, &m, &request);
    if (r == 0)
        r = hf__owner_check(e, HF_METHOD_RECORD, &request, &m.header);
    if (r == 0)
        r = hf__owner_row(e, m.header.owner, &row) ? hf__claim_check(&row, &m.header.claim)
                                                   : HF_ENOSHARE;
    if (HF_FAULT(SUPERSEDED) && r == HF_ESUPERSEDED)
        r = 0;
    if (r == 0)
        r = hf__owner_identity(e, &request, &m.header, &peer, NULL);
    if (r == 0)
        r = hf__record_check(e, &m.record, m.header.owner, &record);
    if (r == 0 && !hf__held_row(e, m.header.owner, record.generation.id, &held))
        r = HF_ENOSHARE;
    if (r == 0)
        r = check_fit(e, &record, &held);
    if (r == 0 && !held.has_record && e->store_error != 0)
        r = e->store_error;
    if (r != 0)
        return r;
    if (!held.has_record) {
        held.has_record = true;
        held.record = m.record;
        hf__held_key(m.header.owner, record.generation.id, key);
        hf__put(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &held);
    }
    hf__ack(e, id, request.body, true);
    return 0;
}
