/* emu/fleet/scenario_check.h -- does what a scenario says fit together, and is there what it names? */
#pragma once
#include "emu/board/profile_yaml.h"
#include "emu/fleet/scenario.h"

/* data: a struct thm_fleet as its YAML text was read. Result: 0, 2 or 20, told with thm_yaml_fail(). */
int thm_fleet_check(const void *data, struct thm_yaml *y);
