/* Which part of a study this process does, among those that do the others. */
#ifndef HF_SIM_SHARD_H
#define HF_SIM_SHARD_H

#include <stdbool.h>

/* "2/4": the second of four. False: not of that form. */
bool hf__shard_parse(const char *text, unsigned *ret_shard, unsigned *ret_shards);
/*
 * What a job that was started by Open MPI or Slurm is told: OMPI_COMM_WORLD_RANK and _SIZE; of a
 * step of srun SLURM_PROCID and SLURM_NTASKS, of an array SLURM_ARRAY_TASK_ID, _MIN, _STEP and
 * _COUNT, and of steps in an array both. Returns who said it, or NULL: no such job, one of one.
 * *ret_shard is 0 when what was said makes no sense.
 */
const char *hf__shard_environment(unsigned *ret_shard, unsigned *ret_shards);

#endif
