#include "attest/verify.h"

static const char *const names[] = {
    [HF_TCB_UP_TO_DATE] = "UpToDate",
    [HF_TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
    [HF_TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
    [HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
    [HF_TCB_OUT_OF_DATE] = "OutOfDate",
    [HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
    [HF_TCB_REVOKED] = "Revoked",
    [HF_TCB_TD_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
    [HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = "TDRelaunchAdvisedConfigurationNeeded",
};

const char *hf_tcb_status_name(enum hf_tcb_status status)
{
    return (size_t)status < HF_ARRAY_LEN(names) ? names[status] : NULL;
}

enum hf_tcb_status hf_tcb_status_from_name(const char *name)
{
    for (size_t i = 1; i < HF_ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return (enum hf_tcb_status)i;
    return HF_TCB_NONE;
}
