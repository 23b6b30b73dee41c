/*
 * The local socket: the application and the operator of this machine. Who may speak is decided by
 * the kernel's word for who connected, not by anything that is sent. One request at a time on a
 * connection; proto/LOCAL.md specifies them.
 */
#include "local_conn.h"

#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"
#include "clock/clock.h"
#include "log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAME_ROOM = 256 }; /* of a frame, for what stands beside a file in it */

static void send_json(struct local_conn *t, json_t *root)
{
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (text == NULL) {
        hf__local_end(t);
        return;
    }
    hf__local_send(t, text, strlen(text));
    free(text);
}

void hf__local_refuse(struct local_conn *t, int error)
{
    send_json(t, json_pack("{s:{s:s,s:s,s:b}}", "error", "code", hf_error_name(error), "message",
                           hf_error_sentence(error), "retryable", (int)hf_error_transient(error)));
}

/* For the audit: which key went to whom. */
static void log_given(const struct local_conn *t, const struct hf_local_reply *r)
{
    struct hf__line l;
    if (!hf__log_begin(&l, HF__INFO, "key_given"))
        return;
    hf__line_text(&l, "name", t->name);
    hf__line_uint(&l, "uid", t->who.uid);
    hf__line_uint(&l, "pid", (uint64_t)t->who.pid);
    hf__line_uint(&l, "first", r->first);
    hf__line_uint(&l, "version", r->key_version);
    hf__line_uint(&l, "claim", r->claim);
    hf__log_write(&l);
}

static void send_key(struct local_conn *t, const struct hf_local_reply *r)
{
    struct hf__daemon *d = t->owner->d;
    char key[2 * HF_APP_KEY_LEN + 1], network[65], text[384];
    hf_hex_encode(r->key, HF_APP_KEY_LEN, key);
    hf_hex_encode(d->settings->network.bytes, 32, network);
    int len = snprintf(text, sizeof text,
                       "{\"key\":\"%s\",\"network\":\"%s\",\"version\":%u,\"claim\":%" PRIu64 "}",
                       key, network, r->key_version, r->claim);
    hf_assert(len > 0 && (size_t)len < sizeof text);
    log_given(t, r);
    hf__local_send(t, text, (size_t)len);
    hf_wipe(key, sizeof key);
    hf_wipe(text, sizeof text);
}

static void send_drill(struct local_conn *t, const struct hf_drill_report *r)
{
    json_t *root = json_pack("{s:i,s:i,s:i,s:i,s:i}", "k", r->k, "n", r->n, "asked", r->asked,
                             "answered", r->answered, "fit", r->fit);
    json_object_set_new(root, "providers",
                        hf__status_providers(t->owner->d, r->providers, r->providers_count,
                                             hf_clock_monotonic_ms()));
    send_json(t, root);
}

/* A refusal with what was found and wanted, for a person. */
static void refuse_with(struct local_conn *t, int error, const char *found)
{
    send_json(t, json_pack("{s:{s:s,s:s,s:b,s:s}}", "error", "code", hf_error_name(error),
                           "message", hf_error_sentence(error), "retryable",
                           (int)hf_error_transient(error), "text", found));
}

static void refuse_drain(struct local_conn *t, const struct hf_drain_report *r)
{
    char found[HF__WARNING_LEN], owner[65], name[HF__OPERATOR_LEN];
    hf_hex_encode(r->owner.bytes, sizeof r->owner, owner);
    hf__status_operator(t->owner->d, &r->owner, name);
    snprintf(found, sizeof found,
             "%s (%.8s) would have %u live providers without this node, and %u are wanted; %u "
             "owners would have too few",
             name[0] != '\0' ? name : "an owner in no set", owner, r->live, r->needed, r->owners);
    refuse_with(t, HF_EDRAIN, found);
}

/* The first half of a drain: could this node get its own key back? Whether its owners can spare it
 * is asked when the step is over. */
static void drilled(struct local_conn *t, const struct hf_local_reply *r)
{
    struct hf__daemon *d = t->owner->d;
    char found[HF__WARNING_LEN];
    struct hf_status s;
    hf__watch_status(d, &s);
    bool closed = r->drill.asked == 0; /* locked, or without a backup: nothing of its own to lose */
    unsigned wanted = s.q > s.k ? s.q : s.k;
    if (r->error == HF_EBUSY) {
        hf__local_refuse(t, HF_EBUSY);
    } else if (closed && s.open && s.registered && s.generation == 0) {
        hf__local_refuse(t, HF_ENOTPLACED);
    } else if (!closed && r->drill.fit < wanted) {
        snprintf(found, sizeof found,
                 "%u of %u providers proved that their share fits, and this node needs %u to come "
                 "back",
                 r->drill.fit, r->drill.n, wanted);
        refuse_with(t, HF_EDRAINOWN, found);
    } else {
        t->drain = HF__DRAIN_DUE;
        d->state_changed = true;
    }
}

