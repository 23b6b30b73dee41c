/* One request to the kernel's report interface, in a folder of its own. */
#ifndef HF_ATTEST_TSM_REPORT_H
#define HF_ATTEST_TSM_REPORT_H

#include "attest/tsm.h"

enum { HF__TSM_PATH_MAX = 512 };

#endif
