/* fsimages/littlefs/content.c -- an open file: in its directory while it is small, in a list of blocks from then on.
 * Blocks are never changed; a write begins a new list that shares the blocks before it. */
#include "fsimages/littlefs/core.h"
#include <string.h>

static int32_t flushed_read(struct lf *fs, struct lf_file *f, uint8_t *to, uint32_t len);
static int32_t flushed_write(struct lf *fs, struct lf_file *f, const uint8_t *from, uint32_t len);

uint32_t lf_file_size(const struct lf_file *f)
{
    return f->flags & LF_WRITING ? lf_max(f->pos, f->size) : f->size;
}

/* Byte i of the block (or inline content) that is given up. */
static int32_t read_old(struct lf *fs, struct lf_file *f, uint32_t i, uint8_t *byte)
{
    if (f->flags & LF_INLINED)
        return lf_get_inline(fs, f, f->off - i, i, byte, 1);
    return lf_read(fs, (struct lf_via){ &f->cache, &fs->rcache, f->off - i }, f->block, i, byte, 1);
}

/* Copy what is written so far to a new block. *bad: that block is. */
static int32_t copy_to(struct lf *fs, struct lf_file *f, uint32_t block, bool *bad)
{
    int32_t res = lf_erase(fs, block);
    *bad = res == LFS_ERR_CORRUPT;
    for (uint32_t i = 0; !res && i < f->off; i++) {
        uint8_t byte;
        res = read_old(fs, f, i, &byte);
        if (res)
            return res;
        res = lf_program(fs, &fs->pcache, &fs->rcache, true, block, i, &byte, 1);
        *bad = res == LFS_ERR_CORRUPT;
    }
    return res;
}

static int32_t relocate(struct lf *fs, struct lf_file *f)
{
    for (;;) {
        uint32_t block;
        bool bad = false;
        int32_t res = lf_alloc(fs, &block);
        if (!res)
            res = copy_to(fs, f, block, &bad);
        if (res && !bad)
            return res;
        if (!res) {
            memcpy(f->cache.buf, fs->pcache.buf, fs->cache_size);
            f->cache.block = fs->pcache.block;
            f->cache.off = fs->pcache.off;
            f->cache.size = fs->pcache.size;
            lf_cache_zero(fs, &fs->pcache);
            f->block = block;
            f->flags |= LF_WRITING;
            return 0;
        }
        lf_cache_drop(&fs->pcache);
    }
}

int32_t lf_file_outline(struct lf *fs, struct lf_file *f)
{
    f->off = f->pos;
    lf_alloc_checkpoint(fs);
    int32_t res = relocate(fs, f);
    if (!res)
        f->flags &= ~(uint32_t)LF_INLINED;
    return res;
}

/* The rest of the old list, from where writing ended, goes to the new one. */
static int32_t copy_rest(struct lf *fs, struct lf_file *f)
{
    struct lf_file old = { .head = f->head, .size = f->size, .flags = THM_FS_READ, .pos = f->pos, .cache = fs->rcache };
    lf_cache_drop(&fs->rcache); /* its buffer is the old list's now */
    while (f->pos < f->size) {
        uint8_t byte;
        int32_t res = flushed_read(fs, &old, &byte, 1);
        if (res == 0) /* cannot be: pos is below size */
            res = LFS_ERR_CORRUPT;
        if (res > 0)
            res = flushed_write(fs, f, &byte, 1);
        if (res < 0)
            return res;
        if (fs->rcache.block != LF_NULL) {
            lf_cache_drop(&old.cache);
            lf_cache_drop(&fs->rcache);
        }
    }
    return 0;
}

static int32_t flush_blocks(struct lf *fs, struct lf_file *f)
{
    int32_t res = copy_rest(fs, f);
    while (!res && (res = lf_flush(fs, &f->cache, &fs->rcache, true)) == LFS_ERR_CORRUPT) {
        res = relocate(fs, f);
        if (res)
            return res;
    }
    return res;
}

int32_t lf_file_flush(struct lf *fs, struct lf_file *f)
{
    const bool inlined = f->flags & LF_INLINED;
    if (f->flags & LF_READING) {
        if (!inlined)
            lf_cache_drop(&f->cache);
        f->flags &= ~(uint32_t)LF_READING;
    }
    if (!(f->flags & LF_WRITING))
        return 0;
    const uint32_t pos = f->pos;
    int32_t res = inlined ? 0 : flush_blocks(fs, f);
    if (res)
        return res;
    f->size = inlined ? lf_max(f->pos, f->size) : f->pos;
    f->head = f->block;
    f->flags &= ~(uint32_t)LF_WRITING;
    f->flags |= LF_DIRTY;
    f->pos = pos;
    return 0;
}

