/*
 * /v1/record: keep the owner's record. A holder of its generation keeps it beside the share; a
 * holder of an older generation keeps it as the newest known, and seals the older one by its
 * signature. A record deletes nothing.
 */
#include "base/error.h"
#include "provider/provider.h"

struct context {
    struct hf__owner_message o;
    struct hf_record_request m;
    struct hf_placement_record record;
    struct hf_held_row held;
    bool holds; /* the share of the record's generation is here */
};

/* Whether the record is of the generation held here and gives this node the index that it holds. */
static int check_fit(const struct hf_engine *e, const struct hf_placement_record *record,
                     const struct hf_held_row *held)
{
    hf_assert(held->index > 0);
    if (held->generation.number != record->generation.number ||
        held->generation.version != record->generation.version ||
        !hf_bytes_equal(held->commitments, record->commitments) ||
        held->index > record->holders_count ||
        !hf_account_equal(&record->holders[held->index - 1].account, &e->account))
        return HF_ERECORD;
    return 0;
}

/*
 * A record is taken under the ballot that it names and no other: an instance that goes on with a
 * dealing of another one first signs the record anew. Otherwise two records of one generation could
 * seal under one ballot each, and neither would be known to all.
 */
static int check_record(struct hf_engine *e, struct context *c)
{
    int r = hf__record_check(e, &c->m.record, &c->m.header.owner, &c->record);
    if (r != 0)
        return r;
    if (!hf__ballot_equal(&c->record.ballot, &c->m.header.ballot))
        return HF_EBALLOT;
    hf_assert(c->o.row.promised.statement.len > 0);
    r = hf__newest_check(e, &c->o.row, &c->m.record, &c->record);
    if (r != 0)
        return r;
    c->holds = hf__held_row(e, &c->m.header.owner, c->record.generation.id, &c->held) &&
               !hf__held_spoilt(e, &c->m.header.owner, c->record.generation.id);
    if (c->holds)
        r = check_fit(e, &c->record, &c->held);
    /* Without a share that the record names, only a holder of the generation to seal has a part in
     * this: it may keep one of a deposit whose receipt was lost. */
    if (!c->m.has_seals)
        return r != 0 ? r : c->holds ? 0 : HF_ENOSHARE;
    c->holds = c->holds && r == 0;
    if (memcmp(c->m.seals, c->record.generation.id, 16) == 0)
        return HF_ERECORD;
    return hf__votes_for(e, &c->m.header.owner, &c->o.row, c->m.seals) ? 0 : HF_ENOSHARE;
}

/* Whether what comes is to be kept in place of what the row has. */
static bool is_news(const struct context *c)
{
    return !hf__newest_is(&c->o.row, &c->m.record) ||
           c->m.certificates_count > c->o.row.certificates_count;
}

/* Instances look at each certificate that they are handed: none is kept that does not hold. */
static int check_certificates(struct hf_engine *e, const struct context *c)
{
    struct hf__moves moves = {0};
    hf_assert(c->m.certificates_count <= HF_CHAIN_MAX);
    hf__moves_add(e, c->o.row.moves, c->o.row.moves_count, &moves);
    hf__moves_shown(e, c->o.request.moves, c->o.request.moves_count, &c->record, &moves);
    for (size_t i = 0; is_news(c) && i < c->m.certificates_count; i++)
        if (hf__certificate_check(e, &c->m.certificates[i], &c->record, &moves) != 0)
            return HF_ECERTIFICATE;
    return 0;
}

static void store(struct hf_engine *e, struct context *c)
{
    hf_assert(e->open && e->claimed);
    struct hf_owner_row *row = &c->o.row;
    uint8_t key[48];
    bool news = is_news(c);
    if (news)
        hf__newest_set(row, &c->m.record, c->m.certificates, c->m.certificates_count);
    bool moved = news && hf__moves_merge(e, row, &c->m.header.owner, c->o.request.moves,
                                         c->o.request.moves_count);
    /* A vault that was lost, or an older disk, begins with another key of tickets. */
    bool ticket =
        c->m.has_ticket && (!row->has_ticket || memcmp(row->ticket, c->m.ticket, HF_MAC_LEN) != 0);
    if (ticket) {
        row->has_ticket = true;
        memcpy(row->ticket, c->m.ticket, HF_MAC_LEN);
    }
    hf__owner_keep(e, &c->o, news || ticket || moved);
    if (!c->holds ||
        (c->held.has_record && hf_bytes_equal(c->held.record.record, c->m.record.record)))
        return;
    c->held.has_record = true;
    hf_assert(c->held.index > 0);
    c->held.record = c->m.record;
    hf__held_key(&c->m.header.owner, c->record.generation.id, key);
    hf__put(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &c->held);
}

static void answer(struct hf_engine *e, const struct context *c)
{
    hf_assert(c->m.has_seals || c->holds);
    struct hf_certificate what = {.ballot = c->m.header.ballot};
    struct hf_ack_statement s = {.holds = c->holds, .votes = true};
    uint8_t seal[64];
    if (!c->m.has_seals) {
        const struct hf_placement_record *r = &c->record;
        s.votes = hf__votes_for(e, &r->owner, &c->o.row, r->generation.id);
        hf__ack(e, &c->o, &s, NULL);
        return;
    }
    hf__record_hash(e, &c->m.record, &what.record);
    memcpy(what.generation, c->m.seals, 16);
    memcpy(what.by, c->record.generation.id, 16);
    e->suite->sign(e->secrets->account, "holdfast/v1/seal",
                   hf__seal_bytes(e, &c->m.header.owner, &what, &e->account), seal);
    hf__trace(e, HF_TRACE_SEALED, 0, &c->m.header.owner, c->record.generation.number, 0);
    hf__ack(e, &c->o, &s, seal);
}

int hf__recv_record(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct context c = {0};
    int r = hf__owner_admit(e, from, body, &hf_wire_record_request, &c.m, &c.m.header, &c.o);
    if (r == 0)
        r = check_record(e, &c);
    if (r == 0)
        r = check_certificates(e, &c);
    if (r == 0 && e->store_error != 0 && !hf__newest_is(&c.o.row, &c.m.record))
        r = e->store_error;
    if (r != 0)
        return r;
    store(e, &c);
    answer(e, &c);
    return 0;
}
