/*
 * What the application and the operator of this machine ask, and an operator outside it: what each
 * may have, and the answer. proto/LOCAL.md specifies the requests, proto/OPERATOR.md which of them
 * an operator outside may make.
 */
#include "ask.h"
#include "askers.h"

#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"
#include "client/frame.h"
#include "clock/clock.h"
#include "log.h"
#include "quorum.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAME_ROOM = 256 }; /* of a frame, for what stands beside a file in it */

void hf__ask_send(struct hf__ask *a, json_t *root)
{
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (text == NULL) {
        a->end(a);
        return;
    }
    a->send(a, text, strlen(text));
    free(text);
}

void hf__ask_refuse(struct hf__ask *a, int error)
{
    hf__ask_send(a,
                 json_pack("{s:{s:s,s:s,s:b}}", "error", "code", hf_error_name(error), "message",
                           hf_error_sentence(error), "retryable", (int)hf_error_transient(error)));
}

static void send_drill(struct hf__ask *a, const struct hf_drill_report *r)
{
    json_t *root = json_pack("{s:i,s:i,s:i,s:i,s:i}", "k", r->k, "n", r->n, "asked", r->asked,
                             "answered", r->answered, "fit", r->fit);
    json_object_set_new(
        root, "providers",
        hf__status_providers(a->d, r->providers, r->providers_count, hf_clock_monotonic_ms()));
    hf__ask_send(a, root);
}

void hf__ask_refuse_with(struct hf__ask *a, int error, const char *found)
{
    hf__ask_send(a, json_pack("{s:{s:s,s:s,s:b,s:s}}", "error", "code", hf_error_name(error),
                              "message", hf_error_sentence(error), "retryable",
                              (int)hf_error_transient(error), "text", found));
}

/* An account as people know it: by its operator and its first digits. */
static void append_member(struct hf__daemon *d, const struct hf_account *account,
                          struct hf_buf *text)
{
    char digits[65], name[HF__OPERATOR_LEN];
    hf_hex_encode(account->bytes, sizeof account->bytes, digits);
    hf__status_operator(d, account, name);
    hf_buf_printf(text, "%s (%.8s)", name[0] != '\0' ? name : "one in no set", digits);
}

static void refuse_drain(struct hf__ask *a, const struct hf_drain_report *r)
{
    struct hf_buf text;
    hf_buf_init(&text, 1 << 12);
    append_member(a->d, &r->owner, &text);
    hf_buf_printf(&text, " would have %u live provider%s without this node, and %u are wanted",
                  r->live, r->live == 1 ? "" : "s", r->needed);
    for (size_t i = 0; i < r->missing_count; i++) {
        hf_buf_printf(&text, i == 0 ? "; gone or draining: " : ", ");
        append_member(a->d, &r->missing[i], &text);
    }
    if (r->owners > 1)
        hf_buf_printf(&text, "; %u owners would have too few", r->owners);
    hf_buf_append_u8(&text, 0);
    hf__ask_refuse_with(a, HF_EDRAIN, text.error == 0 ? (const char *)text.data : "");
    hf_buf_done(&text);
}

/* The first half of a drain: could this node get its own key back? Whether its owners can spare it
 * is asked when the step is over. */
static void drilled(struct hf__ask *a, const struct hf_local_reply *r)
{
    struct hf__daemon *d = a->d;
    char found[HF__WARNING_LEN];
    struct hf_status s;
    hf__watch_status(d, &s);
    bool closed = r->drill.asked == 0; /* locked, or without a backup: nothing of its own to lose */
    unsigned wanted = s.q > s.k ? s.q : s.k;
    if (r->error == HF_EBUSY) {
        hf__ask_refuse(a, HF_EBUSY);
    } else if (closed && s.open && s.registered && s.generation == 0) {
        hf__ask_refuse(a, HF_ENOTPLACED);
    } else if (!closed && r->drill.fit < wanted) {
        snprintf(found, sizeof found,
                 "%u of %u providers proved that their share fits, and this node needs %u to come "
                 "back; `holdfast backup verify` says which did not",
                 r->drill.fit, r->drill.n, wanted);
        hf__ask_refuse_with(a, HF_EDRAINOWN, found);
    } else {
        a->drain = HF__DRAIN_DUE;
        d->state_changed = true;
    }
}

