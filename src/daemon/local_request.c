#include "local.h"

#include "base/error.h"
#include "base/hex.h"

#include <jansson.h>
#include <stdio.h>

static const struct {
    const char *name;
    enum hf__local_request_type type;
} requests[] = {
    {"status", HF__LOCAL_STATUS},
    {"key", HF__LOCAL_KEY},
    {"drill", HF__LOCAL_DRILL},
    {"drain", HF__LOCAL_DRAIN},
    {"undrain", HF__LOCAL_UNDRAIN},
    {"identity", HF__LOCAL_IDENTITY},
    {"peers", HF__LOCAL_PEERS},
    {"events", HF__LOCAL_EVENTS},
    {"reload", HF__LOCAL_RELOAD},
    {"mute", HF__LOCAL_MUTE},
    {"leave", HF__LOCAL_LEAVE},
    {"stay", HF__LOCAL_STAY},
    {"abandon", HF__LOCAL_ABANDON},
    {"blackstart", HF__LOCAL_BLACKSTART},
    {"answer", HF__LOCAL_ANSWER},
    {"metrics", HF__LOCAL_METRICS},
    {"explain", HF__LOCAL_EXPLAIN},
    {"status_all", HF__LOCAL_STATUS_ALL},
    {"quote", HF__LOCAL_QUOTE},
    {"evidence", HF__LOCAL_EVIDENCE},
    {"request_part", HF__LOCAL_REQUEST_PART},
    {"page", HF__LOCAL_PAGE},
    {"keys", HF__LOCAL_KEYS},
    {"confirm", HF__LOCAL_CONFIRM},
    {"taint", HF__LOCAL_TAINT},
};

/* The key's name, how long its asker waits, and which version it confirms. */
static int decode_key(const json_t *root, struct hf__local_request *ret)
{
    const json_t *name = json_object_get(root, "name"), *wait = json_object_get(root, "wait_ms");
    size_t len = json_string_length(name);
    json_int_t wait_ms = json_integer_value(wait);
    if (!json_is_string(name) || len == 0 || len >= sizeof ret->name)
        return HF_EINVAL;
    if (wait != NULL && (!json_is_integer(wait) || wait_ms < 0 || wait_ms > HF__LOCAL_WAIT_MAX))
        return HF_EINVAL;
    const json_t *version = json_object_get(root, "version");
    json_int_t number = json_integer_value(version); /* 0: it is none */
    if (ret->type == HF__LOCAL_CONFIRM && (number < 1 || number > UINT32_MAX))
        return HF_EINVAL;
    ret->version = ret->type == HF__LOCAL_CONFIRM ? (uint32_t)number : 0;
    memcpy(ret->name, json_string_value(name), len);
    ret->wait_ms = (uint32_t)wait_ms;
    return 0;
}

/* Which warning, and for how long. */
static int decode_mute(const json_t *root, struct hf__local_request *ret)
{
    const char *reason = json_string_value(json_object_get(root, "reason"));
    const json_t *for_s = json_object_get(root, "for_s");
    json_int_t s = json_integer_value(for_s);
    if (reason == NULL || !json_is_integer(for_s) || s < 0 || s > HF__LOCAL_MUTE_S_MAX)
        return HF_EINVAL;
    ret->reason = hf_error_from_name(reason);
    ret->for_s = (uint64_t)s;
    return ret->reason == HF_EINTERNAL ? HF_EINVAL : 0;
}

/* Which reason; none is all of them. */
static int decode_explain(const json_t *root, struct hf__local_request *ret)
{
    const json_t *reason = json_object_get(root, "reason");
    if (reason == NULL)
        return 0;
    if (!json_is_string(reason))
        return HF_EINVAL;
    ret->reason = hf_error_from_name(json_string_value(reason));
    bool known = strcmp(hf_error_name(ret->reason), json_string_value(reason)) == 0;
    return known ? 0 : HF_ENOTFOUND;
}

