/* Root, policy, validator set and share set: adopted when newer and verified, passed on to members
 * that are behind. */
#include <stdlib.h>

#include "base/error.h"
#include "trust/trust.h"

enum { SEND_MAX = 16, PUSHED = 1, FRESH_MS = 5000 };

static void save(struct hf_engine *e, const char *key, struct hf_document *d)
{
    hf_assert(d->envelope != NULL && d->kind != HF_DOCUMENT_PROPOSAL);
    hf__put_blob(e, HF_ROW_PUBLIC, hf_bytes_of(key, strlen(key)), d->envelope);
}

/* "root-1" to "root-64". */
static void root_key(unsigned number, char ret[static 8])
{
    hf_assert(number >= 1 && number < 100);
    memcpy(ret, "root-", 5);
    char *at = ret + 5;
    if (number >= 10)
        *at++ = (char)('0' + number / 10);
    *at++ = (char)('0' + number % 10);
    *at = '\0';
}

static void add_root(struct hf_engine *e, struct hf_document *d)
{
    hf_assert(d->kind == HF_DOCUMENT_ROOT && e->trust->roots_count < HF_ROOTS_MAX);
    e->trust->roots =
        realloc(e->trust->roots, (e->trust->roots_count + 1u) * sizeof(struct hf_document *));
    hf_assert(e->trust->roots != NULL);
    hf_assert(hf_document_version(d) == e->trust->roots_count + 1u);
    e->trust->roots[e->trust->roots_count++] = hf_document_ref(d);
}

static void adopt_root(struct hf_engine *e, struct hf_document *d)
{
    char key[8];
    add_root(e, d);
    root_key(e->trust->roots_count, key);
    hf_assert(e->trust->roots[e->trust->roots_count - 1] == d);
    save(e, key, d);
}

static void adopt_set(struct hf_engine *e, struct hf_document *d)
{
    hf_assert(d->kind == HF_DOCUMENT_SET);
    hf_document_unref(e->trust->set_previous);
    e->trust->set_previous = e->trust->set;
    e->trust->set = hf_document_ref(d);
    hf_assert(e->trust->set_previous == NULL ||
              hf_document_version(e->trust->set_previous) < hf_document_version(d));
    if (e->trust->set_previous != NULL)
        save(e, "set-previous", e->trust->set_previous);
    save(e, "set", d);
}

/* Whether a document is newer than what is known. HF_EDOCUMENT_OLD; 1: known already. */
static int compare(const struct hf_engine *e, const struct hf_document *d)
{
    struct hf_versions own;
    hf__versions(e, &own);
    uint64_t have = d->kind == HF_DOCUMENT_ROOT     ? own.root
                    : d->kind == HF_DOCUMENT_POLICY ? own.policy
                    : d->kind == HF_DOCUMENT_SET    ? own.epoch
                                                    : own.share_set;
    uint32_t version = hf_document_version(d);
    hf_assert(version > 0); /* what was read has one */
    if (version > have)
        return 0;
    const struct hf_document *known = d->kind == HF_DOCUMENT_ROOT     ? e->trust->roots[version - 1]
                                      : d->kind == HF_DOCUMENT_POLICY ? e->trust->policy
                                      : d->kind == HF_DOCUMENT_SET    ? e->trust->set
                                                                      : e->trust->shares;
    hf_assert(known != NULL);
    return d->kind == HF_DOCUMENT_ROOT || known == d ? 1 : HF_EDOCUMENT_OLD;
}

/* Policy and set must go together: n candidates for every owner under the rule. */
static int check_pair(const struct hf_document *policy, const struct hf_document *set)
{
    hf_assert(policy == NULL || policy->kind == HF_DOCUMENT_POLICY);
    hf_assert(set == NULL || set->kind == HF_DOCUMENT_SET);
    if (policy == NULL || set == NULL)
        return 0;
    const struct hf_policy *p = &policy->u.policy;
    return hf_select_possible(set, (enum hf_domain_rule)p->domain_rule, (uint8_t)p->shares);
}

static int check(struct hf_engine *e, const struct hf_document *d, bool stored)
{
    hf_assert(e->trust->roots_count <= HF_ROOTS_MAX);
    const struct hf_document *root =
        e->trust->roots_count > 0 ? e->trust->roots[e->trust->roots_count - 1] : NULL;
    if (d->kind == HF_DOCUMENT_ROOT && e->trust->roots_count == HF_ROOTS_MAX)
        return HF_ETOOBIG;
    /* A proposal is for a ceremony: it says nothing to a node, by any signature. */
    if (d->kind == HF_DOCUMENT_PROPOSAL)
        return HF_EDOCUMENT;
    int r = hf_document_verify(d, &e->network, root);
    if (r != 0)
        return r;
    /* What is on disk was adopted once and is the last good one, expired or not. */
    if (!stored && hf_document_expires_s(d) < hf__now_s(e))
        return HF_EEXPIRED;
    if (d->kind == HF_DOCUMENT_POLICY) {
        if (d->u.policy.trust == HF_TRUST_DEV && !e->trust->accept_dev)
            return HF_EDOCUMENT_DEV;
        return check_pair(d, e->trust->set);
    }
    if (d->kind != HF_DOCUMENT_SET)
        return 0;
    r = check_pair(e->trust->policy, d);
    /* A set keeps all floors of the one before: who left long ago brings its floor along. */
    if (r == 0 && !stored && e->trust->set != NULL)
        r = hf_set_floors_kept(e->trust->set, d, NULL);
    return r;
}

