#include "rotate_sweeps.h"

#include <string.h>

enum { DISTURBED = 12, KIND = 8 };

/* ---- chance: the same in every run */

static uint64_t state;

static uint64_t draw(void)
{
    state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = state;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint32_t below(uint32_t bound)
{
    return (uint32_t)(draw() % bound);
}

static struct hf__rotation any_policy(void)
{
    struct hf__rotation p = {.active_s = 2 + below(100), .suites = 1 + below(7)};
    p.pending_s = below((uint32_t)p.active_s);
    p.expired_s = below((uint32_t)p.active_s + 1);
    p.max = below(4) == 0 ? (uint8_t)below(HF__KEYS_MAX + 1) : HF__KEYS_MAX;
    return p;
}

/* Any table that is one, whether this function could have led to it or not. */
static struct hf__keys any_keys(uint64_t now_s)
{
    struct hf__keys keys = {.id_next = 1};
    size_t count = below(4) == 0 ? below(HF__KEYS_MAX + 1) : below(6);
    bool same = below(3) == 0; /* equal times */
    uint8_t only = (uint8_t)below(6);
    for (size_t i = 0; i < count; i++) {
        struct hf__key k = {.id = keys.id_next + below(3), .suite = (uint8_t)below(4)};
        k.state = only >= HF__KEY_PENDING && only <= HF__KEY_EXPIRED ? only : 1 + (uint8_t)below(3);
        k.ready = below(2) == 0;
        k.needed = below(4) == 0;
        k.tainted = below(5) == 0;
        k.since_s = now_s - (same ? 50 : below(150)) + (below(8) == 0 ? 200 : 0);
        keys.id_next = k.id + 1;
        keys.list[keys.count++] = k;
    }
    if (below(64) == 0)
        keys.id_next = UINT32_MAX - below(2);
    return keys;
}

static void shuffle(struct hf__keys *keys)
{
    for (size_t i = keys->count; i > 1; i--) {
        size_t j = below((uint32_t)i);
        struct hf__key k = keys->list[i - 1];
        keys->list[i - 1] = keys->list[j];
        keys->list[j] = k;
    }
}

/* ---- a sweep, and what it came to */

void rotate_sweep(struct rotate_sweep *s)
{
    s->count = hf__rotate(&s->before, &s->policy, s->now_s, s->ops);
    s->after = s->before;
    for (size_t i = 0; i < s->count; i++)
        hf__key_move(&s->after, &s->ops[i], s->now_s);
}

static const struct hf__key *find(const struct hf__keys *keys, uint32_t id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->list[i].id == id)
            return &keys->list[i];
    return NULL;
}

size_t rotate_count(const struct hf__keys *keys, int suite, enum hf__key_state in)
{
    size_t count = 0;
    for (size_t i = 0; i < keys->count; i++)
        count += keys->list[i].state == in && (suite < 0 || keys->list[i].suite == suite);
    return count;
}

static bool configured(const struct rotate_sweep *s, int suite)
{
    return (s->policy.suites >> suite & 1) != 0;
}

static bool active_configured(const struct rotate_sweep *s)
{
    for (int suite = 0; suite < HF__KEY_SUITES; suite++)
        if (configured(s, suite) && rotate_count(&s->after, suite, HF__KEY_ACTIVE) > 0)
            return true;
    return false;
}

static uint64_t age(const struct hf__key *k, uint64_t now_s)
{
    return k->since_s <= now_s ? now_s - k->since_s : 0;
}

/* What must hold of one suite. NULL, or the name of what does not. */
static const char *broken_suite(const struct rotate_sweep *s, int suite)
{
    size_t active = rotate_count(&s->after, suite, HF__KEY_ACTIVE);
    size_t pending = rotate_count(&s->after, suite, HF__KEY_PENDING);
    if (active > 1)
        return "one_active";
    if (pending > 1)
        return "one_pending";
    if (!configured(s, suite))
        return pending > 0 || (active > 0 && active_configured(s)) ? "removed_suite" : NULL;
    if (active == 0 && rotate_count(&s->before, suite, HF__KEY_ACTIVE) > 0)
        return "keeps_an_active";
    bool room = s->after.count < s->policy.max && s->after.id_next < UINT32_MAX;
    for (size_t i = 0; i < s->after.count; i++) {
        const struct hf__key *k = &s->after.list[i];
        if (k->suite == suite && k->state == HF__KEY_ACTIVE && pending == 0 && room &&
            (k->tainted || age(k, s->now_s) >= s->policy.active_s))
            return k->tainted ? "taint_at_once" : "over_age_has_a_pending";
    }
    return active == 0 && pending == 0 && room ? "empty_suite_has_a_pending" : NULL;
}