static int decode_text(const json_t *value, struct hf__local_request *ret)
{
    size_t len = json_string_length(value);
    if (!json_is_string(value) || len >= sizeof ret->name)
        return HF_EINVAL;
    memcpy(ret->name, json_string_value(value), len);
    return 0;
}

/* The deadline, and why. */
static int decode_leave(const json_t *root, struct hf__local_request *ret)
{
    const json_t *seconds = json_object_get(root, "seconds");
    json_int_t s = json_integer_value(seconds);
    if (!json_is_integer(seconds) || s < 0 || s > HF__LOCAL_LEAVE_S_MAX)
        return HF_EINVAL;
    ret->seconds = (uint64_t)s;
    return decode_text(json_object_get(root, "reason"), ret);
}

/* A share holder's answer. */
static int decode_answer(const json_t *root, struct hf__local_request *ret)
{
    const json_t *answer = json_object_get(root, "answer");
    size_t digits = json_string_length(answer);
    if (!json_is_string(answer) || digits == 0 || digits % 2 != 0 ||
        digits / 2 > sizeof ret->answer)
        return HF_EINVAL;
    ret->answer_len = digits / 2;
    return hf_hex_decode(json_string_value(answer), ret->answer, ret->answer_len);
}

/* What a quote for an application is to be over. */
static int decode_quote(const json_t *root, struct hf__local_request *ret)
{
    static const struct {
        const char *name;
        size_t len;
    } parts[] = {{"bytes", 64}, {"nonce", 32}};
    for (size_t i = 0; i < HF_ARRAY_LEN(parts); i++) {
        const json_t *value = json_object_get(root, parts[i].name);
        if (!json_is_string(value) || json_string_length(value) != 2 * parts[i].len ||
            hf_hex_decode(json_string_value(value), ret->answer + ret->answer_len, parts[i].len) !=
                0)
            return HF_EINVAL;
        ret->answer_len += parts[i].len;
    }
    return 0;
}

/* From where on a file is wanted. */
static int decode_offset(const json_t *root, struct hf__local_request *ret)
{
    const json_t *offset = json_object_get(root, "offset");
    if (!json_is_integer(offset) || json_integer_value(offset) < 0)
        return HF_EINVAL;
    ret->offset = (uint64_t)json_integer_value(offset);
    return 0;
}

static int decode_more(const json_t *root, struct hf__local_request *ret)
{
    switch (ret->type) {
    case HF__LOCAL_KEY:
    case HF__LOCAL_KEYS:
    case HF__LOCAL_CONFIRM:
        return decode_key(root, ret);
    case HF__LOCAL_MUTE:
        return decode_mute(root, ret);
    case HF__LOCAL_EXPLAIN:
        return decode_explain(root, ret);
    case HF__LOCAL_LEAVE:
        return decode_leave(root, ret);
    case HF__LOCAL_ABANDON:
        return decode_text(json_object_get(root, "account"), ret);
    case HF__LOCAL_ANSWER:
        return decode_answer(root, ret);
    case HF__LOCAL_QUOTE:
        return decode_quote(root, ret);
    case HF__LOCAL_REQUEST_PART:
        return decode_offset(root, ret);
    default:
        return 0;
    }
}

static int decode(const json_t *root, struct hf__local_request *ret)
{
    const char *word = json_string_value(json_object_get(root, "request"));
    if (word == NULL)
        return HF_EMALFORMED;
    for (size_t i = 0; i < HF_ARRAY_LEN(requests); i++) {
        if (strcmp(word, requests[i].name) != 0)
            continue;
        struct hf__local_request r = {.type = requests[i].type};
        int error = decode_more(root, &r);
        if (error == 0)
            *ret = r;
        return error;
    }
    return HF_EUNSUPPORTED;
}

const char *hf__local_request_name(enum hf__local_request_type type)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(requests); i++)
        if (requests[i].type == type)
            return requests[i].name;
    return "";
}

int hf__local_decode(struct hf_bytes json, struct hf__local_request *ret)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        return HF_EMALFORMED;
    int r = decode(root, ret);
    json_decref(root);
    return r;
}
