/* Who is in the validator set, and the set as a document. */
#include "authority/authority.h"

#include "storage/storage.h"

#include "wire/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hf__member *member_of(struct hf_world *w, uint32_t node)
{
    struct hf__authority *a = &w->authority;
    for (size_t i = 0; i < a->members_count; i++) {
        if (a->members[i].node == node)
            return &a->members[i];
    }
    return NULL;
}

void hf__authority_saw(struct hf_world *w, struct hf__node *n)
{
    struct hf__authority *a = &w->authority;
    if (n->registered || n->copy)
        return;
    for (size_t i = a->arrivals_count; i > 0; i--) {
        if (a->arrivals[i - 1] == n->number)
            return;
        if (a->arrivals_count - i > 64)
            break; /* the same node comes twice only shortly after itself */
    }
    a->arrivals = hf__grow(a->arrivals, a->arrivals_count, &a->arrivals_cap, sizeof(uint32_t));
    a->arrivals[a->arrivals_count++] = n->number;
    if (!a->looks && w->settings.authority.registers) {
        a->looks = true;
        hf__push(w, w->now_us + w->settings.authority.issue_us, hf__what(HF__REGISTER, 0, 0));
    }
}

void hf__authority_look(struct hf_world *w)
{
    w->authority.looks = false;
    hf_world_set_issue(w);
}

static void take_arrivals(struct hf_world *w, uint32_t epoch)
{
    struct hf__authority *a = &w->authority;
    for (size_t i = 0; i < a->arrivals_count; i++) {
        struct hf__node *n = hf__node(w, a->arrivals[i]);
        if (n->registered || n->gone)
            continue;
        n->registered = true;
        /* A vault that was made anew takes its place. */
        struct hf__member *known = n->was_registered ? member_of(w, n->number) : NULL;
        n->was_registered = true;
        if (known != NULL) {
            known->registered_epoch = epoch;
            free(known->floor);
            known->floor = NULL;
            known->has_sequence_floor = false;
            known->sequence_floor = (struct hf_sequence_floor){0};
            known->account = n->account;
            continue;
        }
        a->members = hf__grow(a->members, a->members_count, &a->members_cap, sizeof *a->members);
        struct hf__member *m = &a->members[a->members_count++];
        *m = (struct hf__member){.node = n->number, .registered_epoch = epoch};
        m->account = n->account;
    }
    a->arrivals_count = 0;
}

static int by_account(const void *a, const void *b)
{
    return memcmp(((const struct hf__member *)a)->account.bytes,
                  ((const struct hf__member *)b)->account.bytes, HF_ID_LEN);
}

enum { TEXT_MAX = 16 };

static struct hf_bytes text(char *at, const char *format, uint32_t number)
{
    int len = snprintf(at, TEXT_MAX, format, number);
    hf_assert(len > 0 && len < TEXT_MAX);
    return hf_bytes_of(at, (size_t)len);
}

static void fill(const struct hf_world *w, const struct hf__member *m, char *texts,
                 struct hf_platform *platforms, struct hf_validator *ret)
{
    ret->account = m->account;
    ret->registered_epoch = m->registered_epoch;
    ret->address = text(texts, "n%u:7400", m->node);
    ret->operator_name = text(texts + TEXT_MAX, "op-%u", hf__operator(w, m->node));
    ret->zone = text(texts + 2 * TEXT_MAX, "zone-%u", w->nodes[m->node]->zone);
    const struct hf_document *before = w->authority.set;
    const struct hf_floor *kept = before != NULL ? hf_set_floor(before, &m->account) : NULL;
    ret->has_floor = m->floor != NULL || kept != NULL;
    if (kept != NULL)
        ret->floor = *kept;
    if (m->floor != NULL) {
        ret->floor.claim = m->floor->claim;
        memcpy(ret->floor.favoured, m->floor->favoured, 16);
        ret->floor.written_off = m->floor->written_off;
        ret->floor.written_off_count = m->floor->written_off_count;
        ret->floor.survivors = &m->floor->survivors;
        ret->floor.survivors_count = m->floor->survivors.holders_count > 0;
    }
    ret->has_sequence_floor = m->has_sequence_floor || w->settings.authority.old_vaults;
    ret->sequence_floor = m->sequence_floor;
    if (w->settings.authority.old_vaults)
        ret->sequence_floor.seen =
            (struct hf_sequence_point){.claim = HF_WIRE_CLAIM_MAX, .number = HF_WIRE_CLAIM_MAX};
    for (uint8_t i = 0; i < m->platforms_count; i++)
        hf_world_ppid(w, m->platforms[i], platforms[i].ppid);
    ret->platforms = platforms;
    ret->platforms_count = m->platforms_count;
}

