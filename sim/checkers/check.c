/* The checkers: what they overhear, and who is asked about it. */
#include "checkers/checkers.h"

#include "attestation/attestation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 1 << 20 };

bool hf__check_decode(struct hf__checks *c, const struct hf_wire_type *type, struct hf_bytes in,
                      void *ret)
{
    return hf__direct.decode(type, in, &c->arena, ret, NULL) == 0;
}

static struct hf__key call_key(uint64_t call)
{
    return hf__key_of(hf_bytes_of(&call, sizeof call), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0));
}

struct hf__heard *hf__check_heard(struct hf__checks *c, const struct hf_message *m)
{
    struct hf__heard *h = hf__map_find(&c->heard, call_key(m->call));
    if (h == NULL || h->body == NULL || h->node != m->from ||
        h->incarnation != hf__node(c->world, m->from)->incarnation)
        return NULL;
    return h;
}

const struct hf_account *hf__check_account(const struct hf__checks *c, uint32_t node)
{
    const struct hf__node *n = hf__node(c->world, node);
    return n->has_account ? &n->account : NULL;
}

static struct hf__key quote_key(struct hf_bytes quote)
{
    return hf__key_of(quote, hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0));
}

bool hf__check_quote(const struct hf__checks *c, struct hf_bytes quote, struct hf__quote_view *ret)
{
    const struct hf__quote_view *made = hf__map_find(&c->quotes, quote_key(quote));
    if (made != NULL)
        *ret = *made;
    return made != NULL;
}

static void quoted(void *ctx, struct hf_world *w, const struct hf__made *made)
{
    struct hf__checks *c = ctx;
    struct hf__quote_view *view = hf__map_at(&c->quotes, quote_key(made->quote));
    hf_world_ppid(w, made->machine, view->ppid);
    hf_world_measurement(w, made->image, view->measurement);
    memcpy(view->report_data, made->report_data, sizeof view->report_data);
    view->debug = made->debug;
    view->made_us = w->now_us;
}

static struct hf__key version_key(uint32_t version)
{
    return hf__key_of(hf_bytes_of(&version, sizeof version), hf_bytes_of(NULL, 0),
                      hf_bytes_of(NULL, 0));
}

bool hf__check_any_platform(struct hf__checks *c, uint32_t policy)
{
    const uint64_t *any = hf__map_find(&c->any_platform, version_key(policy));
    return any != NULL && *any != 0;
}

void hf__check_policy(struct hf__checks *c)
{
    const struct hf_document *d = c->world->authority.policy;
    uint32_t version = hf_document_version(d);
    if (version <= c->policies)
        return;
    c->policies = version;
    if (d->u.policy.quote_age_max_s > c->quote_age_max_s)
        c->quote_age_max_s = d->u.policy.quote_age_max_s;
    if (c->quote_age_min_s == 0 || d->u.policy.quote_age_max_s < c->quote_age_min_s)
        c->quote_age_min_s = d->u.policy.quote_age_max_s;
    uint64_t *any = hf__map_at(&c->any_platform, version_key(version));
    *any = d->u.policy.platform_rule == HF_PLATFORM_ANY;
    for (size_t i = 0; i < d->u.policy.measurements_count; i++) {
        const struct hf_measurement *m = &d->u.policy.measurements[i];
        uint64_t *rank =
            hf__map_at(&c->measurements, hf__key_of(hf_bytes_of(&version, sizeof version),
                                                    hf__b32(m->digest), hf_bytes_of(NULL, 0)));
        *rank = m->rank + 1;
    }
}

uint32_t hf__check_rank(struct hf__checks *c, uint32_t policy,
                        const uint8_t digest[static HF_MEASUREMENT_LEN])
{
    const uint64_t *rank =
        hf__map_find(&c->measurements, hf__key_of(hf_bytes_of(&policy, sizeof policy),
                                                  hf__b32(digest), hf_bytes_of(NULL, 0)));
    return rank == NULL ? 0 : (uint32_t)*rank;
}

