/*
 * Probes, and what they come to (proto/GOSSIP.md, 6): SWIM with Lifeguard's refinements. One timer
 * looks at everything that may be due.
 */
#include "base/error.h"
#include "members/detect.h"

enum {
    KIND_PING = 1,
    CARRIERS = 3,
    CONFIRMERS = 2,
    LOST_MAX = 3,   /* probes in a row without a datagram: then the connection is asked first */
    LOST_AGAIN = 8, /* of which every so many is by datagram all the same */
    SMALL_SET = HF_PROBE_TARGETS_MAX + 1,
    ANSWER_PERIODS_MAX = 16, /* between two answers to suspicions, in the end */
};

static const struct hf__ask ask_probe = {.task = HF__TASK_PROBE, .method = HF_METHOD_PROBE};

static size_t members_count(const struct hf_engine *e)
{
    hf_assert(e->trust->set == NULL || e->trust->set->kind == HF_DOCUMENT_SET);
    return e->trust->set == NULL ? 0 : e->trust->set->u.set.validators_count;
}

/* A time of a probe, stretched by how slow this node itself is. */
static uint64_t stretched(const struct hf_engine *e, uint64_t ms)
{
    hf_assert(e->members->detector->health <= HF_HEALTH_MAX);
    return ms * (1 + e->members->detector->health);
}

static void worse(struct hf__detector *d)
{
    hf_assert(d->health <= HF_HEALTH_MAX);
    d->health = (uint8_t)(d->health < HF_HEALTH_MAX ? d->health + 1 : d->health);
}

void hf__detect_soon(struct hf_engine *e)
{
    hf_assert(e->open || e->members->detector == NULL);
    if (e->members->detector != NULL && e->claimed)
        hf__timer_set(e, HF__TIMER_PROBE, 0);
}

/* ---- whom */

static void shuffle(struct hf_engine *e, struct hf__detector *d)
{
    hf_assert(d->targets_count <= HF_PROBE_TARGETS_MAX);
    for (size_t i = d->targets_count; i > 1; i--) {
        size_t j = hf__random_below(e, (uint32_t)i);
        uint32_t swapped = d->targets[i - 1];
        d->targets[i - 1] = d->targets[j];
        d->targets[j] = swapped;
    }
    d->target_next = 0;
}

static const struct hf_account *account_of(const struct hf_engine *e, uint32_t target)
{
    hf_assert(target < e->trust->set->u.set.validators_count);
    return &e->trust->set->u.set.validators[target].account;
}

/* All others of a small set; of a larger one those that follow, round. */
static void choose_targets(struct hf_engine *e, struct hf__detector *d)
{
    size_t n = members_count(e);
    long self = n > 0 ? hf_set_find(e->trust->set, &e->account) : -1;
    d->targets_adopted = e->trust->adopted;
    d->targets_count = 0;
    hf_assert(self < (long)n);
    for (size_t i = 0; i < d->contacts_cap; i++)
        d->contacts[i].in_turn = false;
    for (size_t i = 1; self >= 0 && i < n && d->targets_count < HF_PROBE_TARGETS_MAX; i++) {
        uint32_t target = (uint32_t)(((size_t)self + i) % n);
        struct hf__contact *c = hf__contact_find(e, account_of(e, target));
        d->targets[d->targets_count++] = target;
        if (c != NULL)
            c->in_turn = !hf__view_left(e, &c->account);
    }
    shuffle(e, d);
}

/* ---- the ways of a ping */

static void by_connection(struct hf_engine *e, struct hf__probe_run *run)
{
    hf_assert(run->used && !hf_account_equal(&run->account, &e->account));
    struct hf_signed_event events[4];
    struct hf_probe m = {.kind = KIND_PING};
    if (hf__calling(e, HF_METHOD_PROBE, &run->account, NULL))
        return;
    memcpy(m.nonce, run->nonce, sizeof m.nonce);
    hf__datagram_events(e, &run->account, true, HF_EVENTS_LEN, events, &m);
    run->greeted = true;
    struct hf__ask ask = ask_probe;
    ask.at_once = hf__disk_waits(e);
    int r = hf__call(e, &ask, &run->account, hf__encode(e, &hf_wire_probe, &m));
    (void)r; /* it is no answer either */
}

