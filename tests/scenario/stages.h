/* Stages of test_checkers.c that stand in files of their own: each brings about what one checker
 * promises to see, if the engine has the fault for it. The caller frees the world. */
#ifndef HF_TESTS_STAGES_H
#define HF_TESTS_STAGES_H

#include "sim/world.h"

/* Runs for s seconds, or until a checker has found something. */
void run_s(struct hf_world *w, unsigned s);

struct hf_world *stage_audit(void);
struct hf_world *stage_accused(void);
struct hf_world *stage_present(void);
struct hf_world *stage_incarnation(void);
struct hf_world *stage_ready(void);
struct hf_world *stage_held(void);
struct hf_world *stage_leave(void);
struct hf_world *stage_handover(void);
struct hf_world *stage_repair(void);
struct hf_world *stage_silence(void);
struct hf_world *stage_provisional(void);
struct hf_world *stage_void(void);
struct hf_world *stage_forks(void);
struct hf_world *stage_vault(void);
struct hf_world *stage_keys(void);
struct hf_world *stage_dealt_later(void);
struct hf_world *stage_new_release(void);
struct hf_world *stage_new_release_slow_disk(void);
struct hf_world *stage_new_release_elsewhere(void);

#endif
