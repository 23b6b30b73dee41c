#include "document/document.h"

#include <stdlib.h>

#include "attest/judge.h"
#include "base/duration.h"
#include "base/error.h"
#include "document/limits.h"
#include "document/time_servers.h"
#include "pool.h"
#include "selection_table.h"

/* A parsed document needs at most this much for each byte of its encoding (measured: below 4). */
enum { ARENA_PER_BYTE = 8, ARENA_MIN = 16384 };

bool hf_quorums_ok(uint64_t n, uint64_t k, uint64_t q, uint64_t p)
{
    if (n == 1)
        return k == 1 && q == 1 && p == 1;
    return k >= 2 && k <= q && q <= p && p <= n && 2 * q > n;
}

uint64_t hf_provisional_quorum(const struct hf_policy *policy, uint64_t n, uint64_t q)
{
    if (policy->claim_provisional != 0)
        return policy->claim_provisional;
    return q <= n ? n - (n - q) / 2 : n;
}

uint64_t hf_claim_quorum_proposed(uint64_t n, uint64_t k)
{
    uint64_t q = (2 * n + 2) / 3;
    return q > k ? q : k;
}

uint64_t hf_survivors_quorum(uint64_t left, uint64_t n, uint64_t q)
{
    uint64_t majority = left / 2 + 1, liars = 2 * q > n ? 2 * q - n - 1 : 0;
    uint64_t sought = (left + liars + 2) / 2;
    if (sought >= left)
        sought = left > 0 ? left - 1 : 0;
    return sought > majority ? sought : majority;
}

static int policy_check(const struct hf_policy *p)
{
    if (!hf_quorums_ok(p->shares, p->threshold, p->claim_quorum,
                       hf_provisional_quorum(p, p->shares, p->claim_quorum)) ||
        p->expires_s <= p->issued_s || hf_policy_lifetimes_check(p) != HF_LIFETIMES_FIT ||
        (hf_policy_sealing_suites(p) & (1u << HF_SEALING_CHACHA | 1)) != 1u << HF_SEALING_CHACHA)
        return HF_EDOCUMENT;
    if ((p->trust == HF_TRUST_DEV) != (p->dev_root.len > 0))
        return HF_EDOCUMENT;
    /* Bit 0 is no status and bit 7 is Revoked: neither may be accepted. */
    if ((p->tcb_accepted & (1u << HF_TCB_NONE | 1u << HF_TCB_REVOKED)) != 0)
        return HF_EDOCUMENT;
    for (size_t i = 1; i < p->tcb_evaluations_count; i++) {
        const struct hf_tcb_evaluation *before = &p->tcb_evaluations[i - 1], *e = before + 1;
        if (e->number <= before->number || e->tcb_date_s < before->tcb_date_s ||
            e->counts_from_s < before->counts_from_s)
            return HF_EDOCUMENT;
    }
    for (size_t i = 0; i < p->measurements_count; i++)
        for (size_t j = 0; j < i; j++)
            if (hf_bytes_equal(p->measurements[i].name, p->measurements[j].name))
                return HF_EDOCUMENT;
    return hf_time_servers_ok(p) ? 0 : HF_EDOCUMENT;
}

/* Who is left and how many of them carry, each generation once: two majorities of them meet. */
static bool survivors_ok(const struct hf_floor *f, size_t at)
{
    const struct hf_survivors *s = &f->survivors[at];
    bool ok = s->quorum <= s->holders_count && 2 * s->quorum > s->holders_count;
    for (size_t i = 1; i < s->holders_count; i++)
        for (size_t j = 0; j < i; j++)
            ok = ok && !hf_account_equal(&s->holders[i].account, &s->holders[j].account);
    for (size_t i = 0; i < at; i++)
        ok = ok && memcmp(f->survivors[i].generation, s->generation, 16) != 0;
    return ok;
}

