/* Quotes: the node's own, and those of others, each judged once by the shell and
 * then held against the policy. */
#include <stdlib.h>

#include "base/error.h"
#include "fault.h"
#include "node.h"

enum { RENEW_S_MAX = 86400, RETRY_MS = 1000 };

static void quote_hash(struct hf_engine *e, struct hf_bytes quote, uint8_t ret[static 32])
{
    e->suite->hash("holdfast/v1/quote", quote, ret);
}

static int verdict_of(struct hf_engine *e, struct hf_bytes quote, const uint8_t hash[static 32],
                      struct hf_verdict *ret)
{
    hf_assert(e->policy != NULL);
    if (e->shared->step.fresh != NULL && memcmp(e->shared->step.fresh_hash, hash, 32) == 0) {
        *ret = *e->shared->step.fresh;
        return 0;
    }
    const struct hf__known *known = hf__known_by_quote(&e->known, &e->shared->peers, hash);
    if (known != NULL) {
        *ret = known->peer->verdict;
        return 0;
    }
    /* Strangers may fill their part of the room, never that of members. */
    if (e->parked_count >= HF_PARKED_MAX ||
        (e->shared->step.stranger && e->strangers_count >= HF_PARKED_STRANGERS_MAX))
        return HF_EBUSY;
    memcpy(e->shared->step.wait_hash, hash, 32);
    for (struct hf__judging *j = e->judging; j != NULL; j = j->next)
        if (memcmp(j->quote_hash, hash, 32) == 0)
            return HF__PARK;
    struct hf__judging *j = calloc(1, sizeof *j);
    hf_assert(j != NULL);
    struct hf_work *w = hf__work(e, HF_WORK_JUDGE);
    /* The message that holds it may be a parked one, which is freed before this step is over. */
    uint8_t *copy = hf__scratch(e, quote.len + 1);
    memcpy(copy, quote.data, quote.len);
    w->quote = hf_bytes_of(copy, quote.len);
    w->trust = (uint8_t)e->policy->u.policy.trust;
    w->dev_root = e->policy->u.policy.dev_root;
    w->wall_s = hf__now_s(e);
    j->work = w->id;
    memcpy(j->quote_hash, hash, 32);
    j->next = e->judging;
    e->judging = j;
    return HF__PARK;
}

int hf__verdict(struct hf_engine *e, struct hf_bytes quote, struct hf_verdict *ret)
{
    uint8_t hash[32];
    quote_hash(e, quote, hash);
    return verdict_of(e, quote, hash, ret);
}

void hf__park(struct hf_engine *e, const struct hf__parked *what, struct hf_bytes body)
{
    struct hf__parked **last = &e->parked;
    while (*last != NULL)
        last = &(*last)->next;
    struct hf__parked *m = malloc(sizeof *m);
    hf_assert(m != NULL);
    *m = *what;
    m->next = NULL;
    m->body = hf_blob_new(body);
    hf_assert(m->body != NULL);
    memcpy(m->quote_hash, e->shared->step.wait_hash, 32);
    *last = m;
    e->parked_count++;
    e->strangers_count = (uint16_t)(e->strangers_count + (m->is_request && !m->has_account));
}

bool hf__quote_judged(struct hf_engine *e, uint32_t work, const struct hf_verdict *v)
{
    for (struct hf__judging **at = &e->judging; *at != NULL; at = &(*at)->next) {
        struct hf__judging *j = *at;
        if (j->work != work)
            continue;
        /* By collateral that was replaced meanwhile: whoever waits for it asks for another. */
        e->shared->step.fresh = j->outdated ? NULL : v;
        memcpy(e->shared->step.fresh_hash, j->quote_hash, 32);
        *at = j->next;
        free(j);
        return true;
    }
    return false;
}

void hf__verdicts_forget(struct hf_engine *e)
{
    for (struct hf__judging *j = e->judging; j != NULL; j = j->next)
        j->outdated = true;
    hf__known_done(&e->known, &e->shared->peers);
}

