/*
 * The network in one table: every member of the newest set is asked for its status, a few at a
 * time. What they say is shown to people, and decides nothing.
 */
#include "survey.h"

#include "ask.h"
#include "base/error.h"
#include "base/hex.h"
#include "clock/clock.h"

#include <jansson.h>
#include <stdlib.h>

enum {
    MEMBERS_MAX = 1024,
    AT_ONCE = 32,
    ONE_MS = 3000,
    ALL_MS = 20000,
    TEXT_MAX = 64,
    WARNINGS_MAX = 24,
};

/* Above every id of the engine's calls: so a result finds its way. */
#define TOKENS     (UINT64_C(1) << 32)
#define NUMBER_MAX (INT64_C(1) << 53)

struct hf__survey {
    struct hf__daemon *d;
    json_t *rows;
    uint64_t *asked_ms; /* of each row, when it was asked */
    struct hf_account *accounts;
    size_t count, next, running, left_off;
    uint64_t until_ms;
};

static void set(json_t *o, const char *name, json_t *value)
{
    int r = json_object_set_new_nocheck(o, name, value);
    hf_assert(r == 0);
}

/* ---- what an answer may say */

static bool printable(const char *text)
{
    size_t len = strnlen(text, TEXT_MAX + 1);
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return len <= TEXT_MAX;
}

static json_t *text_or_null(const json_t *value)
{
    const char *text = json_string_value(value);
    bool good = text != NULL && strlen(text) == json_string_length(value) && printable(text);
    return good ? json_string(text) : json_null();
}

static json_t *number_or_null(const json_t *value)
{
    json_int_t n = json_integer_value(value);
    return json_is_integer(value) && n >= 0 && n <= NUMBER_MAX ? json_integer(n) : json_null();
}

static json_t *bool_or_null(const json_t *value)
{
    return json_is_boolean(value) ? json_boolean(json_is_true(value)) : json_null();
}

static json_t *warnings_of(const json_t *list)
{
    json_t *codes = json_array();
    for (size_t i = 0; i < json_array_size(list) && i < WARNINGS_MAX; i++) {
        json_t *code = text_or_null(json_array_get(list, i));
        if (json_is_string(code))
            json_array_append(codes, code);
        json_decref(code);
    }
    return codes;
}

static void take(const json_t *root, json_t *row)
{
    static const char *const numbers[] = {"root", "policy", "epoch"};
    static const char *const counts[] = {"exit_status", "answering", "holders",
                                         "needed",      "share_set", "sealed_share_set"};
    static const char *const texts[] = {"version", "outlook"};
    static const char *const flags[] = {"draining", "leaving", "openable"};
    const json_t *member = json_object_get(root, "member");
    set(row, "state", text_or_null(json_object_get(root, "state")));
    set(row, "reason", text_or_null(json_object_get(json_object_get(root, "reason"), "code")));
    set(row, "open", bool_or_null(json_object_get(root, "open")));
    for (size_t i = 0; i < HF_ARRAY_LEN(numbers); i++)
        set(row, numbers[i], number_or_null(json_object_get(root, numbers[i])));
    for (size_t i = 0; i < HF_ARRAY_LEN(counts); i++)
        set(row, counts[i], number_or_null(json_object_get(member, counts[i])));
    for (size_t i = 0; i < HF_ARRAY_LEN(texts); i++)
        set(row, texts[i], text_or_null(json_object_get(member, texts[i])));
    for (size_t i = 0; i < HF_ARRAY_LEN(flags); i++)
        set(row, flags[i], bool_or_null(json_object_get(member, flags[i])));
    set(row, "warnings", warnings_of(json_object_get(member, "warnings")));
}

bool hf__survey_take(struct hf_bytes answer, json_t *row)
{
    json_error_t error;
    json_t *root =
        answer.len <= HF__SURVEY_ANSWER_MAX
            ? json_loadb((const char *)answer.data, answer.len, JSON_REJECT_DUPLICATES, &error)
            : NULL;
    bool good = json_is_object(root);
    if (good)
        take(root, row);
    json_decref(root);
    return good;
}

/* ---- the survey */

static void note(json_t *row, int error)
{
    set(row, "error", error != 0 ? json_string(hf_error_name(error)) : json_null());
    set(row, "message", error != 0 ? json_string(hf_error_sentence(error)) : json_null());
}

static json_t *row_of(const struct hf__daemon *d, const struct hf_validator *v)
{
    char account[65], name[HF__OPERATOR_LEN];
    json_t *row = json_object(), *nothing = json_object();
    hf_hex_encode(v->account.bytes, sizeof v->account, account);
    hf__status_operator(d, &v->account, name);
    json_t *operator_name = json_string(name);
    json_t *address = json_stringn((const char *)v->address.data, v->address.len);
    set(row, "operator", operator_name != NULL ? operator_name : json_null());
    set(row, "account", json_string(account));
    set(row, "address", address != NULL ? address : json_null());
    set(row, "self", json_false());
    set(row, "proved", json_false());
    set(row, "trip_ms", json_null());
    note(row, HF_ETIMEOUT); /* until it has answered */
    take(nothing, row);
    json_decref(nothing);
    return row;
}