/* Each generation is decided in one way, and the one that the floor names is not written off. */
static bool floor_ok(const struct hf_floor *f)
{
    bool ok = true;
    for (size_t i = 0; i < f->survivors_count; i++)
        ok = ok && survivors_ok(f, i);
    for (size_t i = 0; i < f->written_off_count; i++) {
        const uint8_t *id = f->written_off[i].id;
        ok = ok && memcmp(id, f->favoured, 16) != 0;
        for (size_t j = 0; j < i; j++)
            ok = ok && memcmp(f->written_off[j].id, id, 16) != 0;
        for (size_t j = 0; j < f->survivors_count; j++)
            ok = ok && memcmp(f->survivors[j].generation, id, 16) != 0;
    }
    return ok;
}

/* Both lists ascend: they are gone through side by side. */
static int departed_check(const struct hf_validator_set *s)
{
    size_t at = 0;
    for (size_t i = 0; i < s->departed_count; i++) {
        const struct hf_departed_floor *d = &s->departed[i];
        if ((i > 0 && hf_account_compare(&d[-1].account, &d->account) >= 0) || !floor_ok(&d->floor))
            return HF_EDOCUMENT;
        while (at < s->validators_count &&
               hf_account_compare(&s->validators[at].account, &d->account) < 0)
            at++;
        if (at < s->validators_count && hf_account_equal(&s->validators[at].account, &d->account))
            return HF_EDOCUMENT;
    }
    return 0;
}

static int set_check(const struct hf_validator_set *s)
{
    if (s->expires_s <= s->issued_s)
        return HF_EDOCUMENT;
    for (size_t i = 0; i < s->validators_count; i++) {
        if (i > 0 &&
            hf_account_compare(&s->validators[i - 1].account, &s->validators[i].account) >= 0)
            return HF_EDOCUMENT;
        if (s->validators[i].registered_epoch > s->epoch ||
            (s->validators[i].has_floor && !floor_ok(&s->validators[i].floor)))
            return HF_EDOCUMENT;
    }
    return departed_check(s);
}

/* Few validators have a floor, and sets are large. */
static int list_floors(struct hf_document *d)
{
    const struct hf_validator_set *s = &d->u.set;
    void *list;
    uint32_t count = 0;
    for (size_t i = 0; i < s->validators_count; i++)
        count += s->validators[i].has_floor;
    if (count == 0)
        return 0;
    int r = hf_arena_alloc(d->arena, count, sizeof(uint32_t), &list);
    if (r != 0)
        return r;
    uint32_t *at = list;
    for (size_t i = 0; i < s->validators_count; i++)
        if (s->validators[i].has_floor)
            *at++ = (uint32_t)i;
    d->floors = list;
    d->floors_count = count;
    return 0;
}

static int root_check(const struct hf_root *r)
{
    if (r->keys_count == 0 || r->threshold > r->keys_count)
        return HF_EDOCUMENT;
    if ((r->number == 1) == r->has_previous)
        return HF_EDOCUMENT;
    for (size_t i = 0; i < r->keys_count; i++)
        if (hf__keys_find(r->keys, i, r->keys[i].key))
            return HF_EDOCUMENT;
    if ((r->set_threshold == 0) != (r->set_signers_count == 0) ||
        r->set_threshold > r->set_signers_count)
        return HF_EDOCUMENT;
    /* A signer that follows a chain has no part in what the authority decides. */
    for (size_t i = 0; i < r->set_signers_count; i++)
        if (hf__keys_find(r->set_signers, i, r->set_signers[i].key) ||
            hf__keys_find(r->keys, r->keys_count, r->set_signers[i].key))
            return HF_EDOCUMENT;
    return 0;
}

int hf_policy_roots(const struct hf_policy *p, uint8_t key[static HF_ROOT_KEY_LEN],
                    struct hf_roots *ret)
{
    *ret = (struct hf_roots){.trust = (enum hf_trust)p->trust};
    if (p->trust != HF_TRUST_DEV)
        return 0;
    ret->dev_key = key;
    return hf_root_key_from_spki(p->dev_root, key);
}

bool hf_policy_platform_fits(const struct hf_policy *p, const struct hf_validator *v,
                             const uint8_t sealed_on[static 16], const uint8_t platform[static 16])
{
    if (p->platform_rule == HF_PLATFORM_ANY || memcmp(platform, sealed_on, 16) == 0)
        return true;
    for (size_t i = 0; i < v->platforms_count; i++)
        if (memcmp(v->platforms[i].ppid, platform, 16) == 0)
            return true;
    return false;
}

