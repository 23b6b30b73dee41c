/* A scenario: a world, what is done to it, and what must come of it; from YAML,
 * or drawn by a seed. */
#ifndef HF_SIM_SCENARIO_H
#define HF_SIM_SCENARIO_H

#include "scenario/churn.h"
#include "scenario/schedule.h"

#include "config/schema.h"

struct hf__scenario {
    const char *title;
    const char *matrix, *trace; /* files that hf__scenario_files reads; NULL: there is none */
    uint32_t nodes;
    uint64_t for_us;    /* faults happen within it */
    uint64_t settle_us; /* then everything is healed and has so long to be ready; 0: no healing */
    uint64_t keys_every_us; /* each ready node's application asks for its key so often; 0 never */
    uint64_t spread_us;     /* nodes start within it */
    double ready_min;       /* share of the nodes that must be ready at the end */
    struct hf_world_settings world;
    HF_CONFIG_LIST_OF(struct hf__action) actions;
    HF_CONFIG_LIST_OF(struct hf__churn) churn;
};

extern const struct hf_config_schema hf__scenario_schema;
/* Relations between the fields of an event: for the schema alone. */
void hf__action_check(const void *value, const struct hf_config_where *where);
/* Relations between the fields of a process of faults: likewise. */
void hf__churn_check(const void *value, const struct hf_config_where *where);
/* Relations between those of a scenario: likewise. */
void hf__scenario_check(const void *value, const struct hf_config_where *where);
/* What is wrong with a field; path is as `events[3].node`. */
typedef void hf__objection_fn(void *ctx, const char *path, const char *text);
/* What a scenario's events have to do with each other and with its size, told one by one. For
 * scenarios of which a field was changed after they were read. */
void hf__scenario_judge(const struct hf__scenario *s, hf__objection_fn *objection, void *ctx);
/* What came of the files that a scenario names: the scenario points into it. {0} is none. */
struct hf__scenario_kept {
    struct hf_config_doc *matrix, *trace;
    struct hf__action *actions;
};
/*
 * Reads the files that a scenario names into what they stand for: a matrix into its rows, a trace
 * into events among the others. The scenario names none then, and is whole. HF_ECONFIG: errors says
 * why, by file and line. *ret_kept is to be given back in any case.
 */
HF_MUST_USE int hf__scenario_files(struct hf__scenario *s, struct hf__scenario_kept *ret_kept,
                                   struct hf_config_errors *errors);
void hf__scenario_kept_done(struct hf__scenario_kept *kept);
/* One event of a list, and one row of a matrix: for the schemas of such files. */
extern const struct hf_config_field hf__action_item, hf__row_item;
/* Leaves as many targets in events as there are nodes: a drawn scenario may get fewer. */
void hf__scenario_fit(struct hf__scenario *s);
/* While one field is read alone, its relations to others are not judged: hf_world_new does. */
extern bool hf__scenario_relaxed;

/* A "--set network.loss=1%", or "events[0].share=70%" of an event that is there. HF_ECONFIG: errors
 * says why. *ret_doc as of hf_config_load. */
HF_MUST_USE int hf__scenario_set(struct hf__scenario *s, const char *assignment,
                                 struct hf_config_doc **ret_doc, struct hf_config_errors *errors);
/* What a seed of the swarm draws: sizes, settings and faults. actions: from malloc. */
void hf__scenario_draw(uint64_t seed, struct hf__scenario *ret);
/* Kinds of events that a run may have: chance of it, and how many at most. */
struct hf__kind {
    int action; /* enum hf__action_kind */
    double chance;
    unsigned max;
};
struct hf__kinds {
    const struct hf__kind *items;
    size_t count;
};
extern const struct hf__kinds hf__kinds;
/* The same from other tables. strategies: NULL after the last; at most HF__STRATEGIES_MAX. */
void hf__scenario_draw_from(uint64_t seed, const struct hf__kinds *kinds,
                            const struct hf__strategy *const *strategies, struct hf__scenario *ret);
/* As YAML, for a person and for `run`. */
void hf__scenario_print(const struct hf__scenario *s, struct hf_buf *out);
/* One item of a list of maps likewise, with a line a field, but for the field of this name. */
void hf__item_print(const struct hf_config_field *list, const void *item, const char *but,
                    struct hf_buf *out);

/* Whether n, k, q and p of a scenario fit together, and a sentence that says how they must. */
bool hf__policy_fits(const struct hf_world_policy *p);
extern const char hf__policy_unfit[];
/* Sizes of operators, zones and hosts, and the matrix: objections as of hf__scenario_judge. */
void hf__places_judge(const struct hf__scenario *s, hf__objection_fn *objection, void *ctx);
/* So many operators, zones that have nodes when there are so many nodes; the zone has one. */
uint32_t hf__places_operators(const struct hf__scenario *s, uint32_t nodes);
bool hf__places_zone(const struct hf__scenario *s, int64_t zone, uint32_t nodes);

#endif
