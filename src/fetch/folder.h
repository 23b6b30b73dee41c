/*
 * The folder of collateral, replaced whole or not at all: the new set is written and synced beside
 * it, checked there as the daemon would check it, held against what is there, and put in its place
 * by one exchange of names.
 */
#ifndef HF_FETCH_FOLDER_H
#define HF_FETCH_FOLDER_H

#include "service.h"

/*
 * Replaces options->output. ret_reason: HF__FETCH_REASON_MAX bytes, a line on failure.
 * ret_expires_s: Unix time to which the new set is valid. HF_EBUSY: another fetch holds the folder.
 * HF_ECOLLOLDER: what is there is newer. HF_EEXIST: the folder holds something that is not
 * collateral. HF_ECOLLATERAL, HF_ECOLLSIG, HF_ECOLLEARLY, HF_ECOLLEXPIRED: the set does not pass.
 * HF_EUNSUPPORTED: a file system that cannot exchange names. HF_ENOTFOUND, HF_EPERMISSION,
 * HF_ENOSPACE, HF_EREADONLY, HF_EIO: writing failed. HF_ENOMEM.
 */
HF_MUST_USE int hf__folder_replace(const struct hf__fetch_options *options,
                                   const struct hf__service_set *set, uint64_t *ret_expires_s,
                                   char *ret_reason);

#endif
