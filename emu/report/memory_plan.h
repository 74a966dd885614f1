/* emu/report/memory_plan.h -- what an interpreter planned: operators, buffers, and when most of them live at once. */
#pragma once
#include <stdbool.h>
#include "emu/report/nn_message.h"
#include "interpreter/inspect.h"

struct thm_memory_plan {        /* filled by thm_memory_plan_make(); read-only for users */
    struct thm_planned_op *ops; /* by subgraph and index; several entries if run in several places */
    struct thm_planned_buffer *buffers;
    size_t op_count, op_room, buffer_count, buffer_room;
    int32_t end; /* last moment of the clock */
    bool out_of_memory;
    int32_t peak;        /* first moment at which most bytes live; -1 = nothing is planned */
    uint64_t peak_bytes; /* alive then, each buffer rounded up to 16; the head is longer where gaps remain */
    struct thm_arena_stats arena;
    struct thm_plan_observer observer;
    const struct thm_nn_change *change;
};

/* Plan m's memory in an arena that is large enough. `change` as in thm_nn_measure_changed(); may be NULL.
 * Out:    *p, to be released with thm_memory_plan_free() whatever the result. After an error the figures are 0.
 * Errors: as thm_nn_measure(); p->out_of_memory: the PC has none left, the plan is not complete. */
enum thm_nn_err thm_memory_plan_make(struct thm_memory_plan *p, const struct thm_model *m, const struct thm_layout *l,
                                     const struct thm_nn_change *change, struct thm_nn_diag *diag);
void thm_memory_plan_free(struct thm_memory_plan *p);

uint64_t thm_planned_room(const struct thm_planned_buffer *b); /* bytes it takes in the head */
bool thm_planned_alive(const struct thm_planned_buffer *b, int32_t clock);
/* The operator that runs at that moment, the innermost if subgraphs run; NULL = none. */
const struct thm_planned_op *thm_memory_plan_running(const struct thm_memory_plan *p, int32_t clock);
/* The work of one run of an operator; NULL: it never runs. */
const struct thm_work *thm_memory_plan_work(const struct thm_memory_plan *p, uint32_t subgraph, uint32_t op);
