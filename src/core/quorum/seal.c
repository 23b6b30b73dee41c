/*
 * Sealing the root secret to the quorum key (proto/QUORUM.md, 4): once the claim stands, and again
 * when the policy names another key, the key has another point, or the node runs on another machine
 * or software of a higher rank. The statement says on which platform and by which software it was
 * made: share holders give it to no other, and to none older.
 */
#include "quorum/quorum.h"

#include "base/error.h"
#include "crypto/quorum.h"
#include "document/request.h"
#include "owner/owner.h"

enum { RETRY_MS = 10000, RENEW_S = 3600 };

const struct hf_quorum_key *hf__quorum_wanted(const struct hf_engine *e)
{
    if (e->trust->policy == NULL || e->trust->shares == NULL || hf__policy(e)->quorum_key.len == 0)
        return NULL;
    hf_assert(e->trust->shares->kind == HF_DOCUMENT_SHARES);
    return hf_share_set_key(&e->trust->shares->u.shares, hf__policy(e)->quorum_key);
}

/* The versions that a statement holds. */
static void versions_of(const struct hf_sealed_context *c, struct hf__dealt *ret)
{
    hf_assert(c->kept_count <= HF_ROOTS_KEPT_MAX && c->version > 0);
    *ret = (struct hf__dealt){.count = 1, .version = {(uint32_t)c->version}};
    for (size_t i = 0; i < c->kept_count; i++)
        ret->version[i] = (uint32_t)c->kept[i].version;
    if (c->kept_count > 0)
        ret->count = (uint8_t)c->kept_count;
}

/* Whether a statement is of this node, to that key, and of the versions that its next dealing
 * protects, the active one as such. */
static bool sealed_to(struct hf_engine *e, const struct hf_sealed_context *c,
                      const struct hf_quorum_key *key)
{
    struct hf__dealt sealed, wanted;
    hf_assert(key->commitments.len >= HF_POINT_LEN);
    if (c->version != e->active.number || !hf_account_equal(&c->account, &e->account) ||
        memcmp(c->quorum_key, key->commitments.data, sizeof c->quorum_key) != 0)
        return false;
    if (!e->open)
        return true; /* which others are kept says the vault */
    versions_of(c, &sealed);
    hf__roots_wanted(e, &wanted);
    return hf__dealt_equal(&sealed, &wanted);
}

bool hf__quorum_sealed(struct hf_engine *e, const struct hf_quorum_key *key)
{
    struct hf_signed_sealed sealed;
    struct hf_sealed_context c;
    hf_assert(key != NULL);
    return hf__quorum_own(e, &sealed, &c) && sealed_to(e, &c, key);
}