/* The digits of what goes to a file, to be freed; NULL: refused, as too large for this socket. */
static char *digits_of(struct hf__ask *a, struct hf_bytes file)
{
    bool fits = 2 * file.len + FRAME_ROOM <= HF_FRAME_MAX;
    char *text = fits ? malloc(2 * file.len + 1) : NULL;
    if (text == NULL)
        hf__ask_refuse(a, fits ? HF_ENOMEM : HF_ETOOBIG);
    else
        hf_hex_encode(file.data, file.len, text);
    return text;
}

/* The attestation of an application's machine. */
static void send_quote(struct hf__ask *a, struct hf_bytes quote)
{
    char network[2 * sizeof a->d->settings->network.bytes + 1];
    char *text = digits_of(a, quote);
    hf_hex_encode(a->d->settings->network.bytes, sizeof a->d->settings->network.bytes, network);
    if (text != NULL)
        hf__ask_send(a, json_pack("{s:s,s:s}", "quote", text, "network", network));
    free(text);
}

/* Holds a refusal back that may pass by itself, while the asker waits. */
static bool hold_back(struct hf__ask *a, int error)
{
    /* Who asks must turn to the new release, which listens elsewhere. */
    if (a->until_ms <= hf_clock_monotonic_ms() || !hf_error_transient(error) ||
        error == HF_EHANDEDOVER)
        return false;
    a->refusal = error;
    return true;
}

static struct hf__ask *asker(const struct hf__daemon *d, uint64_t id)
{
    struct hf__ask *a = d->asks;
    while (a != NULL && a->id != id)
        a = a->next;
    return a;
}

bool hf__local_waits(const struct hf__daemon *d, uint64_t id)
{
    return asker(d, id) != NULL;
}

void hf__local_answer(struct hf__daemon *d, const struct hf_local_reply *reply)
{
    struct hf__ask *a = asker(d, reply->id);
    if (a == NULL || a->closing || (reply->error != 0 && hold_back(a, reply->error)))
        return;
    if (a->type == HF__LOCAL_DRAIN && a->drain != HF__DRAIN_ASKED)
        drilled(a, reply);
    else if (reply->error == HF_EDRAIN)
        refuse_drain(a, &reply->drain);
    else if (a->type == HF__LOCAL_ANSWER && reply->blackstart.need > 0)
        hf__quorum_taken(a, reply->error, &reply->blackstart);
    else if (a->type == HF__LOCAL_BLACKSTART && reply->error == 0)
        hf__quorum_request(a, &reply->blackstart);
    else if (a->type == HF__LOCAL_QUOTE && reply->error == 0)
        send_quote(a, reply->quote);
    else if (a->type == HF__LOCAL_DRILL && (reply->error == 0 || reply->drill.asked > 0))
        send_drill(a, &reply->drill);
    else if (reply->error != 0)
        hf__ask_refuse(a, reply->error);
    else if (reply->key != NULL)
        hf__ask_key_send(a, reply);
    else
        hf__ask_send(a, json_pack("{s:b}", "done", 1));
}

static void answer_identity(struct hf__ask *a)
{
    struct hf__daemon *d = a->d;
    struct hf_bytes identity;
    int r = d->running ? hf_engine_identity(d->engine, &identity) : HF_ELOCKED;
    if (r != 0) {
        hf__ask_refuse(a, r);
        return;
    }
    char *text = malloc(2 * identity.len + 1);
    if (text == NULL) {
        hf__ask_refuse(a, HF_ENOMEM);
        return;
    }
    hf_hex_encode(identity.data, identity.len, text);
    hf__ask_send(a, json_pack("{s:s,s:s}", "identity", text, "address", d->address));
    free(text);
}

void hf__ask_step(struct hf__ask *a, struct hf_event *event)
{
    event->type = HF_EVENT_LOCAL;
    event->u.local.id = a->id = ++a->d->next_ask;
    if (a->d->running)
        hf__daemon_step(a->d, event);
    else if (!hold_back(a, HF_ELOCKED))
        hf__ask_refuse(a, HF_ELOCKED);
}

static void ask_with(struct hf__ask *a, enum hf_local_type type, struct hf_bytes name,
                     uint64_t seconds)
{
    struct hf_event event = {0};
    event.u.local.type = type;
    event.u.local.text = name;
    event.u.local.seconds = seconds;
    hf__ask_step(a, &event);
}

