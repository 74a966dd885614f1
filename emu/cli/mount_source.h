/* emu/cli/mount_source.h -- an image as what `thimble mount` shows.
 *
 * For writing, the file is changed in place, as the board would change it. Otherwise the volume is a copy, taken again
 * when the file is found to be different at the next look: so a board that runs meanwhile is seen as it was at one
 * moment. Of volumes too large to copy the file's date tells that. */
#pragma once
#include "emu/cli/image_open.h"
#include "fsimages/mount/mount.h"

struct mount_source {
    struct image image;
    struct image_options options;
    char *name;          /* IMAGE[:PARTITION], absolute: the server leaves the folder it was started in */
    const uint8_t *live; /* the whole file, as others write it; NULL: changed in place, or too large */
    uint8_t *seen;       /* the volume's bytes, of which a copy is mounted */
    uint64_t file_size, dev, ino;
    int64_t mtime_ns;
    struct thm_mount_source source;
};

/* Result: 0, or an exit status, reported; mount_source_close() in any case. */
int mount_source_open(struct mount_source *s, const char *name, const struct image_options *o);
/* Unmount the volume and bring it to the disk. */
void mount_source_close(struct mount_source *s);
