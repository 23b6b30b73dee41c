/* The life of a node as a table: permitted moves, and an invariant for each state. */
#include "base/error.h"
#include "node/node.h"

static const uint32_t moves[] = {
    [HF_STATE_STARTING] = HF__TO(HF_STATE_FRESH) | HF__TO(HF_STATE_RECOVERING) |
                          HF__TO(HF_STATE_CLAIMING) | HF__TO(HF_STATE_BLOCKED),
    [HF_STATE_FRESH] = HF__TO(HF_STATE_PLACING) | HF__TO(HF_STATE_BLOCKED),
    [HF_STATE_RECOVERING] = HF__TO(HF_STATE_CLAIMING) | HF__TO(HF_STATE_BLOCKED),
    /* A crash between the record and its confirmation leaves placing to be finished. */
    [HF_STATE_CLAIMING] =
        HF__TO(HF_STATE_PLACING) | HF__TO(HF_STATE_PLACED) | HF__TO(HF_STATE_BLOCKED),
    /* Who is below the floor that the authority has set claims anew. */
    [HF_STATE_PLACING] =
        HF__TO(HF_STATE_CLAIMING) | HF__TO(HF_STATE_PLACED) | HF__TO(HF_STATE_BLOCKED),
    [HF_STATE_PLACED] = HF__TO(HF_STATE_CLAIMING) | HF__TO(HF_STATE_READY) |
                        HF__TO(HF_STATE_DEGRADED) | HF__TO(HF_STATE_LEAVING) |
                        HF__TO(HF_STATE_HANDED_OVER) | HF__TO(HF_STATE_BLOCKED),
    [HF_STATE_READY] = HF__TO(HF_STATE_CLAIMING) | HF__TO(HF_STATE_DEGRADED) |
                       HF__TO(HF_STATE_PLACED) | HF__TO(HF_STATE_LEAVING) |
                       HF__TO(HF_STATE_HANDED_OVER) | HF__TO(HF_STATE_BLOCKED),
    [HF_STATE_DEGRADED] = HF__TO(HF_STATE_CLAIMING) | HF__TO(HF_STATE_READY) |
                          HF__TO(HF_STATE_PLACED) | HF__TO(HF_STATE_LEAVING) |
                          HF__TO(HF_STATE_HANDED_OVER) | HF__TO(HF_STATE_BLOCKED),
    /* A leave is taken back while nothing was forgotten. */
    [HF_STATE_LEAVING] = HF__TO(HF_STATE_CLAIMING) | HF__TO(HF_STATE_PLACED) |
                         HF__TO(HF_STATE_LEFT) | HF__TO(HF_STATE_HANDED_OVER) |
                         HF__TO(HF_STATE_BLOCKED),
    /* Registered anew, it begins anew. */
    [HF_STATE_LEFT] =
        HF__TO(HF_STATE_CLAIMING) | HF__TO(HF_STATE_PLACED) | HF__TO(HF_STATE_BLOCKED),
    [HF_STATE_BLOCKED] = 0,
    /* For good: what comes back is another process. */
    [HF_STATE_HANDED_OVER] = 0,
};

static bool has_record(const struct hf_engine *e)
{
    hf_assert(e->open); /* the mirror is of an open vault alone */
    return hf__rows_get(&e->rows, HF_ROW_RECORD, (struct hf_bytes){0}) != NULL;
}

static bool invariant(const struct hf_engine *e, enum hf_state state)
{
    switch (state) {
    case HF_STATE_RECOVERING:
        return e->has_account && !e->open;
    case HF_STATE_CLAIMING:
        return e->open && !e->claimed;
    case HF_STATE_PLACING:
        return e->open && e->claimed;
    case HF_STATE_PLACED:
    case HF_STATE_READY:
    case HF_STATE_DEGRADED:
    case HF_STATE_LEAVING:
    case HF_STATE_LEFT:
        return e->open && e->claimed && has_record(e);
    case HF_STATE_BLOCKED:
    case HF_STATE_HANDED_OVER:
        return !e->open;
    default:
        return true;
    }
}

void hf__state_set(struct hf_engine *e, enum hf_state state, int reason)
{
    hf_assert(state < HF_ARRAY_LEN(moves) && e->state < HF_ARRAY_LEN(moves));
    hf_assert(e->state_since_ms <= e->now_ms);
    enum hf_state old = (enum hf_state)e->state;
    if (old == state && e->reason == reason)
        return;
    hf_assert(old == state || (moves[old] & HF__TO(state)) != 0);
    hf_assert(invariant(e, state));
    if (old != state)
        e->state_since_ms = e->now_ms;
    e->state = (uint8_t)state;
    e->reason = reason;
    e->state_changed = true;
    hf__trace(e, HF_TRACE_STATE, reason, NULL, old, state);
}

bool hf__is_placed(const struct hf_engine *e)
{
    hf_assert(e->state < HF_ARRAY_LEN(moves));
    return e->state == HF_STATE_PLACED || e->state == HF_STATE_READY ||
           e->state == HF_STATE_DEGRADED || e->state == HF_STATE_LEAVING;
}
