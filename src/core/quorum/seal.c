/*
 * Sealing the root secret to the quorum key (proto/QUORUM.md, 4): once the claim stands, and again
 * when the policy names another key or the key has another point. The statement says on which
 * platform and by which software it was made: share holders give it to no other, and to none older.
 */
#include "quorum/quorum.h"

#include "base/error.h"
#include "crypto/quorum.h"
#include "document/request.h"

enum { RETRY_MS = 10000 };

const struct hf_quorum_key *hf__quorum_wanted(const struct hf_engine *e)
{
    if (e->trust->policy == NULL || e->trust->shares == NULL || hf__policy(e)->quorum_key.len == 0)
        return NULL;
    hf_assert(e->trust->shares->kind == HF_DOCUMENT_SHARES);
    return hf_share_set_key(&e->trust->shares->u.shares, hf__policy(e)->quorum_key);
}

bool hf__quorum_sealed(struct hf_engine *e, const struct hf_quorum_key *key)
{
    hf_assert(key != NULL && key->commitments.len >= HF_POINT_LEN);
    struct hf_sealed_row row;
    struct hf_sealed_statement statement;
    struct hf_sealed_context context;
    if (e->quorum->sealed == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_sealed_row, hf_blob_bytes(e->quorum->sealed), &row);
    if (r == 0)
        r = hf__decode(e, &hf_wire_sealed_statement, row.sealed.statement, &statement);
    if (r == 0)
        r = hf__decode(e, &hf_wire_sealed_context, statement.context, &context);
    return r == 0 && context.version == e->active.number &&
           hf_account_equal(&context.account, &e->account) &&
           memcmp(context.quorum_key, key->commitments.data, sizeof context.quorum_key) == 0;
}

/* Signs a statement, and proves that this node knows the randomness of its C1. r: secret. */
static void sign(struct hf_engine *e, const struct hf_sealed_statement *s,
                 const uint8_t r[static HF_SCALAR_LEN], struct hf_signed_sealed *ret)
{
    hf_assert(e->open && s->context.len > 0);
    struct hf_hash hash;
    ret->statement = hf__encode(e, &hf_wire_sealed_statement, s);
    hf_sealed_hash(e->suite, ret->statement, &hash);
    int error = hf_suite_real.prove(&e->secrets->rng, r, hf_bytes_of(hash.bytes, sizeof hash.bytes),
                                    ret->proof);
    hf_assert(error == 0);
    e->suite->sign(e->secrets->account, "holdfast/v1/sealed", ret->statement, ret->signature);
}

/* HF_EPOINT: the key is none. */
static int seal(struct hf_engine *e, const struct hf_quorum_key *key, const struct hf__peer *self,
                uint32_t rank)
{
    struct hf_sealed_context c = {.network = e->network,
                                  .account = e->account,
                                  .version = e->active.number,
                                  .rank = rank,
                                  .share_set = hf_document_version(e->trust->shares)};
    struct hf_sealed_statement s = {0};
    struct hf_sealed_row row = {.made_s = hf__now_s(e)};
    hf_assert(e->open && e->claimed && e->active.has_root);
    hf_assert(e->trust->shares != NULL && key->commitments.len >= HF_POINT_LEN);
    memcpy(c.ppid, self->verdict.ppid, sizeof c.ppid);
    memcpy(c.quorum_key, key->commitments.data, sizeof c.quorum_key);
    s.context = hf__encode(e, &hf_wire_sealed_context, &c);
    uint8_t *random = e->secret_alloc(HF_SCALAR_LEN);
    if (random == NULL)
        return HF_ENOMEM;
    int r =
        hf_quorum_seal(&e->secrets->rng, key->commitments.data, s.context,
                       hf_bytes_of(e->secrets->active.root, HF_SCALAR_LEN), s.c1, s.body, random);
    if (r == 0)
        sign(e, &s, random, &row.sealed);
    hf_wipe(random, HF_SCALAR_LEN);
    e->secret_free(random);
    if (r != 0)
        return r;
    hf__put(e, HF_ROW_SEALED, (struct hf_bytes){0}, &hf_wire_sealed_row, &row);
    struct hf_blob *kept = hf__rows_get(&e->rows, HF_ROW_SEALED, (struct hf_bytes){0});
    hf__put_blob(e, HF_ROW_PUBLIC, hf_bytes_of("sealed", 6), kept);
    hf_blob_unref(e->quorum->sealed);
    e->quorum->sealed = hf_blob_ref(kept);
    e->quorum->sealed_seq = e->write_seq;
    if (e->owner->holders_count > 0)
        hf__timer_set(e, HF__TIMER_STANDING, e->timing.standing_ms); /* the holders are given it */
    hf__trace(e, HF_TRACE_QUORUM_SEALED, 0, NULL, c.share_set, c.version);
    return 0;
}

/* What the state of this node is drawn from. */
static void settle(struct hf_engine *e, bool unsealed)
{
    hf_assert(e->open && e->claimed);
    bool before = e->unsealed;
    e->unsealed = unsealed && hf__policy(e)->quorum_required;
    if (e->unsealed != before && e->owner->holders_count > 0)
        hf__holders_judge(e);
}

void hf__quorum_due(struct hf_engine *e)
{
    hf_assert(e->open || !e->claimed);
    e->quorum->waits = false;
}

void hf__quorum_advance(struct hf_engine *e)
{
    struct hf__quorum_state *q = e->quorum;
    struct hf_identity own;
    const struct hf__peer *self;
    uint32_t rank;
    if (!e->open || !e->claimed || e->trust->policy == NULL || hf__quorum_settled(e) ||
        (q->waits && e->shared->step.fresh == NULL))
        return;
    const struct hf_quorum_key *key = hf__quorum_wanted(e);
    hf_assert(key == NULL || hf__policy(e)->quorum_key.len > 0);
    int r = key == NULL || hf__quorum_sealed(e, key) ? 0 : HF_EUNSEALED;
    if (r != 0 && hf__identity_own(e, &own)) {
        /* The own quote, judged as others judge it, says which platform and software this is. */
        r = hf__identity_check(e, NULL, &own, &e->account, &self, &rank);
        if (r == 0)
            r = seal(e, key, self, rank);
        /* Until that is judged, or for a while: looking at a quote costs its hash. */
        q->waits = r != 0;
        if (r != 0)
            hf__timer_set(e, HF__TIMER_QUORUM, RETRY_MS);
    }
    q->settled = e->trust->adopted;
    q->good = r == 0;
    settle(e, r != 0 || (key == NULL && hf__policy(e)->quorum_key.len > 0));
}
