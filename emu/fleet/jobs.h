/* emu/fleet/jobs.h -- how many boards may be under way at once: what was asked for, fewer when the PC has no more. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { THM_FLEET_NOTE_MAX = 256 };

struct thm_fleet_jobs {
    uint32_t most;
    int lowered; /* errno of what lowered it, not yet told; 0: nothing */
};

void thm_fleet_jobs_init(struct thm_fleet_jobs *j, uint32_t asked); /* 0: four for each processor */
/* Raise the limit of descriptors for so many boards, or take fewer. true: it is fewer, and note says so. */
bool thm_fleet_jobs_fit(struct thm_fleet_jobs *j, char note[THM_FLEET_NOTE_MAX]);
/* With `alive` boards under way another one could not be. NULL: so be it; else why not even one can be. */
const char *thm_fleet_jobs_lower(struct thm_fleet_jobs *j, uint32_t alive, int error);
/* true: it was lowered, and note says so: once for many refusals in a row. */
bool thm_fleet_jobs_told(struct thm_fleet_jobs *j, char note[THM_FLEET_NOTE_MAX]);
