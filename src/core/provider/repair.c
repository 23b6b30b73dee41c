/*
 * Restoring a share that is gone while its owner is down (proto/REPAIR.md, 7 and 8): one of the
 * holders that are left asks the others, one step after the other, and brings the sums to the new
 * holder. What must hold: exactly k help, none of them the new holder; who lies is named and left
 * out; all that it hears is sealed to others or public, so that it learns no more than they.
 */
#include <stdlib.h>

#include "base/error.h"
#include "document/domain.h"
#include "provider/mending.h"

static const uint32_t phase_moves[HF__MENDING_PHASES] = {
    [HF__MENDING_HELP] = HF__TO(HF__MENDING_TAKE),
    [HF__MENDING_TAKE] = HF__TO(HF__MENDING_TAKE) | HF__TO(HF__MENDING_SPLIT),
    [HF__MENDING_SPLIT] =
        HF__TO(HF__MENDING_SUM) | HF__TO(HF__MENDING_HELP), /* anew, without who failed */
    [HF__MENDING_SUM] = HF__TO(HF__MENDING_RESTORE) | HF__TO(HF__MENDING_HELP),
    [HF__MENDING_RESTORE] = HF__TO(HF__MENDING_TELL) | HF__TO(HF__MENDING_HELP),
    [HF__MENDING_TELL] = 0,
};

static bool phase_invariant(const struct hf__mending *m)
{
    uint32_t all = (UINT32_C(1) << m->k) - 1;
    hf_assert(m->phase < HF__MENDING_PHASES && m->k > 1 && m->k < HF_SHARES_MAX);
    switch ((enum hf__mending_phase)m->phase) {
    case HF__MENDING_HELP:
        return m->willing == 0 && m->given == 0 && m->summed == 0;
    case HF__MENDING_TAKE:
        return (m->willing & m->left_out) == 0 && m->given == 0;
    case HF__MENDING_SPLIT:
        return m->transfer_len > 0 && m->repair_len > 0 && m->summed == 0;
    case HF__MENDING_SUM:
        return m->given == all && m->summed == 0;
    default:
        return m->given == all && m->summed == all;
    }
}

void hf__mending_move(struct hf__mending *m, enum hf__mending_phase to)
{
    hf_assert(m->waiting == 0 && (phase_moves[m->phase] & HF__TO(to)) != 0);
    m->phase = (uint8_t)to;
    hf_assert(phase_invariant(m));
}

void hf__mending_free(struct hf_engine *e)
{
    free(e->provider->mending);
    e->provider->mending = NULL;
}

size_t hf__mending_memory(const struct hf_engine *e)
{
    hf_assert(e->open || e->provider->mending == NULL);
    return e->provider->mending == NULL ? 0 : sizeof *e->provider->mending;
}

int hf__mending_call(struct hf_engine *e, uint8_t method, const struct hf_account *to,
                     struct hf_bytes body)
{
    struct hf__mending *m = e->provider->mending;
    struct hf__ask ask = {.task = HF__TASK_REPAIR, .method = method, .arg = m->number};
    hf_assert(m != NULL && m->waiting < 2 * HF_SHARES_MAX);
    int r = hf__call(e, &ask, to, body);
    m->waiting = (uint8_t)(m->waiting + (r == 0));
    return r;
}

static bool is_left_out(const struct hf__mending *m, uint64_t index)
{
    hf_assert(index > 0 && index <= HF_SHARES_MAX);
    return (m->left_out >> index & 1) != 0;
}

/* ---- HELP */

static void ask_help(struct hf_engine *e, const struct hf__lost *l)
{
    struct hf__mending *m = e->provider->mending;
    struct hf_help_request ask = {.owner = m->owner, .index = m->index};
    hf_assert(m->phase == HF__MENDING_HELP && m->waiting == 0);
    m->number = ++e->provider->mendings;
    memcpy(ask.generation, m->generation, sizeof ask.generation);
    hf__versions(e, &ask.versions);
    struct hf_bytes body = hf__encode(e, &hf_wire_help_request, &ask);
    for (size_t i = 0; i < l->record.holders_count; i++) {
        const struct hf_holder *h = &l->record.holders[i];
        if (h->index == m->index || h->index == l->held.index || is_left_out(m, h->index) ||
            hf__holder_gone(e, &h->account))
            continue;
        int r = hf__mending_call(e, HF_METHOD_HELP, &h->account, body);
        (void)r; /* who cannot be asked does not help */
    }
}

