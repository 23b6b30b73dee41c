/* The operator's status as JSON; the fields are described in proto/LOCAL.md. */
#include "clock/clock.h"
#include "handover.h"
#include "quorum.h"
#include "sandbox/sandbox.h"
#include "status_parts.h"

#include <stdlib.h>

json_t *hf__status_error(int error)
{
    if (error == 0)
        return json_null();
    return json_pack("{s:s,s:s,s:b}", "code", hf_error_name(error), "message",
                     hf_error_sentence(error), "retryable", hf_error_transient(error));
}

void hf__status_operator(const struct hf__daemon *d, const struct hf_account *account,
                         char ret[HF__OPERATOR_LEN])
{
    const struct hf_document *set = d->running ? hf_engine_set(d->engine) : NULL;
    long at = set != NULL ? hf_set_find(set, account) : -1;
    struct hf_bytes name = {0};
    if (at >= 0)
        name = set->u.set.validators[at].operator_name;
    size_t len = name.len < HF__OPERATOR_LEN ? name.len : HF__OPERATOR_LEN - 1;
    if (len > 0)
        memcpy(ret, name.data, len);
    ret[len] = '\0';
}

static json_t *excess(const struct hf__daemon *d, const struct hf_status *s, uint64_t now_ms)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->excess_count; i++) {
        json_t *o = json_object();
        set(o, "account", hex(s->excess[i].account.bytes, sizeof s->excess[i].account));
        set(o, "operator", hf__operator_json(d, &s->excess[i].account));
        set(o, "refused", number(s->excess[i].refused));
        set(o, "ago_ms", number(ago(now_ms, s->excess[i].last_ms)));
        json_array_append_new(list, o);
    }
    return list;
}

static void fill_public(struct hf__daemon *d, json_t *root, const struct hf_status *s)
{
    set(root, "state", json_string(hf_state_name(s->state)));
    set(root, "says", json_string(hf_state_sentence(s->state)));
    set(root, "reason", hf__status_error(s->reason));
    set(root, "account", s->has_account ? hex(s->account.bytes, HF_ID_LEN) : json_null());
    set(root, "network", hex(d->settings->network.bytes, HF_ID_LEN));
    set(root, "root", number(s->root));
    set(root, "policy", number(s->policy));
    set(root, "epoch", number(s->epoch));
    set(root, "open", json_boolean(s->open));
    set(root, "dev", json_boolean(d->settings->platform == HF__PLATFORM_DEV));
}

/* Whose word the reason is: the providers' own, where one of them gave it, and it is not that this
 * node's collateral does not let it judge them. */
const char *hf__status_reason_of(struct hf__daemon *d, const struct hf_status *s)
{
    struct hf__collateral_facts f;
    hf__collateral_facts(d, &f);
    if (s->reason == 0)
        return NULL;
    if (s->reason == f.error)
        return "node";
    for (size_t i = 0; i < s->providers_count; i++)
        if (s->providers[i].error == s->reason)
            return "providers";
    return "node";
}

/* How asking for the network's documents goes, where the configuration says to ask. */
static json_t *seeds(const struct hf__daemon *d, const struct hf_status *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->seeds_count; i++) {
        json_t *seed = json_object();
        set(seed, "address", text(d->settings->seeds.items[i].text));
        set(seed, "error", hf__status_error(s->seed_errors[i]));
        json_array_append_new(list, seed);
    }
    return list;
}

static void fill_node(struct hf__daemon *d, json_t *root, const struct hf_status *s,
                      uint64_t now_ms)
{
    const char *of = hf__status_reason_of(d, s);
    set(root, "reason_of", of == NULL ? json_null() : json_string(of));
    set(root, "since_ms", number(ago(now_ms, s->since_ms)));
    set(root, "retry_in_ms",
        s->retry_ms != 0 ? number(s->retry_ms > now_ms ? s->retry_ms - now_ms : 0) : json_null());
    set(root, "round", number(s->round));
    set(root, "claimed", json_boolean(s->claimed));
    set(root, "registered", json_boolean(s->registered));
    set(root, "draining", json_boolean(s->draining));
    set(root, "leaving", hf__status_leaving(s));
    set(root, "key_version", number(s->key_version));
    set(root, "claim", number(s->claim));
    set(root, "policy_expires_s", number(s->policy_expires_s));
    set(root, "set_expires_s", number(s->set_expires_s));
    set(root, "validators", number(s->validators));
    set(root, "k", number(s->k));
    set(root, "q", number(s->q));
    set(root, "n", number(s->n));
    set(root, "generation", number(s->generation));
    set(root, "confirmed", json_boolean(s->confirmed));
    set(root, "renews_in_ms",
        s->renew_ms != 0 ? number(s->renew_ms > now_ms ? s->renew_ms - now_ms : 0) : json_null());
    set(root, "dealing", number(s->dealing));
    set(root, "dealing_receipts", number(s->dealing_receipts));
    set(root, "providers", hf__status_providers(d, s->providers, s->providers_count, now_ms));
    set(root, "retiring", hf__status_retiring(s));
    set(root, "moved", hf__status_moved(d, &s->account));
    set(root, "waits", hf__status_waits(s, now_ms));
    set(root, "excess", excess(d, s, now_ms));
    set(root, "record", hf__status_record(s));
    set(root, "vault_behind", hf__status_behind(s));
    hf__handover_fill(d, root, s);
    set(root, "owners", number(s->owners));
    set(root, "shares", number(s->shares));
    set(root, "broken_promises", number(s->broken));
    set(root, "seeds", seeds(d, s));
    set(root, "last_refusal", hf__status_error(s->last_refusal));
    hf__status_keys(root, s);
    set(root, "other_network",
        hf_network_id_equal(&s->other_network, &(struct hf_network_id){{0}})
            ? json_null()
            : hex(s->other_network.bytes, HF_ID_LEN));
    set(root, "quorum", hf__quorum_object(s));
}

