/*
 * One instance: no two instances of an owner are ready, or make a first release, unless the lower
 * was superseded before the higher began; and no first release completes that was asked for after a
 * higher ballot stood (proto/CLAIMS.md, S1).
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <string.h>

/* Whether a holder has a vote for a generation: by its share, or by having deleted it. */
static bool votes(struct hf__checks *c, const struct hf__node *node, const struct hf_account *owner,
                  const struct hf_owner_row *row, const struct hf__electors *g)
{
    struct hf_held_row held;
    for (size_t i = 0; i < row->former_count; i++)
        if (memcmp(row->former[i].id, g->generation.id, 16) == 0)
            return true;
    uint8_t key[48];
    memcpy(key, owner->bytes, HF_ID_LEN);
    memcpy(key + HF_ID_LEN, g->generation.id, 16);
    struct hf__row *share = hf__disk_find(&node->disk, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    return share != NULL &&
           hf__check_decode(c, &hf_wire_held_row, hf_blob_bytes(share->value), &held) &&
           !held.restored && !held.ceased && !held.waiting;
}

/* Whether a sound holder refuses a ballot for ever: it has promised more, or its folder was lost,
 * and with it the vote. */
static bool refuses(struct hf__checks *c, const struct hf__node *node,
                    const struct hf_account *owner, uint64_t number, const struct hf__electors *g)
{
    struct hf_owner_row row;
    struct hf_claim_statement s;
    struct hf__row *kept = hf__disk_find(&node->disk, HF_ROW_OWNER, hf__b32(owner->bytes));
    if (kept == NULL || !hf__check_decode(c, &hf_wire_owner_row, hf_blob_bytes(kept->value), &row))
        return node->emptied;
    if (node->emptied && !votes(c, node, owner, &row, g))
        return true;
    return hf__check_decode(c, &hf_wire_claim_statement, row.promised.statement, &s) &&
           s.ballot.number > number;
}

/*
 * Whether more than n - q sound holders of a generation refuse the ballot for ever. Where more
 * than f = 2q - n - 1 of them are not sound, nothing is promised.
 */
static bool refused_by(struct hf__checks *c, const struct hf_account *owner, uint64_t number,
                       const struct hf__electors *g)
{
    size_t higher = 0, unsound = 0;
    for (size_t i = 0; i < g->count; i++) {
        bool sound = true, refused = false;
        /* A vote that moved is refused by the one that had it, or by the one that has it. */
        for (int which = 0; which <= (g->moved >> i & 1); which++) {
            long at = hf_world_find(c->world, which == 0 ? &g->holders[i] : &g->successors[i]);
            const struct hf__node *node = at < 0 ? NULL : hf__node(c->world, (uint32_t)at);
            sound = sound && node != NULL && !node->tainted && !node->corrupt;
            refused = refused || (sound && refuses(c, node, owner, number, g));
        }
        unsound += !sound;
        higher += sound && refused;
    }
    return higher > (size_t)(g->count - g->quorum) || unsound > 2u * g->quorum - g->count - 1u;
}

/* Whether some generation that the instance on a node needs refuses its ballot for ever. */
static bool superseded(struct hf__checks *c, uint32_t node, uint64_t number)
{
    struct hf_placement_record r;
    struct hf__electors all[HF_CHAIN_MAX + 1];
    const struct hf_account *owner = hf__check_account(c, node);
    if (hf__check_below_floor(c, owner, number))
        return true;
    if (!hf__check_newest(c, node, &r))
        return false;
    size_t count = hf__check_electors(c, &r, all);
    for (size_t i = 0; i < count; i++)
        if (refused_by(c, owner, number, &all[i]))
            return true;
    return false;
}

/* Calls back for every other running instance of a node's account. */
typedef void hf__rival_fn(struct hf__checks *c, uint32_t node, const struct hf__ballot *own,
                          uint32_t rival, struct hf__ballot *other, const char *what);

static void visit_rival(struct hf__checks *c, uint32_t node, uint32_t rival, hf__rival_fn *visit,
                        const char *what)
{
    const struct hf_account *owner = hf__check_account(c, node),
                            *account = hf__check_account(c, rival);
    if (rival == node || account == NULL || !hf_account_equal(account, owner) ||
        !hf_world_running(c->world, rival))
        return;
    const struct hf__ballot *own = hf__check_speaks(c, node);
    struct hf__ballot mine = *own;
    struct hf__ballot *other = hf__check_speaks(c, rival);
    if (other != NULL)
        visit(c, node, &mine, rival, other, what);
}

static void each_rival(struct hf__checks *c, uint32_t node, hf__rival_fn *visit, const char *what)
{
    const struct hf_account *owner = hf__check_account(c, node);
    if (owner == NULL || hf__check_speaks(c, node) == NULL)
        return;
    long first = hf_world_find(c->world, owner);
    if (first >= 0)
        visit_rival(c, node, (uint32_t)first, visit, what);
    for (size_t i = 0; i < c->world->copies_count; i++)
        visit_rival(c, node, c->world->copies[i], visit, what);
}

static void both(struct hf__checks *c, uint32_t node, const struct hf__ballot *own, uint32_t rival,
                 struct hf__ballot *other, const char *what)
{
    uint32_t lower = own->number < other->number ? node : rival;
    uint64_t number = own->number < other->number ? own->number : other->number;
    bool active = hf_world_state(c->world, rival) == HF_STATE_READY || other->released;
    if (active && (own->number == other->number || !superseded(c, lower, number)))
        hf__violate(c->world, node, "one",
                    "n%u %s under claim %llu beside n%u under claim %llu, and neither was "
                    "superseded",
                    node, what, (unsigned long long)own->number, rival,
                    (unsigned long long)other->number);
}

void hf__check_one_ready(struct hf__checks *c, uint32_t node)
{
    each_rival(c, node, both, "is ready");
}

void hf__check_one_release(struct hf__checks *c, uint32_t node, uint64_t asked_us)
{
    const struct hf_account *owner = hf__check_account(c, node);
    struct hf__ballot *own = hf__check_speaks(c, node);
    if (own == NULL)
        return;
    own->released = true;
    uint64_t number = own->number;
    each_rival(c, node, both, "releases a key for the first time");
    const struct hf__ballots *all = hf__map_find(
        &c->ballots, hf__key_of(hf__b32(owner->bytes), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0)));
    for (uint32_t i = 0; all != NULL && i < all->count; i++) {
        const struct hf__ballot *b = &all->of[i];
        if (b->stood && b->number > number && b->stood_us < asked_us)
            hf__violate(c->world, node, "one",
                        "n%u released a key for the first time under claim %llu, asked for after "
                        "claim %llu stood",
                        node, (unsigned long long)number, (unsigned long long)b->number);
    }
}
