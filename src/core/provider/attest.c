/*
 * Attestation on request (proto/PROTOCOL.md, 14): a member or the authority learns what this node
 * is now, over a nonce of its own. The purpose is part of what the quote is over, so that none can
 * be used for anything else. A quote is slow to make: each asker has one under way at most, members
 * and signers have places of their own, and strangers have none.
 */
#include <stdlib.h>

#include "base/duration.h"
#include "base/error.h"
#include "members/members.h"
#include "provider/provider.h"

/* One that is being made. */
struct hf__attesting {
    struct hf__attesting *next;
    uint64_t request; /* who waits */
    uint32_t work;
    bool member;
    uint8_t asker[HF_KEY_LEN]; /* a member's account, or a signer's key */
    struct hf_blob *statement;
};

/* Who asks. */
struct asker {
    bool member;
    const uint8_t *key; /* 32 bytes: its account, or its key in the root */
};

/* The word of a signer of the root. Cheap first: an account that is none costs a look-up. */
static int check_ask(struct hf_engine *e, const struct hf_attest_request *m)
{
    struct hf_attest_ask ask;
    const struct hf__trust *t = e->trust;
    hf_assert(e->has_account && m->has_ask);
    if (t->roots_count == 0 || !hf_root_names(&t->roots[t->roots_count - 1]->u.root, m->ask.key))
        return HF_EPERMISSION;
    int r = hf__decode(e, &hf_wire_attest_ask, m->ask.statement, &ask);
    if (r == 0)
        r = hf__names_check(e, &ask.network, ask.has_account ? &ask.account : &e->account,
                            &e->account);
    if (r != 0)
        return r;
    if (memcmp(ask.nonce, m->nonce, sizeof ask.nonce) != 0)
        return HF_ENONCE;
    uint64_t now_s = hf__now_s(e);
    if (ask.made_s > now_s + HF_CLOCK_AHEAD_S || now_s > ask.made_s + HF_CLOCK_AHEAD_S)
        return HF_EASKTIME;
    return e->suite->verify(m->ask.key, "holdfast/v1/attest-ask", m->ask.statement,
                            m->ask.signature);
}

/* HF_EBUSY: one is under way for this asker, or all places of its kind are taken. */
static int check_places(const struct hf_engine *e, const struct asker *asker)
{
    size_t taken = 0;
    hf_assert(asker->key != NULL);
    for (const struct hf__attesting *a = e->provider->attesting; a != NULL; a = a->next) {
        if (a->member != asker->member)
            continue;
        if (memcmp(a->asker, asker->key, sizeof a->asker) == 0)
            return HF_EBUSY;
        taken++;
    }
    hf_assert(taken <= HF_ATTESTS_MAX);
    return taken < HF_ATTESTS_MAX ? 0 : HF_EBUSY;
}

static void begin(struct hf_engine *e, const struct hf__message *from, const struct asker *asker,
                  const uint8_t nonce[static HF_CHALLENGE_LEN])
{
    struct hf_attest_statement s = {.claim = e->claim, .tls_key = e->tls_key};
    const uint8_t *mesh_key = hf__mesh_key(e);
    hf_assert(e->open && e->claimed && e->claim > 0);
    s.network = e->network;
    s.account = e->account;
    memcpy(s.sealing_key, e->sealing_key, sizeof s.sealing_key);
    memcpy(s.nonce, nonce, sizeof s.nonce);
    s.has_mesh_key = mesh_key != NULL;
    if (mesh_key != NULL)
        memcpy(s.mesh_key, mesh_key, sizeof s.mesh_key);
    s.registered_epoch = hf__registered_epoch(e, &e->account);
    struct hf__attesting *a = calloc(1, sizeof *a);
    hf_assert(a != NULL);
    struct hf_bytes encoded = hf__encode(e, &hf_wire_attest_statement, &s);
    *a = (struct hf__attesting){.next = e->provider->attesting,
                                .request = from->request,
                                .member = asker->member,
                                .statement = hf_blob_new(encoded)};
    hf_assert(a->statement != NULL);
    memcpy(a->asker, asker->key, sizeof a->asker);
    a->work = hf__quote(e, HF__TASK_ATTEST, "holdfast/v1/attest", encoded);
    e->provider->attesting = a;
}

int hf__recv_attest(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_attest_request m;
    struct asker asker = {.member = from->has_account && hf__is_member(e, &from->account)};
    int r = hf__decode(e, &hf_wire_attest_request, body, &m);
    if (r == 0 && !asker.member && !m.has_ask)
        r = HF_EPERMISSION;
    /* A newer root may name the asker. */
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0 && !asker.member)
        r = check_ask(e, &m);
    if (r != 0)
        return r;
    asker.key = asker.member ? from->account.bytes : m.ask.key;
    hf_assert(asker.member || m.has_ask);
    r = check_places(e, &asker);
    if (r == 0)
        r = hf__rate_attest(e, asker.key);
    if (r == 0)
        begin(e, from, &asker, m.nonce);
    else if (r == HF_ERATE && asker.member)
        hf__excess(e, &from->account);
    return r;
}

static void end(struct hf_engine *e, struct hf__attesting **at, int error, struct hf_bytes quote)
{
    struct hf__attesting *a = *at;
    struct hf_bytes body = {0};
    hf_assert(error != 0 || quote.len > 0);
    *at = a->next;
    if (error == 0) {
        struct hf_attest_response m = {.statement = hf_blob_bytes(a->statement), .quote = quote};
        hf__versions(e, &m.versions);
        body = hf__encode(e, &hf_wire_attest_response, &m);
    }
    hf__reply(e, a->request, error, body, true);
    hf_blob_unref(a->statement);
    free(a);
}

void hf__attest_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    hf_assert(work != 0 && e->shared->step.fresh == NULL);
    struct hf__attesting **at = &e->provider->attesting;
    while (*at != NULL && (*at)->work != work)
        at = &(*at)->next;
    if (*at == NULL)
        return; /* it was locked meanwhile, and those that waited were told */
    /* Under a claim that was lost nothing is said any more. */
    end(e, at, error != 0 || e->claimed ? error : HF_ENOTCLAIMED, quote);
}

void hf__attest_free(struct hf_engine *e, int error)
{
    hf_assert(error != 0);
    while (e->provider->attesting != NULL)
        end(e, &e->provider->attesting, error, (struct hf_bytes){0});
}

size_t hf__attest_memory(const struct hf_engine *e)
{
    size_t sum = 0;
    for (const struct hf__attesting *a = e->provider->attesting; a != NULL; a = a->next)
        sum += sizeof *a + hf__blob_memory(a->statement);
    hf_assert(sum == 0 || e->provider->attesting != NULL);
    return sum;
}
