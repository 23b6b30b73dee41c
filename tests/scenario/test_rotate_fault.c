/* A function with one fault, which the property that it breaks must find. */
#include "rotate_sweeps.h"

#include <criterion/criterion.h>
#include <string.h>

static bool is_broken(const char *broken)
{
    return broken != NULL && strcmp(broken, PROPERTY) == 0;
}

Test(hf__rotate, with_a_fault_is_found_by_the_property_that_it_breaks)
{
    bool found = is_broken(rotate_starved());
    for (uint64_t number = 1; number <= ROTATE_CASES && !found; number++)
        found = is_broken(rotate_case(number)) || is_broken(rotate_rest(number));
    cr_assert(found, "nothing has broken %s", PROPERTY);
}
