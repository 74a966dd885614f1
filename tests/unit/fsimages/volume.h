/* tests/unit/fsimages/volume.h -- a volume on a chip in memory, and files with known content. FS: the file system,
 * SPIFFS unless defined before. */
#pragma once
#include "tests/unit/fsimages/contents.h"
#include "tests/unit/fsimages/ramchip.h"
#include "fsimages/spiffs.h"

struct volume {
    struct ramchip chip;
    struct thm_fs_config config;
    struct thm_fs *fs;
};

#ifndef FS
#define FS thm_fs_spiffs
#endif

static inline void volume_remount(struct volume *v)
{
    FS.unmount(v->fs);
    assert_int_equal(FS.mount(&v->fs, v->chip.medium, &v->config, NULL), 0);
}

static inline void volume_init(struct volume *v, uint32_t size, const struct thm_fs_config *c)
{
    *v = (struct volume){ .config = c ? *c : (struct thm_fs_config){ 0 } };
    ramchip_init(&v->chip, size);
    assert_int_equal(FS.format(v->chip.medium, &v->config, NULL), 0);
    assert_int_equal(FS.mount(&v->fs, v->chip.medium, &v->config, NULL), 0);
}

static inline void volume_finish(struct volume *v)
{
    FS.unmount(v->fs);
    ramchip_finish(&v->chip);
}
