/* The same code as a build for production compiles it: no policy makes it trust
 * a development root. */
#include "attest/judge.h"
#include "base/error.h"
#include "set.h"

#include <criterion/criterion.h>

#ifndef HF_PRODUCTION
#error "this test is of the library for production"
#endif

Test(hf__root_of, development_root_is_never_trusted)
{
    static const uint8_t key[HF_ROOT_KEY_LEN] = {1};
    const struct hf_roots dev = {.trust = HF_TRUST_DEV, .dev_key = key};
    const struct hf_roots intel = {.trust = HF_TRUST_INTEL, .dev_key = key};
    struct hf__root root = hf__root_of(&dev);
    cr_assert_not(root.trusted);
    cr_assert_not(hf__root_is(&root, key));
    root = hf__root_of(&intel);
    cr_assert(root.trusted);
    cr_assert_not(hf__root_is(&root, key));
}

Test(hf_judge, dev_verdict_is_refused_even_by_a_policy_of_dev)
{
    const struct hf_judge_measurement measurement = {.name = "release"};
    struct hf_judge_policy policy = {
        .trust = HF_TRUST_DEV,
        .tcb_accepted = HF_TCB_BIT(HF_TCB_UP_TO_DATE),
        .measurements = &measurement,
        .measurement_count = 1,
    };
    struct hf_verdict verdict = {.trust = HF_TRUST_DEV,
                                 .tcb_status = HF_TCB_UP_TO_DATE,
                                 .td_attributes = HF_TD_ATTRIBUTE_SEPT_VE_DISABLE};
    const struct hf_judge_request request = {.at_s = 1800000000};
    cr_assert_eq(hf_judge(&verdict, &policy, &request, NULL), HF_EDEVQUOTE);
    policy.trust = HF_TRUST_INTEL;
    cr_assert_eq(hf_judge(&verdict, &policy, &request, NULL), HF_EDEVQUOTE);
    verdict.trust = HF_TRUST_INTEL;
    cr_assert_eq(hf_judge(&verdict, &policy, &request, NULL), 0);
}