static void adopt(struct hf_engine *e, struct hf_document *d, bool stored)
{
    hf_assert(d->kind != HF_DOCUMENT_PROPOSAL);
    if (hf_document_issued_s(d) > e->floor_s)
        e->floor_s = hf_document_issued_s(d);
    if (d->kind == HF_DOCUMENT_ROOT) {
        e->trust->other = (struct hf_network_id){{0}};
        if (stored)
            add_root(e, d);
        else
            adopt_root(e, d);
    } else if (d->kind == HF_DOCUMENT_POLICY) {
        hf__time_policy(e, &d->u.policy);
        hf_document_unref(e->trust->policy);
        e->trust->policy = hf_document_ref(d);
        if (!stored)
            save(e, "policy", d);
    } else if (d->kind == HF_DOCUMENT_SHARES) {
        hf_document_unref(e->trust->shares);
        e->trust->shares = hf_document_ref(d);
        if (!stored)
            save(e, "shares", d);
    } else if (stored) {
        hf_document_unref(e->trust->set);
        e->trust->set = hf_document_ref(d);
    } else {
        adopt_set(e, d);
    }
    hf_assert(e->trust->roots_count > 0 && e->floor_s >= hf_document_issued_s(d));
    hf__trace(e, HF_TRACE_DOCUMENT, 0, NULL, d->kind, hf_document_version(d));
}

/* What a newer document may have changed for the tasks under way. */
static void after_adoption(struct hf_engine *e)
{
    hf_assert(e->trust->adopted < UINT32_MAX);
    hf__kick(e);
    e->trust->adopted++;
    if (e->open)
        hf__identity_renew(e);
    if (e->state == HF_STATE_FRESH)
        hf__timer_set(e, HF__TIMER_FRESH, 0);
}

/* The network of a first root that is of another one: the peer that sent it may be right, and this
 * node's configuration wrong. Zeros: it is something else that is refused. */
static struct hf_network_id other_network(const struct hf_document *d, int error)
{
    struct hf_network_id network = {{0}};
    if (error != HF_EDOCUMENT_NETWORK || d == NULL || d->kind != HF_DOCUMENT_ROOT)
        return network;
    int r = hf_network_id(d, &network);
    hf_assert(r == 0 || hf_document_version(d) > 1);
    return network;
}

static void refuse(struct hf_engine *e, const struct hf_document *d, int error)
{
    static const struct hf_network_id none = {{0}};
    struct hf_network_id other = other_network(d, error);
    hf_assert(error != 0);
    e->trust->last_refusal = error;
    e->trust->last_refusal_kind = d != NULL ? d->kind : 0;
    if (!hf_network_id_equal(&other, &none)) {
        if (hf_network_id_equal(&other, &e->trust->other))
            return; /* told once: it is asked for twice a second */
        e->trust->other = other;
    }
    struct hf_trace *t = hf__trace(e, HF_TRACE_DOCUMENT_REFUSED, error, NULL,
                                   d != NULL ? d->kind : 0, d != NULL ? hf_document_version(d) : 0);
    memcpy(t->hash.bytes, other.bytes, sizeof t->hash.bytes);
}

int hf__document_offer(struct hf_engine *e, struct hf_bytes envelope)
{
    hf_assert(e->started);
    struct hf_document *d = NULL;
    int r = hf_document_read(e->shared->documents, envelope, &d);
    hf_assert((r == 0) == (d != NULL));
    if (r == 0)
        r = compare(e, d);
    if (r == 0)
        r = check(e, d, false);
    if (r == 0) {
        adopt(e, d, false);
        after_adoption(e);
    } else if (r < 0) {
        refuse(e, d, r);
    }
    hf_document_unref(d);
    return r < 0 ? r : 0;
}

