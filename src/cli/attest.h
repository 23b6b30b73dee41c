/* Asking daemons what they are now, in the authority's name (proto/PROTOCOL.md, 14). */
#ifndef HF_CLI_ATTEST_H
#define HF_CLI_ATTEST_H

#include "admit.h"
#include "authority.h"

/* What an answer proves, or that there is none. */
enum hf__attested_as {
    HF__SILENT,   /* no answer, or a refusal: it says nothing of the machine */
    HF__UNJUDGED, /* an answer, which this machine cannot judge now: its collateral is missing */
    HF__FAILS,    /* an answer that is wrong, or whose quote fails a check */
    HF__PASSES,
};

/* One daemon. */
struct hf__attested {
    const char *address;              /* set by the caller */
    const struct hf_account *account; /* set by the caller; NULL: any that answers there */
    enum hf__attested_as as;
    int error;        /* why it does not pass; 0: it does */
    char reason[160]; /* a sentence with the cause; "" it passes */
    struct hf__admitted admitted;
    bool has_measurement; /* the quote is genuine */
    uint8_t measurement[HF_MEASUREMENT_LEN];
};

/* In whose name, and by what answers are judged. */
struct hf__attesting {
    const struct hf__authority *authority; /* with a policy */
    const char *key_file;                  /* a key that is not in the folder's keys; NULL: none */
    struct hf__admission by;
};

/* Fills in by: what is in force, and a folder of collateral, which is read once to see that it can
 * be. HF_ENODOCUMENTS: no policy; those of hf_collateral_load. Said on standard error. */
HF_MUST_USE int hf__attesting_init(struct hf__attesting *ret, const struct hf__authority *a,
                                   const char *key_file, const char *collateral);

/*
 * Asks count daemons, several at a time, each with a nonce of its own; those that are busy, locked
 * or behind are asked again a few times. What each is, is in the list. HF_ENOTFOUND: no key of the
 * root is here, said; otherwise what kept all of them from being asked.
 */
HF_MUST_USE int hf__attest(const struct hf__attesting *how, struct hf__attested *list,
                           size_t count);

#endif
