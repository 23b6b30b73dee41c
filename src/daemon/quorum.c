/* What a status says of the share holders (proto/LOCAL.md). */
#include "quorum.h"

#include "base/error.h"
#include "base/hex.h"
#include "daemon.h"
#include "document/blob.h"

#include <stdio.h>
#include <stdlib.h>

enum { PART_MAX = 256 << 10 }; /* bytes of a file in one frame, as hexadecimal digits */

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

void hf__quorum_request(struct hf__ask *a, const struct hf_blackstart_report *r)
{
    char digest[2 * sizeof r->hash.bytes + 1];
    struct hf_blob *file = hf_blob_new(r->file);
    if (file == NULL) {
        hf__ask_refuse(a, HF_ENOMEM);
        return;
    }
    hf_blob_unref(a->d->request_file);
    a->d->request_file = file;
    hf_hex_encode(r->hash.bytes, sizeof r->hash.bytes, digest);
    hf__ask_send(a,
                 json_pack("{s:s,s:I,s:I,s:I}", "digest", digest, "number", (json_int_t)r->number,
                           "before_s", (json_int_t)r->before_s, "need", (json_int_t)r->need));
}

void hf__quorum_part(struct hf__ask *a, uint64_t offset)
{
    const struct hf_blob *file = a->d->request_file;
    if (file == NULL || offset >= file->len) {
        hf__ask_refuse(a, file == NULL ? HF_ENOREQUEST : HF_EINVAL);
        return;
    }
    size_t left = file->len - (size_t)offset, len = left < PART_MAX ? left : PART_MAX;
    char *digits = malloc(2 * len + 1);
    if (digits == NULL) {
        hf__ask_refuse(a, HF_ENOMEM);
        return;
    }
    hf_hex_encode(file->data + offset, len, digits);
    hf__ask_send(a, json_pack("{s:s,s:I}", "part", digits, "len", (json_int_t)file->len));
    free(digits);
}

void hf__quorum_taken(struct hf__ask *a, int error, const struct hf_blackstart_report *r)
{
    char alias[HF__WARNING_LEN / 2], found[HF__WARNING_LEN];
    snprintf(alias, sizeof alias, "%.*s", (int)r->alias.len,
             r->alias.len > 0 ? (const char *)r->alias.data : "");
    if (error == 0) {
        hf__ask_send(a, json_pack("{s:i,s:s,s:i,s:i}", "holder", r->holder, "alias", alias, "have",
                                  r->have, "need", r->need));
        return;
    }
    if (r->holder > 0)
        snprintf(found, sizeof found,
                 "an answer in the name of share holder %u (%s); %u of %u are here", r->holder,
                 alias, r->have, r->need);
    else
        snprintf(found, sizeof found, "%u of %u answers are here", r->have, r->need);
    hf__ask_refuse_with(a, error, found);
}
