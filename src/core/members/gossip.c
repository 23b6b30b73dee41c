/* /v1/gossip: events are pushed to a few while they are new, and compared with a random member on a
 * timer (proto/GOSSIP.md, 3). */
#include "base/error.h"
#include "members/members.h"

enum { FAN_OUT = 3, BUCKET_IDS = 64, DIGEST_IDS_MAX = 256, WANTED_MAX = 16, PUSHED = 1 };

/* Every method of a request has answers of one kind: what was pushed, or a digest. */
static const struct hf__ask ask_push = {
    .task = HF__TASK_GOSSIP, .method = HF_METHOD_GOSSIP, .arg = PUSHED};
static const struct hf__ask ask_digest = {.task = HF__TASK_GOSSIP, .method = HF_METHOD_GOSSIP};

static size_t members_count(const struct hf_engine *e)
{
    hf_assert(e->trust->set == NULL || e->trust->set->kind == HF_DOCUMENT_SET);
    return e->trust->set == NULL ? 0 : e->trust->set->u.set.validators_count;
}

uint8_t hf__gossip_budget(const struct hf_engine *e)
{
    uint8_t budget = 3;
    for (size_t n = members_count(e); n > 0; n /= 2)
        budget++;
    hf_assert(budget >= 3);
    return budget;
}

void hf__gossip_soon(struct hf_engine *e)
{
    hf_assert(e->timing.gossip_ms > 0);
    if (e->claimed && e->timers[HF__TIMER_GOSSIP] == HF__NEVER)
        hf__timer_set(e, HF__TIMER_GOSSIP,
                      e->timing.gossip_ms / 2 + hf__random_below(e, e->timing.gossip_ms / 2 + 1));
}

/* Distinct members other than this node, each as likely as any other; returns how many. */
static size_t pick(struct hf_engine *e, size_t count, const struct hf_account *ret[static FAN_OUT])
{
    size_t n = members_count(e), picked = 0;
    long self = n > 0 ? hf_set_find(e->trust->set, &e->account) : -1;
    size_t others = n - (self >= 0);
    hf_assert(count <= FAN_OUT);
    while (picked < count && picked < others) {
        size_t at = hf__random_below(e, (uint32_t)others);
        if (self >= 0 && at >= (size_t)self)
            at++;
        const struct hf_account *account = &e->trust->set->u.set.validators[at].account;
        bool twice = false;
        for (size_t i = 0; i < picked; i++)
            twice = twice || ret[i] == account;
        if (!twice)
            ret[picked++] = account;
    }
    hf_assert(picked <= count && picked <= others);
    return picked;
}

static void add(struct hf_engine *e, const struct hf__told *told, struct hf_signed_event *list,
                size_t *count)
{
    hf_assert(*count <= HF_EVENTS_MESSAGE_MAX && told->encoded != NULL);
    if (*count == HF_EVENTS_MESSAGE_MAX || !hf__told_may_leave(e, told))
        return;
    int r = hf__decode(e, &hf_wire_signed_event, hf_blob_bytes(told->encoded), &list[*count]);
    hf_assert(r == 0);
    ++*count;
}

/* Those with the most left to be told, as many as one message holds. ret_waits: there are others,
 * which cannot leave yet. */
static size_t freshest(struct hf_engine *e, struct hf__told *ret[static HF_EVENTS_MESSAGE_MAX],
                       bool *ret_waits)
{
    size_t count = 0;
    bool waits = false;
    *ret_waits = false;
    if (!e->members->telling)
        return 0;
    for (size_t i = 0; i < e->members->told_count; i++) {
        struct hf__told *told = e->members->told[i];
        if (told->budget == 0)
            continue;
        waits = waits || !hf__told_may_leave(e, told);
        if (!hf__told_may_leave(e, told))
            continue;
        size_t at = count < HF_EVENTS_MESSAGE_MAX ? count++ : HF_EVENTS_MESSAGE_MAX - 1;
        if (at == HF_EVENTS_MESSAGE_MAX - 1 && ret[at] != NULL && ret[at]->budget >= told->budget)
            continue;
        for (; at > 0 && ret[at - 1]->budget < told->budget; at--)
            ret[at] = ret[at - 1];
        ret[at] = told;
    }
    hf_assert(count <= HF_EVENTS_MESSAGE_MAX && (count == 0 || ret[0]->budget > 0));
    e->members->telling = count > 0 || waits;
    *ret_waits = waits;
    return count;
}

