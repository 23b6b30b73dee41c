/*
 * The steps of a repair that the one takes who asks the others (proto/REPAIR.md, 8). What must
 * hold: each thing that a helper signs is checked as soon as it is here, so that who lies is named;
 * and no sum is asked for before it is durable that the share is restored.
 */
#include "base/error.h"
#include "document/broken.h"
#include "provider/mending.h"

/* ---- SPLIT */

/* What all helpers are to sign, and what all messages are bound to. The helpers are this node and
 * the first others that would, by index. */
static void write_plan(struct hf_engine *e, const struct hf__lost *l,
                       const uint8_t to_key[static HF_KEY_LEN])
{
    struct hf__mending *m = e->provider->mending;
    struct hf_account_ref helpers[HF_SHARES_MAX];
    uint8_t keys[(HF_SHARES_MAX + 1) * HF_KEY_LEN];
    size_t count = 0, others = 0;
    for (size_t i = 0; i < l->record.holders_count && count < m->k; i++) {
        const struct hf_holder *h = &l->record.holders[i];
        bool own = h->index == l->held.index;
        if (!own && ((m->willing >> h->index & 1) == 0 || others + 1 == m->k))
            continue;
        others += !own;
        helpers[count].account = h->account;
        memcpy(keys + count++ * HF_KEY_LEN, own ? e->sealing_key : m->keys[h->index], HF_KEY_LEN);
    }
    hf_assert(count == m->k && others + 1 == m->k);
    memcpy(keys + count * HF_KEY_LEN, to_key, HF_KEY_LEN);
    struct hf_transfer_statement t = {.generation = l->record.generation,
                                      .index = m->index,
                                      .promised = l->row.promised,
                                      .rank = l->row.rank,
                                      .made_s = hf__now_s(e),
                                      .helpers = helpers,
                                      .helpers_count = count};
    t.network = e->network;
    t.owner = m->owner;
    t.from = l->record.holders[m->index - 1].account;
    t.to = m->to;
    hf__record_order(&l->record, &t.newest);
    memcpy(t.ppid, l->row.ppid, sizeof t.ppid);
    if (m->rank_shown > t.rank)
        t.rank = m->rank_shown;
    struct hf_signed_transfer transfer = {.statement =
                                              hf__encode(e, &hf_wire_transfer_statement, &t)};
    struct hf_repair_statement s = {.epoch = hf_document_version(e->trust->set),
                                    .keys = hf_bytes_of(keys, (count + 1) * HF_KEY_LEN)};
    hf__transfer_hash(e, &transfer, &s.transfer);
    e->suite->random(&e->secrets->rng, s.nonce, sizeof s.nonce);
    struct hf_bytes repair = hf__encode(e, &hf_wire_repair_statement, &s);
    hf_assert(transfer.statement.len <= sizeof m->transfer && repair.len <= sizeof m->repair);
    memcpy(m->transfer, transfer.statement.data, transfer.statement.len);
    m->transfer_len = transfer.statement.len;
    memcpy(m->repair, repair.data, repair.len);
    m->repair_len = repair.len;
}

/* The plan as it was written, against the record as it is known now. */
int hf__mending_plan(struct hf_engine *e, const struct hf__lost *l, struct hf__plan *ret)
{
    const struct hf__mending *m = e->provider->mending;
    hf_assert(m->transfer_len > 0 && m->repair_len > 0);
    hf_assert(m->transfer_len <= sizeof m->transfer && m->repair_len <= sizeof m->repair);
    return hf__plan_read(e, hf_bytes_of(m->transfer, m->transfer_len),
                         hf_bytes_of(m->repair, m->repair_len), &l->record, ret);
}

