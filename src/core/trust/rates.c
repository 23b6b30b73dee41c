/*
 * How often one may ask: a count for each member and method, and for each owner and method that
 * others ask about. Each is one number (the generic cell rate algorithm, ITU-T I.371): the time at
 * which all that was asked would have come in turn. One that lies in the past says nothing, and is
 * dropped: a node that no asker presses keeps no count.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "trust/trust.h"

enum { CAP_MIN = 8, KIB = 1024 };
static const uint64_t SPREAD = UINT64_C(0x9e3779b97f4a7c15); /* 2^64 by the golden ratio */

/* Whose request it is: two are all who are expected, and all others; the last two are what a member
 * brings, and what an asker is given. */
enum class { MEMBER, TICKET, EXPECTED, OTHERS, ALL_EXPECTED, ALL_OTHERS, BROUGHT, GIVEN };

struct count {
    uint64_t key; /* 0: free */
    uint64_t due_us;
};

/* Open addressing; at most three quarters are in use. */
struct hf__rates {
    uint32_t cap, count; /* cap: a power of two */
    struct count at[];
};

static struct count *place_of(struct hf__rates *r, uint64_t key)
{
    hf_assert((r->cap & (r->cap - 1)) == 0);  /* it masks */
    hf_assert(key != 0 && r->count < r->cap); /* or the search would not end */
    for (uint32_t i = (uint32_t)(key * SPREAD >> 32);; i++) {
        struct count *c = &r->at[i & (r->cap - 1)];
        if (c->key == key || c->key == 0)
            return c;
    }
}

/* A table with what of the old one still counts, and room for one more. */
static struct hf__rates *made_anew(struct hf__rates *old, uint64_t now_us)
{
    uint32_t live = 0, cap = CAP_MIN;
    for (uint32_t i = 0; old != NULL && i < old->cap; i++)
        live += old->at[i].due_us > now_us;
    if (live >= HF_RATES_MAX / 2) /* no member is refused for how many others ask */
        live = 0;
    while (cap < 2 * (live + 1))
        cap *= 2;
    struct hf__rates *r = calloc(1, sizeof *r + cap * sizeof r->at[0]);
    hf_assert(r != NULL);
    r->cap = cap;
    for (uint32_t i = 0; live > 0 && i < old->cap; i++)
        if (old->at[i].due_us > now_us) {
            *place_of(r, old->at[i].key) = old->at[i];
            r->count++;
        }
    hf_assert(r->count == live && 4 * (r->count + 1) <= 3 * r->cap);
    free(old);
    return r;
}

/* So many at once, and then one in so many microseconds. */
struct rate {
    uint64_t burst, us;
};

/* When all is due, with units more; units: of burst at most. */
static uint64_t due_with(const struct count *c, const struct rate *rate, uint64_t units,
                         uint64_t now_us)
{
    hf_assert(rate->us > 0 && units > 0 && units <= rate->burst);
    return (c->due_us > now_us ? c->due_us : now_us) + units * rate->us;
}

static bool is_over(const struct rate *rate, uint64_t due_us, uint64_t now_us)
{
    hf_assert(due_us > now_us);
    return due_us > now_us + rate->burst * rate->us;
}

/* Whether so many more would be too many; counts nothing. */
static bool would_exceed(const struct hf_engine *e, uint64_t key, const struct rate *rate,
                         uint64_t units)
{
    struct count *c = e->trust->rates != NULL ? place_of(e->trust->rates, key) : NULL;
    uint64_t now_us = e->now_ms * 1000;
    hf_assert(c == NULL || c->key == key || c->key == 0);
    return c != NULL && is_over(rate, due_with(c, rate, units, now_us), now_us);
}

static int take(struct hf_engine *e, uint64_t key, const struct rate *rate, uint64_t units)
{
    uint64_t now_us = e->now_ms * 1000;
    struct hf__rates **r = &e->trust->rates;
    if (*r == NULL || 4 * ((*r)->count + 1) > 3 * (*r)->cap)
        *r = made_anew(*r, now_us);
    struct count *c = place_of(*r, key);
    if (c->key == 0) {
        *c = (struct count){.key = key};
        (*r)->count++;
    }
    uint64_t due_us = due_with(c, rate, units, now_us);
    if (is_over(rate, due_us, now_us))
        return HF_ERATE;
    c->due_us = due_us;
    hf_assert(4 * (*r)->count <= 3 * (*r)->cap);
    return 0;
}

