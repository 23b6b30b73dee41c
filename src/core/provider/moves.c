/*
 * The transfers that an acceptor keeps of an owner's generations (proto/REPAIR.md, 4). What must
 * hold: of one index the first stays, until who has a restored share is gone too; and none goes
 * that its owner has not shown it knows while the owner may still look for who has the share.
 */
#include "base/error.h"
#include "provider/provider.h"

void hf__acceptors(struct hf_engine *e, const struct hf_placement_record *record,
                   struct hf__electorate *ret)
{
    struct hf__electorate *all = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *all);
    struct hf__moves moves = {0};
    struct hf_owner_row row;
    if (hf__owner_row(e, &record->owner, &row))
        hf__moves_add(e, row.moves, row.moves_count, &moves);
    size_t count = hf__electorates(e, record, NULL, 0, &moves, all);
    hf_assert(count > 0);
    *ret = all[0];
    hf_assert(memcmp(ret->id, record->generation.id, sizeof ret->id) == 0);
}

bool hf__holder_gone(const struct hf_engine *e, const struct hf_account *account)
{
    const struct hf__told *told = hf__view_leave(e, account);
    hf_assert(told == NULL || hf__is_member(e, account));
    return !hf__is_member(e, account) || hf__view_left(e, account) ||
           (told != NULL && hf__now_s(e) >= told->until_s + hf__policy(e)->holder_grace_s);
}

bool hf__transfer_find(struct hf_engine *e, const struct hf_owner_row *row,
                       const uint8_t generation[static 16], uint64_t index, bool restored,
                       struct hf_signed_transfer *ret)
{
    struct hf_transfer_statement t;
    bool found = false;
    hf_assert(row->moves_count <= HF_WIRE_MOVES_MAX && index > 0);
    for (size_t i = 0; i < row->moves_count; i++) {
        hf__transfer_read(e, &row->moves[i], &t);
        bool own = hf_account_equal(&t.to, &e->account);
        if (t.index != index || (t.helpers_count > 0) != restored ||
            memcmp(t.generation.id, generation, 16) != 0 || (found && !own) ||
            (restored && !own && hf__holder_gone(e, &t.to)))
            continue;
        *ret = row->moves[i];
        found = true;
    }
    return found;
}

bool hf__was_taken(struct hf_engine *e, const struct hf_owner_row *row,
                   const uint8_t generation[static 16])
{
    struct hf_transfer_statement t;
    hf_assert(e->open && row->moves_count <= HF_WIRE_MOVES_MAX);
    for (size_t i = 0; i < row->moves_count; i++) {
        hf__transfer_read(e, &row->moves[i], &t);
        if (memcmp(t.generation.id, generation, 16) == 0 && hf_account_equal(&t.to, &e->account))
            return true;
    }
    return false;
}

/* Whether anything of a generation is kept here, or the newest record has its holders vote. */
static bool matters(struct hf_engine *e, const struct hf_owner_row *row,
                    const struct hf_account *owner, const uint8_t id[static 16])
{
    struct hf_held_row held;
    struct hf_placement_record record;
    if (hf__held_row(e, owner, id, &held) || hf__votes_for(e, owner, row, id))
        return true;
    if (!row->has_newest)
        return false;
    int r = hf__decode(e, &hf_wire_placement_record, row->newest.record, &record);
    hf_assert(r == 0);
    bool named = memcmp(record.generation.id, id, 16) == 0;
    for (size_t i = 0; i < record.chain_count; i++)
        named = named || memcmp(record.chain[i].generation.id, id, 16) == 0;
    hf_assert(record.holders_count > 0);
    return named;
}

