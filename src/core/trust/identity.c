/* Identity quotes: the node's own, and those by which its peers are known. */
#include <stdlib.h>

#include "base/duration.h"
#include "base/error.h"
#include "trust/trust.h"

enum { RENEW_S_MAX = 86400, RETRY_MS = 1000 };

static const uint8_t none[HF_KEY_LEN];

/* Whether an identity of this epoch and date may stand for its account now. */
static int check_epoch(const struct hf_engine *e, uint64_t epoch, const uint8_t *beacon,
                       uint64_t made_s)
{
    hf_assert(e->trust->set != NULL);
    if (epoch > hf_document_version(e->trust->set))
        return HF_EBEHIND;
    const struct hf_document *set = hf__set_of_epoch(e, epoch);
    /* A set that is not kept any more says nothing: its identities are judged by their age alone.
     * Otherwise two sets while quotes cannot be made would end every recovery. */
    if (set == NULL && epoch > 0 && e->trust->set_previous != NULL)
        return 0;
    if (set == NULL ||
        (beacon != NULL && memcmp(beacon, set->u.set.beacon, sizeof set->u.set.beacon) != 0) ||
        made_s < set->u.set.issued_s)
        return HF_EIDENTITY_OLD;
    return 0;
}

static int judge_known(struct hf_engine *e, struct hf__known *known, const struct hf__peer **ret,
                       uint32_t *ret_rank)
{
    const struct hf__peer *p = known->peer;
    hf_assert(p != NULL && p->refs > 0);
    int r = check_epoch(e, p->epoch, NULL, p->made_s);
    if (r == 0)
        r = hf__judge(e, &p->verdict, NULL, true, p->made_s, ret_rank);
    if (r != 0)
        return r;
    known->used_s = (uint32_t)(e->now_ms / 1000);
    *ret = p;
    return 0;
}

int hf__identity_known(struct hf_engine *e, const struct hf_account *account,
                       const struct hf__peer **ret, uint32_t *ret_rank)
{
    struct hf__known *known = hf__known_find(&e->trust->known, account);
    hf_assert(known == NULL || hf_account_equal(&known->peer->account, account));
    return known == NULL ? HF_EIDENTITY : judge_known(e, known, ret, ret_rank);
}

int hf__identity_check(struct hf_engine *e, const struct hf__message *from,
                       const struct hf_identity *identity, const struct hf_account *account,
                       const struct hf__peer **ret, uint32_t *ret_rank)
{
    struct hf_identity_statement s;
    struct hf__peer p = {0};
    struct hf__seen seen;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    int r = hf__documents_ready(e);
    if (r != 0)
        return r;
    r = hf__quote_look(e, identity->quote, &seen);
    if (r != 0)
        return r;
    p.quote_hash = seen.hash;
    struct hf__known *known = hf__known_find(&e->trust->known, account);
    if (known != NULL && hf_hash_equal(&known->peer->quote_hash, &p.quote_hash))
        return judge_known(e, known, ret, ret_rank);
    r = hf__decode(e, &hf_wire_identity_statement, identity->statement, &s);
    if (r != 0)
        return r;
    if (!hf_network_id_equal(&s.network, &e->network) || !hf_account_equal(&s.account, account))
        return HF_EPEER_ACCOUNT; /* HF_EIDENTITY would have it asked for again */
    r = check_epoch(e, s.epoch, s.has_beacon ? s.beacon : e->network.bytes, s.made_s);
    if (r != 0)
        return r;
    e->suite->report_data("holdfast/v1/identity", identity->statement, report_data);
    r = hf__verdict(e, from, &seen, report_data, &p.verdict);
    if (r != 0)
        return r;
    uint32_t rank;
    r = hf__judge(e, &p.verdict, report_data, true, s.made_s, &rank);
    if (r != 0) {
        hf__trace(e, HF_TRACE_QUOTE_REFUSED, r, account, 0, 0);
        return r;
    }
    /* When it was judged says nothing of the peer: engines that judged it at
     * other times share it. */
    p.verdict.verified_at_s = 0;
    p.account = *account;
    memcpy(p.sealing_key, s.sealing_key, HF_KEY_LEN);
    if (s.has_sealing_key_gcm)
        memcpy(p.sealing_gcm, s.sealing_key_gcm, HF_KEY_LEN);
    p.epoch = (uint32_t)s.epoch;
    p.made_s = s.made_s;
    known = hf__known_put(&e->trust->known, e->shared->peers, &p);
    hf_assert(hf_account_equal(&known->peer->account, account));
    known->used_s = (uint32_t)(e->now_ms / 1000);
    *ret = known->peer;
    if (ret_rank != NULL)
        *ret_rank = rank;
    return 0;
}