static void keep_split(struct hf__mending *m, size_t place, const struct hf_split_response *answer)
{
    hf_assert(place < m->k && answer->parts_count == m->k);
    hf_assert(answer->points.len == (size_t)m->k * HF_POINT_LEN);
    memcpy(m->consents[place], answer->consent, HF_SIGNATURE_LEN);
    memcpy(m->signatures[place], answer->signature, HF_SIGNATURE_LEN);
    memcpy(m->points[place], answer->points.data, answer->points.len);
    for (size_t i = 0; i < m->k; i++)
        memcpy(m->parts[place][i], answer->parts[i].sealed, HF__PART_SEALED);
    m->given |= UINT32_C(1) << place;
}

static int ask_split(struct hf_engine *e, const struct hf__lost *l,
                     const struct hf_identity *identity)
{
    struct hf__mending *m = e->provider->mending;
    struct hf__plan plan;
    struct hf_split_response own = {0};
    int r = hf__mending_plan(e, l, &plan);
    hf_assert(r == 0); /* it was written in this step */
    struct hf_split_request ask = {.transfer = hf_bytes_of(m->transfer, m->transfer_len),
                                   .repair = hf_bytes_of(m->repair, m->repair_len),
                                   .identity = *identity};
    size_t place = (size_t)hf__plan_place(&plan, &e->account);
    r = hf__share_split(e, &plan, &l->held, place, &own);
    if (r != 0)
        return r;
    hf__mending_move(m, HF__MENDING_SPLIT);
    e->suite->sign(e->secrets->account, "holdfast/v1/restored", ask.transfer, own.consent);
    keep_split(m, place, &own);
    hf__versions(e, &ask.versions);
    struct hf_bytes body = hf__encode(e, &hf_wire_split_request, &ask);
    for (size_t i = 0; r == 0 && i < m->k; i++)
        if (i != place)
            r = hf__mending_call(e, HF_METHOD_SPLIT, &plan.t.helpers[i].account, body);
    return r;
}

/* Others have restored the share there, and this node has not heard of it. */
static int learn(struct hf_engine *e, struct hf__lost *l, const struct hf_signed_transfer *transfer)
{
    struct hf_transfer_statement t;
    const struct hf__mending *m = e->provider->mending;
    const struct hf_placement_record *record = &l->record;
    int r = hf__transfer_check(e, transfer, &m->owner, &t);
    if (r == 0 &&
        (!hf_account_equal(&t.to, &m->to) || t.index != m->index || t.helpers_count == 0 ||
         !hf__transfer_of(&t, &record->generation, record->holders, record->holders_count,
                          record->threshold)))
        r = HF_ETRANSFER;
    if (r == 0 && e->store_error == 0 && hf__restored_keep(e, l, transfer))
        hf__restored_done(e, l);
    hf_assert(m->waiting == 0);
    hf__mending_free(e);
    return r;
}

int hf__mending_split(struct hf_engine *e, const struct hf__pending *asked, struct hf__lost *l,
                      struct hf_bytes body)
{
    struct hf_take_response answer;
    const struct hf__peer *peer;
    struct hf__mending *m = e->provider->mending;
    hf_assert(hf_account_equal(&asked->account, &m->to));
    int r = hf__decode(e, &hf_wire_take_response, body, &answer);
    if (r == 0)
        r = hf__versions_check(e, &answer.versions);
    if (r == 0)
        r = hf__identity_check(e, NULL, &answer.identity, &asked->account, &peer, NULL);
    if (r != 0)
        return r;
    if (answer.has_transfer)
        return learn(e, l, &answer.transfer);
    memcpy(m->nonce, answer.nonce, sizeof m->nonce);
    write_plan(e, l, peer->sealing_key);
    return ask_split(e, l, &answer.identity);
}

/* What the helpers have sent, as it goes to another: with the parts for the one at a place; or
 * without any, as the new holder sees it. */
