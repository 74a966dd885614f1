/* tests/unit/fsimages/contents.h -- files with known content, on any file system. */
#pragma once
#include "tests/testing.h"
#include "fsimages/fs.h"
#include "fsimages/fs_replay.h"

/* Write a file in chunks (0: one). 0, the first error, or 1: less was written than asked. */
static inline int32_t store(struct thm_fs *fs, const char *name, uint32_t size, uint32_t seed, uint32_t chunk)
{
    uint8_t *data = malloc(size + 1);
    int32_t fd = fs->ops->open(fs, name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC), res = fd < 0 ? fd : 0;
    thm_replay_content(seed, data, size);
    for (uint32_t at = 0, n; fd >= 0 && res == 0 && at < size; at += n) {
        n = chunk && chunk < size - at ? chunk : size - at;
        res = fs->ops->write(fs, fd, data + at, n);
        res = res < 0 ? res : (uint32_t)res < n;
    }
    if (fd >= 0) {
        int32_t closed = fs->ops->close(fs, fd);
        if (closed < 0)
            fs->ops->close(fs, fd);
        res = res ? res : closed < 0 ? closed : 0;
    }
    free(data);
    return res;
}

/* Does the file hold exactly this? */
static inline bool holds(struct thm_fs *fs, const char *name, const uint8_t *want, uint32_t size)
{
    uint8_t *got = malloc(size + 1);
    int32_t fd = fs->ops->open(fs, name, THM_FS_READ), n = fd < 0 ? fd : fs->ops->read(fs, fd, got, size + 1);
    bool same = n == (int32_t)size && memcmp(got, want, size) == 0;
    if (fd >= 0)
        fs->ops->close(fs, fd);
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
