/* What the application and the operator ask: keys, a drill, leave to stop. */
#include "base/error.h"
#include "node.h"

static bool name_ok(struct hf_bytes name)
{
    if (name.len == 0 || name.len > HF_KEY_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
            return false;
    }
    return true;
}

static int why_closed(const struct hf_engine *e)
{
    if (e->fenced)
        return HF_EFENCED;
    if (!e->open)
        return HF_ELOCKED;
    return e->claimed ? 0 : HF_ENOTCLAIMED;
}

/*
 * An application key. The first release of a name needs the state ready, and durably binds the name
 * to the key version; later ones need an open vault and a valid claim, in any state (DESIGN 2).
 */
static void release(struct hf_engine *e, uint64_t id, struct hf_bytes name)
{
    struct hf_binding_row row = {.version = e->version};
    int r = name_ok(name) ? why_closed(e) : HF_EINVAL;
    struct hf_blob *bound = r == 0 ? hf__rows_get(&e->rows, HF_ROW_BINDING, name) : NULL;
    if (r == 0 && bound == NULL && e->state != HF_STATE_READY)
        r = HF_ENOTREADY;
    if (r == 0 && bound == NULL && e->store_error != 0)
        r = e->store_error;
    if (r == 0 && bound != NULL) {
        r = hf__decode(e, &hf_wire_binding_row, hf_blob_bytes(bound), &row);
        hf_assert(r == 0);
    }
    if (r != 0) {
        hf__local_reply(e, id, r);
        return;
    }
    if (bound == NULL)
        hf__put(e, HF_ROW_BINDING, name, &hf_wire_binding_row, &row);
    hf_assert(row.version == e->version);
    hf__derive(e, (uint32_t)row.version, "application", name, e->s->app_key);
    struct hf_local_reply *reply = hf__local_reply(e, id, 0);
    reply->key = e->s->app_key;
    reply->key_version = (uint32_t)row.version;
    hf__trace(e, HF_TRACE_KEY_RELEASED, 0, NULL, row.version, bound == NULL);
}

/*
 * Leave to stop: refused while an owner would be left with fewer than min(k + 1, n - 1) live
 * providers. Who is live is what this node can know without asking: validators that have shown it
 * an identity that still stands.
 */
static int drain_check(struct hf_engine *e)
{
    struct hf_bytes all = {0};
    const struct hf__row *row;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_HELD, all);
         (row = hf__rows_at(&e->rows, i, HF_ROW_HELD, all)) != NULL; i++) {
        struct hf_held_row held;
        struct hf_placement_record record;
        size_t live = 0;
        int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(row->value), &held);
        hf_assert(r == 0);
        if (!held.has_record ||
            hf__decode(e, &hf_wire_placement_record, held.record.record, &record) != 0)
            continue;
        for (size_t j = 0; j < record.holders_count; j++) {
            struct hf__peer *peer;
            live += memcmp(record.holders[j].account, e->account, 32) != 0 &&
                    hf__identity_known(e, record.holders[j].account, &peer, NULL) == 0;
        }
        size_t k = record.threshold, n = record.holders_count;
        if (live < (k + 1 < n - 1 ? k + 1 : n - 1))
            return HF_EDRAIN;
    }
    return 0;
}

void hf__local(struct hf_engine *e, const struct hf_event *event)
{
    uint64_t id = event->u.local.id;
    switch (event->u.local.type) {
    case HF_LOCAL_KEY:
        release(e, id, event->u.local.name);
        return;
    case HF_LOCAL_DRILL: {
        int r = why_closed(e);
        if (r == 0 && (e->drill != NULL || e->watch_count == 0))
            r = e->drill != NULL ? HF_EBUSY : HF_ENOTREADY;
        if (r != 0)
            hf__local_reply(e, id, r);
        else
            hf__drill_begin(e, id);
        return;
    }
    case HF_LOCAL_DRAIN: {
        int r = e->open && e->claimed ? drain_check(e) : 0;
        if (r == 0)
            e->draining = true;
        hf__local_reply(e, id, r);
        return;
    }
    case HF_LOCAL_UNDRAIN:
        e->draining = false;
        hf__local_reply(e, id, 0);
        return;
    default:
        hf__local_reply(e, id, HF_EUNSUPPORTED);
        return;
    }
}