/* The request to the share holders, or why it is too large for this socket. */
static void send_request(struct local_conn *t, const struct hf_blackstart_report *r)
{
    char *text = malloc(2 * r->file.len + 1);
    if (text == NULL || 2 * r->file.len + FRAME_ROOM > HF_FRAME_MAX) {
        hf__local_refuse(t, text == NULL ? HF_ENOMEM : HF_ETOOBIG);
    } else {
        hf_hex_encode(r->file.data, r->file.len, text);
        send_json(t,
                  json_pack("{s:s,s:I,s:I,s:I}", "request", text, "number", (json_int_t)r->number,
                            "before_s", (json_int_t)r->before_s, "need", (json_int_t)r->need));
    }
    free(text);
}

/* What became of a share holder's answer: a wrong one is named. */
static void send_taken(struct local_conn *t, int error, const struct hf_blackstart_report *r)
{
    char alias[HF__WARNING_LEN / 2], found[HF__WARNING_LEN];
    snprintf(alias, sizeof alias, "%.*s", (int)r->alias.len,
             r->alias.len > 0 ? (const char *)r->alias.data : "");
    if (error == 0) {
        send_json(t, json_pack("{s:i,s:s,s:i,s:i}", "holder", r->holder, "alias", alias, "have",
                               r->have, "need", r->need));
        return;
    }
    if (r->holder > 0)
        snprintf(found, sizeof found, "the answer of share holder %u (%s); %u of %u are here",
                 r->holder, alias, r->have, r->need);
    else
        snprintf(found, sizeof found, "%u of %u answers are here", r->have, r->need);
    refuse_with(t, error, found);
}

/* Holds a refusal back that may pass by itself, while the asker waits. */
static bool hold_back(struct local_conn *t, int error)
{
    if (t->until_ms <= hf_clock_monotonic_ms() || !hf_error_transient(error))
        return false;
    t->refusal = error;
    return true;
}

void hf__local_answer(struct hf__daemon *d, const struct hf_local_reply *reply)
{
    struct local_conn *t = d->local != NULL ? d->local->conns : NULL;
    while (t != NULL && t->id != reply->id)
        t = t->next;
    if (t == NULL || t->closing || (reply->error != 0 && hold_back(t, reply->error)))
        return;
    if (t->type == HF__LOCAL_DRAIN && t->drain != HF__DRAIN_ASKED)
        drilled(t, reply);
    else if (reply->error == HF_EDRAIN)
        refuse_drain(t, &reply->drain);
    else if (t->type == HF__LOCAL_ANSWER && reply->blackstart.need > 0)
        send_taken(t, reply->error, &reply->blackstart);
    else if (t->type == HF__LOCAL_BLACKSTART && reply->error == 0)
        send_request(t, &reply->blackstart);
    else if (t->type == HF__LOCAL_DRILL && (reply->error == 0 || reply->drill.asked > 0))
        send_drill(t, &reply->drill);
    else if (reply->error != 0)
        hf__local_refuse(t, reply->error);
    else if (reply->key != NULL)
        send_key(t, reply);
    else
        send_json(t, json_pack("{s:b}", "done", 1));
}

static void answer_identity(struct local_conn *t)
{
    struct hf__daemon *d = t->owner->d;
    struct hf_bytes identity;
    int r = d->running ? hf_engine_identity(d->engine, &identity) : HF_ELOCKED;
    if (r != 0) {
        hf__local_refuse(t, r);
        return;
    }
    char *text = malloc(2 * identity.len + 1);
    if (text == NULL) {
        hf__local_refuse(t, HF_ENOMEM);
        return;
    }
    hf_hex_encode(identity.data, identity.len, text);
    send_json(t, json_pack("{s:s,s:s}", "identity", text, "address", d->address));
    free(text);
}

static void ask_with(struct local_conn *t, enum hf_local_type type, struct hf_bytes name,
                     uint64_t seconds)
{
    struct hf_event event = {.type = HF_EVENT_LOCAL};
    t->id = ++t->owner->next_id;
    if (!t->owner->d->running) {
        if (!hold_back(t, HF_ELOCKED))
            hf__local_refuse(t, HF_ELOCKED);
        return;
    }
    event.u.local.id = t->id;
    event.u.local.type = type;
    event.u.local.text = name;
    event.u.local.seconds = seconds;
    hf__daemon_step(t->owner->d, &event);
}

static void ask_for(struct local_conn *t, enum hf_local_type type, const char *name,
                    uint64_t seconds)
{
    ask_with(t, type, hf_bytes_of(name, strlen(name)), seconds);
}

