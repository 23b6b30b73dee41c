/*
 * What others do when a holder that leaves hands its share over (proto/REPAIR.md): a candidate says
 * whether it would have it; the other holders keep the signed transfer; the new holder keeps the
 * share, and votes once q of the others keep the transfer. What must hold: who votes
 * for an index has the promise of the one that voted for it before.
 */
#include "base/error.h"
#include "base/secret.h"
#include "provider/provider.h"

/* Whether a transfer is the asker's own, or that of a restored share, which any holder may tell of;
 * of this record's generation; and names its holders. */
static int check_transfer(struct hf_engine *e, const struct hf__message *from,
                          const struct hf_signed_transfer *transfer,
                          const struct hf_placement_record *record,
                          struct hf_transfer_statement *ret)
{
    hf_assert(record->holders_count > 0);
    int r = hf__transfer_check(e, transfer, &record->owner, ret);
    if (r != 0)
        return r;
    bool own = ret->helpers_count == 0 && hf_account_equal(&ret->from, &from->account);
    for (size_t i = 0; ret->helpers_count > 0 && i < record->holders_count; i++)
        own = own || hf_account_equal(&record->holders[i].account, &from->account);
    if (!own || !hf__transfer_of(ret, &record->generation, record->holders, record->holders_count,
                                 record->threshold))
        return HF_ETRANSFER;
    return 0;
}

/* Whether the share is the asker's, which leaves or, where it has signed a transfer, stays after
 * all. */
static int check_own(struct hf_engine *e, const struct hf__message *from,
                     const struct hf_placement_record *record, uint64_t index, bool is_signed)
{
    hf_assert(from->has_account && index > 0);
    if (index > record->holders_count ||
        !hf_account_equal(&record->holders[index - 1].account, &from->account))
        return HF_ERECORD;
    return is_signed || hf__view_leave(e, &from->account) != NULL ? 0 : HF_ESTAYS;
}

/* Whether the share is that of a holder which is gone, and the asker is another. */
static int check_lost(struct hf_engine *e, const struct hf__message *from,
                      const struct hf_placement_record *record, uint64_t index)
{
    bool named = false;
    hf_assert(from->has_account && index > 0);
    hf_assert(record->holders_count > 0 && record->holders_count <= HF_SHARES_MAX);
    for (size_t i = 0; i < record->holders_count; i++)
        named = named || hf_account_equal(&record->holders[i].account, &from->account);
    if (!named || index > record->holders_count)
        return HF_ERECORD;
    return hf__holder_gone(e, &record->holders[index - 1].account) ? 0 : HF_ESTAYS;
}

static int check_take(struct hf_engine *e, const struct hf__message *from,
                      const struct hf_take_request *m, struct hf_placement_record *ret,
                      bool *ret_has)
{
    struct hf_transfer_statement t;
    int r = hf__asker_check(e, from, &m->versions, &m->owner);
    if (r == 0)
        r = hf__record_check(e, &m->record, &m->owner, ret);
    if (r == 0)
        r = m->lost ? check_lost(e, from, ret, m->index)
                    : check_own(e, from, ret, m->index, m->has_transfer);
    if (r == 0 && m->has_transfer) {
        r = check_transfer(e, from, &m->transfer, ret, &t);
        if (r == 0 && (!hf_account_equal(&t.to, &e->account) || t.index != m->index ||
                       (t.helpers_count > 0) != m->lost))
            r = HF_ETRANSFER;
    }
    if (r == 0)
        r = hf__place_check(e, m->lost ? NULL : &from->account, ret, m->index, ret_has);
    hf_assert(r != 0 || m->index > 0);
    if (r != 0 || *ret_has)
        return r;
    r = hf__move_room_check(e, &m->owner);
    /* Once it is signed there is no other candidate: the order may have changed since. */
    if (r == 0 && !m->has_transfer)
        r = hf__order_check(e, &m->owner, ret->generation.version, m->epoch);
    return r;
}

