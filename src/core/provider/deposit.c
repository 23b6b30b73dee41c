/* /v1/deposit: keep this share, durably, and sign for it (proto/PROTOCOL.md, 7). */
#include "base/error.h"
#include "base/secret.h"
#include "provider/provider.h"

static void receipt(struct hf_engine *e, const struct hf__message *from,
                    const struct hf_owner_header *header, const struct hf_generation_id *generation,
                    uint64_t index, struct hf_bytes commitments)
{
    hf_assert(e->open && e->claimed && index > 0);
    struct hf_receipt_statement s = {.header = *header, .generation = *generation, .index = index};
    struct hf_deposit_response m = {0};
    e->suite->hash("holdfast/v1/commitments", commitments, &s.commitments_hash);
    e->suite->sign(e->secrets->account, "holdfast/v1/receipt",
                   hf__encode(e, &hf_wire_receipt_statement, &s), m.receipt);
    hf__versions(e, &m.versions);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_deposit_response, &m), false);
}

/*
 * What is held already gets its stored receipt, whatever the sealing and the nonce are this time:
 * an answer that was lost must not cost a dealing. 1: answered; 0: nothing of this generation is
 * held, or not so that it can be had; else a refusal.
 */
static int answer_again(struct hf_engine *e, const struct hf__message *from,
                        const struct hf_deposit_transcript *t)
{
    struct hf_held_row held;
    if (!hf__held_row(e, &t->header.owner, t->generation.id, &held) ||
        hf__held_spoilt(e, &t->header.owner, t->generation.id))
        return 0;
    if (held.index != t->index)
        return HF_EINDEX;
    if (held.generation.number != t->generation.number ||
        !hf__ballot_equal(&held.header.ballot, &t->header.ballot) ||
        !hf_bytes_equal(held.commitments, t->commitments))
        return HF_EGENERATION;
    hf_assert(held.index > 0 && memcmp(held.generation.id, t->generation.id, 16) == 0);
    receipt(e, from, &held.header, &held.generation, held.index, held.commitments);
    return 1;
}

/* Whether k, n and q are the policy's; of a share that comes again, whether it is the one that its
 * record names. */
static int check_numbers(struct hf_engine *e, const struct hf_deposit *m,
                         const struct hf_deposit_transcript *t)
{
    const struct hf_policy *p = hf__policy(e);
    struct hf_placement_record record;
    uint8_t index;
    if (!m->has_record)
        return t->threshold == p->threshold && t->shares == p->shares &&
                       t->quorum == p->claim_quorum
                   ? 0
                   : HF_EBOUND;
    int r = hf__again_check(e, &m->record, &t->header, &t->generation, &record, &index);
    if (r == 0 && (t->threshold != record.threshold || t->shares != record.holders_count ||
                   t->quorum != record.quorum || t->index != index ||
                   !hf_bytes_equal(t->commitments, record.commitments)))
        r = HF_ERECORD;
    hf_assert(r != 0 || index > 0);
    return r;
}

/* Whether the transcript is one that this node can agree to. */
static int check_transcript(struct hf_engine *e, const struct hf_deposit *m,
                            const struct hf_deposit_transcript *t)
{
    hf_assert(e->open);
    struct hf_hash hash;
    if (t->index > t->shares || t->commitments.len != 32 * t->threshold ||
        m->transcripts.len % 32 != 0)
        return HF_EBOUND;
    int r = check_numbers(e, m, t);
    if (r == 0)
        r = hf__nonce_check(e, hf__offer_context(e, &t->header.owner, &t->generation),
                            t->provider_nonce);
    if (r != 0)
        return r;
    e->suite->hash("holdfast/v1/sealed-share", m->sealed, &hash);
    if (!hf_hash_equal(&hash, &t->sealed_hash) || !hf__sealing_has(e, t->sealing_key))
        return HF_ECRYPTO;
    e->suite->hash("holdfast/v1/deposit-transcript", m->transcript, &hash);
    for (size_t i = 0; i < m->transcripts.len; i += 32)
        if (memcmp(m->transcripts.data + i, hash.bytes, HF_ID_LEN) == 0)
            return 0;
    return HF_EREPORTDATA;
}

static int check_quote(struct hf_engine *e, const struct hf__message *from,
                       const struct hf_deposit *m, const struct hf_owner_header *header,
                       struct hf_verdict *ret, uint32_t *ret_rank)
{
    uint8_t report_data[HF_REPORT_DATA_LEN];
    struct hf__seen seen;
    struct hf_owner_row row;
    e->suite->report_data("holdfast/v1/deposit", m->transcripts, report_data);
    int r = hf__quote_look(e, m->quote, &seen);
    if (r == 0)
        r = hf__verdict(e, from, &seen, report_data, ret);
    if (r == HF__PARK || r == HF_EBUSY || r == HF_ERATE)
        return r;
    if (r == 0)
        r = hf__judge(e, ret, report_data, false, 0, ret_rank);
    if (r == 0 && hf__owner_row(e, &header->owner, &row) && *ret_rank < row.rank)
        r = HF_ERANK;
    if (r != 0)
        hf__trace(e, HF_TRACE_QUOTE_REFUSED, r, &header->owner, HF_METHOD_DEPOSIT, 0);
    return r;
}

