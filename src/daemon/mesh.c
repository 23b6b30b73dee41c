/* The other members, for people: the status's part of them, the answers `peers`, `events` and
 * `evidence`. */
#include "base/hex.h"
#include "clock/clock.h"
#include "daemon.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *digits(const void *bytes, size_t len)
{
    char text[2 * HF_ID_LEN + 1];
    hf_assert(len <= HF_ID_LEN);
    hf_hex_encode(bytes, len, text);
    return json_string(text);
}

static json_t *hex(const struct hf_account *account)
{
    return digits(account->bytes, sizeof account->bytes);
}

/* How long ago; null: never. */
static json_t *ago(uint64_t at_ms)
{
    uint64_t now_ms = hf_clock_monotonic_ms();
    return at_ms == 0 ? json_null()
                      : json_integer(now_ms > at_ms ? (json_int_t)(now_ms - at_ms) : 0);
}

static json_t *date(uint64_t s)
{
    return s == 0 ? json_null() : json_integer((json_int_t)s);
}

static void set(json_t *o, const char *name, json_t *value)
{
    int r = json_object_set_new_nocheck(o, name, value);
    hf_assert(r == 0);
}

json_t *hf__mesh_json(struct hf__daemon *d)
{
    struct hf_mesh_status s;
    if (!d->running)
        return json_null();
    hf_engine_mesh(d->engine, &s);
    return json_pack(
        "{s:b,s:I,s:I,s:I,s:I,s:I,s:i,s:b,s:I,s:I}", "datagrams", (int)hf_net_has_datagrams(d->net),
        "probed", (json_int_t)s.probed, "by_datagram", (json_int_t)s.by_datagram, "by_connection",
        (json_int_t)s.by_connection, "suspect", (json_int_t)s.suspect, "unreachable",
        (json_int_t)s.unreachable, "slowness", (int)s.slowness, "cut_off", (int)s.cut_off,
        "datagrams_taken", (json_int_t)s.taken, "datagrams_refused", (json_int_t)s.refused);
}

json_t *hf__operator_json(const struct hf__daemon *d, const struct hf_account *account)
{
    char name[HF__OPERATOR_LEN];
    hf__status_operator(d, account, name);
    json_t *text = name[0] != '\0' ? json_string(name) : NULL;
    return text != NULL ? text : json_null();
}

static json_t *peer(struct hf__daemon *d, const struct hf_peer_status *p)
{
    json_t *o = json_object();
    set(o, "operator", hf__operator_json(d, &p->account));
    set(o, "account", hex(&p->account));
    json_t *address = json_string(p->address);
    set(o, "address", address != NULL ? address : json_null());
    set(o, "self", json_boolean(p->self));
    set(o, "state", json_string(hf_member_state_name(p->state)));
    set(o, "failing_ms", ago(p->since_ms));
    set(o, "heard_ago_ms", ago(p->heard_ms));
    set(o, "trip_ms", p->heard_ms != 0 ? json_integer(p->trip_ms) : json_null());
    set(o, "way",
        p->heard_ms == 0 ? json_null() : json_string(p->datagrams ? "datagram" : "connection"));
    set(o, "claim", json_integer((json_int_t)p->claim));
    set(o, "incarnation", json_integer((json_int_t)p->incarnation));
    set(o, "draining", json_boolean(p->draining));
    set(o, "until_s", date(p->until_s));
    set(o, "suspecting", json_integer(p->suspecting));
    set(o, "index", json_integer(p->index));
    set(o, "audited_ago_ms", ago(p->audited_ms));
    set(o, "audits_failed", json_integer(p->audits_failed));
    set(o, "kept", json_boolean(p->kept));
    set(o, "broke", json_boolean(p->broke));
    set(o, "moved", hf__status_moved(d, &p->account));
    return o;
}

json_t *hf__peers_json(struct hf__daemon *d)
{
    struct hf_peer_status p;
    json_t *list = json_array();
    for (size_t at = 0; d->running && hf_engine_peer(d->engine, at, &p); at++)
        json_array_append_new(list, peer(d, &p));
    return json_pack("{s:o,s:o}", "mesh", hf__mesh_json(d), "peers", list);
}

static json_t *event(const struct hf__daemon *d, const struct hf_told_status *t)
{
    json_t *o = json_object();
    set(o, "kind", json_string(t->kind_name));
    set(o, "subject", hex(&t->subject));
    set(o, "subject_operator", hf__operator_json(d, &t->subject));
    set(o, "author", hex(&t->author));
    set(o, "author_operator", hf__operator_json(d, &t->author));
    set(o, "claim", json_integer((json_int_t)t->claim));
    set(o, "incarnation", json_integer((json_int_t)t->incarnation));
    set(o, "issued_s", date(t->issued_s));
    set(o, "expires_s", date(t->expires_s));
    set(o, "until_s", date(t->until_s));
    set(o, "over", json_boolean(t->over));
    set(o, "done", json_boolean(t->done));
    return o;
}

json_t *hf__events_json(struct hf__daemon *d)
{
    struct hf_told_status t;
    json_t *list = json_array();
    for (size_t at = 0; d->running && hf_engine_told(d->engine, at, &t); at++)
        json_array_append_new(list, event(d, &t));
    return json_pack("{s:o}", "events", list);
}

static json_t *broken(const struct hf__daemon *d, const struct hf_broken_status *b)
{
    static const char *const breaches[] = {
        [HF_BREACH_PROOF] = "proof", [HF_BREACH_DENIAL] = "denial", [HF_BREACH_REPAIR] = "repair"};
    json_t *o = json_object();
    char *file = malloc(2 * b->file.len + 1);
    hf_assert(file != NULL);
    hf_hex_encode(b->file.data, b->file.len, file);
    set(o, "provider", hex(&b->what.provider));
    set(o, "operator", hf__operator_json(d, &b->what.provider));
    set(o, "breach", json_string(breaches[b->what.breach]));
    set(o, "generation", json_integer((json_int_t)b->what.generation.number));
    set(o, "generation_id", digits(b->what.generation.id, sizeof b->what.generation.id));
    set(o, "index", json_integer(b->what.index));
    set(o, "promised_s", date(b->what.promised_s));
    set(o, "broken_s", date(b->what.broken_s));
    set(o, "file", json_string(file));
    free(file);
    return o;
}

json_t *hf__evidence_json(struct hf__daemon *d)
{
    struct hf_broken_status b;
    json_t *list = json_array();
    for (size_t at = 0; d->running && hf_engine_broken(d->engine, at, &b); at++)
        json_array_append_new(list, broken(d, &b));
    return json_pack("{s:o}", "evidence", list);
}