/*
 * Says yes for one index of a generation at a time, for as long as the nonce lives that goes with
 * it: of two that were signed to this node one would have no vote until the owner deals anew. What
 * is signed goes before what is not, and of all that is noted the oldest gives way. HF_EINDEX.
 */
static int welcome(struct hf_engine *e, const struct hf_take_request *m,
                   const struct hf_placement_record *record)
{
    uint64_t generation = hf_bytes_head(record->generation.id);
    struct hf__welcome *all = e->provider->welcomes, *w = all;
    hf_assert(m->index > 0 && m->index <= HF_SHARES_MAX);
    for (size_t i = 0; i < HF_WELCOMES_MAX; i++) {
        if (all[i].generation == generation && all[i].until_ms > e->now_ms) {
            w = &all[i];
            if (w->index != m->index && !m->has_transfer)
                return HF_EINDEX;
            break;
        }
        if (all[i].until_ms < w->until_ms)
            w = &all[i];
    }
    *w = (struct hf__welcome){.generation = generation,
                              .until_ms = e->now_ms + e->timing.nonce_life_ms,
                              .index = (uint8_t)m->index};
    hf_assert(w->until_ms > e->now_ms);
    return 0;
}

int hf__recv_take(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_take_request m;
    struct hf_take_response answer = {0};
    struct hf_placement_record record;
    struct hf_owner_row row;
    bool has = false;
    const struct hf__peer *peer;
    int r = hf__decode(e, &hf_wire_take_request, body, &m);
    if (r == 0)
        r = check_take(e, from, &m, &record, &has);
    if (r == 0)
        r = hf__identity_check(e, from, &m.identity, &from->account, &peer, NULL);
    if (r == 0 && !hf__identity_own(e, &answer.identity))
        r = HF_EBUSY;
    if (r == 0 && !has)
        r = welcome(e, &m, &record);
    if (r != 0)
        return r;
    if (has && m.lost && hf__owner_row(e, &m.owner, &row))
        answer.has_transfer =
            hf__transfer_find(e, &row, record.generation.id, m.index, true, &answer.transfer);
    hf__versions(e, &answer.versions);
    hf__nonce_make(e, hf__take_context(e, &m.owner, &record.generation, &from->account),
                   answer.nonce);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_take_response, &answer), true);
    return 0;
}

/* ---- another holder */

/* The record of a generation whose acceptor this node is, and which its row or its share has. */
static bool record_of(struct hf_engine *e, const struct hf_account *owner,
                      const struct hf_owner_row *row, const uint8_t id[static 16],
                      struct hf_placement_record *ret)
{
    struct hf_held_row held;
    struct hf_bytes record = {0};
    if (hf__held_row(e, owner, id, &held) && held.has_record)
        record = held.record.record;
    else if (row->has_newest)
        record = row->newest.record;
    if (record.len == 0)
        return false;
    int r = hf__decode(e, &hf_wire_placement_record, record, ret);
    hf_assert(r == 0 && ret->holders_count > 0);
    return memcmp(ret->generation.id, id, 16) == 0;
}

int hf__recv_transfer(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_transfer_request m;
    struct hf_transfer_response answer = {0};
    struct hf_transfer_statement t;
    struct hf_owner_row row;
    struct hf_placement_record record;
    struct hf_signed_transfer known;
    int r = hf__decode(e, &hf_wire_transfer_request, body, &m);
    if (r == 0)
        r = hf__decode(e, &hf_wire_transfer_statement, m.transfer.statement, &t);
    if (r == 0)
        r = hf__asker_check(e, from, &m.versions, &t.owner);
    if (r != 0)
        return r;
    if (!hf__owner_row(e, &t.owner, &row) || !hf__votes_for(e, &t.owner, &row, t.generation.id) ||
        !record_of(e, &t.owner, &row, t.generation.id, &record))
        return HF_ENOSHARE;
    r = check_transfer(e, from, &m.transfer, &record, &t);
    if (r != 0)
        return r;
    if (!hf__transfer_find(e, &row, t.generation.id, t.index, t.helpers_count > 0, &known)) {
        if (hf__moves_exhausted(e, &row, &record))
            return HF_ESHAREMOVED;
        if (e->store_error != 0)
            return e->store_error;
        if (!hf__transfer_keep(e, &row, &t.owner, &m.transfer))
            return HF_EBUSY;
        hf__owner_put(e, &t.owner, &row);
    } else if (!hf__transfer_same(e, &known, &m.transfer)) {
        return HF_ESHAREMOVED;
    }
    hf__versions(e, &answer.versions);
    e->suite->sign(e->secrets->account, "holdfast/v1/transfer-kept",
                   hf__transfer_word(e, &m.transfer, &e->account), answer.signature);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_transfer_response, &answer), false);
    return 0;
}

