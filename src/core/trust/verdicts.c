/* Quotes of others: each is judged once by the shell, and then held against the policy. */
#include <stdlib.h>

#include "base/error.h"
#include "trust/trust.h"

int hf__quote_look(struct hf_engine *e, struct hf_bytes bytes, struct hf__seen *ret)
{
    struct hf__seen seen = {.quote = bytes};
    int r = 0;
    if (e->shared->outline != NULL)
        r = e->shared->outline(bytes, &seen.quote, &seen.report_data);
    if (r != 0)
        return r;
    /* What follows the quote is no part of it: if it counted, one quote would be new each time. */
    e->suite->hash("holdfast/v1/quote", seen.quote, &seen.hash);
    *ret = seen;
    return 0;
}

static enum hf__asker_kind kind_of(const struct hf_engine *e, const struct hf__message *m)
{
    if (m == NULL || !m->is_request)
        return HF__OWN;
    if (m->has_account && hf__is_member(e, &m->account))
        return HF__MEMBERS;
    return m->expected ? HF__EXPECTED : HF__STRANGERS;
}

static uint64_t source_of(enum hf__asker_kind kind, const struct hf__message *m)
{
    if (kind == HF__OWN)
        return 0;
    return kind == HF__MEMBERS ? hf_bytes_head(m->account.bytes) : m->source;
}

/* Whether one more of this asker may wait. */
static int room_check(const struct hf_engine *e, const struct hf__message *from)
{
    static const uint16_t most[] = {[HF__OWN] = HF_PARKED_OWN_MAX,
                                    [HF__MEMBERS] = HF_PARKED_MEMBERS_MAX,
                                    [HF__EXPECTED] = HF_PARKED_EXPECTED_MAX,
                                    [HF__STRANGERS] = HF_PARKED_STRANGERS_MAX};
    const struct hf__trust *t = e->trust;
    enum hf__asker_kind kind = kind_of(e, from);
    uint64_t source = source_of(kind, from);
    size_t same = 0;
    hf_assert(t->parked_count[kind] <= most[kind]);
    for (const struct hf__parked *m = t->parked; m != NULL && kind != HF__OWN; m = m->next)
        same += m->kind == kind && m->source == source;
    if (same >= HF_PARKED_EACH_MAX)
        return HF_ERATE;
    return t->parked_count[kind] < most[kind] ? 0 : HF_EBUSY;
}

int hf__verdict(struct hf_engine *e, const struct hf__message *from, const struct hf__seen *seen,
                const uint8_t *report_data, struct hf_verdict *ret)
{
    struct hf__trust *t = e->trust;
    const struct hf_hash *hash = &seen->hash;
    struct hf_bytes quote = seen->quote;
    hf_assert(t->policy != NULL);
    if (report_data != NULL && seen->report_data != NULL &&
        memcmp(report_data, seen->report_data, HF_REPORT_DATA_LEN) != 0)
        return HF_EREPORTDATA;
    if (e->shared->step.fresh != NULL && hf_hash_equal(&e->shared->step.fresh_hash, hash)) {
        *ret = *e->shared->step.fresh;
        return 0;
    }
    const struct hf__known *known = hf__known_by_quote(&t->known, e->shared->peers, hash);
    if (known != NULL) {
        *ret = known->peer->verdict;
        return 0;
    }
    int r = room_check(e, from);
    if (r != 0)
        return r;
    e->shared->step.wait_hash = *hash;
    for (struct hf__judging *j = t->judging; j != NULL; j = j->next)
        if (hf_hash_equal(&j->quote_hash, hash))
            return HF__PARK;
    struct hf__judging *j = calloc(1, sizeof *j);
    hf_assert(j != NULL);
    struct hf_work *w = hf__work(e, HF_WORK_JUDGE);
    /* The message that holds it may be a parked one, which is freed before this step is over. */
    uint8_t *copy = hf__scratch(e, quote.len + 1);
    memcpy(copy, quote.data, quote.len);
    w->quote = hf_bytes_of(copy, quote.len);
    w->trust = (uint8_t)hf__policy(e)->trust;
    w->dev_root = hf__policy(e)->dev_root;
    w->wall_s = hf__now_s(e);
    w->stale_s = hf__policy(e)->collateral_stale_s;
    j->work = w->id;
    j->quote_hash = *hash;
    j->next = t->judging;
    t->judging = j;
    return HF__PARK;
}