void hf_policy_judge(const struct hf_policy *p, enum hf_role role, struct hf_judge_measurement *m,
                     struct hf_judge_evaluation *evaluations, struct hf_judge_policy *ret)
{
    for (size_t i = 0; i < p->tcb_evaluations_count; i++)
        evaluations[i] =
            (struct hf_judge_evaluation){.number = (uint32_t)p->tcb_evaluations[i].number,
                                         .tcb_date_s = p->tcb_evaluations[i].tcb_date_s,
                                         .counts_from_s = p->tcb_evaluations[i].counts_from_s};
    for (size_t i = 0; i < p->measurements_count; i++) {
        m[i] =
            (struct hf_judge_measurement){.name = "",
                                          .rank = (uint32_t)p->measurements[i].rank,
                                          .effective_from_s = p->measurements[i].effective_from_s,
                                          .withdrawn = p->measurements[i].role != (uint64_t)role};
        memcpy(m[i].digest, p->measurements[i].digest, sizeof m[i].digest);
    }
    const struct {
        bool named;
        const uint8_t *value;
    } registers[HF_HOST_REGISTERS] = {
        [HF_REGISTER_MRSERVICETD] = {p->has_mrservicetd, p->mrservicetd},
        [HF_REGISTER_MRCONFIGID] = {p->has_mrconfigid, p->mrconfigid},
        [HF_REGISTER_MROWNER] = {p->has_mrowner, p->mrowner},
        [HF_REGISTER_MROWNERCONFIG] = {p->has_mrownerconfig, p->mrownerconfig},
    };
    *ret = (struct hf_judge_policy){
        .trust = (enum hf_trust)p->trust,
        .tcb_accepted = (uint32_t)p->tcb_accepted | HF_TCB_BIT(HF_TCB_UP_TO_DATE),
        .tcb_grace_accepted =
            p->tcb_grace_s > 0 || p->tcb_evaluations_count > 0 ? HF_TCB_CURABLE : 0,
        .tcb_grace_s = p->tcb_grace_s,
        .tcb_evaluation_min = (uint32_t)p->min_tcb_evaluation,
        .evaluations = evaluations,
        .evaluation_count = p->tcb_evaluations_count,
        .td_attributes_mask = p->td_attributes_mask,
        .td_attributes = p->td_attributes_value,
        .xfam_mask = p->xfam_mask,
        .xfam = p->xfam_value,
        .seam_attributes_mask = p->seam_attributes_mask,
        .seam_attributes = p->seam_attributes_value,
        .measurements = m,
        .measurement_count = p->measurements_count,
        .quote_age_s_max = p->quote_age_max_s,
        .quote_ahead_s_max = HF_CLOCK_AHEAD_S,
    };
    for (size_t i = 0; i < HF_HOST_REGISTERS; i++) {
        ret->registers[i].named = registers[i].named;
        if (registers[i].named)
            hf_register_tag(registers[i].value, ret->registers[i].tag);
    }
}

/* Once for all who judge by it. */
static int judge_make(struct hf_document *d)
{
    const struct hf_policy *p = &d->u.policy;
    void *policy, *list, *evaluations;
    int r = hf_arena_alloc(d->arena, 1, sizeof *d->judge, &policy);
    if (r == 0)
        r = hf_arena_alloc(d->arena, p->measurements_count, sizeof(struct hf_judge_measurement),
                           &list);
    if (r == 0)
        r = hf_arena_alloc(d->arena, p->tcb_evaluations_count, sizeof(struct hf_judge_evaluation),
                           &evaluations);
    if (r != 0)
        return r;
    hf_policy_judge(p, HF_ROLE_DAEMON, list, evaluations, policy);
    d->judge = policy;
    return 0;
}

/* A signature that is there twice proves nothing more, and costs a verification. */
static bool signers_distinct(const struct hf_envelope *e)
{
    for (size_t i = 0; i < e->signatures_count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(e->signatures[i].key, e->signatures[j].key, HF_KEY_LEN) == 0)
                return false;
    return true;
}

