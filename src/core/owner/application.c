/*
 * Quotes for applications (proto/PROTOCOL.md, 13): the party that an application deals with learns
 * that the key it is shown is one of attested software, on the machine of this validator. The
 * purpose is part of what the quote is over, so that none can be used for anything else.
 */
#include <stdlib.h>

#include "base/error.h"
#include "owner/owner.h"

/* One that is being made. */
struct hf__vouch {
    struct hf__vouch *next;
    uint64_t local; /* who waits */
    uint32_t work;
    struct hf_blob *statement;
};

static size_t count_vouches(const struct hf_engine *e)
{
    size_t count = 0;
    for (const struct hf__vouch *v = e->owner->vouches; v != NULL; v = v->next)
        count++;
    hf_assert(count <= HF_APPLICATION_QUOTES_MAX);
    return count;
}

void hf__application_ask(struct hf_engine *e, uint64_t local, struct hf_bytes bytes)
{
    struct hf_application_statement s = {.claim = e->claim};
    int r = hf__why_closed(e);
    if (r == 0 && bytes.len != HF_APPLICATION_LEN)
        r = HF_EINVAL;
    if (r == 0 && count_vouches(e) == HF_APPLICATION_QUOTES_MAX)
        r = HF_EBUSY;
    if (r != 0) {
        hf__local_reply(e, local, r);
        return;
    }
    struct hf__vouch *v = calloc(1, sizeof *v);
    hf_assert(v != NULL && e->claimed && e->claim > 0);
    s.network = e->network;
    s.account = e->account;
    memcpy(s.bytes, bytes.data, sizeof s.bytes);
    memcpy(s.nonce, bytes.data + sizeof s.bytes, sizeof s.nonce);
    struct hf_bytes encoded = hf__encode(e, &hf_wire_application_statement, &s);
    *v = (struct hf__vouch){
        .next = e->owner->vouches, .local = local, .statement = hf_blob_new(encoded)};
    hf_assert(v->statement != NULL);
    v->work = hf__quote(e, HF__TASK_APPLICATION, "holdfast/v1/application", encoded);
    e->owner->vouches = v;
}

static void end(struct hf_engine *e, struct hf__vouch **at, int error, struct hf_bytes quote)
{
    struct hf__vouch *v = *at;
    *at = v->next;
    struct hf_application_quote file = {
        .format = 1, .statement = hf_blob_bytes(v->statement), .quote = quote};
    hf_assert(error != 0 || quote.len > 0);
    struct hf_local_reply *reply = hf__local_reply(e, v->local, error);
    if (error == 0)
        reply->quote = hf__encode(e, &hf_wire_application_quote, &file);
    hf_blob_unref(v->statement);
    free(v);
}

void hf__application_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    hf_assert(work != 0);
    struct hf__vouch **at = &e->owner->vouches;
    while (*at != NULL && (*at)->work != work)
        at = &(*at)->next;
    if (*at == NULL)
        return; /* it was locked meanwhile, and those that waited were told */
    /* Under a claim that was lost nothing is said any more. */
    end(e, at, error != 0 ? error : hf__why_closed(e), quote);
}

void hf__application_free(struct hf_engine *e, int error)
{
    hf_assert(error != 0);
    while (e->owner->vouches != NULL)
        end(e, &e->owner->vouches, error, (struct hf_bytes){0});
}

size_t hf__application_memory(const struct hf_engine *e)
{
    size_t sum = 0;
    for (const struct hf__vouch *v = e->owner->vouches; v != NULL; v = v->next)
        sum += sizeof *v + hf__blob_memory(v->statement);
    hf_assert(sum == 0 || e->owner->vouches != NULL);
    return sum;
}
