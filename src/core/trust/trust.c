/* Trust as a whole: made, forgotten, freed, measured. */
#include "trust/trust.h"

#include <stdlib.h>

#include "base/error.h"

/* One after another in one piece, each terminated. */
static int copy_seeds(struct hf__trust *t, const struct hf_engine_config *c)
{
    hf_assert(t->seeds == NULL && c->seeds_count <= HF_SEEDS_MAX);
    for (size_t i = 0; i < c->seeds_count; i++)
        t->seeds_len = (uint16_t)(t->seeds_len + strlen(c->seeds[i]) + 1);
    t->seeds = malloc(t->seeds_len + 1u);
    if (t->seeds == NULL)
        return HF_ENOMEM;
    char *at = t->seeds;
    for (size_t i = 0; i < c->seeds_count; i++) {
        size_t len = strlen(c->seeds[i]) + 1;
        memcpy(at, c->seeds[i], len);
        at += len;
    }
    t->seeds_count = (uint8_t)c->seeds_count;
    hf_assert(at == t->seeds + t->seeds_len);
    return 0;
}

int hf__trust_init(struct hf_engine *e, const struct hf_engine_config *config)
{
    hf_assert(!e->started && e->trust->seeds == NULL);
    e->trust->accept_dev = config->accept_dev;
    return copy_seeds(e->trust, config);
}

void hf__trust_lock(struct hf_engine *e)
{
    struct hf__trust *t = e->trust;
    hf__verdicts_done(e);
    hf_blob_unref(t->identity);
    hf_blob_unref(t->identity_statement);
    t->identity = t->identity_statement = NULL;
    t->identity_work = 0;
    hf_assert(t->parked == NULL && t->judging == NULL);
}

void hf__trust_done(struct hf_engine *e)
{
    struct hf__trust *t = e->trust;
    hf_assert(t->parked == NULL && t->judging == NULL && t->identity == NULL);
    for (size_t i = 0; i < t->roots_count; i++)
        hf_document_unref(t->roots[i]);
    free(t->roots);
    hf_document_unref(t->policy);
    hf_document_unref(t->set);
    hf_document_unref(t->set_previous);
    hf_document_unref(t->shares);
    free(t->seeds);
    free(t->rates);
    free(t->excess);
    free(t->marks);
    free(t->clocks);
}

size_t hf__trust_memory(const struct hf_engine *e)
{
    const struct hf__trust *t = e->trust;
    hf_assert(t->roots_count <= HF_ROOTS_MAX);
    size_t sum = hf__known_memory(&t->known) + t->roots_count * sizeof(struct hf_document *);
    sum += t->marks != NULL ? sizeof *t->marks : 0;
    sum += t->clocks != NULL ? sizeof *t->clocks : 0;
    sum += t->seeds_len + 1u + hf__rates_memory(t->rates) + hf__excess_memory(e);
    sum += hf__blob_memory(t->identity) + hf__blob_memory(t->identity_statement);
    for (const struct hf__parked *m = t->parked; m != NULL; m = m->next)
        sum += sizeof *m + hf__blob_memory(m->body);
    for (const struct hf__judging *j = t->judging; j != NULL; j = j->next)
        sum += sizeof *j;
    return sum;
}

void hf__trust_status(const struct hf_engine *e, struct hf_status *ret)
{
    const struct hf__trust *t = e->trust;
    hf_assert(t->roots_count > 0 || (t->policy == NULL && t->set == NULL));
    ret->root = t->roots_count;
    if (t->policy != NULL) {
        ret->policy = hf_document_version(t->policy);
        ret->policy_expires_s = hf_document_expires_s(t->policy);
        ret->dev = t->policy->u.policy.trust == HF_TRUST_DEV;
        ret->k = (uint8_t)hf__policy(e)->threshold;
        ret->n = (uint8_t)hf__policy(e)->shares;
        ret->q = (uint8_t)hf__policy(e)->claim_quorum;
        ret->quote_age_max_s = hf__policy(e)->quote_age_max_s;
        ret->holder_grace_s = hf__policy(e)->holder_grace_s;
    }
    if (t->set != NULL) {
        ret->epoch = hf_document_version(t->set);
        ret->set_expires_s = hf_document_expires_s(t->set);
        ret->validators = t->set->u.set.validators_count;
        ret->registered = e->has_account && hf__is_member(e, &e->account);
    }
    ret->identity_made_s = t->identity != NULL ? t->identity_made_s : 0;
    ret->seed_errors = t->seed_errors;
    ret->seeds_count = t->seeds_count;
    hf__excess_status(e, ret);
    ret->last_refusal = t->last_refusal;
    ret->last_refusal_kind = t->last_refusal_kind;
    ret->other_network = t->other;
}
