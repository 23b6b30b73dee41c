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
    hf_assert(seen.quote.len <= bytes.len);
    /* What follows the quote is no part of it: if it counted, one quote would be new each time. */
    e->suite->hash("holdfast/v1/quote", seen.quote, &seen.hash);
    *ret = seen;
    return 0;
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
    int r = hf__parked_room(e, from);
    if (r != 0)
        return r;
    e->shared->step.wait_hash = *hash;
    if (hf__is_judged(e, hash) || !hf__may_judge(e, hf__asker_kind(e, from)))
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
    j->kind = (uint8_t)hf__asker_kind(e, from);
    t->judging_count[j->kind]++;
    hf_assert(w->wall_s > 0);
    j->quote_hash = *hash;
    j->next = t->judging;
    t->judging = j;
    return HF__PARK;
}

static void judging_free(struct hf__trust *t, struct hf__judging *j)
{
    hf_assert(j->kind < HF__ASKER_KINDS);
    hf_assert(t->judging_count[j->kind] > 0);
    t->judging_count[j->kind]--;
    free(j);
}

bool hf__quote_judged(struct hf_engine *e, uint32_t work, const struct hf_verdict *v)
{
    for (struct hf__judging **at = &e->trust->judging; *at != NULL; at = &(*at)->next) {
        struct hf__judging *j = *at;
        if (j->work != work)
            continue;
        /* By collateral that was replaced meanwhile: a message that waits for it asks for
         * another. */
        e->shared->step.fresh = j->outdated ? NULL : v;
        e->shared->step.fresh_hash = j->quote_hash;
        *at = j->next;
        judging_free(e->trust, j);
        return true;
    }
    return false;
}

void hf__verdicts_forget(struct hf_engine *e)
{
    for (struct hf__judging *j = e->trust->judging; j != NULL; j = j->next)
        j->outdated = true;
    hf__known_done(&e->trust->known, e->shared->peers);
    hf_assert(e->trust->known.count == 0);
}

int hf__judge(struct hf_engine *e, const struct hf_verdict *v, const uint8_t *report_data,
              bool dated, uint64_t made_s, uint32_t *ret_rank)
{
    hf_assert(v != NULL && (dated || made_s == 0));
    struct hf_judgement judgement;
    struct hf_judge_request request = {
        .at_s = hf__now_s(e), .report_data = report_data, .dated = dated, .quoted_at_s = made_s};
    hf_assert(e->trust->policy != NULL);
    int r = hf_judge(v, e->trust->policy->judge, &request, ret_rank != NULL ? &judgement : NULL);
    if (r == 0 && ret_rank != NULL)
        *ret_rank = judgement.rank;
    return r;
}

int hf_engine_judge(struct hf_engine *e, const struct hf_verdict *v)
{
    hf_assert(e->trust->policy == NULL || e->trust->policy->judge != NULL);
    return e->trust->policy != NULL ? hf__judge(e, v, NULL, false, 0, NULL) : HF_ENODOCUMENTS;
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
    hf_assert(t->parked == NULL);
    while (t->judging != NULL) {
        struct hf__judging *j = t->judging;
        t->judging = j->next;
        judging_free(t, j);
    }
    hf__known_done(&t->known, e->shared->peers);
    e->shared->step.fresh = NULL;
    hf_assert(t->known.count == 0 && t->judging == NULL);
}
