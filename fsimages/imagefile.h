/* fsimages/imagefile.h -- an image file as the cells of a NOR chip. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fsimages/media/chip.h"

enum {
    THM_IMAGE_WRITE = 1, /* changes go into the file as they are made; without it they stay in memory */
    THM_IMAGE_WEAR = 2,  /* count erases in NAME.wear, a little-endian 32-bit word a sector */
};

struct thm_imagefile {
    uint8_t *bytes;
    size_t size;
    uint32_t *wear; /* NULL: not counted */
    size_t wear_count;
};

/* Map an existing file. In: flags; sector_size for THM_IMAGE_WEAR, bytes.
 * Errors: THM_FS_ENOENT; THM_FS_EFORMAT: empty, not a file, or larger than 256 MB; THM_FS_EHOST: see errno. */
enum thm_fs_err thm_imagefile_open(struct thm_imagefile *f, const char *path, int flags, uint32_t sector_size);
/* Make a file of `size` bytes 0xFF and map it for writing. Errors: also THM_FS_EEXIST. */
enum thm_fs_err thm_imagefile_create(struct thm_imagefile *f, const char *path, size_t size);
/* Write changes back and unmap. THM_FS_EHOST: they may not have reached the disk. */
enum thm_fs_err thm_imagefile_close(struct thm_imagefile *f);
