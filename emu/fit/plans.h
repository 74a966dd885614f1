/* emu/fit/plans.h -- what a page tells of a model apart from boards: its plan for each struct layout, and its operators
 * with the time that each board takes. Private to emu/fit. */
#pragma once
#include "emu/fit/page.h"
#include "emu/report/memory_plan.h"

/* For struct thm_nn_change: the interpreter as the firmware of a case (ctx) sets it up. */
void fit_apply_setting(void *ctx, struct thm_interpreter *it);

/* The plan of case c's model for its board. Result: THM_NN_OK: give *plan back with thm_memory_plan_free(). Else the
 * model is refused, and there is nothing to give back. */
enum thm_nn_err fit_plan_make(const struct thm_fit_case *c, struct thm_model *m, struct thm_memory_plan *plan);

/* Is this cell the first of its model with its board's layout, so that the plan is told here? */
bool fit_plan_is_first(const struct thm_fit_page *p, unsigned board, unsigned model);

struct fit_op { /* one that ran, in order */
    char name[40];
    uint32_t index;
    uint64_t macs, ns;
};

struct fit_ops {
    struct fit_op *op;
    size_t count, room;
    bool out_of_memory;
};

/* Run a case that fits again and keep its operators. To be given back with fit_ops_free(). */
void fit_ops_run(const struct thm_fit_case *c, struct fit_ops *out);
void fit_ops_free(struct fit_ops *ops);
