/* The network's authority and its operator: keys, root, policies, validator sets. */
#include "authority/authority.h"

#include "node/node.h"

#include "wire/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t true_s(const struct hf_world *w)
{
    return w->settings.wall_s + w->now_us / 1000000;
}

static void keypair(struct hf_world *w, uint8_t index)
{
    struct hf_rng rng = {0};
    hf__draw_bytes(&w->streams[HF__FOR_AUTHORITY], rng.seed, sizeof rng.seed);
    w->suite->sign_keypair(&rng, w->authority.public_keys[index], w->authority.secret_keys[index]);
}

/* Appends an envelope signed by keys [from, from + count) after those before, if any. */
static void sign(struct hf_world *w, struct hf_buf *envelope, const struct hf_network_id *network,
                 unsigned from, unsigned count)
{
    const struct hf__authority *a = &w->authority;
    for (unsigned i = from; i < from + count; i++) {
        struct hf_buf next;
        hf_buf_init(&next, UINT32_MAX);
        int r = hf_document_sign(w->suite, hf_buf_bytes(envelope), network, a->secret_keys[i],
                                 a->public_keys[i], &next);
        hf_assert(r == 0);
        hf_buf_done(envelope);
        *envelope = next;
    }
}

static struct hf_document *adopt(struct hf_world *w, uint8_t kind, const struct hf_wire_type *type,
                                 const void *message, const struct hf_network_id *network,
                                 unsigned from, unsigned count)
{
    struct hf_buf body, envelope;
    struct hf_document *d = NULL;
    hf_buf_init(&body, UINT32_MAX);
    hf_buf_init(&envelope, UINT32_MAX);
    int r = hf__encode_into(type, message, &body);
    hf_assert(r == 0);
    r = hf_document_wrap(kind, hf_buf_bytes(&body), &envelope);
    hf_assert(r == 0);
    sign(w, &envelope, network, from, count);
    r = hf_document_read(w->pool, hf_buf_bytes(&envelope), &d);
    hf_assert(r == 0);
    hf_buf_done(&body);
    hf_buf_done(&envelope);
    return d;
}

/* ---- Roots ---- */

static void issue_root(struct hf_world *w)
{
    struct hf__authority *a = &w->authority;
    uint8_t count = w->settings.authority.keys, m = w->settings.authority.threshold;
    struct hf_authority_key keys[HF__ROOTS_MAX] = {0};
    struct hf_root root = {
        .number = a->roots_count + 1,
        .issued_s = true_s(w),
        .threshold = m,
        .keys = keys,
        .keys_count = count,
    };
    uint8_t fresh = a->roots_count % 2 == 0 ? 0 : count;
    for (uint8_t i = 0; i < count; i++) {
        keypair(w, (uint8_t)(fresh + i));
        memcpy(keys[i].key, a->public_keys[fresh + i], HF_KEY_LEN);
    }
    hf_assert(a->roots_count < HF__ROOTS_MAX);
    if (a->roots_count == 0) {
        hf__draw_bytes(&w->streams[HF__FOR_AUTHORITY], root.salt, sizeof root.salt);
        root.has_salt = true;
        a->roots[0] = adopt(w, HF_DOCUMENT_ROOT, &hf_wire_root, &root, &a->network, fresh, m);
        int r = hf_network_id(a->roots[0], &a->network);
        hf_assert(r == 0);
    } else {
        struct hf_document *old = a->roots[a->roots_count - 1];
        root.previous = old->body_hash;
        root.has_previous = true;
        struct hf_document *half =
            adopt(w, HF_DOCUMENT_ROOT, &hf_wire_root, &root, &a->network, a->root_next, m);
        struct hf_buf envelope;
        hf_buf_init(&envelope, UINT32_MAX);
        hf_buf_append(&envelope, half->envelope->data, half->envelope->len);
        sign(w, &envelope, &a->network, fresh, m);
        int r = hf_document_read(w->pool, hf_buf_bytes(&envelope), &a->roots[a->roots_count]);
        hf_assert(r == 0);
        hf_buf_done(&envelope);
        hf_document_unref(half);
    }
    a->root_next = fresh;
    a->roots_count++;
}

