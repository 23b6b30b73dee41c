/* What the parts of `holdfast quote` share. */
#ifndef HF_CLI_QUOTE_H
#define HF_CLI_QUOTE_H

#include "attest/judge.h"
#include "attest/verify.h"
#include "base/buf.h"
#include "config/schema.h"

enum {
    HF_CLI_REPORT_DATA_LEN = 64,
    HF_CLI_LINES_MAX = HF_CHECKS_MAX + HF_JUDGE_CHECKS + 3,
};

/* A policy from a file, as far as it concerns a quote. */
struct hf_cli_quote_policy {
    struct hf_judge_policy judge;
    uint8_t dev_root[HF_ROOT_KEY_LEN];
    bool has_dev_root;
    uint64_t expires_s; /* Unix time; 0: a form, which does not expire */
    char *names;        /* of the measurements */
    struct hf_judge_measurement *measurements;
    struct hf_judge_evaluation *evaluations;
};

/* Says on standard error what is wrong with the file, and returns the error.
 * ret: end with _done. */
HF_MUST_USE int hf_cli_quote_policy_load(const char *file, struct hf_cli_quote_policy *ret);
/* A zeroed policy is legal. */
void hf_cli_quote_policy_done(struct hf_cli_quote_policy *p);

/*
 * Reads the quote in a file: a bare one, or that of an identity as `holdfast identity` wrote it.
 * ret: open. HF_EMALFORMED, HF_EINVAL: JSON that is no identity. What hf_file_read gives.
 */
HF_MUST_USE int hf__quote_read(const char *file, struct hf_buf *ret);

/* All that is said of a quote. */
struct hf_cli_quote_result {
    bool verified; /* show only parses */
    bool parsed;
    struct hf_quote quote; /* where parsed */
    bool has_platform;
    struct hf_quote_platform platform;
    struct hf_fault fault; /* where not parsed */
    int error;             /* 0 or the first failing check */
    struct hf_verdict verdict;
    struct hf_verify_report report;
    struct hf_check lines[HF_CLI_LINES_MAX];
    size_t line_count;
};

/* Writes a result to standard output. HF_ENOMEM, HF_EIO. */
HF_MUST_USE int hf_cli_quote_print_json(const struct hf_cli_quote_result *r);
/* Prints every check with its result as a table. */
void hf_cli_quote_print_table(const struct hf_cli_quote_result *r);

#endif