static void fill_machine(struct hf__daemon *d, json_t *root)
{
    hf__formats_fill(d, root);
    set(root, "listen", text(d->listening));
    set(root, "listen_error", hf__status_error(d->listen_error));
    set(root, "address", text(d->address));
    json_t *store = hf__status_error(d->store_error);
    if (d->store_error != 0)
        set(store, "text", text(d->store_text));
    set(root, "store_error", store);
    set(root, "uptime_ms", number(hf_clock_monotonic_ms() - d->started_ms));
    if (d->quotes != NULL) {
        struct hf_producer_facts facts;
        hf__quotes_facts(d->quotes, &facts);
        set(root, "platform", json_string(hf__quotes_platform(d->quotes)));
        set(root, "quotes",
            json_pack("{s:I,s:I,s:o,s:o}", "made", (json_int_t)facts.made, "failed",
                      (json_int_t)facts.failed, "last_error", error_name(facts.last_error), "where",
                      text(facts.where)));
    }
}

static json_t *sandbox(const struct hf__daemon *d)
{
    static const char *const memory[] = {[HF__MEMORY_LOCKED] = "locked",
                                         [HF__MEMORY_NO_SWAP] = "no_swap",
                                         [HF__MEMORY_SWAPPABLE] = "swappable"};
    int newest;
    uint64_t refused = hf_sandbox_refused(&newest);
    return json_pack("{s:s,s:I,s:I,s:o}", "memory", memory[d->memory], "landlock",
                     (json_int_t)d->landlock, "refused_calls", (json_int_t)refused,
                     "newest_refused", refused > 0 ? number((uint64_t)newest) : json_null());
}

static json_t *collateral(struct hf__daemon *d)
{
    struct hf__collateral_facts f;
    hf__collateral_facts(d, &f);
    json_t *o = json_object();
    set(o, "set", json_string(hf__collateral_use_name(f.use)));
    set(o, "folder", text(d->settings->collateral));
    set(o, "service", d->settings->service != NULL ? text(d->settings->service->url) : json_null());
    set(o, "expires_s", time_or_null(f.expires_s));
    set(o, "issued_s", time_or_null(f.issued_s));
    set(o, "fetched_s", time_or_null(f.fetched_s));
    set(o, "tried_s", time_or_null(f.tried_s));
    set(o, "next_s", time_or_null(f.next_s));
    set(o, "fetching", json_boolean(f.busy));
    set(o, "failures", number(f.failures));
    set(o, "last_failure", f.text[0] != '\0' ? text(f.text) : json_null());
    set(o, "older_documents", number(f.older));
    set(o, "error", hf__status_error(f.error));
    set(o, "rolled_back", f.refused[0] != '\0' ? text(f.refused) : json_null());
    return o;
}

enum hf_state hf__daemon_state(struct hf__daemon *d)
{
    struct hf_status s;
    hf__watch_status(d, &s);
    return s.state;
}

static json_t *warnings(const struct hf__daemon *d, const struct hf__outlook *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->warnings_count; i++) {
        const struct hf__warning *w = &o->warnings[i];
        json_t *one = json_object();
        set(one, "code", json_string(hf_error_name(w->reason)));
        set(one, "text", text(w->text));
        set(one, "weight", number(w->weight));
        set(one, "at_s", time_or_null(w->at_s));
        set(one, "muted", json_boolean(w->muted));
        set(one, "muted_until_s", time_or_null(hf__watch_muted_s(d, w->reason)));
        json_array_append_new(list, one);
    }
    return list;
}

