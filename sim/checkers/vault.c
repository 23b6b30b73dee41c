/*
 * A vault that was put back is known as an old one (proto/CLAIMS.md, 4.9): what holders keep of how
 * far it had come is counted here from their disks. An instance that opens a vault of before a
 * point that a quorum of each generation kept then makes no first release; and none is made before
 * that many keep how far the vault had come when it was asked for.
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <string.h>

/* What a holder keeps of an owner's vault. */
struct hf__vault_kept {
    struct hf_sequence_point at;
};

/* The furthest point of an owner's vault that enough holders have kept at one time. */
struct hf__vault_known {
    struct hf_sequence_point at;
};

/* The vault that a process of a node has opened. */
struct hf__vault_opened {
    uint32_t incarnation;
    struct hf_sequence_point at, known; /* how far it had come, and how far it was known to be */
};

enum { POINTS = 8 };

/* Through which points a node's vault has come, the last few. */
struct hf__vault_points {
    uint32_t incarnation, count;
    uint64_t at_us[POINTS];
    struct hf_sequence_point at[POINTS];
};

static bool further(const struct hf_sequence_point *a, const struct hf_sequence_point *b)
{
    return a->claim != b->claim ? a->claim > b->claim : a->number > b->number;
}

static struct hf__key pair_key(const struct hf_account *owner, const struct hf_account *holder)
{
    return hf__key_of(hf__b32(owner->bytes), hf__b32(holder->bytes), hf_bytes_of(NULL, 0));
}

static struct hf__key owner_key(const struct hf_account *owner)
{
    return hf__key_of(hf__b32(owner->bytes), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0));
}

/* Whether a holder keeps a point, or a later one; a corrupt one says that it does. */
static bool keeps(const struct hf__checks *c, const struct hf_account *owner,
                  const struct hf_account *holder, const struct hf_sequence_point *at, bool believe)
{
    long node = hf_world_find(c->world, holder);
    if (node >= 0 && hf__node(c->world, (uint32_t)node)->corrupt)
        return believe;
    const struct hf__vault_kept *kept = hf__map_find(&c->vaults, pair_key(owner, holder));
    return kept != NULL && !further(at, &kept->at);
}

/* Whether q holders of each generation that a record needs keep a point. believe: corrupt ones are
 * believed when they say so. */
static bool stands(struct hf__checks *c, const struct hf_placement_record *r,
                   const struct hf_sequence_point *at, bool believe)
{
    struct hf__electors all[HF_CHAIN_MAX + 1];
    size_t count = hf__check_electors(c, r, all);
    for (size_t g = 0; g < count; g++) {
        size_t found = 0;
        if (believe && g > 0 && hf__check_sealed(c, r, &all[g]))
            continue;
        for (size_t i = 0; i < all[g].count; i++)
            found += keeps(c, &r->owner, &all[g].holders[i], at, believe) ||
                     ((all[g].moved >> i & 1) != 0 &&
                      keeps(c, &r->owner, &all[g].successors[i], at, believe));
        if (found < all[g].quorum)
            return false;
    }
    return true;
}

/* How far the own vault has come. */
static void own_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row)
{
    struct hf_sequence_row own;
    if (row->value == NULL ||
        !hf__check_decode(c, &hf_wire_sequence_row, hf_blob_bytes(row->value), &own))
        return;
    struct hf__vault_points *p = hf__map_at(&c->vaults_points, hf__node_key(node));
    if (p->incarnation != hf__node(c->world, node)->incarnation)
        *p = (struct hf__vault_points){.incarnation = hf__node(c->world, node)->incarnation};
    p->at[p->count % POINTS] = own.at;
    p->at_us[p->count++ % POINTS] = c->world->now_us;
}

/* How far it had come at a time, for certain. */
static struct hf_sequence_point came(const struct hf__checks *c, uint32_t node, uint64_t at_us)
{
    const struct hf__vault_points *p = hf__map_find(&c->vaults_points, hf__node_key(node));
    struct hf_sequence_point last = {0};
    if (p == NULL || p->incarnation != hf__node(c->world, node)->incarnation)
        return last;
    for (uint32_t i = 0; i < POINTS && i < p->count; i++)
        if (p->at_us[i] <= at_us && further(&p->at[i], &last))
            last = p->at[i];
    return last;
}

