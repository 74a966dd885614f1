/* fsimages/fat/file.c -- open files: open, close, read and write. Whole sectors go between the medium and the caller's
 * memory directly, as far as a cluster reaches; the rest through the file's sector buffer. */
#include <string.h>
#include "fsimages/fat/core.h"

int32_t fat_file_get(struct fat *fs, int32_t n, struct fat_file **out)
{
    if (n < 0 || (uint32_t)n >= fs->file_count || !fs->files[n].open)
        return FR_INVALID_OBJECT;
    *out = &fs->files[n];
    return 0;
}

int32_t fat_file_fail(struct fat_file *f, int32_t code)
{
    if (code)
        f->error = code;
    return code;
}

/* ---- open and close ---- */

static struct fat_file *unused_file(struct fat *fs)
{
    for (uint32_t i = 0; i < fs->file_count; i++)
        if (!fs->files[i].open)
            return &fs->files[i];
    return NULL;
}

/* An entry that was there before loses its content; a new one gets its times. */
static int32_t make_empty(struct fat *fs, struct fat_dir *d)
{
    uint8_t *entry = fat_entry(fs, d);
    uint32_t first = fat_entry_cluster(fs, entry), sector = fs->window_sector;
    fat_put32(entry + ENTRY_CREATED, fat_now(fs));
    fat_put32(entry + ENTRY_MODIFIED, fat_now(fs));
    entry[ENTRY_ATTR] = ATTR_ARCHIVE;
    fat_entry_set_cluster(fs, entry, 0);
    fat_put32(entry + ENTRY_FILE_SIZE, 0);
    fs->window_dirty = true;
    if (first == 0)
        return 0;
    int32_t res = fat_release(fs, first, 0);
    if (!res)
        res = fat_window(fs, sector);
    if (!res)
        fs->last = first - 1; /* the hole is used again */
    return res;
}

/* *made: the file is new, or empty again. */
static int32_t find_or_create(struct fat *fs, struct fat_dir *d, const char *name, int flags, bool *made)
{
    int32_t res = fat_follow(fs, d, name);
    *made = false;
    if (!res && (d->flags & NAME_ROOT))
        return FR_INVALID_NAME;
    if (res == FR_NO_FILE && (flags & THM_FS_CREATE)) {
        *made = true;
        res = fat_dir_add(fs, d);
        return res ? res : make_empty(fs, d);
    }
    if (res)
        return res;
    bool creates = flags & THM_FS_CREATE, writes = flags & THM_FS_WRITE;
    if (d->attr & ATTR_DIR)
        return creates ? FR_DENIED : FR_NO_FILE;
    if ((d->attr & ATTR_READ_ONLY) && (creates || writes))
        return FR_DENIED;
    if (creates && (flags & THM_FS_EXCL))
        return FR_EXIST;
    *made = writes && (flags & THM_FS_TRUNC);
    return *made ? make_empty(fs, d) : 0;
}

static int32_t open_entry(struct fat *fs, struct fat_file *f, const char *name, int flags)
{
    struct fat_dir d;
    bool made = false;
    int32_t res = fat_names_begin(fs);
    if (!res)
        res = find_or_create(fs, &d, name, flags, &made);
    fat_names_end(fs);
    if (res)
        return res;
    const uint8_t *entry = fat_entry(fs, &d);
    *f = (struct fat_file){ .open = true,
                            .modified = made,
                            .flags = (uint8_t)flags,
                            .first = fat_entry_cluster(fs, entry),
                            .size = fat_get32(entry + ENTRY_FILE_SIZE),
                            .entry_sector = fs->window_sector,
                            .entry_offset = d.offset % fs->g.sector };
    return 0;
}

int32_t fat_open(struct thm_fs *t, const char *name, int flags)
{
    struct fat *fs = (struct fat *)t;
    struct fat_file *f = unused_file(fs);
    if (flags & THM_FS_APPEND)
        flags |= THM_FS_WRITE;
    if (!f)
        return FR_TOO_MANY_OPEN_FILES;
    int32_t res = open_entry(fs, f, name, flags);
    if (res)
        return res;
    f->buf = fs->mem.alloc(fs->mem.ctx, fs->g.sector, "FatFs file buffer");
    if (!f->buf) {
        f->open = false;
        return FR_NOT_ENOUGH_CORE;
    }
    memset(f->buf, 0, fs->g.sector);
    return (int32_t)(f - fs->files);
}