uint8_t hf__peer_sealing(const struct hf_engine *e, const struct hf__peer *peer,
                         uint8_t ret[static HF_KEY_LEN])
{
    hf_assert(peer->refs > 0);
    bool gcm = e->gcm && memcmp(peer->sealing_gcm, none, HF_KEY_LEN) != 0;
    memcpy(ret, gcm ? peer->sealing_gcm : peer->sealing_key, HF_KEY_LEN);
    return gcm ? HF_SEALING_GCM : HF_SEALING_CHACHA;
}

void hf__identity_renew(struct hf_engine *e)
{
    struct hf__trust *t = e->trust;
    uint32_t epoch = t->set != NULL ? hf_document_version(t->set) : 0;
    if (!e->open)
        return;
    uint64_t age_s = t->policy != NULL ? hf__policy(e)->quote_age_max_s / 2 : 3600;
    if (age_s > RENEW_S_MAX)
        age_s = RENEW_S_MAX;
    hf_assert(age_s > 0);
    /* One dated in the future, by a clock that was set back since, is refused by all members. */
    bool current = t->identity != NULL && t->identity_epoch == epoch &&
                   memcmp(t->identity_key, e->sealing_key, HF_KEY_LEN) == 0 &&
                   memcmp(t->identity_gcm, e->sealing_gcm, HF_KEY_LEN) == 0 &&
                   t->identity_made_s <= hf__now_s(e) + HF_CLOCK_AHEAD_S / 2 &&
                   hf__now_s(e) < t->identity_made_s + age_s;
    if (current)
        hf__timer_set(e, HF__TIMER_IDENTITY,
                      (t->identity_made_s + age_s - hf__now_s(e)) * 1000 + 1);
    if (current || t->identity_work != 0)
        return;
    struct hf_identity_statement s = {.epoch = epoch, .made_s = hf__now_s(e)};
    s.network = e->network;
    s.account = e->account;
    memcpy(s.sealing_key, e->sealing_key, HF_KEY_LEN);
    s.has_sealing_key_gcm = memcmp(e->sealing_gcm, none, HF_KEY_LEN) != 0;
    memcpy(s.sealing_key_gcm, e->sealing_gcm, HF_KEY_LEN);
    s.has_beacon = t->set != NULL;
    if (s.has_beacon)
        memcpy(s.beacon, t->set->u.set.beacon, sizeof s.beacon);
    struct hf_bytes encoded = hf__encode(e, &hf_wire_identity_statement, &s);
    t->identity_work = hf__quote(e, HF__TASK_IDENTITY, "holdfast/v1/identity", encoded);
    hf_blob_unref(t->identity_statement);
    t->identity_statement = hf_blob_new(encoded);
    hf_assert(t->identity_statement != NULL);
}

void hf__identity_made(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__trust *t = e->trust;
    struct hf_identity_statement s;
    if (!e->open || work != t->identity_work)
        return;
    t->identity_work = 0;
    if (error != 0) {
        hf__timer_set(e, HF__TIMER_IDENTITY, RETRY_MS);
        return;
    }
    hf_assert(t->identity_statement != NULL);
    struct hf_bytes statement = hf_blob_bytes(t->identity_statement);
    int r = hf__decode(e, &hf_wire_identity_statement, statement, &s);
    hf_assert(r == 0);
    struct hf_identity id = {.statement = statement, .quote = quote};
    hf_blob_unref(t->identity);
    t->identity = hf_blob_new(hf__encode(e, &hf_wire_identity, &id));
    hf_assert(t->identity != NULL);
    t->identity_number = (uint8_t)(t->identity_number % UINT8_MAX + 1);
    hf_blob_unref(t->identity_statement);
    t->identity_statement = NULL;
    t->identity_epoch = (uint32_t)s.epoch;
    t->identity_made_s = s.made_s;
    memcpy(t->identity_key, s.sealing_key, HF_KEY_LEN);
    memcpy(t->identity_gcm, s.sealing_key_gcm, HF_KEY_LEN);
    hf_assert(t->identity_number > 0);
    hf__identity_renew(e); /* sets the timer, or starts anew when a set came meanwhile */
    hf__kick(e);
    if (e->state == HF_STATE_FRESH)
        hf__timer_set(e, HF__TIMER_FRESH, 0); /* placing waits for it, with no timer running */
}

bool hf__identity_current(const struct hf_engine *e)
{
    hf_assert(e->trust->identity == NULL || e->trust->identity_number > 0);
    uint32_t epoch = e->trust->set != NULL ? hf_document_version(e->trust->set) : 0;
    return e->trust->identity != NULL && e->trust->identity_epoch == epoch;
}

bool hf__identity_own(struct hf_engine *e, struct hf_identity *ret)
{
    hf_assert(e->open || e->trust->identity == NULL);
    if (e->trust->identity == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_identity, hf_blob_bytes(e->trust->identity), ret);
    hf_assert(r == 0);
    return true;
}
