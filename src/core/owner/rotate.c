/* The policy of proto/ROTATION.md, 2, rule by rule. Ids decide where dates do not: a later key has
 * a higher one. */
#include "owner/rotate.h"

#include <assert.h>

/* A sweep over a copy of the table, on which each operation is done as it is decided upon. */
struct sweep {
    const struct hf__rotation *policy;
    uint64_t now_s;
    struct hf__keys keys; /* by id, ascending, but for those that were made or deleted */
    struct hf__key_op *ops;
    size_t count;
};

static void act(struct sweep *s, enum hf__key_verb verb, uint8_t suite, uint32_t id)
{
    hf_assert(s->count < HF__KEY_OPS_MAX && id > 0);
    hf_assert(verb == HF__KEY_MAKE || id < s->keys.id_next);
    struct hf__key_op *op = &s->ops[s->count++];
    *op = (struct hf__key_op){.verb = (uint8_t)verb, .suite = suite, .id = id};
    hf__key_move(&s->keys, op, s->now_s);
}

static bool configured(const struct hf__rotation *policy, uint8_t suite)
{
    hf_assert(suite < HF__KEY_SUITES);
    return (policy->suites >> suite & 1) != 0;
}

static bool aged(const struct sweep *s, const struct hf__key *k, uint64_t duration_s)
{
    hf_assert(k->since_s <= s->now_s);
    return s->now_s - k->since_s >= duration_s;
}

static uint32_t id_of(const struct hf__key *k)
{
    return k != NULL ? k->id : 0;
}

/* Of the keys of a suite in a state the one that stays: of pending ones the first, so that none can
 * be held up by later ones; of active ones the last. None that is tainted, where another is there;
 * NULL: there is none, or of pending ones none without taint. */
static const struct hf__key *foremost(const struct sweep *s, uint8_t suite,
                                      enum hf__key_state state)
{
    const struct hf__key *found = NULL;
    for (size_t i = 0; i < s->keys.count; i++) {
        const struct hf__key *k = &s->keys.list[i];
        if (k->suite != suite || k->state != state || (state == HF__KEY_PENDING && k->tainted))
            continue;
        bool later = found != NULL && k->id > found->id;
        bool alike = found != NULL && found->tainted == k->tainted;
        if (found == NULL || (alike ? later == (state == HF__KEY_ACTIVE) : found->tainted))
            found = k;
    }
    hf_assert(found == NULL || found->state == (uint8_t)state);
    return found;
}

/* Some other key of the suite in this state: of several the one with the lowest id. */
static const struct hf__key *other(const struct sweep *s, uint8_t suite, enum hf__key_state state,
                                   uint32_t id)
{
    const struct hf__key *found = NULL;
    for (size_t i = 0; i < s->keys.count; i++) {
        const struct hf__key *k = &s->keys.list[i];
        if (k->suite == suite && k->state == state && k->id != id &&
            (found == NULL || k->id < found->id))
            found = k;
    }
    hf_assert(found == NULL || found->id != id);
    return found;
}

/* All pending keys of a suite but one go; what cannot go waits like one that was active. */
static void drop_pending(struct sweep *s, uint8_t suite, uint32_t kept)
{
    hf_assert(kept < s->keys.id_next);
    const struct hf__key *k;
    while ((k = other(s, suite, HF__KEY_PENDING, kept)) != NULL)
        act(s, k->needed ? HF__KEY_EXPIRE : HF__KEY_DELETE, suite, k->id);
}

static void expire_active(struct sweep *s, uint8_t suite, uint32_t kept)
{
    hf_assert(kept < s->keys.id_next);
    const struct hf__key *k;
    while ((k = other(s, suite, HF__KEY_ACTIVE, kept)) != NULL)
        act(s, HF__KEY_EXPIRE, suite, k->id);
}

/* A suite of the policy: one pending key at most, and of active ones the one that it makes way for,
 * which expires in the same sweep. */
static void promote(struct sweep *s, uint8_t suite)
{
    const struct hf__key *pending = foremost(s, suite, HF__KEY_PENDING);
    uint32_t next = id_of(pending);
    drop_pending(s, suite, next);
    pending = foremost(s, suite, HF__KEY_PENDING);
    const struct hf__key *active = foremost(s, suite, HF__KEY_ACTIVE);
    bool hurry = active == NULL || active->tainted;
    hf_assert(id_of(pending) == next);
    if (pending != NULL && pending->ready && (hurry || aged(s, pending, s->policy->pending_s)))
        act(s, HF__KEY_ACTIVATE, suite, next);
    else
        next = id_of(active);
    expire_active(s, suite, next);
}