static struct hf_repair_split *list_splits(struct hf_engine *e, size_t place)
{
    struct hf__mending *m = e->provider->mending;
    struct hf_repair_split *splits = hf__scratch(e, m->k * sizeof *splits);
    hf_assert(m->given == (UINT32_C(1) << m->k) - 1 && place <= m->k);
    for (size_t i = 0; i < m->k; i++) {
        splits[i].points = hf_bytes_of(m->points[i], (size_t)m->k * HF_POINT_LEN);
        memcpy(splits[i].signature, m->signatures[i], HF_SIGNATURE_LEN);
        if (place < m->k)
            splits[i].sealed = hf_bytes_of(m->parts[i][place], HF__PART_SEALED);
    }
    return splits;
}

/* Names a helper that has signed what does not fit, and keeps what proves it. m: its taker, its
 * splits, and what it has signed; the rest is filled in. */
static void name_liar(struct hf_engine *e, const struct hf__plan *p, size_t place, int error,
                      struct hf_broken_repair *m)
{
    const struct hf__mending *mending = e->provider->mending;
    const struct hf_account *account = &p->t.helpers[place].account;
    const uint8_t *id = p->record->generation.id;
    struct hf_owner_row row;
    struct hf_broken what;
    hf_assert(place < p->repair.k && error != 0);
    hf__trace(e, HF_TRACE_HELPER_LIED, error, account, p->repair.helpers[place], mending->phase);
    if (e->store_error != 0 || hf__broken_has(e, account, id) ||
        !hf__owner_row(e, &mending->owner, &row) || !row.has_newest)
        return;
    m->format = 2;
    m->record = row.newest;
    m->transfer = hf_bytes_of(mending->transfer, mending->transfer_len);
    m->repair = hf_bytes_of(mending->repair, mending->repair_len);
    m->index = p->repair.helpers[place];
    if (hf_broken_repair_check(e->suite, m, &e->shared->arena, &what) == 0)
        hf__broken_keep(e, account, id, &hf_wire_broken_repair, m);
}

int hf__mending_take_split(struct hf_engine *e, const struct hf__plan *p, size_t place,
                           struct hf_bytes body)
{
    struct hf_split_response answer;
    struct hf__mending *m = e->provider->mending;
    hf_assert(place < m->k && m->phase == HF__MENDING_SPLIT);
    struct hf_repair_split split = {0};
    int r = hf__decode(e, &hf_wire_split_response, body, &answer);
    if (r == 0)
        r = hf__versions_check(e, &answer.versions);
    if (r == 0 && answer.parts_count != m->k)
        r = HF_ETRANSFER;
    if (r == 0)
        r = e->suite->verify(p->t.helpers[place].account.bytes, "holdfast/v1/restored",
                             hf_bytes_of(m->transfer, m->transfer_len), answer.consent);
    if (r != 0)
        return r;
    split.points = answer.points;
    memcpy(split.signature, answer.signature, HF_SIGNATURE_LEN);
    r = hf__split_signed(e, p, place, &split);
    if (r != 0)
        return r;
    r = hf__split_check(e, p, place, &split);
    if (r != 0) {
        struct hf_broken_repair broken = {.splits = &split, .splits_count = 1};
        name_liar(e, p, place, r, &broken);
        return r;
    }
    keep_split(m, place, &answer);
    return 0;
}

/* ---- SUM */

/* The transfer with the signatures of all helpers. */
static void sign_all(struct hf_engine *e, struct hf_signed_transfer *ret)
{
    struct hf__mending *m = e->provider->mending;
    size_t len = (m->k - 1u) * (size_t)HF_SIGNATURE_LEN;
    uint8_t *others = hf__scratch(e, len);
    hf_assert(m->given == (UINT32_C(1) << m->k) - 1);
    *ret = (struct hf_signed_transfer){.statement = hf_bytes_of(m->transfer, m->transfer_len),
                                       .others = hf_bytes_of(others, len)};
    memcpy(ret->signature, m->consents[0], HF_SIGNATURE_LEN);
    for (size_t i = 1; i < m->k; i++)
        memcpy(others + (i - 1) * HF_SIGNATURE_LEN, m->consents[i], HF_SIGNATURE_LEN);
}

