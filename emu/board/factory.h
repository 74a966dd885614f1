/* emu/board/factory.h -- what is on a chip before the first power-on. */
#pragma once
#include "emu/board/profile.h"
#include "fsimages/media/chip.h"

/* Write the profile's partition table as the flashing tool would, if the chip holds none. Result: 0, or -1: the table
 * cannot be built from the profile. */
int thm_factory_flash(struct thm_medium *flash, const struct thm_profile *p);
