/* Sealing keys give way to others in time (proto/ROTATION.md, 4), and root secrets with them. */
#include "life/life.h"

enum { LOOK_S_MAX = 86400, WAIT_MS = 60000 };

static struct hf__rotation policy_of(const struct hf_engine *e)
{
    struct hf__rotation ret = hf__roots_policy(e);
    ret.suites = hf_policy_sealing_suites(hf__policy(e));
    hf_assert((ret.suites >> HF_SEALING_CHACHA & 1) != 0);
    if (!e->gcm)
        ret.suites &= ~(1u << HF_SEALING_GCM);
    ret.max = HF_SEALING_KEYS_MAX;
    return ret;
}

bool hf__life_rotate(struct hf_engine *e, const struct hf__rotation *policy,
                     enum hf_trace_type trace, struct hf__keys *keys)
{
    struct hf__key_op ops[HF__KEY_OPS_MAX];
    uint64_t now_s = hf__now_s(e);
    size_t count = hf__rotate(keys, policy, now_s, ops);
    hf_assert(count <= HF__KEY_OPS_MAX);
    for (size_t i = 0; i < count; i++) {
        hf__key_move(keys, &ops[i], now_s);
        hf__trace(e, trace, 0, NULL, ops[i].id, ops[i].verb);
    }
    hf_assert(keys->count <= policy->max);
    return count > 0;
}

/* All that is due, in one row of one transaction. Returns whether anything was. */
static bool sweep(struct hf_engine *e, const struct hf__rotation *policy, struct hf__keys *ret)
{
    struct hf_keys_row row;
    hf__sealing_table(e, &row, ret);
    hf_assert(ret->count > 0 && ret->count <= policy->max);
    bool any = hf__life_rotate(e, policy, HF_TRACE_SEALING_KEY, ret);
    if (any)
        hf__sealing_save(e, &row, ret);
    return any;
}

static struct hf__rotation mesh_policy(const struct hf_engine *e)
{
    struct hf__rotation ret = hf__roots_policy(e);
    ret.suites = 1; /* there is one way to make a datagram's MAC */
    ret.max = HF_MESH_KEYS_MAX;
    hf_assert(ret.active_s > ret.pending_s);
    return ret;
}

/* The time of the next step; UINT64_MAX: this node has no mesh key. */
static uint64_t sweep_mesh(struct hf_engine *e)
{
    struct hf__rotation policy = mesh_policy(e);
    struct hf__keys keys;
    hf__mesh_table(e, &keys);
    if (keys.count == 0)
        return UINT64_MAX;
    hf_assert(keys.count <= HF_MESH_KEYS_MAX);
    if (hf__life_rotate(e, &policy, HF_TRACE_MESH_KEY, &keys)) {
        hf__mesh_save(e, &keys);
        hf__mesh_table(e, &keys);
    }
    hf_assert(keys.count > 0 && keys.count <= HF_MESH_KEYS_MAX);
    return hf__rotate_next(&keys, &policy);
}

void hf__life_keys(struct hf_engine *e)
{
    if (!e->open || e->trust->policy == NULL)
        return; /* opening it, or a policy, sets the timer again */
    if (hf__disk_waits(e)) {
        hf__timer_set(e, HF__TIMER_KEYS, WAIT_MS);
        return;
    }
    struct hf__rotation policy = policy_of(e);
    struct hf__keys keys;
    bool changed = sweep(e, &policy, &keys);
    uint64_t now_s = hf__now_s(e), next_s = hf__rotate_next(&keys, &policy);
    uint64_t mesh_s = sweep_mesh(e);
    next_s = mesh_s < next_s ? mesh_s : next_s;
    hf_assert(next_s > now_s);
    uint64_t wait_s = next_s - now_s < LOOK_S_MAX ? next_s - now_s : LOOK_S_MAX;
    uint64_t roots_ms = hf__life_roots(e);
    /* A key that was made is ready from the next look on. */
    uint64_t wait_ms = (changed ? 1 : wait_s) * 1000;
    hf__timer_set(e, HF__TIMER_KEYS, roots_ms < wait_ms ? roots_ms : wait_ms);
    if (changed)
        hf__identity_renew(e); /* does nothing if it names the active key */
}

/* What there is to say of a table; without a policy nothing is due. How many keys that is. */
static size_t list(const struct hf__keys *keys, const struct hf__rotation *policy,
                   struct hf_key_status *ret)
{
    hf_assert(keys->count <= HF__KEYS_MAX);
    for (size_t i = 0; i < keys->count; i++) {
        const struct hf__key *k = &keys->list[i];
        uint64_t due_s = policy != NULL ? hf__rotate_due(keys, policy, k) : UINT64_MAX;
        hf_assert(k->id > 0);
        ret[i] = (struct hf_key_status){.id = k->id,
                                        .suite = k->suite,
                                        .state = k->state,
                                        .since_s = k->since_s,
                                        .next_s = due_s != UINT64_MAX ? due_s : 0};
    }
    return keys->count;
}

void hf__life_status(struct hf_engine *e, struct hf_status *ret)
{
    struct hf_keys_row row;
    struct hf__keys keys;
    if (!e->open)
        return;
    hf__roots_status(e, ret);
    hf__sealing_table(e, &row, &keys);
    hf_assert(keys.count <= HF_SEALING_KEYS_MAX);
    bool timed = e->trust->policy != NULL;
    struct hf__rotation sealing = timed ? policy_of(e) : (struct hf__rotation){0};
    struct hf__rotation mesh = timed ? mesh_policy(e) : (struct hf__rotation){0};
    ret->sealing_keys_count = list(&keys, timed ? &sealing : NULL, ret->sealing_keys);
    hf__mesh_table(e, &keys);
    hf_assert(keys.count <= HF_MESH_KEYS_MAX);
    ret->mesh_keys_count = list(&keys, timed ? &mesh : NULL, ret->mesh_keys);
}