/* What leads the status: can this key come back? */
static void fill_outlook(struct hf__daemon *d, json_t *root, struct hf_status *s, uint64_t now_ms)
{
    struct hf__outlook *o = calloc(1, sizeof *o);
    if (o == NULL)
        return;
    hf__watch_outlook(d, s, now_ms, o);
    json_t *key = json_object();
    set(key, "outlook", json_string(hf__key_outlook_name(o->key)));
    set(key, "says", text(o->says));
    set(key, "advice", text(o->advice));
    set(key, "answering", number(o->answering));
    set(key, "refusing", number(o->refusing));
    set(key, "needed", number(o->needed));
    set(key, "quorum", number(o->quorum));
    set(key, "holders", number(o->holders));
    set(key, "spare_claim", json_integer(o->spare_claim));
    set(key, "spare_recovery", json_integer(o->spare_recovery));
    set(root, "exit_status", number(o->verdict));
    set(root, "key", key);
    set(root, "warnings", warnings(d, o));
    free(o);
}

uint64_t hf__status_identity_expires_s(const struct hf_status *s)
{
    return s->identity_made_s != 0 ? s->identity_made_s + s->quote_age_max_s : 0;
}

static json_t *expires(struct hf__daemon *d, const struct hf_status *s)
{
    struct hf__collateral_facts f;
    json_t *o = json_object();
    hf__collateral_facts(d, &f);
    set(o, "policy_s", time_or_null(s->policy_expires_s));
    set(o, "set_s", time_or_null(s->set_expires_s));
    set(o, "share_set_s", time_or_null(s->share_set_expires_s));
    set(o, "collateral_s", time_or_null(f.expires_s));
    set(o, "identity_s", time_or_null(hf__status_identity_expires_s(s)));
    return o;
}

/* Who this node is to others, and what its machine says it is. */
static void fill_who(struct hf__daemon *d, json_t *root, const struct hf_status *s, uint64_t now_ms)
{
    const struct hf_document *newest = d->running ? hf_engine_set(d->engine) : NULL;
    long at = newest != NULL && s->has_account ? hf_set_find(newest, &s->account) : -1;
    struct hf__own_quote own = {0};
    set(root, "operator", hf__operator_json(d, &s->account));
    json_t *address = json_null();
    if (at >= 0) {
        struct hf_bytes bytes = newest->u.set.validators[at].address;
        address = json_stringn((const char *)bytes.data, bytes.len);
    }
    set(root, "registered_address", address != NULL ? address : json_null());
    set(root, "reached_ms", d->reached_ms != 0 ? number(ago(now_ms, d->reached_ms)) : json_null());
    if (d->quotes != NULL)
        hf__quotes_own(d->quotes, &own);
    set(root, "measurement", own.has ? hex(own.measurement, sizeof own.measurement) : json_null());
    set(root, "platform_id", own.has_ppid ? hex(own.ppid, sizeof own.ppid) : json_null());
    set(root, "clock_ahead_s", s->clocks_told > 0 ? json_integer(s->ahead_s) : json_null());
    set(root, "now_s", number(s->now_s));
}

/* What other operators may know: no address, no name, no key. */
static json_t *for_members(struct hf__daemon *d, struct hf_status *s, uint64_t now_ms)
{
    struct hf__outlook *o = calloc(1, sizeof *o);
    json_t *root = json_object(), *codes = json_array();
    set(root, "version", json_string(HF_RELEASE));
    set(root, "draining", json_boolean(s->draining));
    set(root, "leaving", json_boolean(s->leaving));
    set(root, "share_set", json_integer(s->share_set));
    set(root, "sealed_share_set", json_integer(s->sealed ? s->sealed_share_set : 0));
    set(root, "openable", json_boolean(s->openable));
    if (o != NULL) {
        hf__watch_outlook(d, s, now_ms, o);
        set(root, "exit_status", number(o->verdict));
        set(root, "outlook", json_string(hf__key_outlook_name(o->key)));
        set(root, "answering", number(o->answering));
        set(root, "holders", number(o->holders));
        set(root, "needed", number(o->needed));
    }
    for (size_t i = 0; o != NULL && i < o->warnings_count; i++)
        if (!o->warnings[i].muted)
            json_array_append_new(codes, json_string(hf_error_name(o->warnings[i].reason)));
    set(root, "warnings", codes);
    free(o);
    return root;
}

char *hf__status_json(struct hf__daemon *d, enum hf__status_for whom)
{
    struct hf_status s;
    uint64_t now_ms = hf_clock_monotonic_ms();
    hf__watch_status(d, &s);
    json_t *root = json_object();
    if (root == NULL)
        return NULL;
    fill_public(d, root, &s);
    if (whom == HF__STATUS_MEMBERS)
        set(root, "member", for_members(d, &s, now_ms));
    if (whom == HF__STATUS_ALL) {
        fill_outlook(d, root, &s, now_ms);
        set(root, "expires", expires(d, &s));
        fill_node(d, root, &s, now_ms);
        fill_who(d, root, &s, now_ms);
        fill_machine(d, root);
        set(root, "collateral", collateral(d));
        set(root, "sandbox", sandbox(d));
        set(root, "operator_listener", hf__operators_json(d));
        if (d->start_error != 0)
            set(root, "start_text", text(d->start_text));
    }
    char *json = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return json;
}
