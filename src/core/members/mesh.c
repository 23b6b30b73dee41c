/*
 * The mesh key, under which members know each other's datagrams, gives way to another in time
 * (proto/ROTATION.md, 7). It lasts no longer than the process, so the table of it lies here alone.
 */
#include "base/secret.h"
#include "members/detect.h"

static const struct hf__place nowhere = {0};

static void add(struct hf__keys *keys, uint32_t id, enum hf__key_state state, uint64_t since_s)
{
    hf_assert(id > 0 && id < keys->id_next);
    keys->list[keys->count++] =
        (struct hf__key){.id = id, .state = (uint8_t)state, .ready = true, .since_s = since_s};
}

void hf__mesh_table(const struct hf_engine *e, struct hf__keys *ret)
{
    const struct hf__detector *d = e->members->detector;
    *ret = (struct hf__keys){.id_next = 1};
    if (d == NULL)
        return;
    const struct hf__mesh *m = &d->mesh;
    hf_assert(m->active > 0 && m->active != m->pending && m->active != m->expired);
    ret->id_next = m->id_next;
    if (m->expired > 0)
        add(ret, m->expired, HF__KEY_EXPIRED, m->expired_s);
    add(ret, m->active, HF__KEY_ACTIVE, m->active_s);
    if (m->pending > 0)
        add(ret, m->pending, HF__KEY_PENDING, m->pending_s);
    hf_assert(hf__keys_valid(ret));
}

void hf__mesh_forget(struct hf_engine *e, struct hf__detector *d)
{
    if (d->before != NULL)
        hf_wipe(d->before, d->contacts_cap * sizeof *d->before);
    e->secret_free(d->before);
    d->before = NULL;
    for (size_t i = 0; i < d->contacts_cap; i++)
        d->contacts[i].before = d->contacts[i].behind = false;
    hf_assert(d->before == NULL);
}

/* The key in use gives way: to each contact the pair of before is good until it is heard under the
 * one of now. Without memory for that, a pair finds each other by connection. */
static void draw(struct hf_engine *e, struct hf__detector *d)
{
    hf__mesh_forget(e, d);
    if (d->contacts_cap > 0)
        d->before = e->secret_alloc(d->contacts_cap * sizeof *d->before);
    if (d->before != NULL)
        memcpy(d->before, d->pairs, d->contacts_cap * sizeof *d->before);
    for (size_t i = 0; i < d->contacts_cap; i++) {
        struct hf__contact *c = &d->contacts[i];
        c->before = c->behind = d->before != NULL && c->used && c->keyed;
        c->keyed = false;
        c->place = nowhere;
        c->edition = e->members->told_edition - 1;
    }
    e->suite->seal_keypair(&e->secrets->rng, d->mesh.public_key, e->secrets->mesh);
    hf_assert(e->open);
}

void hf__mesh_begin(struct hf_engine *e, struct hf__detector *d)
{
    d->mesh = (struct hf__mesh){.id_next = 2, .active = 1, .active_s = hf__now_s(e)};
    hf_assert(d->before == NULL && d->contacts_cap == 0);
    draw(e, d);
}

void hf__mesh_save(struct hf_engine *e, const struct hf__keys *keys)
{
    struct hf__detector *d = e->members->detector;
    hf_assert(d != NULL && keys->id_next >= d->mesh.id_next);
    uint32_t was = d->mesh.active;
    hf_assert(keys->count > 0 && keys->count <= HF_MESH_KEYS_MAX);
    d->mesh.pending = d->mesh.expired = 0;
    d->mesh.id_next = keys->id_next;
    for (size_t i = 0; i < keys->count; i++) {
        const struct hf__key *k = &keys->list[i];
        if (k->state == HF__KEY_ACTIVE) {
            d->mesh.active = k->id;
            d->mesh.active_s = k->since_s;
        } else if (k->state == HF__KEY_PENDING) {
            d->mesh.pending = k->id;
            d->mesh.pending_s = k->since_s;
        } else if (k->id > d->mesh.expired) {
            d->mesh.expired = k->id; /* an older one has no pairs here any more */
            d->mesh.expired_s = k->since_s;
        }
    }
    hf_assert(d->mesh.active >= was);
    if (d->mesh.active != was) {
        draw(e, d);
        if (e->claimed && hf__is_member(e, &e->account))
            hf__news_alive(e);
    }
    if (d->mesh.expired == 0)
        hf__mesh_forget(e, d);
}

const uint8_t *hf__mesh_key(const struct hf_engine *e)
{
    const struct hf__detector *d = e->members->detector;
    hf_assert(e->open || d == NULL);
    return d == NULL ? NULL : d->mesh.public_key;
}
