/* fsimages/mount/mount.h -- a board's file system as a folder of the PC, through FUSE (libfuse3).
 *
 * One thread serves all requests one after the other, because the boards' drivers know only one caller. What the board
 * cannot do the folder refuses with the errno that a program expects: ENOSPC, EROFS, ENAMETOOLONG; EIO where the image
 * is damaged. The folder `.thimble` in the root holds texts about the image.
 *
 * A flat file system shows the slashes in its names as folders. One that is made is remembered until the unmount; a
 * component that no path can have ("", ".", "..") or that is taken gets a '%'. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "fsimages/fs.h"

struct thm_mount_text {
    const char *name; /* "superblock" */
    void (*write)(void *ctx, FILE *to);
};

/* What is shown. All is lent. */
struct thm_mount_source {
    void *ctx;
    const char *name; /* for mount(8) and df: the image's path */
    const struct thm_fs_ops *ops;
    bool writable;
    uint32_t name_max; /* longest name: bytes of a whole one on a flat file system, else characters */
    /* The volume, mounted: asked for at the start, and again after changed() said so, which makes the one before
     * invalid. NULL: it cannot be mounted now. */
    struct thm_fs *(*volume)(void *ctx);
    bool (*changed)(void *ctx);         /* has somebody else changed the image? NULL: nobody can */
    int (*sync)(void *ctx);             /* to the PC's disk; 0 or -errno */
    const struct thm_mount_text *texts; /* name NULL ends them */
};

/* Mount on a folder, go into the background unless told not to, and serve until it is unmounted (fusermount3 -u,
 * a signal). In the background the caller's process has ended with status 0 when the folder can be used, and what
 * follows is done by a child with "/" as its folder and no terminal.
 * error: one line, when the result is not 0: 2 (the folder cannot be mounted on) or 20. */
int thm_mount_serve(const struct thm_mount_source *s, const char *folder, bool foreground, char *error,
                    size_t error_size);