static void ask_for(struct hf__ask *a, enum hf_local_type type, const char *name, uint64_t seconds)
{
    ask_with(a, type, hf_bytes_of(name, strlen(name)), seconds);
}

static void ask_engine(struct hf__ask *a, enum hf_local_type type, const char *name)
{
    ask_for(a, type, name, 0);
}

void hf__local_again(struct hf__daemon *d)
{
    for (struct hf__ask *a = d->asks; a != NULL; a = a->next) {
        if (a->until_ms != 0 && !a->closing)
            hf__ask_key_again(a);
        if (a->drain == HF__DRAIN_DUE && !a->closing) {
            a->drain = HF__DRAIN_ASKED;
            ask_engine(a, HF_LOCAL_DRAIN, "");
        }
    }
}

static void answer_status(struct hf__ask *a)
{
    char *text = hf__status_json(a->d, HF__STATUS_ALL);
    if (text == NULL)
        hf__ask_refuse(a, HF_ENOMEM);
    else
        a->send(a, text, strlen(text));
    free(text);
}

static void answer_metrics(struct hf__ask *a)
{
    struct hf_buf text;
    hf__metrics_text(a->d, &text);
    if (text.error != 0)
        hf__ask_refuse(a, text.error);
    else
        hf__ask_send(a, json_pack("{s:s#}", "metrics", text.data, (int)text.len));
    hf_buf_done(&text);
}

/* What is known of the other members, and of this one by figures and on the page. */
static void answer_members(struct hf__ask *a, enum hf__local_request_type type)
{
    if (type == HF__LOCAL_METRICS)
        answer_metrics(a);
    else if (type == HF__LOCAL_PAGE)
        hf__ask_send(a, hf__page_data(a->d));
    else if (type == HF__LOCAL_PEERS)
        hf__ask_send(a, hf__peers_json(a->d));
    else if (type == HF__LOCAL_EVENTS)
        hf__ask_send(a, hf__events_json(a->d));
    else
        hf__ask_send(a, hf__evidence_json(a->d));
}

/* What an operator outside may ask for: what only reads, and what acts. */
static bool reads(enum hf__local_request_type type)
{
    return type == HF__LOCAL_STATUS || type == HF__LOCAL_STATUS_ALL || type == HF__LOCAL_PEERS ||
           type == HF__LOCAL_EVENTS || type == HF__LOCAL_EVIDENCE || type == HF__LOCAL_METRICS ||
           type == HF__LOCAL_EXPLAIN || type == HF__LOCAL_IDENTITY || type == HF__LOCAL_PAGE;
}

bool hf__ask_acts(enum hf__local_request_type type)
{
    return type == HF__LOCAL_DRAIN || type == HF__LOCAL_UNDRAIN || type == HF__LOCAL_LEAVE ||
           type == HF__LOCAL_STAY || type == HF__LOCAL_RELOAD;
}

static bool is_of_key(enum hf__local_request_type type)
{
    return type == HF__LOCAL_KEY || type == HF__LOCAL_KEYS || type == HF__LOCAL_CONFIRM;
}

static bool may_ask(const struct hf__ask *a, const struct hf__local_request *q)
{
    switch (a->right) {
    case HF__RIGHT_ALL:
        return true;
    case HF__RIGHT_KEYS:
        return q->type == HF__LOCAL_QUOTE ||
               (is_of_key(q->type) &&
                hf__applications_may_have(a->d->applications, &a->who, q->name));
    case HF__RIGHT_READ:
        return reads(q->type);
    case HF__RIGHT_ACT:
        return reads(q->type) || hf__ask_acts(q->type);
    }
    hf_assert(false);
}

static int check_rights(struct hf__ask *a, const struct hf__local_request *q)
{
    struct hf__line l;
    if (may_ask(a, q))
        return 0;
    if (a->right == HF__RIGHT_KEYS && is_of_key(q->type) && !a->refused &&
        hf__asker_log(a->d, HF__KEY_REFUSED, a->who.uid, &l)) {
        hf__line_text(&l, "name", q->name);
        hf__line_uint(&l, "uid", a->who.uid);
        hf__line_uint(&l, "pid", (uint64_t)a->who.pid);
        hf__log_write(&l);
        a->refused = true;
    }
    return HF_EPERMISSION;
}

