/* What the status page is drawn from: proto/PAGE.md. */
#include "base/error.h"
#include "daemon.h"
#include "life.h"

#include <jansson.h>
#include <stdlib.h>

enum { EVENTS_MAX = 64, MEMBERS_MAX = 1024 };

/* Of the status: nothing that only the machine's own user should know, as where its files are, and
 * what share holders are called. */
static const char *const members_of_status[] = {
    "exit_status",
    "key",
    "warnings",
    "expires",
    "state",
    "says",
    "reason",
    "reason_of",
    "since_ms",
    "account",
    "network",
    "open",
    "claimed",
    "registered",
    "draining",
    "dev",
    "leaving",
    "root",
    "policy",
    "epoch",
    "validators",
    "claim",
    "k",
    "q",
    "n",
    "generation",
    "confirmed",
    "dealing",
    "dealing_receipts",
    "providers",
    "mesh",
    "owners",
    "shares",
    "broken_promises",
    "last_refusal",
    "store_error",
    "listen_error",
    "listen",
    "operator",
    "registered_address",
    "platform",
    "version",
    "formats",
    "uptime_ms",
    "now_s",
    "retry_in_ms",
    "start_text",
};
static const char *const members_of_quorum[] = {"wanted", "sealed", "openable", "open",
                                                "have",   "need",   "lost"};

static void copy(json_t *to, const json_t *from, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(from, names[i]);
        if (value != NULL)
            json_object_set(to, names[i], value);
    }
}

static json_t *status_of(struct hf__daemon *d)
{
    char *text = hf__status_json(d, HF__STATUS_ALL);
    json_t *whole = text != NULL ? json_loads(text, 0, NULL) : NULL, *o = json_object();
    free(text);
    copy(o, whole, members_of_status, HF_ARRAY_LEN(members_of_status));
    json_t *quorum = json_object();
    copy(quorum, json_object_get(whole, "quorum"), members_of_quorum,
         HF_ARRAY_LEN(members_of_quorum));
    json_object_set_new(o, "quorum", quorum);
    json_decref(whole);
    return o;
}

/* The first of a list's objects, with these members alone. */
static json_t *shortened(const json_t *list, size_t count_max, const char *const *names,
                         size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < json_array_size(list) && i < count_max; i++) {
        json_t *one = json_object();
        copy(one, json_array_get(list, i), names, count);
        json_array_append_new(all, one);
    }
    return all;
}

static json_t *members_json(struct hf__daemon *d)
{
    static const char *const names[] = {"operator", "account",    "self", "state",
                                        "draining", "index",      "kept", "failing_ms",
                                        "trip_ms",  "suspecting", "broke"};
    json_t *whole = hf__peers_json(d);
    json_t *list =
        shortened(json_object_get(whole, "peers"), MEMBERS_MAX, names, HF_ARRAY_LEN(names));
    json_decref(whole);
    return list;
}

static json_t *events_json(struct hf__daemon *d)
{
    static const char *const names[] = {
        "kind", "subject", "subject_operator", "author_operator", "issued_s", "until_s",
        "over", "done"};
    json_t *whole = hf__events_json(d);
    json_t *list =
        shortened(json_object_get(whole, "events"), EVENTS_MAX, names, HF_ARRAY_LEN(names));
    json_decref(whole);
    return list;
}

static void explain(const json_t *name, json_t *reasons)
{
    const char *code = json_string_value(name);
    if (code == NULL || json_object_get(reasons, code) != NULL)
        return;
    int number = hf_error_from_name(code);
    if (strcmp(hf_error_name(number), code) != 0)
        return;
    json_t *list = hf__reasons_json(number);
    json_object_set(reasons, code, json_array_get(list, 0));
    json_decref(list);
}

/* What every reason that is named somewhere means. */
static void explain_all(const json_t *value, json_t *reasons)
{
    const char *key;
    json_t *member;
    for (size_t i = 0; i < json_array_size(value); i++)
        explain_all(json_array_get(value, i), reasons);
    json_object_foreach((json_t *)value, key, member)
    {
        if (strcmp(key, "code") == 0 || strcmp(key, "error") == 0)
            explain(member, reasons);
        explain_all(member, reasons);
    }
}

json_t *hf__page_data(struct hf__daemon *d)
{
    json_t *reasons = json_object();
    json_t *data = json_pack("{s:o,s:o,s:o,s:o,s:o}", "status", status_of(d), "members",
                             members_json(d), "events", events_json(d), "life", hf__life_json(d),
                             "samples", hf__life_samples(d));
    if (data != NULL) {
        explain_all(data, reasons);
        json_object_set(data, "reasons", reasons);
    }
    json_decref(reasons);
    return data;
}
