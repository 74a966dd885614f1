/* tests/unit/fsimages/fat_volume.h -- a FAT volume on a card in memory, and files with known content. */
#pragma once
#include "tests/testing.h"
#include "tests/unit/fsimages/contents.h"
#include "tests/unit/fsimages/ramcard.h"
#include "fsimages/fat.h"

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
