/* One request to the kernel's report interface, in a folder of its own. */
#ifndef HF_ATTEST_TSM_REPORT_H
#define HF_ATTEST_TSM_REPORT_H

#include "attest/tsm.h"

enum { HF__TSM_PATH_MAX = 512 };

/*
 * ret_quote: initialised, of a maximum of HF_QUOTE_MAX; empty unless 0 is returned.
 * HF_EQUOTE_INTERFERED, HF_EBUSY: worth another attempt. HF_EQUOTE_PROVIDER, HF_EQUOTE_MADE, or the
 * errno of the step that failed as one of the project's codes.
 */
HF_MUST_USE int hf__tsm_report(const char *path, const uint8_t report_data[static 64],
                               struct hf_buf *ret_quote);

/* Removes folders of ours that are older than HF_TSM_LEFTOVER_S. HF_ENOTFOUND, HF_EPERMISSION: as
 * opening fails. */
HF_MUST_USE int hf__tsm_sweep(const char *path);

#endif
