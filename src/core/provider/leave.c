/*
 * Leaving well (proto/GOSSIP.md, 4): a provider that has announced its leave serves on until its
 * owners have moved. After its deadline it forgets a share only when the other holders of that
 * generation say that more than enough of it is left; else it waits, or a person abandons the owner
 * by name.
 */
#include "base/error.h"
#include "base/hex.h"
#include "provider/provider.h"
#include "wire/text.h"

static const struct hf__told *own_leave(const struct hf_engine *e)
{
    const struct hf__told *told = hf__view_leave(e, &e->account);
    hf_assert(told == NULL || (hf_account_equal(&told->author, &e->account) && !told->over));
    return told;
}

bool hf__leaving(const struct hf_engine *e)
{
    hf_assert(e->has_account || e->members->told_count == 0);
    return e->has_account && own_leave(e) != NULL;
}

int hf__closing(const struct hf_engine *e)
{
    hf_assert(e->open);
    if (e->provider->draining)
        return HF_EDRAINING;
    return hf__leaving(e) ? HF_ELEAVING : 0;
}

static bool settled(const struct hf_engine *e)
{
    hf_assert(e->claimed);
    return e->state == HF_STATE_PLACED || e->state == HF_STATE_READY ||
           e->state == HF_STATE_DEGRADED;
}

static void announce(struct hf_engine *e, struct hf_bytes reason, uint64_t until_s, bool over,
                     bool done)
{
    struct hf_event_statement what = {
        .kind = HF__NEWS_LEAVE, .until_s = until_s, .reason = reason, .over = over, .done = done};
    long at = hf_set_find(e->trust->set, &e->account);
    hf_assert(at >= 0);
    hf_assert(e->claimed && !(over && done));
    what.registered_epoch = e->trust->set->u.set.validators[at].registered_epoch;
    hf__news_issue(e, &what);
}

int hf__leave_begin(struct hf_engine *e, struct hf_bytes reason, uint64_t seconds)
{
    if (!e->open)
        return HF_ELOCKED;
    if (!e->claimed)
        return HF_ENOTCLAIMED;
    if (!settled(e) && e->state != HF_STATE_LEAVING)
        return HF_ENOTPLACED;
    if (!hf__is_member(e, &e->account))
        return HF_ENOTMEMBER;
    if (reason.len > HF_KEY_NAME_MAX || !hf_text_valid(reason) || seconds > HF_LEAVE_S_MAX)
        return HF_EINVAL;
    hf_assert(e->open && e->claim > 0);
    if (own_leave(e) == NULL)
        hf__members_forgot(e, false);
    announce(e, reason, hf__now_s(e) + seconds, false, false);
    hf__leave_advance(e);
    return 0;
}

int hf__leave_cancel(struct hf_engine *e)
{
    const struct hf__told *told = e->open ? own_leave(e) : NULL;
    if (told == NULL)
        return e->open ? HF_EINVAL : HF_ELOCKED;
    if (e->members->forgot || told->done)
        return HF_EFORGOTTEN;
    if (!e->claimed)
        return HF_ENOTCLAIMED;
    hf_assert(e->claimed && !e->members->forgot);
    announce(e, (struct hf_bytes){0}, told->until_s, true, false);
    hf__timer_clear(e, HF__TIMER_LEAVE);
    e->provider->leaving = (struct hf__leaving){.number = e->provider->leaving.number};
    hf__handing_free(e);
    if (e->state == HF_STATE_LEAVING) {
        hf__state_set(e, HF_STATE_PLACED, 0);
        hf__timer_set(e, HF__TIMER_STANDING, 0);
    }
    return 0;
}

/* The share goes, the vote stays: as when its owner orders it. From then on there is no way
 * back. */