/* Opens the share, checks it against the commitments and wraps it for the vault. */
static int take_share(struct hf_engine *e, const struct hf_deposit *m,
                      const struct hf_deposit_transcript *t, struct hf_held_row *ret)
{
    static const char info[] = "holdfast/v1/share";
    struct hf_deposit_aad aad = {.generation = t->generation, .index = t->index};
    aad.network = e->network;
    aad.owner = t->header.owner;
    aad.provider = e->account;
    hf_assert(e->open);
    hf_assert(t->index > 0 && t->index <= t->shares);
    hf_assert(t->commitments.len == 32 * t->threshold);
    uint8_t *share = e->secret_alloc(HF_SCALAR_LEN);
    if (share == NULL)
        return HF_ENOMEM;
    int r = hf__sealing_open(e, t->sealing_key, hf_bytes_of(info, strlen(info)),
                             hf__encode(e, &hf_wire_deposit_aad, &aad), m->sealed, share);
    if (r == 0)
        r = e->suite->share_check(share, (uint8_t)t->index, (uint8_t)t->threshold,
                                  t->commitments.data);
    if (r == 0)
        e->suite->wrap(&e->secrets->rng, e->secrets->active.wrap_key,
                       hf_bytes_of(t->generation.id, 16), hf_bytes_of(share, HF_SCALAR_LEN),
                       ret->wrapped);
    e->secret_free(share);
    return r;
}

/* A newer dealing of the owner makes the share of an older one that was never recorded here
 * worthless. The vote stays (R6): the older one's record may exist elsewhere. Where a further vote
 * has no place the newer one is refused. */
static int make_room(struct hf_engine *e, const struct hf_account *owner,
                     const uint8_t id[static 16], bool votes, struct hf_owner_row *row)
{
    struct hf_held_row held;
    size_t recorded = 0;
    for (size_t at = 0; hf__held_next(e, owner, &at, &held);)
        recorded += held.has_record && memcmp(held.generation.id, id, 16) != 0;
    /* The refusal comes first: it leaves the pending share where it is. */
    if (recorded == HF_GENERATIONS_HELD_MAX - 1 ||
        (votes && hf__votes_count(e, owner, row) == HF_WIRE_FORMER_MAX))
        return HF_EBUSY;
    for (size_t at = 0; hf__held_next(e, owner, &at, &held);) {
        if (held.has_record)
            continue;
        uint8_t key[48];
        hf__held_key(owner, held.generation.id, key);
        hf__del(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
        hf__former_add(e, row, &held);
        at--;
    }
    return 0;
}

/*
 * A share that comes again stands where it stood. Its vote does only where the row has kept the
 * generation, or the share lies here and cannot be had: who has lost it has forgotten what it
 * promised, and counts towards k alone.
 */
static void put_back(struct hf_engine *e, const struct hf_deposit *m,
                     const struct hf_deposit_transcript *t, struct hf_owner_row *row,
                     struct hf_held_row *held)
{
    hf_assert(m->has_record);
    struct hf_placement_record record;
    held->restored = !hf__former_take(row, t->generation.id) &&
                     !hf__held_votes(e, &t->header.owner, t->generation.id);
    held->has_record = true;
    held->record = m->record;
    hf_assert(held->index > 0);
    int r = hf__record_check(e, &m->record, &t->header.owner, &record);
    hf_assert(r == 0);
    if (hf__newest_is(row, &m->record))
        return;
    r = hf__newest_check(e, row, &m->record, &record);
    hf_assert(r == 0); /* as hf__again_check has found */
    hf__newest_set(row, &m->record, NULL, 0);
}

static int store(struct hf_engine *e, struct hf__owner_message *o, const struct hf_deposit *m,
                 const struct hf_deposit_transcript *t, struct hf_held_row *held,
                 const struct hf_verdict *v, uint32_t rank)
{
    uint8_t key[48];
    struct hf_owner_row *row = &o->row;
    const uint8_t *id = t->generation.id;
    bool votes = hf__held_votes(e, &t->header.owner, id); /* as it lies here, spoilt */
    int r = hf__promise(e, row, &t->header, &o->request, &o->raised);
    if (r == 0 && m->has_record)
        put_back(e, m, t, row, held);
    if (r == 0)
        r = make_room(e, &t->header.owner, id, !held->restored && !votes, row);
    if (r != 0)
        return r;
    hf__held_key(&t->header.owner, id, key);
    hf__put(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, held);
    row->rank = rank;
    memcpy(row->ppid, v->ppid, 16);
    if (row->generation_newest < t->generation.number)
        row->generation_newest = t->generation.number;
    hf_assert(row->promised.statement.len > 0 && row->generation_newest >= t->generation.number);
    hf__owner_keep(e, o, true);
    hf__trace(e, HF_TRACE_SHARE_STORED, 0, &t->header.owner, t->generation.number, t->index);
    return 0;
}

int hf__recv_deposit(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_deposit m;
    struct hf_deposit_transcript t;
    struct hf__owner_message o;
    struct hf_verdict v;
    uint32_t rank = 0;
    int r = hf__owner_open(e, from, body, &hf_wire_deposit, &m, &o);
    if (r == 0)
        r = hf__decode(e, &hf_wire_deposit_transcript, m.transcript, &t);
    if (r == 0)
        r = hf__owner_check(e, &o, &t.header);
    if (r == 0)
        r = hf__room_check(e, &t.header, &t.generation, m.has_record);
    if (r == 0)
        r = answer_again(e, from, &t);
    if (r != 0)
        return r > 0 ? 0 : r;
    r = hf__closing(e); /* its offer may be from before */
    if (r == 0)
        r = check_transcript(e, &m, &t);
    if (r == 0)
        r = hf__owner_identity(e, &o);
    if (r == 0)
        r = check_quote(e, from, &m, &t.header, &v, &rank);
    if (r != 0)
        return r;
    struct hf_held_row held = {.header = t.header,
                               .generation = t.generation,
                               .index = t.index,
                               .shares = t.shares,
                               .commitments = t.commitments};
    r = take_share(e, &m, &t, &held);
    if (r == 0)
        r = store(e, &o, &m, &t, &held, &v, rank);
    if (r == 0)
        receipt(e, from, &t.header, &t.generation, t.index, t.commitments);
    return r;
}