/* ---- the new holder */

struct context {
    struct hf_handover_request m;
    struct hf_transfer_statement t;
    struct hf_claim_statement promised;
    struct hf_placement_record record;
    struct hf_owner_row row;
    struct hf_held_row held;
    bool known; /* a row is kept of the owner */
    bool has;   /* the share is here already */
};

static int check_handover(struct hf_engine *e, const struct hf__message *from, struct context *c)
{
    struct hf_record_order order;
    int r = hf__decode(e, &hf_wire_transfer_statement, c->m.transfer.statement, &c->t);
    if (r == 0)
        r = hf__asker_check(e, from, &c->m.versions, &c->t.owner);
    if (r == 0)
        r = hf__record_check(e, &c->m.record, &c->t.owner, &c->record);
    if (r == 0)
        r = check_transfer(e, from, &c->m.transfer, &c->record, &c->t);
    if (r == 0)
        r = hf__claim_open(e, &c->t.promised, &c->t.owner, &c->promised);
    if (r != 0)
        return r;
    hf__record_order(&c->record, &order);
    /* Who knew a record had promised its ballot. */
    if (c->t.helpers_count > 0 || !hf_account_equal(&c->t.to, &e->account) ||
        order.claim != c->t.newest.claim || order.generation != c->t.newest.generation ||
        c->promised.ballot.number < c->record.ballot.number)
        return HF_ETRANSFER;
    r = hf__nonce_check(e, hf__take_context(e, &c->t.owner, &c->record.generation, &from->account),
                        c->m.nonce);
    if (r == 0)
        r = hf__place_check(e, &from->account, &c->record, c->t.index, &c->has);
    hf_assert(r != 0 || c->t.index <= c->record.holders_count);
    return r != 0 || c->has ? r : hf__move_room_check(e, &c->t.owner);
}

/* Opens the share, checks it against the owner's commitments and wraps it for the vault. */
static int take_share(struct hf_engine *e, struct context *c)
{
    static const char info[] = "holdfast/v1/handover";
    struct hf_deposit_aad aad = {.generation = c->record.generation, .index = c->t.index};
    aad.network = e->network;
    aad.owner = c->t.owner;
    aad.provider = e->account;
    hf_assert(c->record.commitments.len == HF_POINT_LEN * c->record.threshold);
    uint8_t *share = e->secret_alloc(HF_SCALAR_LEN);
    if (share == NULL)
        return HF_ENOMEM;
    int r = hf__sealing_open(e, NULL, hf_bytes_of(info, strlen(info)),
                             hf__encode(e, &hf_wire_deposit_aad, &aad),
                             hf_bytes_of(c->m.sealed, sizeof c->m.sealed), share);
    if (r == 0)
        r = e->suite->share_check(share, (uint8_t)c->t.index, (uint8_t)c->record.threshold,
                                  c->record.commitments.data);
    if (r == 0)
        e->suite->wrap(&e->secrets->rng, e->secrets->active.wrap_key,
                       hf_bytes_of(c->record.generation.id, 16), hf_bytes_of(share, HF_SCALAR_LEN),
                       c->held.wrapped);
    hf_wipe(share, HF_SCALAR_LEN);
    e->secret_free(share);
    return r;
}

