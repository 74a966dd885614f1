/* emu/board/budget.h -- what a board leaves to its application, found by booting its memory. */
#pragma once
#include <stdint.h>
#include "emu/board/profile.h"

struct thm_budget { /* bytes, as plain malloc sees them */
    uint32_t boot_free, boot_largest;
    uint32_t network_free, network_largest; /* with the network up; 0: the board has none, or it does not come up */
};
/* Maps the profile's memory for the while. Result: 0, 10 (the runtime's own blocks do not fit), 2 (the heap regions are
 * none the allocator can use) or 20 (the PC failed). */
int thm_profile_budget(const struct thm_profile *p, struct thm_budget *out);
