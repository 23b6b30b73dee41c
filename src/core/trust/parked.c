/*
 * Messages that wait for the verdict on a quote. Each kind of asker has places of its own, and few
 * of its quotes are judged at a time: the others wait for their turn, which comes first to the
 * asker that has least waiting, and where all places are taken, the worst of them goes.
 */
#include <stdlib.h>

#include "base/error.h"
#include "trust/trust.h"

static const struct {
    uint16_t waiting, judged; /* at a time */
} most[] = {
    [HF__OWN] = {HF_PARKED_OWN_MAX, HF_PARKED_OWN_MAX},
    [HF__MEMBERS] = {HF_PARKED_MEMBERS_MAX, HF_JUDGED_MEMBERS_MAX},
    [HF__TICKETS] = {HF_PARKED_TICKETS_MAX, HF_JUDGED_TICKETS_MAX},
    [HF__EXPECTED] = {HF_PARKED_EXPECTED_MAX, HF_JUDGED_EXPECTED_MAX},
    [HF__STRANGERS] = {HF_PARKED_STRANGERS_MAX, HF_JUDGED_STRANGERS_MAX},
};

enum hf__asker_kind hf__asker_kind(const struct hf_engine *e, const struct hf__message *m)
{
    if (m == NULL || !m->is_request)
        return HF__OWN;
    if (m->has_account && hf__is_member(e, &m->account))
        return HF__MEMBERS;
    if (e->shared->step.ticket)
        return HF__TICKETS;
    return m->expected ? HF__EXPECTED : HF__STRANGERS;
}

static uint64_t source_of(enum hf__asker_kind kind, const struct hf__message *m)
{
    hf_assert(kind < HF__ASKER_KINDS && (kind == HF__OWN || m != NULL));
    if (kind == HF__OWN)
        return 0;
    return kind == HF__MEMBERS ? hf_bytes_head(m->account.bytes) : m->source;
}

/* How many messages of a source wait. */
static size_t load_of(const struct hf__trust *t, enum hf__asker_kind kind, uint64_t source)
{
    size_t load = 0;
    for (const struct hf__parked *m = t->parked; m != NULL; m = m->next)
        load += m->kind == kind && m->source == source;
    hf_assert(load <= t->parked_count[kind]);
    return load;
}

static struct hf__parked *take_out(struct hf__trust *t, struct hf__parked **at)
{
    struct hf__parked *m = *at;
    hf_assert(m != NULL && m->body != NULL);
    *at = m->next;
    m->next = NULL;
    hf_assert(t->parked_count[m->kind] > 0);
    t->parked_count[m->kind]--;
    return m;
}

/* Of a kind, where one waits whose quote is not being judged yet: of the source that has most (or
 * least) waiting, the one that has waited longest. NULL: there is none. */
static struct hf__parked **find_turn(const struct hf_engine *e, enum hf__asker_kind kind,
                                     bool least, size_t *ret_load)
{
    hf_assert(kind != HF__OWN && kind < HF__ASKER_KINDS);
    struct hf__parked **found = NULL;
    for (struct hf__parked **at = &e->trust->parked; *at != NULL; at = &(*at)->next) {
        const struct hf__parked *m = *at;
        if (m->kind != kind || hf__is_judged(e, &m->quote_hash))
            continue;
        size_t load = load_of(e->trust, kind, m->source);
        if (found != NULL && (least ? load >= *ret_load : load <= *ret_load))
            continue;
        found = at;
        *ret_load = load;
    }
    hf_assert(found == NULL || *ret_load > 0);
    return found;
}

int hf__parked_room(struct hf_engine *e, const struct hf__message *from)
{
    struct hf__trust *t = e->trust;
    enum hf__asker_kind kind = hf__asker_kind(e, from);
    size_t own = kind == HF__OWN ? 0 : load_of(t, kind, source_of(kind, from));
    hf_assert(t->parked_count[kind] <= most[kind].waiting);
    if (own >= HF_PARKED_EACH_MAX)
        return HF_ERATE;
    if (t->parked_count[kind] < most[kind].waiting)
        return 0;
    size_t load = 0;
    struct hf__parked **at = kind == HF__OWN ? NULL : find_turn(e, kind, false, &load);
    if (at == NULL || load <= own)
        return HF_EBUSY;
    struct hf__parked *worst = take_out(t, at);
    hf_assert(worst->message.is_request && t->parked_count[kind] < most[kind].waiting);
    hf__reply(e, worst->message.request, HF_EBUSY, (struct hf_bytes){0}, true);
    hf_blob_unref(worst->body);
    free(worst);
    return 0;
}

bool hf__is_judged(const struct hf_engine *e, const struct hf_hash *quote_hash)
{
    hf_assert(quote_hash != NULL);
    for (const struct hf__judging *j = e->trust->judging; j != NULL; j = j->next)
        if (hf_hash_equal(&j->quote_hash, quote_hash))
            return true;
    return false;
}

bool hf__may_judge(const struct hf_engine *e, enum hf__asker_kind kind)
{
    hf_assert(kind < HF__ASKER_KINDS);
    hf_assert(e->trust->judging_count[kind] <= most[kind].judged);
    return e->trust->judging_count[kind] < most[kind].judged;
}

void hf__park(struct hf_engine *e, const struct hf__message *what, struct hf_bytes body)
{
    struct hf__trust *t = e->trust;
    struct hf__parked **last = &t->parked;
    while (*last != NULL)
        last = &(*last)->next;
    struct hf__parked *m = malloc(sizeof *m);
    hf_assert(m != NULL);
    enum hf__asker_kind kind = hf__asker_kind(e, what);
    *m = (struct hf__parked){.kind = (uint8_t)kind,
                             .source = source_of(kind, what),
                             .message = *what,
                             .body = hf_blob_new(body)};
    m->message.counted = true;
    hf_assert(m->body != NULL);
    m->quote_hash = e->shared->step.wait_hash;
    *last = m;
    t->parked_count[kind]++;
    hf_assert(t->parked_count[kind] <= most[kind].waiting);
}

struct hf__parked *hf__parked_take(struct hf_engine *e, const struct hf_hash *quote_hash)
{
    struct hf__parked *taken = NULL, **last = &taken, **at = &e->trust->parked;
    while (*at != NULL) {
        if (!hf_hash_equal(&(*at)->quote_hash, quote_hash)) {
            at = &(*at)->next;
            continue;
        }
        *last = take_out(e->trust, at);
        last = &(*last)->next;
    }
    hf_assert(*last == NULL);
    return taken;
}

struct hf__parked *hf__parked_next(struct hf_engine *e)
{
    const struct hf__trust *t = e->trust;
    for (enum hf__asker_kind kind = HF__MEMBERS; kind < HF__ASKER_KINDS; kind++) {
        size_t load = 0;
        struct hf__parked **at = t->parked_count[kind] > 0 && hf__may_judge(e, kind)
                                     ? find_turn(e, kind, true, &load)
                                     : NULL;
        hf_assert(at == NULL || ((*at)->kind == kind && load > 0));
        if (at != NULL)
            return take_out(e->trust, at);
    }
    return NULL;
}
