/*
 * What is kept stays recoverable: a receipt means that the share is durable, an owner whose key was
 * released always has one complete sharing, `ready` means that all n hold and are placed, a
 * released key is one and the same for ever and under an accepted claim, and shares of two
 * generations are never combined.
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <string.h>

/* ---- Rows as they become durable ---- */

static void holder_remove(struct hf__sharing *s, uint32_t node)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->holders[i] == node) {
            s->count--;
            s->holders[i] = s->holders[s->count];
            s->indices[i] = s->indices[s->count];
            s->emptied[i] = s->emptied[s->count];
            return;
        }
    }
}

/* Where a node stands among the holders; count: nowhere. */
static uint32_t place(const struct hf__sharing *s, uint32_t node)
{
    uint32_t i = 0;
    while (i < s->count && s->holders[i] != node)
        i++;
    return i;
}

/* Whether no node has a share of it any more. */
static bool forgotten(const struct hf__sharing *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (!s->emptied[i])
            return false;
    }
    return s->lost == 0;
}

static struct hf__sharing *sharing_new(struct hf__owned *o)
{
    for (uint32_t i = 0; i < o->count; i++) {
        if (forgotten(&o->sharings[i])) {
            memset(&o->sharings[i], 0, sizeof o->sharings[i]);
            return &o->sharings[i];
        }
    }
    return o->count < HF__GENERATIONS_MAX ? &o->sharings[o->count++] : NULL;
}

static void held_put(struct hf__checks *c, uint32_t node, struct hf__owned *o,
                     const struct hf__disk_write *row)
{
    struct hf_held_row held;
    if (!hf__check_decode(c, &hf_wire_held_row, hf_blob_bytes(row->value), &held)) {
        hf__violate(c->world, node, "receipt", "n%u wrote a malformed row", node);
        return;
    }
    struct hf__sharing *s = hf__check_sharing(o, held.generation.id);
    if (s == NULL) {
        s = sharing_new(o);
        if (s == NULL)
            return;
        memcpy(s->id, held.generation.id, 16);
        s->number = (uint32_t)held.generation.number;
        s->n = (uint8_t)held.shares;
        s->k = (uint8_t)(held.commitments.len / HF_POINT_LEN);
    }
    struct hf_placement_record record;
    if (held.has_record &&
        hf__check_decode(c, &hf_wire_placement_record, held.record.record, &record))
        s->q = (uint8_t)record.quorum;
    uint32_t at = place(s, node);
    if (at == HF_ARRAY_LEN(s->holders))
        return;
    s->count += at == s->count;
    s->holders[at] = node;
    s->indices[at] = (uint8_t)held.index;
    s->emptied[at] = false;
}

/* How many shares are held, each index once; placed: by holders that are placed themselves. What a
 * meddling host has taken away counts as held: no node could have known. */
static uint32_t held_count(const struct hf__checks *c, const struct hf__sharing *s, bool placed)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct hf__node *holder = hf__node(c->world, s->holders[i]);
        /* A corrupt one may say that it still holds its share, and that it is placed. */
        if (s->emptied[i] && !holder->corrupt)
            continue;
        if (!placed || holder->disk.vault == HF_VAULT_PLACED || holder->corrupt)
            seen |= UINT32_C(1) << s->indices[i];
    }
    return (uint32_t)__builtin_popcount(seen) + s->lost;
}

static bool complete(const struct hf__checks *c, const struct hf__owned *o, bool placed)
{
    for (uint32_t i = 0; i < o->count; i++) {
        if (held_count(c, &o->sharings[i], placed) >= o->sharings[i].n)
            return true;
    }
    return false;
}

/*
 * A holder whose vault was made anew is lost to a sharing, and its account is no member any more.
 * An owner goes on with the others when all of them keep theirs: more than k of one sharing, or
 * just k beside one that it keeps in reserve.
 */
static bool enough_left(const struct hf__checks *c, const struct hf__owned *o)
{
    bool just_k = false;
    uint32_t others = 0;
    for (uint32_t i = 0; i < o->count; i++) {
        const struct hf__sharing *s = &o->sharings[i];
        uint32_t held = held_count(c, s, false), lost = 0;
        for (uint32_t j = 0; j < s->count; j++)
            lost += s->emptied[j];
        if (held + lost >= s->n && held > s->k)
            return true;
        bool just = !just_k && held + lost >= s->n && held == s->k;
        just_k = just_k || just;
        others += !just && held > 0;
    }
    return just_k && others > 0;
}

/* Whether an owner has left for good: then a holder that leaves forgets what it keeps for it, as
 * no owner will ever move that (GOSSIP.md, 4). */
static bool has_left(const struct hf_world *w, const struct hf_account *owner)
{
    long at = hf_world_find(w, owner);
    return at >= 0 && hf_world_state(w, (uint32_t)at) == HF_STATE_LEFT;
}

