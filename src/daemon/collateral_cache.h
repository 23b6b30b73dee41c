/*
 * The collateral that a daemon holds, read from its folder and never older than what was verified
 * before. Threads use it; while one reads the folder, the others wait only if they need what is in
 * it.
 */
#ifndef HF_DAEMON_COLLATERAL_CACHE_H
#define HF_DAEMON_COLLATERAL_CACHE_H

#include "attest/marks.h"
#include "settings.h"

enum { HF__FMSPCS_MAX = 64 };

/* The collateral that is held. Unix times. */
struct hf__held {
    bool has;           /* there is a set */
    uint64_t expires_s; /* the earliest end of any of its documents; 0: none is good */
    int unfit;          /* why none is good; or 0 */
    uint64_t issued_s;  /* the newest date of issue */
    /* The document for which nothing is held: it is older than its mark; "" none. */
    char refused[HF_MARK_NAME_LEN];
    size_t older;   /* documents of the folder, when it was read last, older than those held */
    bool has_roots; /* it is known which root counts */
    bool dev;       /* then a development root does, with this key */
    uint8_t dev_key[64];
    /* Kinds of platforms whose PCK chains were found to lead to the root. */
    struct hf__settings_fmspc fmspcs[HF__FMSPCS_MAX];
    size_t fmspcs_count;
};

struct hf__collateral_cache;

/* folder: copied. intel: Intel's root counts, whatever quotes come. HF_ENOMEM. */
HF_MUST_USE int hf__collateral_cache_new(const char *folder, bool intel,
                                         struct hf__collateral_cache **ret);
/* NULL is legal. */
void hf__collateral_cache_free(struct hf__collateral_cache *s);
/*
 * The collateral for these roots, which count from now on: a reference, or NULL where there is
 * none. at_s: the time by which documents of the folder are valid or not, where it is to be read.
 * HF_ECOLLROLLBACK: there is one, and it may not be used. Else the errors of hf_collateral_load.
 */
HF_MUST_USE int hf__collateral_cache_get(struct hf__collateral_cache *s,
                                         const struct hf_roots *roots, uint64_t at_s,
                                         struct hf_collateral **ret);
/*
 * What counts and what is announced, a reference to each, NULL where nothing is announced; and
 * their roots. false: nothing counts. key: HF_ROOT_KEY_LEN bytes, to which ret_roots may point.
 */
bool hf__collateral_cache_both(struct hf__collateral_cache *s, uint8_t key[static HF_ROOT_KEY_LEN],
                               struct hf_roots *ret_roots, struct hf_collateral **ret_now,
                               struct hf_collateral **ret_early);
/* Reads the folder again, once it is known which root counts. Errors as above. */
HF_MUST_USE int hf__collateral_cache_read(struct hf__collateral_cache *s, uint64_t at_s);
/* Holds what is in use against the marks: HF_ECOLLROLLBACK, and it is not used any more. */
HF_MUST_USE int hf__collateral_cache_check(struct hf__collateral_cache *s);
/* Raises the marks; whether they have risen, so that hf__collateral_cache_check is due. */
bool hf__collateral_cache_raise(struct hf__collateral_cache *s, const struct hf_marks *marks);
/* The marks, where collateral has raised them since the last call; false: it has not. */
bool hf__collateral_cache_risen(struct hf__collateral_cache *s, struct hf_marks *ret);
/* When evaluations were first seen; returns how many. */
size_t
hf__collateral_cache_evaluations(struct hf__collateral_cache *s,
                                 struct hf_evaluation_seen ret[static HF_MARKS_EVALUATIONS_MAX]);
/* Notes a kind of platform. */
void hf__collateral_cache_learn(struct hf__collateral_cache *s,
                                const uint8_t fmspc[static HF_FMSPC_LEN]);
/* Forgets the kinds of platforms that were noted. */
void hf__collateral_cache_forget(struct hf__collateral_cache *s);
/* What is held, for the status. */
void hf__collateral_cache_held(struct hf__collateral_cache *s, struct hf__held *ret);

#endif
