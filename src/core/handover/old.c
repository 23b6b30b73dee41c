/*
 * The old one of a handover (proto/HANDOVER.md, 2): gives a challenge that costs it no memory, has
 * the new one's quote judged and shows its own, and in the end gives its ballot up for good, before
 * anything of what it is leaves.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/secret.h"
#include "handover/handover.h"

enum { EXPIRY = 8, RANDOM = 16, BODY = EXPIRY + RANDOM, NONCE = BODY + HF_MAC_LEN, LABEL = 9 };

static const uint64_t MINUTE_MS = HF_HANDOVER_S * UINT64_C(1000);
static const char label_new[] = "holdfast/v1/handover-new";
static const char label_old[] = "holdfast/v1/handover-old";

/* What of its own state keeps a node from handing over now. */
static int check_state(struct hf_engine *e, bool *ret_timed)
{
    hf_assert(e->open || !e->claimed);
    int r = hf__takeover_ready(e, ret_timed);
    if (r == 0 && !e->claimed)
        r = HF_ENOTCLAIMED;
    if (r == 0 && (!hf__is_placed(e) || e->owner->holders_count == 0))
        r = HF_ENOTPLACED;
    /* A holder was promised more, or the policy has outgrown the ballot: it may be superseded. */
    if (r == 0 && e->owner->claiming != NULL)
        r = HF_EHANDOVERBALLOT;
    /* What is given up must become durable, or it is lost. */
    if (r == 0 && e->store_error != 0)
        r = e->store_error;
    return r != 0 ? r : hf__pages_fit(&e->rows);
}

/* What a transcript says of this node now. */
static void fill(struct hf_engine *e, bool timed, struct hf_handover_transcript *t)
{
    hf_assert(e->claimed && e->owner->holders_count > 0);
    t->network = e->network;
    t->account = e->account;
    t->made_s = hf__now_s(e);
    t->timed = timed;
    hf__versions(e, &t->versions);
    t->generation = e->owner->recorded;
    t->ballot.number = e->claim;
    memcpy(t->ballot.instance, e->instance, sizeof t->ballot.instance);
}

/* The MAC of a challenge whose expiry and random bytes stand in `nonce`. */
static void mac(struct hf_engine *e, const struct hf_handover_transcript *t,
                const uint8_t nonce[static NONCE], uint8_t ret[static HF_MAC_LEN])
{
    static_assert(NONCE == sizeof t->nonce_old, "a nonce");
    struct hf_handover_transcript blank = *t;
    uint8_t what[LABEL + HF_ID_LEN + BODY];
    struct hf_hash hash;
    hf_assert(e->open);
    memset(blank.nonce_old, 0, sizeof blank.nonce_old);
    e->suite->hash("holdfast/v1/handover-challenge",
                   hf__encode(e, &hf_wire_handover_transcript, &blank), &hash);
    memcpy(what, "challenge", LABEL);
    memcpy(what + LABEL, hash.bytes, HF_ID_LEN);
    memcpy(what + LABEL + HF_ID_LEN, nonce, BODY);
    e->suite->mac(e->secrets->nonce_key, hf_bytes_of(what, sizeof what), ret);
}

static uint64_t expiry_of(const uint8_t nonce[static NONCE])
{
    uint64_t expiry = 0;
    for (int i = 0; i < EXPIRY; i++)
        expiry = expiry << 8 | nonce[i];
    return expiry;
}

int hf__recv_challenge(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && from->method == HF_METHOD_CHALLENGE);
    struct hf_challenge_request m;
    struct hf_challenge_response answer = {0};
    struct hf_handover_transcript t = {0};
    bool timed = false;
    int r = hf__decode(e, &hf_wire_challenge_request, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = check_state(e, &timed);
    if (r != 0)
        return r;
    fill(e, timed, &t);
    memcpy(t.response_key, m.response_key, sizeof t.response_key);
    memcpy(t.nonce_new, m.nonce, sizeof t.nonce_new);
    uint64_t expiry = e->now_ms + MINUTE_MS;
    for (int i = 0; i < EXPIRY; i++)
        t.nonce_old[i] = (uint8_t)(expiry >> (56 - 8 * i));
    e->suite->random(&e->secrets->rng, t.nonce_old + EXPIRY, RANDOM);
    mac(e, &t, t.nonce_old, t.nonce_old + BODY);
    hf__versions(e, &answer.versions);
    answer.transcript = hf__encode(e, &hf_wire_handover_transcript, &t);
    hf_assert(expiry_of(t.nonce_old) == expiry);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_challenge_response, &answer), true);
    return 0;
}

