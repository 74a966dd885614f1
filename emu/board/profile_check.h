/* emu/board/profile_check.h -- a loaded profile as a whole: does it fit together? */
#pragma once
#include "emu/board/profile.h"
#include "emu/board/profile_yaml.h"

/* Regions do not overlap, heaps lie in memory, partitions in flash, names are known. Errors name the line in y.
 * Result: 0, 2 (y->error has the line) or 20. */
int thm_profile_check(const struct thm_profile *p, struct thm_yaml *y);
int thm_profile_link_check(const struct thm_profile_link *l, struct thm_yaml *y);
int thm_profile_core_check(const struct thm_cost_core *core, struct thm_yaml *y);
int thm_profile_operators_check(const struct thm_profile_operators *o, struct thm_yaml *y);
