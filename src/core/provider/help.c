/*
 * What a helper does when the share of one that is gone is restored (proto/REPAIR.md, 7 and 8).
 * What must hold: it helps for what authority says and not for what it is asked; what it has helped
 * with is durable before its sum leaves; and it keeps nothing secret between two requests.
 */
#include "base/error.h"
#include "provider/provider.h"

/* Whether an owner has been silent to this node for the policy's grace. */
static bool is_silent(struct hf_engine *e, const struct hf_account *owner)
{
    hf__members_look(e, owner);
    struct hf__view view = hf__view(e, owner);
    hf_assert(view.since_ms <= e->now_ms);
    return view.state == HF_MEMBER_UNREACHABLE &&
           e->now_ms - view.since_ms >= hf__policy(e)->holder_grace_s * 1000;
}

/* Whether the vote of an index has gone, with its share, to one that is there. */
static bool is_with_successor(struct hf_engine *e, const struct hf_owner_row *row,
                              const uint8_t id[static 16], uint64_t index)
{
    struct hf_signed_transfer moved;
    struct hf_transfer_statement t;
    hf_assert(index > 0);
    if (!hf__transfer_find(e, row, id, index, false, &moved))
        return false;
    hf__transfer_read(e, &moved, &t);
    hf_assert(t.helpers_count == 0);
    return !hf__holder_gone(e, &t.to);
}

int hf__lost_check(struct hf_engine *e, const struct hf_account *owner, const uint8_t id[static 16],
                   uint64_t index, struct hf__lost *ret)
{
    int r = hf__closing(e);
    if (r != 0)
        return r;
    if (!hf__owner_row(e, owner, &ret->row) || !ret->row.has_newest ||
        !hf__held_row(e, owner, id, &ret->held) || !hf__held_counts(e, owner, id) ||
        hf__record_check(e, &ret->row.newest, owner, &ret->record) != 0 ||
        memcmp(ret->record.generation.id, id, 16) != 0)
        return HF_ENOSHARE;
    const struct hf_holder *holders = ret->record.holders;
    size_t own = ret->held.index;
    hf_assert(own > 0 && index > 0);
    if (own > ret->record.holders_count || index > ret->record.holders_count || index == own ||
        !hf_account_equal(&holders[own - 1].account, &e->account))
        return HF_ENOSHARE;
    if (!hf__holder_gone(e, &holders[index - 1].account) || !is_silent(e, owner))
        return HF_ESTAYS;
    ret->is_signed = hf__transfer_find(e, &ret->row, id, index, true, &ret->transfer);
    if (!ret->is_signed && (is_with_successor(e, &ret->row, id, index) ||
                            hf__moves_exhausted(e, &ret->row, &ret->record)))
        return HF_ESHAREMOVED;
    return 0;
}

/* The same, asked by another holder. */
static int check_asked(struct hf_engine *e, const struct hf__message *from,
                       const struct hf_versions *versions, const struct hf_account *owner,
                       const uint8_t id[static 16], uint64_t index, struct hf__lost *ret)
{
    hf_assert(e->claimed && from->is_request);
    int r = hf__asker_check(e, from, versions, owner);
    if (r == 0)
        r = hf__lost_check(e, owner, id, index, ret);
    if (r != 0)
        return r;
    bool named = false;
    for (size_t i = 0; i < ret->record.holders_count; i++)
        named = named || hf_account_equal(&ret->record.holders[i].account, &from->account);
    return named && !hf__holder_gone(e, &from->account) ? 0 : HF_EPERMISSION;
}

int hf__recv_help(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_help_request m;
    struct hf_help_response answer = {0};
    struct hf__lost *l = hf__scratch(e, sizeof *l);
    int r = hf__decode(e, &hf_wire_help_request, body, &m);
    if (r == 0)
        r = check_asked(e, from, &m.versions, &m.owner, m.generation, m.index, l);
    if (r == 0 && !hf__identity_own(e, &answer.identity))
        r = HF_EBUSY;
    if (r != 0)
        return r;
    hf__versions(e, &answer.versions);
    answer.rank = l->row.rank;
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_help_response, &answer), true);
    return 0;
}

/* Whether a member may have an owner's share by the newest set, as it would be asked for it. */
static bool is_candidate(struct hf_engine *e, const struct hf__plan *p)
{
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    const struct hf_document *set = e->trust->set;
    hf_assert(set != NULL);
    size_t count = hf__view_places(e, set, &p->t.owner, (uint32_t)p->t.generation.version,
                                   (uint8_t)hf__policy(e)->shares, order);
    hf_assert(count <= HF_ARRAY_LEN(order));
    for (size_t i = 0; i < count; i++)
        if (hf_account_equal(&set->u.set.validators[order[i]].account, &p->t.to))
            return true;
    return false;
}

/* What is asked of a helper, with what it goes by. */
struct helped {
    struct hf__lost lost;
    struct hf__plan plan;
    size_t place;
};