int hf__judge(struct hf_engine *e, const struct hf_verdict *v, const uint8_t *report_data,
              bool dated, uint64_t made_s, uint32_t *ret_rank)
{
    struct hf_judgement judgement;
    struct hf_judge_request request = {
        .at_s = hf__now_s(e), .report_data = report_data, .dated = dated, .quoted_at_s = made_s};
    hf_assert(e->policy != NULL);
    int r = hf_judge(v, e->policy->judge, &request, ret_rank != NULL ? &judgement : NULL);
    if ((HF_FAULT(VERDICT) && r != 0 && r == v->error) || (HF_FAULT(DEBUG) && r == HF_EDEBUGTD) ||
        (HF_FAULT(MEASUREMENT) && r == HF_EMEASUREMENT)) {
        judgement.rank = UINT32_MAX;
        r = 0;
    }
    if (r == 0 && ret_rank != NULL)
        *ret_rank = judgement.rank;
    return r;
}

/* Whether an identity of this epoch and date may stand for its account now. */
static int check_epoch(const struct hf_engine *e, uint64_t epoch, const uint8_t *beacon,
                       uint64_t made_s)
{
    const struct hf_document *set = NULL;
    if (epoch > hf_document_version(e->set))
        return HF_EBEHIND;
    if (epoch == hf_document_version(e->set))
        set = e->set;
    else if (e->set_previous != NULL && epoch == hf_document_version(e->set_previous))
        set = e->set_previous;
    if (set == NULL || (beacon != NULL && memcmp(beacon, set->u.set.beacon, 32) != 0) ||
        made_s < set->u.set.issued_s)
        return HF_EIDENTITY_OLD;
    return 0;
}

static int judge_known(struct hf_engine *e, struct hf__known *known, const struct hf__peer **ret,
                       uint32_t *ret_rank)
{
    const struct hf__peer *p = known->peer;
    int r = check_epoch(e, p->epoch, NULL, p->made_s);
    if (r == 0)
        r = hf__judge(e, &p->verdict, NULL, true, p->made_s, ret_rank);
    if (r != 0)
        return r;
    known->used_s = (uint32_t)(e->now_ms / 1000);
    *ret = p;
    return 0;
}

int hf__identity_known(struct hf_engine *e, const uint8_t account[static 32],
                       const struct hf__peer **ret, uint32_t *ret_rank)
{
    struct hf__known *known = hf__known_find(&e->known, account);
    return known == NULL ? HF_EIDENTITY : judge_known(e, known, ret, ret_rank);
}

int hf__identity_check(struct hf_engine *e, const struct hf_msg_identity *identity,
                       const uint8_t account[static 32], const struct hf__peer **ret,
                       uint32_t *ret_rank)
{
    struct hf_msg_identity_statement s;
    struct hf__peer p = {0};
    uint8_t report_data[HF_REPORT_DATA_LEN];
    int r = hf__documents_ready(e);
    if (r != 0)
        return r;
    quote_hash(e, identity->quote, p.quote_hash);
    struct hf__known *known = hf__known_find(&e->known, account);
    if (known != NULL && memcmp(known->peer->quote_hash, p.quote_hash, 32) == 0)
        return judge_known(e, known, ret, ret_rank);
    r = hf__decode(e, &hf_wire_identity_statement, identity->statement, &s);
    if (r != 0)
        return r;
    if (memcmp(s.network, e->network, 32) != 0 || memcmp(s.account, account, 32) != 0)
        return HF_EIDENTITY;
    r = check_epoch(e, s.epoch, s.has_beacon ? s.beacon : e->network, s.made_s);
    if (r == 0)
        r = verdict_of(e, identity->quote, p.quote_hash, &p.verdict);
    if (r != 0)
        return r;
    e->suite->report_data("holdfast/v1/identity", identity->statement, report_data);
    uint32_t rank;
    r = hf__judge(e, &p.verdict, report_data, true, s.made_s, &rank);
    if (r != 0) {
        hf__trace(e, HF_TRACE_QUOTE_REFUSED, r, account, 0, 0);
        return r;
    }
    /* When it was judged says nothing of the peer: engines that judged it at
     * other times share it. */
    p.verdict.verified_at_s = 0;
    memcpy(p.account, account, 32);
    memcpy(p.sealing_key, s.sealing_key, 32);
    p.epoch = (uint32_t)s.epoch;
    p.made_s = s.made_s;
    known = hf__known_put(&e->known, &e->shared->peers, &p);
    known->used_s = (uint32_t)(e->now_ms / 1000);
    *ret = known->peer;
    if (ret_rank != NULL)
        *ret_rank = rank;
    return 0;
}

