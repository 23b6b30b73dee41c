/*
 * Older generations, the owner's side: who may still hold a share of one, whether it is sealed, and
 * its deletion by name, which never comes before the seal (proto/CLAIMS.md, 4.5).
 */
#include "base/error.h"
#include "owner/deal.h"
#include "owner/record.h"

/* One that was never recorded: nothing can be rebuilt by it. */
static bool was_given_up(const struct hf_older_row *row)
{
    return memcmp(row->generation.id, row->complete.id, 16) == 0;
}

/* One that this very process has given up: it alone could have signed a record of it. What a disk
 * says of another process may be of before that one signed. */
static bool is_unrecorded(const struct hf_engine *e, const struct hf_older_row *row)
{
    hf_assert(row->generation.number > 0);
    return was_given_up(row) && row->has_instance &&
           memcmp(row->instance, e->instance, sizeof row->instance) == 0;
}

/* How many distinct shares those may keep, at most, who have not confirmed: one that moved is at
 * two. Whom a dealing of an older release passed over may keep any, and stands there with index 1:
 * each counts. */
static size_t shares_left(const struct hf_older_row *row)
{
    uint32_t indices = 0, count = 0;
    for (size_t i = 0; i < row->holders_count; i++) {
        uint32_t bit = UINT32_C(1) << row->holders[i].index;
        count += bit == 2 || (indices & bit) == 0;
        indices |= bit;
    }
    hf_assert((indices & 1) == 0 && indices >> (HF_SHARES_MAX + 1) == 0);
    return count;
}

/* Of one that another process has given up it is not known who keeps a share: there may be a record
 * of it, which names others. */
bool hf__older_retired(const struct hf_engine *e, const struct hf_older_row *row)
{
    hf_assert(row->threshold > 0);
    return shares_left(row) < row->threshold && (!was_given_up(row) || is_unrecorded(e, row));
}

static bool in_chain(const struct hf_placement_record *record, const uint8_t id[static 16])
{
    hf_assert(record->chain_count <= HF_CHAIN_MAX);
    for (size_t i = 0; i < record->chain_count; i++)
        if (memcmp(record->chain[i].generation.id, id, 16) == 0)
            return true;
    return false;
}

/* Whether a row has nothing more to wait for: all have forgotten; or too few are left to rebuild
 * it, and none of them is a member who could be told. */
static bool is_over(const struct hf_engine *e, const struct hf_older_row *row)
{
    hf_assert(row->threshold > 0);
    for (size_t i = 0; i < row->holders_count; i++)
        if (hf__is_member(e, &row->holders[i].account))
            return false;
    return row->holders_count < row->threshold;
}

void hf__older_purge(struct hf_engine *e, const struct hf_placement_record *own)
{
    hf_assert(e->open && own->chain_count <= HF_CHAIN_MAX);
    struct hf_older_row row;
    for (size_t at = 0; hf__older_next(e, &at, &row);)
        if (is_over(e, &row) && !in_chain(own, row.generation.id)) {
            hf__older_del(e, row.generation.id);
            at--;
        }
}

/* Holders that never answer must not cost room without end: the oldest row goes that no claim
 * needs, of those first of which too few shares are left: else one holder that confirms no order
 * would have others keep theirs. */
static void make_room(struct hf_engine *e)
{
    struct hf_placement_record own;
    struct hf_older_row row, oldest = {0};
    bool recorded = hf__own_record(e, &own, NULL, NULL);
    if (hf__rows_count(&e->rows, HF_ROW_OLDER) < HF_OLDER_MAX)
        return;
    if (recorded)
        hf__older_purge(e, &own);
    if (hf__rows_count(&e->rows, HF_ROW_OLDER) < HF_OLDER_MAX)
        return;
    for (size_t at = 0; hf__older_next(e, &at, &row);) {
        bool retired = hf__older_retired(e, &row);
        bool before = oldest.threshold == 0 || (retired && !hf__older_retired(e, &oldest)) ||
                      (retired == hf__older_retired(e, &oldest) &&
                       row.generation.number < oldest.generation.number);
        if (before && !(recorded && in_chain(&own, row.generation.id)))
            oldest = row;
    }
    if (oldest.threshold > 0)
        hf__older_del(e, oldest.generation.id);
}

