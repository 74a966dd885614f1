/* emu/fleet/replay.h -- one board of a fleet again, alone, under the supervisor of `thimble run`. */
#pragma once
#include <stdio.h>
#include "emu/fleet/row.h"
#include "emu/report/report.h"

struct thm_fleet_replay {      /* who reads what it tells; any may be NULL */
    FILE *trace;               /* every event as a line of JSON */
    struct thm_report *report; /* steps, and the heap with all its blocks; initialised by the caller */
};

/* row: what it comes to, the same as in the fleet's run. false: the trace could not be written. */
bool thm_fleet_replay(const struct thm_fleet_kit *k, uint32_t id, const struct thm_fleet_replay *o,
                      struct thm_fleet_row *row);