bool hf__quorum_holds(struct hf_engine *e, uint32_t version)
{
    struct hf_signed_sealed sealed;
    struct hf_sealed_context c;
    struct hf__dealt versions;
    hf_assert(e->open && e->trust->policy != NULL);
    if (!hf__policy(e)->quorum_required)
        return true;
    const struct hf_quorum_key *key = hf__quorum_wanted(e);
    if (e->unsealed || key == NULL || !hf__quorum_own(e, &sealed, &c))
        return false;
    versions_of(&c, &versions);
    return hf__dealt_has(&versions, version) &&
           memcmp(c.quorum_key, key->commitments.data, sizeof c.quorum_key) == 0;
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

/* In the vault, where a locked node can read it, and at the holders, who are given it. */
static void keep(struct hf_engine *e, const struct hf_sealed_row *row)
{
    hf_assert(e->open && row->sealed.statement.len > 0);
    hf__put(e, HF_ROW_SEALED, (struct hf_bytes){0}, &hf_wire_sealed_row, row);
    struct hf_blob *kept = hf__rows_get(&e->rows, HF_ROW_SEALED, (struct hf_bytes){0});
    hf__put_blob(e, HF_ROW_PUBLIC, hf_bytes_of("sealed", 6), kept);
    hf_blob_unref(e->quorum->sealed);
    e->quorum->sealed = hf_blob_ref(kept);
    e->quorum->sealed_seq = e->write_seq;
    if (e->owner->holders_count > 0)
        hf__timer_set(e, HF__TIMER_STANDING, e->timing.standing_ms);
}

/* The root secrets of these versions, one after the other; secret, for secret_free. NULL: there is
 * no memory. */
static uint8_t *plain_of(struct hf_engine *e, const struct hf__dealt *versions)
{
    uint8_t *plain = e->secret_alloc((size_t)versions->count * HF_SCALAR_LEN);
    hf_assert(versions->count > 0 && versions->count <= HF_ROOTS_KEPT_MAX);
    for (size_t i = 0; i < versions->count && plain != NULL; i++) {
        bool kept = hf__root_copy(e, versions->version[i], plain + i * HF_SCALAR_LEN);
        hf_assert(kept); /* what is wanted is kept */
    }
    return plain;
}

/* made_s: no earlier than this. HF_EPOINT: the key is none. */
static int seal(struct hf_engine *e, const struct hf_quorum_key *key, const struct hf__peer *self,
                uint64_t rank, uint64_t made_s)
{
    struct hf_sealed_context c = {.network = e->network,
                                  .account = e->account,
                                  .version = e->active.number,
                                  .rank = rank,
                                  .share_set = hf_document_version(e->trust->shares),
                                  .made_s = hf__now_s(e) > made_s ? hf__now_s(e) : made_s};
    struct hf_root_version kept[HF_ROOTS_KEPT_MAX];
    struct hf__dealt versions;
    struct hf_sealed_statement s = {0};
    struct hf_sealed_row row = {0};
    uint8_t body[HF_QUORUM_OVERHEAD + HF_ROOTS_KEPT_MAX * HF_SCALAR_LEN];
    hf_assert(e->open && e->claimed && e->active.has_root);
    hf_assert(e->trust->shares != NULL && key->commitments.len >= HF_POINT_LEN);
    memcpy(c.ppid, self->verdict.ppid, sizeof c.ppid);
    memcpy(c.quorum_key, key->commitments.data, sizeof c.quorum_key);
    hf__roots_wanted(e, &versions);
    for (size_t i = 0; i < versions.count; i++)
        kept[i].version = versions.version[i];
    c.kept = kept;
    c.kept_count = versions.count > 1 ? versions.count : 0;
    s.context = hf__encode(e, &hf_wire_sealed_context, &c);
    size_t plain_len = (size_t)versions.count * HF_SCALAR_LEN;
    s.body = hf_bytes_of(body, HF_QUORUM_OVERHEAD + plain_len);
    uint8_t *random = e->secret_alloc(HF_SCALAR_LEN), *plain = plain_of(e, &versions);
    int r = random == NULL || plain == NULL ? HF_ENOMEM : 0;
    if (r == 0)
        r = hf_quorum_seal(&e->secrets->rng, key->commitments.data, s.context,
                           hf_bytes_of(plain, plain_len), s.c1, body, random);
    if (r == 0)
        sign(e, &s, random, &row.sealed);
    if (random != NULL)
        hf_wipe(random, HF_SCALAR_LEN);
    if (plain != NULL)
        hf_wipe(plain, plain_len);
    e->secret_free(random);
    e->secret_free(plain);
    if (r != 0)
        return r;
    keep(e, &row);
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

/* The newest version that a statement holds. */
static uint32_t newest_of(const struct hf_sealed_context *c)
{
    struct hf__dealt versions;
    versions_of(c, &versions);
    hf_assert(versions.count > 0);
    return versions.version[versions.count - 1];
}

void hf__quorum_due(struct hf_engine *e)
{
    hf_assert(e->open || !e->claimed);
    e->quorum->waits = false;
    e->quorum->good = false;
}

/*
 * Seals where that was not done, or on another machine or by software of a lower rank than what
 * runs now: share holders would give the key to those. A rank never falls. HF_EUNSEALED: the own
 * quote is not made yet; HF__PARK and so on: not judged; the errors of seal.
 */
static int renew(struct hf_engine *e, const struct hf_quorum_key *key)
{
    struct hf_signed_sealed sealed;
    struct hf_sealed_context before = {0};
    struct hf_identity own;
    const struct hf__peer *self;
    uint32_t rank;
    bool is = hf__quorum_own(e, &sealed, &before) && sealed_to(e, &before, key);
    hf_assert(e->open && e->claimed);
    if (!hf__identity_own(e, &own))
        return HF_EUNSEALED;
    /* The own quote, judged as others judge it, says which platform and software this is. */
    int r = hf__identity_check(e, NULL, &own, &e->account, &self, &rank);
    if (r != 0 || (is && before.rank >= rank &&
                   memcmp(before.ppid, self->verdict.ppid, sizeof before.ppid) == 0))
        return r;
    r = seal(e, key, self, before.rank > rank ? before.rank : rank, before.made_s + 1);
    /* The share holders of before can still open what was sealed to their key: with a new one, what
     * they could open gives way. */
    if (r == 0 && before.version > 0 &&
        memcmp(before.quorum_key, key->commitments.data, sizeof before.quorum_key) != 0)
        (void)hf__roots_taint(e, newest_of(&before));
    return r;
}

/* When what is sealed is looked at next: the share set may expire, or the policy's date come. */
static uint64_t next_ms(const struct hf_engine *e)
{
    uint64_t now_s = hf__now_s(e), end_s = hf_document_expires_s(e->trust->shares);
    hf_assert(end_s > 0);
    uint64_t left_s = end_s >= now_s ? end_s - now_s + 1 : RENEW_S;
    return 1000 * (left_s < RENEW_S ? left_s : RENEW_S);
}

void hf__quorum_advance(struct hf_engine *e)
{
    struct hf__quorum_state *q = e->quorum;
    if (!e->open || !e->claimed || e->trust->policy == NULL || hf__quorum_settled(e) ||
        (q->waits && e->shared->step.fresh == NULL))
        return;
    const struct hf_quorum_key *key = hf__quorum_wanted(e);
    hf_assert(key == NULL || hf__policy(e)->quorum_key.len > 0);
    int r = key == NULL ? 0 : renew(e, key);
    /* Until the own quote is judged, or for a while: looking at a quote costs its hash. */
    q->waits = r != 0 && r != HF_EUNSEALED;
    if (key != NULL && r != HF_EUNSEALED)
        hf__timer_set(e, HF__TIMER_QUORUM, r != 0 ? RETRY_MS : next_ms(e));
    q->settled = e->trust->adopted;
    q->good = r == 0;
    settle(e, key != NULL ? !hf__quorum_sealed(e, key) || hf__quorum_expired(e, e->trust->shares)
                          : hf__policy(e)->quorum_key.len > 0);
}