void hf_world_root_issue(struct hf_world *w)
{
    hf_assert(2 * w->settings.authority.keys <= HF__ROOTS_MAX);
    issue_root(w);
    hf__give_all(w);
}

/* ---- Policies ---- */

static void adopt_policy(struct hf_world *w, const struct hf_policy *policy)
{
    struct hf__authority *a = &w->authority;
    struct hf_document *d = adopt(w, HF_DOCUMENT_POLICY, &hf_wire_policy, policy, &a->network,
                                  a->root_next, w->settings.authority.threshold);
    hf_document_unref(a->policy);
    a->policy = d;
}

static void first_policy(struct hf_world *w)
{
    const struct hf_world_policy *p = &w->settings.policy;
    static char name[] = "holdfast-1";
    struct hf_measurement m = {.name = hf_bytes_of(name, strlen(name)), .rank = 1};
    hf_world_measurement(w, name, m.digest);
    struct hf_policy policy = {
        .version = 1,
        .issued_s = true_s(w),
        .expires_s = true_s(w) + w->settings.authority.valid_s,
        .trust = HF_TRUST_DEV,
        .dev_root = hf_bytes_of(w->dev_root, sizeof w->dev_root),
        .shares = p->n,
        .threshold = p->k,
        .claim_quorum = hf__claim_quorum(p),
        .claim_provisional = p->p,
        .domain_rule = p->domain_rule,
        .platform_rule = p->platform_rule,
        .measurements = &m,
        .measurements_count = 1,
        .quote_age_max_s = p->quote_age_max_s,
        .shares_held_max = p->shares_held_max,
        .holder_grace_s = p->holder_grace_s,
    };
    adopt_policy(w, &policy);
}

void hf_world_policy_edit(struct hf_world *w, hf_policy_edit_fn *edit, void *ctx)
{
    struct hf_document *old = hf_document_ref(w->authority.policy);
    struct hf_policy policy = old->u.policy;
    policy.version++;
    policy.issued_s = true_s(w);
    policy.expires_s = true_s(w) + w->settings.authority.valid_s;
    if (edit != NULL)
        edit(&policy, ctx);
    adopt_policy(w, &policy);
    hf_document_unref(old);
    hf__give_all(w);
}

struct change {
    struct hf_measurement list[64];
    const char *image;
    uint32_t rank;
    uint8_t digest[HF_MEASUREMENT_LEN];
    bool withdraw;
};

static void change_measurements(struct hf_policy *policy, void *ctx)
{
    struct change *c = ctx;
    size_t count = 0;
    for (size_t i = 0; i < policy->measurements_count && count < HF_ARRAY_LEN(c->list); i++) {
        if (memcmp(policy->measurements[i].digest, c->digest, HF_MEASUREMENT_LEN) != 0)
            c->list[count++] = policy->measurements[i];
    }
    if (!c->withdraw && count < HF_ARRAY_LEN(c->list)) {
        struct hf_measurement *m = &c->list[count++];
        *m = (struct hf_measurement){
            .name = hf_bytes_of(c->image, strlen(c->image)),
            .rank = c->rank,
        };
        memcpy(m->digest, c->digest, HF_MEASUREMENT_LEN);
    }
    policy->measurements = c->list;
    policy->measurements_count = count;
}

void hf_world_policy_accept(struct hf_world *w, const char *image, uint32_t rank)
{
    struct change c = {.image = image, .rank = rank};
    hf_world_measurement(w, image, c.digest);
    hf_world_policy_edit(w, change_measurements, &c);
}

void hf_world_policy_withdraw(struct hf_world *w, const char *image)
{
    struct change c = {.image = image, .withdraw = true};
    hf_world_measurement(w, image, c.digest);
    hf_world_policy_edit(w, change_measurements, &c);
}

/* ---- All documents ---- */

void hf_world_sign(struct hf_world *w, uint8_t kind, struct hf_bytes body, unsigned signatures,
                   struct hf_buf *ret)
{
    struct hf_buf envelope;
    hf_buf_init(&envelope, UINT32_MAX);
    int r = hf_document_wrap(kind, body, &envelope);
    hf_assert(r == 0);
    sign(w, &envelope, &w->authority.network, w->authority.root_next, signatures);
    hf_buf_append(ret, envelope.data, envelope.len);
    hf_buf_done(&envelope);
}

