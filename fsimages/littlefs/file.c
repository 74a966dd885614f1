/* fsimages/littlefs/file.c -- the operations table's functions on open files. */
#include "fsimages/littlefs/core.h"
#include <stdlib.h>

static void forget(struct lf *fs, const struct lf_file *f)
{
    for (struct lf_open **o = &fs->opens; *o; o = &(*o)->next)
        if (*o == &f->open) {
            *o = f->open.next;
            return;
        }
}

static void give_back(struct lf *fs, struct lf_file *f)
{
    if (f->cache.buf)
        fs->mem.free(fs->mem.ctx, f->cache.buf);
    if (f->device)
        fs->mem.free(fs->mem.ctx, f->device);
    free(f);
}

static int32_t create(struct lf *fs, struct lf_file *f, const char *path)
{
    const uint32_t len = lf_name_len(path);
    const uint16_t id = f->open.id;
    if (!(f->flags & THM_FS_CREATE))
        return LFS_ERR_NOENT;
    if (path[len])
        return LFS_ERR_NOTDIR; /* a '/' at its end */
    if (len > fs->name_max)
        return LFS_ERR_NAMETOOLONG;
    int32_t res = lf_commit(fs, &f->open.dir,
                            LF_ATTRS({ LF_TAG(LF_T_CREATE, id, 0), NULL }, { LF_TAG(LF_T_FILE, id, len), path },
                                     { LF_TAG(LF_T_INLINE_STRUCT, id, 0), NULL }));
    return res == LFS_ERR_NOSPC ? LFS_ERR_NAMETOOLONG : res; /* as the reference has it: no room for the name */
}

/* Result: the tag of the file's struct. */
static int32_t find_content(struct lf *fs, struct lf_file *f, int32_t tag, const char *path)
{
    uint32_t list[2];
    if (tag == LFS_ERR_NOENT) {
        int32_t res = create(fs, f, path);
        return res ? res : (int32_t)LF_TAG(LF_T_INLINE_STRUCT, 0, 0);
    }
    if (f->flags & THM_FS_EXCL)
        return LFS_ERR_EXIST;
    if (lf_type((uint32_t)tag) != LF_T_FILE)
        return LFS_ERR_ISDIR;
    if (f->flags & THM_FS_TRUNC) {
        f->flags |= LF_DIRTY;
        return (int32_t)LF_TAG(LF_T_INLINE_STRUCT, f->open.id, 0);
    }
    tag = lf_get_struct(fs, &f->open.dir, f->open.id, list);
    if (tag < 0)
        return tag;
    f->head = list[0];
    f->size = list[1];
    return tag;
}

static int32_t load_inline(struct lf *fs, struct lf_file *f, uint32_t size)
{
    const struct lf_want w = { LF_TAG(LF_M_CLASS, LF_M_ID, 0), LF_TAG(LF_T_STRUCT, f->open.id, 0) };
    f->head = LF_INLINE;
    f->size = size;
    f->flags |= LF_INLINED;
    f->cache.block = LF_INLINE;
    f->cache.off = 0;
    f->cache.size = fs->cache_size;
    if (size == 0)
        return 0;
    int32_t tag = lf_get(fs, &f->open.dir, w, 0, f->cache.buf, lf_min(fs->cache_size, 0x3FE));
    return tag < 0 ? tag : 0;
}

static int32_t open_file(struct lf *fs, struct lf_file *f, const char *path)
{
    int32_t res = f->flags & THM_FS_WRITE ? lf_force_consistency(fs) : 0;
    if (res)
        return res;
    int32_t tag = lf_find(fs, &f->open.dir, &path, &f->open.id);
    if (tag < 0 && !(tag == LFS_ERR_NOENT && lf_is_last(path)))
        return tag;
    f->open.next = fs->opens;
    fs->opens = &f->open;
    tag = find_content(fs, f, tag, path);
    if (tag < 0)
        return tag;
    f->cache.buf = fs->mem.alloc(fs->mem.ctx, fs->cache_size, "littlefs file cache");
    if (!f->cache.buf)
        return LFS_ERR_NOMEM;
    lf_cache_zero(fs, &f->cache);
    return lf_type((uint32_t)tag) == LF_T_INLINE_STRUCT ? load_inline(fs, f, lf_len((uint32_t)tag)) : 0;
}