static bool by_datagram(struct hf_engine *e, struct hf__probe_run *run, const struct hf_account *by)
{
    hf_assert(run->used && (by == NULL || !hf_account_equal(by, &run->account)));
    struct hf_signed_event events[4];
    struct hf_probe m = {.kind = KIND_PING};
    memcpy(m.nonce, run->nonce, sizeof m.nonce);
    const struct hf__contact *c = hf__contact_find(e, &run->account);
    bool greet = c != NULL && c->behind;
    hf__datagram_events(e, &run->account, greet, by != NULL ? HF_CARRIED_EVENTS_LEN : HF_EVENTS_LEN,
                        events, &m);
    run->greeted = run->greeted || (greet && by == NULL);
    return by != NULL ? hf__datagram_carry(e, by, &run->account, &m)
                      : hf__datagram_send(e, &run->account, &m);
}

/* It is probed out of turn then; HF__NEVER: not. Every change goes this way, for look_ms. */
static void set_due(struct hf__detector *d, struct hf__contact *c, uint64_t due_ms)
{
    hf_assert(c->used && c >= d->contacts && c < d->contacts + d->contacts_cap);
    if (c->due_ms == due_ms)
        return;
    c->due_ms = due_ms;
    d->look_ms = 0;
}

static void begin(struct hf_engine *e, struct hf__contact *c, bool last)
{
    hf_assert(e->claimed && c->used);
    struct hf__detector *d = e->members->detector;
    struct hf__probe_run *run = hf__run_of(d, &c->account);
    if (run == NULL)
        run = hf__run_new(d);
    if (run == NULL) {
        /* As soon as one of them is over. */
        set_due(d, c, e->now_ms + e->timing.probe_ms / 4);
        return;
    }
    set_due(d, c, HF__NEVER);
    if (run->used) {
        run->last = run->last || last;
        return;
    }
    *run = (struct hf__probe_run){.used = true, .last = last, .begun_ms = e->now_ms};
    hf_assert(c->used && !hf_account_equal(&c->account, &e->account));
    run->account = c->account;
    e->suite->random(&e->secrets->rng, run->nonce, sizeof run->nonce);
    bool lost = c->lost >= LOST_MAX && c->lost % LOST_AGAIN != 0;
    run->pinged = !lost && by_datagram(e, run, NULL);
    if (!run->pinged)
        by_connection(e, run);
    if (c->lost < UINT8_MAX)
        c->lost++;
    hf_assert(run->used && c->lost > 0);
    run->next_ms = e->now_ms + stretched(e, e->timing.probe_ms / 5);
}

/* When a probe has failed, after it was widened. To a member that has not answered yet a connection
 * may have to be opened first: over a long line that alone takes longer than a probe. */
static uint64_t rest_of(const struct hf_engine *e, const struct hf__probe_run *run)
{
    const struct hf__contact *c = hf__contact_find(e, &run->account);
    hf_assert(run->used && run->wide);
    bool opens = !run->pinged && (c == NULL || c->heard_ms == 0);
    return stretched(e, opens ? e->timing.probe_ms * UINT64_C(9) / 5
                              : e->timing.probe_ms * UINT64_C(3) / 10);
}

/* Asks on every other way: who does not answer one must not be blamed for it. */
static void widen(struct hf_engine *e, struct hf__probe_run *run)
{
    struct hf__detector *d = e->members->detector;
    hf_assert(run->used && !run->wide && run->carriers == 0);
    run->wide = true;
    hf_assert(run->begun_ms <= e->now_ms);
    run->next_ms = e->now_ms + rest_of(e, run);
    if (run->pinged)
        by_connection(e, run);
    /* A random one to begin with: each as likely as any other. */
    uint32_t from = d->contacts_cap > 0 ? hf__random_below(e, d->contacts_cap) : 0;
    for (size_t i = 0; i < d->contacts_cap && run->carriers < CARRIERS; i++) {
        struct hf__contact *c = &d->contacts[(from + i) % d->contacts_cap];
        if (!c->used || c->found != HF__FOUND_WELL || !c->datagrams ||
            hf_account_equal(&c->account, &run->account) || !hf__is_member(e, &c->account))
            continue;
        run->carriers += by_datagram(e, run, &c->account);
    }
}

