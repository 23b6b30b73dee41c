/* One action of the timeline as it happens. */
#ifndef HF_SIM_DEED_H
#define HF_SIM_DEED_H

#include "scenario/schedule.h"

#include "world/world.h"

struct hf__deeds {
    const struct hf__action *action;
    struct hf__stream r; /* of its own: see hf__schedule_new */
    uint32_t *targets;
    size_t count, cap;
    size_t step;
    bool begun, ended;
    struct hf__plot *plot; /* of a strategy */
};

struct hf__schedule {
    struct hf_world *world;
    uint32_t observer;
    struct hf__deeds *deeds;
    size_t count;
    bool healed;
    struct hf_world_network network; /* as they were before any deed */
    struct hf_world_attestation attestation;
    hf__deed_fn *note;
    void *note_ctx;
};

void hf__deed_begin(struct hf__schedule *s, struct hf__deeds *d);
void hf__deed_end(struct hf__schedule *s, struct hf__deeds *d);
/* False: it has no further step. */
bool hf__deed_step(struct hf__schedule *s, struct hf__deeds *d);
/* The time between two steps. */
uint64_t hf__deed_pause_us(const struct hf__deeds *d);
void hf__deed_heal(struct hf_world *w);

#endif