static void encode_set(struct hf_world *w, uint32_t epoch, struct hf_buf *ret)
{
    const struct hf__authority *a = &w->authority;
    struct hf_validator *validators = calloc(a->members_count + 1, sizeof *validators);
    char *texts = malloc((a->members_count + 1) * 3 * TEXT_MAX);
    struct hf_platform *platforms = calloc((a->members_count + 1) * 4, sizeof *platforms);
    size_t floors = a->set != NULL ? hf_set_floors(a->set) : 0;
    struct hf_departed_floor *departed = calloc(floors + 1, sizeof *departed);
    hf_assert(validators != NULL && texts != NULL && platforms != NULL && departed != NULL);
    for (size_t i = 0; i < a->members_count; i++)
        fill(w, &a->members[i], texts + i * 3 * TEXT_MAX, platforms + i * 4, &validators[i]);
    uint64_t now_s = w->settings.wall_s + w->now_us / 1000000;
    struct hf_validator_set set = {
        .epoch = epoch,
        .issued_s = now_s,
        .expires_s = now_s + w->settings.authority.valid_s,
        .validators = validators,
        .validators_count = a->members_count,
    };
    hf__draw_bytes(&w->streams[HF__FOR_AUTHORITY], set.beacon, sizeof set.beacon);
    hf_set_keep_departed(a->set, &set, departed);
    int r = hf__encode_into(&hf_wire_validator_set, &set, ret);
    hf_assert(r == 0);
    free(departed);
    free(platforms);
    free(texts);
    free(validators);
}

void hf_world_set_issue(struct hf_world *w)
{
    struct hf__authority *a = &w->authority;
    uint32_t epoch = a->set == NULL ? 1 : hf_document_version(a->set) + 1;
    struct hf_buf body, envelope;
    hf_buf_init(&body, UINT32_MAX);
    hf_buf_init(&envelope, UINT32_MAX);
    take_arrivals(w, epoch);
    qsort(a->members, a->members_count, sizeof *a->members, by_account);
    encode_set(w, epoch, &body);
    hf_world_sign(w, HF_DOCUMENT_SET, hf_buf_bytes(&body), w->settings.authority.threshold,
                  &envelope);
    struct hf_document *d;
    int r = hf_document_read(w->pool, hf_buf_bytes(&envelope), &d);
    hf_assert(r == 0);
    hf_document_unref(a->set);
    a->set = d;
    hf_buf_done(&body);
    hf_buf_done(&envelope);
    hf__give_all(w);
}

void hf_world_set_remove(struct hf_world *w, uint32_t node)
{
    struct hf__authority *a = &w->authority;
    struct hf__member *m = member_of(w, node);
    if (m == NULL)
        return;
    free(m->floor);
    *m = a->members[--a->members_count];
    hf__node(w, node)->registered = false;
    hf__node(w, node)->was_out = true;
}

void hf_world_set_register(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    n->registered = false;
    n->was_out = true;
    hf__authority_saw(w, n);
}

static bool stays(const struct hf_world *w, uint32_t node, uint32_t spared)
{
    return node != spared && !w->nodes[node]->gone && !w->nodes[node]->leaves;
}

