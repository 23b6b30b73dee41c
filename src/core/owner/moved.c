/*
 * Shares of its own that moved while a node was down (proto/REPAIR.md, 5): it learns of them from
 * what holders keep and say, has those vote to whom votes were handed over, and tells holders what
 * it knows. What must hold: each who may have a share is asked to delete it before its generation
 * counts as retired.
 */
#include <stdlib.h>

#include "owner/record.h"

static const struct hf_bytes no_key = {0};

static void read_row(struct hf_engine *e, struct hf_moves_row *ret)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_MOVES, no_key);
    *ret = (struct hf_moves_row){0};
    if (value == NULL)
        return;
    int r = hf__decode(e, &hf_wire_moves_row, hf_blob_bytes(value), ret);
    hf_assert(r == 0);
    hf_assert(ret->moves_count > 0 && ret->moves_count <= HF_WIRE_MOVES_MAX);
}

static void write_row(struct hf_engine *e, const struct hf_moves_row *row)
{
    hf_assert(e->open && row->moves_count <= HF_WIRE_MOVES_MAX);
    if (row->moves_count > 0)
        hf__put(e, HF_ROW_MOVES, no_key, &hf_wire_moves_row, row);
    else if (hf__rows_get(&e->rows, HF_ROW_MOVES, no_key) != NULL)
        hf__del(e, HF_ROW_MOVES, no_key);
}

void hf__own_moves(struct hf_engine *e, struct hf__moves *ret)
{
    struct hf_moves_row row;
    read_row(e, &row);
    *ret = (struct hf__moves){0};
    hf__moves_add(e, row.moves, row.moves_count, ret);
    hf_assert(ret->count == row.moves_count);
}

void hf__moves_fill(struct hf_engine *e, struct hf_owner_request *ret)
{
    struct hf_moves_row row;
    read_row(e, &row);
    ret->moves = row.moves;
    ret->moves_count = row.moves_count;
    hf_assert(ret->moves_count <= HF_WIRE_MOVES_MAX);
}

/* Whether a vote has moved by it that counts: of a generation that the own record names. */
static bool counts(struct hf_engine *e, const struct hf_transfer_statement *t)
{
    struct hf_placement_record own;
    hf_assert(e->open && t->index > 0);
    return hf__own_record(e, &own, NULL, NULL) && hf__transfer_fits(t, &own);
}

/* Whether a transfer is of a generation that this node has to do with, by one of its holders. */
static bool concerns(struct hf_engine *e, const struct hf_transfer_statement *t)
{
    struct hf_older_row row;
    hf_assert(t->index > 0);
    if (counts(e, t))
        return true;
    if (!hf__older_row(e, t->generation.id, &row))
        return false;
    for (size_t i = 0; i < row.holders_count; i++)
        if (hf_account_equal(&row.holders[i].account, &t->from) && row.holders[i].index == t->index)
            return true;
    return false;
}

/* Whether a transfer that was learnt is still of use: its generation is, though the holder that
 * signed it may have deleted its share since, and stand in the row no more. */
static bool is_of_use(struct hf_engine *e, const struct hf_transfer_statement *t)
{
    struct hf_older_row row;
    hf_assert(e->open && t->index > 0);
    return hf__older_row(e, t->generation.id, &row) || counts(e, t);
}

/* ---- for people */

static bool is_same(const struct hf_moved_status *m, const struct hf_transfer_statement *t)
{
    hf_assert(m->index > 0 && t->index > 0);
    return m->generation == t->generation.number && m->index == t->index &&
           m->restored == (t->helpers_count > 0) && hf_account_equal(&m->to, &t->to);
}

static bool is_remembered(const struct hf_engine *e, const struct hf_transfer_statement *t)
{
    const struct hf__owner *o = e->owner;
    hf_assert((o->lately != NULL) == (o->lately_count > 0));
    for (size_t i = 0; i < o->lately_count; i++)
        if (is_same(&o->lately[i], t))
            return true;
    return false;
}

/* Remembers what has moved, as long as this process runs: the newest few. */
static void remember(struct hf_engine *e, const struct hf_transfer_statement *t)
{
    struct hf__owner *o = e->owner;
    if (is_remembered(e, t))
        return;
    if (o->lately == NULL)
        o->lately = calloc(HF_WIRE_MOVES_MAX, sizeof *o->lately);
    hf_assert(o->lately != NULL);
    if (o->lately_count == HF_WIRE_MOVES_MAX)
        memmove(o->lately, o->lately + 1, --o->lately_count * sizeof *o->lately);
    hf__transfer_status(t, &o->lately[o->lately_count++]);
    hf_assert(o->lately_count <= HF_WIRE_MOVES_MAX);
}