/* Whether a transcript is of this process and this minute, and still says what is. */
static int check_transcript(struct hf_engine *e, struct hf_bytes bytes,
                            struct hf_handover_transcript *ret)
{
    uint8_t expected[HF_MAC_LEN];
    struct hf_versions own;
    int r = hf__decode(e, &hf_wire_handover_transcript, bytes, ret);
    if (r != 0)
        return r;
    mac(e, ret, ret->nonce_old, expected);
    if (!hf_secret_equal(expected, ret->nonce_old + BODY, HF_MAC_LEN) ||
        expiry_of(ret->nonce_old) < e->now_ms)
        return HF_ENONCE;
    /* It was made here: so it is of this network and account. */
    hf_assert(hf_network_id_equal(&ret->network, &e->network));
    hf_assert(hf_account_equal(&ret->account, &e->account));
    r = hf__takeover_dated(e, ret->made_s);
    if (r != 0)
        return r;
    bool same = ret->ballot.number == e->claim &&
                memcmp(ret->ballot.instance, e->instance, sizeof ret->ballot.instance) == 0 &&
                memcmp(ret->generation.id, e->owner->recorded.id, sizeof ret->generation.id) == 0;
    if (!same)
        return HF_EHANDOVERBALLOT;
    hf__versions(e, &own);
    if (own.root != ret->versions.root || own.policy != ret->versions.policy ||
        own.epoch != ret->versions.epoch)
        return HF_ENONCE; /* documents were adopted since: the new one asks again under those */
    return 0;
}

/* ---- those that have passed */

static void forget(struct hf_engine *e, struct hf__presented *p, int error)
{
    hf_assert(error != 0);
    if (p->used && p->waits)
        hf__reply(e, p->request, error, (struct hf_bytes){0}, true);
    hf_blob_unref(p->transcript);
    hf_blob_unref(p->quote);
    *p = (struct hf__presented){0};
}

static struct hf__presented *find(struct hf_engine *e, const struct hf_hash *transcript)
{
    struct hf__presented *list = e->handover->presented;
    hf_assert(transcript != NULL);
    for (size_t i = 0; i < HF_HANDOVER_PRESENTED_MAX; i++) {
        if (list[i].used && list[i].until_ms < e->now_ms)
            forget(e, &list[i], HF_ETIMEOUT);
        if (list[i].used && hf_hash_equal(&list[i].transcript_hash, transcript))
            return &list[i];
    }
    return NULL;
}

static struct hf__presented *room(struct hf_engine *e)
{
    struct hf__presented *list = e->handover->presented;
    hf_assert(e->open);
    for (size_t i = 0; i < HF_HANDOVER_PRESENTED_MAX; i++)
        if (!list[i].used)
            return &list[i];
    return NULL;
}

static void show(struct hf_engine *e, struct hf__presented *p)
{
    struct hf_present_response m = {.quote = hf_blob_bytes(p->quote)};
    hf_assert(p->used && p->waits && p->work == 0);
    hf__versions(e, &m.versions);
    hf__reply(e, p->request, 0, hf__encode(e, &hf_wire_present_response, &m), true);
    p->waits = false;
}

/* The new one against this node: its quote by the policy, then machine and rank. */
static int judge(struct hf_engine *e, const struct hf_verdict *v, const struct hf__peer *self,
                 uint32_t rank_self, const uint8_t *report_data)
{
    uint32_t rank = 0;
    hf_assert(self != NULL);
    int r = hf__judge(e, v, report_data, false, 0, &rank);
    if (r == 0)
        r = hf__takeover_machine(self->verdict.ppid, v->ppid);
    if (r == 0 && rank < rank_self)
        r = HF_ERANK;
    return r;
}

