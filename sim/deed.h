/* One action of the timeline as it happens. */
#ifndef HF_SIM_DEED_H
#define HF_SIM_DEED_H

#include "schedule.h"

#include "inside.h"

struct hf__deeds {
    const struct hf__action *action;
    uint32_t *targets;
    size_t count, cap;
    size_t step;
    bool begun, ended;
    double before;        /* what a chance was */
    struct hf_disk *kept; /* a disk as it was */
    void *strategy_ctx;
};

struct hf__schedule {
    struct hf_world *world;
    uint32_t observer;
    struct hf__deeds *deeds;
    size_t count;
    bool healed;
    hf__deed_fn *note;
    void *note_ctx;
};

void hf__deed_begin(struct hf__schedule *s, struct hf__deeds *d);
void hf__deed_end(struct hf__schedule *s, struct hf__deeds *d);
/* False: it has no further step. */
bool hf__deed_step(struct hf__schedule *s, struct hf__deeds *d);
void hf__deed_heal(struct hf_world *w);

#endif