static int32_t commit_content(struct lf *fs, struct lf_file *f)
{
    uint8_t list[8];
    uint32_t tag = LF_TAG(LF_T_INLINE_STRUCT, f->open.id, f->size);
    const uint8_t *data = f->cache.buf;
    if (!(f->flags & LF_INLINED)) {
        int32_t res = lf_sync(fs);
        if (res)
            return res;
        lf_put32(list, f->head);
        lf_put32(list + 4, f->size);
        tag = LF_TAG(LF_T_CTZ_STRUCT, f->open.id, sizeof list);
        data = list;
    }
    int32_t res = lf_commit(fs, &f->open.dir, LF_ATTRS({ tag, data }));
    if (res)
        f->flags |= LF_ERRED;
    else
        f->flags &= ~(uint32_t)LF_DIRTY;
    return res;
}

static void mark_others(struct lf *fs, const struct lf_file *f)
{
    for (struct lf_open *o = fs->opens; o; o = o->next)
        if (o != &f->open && o->file && lf_pair_same(o->dir.pair, f->open.dir.pair) && o->id == f->open.id)
            ((struct lf_file *)o)->flags |= LF_DUSTY;
}

int32_t lf_file_sync(struct lf *fs, struct lf_file *f)
{
    int32_t res = lf_file_flush(fs, f);
    if (res) {
        f->flags |= LF_ERRED;
        return res;
    }
    if (f->flags & LF_DIRTY && !lf_pair_is_null(f->open.dir.pair)) /* null: it was removed meanwhile */
        res = commit_content(fs, f);
    if (res)
        return res;
    mark_others(fs, f);
    f->flags &= ~(uint32_t)(LF_ERRED | LF_DUSTY);
    return 0;
}

/* Where pos is, for reading. */
static int32_t place_for_read(struct lf *fs, struct lf_file *f)
{
    struct lf_place at = { LF_INLINE, f->pos };
    int32_t res = f->flags & LF_INLINED ? 0 : lf_ctz_find(fs, &f->cache, f->head, f->size, f->pos, &at);
    if (res)
        return res;
    f->block = at.block;
    f->off = at.off;
    f->flags |= LF_READING;
    return 0;
}

static int32_t flushed_read(struct lf *fs, struct lf_file *f, uint8_t *to, uint32_t len)
{
    if (f->pos >= f->size)
        return 0;
    len = lf_min(len, f->size - f->pos);
    for (uint32_t done = 0, n; done < len; done += n) {
        int32_t res = 0;
        if (!(f->flags & LF_READING) || f->off == fs->block_size)
            res = place_for_read(fs, f);
        if (res)
            return res;
        n = lf_min(len - done, fs->block_size - f->off);
        if (f->flags & LF_INLINED)
            res = lf_get_inline(fs, f, fs->block_size, f->off, to + done, n);
        else
            res = lf_read(fs, (struct lf_via){ NULL, &f->cache, fs->block_size }, f->block, f->off, to + done, n);
        if (res)
            return res;
        f->pos += n;
        f->off += n;
    }
    return (int32_t)len;
}

int32_t lf_file_read(struct lf *fs, struct lf_file *f, void *buf, uint32_t len)
{
    int32_t res = f->flags & LF_WRITING ? lf_file_flush(fs, f) : 0;
    return res ? res : flushed_read(fs, f, buf, lf_min(len, INT32_MAX));
}

/* Where pos is, for writing: a new block behind (or in place of) the one before. */
static int32_t place_for_write(struct lf *fs, struct lf_file *f)
{
    struct lf_place at = { LF_INLINE, f->pos };
    int32_t res = 0;
    if (!(f->flags & LF_INLINED)) {
        if (!(f->flags & LF_WRITING) && f->pos > 0) {
            res = lf_ctz_find(fs, &f->cache, f->head, f->size, f->pos - 1, &at);
            if (res)
                return res;
            f->block = at.block;
            lf_cache_zero(fs, &f->cache);
        }
        lf_alloc_checkpoint(fs);
        res = lf_ctz_extend(fs, &f->cache, f->block, f->pos, &at);
    }
    if (res)
        return res;
    f->block = at.block;
    f->off = at.off;
    f->flags |= LF_WRITING;
    return 0;
}

static int32_t program_here(struct lf *fs, struct lf_file *f, const uint8_t *from, uint32_t len)
{
    int32_t res;
    while ((res = lf_program(fs, &f->cache, &fs->rcache, true, f->block, f->off, from, len)) == LFS_ERR_CORRUPT) {
        res = relocate(fs, f);
        if (res)
            return res;
    }
    return res;
}

static int32_t write_blocks(struct lf *fs, struct lf_file *f, const uint8_t *from, uint32_t len)
{
    int32_t res = 0;
    if (f->flags & LF_INLINED && lf_max(f->pos + len, f->size) > fs->inline_max)
        res = lf_file_outline(fs, f);
    for (uint32_t done = 0, n; !res && done < len; done += n) {
        if (!(f->flags & LF_WRITING) || f->off == fs->block_size)
            res = place_for_write(fs, f);
        n = lf_min(len - done, fs->block_size - f->off);
        if (!res)
            res = program_here(fs, f, from + done, n);
        if (res)
            return res;
        f->pos += n;
        f->off += n;
        lf_alloc_checkpoint(fs);
    }
    return res;
}