void hf__check_identity(struct hf__checks *c, const struct hf_identity *identity)
{
    struct hf_identity_statement s;
    struct hf__quote_view view;
    uint8_t expected[64];
    if (!hf__check_decode(c, &hf_wire_identity_statement, identity->statement, &s) ||
        !hf__check_quote(c, identity->quote, &view) || view.debug)
        return;
    c->world->suite->report_data("holdfast/v1/identity", identity->statement, expected);
    bool known = false;
    for (uint32_t version = 1; version <= c->policies && !known; version++)
        known = hf__check_rank(c, version, view.measurement) != 0;
    if (!known || memcmp(expected, view.report_data, 64) != 0 ||
        !hf_network_id_equal(&s.network, &c->world->authority.network))
        return;
    const uint8_t *keys[] = {s.sealing_key, s.has_sealing_key_gcm ? s.sealing_key_gcm : NULL};
    for (size_t i = 0; i < HF_ARRAY_LEN(keys) && keys[i] != NULL; i++) {
        bool *attested =
            hf__map_at(&c->attested, hf__key_of(hf__b32(s.account.bytes), hf__b32(keys[i]),
                                                hf_bytes_of(NULL, 0)));
        *attested = true;
    }
}

struct hf__relation *hf__check_relation(struct hf__checks *c, const struct hf_account *provider,
                                        const struct hf_account *owner)
{
    return hf__map_at(&c->relations, hf__key_of(hf__b32(provider->bytes), hf__b32(owner->bytes),
                                                hf_bytes_of(NULL, 0)));
}

struct hf__owned *hf__check_owner(struct hf__checks *c, const struct hf_account *owner)
{
    return hf__map_at(
        &c->owners, hf__key_of(hf__b32(owner->bytes), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0)));
}

struct hf__sharing *hf__check_sharing(struct hf__owned *o, const uint8_t id[static 16])
{
    for (uint32_t i = 0; i < o->count; i++) {
        if (memcmp(o->sharings[i].id, id, 16) == 0)
            return &o->sharings[i];
    }
    return NULL;
}

/* ---- What is overheard ---- */

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__checks *c = ctx;
    (void)ret;
    if (m->from == HF__NOBODY)
        return HF_FATE_PASS;
    (void)w;
    hf_arena_reset(&c->arena);
    hf__check_events_sent(c, m);
    if (m->datagram)
        return HF_FATE_PASS;
    hf__check_policy(c);
    if (!m->response) {
        hf__check_speaker_sent(c, m);
        hf__check_deposit_sent(c, m);
        hf__check_challenge_sent(c, m);
        hf__check_transfer_sent(c, m);
        return HF_FATE_PASS;
    }
    if (m->error == 0) {
        hf__check_nonce_sent(c, m);
        hf__check_share_sent(c, m);
        hf__check_receipt_sent(c, m);
        hf__check_superseded_sent(c, m);
        hf__check_claim_sent(c, m);
        hf__check_handover_sent(c, m);
        hf__check_regained_sent(c, m);
    }
    struct hf__heard *h = hf__map_find(&c->heard, call_key(m->call));
    if (h != NULL) {
        free(h->body);
        hf__map_drop(&c->heard, h);
    }
    return HF_FATE_PASS;
}

static void delivered(void *ctx, struct hf_world *w, const struct hf_message *m)
{
    struct hf__checks *c = ctx;
    hf_arena_reset(&c->arena);
    hf__check_policy(c);
    if (m->datagram)
        return;
    if (m->response) {
        hf__check_answer_delivered(c, m);
        hf__check_proof_delivered(c, m);
        return;
    }
    hf__check_forget(c);
    struct hf__heard *h = hf__map_at(&c->heard, call_key(m->call));
    free(h->body);
    h->call = m->call;
    h->node = m->to;
    h->incarnation = hf__node(w, m->to)->incarnation;
    h->at_us = w->now_us;
    h->method = m->method;
    h->len = (uint32_t)m->body.len;
    h->body = malloc(m->body.len + 1);
    hf_assert(h->body != NULL);
    if (m->body.len > 0)
        memcpy(h->body, m->body.data, m->body.len);
}

