/* The provider's side as a whole: made, forgotten, measured, shown. */
#include "provider/provider.h"

#include <stdlib.h>

#include "base/error.h"

void hf__provider_init(struct hf_engine *e)
{
    hf_assert(!e->started && e->provider->answers == NULL);
    e->suite->random(&e->secrets->rng, e->secrets->nonce_key, sizeof e->secrets->nonce_key);
}

void hf__provider_lock(struct hf_engine *e)
{
    struct hf__provider *p = e->provider;
    hf__drain_free(e, HF_ELOCKED);
    hf__attest_free(e, HF_ELOCKED);
    hf__handing_free(e);
    hf__mending_free(e);
    p->leaving = (struct hf__leaving){.number = p->leaving.number};
    while (p->answers != NULL) {
        struct hf__answer *a = p->answers;
        p->answers = a->next;
        hf_blob_unref(a->body);
        free(a);
    }
    p->answers_count = 0;
    hf_assert(p->answers == NULL && p->drain == NULL && p->attesting == NULL &&
              p->leaving.waiting == 0);
}

size_t hf__provider_memory(const struct hf_engine *e)
{
    hf_assert(e->provider->answers_count <= HF_ANSWERS_MAX);
    size_t sum =
        hf__drain_memory(e) + hf__attest_memory(e) + hf__handing_memory(e) + hf__mending_memory(e);
    for (const struct hf__answer *a = e->provider->answers; a != NULL; a = a->next)
        sum += sizeof *a + hf__blob_memory(a->body);
    return sum;
}

void hf__provider_status(struct hf_engine *e, struct hf_status *ret)
{
    hf__leave_status(e, ret);
    ret->draining = e->provider->draining;
    ret->owners = hf__rows_count(&e->rows, HF_ROW_OWNER);
    ret->shares = hf__rows_count(&e->rows, HF_ROW_HELD);
    hf_assert(e->open || (ret->shares == 0 && ret->owners == 0));
}