/* Begins anew, where an index is left out that was not; else it is tried again with the timer. */
void hf__mending_again(struct hf_engine *e, const struct hf__lost *l, uint32_t left_out)
{
    struct hf__mending *m = e->provider->mending;
    bool news = (left_out & ~m->left_out) != 0;
    hf_assert(m->waiting == 0);
    m->left_out |= left_out;
    m->blamed = m->willing = m->given = m->summed = m->rank_shown = 0;
    m->rank = 0;
    hf__mending_move(m, HF__MENDING_HELP);
    if (news)
        ask_help(e, l);
}

static int take_help(struct hf_engine *e, const struct hf__pending *asked, const struct hf__lost *l,
                     struct hf_bytes body)
{
    struct hf_help_response answer;
    const struct hf__peer *peer;
    struct hf__mending *m = e->provider->mending;
    int r = hf__decode(e, &hf_wire_help_response, body, &answer);
    if (r == 0)
        r = hf__versions_check(e, &answer.versions);
    if (r == 0)
        r = hf__identity_check(e, NULL, &answer.identity, &asked->account, &peer, NULL);
    if (r != 0)
        return r;
    for (size_t i = 0; i < l->record.holders_count; i++) {
        size_t index = l->record.holders[i].index;
        if (!hf_account_equal(&l->record.holders[i].account, &asked->account))
            continue;
        hf_assert(index <= HF_SHARES_MAX);
        m->willing |= UINT32_C(1) << index;
        memcpy(m->keys[index], peer->sealing_key, HF_KEY_LEN);
        if (answer.rank > m->rank_shown)
            m->rank_shown = (uint32_t)answer.rank;
    }
    return 0;
}

/* ---- TAKE */

/* Whether a member of the set may be the new holder: it stays and answers, and the domain rule does
 * not part it from one who is left. */
static bool is_candidate(struct hf_engine *e, const struct hf__lost *l,
                         const struct hf__electorate *g, const struct hf_validator *v)
{
    const struct hf_document *set = e->trust->set;
    struct hf__view view = hf__view(e, &v->account);
    hf_assert(set != NULL && g->n > 0);
    if (hf_account_equal(&v->account, &e->account) || view.state != HF_MEMBER_MEMBER ||
        view.draining || hf_account_equal(&v->account, &l->record.owner) ||
        hf__electorate_index(g, &v->account) != 0)
        return false;
    for (size_t i = 0; i < g->n; i++) {
        long at = hf_set_find(set, &g->acceptors[i]);
        if (at >= 0 && !hf__holder_gone(e, &g->acceptors[i]) &&
            hf_domain_parts((enum hf_domain_rule)hf__policy(e)->domain_rule,
                            &set->u.set.validators[at], v))
            return false;
    }
    return true;
}

/* The next candidate by the owner's order that has no share of this owner restored already. */
static bool next_candidate(struct hf_engine *e, const struct hf__lost *l, struct hf_account *ret)
{
    struct hf__mending *m = e->provider->mending;
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    const struct hf_document *set = e->trust->set;
    struct hf__electorate *g = hf__scratch(e, sizeof *g);
    size_t count = hf__view_places(e, set, &l->record.owner, (uint32_t)l->record.generation.version,
                                   (uint8_t)hf__policy(e)->shares, order);
    hf_assert(count <= HF_ARRAY_LEN(order));
    hf__acceptors(e, &l->record, g);
    while (m->rank < count) {
        const struct hf_validator *v = &set->u.set.validators[order[m->rank++]];
        if (!is_candidate(e, l, g, v))
            continue;
        *ret = v->account;
        return true;
    }
    return false;
}

/* Asks the one at which the share was restored, or the next candidate. */
static void ask_candidate(struct hf_engine *e, const struct hf__lost *l)
{
    struct hf__mending *m = e->provider->mending;
    struct hf_take_request ask = {.record = l->row.newest,
                                  .owner = m->owner,
                                  .index = m->index,
                                  .epoch = hf_document_version(e->trust->set),
                                  .has_transfer = l->is_signed,
                                  .transfer = l->transfer,
                                  .lost = true};
    hf_assert(m->waiting == 0);
    hf__mending_move(m, HF__MENDING_TAKE);
    if (!hf__identity_own(e, &ask.identity))
        return;
    hf__versions(e, &ask.versions);
    ask.transfer.kept = false;
    if (l->is_signed) {
        struct hf_transfer_statement t;
        hf__transfer_read(e, &l->transfer, &t);
        m->to = t.to;
        if (hf__is_member(e, &m->to)) {
            int r = hf__mending_call(e, HF_METHOD_TAKE, &m->to,
                                     hf__encode(e, &hf_wire_take_request, &ask));
            (void)r;
        }
        return;
    }
    while (next_candidate(e, l, &m->to))
        if (hf__mending_call(e, HF_METHOD_TAKE, &m->to,
                             hf__encode(e, &hf_wire_take_request, &ask)) == 0)
            return;
}

