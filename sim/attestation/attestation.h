/*
 * Where quotes come from and how they are judged. Two kinds: under model cryptography records that
 * the world alone can authenticate, under real cryptography TDX quotes of the dev platform, which
 * the daemon's own verifier judges with collateral that the world issues. Both refuse the same with
 * the same codes.
 */
#ifndef HF_SIM_ATTESTATION_H
#define HF_SIM_ATTESTATION_H

#include "world/world.h"

#include "attest/verdict.h"
#include "base/buf.h"

enum {
    HF__QUOTE_LEN = 160,       /* of a record */
    HF__QUOTE_REAL_LEN = 4627, /* of a dev quote, give or take the zeros of its signatures */
    /* What a record lacks to a quote; the header of a field so long takes one byte more. */
    HF__QUOTE_PADDING = HF__QUOTE_REAL_LEN - HF__QUOTE_LEN + 1,
};

/* A quote that is made. Members but `quote` say of what. */
struct hf__made {
    uint32_t node; /* HF__NOBODY: for a stranger */
    uint32_t machine;
    const char *image;
    bool debug;
    const uint8_t *report_data; /* 64 bytes */
    struct hf_bytes quote;
};

/* A quote that is judged. */
struct hf__judged {
    struct hf_bytes quote;
    uint8_t trust;
    struct hf_bytes dev_root; /* SubjectPublicKeyInfo, as a policy names it */
    uint64_t wall_s;          /* of the judge */
    bool no_collateral;       /* it has none for the moment */
};

/* The number of an image, by its name; one not seen before gets the next. */
uint8_t hf__image_index(struct hf_world *w, const char *name);
/* Makes a quote and shows it to the observers. ret: appended to;
 * made->quote is borrowed from it. */
void hf__quote_make(struct hf_world *w, struct hf__made *made, struct hf_buf *ret);
/* What a verifier makes of a quote; the codes are those of sim/README.md. */
void hf__quote_judge(struct hf_world *w, const struct hf__judged *judged, struct hf_verdict *ret);
/* The machine that a quote names; HF__NOBODY when it is none of a machine of this world. */
uint32_t hf__quote_machine(const struct hf_world *w, struct hf_bytes quote);
/* The TCB status of a machine, whether the world has a node on it or not. */
uint8_t hf__machine_status(const struct hf_world *w, uint32_t machine);
/* The day of the collateral by which a verifier with this clock judges now. */
uint64_t hf__collateral_day(const struct hf_world *w, uint64_t wall_s);

/* quote_model.c */
/* Records, as the functions above are for either kind. */
void hf__model_quote_make(const struct hf_world *w, const struct hf__made *made,
                          struct hf_buf *ret);
void hf__model_quote_judge(const struct hf_world *w, const struct hf__judged *judged,
                           struct hf_verdict *ret);
void hf__model_measurement(const struct hf_world *w, const char *image,
                           uint8_t ret[static HF_MEASUREMENT_LEN]);
uint32_t hf__model_quote_machine(struct hf_bytes quote);
/* What of a record an engine sees, as hf_quote_outline of a quote. */
HF_MUST_USE int hf__model_outline(struct hf_bytes bytes, struct hf_bytes *ret_quote,
                                  const uint8_t **ret_report_data);
/* The bytes that the records in a message lack to real quotes. */
size_t hf__model_padding(struct hf_bytes body);

/* quote_real.c */
/* The dev platform's certificates and machines of a world, all from its seed. HF_ENOMEM. */
HF_MUST_USE int hf__platforms_new(const struct hf_world *w, struct hf__platforms **ret);
/* Freeing NULL is legal. */
void hf__platforms_free(struct hf__platforms *p);
/* The public key that a policy names as its trust root. */
void hf__platforms_root(const struct hf__platforms *p, uint8_t ret[static HF__ROOT_SPKI_LEN]);
/* What collateral says has changed: of one machine's TCB, or of who is revoked. */
void hf__platforms_changed(struct hf__platforms *p);
/* Quotes of the dev platform, as the functions above are for either kind. */
void hf__real_quote_make(struct hf_world *w, const struct hf__made *made, struct hf_buf *ret);
void hf__real_quote_judge(struct hf_world *w, const struct hf__judged *judged,
                          struct hf_verdict *ret);
uint32_t hf__real_quote_machine(const struct hf_world *w, struct hf_bytes quote);
void hf__real_measurement(const struct hf_world *w, const char *image,
                          uint8_t ret[static HF_MEASUREMENT_LEN]);

#endif