const struct hf_document *hf_world_document(const struct hf_world *w, enum hf_document_kind kind)
{
    const struct hf__authority *a = &w->authority;
    switch (kind) {
    case HF_DOCUMENT_ROOT:
        return a->roots[a->roots_count - 1];
    case HF_DOCUMENT_POLICY:
        return a->policy;
    case HF_DOCUMENT_SET:
        return a->set;
    default:
        return NULL;
    }
}

const struct hf_network_id *hf_world_network_id(const struct hf_world *w)
{
    return &w->authority.network;
}

void hf_world_quiet(struct hf_world *w, bool quiet)
{
    w->authority.quiet = quiet;
}

static struct hf_bytes envelope_of(const struct hf_document *d)
{
    return hf_blob_bytes(d->envelope);
}

void hf_world_give(struct hf_world *w, uint32_t node, const struct hf_bytes *envelopes,
                   size_t count)
{
    struct hf__node *n = hf__node(w, node);
    struct hf_event event = {.type = HF_EVENT_DOCUMENTS};
    event.u.documents.envelopes = envelopes;
    event.u.documents.count = count;
    if (n->engine != NULL)
        hf__step(w, n, &event);
}

void hf__authority_give(struct hf_world *w, struct hf__node *n)
{
    const struct hf__authority *a = &w->authority;
    struct hf_bytes envelopes[HF__ROOTS_MAX + 3];
    size_t count = 0;
    for (; count < a->roots_count; count++)
        envelopes[count] = envelope_of(a->roots[count]);
    if (a->policy != NULL)
        envelopes[count++] = envelope_of(a->policy);
    if (a->set != NULL)
        envelopes[count++] = envelope_of(a->set);
    if (hf__people_shares(w) != NULL)
        envelopes[count++] = envelope_of(hf__people_shares(w));
    hf_world_give(w, n->number, envelopes, count);
}

static void give(struct hf_world *w, struct hf__node *n)
{
    if (n->engine == NULL)
        return;
    uint64_t at_us = w->now_us + w->settings.network.one_way.median_us;
    hf__push(w, at_us, hf__what(HF__GIVE, n->incarnation, n->number));
}

void hf_world_give_newest(struct hf_world *w, long node)
{
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        if (node == HF_WORLD_ALL || (uint32_t)node == i)
            give(w, w->nodes[i]);
    }
}

void hf__give_all(struct hf_world *w)
{
    if (!w->authority.quiet)
        hf_world_give_newest(w, HF_WORLD_ALL);
}

/* ---- Their end ---- */

bool hf__authority_ends(const struct hf_world *w, const struct hf_document *d)
{
    return d != NULL && hf_document_expires_s(d) < true_s(w) + w->settings.authority.valid_s / 3;
}

/* Looks come often enough that each document has two of them before it ends. */
static void look_later(struct hf_world *w)
{
    uint64_t pause_us = w->settings.authority.valid_s * UINT64_C(1000000) / 6;
    hf__push(w, w->now_us + pause_us, hf__what(HF__RENEW, 0, 0));
}

void hf__authority_renew(struct hf_world *w)
{
    const struct hf__authority *a = &w->authority;
    if (hf__authority_ends(w, a->policy))
        hf_world_policy_edit(w, NULL, NULL);
    if (hf__authority_ends(w, a->set))
        hf_world_set_issue(w);
    hf__people_renew(w);
    look_later(w);
}

void hf__authority_init(struct hf_world *w)
{
    issue_root(w);
    first_policy(w);
    if (w->settings.authority.renews)
        look_later(w);
}

void hf__authority_done(struct hf_world *w)
{
    struct hf__authority *a = &w->authority;
    for (size_t i = 0; i < a->roots_count; i++)
        hf_document_unref(a->roots[i]);
    hf_document_unref(a->policy);
    hf_document_unref(a->set);
    for (size_t i = 0; i < a->members_count; i++)
        free(a->members[i].floor);
    free(a->members);
    free(a->arrivals);
}
