/* What happened in a run, as its timeline tells it. */
#ifndef HF_SIM_STORY_H
#define HF_SIM_STORY_H

#include "figure/report.h"

/* The event around which messages are shown: a broken promise, or else the first restart. */
struct hf__story {
    json_t *faults; /* [{from_us, until_us, label}] */
    uint64_t at_us;
    uint32_t node;
    bool violated, restarted; /* there is one; neither: at_us and node are 0 */
};

#endif
