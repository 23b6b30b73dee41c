/* What the engine reports, as log lines and counters. */
#include "base/error.h"
#include "clock/clock.h"
#include "daemon.h"
#include "life.h"
#include "log.h"

static const char *document_kind(uint64_t kind)
{
    static const char *const names[] = {"none", "root", "policy", "set", "share_set", "proposal"};
    return kind < HF_ARRAY_LEN(names) ? names[kind] : "unknown";
}

static const char *key_step(uint64_t step)
{
    static const char *const names[] = {"made", "redated", "used", "expired", "deleted", "tainted"};
    return step < HF_ARRAY_LEN(names) ? names[step] : "unknown";
}

/* Of what has two numbers: share holders, time servers, drills, handovers. */
static void quorum_numbers(struct hf__line *l, const struct hf_trace *t)
{
    static const struct {
        enum hf_trace_type type;
        const char *a, *b;
    } names[] = {{HF_TRACE_QUORUM_SEALED, "share_set", "version"},
                 {HF_TRACE_BLACKSTART_ASKED, "request", "needed"},
                 {HF_TRACE_BLACKSTART_ANSWER, "holder", "answers"},
                 {HF_TRACE_BLACKSTART_OPENED, "answers", "needed"},
                 {HF_TRACE_DRILL, "fit", "threshold"},
                 {HF_TRACE_GIVEN_UP, "claim", "rows"},
                 {HF_TRACE_INHERITED, "claim", "after_ms"},
                 {HF_TRACE_TIME, "agreeing", "needed"}};
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++)
        if (names[i].type == t->type) {
            hf__line_uint(l, names[i].a, t->a);
            hf__line_uint(l, names[i].b, t->b);
        }
}

/* Of keys that give way to others. */
static void key_numbers(struct hf__line *l, const struct hf_trace *t)
{
    if (t->type == HF_TRACE_KEY_MOVED) {
        hf__line_uint(l, "from", t->a);
        hf__line_uint(l, "to", t->b);
        return;
    }
    hf__line_uint(l, t->type == HF_TRACE_ROOT ? "version" : "key", t->a);
    hf__line_text(l, "step", key_step(t->b));
}

/* What a and b mean depends on the type: see core/trace.h. */
static void numbers(const struct hf__daemon *d, struct hf__line *l, const struct hf_trace *t)
{
    switch (t->type) {
    case HF_TRACE_STATE:
        hf__line_text(l, "from", hf_state_name((enum hf_state)t->a));
        hf__line_text(l, "to", hf_state_name((enum hf_state)t->b));
        return;
    case HF_TRACE_DOCUMENT:
    case HF_TRACE_DOCUMENT_REFUSED:
        hf__line_text(l, "kind", document_kind(t->a));
        hf__line_uint(l, "version", t->b);
        return;
    case HF_TRACE_REQUEST_REFUSED:
    case HF_TRACE_CALL_FAILED:
    case HF_TRACE_PEER_MISBEHAVED:
        hf__line_text(l, "method", hf_method_name((int)t->a));
        return;
    case HF_TRACE_QUOTE_REFUSED:
    case HF_TRACE_QUOTE_FAILED:
    case HF_TRACE_HANDOVER_FAILED:
    case HF_TRACE_STORE:
        return;
    case HF_TRACE_CLAIM_ASKED:
    case HF_TRACE_CLAIM_WON:
    case HF_TRACE_CLAIM_ACCEPTED:
    case HF_TRACE_CLAIM_REFUSED:
    case HF_TRACE_FENCED:
        hf__line_uint(l, "claim", t->a);
        return;
    case HF_TRACE_KEY_RELEASED:
        hf__line_uint(l, "version", t->a);
        hf__line_uint(l, "first", t->b);
        return;
    case HF_TRACE_ROUND:
        hf__line_uint(l, "round", t->a);
        hf__line_uint(l, "asked", t->b);
        return;
    case HF_TRACE_REBUILT:
        hf__line_uint(l, "generation", t->a);
        hf__line_uint(l, "shares", t->b);
        return;
    case HF_TRACE_SEED_FAILED:
        hf__line_text(l, "seed", d->settings->seeds.items[t->a].text);
        return;
    case HF_TRACE_QUORUM_SEALED:
    case HF_TRACE_BLACKSTART_ASKED:
    case HF_TRACE_BLACKSTART_ANSWER:
    case HF_TRACE_BLACKSTART_OPENED:
    case HF_TRACE_DRILL:
    case HF_TRACE_GIVEN_UP:
    case HF_TRACE_INHERITED:
    case HF_TRACE_TIME:
        quorum_numbers(l, t);
        return;
    case HF_TRACE_SEALING_KEY:
    case HF_TRACE_MESH_KEY:
    case HF_TRACE_ROOT:
    case HF_TRACE_KEY_MOVED:
        key_numbers(l, t);
        return;
    case HF_TRACE_CANDIDATE_FAILED:
        hf__line_uint(l, "index", t->a);
        return;
    default:
        hf__line_uint(l, "generation", t->a);
        if (t->b != 0)
            hf__line_uint(l, "index", t->b);
        return;
    }
}

