/* emu/cost/estimate.h -- latency and energy of one invocation of a model, from its plan, without running it. */
#pragma once
#include "emu/cost/cost.h"
#include "emu/report/memory_plan.h"

struct thm_estimate_op {
    uint32_t subgraph, op;
    uint32_t runs;    /* how many operators it stands for; 1 but in .kinds */
    const char *name; /* lent from the model; not NUL-terminated */
    uint32_t name_len;
    uint64_t macs;
    double seconds;
};

struct thm_estimate { /* read-only for users */
    double seconds, cycles;
    struct thm_cost_error error;            /* of seconds */
    const struct thm_cost_kernels *kernels; /* where most of the time goes: float's or integer's */
    const struct thm_cost_energy *energy;   /* NULL = not known */
    double joules;
    struct thm_estimate_op *ops;   /* slowest first; operators of subgraphs as often as the plan runs them */
    struct thm_estimate_op *kinds; /* the same by name, slowest first */
    size_t op_count, kind_count;
};

/* mcu: as for thm_cost_energy(). Out: *e, to be released with thm_estimate_free(). false: out of memory. */
bool thm_estimate_make(struct thm_estimate *e, const struct thm_cost *cost, const char *mcu, const struct thm_model *m,
                       const struct thm_memory_plan *plan);
void thm_estimate_free(struct thm_estimate *e);
