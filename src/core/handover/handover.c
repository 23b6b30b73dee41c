/* Both sides of a handover, as far as the life of the node goes: made, locked, measured, shown. */
#include "handover/handover.h"

#include <stdlib.h>

#include "base/error.h"

int hf__takeover_init(struct hf_engine *e, const struct hf_engine_config *config)
{
    hf_assert(!e->started && e->handover->from == NULL);
    if (config->handover_from == NULL)
        return 0;
    size_t len = strlen(config->handover_from) + 1;
    e->handover->from = malloc(len);
    if (e->handover->from == NULL)
        return HF_ENOMEM;
    memcpy(e->handover->from, config->handover_from, len);
    return 0;
}

void hf__takeover_lock(struct hf_engine *e)
{
    hf_assert(e->handover->given == NULL || e->handover->given->seq > 0);
    hf__presented_free(e, e->handover->given != NULL ? HF_EHANDEDOVER : HF_ELOCKED);
    hf__taking_free(e);
}

void hf__takeover_done(struct hf_engine *e)
{
    hf_assert(e->handover->taking == NULL);
    hf__given_free(e);
    free(e->handover->from);
    e->handover->from = NULL;
}

void hf__takeover_due(struct hf_engine *e)
{
    hf_assert(e->handover->given == NULL || e->handover->taking == NULL);
    if (e->handover->given != NULL)
        hf__given_due(e);
    else if (e->handover->taking != NULL)
        hf__taking_due(e);
}

size_t hf__takeover_memory(const struct hf_engine *e)
{
    const struct hf__handover *h = e->handover;
    size_t sum = h->from != NULL ? strlen(h->from) + 1 : 0;
    hf_assert(h->given == NULL || h->taking == NULL);
    for (size_t i = 0; i < HF_HANDOVER_PRESENTED_MAX; i++)
        sum += hf__blob_memory(h->presented[i].transcript) + hf__blob_memory(h->presented[i].quote);
    if (h->given != NULL)
        sum +=
            sizeof *h->given + hf__blob_memory(h->given->head) + hf__rows_memory(&h->given->rows);
    if (h->taking != NULL)
        sum += sizeof *h->taking + hf__blob_memory(h->taking->transcript) +
               hf__blob_memory(h->taking->quote) + hf__blob_memory(h->taking->proof) +
               hf__rows_memory(&h->taking->rows);
    return sum;
}

void hf__takeover_status(const struct hf_engine *e, struct hf_status *ret)
{
    const struct hf__handover *h = e->handover;
    hf_assert(h->given == NULL || !e->open);
    hf_assert(!e->inherited || (e->open && !e->claimed));
    ret->inherited = e->inherited;
    ret->handover_from = h->taking != NULL ? h->from : NULL;
    if (h->taking != NULL && h->taking->phase == HF__TAKING_ROWS) {
        ret->handover_rows = h->taking->rows_wanted;
        ret->handover_have = h->taking->rows.count;
    }
    if (h->given != NULL) {
        ret->handover_rows = h->given->rows.count; /* 0: they have been forgotten */
        ret->handover_have = h->given->fetched;
    }
}