/* What must hold of a key that became active. */
static const char *broken_promotion(const struct rotate_sweep *s, const struct hf__key *was)
{
    if (!was->ready)
        return "only_what_is_ready";
    if (was->tainted)
        return "never_tainted";
    bool hurry = true; /* no active one, or none without taint */
    for (size_t i = 0; i < s->before.count; i++) {
        const struct hf__key *k = &s->before.list[i];
        if (k->suite != was->suite || k->state == HF__KEY_EXPIRED || k->id == was->id)
            continue;
        if (k->state == HF__KEY_ACTIVE && !k->tainted)
            hurry = false;
        if (k->state == HF__KEY_PENDING && !k->tainted && k->id < was->id)
            return "the_first_pending";
    }
    return !hurry && age(was, s->now_s) < s->policy.pending_s ? "not_before_its_time" : NULL;
}

/* A key that stayed pending although it could have been promoted. */
static const char *broken_patience(const struct rotate_sweep *s, const struct hf__key *was)
{
    bool hurry = true;
    for (size_t i = 0; i < s->before.count; i++) {
        const struct hf__key *k = &s->before.list[i];
        if (k->suite == was->suite && k->state == HF__KEY_ACTIVE && !k->tainted)
            hurry = false;
    }
    bool could = configured(s, was->suite) && was->ready && !was->tainted &&
                 (hurry || age(was, s->now_s) >= s->policy.pending_s);
    return could ? (hurry ? "taint_at_once" : "promoted_in_time") : NULL;
}

/* What must hold of what became of one key. */
static const char *broken_key(const struct rotate_sweep *s, const struct hf__key *was)
{
    const struct hf__key *is = find(&s->after, was->id);
    if (is == NULL) {
        if (was->needed)
            return "needed_stays";
        /* One that expired just now has waited for nothing yet. */
        if (was->state == HF__KEY_ACTIVE && !was->tainted && s->policy.expired_s > 0)
            return "expired_waits";
        return was->state == HF__KEY_EXPIRED && !was->tainted &&
                       age(was, s->now_s) < s->policy.expired_s
                   ? "expired_waits"
                   : NULL;
    }
    if (is->state < was->state)
        return "forward_only";
    if (is->since_s > s->now_s)
        return "clock_set_back";
    if (is->state == was->state && is->since_s != was->since_s && was->since_s <= s->now_s)
        return "clock_set_back";
    if (is->state != was->state && is->since_s != s->now_s)
        return "dated_by_its_move";
    if (was->state == HF__KEY_PENDING && is->state == HF__KEY_ACTIVE)
        return broken_promotion(s, was);
    if (is->state == HF__KEY_PENDING)
        return broken_patience(s, was);
    if (is->state == HF__KEY_EXPIRED && !is->needed &&
        (is->tainted || age(is, s->now_s) >= s->policy.expired_s))
        return "over_age_expired_go";
    if (was->state == HF__KEY_ACTIVE && is->state == HF__KEY_EXPIRED &&
        rotate_count(&s->after, -1, HF__KEY_ACTIVE) == 0)
        return "kind_keeps_an_active";
    return NULL;
}

/* What must hold of one sweep, done already. NULL, or the name of what does not. */
static const char *broken_sweep(const struct rotate_sweep *s)
{
    const char *broken = NULL;
    if (!hf__keys_valid(&s->after))
        return "valid";
    if (s->after.id_next < s->before.id_next)
        return "fresh_ids";
    if (s->after.count > s->policy.max && s->after.count > s->before.count)
        return "room";
    for (size_t i = 0; i < s->after.count; i++)
        if (find(&s->before, s->after.list[i].id) == NULL &&
            s->after.list[i].id < s->before.id_next)
            return "fresh_ids";
    for (int suite = 0; suite < HF__KEY_SUITES && broken == NULL; suite++)
        broken = broken_suite(s, suite);
    for (size_t i = 0; i < s->before.count && broken == NULL; i++)
        broken = broken_key(s, &s->before.list[i]);
    return broken;
}

/* What must hold of the function: no order, nothing left to do, and the time of the next. */
static const char *broken_function(const struct rotate_sweep *s)
{
    struct rotate_sweep again = *s;
    shuffle(&again.before);
    rotate_sweep(&again);
    if (again.count != s->count || memcmp(again.ops, s->ops, s->count * sizeof s->ops[0]) != 0)
        return "no_order";
    again.before = s->after;
    rotate_sweep(&again);
    if (again.count != 0)
        return "nothing_left";
    uint64_t next_s = hf__rotate_next(&s->after, &s->policy);
    if (next_s <= s->now_s)
        return "next";
    again.now_s = next_s == UINT64_MAX ? s->now_s + 10000 : next_s - 1;
    rotate_sweep(&again);
    if (again.count != 0)
        return "next";
    if (next_s == UINT64_MAX)
        return NULL;
    again.now_s = next_s;
    rotate_sweep(&again);
    return again.count == 0 ? "next" : NULL;
}