void hf__check_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row)
{
    if (row->collection != HF_ROW_HELD || row->key_len != 48)
        return;
    struct hf_account owner = hf_account_of(row->key);
    struct hf__owned *o = hf__check_owner(c, &owner);
    if (row->value != NULL) {
        held_put(c, node, o, row);
        hf__check_outside(c, node, row);
        return;
    }
    struct hf__sharing *s = hf__check_sharing(o, row->key + HF_ID_LEN);
    if (s != NULL)
        holder_remove(s, node);
    /* A leaver may go when max(k + 1, q) others are left (GOSSIP.md, 4); it may die with this
     * write. */
    bool leaves = hf_world_state(c->world, node) == HF_STATE_LEAVING || hf__check_leaves(c, node);
    if (s != NULL && leaves &&
        held_count(c, s, false) >= (s->q > s->k ? s->q : s->k + 1u) + s->lost)
        s->lost++;
    if (o->released && !has_left(c->world, &owner) && !complete(c, o, false) && !enough_left(c, o))
        hf__violate(c->world, node, "recoverable",
                    "n%u deleted a share, and no sharing of an owner in use is complete any more",
                    node);
}

void hf__check_emptied(struct hf__checks *c, uint32_t node, bool hostile)
{
    size_t slot = 0;
    for (struct hf__owned *o; (o = hf__map_next(&c->owners, &slot)) != NULL;) {
        for (uint32_t j = 0; j < o->count; j++) {
            struct hf__sharing *s = &o->sharings[j];
            uint32_t at = place(s, node);
            if (at == s->count)
                continue;
            s->emptied[at] = true;
            if (hostile) {
                holder_remove(s, node);
                s->lost++;
            }
        }
    }
}

void hf__check_hands_on(struct hf__checks *c, uint32_t node)
{
    size_t slot = 0;
    for (struct hf__owned *o; (o = hf__map_next(&c->owners, &slot)) != NULL;)
        for (uint32_t j = 0; j < o->count; j++)
            holder_remove(&o->sharings[j], node);
}

/* ---- Receipts and other words of a provider ---- */

static void receipt(struct hf__checks *c, const struct hf_message *m, struct hf_bytes request_body)
{
    struct hf_owner_request request;
    struct hf_deposit deposit;
    struct hf_deposit_transcript t;
    struct hf__quote_view q;
    uint8_t key[48];
    if (!hf__check_decode(c, &hf_wire_owner_request, request_body, &request) ||
        !hf__check_decode(c, &hf_wire_deposit, request.body, &deposit) ||
        !hf__check_decode(c, &hf_wire_deposit_transcript, deposit.transcript, &t)) {
        hf__violate(c->world, m->from, "receipt", "a receipt for a malformed deposit");
        return;
    }
    memcpy(key, t.header.owner.bytes, HF_ID_LEN);
    memcpy(key + HF_ID_LEN, t.generation.id, 16);
    if (hf__disk_find(&hf__node(c->world, m->from)->disk, HF_ROW_HELD, hf_bytes_of(key, 48)) ==
        NULL) {
        hf__violate(c->world, m->from, "receipt",
                    "n%u gave a receipt for a share that is not durable", m->from);
        return;
    }
    uint8_t expected[64];
    c->world->suite->report_data("holdfast/v1/deposit", deposit.transcripts, expected);
    if (!hf__check_quote(c, deposit.quote, &q) || q.debug ||
        memcmp(q.report_data, expected, 64) != 0) {
        hf__violate(c->world, m->from, "receipt", "n%u took a share without a good quote", m->from);
        return;
    }
    struct hf__relation *r = hf__check_relation(c, &t.header.provider, &t.header.owner);
    r->deposited = true;
    memcpy(r->ppid, q.ppid, 16);
    struct hf_deposit_response response;
    if (!hf__check_decode(c, &hf_wire_deposit_response, m->body, &response))
        return;
    uint32_t rank = hf__check_rank(c, (uint32_t)response.versions.policy, q.measurement);
    if (rank > r->rank)
        r->rank = rank;
}

void hf__check_receipt_sent(struct hf__checks *c, const struct hf_message *m)
{
    if (m->method != HF_METHOD_DEPOSIT)
        return;
    struct hf__heard *h = hf__check_heard(c, m);
    if (h != NULL)
        receipt(c, m, hf_bytes_of(h->body, h->len));
}

/* ---- Ready, and keys ---- */

void hf__check_ready(struct hf__checks *c, uint32_t node)
{
    const struct hf_account *account = hf__check_account(c, node);
    if (account == NULL)
        return;
    const struct hf__owned *o = hf__check_owner(c, account);
    uint32_t unsealed;
    if (!hf__check_all_sealed(c, node, &unsealed))
        hf__violate(c->world, node, "ready", "n%u is ready, and generation %u is not sealed", node,
                    unsealed);
    if (!complete(c, o, false))
        hf__violate(c->world, node, "ready", "n%u is ready, and fewer than n hold its share", node);
    else if (!complete(c, o, true))
        hf__violate(c->world, node, "ready",
                    "n%u is ready, and not all its holders are placed themselves", node);
}

static struct hf__key app_key(const struct hf_account *account, const struct hf__local *l,
                              uint32_t version)
{
    return hf__key_of(hf__b32(account->bytes), hf_bytes_of(l->name, strlen(l->name)),
                      hf_bytes_of(&version, sizeof version));
}

