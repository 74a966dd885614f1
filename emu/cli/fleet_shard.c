/* emu/cli/fleet_shard.c -- which shard of a fleet this is, from the environment of who started it. */
#include <errno.h>
#include <stdlib.h>
#include "emu/cli/fleet.h"

struct engine { /* variables of a task; NULL: it has none such */
    const char *name, *index, *count;
    const char *first, *last, *step; /* indices of an array; else they begin at 0, with steps of 1 */
};

/* Slurm: sbatch(1), srun(1); the batch script itself is no step, so that the count of its allocation is none of a
 * shard's. MPI: what mpirun of Open MPI, and of MPICH and its kin, set for any program. */
static const struct engine engines[] = {
    { "the Slurm array", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN",
      "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP" },
    { "srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", NULL, NULL, NULL },
    { "Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL, NULL, NULL },
    { "PMI", "PMI_RANK", "PMI_SIZE", NULL, NULL, NULL },
};

/* -1: it is not there, or no number. */
static int64_t variable(const char *name, int64_t otherwise)
{
    const char *text = name ? getenv(name) : NULL;
    char *end;
    if (!text)
        return otherwise;
    errno = 0;
    const long v = strtol(text, &end, 10);
    return end == text || *end || errno || v < 0 || v > INT32_MAX ? -1 : v;
}

/* Out: *index, *count; count 0: the engine has not started this, or one task alone. Result: 0, or 2, reported. */
static int share_of(const struct engine *e, uint32_t *index, uint32_t *count)
{
    const int64_t id = variable(e->index, -1), n = variable(e->count, -1);
    const int64_t first = variable(e->first, 0), step = variable(e->step, 1), last = variable(e->last, first + n - 1);
    *count = 0;
    if (id < 0 || n <= 1)
        return 0;
    if (first < 0 || step < 1 || last != first + (n - 1) * step || id < first || id > last || (id - first) % step)
        return thm_fail(THM_EXIT_USAGE,
                        "%s has %lld tasks, and their indices do not tell which shards they are: give --shard", e->name,
                        (long long)n);
    *index = (uint32_t)((id - first) / step);
    *count = (uint32_t)n;
    return 0;
}

int fleet_shard(struct fleet_options *o)
{
    const struct engine *who = NULL;
    uint32_t index, count;
    if (o->shards)
        return 0;
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (share_of(&engines[i], &index, &count))
            return THM_EXIT_USAGE;
        if (count && who && (index != o->shard || count != o->shards))
            return thm_fail(THM_EXIT_USAGE, "shard %u/%u by %s, or %u/%u by %s: give --shard", o->shard, o->shards,
                            who->name, index, count, engines[i].name);
        if (!count)
            continue;
        who = &engines[i];
        o->shard = index;
        o->shards = count;
    }
    return 0;
}
