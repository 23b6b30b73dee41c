/* The servers from which a policy takes the time. */
#include "document/time_servers.h"

#include "base/check.h"

bool hf_time_server_name_ok(struct hf_bytes name)
{
    bool letter = false; /* or a digit */
    uint8_t before = '.';
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && !(c == '-' && before != '.') &&
            !(c == '.' && before != '.' && before != '-'))
            return false;
        before = c;
    }
    return letter;
}

size_t hf_time_server_named(const struct hf_policy *p, struct hf_bytes name)
{
    size_t at = 0;
    while (at < p->time_servers_count && !hf_bytes_equal(p->time_servers[at].name, name))
        at++;
    return at;
}

size_t hf_time_operator_of(const struct hf_policy *p, size_t at)
{
    size_t first = 0;
    hf_assert(at < p->time_servers_count);
    while (!hf_bytes_equal(p->time_servers[first].operator_name, p->time_servers[at].operator_name))
        first++;
    return first;
}

size_t hf_time_operators(const struct hf_policy *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->time_servers_count; i++)
        count += hf_time_operator_of(p, i) == i;
    return count;
}

size_t hf_time_needed(const struct hf_policy *p)
{
    return hf_time_operators(p) / 2 + 1;
}

bool hf_time_servers_ok(const struct hf_policy *p)
{
    for (size_t i = 0; i < p->time_servers_count; i++)
        if (!hf_time_server_name_ok(p->time_servers[i].name) ||
            hf_time_server_named(p, p->time_servers[i].name) != i)
            return false;
    return p->time_servers_count == 0 || hf_time_operators(p) >= HF_TIME_OPERATORS_MIN;
}
