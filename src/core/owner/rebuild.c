/*
 * From answers to the root secret (proto/PROTOCOL.md, 8). The sharing is the one on which k
 * attested providers agree and which a record signed by the owner names; not what the disk says.
 * The newest with k good shares wins.
 */
#include <stdlib.h>

#include "base/error.h"
#include "owner/recover.h"
#include "owner/roots.h"
#include "register/register.h"

/* A dealing of which shares are there. Points into the step's memory. */
struct group {
    struct hf_placement_record record;
    struct hf__target *targets[HF_ROUND_PROVIDERS_MAX];
    struct hf_held_share shares[HF_ROUND_PROVIDERS_MAX];
    size_t count;
    uint32_t indices; /* bit of each index that is there */
};

static bool same_generation(const struct hf_generation_id *a, const struct hf_generation_id *b)
{
    return a->version == b->version && a->number == b->number && memcmp(a->id, b->id, 16) == 0;
}

static bool decode_answer(struct hf_engine *e, const struct hf__target *t,
                          struct hf_recover_answer *ret)
{
    if (t->state != HF__TARGET_ANSWERED)
        return false;
    hf_assert(t->answer != NULL);
    int r = hf__decode(e, &hf_wire_recover_answer, hf_blob_bytes(t->answer), ret);
    hf_assert(r == 0);
    return true;
}

/* Adds the share that a provider holds of the group's dealing, if its index is not there yet. */
static void collect_one(struct hf_engine *e, struct group *g, struct hf__target *t, bool named)
{
    struct hf_recover_answer a;
    if (!decode_answer(e, t, &a))
        return;
    for (size_t i = 0; i < a.shares_count; i++) {
        const struct hf_held_share *s = &a.shares[i];
        if (!same_generation(&s->generation, &g->record.generation) ||
            !hf_bytes_equal(s->commitments, g->record.commitments) ||
            s->index > g->record.holders_count)
            continue;
        if (named != (hf_account_equal(&g->record.holders[s->index - 1].account, &t->account)) ||
            (g->indices >> s->index & 1) != 0)
            continue;
        g->indices |= UINT32_C(1) << s->index;
        g->targets[g->count] = t;
        g->shares[g->count++] = *s;
        hf_assert(g->count <= HF_ROUND_PROVIDERS_MAX);
        t->index = (uint8_t)s->index;
        return;
    }
}

/*
 * The shares of one recorded dealing, one for each index: of the holders that the record names
 * first, then of others. A candidate whose receipt was lost on the way was replaced by another at
 * the same index and may still keep its share; what fits the commitments is one, from any holder.
 */
static void collect(struct hf_engine *e, struct group *g)
{
    struct hf__recovery *rc = e->owner->recovery;
    g->count = 0;
    g->indices = 0;
    hf_assert(rc != NULL && !e->active.has_root);
    for (int named = 1; named >= 0; named--)
        for (size_t i = 0; i < rc->round.targets_count; i++)
            collect_one(e, g, &rc->targets[i], named == 1);
}

/* Opens one share into secret memory. */
static int open_share(struct hf_engine *e, const struct hf__target *t,
                      const struct hf_held_share *s, uint8_t *ret)
{
    hf_assert(e->owner->recovery != NULL && s->index > 0);
    static const char info[] = "holdfast/v1/answer";
    struct hf_share_aad aad = {.generation = s->generation, .index = s->index};
    aad.transcript_hash = e->owner->recovery->round.transcript_hash;
    aad.provider = t->account;
    if (s->sealed.len != HF_SCALAR_LEN + HF_SEAL_OVERHEAD)
        return HF_EMALFORMED;
    return e->suite->open(e->secrets->response, hf_bytes_of(info, strlen(info)),
                          hf__encode(e, &hf_wire_share_aad, &aad), s->sealed, ret);
}

static void name_bad(struct hf_engine *e, const struct group *g, size_t i, int error)
{
    hf_assert(error != 0 && i < g->count);
    struct hf__target *t = g->targets[i];
    hf__target_move(t, HF__TARGET_FAILED);
    t->error = error;
    t->since_ms = e->now_ms;
    hf__trace(e, HF_TRACE_SHARE_BAD, error, &t->account, g->record.generation.number,
              g->shares[i].index);
}

/* Rebuilds what the shares of a group give. secret: HF_SCALAR_LEN bytes, in memory for secrets.
 * HF_EFEWSHARES: too few good ones; the bad ones are named. HF_ENOMEM. */
