/* What the application and the operator ask: a key (owner/release.c), a drill, leave to stop. */
#include "base/error.h"
#include "dispatch.h"

/* Answers when what was decided is durable. */
static void reply_written(struct hf_engine *e, uint64_t id, int error)
{
    hf_assert(error <= 0);
    hf__local_reply(e, id, error)->after = error == 0 ? e->write_seq : 0;
}

/* A request to share holders is answered to a key that lives in memory: a restart loses the answers
 * that people have given, and all of them have to be asked anew. */
static void drain(struct hf_engine *e, uint64_t id)
{
    hf_assert(e->quorum->request == NULL || !e->open);
    if (e->quorum->request != NULL)
        hf__local_reply(e, id, HF_EDRAINASKED);
    else if (e->provider->drain != NULL)
        hf__local_reply(e, id, HF_EBUSY);
    else
        hf__drain_begin(e, id);
}

/* Whether what is asked for must be durable before it is answered. */
static bool is_written(const struct hf_engine *e, enum hf_local_type type)
{
    hf_assert(type >= HF_LOCAL_KEY && type <= HF_LOCAL_QUOTE);
    return type == HF_LOCAL_LEAVE || type == HF_LOCAL_STAY || type == HF_LOCAL_ABANDON ||
           type == HF_LOCAL_BLACKSTART || (type == HF_LOCAL_DRAIN && e->claimed);
}

void hf__local(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(event->type == HF_EVENT_LOCAL && e->started);
    uint64_t id = event->u.local.id;
    /* The operator is told of the disk now, and need not wait until it takes something again. */
    if (e->store_error != 0 && is_written(e, event->u.local.type)) {
        hf__local_reply(e, id, e->store_error);
        return;
    }
    switch (event->u.local.type) {
    case HF_LOCAL_KEY:
        hf__release(e, id, event->u.local.key);
        return;
    case HF_LOCAL_KEYS:
        hf__release_both(e, id, event->u.local.key);
        return;
    case HF_LOCAL_CONFIRM:
        hf__release_confirm(e, id, event->u.local.key, event->u.local.version);
        return;
    case HF_LOCAL_DRILL: {
        int r = hf__why_closed(e);
        if (r == 0 && (e->owner->drill != NULL || e->owner->holders_count == 0))
            r = e->owner->drill != NULL ? HF_EBUSY : HF_ENOTPLACED;
        if (r != 0)
            hf__local_reply(e, id, r);
        else
            hf__drill_begin(e, id);
        return;
    }
    case HF_LOCAL_DRAIN:
        drain(e, id);
        return;
    case HF_LOCAL_UNDRAIN:
        hf__drain_free(e, HF_ECANCELED); /* a question under way must not end in draining */
        hf__drain_end(e);
        hf__local_reply(e, id, 0);
        return;
    case HF_LOCAL_STOP:
        reply_written(e, id, hf__stop_announce(e));
        return;
    case HF_LOCAL_LEAVE:
        reply_written(e, id, hf__leave_begin(e, event->u.local.reason, event->u.local.seconds));
        return;
    case HF_LOCAL_STAY:
        reply_written(e, id, hf__leave_cancel(e));
        return;
    case HF_LOCAL_ABANDON:
        reply_written(e, id, hf__leave_abandon(e, event->u.local.account));
        return;
    case HF_LOCAL_TAINT:
        reply_written(e, id, hf__life_taint(e));
        return;
    case HF_LOCAL_BLACKSTART:
        hf__blackstart_begin(e, id);
        return;
    case HF_LOCAL_ANSWER:
        hf__blackstart_add(e, id, event->u.local.answer);
        hf__life_settle(e);
        return;
    case HF_LOCAL_QUOTE:
        hf__application_ask(e, id, event->u.local.bytes);
        return;
    default:
        hf__local_reply(e, id, HF_EUNSUPPORTED);
        return;
    }
}
