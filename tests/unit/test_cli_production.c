/* The operator's command as a build for production has it. */
#include "ask.h"
#include "command.h"

#include <criterion/criterion.h>

const char *hf__cli_socket = "/no/such/socket";

Test(cli_production, a_development_network_is_refused_before_anything_is_made)
{
    cr_assert(hf__dev_refused("network", true));
    cr_assert_not(hf__dev_refused("network", false));
}
