/* When writes become durable, and what waits for them. */
#include "storage/storage.h"

#include "network/network.h"
#include "node/node.h"

#include <stdlib.h>
#include <string.h>

void hf__vault_key_hash(const struct hf_world *w, const uint8_t key[static HF_KEY_LEN],
                        struct hf_hash *ret)
{
    w->suite->hash("sim/vault-key", hf_bytes_of(key, HF_KEY_LEN), ret);
}

static uint64_t due(struct hf_world *w, struct hf__node *n, uint64_t at_us)
{
    struct hf__stream *r = &w->streams[HF__FOR_STORAGE];
    double slow = n->slowness > 1 ? (double)n->slowness : 1;
    uint64_t takes_us = (uint64_t)((double)hf__draw_duration(r, w->settings.storage.write) * slow);
    if (n->commit_next_us != 0 && at_us >= n->commit_us) {
        n->commit_us = n->commit_next_us;
        n->commit_next_us = 0;
    }
    if (at_us >= n->commit_us) {
        n->commit_us = at_us + takes_us;
        return n->commit_us;
    }
    if (n->commit_next_us == 0)
        n->commit_next_us = n->commit_us + takes_us;
    return n->commit_next_us;
}

static struct hf__pending *pending_new(const struct hf_world *w, const struct hf_update *u)
{
    struct hf__pending *p = malloc(sizeof *p + u->writes_count * sizeof p->writes[0]);
    hf_assert(p != NULL);
    p->next = NULL;
    p->seq = u->write_seq;
    p->messages = HF__NOBODY;
    p->vault_state = u->vault_state;
    p->rekeys = u->rekey != NULL;
    p->version = u->key_version;
    if (p->rekeys)
        hf__vault_key_hash(w, u->rekey, &p->key_hash);
    p->count = u->writes_count;
    for (size_t i = 0; i < u->writes_count; i++) {
        const struct hf_write *from = &u->writes[i];
        p->writes[i].value = hf_blob_ref(from->value);
        p->writes[i].collection = from->collection;
        p->writes[i].key_len = from->key_len;
        memcpy(p->writes[i].key, from->key, from->key_len);
    }
    return p;
}

static void pending_free(struct hf__pending *p)
{
    for (size_t i = 0; i < p->count; i++)
        hf_blob_unref(p->writes[i].value);
    free(p);
}

static void apply(struct hf_world *w, struct hf__node *n, const struct hf__pending *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct hf__disk_write *row = &p->writes[i];
        hf__disk_put(&n->disk, row->collection, hf_bytes_of(row->key, row->key_len), row->value);
    }
    if (p->vault_state != HF_VAULT_NONE)
        n->disk.vault = (uint8_t)p->vault_state;
    if (p->rekeys) {
        n->disk.version = p->version;
        n->disk.key_hash = p->key_hash;
    }
    n->durable_seq = p->seq;
    n->writes++;
    w->totals.writes++;
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].durable != NULL)
            w->observers[i].durable(w->observers[i].ctx, w, n->number, p->writes, p->count);
    }
}

/* Makes the first transaction durable; false: the node dies of it. */
static bool commit(struct hf_world *w, struct hf__node *n)
{
    struct hf__pending *p = n->pending;
    bool dies = n->crash_write != 0 && n->crash_write == n->writes + 1;
    if (dies)
        n->crash_write = 0;
    if (dies && !n->crash_after)
        return false;
    n->pending = p->next;
    if (n->pending == NULL)
        n->pending_last = NULL;
    apply(w, n, p);
    uint32_t message = p->messages;
    while (message != HF__NOBODY) {
        struct hf__message *m = hf__message(w, message);
        uint32_t next = m->next;
        if (dies)
            hf__message_free(w, message);
        else
            hf__network_send(w, message, w->now_us);
        message = next;
    }
    pending_free(p);
    if (n->locals_wait > 0 && !dies)
        hf__local_durable(w, n);
    return !dies;
}

static void tell(struct hf_world *w, struct hf__node *n, int error)
{
    struct hf_event event = {.type = HF_EVENT_STORE};
    event.u.store.error = error;
    n->told_error = error != 0;
    hf__step(w, n, &event);
}