/* of: the head of an account, or a source. */
static uint64_t key_of(uint64_t of, uint8_t method, enum class class)
{
    hf_assert(method >= HF_METHOD_DOCUMENTS && method <= HF_METHODS && class <= GIVEN);
    static_assert(GIVEN < 8, "each method has numbers of its own");
    uint64_t key = of ^ SPREAD * (method * 8u + (unsigned)class);
    return key != 0 ? key : 1;
}

/* Who was refused for it, of late: the one that was refused longest ago makes room. */
struct hf__excess {
    uint8_t count;
    struct hf_excess_status of[HF_STATUS_EXCESS_MAX];
};

void hf__excess(struct hf_engine *e, const struct hf_account *member)
{
    struct hf__excess *x = e->trust->excess;
    if (x == NULL) {
        x = e->trust->excess = calloc(1, sizeof *x);
        hf_assert(x != NULL);
    }
    size_t at = 0, oldest = 0;
    while (at < x->count && !hf_account_equal(&x->of[at].account, member)) {
        oldest = x->of[at].last_ms < x->of[oldest].last_ms ? at : oldest;
        at++;
    }
    if (at == x->count) {
        at = x->count < HF_STATUS_EXCESS_MAX ? x->count++ : oldest;
        x->of[at] = (struct hf_excess_status){.account = *member};
    }
    x->of[at].refused++;
    x->of[at].last_ms = e->now_ms;
    hf_assert(x->count > 0 && x->count <= HF_STATUS_EXCESS_MAX);
}

void hf__excess_status(const struct hf_engine *e, struct hf_status *ret)
{
    const struct hf__excess *x = e->trust->excess;
    hf_assert(ret->excess_count == 0);
    for (size_t i = 0; x != NULL && i < x->count; i++)
        ret->excess[ret->excess_count++] = x->of[i];
}

size_t hf__excess_memory(const struct hf_engine *e)
{
    hf_assert(e->trust->excess == NULL || e->trust->excess->count > 0);
    return e->trust->excess == NULL ? 0 : sizeof *e->trust->excess;
}

int hf__rate_member(struct hf_engine *e, const struct hf__message *m)
{
    hf_assert(m->is_request);
    if (m->counted || !m->has_account || !hf__is_member(e, &m->account))
        return 0;
    static const struct rate rate = {HF_RATE_MEMBER_BURST, 1000000 / HF_RATE_MEMBER_PER_S};
    int r = take(e, key_of(hf_bytes_head(m->account.bytes), m->method, MEMBER), &rate, 1);
    if (r != 0)
        hf__excess(e, &m->account);
    return r;
}

int hf__rate_owner(struct hf_engine *e, const struct hf__message *m, const struct hf_account *owner)
{
    hf_assert(m->is_request && owner != NULL);
    if (m->counted || (m->has_account && hf_account_equal(&m->account, owner)))
        return 0;
    enum class class = e->shared->step.ticket ? TICKET : m->expected ? EXPECTED : OTHERS;
    static const struct rate rate = {HF_RATE_OWNER_BURST, 1000000 / HF_RATE_OWNER_PER_S};
    uint64_t of = hf_bytes_head(owner->bytes);
    /* A lost folder has no ticket, and its own address: what comes from another member's, whose
     * host needs no key for it, takes nothing of that. */
    if (class == EXPECTED)
        of ^= SPREAD * (m->source + 1);
    return take(e, key_of(of, m->method, class), &rate, 1);
}

int hf__rate_attest(struct hf_engine *e, const uint8_t asker[static HF_KEY_LEN])
{
    static const struct rate rate = {HF_RATE_ATTEST_BURST, UINT64_C(1000000) * HF_RATE_ATTEST_S};
    hf_assert(asker != NULL);
    return take(e, key_of(hf_bytes_head(asker), HF_METHOD_ATTEST, OTHERS), &rate, 1);
}

int hf__rate_author(struct hf_engine *e, const struct hf_account *author)
{
    static const struct rate rate = {HF_RATE_AUTHOR_BURST, 1000000 / HF_RATE_AUTHOR_PER_S};
    hf_assert(!hf_account_equal(author, &e->account));
    return take(e, key_of(hf_bytes_head(author->bytes), HF_METHOD_GOSSIP, OTHERS), &rate, 1);
}