bool hf__set_spares(const struct hf_world *w, uint32_t node)
{
    const struct hf__authority *a = &w->authority;
    const struct hf_policy *p = &a->policy->u.policy;
    uint32_t operators = w->settings.operators, count = 0;
    for (size_t i = 0; i < a->members_count; i++) {
        uint32_t at = a->members[i].node;
        bool counts = stays(w, at, node);
        for (size_t j = 0; j < i && operators > 0 && p->domain_rule != HF_DOMAIN_NONE; j++)
            counts = counts && (!stays(w, a->members[j].node, node) ||
                                hf__operator(w, a->members[j].node) != hf__operator(w, at));
        count += counts;
    }
    return count > p->shares;
}

void hf_world_set_platform(struct hf_world *w, uint32_t node, uint32_t machine)
{
    struct hf__member *m = member_of(w, node);
    if (m != NULL && m->platforms_count < HF_ARRAY_LEN(m->platforms))
        m->platforms[m->platforms_count++] = machine;
}

/* ---- Floors ---- */

/* Whether a row names a generation whose share it has had to delete. */
static bool is_former(const struct hf__row *row, const uint8_t generation[static 16],
                      struct hf_arena *arena)
{
    struct hf_owner_row kept;
    if (row == NULL ||
        hf_wire_decode(&hf_wire_owner_row, hf_blob_bytes(row->value), arena, &kept, NULL) != 0)
        return false;
    for (size_t i = 0; i < kept.former_count; i++)
        if (memcmp(kept.former[i].id, generation, 16) == 0)
            return true;
    return false;
}

/* Whether a row is of a share that has a vote: one that has moved away has none any more, one that
 * has moved here has it once enough others know. */
static bool votes(const struct hf__row *row, struct hf_arena *arena)
{
    struct hf_held_row held;
    return row != NULL &&
           hf_wire_decode(&hf_wire_held_row, hf_blob_bytes(row->value), arena, &held, NULL) == 0 &&
           !held.restored && !held.ceased && !held.waiting;
}

bool hf__vote_moved(const struct hf_disk *d, const struct hf_account *owner,
                    const uint8_t generation[static 16], struct hf_arena *arena, size_t *at,
                    struct hf_transfer_statement *ret)
{
    struct hf_owner_row row;
    const struct hf__row *kept = hf__disk_find(d, HF_ROW_OWNER, hf_account_bytes(owner));
    if (kept == NULL ||
        hf_wire_decode(&hf_wire_owner_row, hf_blob_bytes(kept->value), arena, &row, NULL) != 0)
        return false;
    while (*at < row.moves_count) {
        struct hf_bytes statement = row.moves[(*at)++].statement;
        if (hf_wire_decode(&hf_wire_transfer_statement, statement, arena, ret, NULL) == 0 &&
            ret->helpers_count == 0 && memcmp(ret->generation.id, generation, 16) == 0)
            return true;
    }
    return false;
}

/* To whom a node has handed over its vote for a generation, by what some disk keeps; -1: to no
 * other. */
static long successor(struct hf_world *w, const struct hf_account *holder,
                      const struct hf_account *owner, const uint8_t generation[static 16],
                      struct hf_arena *arena)
{
    struct hf_transfer_statement t;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        for (size_t at = 0; hf__vote_moved(&w->nodes[i]->disk, owner, generation, arena, &at, &t);)
            if (hf_account_equal(&t.from, holder))
                return hf_world_find(w, &t.to);
    return -1;
}

bool hf__has_vote(const struct hf_disk *d, const struct hf_account *owner,
                  const uint8_t generation[static 16], struct hf_arena *arena)
{
    uint8_t key[48];
    memcpy(key, owner->bytes, HF_ID_LEN);
    memcpy(key + HF_ID_LEN, generation, 16);
    return votes(hf__disk_find(d, HF_ROW_HELD, hf_bytes_of(key, sizeof key)), arena) ||
           is_former(hf__disk_find(d, HF_ROW_OWNER, hf_account_bytes(owner)), generation, arena);
}