void hf__gossip_push(struct hf_engine *e)
{
    struct hf__told *fresh[HF_EVENTS_MESSAGE_MAX] = {0};
    struct hf_signed_event events[HF_EVENTS_MESSAGE_MAX];
    const struct hf_account *to[FAN_OUT];
    struct hf_gossip_request m = {.events = events};
    if (!e->claimed)
        return;
    bool waits;
    size_t count = freshest(e, fresh, &waits);
    if (waits)
        hf__gossip_soon(e);
    if (count == 0 && !e->members->news)
        return;
    for (size_t i = 0; i < count; i++)
        add(e, fresh[i], events, &m.events_count);
    hf__versions(e, &m.versions);
    struct hf_bytes body = hf__encode(e, &hf_wire_gossip_request, &m);
    size_t picked = pick(e, FAN_OUT, to), told = 0;
    hf_assert(picked <= FAN_OUT && m.events_count == count);
    struct hf__ask ask = ask_push;
    ask.at_once = hf__disk_waits(e);
    while (told < picked && hf__call(e, &ask, to[told], body) != HF_EBUSY)
        told++;
    /* Each of them is one telling. A node that reached no member has tried, and does not try for
     * ever. */
    uint8_t spent = (uint8_t)(told > 0 ? told : 1);
    for (size_t i = 0; i < count; i++)
        fresh[i]->budget = (uint8_t)(fresh[i]->budget > spent ? fresh[i]->budget - spent : 0);
    e->members->news = false;
    hf__gossip_soon(e);
}

static uint32_t head_of(const uint8_t *id)
{
    return (uint32_t)(hf_bytes_head(id) >> 32);
}

static bool in_bucket(const uint8_t *id, uint64_t bits, uint64_t bucket)
{
    return bits == 0 || head_of(id) >> (32 - bits) == bucket;
}

/* So many bits that a bucket holds about as many events as a digest names. */
static uint64_t bits_of(const struct hf_engine *e)
{
    size_t shared = hf__told_shared(e);
    uint64_t bits = 0;
    while ((uint64_t)shared >> bits > BUCKET_IDS)
        bits++;
    hf_assert(bits < 32);
    return bits;
}

void hf__gossip_reconcile(struct hf_engine *e)
{
    struct hf_gossip_request m = {.digest = true};
    uint8_t ids[DIGEST_IDS_MAX * HF__EVENT_ID_LEN];
    const struct hf_account *to[FAN_OUT];
    size_t count = 0;
    if (!e->open)
        return;
    uint32_t pause = e->timing.reconcile_ms;
    hf__timer_set(e, HF__TIMER_RECONCILE, pause * 3 / 4 + hf__random_below(e, pause / 2 + 1));
    hf__told_expire(e);
    hf__news_redate(e);
    hf__news_greet(e);
    if (!e->claimed || pick(e, 1, to) == 0 || hf__calling(e, HF_METHOD_GOSSIP, to[0], NULL))
        return;
    m.bits = bits_of(e);
    m.bucket = hf__random_below(e, UINT32_C(1) << m.bits);
    hf_assert(m.bucket >> m.bits == 0);
    for (size_t i = 0; i < e->members->told_count && count < DIGEST_IDS_MAX; i++)
        if (!e->members->told[i]->quiet && in_bucket(e->members->told[i]->id, m.bits, m.bucket))
            memcpy(ids + count++ * HF__EVENT_ID_LEN, e->members->told[i]->id, HF__EVENT_ID_LEN);
    m.known = hf_bytes_of(ids, count * HF__EVENT_ID_LEN);
    hf__versions(e, &m.versions);
    int r = hf__call(e, &ask_digest, to[0], hf__encode(e, &hf_wire_gossip_request, &m));
    (void)r; /* another one is asked next time */
}

