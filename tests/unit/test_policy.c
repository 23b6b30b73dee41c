/* What a policy says, by the names that its numbers have. */
#include "document/document.h"

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