/* Whether an account will vote for a generation some day: a member that runs, and has a vote. */
static bool will_vote(struct hf_world *w, const struct hf_account *holder,
                      const struct hf_account *owner, const uint8_t generation[static 16],
                      struct hf_arena *arena)
{
    long at = hf_set_find(w->authority.set, holder) < 0 ? -1 : hf_world_find(w, holder);
    const struct hf__node *n = at < 0 ? NULL : hf__node(w, (uint32_t)at);
    return n != NULL && !n->gone && n->engine != NULL &&
           hf__has_vote(&n->disk, owner, generation, arena);
}

/* Whether the vote of one whom a record names will be given some day: by itself, or by the one to
 * whom it was handed over (proto/REPAIR.md, 4). */
static bool answers(struct hf_world *w, const struct hf_account *holder,
                    const struct hf_account *owner, const uint8_t generation[static 16],
                    struct hf_arena *arena)
{
    if (will_vote(w, holder, owner, generation, arena))
        return true;
    long to = successor(w, holder, owner, generation, arena);
    return to >= 0 && will_vote(w, &hf__node(w, (uint32_t)to)->account, owner, generation, arena);
}

/* The highest claim that any node has promised to an owner. */
static uint64_t highest_claim(struct hf_world *w, const struct hf_account *owner,
                              struct hf_arena *arena)
{
    uint64_t highest = 1;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct hf_owner_row row;
        struct hf_claim_statement s;
        struct hf__row *kept =
            hf__disk_find(&w->nodes[i]->disk, HF_ROW_OWNER, hf_account_bytes(owner));
        if (kept != NULL &&
            hf_wire_decode(&hf_wire_owner_row, hf_blob_bytes(kept->value), arena, &row, NULL) ==
                0 &&
            hf_wire_decode(&hf_wire_claim_statement, row.promised.statement, arena, &s, NULL) ==
                0 &&
            s.ballot.number > highest)
            highest = s.ballot.number;
    }
    return highest;
}

/* The holders of a generation that will answer; ret may be NULL. */
static size_t left(struct hf_world *w, const struct hf_account *owner,
                   const struct hf_generation_id *generation, const struct hf_holder *holders,
                   size_t count, struct hf_arena *arena, struct hf_account_ref *ret)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (answers(w, &holders[i].account, owner, generation->id, arena)) {
            if (ret != NULL)
                ret[found].account = holders[i].account;
            found++;
        }
    return found;
}

/* Whether fewer holders of an older generation will answer than have to. Of whom survivors were
 * decided before, those count alone, and their quorum. */
static bool lacks(struct hf_world *w, const struct hf_placement_record *r,
                  const struct hf_unsealed *u, bool claiming, const struct hf_survivors *before,
                  struct hf_arena *arena)
{
    if (before == NULL)
        return left(w, &r->owner, &u->generation, u->holders, u->holders_count, arena, NULL) <
               (claiming ? u->provisional : u->quorum);
    size_t found = 0;
    for (size_t i = 0; i < before->holders_count; i++)
        found += answers(w, &before->holders[i].account, &r->owner, u->generation.id, arena);
    return found < before->quorum;
}

/* What was decided of a generation's survivors, or NULL. */
static const struct hf_survivors *survivors_of(const struct hf__floor *f, const uint8_t id[16])
{
    bool named =
        f != NULL && f->survivors.holders_count > 0 && memcmp(f->survivors.generation, id, 16) == 0;
    return named ? &f->survivors : NULL;
}

/*
 * Fills in what is lost under a record; false: nothing is, or no node is left that could vote for
 * the newest generation: then a floor would take the claim that stands, and none could follow. An
 * owner that claims for long although q holders are left is in a circle of nodes that wait for
 * claims of each other: then p of them are needed. An older generation of which survivors were
 * decided is written off with the next decision: that has no place for them, and no other node has
 * come since.
 */
