/*
 * The operator's folders, as a thread of libuv's has last seen them: a disk that does not answer
 * holds up no loop. One look at a time, so that it takes one thread at most.
 */
#ifndef HF_DAEMON_FOLDERS_H
#define HF_DAEMON_FOLDERS_H

#include "fetch_launcher.h"

struct hf__daemon;
struct hf__folders;

/* What lies in the folder of collateral. */
struct hf__folder_facts {
    bool looked;       /* else nothing is known yet */
    uint64_t filled_s; /* when it was filled, by its date; 0: it is not there */
    /* The platforms whose TCB information is there. */
    struct hf__settings_fmspc fmspcs[HF__FETCH_PLATFORMS_MAX];
    uint32_t count;
};

/* Before the first look. HF_ENOMEM. */
HF_MUST_USE int hf__folders_new(struct hf__daemon *d);
/* When the loop has ended. */
void hf__folders_free(struct hf__daemon *d);
/*
 * Makes a thread look at both folders; called every HF__RETRY_MS. What it finds of the collateral
 * is in the facts then. Of the documents (*.doc), when anything was put into their folder since
 * they were read last, or always, the good ones are handed to the engine, and bad ones named in the
 * log.
 */
void hf__folders_look(struct hf__daemon *d, bool always);
/* As of the last look. */
const struct hf__folder_facts *hf__folders_facts(const struct hf__daemon *d);

#endif