/* ---- sequences of sweeps */

/* Whether each suite of the policy has its key, no other has any, and no taint is left. */
static bool at_rest(const struct rotate_sweep *s)
{
    for (int suite = 0; suite < HF__KEY_SUITES; suite++)
        if (rotate_count(&s->after, suite, HF__KEY_ACTIVE) != (configured(s, suite) ? 1 : 0))
            return false;
    for (size_t i = 0; i < s->after.count; i++)
        if (!configured(s, s->after.list[i].suite) || s->after.list[i].tainted)
            return false;
    return true;
}

/* One more sweep at the time given. judged: what it does must be right. */
static const char *go_on(struct rotate_sweep *s, bool judged)
{
    s->before = s->after;
    rotate_sweep(s);
    const char *broken = judged ? broken_sweep(s) : NULL;
    return broken == NULL && judged ? broken_function(s) : broken;
}

/* What a world may do between two sweeps: keys become ready, tainted, needed or not; the policy and
 * the clock change. */
static void disturb(struct rotate_sweep *s)
{
    struct hf__keys *keys = &s->after;
    for (size_t i = 0; i < keys->count; i++) {
        struct hf__key *k = &keys->list[i];
        k->ready = k->ready || below(3) == 0;
        k->tainted = k->tainted || below(24) == 0;
        k->needed = k->needed ? below(4) != 0 : below(12) == 0;
    }
    if (below(8) == 0)
        s->policy = any_policy();
    s->now_s = below(10) == 0 ? s->now_s - below(300) : s->now_s + below(60);
}

/* A disturbed world, and then a kind one: there is room, what is pending becomes ready, nothing is
 * needed for ever, and the clock goes on. So every table comes to rest. */
static const char *broken_sequence(struct rotate_sweep *s, bool judged)
{
    const char *broken = NULL;
    for (size_t i = 0; i < DISTURBED && broken == NULL; i++) {
        disturb(s);
        broken = go_on(s, judged);
    }
    s->policy.max = HF__KEYS_MAX;
    for (size_t i = 0; i < KIND && broken == NULL; i++) {
        for (size_t j = 0; j < s->after.count; j++) {
            s->after.list[j].ready = true;
            s->after.list[j].needed = false;
        }
        s->now_s += s->policy.active_s;
        broken = go_on(s, judged);
    }
    bool ended = s->after.id_next == UINT32_MAX; /* there is no further id: it stays as it is */
    return broken == NULL && !ended && !at_rest(s) ? "comes_to_rest" : broken;
}

/* ---- pending keys that are added faster than any of them may be promoted */

const char *rotate_starved(void)
{
    struct rotate_sweep s = {
        .policy = {.pending_s = 10, .active_s = 1000, .expired_s = 10, .suites = 1, .max = 16},
        .now_s = ROTATE_START_S};
    s.after =
        (struct hf__keys){.id_next = 2,
                          .count = 1,
                          .list = {{.id = 1, .state = HF__KEY_ACTIVE, .since_s = ROTATE_START_S}}};
    for (uint32_t i = 0; i < 20; i++) {
        struct hf__keys *keys = &s.after;
        keys->list[keys->count++] = (struct hf__key){
            .id = keys->id_next++, .state = HF__KEY_PENDING, .ready = true, .since_s = s.now_s};
        const char *broken = go_on(&s, true);
        if (broken != NULL)
            return broken;
        s.now_s++;
    }
    const struct hf__key *first = find(&s.after, 2);
    return first == NULL || first->state != HF__KEY_ACTIVE ? "starved" : NULL;
}

static struct rotate_sweep first(uint64_t number)
{
    struct rotate_sweep s = {.now_s = ROTATE_START_S};
    state = number << 20;
    s.policy = any_policy();
    s.before = any_keys(s.now_s);
    shuffle(&s.before);
    rotate_sweep(&s);
    return s;
}

const char *rotate_case(uint64_t number)
{
    struct rotate_sweep s = first(number);
    const char *broken = broken_sweep(&s);
    if (broken == NULL)
        broken = broken_function(&s);
    return broken != NULL ? broken : broken_sequence(&s, true);
}

const char *rotate_rest(uint64_t number)
{
    struct rotate_sweep s = first(number);
    return broken_sequence(&s, false);
}