/* One name has one key of a version, at any node and time. */
static void check_same(struct hf__checks *c, uint32_t node, struct hf__key name, const uint8_t *key)
{
    static const uint8_t zeros[HF_APP_KEY_LEN];
    uint8_t *seen = hf__map_at(&c->keys, name);
    if (memcmp(seen, zeros, HF_APP_KEY_LEN) != 0 && memcmp(seen, key, HF_APP_KEY_LEN) != 0)
        hf__violate(c->world, node, "key", "n%u released another key under the same name", node);
    memcpy(seen, key, HF_APP_KEY_LEN);
}

void hf__check_key(struct hf__checks *c, uint32_t node, const struct hf_local_reply *r)
{
    struct hf_world *w = c->world;
    const struct hf_account *account = hf__check_account(c, node);
    const struct hf__local *l = w->locals[r->id - 1];
    if (account == NULL)
        return;
    struct hf__owned *o = hf__check_owner(c, account);
    if (!o->released && !complete(c, o, false))
        hf__violate(w, node, "key", "n%u released a key that nobody could recover", node);
    o->released = true;
    if (hf__disk_find(&hf__node(w, node)->disk, HF_ROW_BINDING,
                      hf_bytes_of(l->name, strlen(l->name))) == NULL)
        hf__violate(w, node, "key", "n%u released a key whose name is not durably bound", node);
    check_same(c, node, app_key(account, l, r->key_version), r->key);
    if (r->next != NULL)
        check_same(c, node, app_key(account, l, r->next_version), r->next);
    if (l->first)
        hf__check_one_release(c, node, l->asked_us);
    if (!hf__check_holds_claim(c, node))
        hf__violate(w, node, "key", "n%u released a key under a claim that does not stand", node);
}

/* ---- Recovery ---- */

static struct hf__gathered *gathered_by(struct hf__checks *c, uint32_t node)
{
    struct hf__gathered *g = hf__map_at(&c->gathered, hf__node_key(node));
    uint32_t incarnation = hf__node(c->world, node)->incarnation;
    if (g->incarnation != incarnation)
        *g = (struct hf__gathered){.incarnation = incarnation};
    return g;
}

static void gather(struct hf__gathered *g, uint32_t provider, const struct hf_held_share *share)
{
    /* A corrupt provider may name another number for the same id: that is another sharing. */
    uint32_t at = 0, number = (uint32_t)share->generation.number;
    uint8_t k = (uint8_t)(share->commitments.len / HF_POINT_LEN);
    while (at < g->count && (memcmp(g->of[at].id, share->generation.id, 16) != 0 ||
                             g->of[at].number != number || g->of[at].k != k))
        at++;
    if (at == HF_ARRAY_LEN(g->of))
        return;
    if (at == g->count) {
        g->count++;
        memcpy(g->of[at].id, share->generation.id, 16);
        g->of[at].number = number;
        g->of[at].k = k;
    }
    for (uint32_t i = 0; i < g->of[at].answers; i++) {
        if (g->of[at].providers[i] == provider)
            return;
    }
    if (g->of[at].answers < HF_ARRAY_LEN(g->of[at].providers))
        g->of[at].providers[g->of[at].answers++] = provider;
}

void hf__check_answer_delivered(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_offer_response offer;
    struct hf_recover_response response;
    struct hf_recover_answer answer;
    struct hf_claim_response claim;
    if (m->error != 0 || m->to == HF__NOBODY)
        return;
    if (m->method == HF_METHOD_CLAIM) {
        if (hf__check_decode(c, &hf_wire_claim_response, m->body, &claim) && claim.has_newest)
            hf__check_told(c, m->to, &claim.newest);
        return;
    }
    if (m->method == HF_METHOD_OFFER) {
        if (hf__check_decode(c, &hf_wire_offer_response, m->body, &offer))
            hf__check_identity(c, &offer.identity);
        hf__check_deleted_offered(c, m);
        return;
    }
    if (m->method != HF_METHOD_RECOVER || m->from == HF__NOBODY ||
        !hf__check_decode(c, &hf_wire_recover_response, m->body, &response) ||
        !hf__check_decode(c, &hf_wire_recover_answer, response.answer, &answer))
        return;
    struct hf__gathered *g = gathered_by(c, m->to);
    if (answer.has_newest)
        hf__check_told(c, m->to, &answer.newest);
    for (size_t i = 0; i < answer.shares_count; i++) {
        if (answer.shares[i].has_record)
            hf__check_told(c, m->to, &answer.shares[i].record);
        if (answer.shares[i].sealed.len > 0)
            gather(g, m->from, &answer.shares[i]);
    }
}

void hf__check_rebuilt(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    const struct hf__gathered *g = gathered_by(c, node);
    for (uint32_t i = 0; i < g->count; i++) {
        if (g->of[i].number == t->a && g->of[i].answers >= g->of[i].k && t->b >= g->of[i].k)
            return;
    }
    hf__violate(c->world, node, "combine",
                "n%u rebuilt its secret without k shares of generation %u", node, (unsigned)t->a);
}
