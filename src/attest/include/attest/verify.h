/*
 * Verification of a quote, all of DCAP, for a time that the caller gives. It runs in worker
 * threads: nothing here looks at a clock, a file or a socket, and what is shared (collateral,
 * cache) may be shared between threads.
 *
 * The checks run in a fixed order, and the first that fails names the error:
 *
 * - the quote's structure; certification data and PCK chain can be read;
 * - the chain's root is the trusted one: before any signature is computed;
 * - the quote's signature; attestation key and QE authentication data in the QE report;
 * - the QE report is signed by the PCK;
 * - the PCK chain: signatures, dates, revocation;
 * - collateral: there, well-formed, signed, inside its dates;
 * - QE identity;
 * - TCB level of the platform, of the TDX module and of the QE.
 *
 * Policy (DEBUG, measurement, report data, age, ...) comes after that, in attest/judge.h.
 */
#ifndef HF_ATTEST_VERIFY_H
#define HF_ATTEST_VERIFY_H

#include "attest/collateral.h"
#include "attest/quote.h"
#include "attest/verdict.h"

/*
 * What has been verified once and will never be otherwise: PCK chains, and attestation keys that a
 * QE report vouches for. Only what passed is remembered, so that strangers cannot fill it with
 * their own. Thread-safe; the oldest goes when it is full. Dates and revocation are looked at every
 * time.
 */
struct hf_verify_cache;

enum {
    /*
     * Memory of one entry at most: a quote's certification data, the decoded chain, two decoded
     * keys. A usual one takes 12 kB, so that a daemon that knows 100 machines keeps 1.2 MB.
     */
    HF_VERIFY_CACHE_ENTRY_BYTES = 16384,
};

/* entries: how many machines it remembers, 1..65536. HF_EINVAL: out of range. HF_ENOMEM. */
HF_MUST_USE int hf_verify_cache_new(size_t entries, struct hf_verify_cache **ret);
/* No verification may be using it. NULL is legal. */
void hf_verify_cache_free(struct hf_verify_cache *cache);

struct hf_verify_params {
    uint64_t at_s;                          /* Unix time for which is verified */
    struct hf_roots roots;                  /* see attest/collateral.h */
    const struct hf_collateral *collateral; /* borrowed for the call; NULL: none */
    struct hf_verify_cache *cache;          /* NULL: nothing is remembered */
    /* Issue dates of evaluations that the collateral no longer shows; may be NULL. */
    const struct hf_evaluation_seen *evaluations;
    size_t evaluations_count;
};

enum {
    HF_CHECKS_MAX = 32,
    HF_CHECK_REASON_MAX = 200, /* characters of a reason, terminator included */
    HF_ADVISORIES_MAX = 192,   /* 64 for each of three levels */
    HF_ADVISORY_LEN_MAX = 32,  /* characters of an advisory's name, terminator included; cut */
};

enum hf_check_result { HF_CHECK_PASS, HF_CHECK_FAIL, HF_CHECK_SKIPPED };

/* One check, for people. */
struct hf_check {
    const char *name; /* static: "quote_signature", ... */
    enum hf_check_result result;
    /* Terminated; why it failed or was skipped, or what was found. */
    char reason[HF_CHECK_REASON_MAX];
};

/* Everything that verification found out, for `holdfast quote`. About 16 kB. */
struct hf_verify_report {
    struct hf_check checks[HF_CHECKS_MAX];
    size_t check_count;

    bool has_quote;        /* the bytes could be parsed */
    struct hf_quote quote; /* borrowed from the bytes that were verified */
    bool has_platform;     /* the PCK certificate could be read */
    struct hf_quote_platform platform;

    /* HF_TCB_NONE where not established; a module of TDX 1.0 has no status of its own. */
    enum hf_tcb_status platform_status, tdx_module_status, qe_status;
    /* Of all matched levels, each once, sorted. */
    char advisories[HF_ADVISORIES_MAX][HF_ADVISORY_LEN_MAX];
    size_t advisory_count;
};

/*
 * Verifies quote (any length, see hf_quote_parse). ret->error is 0 or the first failing check:
 * everything that was established before it is filled in, everything else is zero. ret_report may
 * be NULL, which is faster. HF_ENOMEM: no verdict; ret is untouched.
 */
HF_MUST_USE int hf_quote_verify(struct hf_bytes quote, const struct hf_verify_params *params,
                                struct hf_verdict *ret, struct hf_verify_report *ret_report);

/*
 * The same by the collateral in a folder, for programs that judge one quote and end. Also the
 * errors of hf_collateral_load; ret is untouched then.
 */
HF_MUST_USE int hf_quote_verify_by(const char *folder, struct hf_bytes quote,
                                   const struct hf_roots *roots, uint64_t at_s,
                                   struct hf_verdict *ret);

/* Intel's words for a status ("UpToDate", ...); NULL for HF_TCB_NONE. */
const char *hf_tcb_status_name(enum hf_tcb_status status);
/* The status of a name, or HF_TCB_NONE for an unknown one. */
enum hf_tcb_status hf_tcb_status_from_name(const char *name);

#endif
