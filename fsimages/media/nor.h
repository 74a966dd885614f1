/* fsimages/media/nor.h -- the older names of chip.h. */
#pragma once
#include "fsimages/media/chip.h"

#define thm_nor_part      thm_part
#define thm_nor_part_find thm_part_find
#define thm_nor_part_at   thm_part_at
#define thm_nor_cells     thm_cells
#define thm_nor_counters  thm_medium_counters
#define thm_nor_create    thm_chip_create
#define thm_nor_load      thm_chip_load
