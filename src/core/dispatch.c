#include "dispatch.h"

#include <stdlib.h>

#include "attest/verdict.h"
#include "base/error.h"

/* When a peer's request of a method is served. */
enum rights {
    CLAIMED, /* once the own claim stands */
    /*
     * With the vault open. If a node did nothing for others before its own claim stands, nodes that
     * hold each other's shares and restarted together would wait for each other for ever. It takes
     * nothing new into keeping: shares go out by the same checks, and its vote on claims is marked
     * as provisional.
     */
    OPEN,
    ALWAYS, /* a locked node serves it too */
};

/*
 * Who deals with what: requests of peers by method, and answers of peers by the task that asked.
 * Both return 0: done; HF__PARK; else what was wrong: a refusal for the asker, or for the trace.
 */
static const struct request {
    enum rights rights;
    int (*handler)(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
} requests[] = {
    [HF_METHOD_DOCUMENTS] = {ALWAYS, hf__recv_documents},
    [HF_METHOD_OFFER] = {CLAIMED, hf__recv_offer},
    [HF_METHOD_DEPOSIT] = {CLAIMED, hf__recv_deposit},
    [HF_METHOD_RECORD] = {CLAIMED, hf__recv_record},
    [HF_METHOD_DELETE] = {CLAIMED, hf__recv_delete},
    [HF_METHOD_STANDING] = {CLAIMED, hf__recv_standing},
    [HF_METHOD_NONCE] = {OPEN, hf__recv_nonce},
    [HF_METHOD_RECOVER] = {OPEN, hf__recv_recover},
    [HF_METHOD_DRILL] = {CLAIMED, hf__recv_recover},
    [HF_METHOD_CLAIM] = {OPEN, hf__recv_claim},
    [HF_METHOD_GOSSIP] = {CLAIMED, hf__recv_gossip},
    [HF_METHOD_REMAINS] = {CLAIMED, hf__recv_remains},
    [HF_METHOD_PROBE] = {CLAIMED, hf__recv_probe},
    [HF_METHOD_ATTEST] = {CLAIMED, hf__recv_attest},
    [HF_METHOD_TAKE] = {CLAIMED, hf__recv_take},
    [HF_METHOD_TRANSFER] = {CLAIMED, hf__recv_transfer},
    [HF_METHOD_HANDOVER] = {CLAIMED, hf__recv_handover},
    [HF_METHOD_HELP] = {CLAIMED, hf__recv_help},
    [HF_METHOD_SPLIT] = {CLAIMED, hf__recv_split},
    [HF_METHOD_SUM] = {CLAIMED, hf__recv_sum},
    [HF_METHOD_RESTORE] = {CLAIMED, hf__recv_restore},
    [HF_METHOD_CHALLENGE] = {CLAIMED, hf__recv_challenge},
    [HF_METHOD_PRESENT] = {CLAIMED, hf__recv_present},
    [HF_METHOD_INHERIT] = {ALWAYS, hf__recv_inherit},
};

static const struct answer {
    enum hf__task task;
    uint8_t method;
    int (*handler)(struct hf_engine *e, const struct hf__pending *call, int error,
                   struct hf_bytes body);
} answers[] = {
    {HF__TASK_DOCUMENTS, HF_METHOD_DOCUMENTS, hf__documents_answered},
    {HF__TASK_DEAL, HF_METHOD_OFFER, hf__offer_answered},
    {HF__TASK_DEAL, HF_METHOD_DEPOSIT, hf__deposit_answered},
    {HF__TASK_RECORD, HF_METHOD_RECORD, hf__record_answered},
    {HF__TASK_SEAL, HF_METHOD_RECORD, hf__seal_answered},
    {HF__TASK_RETIRE, HF_METHOD_DELETE, hf__delete_answered},
    {HF__TASK_STANDING, HF_METHOD_STANDING, hf__standing_answered},
    {HF__TASK_RELEASE, HF_METHOD_STANDING, hf__release_answered},
    {HF__TASK_RECOVER, HF_METHOD_NONCE, hf__recover_nonce},
    {HF__TASK_RECOVER, HF_METHOD_RECOVER, hf__recover_answered},
    {HF__TASK_CLAIM, HF_METHOD_CLAIM, hf__claim_answered},
    {HF__TASK_DRILL, HF_METHOD_NONCE, hf__drill_nonce},
    {HF__TASK_DRILL, HF_METHOD_DRILL, hf__drill_answered},
    {HF__TASK_DRAIN, HF_METHOD_NONCE, hf__drain_answered},
    {HF__TASK_GOSSIP, HF_METHOD_GOSSIP, hf__gossip_answered},
    {HF__TASK_LEAVE, HF_METHOD_REMAINS, hf__leave_answered},
    {HF__TASK_PROBE, HF_METHOD_PROBE, hf__probe_returned},
    {HF__TASK_HANDOVER, HF_METHOD_REMAINS, hf__handing_answered},
    {HF__TASK_HANDOVER, HF_METHOD_TAKE, hf__handing_answered},
    {HF__TASK_HANDOVER, HF_METHOD_TRANSFER, hf__handing_answered},
    {HF__TASK_HANDOVER, HF_METHOD_HANDOVER, hf__handing_answered},
    {HF__TASK_REPAIR, HF_METHOD_HELP, hf__mending_answered},
    {HF__TASK_REPAIR, HF_METHOD_TAKE, hf__mending_answered},
    {HF__TASK_REPAIR, HF_METHOD_SPLIT, hf__mending_answered},
    {HF__TASK_REPAIR, HF_METHOD_SUM, hf__mending_answered},
    {HF__TASK_REPAIR, HF_METHOD_RESTORE, hf__mending_answered},
    {HF__TASK_REPAIR, HF_METHOD_TRANSFER, hf__mending_answered},
    {HF__TASK_TAKE_OVER, HF_METHOD_CHALLENGE, hf__taking_answered},
    {HF__TASK_TAKE_OVER, HF_METHOD_PRESENT, hf__taking_answered},
    {HF__TASK_TAKE_OVER, HF_METHOD_INHERIT, hf__taking_answered},
};

static int handle_request(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body)
{
    hf_assert(m->is_request && (e->open || !e->claimed));
    const struct request *r = m->method < HF_ARRAY_LEN(requests) ? &requests[m->method] : NULL;
    bool unknown = r == NULL || r->handler == NULL;
    enum rights rights = unknown ? CLAIMED : r->rights;
    /* The asker must know that waiting does not help here. */
    if (rights != ALWAYS && e->handed)
        return HF_EHANDEDOVER;
    if ((rights != ALWAYS && !e->open) || (rights == CLAIMED && !e->claimed))
        return HF_ELOCKED;
    if (unknown)
        return HF_EUNSUPPORTED;
    hf_assert(r->handler != NULL && m->method == r - requests);
    int error = hf__rate_member(e, m);
    return error != 0 ? error : r->handler(e, m, body);
}

static int handle_response(struct hf_engine *e, const struct hf__pending *call, int error,
                           struct hf_bytes body)
{
    hf_assert(call->task < HF__TASKS && hf_method_name(call->method) != NULL);
    for (size_t i = 0; i < HF_ARRAY_LEN(answers); i++)
        if (answers[i].task == call->task && answers[i].method == call->method)
            return answers[i].handler(e, call, error, body);
    hf_unreachable();
}

static void do_request(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body)
{
    hf_assert(m->is_request);
    e->shared->step.foreign = hf__asker_kind(e, m) == HF__STRANGERS;
    int r = handle_request(e, m, body);
    hf__life_settle(e); /* documents may have come with it */
    if (r == HF__PARK) {
        hf__park(e, m, body);
    } else if (r != 0) {
        hf__trace(e, HF_TRACE_REQUEST_REFUSED, r, hf__asker(m), m->method, 0);
        hf__reply(e, m->request, r, (struct hf_bytes){0}, true);
    }
    e->shared->step.foreign = e->shared->step.ticket = false;
}

static void do_response(struct hf_engine *e, const struct hf__message *m, int error,
                        struct hf_bytes body)
{
    hf_assert(!m->is_request && m->call.task < HF__TASKS);
    if (error == HF_EIDENTITY && m->call.bare && hf__owner_again(e, &m->call))
        return;
    /* To a push that is no answer: its peer would be pushed to again at once, for ever. */
    if (error == HF_EBEHIND && m->call.method != HF_METHOD_DOCUMENTS)
        hf__documents_push(e, &m->call.account);
    else if (error == HF_ESUPERSEDED)
        hf__claim_challenge(e, &m->call.account);
    if (error == 0 && m->answered)
        hf__members_heard(e, &m->call.account);
    int r = handle_response(e, &m->call, error, body);
    if (r == HF__PARK) {
        hf__park(e, m, body);
        return;
    }
    hf__life_settle(e);
    if (r == HF_EIDENTITY && error == 0 && hf__owner_again(e, &m->call))
        return;
    if (r == HF_EBEHIND)
        hf__documents_pull(e, &m->call.account);
    if (error != 0)
        hf__trace(e, HF_TRACE_CALL_FAILED, error, &m->call.account, m->call.method, 0);
    /* Documents, identities, collateral on their way; or the own collateral is no good. */
    else if (r != 0 && (hf_error_transient(r) || hf_error_of_collateral(r)))
        hf__trace(e, HF_TRACE_CALL_FAILED, r, &m->call.account, m->call.method, 0);
    else if (r != 0)
        hf__trace(e, HF_TRACE_PEER_MISBEHAVED, r, &m->call.account, m->call.method, 0);
}

void hf__on_request(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(event->type == HF_EVENT_REQUEST && !e->shared->step.foreign);
    struct hf__message m = {.is_request = true,
                            .request = event->u.request.id,
                            .method = event->u.request.method,
                            .expected = event->u.request.expected,
                            .source = event->u.request.source,
                            .has_account = event->u.request.account != NULL};
    if (m.has_account)
        m.account = *event->u.request.account;
    do_request(e, &m, event->u.request.body);
}

void hf__on_response(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(event->type == HF_EVENT_RESPONSE);
    struct hf__message m = {0};
    if (!hf__answered(e, event->u.response.call, &m.call))
        return;
    hf_assert(m.call.id == event->u.response.call);
    m.method = m.call.method;
    m.answered = event->u.response.account != NULL &&
                 hf_account_equal(event->u.response.account, &m.call.account);
    do_response(e, &m, event->u.response.error, event->u.response.body);
}

/* Handles anew what has waited, and frees it. */
static void do_parked(struct hf_engine *e, struct hf__parked *m)
{
    hf_assert(m->body != NULL);
    m->message.answered = false; /* it was, when it came */
    if (m->message.is_request)
        do_request(e, &m->message, hf_blob_bytes(m->body));
    else
        do_response(e, &m->message, 0, hf_blob_bytes(m->body));
    hf_blob_unref(m->body);
    free(m);
}

void hf__on_judged(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(event->type == HF_EVENT_QUOTE_JUDGED && e->shared->step.fresh == NULL);
    if (!hf__quote_judged(e, event->u.quote_judged.work, &event->u.quote_judged.verdict))
        return;
    struct hf__parked *m = hf__parked_take(e, &e->shared->step.fresh_hash);
    while (m != NULL) {
        struct hf__parked *next = m->next;
        do_parked(e, m);
        m = next;
    }
    hf__quorum_advance(e); /* it may have been the own quote */
    hf__taking_judged(e);
    e->shared->step.fresh = NULL;
    /* Each either has its quote judged now, and waits on, or is done with. */
    while ((m = hf__parked_next(e)) != NULL)
        do_parked(e, m);
}

static void (*const quotes[HF__TASKS])(struct hf_engine *e, uint32_t work, int error,
                                       struct hf_bytes quote) = {
    [HF__TASK_IDENTITY] = hf__identity_made,      [HF__TASK_DEAL] = hf__deal_quote,
    [HF__TASK_RECOVER] = hf__recover_quote,       [HF__TASK_DRILL] = hf__drill_quote,
    [HF__TASK_BLACKSTART] = hf__blackstart_quote, [HF__TASK_APPLICATION] = hf__application_quote,
    [HF__TASK_ATTEST] = hf__attest_quote,         [HF__TASK_PRESENT] = hf__present_quote,
    [HF__TASK_TAKE_OVER] = hf__taking_quote,
};

void hf__on_made(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(event->type == HF_EVENT_QUOTE_MADE);
    uint32_t work = event->u.quote_made.work;
    int error = event->u.quote_made.error;
    struct hf_bytes quote = event->u.quote_made.quote;
    if (error == 0 && (quote.len == 0 || quote.len > HF_WIRE_QUOTE_MAX))
        error = HF_ETOOBIG;
    if (error != 0)
        hf__trace(e, HF_TRACE_QUOTE_FAILED, error, NULL, 0, 0);
    enum hf__task task;
    if (hf__quote_made(e, work, &task))
        quotes[task](e, work, error, quote);
}
