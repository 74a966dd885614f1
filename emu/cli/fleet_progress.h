/* emu/cli/fleet_progress.h -- how far a fleet's run is, on stderr: two lines that change on a terminal, else lines now
 * and then. */
#pragma once
#include <stdbool.h>
#include "emu/fleet/engine.h"

struct fleet_progress {
    bool terminal;
    int drawn;   /* lines that stand on the terminal */
    double next; /* seconds of the run; without a terminal */
};

void fleet_progress_init(struct fleet_progress *p);
void fleet_progress_show(void *progress, const struct thm_fleet_totals *t, bool end);
void fleet_progress_note(void *progress, const char *line); /* a line that stays */
