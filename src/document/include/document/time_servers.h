/* The servers from which a policy takes the time (proto/TIME.md, 1). */
#ifndef HF_DOCUMENT_TIME_SERVERS_H
#define HF_DOCUMENT_TIME_SERVERS_H

#include "base/bytes.h"
#include "wire/messages.h"

enum {
    HF_TIME_SERVERS_MAX = 16,
    /* Of fewer, one that lies or is down leaves no majority. */
    HF_TIME_OPERATORS_MIN = 3,
};

/* Whether it is a host name that can be asked: labels of a-z, 0-9 and -, divided by dots. */
bool hf_time_server_name_ok(struct hf_bytes name);
/* The first of the policy's servers that has this name; time_servers_count: none has. */
size_t hf_time_server_named(const struct hf_policy *p, struct hf_bytes name);
/* The first of the policy's servers that is of the same operator as the one at this index. */
size_t hf_time_operator_of(const struct hf_policy *p, size_t at);
/* How many operators the policy lists. */
size_t hf_time_operators(const struct hf_policy *p);
/* How many of them must agree: more than half. */
size_t hf_time_needed(const struct hf_policy *p);
/* Whether the policy lists none, or such as section 1 asks for. */
bool hf_time_servers_ok(const struct hf_policy *p);

#endif
