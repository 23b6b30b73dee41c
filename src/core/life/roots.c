/* Versions of the root secret give way to others in time (proto/ROTATION.md, 5). */
#include "life/life.h"
#include "owner/owner.h"

/* Whether this node may make a version, or go under another: it speaks for the account, and is not
 * about to leave. */
static bool may_rotate(const struct hf_engine *e)
{
    hf_assert(e->open || !e->claimed);
    return e->claimed && e->trust->policy != NULL &&
           (e->state == HF_STATE_PLACED || e->state == HF_STATE_READY ||
            e->state == HF_STATE_DEGRADED);
}

/* A version is ready when all holders keep a dealing that protects it and, where the policy asks
 * for that, share holders can open it: a vault under it is never lost with this machine. */
static bool is_ready(struct hf_engine *e, uint32_t version)
{
    struct hf_placement_record record;
    struct hf__dealt recorded;
    bool confirmed = false;
    hf_assert(e->claimed && version > 0);
    if (e->state != HF_STATE_READY || !hf__own_record(e, &record, NULL, &confirmed) || !confirmed)
        return false;
    hf__roots_recorded(&record, &recorded);
    return hf__dealt_has(&recorded, version) && hf__roots_check(e, &record) == 0 &&
           hf__quorum_holds(e, version);
}

/* Adds to a table whether its keys are ready, and needed: by the vault, by an application, or
 * because a share of a dealing that protects it may be about. */
static void find_facts(struct hf_engine *e, const struct hf_roots_row *row, struct hf__keys *keys)
{
    hf_assert(row->roots_count == keys->count && keys->count <= HF_ROOTS_KEPT_MAX);
    for (size_t i = 0; i < keys->count; i++) {
        struct hf__key *k = &keys->list[i];
        hf_assert(k->id == row->roots[i].version);
        k->ready = k->state == HF__KEY_PENDING && is_ready(e, k->id);
        k->needed = k->id == e->active.number || hf__root_bound(e, k->id) ||
                    hf__root_dealt(e, k->id, row->roots[i].dealt);
    }
}

/* Another version is active, and the vault under it: whatever else names it says so. */
static void moved(struct hf_engine *e)
{
    struct hf_placement_record record;
    struct hf_signed_record signed_record;
    bool found = hf__own_record(e, &record, &signed_record, NULL);
    hf_assert(found && e->claimed); /* or it were not ready */
    hf__account_save(e);
    hf__hint_save(e, &signed_record);
}

/* All that is due, in one row of one transaction, and the vault put under another version in the
 * same where that is due. Returns whether anything was. */
static bool sweep(struct hf_engine *e, const struct hf__rotation *policy, struct hf__keys *ret)
{
    struct hf_roots_row row;
    hf__roots_table(e, &row, ret);
    find_facts(e, &row, ret);
    bool any = hf__life_rotate(e, policy, HF_TRACE_ROOT, ret);
    if (any && hf__roots_save(e, &row, ret))
        moved(e);
    hf_assert(ret->count > 0);
    return any;
}

/* How long to wait at most: what a pending version waits for is no matter of time alone, nor what
 * still needs one that has expired. */
static uint64_t look_ms(const struct hf_engine *e, const struct hf__keys *keys)
{
    uint64_t ms = HF__NEVER;
    hf_assert(keys->count <= HF_ROOTS_KEPT_MAX);
    for (size_t i = 0; i < keys->count; i++) {
        const struct hf__key *k = &keys->list[i];
        uint64_t each_ms = k->state == HF__KEY_PENDING   ? e->timing.standing_ms
                           : k->state == HF__KEY_EXPIRED ? e->timing.watch_ms
                                                         : HF__NEVER;
        ms = each_ms < ms ? each_ms : ms;
    }
    return ms;
}

/* What holds a version up. */
static enum hf_root_wait waits_for(struct hf_engine *e, const struct hf__key *k, uint64_t dealt)
{
    struct hf_placement_record record;
    struct hf__dealt recorded = {0};
    bool confirmed = false;
    if (hf__own_record(e, &record, NULL, &confirmed))
        hf__roots_recorded(&record, &recorded);
    hf_assert(k->state >= HF__KEY_PENDING && k->state <= HF__KEY_EXPIRED);
    if (k->state == HF__KEY_ACTIVE)
        return k->tainted ? HF_ROOT_WAITS_SUCCESSOR : HF_ROOT_WAITS_NONE;
    if (k->state == HF__KEY_EXPIRED)
        return hf__root_bound(e, k->id)          ? HF_ROOT_WAITS_NAMES
               : hf__root_dealt(e, k->id, dealt) ? HF_ROOT_WAITS_DELETION
                                                 : HF_ROOT_WAITS_NONE;
    if (!confirmed || !hf__dealt_has(&recorded, k->id))
        return HF_ROOT_WAITS_DEALING;
    if (e->state != HF_STATE_READY)
        return HF_ROOT_WAITS_READY;
    return e->trust->policy == NULL || hf__quorum_holds(e, k->id) ? HF_ROOT_WAITS_NONE
                                                                  : HF_ROOT_WAITS_SEALED;
}

void hf__roots_status(struct hf_engine *e, struct hf_status *ret)
{
    struct hf_roots_row row;
    struct hf__keys keys;
    hf__roots_table(e, &row, &keys);
    hf_assert(ret->roots_count == 0 && keys.count == row.roots_count);
    if (e->claimed)
        find_facts(e, &row, &keys);
    for (size_t i = 0; i < keys.count; i++) {
        const struct hf__key *k = &keys.list[i];
        struct hf_root_status *to = &ret->roots[ret->roots_count++];
        uint64_t due_s = UINT64_MAX;
        if (e->trust->policy != NULL) {
            struct hf__rotation policy = hf__roots_policy(e);
            due_s = hf__rotate_due(&keys, &policy, k);
        }
        *to = (struct hf_root_status){.version = k->id,
                                      .state = k->state,
                                      .tainted = k->tainted,
                                      .waits = (uint8_t)waits_for(e, k, row.roots[i].dealt),
                                      .departed = (uint32_t)row.roots[i].departed,
                                      .since_s = k->since_s,
                                      .next_s = due_s != UINT64_MAX ? due_s : 0};
        to->names = hf__root_names(e, k->id, &to->moving);
    }
}

int hf__life_taint(struct hf_engine *e)
{
    int r = hf__why_closed(e);
    if (r == 0 && e->store_error != 0)
        r = e->store_error;
    hf_assert(r != 0 || (e->open && e->claimed));
    if (r == 0)
        (void)hf__roots_taint(e, UINT32_MAX);
    return r;
}

uint64_t hf__life_roots(struct hf_engine *e)
{
    struct hf__keys keys;
    if (!may_rotate(e))
        return e->timing.watch_ms;
    struct hf__rotation policy = hf__roots_policy(e);
    hf__roots_obey(e);
    bool changed = sweep(e, &policy, &keys);
    uint64_t now_s = hf__now_s(e), next_s = hf__rotate_next(&keys, &policy);
    hf_assert(e->claimed && next_s > now_s);
    if (changed)
        hf__quorum_due(e);
    hf__roots_look(e);
    hf__holders_judge(e); /* deals anew where another set of versions is to be protected */
    uint64_t wait_ms = next_s - now_s < HF__NEVER / 1000 ? (next_s - now_s) * 1000 : HF__NEVER;
    if (changed)
        return 1000;
    uint64_t often_ms = look_ms(e, &keys);
    return often_ms < wait_ms ? often_ms : wait_ms;
}
