/* Root, policy and validator set: adopted when newer and verified, passed on to
 * whoever is behind. */
#include <stdlib.h>

#include "base/error.h"
#include "node.h"

enum { SEND_MAX = 16, PUSHED = 1 };

void hf__versions(const struct hf_engine *e, struct hf_versions *ret)
{
    *ret = (struct hf_versions){
        .root = e->roots_count,
        .policy = e->policy != NULL ? hf_document_version(e->policy) : 0,
        .epoch = e->set != NULL ? hf_document_version(e->set) : 0,
    };
}

int hf__versions_check(const struct hf_engine *e, const struct hf_versions *theirs)
{
    struct hf_versions own;
    hf__versions(e, &own);
    if (theirs->root > own.root || theirs->policy > own.policy || theirs->epoch > own.epoch)
        return HF_EBEHIND;
    return 0;
}

int hf__documents_ready(const struct hf_engine *e)
{
    if (e->policy == NULL || e->set == NULL)
        return HF_ENODOCUMENTS;
    uint64_t now_s = hf__now_s(e);
    if (hf_document_expires_s(e->policy) < now_s || hf_document_expires_s(e->set) < now_s)
        return HF_EEXPIRED;
    return 0;
}

static void save(struct hf_engine *e, const char *key, struct hf_document *d)
{
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
    e->roots = realloc(e->roots, (e->roots_count + 1u) * sizeof(struct hf_document *));
    hf_assert(e->roots != NULL);
    e->roots[e->roots_count++] = hf_document_ref(d);
}

static void adopt_root(struct hf_engine *e, struct hf_document *d)
{
    char key[8];
    add_root(e, d);
    root_key(e->roots_count, key);
    save(e, key, d);
}

static void adopt_set(struct hf_engine *e, struct hf_document *d)
{
    hf_document_unref(e->set_previous);
    e->set_previous = e->set;
    e->set = hf_document_ref(d);
    if (e->set_previous != NULL)
        save(e, "set-previous", e->set_previous);
    save(e, "set", d);
}

/* Whether a document is newer than what is known. HF_EDOCUMENT_OLD; 1: known already. */
static int compare(const struct hf_engine *e, const struct hf_document *d)
{
    struct hf_versions own;
    hf__versions(e, &own);
    uint64_t have = d->kind == HF_DOCUMENT_ROOT     ? own.root
                    : d->kind == HF_DOCUMENT_POLICY ? own.policy
                                                    : own.epoch;
    uint32_t version = hf_document_version(d);
    if (version > have)
        return 0;
    const struct hf_document *known = d->kind == HF_DOCUMENT_ROOT     ? e->roots[version - 1]
                                      : d->kind == HF_DOCUMENT_POLICY ? e->policy
                                                                      : e->set;
    return d->kind == HF_DOCUMENT_ROOT || known == d ? 1 : HF_EDOCUMENT_OLD;
}

/* Policy and set must go together: n candidates for every owner under the rule. */
static int check_pair(const struct hf_document *policy, const struct hf_document *set)
{
    if (policy == NULL || set == NULL)
        return 0;
    const struct hf_policy *p = &policy->u.policy;
    return hf_select_possible(set, (uint8_t)p->domain_rule, (uint8_t)p->shares);
}

static int check(struct hf_engine *e, const struct hf_document *d, bool stored)
{
    const struct hf_document *root = e->roots_count > 0 ? e->roots[e->roots_count - 1] : NULL;
    if (d->kind == HF_DOCUMENT_ROOT && e->roots_count == HF_ROOTS_MAX)
        return HF_ETOOBIG;
    int r = hf_document_verify(d, e->network, root);
    if (r != 0)
        return r;
    /* What is on disk was adopted once and is the last good one, expired or not. */
    if (!stored && hf_document_expires_s(d) < hf__now_s(e))
        return HF_EEXPIRED;
    if (d->kind == HF_DOCUMENT_POLICY) {
        if (d->u.policy.trust == HF_TRUST_DEV && !e->accept_dev)
            return HF_EDOCUMENT_DEV;
        return check_pair(d, e->set);
    }
    return d->kind == HF_DOCUMENT_SET ? check_pair(e->policy, d) : 0;
}

