/*
 * What an operator asks at night: could this node's key come back after a restart, how many more of
 * its providers may go before it could not, and what wants to be done in time. A function of the
 * status and a few dates, without a loop; status, log, metrics and exit status all go by it.
 */
#ifndef HF_DAEMON_OUTLOOK_H
#define HF_DAEMON_OUTLOOK_H

#include "core/status.h"
#include "core/time.h"

enum {
    /* A provider that has been silent for less may be restarting: it is shown as silent, and warned
     * of only later. */
    HF__SILENT_MS = 60000,
    HF__EXPIRES_S = 30 * 86400,           /* documents: warned of so long before */
    HF__COLLATERAL_EXPIRES_S = 7 * 86400, /* collateral, which lives for about a month */
    HF__URGENT_S = 7 * 86400,             /* from here on a warning of a document weighs more */
    HF__CLOCK_OFF_S = 240,                /* of the 300 s that peers put up with */
    HF__WARNINGS_MAX = 14,
    HF__SAYS_LEN = 400,
    HF__ADVICE_LEN = 900,
    HF__WARNING_LEN = 320,
};

/* X(constant, name): whether the key can come back. */
#define HF__KEY_MAP(X)                                                                             \
    X(HF__KEY_UNKNOWN, "unknown")       /* the engine does not run */                              \
    X(HF__KEY_NONE, "none")             /* there is none that is backed up */                      \
    X(HF__KEY_COMES_BACK, "comes_back") /* after a restart, by those that last */                  \
    X(HF__KEY_THIN, "thin")             /* one is lost; with one more a restart locks it */        \
    X(HF__KEY_WOULD_LOCK, "would_lock") /* a restart now locks it until more answer */             \
    X(HF__KEY_WOULD_LOSE, "would_lose") /* a restart now loses it while this lasts */              \
    X(HF__KEY_WAITS, "waits")           /* the node is locked, and more must answer */             \
    X(HF__KEY_STUCK, "stuck")     /* the node is locked, and none that is left could answer */     \
    X(HF__KEY_BLOCKED, "blocked") /* only a person can help */

enum hf__key_outlook {
#define X(constant, name) constant,
    HF__KEY_MAP(X)
#undef X
};

/* Its name in the status, as scripts read it. */
const char *hf__key_outlook_name(enum hf__key_outlook key);

/* 0 ready, 1 cannot tell, 2 not ready, 3 in danger: the exit status of `holdfast status`. */
enum hf__verdict { HF__SAFE, HF__CANNOT_TELL, HF__NOT_READY, HF__IN_DANGER };

/* How much a warning weighs: one that is muted is heard again when it weighs more. */
enum hf__weight { HF__NOTICE = 1, HF__URGENT, HF__NOW };

struct hf__warning {
    int reason; /* of base/reasons.def */
    enum hf__weight weight;
    uint64_t at_s; /* when what it warns of comes; 0: it has no date */
    bool muted;
    char text[HF__WARNING_LEN];
};

/* A warning that a person does not want to hear for a while. */
struct hf__mute {
    int reason;
    enum hf__weight weight; /* as it was: a heavier one is heard */
    uint64_t until_s;
};

struct hf__outlook_facts {
    const struct hf_status *status;
    bool running; /* the engine does */
    uint64_t now_ms;
    uint64_t collateral_expires_s; /* 0: none is held */
    bool collateral_fetched;       /* the daemon fetches it by itself */
    int collateral_error;          /* why the own collateral judges no quote; 0: it does */
    int own_error;           /* why the policy refuses this machine's quotes; 0: it does not */
    uint64_t own_since_ms;   /* since when, as this node knows */
    int due_error;           /* why this machine will be refused that is not now; or 0 */
    uint32_t due_evaluation; /* from which TCB evaluation on */
    const char *address;     /* for registration */
    const char *registered;  /* in the newest set; "" not a member */
    bool tells_address;      /* it is configured as such, and members are told of it */
    /* Another account that the newest set has at `address`; NULL: none, or the node is a member. */
    const struct hf_account *another;
    const struct hf_time_status *time; /* NULL: as where the policy lists no servers */
    const struct hf__mute *mutes;
    size_t mutes_count;
};

struct hf__outlook {
    enum hf__key_outlook key;
    enum hf__verdict verdict;
    uint8_t holders, needed, quorum; /* n, k, q */
    uint8_t answering;               /* could help in a restart now */
    uint8_t lasting;                 /* those, and who may be restarting */
    uint8_t silent, locked, refusing, removed;
    uint8_t gone;                    /* of removed and refusing: have no share to give any more */
    uint8_t unproved;                /* their last audit failed */
    int spare_claim, spare_recovery; /* how many more may go; negative: so many are missing */
    uint8_t warnings_count;
    struct hf__warning warnings[HF__WARNINGS_MAX];
    char says[HF__SAYS_LEN];
    char advice[HF__ADVICE_LEN]; /* "" nothing is to be done */
};

/* Fills in ret; never fails. */
void hf__outlook(const struct hf__outlook_facts *facts, struct hf__outlook *ret);

#endif