static void traced(void *ctx, struct hf_world *w, uint32_t node, const struct hf_trace *t)
{
    struct hf__checks *c = ctx;
    hf_arena_reset(&c->arena);
    hf__check_policy(c); /* a node that takes one says so, also when nothing is sent */
    if (t->type == HF_TRACE_REBUILT)
        hf__check_rebuilt(c, node, t);
    else if (t->type == HF_TRACE_FOUND && t->a == 2)
        hf__check_unreachable(c, node, t);
    else if (t->type == HF_TRACE_AUDITED)
        hf__check_audited(c, node, t);
    else if (t->type == HF_TRACE_PROMISE_BROKEN)
        hf__check_accused(c, node, t);
    else if (t->type == HF_TRACE_BLACKSTART_OPENED)
        hf__check_quorum(w, node, t);
    else if (t->type == HF_TRACE_RETIRED)
        hf__check_retired(c, node, t);
    else if (t->type == HF_TRACE_VAULT_OPENED) {
        hf__check_vault_opened(c, node, t);
        hf__check_deleted_opened(c, node);
    } else if (t->type == HF_TRACE_MESH_KEY)
        hf__check_active_mesh(c, node, t);
    else if (t->type == HF_TRACE_CLAIM_WON)
        hf__check_won(c, node, t);
    else if (t->type == HF_TRACE_GIVEN_UP)
        hf__check_given_up(c, node, t);
    else if (t->type == HF_TRACE_INHERITED)
        hf__check_inherited(c, node, t);
    else if (t->type == HF_TRACE_HANDED_OVER)
        hf__check_handed_over(c, node, t);
    else if (t->type == HF_TRACE_STATE && t->b == HF_STATE_READY && t->a != HF_STATE_READY) {
        hf__check_ready(c, node);
        hf__check_one_ready(c, node);
    }
}

static void local(void *ctx, struct hf_world *w, uint32_t node, const struct hf_local_reply *r)
{
    hf__check_false(w, node, r);
    if (r->error == 0 && r->key != NULL) {
        hf__check_served(ctx, node, r->claim);
        hf__check_key(ctx, node, r);
        if (r->first)
            hf__check_vault_release(ctx, node, w->locals[r->id - 1]->asked_us);
    }
}

static void durable(void *ctx, struct hf_world *w, uint32_t node,
                    const struct hf__disk_write *writes, size_t count)
{
    struct hf__checks *c = ctx;
    (void)w;
    hf_arena_reset(&c->arena);
    for (size_t i = 0; i < count; i++) {
        hf__check_row(c, node, &writes[i]);
        hf__check_gave(c, node, &writes[i]);
        hf__check_vault_row(c, node, &writes[i]);
        hf__check_active_row(c, node, &writes[i]);
        hf__check_deleted_row(c, node, &writes[i]);
    }
    hf__check_inherited_durable(c, node);
}

static void emptied(void *ctx, struct hf_world *w, uint32_t node, bool hostile)
{
    hf__check_emptied(ctx, node, hostile);
    if (hf__node(w, node)->emptied)
        hf__check_leave_forgotten(ctx, node);
}

static void woken(void *ctx, struct hf_world *w, uint32_t leaver)
{
    (void)w;
    hf__check_restored(ctx, leaver);
}