void hf__leave_forget(struct hf_engine *e, const struct hf_held_row *held)
{
    hf_assert(e->open && e->claimed);
    struct hf_owner_row row;
    uint8_t key[48];
    hf__held_key(&held->header.owner, held->generation.id, key);
    hf__del(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    if (hf__owner_row(e, &held->header.owner, &row)) {
        hf__former_add(e, &row, held);
        hf__owner_put(e, &held->header.owner, &row);
    }
    hf_assert(hf__held_index(e, &held->header.owner, held->generation.id) == 0);
    hf__trace(e, HF_TRACE_SHARE_DELETED, 0, &held->header.owner, held->generation.number, 0);
    hf__members_forgot(e, true);
    e->provider->leaving.pause_ms = 0;
}

/* Whether what is kept of an owner is due to go. One that has left, or was removed, does not move
 * any more: it is not waited for. */
static bool is_due(const struct hf_engine *e, const struct hf_account *owner)
{
    hf_assert(e->open);
    const struct hf__told *told = own_leave(e);
    enum hf_member_state state = hf__view(e, owner).state;
    return (told != NULL && hf__now_s(e) >= told->until_s) || state == HF_MEMBER_LEFT ||
           state == HF_MEMBER_NONE;
}

int hf__leave_abandon(struct hf_engine *e, struct hf_bytes account)
{
    struct hf_account owner;
    char digits[HF_KEY_NAME_MAX + 1] = {0};
    struct hf_held_row held;
    const struct hf__told *told = e->open ? own_leave(e) : NULL;
    if (account.len != HF_KEY_NAME_MAX)
        return HF_EINVAL;
    memcpy(digits, account.data, account.len);
    if (hf_hex_decode(digits, owner.bytes, sizeof owner) != 0)
        return HF_EINVAL;
    if (told == NULL)
        return e->open ? HF_EINVAL : HF_ELOCKED;
    if (!e->claimed)
        return HF_ENOTCLAIMED;
    if (!is_due(e, &owner))
        return HF_ELEAVEWAITS;
    if (!hf__holds_any(e, &owner))
        return HF_ENOSHARE;
    for (size_t at = 0; hf__held_next(e, &owner, &at, &held); at--)
        hf__leave_forget(e, &held);
    hf_assert(!hf__holds_any(e, &owner) && e->members->forgot);
    hf__leave_advance(e);
    return 0;
}

/* ---- After the deadline: one generation after the other */

/*
 * Whether what is held was never recorded and is not going to be; or it came by a handover that was
 * not carried through: then it is at the other end too. A dealing is not recorded any more once its
 * owner has recorded one of a higher number, under the claim of the deposit or a higher one: what
 * another fork has recorded under a lower claim says nothing of it.
 */
static bool obsolete(struct hf_engine *e, const struct hf_held_row *held)
{
    hf_assert(held->generation.number > 0);
    struct hf_owner_row row;
    struct hf_record_order newest;
    if (held->waiting)
        return true;
    const struct hf_record_order own = {.claim = held->header.ballot.number,
                                        .generation = held->generation.number};
    return !held->has_record && hf__owner_row(e, &held->header.owner, &row) &&
           hf__newest_order(e, &row, &newest) && newest.generation > own.generation &&
           hf__order_compare(e, &held->header.owner, &newest, &own) > 0;
}

/* Asks the other holders of a generation; false: none could be asked. */
static bool ask_about(struct hf_engine *e, const struct hf_held_row *held)
{
    struct hf__leaving *l = &e->provider->leaving;
    hf_assert(e->claimed && l->waiting == 0);
    struct hf_placement_record record;
    struct hf__electorate g;
    struct hf_remains_request m = {0};
    if (!held->has_record ||
        hf__decode(e, &hf_wire_placement_record, held->record.record, &record) != 0)
        return false;
    uint64_t needed = record.threshold + 1;
    l->needed = (uint8_t)(needed > record.quorum ? needed : record.quorum);
    l->live = l->waiting = 0;
    hf_assert(l->needed > 1);
    l->number++;
    l->owner = held->header.owner;
    memcpy(l->generation, held->generation.id, 16);
    hf__versions(e, &m.versions);
    m.owner = l->owner;
    memcpy(m.generation, l->generation, 16);
    struct hf_bytes body = hf__encode(e, &hf_wire_remains_request, &m);
    struct hf__ask ask = {.task = HF__TASK_LEAVE, .method = HF_METHOD_REMAINS, .arg = l->number};
    hf__acceptors(e, &record, &g);
    for (size_t i = 0; i < g.n; i++)
        if (!hf_account_equal(&g.acceptors[i], &e->account))
            l->waiting = (uint8_t)(l->waiting + (hf__call(e, &ask, &g.acceptors[i], body) == 0));
    hf_assert(l->waiting <= record.holders_count);
    return l->waiting > 0;
}

/* Whether this node has handed a vote over, and the share with it is still here: that is carried
 * through, whether it leaves or not. */
static bool carries(struct hf_engine *e)
{
    struct hf_held_row held;
    bool any = false;
    hf_assert(e->open);
    for (size_t at = 0; !any && hf__held_next(e, NULL, &at, &held);)
        any = held.ceased;
    return any;
}

/* Begins with the next generation that can be asked about; each once a round. While nothing goes
 * the pauses between rounds double: what is left may have to wait for weeks. */
static void next_question(struct hf_engine *e)
{
    struct hf__leaving *l = &e->provider->leaving;
    struct hf_held_row held;
    hf_assert(l->waiting == 0);
    if (l->at == 0 && e->now_ms < l->again_ms)
        return;
    while (hf__held_next(e, NULL, &l->at, &held)) {
        bool vain = l->vain;
        l->vain = false;
        hf__members_look(e, &held.header.owner);
        if (!vain && hf__handing_begin(e, &held))
            return;
        if (e->state != HF_STATE_LEAVING || !is_due(e, &held.header.owner))
            continue;
        if (obsolete(e, &held)) {
            hf__leave_forget(e, &held);
            l->at--;
        } else if (ask_about(e, &held)) {
            return;
        }
    }
    l->at = 0;
    l->pause_ms = l->pause_ms == 0 ? e->timing.standing_ms : 2 * l->pause_ms;
    if (l->pause_ms > e->timing.watch_ms)
        l->pause_ms = e->timing.watch_ms;
    l->again_ms = e->now_ms + l->pause_ms;
}

void hf__leave_keeps(struct hf_engine *e)
{
    struct hf__leaving *l = &e->provider->leaving;
    hf_assert(e->provider->handing == NULL);
    if (l->at == 0)
        return;
    l->at--;
    l->vain = true;
}

/* Nothing is kept here any more: that is told first, because who reads `left` may end the
 * process. */
static void finish(struct hf_engine *e, const struct hf__told *told)
{
    hf_assert(e->claimed && hf__rows_count(&e->rows, HF_ROW_HELD) == 0);
    if (told != NULL && !told->done)
        announce(e, (struct hf_bytes){0}, told->until_s, false, true);
    else if (told == NULL || told->budget == 0)
        hf__state_set(e, HF_STATE_LEFT, 0);
    if (e->state != HF_STATE_LEFT)
        hf__timer_set(e, HF__TIMER_LEAVE, e->timing.gossip_ms);
}

void hf__leave_advance(struct hf_engine *e)
{
    struct hf__leaving *l = &e->provider->leaving;
    const struct hf__told *told = e->open ? own_leave(e) : NULL;
    hf_assert(told == NULL || told->kind == HF__NEWS_LEAVE);
    bool removed = e->state == HF_STATE_LEAVING && !hf__is_member(e, &e->account);
    if (!e->claimed || (told == NULL && !removed && !carries(e)))
        return;
    if (told != NULL && settled(e))
        hf__state_set(e, HF_STATE_LEAVING, 0);
    if (e->state == HF_STATE_LEAVING && hf__rows_count(&e->rows, HF_ROW_HELD) == 0) {
        finish(e, told);
        return;
    }
    if ((e->state == HF_STATE_LEAVING || told == NULL) && l->waiting == 0 &&
        e->provider->handing == NULL && e->store_error == 0)
        next_question(e);
    if (e->state != HF_STATE_LEFT)
        hf__timer_set(e, HF__TIMER_LEAVE, e->timing.standing_ms);
}

void hf__leave_adopted(struct hf_engine *e)
{
    hf_assert(e->trust->set != NULL || e->state != HF_STATE_LEFT);
    if ((e->state != HF_STATE_LEAVING && e->state != HF_STATE_LEFT) || own_leave(e) != NULL ||
        !hf__is_member(e, &e->account))
        return;
    hf__timer_set(e, HF__TIMER_LEAVE, e->timing.standing_ms);
    hf__handing_free(e);
    hf__state_set(e, HF_STATE_PLACED, 0);
    hf__timer_set(e, HF__TIMER_STANDING, 0);
}

int hf__leave_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_LEAVE && call->method == HF_METHOD_REMAINS);
    struct hf__leaving *l = &e->provider->leaving;
    struct hf_remains_response m = {0};
    struct hf_held_row held;
    int r = error != 0 ? error : hf__decode(e, &hf_wire_remains_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (call->arg != l->number || l->waiting == 0)
        return 0;
    l->live = (uint8_t)(l->live + (r == 0 && m.holds));
    l->waiting--;
    hf_assert(e->claimed || e->state != HF_STATE_LEAVING);
    /* What is answered while this node claims anew is asked again when it leaves again. */
    if (l->waiting == 0 && e->state == HF_STATE_LEAVING) {
        if (l->live >= l->needed && hf__held_row(e, &l->owner, l->generation, &held)) {
            hf__leave_forget(e, &held);
            l->at--;
        }
        hf__leave_advance(e);
    }
    return error == 0 ? r : 0;
}

