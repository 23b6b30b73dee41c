/*
 * Votes that move (proto/REPAIR.md; proto/CLAIMS.md, section 7): a holder that leaves signs that
 * another has its share and its vote. What must hold: of one index one word counts.
 */
#include "base/error.h"
#include "register/register.h"

/* Whether each of the helpers has signed, and none of them is named twice or stands to gain. */
static int check_helpers(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                         const struct hf_transfer_statement *t)
{
    hf_assert(t->helpers_count > 0 && t->helpers_count <= HF_SHARES_MAX);
    int r = 0;
    for (size_t i = 0; r == 0 && i < t->helpers_count; i++) {
        const struct hf_account *helper = &t->helpers[i].account;
        const uint8_t *signature = i == 0
                                       ? transfer->signature
                                       : transfer->others.data + (i - 1) * (size_t)HF_SIGNATURE_LEN;
        if (hf_account_equal(helper, &t->from) || hf_account_equal(helper, &t->to) ||
            hf_account_equal(helper, &t->owner))
            return HF_ETRANSFER;
        for (size_t j = 0; j < i; j++)
            if (hf_account_equal(helper, &t->helpers[j].account))
                return HF_ETRANSFER;
        r = e->suite->verify(helper->bytes, "holdfast/v1/restored", transfer->statement, signature);
    }
    return r;
}

int hf__transfer_check(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                       const struct hf_account *owner, struct hf_transfer_statement *ret)
{
    int r = hf__decode(e, &hf_wire_transfer_statement, transfer->statement, ret);
    if (r == 0)
        r = hf__names_check(e, &ret->network, &ret->owner, owner);
    if (r != 0)
        return r;
    size_t others = ret->helpers_count > 1 ? ret->helpers_count - 1 : 0;
    if (hf_account_equal(&ret->from, &ret->to) || hf_account_equal(&ret->to, owner) ||
        memcmp(ret->newest.id, ret->generation.id, sizeof ret->newest.id) != 0 ||
        transfer->others.len != others * HF_SIGNATURE_LEN)
        return HF_ETRANSFER;
    hf_assert(ret->index > 0 && ret->index <= HF_SHARES_MAX);
    if (ret->helpers_count > 0)
        return check_helpers(e, transfer, ret);
    return e->suite->verify(ret->from.bytes, "holdfast/v1/transfer", transfer->statement,
                            transfer->signature);
}

void hf__transfer_read(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                       struct hf_transfer_statement *ret)
{
    int r = hf__decode(e, &hf_wire_transfer_statement, transfer->statement, ret);
    hf_assert(r == 0);
    hf_assert(ret->index > 0 && ret->index <= HF_SHARES_MAX);
}

void hf__transfer_status(const struct hf_transfer_statement *t, struct hf_moved_status *ret)
{
    hf_assert(t->index > 0 && t->index <= HF_SHARES_MAX);
    hf_assert(t->helpers_count <= HF_SHARES_MAX);
    *ret = (struct hf_moved_status){.generation = (uint32_t)t->generation.number,
                                    .index = (uint8_t)t->index,
                                    .restored = t->helpers_count > 0,
                                    .moved_s = t->made_s,
                                    .helpers_count = (uint8_t)t->helpers_count};
    memcpy(ret->generation_id, t->generation.id, sizeof ret->generation_id);
    ret->owner = t->owner;
    ret->from = t->from;
    ret->to = t->to;
    for (size_t i = 0; i < t->helpers_count; i++)
        ret->helpers[i] = t->helpers[i].account;
}

void hf__transfer_hash(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                       struct hf_hash *ret)
{
    hf_assert(transfer->statement.len > 0);
    e->suite->hash("holdfast/v1/transfer-hash", transfer->statement, ret);
}

