/* emu/fleet/phases.h -- which step of the boards takes how much of this PC's processor. */
#pragma once
#include "emu/board/event.h"

enum { THM_FLEET_PHASES_MAX = 16 };

struct thm_fleet_phases { /* the last one that fits is what of the further ones there are */
    struct {
        char name[sizeof((struct thm_event *)0)->name];
        uint64_t ns;
    } of[THM_FLEET_PHASES_MAX]; /* in the order of the first board's */
    unsigned count;
};

/* An event of one board's, in order; *told: the clock in its last step, 0 at first. It must be of a timed run. */
void thm_fleet_phases_take(struct thm_fleet_phases *p, const struct thm_event *e, uint64_t *told);