void hf__identity_renew(struct hf_engine *e)
{
    uint32_t epoch = e->set != NULL ? hf_document_version(e->set) : 0;
    if (!e->open)
        return;
    uint64_t age_s = e->policy != NULL ? e->policy->u.policy.quote_age_max_s / 2 : 3600;
    if (age_s > RENEW_S_MAX)
        age_s = RENEW_S_MAX;
    /* One dated in the future, by a clock that was set back since, is refused by everybody. */
    bool current = e->identity != NULL && e->identity_epoch == epoch &&
                   e->identity_made_s <= hf__now_s(e) + HF_QUOTE_AHEAD_S / 2 &&
                   hf__now_s(e) < e->identity_made_s + age_s;
    if (current)
        hf__timer_set(e, HF__TIMER_IDENTITY,
                      (e->identity_made_s + age_s - hf__now_s(e)) * 1000 + 1);
    if (current || e->identity_work != 0)
        return;
    struct hf_msg_identity_statement s = {.epoch = epoch, .made_s = hf__now_s(e)};
    memcpy(s.network, e->network, 32);
    memcpy(s.account, e->account, 32);
    memcpy(s.sealing_key, e->sealing_key, 32);
    s.has_beacon = e->set != NULL;
    if (s.has_beacon)
        memcpy(s.beacon, e->set->u.set.beacon, 32);
    struct hf_bytes encoded = hf__encode(e, &hf_wire_identity_statement, &s);
    struct hf_work *w = hf__work(e, HF_WORK_QUOTE);
    e->suite->report_data("holdfast/v1/identity", encoded, w->report_data);
    e->identity_work = w->id;
    hf_blob_unref(e->identity_statement);
    e->identity_statement = hf_blob_new(encoded);
    hf_assert(e->identity_statement != NULL);
}

void hf__identity_made(struct hf_engine *e, int error, struct hf_bytes quote)
{
    struct hf_msg_identity_statement s;
    e->identity_work = 0;
    if (!e->open)
        return;
    if (error != 0) {
        hf__timer_set(e, HF__TIMER_IDENTITY, RETRY_MS);
        return;
    }
    struct hf_bytes statement = hf_blob_bytes(e->identity_statement);
    int r = hf__decode(e, &hf_wire_identity_statement, statement, &s);
    hf_assert(r == 0);
    struct hf_msg_identity id = {.statement = statement, .quote = quote};
    hf_blob_unref(e->identity);
    e->identity = hf_blob_new(hf__encode(e, &hf_wire_identity, &id));
    hf_assert(e->identity != NULL);
    e->identity_number = (uint8_t)(e->identity_number % UINT8_MAX + 1);
    hf_blob_unref(e->identity_statement);
    e->identity_statement = NULL;
    e->identity_epoch = (uint32_t)s.epoch;
    e->identity_made_s = s.made_s;
    hf__identity_renew(e); /* sets the timer, or starts anew when a set came meanwhile */
    hf__kick(e);
    if (e->state == HF_STATE_FRESH)
        hf__timer_set(e, HF__TIMER_TASK, 0); /* placing waits for it, with no timer running */
}

bool hf__identity_current(const struct hf_engine *e)
{
    uint32_t epoch = e->set != NULL ? hf_document_version(e->set) : 0;
    return e->identity != NULL && e->identity_epoch == epoch;
}

bool hf__identity_own(struct hf_engine *e, struct hf_msg_identity *ret)
{
    if (e->identity == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_identity, hf_blob_bytes(e->identity), ret);
    hf_assert(r == 0);
    return true;
}

int hf_engine_identity(const struct hf_engine *e, struct hf_bytes *ret)
{
    if (!e->open)
        return HF_ELOCKED;
    if (e->identity == NULL)
        return HF_EIDENTITY;
    *ret = hf_blob_bytes(e->identity);
    return 0;
}

/* Forgets everything about quotes, own and others'. Whoever waits for a judgement is told. */
void hf__quotes_done(struct hf_engine *e)
{
    while (e->parked != NULL) {
        struct hf__parked *m = e->parked;
        e->parked = m->next;
        if (m->is_request)
            hf__reply(e, m->request, HF_ELOCKED, (struct hf_bytes){0}, true);
        hf_blob_unref(m->body);
        free(m);
    }
    e->parked_count = e->strangers_count = 0;
    while (e->judging != NULL) {
        struct hf__judging *j = e->judging;
        e->judging = j->next;
        free(j);
    }
    hf__known_done(&e->known, &e->shared->peers);
    hf_blob_unref(e->identity);
    hf_blob_unref(e->identity_statement);
    e->identity = e->identity_statement = NULL;
    e->identity_work = 0;
    e->shared->step.fresh = NULL;
}