/* /v1/remains: does this node still keep its recorded share of a generation, so that it counts for
 * the secret and for a claim? Only another holder of it may ask. */
int hf__recv_remains(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_remains_request m;
    struct hf_remains_response answer = {0};
    struct hf_held_row held;
    struct hf_placement_record record;
    struct hf_owner_row row;
    struct hf__electorate g;
    int r = hf__decode(e, &hf_wire_remains_request, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r != 0)
        return r;
    if (!from->has_account)
        return HF_EPERMISSION;
    if (!hf__held_row(e, &m.owner, m.generation, &held) || !held.has_record ||
        !hf__owner_row(e, &m.owner, &row))
        return HF_ENOSHARE;
    r = hf__decode(e, &hf_wire_placement_record, held.record.record, &record);
    hf_assert(r == 0);
    hf__acceptors(e, &record, &g);
    uint8_t index = hf__electorate_index(&g, &from->account);
    if (index == 0)
        return HF_EPERMISSION;
    enum hf_member_state state = hf__view(e, &m.owner).state;
    hf__members_look(e, &m.owner);
    answer.silent = hf__votes_for(e, &m.owner, &row, m.generation) &&
                    (state == HF_MEMBER_UNREACHABLE || state == HF_MEMBER_LEFT) &&
                    hf__handover_yields(e, &m.owner, m.generation, index);
    /* Who is about to go itself is no reason for another to go. */
    answer.holds = !hf__leaving(e) && hf__held_counts(e, &m.owner, m.generation);
    hf__versions(e, &answer.versions);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_remains_response, &answer), true);
    return 0;
}

void hf__leave_status(struct hf_engine *e, struct hf_status *ret)
{
    const struct hf__told *told = e->open ? own_leave(e) : NULL;
    struct hf_held_row held;
    if (told == NULL)
        return;
    ret->leaving = true;
    ret->handed_over = e->provider->handed_over;
    ret->leave_until_s = told->until_s;
    for (size_t at = 0;
         ret->waiting_count < HF_STATUS_WAITING_MAX && hf__held_next(e, NULL, &at, &held);) {
        size_t n = ret->waiting_count;
        if (n == 0 || !hf_account_equal(&ret->waiting[n - 1], &held.header.owner))
            ret->waiting[ret->waiting_count++] = held.header.owner;
    }
    hf_assert(ret->waiting_count <= HF_STATUS_WAITING_MAX);
    ret->waiting_owners = hf__owners_served(e);
}