static int32_t flushed_write(struct lf *fs, struct lf_file *f, const uint8_t *from, uint32_t len)
{
    int32_t res = write_blocks(fs, f, from, len);
    if (res)
        f->flags |= LF_ERRED;
    return res ? res : (int32_t)len;
}

/* Zeros up to pos. */
static int32_t fill_gap(struct lf *fs, struct lf_file *f, uint32_t pos)
{
    const uint8_t zero = 0;
    while (f->pos < pos) {
        int32_t res = flushed_write(fs, f, &zero, 1);
        if (res < 0)
            return res;
    }
    return 0;
}

int32_t lf_file_write(struct lf *fs, struct lf_file *f, const void *data, uint32_t len)
{
    int32_t res = f->flags & LF_READING ? lf_file_flush(fs, f) : 0;
    if (res)
        return res;
    if (f->flags & THM_FS_APPEND && f->pos < f->size)
        f->pos = f->size;
    if ((uint64_t)f->pos + len > fs->file_max)
        return LFS_ERR_FBIG;
    if (!(f->flags & LF_WRITING) && f->pos > f->size) {
        const uint32_t pos = f->pos;
        f->pos = f->size;
        res = fill_gap(fs, f, pos);
        if (res)
            return res;
    }
    res = flushed_write(fs, f, data, len);
    if (res >= 0)
        f->flags &= ~(uint32_t)(LF_ERRED | LF_DUSTY);
    return res;
}

/* Is the new position in what the file's buffer holds? Then it need not be read again. */
static bool seek_in_cache(struct lf *fs, struct lf_file *f, uint32_t pos)
{
    uint32_t old = f->pos, off = pos;
    if (!(f->flags & LF_READING) || f->off == fs->block_size)
        return false;
    if (lf_ctz_index(fs->block_size, &old) != lf_ctz_index(fs->block_size, &off) || off < f->cache.off ||
        off >= f->cache.off + f->cache.size)
        return false;
    f->off = off;
    return true;
}

int64_t lf_file_seek(struct lf *fs, struct lf_file *f, int64_t pos)
{
    if (pos < 0 || pos > fs->file_max)
        return LFS_ERR_INVAL;
    if (pos == f->pos)
        return pos;
    int32_t res = seek_in_cache(fs, f, (uint32_t)pos) ? 0 : lf_file_flush(fs, f);
    if (res)
        return res;
    f->pos = (uint32_t)pos;
    return pos;
}

/* Short enough for its directory again. */
static int32_t shrink_inline(struct lf *fs, struct lf_file *f, uint32_t size)
{
    int32_t res = (int32_t)lf_file_seek(fs, f, 0);
    if (res < 0)
        return res;
    lf_cache_drop(&fs->rcache);
    res = flushed_read(fs, f, fs->rcache.buf, size);
    if (res < 0)
        return res;
    f->head = LF_INLINE;
    f->size = size;
    f->flags |= LF_DIRTY | LF_READING | LF_INLINED;
    f->cache.block = LF_INLINE;
    f->cache.off = 0;
    f->cache.size = fs->cache_size;
    memcpy(f->cache.buf, fs->rcache.buf, size);
    return 0;
}

static int32_t shrink_list(struct lf *fs, struct lf_file *f, uint32_t size)
{
    struct lf_place at;
    int32_t res = lf_file_flush(fs, f);
    if (!res)
        res = lf_ctz_find(fs, &f->cache, f->head, f->size, size - 1, &at);
    if (res)
        return res;
    f->block = at.block;
    f->pos = size;
    f->head = at.block;
    f->size = size;
    f->flags |= LF_DIRTY | LF_READING;
    return 0;
}

static int32_t grow(struct lf *fs, struct lf_file *f, uint32_t size)
{
    const uint8_t zero = 0;
    int32_t res = (int32_t)lf_file_seek(fs, f, lf_file_size(f));
    while (res >= 0 && f->pos < size)
        res = lf_file_write(fs, f, &zero, 1);
    return res < 0 ? res : 0;
}

int32_t lf_file_truncate(struct lf *fs, struct lf_file *f, uint32_t size)
{
    const uint32_t pos = f->pos, old = lf_file_size(f);
    int32_t res = 0;
    if (size > LF_FILE_MAX)
        return LFS_ERR_INVAL;
    if (size < old)
        res = size <= fs->inline_max ? shrink_inline(fs, f, size) : shrink_list(fs, f, size);
    else if (size > old)
        res = grow(fs, f, size);
    if (res)
        return res;
    int64_t back = lf_file_seek(fs, f, pos);
    return back < 0 ? (int32_t)back : 0;
}