/* ---- what it comes to */

static void find(struct hf_engine *e, struct hf__contact *c, enum hf__found found)
{
    hf_assert(c->used && found <= HF__FOUND_UNREACHABLE);
    /* No member is unreachable without having been suspected. */
    hf_assert(found != HF__FOUND_UNREACHABLE || c->found != HF__FOUND_WELL);
    if (c->found == found)
        return;
    hf_assert(c->found_ms <= e->now_ms);
    c->found = (uint8_t)found;
    c->found_ms = e->now_ms;
    e->members->detector->look_ms = 0;
    e->members->changed++;
    hf__trace(e, HF_TRACE_FOUND, 0, &c->account, found,
              hf__told_highest(e, &c->account).incarnation);
}

static size_t suspects(const struct hf_engine *e, const struct hf_account *account)
{
    const struct hf__members *m = e->members;
    size_t count = 0;
    for (size_t i = hf__told_suspected(e, account);
         i < m->told_count && hf_account_equal(&m->told[i]->subject, account); i++)
        count += m->told[i]->kind == HF__NEWS_SUSPECT &&
                 !hf_account_equal(&m->told[i]->author, &e->account);
    hf_assert(count <= m->told_count);
    return count;
}

/* The decimal logarithm in thousandths, at least one; exact at powers of two. */
static uint64_t log10_milli(size_t n)
{
    uint64_t log2_milli = 0;
    size_t power = 1;
    for (; power * 2 <= n; power *= 2)
        log2_milli += 1000;
    log2_milli += (n - power) * 1000 / power;
    uint64_t milli = log2_milli * 301 / 1000;
    hf_assert(power <= n || n == 0);
    return milli < 1000 ? 1000 : milli;
}

/* How long a suspicion lasts: the shorter, the more others have it too. */
static uint64_t suspicion_ms(const struct hf_engine *e, const struct hf__contact *c)
{
    static const uint32_t part_milli[CONFIRMERS + 1] = {0, 631, 1000}; /* ln(c + 1) / ln 3 */
    uint64_t least = e->timing.probe_ms * UINT64_C(4) * log10_milli(members_count(e)) / 1000;
    size_t others = suspects(e, &c->account);
    uint32_t part = part_milli[others < CONFIRMERS ? others : CONFIRMERS];
    hf_assert(c->found == HF__FOUND_SUSPECT && part <= 1000);
    return stretched(e, least * 6 - least * 5 * part / 1000);
}

static void failed(struct hf_engine *e, struct hf__probe_run *run)
{
    struct hf__detector *d = e->members->detector;
    struct hf__contact *c = hf__contact_find(e, &run->account);
    hf_assert(run->used && run->wide && run->heard_of <= run->carriers);
    run->used = false;
    if (run->carriers > run->heard_of)
        worse(d);
    if (c == NULL || !hf__is_member(e, &c->account))
        return;
    if (c->found == HF__FOUND_SUSPECT && run->last) {
        find(e, c, HF__FOUND_UNREACHABLE);
    } else if (c->found == HF__FOUND_WELL) {
        c->accused = hf__told_highest(e, &c->account);
        c->accused_ms = e->now_ms;
        find(e, c, HF__FOUND_SUSPECT);
        hf__news_suspect(e, &c->account);
    }
}

void hf__members_heard(struct hf_engine *e, const struct hf_account *account)
{
    struct hf__contact *c = hf__contact_find(e, account);
    if (c == NULL)
        return;
    hf_assert(c->used && c->heard_ms <= e->now_ms);
    struct hf__probe_run *run = hf__run_of(e->members->detector, account);
    if (run != NULL)
        run->used = false;
    c->heard_ms = e->now_ms;
    if (c->found == HF__FOUND_WELL)
        return;
    find(e, c, HF__FOUND_WELL);
    /* It is told what it is accused of, so that it can answer it for all. */
    set_due(e->members->detector, c, e->now_ms + e->timing.probe_ms / 4);
    hf__detect_soon(e);
}