/* What this node is itself, as others judge it. */
static int know_self(struct hf_engine *e, const struct hf__message *from,
                     const struct hf__peer **ret, uint32_t *ret_rank)
{
    struct hf_identity own;
    hf_assert(e->open && e->claimed);
    if (!hf__identity_own(e, &own))
        return HF_EBUSY; /* its quote is under way */
    return hf__identity_check(e, from, &own, &e->account, ret, ret_rank);
}

int hf__recv_present(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    struct hf_present_request m;
    struct hf_handover_transcript t;
    struct hf_hash hash;
    struct hf_verdict v;
    struct hf__seen seen;
    const struct hf__peer *self;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    uint32_t rank = 0;
    bool timed = false;
    hf_assert(from->is_request && from->method == HF_METHOD_PRESENT);
    int r = hf__decode(e, &hf_wire_present_request, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = check_state(e, &timed);
    if (r == 0)
        r = check_transcript(e, m.transcript, &t);
    if (r == 0)
        r = hf__quote_look(e, m.quote, &seen);
    if (r != 0)
        return r;
    e->suite->hash("holdfast/v1/handover-transcript", m.transcript, &hash);
    struct hf__presented *p = find(e, &hash);
    if (p != NULL && hf_hash_equal(&p->quote_new, &seen.hash)) {
        if (p->waits)
            hf__reply(e, p->request, HF_EBUSY, (struct hf_bytes){0}, true);
        p->waits = true;
        p->request = from->request;
        if (p->work == 0)
            show(e, p);
        return 0;
    }
    p = p == NULL ? room(e) : NULL;
    if (p == NULL)
        return HF_EBUSY;
    e->suite->report_data(label_new, m.transcript, report_data);
    r = know_self(e, from, &self, &rank);
    if (r == 0)
        r = hf__verdict(e, from, &seen, report_data, &v);
    if (r == HF__PARK || r == HF_EBUSY || r == HF_ERATE)
        return r;
    if (r == 0)
        r = judge(e, &v, self, rank, report_data);
    if (r != 0) {
        hf__trace(e, HF_TRACE_QUOTE_REFUSED, r, &e->account, from->method, 0);
        return r;
    }
    *p = (struct hf__presented){.used = true,
                                .waits = true,
                                .request = from->request,
                                .until_ms = expiry_of(t.nonce_old),
                                .transcript_hash = hash,
                                .quote_new = seen.hash,
                                .verdict = v,
                                .transcript = hf_blob_new(m.transcript)};
    hf_assert(p->transcript != NULL && p->until_ms >= e->now_ms);
    p->work = hf__quote(e, HF__TASK_PRESENT, label_old, m.transcript);
    return 0;
}

void hf__present_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__presented *p = NULL;
    struct hf__seen seen;
    hf_assert(work != 0);
    for (size_t i = 0; i < HF_HANDOVER_PRESENTED_MAX; i++)
        if (e->handover->presented[i].used && e->handover->presented[i].work == work)
            p = &e->handover->presented[i];
    if (p == NULL)
        return;
    int r = error != 0 ? error : hf__quote_look(e, quote, &seen);
    if (r != 0) {
        forget(e, p, r);
        return;
    }
    p->work = 0;
    p->quote_old = seen.hash;
    p->quote = hf_blob_new(quote);
    hf_assert(p->quote != NULL);
    if (p->waits)
        show(e, p);
}

/* ---- giving up */

/* Rows as they are, for as long as they may be fetched. */
static void copy_rows(const struct hf__rows *from, struct hf__rows *ret)
{
    hf_assert(ret->count == 0);
    for (size_t i = 0; i < from->count; i++) {
        const struct hf__row *row = from->rows[i].row;
        if (row->collection != HF_ROW_GIVEN)
            hf_blob_unref(hf__rows_put(ret, row->collection, hf_bytes_of(row->key, row->key_len),
                                       row->value));
    }
}

