/* emu/fit/volume.h -- the volume that a case has left behind: the state of its every unit. Private to emu/fit. */
#pragma once
#include "emu/fit/fit.h"
#include "fsimages/fs.h"

enum { FIT_VOLUME_FILES_MAX = 8 };

struct fit_volume_file {
    char name[64];
    uint64_t from, bytes; /* of its content on the volume; bytes 0: it is scattered */
};

struct fit_volume {
    const char *fs; /* of the profile's, static; NULL: there is no volume, nothing below is set */
    struct thm_fs_map map;
    struct fit_volume_file file[FIT_VOLUME_FILES_MAX]; /* the first ones */
    unsigned files;                                    /* of all */
};

/* Run the case without an inference, and look at its storage. To be given back with fit_volume_free(). */
void fit_volume_run(const struct thm_fit_case *c, struct fit_volume *out);
void fit_volume_free(struct fit_volume *v);
