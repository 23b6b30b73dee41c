/*
 * No share leaves without a valid quote for that very nonce (proto/PROTOCOL.md, 8): a provider's
 * answer is held against the request that it answers, the nonce that this process gave out before,
 * the truth about the quote, the policy, the owner's platform and the highest rank it has shown.
 * And no share is deposited but under a sealing key that a good identity quote has shown.
 */
#include "checkers/checkers.h"

#include <string.h>

static struct hf__key nonce_key(const struct hf_account *provider, const uint8_t nonce[static 40])
{
    return hf__key_of(hf__b32(provider->bytes), hf_bytes_of(nonce, 40), hf_bytes_of(NULL, 0));
}

void hf__check_nonce_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_nonce_response response;
    struct hf_nonce_request request;
    struct hf__heard *h = hf__check_heard(c, m);
    const struct hf_account *account = hf__check_account(c, m->from);
    if (m->method != HF_METHOD_NONCE || h == NULL || account == NULL)
        return;
    if (!hf__check_decode(c, &hf_wire_nonce_response, m->body, &response) ||
        !hf__check_decode(c, &hf_wire_nonce_request, hf_bytes_of(h->body, h->len), &request))
        return;
    struct hf__nonce *n = hf__map_at(&c->nonces, nonce_key(account, response.nonce));
    n->node = m->from;
    n->incarnation = h->incarnation;
    n->at_us = c->world->now_us;
    n->account = request.account;
    memcpy(n->response_key, request.response_key, HF_KEY_LEN);
}

/* Whether the transcript names a nonce that this provider gave to this asker, and that was still
 * good when the request came: the answer may have waited for a disk. */
static bool nonce_good(struct hf__checks *c, const struct hf_message *m,
                       const struct hf_account *provider, const struct hf_recover_transcript *t,
                       uint64_t heard_us)
{
    for (size_t i = 0; i < t->asked_count; i++) {
        if (!hf_account_equal(&t->asked[i].provider, provider))
            continue;
        const struct hf__nonce *n =
            hf__map_find(&c->nonces, nonce_key(provider, t->asked[i].nonce));
        uint64_t life_us = (uint64_t)c->world->settings.timing.nonce_life_ms * 1100 + 1000000;
        if (n != NULL && n->incarnation == hf__node(c->world, m->from)->incarnation &&
            hf_account_equal(&n->account, &t->account) &&
            memcmp(n->response_key, t->response_key, HF_KEY_LEN) == 0 &&
            heard_us - n->at_us <= life_us)
            return true;
    }
    return false;
}

bool hf__check_listed(const struct hf_world *w, const struct hf_account *owner,
                      const uint8_t ppid[static 16])
{
    for (size_t i = 0; i < w->authority.members_count; i++) {
        const struct hf__member *member = &w->authority.members[i];
        if (!hf_account_equal(&member->account, owner))
            continue;
        for (uint8_t p = 0; p < member->platforms_count; p++) {
            uint8_t other[16];
            hf_world_ppid(w, member->platforms[p], other);
            if (memcmp(other, ppid, 16) == 0)
                return true;
        }
    }
    return false;
}

/* Why an answer with shares should not have been given; NULL: it may. */
static const char *objection(struct hf__checks *c, const struct hf_message *m,
                             const struct hf_recover_request *request,
                             const struct hf_recover_answer *answer)
{
    const struct hf_world *w = c->world;
    const struct hf_account *provider = hf__check_account(c, m->from);
    bool drill = m->method == HF_METHOD_DRILL;
    struct hf_recover_transcript t;
    struct hf__quote_view q;
    uint8_t expected[64];
    if (!hf__check_decode(c, &hf_wire_recover_transcript, request->transcript, &t))
        return "the transcript is malformed";
    if (!hf_network_id_equal(&t.network, &w->authority.network))
        return "the transcript is of another network";
    if (!hf__check_quote(c, request->quote, &q))
        return "the quote is not genuine";
    if (q.debug)
        return "the quote is of a DEBUG trust domain";
    w->suite->report_data(drill ? "holdfast/v1/drill" : "holdfast/v1/recover", request->transcript,
                          expected);
    if (memcmp(expected, q.report_data, 64) != 0)
        return "the quote's report data is not over this transcript";
    if (provider == NULL || !nonce_good(c, m, provider, &t, hf__check_heard(c, m)->at_us))
        return "the nonce is not one that this process gave to this asker";
    uint32_t rank = hf__check_rank(c, (uint32_t)answer->versions.policy, q.measurement);
    if (rank == 0)
        return "the policy does not accept the measurement";
    if (drill)
        return NULL;
    const struct hf__relation *r = hf__check_relation(c, provider, &t.account);
    if (rank < r->rank)
        return "the owner has shown software of a higher rank";
    if (r->deposited && !hf__check_any_platform(c, (uint32_t)answer->versions.policy) &&
        memcmp(r->ppid, q.ppid, 16) != 0 && !hf__check_listed(w, &t.account, q.ppid))
        return "the platform is neither the depositor's nor listed";
    return NULL;
}

void hf__check_share_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_recover_response response;
    struct hf_recover_answer answer;
    struct hf_recover_request request;
    if (m->method != HF_METHOD_RECOVER && m->method != HF_METHOD_DRILL)
        return;
    if (!hf__check_decode(c, &hf_wire_recover_response, m->body, &response) ||
        !hf__check_decode(c, &hf_wire_recover_answer, response.answer, &answer))
        return;
    bool gives = false;
    for (size_t i = 0; i < answer.shares_count; i++)
        gives = gives || answer.shares[i].sealed.len > 0;
    if (gives && m->method == HF_METHOD_DRILL) {
        hf__violate(c->world, m->from, "share", "a drill was answered with a share");
        return;
    }
    struct hf__heard *h = hf__check_heard(c, m);
    if (h == NULL ||
        !hf__check_decode(c, &hf_wire_recover_request, hf_bytes_of(h->body, h->len), &request)) {
        hf__violate(c->world, m->from, "share", "an answer to a request that nobody made");
        return;
    }
    const char *why = objection(c, m, &request, &answer);
    if (why != NULL)
        hf__violate(c->world, m->from, "share", "n%u gave %s to n%d: %s", m->from,
                    gives ? "a share" : "a proof", (int)m->to, why);
}

void hf__check_deposit_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_owner_request request;
    struct hf_deposit deposit;
    struct hf_deposit_transcript t;
    if (m->method != HF_METHOD_DEPOSIT)
        return;
    if (!hf__check_decode(c, &hf_wire_owner_request, m->body, &request) ||
        !hf__check_decode(c, &hf_wire_deposit, request.body, &deposit) ||
        !hf__check_decode(c, &hf_wire_deposit_transcript, deposit.transcript, &t)) {
        hf__violate(c->world, m->from, "deposit", "n%u sent a malformed deposit", m->from);
        return;
    }
    if (hf__map_find(&c->attested, hf__key_of(hf__b32(t.header.provider.bytes),
                                              hf__b32(t.sealing_key), hf_bytes_of(NULL, 0))) ==
        NULL)
        hf__violate(c->world, m->from, "deposit",
                    "n%u sealed a share to a key that no good identity quote has shown", m->from);
    hf__check_deleted_deposit(c, m->from, &t);
}