static bool decide(struct hf_world *w, const struct hf_placement_record *r, bool claiming,
                   const struct hf__floor *before, struct hf_arena *arena, struct hf__floor *f)
{
    /* A record that the floor before has made void is gone on from when an open vault shows it. */
    bool any = before != NULL && r->ballot.number < before->claim &&
               memcmp(r->generation.id, before->favoured, 16) != 0;
    if (any && !claiming)
        return false;
    memcpy(f->favoured, r->generation.id, 16);
    size_t n = left(w, &r->owner, &r->generation, r->holders, r->holders_count, arena, f->holders);
    if (n == 0)
        return false;
    for (size_t i = 0; i < r->chain_count; i++) {
        const struct hf_unsealed *u = &r->chain[i];
        const struct hf_survivors *reduced = survivors_of(before, u->generation.id);
        bool lost = lacks(w, r, u, claiming, reduced, arena);
        if ((!lost && reduced == NULL) || f->written_off_count == HF_ARRAY_LEN(f->written_off))
            continue;
        memcpy(f->written_off[f->written_off_count++].id, u->generation.id, 16);
        any = any || lost;
    }
    if (n < (claiming ? r->provisional : r->quorum)) {
        f->survivors =
            (struct hf_survivors){.quorum = hf_survivors_quorum(n, r->holders_count, r->quorum),
                                  .holders = f->holders,
                                  .holders_count = n};
        memcpy(f->survivors.generation, r->generation.id, 16);
        any = true;
    }
    return any;
}

/* The record that a node's status shows, which its host cannot choose; of a node that is locked,
 * what its disk names. */
static bool shown_record(struct hf_world *w, uint32_t node, struct hf_arena *arena,
                         struct hf_placement_record *ret)
{
    struct hf_status status;
    if (hf_world_status(w, node, &status) && status.record.len > 0)
        return hf_wire_decode(&hf_wire_placement_record, status.record, arena, ret, NULL) == 0;
    return hf__disk_record(&hf__node(w, node)->disk, arena, ret);
}

/* The member whose instance runs on a node: a copy's is that of the disk that it has. */
static struct hf__member *member_on(struct hf_world *w, uint32_t node)
{
    long at = w->nodes[node]->copy ? hf_world_find(w, &w->nodes[node]->account) : (long)node;
    return at < 0 ? NULL : member_of(w, (uint32_t)at);
}

bool hf_world_set_floor(struct hf_world *w, uint32_t node)
{
    struct hf__member *m = member_on(w, node);
    struct hf_placement_record r;
    struct hf_arena arena;
    struct hf__floor *f = calloc(1, sizeof *f);
    hf_assert(f != NULL);
    hf_arena_init(&arena, 1 << 22);
    bool any = m != NULL && shown_record(w, node, &arena, &r) &&
               decide(w, &r, w->nodes[node]->state == HF_STATE_CLAIMING, m->floor, &arena, f);
    if (any) {
        /* Above what was decided before, which this one replaces, though it has left since. */
        const struct hf_document *set = w->authority.set;
        const struct hf_floor *kept = set != NULL ? hf_set_floor(set, &m->account) : NULL;
        f->claim = highest_claim(w, &m->account, &arena);
        if (m->floor != NULL && m->floor->claim > f->claim)
            f->claim = m->floor->claim;
        if (kept != NULL && kept->claim > f->claim)
            f->claim = kept->claim;
        f->claim += w->settings.authority.floor_margin + 1;
        free(m->floor);
        m->floor = f;
    } else {
        free(f);
    }
    hf_arena_done(&arena);
    return any;
}

bool hf_world_set_sequence_floor(struct hf_world *w, uint32_t node)
{
    struct hf_status status;
    struct hf__member *m = member_on(w, node);
    if (m == NULL || !hf_world_status(w, node, &status) || !status.behind)
        return false;
    m->has_sequence_floor = true;
    m->sequence_floor.seen =
        (struct hf_sequence_point){.claim = status.seen.claim, .number = status.seen.number};
    m->sequence_floor.vault =
        (struct hf_sequence_point){.claim = status.had.claim, .number = status.had.number};
    return true;
}