/*
 * Whether an accusation is proved: its value was signed by the accused for this taker and step, and
 * does not fit what it has published. Returns the indices to leave out: the accused; and the
 * accuser too where nothing is proved, as either may lie.
 */
static uint32_t judge(struct hf_engine *e, const struct hf__plan *p,
                      const struct hf_accusation *accused, uint8_t taker)
{
    struct hf__mending *m = e->provider->mending;
    const uint8_t k = p->repair.k;
    struct hf_hash points, value;
    uint8_t column[HF_SHARES_MAX * HF_POINT_LEN];
    size_t place = 0, at = 0;
    hf_assert(accused->index <= HF_SHARES_MAX && taker <= HF_SHARES_MAX);
    uint32_t both = UINT32_C(1) << accused->index | UINT32_C(1) << taker;
    while (place < k && p->repair.helpers[place] != accused->index)
        place++;
    while (at < k && p->repair.helpers[at] != taker)
        at++;
    if (place == k || !accused->has_value || !accused->has_signature)
        return both;
    struct hf_repair_split *splits = list_splits(e, k);
    hf__points_hash(e, p, splits, k, &points);
    e->suite->hash("holdfast/v1/repair-value", hf_bytes_of(accused->value, HF_SCALAR_LEN), &value);
    bool is_sum = taker == p->repair.target;
    if (e->suite->verify(p->t.helpers[place].account.bytes, "holdfast/v1/repair-word",
                         hf__repair_word(e, p, place, taker, is_sum ? &points : NULL, &value),
                         accused->signature) != 0)
        return both;
    hf__points_for(p, splits, place, column);
    int r = is_sum ? e->suite->repair_sum_check(accused->value, k, column)
                   : e->suite->secret_check(accused->value, m->points[place] + at * HF_POINT_LEN);
    if (r == 0)
        return both;
    struct hf_broken_repair broken = {.taker = taker,
                                      .splits = is_sum ? splits : &splits[place],
                                      .splits_count = is_sum ? k : 1,
                                      .has_value = true,
                                      .has_signature = true};
    memcpy(broken.value, accused->value, sizeof broken.value);
    memcpy(broken.signature, accused->signature, sizeof broken.signature);
    name_liar(e, p, place, r, &broken);
    return UINT32_C(1) << accused->index;
}

/* Notes durably that the share is restored, before any sum leaves; adds up what is for this node;
 * and asks the others. */
void hf__mending_sum(struct hf_engine *e, struct hf__lost *l, const struct hf__plan *p)
{
    struct hf__mending *m = e->provider->mending;
    struct hf_sum_request ask = {.repair = hf_bytes_of(m->repair, m->repair_len),
                                 .splits_count = m->k};
    struct hf_accusation accused = {0};
    size_t own = (size_t)hf__plan_place(p, &e->account);
    hf_assert(own < m->k && m->waiting == 0);
    sign_all(e, &ask.transfer);
    if (e->store_error != 0)
        return;
    int r = hf__parts_sum(e, p, list_splits(e, own), own, m->sums[own], &accused);
    if (r != 0) {
        if (accused.index != 0)
            hf__mending_again(e, l,
                              judge(e, p, &accused, (uint8_t)l->held.index) &
                                  ~(UINT32_C(1) << l->held.index));
        return;
    }
    if (!hf__restored_keep(e, l, &ask.transfer))
        return;
    hf__mending_move(m, HF__MENDING_SUM);
    m->summed |= UINT32_C(1) << own;
    hf__versions(e, &ask.versions);
    for (size_t i = 0; i < m->k; i++) {
        if (i == own)
            continue;
        ask.splits = list_splits(e, i);
        r = hf__mending_call(e, HF_METHOD_SUM, &p->t.helpers[i].account,
                             hf__encode(e, &hf_wire_sum_request, &ask));
        (void)r; /* who is not asked has not answered */
    }
}