int32_t fat_file_write_back(struct fat *fs, struct fat_file *f)
{
    int32_t res = f->dirty ? fat_write(fs, f->sector, f->buf, 1) : 0;
    if (!res)
        f->dirty = false;
    return res;
}

/* Size, first cluster and time reach the directory here and nowhere else. */
int32_t fat_file_sync(struct fat *fs, struct fat_file *f)
{
    if (!f->modified)
        return 0;
    int32_t res = fat_file_write_back(fs, f);
    if (!res)
        res = fat_window(fs, f->entry_sector);
    if (res)
        return res;
    uint8_t *entry = fs->window + f->entry_offset;
    entry[ENTRY_ATTR] |= ATTR_ARCHIVE;
    fat_entry_set_cluster(fs, entry, f->first);
    fat_put32(entry + ENTRY_FILE_SIZE, f->size);
    fat_put32(entry + ENTRY_MODIFIED, fat_now(fs));
    fat_put16(entry + ENTRY_ACCESSED, 0);
    fs->window_dirty = true;
    res = fat_flush(fs);
    f->modified = false;
    return res;
}

int32_t fat_sync(struct thm_fs *t, int32_t n)
{
    struct fat *fs = (struct fat *)t;
    struct fat_file *f;
    int32_t res = fat_file_get(fs, n, &f);
    return res ? res : fat_file_sync(fs, f);
}

/* A close that fails leaves the file open. */
int32_t fat_close(struct thm_fs *t, int32_t n)
{
    struct fat *fs = (struct fat *)t;
    struct fat_file *f;
    int32_t res = fat_file_get(fs, n, &f);
    if (!res)
        res = fat_file_sync(fs, f);
    if (res)
        return res;
    fs->mem.free(fs->mem.ctx, f->buf);
    f->open = false;
    return 0;
}

/* ---- read and write ---- */

/* The sector of pos, and how many whole ones of `len` bytes lie from there on in its cluster. */
static uint32_t sectors_here(const struct fat *fs, const struct fat_file *f, uint32_t len, uint32_t *sector)
{
    uint32_t in_cluster = f->pos / fs->g.sector & (fs->g.cluster_sectors - 1);
    uint32_t count = len / fs->g.sector, room = fs->g.cluster_sectors - in_cluster;
    *sector = fat_sector_of(&fs->g, f->cluster) + in_cluster;
    return count < room ? count : room;
}

/* Is the buffer's sector one of these? Where, then, in their bytes. */
static bool buffered(const struct fat *fs, const struct fat_file *f, uint32_t sector, uint32_t count, size_t *at)
{
    *at = (size_t)(f->sector - sector) * fs->g.sector;
    return f->sector && f->sector - sector < count;
}

static int32_t read_cluster(struct fat *fs, struct fat_file *f)
{
    uint32_t next = f->first;
    int32_t res = f->pos ? fat_get(fs, f->cluster, &next) : 0;
    if (!res && !fat_valid(&fs->g, next))
        res = FR_INT_ERR;
    if (!res)
        f->cluster = next;
    return res;
}

static int32_t load_buffer(struct fat *fs, struct fat_file *f, uint32_t sector)
{
    if (f->sector == sector)
        return 0;
    int32_t res = fat_file_write_back(fs, f);
    if (!res)
        res = fat_read(fs, sector, f->buf, 1);
    if (!res)
        f->sector = sector;
    return res;
}

static uint32_t part_of_sector(const struct fat *fs, const struct fat_file *f, uint32_t len)
{
    uint32_t room = fs->g.sector - f->pos % fs->g.sector;
    return len < room ? len : room;
}

/* One step: *done bytes. */
static int32_t read_some(struct fat *fs, struct fat_file *f, uint8_t *to, uint32_t len, uint32_t *done)
{
    size_t at;
    if (f->pos % fs->g.sector == 0) {
        uint32_t sector;
        int32_t res = f->pos % fs->g.cluster ? 0 : read_cluster(fs, f);
        if (res)
            return res;
        uint32_t count = sectors_here(fs, f, len, &sector);
        *done = count * fs->g.sector;
        if (count) {
            res = fat_read(fs, sector, to, count);
            if (!res && f->dirty && buffered(fs, f, sector, count, &at))
                memcpy(to + at, f->buf, fs->g.sector);
            return res;
        }
        res = load_buffer(fs, f, sector);
        if (res)
            return res;
    }
    *done = part_of_sector(fs, f, len);
    memcpy(to, f->buf + f->pos % fs->g.sector, *done);
    return 0;
}

