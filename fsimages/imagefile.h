/* fsimages/imagefile.h -- an image file as the cells of a chip. Up to 64 GB; what is a hole in the file takes no
 * memory and no disk. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fsimages/err.h"

enum {
    THM_IMAGE_WRITE = 1, /* changes go into the file as they are made; without it they stay in memory */
    THM_IMAGE_WEAR = 2,  /* count erases in NAME.wear, a little-endian 32-bit word a sector */
};

struct thm_imagefile {
    uint8_t *bytes;
    size_t size;
    uint32_t *wear; /* NULL: not counted */
    size_t wear_count;
    bool shared; /* changes go into the file */
    int fd;      /* not shared: the file, for thm_imagefile_commit(); -1: there is none */
};

/* Map an existing file. In: flags; sector_size for THM_IMAGE_WEAR, bytes.
 * Errors: THM_FS_ENOENT; THM_FS_EFORMAT: empty, not a file, or larger than 64 GB; THM_FS_EHOST: see errno. */
enum thm_fs_err thm_imagefile_open(struct thm_imagefile *f, const char *path, int flags, uint32_t sector_size);
/* Make a file of `size` bytes 0xFF and map it for writing. Errors: also THM_FS_EEXIST. */
enum thm_fs_err thm_imagefile_create(struct thm_imagefile *f, const char *path, size_t size);
/* The same of zeros, as a fresh SD card: it takes the disk for what is written only. If the disk is full then, the
 * process gets a SIGBUS. */
enum thm_fs_err thm_imagefile_create_sparse(struct thm_imagefile *f, const char *path, size_t size);
/* Zeros in memory, to become a file with thm_imagefile_commit(). Errors: THM_FS_EINVAL: size; THM_FS_EHOST. */
enum thm_fs_err thm_imagefile_new(struct thm_imagefile *f, size_t size);

/* Make `path` (what a link points to) a file with f's content, in one step: whatever fails before leaves it as it was.
 * Holes stay holes, pages of zeros become ones; an existing file's permissions are kept. f stays usable, and can be
 * committed again. Errors: THM_FS_EINVAL: opened with THM_IMAGE_WRITE; THM_FS_ENOENT: no such folder; THM_FS_EHOST. */
enum thm_fs_err thm_imagefile_commit(const struct thm_imagefile *f, const char *path);

/* Write changes back (THM_IMAGE_WRITE) and unmap. THM_FS_EHOST: they may not have reached the disk. */
enum thm_fs_err thm_imagefile_close(struct thm_imagefile *f);
