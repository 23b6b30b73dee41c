/*
 * The `tdx` platform: quotes of the trust domain that this process runs in, through the kernel's
 * configfs interface for reports of trusted security modules (Linux 6.7 and later).
 *
 * Each request makes a report folder of its own under a name that cannot be guessed, writes the
 * report data to `inblob`, reads the quote from `outblob`, and compares `generation` before and
 * after: when another writer interfered, or the write was lost (the kernel reports no error for
 * that), the request is repeated in a new folder. The folder is removed on every path.
 *
 * The kernel may take seconds for a quote, and a read that waits for the host cannot be called
 * back. So each request runs in a thread of its own: past its deadline the caller gets HF_ETIMEOUT
 * and the thread stays until the kernel answers, then removes its folder. HF_TSM_STUCK_MAX of them
 * may wait; more requests get HF_EBUSY.
 *
 * Source: Linux, Documentation/ABI/testing/configfs-tsm-report.
 */
#ifndef HF_ATTEST_TSM_H
#define HF_ATTEST_TSM_H

#include "attest/producer.h"

#define HF_TSM_PATH "/sys/kernel/config/tsm/report"

enum {
    HF_TSM_STUCK_MAX = 4,
    HF_TSM_ATTEMPTS_MAX = 5, /* of one request */
    HF_TSM_LEFTOVER_S = 600, /* age from which a folder of ours is one that a crash left behind */
};

/*
 * Opens the interface and removes report folders that a crashed process of ours left behind.
 * path: the kernel's folder, terminated, copied; NULL: HF_TSM_PATH.
 * HF_ENOTFOUND: no such folder: not a trust domain, or a kernel without the interface.
 * HF_EPERMISSION. HF_ETOOBIG: the path is too long. HF_ENOMEM.
 */
HF_MUST_USE int hf_tsm_producer_new(const char *path, struct hf_producer **ret);

/*
 * One report, made in the calling thread, for as long as the kernel takes. path: the kernel's
 * folder.
 * ret_quote: initialised, of a maximum of HF_QUOTE_MAX; empty unless 0 is returned.
 * HF_EQUOTE_INTERFERED, HF_EBUSY: worth another attempt. HF_EQUOTE_PROVIDER, HF_EQUOTE_MADE, or the
 * errno of the step that failed as one of the project's codes.
 */
HF_MUST_USE int hf_tsm_report(const char *path, const uint8_t report_data[static 64],
                              struct hf_buf *ret_quote);

/* Removes folders of ours that are older than HF_TSM_LEFTOVER_S. HF_ENOTFOUND, HF_EPERMISSION: as
 * opening fails. */
HF_MUST_USE int hf_tsm_sweep(const char *path);

#endif
