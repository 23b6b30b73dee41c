/* What the application and the operator of a node ask. */
#include "node/node.h"

#include <stdlib.h>
#include <string.h>

static struct hf__local *local_at(struct hf_world *w, uint32_t index)
{
    return w->locals[index];
}

static uint32_t local_new(struct hf_world *w, uint32_t node, enum hf_local_type type,
                          const char *name)
{
    struct hf__local *l = calloc(1, sizeof *l);
    hf_assert(l != NULL && strlen(name) <= HF_KEY_NAME_MAX);
    w->locals = hf__grow(w->locals, w->locals_count, &w->locals_cap, sizeof(struct hf__local *));
    uint32_t index = (uint32_t)w->locals_count++;
    w->locals[index] = l;
    l->id = index + 1;
    l->node = node;
    l->incarnation = hf__node(w, node)->incarnation;
    l->type = type;
    memcpy(l->name, name, strlen(name) + 1);
    hf__push(w, w->now_us, hf__what(HF__LOCAL, 0, index));
    return index;
}

void hf__local_ask(struct hf_world *w, uint32_t index)
{
    struct hf__local *l = local_at(w, index);
    struct hf__node *n = hf__node(w, l->node);
    if (n->engine == NULL || n->incarnation != l->incarnation) {
        l->answered = true;
        l->error = HF_ECONNECT;
        return;
    }
    if (hf__node_postpones(w, n, hf__what(HF__LOCAL, 0, index)))
        return;
    struct hf_event event = {.type = HF_EVENT_LOCAL};
    event.u.local.id = l->id;
    event.u.local.type = l->type;
    event.u.local.text =
        l->bytes != NULL ? hf_blob_bytes(l->bytes) : hf_bytes_of(l->name, strlen(l->name));
    event.u.local.seconds = l->seconds;
    event.u.local.version = l->confirms;
    l->asked = true;
    l->asked_us = w->now_us;
    hf__step(w, n, &event);
}

/* The answer has reached who asked. */
static void arrived(struct hf_world *w, struct hf__local *l, const struct hf_local_reply *reply)
{
    l->answered = true;
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].local != NULL)
            w->observers[i].local(w->observers[i].ctx, w, l->node, reply);
    }
}

void hf__local_replied(struct hf_world *w, struct hf__node *n, const struct hf_local_reply *reply)
{
    if (reply->id == 0 || reply->id > w->locals_count)
        return;
    struct hf__local *l = local_at(w, (uint32_t)reply->id - 1);
    l->error = reply->error;
    l->version = reply->key_version;
    l->claim = reply->claim;
    l->drill = reply->drill;
    l->report = reply->blackstart;
    l->report.file = l->report.alias = (struct hf_bytes){0};
    if (reply->blackstart.file.len > 0)
        l->file = hf_blob_new(reply->blackstart.file);
    l->first = reply->first;
    l->has_key = reply->key != NULL && reply->error == 0;
    if (l->has_key)
        memcpy(l->key, reply->key, sizeof l->key);
    l->has_next = l->has_key && reply->next != NULL;
    l->next_version = reply->next_version;
    if (l->has_next)
        memcpy(l->next, reply->next, sizeof l->next);
    if (reply->after > n->durable_seq) {
        l->after = reply->after;
        n->locals_wait++;
        return;
    }
    arrived(w, l, reply);
}

void hf__local_durable(struct hf_world *w, struct hf__node *n)
{
    for (size_t i = 0; n->locals_wait > 0 && i < w->locals_count; i++) {
        struct hf__local *l = w->locals[i];
        if (l->node != n->number || l->after == 0 || l->after > n->durable_seq ||
            l->incarnation != n->incarnation)
            continue;
        struct hf_local_reply reply = {
            .id = l->id,
            .error = l->error,
            .key = l->has_key ? l->key : NULL,
            .key_version = l->version,
            .claim = l->claim,
            .next = l->has_next ? l->next : NULL,
            .next_version = l->next_version,
            .first = l->first,
            .drill = l->drill,
        };
        l->after = 0;
        n->locals_wait--;
        arrived(w, l, &reply);
    }
}

static bool answered(struct hf_world *w, void *ctx)
{
    const uint32_t *index = ctx;
    return local_at(w, *index)->answered;
}

static int ask(struct hf_world *w, uint32_t node, enum hf_local_type type, const char *name,
               uint64_t ms, const struct hf__local **ret)
{
    uint32_t index = local_new(w, node, type, name);
    if (!hf_world_run_until(w, answered, &index, ms))
        return HF_ETIMEOUT;
    *ret = local_at(w, index);
    return (*ret)->error;
}

