/* A policy as a person reads it: what it asks of shares, machines and software, and until when. */
#include "ask.h"
#include "attest/verify.h"
#include "base/date.h"
#include "base/hex.h"
#include "difference.h"
#include "document/time_servers.h"

#include <stdio.h>
#include <time.h>

enum { DAY_S = 86400 };

static const char *domain_text(uint64_t rule)
{
    switch ((enum hf_domain_rule)rule) {
    case HF_DOMAIN_OPERATORS_AND_ZONES:
        return "no two shares of a validator with one operator, spread over zones";
    case HF_DOMAIN_OPERATORS:
        return "no two shares of a validator with one operator";
    case HF_DOMAIN_NONE:
        return "shares with any others";
    }
    hf_unreachable();
}

/* In the largest unit that divides it, as policy.yaml has it. */
static const char *duration(uint64_t s, char ret[static 32])
{
    if (s % DAY_S == 0)
        snprintf(ret, 32, "%llud", (unsigned long long)(s / DAY_S));
    else if (s % 3600 == 0)
        snprintf(ret, 32, "%lluh", (unsigned long long)(s / 3600));
    else if (s % 60 == 0)
        snprintf(ret, 32, "%llum", (unsigned long long)(s / 60));
    else
        snprintf(ret, 32, "%llus", (unsigned long long)s);
    return ret;
}

static void print_dates(const struct hf_policy *p)
{
    char from[HF_DATE_TEXT], until[HF_DATE_TEXT];
    int64_t left = (int64_t)p->expires_s - (int64_t)time(NULL);
    printf("policy     %u, from %s\n", (unsigned)p->version,
           hf_date_text(p->issued_s, HF_DATE_MINUTE, from));
    printf("expires    %s, ", hf_date_text(p->expires_s, HF_DATE_MINUTE, until));
    if (left < 0)
        printf("HAS EXPIRED: it accepts nothing\n");
    else
        printf("in %lld days; to be signed anew before\n", (long long)(left / DAY_S));
}

static void print_shares(const struct hf_policy *p)
{
    printf("shares     %u of each validator, any %u rebuild its secret, %u must accept a restart\n",
           (unsigned)p->shares, (unsigned)p->threshold, (unsigned)p->claim_quorum);
    printf("holders    %s\n", domain_text(p->domain_rule));
    printf("machines   a validator recovers on %s\n",
           p->platform_rule == HF_PLATFORM_OWN ? "its own, or one that the set lists for it"
                                               : "any machine");
}

static void print_quotes(const struct hf_policy *p)
{
    char age[32], grace[32], text[HF_DATE_TEXT];
    printf("trust      %s\n", p->trust == HF_TRUST_DEV ? "DEVELOPMENT: nothing is protected"
                                                       : "intel: genuine trust domains");
    printf("accepted   TCB status UpToDate");
    for (unsigned s = 0; s < 64; s++)
        if (s != HF_TCB_UP_TO_DATE && (p->tcb_accepted >> s & 1) != 0)
            printf(", %s", hf_tcb_status_name((enum hf_tcb_status)s));
    if (p->tcb_grace_s > 0)
        printf("; OutOfDate for %s after an evaluation counts", duration(p->tcb_grace_s, text));
    printf("\n");
    for (size_t i = 0; i < p->tcb_evaluations_count; i++)
        printf("           evaluation %u counts from %s\n", (unsigned)p->tcb_evaluations[i].number,
               hf_date_text(p->tcb_evaluations[i].counts_from_s, HF_DATE_MINUTE, text));
    printf("times      identity quotes are good for %s; a silent holder is replaced after %s\n",
           duration(p->quote_age_max_s, age), duration(p->holder_grace_s, grace));
    if (p->time_servers_count > 0)
        printf("clock      held to the time that %zu of %zu operators of time servers agree on\n",
               hf_time_needed(p), hf_time_operators(p));
    if (p->handover_untimed)
        printf("handover   to a new release also while the time is not authenticated\n");
    struct hf_lifetimes l;
    char pending[32], active[32], expired[32];
    hf_policy_lifetimes(p, &l);
    printf("keys       used for %s, after %s of waiting; kept for %s after that\n",
           duration(l.active_s, active), duration(l.pending_s, pending),
           duration(l.expired_s, expired));
    if ((hf_policy_sealing_suites(p) >> HF_SEALING_GCM & 1) != 0)
        printf("           shares sealed with AES-256-GCM where both machines have it\n");
    if (p->quorum_key.len > 0)
        printf("quorum     nodes seal their secret to the key %.*s%s\n", (int)p->quorum_key.len,
               (const char *)p->quorum_key.data, p->quorum_required ? ", and must" : "");
}

static void print_releases(const struct hf_policy *p)
{
    char digest[2 * HF_MEASUREMENT_LEN + 1], from[HF_DATE_TEXT];
    uint64_t now_s = (uint64_t)time(NULL);
    printf("releases   %zu accepted%s\n", p->measurements_count,
           p->measurements_count == 0 ? ": NO VALIDATOR CAN GET A SHARE" : "");
    for (size_t i = 0; i < p->measurements_count; i++) {
        const struct hf_measurement *m = &p->measurements[i];
        hf_hex_encode(m->digest, sizeof m->digest, digest);
        printf("  rank %-4u %.*s%s", (unsigned)m->rank, (int)m->name.len,
               (const char *)m->name.data, m->role == HF_ROLE_CEREMONY ? ", for ceremonies" : "");
        if (m->effective_from_s > now_s)
            printf(", not before %s", hf_date_text(m->effective_from_s, HF_DATE_MINUTE, from));
        printf("\n            %s\n", digest);
    }
}

int hf__policy_print(const struct hf_document *d)
{
    hf_assert(d->kind == HF_DOCUMENT_POLICY);
    print_dates(&d->u.policy);
    print_shares(&d->u.policy);
    print_quotes(&d->u.policy);
    print_releases(&d->u.policy);
    return 0;
}
