/* tests/unit/fsimages/volume.h -- a volume on a chip in memory, and files with known content. FS: the file system,
 * SPIFFS unless defined before. */
#pragma once
#include "tests/unit/fsimages/ramchip.h"
#include "fsimages/fs_replay.h"
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

/* Write a file in chunks (0: one). 0 or the first error. */
static inline int32_t store(struct thm_fs *fs, const char *name, uint32_t size, uint32_t seed, uint32_t chunk)
{
    uint8_t *data = malloc(size + 1);
    int32_t fd = FS.open(fs, name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC), res = fd < 0 ? fd : 0;
    thm_replay_content(seed, data, size);
    for (uint32_t at = 0, n; fd >= 0 && res >= 0 && at < size; at += n) {
        n = chunk && chunk < size - at ? chunk : size - at;
        res = FS.write(fs, fd, data + at, n);
    }
    if (fd >= 0) {
        int32_t closed = FS.close(fs, fd);
        if (closed < 0)
            FS.close(fs, fd);
        res = res < 0 ? res : closed;
    }
    free(data);
    return res < 0 ? res : 0;
}

/* Does the file hold exactly this? */
static inline bool holds(struct thm_fs *fs, const char *name, const uint8_t *want, uint32_t size)
{
    uint8_t *got = malloc(size + 1);
    int32_t fd = FS.open(fs, name, THM_FS_READ), n = fd < 0 ? fd : FS.read(fs, fd, got, size + 1);
    bool same = n == (int32_t)size && memcmp(got, want, size) == 0;
    if (fd >= 0)
        FS.close(fs, fd);
    free(got);
    return same;
}

static inline bool holds_seed(struct thm_fs *fs, const char *name, uint32_t size, uint32_t seed)
{
    uint8_t *want = malloc(size + 1);
    thm_replay_content(seed, want, size);
    bool same = holds(fs, name, want, size);
    free(want);
    return same;
}
