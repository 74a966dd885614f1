/* emu/fit/latency.h -- how sure the time of an inference is, and what energy it takes. Private to emu/fit. */
#pragma once
#include "emu/fit/fit.h"

/* The time itself is the run's. Fills infer_error, joules and joules_error of a cell that fits. */
void fit_judge_time(const struct thm_fit_case *c, const struct thm_run *run, struct thm_fit_cell *cell);