static void load(struct hf_engine *e, const struct hf_row_in *rows, size_t count, const char *key)
{
    hf_assert(count == 0 || rows != NULL);
    struct hf_bytes name = hf_bytes_of(key, strlen(key));
    for (size_t i = 0; i < count; i++) {
        if (!hf_bytes_equal(rows[i].key, name))
            continue;
        struct hf_document *d = NULL;
        int r = hf_document_read(e->shared->documents, hf_blob_bytes(rows[i].value), &d);
        if (r == 0)
            r = compare(e, d);
        if (r == 0)
            r = check(e, d, true);
        /* A planted or damaged document is refused by name; the network gives a good one. */
        if (r == 0)
            adopt(e, d, true);
        else
            refuse(e, d, r);
        hf_document_unref(d);
        return;
    }
}

void hf__documents_load(struct hf_engine *e, const struct hf_row_in *rows, size_t count)
{
    hf_assert(e->trust->roots_count == 0 && e->trust->policy == NULL && e->trust->set == NULL);
    char key[8];
    for (unsigned i = 1; i <= HF_ROOTS_MAX; i++) {
        root_key(i, key);
        load(e, rows, count, key);
        if (e->trust->roots_count < i)
            break;
    }
    if (e->trust->roots_count == 0)
        return;
    hf_assert(e->trust->roots_count <= HF_ROOTS_MAX);
    load(e, rows, count, "policy");
    load(e, rows, count, "shares");
    load(e, rows, count, "set-previous");
    struct hf_document *previous = e->trust->set;
    e->trust->set = NULL;
    load(e, rows, count, "set");
    if (e->trust->set != NULL) {
        e->trust->set_previous = previous;
    } else {
        e->trust->set = previous;
    }
}

static void add(struct hf_encoded *list, size_t *count, const struct hf_document *d)
{
    hf_assert(d != NULL && *count <= SEND_MAX);
    size_t len = d->envelope->len;
    for (size_t i = 0; i < *count; i++)
        len += list[i].bytes.len;
    if (*count < SEND_MAX && (*count == 0 || len <= hf_pool_document_limit(d->pool)))
        list[(*count)++].bytes = hf_blob_bytes(d->envelope);
}

static void list(struct hf_engine *e, const struct hf_versions *theirs, struct hf_encoded **ret,
                 size_t *ret_count)
{
    struct hf_encoded *list = hf__scratch(e, SEND_MAX * sizeof *list);
    struct hf_versions own;
    size_t count = 0;
    hf__versions(e, &own);
    /* Roots first: without them the others cannot be verified. What does not
     * fit comes in the next exchange. */
    for (uint64_t i = theirs->root; i < own.root; i++)
        add(list, &count, e->trust->roots[i]);
    if (own.policy > theirs->policy)
        add(list, &count, e->trust->policy);
    if (own.epoch > theirs->epoch)
        add(list, &count, e->trust->set);
    if (own.share_set > theirs->share_set)
        add(list, &count, e->trust->shares);
    *ret = list;
    hf_assert(count <= SEND_MAX);
    *ret_count = count;
}

static size_t length_of(const struct hf_encoded *list, size_t count)
{
    hf_assert(count <= SEND_MAX);
    hf_assert(list != NULL || count == 0);
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += list[i].bytes.len;
    return len;
}

static struct hf_bytes request(struct hf_engine *e, bool with_all)
{
    struct hf_documents_request m = {0};
    hf__versions(e, &m.versions);
    if (with_all) {
        struct hf_versions none = {0};
        list(e, &none, &m.documents, &m.documents_count);
        hf_assert(m.documents_count <= SEND_MAX);
    }
    return hf__encode(e, &hf_wire_documents_request, &m);
}

static const struct hf__ask pull = {
    .task = HF__TASK_DOCUMENTS, .method = HF_METHOD_DOCUMENTS, .at_once = true};
static const struct hf__ask push = {
    .task = HF__TASK_DOCUMENTS, .method = HF_METHOD_DOCUMENTS, .arg = PUSHED, .at_once = true};

void hf__documents_push(struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(e->started);
    if (hf__calling(e, HF_METHOD_DOCUMENTS, account, NULL))
        return;
    int r = hf__call(e, &push, account, request(e, true));
    (void)r; /* without an address no other node is told */
}

void hf__documents_exchange(struct hf_engine *e, const char *address)
{
    hf_assert(e->started && address != NULL);
    if (hf__calling(e, HF_METHOD_DOCUMENTS, NULL, &push.arg))
        return;
    int r = hf__call_address(e, &push, NULL, address, request(e, true));
    (void)r; /* it is asked again */
}

/* What came of asking a seed. A new node has no member to ask: a seed that fails is told of when it
 * fails otherwise than before. */
static void seed_asked(struct hf_engine *e, uint8_t seed, int error)
{
    hf_assert(seed < e->trust->seeds_count);
    if (error != 0 && error != e->trust->seed_errors[seed])
        hf__trace(e, HF_TRACE_SEED_FAILED, error, NULL, seed, 0);
    e->trust->seed_errors[seed] = (int16_t)error;
}

