/* emu/fleet/plan.h -- what will become of one board, before anything is run: drawn from seed and number alone. (Which
 * wave it is in takes the number of boards as well: shares are exact.)
 *
 * Times are the fleet's, milliseconds from when the first board could be switched on. A board asks for an update when
 * it is switched on, and then whenever its own clock shows a multiple of the polling interval; the first time it asks
 * after its wave has opened, it gets it, unless there is an outage then. Draws are splitmix64 (Steele, Lea and Flood,
 * 2014) over seed, number, what for. */
#pragma once
#include "emu/fleet/fault.h"
#include "emu/fleet/scenario.h"

#define THM_FLEET_NO_WAVE 255u

struct thm_fleet_plan {
    uint32_t id, group;
    uint32_t wave;                            /* THM_FLEET_NO_WAVE: in none, or it never asks after that opens */
    const char *wave_name;                    /* "" if none */
    const struct thm_fleet_fault_kind *fault; /* NULL: none */
    uint64_t fault_value;
    const char *fault_text; /* of a kind that is told in words; NULL: it is not */
    uint32_t seed;          /* of the board's own run */
    uint64_t switched_on;   /* ms */
    int64_t skew;           /* ms that its clock is ahead */
    uint64_t opened;        /* ms: its wave */
    uint64_t asked;         /* ms: when it gets the update, as far as outages of the scenario tell */
    uint32_t polls;         /* that it has made by then, */
    uint32_t lost;          /* of them those that an outage has kept from the update */
    uint64_t next_poll;     /* ms from being switched on to its first poll after that; 0: it does not poll */
};

void thm_fleet_plan(const struct thm_fleet *f, uint32_t id, struct thm_fleet_plan *out);
/* Is it one of this board's? */
bool thm_fleet_outage_concerns(const struct thm_fleet *f, uint32_t id, unsigned outage);
unsigned thm_fleet_waves(const struct thm_fleet *f); /* at least one: without waves in the scenario, everybody */