struct hf_bytes hf__transfer_word(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                                  const struct hf_account *holder)
{
    struct hf_transfer_word w = {0};
    hf_assert(transfer->statement.len > 0);
    hf_assert(!hf_account_equal(holder, &w.holder)); /* an account, not zeros */
    w.network = e->network;
    w.holder = *holder;
    hf__transfer_hash(e, transfer, &w.transfer);
    return hf__encode(e, &hf_wire_transfer_word, &w);
}

struct hf_bytes hf__handover_word(struct hf_engine *e, const struct hf_signed_transfer *transfer,
                                  const struct hf_account *holder, bool votes)
{
    struct hf_handover_word w = {.votes = votes};
    hf_assert(transfer->statement.len > 0);
    w.network = e->network;
    w.holder = *holder;
    hf__transfer_hash(e, transfer, &w.transfer);
    return hf__encode(e, &hf_wire_handover_word, &w);
}

bool hf__transfer_same(struct hf_engine *e, const struct hf_signed_transfer *a,
                       const struct hf_signed_transfer *b)
{
    struct hf_transfer_statement s, t;
    hf_assert(a->statement.len > 0 && b->statement.len > 0);
    if (hf_bytes_equal(a->statement, b->statement))
        return true;
    if (a->others.len == 0 || b->others.len == 0)
        return false;
    /* What was tried again has other helpers. */
    if (hf__decode(e, &hf_wire_transfer_statement, a->statement, &s) != 0 ||
        hf__decode(e, &hf_wire_transfer_statement, b->statement, &t) != 0)
        return false;
    return s.helpers_count > 0 && t.helpers_count > 0 && s.index == t.index &&
           memcmp(s.generation.id, t.generation.id, sizeof s.generation.id) == 0 &&
           hf_account_equal(&s.to, &t.to);
}

/* Whether so many of the holders as it takes have restored a share, by index, ascending. */
static bool helpers_fit(const struct hf_transfer_statement *t, const struct hf_holder *holders,
                        size_t count, uint64_t threshold)
{
    size_t found = 0;
    hf_assert(count <= HF_SHARES_MAX);
    for (size_t i = 0; i < count && found < t->helpers_count; i++)
        found += holders[i].index != t->index &&
                 hf_account_equal(&holders[i].account, &t->helpers[found].account);
    hf_assert(found <= t->helpers_count);
    return t->helpers_count == threshold && found == threshold;
}

bool hf__transfer_of(const struct hf_transfer_statement *t,
                     const struct hf_generation_id *generation, const struct hf_holder *holders,
                     size_t count, uint64_t threshold)
{
    hf_assert(t->index > 0 && count <= HF_SHARES_MAX);
    hf_assert(!hf_account_equal(&t->from, &t->to));
    bool fits = false;
    if (memcmp(t->generation.id, generation->id, sizeof generation->id) != 0 ||
        t->generation.number != generation->number || t->generation.version != generation->version)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (hf_account_equal(&holders[i].account, &t->to))
            return false;
        fits = fits ||
               (holders[i].index == t->index && hf_account_equal(&holders[i].account, &t->from));
    }
    return fits && (t->helpers_count == 0 || helpers_fit(t, holders, count, threshold));
}

bool hf__transfer_fits(const struct hf_transfer_statement *t,
                       const struct hf_placement_record *record)
{
    hf_assert(record->holders_count > 0 && record->chain_count <= HF_CHAIN_MAX);
    if (hf__transfer_of(t, &record->generation, record->holders, record->holders_count,
                        record->threshold))
        return true;
    for (size_t i = 0; i < record->chain_count; i++) {
        const struct hf_unsealed *u = &record->chain[i];
        if (hf__transfer_of(t, &u->generation, u->holders, u->holders_count, u->threshold))
            return true;
    }
    return false;
}

/* The move of the vote of an index of a generation; NULL: it has not moved, or moves is NULL. */
static const struct hf__move *move_of(const struct hf__moves *moves, const uint8_t id[static 16],
                                      uint64_t index)
{
    hf_assert(moves == NULL || moves->count <= HF__MOVES_MAX);
    for (size_t i = 0; moves != NULL && i < moves->count; i++)
        if (moves->at[i].index == index && !moves->at[i].restored &&
            memcmp(moves->at[i].generation, id, 16) == 0)
            return &moves->at[i];
    return NULL;
}