void hf__storage_durable(struct hf_world *w, struct hf__node *n)
{
    if (n->stall_us > w->now_us) {
        hf__push(w, n->stall_us, hf__what(HF__DURABLE, n->incarnation, n->number));
        return;
    }
    if (n->write_error != 0) {
        if (n->pending != NULL && !n->told_error)
            tell(w, n, n->write_error);
        return;
    }
    while (n->pending != NULL && n->pending->due_us <= w->now_us) {
        if (!commit(w, n)) {
            hf_world_crash(w, n->number);
            return;
        }
    }
    if (n->told_error)
        tell(w, n, 0);
}

bool hf__storage_take(struct hf_world *w, struct hf__node *n, const struct hf_update *u,
                      uint64_t at_us)
{
    struct hf__pending *p = pending_new(w, u);
    p->due_us = due(w, n, at_us);
    if (n->pending_last == NULL)
        n->pending = p;
    else
        n->pending_last->next = p;
    n->pending_last = p;
    bool now = p->due_us <= w->now_us && n->stall_us <= w->now_us && n->write_error == 0;
    if (now && n->pending == p) {
        n->crashing = n->crashing || !commit(w, n);
        return !n->crashing;
    }
    hf__push(w, p->due_us, hf__what(HF__DURABLE, n->incarnation, n->number));
    return true;
}

bool hf__storage_holds(struct hf_world *w, struct hf__node *n, uint64_t after, uint32_t message)
{
    if (after <= n->durable_seq)
        return false;
    struct hf__pending *p = n->pending;
    while (p != NULL && p->seq < after)
        p = p->next;
    if (p == NULL)
        return false;
    struct hf__message *m = hf__message(w, message);
    m->next = HF__NOBODY;
    uint32_t *at = &p->messages;
    while (*at != HF__NOBODY)
        at = &hf__message(w, *at)->next;
    *at = message;
    return true;
}

static void drop_messages(struct hf_world *w, uint32_t message)
{
    while (message != HF__NOBODY) {
        uint32_t next = hf__message(w, message)->next;
        hf__message_free(w, message);
        message = next;
    }
}

/* What was being written when the process died is there by half, and the host's disk says that all
 * of it is: the next opening finds it. */
static void tear(struct hf_world *w, struct hf__node *n)
{
    if (n->disk.vault == HF_VAULT_NONE)
        return;
    n->disk.damage = HF_ECORRUPT;
    hf__push(w, w->now_us + 1000000, hf__what(HF__STARTS, 0, n->number));
}

void hf__storage_crash(struct hf_world *w, struct hf__node *n)
{
    bool torn = n->tears && n->crash_write == 0;
    bool survives = n->write_error == 0 && !torn;
    if (torn)
        tear(w, n);
    n->tears = n->tears && !torn;
    while (n->pending != NULL) {
        struct hf__pending *p = n->pending;
        n->pending = p->next;
        survives = survives &&
                   hf__draw_chance(&w->streams[HF__FOR_SURVIVAL], w->settings.storage.survives);
        if (survives)
            apply(w, n, p);
        drop_messages(w, p->messages);
        pending_free(p);
    }
    n->pending_last = NULL;
    n->locals_wait = 0;
    n->commit_us = 0;
    n->commit_next_us = 0;
}

void hf_world_disk_fail(struct hf_world *w, uint32_t node, int error)
{
    struct hf__node *n = hf__node(w, node);
    n->write_error = error;
    if (error == 0 && n->engine != NULL)
        hf__push(w, w->now_us, hf__what(HF__DURABLE, n->incarnation, node));
}

void hf_world_disk_stall(struct hf_world *w, uint32_t node, uint64_t ms)
{
    hf__node(w, node)->stall_us = w->now_us + ms * 1000;
}

void hf_world_crash_at_write(struct hf_world *w, uint32_t node, unsigned nth, bool after)
{
    struct hf__node *n = hf__node(w, node);
    n->crash_write = n->writes + nth;
    n->crash_after = after;
}
