/* The other members as a whole: taken up, forgotten, measured. */
#include "members/members.h"

#include <stdlib.h>

#include "base/error.h"

static const struct hf_bytes no_key = {0};

int hf__members_init(struct hf_engine *e, const struct hf_engine_config *config)
{
    hf_assert(!e->started && e->members->address == NULL);
    if (config->address == NULL)
        return 0;
    size_t len = strlen(config->address) + 1;
    e->members->address = malloc(len);
    if (e->members->address == NULL)
        return HF_ENOMEM;
    memcpy(e->members->address, config->address, len);
    return 0;
}

void hf__members_open(struct hf_engine *e)
{
    struct hf_member_row row;
    hf_assert(e->open && e->members->told_count == 0);
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_MEMBER, no_key);
    if (value != NULL) {
        int r = hf__decode(e, &hf_wire_member_row, hf_blob_bytes(value), &row);
        hf_assert(r == 0);
        e->members->incarnation = row.incarnation;
        e->members->forgot = row.forgot;
    }
    hf_assert(e->members->detector == NULL && e->members->tellers == NULL);
    hf__told_load(e);
    hf__detect_open(e);
    hf__timer_set(e, HF__TIMER_RECONCILE, hf__random_below(e, e->timing.reconcile_ms));
}

void hf__members_forgot(struct hf_engine *e, bool forgot)
{
    hf_assert(e->open);
    if (e->members->forgot == forgot)
        return;
    e->members->forgot = forgot;
    hf__member_row_put(e);
}

/* The set names another address than the one at which this node is reached: says so, once. */
static void tell_address(struct hf_engine *e)
{
    const struct hf__members *m = e->members;
    long at = e->trust->set != NULL ? hf_set_find(e->trust->set, &e->account) : -1;
    if (!e->claimed || m->address == NULL || at < 0)
        return;
    struct hf_bytes own = hf_bytes_of(m->address, strlen(m->address));
    bool moved = !hf_bytes_equal(e->trust->set->u.set.validators[at].address, own);
    const struct hf__told *said = hf__told_find(e, &e->account, HF__NEWS_ADDRESS, NULL);
    bool says = said != NULL && !said->over;
    hf_assert(!says || hf_account_equal(&said->author, &e->account));
    if (says) {
        struct hf_signed_event signed_event;
        struct hf_event_statement s;
        int r = hf__decode(e, &hf_wire_signed_event, hf_blob_bytes(said->encoded), &signed_event);
        if (r == 0)
            r = hf__decode(e, &hf_wire_event_statement, signed_event.statement, &s);
        hf_assert(r == 0);
        if (moved && hf_bytes_equal(s.address, own))
            return;
    }
    if (!moved && !says)
        return;
    struct hf_event_statement what = {.kind = HF__NEWS_ADDRESS, .address = own, .over = !moved};
    hf__news_issue(e, &what);
}

void hf__members_claimed(struct hf_engine *e)
{
    hf_assert(e->open && e->claim > 0);
    const struct hf__told *told;
    hf_assert(e->claimed);
    /* What was taken back is said again too: a member that has not heard that holds what was
     * before, and takes no word of an earlier claim. */
    hf__told_expire(e);
    if ((told = hf__told_find(e, &e->account, HF__NEWS_LEAVE, NULL)) != NULL)
        hf__news_again(e, told);
    hf__timer_set(e, HF__TIMER_LEAVE, 0);
    /* It is back: a drain ends by itself with the restart. */
    if ((told = hf__told_find(e, &e->account, HF__NEWS_DRAINING, NULL)) != NULL && !told->over)
        hf__news_draining(e, true);
    if ((told = hf__told_find(e, &e->account, HF__NEWS_ADDRESS, NULL)) != NULL)
        hf__news_again(e, told);
    tell_address(e);
    hf__news_greet(e);
    hf__timer_set(e, HF__TIMER_PROBE, hf__random_below(e, e->timing.probe_ms + 1));
}

void hf__members_adopted(struct hf_engine *e)
{
    hf_assert(e->trust->adopted > 0);
    if (!e->open)
        return;
    hf__told_expire(e);
    e->members->changed++;
    e->members->news = true;
    hf__gossip_soon(e);
    tell_address(e);
    hf__news_greet(e);
    hf__detect_soon(e);
}

void hf__members_lock(struct hf_engine *e)
{
    struct hf__members *m = e->members;
    hf__detect_lock(e);
    hf__told_free(e);
    free(m->tellers);
    free(m->teller_heads);
    m->tellers = NULL;
    m->teller_heads = NULL;
    m->tellers_count = m->tellers_cap = 0;
    m->incarnation = 0;
    m->news = m->forgot = m->rumour = m->accused = false;
    m->answered_ms = 0;
    m->answer_pause_ms = 0;
    hf_assert(m->told_count == 0 && m->detector == NULL);
}

void hf__members_done(struct hf_engine *e)
{
    hf_assert(e->members->told == NULL && e->members->tellers == NULL);
    free(e->members->address);
}

size_t hf__members_memory(const struct hf_engine *e)
{
    const struct hf__members *m = e->members;
    hf_assert(m->tellers_count <= m->tellers_cap);
    size_t sum = hf__told_memory(e) + hf__detect_memory(e) +
                 m->tellers_cap * (sizeof *m->tellers + sizeof *m->teller_heads);
    return sum + (m->address != NULL ? strlen(m->address) + 1 : 0);
}