static void ask_seed(struct hf_engine *e)
{
    hf_assert(e->trust->seeds_count > 0 && e->trust->seeds_count <= HF_SEEDS_MAX);
    struct hf__ask ask = pull;
    uint8_t at = e->trust->seed_next++ % e->trust->seeds_count;
    const char *address = e->trust->seeds;
    for (uint8_t i = at; i > 0; i--)
        address += strlen(address) + 1;
    ask.slot = (uint8_t)(at + 1);
    hf_assert(address < e->trust->seeds + e->trust->seeds_len);
    int r = hf__call_address(e, &ask, NULL, address, request(e, false));
    if (r != 0)
        seed_asked(e, at, r);
}

void hf__documents_pull(struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(e->started);
    int r;
    if (account != NULL) {
        /* A member that says again and again that it has newer ones, and then has none, is asked no
         * more often than it may bring some unasked. */
        if (!hf__calling(e, HF_METHOD_DOCUMENTS, account, NULL) && hf__rate_may_bring(e, account))
            r = hf__call(e, &pull, account, request(e, false));
        return;
    }
    if (e->trust->seeds_count > 0)
        ask_seed(e);
    if (e->trust->set != NULL && e->trust->set->u.set.validators_count > 0) {
        uint32_t at = hf__random_below(e, (uint32_t)e->trust->set->u.set.validators_count);
        const struct hf_account *peer = &e->trust->set->u.set.validators[at].account;
        if (!e->has_account || !hf_account_equal(peer, &e->account))
            r = hf__call(e, &pull, peer, request(e, false));
    }
    (void)r;
}

void hf__documents_tick(struct hf_engine *e)
{
    bool missing = hf__documents_ready(e) != 0;
    hf__documents_pull(e, NULL);
    uint32_t pause = missing ? 500 : e->timing.documents_ms;
    /* A new node waits for the set that has it. */
    if (e->state == HF_STATE_FRESH && pause > FRESH_MS)
        pause = FRESH_MS;
    hf_assert(pause > 0);
    hf__timer_set(e, HF__TIMER_DOCUMENTS, pause + hf__random_below(e, pause / 4 + 1));
}

int hf__recv_documents(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && from->method == HF_METHOD_DOCUMENTS);
    struct hf_documents_request m;
    struct hf_documents_response answer = {0};
    const struct hf_account *asker = hf__asker(from);
    int shown = e->trust->last_refusal;
    uint8_t shown_kind = e->trust->last_refusal_kind;
    struct hf_network_id shown_other = e->trust->other;
    int r = hf__decode(e, &hf_wire_documents_request, body, &m);
    if (r == 0 && m.documents_count > 0)
        r = hf__rate_brought(e, from, body.len);
    if (r != 0)
        return r;
    for (size_t i = 0; i < m.documents_count; i++)
        if ((r = hf__document_offer(e, m.documents[i].bytes)) != 0)
            break;
    /* What a stranger sends is no news for the operator. */
    if (asker == NULL) {
        e->trust->last_refusal = shown;
        e->trust->last_refusal_kind = shown_kind;
        if (e->trust->roots_count == 0)
            e->trust->other = shown_other;
    }
    hf__versions(e, &answer.versions);
    list(e, &m.versions, &answer.documents, &answer.documents_count);
    int given = hf__rate_given(e, from, length_of(answer.documents, answer.documents_count));
    if (given != 0)
        return given;
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_documents_response, &answer), true);
    if (r == 0 && hf__versions_lack(e, &m.versions) && asker != NULL)
        hf__documents_pull(e, asker);
    return 0;
}

int hf__documents_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                           struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_DOCUMENTS && call->slot <= e->trust->seeds_count);
    struct hf_documents_response m;
    uint32_t adopted = e->trust->adopted;
    int r = error;
    if (r == 0)
        r = hf__decode(e, &hf_wire_documents_response, body, &m);
    int told = r;
    for (size_t i = 0; r == 0 && i < m.documents_count; i++)
        r = hf__document_offer(e, m.documents[i].bytes);
    /* A seed of another network is one that does not help. The node cannot know which of the two is
     * right, and blames neither. */
    bool other = r == HF_EDOCUMENT_NETWORK;
    if (call->slot > 0)
        seed_asked(e, (uint8_t)(call->slot - 1), other ? r : told);
    else if (error == 0 && e->trust->adopted == adopted)
        hf__rate_useless(e, &call->account, body.len);
    if (r != 0)
        return error != 0 || other ? 0 : r;
    /* A peer that was behind is not any more: what it refused can be asked
     * again, but not in a tight circle. */
    struct hf_versions own;
    hf__versions(e, &own);
    if (call->arg == PUSHED && m.versions.policy >= own.policy && m.versions.epoch >= own.epoch)
        hf__retry_soon(e);
    return 0;
}