/*
 * Keeps a generation as older, unless it is kept already: what is known of its deletion stays. But
 * what was noted while it was dealt holds only until a record of it is known, and an old disk may
 * say it of one that was recorded since: the holders that the record names may keep shares too.
 */
static void keep_older(struct hf_engine *e, const struct hf_older_row *recorded)
{
    struct hf_older_row row = *recorded, noted = {0};
    struct hf_holder all[HF__OLDER_HOLDERS_MAX];
    struct hf__moves moves;
    hf_assert(row.threshold > 0 && row.shares > 0 && row.shares <= row.holders_count);
    bool kept = hf__older_row(e, row.generation.id, &noted);
    if (kept && !was_given_up(&noted))
        return;
    memcpy(all, row.holders, row.holders_count * sizeof *all);
    row.holders = all;
    hf_assert(row.holders_count <= (size_t)2 * HF_SHARES_MAX);
    for (size_t i = 0; i < noted.holders_count; i++)
        hf__older_add(&row, &noted.holders[i].account, noted.holders[i].index);
    hf__own_moves(e, &moves);
    for (size_t i = 0; i < moves.count; i++)
        if (memcmp(moves.at[i].generation, row.generation.id, sizeof row.generation.id) == 0)
            hf__older_add(&row, &moves.at[i].to, moves.at[i].index);
    if (!kept)
        make_room(e);
    hf__older_put(e, &row);
}

static void save_one(struct hf_engine *e, const struct hf_unsealed *u,
                     const struct hf_placement_record *newer)
{
    struct hf_holder all[2 * HF_SHARES_MAX];
    hf_assert(u->threshold > 0 && newer->generation.number > 0);
    keep_older(e, &(struct hf_older_row){.generation = u->generation,
                                         .complete = newer->generation,
                                         .threshold = u->threshold,
                                         .shares = u->holders_count,
                                         .holders = all,
                                         .holders_count = hf__unsealed_all(u, all)});
}

void hf__older_save(struct hf_engine *e, const struct hf_placement_record *own,
                    const struct hf_placement_record *newer)
{
    hf_assert(newer->chain_count <= HF_CHAIN_MAX);
    for (size_t i = 0; i < newer->chain_count; i++)
        if (own == NULL || memcmp(newer->chain[i].generation.id, own->generation.id, 16) != 0)
            save_one(e, &newer->chain[i], newer);
    if (own == NULL || memcmp(own->generation.id, newer->generation.id, 16) == 0)
        return;
    struct hf_unsealed u = hf__own_unsealed(e, own);
    save_one(e, &u, newer);
}

void hf__given_up_save(struct hf_engine *e)
{
    const struct hf__dealing *d = e->owner->dealing;
    hf_assert(d != NULL && !d->mends);
    struct hf_holder holders[2 * HF_SHARES_MAX] = {0};
    size_t count = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->slots[i].candidate < 0)
            continue;
        holders[count].account = d->candidates[d->slots[i].candidate].account;
        holders[count++].index = i + 1;
    }
    for (size_t i = 0; i < d->others_count; i++)
        holders[count++] = d->others[i];
    hf_assert(count <= (size_t)2 * HF_SHARES_MAX);
    struct hf_older_row row = {.generation = d->generation,
                               .complete = d->generation,
                               .threshold = d->k,
                               .shares = d->n,
                               .holders = holders,
                               .holders_count = count};
    row.has_instance = true;
    memcpy(row.instance, e->instance, sizeof row.instance);
    make_room(e);
    hf__older_put(e, &row);
}

void hf__given_up_drop(struct hf_engine *e)
{
    hf_assert(e->owner->dealing != NULL && !e->owner->dealing->mends);
    hf__older_del(e, e->owner->dealing->generation.id);
}

/* ---- Deletion */