/* Whether too few shares of a generation of the own are left anywhere to rebuild anything. */
static bool is_retired(struct hf_engine *e, const struct hf_moved_status *m)
{
    struct hf_older_row row;
    struct hf_placement_record own;
    hf_assert(m->generation > 0);
    if (hf__own_record(e, &own, NULL, NULL) &&
        memcmp(own.generation.id, m->generation_id, sizeof m->generation_id) == 0)
        return false;
    return !hf__older_row(e, m->generation_id, &row) || hf__older_retired(e, &row);
}

bool hf__moved_at(struct hf_engine *e, size_t at, struct hf_moved_status *ret)
{
    const struct hf__owner *o = e->owner;
    struct hf_moves_row row = {0};
    struct hf_transfer_statement t;
    bool found = at < o->lately_count;
    hf_assert(e->open && o->lately_count <= HF_WIRE_MOVES_MAX);
    if (found)
        *ret = o->lately[at];
    else
        read_row(e, &row);
    at -= found ? 0 : o->lately_count;
    for (size_t i = 0; !found && i < row.moves_count; i++) {
        hf__transfer_read(e, &row.moves[i], &t);
        found = !is_remembered(e, &t) && at-- == 0;
        if (found)
            hf__transfer_status(&t, ret);
    }
    if (found)
        ret->retired = is_retired(e, ret);
    return found;
}

/* ---- what is kept */

void hf__moves_drop(struct hf_engine *e)
{
    struct hf_moves_row row;
    struct hf_transfer_statement t;
    read_row(e, &row);
    size_t count = 0, all = row.moves_count;
    for (size_t i = 0; i < all; i++) {
        hf__transfer_read(e, &row.moves[i], &t);
        if (is_of_use(e, &t))
            row.moves[count++] = row.moves[i];
        else
            remember(e, &t);
    }
    hf_assert(count <= all);
    row.moves_count = count;
    if (count < all)
        write_row(e, &row);
}

/* One that is not known yet. */
static bool is_news(struct hf_engine *e, const struct hf_moves_row *row,
                    const struct hf_signed_transfer *transfer, struct hf_transfer_statement *ret)
{
    struct hf_transfer_statement t;
    hf_assert(row->moves_count <= HF_WIRE_MOVES_MAX);
    for (size_t i = 0; i < row->moves_count; i++)
        if (hf__transfer_same(e, &row->moves[i], transfer))
            return false;
    if (hf__transfer_check(e, transfer, &e->account, ret) != 0 || !concerns(e, ret))
        return false;
    for (size_t i = 0; i < row->moves_count; i++) {
        hf__transfer_read(e, &row->moves[i], &t);
        if (t.index == ret->index && t.helpers_count == 0 && ret->helpers_count == 0 &&
            memcmp(t.generation.id, ret->generation.id, sizeof t.generation.id) == 0)
            return false;
    }
    return true;
}

/* Room for one more; false: there is none for it. A holder that confirms no deletion may sign one
 * for each older dealing: those give way to one that counts. Who is to forget by them is noted. */
static bool make_room(struct hf_engine *e, const struct hf_transfer_statement *t,
                      struct hf_moves_row *row)
{
    struct hf_transfer_statement other;
    hf_assert(row->moves_count <= HF_WIRE_MOVES_MAX);
    if (row->moves_count < HF_WIRE_MOVES_MAX)
        return true;
    for (size_t i = 0; counts(e, t) && i < row->moves_count; i++) {
        hf__transfer_read(e, &row->moves[i], &other);
        if (counts(e, &other))
            continue;
        row->moves[i] = row->moves[--row->moves_count];
        hf_assert(row->moves_count + 1 == HF_WIRE_MOVES_MAX);
        return true;
    }
    return false;
}

void hf__moves_learn(struct hf_engine *e, const struct hf_signed_transfer *list, size_t count)
{
    struct hf_moves_row row;
    struct hf_transfer_statement t;
    bool any = false;
    hf_assert(e->open);
    if (count == 0)
        return;
    hf__moves_drop(e);
    read_row(e, &row);
    struct hf_signed_transfer *all = hf__scratch(e, HF_WIRE_MOVES_MAX * sizeof *all);
    if (row.moves_count > 0)
        memcpy(all, row.moves, row.moves_count * sizeof *all);
    row.moves = all;
    for (size_t i = 0; i < count; i++) {
        if (!is_news(e, &row, &list[i], &t) || !make_room(e, &t, &row))
            continue;
        hf_assert(row.moves_count < HF_WIRE_MOVES_MAX);
        all[row.moves_count] = list[i];
        all[row.moves_count++].kept = false;
        any = true;
        /* What is restored may be on its way, as a deposit may. */
        if (t.helpers_count > 0)
            e->owner->deposited_ms = e->now_ms;
        remember(e, &t);
        hf__trace(e, HF_TRACE_SHARE_MOVED, 0, &t.to, t.generation.number, t.index);
        hf__older_moved(e, &t);
    }
    if (!any)
        return;
    write_row(e, &row);
    e->owner->moved = true;
    hf_assert(row.moves_count <= HF_WIRE_MOVES_MAX);
}
