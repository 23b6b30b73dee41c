/*
 * Of black starts: a root secret is opened with the answers of m share holders to that request, and
 * no answer is taken that is false. And a share holder releases nothing (proto/QUORUM.md, 5) but to
 * a member, over a genuine quote of accepted software of no lower rank, on the platform on which
 * the statement was sealed or one that the set lists, and once.
 */
#include "checkers/checkers.h"

#include "authority/authority.h"

#include <string.h>

void hf__check_false(struct hf_world *w, uint32_t node, const struct hf_local_reply *r)
{
    const char *what = r->error == 0 ? hf__blackstart_false(w, r->id) : NULL;
    if (what != NULL)
        hf__violate(w, node, "quorum", "n%u took an answer %s", node, what);
}

void hf__check_quorum(struct hf_world *w, uint32_t node, const struct hf_trace *t)
{
    uint8_t m;
    if (t->type != HF_TRACE_BLACKSTART_OPENED || t->error != 0)
        return;
    int count = __builtin_popcount(hf__people_answered(w, &t->hash, &m));
    if (m == 0 || count < m)
        hf__violate(w, node, "quorum",
                    "n%u opened its root secret with the answers of %d share holders", node, count);
}

static bool is_member(const struct hf_world *w, const struct hf_account *account)
{
    for (size_t i = 0; i < w->authority.members_count; i++)
        if (hf_account_equal(&w->authority.members[i].account, account))
            return true;
    return false;
}

/* Whether this holder has answered another request of the account under this share set before. */
static bool second(struct hf__checks *c, uint8_t index, const struct hf_blackstart_transcript *t,
                   struct hf_bytes transcript)
{
    struct hf_hash hash;
    hf_suite_real.hash("holdfast/v1/blackstart-request", transcript, &hash);
    uint8_t *before = hf__map_at(&c->holders, hf__key_of(hf__b32(t->share_set.bytes),
                                                         hf_bytes_of(&index, sizeof index),
                                                         hf__b32(t->account.bytes)));
    static const uint8_t none[HF_ID_LEN];
    bool other = memcmp(before, none, sizeof none) != 0 &&
                 memcmp(before, hash.bytes, sizeof hash.bytes) != 0;
    memcpy(before, hash.bytes, sizeof hash.bytes);
    return other;
}

/* Why a request should not have been answered; NULL: it may. */
static const char *objection(struct hf__checks *c, uint8_t index, struct hf_bytes request)
{
    const struct hf_world *w = c->world;
    struct hf_blackstart_request q;
    struct hf_blackstart_transcript t;
    struct hf_sealed_statement s;
    struct hf_sealed_context context;
    struct hf__quote_view quote;
    uint8_t expected[64];
    if (!hf__check_decode(c, &hf_wire_blackstart_request, request, &q) ||
        !hf__check_decode(c, &hf_wire_blackstart_transcript, q.transcript, &t) ||
        !hf__check_decode(c, &hf_wire_sealed_statement, q.sealed.statement, &s) ||
        !hf__check_decode(c, &hf_wire_sealed_context, s.context, &context))
        return "it is malformed";
    if (!hf_network_id_equal(&t.network, &w->authority.network) || !is_member(w, &t.account) ||
        !hf_account_equal(&t.account, &context.account))
        return "it is not of a member, for itself";
    if (!hf__check_quote(c, q.quote, &quote) || quote.debug)
        return "the quote is not genuine";
    w->suite->report_data("holdfast/v1/blackstart", q.transcript, expected);
    if (memcmp(expected, quote.report_data, sizeof expected) != 0)
        return "the quote is not over this request";
    uint32_t policy = hf_document_version(w->authority.policy);
    uint32_t rank = hf__check_rank(c, policy, quote.measurement);
    if (rank == 0)
        return "the policy does not accept the measurement";
    if (rank < context.rank + 1)
        return "it was sealed by software of a higher rank";
    if (!hf__check_any_platform(c, policy) && memcmp(context.ppid, quote.ppid, 16) != 0 &&
        !hf__check_listed(w, &t.account, quote.ppid))
        return "the platform is neither the statement's nor listed";
    return second(c, index, &t, q.transcript) ? "it has answered another of this account" : NULL;
}

void hf__check_holder(void *ctx, struct hf_world *w, uint8_t index, struct hf_bytes request)
{
    struct hf__checks *c = ctx;
    hf_arena_reset(&c->arena);
    hf__check_policy(c);
    const char *why = objection(c, index, request);
    if (why != NULL)
        hf__violate(w, 0, "holder", "share holder %u answered a request: %s", index, why);
}
