/* emu/board/chip.h -- the flash chip of one run: a fresh one in memory, or the one that a state folder keeps. */
#pragma once
#include <stddef.h>
#include "emu/board/profile.h"
#include "fsimages/imagefile.h"
#include "fsimages/media/chip.h"

struct thm_chip {
    struct thm_cells cells;
    size_t size;               /* bytes */
    int lock;                  /* descriptor that holds the state folder; -1: a fresh chip */
    struct thm_imagefile file; /* the kept chip */
};

/* dir: folder with flash.bin (the raw 4 MB, as esptool reads it off a board) and flash.bin.wear (erase counts, 32-bit
 * little-endian a sector); made when missing. NULL: a fresh chip, gone with the run. Result: 0, or an exit status with
 * one line in error. */
int thm_chip_open(struct thm_chip *c, const struct thm_profile *p, const char *dir, char *error, size_t error_size);
void thm_chip_close(struct thm_chip *c);