int hf_world_key(struct hf_world *w, uint32_t node, const char *name, uint64_t ms,
                 uint8_t ret_key[static HF_APP_KEY_LEN], uint32_t *ret_version)
{
    const struct hf__local *l;
    int r = ask(w, node, HF_LOCAL_KEY, name, ms, &l);
    if (r != 0)
        return r;
    memcpy(ret_key, l->key, HF_APP_KEY_LEN);
    if (ret_version != NULL)
        *ret_version = l->version;
    return 0;
}

int hf_world_keys(struct hf_world *w, uint32_t node, const char *name, uint64_t ms,
                  struct hf_world_keys *ret)
{
    const struct hf__local *l;
    int r = ask(w, node, HF_LOCAL_KEYS, name, ms, &l);
    if (r != 0)
        return r;
    *ret = (struct hf_world_keys){.version = l->version, .next_version = l->next_version};
    memcpy(ret->key, l->key, sizeof ret->key);
    memcpy(ret->next, l->next, sizeof ret->next);
    return 0;
}

int hf_world_confirm(struct hf_world *w, uint32_t node, const char *name, uint32_t version,
                     uint64_t ms)
{
    uint32_t index = local_new(w, node, HF_LOCAL_CONFIRM, name);
    local_at(w, index)->confirms = version;
    if (!hf_world_run_until(w, answered, &index, ms))
        return HF_ETIMEOUT;
    return local_at(w, index)->error;
}

int hf_world_drill(struct hf_world *w, uint32_t node, uint64_t ms, struct hf_drill_report *ret)
{
    const struct hf__local *l;
    int r = ask(w, node, HF_LOCAL_DRILL, "", ms, &l);
    if (r == 0)
        *ret = l->drill;
    return r;
}

int hf_world_drain(struct hf_world *w, uint32_t node, bool drain, uint64_t ms)
{
    const struct hf__local *l;
    return ask(w, node, drain ? HF_LOCAL_DRAIN : HF_LOCAL_UNDRAIN, "", ms, &l);
}

void hf__local_leave(struct hf_world *w, uint32_t node, uint64_t seconds)
{
    uint32_t index = local_new(w, node, HF_LOCAL_LEAVE, "leaves");
    local_at(w, index)->seconds = seconds;
}

int hf_world_leave(struct hf_world *w, uint32_t node, uint64_t seconds, uint64_t ms)
{
    uint32_t index = local_new(w, node, HF_LOCAL_LEAVE, "leaves");
    local_at(w, index)->seconds = seconds;
    return hf_world_run_until(w, answered, &index, ms) ? local_at(w, index)->error : HF_ETIMEOUT;
}

int hf_world_stay(struct hf_world *w, uint32_t node, uint64_t ms)
{
    const struct hf__local *l;
    return ask(w, node, HF_LOCAL_STAY, "", ms, &l);
}

int hf_world_abandon(struct hf_world *w, uint32_t node, const char *owner, uint64_t ms)
{
    const struct hf__local *l;
    return ask(w, node, HF_LOCAL_ABANDON, owner, ms, &l);
}

int hf_world_blackstart(struct hf_world *w, uint32_t node, uint64_t ms, struct hf_buf *ret)
{
    const struct hf__local *l;
    int r = ask(w, node, HF_LOCAL_BLACKSTART, "", ms, &l);
    if (r == 0)
        hf_buf_append(ret, l->file->data, l->file->len);
    return r;
}

uint64_t hf__local_bring(struct hf_world *w, uint32_t node, struct hf_bytes answer)
{
    struct hf__local *l = local_at(w, local_new(w, node, HF_LOCAL_ANSWER, ""));
    l->bytes = hf_blob_new(answer);
    hf_assert(l->bytes != NULL);
    return l->id;
}

int hf_world_answer(struct hf_world *w, uint32_t node, struct hf_bytes answer, uint64_t ms,
                    struct hf_blackstart_report *ret)
{
    uint32_t index = (uint32_t)hf__local_bring(w, node, answer) - 1;
    if (!hf_world_run_until(w, answered, &index, ms))
        return HF_ETIMEOUT;
    *ret = local_at(w, index)->report;
    return local_at(w, index)->error;
}

void hf_world_local(struct hf_world *w, uint32_t node, enum hf_local_type type, const char *name)
{
    if (hf__node(w, node)->engine != NULL)
        local_new(w, node, type, name == NULL ? "" : name);
}