/* Marks an id in a digest; false: it is not there. */
static bool mark(struct hf_bytes ids, const uint8_t *id, bool marked[static DIGEST_IDS_MAX])
{
    hf_assert(ids.len <= (size_t)DIGEST_IDS_MAX * HF__EVENT_ID_LEN);
    for (size_t i = 0; i * HF__EVENT_ID_LEN < ids.len; i++)
        if (memcmp(ids.data + i * HF__EVENT_ID_LEN, id, HF__EVENT_ID_LEN) == 0) {
            marked[i] = true;
            return true;
        }
    return false;
}

static const struct hf__told *by_id(const struct hf_engine *e, const uint8_t *id)
{
    for (size_t i = 0; i < e->members->told_count; i++) {
        const struct hf__told *told = e->members->told[i];
        if (memcmp(told->id, id, sizeof told->id) == 0 ||
            (told->has_rival && memcmp(told->rival, id, sizeof told->rival) == 0))
            return told;
    }
    return NULL;
}

/*
 * What a digest lacks, and what of it is lacking here. Of a digest of more events than one bucket
 * of this node's holds, a random bucket of those alone is compared: what it costs is for this node
 * to say, and with the next digest it may be another one.
 */
static void compare(struct hf_engine *e, const struct hf_gossip_request *m,
                    struct hf_gossip_response *answer)
{
    uint8_t *wanted = hf__scratch(e, (size_t)WANTED_MAX * HF__EVENT_ID_LEN);
    uint64_t bits = bits_of(e), bucket = m->bucket;
    bool known[DIGEST_IDS_MAX] = {false};
    size_t count = 0;
    if (bits > m->bits)
        bucket =
            m->bucket << (bits - m->bits) | hf__random_below(e, UINT32_C(1) << (bits - m->bits));
    else
        bits = m->bits;
    hf_assert(bits >= m->bits && bits <= 32 && bucket >> bits == 0);
    for (size_t i = 0; i < e->members->told_count; i++) {
        const struct hf__told *told = e->members->told[i];
        if (told->has_rival && in_bucket(told->rival, bits, bucket))
            (void)mark(m->known, told->rival, known);
        if (in_bucket(told->id, bits, bucket) && !mark(m->known, told->id, known) && !told->quiet)
            add(e, told, answer->events, &answer->events_count);
    }
    for (size_t i = 0; i * HF__EVENT_ID_LEN < m->known.len && count < WANTED_MAX; i++) {
        const uint8_t *id = m->known.data + i * HF__EVENT_ID_LEN;
        if (!known[i] && in_bucket(id, bits, bucket))
            memcpy(wanted + count++ * HF__EVENT_ID_LEN, id, HF__EVENT_ID_LEN);
    }
    hf_assert(count <= WANTED_MAX && answer->events_count <= HF_EVENTS_MESSAGE_MAX);
    answer->wanted = hf_bytes_of(wanted, count * HF__EVENT_ID_LEN);
}

/*
 * Whether who told an event could have seen what is wrong with it. What hangs on this node's clock,
 * on its documents, or on what it has heard before, an honest member passes on in good faith: an
 * author could otherwise take all others' voices from each other, by two words for one place, or
 * one that expires on the way.
 */
static bool is_tellers_fault(int error)
{
    switch (error) {
    case HF_ENOTMEMBER:
    case HF_EEVENT_TIME:
    case HF_EEXPIRED:
    case HF_EEVENT_STALE:
    case HF_EEVENT_CONTRADICTS:
    case HF_EQUOTA:
        return false;
    default:
        return true;
    }
}

/* Names who is to blame for an event that is refused. */
static void refuse(struct hf_engine *e, const struct hf_account *teller,
                   const struct hf_signed_event *what, int error)
{
    struct hf_event_statement s = {0};
    int r = hf__decode(e, &hf_wire_event_statement, what->statement, &s);
    /* It has signed both. */
    bool authors = error == HF_EEVENT_CONTRADICTS;
    hf_assert(r == 0 || !authors);
    hf__trace(e, HF_TRACE_EVENT_REFUSED, error, authors ? &s.author : teller, r == 0 ? s.kind : 0,
              0);
    if (is_tellers_fault(error))
        hf__teller_bad(e, teller);
    else if (authors)
        hf__teller_bad(e, &s.author);
}

