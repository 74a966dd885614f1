/* emu/cli/image_board.h -- what a board's profile says of its storage, for images that do not tell it themselves. */
#pragma once
#include <stdint.h>
#include "fsimages/container.h"
#include "fsimages/fs.h"
#include "fsimages/media/part.h"

struct image;
struct thm_profile;

struct image_board {
    struct thm_profile *profile; /* NULL: no board is given */
    const char *fs;              /* lent by the profile, as all texts here */
    struct thm_volume place;     /* of the storage on its chip */
    uint64_t chip_size;          /* bytes */
    bool mbr;                    /* the place is the first partition of the chip's own table */
    const struct thm_part *part;
    struct thm_fs_config config;
};

/* "NAME" or "NAME:STORAGE"; without a storage the board's first. Result: 0, or an exit status, reported. */
int image_board_load(struct image_board *b, const char *name);
/* Give the image geometry, chip and, where it is a whole chip without a partition table, the storage's place. */
void image_board_apply(const struct image_board *b, struct image *im);
void image_board_free(struct image_board *b);
