/* tests/unit/fsimages/fat_volume.h -- a FAT volume on a card in memory, and files with known content. */
#pragma once
#include "tests/testing.h"
#include "tests/unit/fsimages/ramcard.h"
#include "fsimages/fat.h"
#include "fsimages/fs_replay.h"

#define FS thm_fs_fat

struct fat_volume {
    struct ramcard card;
    struct thm_fs_config config;
    struct thm_fs *fs;
};

static inline void fat_volume_remount(struct fat_volume *v)
{
    FS.unmount(v->fs);
    assert_int_equal(FS.mount(&v->fs, v->card.medium, &v->config, NULL), 0);
}

static inline void fat_volume_init(struct fat_volume *v, uint32_t size, const struct thm_fs_config *c)
{
    *v = (struct fat_volume){ .config = c ? *c : (struct thm_fs_config){ 0 } };
    ramcard_init(&v->card, size, NULL);
    assert_int_equal(FS.format(v->card.medium, &v->config, NULL), 0);
    assert_int_equal(FS.mount(&v->fs, v->card.medium, &v->config, NULL), 0);
}

static inline void fat_volume_finish(struct fat_volume *v)
{
    FS.unmount(v->fs);
    ramcard_finish(&v->card);
}

/* Write a file in chunks (0: one). 0, the first error, or 1: the volume is full. */
static inline int32_t store(struct thm_fs *fs, const char *name, uint32_t size, uint32_t seed, uint32_t chunk)
{
    uint8_t *data = malloc(size + 1);
    int32_t fd = FS.open(fs, name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC), res = fd < 0 ? fd : 0;
    thm_replay_content(seed, data, size);
    for (uint32_t at = 0, n; fd >= 0 && res == 0 && at < size; at += n) {
        n = chunk && chunk < size - at ? chunk : size - at;
        res = FS.write(fs, fd, data + at, n);
        res = res < 0 ? res : (uint32_t)res < n;
    }
    int32_t closed = fd >= 0 ? FS.close(fs, fd) : 0;
    free(data);
    return res ? res : closed;
}

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

static inline bool exists(struct thm_fs *fs, const char *name)
{
    struct thm_fs_stat st;
    return FS.stat(fs, name, &st) == 0;
}

static inline void fat_print(void *ctx, const char *line)
{
    (void)ctx;
    print_message("# %s\n", line);
}

static inline bool is_clean(struct thm_fs *fs)
{
    return FS.check(fs, false, fat_print, NULL) == 0;
}
