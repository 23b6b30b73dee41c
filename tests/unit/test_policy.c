/* What a policy says, by the names that its numbers have. */
#include "document_authority.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <string.h>

/* The enums end where the bounds of proto/messages.def do. */
Test(hf_policy, has_a_name_for_every_rule)
{
    const struct hf_wire_shape *shape = hf_wire_policy.shape();
    for (size_t i = 0; i < shape->count; i++) {
        const struct hf_wire_field *f = &shape->fields[i];
        if (strcmp(f->name, "domain_rule") == 0)
            cr_assert_eq(f->max, HF_DOMAIN_NONE);
        if (strcmp(f->name, "platform_rule") == 0)
            cr_assert_eq(f->max, HF_PLATFORM_ANY);
    }
}

Test(hf_policy_platform_fits, the_depositors_platform_and_those_listed_unless_any_does)
{
    static const uint8_t was[16] = {1}, other[16] = {2}, listed[16] = {3};
    struct hf_platform platforms[2] = {{.ppid = {4}}, {.ppid = {3}}};
    const struct hf_validator v = {.platforms = platforms, .platforms_count = 2};
    struct hf_policy p = {.platform_rule = HF_PLATFORM_OWN};
    cr_assert(hf_policy_platform_fits(&p, &v, was, was));
    cr_assert(hf_policy_platform_fits(&p, &v, was, listed));
    cr_assert_not(hf_policy_platform_fits(&p, &v, was, other));
    p.platform_rule = HF_PLATFORM_ANY;
    cr_assert(hf_policy_platform_fits(&p, &v, was, other));
}

static struct hf_validator run_by(const char *operator_name)
{
    return (struct hf_validator){.operator_name =
                                     hf_bytes_of(operator_name, strlen(operator_name))};
}

Test(hf_domain_parts, two_of_one_operator_unless_the_rule_is_none)
{
    const struct hf_validator a = run_by("one"), b = run_by("one"), c = run_by("two");
    cr_assert(hf_domain_parts(HF_DOMAIN_OPERATORS_AND_ZONES, &a, &b));
    cr_assert(hf_domain_parts(HF_DOMAIN_OPERATORS, &a, &b));
    cr_assert_not(hf_domain_parts(HF_DOMAIN_NONE, &a, &b));
    cr_assert_not(hf_domain_parts(HF_DOMAIN_OPERATORS, &a, &c));
}

Test(hf_survivors_quorum, withstands_what_all_did_while_one_is_to_spare)
{
    static const uint8_t of_seven[] = {0, 1, 2, 2, 3, 4, 5, 5}; /* q = 5: of 1 to 7 that are left */
    for (uint64_t left = 1; left <= 7; left++)
        cr_assert_eq(hf_survivors_quorum(left, 7, 5), of_seven[left], "%u", (unsigned)left);
    cr_assert_eq(hf_survivors_quorum(10, 16, 9), 6); /* which withstood one liar */
    for (uint64_t n = 1; n <= 16; n++)
        for (uint64_t q = n / 2 + 1; q <= n; q++)
            for (uint64_t left = 1; left <= n; left++) {
                uint64_t c = hf_survivors_quorum(left, n, q);
                cr_assert(2 * c > left && c <= left);
                cr_assert(left < 3 || c < left, "%u left, all of whom must answer", (unsigned)left);
            }
}

/* How long keys live (proto/ROTATION.md, 1). */
static struct hf_policy living(uint64_t pending_s, uint64_t active_s, uint64_t expired_s)
{
    return (struct hf_policy){.quote_age_max_s = 86400,
                              .rotation_pending_s = pending_s,
                              .rotation_active_s = active_s,
                              .rotation_expired_s = expired_s};
}

Test(hf_policy_lifetimes, are_those_of_the_page_where_a_policy_has_none)
{
    struct hf_policy p = living(0, 0, 0);
    struct hf_lifetimes l;
    hf_policy_lifetimes(&p, &l);
    cr_assert(l.pending_s == 3600 && l.active_s == 84 * 86400 && l.expired_s == 7 * 86400);
    p = living(1, 2, 3);
    hf_policy_lifetimes(&p, &l);
    cr_assert(l.pending_s == 1 && l.active_s == 2 && l.expired_s == 3);
}

Test(hf_policy_lifetimes_check, takes_every_policy_that_has_none)
{
    struct hf_policy p = living(0, 0, 0);
    for (uint64_t age_s = 60; age_s <= 31536000; age_s += 997) {
        p.quote_age_max_s = age_s;
        cr_assert_eq(hf_policy_lifetimes_check(&p), HF_LIFETIMES_FIT);
    }
}

Test(hf_policy_lifetimes_check, says_which_relation_does_not_hold)
{
    static const struct {
        uint64_t pending_s, active_s, expired_s;
        enum hf_lifetimes_fault fault;
    } cases[] = {
        {0, 0, 86400, HF_LIFETIMES_FIT},
        {86399, 86400, 86400, HF_LIFETIMES_FIT},
        {86400, 86400, 86400, HF_LIFETIMES_PENDING},
        {0, 3600, 3600, HF_LIFETIMES_PENDING},
        {0, 0, 86399, HF_LIFETIMES_EXPIRED_SHORT},
        {0, 90000, 90001, HF_LIFETIMES_EXPIRED_LONG},
        {0, 604799, 0, HF_LIFETIMES_EXPIRED_LONG},
        {0, 604800, 0, HF_LIFETIMES_FIT},
    };
    struct authority n;
    authority_init(&n);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        struct hf_policy with = living(cases[i].pending_s, cases[i].active_s, cases[i].expired_s);
        cr_assert_eq(hf_policy_lifetimes_check(&with), cases[i].fault, "%zu", i);
        struct hf_policy p = authority_policy(&n, 1, 2, 3);
        struct hf_document *d = NULL;
        p.quote_age_max_s = with.quote_age_max_s;
        p.rotation_pending_s = with.rotation_pending_s;
        p.rotation_active_s = with.rotation_active_s;
        p.rotation_expired_s = with.rotation_expired_s;
        int r = hf_document_read(n.pool, authority_sign(&n, HF_DOCUMENT_POLICY, &p, "01"), &d);
        cr_assert_eq(r, cases[i].fault == HF_LIFETIMES_FIT ? 0 : HF_EDOCUMENT, "%zu", i);
        hf_document_unref(d);
    }
    authority_done(&n);
}

/* Which suites a policy may name (proto/ROTATION.md, 4). */
Test(hf_policy_sealing_suites, are_never_without_the_one_that_every_machine_has)
{
    struct authority n;
    authority_init(&n);
    for (uint64_t suites = 0; suites <= 6; suites++) {
        struct hf_policy p = authority_policy(&n, 1, 2, 3);
        struct hf_document *d = NULL;
        p.sealing_suites = suites;
        int r = hf_document_read(n.pool, authority_sign(&n, HF_DOCUMENT_POLICY, &p, "01"), &d);
        cr_assert_eq(r, suites == 0 || suites == 2 || suites == 6 ? 0 : HF_EDOCUMENT, "%u",
                     (unsigned)suites);
        cr_assert(d == NULL || hf_policy_sealing_suites(&p) == (suites == 6 ? 6 : 2));
        hf_document_unref(d);
    }
    authority_done(&n);
}
