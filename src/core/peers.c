/* What a node says of the other members: to the operator, member by member. */
#include "core/status.h"

#include "life/life.h"
#include "members/detect.h"
#include "owner/owner.h"
#include "provider/provider.h"

void hf_engine_mesh(const struct hf_engine *e, struct hf_mesh_status *ret)
{
    const struct hf__detector *d = e->members->detector;
    hf_assert(d == NULL || (d->health <= HF_HEALTH_MAX && d->contacts_cap <= HF_CONTACTS_MAX));
    *ret = (struct hf_mesh_status){.cut_off = hf__cut_off(e)};
    for (size_t i = 0; d != NULL && i < d->contacts_cap; i++) {
        const struct hf__contact *c = &d->contacts[i];
        if (!c->used)
            continue;
        ret->probed++;
        ret->suspect += c->found == HF__FOUND_SUSPECT;
        ret->unreachable += c->found == HF__FOUND_UNREACHABLE;
        ret->by_datagram += c->found == HF__FOUND_WELL && c->heard_ms != 0 && c->datagrams;
        ret->by_connection += c->found == HF__FOUND_WELL && c->heard_ms != 0 && !c->datagrams;
    }
    if (d != NULL) {
        ret->slowness = d->health;
        ret->taken = d->taken;
        ret->refused = d->refused;
    }
    hf_assert(ret->suspect + ret->unreachable <= ret->probed);
}

static uint8_t suspecting(const struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(hf__is_member(e, account));
    const struct hf__members *m = e->members;
    uint8_t count = 0;
    for (size_t i = hf__told_suspected(e, account);
         i < m->told_count && hf_account_equal(&m->told[i]->subject, account); i++)
        if (m->told[i]->kind == HF__NEWS_SUSPECT && count < UINT8_MAX)
            count++;
    return count;
}

bool hf_engine_peer(struct hf_engine *e, size_t at, struct hf_peer_status *ret)
{
    const struct hf_document *set = e->trust->set;
    if (set == NULL || at >= set->u.set.validators_count)
        return false;
    const struct hf_account *account = &set->u.set.validators[at].account;
    const struct hf__contact *c = hf__contact_find(e, account);
    const struct hf__holder *h = hf__holder_find(e, account);
    struct hf__view view = hf__view(e, account);
    hf_assert(c == NULL || !hf_account_equal(account, &e->account));
    *ret = (struct hf_peer_status){.address = hf__address_of(e, account),
                                   .self = hf_account_equal(account, &e->account),
                                   .state = view.state,
                                   .since_ms = view.since_ms,
                                   .claim = hf__told_highest(e, account).claim,
                                   .incarnation = view.place,
                                   .draining = view.draining,
                                   .until_s = view.until_s,
                                   .suspecting = suspecting(e, account),
                                   .kept = hf__holds_any(e, account),
                                   .broke = hf__evidence_against(e, account)};
    ret->account = *account;
    if (c != NULL) {
        ret->heard_ms = c->heard_ms;
        ret->trip_ms = c->trip_ms;
        ret->datagrams = c->datagrams;
    }
    if (h != NULL) {
        ret->index = h->index;
        ret->audited_ms = h->audited_ms;
        ret->audits_failed = h->audits_failed;
    }
    hf_assert(ret->state != HF_MEMBER_NONE);
    return true;
}

bool hf_engine_moved(struct hf_engine *e, const struct hf_account *owner, size_t at,
                     struct hf_moved_status *ret)
{
    struct hf_owner_row row;
    struct hf_transfer_statement t;
    hf_assert(ret != NULL);
    if (!e->open)
        return false;
    if (hf_account_equal(owner, &e->account))
        return hf__moved_at(e, at, ret);
    if (!hf__owner_row(e, owner, &row) || at >= row.moves_count)
        return false;
    hf__transfer_read(e, &row.moves[at], &t);
    hf__transfer_status(&t, ret);
    hf_assert(hf_account_equal(&ret->owner, owner));
    return true;
}

bool hf_engine_told(const struct hf_engine *e, size_t at, struct hf_told_status *ret)
{
    static const char *const names[] = {[HF__NEWS_LEAVE] = "leave",
                                        [HF__NEWS_DRAINING] = "draining",
                                        [HF__NEWS_ADDRESS] = "address",
                                        [HF__NEWS_ALIVE] = "alive",
                                        [HF__NEWS_SUSPECT] = "suspect"};
    if (at >= e->members->told_count)
        return false;
    const struct hf__told *told = e->members->told[at];
    hf_assert(told->kind < HF_ARRAY_LEN(names) && names[told->kind] != NULL);
    hf_assert(told->encoded != NULL);
    *ret = (struct hf_told_status){.kind = told->kind,
                                   .kind_name = names[told->kind],
                                   .claim = told->place.claim,
                                   .incarnation = told->place.incarnation,
                                   .issued_s = told->issued_s,
                                   .expires_s = told->expires_s,
                                   .until_s = told->until_s,
                                   .over = told->over,
                                   .done = told->done};
    ret->author = told->author;
    ret->subject = told->subject;
    return true;
}