/* Judges what an account told; what makes it stale goes back, when there is an answer for it. */
static void hear(struct hf_engine *e, const struct hf_account *account, bool behind,
                 const struct hf_signed_event *events, size_t count,
                 struct hf_gossip_response *answer)
{
    hf_assert(answer == NULL || answer->events_count <= HF_EVENTS_MESSAGE_MAX);
    for (size_t i = 0; i < count; i++) {
        struct hf__told *newer;
        int r = hf__news_accept(e, &events[i], &newer);
        if (r >= 0)
            continue;
        if (r == HF_EBUSY || r == HF_ERATE)
            continue; /* this node cannot keep it now, or its author says too much */
        if (r == HF_EEVENT_STALE || (behind && r == HF_ENOTMEMBER)) {
            if (newer != NULL && answer != NULL)
                add(e, newer, answer->events, &answer->events_count);
            continue;
        }
        refuse(e, account, &events[i], r);
    }
}

void hf__gossip_hear(struct hf_engine *e, const struct hf_account *account,
                     const struct hf_signed_event *events, size_t count)
{
    hf_assert(account != NULL);
    /* What comes alone names no documents: it may well be of newer ones. */
    hear(e, account, true, events, count, NULL);
}

int hf__recv_gossip(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && from->method == HF_METHOD_GOSSIP);
    struct hf_gossip_request m;
    struct hf_signed_event events[HF_EVENTS_MESSAGE_MAX];
    struct hf_gossip_response answer = {.events = events};
    int r = hf__documents_ready(e);
    if (r == 0)
        r = hf__decode(e, &hf_wire_gossip_request, body, &m);
    if (r == 0 && m.bucket >> m.bits != 0)
        r = HF_EBOUND;
    if (r != 0)
        return r;
    if (!from->has_account)
        return HF_EPERMISSION;
    bool behind = hf__versions_lack(e, &m.versions);
    if (!hf__is_member(e, &from->account))
        return behind ? HF_EBEHIND : HF_ENOTMEMBER;
    if (!hf__teller_may(e, &from->account, m.events_count))
        return HF_EBUSY;
    if (behind)
        hf__documents_pull(e, &from->account);
    hear(e, &from->account, behind, m.events, m.events_count, &answer);
    if (m.digest)
        compare(e, &m, &answer);
    hf__versions(e, &answer.versions);
    hf__reply_after(e, from->request, hf__encode(e, &hf_wire_gossip_response, &answer),
                    hf__told_after(e));
    return 0;
}

/* Gives a member the events that it asked for. */
static void give(struct hf_engine *e, const struct hf_account *account, struct hf_bytes wanted)
{
    hf_assert(e->claimed);
    struct hf_signed_event events[HF_EVENTS_MESSAGE_MAX];
    struct hf_gossip_request m = {.events = events};
    for (size_t i = 0; i + HF__EVENT_ID_LEN <= wanted.len; i += HF__EVENT_ID_LEN) {
        const struct hf__told *told = by_id(e, wanted.data + i);
        if (told != NULL)
            add(e, told, events, &m.events_count);
    }
    if (m.events_count == 0)
        return;
    hf__versions(e, &m.versions);
    int r = hf__call(e, &ask_push, account, hf__encode(e, &hf_wire_gossip_request, &m));
    (void)r; /* it hears them from others, or with its next digest */
}

int hf__gossip_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_GOSSIP && call->arg <= PUSHED);
    struct hf_gossip_response m;
    if (error != 0 || !e->claimed || !hf__is_member(e, &call->account))
        return 0;
    int r = hf__decode(e, &hf_wire_gossip_response, body, &m);
    if (r != 0)
        return r;
    r = hf__versions_check(e, &m.versions);
    if (!hf__teller_may(e, &call->account, m.events_count))
        return 0;
    hear(e, &call->account, r != 0, m.events, m.events_count, NULL);
    /* No member asked for what was pushed: only a digest is answered with wishes. */
    if (call->arg != PUSHED)
        give(e, &call->account, m.wanted);
    return r;
}
