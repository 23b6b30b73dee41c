/* What the application and the operator ask: keys, a drill, leave to stop. */
#include "base/error.h"
#include "fault.h"
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
    return e->claimed || HF_FAULT(UNCLAIMED) ? 0 : HF_ENOTCLAIMED;
}

/*
 * An application key. The first release of a name needs the state ready, and durably binds the name
 * to the key version; later ones need an open vault and a valid claim, in any state.
 */
static void release(struct hf_engine *e, uint64_t id, struct hf_bytes name)
{
    struct hf_binding_row row = {.version = e->version};
    int r = name_ok(name) ? why_closed(e) : HF_EINVAL;
    struct hf_blob *bound = r == 0 ? hf__rows_get(&e->rows, HF_ROW_BINDING, name) : NULL;
    if (r == 0 && bound == NULL && e->state != HF_STATE_READY && !HF_FAULT(RELEASE))
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
    if (bound == NULL) {
        hf__put(e, HF_ROW_BINDING, name, &hf_wire_binding_row, &row);
        e->binding_seq = e->write_seq;
    }
    hf_assert(row.version == e->version);
    hf__derive(e, (uint32_t)row.version,
               HF_FAULT(DERIVE) && bound != NULL ? "again" : "application", name, e->s->app_key);
    e->key_out = true;
    struct hf_local_reply *reply = hf__local_reply(e, id, 0);
    /* The name's binding must be durable; other writes, which a full disk may
     * hold up, need not be. */
    reply->after = HF_FAULT(BINDING) ? 0 : e->binding_seq;
    reply->key = e->s->app_key;
    reply->key_version = (uint32_t)row.version;
    hf__trace(e, HF_TRACE_KEY_RELEASED, 0, NULL, row.version, bound == NULL);
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
    case HF_LOCAL_DRAIN:
        if (e->drain != NULL)
            hf__local_reply(e, id, HF_EBUSY);
        else
            hf__drain_begin(e, id);
        return;
    case HF_LOCAL_UNDRAIN:
        hf__drain_free(e, HF_ECANCELED); /* a question under way must not end in draining */
        e->draining = false;
        hf__local_reply(e, id, 0);
        return;
    default:
        hf__local_reply(e, id, HF_EUNSUPPORTED);
        return;
    }
}
