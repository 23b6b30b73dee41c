/* A function with one fault: the property that PROPERTY in the environment names must find it. */
#include "rotate_sweeps.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static bool is_broken(const char *broken)
{
    const char *property = getenv("PROPERTY");
    cr_assert_not_null(property);
    return broken != NULL && strcmp(broken, property) == 0;
}

Test(hf__rotate, with_a_fault_is_found_by_the_property_that_it_breaks)
{
    bool found = is_broken(rotate_starved());
    for (uint64_t number = 1; number <= ROTATE_CASES && !found; number++)
        found = is_broken(rotate_case(number)) || is_broken(rotate_rest(number));
    cr_assert(found, "nothing has broken %s", getenv("PROPERTY"));
}
