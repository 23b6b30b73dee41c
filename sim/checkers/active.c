/*
 * Keys give way to others, one at a time (proto/ROTATION.md, 1): of sealing keys of one suite, of
 * the versions of the root secret and of mesh keys a node has at most one that is active. The first
 * two are counted in each row that becomes durable; mesh keys lie in memory alone, and are counted
 * by what their node says of them, when the sweep that says it is over.
 */
#include "checkers/checkers.h"

/* As states of keys and their moves are numbered in rows and traces. */
enum { ACTIVE = 2, ACTIVATED = 2, EXPIRED = 3, SUITES = 8, LISTED = 4 };

/* The mesh keys of a process that are active, as far as it has said. */
struct hf__mesh_actives {
    uint32_t incarnation, count;
    uint64_t at_us; /* when it said the last of them */
    uint64_t ids[LISTED];
};

static void judge(struct hf__checks *c, uint32_t node, const char *kind, uint32_t count)
{
    if (count > 1)
        hf__violate(c->world, node, "active", "n%u has %u active %s at one time", node, count,
                    kind);
}

void hf__check_active_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row)
{
    struct hf_keys_row keys;
    struct hf_roots_row roots;
    uint32_t count[SUITES] = {0};
    if (row->value == NULL)
        return;
    if (row->collection == HF_ROW_KEYS &&
        hf__check_decode(c, &hf_wire_keys_row, hf_blob_bytes(row->value), &keys))
        for (size_t i = 0; i < keys.keys_count; i++)
            if (keys.keys[i].state == ACTIVE)
                judge(c, node, "sealing keys of one suite", ++count[keys.keys[i].suite % SUITES]);
    if (row->collection == HF_ROW_ROOTS &&
        hf__check_decode(c, &hf_wire_roots_row, hf_blob_bytes(row->value), &roots))
        for (size_t i = 0; i < roots.roots_count; i++)
            if (roots.roots[i].state == ACTIVE)
                judge(c, node, "root secrets", ++count[0]);
}

void hf__check_active_mesh(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    uint32_t incarnation = hf__node(c->world, node)->incarnation;
    struct hf__mesh_actives *m = hf__map_at(&c->mesh_keys, hf__node_key(node));
    if (m->incarnation != incarnation)
        *m = (struct hf__mesh_actives){.incarnation = incarnation};
    if (m->at_us != c->world->now_us)
        judge(c, node, "mesh keys", m->count);
    m->at_us = c->world->now_us;
    if (t->b == ACTIVATED && m->count < LISTED)
        m->ids[m->count++] = t->a;
    for (uint32_t i = 0; t->b == EXPIRED && i < m->count; i++)
        if (m->ids[i] == t->a)
            m->ids[i] = m->ids[--m->count];
}

void hf__check_actives_init(struct hf__checks *c)
{
    hf__map_init(&c->mesh_keys, sizeof(struct hf__mesh_actives));
}