/* Forgets those that do not matter here: all of them, or those of others that a request shows. */
static void sift(struct hf_engine *e, struct hf_owner_row *row, const struct hf_account *owner,
                 const struct hf_owner_request *shown)
{
    struct hf_transfer_statement t;
    struct hf_signed_transfer *kept = hf__scratch(e, HF_WIRE_MOVES_MAX * sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; i < row->moves_count; i++) {
        bool known = shown == NULL;
        for (size_t j = 0; !known && j < shown->moves_count; j++)
            known = hf__transfer_same(e, &shown->moves[j], &row->moves[i]);
        hf__transfer_read(e, &row->moves[i], &t);
        /* The own ones say what became of the share. */
        known = known && (shown == NULL || (!hf_account_equal(&t.from, &e->account) &&
                                            !hf_account_equal(&t.to, &e->account)));
        if (!known || matters(e, row, owner, t.generation.id))
            kept[count++] = row->moves[i];
    }
    hf_assert(count <= row->moves_count);
    row->moves = kept;
    row->moves_count = count;
}

bool hf__transfer_keep(struct hf_engine *e, struct hf_owner_row *row,
                       const struct hf_account *owner, const struct hf_signed_transfer *transfer)
{
    struct hf_transfer_statement t;
    struct hf_signed_transfer other;
    hf__transfer_read(e, transfer, &t);
    for (size_t i = 0; i < row->moves_count; i++)
        if (hf__transfer_same(e, &row->moves[i], transfer))
            return true;
    if (hf__transfer_find(e, row, t.generation.id, t.index, t.helpers_count > 0, &other))
        return false;
    if (row->moves_count == HF_WIRE_MOVES_MAX)
        sift(e, row, owner, NULL);
    if (row->moves_count == HF_WIRE_MOVES_MAX)
        return false;
    struct hf_signed_transfer *all = hf__scratch(e, HF_WIRE_MOVES_MAX * sizeof *all);
    if (row->moves_count > 0)
        memcpy(all, row->moves, row->moves_count * sizeof *all);
    all[row->moves_count] = *transfer;
    all[row->moves_count++].kept = false; /* each finds that out for itself */
    row->moves = all;
    hf_assert(row->moves_count <= HF_WIRE_MOVES_MAX);
    return true;
}

bool hf__moves_merge(struct hf_engine *e, struct hf_owner_row *row, const struct hf_account *owner,
                     const struct hf_signed_transfer *list, size_t count)
{
    struct hf_transfer_statement t;
    bool changed = false;
    hf_assert(count <= HF_WIRE_MOVES_MAX && row->promised.statement.len > 0);
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t j = 0; !known && j < row->moves_count; j++)
            known = hf__transfer_same(e, &row->moves[j], &list[i]);
        /* What does not matter here is not kept, or the owner's next request would bring back
         * what its last one had forgotten. */
        if (known || hf__transfer_check(e, &list[i], owner, &t) != 0 ||
            !matters(e, row, owner, t.generation.id))
            continue;
        changed = hf__transfer_keep(e, row, owner, &list[i]) || changed;
    }
    return changed;
}

struct hf_signed_transfer *hf__moves_unshown(struct hf_engine *e, const struct hf_owner_row *row,
                                             const struct hf_owner_request *request,
                                             size_t *ret_count)
{
    struct hf_signed_transfer *list = hf__scratch(e, HF_WIRE_MOVES_MAX * sizeof *list);
    *ret_count = 0;
    hf_assert(row->moves_count <= HF_WIRE_MOVES_MAX);
    for (size_t i = 0; i < row->moves_count; i++) {
        bool shown = false;
        for (size_t j = 0; !shown && j < request->moves_count; j++)
            shown = hf__transfer_same(e, &request->moves[j], &row->moves[i]);
        if (!shown)
            list[(*ret_count)++] = row->moves[i];
    }
    hf_assert(*ret_count <= row->moves_count);
    return list;
}

void hf__moves_prune(struct hf_engine *e, struct hf_owner_row *row, const struct hf_account *owner,
                     const struct hf_owner_request *request)
{
    hf_assert(request != NULL);
    if (row->moves_count > 0)
        sift(e, row, owner, request);
    hf_assert(row->moves_count <= HF_WIRE_MOVES_MAX);
}

/* ---- whether one more may move */

/* Whether as many of a generation have moved as may: what is left with those that the owner chose
 * must be enough by itself. */
bool hf__moves_exhausted(struct hf_engine *e, const struct hf_owner_row *row,
                         const struct hf_placement_record *record)
{
    hf_assert(record->holders_count >= record->threshold);
    return hf__moves_count(e, row->moves, row->moves_count, record->generation.id) >=
           record->holders_count - record->threshold;
}

