#include "emu/fit/latency.h"
#include "emu/cost/estimate.h"
#include "emu/fit/plans.h"

static void take(struct thm_fit_cell *cell, const struct thm_estimate *e)
{
    cell->infer_error = (struct thm_fit_error){ e->error.median, e->error.p90 };
    cell->joules = e->joules;
    if (e->energy)
        cell->joules_error = (struct thm_fit_error){ e->energy->median, e->energy->p90 };
}

void fit_judge_time(const struct thm_fit_case *c, const struct thm_run *run, struct thm_fit_cell *cell)
{
    struct thm_cost cost;
    struct thm_estimate e;
    struct thm_memory_plan plan;
    struct thm_model m;
    if (!thm_run_cost(run, &cost) || fit_plan_make(c, &m, &plan))
        return;
    if (thm_estimate_make(&e, &cost, NULL, &m, &plan))
        take(cell, &e);
    thm_estimate_free(&e);
    thm_memory_plan_free(&plan);
}