static void adopt(struct hf_engine *e, struct hf_document *d, bool stored)
{
    if (hf_document_issued_s(d) > e->floor_s)
        e->floor_s = hf_document_issued_s(d);
    if (d->kind == HF_DOCUMENT_ROOT) {
        if (stored)
            add_root(e, d);
        else
            adopt_root(e, d);
    } else if (d->kind == HF_DOCUMENT_POLICY) {
        hf_document_unref(e->policy);
        e->policy = hf_document_ref(d);
        if (!stored)
            save(e, "policy", d);
    } else if (stored) {
        hf_document_unref(e->set);
        e->set = hf_document_ref(d);
    } else {
        adopt_set(e, d);
    }
    hf__trace(e, HF_TRACE_DOCUMENT, 0, NULL, d->kind, hf_document_version(d));
}

/* What a newer document may have changed for the tasks under way. */
static void after_adoption(struct hf_engine *e)
{
    hf__kick(e);
    e->deal_after_ms = 0;
    if (e->open) {
        hf__identity_renew(e);
        hf__owners_age(e);
        hf__chain_count(e);
        hf__claim_floor(e);
    }
    if (e->state == HF_STATE_FRESH)
        hf__timer_set(e, HF__TIMER_TASK, 0);
}

static void refuse(struct hf_engine *e, const struct hf_document *d, int error)
{
    e->last_refusal = error;
    e->last_refusal_kind = d != NULL ? d->kind : 0;
    hf__trace(e, HF_TRACE_DOCUMENT_REFUSED, error, NULL, d != NULL ? d->kind : 0,
              d != NULL ? hf_document_version(d) : 0);
}

int hf__document_offer(struct hf_engine *e, struct hf_bytes envelope)
{
    struct hf_document *d = NULL;
    int r = hf_document_read(e->shared->documents, envelope, &d);
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
    char key[8];
    for (unsigned i = 1; i <= HF_ROOTS_MAX; i++) {
        root_key(i, key);
        load(e, rows, count, key);
        if (e->roots_count < i)
            break;
    }
    if (e->roots_count == 0)
        return;
    load(e, rows, count, "policy");
    load(e, rows, count, "set-previous");
    struct hf_document *previous = e->set;
    e->set = NULL;
    load(e, rows, count, "set");
    if (e->set != NULL) {
        e->set_previous = previous;
    } else {
        e->set = previous;
    }
}

static void add(struct hf_encoded *list, size_t *count, const struct hf_document *d)
{
    size_t len = d->envelope->len;
    for (size_t i = 0; i < *count; i++)
        len += list[i].bytes.len;
    if (*count < SEND_MAX && (*count == 0 || len <= hf_pool_document_limit(d->pool)))
        list[(*count)++].bytes = hf_blob_bytes(d->envelope);
}

void hf__documents_list(struct hf_engine *e, const struct hf_versions *theirs,
                        struct hf_encoded **ret, size_t *ret_count)
{
    struct hf_encoded *list = hf__scratch(e, SEND_MAX * sizeof *list);
    struct hf_versions own;
    size_t count = 0;
    hf__versions(e, &own);
    /* Roots first: without them the others cannot be verified. What does not
     * fit comes in the next exchange. */
    for (uint64_t i = theirs->root; i < own.root; i++)
        add(list, &count, e->roots[i]);
    if (own.policy > theirs->policy)
        add(list, &count, e->policy);
    if (own.epoch > theirs->epoch)
        add(list, &count, e->set);
    *ret = list;
    *ret_count = count;
}

static struct hf_bytes request(struct hf_engine *e, bool with_all)
{
    struct hf_documents_request m = {0};
    hf__versions(e, &m.versions);
    if (with_all) {
        struct hf_versions none = {0};
        hf__documents_list(e, &none, &m.documents, &m.documents_count);
    }
    return hf__encode(e, &hf_wire_documents_request, &m);
}