/* Tell what any peer can make happen as often as it likes. */
static bool caused_by_others(enum hf_trace_type type)
{
    switch (type) {
    case HF_TRACE_DOCUMENT_REFUSED:
    case HF_TRACE_REQUEST_REFUSED:
    case HF_TRACE_QUOTE_REFUSED:
    case HF_TRACE_CLAIM_REFUSED:
    case HF_TRACE_PEER_MISBEHAVED:
    case HF_TRACE_CALL_FAILED:
        return true;
    default:
        return false;
    }
}

/* Begins a line, if one more of this type may be written: so many in a while, and of one source no
 * more than the transport gives it. */
static bool begin(struct hf__daemon *d, struct hf__line *l, const struct hf_trace *t, int level)
{
    struct hf__log_rate *rate = &d->trace_rates[t->type];
    const char *event = hf_trace_name(t->type);
    if (!caused_by_others(t->type))
        return hf__log_begin(l, level, event);
    if (hf__log_wanted(level) && d->asker != NULL && !hf_net_may_log(d->net, d->asker->conn)) {
        hf__log_hold_back(rate, level, event);
        return false;
    }
    return hf__log_begin_rated(l, rate, hf_clock_monotonic_ms(), level, event);
}

/* At what level: what a stranger did is nothing for an operator to act on. */
static int level_of(const struct hf_trace *t)
{
    return t->foreign && caused_by_others(t->type) ? HF__DEBUG : hf_trace_level(t->type);
}

void hf__trace_log(struct hf__daemon *d, const struct hf_trace *t)
{
    struct hf__line l;
    hf_assert((size_t)t->type < HF_ARRAY_LEN(d->traces));
    d->traces[t->type]++;
    if (d->life != NULL)
        hf__life_add(d->life, t, hf_clock_wall_ms() / 1000);
    hf__formats_settle(d, t);
    if (!begin(d, &l, t, level_of(t)))
        return;
    numbers(d, &l, t);
    if (!hf_account_zero(&t->account))
        hf__line_hex(&l, "account", hf_account_bytes(&t->account));
    if (!hf_hash_zero(&t->hash) && t->type == HF_TRACE_DOCUMENT_REFUSED) {
        hf__line_hex(&l, "found", hf_hash_bytes(&t->hash));
        hf__line_hex(&l, "wanted", hf_bytes_of(d->settings->network.bytes, HF_ID_LEN));
    } else if (!hf_hash_zero(&t->hash)) {
        hf__line_hex(&l, "hash", hf_hash_bytes(&t->hash));
    }
    hf__line_error(&l, t->error);
    hf__log_write(&l);
}

void hf__traces_say(struct hf__daemon *d)
{
    struct hf__line l;
    for (size_t i = 0; i < HF_ARRAY_LEN(d->trace_rates); i++)
        if (hf__log_begin_held_back(&l, &d->trace_rates[i], hf_clock_monotonic_ms(), false))
            hf__log_write(&l);
}
