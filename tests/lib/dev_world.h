/*
 * A generated PKI with one machine, one trust domain and one set of collateral, whose every part a
 * test may bend before the quote is made and verified. For use within a Criterion test, not in a
 * build for production.
 */
#ifndef HF_TESTS_DEV_WORLD_H
#define HF_TESTS_DEV_WORLD_H

#include "attest/dev.h"
#include "attest/verify.h"

struct dev_world {
    uint64_t now_s; /* of the world's making, and of verification */
    struct hf_dev_authority_spec authority_spec;
    struct hf_dev_machine_spec machine_spec;
    struct hf_dev_td td;
    enum hf_dev_format format;
    struct hf_dev_collateral_spec collateral_spec;
    uint8_t report_data[64];
    enum hf_trust trust; /* of verification */

    /* After dev_world_make. */
    struct hf_dev_authority *authority;
    struct hf_dev_machine *machine;
    struct hf_buf quote;
    struct hf_dev_collateral documents;
    uint8_t root_key[HF_ROOT_KEY_LEN];
    struct hf_collateral *collateral;
};

/* A world in which everything is well, on 2026-07-01. */
void dev_world_init(struct dev_world *w);
/* Makes keys, machine, quote and collateral. */
void dev_world_make(struct dev_world *w);
/* Prepares the documents again, after a test has changed one. */
void dev_world_prepare(struct dev_world *w);
/* Verifies the quote with the collateral at now_s. report may be NULL, cache too. */
struct hf_verdict dev_world_verify(const struct dev_world *w, struct hf_verify_cache *cache,
                                   struct hf_verify_report *report);
/* Makes everything, verifies, and frees everything; the error. */
int dev_world_error(struct dev_world *w);
void dev_world_done(struct dev_world *w);

#endif