void hf__documents_push(struct hf_engine *e, const uint8_t account[static 32])
{
    if (hf__calling(e, HF_METHOD_DOCUMENTS, account, NULL))
        return;
    int r = hf__call(e, HF_METHOD_DOCUMENTS, account, 0, PUSHED, request(e, true), true);
    (void)r; /* without an address there is nobody to tell */
}

static const char *next_seed(struct hf_engine *e)
{
    const char *seed = e->seeds;
    for (unsigned i = e->seed_next++ % e->seeds_count; i > 0; i--)
        seed += strlen(seed) + 1;
    return seed;
}

/* From one validator or, when NULL, from a seed and a random member of the set. */
void hf__documents_pull(struct hf_engine *e, const uint8_t *account)
{
    int r;
    if (account != NULL) {
        if (!hf__calling(e, HF_METHOD_DOCUMENTS, account, NULL))
            r = hf__call(e, HF_METHOD_DOCUMENTS, account, 0, 0, request(e, false), true);
        return;
    }
    if (e->seeds_count > 0) {
        const char *seed = next_seed(e);
        r = hf__call_address(e, HF_METHOD_DOCUMENTS, seed, request(e, false));
    }
    if (e->set != NULL && e->set->u.set.validators_count > 0) {
        uint32_t at = hf__random_below(e, (uint32_t)e->set->u.set.validators_count);
        const uint8_t *peer = e->set->u.set.validators[at].account;
        if (!e->has_account || memcmp(peer, e->account, 32) != 0)
            r = hf__call(e, HF_METHOD_DOCUMENTS, peer, 0, 0, request(e, false), true);
    }
    (void)r;
}

void hf__documents_tick(struct hf_engine *e)
{
    bool missing = hf__documents_ready(e) != 0;
    hf__answers_expire(e); /* with a timer that runs anyway */
    hf__documents_pull(e, NULL);
    uint32_t pause = missing ? 500 : e->timing.documents_ms;
    hf__timer_set(e, HF__TIMER_DOCUMENTS, pause + hf__random_below(e, pause / 4 + 1));
}

int hf__recv_documents(struct hf_engine *e, uint64_t id, struct hf_bytes body)
{
    struct hf_documents_request m;
    struct hf_documents_response answer = {0};
    int shown = e->last_refusal;
    uint8_t shown_kind = e->last_refusal_kind;
    int r = hf__decode(e, &hf_wire_documents_request, body, &m);
    if (r != 0)
        return r;
    for (size_t i = 0; i < m.documents_count; i++)
        if ((r = hf__document_offer(e, m.documents[i].bytes)) != 0)
            break;
    /* What a stranger sends is no news for the operator. */
    if (e->shared->step.asker == NULL) {
        e->last_refusal = shown;
        e->last_refusal_kind = shown_kind;
    }
    hf__versions(e, &answer.versions);
    hf__documents_list(e, &m.versions, &answer.documents, &answer.documents_count);
    hf__reply(e, id, 0, hf__encode(e, &hf_wire_documents_response, &answer), true);
    if (r == 0 && hf__versions_check(e, &m.versions) != 0 && e->shared->step.asker != NULL)
        hf__documents_pull(e, e->shared->step.asker);
    return 0;
}

int hf__documents_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                           struct hf_bytes body)
{
    struct hf_documents_response m;
    if (error != 0)
        return 0;
    int r = hf__decode(e, &hf_wire_documents_response, body, &m);
    if (r != 0)
        return r;
    for (size_t i = 0; i < m.documents_count; i++)
        if ((r = hf__document_offer(e, m.documents[i].bytes)) != 0)
            return r;
    /* A peer that was behind is not any more: what it refused can be asked
     * again, but not in a tight circle. */
    struct hf_versions own;
    hf__versions(e, &own);
    if (call->arg == PUSHED && m.versions.policy >= own.policy && m.versions.epoch >= own.epoch &&
        e->timers[HF__TIMER_TASK] != HF__NEVER)
        hf__timer_set(e, HF__TIMER_TASK, e->timing.retry_ms_min);
    return 0;
}
