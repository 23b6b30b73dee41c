/* holdfast policy measurement --image: what of a guest's measurement follows from its firmware. */
#include "ask.h"
#include "attest/tdvf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "measurement.h"

#include <stdio.h>

int hf__measurement_image(const char *path)
{
    struct hf_buf file;
    uint8_t mrtd[HF_MR_LEN];
    char digits[2 * HF_MR_LEN + 1];
    hf_buf_init(&file, HF_TDVF_MAX);
    int r = hf_file_read_regular(path, &file);
    if (r == 0)
        r = hf_tdvf_mrtd(hf_buf_bytes(&file), mrtd);
    hf_buf_done(&file);
    if (r == HF_EMALFORMED)
        fprintf(stderr,
                "holdfast policy: %s: no firmware of a trust domain: it has no TDVF table\n", path);
    else if (r != 0)
        return hf__say("policy", path, r);
    if (r != 0)
        return HF_CLI_ERROR;
    hf_hex_encode(mrtd, sizeof mrtd, digits);
    printf(
        "mrtd   %s\n"
        "rtmr0  not known: of what the host gives the firmware: memory, ACPI tables, boot "
        "variables\n"
        "rtmr1  not known: of the kernel as the hypervisor hands it over, and of boot events\n"
        "rtmr2  not known: of the command line and initial file system as the firmware measures "
        "them\n"
        "rtmr3  of the network alone: it follows by itself\n"
        "\n"
        "mrtd is what Intel's specifications say of this file, for a host that adds its pages in "
        "the\norder of its table and measures each as it is added, as QEMU and KVM do. The others "
        "are\nread once, on a machine that you trust, by `holdfast policy measurement --here`; "
        "the mrtd\nof that quote (`holdfast quote show`) has to be this one.\n",
        digits);
    return HF_CLI_OK;
}
