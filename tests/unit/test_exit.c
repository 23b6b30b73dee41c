/* What can be wrong with what a person hands over has a number of its own. */
#include "base/exit.h"
#include "base/error.h"

#include <criterion/criterion.h>

/* What can be wrong with what a person hands over: no two of these are one number. */
static const int kinds[] = {
    HF_ESHARE,        HF_EPASSPHRASE,  HF_EDOCUMENT_OLD,   HF_ECLOCK,
    HF_ECANCELED,     HF_EMEMORY,      HF_ETOKENABSENT,    HF_ETOKENLOCKED,
    HF_EPIN,          HF_ETOKENDERIVE, HF_EWHICHNETWORK,   HF_ENOTHOLDER,
    HF_EWORD,         HF_EIO,          HF_ESHARES_EXPIRED, HF_EDOCUMENT_NETWORK,
    HF_EOTHERREQUEST,
};

Test(exit, each_kind_has_its_own)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(hf_exit_of(kinds[i]), hf_exit_of(kinds[j]), "%s and %s",
                          hf_error_name(kinds[i]), hf_error_name(kinds[j]));
}

Test(exit, none_is_what_every_command_says)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int status = hf_exit_of(kinds[i]);
        cr_assert(status == HF_EXIT_ERROR ? kinds[i] == HF_EIO
                                          : status > 2 && status < HF_EXIT_USAGE);
    }
}

Test(exit, what_a_share_holder_gave_is_wrong)
{
    cr_assert_eq(hf_exit_of_answer(HF_ECRYPTO), HF_EXIT_ANSWER);
    cr_assert_eq(hf_exit_of_answer(HF_EPROOF), HF_EXIT_ANSWER);
    cr_assert_eq(hf_exit_of_answer(HF_ENOTHOLDER), HF_EXIT_ANSWER);
    cr_assert_eq(hf_exit_of_answer(HF_EOTHERREQUEST), HF_EXIT_OTHER_REQUEST);
}