static void survey_free(struct hf__survey *s)
{
    json_decref(s->rows);
    free(s->asked_ms);
    free(s->accounts);
    free(s);
}

/* All that asked are answered. */
static void finish(struct hf__survey *s)
{
    struct hf__daemon *d = s->d;
    json_t *root = json_pack("{s:O,s:I}", "members", s->rows, "left_off", (json_int_t)s->left_off);
    d->survey = NULL;
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    for (struct hf__ask *a = d->asks; a != NULL; a = a->next) {
        if (a->closing || a->id == 0 || a->type != HF__LOCAL_STATUS_ALL)
            continue;
        if (text == NULL)
            hf__ask_refuse(a, HF_ENOMEM);
        else
            a->send(a, text, strlen(text));
    }
    free(text);
    survey_free(s);
}

/* This node answers for itself. */
static void answer_self(struct hf__survey *s, size_t at)
{
    json_t *row = json_array_get(s->rows, at);
    char *text = hf__status_json(s->d, HF__STATUS_MEMBERS);
    if (text != NULL && hf__survey_take(hf_bytes_of(text, strlen(text)), row))
        note(row, 0);
    free(text);
    set(row, "self", json_true());
    set(row, "proved", json_boolean(json_is_true(json_object_get(row, "open"))));
    set(row, "trip_ms", json_integer(0));
}

static void ask_one(struct hf__survey *s, size_t at, uint64_t now_ms)
{
    json_t *row = json_array_get(s->rows, at);
    const struct hf_net_call call = {
        .token = TOKENS + at,
        .address = json_string_value(json_object_get(row, "address")),
        .flags = HF_NET_LOCKED_OK,
        .method = HF_NET_GET,
        .path = "/v1/status",
        .deadline_ms = ONE_MS,
        .answer_bytes_max = HF__SURVEY_ANSWER_MAX,
    };
    s->asked_ms[at] = now_ms;
    int r = hf_net_call(s->d->net, &call);
    if (r == 0)
        s->running++;
    else
        note(row, r);
}

/* Asks as many more as may be asked at once; the last answer ends it. */
static void go_on(struct hf__survey *s)
{
    struct hf_status status;
    uint64_t now_ms = hf_clock_monotonic_ms();
    hf__watch_status(s->d, &status);
    if (s->d->stopping)
        s->until_ms = 0;
    for (; s->next < s->count && s->running < AT_ONCE && now_ms < s->until_ms; s->next++) {
        if (status.has_account && hf_account_equal(&status.account, &s->accounts[s->next]))
            answer_self(s, s->next);
        else
            ask_one(s, s->next, now_ms);
    }
    if (s->running == 0)
        finish(s);
}

void hf__survey_answered(struct hf__daemon *d, const struct hf_net_result *result)
{
    struct hf__survey *s = d->survey;
    size_t at = (size_t)(result->token - TOKENS);
    hf_assert(s != NULL && at < s->count && s->running > 0);
    json_t *row = json_array_get(s->rows, at);
    const struct hf_account *proved = result->peer.account;
    int error = result->error;
    if (error == 0 && proved != NULL && !hf_account_equal(proved, &s->accounts[at]))
        error = HF_EPEER_ACCOUNT;
    if (error == 0 && (result->status != 200 || !hf__survey_take(result->body, row)))
        error = HF_EMALFORMED;
    note(row, error);
    if (error == 0) {
        set(row, "proved", json_boolean(proved != NULL));
        set(row, "trip_ms", json_integer((json_int_t)(hf_clock_monotonic_ms() - s->asked_ms[at])));
    }
    s->running--;
    go_on(s);
}

bool hf__survey_awaits(uint64_t token)
{
    return token >= TOKENS;
}

int hf__survey_begin(struct hf__daemon *d)
{
    const struct hf_document *set = d->running ? hf_engine_set(d->engine) : NULL;
    if (d->survey != NULL)
        return 0;
    if (set == NULL)
        return HF_ENODOCUMENTS;
    size_t all = set->u.set.validators_count, count = all < MEMBERS_MAX ? all : MEMBERS_MAX;
    struct hf__survey *s = calloc(1, sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    s->d = d;
    s->count = count;
    s->left_off = all - count;
    s->until_ms = hf_clock_monotonic_ms() + ALL_MS;
    s->rows = json_array();
    s->asked_ms = calloc(count + 1, sizeof *s->asked_ms);
    s->accounts = calloc(count + 1, sizeof *s->accounts);
    if (s->rows == NULL || s->asked_ms == NULL || s->accounts == NULL) {
        survey_free(s);
        return HF_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct hf_validator *v = &set->u.set.validators[i];
        s->accounts[i] = v->account;
        json_array_append_new(s->rows, row_of(d, v));
    }
    d->survey = s;
    go_on(s);
    return 0;
}
