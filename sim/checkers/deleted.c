/*
 * A deleted key is nowhere, and nothing is for it (proto/ROTATION.md, 1). A share is sealed to a
 * key that an offer has named: by then that key was not deleted. That holds while clocks are right
 * and a quote may be as old under each policy as under every other: else a peer may take one for
 * good that is not. And no name is bound to a version of the root secret that its vault lacks.
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <string.h>

enum { KEYS = 8, CLOCK_US = 1000000, CLOSE_US = 5000000 };

/* The sealing keys of a node's vault, as its newest row has them. */
struct hf__key_list {
    uint64_t id_next;
    uint32_t count;
    struct {
        uint64_t id;
        uint8_t public_key[HF_KEY_LEN];
    } of[KEYS];
};

/* When a key was deleted, by a node whose clock was right. */
struct hf__key_gone {
    uint64_t at_us;
};

/* When an owner's newest offer to a provider was answered. */
struct hf__offered {
    uint64_t at_us;
};

static struct hf__key offer_key(uint32_t owner, const struct hf_account *provider)
{
    return hf__key_of(hf_bytes_of(&owner, sizeof owner), hf__b32(provider->bytes),
                      hf_bytes_of(NULL, 0));
}

static struct hf__key gone_key(const struct hf_account *account, const uint8_t *public_key)
{
    return hf__key_of(hf__b32(account->bytes), hf__b32(public_key), hf_bytes_of(NULL, 0));
}

static bool is_right(const struct hf__node *n)
{
    return n->clock_us <= CLOCK_US && n->clock_us >= -CLOCK_US;
}

/* Whether a list follows another in one vault: a vault that was made anew draws other keys under
 * the same ids. */
static bool follows(const struct hf__key_list *now, const struct hf__key_list *before)
{
    for (uint32_t i = 0; i < now->count; i++)
        for (uint32_t j = 0; j < before->count; j++)
            if (now->of[i].id == before->of[j].id &&
                memcmp(now->of[i].public_key, before->of[j].public_key, HF_KEY_LEN) != 0)
                return false;
    return now->id_next >= before->id_next;
}

static bool has(const struct hf__key_list *list, const uint8_t *public_key)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (memcmp(list->of[i].public_key, public_key, HF_KEY_LEN) == 0)
            return true;
    return false;
}

static void list_of(struct hf__checks *c, struct hf_bytes value, struct hf__key_list *ret)
{
    struct hf_keys_row row;
    *ret = (struct hf__key_list){0};
    if (!hf__check_decode(c, &hf_wire_keys_row, value, &row))
        return;
    ret->id_next = row.id_next;
    for (size_t i = 0; i < row.keys_count && i < KEYS; i++) {
        ret->of[ret->count].id = row.keys[i].id;
        memcpy(ret->of[ret->count++].public_key, row.keys[i].public_key, HF_KEY_LEN);
    }
}

/* What a list has is there, whatever was before; what one of the same vault had is gone. */
static void take(struct hf__checks *c, uint32_t node, const struct hf__key_list *now, bool anew)
{
    const struct hf_account *account = hf__check_account(c, node);
    struct hf__key_list *before = hf__map_at(&c->key_lists, hf__node_key(node));
    for (uint32_t i = 0; account != NULL && i < now->count; i++) {
        void *gone = hf__map_find(&c->keys_gone, gone_key(account, now->of[i].public_key));
        if (gone != NULL)
            hf__map_drop(&c->keys_gone, gone);
    }
    bool counts = account != NULL && !anew && is_right(hf__node(c->world, node));
    for (uint32_t i = 0; counts && follows(now, before) && i < before->count; i++) {
        if (has(now, before->of[i].public_key))
            continue;
        struct hf__key_gone *gone =
            hf__map_at(&c->keys_gone, gone_key(account, before->of[i].public_key));
        gone->at_us = c->world->now_us;
    }
    *before = *now;
}