static int parse_body(struct hf_document *d)
{
    struct hf_bytes body = d->signatures.body;
    int r;
    switch (d->kind) {
    case HF_DOCUMENT_ROOT:
        r = hf_wire_decode(&hf_wire_root, body, d->arena, &d->u.root, NULL);
        return r != 0 ? r : root_check(&d->u.root);
    case HF_DOCUMENT_POLICY:
        r = hf_wire_decode(&hf_wire_policy, body, d->arena, &d->u.policy, NULL);
        if (r == 0)
            r = policy_check(&d->u.policy);
        return r != 0 ? r : judge_make(d);
    case HF_DOCUMENT_SET:
        r = hf_wire_decode(&hf_wire_validator_set, body, d->arena, &d->u.set, NULL);
        if (r == 0)
            r = set_check(&d->u.set);
        return r != 0 ? r : list_floors(d);
    default:
        r = hf_wire_decode(&hf_wire_share_set, body, d->arena, &d->u.shares, NULL);
        return r != 0 ? r : hf__share_set_check(&d->u.shares, d->kind == HF_DOCUMENT_PROPOSAL);
    }
}

int hf__document_parse(struct hf_document *d)
{
    d->arena = calloc(1, sizeof *d->arena);
    if (d->arena == NULL)
        return HF_ENOMEM;
    hf_arena_init(d->arena, ARENA_MIN + (size_t)d->envelope->len * ARENA_PER_BYTE);
    int r = hf_wire_decode(&hf_wire_envelope, hf_blob_bytes(d->envelope), d->arena, &d->signatures,
                           NULL);
    if (r == 0 && !signers_distinct(&d->signatures))
        r = HF_EDOCUMENT;
    if (r != 0)
        return r;
    d->kind = (uint8_t)d->signatures.kind;
    d->pool->suite->hash("holdfast/v1/body", d->signatures.body, &d->body_hash);
    return parse_body(d);
}

uint32_t hf_document_version(const struct hf_document *d)
{
    switch (d->kind) {
    case HF_DOCUMENT_ROOT:
        return (uint32_t)d->u.root.number;
    case HF_DOCUMENT_POLICY:
        return (uint32_t)d->u.policy.version;
    case HF_DOCUMENT_SET:
        return (uint32_t)d->u.set.epoch;
    default:
        return (uint32_t)d->u.shares.version;
    }
}

uint64_t hf_document_issued_s(const struct hf_document *d)
{
    switch (d->kind) {
    case HF_DOCUMENT_ROOT:
        return d->u.root.issued_s;
    case HF_DOCUMENT_POLICY:
        return d->u.policy.issued_s;
    case HF_DOCUMENT_SET:
        return d->u.set.issued_s;
    default:
        return d->u.shares.issued_s;
    }
}

uint64_t hf_document_expires_s(const struct hf_document *d)
{
    switch (d->kind) {
    case HF_DOCUMENT_ROOT:
        return UINT64_MAX;
    case HF_DOCUMENT_POLICY:
        return d->u.policy.expires_s;
    case HF_DOCUMENT_SET:
        return d->u.set.expires_s;
    default:
        return d->u.shares.expires_s;
    }
}

void hf_set_prefetch(const struct hf_document *set, const struct hf_account *account,
                     unsigned depth)
{
    hf_assert(set->kind == HF_DOCUMENT_SET);
    if (set->table != NULL)
        hf__selection_table_prefetch(set, account, depth);
}

/* Whose account it is when it stands in the set itself, as those of an order do; -1: elsewhere. */
static long find_in_place(const struct hf_document *set, const struct hf_account *account)
{
    const struct hf_validator *v = set->u.set.validators;
    uintptr_t off = (uintptr_t)account - (uintptr_t)v;
    if (off >= set->u.set.validators_count * sizeof *v ||
        off % sizeof *v != offsetof(struct hf_validator, account))
        return -1;
    return (long)(off / sizeof *v);
}

long hf_set_find(const struct hf_document *set, const struct hf_account *account)
{
    hf_assert(set->kind == HF_DOCUMENT_SET);
    long place = find_in_place(set, account);
    if (place >= 0)
        return place;
    if (set->table != NULL)
        return hf__selection_table_find(set, account);
    size_t low = 0, high = set->u.set.validators_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = hf_account_compare(&set->u.set.validators[mid].account, account);
        if (order == 0)
            return (long)mid;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return -1;
}
