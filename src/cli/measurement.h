/* Releases of an authority's policy.yaml, one by one. */
#ifndef HF_CLI_MEASUREMENT_H
#define HF_CLI_MEASUREMENT_H

#include <stdbool.h>
#include <stdint.h>

enum hf__measurement_verb {
    HF__MEASUREMENT_ADD,
    HF__MEASUREMENT_WITHDRAW,
    HF__MEASUREMENT_LIST,
};

struct hf__measurement_change {
    enum hf__measurement_verb verb;
    const char *name;         /* add, withdraw */
    const char *digest;       /* add: hexadecimal; NULL: it follows from the registers */
    const char *registers[4]; /* add: MRTD, RTMR0, RTMR1, RTMR2, hexadecimal */
    bool ceremony;            /* add: to deal quorum keys, and not to run the daemon */
    bool has_rank;
    uint32_t rank;    /* add; else one above the highest, and none for ceremonies */
    uint64_t after_s; /* add: how long from now it is not accepted yet */
};

/* Makes the change, or prints the list; says what it did or what is wrong. The exit status. */
int hf__measurement(const char *folder, const struct hf__measurement_change *change);

/* Prints what of a measurement follows from a guest's firmware, and what does not; returns the exit
 * status. */
int hf__measurement_image(const char *path);

#endif
