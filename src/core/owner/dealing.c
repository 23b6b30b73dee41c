/* A dealing as such: its shares, and its end. */
#include <stdlib.h>

#include "base/error.h"
#include "base/secret.h"
#include "owner/deal.h"

bool hf__deal_shares(struct hf_engine *e, struct hf__dealing *d)
{
    hf_assert(d->shares == NULL);
    hf_assert(e->active.has_root && d->k <= d->q && d->q <= d->n && 2 * d->q > d->n);
    struct hf_sharing sharing = {.k = d->k, .n = d->n};
    struct hf_rng *rng = e->secret_alloc(sizeof *rng);
    uint8_t *secret = e->secret_alloc(HF_SCALAR_LEN);
    d->shares = e->secret_alloc((size_t)d->n * HF_SCALAR_LEN);
    hf_assert(rng != NULL && secret != NULL && d->shares != NULL);
    bool kept = hf__dealt_secret(e, &d->dealt, d->generation.id, rng, secret);
    if (kept) {
        int r = e->suite->deal(rng, secret, sharing, d->shares, d->commitments);
        hf_assert(r == 0);
    }
    if (kept && !d->mends && d->dealt.count > 1) {
        d->roots = calloc(d->dealt.count, sizeof *d->roots);
        hf_assert(d->roots != NULL);
        (void)hf__dealt_wrap(e, &d->dealt, d->generation.id, secret, d->roots);
    }
    hf_wipe(rng, sizeof *rng);
    hf_wipe(secret, HF_SCALAR_LEN);
    e->secret_free(rng);
    e->secret_free(secret);
    return kept;
}

bool hf__mend_failed(const struct hf__dealing *d)
{
    hf_assert(d->mends && d->candidates_count == d->n);
    for (size_t i = 0; i < d->n; i++) {
        const struct hf__slot *s = &d->slots[i];
        if (hf__slot_came(s) || (s->candidate >= 0 && s->state != HF__SLOT_RECEIPT))
            return false;
    }
    return true;
}

void hf__deal_free(struct hf_engine *e)
{
    struct hf__dealing *d = e->owner->dealing;
    if (d == NULL)
        return;
    hf_assert(d->n <= HF_SHARES_MAX && d->slots != NULL);
    for (size_t i = 0; i < d->n; i++)
        hf_blob_unref(d->slots[i].transcript);
    if (d->shares != NULL)
        hf_wipe(d->shares, (size_t)d->n * HF_SCALAR_LEN);
    e->secret_free(d->shares);
    free(d->slots);
    free(d->roots);
    free(d);
    e->owner->dealing = NULL;
}