/* Whether what is to be signed fits what this node knows, and names it and the asker. */
static int check_plan(struct hf_engine *e, const struct hf__message *from,
                      const struct hf_versions *versions, struct hf_bytes transfer,
                      struct hf_bytes repair, struct helped *ret)
{
    struct hf_transfer_statement t;
    struct hf_claim_statement promised;
    struct hf__lost *l = &ret->lost;
    int r = hf__decode(e, &hf_wire_transfer_statement, transfer, &t);
    if (r == 0)
        r = check_asked(e, from, versions, &t.owner, t.generation.id, t.index, l);
    if (r == 0)
        r = hf__plan_read(e, transfer, repair, &l->record, &ret->plan);
    if (r == 0)
        r = hf__claim_open(e, &t.promised, &t.owner, &promised);
    if (r != 0)
        return r;
    long place = hf__plan_place(&ret->plan, &e->account);
    if (place < 0 || hf__plan_place(&ret->plan, &from->account) < 0 ||
        memcmp(t.ppid, l->row.ppid, sizeof t.ppid) != 0 || t.rank < l->row.rank ||
        promised.ballot.number < l->record.ballot.number ||
        !hf__sealing_has(e, hf__plan_key(&ret->plan, (size_t)place)))
        return HF_ETRANSFER;
    if (ret->plan.s.epoch != hf_document_version(e->trust->set))
        return HF_ESTAYS;
    ret->place = (size_t)place;
    hf_assert(ret->plan.repair.helpers[place] == l->held.index);
    if (!l->is_signed)
        return 0;
    hf__transfer_read(e, &l->transfer, &t);
    hf_assert(t.helpers_count > 0);
    return hf_account_equal(&t.to, &ret->plan.t.to) ? 0 : HF_ESHAREMOVED;
}

int hf__recv_split(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_split_request m;
    struct hf_split_response answer = {0};
    const struct hf__peer *peer;
    struct helped *h = hf__scratch(e, sizeof *h);
    int r = hf__decode(e, &hf_wire_split_request, body, &m);
    if (r == 0)
        r = check_plan(e, from, &m.versions, m.transfer, m.repair, h);
    if (r == 0 && !h->lost.is_signed && !is_candidate(e, &h->plan))
        r = HF_EORDER;
    if (r == 0)
        r = hf__identity_check(e, from, &m.identity, &h->plan.t.to, &peer, NULL);
    if (r != 0)
        return r;
    /* The sum goes to this key: whose it is, each helper judges for itself. */
    hf_assert(hf_account_equal(&peer->account, &h->plan.t.to));
    if (memcmp(peer->sealing_key, hf__plan_key(&h->plan, h->plan.repair.k), HF_KEY_LEN) != 0)
        return HF_ETRANSFER;
    r = hf__share_split(e, &h->plan, &h->lost.held, h->place, &answer);
    if (r != 0)
        return r;
    hf__versions(e, &answer.versions);
    e->suite->sign(e->secrets->account, "holdfast/v1/restored", m.transfer, answer.consent);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_split_response, &answer), true);
    return 0;
}

bool hf__restored_keep(struct hf_engine *e, struct hf__lost *l,
                       const struct hf_signed_transfer *transfer)
{
    hf_assert(e->store_error == 0 && transfer->statement.len > 0);
    if (l->is_signed)
        return true;
    if (!hf__transfer_keep(e, &l->row, &l->record.owner, transfer))
        return false;
    hf_assert(l->row.moves_count > 0);
    hf__owner_put(e, &l->record.owner, &l->row);
    l->is_signed = true;
    l->transfer = *transfer;
    return true;
}

void hf__restored_done(struct hf_engine *e, struct hf__lost *l)
{
    if (!l->is_signed || e->store_error != 0)
        return;
    hf_assert(l->row.moves_count > 0);
    struct hf_signed_transfer *all = hf__scratch(e, l->row.moves_count * sizeof *all);
    memcpy(all, l->row.moves, l->row.moves_count * sizeof *all);
    hf_assert(l->transfer.others.len > 0);
    for (size_t i = 0; i < l->row.moves_count; i++)
        all[i].kept = all[i].kept || hf__transfer_same(e, &all[i], &l->transfer);
    l->row.moves = all;
    hf__owner_put(e, &l->record.owner, &l->row);
}

/* Whether all helpers have signed their points, which add up; this node's own signature says that
 * it has seen the plan before. ret_accused: who has signed what does not add up. */
static int check_splits(struct hf_engine *e, const struct hf__plan *p,
                        const struct hf_sum_request *m, struct hf_accusation *ret_accused)
{
    hf_assert(p->repair.k > 0 && p->repair.k <= HF_SHARES_MAX);
    if (m->splits_count != p->repair.k)
        return HF_ETRANSFER;
    for (size_t i = 0; i < m->splits_count; i++) {
        int r = hf__split_signed(e, p, i, &m->splits[i]);
        if (r != 0)
            return r;
    }
    for (size_t i = 0; i < m->splits_count; i++) {
        int r = hf__split_check(e, p, i, &m->splits[i]);
        if (r == 0)
            continue;
        ret_accused->index = p->repair.helpers[i];
        return r;
    }
    hf_assert(ret_accused->index == 0);
    return 0;
}

int hf__recv_sum(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_sum_request m;
    struct hf_sum_response answer = {0};
    struct hf_transfer_statement t;
    struct helped *h = hf__scratch(e, sizeof *h);
    uint8_t sealed[HF__PART_SEALED];
    int r = hf__decode(e, &hf_wire_sum_request, body, &m);
    if (r == 0)
        r = check_plan(e, from, &m.versions, m.transfer.statement, m.repair, h);
    if (r == 0)
        r = hf__transfer_check(e, &m.transfer, &h->plan.t.owner, &t);
    if (r == 0)
        r = check_splits(e, &h->plan, &m, &answer.accused);
    if (r == 0 && e->store_error != 0)
        r = e->store_error;
    if (r == 0)
        r = hf__parts_sum(e, &h->plan, m.splits, h->place, sealed, &answer.accused);
    if (r == 0 && !hf__restored_keep(e, &h->lost, &m.transfer))
        r = HF_EBUSY;
    answer.has_accused = r != 0 && r != HF_ENOMEM && answer.accused.index != 0;
    if (r != 0 && !answer.has_accused)
        return r;
    hf__versions(e, &answer.versions);
    if (!answer.has_accused)
        answer.sealed = hf_bytes_of(sealed, sizeof sealed);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_sum_response, &answer), false);
    return 0;
}