static void survey(struct hf__ask *a)
{
    a->id = ++a->d->next_ask;
    int r = hf__survey_begin(a->d);
    if (r != 0)
        hf__ask_refuse(a, r);
}

/* What the daemon does itself. */
static void tell_daemon(struct hf__ask *a, const struct hf__local_request *q)
{
    int r = 0;
    if (q->type == HF__LOCAL_MUTE)
        r = hf__watch_mute(a->d, q->reason, q->for_s);
    else
        hf__daemon_reload(a->d);
    if (r != 0)
        hf__ask_refuse(a, r);
    else
        hf__ask_send(a, json_pack("{s:b}", "done", 1));
}

void hf__ask_join(struct hf__daemon *d, struct hf__ask *a)
{
    a->d = d;
    a->next = d->asks;
    d->asks = a;
}

void hf__ask_leave(struct hf__ask *a)
{
    struct hf__ask **at = &a->d->asks;
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
}

static void ask_bytes(struct hf__ask *a, const struct hf__local_request *q)
{
    enum hf_local_type type = q->type == HF__LOCAL_QUOTE ? HF_LOCAL_QUOTE : HF_LOCAL_ANSWER;
    if (type == HF_LOCAL_QUOTE && !hf__asker_may_quote(a->d, a->who.uid)) {
        hf__ask_refuse(a, HF_ERATE);
        return;
    }
    ask_with(a, type, hf_bytes_of(q->answer, q->answer_len), 0);
}

void hf__ask_serve(struct hf__ask *a, struct hf_bytes json)
{
    struct hf__local_request q;
    int r = hf__local_decode(json, &q);
    r = r == 0 ? check_rights(a, &q) : r;
    if (r != 0) {
        hf__ask_refuse(a, r);
        return;
    }
    a->type = q.type;
    switch (q.type) {
    case HF__LOCAL_STATUS:
        answer_status(a);
        return;
    case HF__LOCAL_STATUS_ALL:
        survey(a);
        return;
    case HF__LOCAL_KEY:
    case HF__LOCAL_KEYS:
    case HF__LOCAL_CONFIRM:
        hf__ask_key(a, &q);
        return;
    case HF__LOCAL_DRILL:
        ask_engine(a, HF_LOCAL_DRILL, "");
        return;
    case HF__LOCAL_DRAIN:
        a->drain = HF__DRAIN_OWN_KEY;
        ask_engine(a, HF_LOCAL_DRILL, "");
        return;
    case HF__LOCAL_UNDRAIN:
    case HF__LOCAL_STAY:
        ask_engine(a, q.type == HF__LOCAL_STAY ? HF_LOCAL_STAY : HF_LOCAL_UNDRAIN, "");
        return;
    case HF__LOCAL_LEAVE:
        ask_for(a, HF_LOCAL_LEAVE, q.name, q.seconds);
        return;
    case HF__LOCAL_ABANDON:
        ask_engine(a, HF_LOCAL_ABANDON, q.name);
        return;
    case HF__LOCAL_BLACKSTART:
    case HF__LOCAL_TAINT:
        ask_engine(a, q.type == HF__LOCAL_TAINT ? HF_LOCAL_TAINT : HF_LOCAL_BLACKSTART, "");
        return;
    case HF__LOCAL_REQUEST_PART:
        hf__quorum_part(a, q.offset);
        return;
    case HF__LOCAL_ANSWER:
    case HF__LOCAL_QUOTE:
        ask_bytes(a, &q);
        return;
    case HF__LOCAL_IDENTITY:
        answer_identity(a);
        return;
    case HF__LOCAL_PAGE:
    case HF__LOCAL_PEERS:
    case HF__LOCAL_EVENTS:
    case HF__LOCAL_EVIDENCE:
    case HF__LOCAL_METRICS:
        answer_members(a, q.type);
        return;
    case HF__LOCAL_EXPLAIN:
        hf__ask_send(a, json_pack("{s:o}", "reasons", hf__reasons_json(q.reason)));
        return;
    case HF__LOCAL_RELOAD:
    case HF__LOCAL_MUTE:
        tell_daemon(a, &q);
        return;
    }
}
