/*
 * The collateral that a daemon holds, read from its folder and never older than what was verified
 * before. Threads use it; while one reads the folder, the others wait only if they need what is in
 * it.
 */
#ifndef HF_DAEMON_SHELF_H
#define HF_DAEMON_SHELF_H

#include "attest/marks.h"
#include "settings.h"

enum { HF__FMSPCS_MAX = 64 };

/* The collateral that is held. Unix times. */
struct hf__held {
    bool has;           /* there is a set */
    uint64_t expires_s; /* the earliest end of any of its documents; 0: none is good */
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

struct hf__shelf;

/* folder: copied. intel: Intel's root counts, whatever quotes come. HF_ENOMEM. */
HF_MUST_USE int hf__shelf_new(const char *folder, bool intel, struct hf__shelf **ret);
/* NULL is legal. */
void hf__shelf_free(struct hf__shelf *s);
/*
 * The collateral for these roots, which count from now on: a reference, or NULL where there is
 * none. HF_ECOLLROLLBACK: there is one, and it may not be used. Else the errors of
 * hf_collateral_load.
 */
HF_MUST_USE int hf__shelf_get(struct hf__shelf *s, const struct hf_roots *roots,
                              struct hf_collateral **ret);
/*
 * What counts and what is announced, a reference to each, NULL where nothing is announced; and
 * their roots. false: nothing counts. key: HF_ROOT_KEY_LEN bytes, to which ret_roots may point.
 */
bool hf__shelf_both(struct hf__shelf *s, uint8_t key[static HF_ROOT_KEY_LEN],
                    struct hf_roots *ret_roots, struct hf_collateral **ret_now,
                    struct hf_collateral **ret_early);
/* Reads the folder again, once it is known which root counts. Errors as above. */
HF_MUST_USE int hf__shelf_read(struct hf__shelf *s);
/* Holds what is in use against the marks: HF_ECOLLROLLBACK, and it is not used any more. */
HF_MUST_USE int hf__shelf_check(struct hf__shelf *s);
/* Raises the marks; whether they have risen, so that hf__shelf_check is due. */
bool hf__shelf_raise(struct hf__shelf *s, const struct hf_marks *marks);
/* The marks, where collateral has raised them since the last call; false: it has not. */
bool hf__shelf_risen(struct hf__shelf *s, struct hf_marks *ret);
/* When evaluations were first seen; returns how many. */
size_t hf__shelf_evaluations(struct hf__shelf *s,
                             struct hf_evaluation_seen ret[static HF_MARKS_EVALUATIONS_MAX]);
/* Notes a kind of platform, or forgets all of them. */
void hf__shelf_learn(struct hf__shelf *s, const uint8_t fmspc[static HF_FMSPC_LEN]);
void hf__shelf_forget(struct hf__shelf *s);
/* What is held, for the status. */
void hf__shelf_held(struct hf__shelf *s, struct hf__held *ret);

#endif