void hf__probe_answered(struct hf_engine *e, const struct hf_account *account,
                        const uint8_t nonce[static 16], bool datagram)
{
    struct hf__detector *d = e->members->detector;
    hf_assert(d != NULL);
    struct hf__probe_run *run = hf__run_of(d, account);
    struct hf__contact *c = hf__contact_find(e, account);
    if (run == NULL || c == NULL || memcmp(run->nonce, nonce, sizeof run->nonce) != 0)
        return; /* of a probe that is over: no evidence of anything */
    hf_assert(run->begun_ms <= e->now_ms);
    c->trip_ms = (uint32_t)(e->now_ms - run->begun_ms);
    c->datagrams = datagram;
    c->behind = c->behind && !run->greeted;
    if (datagram)
        c->lost = 0;
    d->health = (uint8_t)(d->health > 0 ? d->health - 1 : 0);
    hf__members_heard(e, account);
}

void hf__probe_not_yet(struct hf_engine *e, const uint8_t nonce[static 16])
{
    struct hf__detector *d = e->members->detector;
    hf_assert(d != NULL);
    for (size_t i = 0; i < d->runs_cap; i++)
        if (d->runs[i].used && memcmp(d->runs[i].nonce, nonce, sizeof d->runs[i].nonce) == 0 &&
            d->runs[i].heard_of < d->runs[i].carriers)
            d->runs[i].heard_of++;
}

void hf__members_closed(struct hf_engine *e, const struct hf_account *account)
{
    if (e->members->detector == NULL || !e->claimed || !hf__is_member(e, account) ||
        hf_account_equal(account, &e->account) || hf__view_left(e, account))
        return;
    struct hf__contact *c = hf__contact_get(e, account, true);
    if (c == NULL || c->found != HF__FOUND_WELL)
        return;
    hf_assert(c->used);
    set_due(e->members->detector, c, e->now_ms);
    hf__detect_soon(e);
}

/* ---- the timer */

/* It was this node that slept: nothing that ran meanwhile says anything of others. */
static void slept(struct hf_engine *e)
{
    struct hf__detector *d = e->members->detector;
    hf_assert(e->late_ms > e->timing.probe_ms);
    for (size_t i = 0; i < d->runs_cap; i++)
        d->runs[i].used = false;
    for (size_t i = 0; i < d->contacts_cap; i++)
        d->contacts[i].accused_ms += e->late_ms;
    worse(d);
}

/* What was told of those that this node probes. Who has left is probed no more. */
static void hear_rumours(struct hf_engine *e, struct hf__detector *d)
{
    uint32_t within = members_count(e) <= SMALL_SET ? e->timing.probe_ms / 4 : e->timing.probe_ms;
    for (size_t i = 0; i < d->contacts_cap; i++) {
        struct hf__contact *c = &d->contacts[i];
        c->used = c->used && !hf__view_left(e, &c->account);
        if (!c->used)
            continue;
        size_t count = suspects(e, &c->account);
        struct hf__place newest = hf__told_highest(e, &c->account);
        bool news = count > c->rumours && c->found == HF__FOUND_WELL;
        c->rumours = (uint8_t)(count < UINT8_MAX ? count : UINT8_MAX);
        if (c->found != HF__FOUND_WELL && hf__place_compare(&newest, &c->accused) > 0) {
            news = true;
            c->accused = newest;
            if (c->found == HF__FOUND_SUSPECT)
                find(e, c, HF__FOUND_WELL);
        }
        if (news && c->due_ms == HF__NEVER)
            set_due(d, c, e->now_ms + hf__random_below(e, within + 1));
    }
    e->members->rumour = false;
}

/*
 * This node is suspected itself: it answers, and takes it that it is slow. Accused again and again
 * it answers ever more seldom, as its answers cost the whole network, and each a write. No node
 * takes it for unreachable meanwhile: that takes a probe that fails.
 */
static void answer_suspicion(struct hf_engine *e, struct hf__detector *d)
{
    hf_assert(e->claimed && d->health <= HF_HEALTH_MAX);
    struct hf__members *m = e->members;
    uint64_t period_ms = e->timing.probe_ms;
    if (m->answer_pause_ms == 0 || e->now_ms >= m->answered_ms + 4 * ANSWER_PERIODS_MAX * period_ms)
        m->answer_pause_ms = e->timing.probe_ms;
    if (!m->accused || hf__disk_waits(e) || e->now_ms < m->answered_ms + m->answer_pause_ms)
        return;
    worse(d);
    hf__news_alive(e);
    if (m->answer_pause_ms < ANSWER_PERIODS_MAX * period_ms)
        m->answer_pause_ms *= 2;
}