void hf__check_vault_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row)
{
    struct hf_owner_row own;
    struct hf_placement_record r;
    if (row->collection == HF_ROW_SEQUENCE)
        own_row(c, node, row);
    const struct hf_account *holder = hf__check_account(c, node);
    if (row->collection != HF_ROW_OWNER || row->key_len != HF_ID_LEN || row->value == NULL ||
        holder == NULL ||
        !hf__check_decode(c, &hf_wire_owner_row, hf_blob_bytes(row->value), &own) ||
        !own.has_sequence)
        return;
    struct hf_account owner = hf_account_of(row->key);
    struct hf__vault_kept *kept = hf__map_at(&c->vaults, pair_key(&owner, holder));
    if (!further(&own.sequence.at, &kept->at))
        return;
    kept->at = own.sequence.at;
    struct hf__vault_known *known = hf__map_at(&c->vaults_known, owner_key(&owner));
    if (own.has_newest && further(&own.sequence.at, &known->at) &&
        hf__check_decode(c, &hf_wire_placement_record, own.newest.record, &r) &&
        stands(c, &r, &own.sequence.at, false))
        known->at = own.sequence.at;
}

/* Whose vault is on a node's disk. Its process shows that by a certificate once the vault is open:
 * until then the world has it for whose vault was there before. */
static bool vault_owner(struct hf__checks *c, uint32_t node, struct hf_account *ret)
{
    struct hf_public_hint hint;
    if (!hf__disk_hint(&hf__node(c->world, node)->disk, &c->arena, &hint))
        return false;
    *ret = hint.account;
    return true;
}

void hf__check_vault_opened(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    struct hf_account owner;
    if (!vault_owner(c, node, &owner))
        return;
    const struct hf__vault_known *known = hf__map_find(&c->vaults_known, owner_key(&owner));
    struct hf__vault_opened *o = hf__map_at(&c->vaults_opened, hf__node_key(node));
    *o = (struct hf__vault_opened){.incarnation = hf__node(c->world, node)->incarnation};
    o->at = (struct hf_sequence_point){.claim = t->a, .number = t->b};
    if (known != NULL)
        o->known = known->at;
}

/* Whether the authority lets an owner go on with an old vault, where no more than this is lost. */
static bool is_allowed(const struct hf__checks *c, const struct hf_account *owner,
                       const struct hf_sequence_point *lost)
{
    const struct hf_document *set = c->world->authority.set;
    long at = set == NULL ? -1 : hf_set_find(set, owner);
    const struct hf_validator *v = at < 0 ? NULL : &set->u.set.validators[at];
    return v != NULL && v->has_sequence_floor && !further(lost, &v->sequence_floor.seen);
}

void hf__check_vault_release(struct hf__checks *c, uint32_t node, uint64_t asked_us)
{
    struct hf_placement_record r;
    const struct hf_account *owner = hf__check_account(c, node);
    const struct hf__vault_opened *o = hf__map_find(&c->vaults_opened, hf__node_key(node));
    const struct hf_sequence_point then = came(c, node, asked_us);
    if (owner == NULL)
        return;
    if (o != NULL && o->incarnation == hf__node(c->world, node)->incarnation &&
        further(&o->known, &o->at) && !is_allowed(c, owner, &o->known))
        hf__violate(c->world, node, "vault",
                    "n%u makes a first release with a vault of %llu.%llu, and holders have kept "
                    "that it was at %llu.%llu",
                    node, (unsigned long long)o->at.claim, (unsigned long long)o->at.number,
                    (unsigned long long)o->known.claim, (unsigned long long)o->known.number);
    if (hf__check_newest(c, node, &r) && !stands(c, &r, &then, true))
        hf__violate(
            c->world, node, "vault",
            "n%u makes a first release, and too few holders keep that its vault had come to "
            "%llu.%llu when it was asked",
            node, (unsigned long long)then.claim, (unsigned long long)then.number);
}

void hf__check_vaults_init(struct hf__checks *c)
{
    hf__map_init(&c->vaults, sizeof(struct hf__vault_kept));
    hf__map_init(&c->vaults_known, sizeof(struct hf__vault_known));
    hf__map_init(&c->vaults_opened, sizeof(struct hf__vault_opened));
    hf__map_init(&c->vaults_points, sizeof(struct hf__vault_points));
}

void hf__check_vaults_done(struct hf__checks *c)
{
    hf__map_done(&c->vaults);
    hf__map_done(&c->vaults_known);
    hf__map_done(&c->vaults_opened);
    hf__map_done(&c->vaults_points);
}