static int32_t new_file(struct lf *fs, struct lf_file **out, int flags)
{
    struct lf_file *f = *out = calloc(1, sizeof *f);
    if (!f)
        return LF_ERR_MEDIUM - THM_FS_EHOST;
    f->open.file = true;
    f->flags = (uint32_t)flags;
    f->device = fs->mem.alloc(fs->mem.ctx, LF_FILE_BYTES, "littlefs file");
    return f->device ? 0 : LFS_ERR_NOMEM;
}

/* What an open() does, whoever keeps the file. *out: NULL on error. */
static int32_t open_new(struct lf *fs, struct lf_file **out, const char *name, int flags)
{
    int32_t res = new_file(fs, out, flags);
    if (!res)
        res = open_file(fs, *out, name);
    if (res && *out) {
        forget(fs, *out);
        give_back(fs, *out);
        *out = NULL;
    }
    return res;
}

static int32_t close_file(struct lf *fs, struct lf_file *f)
{
    int32_t res = f->flags & LF_ERRED ? 0 : lf_file_sync(fs, f);
    forget(fs, f);
    give_back(fs, f);
    return res;
}

int32_t lf_open(struct thm_fs *base, const char *name, int flags)
{
    struct lf *fs = (struct lf *)base;
    uint32_t n = 0;
    while (n < fs->file_count && fs->files[n])
        n++;
    if (n == fs->file_count)
        return LFS_ERR_NOMEM;
    if (!(flags & (THM_FS_READ | THM_FS_WRITE)))
        return LFS_ERR_INVAL;
    int32_t res = open_new(fs, &fs->files[n], name, flags);
    return res ? res : (int32_t)n;
}

static struct lf_file *find_file(const struct lf *fs, int32_t n, uint32_t needs)
{
    struct lf_file *f = n >= 0 && (uint32_t)n < fs->file_count ? fs->files[n] : NULL;
    return f && (f->flags & needs) == needs ? f : NULL;
}

int32_t lf_close(struct thm_fs *base, int32_t n)
{
    struct lf *fs = (struct lf *)base;
    struct lf_file *f = find_file(fs, n, 0);
    if (!f)
        return LFS_ERR_BADF;
    fs->files[n] = NULL;
    return close_file(fs, f);
}

void lf_close_all(struct lf *fs)
{
    for (uint32_t i = 0; i < fs->file_count; i++)
        if (fs->files[i])
            give_back(fs, fs->files[i]);
}

int32_t lf_op_read(struct thm_fs *base, int32_t n, void *buf, uint32_t len)
{
    struct lf_file *f = find_file((struct lf *)base, n, THM_FS_READ);
    return f ? lf_file_read((struct lf *)base, f, buf, len) : LFS_ERR_BADF;
}

int32_t lf_op_write(struct thm_fs *base, int32_t n, const void *data, uint32_t len)
{
    struct lf_file *f = find_file((struct lf *)base, n, THM_FS_WRITE);
    return f ? lf_file_write((struct lf *)base, f, data, len) : LFS_ERR_BADF;
}

int32_t lf_op_sync(struct thm_fs *base, int32_t n)
{
    struct lf_file *f = find_file((struct lf *)base, n, 0);
    return f ? lf_file_sync((struct lf *)base, f) : LFS_ERR_BADF;
}

int64_t lf_op_seek(struct thm_fs *base, int32_t n, int64_t off, int whence)
{
    struct lf_file *f = find_file((struct lf *)base, n, 0);
    if (!f)
        return LFS_ERR_BADF;
    const int64_t from = whence == THM_FS_CUR ? f->pos : whence == THM_FS_END ? lf_file_size(f) : 0;
    if (off > LF_FILE_MAX || off < -(int64_t)LF_FILE_MAX)
        return LFS_ERR_INVAL;
    return lf_file_seek((struct lf *)base, f, from + off);
}

int32_t lf_op_truncate(struct thm_fs *base, const char *name, uint32_t size)
{
    struct lf *fs = (struct lf *)base;
    struct lf_file *f;
    int32_t res = open_new(fs, &f, name, THM_FS_READ | THM_FS_WRITE);
    if (res)
        return res;
    res = lf_file_truncate(fs, f, size);
    int32_t closed = close_file(fs, f);
    return res ? res : closed;
}
