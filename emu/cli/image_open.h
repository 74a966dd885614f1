/* emu/cli/image_open.h -- an image file, the partition in it, and the file system on that, for `thimble image` and
 * `thimble mount`.
 *
 * Unless it is opened in place, all work is done on a private mapping, and image_commit() replaces the file in one
 * step: whatever fails before leaves the image as it was. */
#pragma once
#include "emu/cli/image_options.h"
#include "fsimages/container.h"
#include "fsimages/fs.h"
#include "fsimages/imagefile.h"
#include "fsimages/media/chip.h"

enum image_use {
    IMAGE_LOOK,     /* also while a board runs on it */
    IMAGE_CHANGE,   /* nobody else may use it meanwhile: see image_lock.h */
    IMAGE_IN_PLACE, /* likewise; changes go into the file as the board would make them */
};

struct image_options {
    struct thm_fs_config fs_config;
    const char *fs, *board, *table, *hex; /* of these options; may be NULL */
    uint64_t size;
    bool json, repair, recursive, mbr;
    enum image_use use;
};

struct image {
    char *path;         /* without the partition's name */
    char partition[17]; /* "" for an image of the volume only */
    int lock, folder_lock;
    struct thm_imagefile file;
    uint32_t *wear;                    /* counters of the whole image, from NAME.wear; NULL: there is none */
    uint32_t sector_size;              /* what they count; 0: there are none */
    const struct thm_part *board_part; /* what chip the board has; NULL: not told */
    struct thm_container container;
    struct thm_volume place; /* of the volume in the file */
    struct thm_part part;    /* of which the chip is */
    struct thm_medium *chip, *slice;
    struct thm_medium *volume; /* what the file system is on: chip or slice */
    const struct thm_fs_ops *ops;
    struct thm_fs_config config;
    struct thm_fs *fs; /* mounted; NULL: not */
    uint32_t clock;    /* what the file system is told that the time is; 0: the PC's */
};

/* IMAGE[:PARTITION], or a board's state folder; mounted. Result: 0, or an exit status, reported. image_close() in any
 * case. */
int image_open(struct image *im, const char *name, const struct image_options *o);
void image_close(struct image *im);
/* Unmount and write the whole image back, erase counters too. Result: 0, or an exit status, reported. */
int image_commit(struct image *im);
int image_write(const struct image *im); /* the image alone, as it is now */

/* Report a file system's error: "WHAT: NAME CODE: sentence; HELP". what, help: may be "". Returns its exit status. */
int image_fail(const struct image *im, int32_t code, const char *what, const char *help);

/* Make `im` a chip over bytes[size], which are lent, to look at: sectors are small enough for every file system. */
int image_look(struct image *im, uint8_t *bytes, uint64_t size);
/* Make it the chip that im->ops is used on, and im->volume the part of it at `place`. Results as above. */
int image_seat(struct image *im, uint8_t *bytes, uint64_t size, const struct thm_volume *place);
/* Narrow im->volume to another part of the chip. */
int image_narrow(struct image *im, const struct thm_volume *place);
/* What image_seat() makes: the board's, or the usual one under that file system. */
struct thm_part image_part(const struct image *im, uint64_t size);
/* Which file system this part of the chip holds; fills in its geometry. NULL: none that is known. */
const struct thm_fs_ops *image_probe(struct image *im, const struct thm_volume *place, struct thm_fs_config *c);
/* With the PC's clock and room for many open files. Result: the file system's. */
int32_t image_mount(struct image *im);