int32_t fat_file_read(struct thm_fs *t, int32_t n, void *buf, uint32_t len)
{
    struct fat *fs = (struct fat *)t;
    struct fat_file *f;
    int32_t res = fat_file_get(fs, n, &f);
    if (res || f->error)
        return res ? res : f->error;
    if (!(f->flags & THM_FS_READ))
        return FR_DENIED;
    uint32_t left = f->size - f->pos < len ? f->size - f->pos : len, total = 0, done = 0;
    left = left < INT32_MAX ? left : INT32_MAX;
    for (; left; left -= done, total += done, f->pos += done) {
        res = read_some(fs, f, (uint8_t *)buf + total, left, &done);
        if (fat_file_fail(f, res))
            return total ? (int32_t)total : res; /* the next call tells */
    }
    return (int32_t)total;
}

/* The cluster of pos, allocated if need be. *full: there is none. */
static int32_t write_cluster(struct fat *fs, struct fat_file *f, bool *full)
{
    uint32_t next = f->pos ? 0 : f->first;
    int32_t res = next ? 0 : fat_extend(fs, f->pos ? f->cluster : 0, &next);
    *full = next == 0;
    if (res || *full)
        return res;
    if (!fat_valid(&fs->g, next))
        return FR_INT_ERR;
    f->cluster = next;
    if (f->first == 0)
        f->first = next;
    return 0;
}

static int32_t write_whole(struct fat *fs, struct fat_file *f, const uint8_t *from, uint32_t sector, uint32_t count)
{
    size_t at;
    int32_t res = fat_write(fs, sector, from, count);
    if (!res && buffered(fs, f, sector, count, &at)) {
        memcpy(f->buf, from + at, fs->g.sector);
        f->dirty = false;
    }
    return res;
}

/* One step: *done bytes; none: the volume is full. */
static int32_t write_some(struct fat *fs, struct fat_file *f, const uint8_t *from, uint32_t len, uint32_t *done)
{
    bool full = false;
    *done = 0;
    if (f->pos % fs->g.sector == 0) {
        uint32_t sector;
        int32_t res = f->pos % fs->g.cluster ? 0 : write_cluster(fs, f, &full);
        if (!res && !full)
            res = fat_file_write_back(fs, f);
        if (res || full)
            return res;
        uint32_t count = sectors_here(fs, f, len, &sector);
        if (count) {
            *done = count * fs->g.sector;
            return write_whole(fs, f, from, sector, count);
        }
        if (f->sector != sector && f->pos < f->size)
            res = fat_read(fs, sector, f->buf, 1);
        if (res)
            return res;
        f->sector = sector;
    }
    *done = part_of_sector(fs, f, len);
    memcpy(f->buf + f->pos % fs->g.sector, from, *done);
    f->dirty = true;
    return 0;
}

static int32_t write_all(struct fat *fs, struct fat_file *f, const uint8_t *from, uint32_t len)
{
    uint32_t total = 0, done;
    if (len > UINT32_MAX - f->pos) /* files end before 4 GB */
        len = UINT32_MAX - f->pos;
    while (total < len) {
        int32_t res = write_some(fs, f, from + total, len - total, &done);
        if (res)
            return fat_file_fail(f, res);
        if (done == 0)
            break;
        total += done;
        f->pos += done;
        if (f->size < f->pos)
            f->size = f->pos;
    }
    f->modified = true;
    return (int32_t)total;
}

int32_t fat_file_write(struct thm_fs *t, int32_t n, const void *buf, uint32_t len)
{
    struct fat *fs = (struct fat *)t;
    struct fat_file *f;
    int32_t res = fat_file_get(fs, n, &f);
    if (res || f->error)
        return res ? res : f->error;
    if (!(f->flags & THM_FS_WRITE))
        return FR_DENIED;
    if (f->flags & THM_FS_APPEND)
        res = fat_file_seek(fs, f, f->size);
    return res ? res : write_all(fs, f, buf, len < INT32_MAX ? len : INT32_MAX);
}
