#include "command/shard.h"

#include <errno.h>
#include <stdlib.h>

enum { SHARDS_MAX = 1 << 20 };

/* Digits and nothing else, up to `most`. */
static bool number(const char *text, unsigned long most, unsigned long *ret)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *ret = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && *ret <= most;
}

bool hf__shard_parse(const char *text, unsigned *ret_shard, unsigned *ret_shards)
{
    char *end;
    unsigned long shard, shards;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    shard = strtoul(text, &end, 10);
    if (errno != 0 || *end != '/' || !number(end + 1, SHARDS_MAX, &shards) || shard < 1 ||
        shard > shards)
        return false;
    *ret_shard = (unsigned)shard;
    *ret_shards = (unsigned)shards;
    return true;
}

/* One of `count`, of those before it. False: the variables say no such thing. */
static bool within(const char *id_name, const char *first_name, const char *step_name,
                   const char *count_name, unsigned *shard, unsigned *shards)
{
    unsigned long id, first = 0, step = 1, count;
    if (!number(getenv(id_name), 1ul << 40, &id) ||
        !number(getenv(count_name), SHARDS_MAX / *shards, &count) || count == 0)
        return false;
    if (first_name != NULL && getenv(first_name) != NULL &&
        !number(getenv(first_name), 1ul << 40, &first))
        return false;
    if (step_name != NULL && getenv(step_name) != NULL &&
        (!number(getenv(step_name), 1ul << 40, &step) || step == 0))
        return false;
    if (id < first || (id - first) / step >= count)
        return false;
    *shard = (unsigned)((*shard - 1) * count + (id - first) / step + 1);
    *shards *= (unsigned)count;
    return true;
}

const char *hf__shard_environment(unsigned *ret_shard, unsigned *ret_shards)
{
    const char *who = NULL;
    bool sound = true;
    *ret_shard = 1;
    *ret_shards = 1;
    if (getenv("OMPI_COMM_WORLD_RANK") != NULL) {
        who = "Open MPI";
        sound = within("OMPI_COMM_WORLD_RANK", NULL, NULL, "OMPI_COMM_WORLD_SIZE", ret_shard,
                       ret_shards);
    } else if (getenv("SLURM_ARRAY_TASK_ID") != NULL || getenv("SLURM_STEP_ID") != NULL) {
        /* A batch script has SLURM_PROCID too, and there is one of it: steps alone are counted. */
        who = "Slurm";
        if (getenv("SLURM_ARRAY_TASK_ID") != NULL)
            sound = within("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP",
                           "SLURM_ARRAY_TASK_COUNT", ret_shard, ret_shards);
        if (sound && getenv("SLURM_STEP_ID") != NULL)
            sound = within("SLURM_PROCID", NULL, NULL, "SLURM_NTASKS", ret_shard, ret_shards);
    }
    if (!sound)
        *ret_shard = 0;
    return who;
}
