/* One run of a scenario: the world, its faults, the healing, and what came of it. */
#ifndef HF_SIM_TRIAL_H
#define HF_SIM_TRIAL_H

#include "trial/record.h"
#include "scenario/scenario.h"

struct hf__result {
    bool ok, stopped; /* stopped: the user asked for the end */
    char why[320];    /* when not ok: what is wrong */
    uint64_t virtual_us;
    double real_s, cpu_s;
    uint32_t nodes, ready, excused;
    struct hf_world_totals totals;
    struct hf__tally tally;
};

/* What a run tells while it goes on. Any may be NULL. */
struct hf__trial_hooks {
    void *ctx;
    /* It ends there, within scenario.for_us, and nothing is asked of how the nodes stand then; 0:
     * it is run to its end. */
    uint64_t until_us;
    /* Called now and then; false ends the run. until_us: expected end. */
    bool (*progress)(void *ctx, const struct hf_world *w, uint64_t until_us);
    /* The world is made and has its events, and no node has started. */
    void (*made)(void *ctx, struct hf_world *w, struct hf__schedule *events,
                 struct hf__churning *churn);
    /* Before the world is freed. */
    void (*finished)(void *ctx, struct hf_world *w);
    struct hf__record *record;
};

/* Runs a scenario to its end, or until a hook ends it. hooks: stays the caller's. */
void hf__trial_run(const struct hf__scenario *s, const struct hf__trial_hooks *hooks,
                   struct hf__result *ret);

/* How a world stands: nodes, who is ready, totals, time. */
void hf__trial_state(struct hf_world *w, struct hf__result *ret);

/*
 * Which nodes can come back: those that are open, and of the locked ones those of whom k shares are
 * kept by nodes that can; if any node is left to accept their claim. ret: one for each node.
 * ret_all: whether that is all of them; otherwise some holders are lost, and those who come back
 * may stay short of `ready`.
 */
void hf__survivors(struct hf_world *w, bool *ret, bool *ret_all);
/*
 * How many machines may yet fail, one after the other and each as it is worst, until an owner's
 * key is lost: those of its holders that are open beyond k - 1, and itself while it is open; the
 * least of all owners. 0: an owner is lost, as hf__outcomes has it. UINT32_MAX: none has anything
 * to lose.
 */
uint32_t hf__until_loss(struct hf_world *w);
/* What became of each node: one for each. In a world where a host has put an older disk in, no node
 * is called lost. */
void hf__outcomes(struct hf_world *w, enum hf__outcome *ret);

#endif