static int combine(struct hf_engine *e, const struct group *g, uint8_t *secret)
{
    hf_assert(!e->active.has_root && g->count >= g->record.threshold);
    uint8_t indices[HF_SHARES_MAX];
    size_t from[HF_SHARES_MAX], count = 0;
    uint8_t k = (uint8_t)g->record.threshold;
    uint32_t bad = 0;
    uint8_t *shares = e->secret_alloc(HF_SHARES_MAX * HF_SCALAR_LEN);
    if (shares == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < g->count && count < HF_SHARES_MAX; i++) {
        int r = open_share(e, g->targets[i], &g->shares[i], shares + count * HF_SCALAR_LEN);
        if (r != 0) {
            name_bad(e, g, i, r);
            continue;
        }
        indices[count] = (uint8_t)g->shares[i].index;
        from[count++] = i;
    }
    hf_assert(count <= g->count && count <= HF_SHARES_MAX);
    int r = count < k ? HF_EFEWSHARES
                      : e->suite->combine(k, g->record.commitments.data, count, indices, shares,
                                          secret, &bad);
    for (size_t i = 0; i < count; i++)
        if ((bad >> i & 1) != 0)
            name_bad(e, g, from[i], HF_ESHARE);
    hf_wipe(shares, HF_SHARES_MAX * HF_SCALAR_LEN);
    e->secret_free(shares);
    if (r == 0)
        hf__trace(e, HF_TRACE_REBUILT, 0, NULL, g->record.generation.number, count);
    return r;
}

/* Where the versions of the root secret go that come back; NULL: there is no memory. */
static struct hf__given_roots *room_for(struct hf_engine *e)
{
    struct hf__recovery *rc = e->owner->recovery;
    hf_assert(rc != NULL && !e->open);
    if (rc->given == NULL)
        rc->given = e->secret_alloc(sizeof *rc->given);
    return rc->given;
}

/* Rebuilds every version that a group protects. As combine; HF_ECRYPTO: its record does not fit. */
static int rebuild(struct hf_engine *e, const struct group *g)
{
    uint8_t *secret = e->secret_alloc(HF_SCALAR_LEN);
    struct hf__given_roots *given = room_for(e);
    int r = secret == NULL || given == NULL ? HF_ENOMEM : combine(e, g, secret);
    hf_assert(!e->active.has_root);
    if (r == 0)
        r = hf__dealt_open(e, &g->record, secret, given);
    if (secret != NULL)
        hf_wipe(secret, HF_SCALAR_LEN);
    e->secret_free(secret);
    return r;
}

/* A share that turns out bad is out of the next try: another may stand at its index. */
static bool rebuild_record(struct hf_engine *e, const struct hf_placement_record *record)
{
    hf_assert(record->threshold > 0 && record->holders_count >= record->threshold);
    struct group *g = hf__scratch(e, sizeof *g);
    size_t answers;
    g->record = *record;
    do {
        answers = hf__targets_in(&e->owner->recovery->round, HF__TARGET_ANSWERED);
        collect(e, g);
        if (g->count < record->threshold)
            return false;
        if (rebuild(e, g) == 0)
            return true;
    } while (hf__targets_in(&e->owner->recovery->round, HF__TARGET_ANSWERED) < answers);
    return false;
}

static bool newer(const struct hf_engine *e, const struct hf_placement_record *a,
                  const struct hf_placement_record *b)
{
    hf_assert(a->generation.number > 0 && b->generation.number > 0);
    struct hf_record_order order_a, order_b;
    hf__record_order(a, &order_a);
    hf__record_order(b, &order_b);
    return hf__order_compare(e, &e->account, &order_a, &order_b) > 0;
}

/* The records signed by the owner that the answers and the hint hold, newest first, each once. */
static size_t list_records(struct hf_engine *e, size_t max, struct hf_placement_record *ret)
{
    struct hf__recovery *rc = e->owner->recovery;
    size_t count = 0;
    for (size_t i = 0; i <= rc->round.targets_count; i++) {
        struct hf_recover_answer a = {0};
        struct hf_held_share hint = {.has_record = true};
        /* The newest record that was learned comes first: no provider can crowd it out. */
        if (i == 0) {
            if (rc->record == NULL ||
                hf__decode(e, &hf_wire_signed_record, hf_blob_bytes(rc->record), &hint.record) != 0)
                continue;
            a.shares = &hint;
            a.shares_count = 1;
        } else if (!decode_answer(e, &rc->targets[i - 1], &a)) {
            continue;
        }
        for (size_t j = 0; j < a.shares_count && count < max; j++) {
            struct hf_placement_record *m = &ret[count];
            const struct hf_signed_record *record = &a.shares[j].record;
            if (!a.shares[j].has_record || (i > 0 && hf__recover_knows(e, record)))
                continue;
            int r = i == 0 ? hf__decode(e, &hf_wire_placement_record, record->record, m)
                           : hf__record_check(e, record, &e->account, m);
            /* A void one may still be the only one whose shares are left. */
            if (r != 0 && r != HF_EVOIDRECORD)
                continue;
            bool seen = false;
            for (size_t s = 0; s < count && !seen; s++)
                seen = same_generation(&ret[s].generation, &m->generation);
            count += !seen;
        }
    }
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && newer(e, &ret[j], &ret[j - 1]); j--) {
            struct hf_placement_record swap = ret[j];
            ret[j] = ret[j - 1];
            ret[j - 1] = swap;
        }
    hf_assert(count <= max);
    return count;
}

