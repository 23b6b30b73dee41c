/* What a status says of the share holders (proto/LOCAL.md). */
#include "quorum.h"

#include "base/hex.h"

/* Null: there has been none. */
static json_t *time_of(uint64_t s)
{
    return s != 0 ? json_integer((json_int_t)s) : json_null();
}

static json_t *holders_of(const struct hf_status *s)
{
    json_t *list = json_array();
    for (int i = 1; i <= HF_SHARES_MAX; i++)
        if ((s->blackstart_holders >> i & 1) != 0)
            json_array_append_new(list, json_integer(i));
    return list;
}

/* Who the share holders are: on a validator, where people are needed, nothing else says it. */
static json_t *people_of(const struct hf_status *s)
{
    json_t *list = json_array();
    for (size_t i = 0; s->people != NULL && i < s->people->holders_count; i++) {
        const struct hf_bytes alias = s->people->holders[i].alias;
        json_array_append_new(
            list, json_pack("{s:o,s:b}", "alias", json_stringn((const char *)alias.data, alias.len),
                            "answered", (int)(s->blackstart_holders >> (i + 1) & 1)));
    }
    return list;
}

json_t *hf__quorum_object(const struct hf_status *s)
{
    char digest[2 * sizeof s->blackstart_request.bytes + 1];
    hf_hex_encode(s->blackstart_request.bytes, sizeof s->blackstart_request.bytes, digest);
    json_t *o = json_pack("{s:b,s:b,s:o,s:i,s:i,s:i,s:i,s:o,s:b,s:o,s:i,s:i,s:o}", "wanted",
                          s->quorum_wanted, "sealed", s->sealed, "since_s", time_of(s->sealed_s),
                          "sealed_share_set", s->sealed_share_set, "left_with", s->sealed_holders,
                          "share_set", s->share_set, "request", s->blackstart_number, "request_s",
                          time_of(s->blackstart_s), "open", s->blackstart_open, "digest",
                          s->blackstart_open ? json_string(digest) : json_null(), "have",
                          s->blackstart_have, "need", s->blackstart_need, "holders", holders_of(s));
    json_object_set_new(o, "openable", json_boolean(s->openable));
    json_object_set_new(o, "lost", json_boolean(s->lost));
    json_object_set_new(o, "threshold",
                        json_integer(s->people != NULL ? (json_int_t)s->people->threshold : 0));
    json_object_set_new(o, "people", people_of(s));
    return o;
}
