/* emu/plan/search.h -- a shorter placement of buffers in an arena than the greedy planner's.
 *
 * Every placement is made as the greedy planner makes its own, each buffer in turn into the first gap, but in another
 * order. The search begins with a few orders (by bytes, by lifetime, by both, by time) and then moves a buffer that
 * reaches to the top forward, over and over ("squeaky wheel" optimisation: Joslin and Clements, JAIR 10, 1999), until
 * no placement can be shorter or the effort is spent. The same buffers give the same placement. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct thm_place {
    uint64_t bytes;      /* a multiple of the alignment that offsets shall have */
    int32_t first, last; /* clock; both are moments at which it lives */
    uint64_t offset;     /* result */
};

enum { THM_PLACES_MAX = 4096 };

/* In:  place[n], bound: a length that no placement can get below. n above THM_PLACES_MAX: nothing is searched.
 * Out: .offset of each, if the result is not 0. Result: the placement's length; 0: no placement was made, for there are
 * no buffers, too many, or the PC is out of memory. */
uint64_t thm_place_search(struct thm_place *place, size_t n, uint64_t bound);