/* Whether q of the other indices keep the transfer: then the owner finds it at them. */
static bool is_carried(struct hf_engine *e, const struct context *c)
{
    struct hf__moves moves = {0};
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    uint32_t seen = 0;
    size_t count = 0;
    hf__moves_add(e, c->row.moves, c->row.moves_count, &moves);
    (void)hf__electorates(e, &c->record, NULL, 0, &moves, g);
    for (size_t i = 0; i < c->m.kept_count; i++) {
        const struct hf_transfer_kept *k = &c->m.kept[i];
        uint8_t index = hf__electorate_index(&g[0], &k->holder);
        if (index == 0 || index == c->t.index || (seen >> index & 1) != 0 ||
            e->suite->verify(k->holder.bytes, "holdfast/v1/transfer-kept",
                             hf__transfer_word(e, &c->m.transfer, &k->holder), k->signature) != 0)
            continue;
        seen |= UINT32_C(1) << index;
        count++;
    }
    hf_assert(count <= HF_SHARES_MAX);
    return count >= c->record.quorum;
}

/* Whether the proof that comes along is one: its instance says that it stood, and enough of the
 * record's generation have accepted, where it names that one. The rest is for who acts by it. */
static bool holds_proof(struct hf_engine *e, const struct context *c,
                        struct hf_claim_statement *ret)
{
    struct hf__moves moves = {0};
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    if (hf__claim_open(e, &c->m.proof.claim, &c->t.owner, ret) != 0 ||
        !hf__claim_stood(e, &c->m.proof, &c->t.owner))
        return false;
    hf_assert(ret->ballot.number > 0);
    if (!ret->has_known || memcmp(ret->known.id, c->record.generation.id, 16) != 0)
        return true;
    hf__moves_add(e, c->row.moves, c->row.moves_count, &moves);
    hf__moves_shown(e, c->m.moves, c->m.moves_count, &c->record, &moves);
    size_t count = hf__electorates(e, &c->record, NULL, 0, &moves, g);
    hf_assert(count > 0);
    return hf__claim_proof_check(e, &c->m.proof, g, 1, &c->t.owner) == 0;
}

/* The promise is the higher of both, as are rank, record and proof: what the old holder had refused
 * the new one refuses. */
static void inherit(struct hf_engine *e, struct context *c)
{
    struct hf_owner_row *row = &c->row;
    struct hf_ballot promised = {0};
    struct hf_claim_statement s;
    bool higher = true;
    if (c->known) {
        hf__promised(e, row, &promised);
        higher = c->promised.ballot.number > promised.number;
    }
    if (higher) {
        row->promised = c->t.promised;
        memcpy(row->ppid, c->t.ppid, sizeof row->ppid);
    }
    if (c->t.rank > row->rank)
        row->rank = c->t.rank;
    if (row->generation_newest < c->record.generation.number)
        row->generation_newest = c->record.generation.number;
    if (c->m.has_proof && holds_proof(e, c, &s)) {
        struct hf_claim_statement kept;
        if (row->has_proof)
            hf__claim_read(e, &row->proof.claim, &kept);
        if (!row->has_proof || kept.ballot.number < s.ballot.number) {
            row->has_proof = true;
            row->proof = c->m.proof;
        }
    }
    hf_assert(row->promised.statement.len > 0 && row->generation_newest > 0);
}

