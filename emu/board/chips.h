/* emu/board/chips.h -- the storage parts of one run: fresh ones in memory, or those that a state folder keeps. */
#pragma once
#include "emu/board/profile.h"
#include "fsimages/imagefile.h"
#include "fsimages/media/cells.h"

struct thm_chips {
    struct thm_cells cells[THM_MEDIA_MAX];    /* of each medium; emu/board/storage_place.h numbers them */
    struct thm_imagefile file[THM_MEDIA_MAX]; /* the kept ones */
    int lock;                                 /* descriptor that holds the state folder; -1: fresh chips */
};

/* dir: folder with NAME.bin of each medium (flash.bin: the raw 4 MB, as esptool reads it off a board; sd.bin: the
 * card) and NAME.bin.wear (erase counts, 32-bit little-endian a sector; not of cards); made when missing. NULL: fresh
 * chips, gone with the run. which: a bit for each medium that is needed; others have no cells. Result: 0, or an exit
 * status with one line in error. */
int thm_chips_open(struct thm_chips *c, const struct thm_profile *p, uint32_t which, const char *dir, char *error,
                   size_t error_size);
/* Fresh ones that outlive a run (struct thm_run's chips), of those of which that are not there yet. Result: 0, or -1:
 * the PC has no memory. */
int thm_chips_add(struct thm_chips *c, const struct thm_profile *p, uint32_t which);
/* The same with the same on them. Result: 0, or -1: likewise; then *to is closed. */
int thm_chips_copy(struct thm_chips *to, const struct thm_chips *from, const struct thm_profile *p);
void thm_chips_close(struct thm_chips *c);