/* Of the documents that one brings or is given, in KiB; what is larger than all counts for all. */
static uint64_t units_of(size_t len, const struct rate *rate)
{
    size_t kib = len / KIB + 1;
    hf_assert(kib > 0 && rate->burst > 0);
    return kib < rate->burst ? kib : rate->burst;
}

/* A member's own part, as large as the largest document that there may be. */
static const struct rate of_member = {HF_RATE_MEMBER_KIB_BURST, 1000000 / HF_RATE_MEMBER_KIB_PER_S};

static int take_of_member(struct hf_engine *e, const struct hf_account *member, enum class class,
                          size_t len)
{
    hf_assert(class == BROUGHT || class == GIVEN);
    uint64_t key = key_of(hf_bytes_head(member->bytes), HF_METHOD_DOCUMENTS, class);
    int r = take(e, key, &of_member, units_of(len, &of_member));
    if (r != 0)
        hf__excess(e, member);
    return r;
}

void hf__rate_useless(struct hf_engine *e, const struct hf_account *member, size_t len)
{
    hf_assert(member != NULL);
    int r = take_of_member(e, member, BROUGHT, len);
    (void)r; /* it has used up all that it had */
}

bool hf__rate_may_bring(const struct hf_engine *e, const struct hf_account *member)
{
    uint64_t key = key_of(hf_bytes_head(member->bytes), HF_METHOD_DOCUMENTS, BROUGHT);
    hf_assert(of_member.burst > 0);
    return !would_exceed(e, key, &of_member, of_member.burst);
}

int hf__rate_brought(struct hf_engine *e, const struct hf__message *m, size_t len)
{
    static const struct rate each = {HF_RATE_BROUGHT_BURST, 1000000 / HF_RATE_BROUGHT_PER_S};
    static const struct rate all = {HF_RATE_BROUGHT_ALL_BURST, 1000000 / HF_RATE_BROUGHT_ALL_PER_S};
    hf_assert(m->is_request);
    enum hf__asker_kind kind = hf__asker_kind(e, m);
    if (m->counted)
        return 0;
    if (kind == HF__MEMBERS)
        return take_of_member(e, &m->account, BROUGHT, len);
    bool stranger = kind == HF__STRANGERS;
    uint64_t source = key_of(m->source, m->method, stranger ? OTHERS : EXPECTED);
    uint64_t whole = key_of(0, m->method, stranger ? ALL_OTHERS : ALL_EXPECTED);
    uint64_t units = units_of(len, &each);
    /* Who is refused for itself takes nothing of the others' part, nor a count in the table; a node
     * that knows no set yet takes every asker for a stranger, members too. */
    if (would_exceed(e, source, &each, units) ||
        (e->trust->set != NULL && take(e, whole, &all, units) != 0))
        return HF_ERATE;
    return take(e, source, &each, units);
}

int hf__rate_given(struct hf_engine *e, const struct hf__message *m, size_t len)
{
    static const struct rate each = {HF_RATE_GIVEN_BURST, 1000000 / HF_RATE_GIVEN_PER_S};
    hf_assert(m->is_request && m->method == HF_METHOD_DOCUMENTS);
    enum hf__asker_kind kind = hf__asker_kind(e, m);
    hf_assert(kind != HF__OWN);
    if (len == 0)
        return 0;
    if (kind == HF__MEMBERS)
        return take_of_member(e, &m->account, GIVEN, len);
    return take(e, key_of(m->source, m->method, GIVEN), &each, units_of(len, &each));
}

void hf__rates_expire(struct hf_engine *e)
{
    struct hf__rates *r = e->trust->rates;
    hf_assert(r == NULL || (r->cap >= CAP_MIN && r->count <= r->cap));
    for (uint32_t i = 0; r != NULL && i < r->cap; i++)
        if (r->at[i].due_us > e->now_ms * 1000)
            return;
    free(r);
    e->trust->rates = NULL;
}

size_t hf__rates_memory(const struct hf__rates *r)
{
    hf_assert(r == NULL || r->cap >= CAP_MIN);
    return r == NULL ? 0 : sizeof *r + r->cap * sizeof r->at[0];
}
