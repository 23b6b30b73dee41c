/*
 * Audits: now and then a holder proves that it knows its share, over a challenge that is used once
 * (proto/PROTOCOL.md, 7). No share moves. One that fails several times in a row is lost to its
 * owner.
 */
#include "base/error.h"
#include "owner/owner.h"

void hf__audit_begin(struct hf_engine *e, struct hf__holder *h)
{
    hf_assert(h->index > 0 && e->timing.audit_ms > 0);
    h->audits_failed = 0;
    h->audited_ms = 0;
    h->audit_ms = e->now_ms + hf__random_below(e, e->timing.audit_ms);
}

uint8_t hf__audit_challenge(struct hf_engine *e, struct hf__holder *h)
{
    if (!h->confirmed || e->now_ms < h->audit_ms)
        return 0;
    h->audit = (uint8_t)(h->audit % UINT8_MAX + 1);
    hf_assert(h->audit > 0); /* 0 says that a standing has none */
    e->suite->random(&e->secrets->rng, h->challenge, sizeof h->challenge);
    return h->audit;
}

static int check(struct hf_engine *e, const struct hf__holder *h, const struct hf_ack_statement *s)
{
    hf_assert(e->owner->holders_count > 0);
    struct hf_placement_record record;
    struct hf_audit_context c = {.generation = e->owner->recorded, .index = h->index};
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found && h->audit != 0);
    if (!s->has_proof)
        return HF_EPROOF;
    c.network = e->network;
    memcpy(c.challenge, h->challenge, sizeof c.challenge);
    c.provider = h->account;
    c.owner = e->account;
    return e->suite->proof_check(s->proof, h->index, (uint8_t)record.threshold,
                                 record.commitments.data,
                                 hf__encode(e, &hf_wire_audit_context, &c));
}

void hf__audit_judge(struct hf_engine *e, struct hf__holder *h, const struct hf_ack_statement *s)
{
    /* Who does not answer, or says itself that the share is gone, is judged by that. An audit stays
     * due until it is passed, so that no holder gets round one by refusing what carries a
     * challenge; and several failures in a row tell, not the time between them. */
    if (!s->holds)
        return;
    int r = check(e, h, s);
    if (r == 0) {
        h->audits_failed = 0;
        h->audited_ms = e->now_ms;
        /* Holders of one owner, and owners of one holder, are not all asked at once. */
        uint32_t pause = e->timing.audit_ms;
        h->audit_ms = e->now_ms + pause - pause / 4 + hf__random_below(e, pause / 2 + 1);
        hf__trace(e, HF_TRACE_AUDITED, 0, &h->account, e->owner->recorded.number, h->index);
        return;
    }
    if (h->audits_failed < UINT8_MAX)
        h->audits_failed++;
    hf_assert(h->audits_failed > 0);
    hf__trace(e, HF_TRACE_AUDIT_FAILED, r, &h->account, h->audits_failed, 0);
}