static struct hf_deletion deletion_of(struct hf_engine *e, const struct hf_older_row *row,
                                      const struct hf_placement_record *own,
                                      const struct hf_signed_record *record,
                                      const struct hf_account *holder, bool all)
{
    hf_assert(e->claimed && own->generation.number > 0);
    struct hf_deletion m = {.generation = row->generation,
                            .complete = own->generation,
                            .record = *record,
                            .all = all,
                            .unrecorded = is_unrecorded(e, row)};
    hf__fill_header(e, holder, &m.header);
    return m;
}

/* Names a generation's deletions among the calls: forks have dealings of one number. */
static uint32_t call_arg(const struct hf_older_row *row)
{
    return (uint32_t)(hf_bytes_head(row->generation.id) >> 32);
}

/* Whether a ballot under the own record needs acceptances of this generation. */
static bool is_needed(struct hf_engine *e, const struct hf_placement_record *own,
                      const uint8_t id[static 16])
{
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    size_t count = hf__needed(e, own, g);
    for (size_t i = 0; i < count; i++)
        if (memcmp(g[i].id, id, 16) == 0)
            return true;
    return false;
}

/*
 * Whether a generation may be deleted: it is not the one under way, nor needed, which is what is
 * neither sealed nor written off in favour of the own lineage. Otherwise a deletion would destroy
 * what a rival needs that has not been superseded.
 */
static bool may_go(struct hf_engine *e, const struct hf_placement_record *own,
                   const struct hf_older_row *row)
{
    hf_assert(e->claimed);
    const struct hf_generation_id *under_way =
        e->owner->dealing != NULL ? &e->owner->dealing->generation : NULL;
    if (under_way != NULL && memcmp(under_way->id, row->generation.id, 16) == 0)
        return false;
    return !is_needed(e, own, row->generation.id);
}

/* Whether a holder keeps its share, and is placed itself. Until all have acknowledged the record
 * none is asked how it stands, and one that was removed never will: the acknowledgement says it. */
static bool keeps_it(const struct hf_engine *e, const struct hf__holder *h)
{
    hf_assert(h->index > 0);
    return h->confirmed &&
           (h->keeps || (e->state == HF_STATE_PLACING && h->placed && !h->voteless));
}

/* Holders of the newest that keep their shares and are placed themselves, when all do who are not
 * lost: no members any more, or silent or without their share for a grace of holders. 0 when one of
 * them does not. */
static size_t keepers(const struct hf_engine *e)
{
    uint64_t grace_ms = hf__policy(e)->holder_grace_s * 1000;
    size_t keep = 0;
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        const struct hf__holder *h = &e->owner->holders[i];
        bool lost =
            !hf__is_member(e, &h->account) || (!(h->answered && h->holds) && h->silent_ms != 0 &&
                                               e->now_ms - h->silent_ms >= grace_ms);
        bool keeps = keeps_it(e, h);
        if (!keeps && !lost)
            return 0;
        keep += keeps;
    }
    hf_assert(keep <= e->owner->holders_count);
    return keep;
}

/* The number of the predecessor of the newest dealing: the newest of the recorded ones that it
 * succeeds; 0: there is none. */
static uint64_t predecessor(struct hf_engine *e)
{
    struct hf_older_row row;
    uint64_t newest = 0;
    for (size_t at = 0; hf__older_next(e, &at, &row);)
        if (!was_given_up(&row) && row.generation.number > newest)
            newest = row.generation.number;
    hf_assert(newest == 0 || hf__rows_count(&e->rows, HF_ROW_OLDER) > 0);
    return newest;
}

/*
 * An older dealing goes only once the holders of the newest say in their standing that they keep
 * their shares and are placed themselves: one that is not placed loses the share at a restart,
 * whatever it acknowledged before. It is enough that all who are not lost say so. When just k are
 * left, the newest has nothing to spare, and its predecessor stays too; what is older still goes,
 * or the holders, which keep four dealings of one owner, would take no further one, and n would
 * never come back. Votes do not come into it: that of a share which is deleted stays.
 */
