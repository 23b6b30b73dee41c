/* Where bytes stopped being what they should be. Kept apart from the code, which is what peers are
 * told. */
#ifndef HF_ATTEST_FAULT_H
#define HF_ATTEST_FAULT_H

#include <stddef.h>

struct hf_fault {
    size_t offset;        /* bytes from the start of the document that was read */
    const char *expected; /* what should have been there; a static string, never NULL once set */
};

#endif