/* The root secret, sealed to the new one. */
static int seal_root(struct hf_engine *e, const struct hf__given *g,
                     const uint8_t response_key[static HF_KEY_LEN], struct hf_sealed_root *ret)
{
    static const char info[] = "holdfast/v1/handover";
    const struct hf_root_context c = {.bound = g->bound, .version = e->active.number};
    static_assert(sizeof ret->sealed == HF_SCALAR_LEN + HF_SEAL_OVERHEAD, "one secret");
    hf_assert(e->active.has_root);
    ret->version = e->active.number;
    return e->suite->seal(&e->secrets->rng, response_key, hf_bytes_of(info, strlen(info)),
                          hf__encode(e, &hf_wire_root_context, &c),
                          hf_bytes_of(e->secrets->active.root, HF_SCALAR_LEN), ret->sealed);
}

static int make_head(struct hf_engine *e, struct hf__given *g,
                     const struct hf_handover_transcript *t)
{
    struct hf_sealed_root root;
    struct hf_handover_head head = {
        .bound = g->bound, .version = e->active.number, .roots = &root, .roots_count = 1};
    hf_assert(g->rows.count > 0 && e->claimed);
    int r = seal_root(e, g, t->response_key, &root);
    if (r == 0 && e->owner->proof != NULL)
        r = hf__decode(e, &hf_wire_claim_proof, hf_blob_bytes(e->owner->proof), &head.proof);
    if (r != 0)
        return r;
    head.has_proof = e->owner->proof != NULL;
    head.ballot = t->ballot;
    head.rows = g->rows.count;
    for (size_t i = 0; i < g->rows.count; i++)
        hf__pages_digest(e, g->rows.rows[i].row, &head.digest);
    g->head = hf_blob_new(hf__encode(e, &hf_wire_handover_head, &head));
    hf_assert(g->head != NULL);
    e->suite->sign(e->secrets->account, "holdfast/v1/handover-head", hf_blob_bytes(g->head),
                   g->signature);
    return 0;
}

static void given_free(struct hf_engine *e, struct hf__given *g)
{
    if (g == NULL)
        return;
    hf_assert(g->key != NULL || g->rows.count == 0 || g->seq == 0);
    hf__rows_done(&g->rows);
    hf_blob_unref(g->head);
    e->secret_free(g->key);
    free(g);
}

/* Whether what was asked for may still be fetched. */
static bool fetchable(const struct hf_engine *e, const struct hf__given *g,
                      const struct hf_hash *transcript)
{
    hf_assert(g != NULL);
    return hf_hash_equal(&g->transcript_hash, transcript) && g->key != NULL &&
           g->until_ms >= e->now_ms;
}

static int send_page(struct hf_engine *e, struct hf__given *g, uint64_t request, uint32_t from)
{
    struct hf_inherit_response m = {0};
    const struct hf_page_context c = {.bound = g->bound, .from = from};
    uint32_t next;
    hf_assert(g->key != NULL && g->head != NULL);
    if (from >= g->rows.count)
        return HF_EBOUND;
    struct hf_bytes page = hf__page_make(e, &g->rows, from, &next);
    uint8_t *wrapped = hf__scratch(e, page.len + HF_WRAP_OVERHEAD);
    e->suite->wrap(&e->secrets->rng, g->key, hf__encode(e, &hf_wire_page_context, &c), page,
                   wrapped);
    m.page = hf_bytes_of(wrapped, page.len + HF_WRAP_OVERHEAD);
    m.next = next;
    m.has_signature = from == 0;
    if (from == 0) {
        m.head = hf_blob_bytes(g->head);
        memcpy(m.signature, g->signature, sizeof m.signature);
    }
    hf_assert(g->seq > 0 && g->seq <= e->write_seq);
    /* What must hold: it leaves when the giving up is durable, and not before. */
    hf__reply_after(e, request, hf__encode(e, &hf_wire_inherit_response, &m), g->seq);
    return 0;
}