/* Looks at one contact; returns when to look again. */
static uint64_t look_at(struct hf_engine *e, struct hf__contact *c)
{
    hf_assert(c->used && c->found <= HF__FOUND_UNREACHABLE);
    uint64_t over_ms = HF__NEVER;
    if (c->found == HF__FOUND_SUSPECT && hf__run_of(e->members->detector, &c->account) == NULL)
        over_ms = c->accused_ms + suspicion_ms(e, c);
    if (over_ms <= e->now_ms)
        begin(e, c, true);
    else if (c->due_ms <= e->now_ms)
        begin(e, c, false);
    else
        return over_ms < c->due_ms ? over_ms : c->due_ms;
    return c->due_ms; /* another time, when as many as may are under way */
}

/*
 * Looks at every contact that may be due; returns when to look again. Between two changes of
 * them the earliest time stands as it was found, unless one is suspected: how long it remains so
 * hangs on what others say and on how slow this node itself is.
 */
static uint64_t look_at_contacts(struct hf_engine *e, struct hf__detector *d)
{
    hf_assert(d->contacts_cap <= HF_CONTACTS_MAX);
    if (e->now_ms < d->look_ms)
        return d->look_ms;
    uint64_t next = HF__NEVER;
    bool suspected = false;
    for (size_t i = 0; i < d->contacts_cap; i++) {
        struct hf__contact *c = &d->contacts[i];
        if (!c->used)
            continue;
        uint64_t at = look_at(e, c);
        next = at < next ? at : next;
        suspected = suspected || c->found == HF__FOUND_SUSPECT;
    }
    hf_assert(next == HF__NEVER || d->contacts_cap > 0);
    d->look_ms = suspected ? 0 : next;
    return next;
}

/* The next in turn; who has said that it keeps nothing any more is not missed. */
static void probe_next(struct hf_engine *e, struct hf__detector *d)
{
    hf_assert(e->claimed && d->targets_count <= HF_PROBE_TARGETS_MAX);
    if (d->targets_adopted != e->trust->adopted)
        choose_targets(e, d);
    hf_assert(d->target_next <= d->targets_count);
    for (size_t tried = 0; tried < d->targets_count; tried++) {
        if (d->target_next == d->targets_count)
            shuffle(e, d);
        const struct hf_account *account = account_of(e, d->targets[d->target_next++]);
        if (hf__view_left(e, account))
            continue;
        struct hf__contact *c = hf__contact_get(e, account, true);
        if (c != NULL) {
            c->in_turn = true;
            begin(e, c, false);
        }
        return;
    }
}

void hf__detect_due(struct hf_engine *e)
{
    struct hf__detector *d = e->members->detector;
    if (d == NULL || !e->claimed || hf__documents_ready(e) != 0)
        return; /* set again when the claim stands, or documents come */
    if (e->late_ms > e->timing.probe_ms)
        slept(e);
    if (d->contacts_adopted != e->trust->adopted)
        hf__strangers_drop(e, d);
    if (e->now_ms >= d->period_ms) {
        probe_next(e, d);
        d->period_ms = e->now_ms + stretched(e, e->timing.probe_ms);
    }
    for (size_t i = 0; i < d->runs_cap; i++) {
        struct hf__probe_run *run = &d->runs[i];
        if (run->used && run->next_ms <= e->now_ms && !run->wide)
            widen(e, run);
        else if (run->used && run->next_ms <= e->now_ms)
            failed(e, run);
    }
    answer_suspicion(e, d);
    if (e->members->rumour)
        hear_rumours(e, d);
    uint64_t next = hf__carried_due(e), contacts_ms = look_at_contacts(e, d);
    next = contacts_ms < next ? contacts_ms : next;
    for (size_t i = 0; i < d->runs_cap; i++)
        if (d->runs[i].used && d->runs[i].next_ms < next)
            next = d->runs[i].next_ms;
    next = d->period_ms < next ? d->period_ms : next;
    hf_assert(next != HF__NEVER && d->health <= HF_HEALTH_MAX);
    hf__timer_set(e, HF__TIMER_PROBE, next > e->now_ms ? next - e->now_ms : 0);
}