void hf__check_deleted_opened(struct hf__checks *c, uint32_t node)
{
    struct hf__key_list list = {0};
    const struct hf__row *row =
        hf__disk_find(&hf__node(c->world, node)->disk, HF_ROW_KEYS, hf_bytes_of(NULL, 0));
    if (row != NULL)
        list_of(c, hf_blob_bytes(row->value), &list);
    take(c, node, &list, true);
}

/* Every name of a node is bound to what its vault has. */
static void check_names(struct hf__checks *c, uint32_t node)
{
    const struct hf_disk *d = &hf__node(c->world, node)->disk;
    const struct hf__row *roots = hf__disk_find(d, HF_ROW_ROOTS, hf_bytes_of(NULL, 0));
    struct hf_roots_row kept;
    struct hf_binding_row name;
    if (roots == NULL ||
        !hf__check_decode(c, &hf_wire_roots_row, hf_blob_bytes(roots->value), &kept))
        return;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->rows[i]->collection != HF_ROW_BINDING ||
            !hf__check_decode(c, &hf_wire_binding_row, hf_blob_bytes(d->rows[i]->value), &name))
            continue;
        bool found = false, next = name.next == 0;
        for (size_t k = 0; k < kept.roots_count; k++) {
            found = found || kept.roots[k].version == name.version;
            next = next || kept.roots[k].version == name.next;
        }
        if (!found || !next)
            hf__violate(c->world, node, "deleted",
                        "n%u has a name bound to version %u, which its vault has no more", node,
                        (unsigned)(found ? name.next : name.version));
    }
}

void hf__check_deleted_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row)
{
    struct hf__key_list list;
    const struct hf__node *n = hf__node(c->world, node);
    if (row->value == NULL)
        return;
    if (row->collection == HF_ROW_KEYS) {
        list_of(c, hf_blob_bytes(row->value), &list);
        take(c, node, &list, false);
    }
    if ((row->collection == HF_ROW_ROOTS || row->collection == HF_ROW_BINDING) && !n->corrupt &&
        !n->tainted)
        check_names(c, node);
}

void hf__check_deleted_offered(struct hf__checks *c, const struct hf_message *m)
{
    const struct hf_account *provider =
        m->from == HF__NOBODY ? NULL : hf__check_account(c, m->from);
    if (provider == NULL)
        return;
    struct hf__offered *offered = hf__map_at(&c->offered, offer_key(m->to, provider));
    offered->at_us = c->world->now_us;
}

void hf__check_deleted_deposit(struct hf__checks *c, uint32_t node,
                               const struct hf_deposit_transcript *t)
{
    const struct hf_account *provider = &t->header.provider;
    const struct hf__key_gone *gone =
        hf__map_find(&c->keys_gone, gone_key(provider, t->sealing_key));
    const struct hf__offered *offered = hf__map_find(&c->offered, offer_key(node, provider));
    if (gone == NULL || offered == NULL || offered->at_us < gone->at_us + CLOSE_US ||
        !is_right(hf__node(c->world, node)) || c->quote_age_min_s != c->quote_age_max_s)
        return;
    hf__violate(c->world, node, "deleted",
                "n%u sealed a share to a key that was deleted %.1f s before it was offered", node,
                (double)(offered->at_us - gone->at_us) / 1e6);
}

void hf__check_deleted_init(struct hf__checks *c)
{
    hf__map_init(&c->key_lists, sizeof(struct hf__key_list));
    hf__map_init(&c->keys_gone, sizeof(struct hf__key_gone));
    hf__map_init(&c->offered, sizeof(struct hf__offered));
}

void hf__check_deleted_done(struct hf__checks *c)
{
    hf__map_done(&c->key_lists);
    hf__map_done(&c->keys_gone);
    hf__map_done(&c->offered);
}

/* No quote that names it is good, by any clock that the checker trusts. */
bool hf__check_gone_wanted(void *ctx, void *value)
{
    const struct hf__checks *c = ctx;
    const struct hf__key_gone *gone = value;
    return c->world->now_us - gone->at_us <= (2 * c->quote_age_max_s + HF__DAY_S) * 1000000;
}
