/* fsimages/fat/seek.c -- positions in open files: seeking, which makes a file longer if it may, and cutting. */
#include "fsimages/fat/core.h"

/* The cluster from which to walk on to `to`: pos's own, or the file's first. *base: where in the file it begins. */
static int32_t walk_start(struct fat *fs, struct fat_file *f, uint32_t to, uint32_t *base)
{
    uint32_t here = f->pos ? (f->pos - 1) / fs->g.cluster * fs->g.cluster : 0;
    *base = 0;
    if (f->pos && (to - 1) / fs->g.cluster * fs->g.cluster >= here) {
        *base = here;
        return 0;
    }
    if (f->first == 0) {
        if (!(f->flags & THM_FS_WRITE))
            return FR_INT_ERR;
        int32_t res = fat_extend(fs, 0, &f->first);
        if (res)
            return res;
    }
    f->cluster = f->first;
    return f->first == 0 || fat_valid(&fs->g, f->first) ? 0 : FR_INT_ERR;
}

/* Along the chain so that *base is the begin of the cluster of `to` - 1; with the volume full, of the last one. */
static int32_t walk(struct fat *fs, struct fat_file *f, uint32_t *to, uint32_t *base)
{
    uint32_t next;
    for (uint32_t steps = 0; *to - *base > fs->g.cluster; steps++) {
        int32_t res = f->flags & THM_FS_WRITE ? fat_extend(fs, f->cluster, &next) : fat_get(fs, f->cluster, &next);
        if (res)
            return res;
        *base += fs->g.cluster;
        if (next == 0 && (f->flags & THM_FS_WRITE)) {
            *to = *base; /* as far as it went */
            return 0;
        }
        if (!fat_valid(&fs->g, next) || steps > fs->g.clusters)
            return FR_INT_ERR;
        f->cluster = next;
    }
    return 0;
}

static int32_t reload(struct fat *fs, struct fat_file *f, uint32_t base)
{
    uint32_t sector = fat_sector_of(&fs->g, f->cluster) + (f->pos - base) / fs->g.sector;
    if (f->pos % fs->g.sector == 0 || sector == f->sector)
        return 0;
    int32_t res = fat_file_write_back(fs, f);
    if (!res)
        res = fat_read(fs, sector, f->buf, 1);
    if (!res)
        f->sector = sector;
    return res;
}

int32_t fat_file_seek(struct fat *fs, struct fat_file *f, uint32_t to)
{
    uint32_t base = 0;
    if (f->error)
        return f->error;
    if (to > f->size && !(f->flags & THM_FS_WRITE))
        to = f->size;
    int32_t res = to ? walk_start(fs, f, to, &base) : 0;
    if (!res && to && f->first == 0)
        to = 0; /* not one free cluster */
    if (!res && to)
        res = walk(fs, f, &to, &base);
    if (res)
        return fat_file_fail(f, res);
    f->pos = to;
    if (f->pos > f->size) {
        f->size = f->pos;
        f->modified = true;
    }
    return to ? fat_file_fail(f, reload(fs, f, base)) : 0;
}

int64_t fat_seek(struct thm_fs *t, int32_t n, int64_t off, int whence)
{
    struct fat *fs = (struct fat *)t;
    struct fat_file *f;
    int32_t res = fat_file_get(fs, n, &f);
    if (res)
        return res;
    int64_t base = whence == THM_FS_CUR ? f->pos : whence == THM_FS_END ? f->size : 0;
    if (off < -base || off > UINT32_MAX - base)
        return FR_INVALID_PARAMETER;
    res = fat_file_seek(fs, f, (uint32_t)(base + off));
    return res ? res : (int64_t)f->pos;
}

int32_t fat_file_cut(struct fat *fs, struct fat_file *f)
{
    uint32_t next = 0;
    int32_t res = 0;
    if (f->pos >= f->size)
        return 0;
    if (f->pos == 0) {
        res = f->first ? fat_release(fs, f->first, 0) : 0;
        f->first = 0;
    } else {
        res = fat_get(fs, f->cluster, &next);
        if (!res && fat_valid(&fs->g, next))
            res = fat_release(fs, next, f->cluster);
    }
    f->size = f->pos;
    f->modified = true;
    if (!res)
        res = fat_file_write_back(fs, f);
    return fat_file_fail(f, res);
}

/* Zeros from the end up to `size`. */
static int32_t grow(struct thm_fs *t, int32_t fd, uint32_t from, uint32_t size)
{
    static const uint8_t zeros[4096];
    int64_t res = fat_seek(t, fd, 0, THM_FS_END);
    while (res >= 0 && from < size) {
        uint32_t n = size - from < sizeof zeros ? size - from : (uint32_t)sizeof zeros;
        res = fat_file_write(t, fd, zeros, n);
        from += res > 0 ? (uint32_t)res : 0;
        if (res >= 0 && res < n)
            return FR_DENIED;
    }
    return res < 0 ? (int32_t)res : 0;
}

/* By an open file, as ESP-IDF does it, with a FIL of its own. Longer: filled with zeros. */
static int32_t set_size(struct thm_fs *t, const char *name, uint32_t size)
{
    struct fat *fs = (struct fat *)t;
    int32_t fd = fat_open(t, name, THM_FS_WRITE);
    if (fd < 0)
        return fd;
    struct fat_file *f = &fs->files[fd];
    int32_t res = size > f->size ? grow(t, fd, f->size, size) : fat_file_seek(fs, f, size);
    if (!res)
        res = fat_file_cut(fs, f);
    int32_t closed = fat_close(t, fd);
    if (closed)
        f->open = false, fs->mem.free(fs->mem.ctx, f->buf);
    return res ? res : closed;
}

int32_t fat_truncate(struct thm_fs *t, const char *name, uint32_t size)
{
    struct fat *fs = (struct fat *)t;
    void *fil = fs->mem.alloc(fs->mem.ctx, FAT_FILE_BYTES, "FatFs file to truncate");
    if (!fil)
        return FR_NOT_ENOUGH_CORE;
    int32_t res = set_size(t, name, size);
    fs->mem.free(fs->mem.ctx, fil);
    return res;
}
