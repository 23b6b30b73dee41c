/* The status of a node's backup as JSON: its holders, what is waited for, what has moved, and the
 * node's own leave. */
#include "status_parts.h"

#include <stdlib.h>

static json_t *provider(const struct hf__daemon *d, const struct hf_provider_status *p,
                        uint64_t now_ms)
{
    json_t *o = json_object();
    set(o, "operator", hf__operator_json(d, &p->account));
    set(o, "account", hex(p->account.bytes, sizeof p->account));
    set(o, "address", text(p->address));
    set(o, "index", number(p->index));
    set(o, "answered", json_boolean(p->answered));
    set(o, "placed", json_boolean(p->placed));
    set(o, "error", error_name(p->error));
    set(o, "message", p->error != 0 ? json_string(hf_error_sentence(p->error)) : json_null());
    set(o, "asked", json_boolean(p->since_ms != 0));
    set(o, "since_ms", number(ago(now_ms, p->since_ms)));
    set(o, "audited_ago_ms", p->audited_ms != 0 ? number(ago(now_ms, p->audited_ms)) : json_null());
    set(o, "audits_failed", number(p->audits_failed));
    set(o, "broke", json_boolean(p->broke));
    return o;
}

json_t *hf__status_providers(const struct hf__daemon *d, const struct hf_provider_status *providers,
                             size_t count, uint64_t now_ms)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, provider(d, &providers[i], now_ms));
    return list;
}

json_t *hf__status_retiring(const struct hf_status *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->retiring_count; i++)
        json_array_append_new(list, json_pack("{s:i,s:i,s:b}", "generation",
                                              (int)s->retiring[i].generation, "outstanding",
                                              (int)s->retiring[i].outstanding, "retired",
                                              (int)s->retiring[i].retired));
    return list;
}

static json_t *awaited(const struct hf_awaited_status *a, uint64_t now_ms)
{
    json_t *o = json_object();
    set(o, "account", hex(a->account.bytes, sizeof a->account));
    set(o, "address", text(a->address));
    set(o, "gave", json_boolean(a->gave));
    set(o, "provisional", json_boolean(a->provisional));
    set(o, "refused", json_boolean(a->refused));
    set(o, "error", error_name(a->error));
    set(o, "message", a->error != 0 ? json_string(hf_error_sentence(a->error)) : json_null());
    set(o, "since_ms", number(ago(now_ms, a->since_ms)));
    return o;
}

json_t *hf__status_waits(const struct hf_status *s, uint64_t now_ms)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->waits_count; i++) {
        const struct hf_wait_status *wait = &s->waits[i];
        json_t *o = json_object(), *acceptors = json_array();
        set(o, "for", json_string(wait->seals ? "seals" : "votes"));
        set(o, "generation", number(wait->generation));
        set(o, "id", hex(wait->id, sizeof wait->id));
        set(o, "quorum", number(wait->quorum));
        set(o, "provisional", number(wait->provisional));
        set(o, "given", number(wait->given));
        set(o, "firm", number(wait->firm));
        for (size_t j = 0; j < wait->acceptors_count; j++)
            json_array_append_new(acceptors, awaited(&wait->acceptors[j], now_ms));
        set(o, "holders", acceptors);
        json_array_append_new(list, o);
    }
    return list;
}

json_t *hf__status_record(const struct hf_status *s)
{
    if (s->record.data == NULL)
        return json_null();
    char *digits = malloc(2 * s->record.len + 1);
    if (digits == NULL)
        return json_null();
    hf_hex_encode(s->record.data, s->record.len, digits);
    json_t *o = json_object();
    set(o, "record", json_string(digits));
    free(digits);
    set(o, "signature", hex(s->record_signature, sizeof s->record_signature));
    set(o, "claim_highest", number(s->claim_highest));
    set(o, "evidence", s->has_evidence ? hex(s->evidence, sizeof s->evidence) : json_null());
    return o;
}

/* How far a vault had come, by its account's word. */
static json_t *vault(const struct hf_vault_status *v)
{
    json_t *o = json_object();
    set(o, "claim", number(v->claim));
    set(o, "number", number(v->number));
    set(o, "signature", hex(v->signature, sizeof v->signature));
    return o;
}

json_t *hf__status_behind(const struct hf_status *s)
{
    return s->behind ? json_pack("{s:o,s:o}", "seen", vault(&s->seen), "had", vault(&s->had))
                     : json_null();
}

json_t *hf__status_leaving(const struct hf_status *s)
{
    if (!s->leaving)
        return json_null();
    json_t *o = json_object(), *list = json_array();
    set(o, "until_s", number(s->leave_until_s));
    set(o, "owners", number(s->waiting_owners));
    for (size_t i = 0; i < s->waiting_count; i++)
        json_array_append_new(list, hex(s->waiting[i].bytes, HF_ID_LEN));
    set(o, "waiting", list);
    set(o, "handed_over", number(s->handed_over));
    return o;
}

/* ---- what has moved */

static json_t *names(const struct hf__daemon *d, const struct hf_account *account)
{
    json_t *o = json_object();
    set(o, "account", hex(account->bytes, sizeof account->bytes));
    set(o, "operator", hf__operator_json(d, account));
    return o;
}

json_t *hf__status_moved(struct hf__daemon *d, const struct hf_account *owner)
{
    struct hf_moved_status m;
    json_t *list = json_array();
    for (size_t at = 0; d->running && hf_engine_moved(d->engine, owner, at, &m); at++) {
        json_t *o = json_object(), *helpers = json_array();
        set(o, "generation", number(m.generation));
        set(o, "index", number(m.index));
        set(o, "why", json_string(m.restored ? "gone" : "left"));
        set(o, "from", names(d, &m.from));
        set(o, "to", names(d, &m.to));
        for (size_t i = 0; i < m.helpers_count; i++)
            json_array_append_new(helpers, names(d, &m.helpers[i]));
        set(o, "helpers", helpers);
        set(o, "moved_s", number(m.moved_s));
        set(o, "retired", json_boolean(m.retired));
        json_array_append_new(list, o);
    }
    return list;
}