static bool newest_suffices(const struct hf_placement_record *own, const struct hf_older_row *row,
                            size_t keep, uint64_t reserve)
{
    hf_assert(keep <= own->holders_count);
    hf_assert(reserve == 0 || keep == own->threshold);
    if (keep > own->threshold || keep == own->holders_count)
        return true;
    return keep == own->threshold && (was_given_up(row) || row->generation.number < reserve);
}

/*
 * Whether no instance can need anything that is older than the newest, known to this owner or not:
 * its record lists nothing, and enough of its acceptors keep it under the present ballot. A ballot
 * below is superseded, and one above that starts from an older record is told of this one.
 */
static bool is_settled(struct hf_engine *e, const struct hf_placement_record *own)
{
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    size_t keep = 0;
    hf_assert(own->holders_count == e->owner->holders_count);
    if (own->ballot.number != e->claim || hf__needed(e, own, g) != 1)
        return false;
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        const struct hf__holder *h = &e->owner->holders[i];
        keep += h->confirmed && !h->voteless && hf__is_acceptor(&g[0], &h->account);
    }
    return keep >= g[0].quorum;
}

/* Whether orders about dealings that came to nothing wait until they may say `all`: holders that
 * are full forget votes by such an order alone, and none may be left to send by then. */
static bool awaits_all(const struct hf_engine *e)
{
    hf_assert(e->claimed && e->owner->unsealed <= HF_CHAIN_MAX);
    return e->owner->full && e->owner->unsealed == 0;
}

void hf__retire_send(struct hf_engine *e)
{
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    struct hf_older_row row;
    bool waiting = false;
    if (!e->claimed || e->owner->claiming != NULL ||
        !hf__own_record(e, &record, &signed_record, NULL) || record.ballot.number != e->claim)
        return;
    size_t keep = keepers(e);
    uint64_t reserve = keep == record.threshold ? predecessor(e) : 0;
    hf_assert(record.holders_count == e->owner->holders_count);
    bool all = is_settled(e, &record) &&
               (keep == record.holders_count || (keep >= record.threshold && reserve == 0));
    for (size_t at = 0; hf__older_next(e, &at, &row);) {
        if (!may_go(e, &record, &row))
            continue;
        bool goes = is_unrecorded(e, &row) ? all || !awaits_all(e)
                                           : newest_suffices(&record, &row, keep, reserve);
        for (size_t j = 0; j < row.holders_count; j++) {
            const struct hf_account *holder = &row.holders[j].account;
            if (!hf__is_member(e, holder))
                continue;
            waiting = true;
            uint32_t arg = call_arg(&row);
            if (!goes || hf__calling(e, HF_METHOD_DELETE, holder, &arg))
                continue;
            struct hf_deletion m = deletion_of(e, &row, &record, &signed_record, holder, all);
            struct hf__ask ask = {
                .task = HF__TASK_RETIRE, .method = HF_METHOD_DELETE, .slot = all, .arg = arg};
            int r = hf__owner_send(e, &ask, holder, &hf_wire_deletion, &m);
            (void)r; /* asked again with the timer */
        }
    }
    if (waiting)
        hf__timer_set(e, HF__TIMER_RETIRE, e->timing.watch_ms);
}

/* One holder less that keeps the old generation. */
static void delete_confirmed(struct hf_engine *e, const struct hf_placement_record *own,
                             struct hf_older_row *row, size_t holder)
{
    struct hf__moves moves;
    hf_assert(holder < row->holders_count);
    bool before = shares_left(row) < row->threshold;
    row->holders[holder] = row->holders[--row->holders_count];
    if (!before && hf__older_retired(e, row)) {
        struct hf_trace *t =
            hf__trace(e, HF_TRACE_RETIRED, 0, NULL, row->generation.number, row->holders_count);
        memcpy(t->hash.bytes, row->generation.id, sizeof row->generation.id);
    }
    if (row->holders_count == 0 && !in_chain(own, row->generation.id))
        hf__older_del(e, row->generation.id);
    else
        hf__older_put(e, row); /* without holders, for its certificate */
    hf__own_moves(e, &moves);
    if (moves.count > 0)
        hf__moves_drop(e);
}

