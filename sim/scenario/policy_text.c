/* "shares=7 threshold=4": what a further policy has anew, as a scenario writes it. */
#include "scenario/schedule.h"

#include "attest/judge.h"
#include "document/document.h"
#include "wire/messages.h"

#include <stdlib.h>
#include <string.h>

/* Bounds as in proto/messages.def. */
static const struct {
    const char *name;
    size_t offset;
    uint64_t min, max;
} fields[] = {
#define FIELD(name, member, min, max)                                                              \
    {                                                                                              \
        name, offsetof(struct hf_policy, member), min, max                                         \
    }
    FIELD("shares", shares, 1, HF_SHARES_MAX),
    FIELD("threshold", threshold, 1, HF_SHARES_MAX),
    FIELD("claim_quorum", claim_quorum, 1, HF_SHARES_MAX),
    FIELD("claim_provisional", claim_provisional, 0, HF_SHARES_MAX),
    FIELD("domain_rule", domain_rule, 0, HF_DOMAIN_NONE),
    FIELD("platform_rule", platform_rule, 0, HF_PLATFORM_ANY),
    FIELD("tcb_accepted", tcb_accepted, 0, 1023),
    FIELD("quote_age_max_s", quote_age_max_s, 60, 31536000),
    FIELD("shares_held_max", shares_held_max, 1, 65535),
    FIELD("holder_grace_s", holder_grace_s, 1, 31536000),
    FIELD("rotation_pending_s", rotation_pending_s, 0, 31536000),
    FIELD("rotation_active_s", rotation_active_s, 0, 31536000),
    FIELD("rotation_expired_s", rotation_expired_s, 0, 31536000),
    FIELD("rotation_departures", rotation_departures, 0, 65535),
    FIELD("sealing_suites", sealing_suites, 0, 6),
#undef FIELD
};

/* Takes "name=number"; the text after it, or NULL. */
static const char *take(const char *at, struct hf_policy *p)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(fields); i++) {
        size_t len = strlen(fields[i].name);
        char *end;
        if (strncmp(at, fields[i].name, len) != 0 || at[len] != '=' || at[len + 1] < '0' ||
            at[len + 1] > '9')
            continue;
        uint64_t value = strtoull(at + len + 1, &end, 10);
        if (value < fields[i].min || value > fields[i].max || (*end != '\0' && *end != ' '))
            return NULL;
        memcpy((uint8_t *)p + fields[i].offset, &value, sizeof value);
        return end;
    }
    return NULL;
}

bool hf__policy_from_text(const char *text, const struct hf_policy *now, struct hf_policy *ret)
{
    static const uint64_t revoked = HF_TCB_BIT(HF_TCB_NONE) | HF_TCB_BIT(HF_TCB_REVOKED);
    struct hf_policy p = *now;
    for (const char *at = text; at != NULL && *at != '\0';) {
        at = take(at, &p);
        if (at == NULL)
            return false;
        while (*at == ' ')
            at++;
    }
    /* A quorum that is not named follows n and k. */
    uint64_t least = p.threshold > p.shares / 2 + 1 ? p.threshold : p.shares / 2 + 1;
    if (p.claim_quorum < least || p.claim_quorum > p.shares)
        p.claim_quorum = least;
    if (p.claim_provisional < p.claim_quorum || p.claim_provisional > p.shares)
        p.claim_provisional = 0;
    /* Durations of keys that do not fit, as another of them was named, are those of no policy. */
    if (hf_policy_lifetimes_check(&p) != HF_LIFETIMES_FIT)
        p.rotation_pending_s = p.rotation_active_s = p.rotation_expired_s = 0;
    if ((hf_policy_sealing_suites(&p) & (1u << HF_SEALING_CHACHA | 1)) != 1u << HF_SEALING_CHACHA)
        return false;
    if (!hf_quorums_ok(p.shares, p.threshold, p.claim_quorum,
                       hf_provisional_quorum(&p, p.shares, p.claim_quorum)) ||
        (p.tcb_accepted & revoked) != 0)
        return false;
    if (ret != NULL)
        *ret = p;
    return true;
}