/* Whether a newer record is known here, under which shares of this generation are of no use. */
static bool is_outdated(struct hf_engine *e, const struct hf_owner_row *row,
                        const struct hf_placement_record *record)
{
    struct hf_placement_record newest;
    struct hf_record_order order, known;
    if (!row->has_newest)
        return false;
    int r = hf__decode(e, &hf_wire_placement_record, row->newest.record, &newest);
    hf_assert(r == 0);
    hf__record_order(record, &order);
    hf__record_order(&newest, &known);
    hf_assert(known.generation > 0);
    return hf__order_compare(e, &record->owner, &known, &order) > 0 &&
           memcmp(newest.generation.id, record->generation.id, 16) != 0;
}

/*
 * Whether this node can have the share: it holds no other one of this generation, and has no vote
 * for it. ret_has: it has this very one, by a transfer.
 */
int hf__place_check(struct hf_engine *e, const struct hf_account *from,
                    const struct hf_placement_record *record, uint64_t index, bool *ret_has)
{
    struct hf_owner_row row;
    struct hf_held_row held;
    struct hf_signed_transfer transfer;
    struct hf_transfer_statement t;
    *ret_has = false;
    hf_assert(index > 0);
    for (size_t i = 0; i < record->holders_count; i++)
        if (hf_account_equal(&record->holders[i].account, &e->account))
            return HF_EINDEX;
    if (!hf__owner_row(e, &record->owner, &row))
        return 0;
    if (is_outdated(e, &row, record))
        return HF_EGENERATION;
    if (hf__former_has(&row, record->generation.id))
        return HF_EINDEX;
    if (!hf__held_row(e, &record->owner, record->generation.id, &held)) {
        /* What was here and was let go is not taken again, however late its handover comes; and
         * nothing is restored that the owner may have ordered to be forgotten. */
        bool late = hf__was_taken(e, &row, record->generation.id) ||
                    (from == NULL && row.generation_newest >= record->generation.number);
        return late ? HF_EGENERATION : 0;
    }
    if (held.index != index ||
        !hf__transfer_find(e, &row, record->generation.id, index, from == NULL, &transfer))
        return HF_EINDEX;
    hf__transfer_read(e, &transfer, &t);
    hf_assert(t.index == index);
    *ret_has =
        (from == NULL || hf_account_equal(&t.from, from)) && hf_account_equal(&t.to, &e->account);
    return *ret_has ? 0 : HF_EINDEX;
}

bool hf__handing_over(const struct hf_engine *e, const struct hf_owner_row *row,
                      const uint8_t generation[static 16])
{
    hf_assert(e->open && row->moves_count <= HF_WIRE_MOVES_MAX);
    /* A node takes a share by a nonce that it gave before that share left; clocks may run
     * at different speeds. */
    if (e->now_ms >= e->provider->handed_ms + 2 * (uint64_t)e->timing.nonce_life_ms)
        return false;
    for (size_t i = 0; i < row->moves_count; i++) {
        struct hf_transfer_statement t;
        hf__transfer_read((struct hf_engine *)e, &row->moves[i], &t);
        if (memcmp(t.generation.id, generation, 16) == 0 && hf_account_equal(&t.from, &e->account))
            return true;
    }
    return false;
}

/* Whether what is kept of the owner leaves room for one share more. */
int hf__move_room_check(struct hf_engine *e, const struct hf_account *owner)
{
    struct hf_owner_row row;
    struct hf_held_row held;
    size_t kept = 0; /* a pending one too: it may be recorded yet */
    int r = hf__closing(e);
    if (r == 0)
        r = hf__quota_check(e, owner);
    if (r != 0 || !hf__owner_row(e, owner, &row))
        return r;
    while (hf__held_next(e, owner, &kept, &held))
        ;
    hf_assert(kept <= HF_GENERATIONS_HELD_MAX);
    return kept >= HF_GENERATIONS_HELD_MAX - 1 ||
                   hf__votes_count(e, owner, &row) == HF_WIRE_FORMER_MAX
               ? HF_EBUSY
               : 0;
}