/* ---- the machine */

/* Goes on when all who were asked have answered. Who has failed where all are needed is left out,
 * unless others are blamed for it. */
static void advance(struct hf_engine *e, struct hf__lost *l, const struct hf__plan *p, int error)
{
    struct hf__mending *m = e->provider->mending;
    uint32_t left_out = m->blamed;
    uint32_t all = (UINT32_C(1) << m->k) - 1;
    size_t willing = 0;
    hf_assert(m->waiting == 0);
    for (size_t i = 1; i <= HF_SHARES_MAX; i++)
        willing += m->willing >> i & 1;
    switch ((enum hf__mending_phase)m->phase) {
    case HF__MENDING_HELP:
        if (willing + 1 >= m->k)
            ask_candidate(e, l);
        break;
    case HF__MENDING_TAKE:
        if (error != 0 && !l->is_signed)
            ask_candidate(e, l);
        break;
    case HF__MENDING_SPLIT:
    case HF__MENDING_SUM:
        for (size_t i = 0; m->blamed == 0 && i < m->k; i++)
            if (((m->phase == HF__MENDING_SPLIT ? m->given : m->summed) >> i & 1) == 0)
                left_out |= UINT32_C(1) << p->repair.helpers[i];
        if (left_out != 0)
            hf__mending_again(e, l, left_out);
        else if (m->phase == HF__MENDING_SPLIT)
            hf__mending_sum(e, l, p);
        else
            hf__mending_restore(e, l);
        hf_assert(m->phase != HF__MENDING_RESTORE || m->summed == all);
        break;
    case HF__MENDING_RESTORE:
        if (left_out != 0)
            hf__mending_again(e, l, left_out & ~(UINT32_C(1) << m->index));
        break;
    default:
        break;
    }
    if (m->waiting == 0)
        hf__mending_free(e);
}

int hf__mending_answered(struct hf_engine *e, const struct hf__pending *asked, int error,
                         struct hf_bytes body)
{
    struct hf__mending *m = e->provider->mending;
    struct hf__lost *l = hf__scratch(e, sizeof *l);
    struct hf__plan plan = {0};
    int r = error;
    hf_assert(asked->task == HF__TASK_REPAIR);
    if (m == NULL || asked->arg != m->number)
        return 0;
    /* The owner is back, or this node claims anew, or it leaves. */
    if (!e->claimed || hf__documents_ready(e) != 0 ||
        hf__lost_check(e, &m->owner, m->generation, m->index, l) != 0 ||
        (m->phase >= HF__MENDING_SPLIT && hf__mending_plan(e, l, &plan) != 0)) {
        hf__mending_free(e);
        return 0;
    }
    hf_assert(m->waiting > 0);
    m->waiting--;
    long place = m->phase >= HF__MENDING_SPLIT ? hf__plan_place(&plan, &asked->account) : -1;
    if (r == 0 && asked->method == HF_METHOD_HELP)
        r = take_help(e, asked, l, body);
    else if (r == 0 && asked->method == HF_METHOD_TAKE)
        r = hf__mending_split(e, asked, l, body);
    else if (r == 0 && asked->method == HF_METHOD_SPLIT && place >= 0)
        r = hf__mending_take_split(e, &plan, (size_t)place, body);
    else if (r == 0 && asked->method == HF_METHOD_SUM && place >= 0)
        r = hf__mending_take_sum(e, &plan, (size_t)place, body);
    else if (r == 0 && asked->method == HF_METHOD_RESTORE)
        r = hf__mending_restored(e, l, &plan, body);
    if (r == HF__PARK) {
        m->waiting++;
        return r;
    }
    m = e->provider->mending;
    if (m != NULL && m->waiting == 0)
        advance(e, l, &plan, r);
    return error == 0 ? r : 0;
}

/* ---- when */

