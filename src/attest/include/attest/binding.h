/*
 * The network in the measurement: before any key exists, RTMR3 of a trust domain is extended, once
 * a boot, with the id of the network that it belongs to. A host cannot have the same software work
 * for a network of its own making under the measurement that another one accepts.
 */
#ifndef HF_ATTEST_BINDING_H
#define HF_ATTEST_BINDING_H

#include "attest/quote.h"
#include "base/id.h"

/* Where Linux (6.16 and later) shows RTMR3: 48 bytes; writing as many extends it. */
#define HF_RTMR3_PATH "/sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384"
/* Where it shows the command line that the firmware has measured. */
#define HF_CMDLINE_PATH "/proc/cmdline"

enum { HF_NETWORK_LEN = 32 };

/*
 * The measurement (hf_quote_measurement) of software whose MRTD and RTMR0 to RTMR2 these are, bound
 * to a network: RTMR3 is SHA-384(48 zero bytes || SHA-384(network id)).
 */
void hf_network_measurement(const uint8_t registers[static 4 * HF_MR_LEN],
                            const struct hf_network_id *network,
                            uint8_t ret[static HF_MEASUREMENT_LEN]);
/*
 * Extends the register behind a file of the kernel's, unless that was done since the boot. path:
 * HF_RTMR3_PATH. ret_done: whether it was extended now. HF_ENOTFOUND: this kernel has no such
 * interface. HF_EUNBOUND: it holds something else, another network among others; or not what was
 * written. HF_EPERMISSION, HF_EIO.
 */
HF_MUST_USE int hf_network_extend(const char *path, const struct hf_network_id *network,
                                  bool *ret_done);
/*
 * Whether a quote of this machine binds a network: by RTMR3 or, where that was never extended, by
 * the word holdfast.network=ID, in hexadecimal, of the command line at path, which RTMR1 or RTMR2
 * covers. HF_EUNBOUND: it does not. HF_EQUOTE, HF_ENOTTDX.
 */
HF_MUST_USE int hf_network_bound(struct hf_bytes quote, const struct hf_network_id *network,
                                 const char *path);

#endif
