/* Names of states, methods and traces: each there, each its own. */
#include "core/engine.h"

#include <criterion/criterion.h>
#include <signal.h>

static const int methods[] = {
#define X(constant, number, name) constant,
    HF_METHOD_MAP(X)
#undef X
};

static const enum hf_trace_type traces[] = {
#define X(constant, name, level) constant,
    HF_TRACE_MAP(X)
#undef X
};

Test(hf_method_name, and_back)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(methods); i++)
        cr_assert_eq(hf_method_from_name(hf_method_name(methods[i])), methods[i]);
    cr_assert_eq(HF_ARRAY_LEN(methods), HF_METHODS);
    for (size_t i = 0; i < HF_ARRAY_LEN(methods); i++)
        cr_assert_eq(methods[i], (int)i + 1);
    cr_assert_null(hf_method_name(0));
    cr_assert_null(hf_method_name(-1));
    cr_assert_null(hf_method_name(200));
    cr_assert_eq(hf_method_from_name(""), 0);
    cr_assert_eq(hf_method_from_name("Offer"), 0);
    cr_assert_eq(hf_method_from_name("offers"), 0);
}

Test(hf_state_name, of_every_state_is_its_own_and_has_a_sentence)
{
    for (int i = HF_STATE_STARTING; i <= HF_STATE_HANDED_OVER; i++) {
        cr_assert_gt(strlen(hf_state_name((enum hf_state)i)), 0);
        cr_assert_gt(strlen(hf_state_sentence((enum hf_state)i)), 0);
        for (int j = 0; j < i; j++)
            cr_assert_neq(strcmp(hf_state_name((enum hf_state)i), hf_state_name((enum hf_state)j)),
                          0);
    }
}

Test(hf_state_name, of_none, .signal = SIGABRT)
{
    (void)hf_state_name((enum hf_state)(HF_STATE_HANDED_OVER + 1));
}

Test(hf_trace_name, of_every_type_is_its_own_and_has_a_level)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(traces); i++) {
        cr_assert_gt(strlen(hf_trace_name(traces[i])), 0);
        cr_assert(hf_trace_level(traces[i]) >= 0 && hf_trace_level(traces[i]) <= 3);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(strcmp(hf_trace_name(traces[i]), hf_trace_name(traces[j])), 0);
    }
}

Test(hf_trace_name, of_none, .signal = SIGABRT)
{
    (void)hf_trace_name((enum hf_trace_type)HF_ARRAY_LEN(traces));
}