/*
 * Whether it is for this node to ask: each holder has its turn, by index, and who is there before
 * it has so much time. One share is waited for at a time.
 */
static bool is_turn(struct hf_engine *e, const struct hf__lost *l, size_t index)
{
    struct hf__provider *p = e->provider;
    const uint64_t turn_ms = 2 * (uint64_t)e->timing.watch_ms;
    uint64_t before = 0;
    for (size_t i = 0; i + 1 < l->held.index; i++)
        before += hf__view(e, &l->record.holders[i].account).state == HF_MEMBER_MEMBER;
    hf_assert(before < HF_SHARES_MAX && p->awaited_ms <= e->now_ms);
    if (before == 0)
        return true;
    if (p->awaited_index == index &&
        memcmp(p->awaited, l->held.generation.id, sizeof p->awaited) == 0)
        return e->now_ms - p->awaited_ms >= before * turn_ms;
    if (p->awaited_index == 0 || e->now_ms - p->awaited_ms >= HF_SHARES_MAX * turn_ms) {
        p->awaited_index = (uint8_t)index;
        p->awaited_ms = e->now_ms;
        memcpy(p->awaited, l->held.generation.id, sizeof p->awaited);
    }
    return false;
}

/* Begins with a lost share. Who is known to lie about this generation is not asked. */
static bool start(struct hf_engine *e, const struct hf__lost *l, size_t index)
{
    struct hf__mending *m = calloc(1, sizeof *m);
    hf_assert(m != NULL);
    hf_assert(index != l->held.index && l->record.threshold > 1);
    m->owner = l->record.owner;
    m->index = (uint8_t)index;
    m->k = (uint8_t)l->record.threshold;
    memcpy(m->generation, l->record.generation.id, sizeof m->generation);
    for (size_t i = 0; i < l->record.holders_count; i++)
        if (hf__broken_has(e, &l->record.holders[i].account, m->generation))
            m->left_out |= UINT32_C(1) << l->record.holders[i].index;
    e->provider->mending = m;
    ask_help(e, l);
    if (m->waiting == 0)
        hf__mending_free(e);
    return e->provider->mending != NULL;
}

/* Begins where another share of a generation of which this node holds one is lost. */
static bool begin(struct hf_engine *e, const struct hf_held_row *held)
{
    struct hf__lost *l = hf__scratch(e, sizeof *l);
    struct hf_placement_record record;
    hf_assert(e->claimed && e->provider->mending == NULL);
    if (!held->has_record ||
        hf__decode(e, &hf_wire_placement_record, held->record.record, &record) != 0)
        return false;
    for (size_t i = 0; i < record.holders_count; i++) {
        /* One that comes to nothing does not keep the others waiting. */
        size_t at = (i + e->provider->mendings) % record.holders_count;
        size_t index = record.holders[at].index;
        if (hf__holder_gone(e, &record.holders[at].account) && record.threshold > 1 &&
            hf__lost_check(e, &held->header.owner, held->generation.id, index, l) == 0 &&
            !(l->is_signed && l->transfer.kept) && is_turn(e, l, index) && start(e, l, index))
            return true;
    }
    return false;
}

void hf__mending_look(struct hf_engine *e)
{
    hf_assert(e->open || e->timers[HF__TIMER_REPAIR] == HF__NEVER);
    if (e->open && e->timers[HF__TIMER_REPAIR] == HF__NEVER)
        hf__timer_set(e, HF__TIMER_REPAIR, e->timing.watch_ms);
}

void hf__mending_due(struct hf_engine *e)
{
    struct hf__provider *p = e->provider;
    struct hf_held_row held;
    bool silent = p->mended > 0; /* who stands before is looked at again */
    if (!e->claimed || hf__documents_ready(e) != 0 || e->store_error != 0) {
        hf__timer_set(e, HF__TIMER_REPAIR, e->timing.watch_ms);
        return;
    }
    if (p->mending == NULL)
        while (hf__held_next(e, NULL, &p->mended, &held)) {
            silent = silent || hf__view(e, &held.header.owner).state == HF_MEMBER_UNREACHABLE;
            if (begin(e, &held))
                break;
        }
    if (p->mending == NULL)
        p->mended = 0;
    hf_assert(p->mending == NULL || p->mending->waiting > 0);
    if (silent || p->mending != NULL)
        hf__timer_set(e, HF__TIMER_REPAIR,
                      p->mending != NULL ? e->timing.standing_ms : e->timing.watch_ms);
}
