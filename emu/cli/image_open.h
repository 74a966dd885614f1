/* emu/cli/image_open.h -- an image file, the partition in it, and the file system on that, for `thimble image`.
 *
 * All work is done on a private mapping; image_commit() replaces the file in one step. Whatever fails before leaves
 * the image as it was. */
#pragma once
#include "fsimages/fs.h"
#include "fsimages/imagefile.h"
#include "fsimages/media/nor.h"
#include "fsimages/partition.h"

struct image_options {
    struct thm_fs_config fs_config;
    const char *fs, *table; /* --fs, --table; may be NULL */
    uint64_t size;          /* --size */
    bool json, repair;
};

struct image {
    char *path;         /* without the partition's name */
    char partition[17]; /* "" for an image of the volume only */
    struct thm_imagefile file;
    struct thm_nor_part part;
    struct thm_medium *chip, *slice;
    struct thm_medium *volume; /* what the file system is on: chip or slice */
    const struct thm_fs_ops *ops;
    struct thm_fs_config config;
    struct thm_fs *fs; /* mounted; NULL: not */
};

/* IMAGE[:PARTITION], mounted. Result: 0, or an exit status, reported. image_close() in any case. */
int image_open(struct image *im, const char *name, const struct image_options *o);
void image_close(struct image *im);
/* Unmount and write the whole image back. Result: 0, or an exit status, reported. */
int image_commit(struct image *im);

/* Report a file system's error: "WHAT: NAME CODE: sentence; HELP". what, help: may be "". Returns its exit status. */
int image_fail(const struct image *im, int32_t code, const char *what, const char *help);

/* Make `im` a chip over bytes[size]; bytes are lent. Result as above. */
int image_wrap(struct image *im, uint8_t *bytes, size_t size);
/* Is there a volume in this part of the chip? Fills in the geometry of *c. */
bool image_probe(struct image *im, uint32_t off, uint32_t len, struct thm_fs_config *c);

/* One file from the PC into the volume. Result: 0, or an exit status, reported. */
int image_store(struct image *im, const char *name, const uint8_t *data, size_t len);
