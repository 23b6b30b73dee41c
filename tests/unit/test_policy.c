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
