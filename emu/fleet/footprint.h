/* emu/fleet/footprint.h -- the memory of a fleet's processes: proportional set size, proc(5): each page of several
 * processes counts as a part for each, so the sum is what is resident. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

struct thm_fleet_footprint {
    uint32_t boards;         /* processes */
    uint64_t of_boards, all; /* bytes; all: with those beside the boards */
};

/* boards: children of `zygote`; beside: others to count, 0: none. All 0: the kernel does not tell. */
struct thm_fleet_footprint thm_fleet_footprint(pid_t zygote, const pid_t *beside, unsigned n);