/* Whether the list has this one, or an earlier one that counts in its place: of the transfers of an
 * index the first. */
static bool is_listed(const struct hf__moves *moves, const struct hf_transfer_statement *t)
{
    hf_assert(moves->count <= HF__MOVES_MAX);
    if (t->helpers_count == 0)
        return move_of(moves, t->generation.id, t->index) != NULL;
    for (size_t i = 0; i < moves->count; i++)
        if (moves->at[i].restored && moves->at[i].index == t->index &&
            memcmp(moves->at[i].generation, t->generation.id, sizeof t->generation.id) == 0 &&
            hf_account_equal(&moves->at[i].to, &t->to))
            return true;
    return false;
}

void hf__moves_add(struct hf_engine *e, const struct hf_signed_transfer *list, size_t count,
                   struct hf__moves *ret)
{
    struct hf_transfer_statement t;
    hf_assert(ret->count <= HF__MOVES_MAX);
    for (size_t i = 0; i < count && ret->count < HF__MOVES_MAX; i++) {
        hf__transfer_read(e, &list[i], &t);
        if (is_listed(ret, &t))
            continue;
        struct hf__move *m = &ret->at[ret->count++];
        *m = (struct hf__move){.index = (uint8_t)t.index, .restored = t.helpers_count > 0};
        memcpy(m->generation, t.generation.id, 16);
        m->from = t.from;
        m->to = t.to;
        hf_assert(!hf_account_equal(&m->from, &m->to));
    }
    hf_assert(count == 0 || ret->count > 0);
}

void hf__moves_shown(struct hf_engine *e, const struct hf_signed_transfer *list, size_t count,
                     const struct hf_placement_record *record, struct hf__moves *ret)
{
    struct hf_transfer_statement t;
    hf_assert(record->holders_count > 0);
    for (size_t i = 0; i < count; i++)
        if (hf__transfer_check(e, &list[i], &record->owner, &t) == 0 &&
            hf__transfer_fits(&t, record))
            hf__moves_add(e, &list[i], 1, ret);
    hf_assert(ret->count <= HF__MOVES_MAX);
}

size_t hf__moves_count(struct hf_engine *e, const struct hf_signed_transfer *list, size_t count,
                       const uint8_t id[static 16])
{
    struct hf_transfer_statement t;
    size_t moved = 0;
    hf_assert(count <= HF_WIRE_MOVES_MAX);
    for (size_t i = 0; i < count; i++) {
        hf__transfer_read(e, &list[i], &t);
        moved += memcmp(t.generation.id, id, 16) == 0;
    }
    hf_assert(moved <= count);
    return moved;
}

void hf__moves_apply(const struct hf__moves *moves, struct hf__electorate *g)
{
    hf_assert(g->n <= HF_SHARES_MAX && g->moved == 0);
    for (size_t i = 0; i < g->n; i++) {
        const struct hf__move *m = move_of(moves, g->id, g->indices[i]);
        if (m == NULL || !hf_account_equal(&m->from, &g->acceptors[i]) ||
            hf__electorate_index(g, &m->to) != 0)
            continue;
        g->earlier[i] = g->acceptors[i];
        g->acceptors[i] = m->to;
        g->moved |= (uint16_t)(1u << i);
    }
    hf_assert(g->moved == 0 || (moves != NULL && moves->count > 0));
    hf_assert(g->moved >> g->n == 0);
}

uint8_t hf__electorate_index(const struct hf__electorate *g, const struct hf_account *account)
{
    hf_assert(g->n <= HF_SHARES_MAX);
    for (size_t i = 0; i < g->n; i++)
        if (hf_account_equal(&g->acceptors[i], account) ||
            ((g->moved >> i & 1) != 0 && hf_account_equal(&g->earlier[i], account)))
            return g->indices[i];
    return 0;
}