/* Takes over the record with the certificates that hold, and the other transfers. */
static void inherit_record(struct hf_engine *e, struct context *c)
{
    struct hf_owner_row *row = &c->row;
    struct hf_certificate *good = hf__scratch(e, HF_CHAIN_MAX * sizeof *good);
    struct hf__moves moves = {0};
    size_t count = 0;
    hf__moves_add(e, row->moves, row->moves_count, &moves);
    hf__moves_shown(e, c->m.moves, c->m.moves_count, &c->record, &moves);
    for (size_t i = 0; i < c->m.certificates_count; i++)
        if (hf__certificate_check(e, &c->m.certificates[i], &c->record, &moves) == 0)
            good[count++] = c->m.certificates[i];
    hf_assert(count <= HF_CHAIN_MAX);
    if (hf__newest_check(e, row, &c->m.record, &c->record) == 0 &&
        (!hf__newest_is(row, &c->m.record) || count > row->certificates_count))
        hf__newest_set(row, &c->m.record, good, count);
    (void)hf__moves_merge(e, row, &c->t.owner, c->m.moves, c->m.moves_count);
    if (c->m.has_sequence)
        (void)hf__sequence_keep(e, row, &c->t.owner, &c->m.sequence);
}

/* Whether the share that is here came by this transfer. What came by another, which a copy of the
 * old holder has signed, has neither its promise nor the word of others that they keep it. */
static bool came_by_this(struct hf_engine *e, const struct context *c)
{
    struct hf_signed_transfer known;
    bool found = hf__transfer_find(e, &c->row, c->record.generation.id, c->t.index, false, &known);
    hf_assert(c->has && found);
    return hf__transfer_same(e, &known, &c->m.transfer);
}

static int store(struct hf_engine *e, struct context *c)
{
    uint8_t key[48];
    struct hf_signed_transfer known;
    bool waited = c->has && c->held.waiting;
    if (c->has && !came_by_this(e, c))
        return HF_ESHAREMOVED;
    if (c->has && !waited)
        return 0;
    if (e->store_error != 0)
        return e->store_error;
    inherit(e, c);
    inherit_record(e, c);
    if (!hf__transfer_find(e, &c->row, c->record.generation.id, c->t.index, false, &known) &&
        hf__moves_exhausted(e, &c->row, &c->record))
        return HF_ESHAREMOVED;
    if (!hf__transfer_keep(e, &c->row, &c->t.owner, &c->m.transfer))
        return HF_ESHAREMOVED;
    c->held.waiting = !is_carried(e, c);
    if (waited && c->held.waiting)
        return 0;
    hf_assert(c->held.index > 0 && c->held.has_record);
    hf__held_key(&c->t.owner, c->record.generation.id, key);
    hf__put(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &c->held);
    hf__owner_put(e, &c->t.owner, &c->row);
    if (!c->has)
        hf__trace(e, HF_TRACE_SHARE_TAKEN, 0, &c->t.owner, c->record.generation.number, c->t.index);
    return 0;
}

int hf__recv_handover(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct context *c = hf__scratch(e, sizeof *c);
    struct hf_handover_response answer = {0};
    int r = hf__decode(e, &hf_wire_handover_request, body, &c->m);
    if (r == 0)
        r = check_handover(e, from, c);
    if (r != 0)
        return r;
    c->known = hf__owner_row(e, &c->t.owner, &c->row);
    hf_assert(c->known || !c->has);
    if (c->has) {
        bool held = hf__held_row(e, &c->t.owner, c->record.generation.id, &c->held);
        hf_assert(held);
    } else {
        c->held = (struct hf_held_row){.generation = c->record.generation,
                                       .index = c->t.index,
                                       .shares = c->record.holders_count,
                                       .commitments = c->record.commitments,
                                       .has_record = true,
                                       .record = c->m.record};
        c->held.header.network = e->network;
        c->held.header.owner = c->t.owner;
        c->held.header.provider = e->account;
        c->held.header.ballot = c->record.ballot;
        r = take_share(e, c);
    }
    if (r == 0)
        r = store(e, c);
    if (r != 0)
        return r;
    answer.votes = !c->held.waiting;
    hf__versions(e, &answer.versions);
    e->suite->sign(e->secrets->account, "holdfast/v1/handed-over",
                   hf__handover_word(e, &c->m.transfer, &e->account, answer.votes),
                   answer.signature);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_handover_response, &answer), false);
    return 0;
}
