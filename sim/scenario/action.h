/* One action of the timeline as it happens. */
#ifndef HF_SIM_ACTION_H
#define HF_SIM_ACTION_H

#include "scenario/schedule.h"

#include "world/world.h"

struct hf__action_run {
    const struct hf__action *action;
    struct hf__stream r; /* of its own: see hf__schedule_new */
    uint32_t *targets;
    uint32_t *beside; /* of a handover: the new one of each target, 0 none; NULL: it is no such */
    size_t count, cap;
    size_t step;
    bool begun, ended;
    struct hf__strategy_run *strategy; /* NULL: the action is none */
};

struct hf__schedule {
    struct hf_world *world;
    uint32_t observer;
    struct hf__action_run *runs;
    size_t count;
    bool healed;
    struct hf_world_network network; /* as they were before any action */
    struct hf_world_attestation attestation;
    hf__action_fn *note;
    void *note_ctx;
};

/* Begins an action on its targets, which have been drawn. */
void hf__action_begin(struct hf__schedule *s, struct hf__action_run *d);
/* Ends one that lasts, on each of them. */
void hf__action_end(struct hf__schedule *s, struct hf__action_run *d);
/* False: it has no further step. */
bool hf__action_step(struct hf__schedule *s, struct hf__action_run *d);
/* The time between two steps. */
uint64_t hf__action_pause_us(const struct hf__action_run *d);
/* Ends everything that actions have done, and starts what is down. */
void hf__action_heal(struct hf_world *w);

/* ---- handover.c */

/* A new release starts beside each target. */
void hf__change_begin(struct hf_world *w, struct hf__action_run *d);
/* The old one of each that has everything is thrown away. */
void hf__change_step(struct hf_world *w, struct hf__action_run *d);
/* Microseconds between two looks. */
uint64_t hf__change_pause_us(void);
/* The new one of each that has not got everything is thrown away, and the old one runs. */
void hf__change_end(struct hf_world *w, struct hf__action_run *d);

/* ---- member.c */

/* Gone for good, where the rest of the set is enough for the policy. */
void hf__member_remove(struct hf_world *w, uint32_t node);
/* The same, with its operator's good will, who tells the authority: the next set says so too. */
void hf__member_leave(struct hf_world *w, uint32_t node, uint64_t seconds);
/* The authority decides a floor for a member that waits for holders, where no other machine runs
 * it. */
void hf__member_floor(struct hf_world *w, uint32_t node);
/* Its folder is gone, and its operator starts it with an empty one that names its account. */
void hf__member_anew(struct hf_world *w, uint32_t node);
/* Whether its vault can never be gone on with, as a copy of it went on: that has rotated the root
 * secret and deleted the version under which the vault at home is sealed; or this one, which was
 * handed over in vain, lacks what the copy has promised. */
bool hf__member_behind(struct hf_world *w, uint32_t node);

#endif