static void ask_engine(struct local_conn *t, enum hf_local_type type, const char *name)
{
    ask_for(t, type, name, 0);
}

void hf__local_again(struct hf__daemon *d)
{
    if (d->local == NULL)
        return;
    for (struct local_conn *t = d->local->conns; t != NULL; t = t->next) {
        if (t->until_ms != 0 && !t->closing)
            ask_engine(t, HF_LOCAL_KEY, t->name);
        if (t->drain == HF__DRAIN_DUE && !t->closing) {
            t->drain = HF__DRAIN_ASKED;
            ask_engine(t, HF_LOCAL_DRAIN, "");
        }
    }
}

static void ask_key(struct local_conn *t, const struct hf__local_request *q)
{
    snprintf(t->name, sizeof t->name, "%s", q->name);
    t->until_ms = q->wait_ms > 0 ? hf_clock_monotonic_ms() + q->wait_ms : 0;
    /* Said when the engine has not answered until then: the write may still be under way. */
    t->refusal = HF_ETIMEOUT;
    hf__local_keep_time(t->owner);
    ask_engine(t, HF_LOCAL_KEY, t->name);
}

static void answer_status(struct local_conn *t)
{
    char *text = hf__status_json(t->owner->d, false);
    if (text == NULL)
        hf__local_refuse(t, HF_ENOMEM);
    else
        hf__local_send(t, text, strlen(text));
    free(text);
}

/* An application may ask for the keys that it may have, and for nothing else. */
static int check_rights(struct local_conn *t, const struct hf__local_request *q)
{
    struct hf__line l;
    if (!t->application || (q->type == HF__LOCAL_KEY &&
                            hf__applications_may_have(t->owner->d->applications, &t->who, q->name)))
        return 0;
    if (q->type == HF__LOCAL_KEY && !t->refused && hf__log_begin(&l, HF__WARNING, "key_refused")) {
        hf__line_text(&l, "name", q->name);
        hf__line_uint(&l, "uid", t->who.uid);
        hf__line_uint(&l, "pid", (uint64_t)t->who.pid);
        hf__log_write(&l);
        t->refused = true;
    }
    return HF_EPERMISSION;
}

void hf__local_serve(struct local_conn *t, struct hf_bytes json)
{
    struct hf__local_request q;
    int r = t->surplus ? HF_EBUSY : hf__local_decode(json, &q);
    t->ended = t->ended || t->surplus;
    if (r == 0)
        r = check_rights(t, &q);
    if (r != 0) {
        hf__local_refuse(t, r);
        return;
    }
    t->type = q.type;
    switch (q.type) {
    case HF__LOCAL_STATUS:
        answer_status(t);
        return;
    case HF__LOCAL_KEY:
        ask_key(t, &q);
        return;
    case HF__LOCAL_DRILL:
        ask_engine(t, HF_LOCAL_DRILL, "");
        return;
    case HF__LOCAL_DRAIN:
        t->drain = HF__DRAIN_OWN_KEY;
        ask_engine(t, HF_LOCAL_DRILL, "");
        return;
    case HF__LOCAL_UNDRAIN:
        ask_engine(t, HF_LOCAL_UNDRAIN, "");
        return;
    case HF__LOCAL_LEAVE:
        ask_for(t, HF_LOCAL_LEAVE, q.name, q.seconds);
        return;
    case HF__LOCAL_STAY:
        ask_engine(t, HF_LOCAL_STAY, "");
        return;
    case HF__LOCAL_ABANDON:
        ask_engine(t, HF_LOCAL_ABANDON, q.name);
        return;
    case HF__LOCAL_BLACKSTART:
        ask_engine(t, HF_LOCAL_BLACKSTART, "");
        return;
    case HF__LOCAL_ANSWER:
        ask_with(t, HF_LOCAL_ANSWER, hf_bytes_of(q.answer, q.answer_len), 0);
        return;
    case HF__LOCAL_IDENTITY:
        answer_identity(t);
        return;
    case HF__LOCAL_PEERS:
        send_json(t, hf__peers_json(t->owner->d));
        return;
    case HF__LOCAL_EVENTS:
        send_json(t, hf__events_json(t->owner->d));
        return;
    case HF__LOCAL_RELOAD:
        hf__daemon_reload(t->owner->d);
        send_json(t, json_pack("{s:b}", "done", 1));
        return;
    case HF__LOCAL_MUTE:
        r = hf__watch_mute(t->owner->d, q.reason, q.for_s);
        if (r != 0)
            hf__local_refuse(t, r);
        else
            send_json(t, json_pack("{s:b}", "done", 1));
        return;
    }
}