/* Gives up: from this step on this process does not speak for the account any more. */
static int give(struct hf_engine *e, const struct hf__presented *p,
                const struct hf_handover_transcript *t)
{
    struct hf_given_row row = {.transcript = p->transcript_hash,
                               .ballot = t->ballot,
                               .claim_asked = e->claim_asked,
                               .made_s = hf__now_s(e)};
    hf_assert(e->claimed && e->owner->claiming == NULL && e->handover->given == NULL);
    struct hf__given *g = calloc(1, sizeof *g);
    hf_assert(g != NULL);
    g->transcript_hash = p->transcript_hash;
    g->until_ms = p->until_ms;
    hf__takeover_bound(e, &p->transcript_hash, &p->quote_new, &p->quote_old, &g->bound);
    g->key = hf__takeover_key(e, &g->bound);
    copy_rows(&e->rows, &g->rows);
    int r = g->key == NULL ? HF_ENOMEM : make_head(e, g, t);
    if (r != 0) {
        given_free(e, g);
        return r;
    }
    memcpy(row.response_key, t->response_key, sizeof row.response_key);
    hf__put(e, HF_ROW_GIVEN, (struct hf_bytes){0}, &hf_wire_given_row, &row);
    g->seq = e->write_seq;
    e->handover->given = g;
    e->handed = true;
    e->handover->outcome = HF__HANDOVER_GIVEN;
    struct hf_trace *trace =
        hf__trace(e, HF_TRACE_GIVEN_UP, 0, NULL, t->ballot.number, g->rows.count);
    memcpy(trace->hash.bytes, e->instance, sizeof e->instance);
    return 0;
}

/* The first time: all that was checked before is checked again, for it may have changed. */
static int give_checked(struct hf_engine *e, const struct hf__message *from,
                        const struct hf_hash *transcript)
{
    struct hf_handover_transcript t;
    const struct hf__peer *self;
    uint32_t rank = 0;
    bool timed = false;
    if (!e->open || !e->claimed)
        return e->open ? HF_ENOTCLAIMED : HF_ELOCKED;
    const struct hf__presented *p = find(e, transcript);
    if (p == NULL)
        return HF_ENONCE;
    if (p->work != 0)
        return HF_EBUSY;
    hf_assert(p->quote != NULL);
    int r = check_state(e, &timed);
    if (r == 0)
        r = check_transcript(e, hf_blob_bytes(p->transcript), &t);
    if (r == 0)
        r = know_self(e, from, &self, &rank);
    if (r == 0)
        r = judge(e, &p->verdict, self, rank, NULL);
    return r != 0 ? r : give(e, p, &t);
}

int hf__recv_inherit(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    struct hf_inherit_request m;
    hf_assert(from->is_request && from->method == HF_METHOD_INHERIT);
    int r = hf__decode(e, &hf_wire_inherit_request, body, &m);
    if (r != 0)
        return r;
    if (!e->handed) {
        r = m.from == 0 ? give_checked(e, from, &m.transcript) : HF_ENONCE;
        if (r != 0)
            return r;
    }
    struct hf__given *g = e->handover->given;
    if (g == NULL || !fetchable(e, g, &m.transcript))
        return HF_EHANDEDOVER;
    r = send_page(e, g, from->request, (uint32_t)m.from);
    if (r == 0 && m.from + 1 > g->fetched)
        g->fetched = (uint32_t)m.from + 1;
    return r;
}

/* ---- for the life of the node */

void hf__presented_free(struct hf_engine *e, int error)
{
    hf_assert(error != 0);
    for (size_t i = 0; i < HF_HANDOVER_PRESENTED_MAX; i++)
        forget(e, &e->handover->presented[i], error);
}

void hf__given_due(struct hf_engine *e)
{
    struct hf__given *g = e->handover->given;
    hf_assert(e->state == HF_STATE_HANDED_OVER && g != NULL);
    if (g->key == NULL)
        return;
    if (g->until_ms >= e->now_ms) {
        hf__timer_set(e, HF__TIMER_HANDOVER, g->until_ms - e->now_ms + 1);
        return;
    }
    /* That there was one stays. */
    hf__rows_done(&g->rows);
    hf_blob_unref(g->head);
    g->head = NULL;
    e->secret_free(g->key);
    g->key = NULL;
}

void hf__given_free(struct hf_engine *e)
{
    given_free(e, e->handover->given);
    e->handover->given = NULL;
    hf_assert(!e->open);
}
