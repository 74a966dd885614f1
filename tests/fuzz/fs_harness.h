/* tests/fuzz/fs_harness.h -- use a volume in every way that there is: list, read, check, write, truncate, rename,
 * remove, whatever its bytes are. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fsimages/fs.h"

#define HARNESS_READS 200
#define HARNESS_DEPTH 4
#define HARNESS_NAMES 400

struct harness_walk {
    struct thm_fs *fs;
    const char *dir;
    int depth;
    int *names; /* left to visit */
};

static inline void harness_read(struct thm_fs *fs, const char *path)
{
    uint8_t buf[700];
    int32_t fd = fs->ops->open(fs, path, THM_FS_READ);
    if (fd < 0)
        return;
    for (int i = 0; i < HARNESS_READS && fs->ops->read(fs, fd, buf, sizeof buf) > 0; i++)
        ;
    fs->ops->seek(fs, fd, 10, THM_FS_SET);
    fs->ops->read(fs, fd, buf, 1);
    fs->ops->close(fs, fd);
}

static inline int32_t harness_visit(void *ctx, const struct thm_fs_stat *st)
{
    const struct harness_walk *w = ctx;
    struct thm_fs_stat again;
    char path[1200];
    if (--*w->names < 0)
        return 1;
    const char *join = *w->dir ? "/" : "";
    if (snprintf(path, sizeof path, "%s%s%s", w->dir, join, st->name) >= (int)sizeof path)
        return 0;
    w->fs->ops->stat(w->fs, path, &again);
    if (!st->directory)
        harness_read(w->fs, path);
    else if (w->depth < HARNESS_DEPTH)
        w->fs->ops->list(w->fs, path, harness_visit, &(struct harness_walk){ w->fs, path, w->depth + 1, w->names });
    return 0;
}

static inline void harness_read_all(struct thm_fs *fs)
{
    int names = HARNESS_NAMES;
    fs->ops->list(fs, "", harness_visit, &(struct harness_walk){ fs, "", 0, &names });
}

static inline int32_t harness_first_file(void *ctx, const struct thm_fs_stat *st)
{
    if (!st->directory)
        memcpy(ctx, st->name, sizeof st->name);
    return !st->directory;
}

static inline void harness_write(struct thm_fs *fs, const char *name, int flags, uint32_t len)
{
    static const uint8_t bytes[3000];
    int32_t fd = fs->ops->open(fs, name, THM_FS_WRITE | flags);
    if (fd < 0)
        return;
    fs->ops->write(fs, fd, bytes, len);
    fs->ops->sync(fs, fd);
    fs->ops->close(fs, fd);
}

static inline void harness_line(void *ctx, const char *line)
{
    *(size_t *)ctx += strlen(line); /* touch it */
}

static inline void harness_show(struct thm_fs *fs)
{
    struct thm_fs_usage usage;
    struct thm_fs_map map;
    size_t text = 0;
    fs->ops->usage(fs, &usage);
    fs->ops->describe(fs, harness_line, &text);
    if (fs->ops->map(fs, &map) >= 0)
        free(map.states);
}

/* what: bits that say which calls are made. */
static inline void harness_use(struct thm_fs *fs, unsigned what)
{
    char name[THM_FS_NAME_MAX + 1] = "/a";
    size_t text = 0;
    harness_read_all(fs);
    harness_show(fs);
    fs->ops->list(fs, "", harness_first_file, name);
    if (what & 1)
        fs->ops->check(fs, what & 2, harness_line, &text);
    harness_write(fs, name, THM_FS_CREATE | THM_FS_APPEND, 100);
    harness_write(fs, "/b", THM_FS_CREATE | THM_FS_TRUNC, 3000);
    if (what & 4)
        fs->ops->truncate(fs, name, 300);
    if ((what & 8) && fs->ops->mkdir && fs->ops->mkdir(fs, "/d") >= 0) {
        harness_write(fs, "/d/long name.tflite", THM_FS_CREATE, 700);
        fs->ops->remove(fs, "/d/long name.tflite");
    }
    fs->ops->rename(fs, name, "/c");
    fs->ops->remove(fs, "/c");
    fs->ops->remove(fs, "/d");
    harness_read_all(fs);
}