/* Whether every holder of a record was asked in this round. */
static bool asked_all(const struct hf__recovery *rc, const struct hf_placement_record *m)
{
    hf_assert(m->holders_count > 0);
    for (size_t i = 0; i < m->holders_count; i++) {
        bool asked = false;
        for (size_t j = 0; j < rc->round.targets_count && !asked; j++)
            asked = hf_account_equal(&rc->targets[j].account, &m->holders[i].account) &&
                    rc->targets[j].asked;
        if (!asked)
            return false;
    }
    return true;
}

static void next_round(struct hf_engine *e)
{
    hf_assert(e->owner->recovery != NULL && !e->active.has_root);
    hf__round_end(&e->owner->recovery->round);
    hf__timer_set(e, HF__TIMER_RECOVER, 0);
}

void hf__recover_decide(struct hf_engine *e)
{
    enum { RECORDS_MAX = 16 };
    struct hf__recovery *rc = e->owner->recovery;
    struct hf_placement_record *records = hf__scratch(e, RECORDS_MAX * sizeof *records);
    hf_assert(rc->round.phase == HF__PHASE_ANSWER && !e->active.has_root);
    size_t count = list_records(e, RECORDS_MAX, records);
    hf_assert(count <= RECORDS_MAX);
    hf__timer_clear(e, HF__TIMER_GRACE);
    /* A record newer than what was asked for: its holders first, once. */
    struct hf_record_order newest = {0};
    if (count > 0)
        hf__record_order(&records[0], &newest);
    if (count > 0 && !asked_all(rc, &records[0]) &&
        hf__order_compare(e, &e->account, &rc->extended_for, &newest) < 0) {
        rc->extended_for = newest;
        next_round(e);
        return;
    }
    /* Only records that the floor has made void: who knows one that counts is looked for first. */
    if (count > 0 && hf__is_void(e, &e->account, &newest) && !hf__recover_searched(e)) {
        rc->searches = true;
        next_round(e);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!rebuild_record(e, &records[i]))
            continue;
        hf__roots_given(e, rc->given, (uint32_t)records[i].generation.version);
        memcpy(rc->account_wrapped, records[i].account_wrapped, sizeof rc->account_wrapped);
        rc->account_version = (uint32_t)records[i].generation.version;
        hf__round_end(&rc->round);
        e->owner->outcome = HF__OUTCOME_REBUILT;
        return;
    }
    if (hf__targets_in(&rc->round, HF__TARGET_ASKED) != 0)
        return;
    /* Once between two pauses: one that lies may name others in each round. */
    rc->hurried = rc->moved && !rc->hurried;
    rc->moved = false;
    if (rc->hurried)
        next_round(e);
    else
        hf__recover_failed(e, HF_EFEWPROVIDERS);
}

struct hf_bytes hf__recover_record(const struct hf_engine *e)
{
    const struct hf__recovery *rc = e->owner->recovery;
    hf_assert(!e->open);
    return rc != NULL && rc->record != NULL ? hf_blob_bytes(rc->record) : (struct hf_bytes){0};
}

struct hf__given_roots *hf__recover_room(struct hf_engine *e)
{
    hf_assert(!e->active.has_root);
    return room_for(e);
}

const struct hf__given_roots *hf__recover_roots(const struct hf_engine *e)
{
    hf_assert(e->owner->recovery != NULL && e->active.has_root);
    return e->owner->recovery->given;
}

void hf__recover_given(struct hf_engine *e, uint32_t version)
{
    hf_assert(version > 0);
    struct hf__recovery *rc = e->owner->recovery;
    struct hf_signed_record s;
    struct hf_placement_record record;
    hf_assert(rc != NULL && !e->active.has_root && !e->open);
    if (rc->record != NULL) {
        int r = hf__decode(e, &hf_wire_signed_record, hf_blob_bytes(rc->record), &s);
        if (r == 0)
            r = hf__decode(e, &hf_wire_placement_record, s.record, &record);
        hf_assert(r == 0);
        memcpy(rc->account_wrapped, record.account_wrapped, sizeof rc->account_wrapped);
        rc->account_version = (uint32_t)record.generation.version;
    }
    hf__roots_given(e, rc->given, version);
    hf__round_end(&rc->round);
    e->owner->outcome = HF__OUTCOME_REBUILT;
}

int hf__recover_account(struct hf_engine *e)
{
    hf_assert(e->active.has_root && !e->open);
    hf_assert(e->lost && e->owner->recovery != NULL);
    const struct hf__recovery *rc = e->owner->recovery;
    for (size_t i = 0; i < rc->given->count; i++)
        if (rc->given->version[i] == rc->account_version)
            return hf__account_restore(e, rc->given->root[i], rc->account_version,
                                       rc->account_wrapped);
    return HF_ECRYPTO; /* what share holders opened is older than the record */
}
