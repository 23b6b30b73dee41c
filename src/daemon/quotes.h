/*
 * Quotes, made and judged on worker threads: the platform that makes this node's own, and the
 * collateral and the memory of certificates by which those of others are verified.
 */
#ifndef HF_DAEMON_QUOTES_H
#define HF_DAEMON_QUOTES_H

#include "attest/producer.h"
#include "attest/verdict.h"
#include "core/engine.h"
#include "collateral_cache.h"

struct uv_loop_s;
struct hf__quotes;

struct hf__quotes_hooks {
    void *user;
    /* On the loop's thread. */
    void (*made)(void *user, uint32_t work, int error, struct hf_bytes quote);
    void (*judged)(void *user, uint32_t work, const struct hf_verdict *verdict);
    /* The folder was read again after hf__quotes_reload; error: why it could not be. Every verdict
     * from now on is by what is held now. */
    void (*reloaded)(void *user, int error);
    /* What this machine's own quote is by the collateral that counts, and by that of the evaluation
     * that is announced, borrowed; NULL where there is none. */
    void (*looked_ahead)(void *user, const struct hf_verdict *now, const struct hf_verdict *early);
    /* What has been verified has risen: marks, borrowed for the length of the hook. */
    void (*marked)(void *user, const struct hf_marks *marks);
    /* The time by which dates are judged. */
    uint64_t (*now_s)(void *user);
};

/*
 * Opens the platform. ret_where: what could not be opened, "" on success. Errors: those of
 * hf_dev_machine_open and hf_tsm_producer_new; HF_ENOPLATFORM: the kernel's interface is not there.
 */
HF_MUST_USE int hf__quotes_new(struct uv_loop_s *loop, const struct hf__settings *settings,
                               const struct hf__quotes_hooks *hooks, struct hf__quotes **ret,
                               const char **ret_where);
/* Nothing may be under way: the loop has ended. NULL is legal. */
void hf__quotes_free(struct hf__quotes *q);

/* Starts to make a quote over report_data; hooks->made tells. */
void hf__quotes_make(struct hf__quotes *q, uint32_t work, const char *label,
                     const struct hf_hash *hash, const uint8_t report_data[static 64]);
/* Starts to verify, as HF_WORK_JUDGE says; hooks->judged tells. */
void hf__quotes_judge(struct hf__quotes *q, const struct hf_work *w);
/*
 * Reads the folder of collateral again, on a thread; hooks->reloaded tells. Of each document the
 * newer counts: what is held is never replaced by something older, and stays where the folder
 * cannot be read.
 */
void hf__quotes_reload(struct hf__quotes *q);
/* Collateral older than this is not used from now on. What is held is looked through on a thread;
 * hooks->reloaded tells where it had to be refused, with HF_ECOLLROLLBACK. */
void hf__quotes_marks(struct hf__quotes *q, const struct hf_marks *marks);
/* What collateral is held, for the status. */
void hf__quotes_held(struct hf__quotes *q, struct hf__held *ret);
/* Forgets platforms that quotes have brought: they come again with the next quote. */
void hf__quotes_forget_fmspcs(struct hf__quotes *q);

/* What the platform's quotes say this machine and its software are. */
struct hf__own_quote {
    bool has; /* a quote was made */
    bool has_ppid;
    uint8_t measurement[HF_MEASUREMENT_LEN];
    uint8_t ppid[HF_PPID_LEN];
};
/* What the newest own quote says of this machine. */
void hf__quotes_own(const struct hf__quotes *q, struct hf__own_quote *ret);

/* How many quotes were made and failed, and why the last one failed. */
void hf__quotes_facts(struct hf__quotes *q, struct hf_producer_facts *ret);
/* "tdx" or "dev". */
const char *hf__quotes_platform(const struct hf__quotes *q);

#endif
