/* emu/cli/estimate.h -- what `thimble estimate` prints. */
#pragma once
#include "emu/cost/estimate.h"

struct thm_estimate_facts {
    const char *model; /* file name without its folder */
    const char *board; /* NULL = none */
    struct thm_cost cost;
    struct thm_estimate estimate;
};

void thm_estimate_print(const struct thm_estimate_facts *f);
/* Results: 0 or 20, reported. */
int thm_estimate_print_json(const struct thm_estimate_facts *f);
/* All cores that profiles describe, with their libraries and errors. Result: 0, 2 or 20, reported. */
int thm_estimate_list(bool json);