static void done(void *ctx, struct hf_world *w)
{
    struct hf__checks *c = ctx;
    (void)w;
    size_t at = 0;
    for (struct hf__heard *h; (h = hf__map_next(&c->heard, &at)) != NULL;)
        free(h->body);
    hf__map_done(&c->heard);
    hf__map_done(&c->nonces);
    hf__map_done(&c->relations);
    at = 0;
    for (struct hf__ballots *b; (b = hf__map_next(&c->ballots, &at)) != NULL;)
        for (uint32_t i = 0; i < b->count; i++)
            free(b->of[i].votes);
    hf__map_done(&c->ballots);
    hf__map_done(&c->sealed);
    at = 0;
    for (struct hf__recorded *r; (r = hf__map_next(&c->recorded, &at)) != NULL;)
        free(r->record);
    hf__map_done(&c->recorded);
    hf__map_done(&c->owners);
    hf__map_done(&c->attested);
    hf__map_done(&c->keys);
    hf__map_done(&c->speakers);
    hf__map_done(&c->gathered);
    hf__map_done(&c->challenged);
    hf__map_done(&c->said);
    hf__map_done(&c->moved);
    hf__map_done(&c->outside);
    hf__map_done(&c->leaves);
    hf__map_done(&c->measurements);
    hf__map_done(&c->holders);
    hf__map_done(&c->quotes);
    hf__map_done(&c->given_up);
    hf__map_done(&c->servers);
    hf__check_vaults_done(c);
    hf__map_done(&c->mesh_keys);
    hf__check_deleted_done(c);
    hf__map_done(&c->any_platform);
    hf_arena_done(&c->arena);
    free(c);
}

void hf__checkers_add(struct hf_world *w)
{
    struct hf__checks *c = calloc(1, sizeof *c);
    hf_assert(c != NULL);
    c->world = w;
    w->checks = c;
    hf__map_init(&c->heard, sizeof(struct hf__heard));
    hf__map_init(&c->nonces, sizeof(struct hf__nonce));
    hf__map_init(&c->relations, sizeof(struct hf__relation));
    hf__map_init(&c->ballots, sizeof(struct hf__ballots));
    hf__map_init(&c->sealed, sizeof(struct hf__sealed));
    hf__map_init(&c->recorded, sizeof(struct hf__recorded));
    hf__map_init(&c->owners, sizeof(struct hf__owned));
    hf__map_init(&c->attested, sizeof(uint64_t));
    hf__map_init(&c->keys, HF_APP_KEY_LEN);
    hf__map_init(&c->speakers, sizeof(struct hf__speaker));
    hf__map_init(&c->gathered, sizeof(struct hf__gathered));
    hf__map_init(&c->challenged, sizeof(struct hf__challenged));
    hf__map_init(&c->said, HF_ID_LEN);
    hf__map_init(&c->moved, sizeof(struct hf_account));
    hf__map_init(&c->outside, sizeof(uint64_t));
    hf__map_init(&c->leaves, sizeof(uint64_t));
    hf__map_init(&c->measurements, sizeof(uint64_t));
    hf__map_init(&c->holders, HF_ID_LEN);
    hf__map_init(&c->quotes, sizeof(struct hf__quote_view));
    hf__map_init(&c->given_up, sizeof(struct hf__given_up));
    hf__map_init(&c->servers, sizeof(struct hf__server));
    hf__check_vaults_init(c);
    hf__check_actives_init(c);
    hf__check_deleted_init(c);
    hf__map_init(&c->any_platform, sizeof(uint64_t));
    hf_arena_init(&c->arena, ARENA_MAX);
    struct hf__observer observer = {
        .ctx = c,
        .sent = sent,
        .delivered = delivered,
        .trace = traced,
        .local = local,
        .durable = durable,
        .quoted = quoted,
        .answered = hf__check_holder,
        .emptied = emptied,
        .wake = woken,
        .done = done,
    };
    c->observer = hf__observe(w, &observer);
}

const struct hf__checker hf__checkers[] = {
#define HF_CHECKER(name_, promise_) {name_, promise_},
#include "checkers/checkers.def"
#undef HF_CHECKER
    {NULL, NULL},
};

static bool is_checker(const char *name)
{
    size_t i = 0;
    while (hf__checkers[i].name != NULL && strcmp(hf__checkers[i].name, name) != 0)
        i++;
    return hf__checkers[i].name != NULL;
}

void hf__violate(struct hf_world *w, uint32_t node, const char *checker, const char *fmt, ...)
{
    va_list args;
    hf_assert(is_checker(checker));
    if (w->violated)
        return;
    w->violated = true;
    w->violation.at_us = w->now_us;
    w->violation.node = node;
    w->violation.checker = checker;
    va_start(args, fmt);
    vsnprintf(w->violation.text, sizeof w->violation.text, fmt, args);
    va_end(args);
}
