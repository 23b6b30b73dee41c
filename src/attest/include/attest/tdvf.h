/*
 * MRTD of a trust domain, from the firmware that its host loads. The firmware (TDVF) says in a
 * table of its own which pages are added to the domain before it starts, and which of them are
 * measured; the module measures them in that order: Intel TDX Virtual Firmware Design Guide,
 * section 11, and Intel TDX Module Base Architecture Specification, TDH.MEM.PAGE.ADD and
 * TDH.MR.EXTEND.
 */
#ifndef HF_ATTEST_TDVF_H
#define HF_ATTEST_TDVF_H

#include "attest/quote.h"
#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_TDVF_MAX = 64 << 20, /* bytes of a firmware */
    HF_TDVF_SECTIONS_MAX = 64,
    HF_TDVF_PAGES_MAX = 1 << 17, /* of 4 KiB, that are added */
};

/*
 * firmware: the whole file. ret: MRTD, where the host adds the pages in the table's order and each
 * page is measured as it is added, as QEMU and KVM do. HF_EMALFORMED: it has no such table, or one
 * that points outside the file or at no whole pages. HF_ETOOBIG: more sections or pages than the
 * bounds. HF_ENOMEM.
 */
HF_MUST_USE int hf_tdvf_mrtd(struct hf_bytes firmware, uint8_t ret[static HF_MR_LEN]);

#endif