/* Whether one to whom a share was to move has nothing of it: the one that was to hand it over has
 * confirmed that nothing is there or on its way. */
static bool never_came(struct hf_engine *e, const struct hf_older_row *row,
                       const struct hf_account *account)
{
    struct hf__moves moves;
    hf__own_moves(e, &moves);
    for (size_t i = 0; i < moves.count; i++) {
        const struct hf__move *m = &moves.at[i];
        bool waits = false;
        if (memcmp(m->generation, row->generation.id, sizeof m->generation) != 0 ||
            !hf_account_equal(&m->to, account))
            continue;
        /* What is restored comes while a nonce lives, or never: its old holder is gone anyway. */
        for (size_t j = 0; !m->restored && j < row->holders_count; j++)
            waits = waits || hf_account_equal(&row->holders[j].account, &m->from);
        hf_assert(m->index > 0);
        return !waits;
    }
    return was_given_up(row);
}

/* Whether a holder that says it keeps nothing may still be handed a share. */
static bool may_come(struct hf_engine *e, const struct hf_older_row *row,
                     const struct hf_account *account)
{
    struct hf__moves moves;
    hf__own_moves(e, &moves);
    bool moved = false;
    for (size_t i = 0; i < moves.count; i++)
        moved = moved || (!moves.at[i].restored &&
                          memcmp(moves.at[i].generation, row->generation.id, 16) == 0 &&
                          hf_account_equal(&moves.at[i].to, account));
    hf_assert(row->threshold > 0);
    return moved && !never_came(e, row, account);
}

/* Takes in an acknowledgement of a deletion. taken: it had the share by a transfer, and takes it no
 * second time. The row is read anew: with the answer this node may
 * have learnt that the share, or others, moved, and those to whom they did are in it now. */
static void deleted(struct hf_engine *e, const struct hf_placement_record *own,
                    const uint8_t id[static 16], const struct hf_account *holder, bool taken)
{
    struct hf_older_row row;
    hf_assert(e->claimed);
    if (!hf__older_row(e, id, &row))
        return;
    for (size_t i = 0; i < row.holders_count; i++) {
        if (!hf_account_equal(&row.holders[i].account, holder))
            continue;
        if (taken || !may_come(e, &row, holder))
            delete_confirmed(e, own, &row, i);
        return;
    }
}

/* Whether a deposit may still arrive somewhere: it is taken while its nonce lives, which is older.
 * An order that was answered now may have left a call earlier. */
static bool may_arrive(const struct hf_engine *e)
{
    hf_assert(e->owner->deposited_ms <= e->now_ms);
    return e->now_ms - e->owner->deposited_ms <
           (uint64_t)e->timing.nonce_life_ms + e->timing.call_ms;
}

int hf__delete_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_RETIRE && call->method == HF_METHOD_DELETE);
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    struct hf_older_row row;
    if (!e->claimed || (error != 0 && error != HF_ENOSHARE) || call->claim != e->claim ||
        !hf__own_record(e, &record, &signed_record, NULL))
        return 0;
    for (size_t at = 0; hf__older_next(e, &at, &row);) {
        struct hf_ack_statement s;
        struct hf_hash hash;
        if (call_arg(&row) != call->arg)
            continue;
        for (size_t j = 0; j < row.holders_count; j++) {
            if (!hf_account_equal(&row.holders[j].account, &call->account))
                continue;
            /* A candidate that never took its share knows nothing of this owner, and need not: but
             * it has noted no order, and could take one that arrives late. */
            if (error == HF_ENOSHARE) {
                if (never_came(e, &row, &call->account) && !may_arrive(e))
                    delete_confirmed(e, &record, &row, j);
                return 0;
            }
            struct hf_deletion m =
                deletion_of(e, &row, &record, &signed_record, &call->account, call->slot != 0);
            e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_deletion, &m), &hash);
            int r = hf__ack_check(e, call, &hash, body, &s, NULL);
            if (r == 0 && !s.holds)
                deleted(e, &record, row.generation.id, &call->account, s.released);
            return r;
        }
    }
    return 0;
}