void hf__park(struct hf_engine *e, const struct hf__message *what, struct hf_bytes body)
{
    struct hf__trust *t = e->trust;
    struct hf__parked **last = &t->parked;
    while (*last != NULL)
        last = &(*last)->next;
    struct hf__parked *m = malloc(sizeof *m);
    hf_assert(m != NULL);
    enum hf__asker_kind kind = kind_of(e, what);
    *m = (struct hf__parked){.kind = (uint8_t)kind,
                             .source = source_of(kind, what),
                             .message = *what,
                             .body = hf_blob_new(body)};
    m->message.counted = true;
    hf_assert(m->body != NULL);
    m->quote_hash = e->shared->step.wait_hash;
    *last = m;
    t->parked_count[kind]++;
    hf_assert(t->parked_count[kind] <= HF_PARKED_OWN_MAX);
}

struct hf__parked *hf__parked_take(struct hf_engine *e, const struct hf_hash *quote_hash)
{
    struct hf__trust *t = e->trust;
    struct hf__parked *taken = NULL, **last = &taken, **at = &t->parked;
    while (*at != NULL) {
        struct hf__parked *m = *at;
        if (!hf_hash_equal(&m->quote_hash, quote_hash)) {
            at = &m->next;
            continue;
        }
        *at = m->next;
        m->next = NULL;
        *last = m;
        last = &m->next;
        hf_assert(t->parked_count[m->kind] > 0);
        t->parked_count[m->kind]--;
    }
    return taken;
}

bool hf__quote_judged(struct hf_engine *e, uint32_t work, const struct hf_verdict *v)
{
    for (struct hf__judging **at = &e->trust->judging; *at != NULL; at = &(*at)->next) {
        struct hf__judging *j = *at;
        if (j->work != work)
            continue;
        /* By collateral that was replaced meanwhile: whoever waits for it asks for another. */
        e->shared->step.fresh = j->outdated ? NULL : v;
        e->shared->step.fresh_hash = j->quote_hash;
        *at = j->next;
        free(j);
        return true;
    }
    return false;
}

void hf__verdicts_forget(struct hf_engine *e)
{
    for (struct hf__judging *j = e->trust->judging; j != NULL; j = j->next)
        j->outdated = true;
    hf__known_done(&e->trust->known, e->shared->peers);
}

int hf__judge(struct hf_engine *e, const struct hf_verdict *v, const uint8_t *report_data,
              bool dated, uint64_t made_s, uint32_t *ret_rank)
{
    struct hf_judgement judgement;
    struct hf_judge_request request = {
        .at_s = hf__now_s(e), .report_data = report_data, .dated = dated, .quoted_at_s = made_s};
    hf_assert(e->trust->policy != NULL);
    int r = hf_judge(v, e->trust->policy->judge, &request, ret_rank != NULL ? &judgement : NULL);
    if (r == 0 && ret_rank != NULL)
        *ret_rank = judgement.rank;
    return r;
}

void hf__verdicts_done(struct hf_engine *e)
{
    struct hf__trust *t = e->trust;
    while (t->parked != NULL) {
        struct hf__parked *m = t->parked;
        t->parked = m->next;
        if (m->message.is_request)
            hf__reply(e, m->message.request, HF_ELOCKED, (struct hf_bytes){0}, true);
        hf_blob_unref(m->body);
        free(m);
    }
    memset(t->parked_count, 0, sizeof t->parked_count);
    while (t->judging != NULL) {
        struct hf__judging *j = t->judging;
        t->judging = j->next;
        free(j);
    }
    hf__known_done(&t->known, e->shared->peers);
    e->shared->step.fresh = NULL;
    hf_assert(t->known.count == 0 && t->judging == NULL);
}