int hf__mending_take_sum(struct hf_engine *e, const struct hf__plan *p, size_t place,
                         struct hf_bytes body)
{
    struct hf_sum_response answer;
    struct hf__mending *m = e->provider->mending;
    hf_assert(place < m->k && m->phase == HF__MENDING_SUM);
    int r = hf__decode(e, &hf_wire_sum_response, body, &answer);
    if (r == 0)
        r = hf__versions_check(e, &answer.versions);
    if (r == 0 && !answer.has_accused && answer.sealed.len != HF__PART_SEALED)
        r = HF_ETRANSFER;
    if (r != 0)
        return r;
    if (answer.has_accused) {
        m->blamed |= judge(e, p, &answer.accused, p->repair.helpers[place]);
        return 0;
    }
    memcpy(m->sums[place], answer.sealed.data, HF__PART_SEALED);
    m->summed |= UINT32_C(1) << place;
    return 0;
}

/* ---- RESTORE, TELL */

void hf__mending_restore(struct hf_engine *e, const struct hf__lost *l)
{
    struct hf__mending *m = e->provider->mending;
    struct hf_repair_sealed *sums = hf__scratch(e, m->k * sizeof *sums);
    struct hf_restore_request ask = {.repair = hf_bytes_of(m->repair, m->repair_len),
                                     .record = l->row.newest,
                                     .splits_count = m->k,
                                     .sums = sums,
                                     .sums_count = m->k};
    hf__mending_move(m, HF__MENDING_RESTORE);
    hf_assert(m->summed == m->given);
    sign_all(e, &ask.transfer);
    memcpy(ask.nonce, m->nonce, sizeof ask.nonce);
    ask.splits = list_splits(e, m->k);
    for (size_t i = 0; i < m->k; i++)
        memcpy(sums[i].sealed, m->sums[i], HF__PART_SEALED);
    hf__versions(e, &ask.versions);
    int r = hf__mending_call(e, HF_METHOD_RESTORE, &m->to,
                             hf__encode(e, &hf_wire_restore_request, &ask));
    (void)r;
}

/* Those who vote for the generation and have not helped. */
static void tell_others(struct hf_engine *e, const struct hf__lost *l, const struct hf__plan *p)
{
    struct hf_transfer_request tell = {.transfer = l->transfer};
    struct hf__electorate *g = hf__scratch(e, sizeof *g);
    hf_assert(l->is_signed && p->repair.k > 1);
    hf__mending_move(e->provider->mending, HF__MENDING_TELL);
    hf__acceptors(e, &l->record, g);
    hf__versions(e, &tell.versions);
    tell.transfer.kept = false;
    struct hf_bytes body = hf__encode(e, &hf_wire_transfer_request, &tell);
    for (size_t i = 0; i < g->n; i++) {
        if (g->indices[i] == e->provider->mending->index ||
            hf__plan_place(p, &g->acceptors[i]) >= 0 || !hf__is_member(e, &g->acceptors[i]))
            continue;
        int r = hf__mending_call(e, HF_METHOD_TRANSFER, &g->acceptors[i], body);
        (void)r; /* it learns of it from the owner, or asks by itself */
    }
}

int hf__mending_restored(struct hf_engine *e, struct hf__lost *l, const struct hf__plan *p,
                         struct hf_bytes body)
{
    struct hf_restore_response answer;
    struct hf__mending *m = e->provider->mending;
    hf_assert(m->phase == HF__MENDING_RESTORE && m->waiting == 0);
    int r = hf__decode(e, &hf_wire_restore_response, body, &answer);
    if (r == 0)
        r = hf__versions_check(e, &answer.versions);
    if (r != 0)
        return r;
    if (answer.has_accused) {
        m->blamed |= judge(e, p, &answer.accused, m->index);
        return 0;
    }
    hf__trace(e, HF_TRACE_REPAIRED, 0, &m->owner, l->record.generation.number, m->index);
    hf__restored_done(e, l);
    if (l->is_signed)
        tell_others(e, l, p);
    return 0;
}