/* A suite that the policy has no more: its active key serves until another suite has one. */
static void remove_suite(struct sweep *s, uint8_t suite)
{
    hf_assert(!configured(s->policy, suite));
    bool replaced = false;
    for (size_t i = 0; i < s->keys.count; i++)
        replaced = replaced || (s->keys.list[i].state == HF__KEY_ACTIVE &&
                                configured(s->policy, s->keys.list[i].suite));
    drop_pending(s, suite, 0);
    expire_active(s, suite, replaced ? 0 : id_of(foremost(s, suite, HF__KEY_ACTIVE)));
}

static void delete_expired(struct sweep *s)
{
    size_t i = 0;
    while (i < s->keys.count) {
        const struct hf__key *k = &s->keys.list[i];
        if (k->state == HF__KEY_EXPIRED && !k->needed &&
            (k->tainted || aged(s, k, s->policy->expired_s)))
            act(s, HF__KEY_DELETE, k->suite, k->id); /* the last comes to its place */
        else
            i++;
    }
    hf_assert(s->keys.count <= HF__KEYS_MAX);
}

/* A successor, in time for the key that it follows; or at once. */
static void make(struct sweep *s, uint8_t suite)
{
    const struct hf__key *active = foremost(s, suite, HF__KEY_ACTIVE);
    hf_assert(configured(s->policy, suite));
    if (foremost(s, suite, HF__KEY_PENDING) != NULL || s->keys.count >= s->policy->max ||
        s->keys.id_next == UINT32_MAX)
        return;
    if (active == NULL || active->tainted || aged(s, active, s->policy->active_s))
        act(s, HF__KEY_MAKE, suite, s->keys.id_next);
}

/* The table by id: what comes after does not depend on the order in which it was given. */
static void sort(struct hf__keys *keys)
{
    hf_assert(keys->count <= HF__KEYS_MAX);
    for (size_t i = 1; i < keys->count; i++) {
        struct hf__key k = keys->list[i];
        size_t at = i;
        for (; at > 0 && keys->list[at - 1].id > k.id; at--)
            keys->list[at] = keys->list[at - 1];
        keys->list[at] = k;
    }
}

size_t hf__rotate(const struct hf__keys *keys, const struct hf__rotation *policy, uint64_t now_s,
                  struct hf__key_op ret[static HF__KEY_OPS_MAX])
{
    static_assert(HF__KEY_SUITES <= 32, "a bit for each suite");
    struct sweep s = {.policy = policy, .now_s = now_s, .keys = *keys, .ops = ret};
    hf_assert(hf__keys_valid(keys) && policy->max <= HF__KEYS_MAX);
    hf_assert(policy->pending_s < policy->active_s && policy->suites >> HF__KEY_SUITES == 0);
    sort(&s.keys);
    for (size_t i = 0; i < s.keys.count; i++)
        if (s.keys.list[i].since_s > now_s)
            act(&s, HF__KEY_REDATE, s.keys.list[i].suite, s.keys.list[i].id);
    for (uint8_t suite = 0; suite < HF__KEY_SUITES; suite++)
        if (configured(policy, suite))
            promote(&s, suite);
    for (uint8_t suite = 0; suite < HF__KEY_SUITES; suite++)
        if (!configured(policy, suite))
            remove_suite(&s, suite);
    delete_expired(&s);
    for (uint8_t suite = 0; suite < HF__KEY_SUITES; suite++)
        if (configured(policy, suite))
            make(&s, suite);
    return s.count;
}

uint64_t hf__rotate_due(const struct hf__keys *keys, const struct hf__rotation *policy,
                        const struct hf__key *k)
{
    bool room = keys->count < policy->max && keys->id_next < UINT32_MAX;
    uint64_t after_s = UINT64_MAX;
    hf_assert(keys->count <= HF__KEYS_MAX && policy->pending_s < policy->active_s);
    hf_assert(k->id > 0 && k->id < keys->id_next);
    for (size_t i = 0; i < keys->count; i++) /* its successor is there, and goes by its own time */
        room = room && (keys->list[i].state != HF__KEY_PENDING || keys->list[i].suite != k->suite);
    if (k->state == HF__KEY_PENDING && k->ready)
        after_s = policy->pending_s;
    else if (k->state == HF__KEY_ACTIVE && configured(policy, k->suite) && room)
        after_s = policy->active_s;
    else if (k->state == HF__KEY_EXPIRED && !k->needed)
        after_s = policy->expired_s;
    return k->since_s < UINT64_MAX - after_s ? k->since_s + after_s : UINT64_MAX;
}

uint64_t hf__rotate_next(const struct hf__keys *keys, const struct hf__rotation *policy)
{
    uint64_t next_s = UINT64_MAX;
    hf_assert(keys->id_next > 0);
    for (size_t i = 0; i < keys->count; i++) {
        uint64_t due_s = hf__rotate_due(keys, policy, &keys->list[i]);
        next_s = due_s < next_s ? due_s : next_s;
    }
    return next_s;
}
