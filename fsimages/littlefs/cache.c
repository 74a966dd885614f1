/* fsimages/littlefs/cache.c -- reads and programs through the device's two kinds of buffer. */
#include "fsimages/littlefs/core.h"
#include <string.h>

void lf_cache_drop(struct lf_cache *c)
{
    c->block = LF_NULL; /* the bytes stay: they are what pads the next program */
}

void lf_cache_zero(const struct lf *fs, struct lf_cache *c)
{
    memset(c->buf, 0xFF, fs->cache_size);
    c->block = LF_NULL;
}

static int32_t read_medium(struct lf *fs, uint32_t block, uint32_t off, void *buf, uint32_t len)
{
    uint64_t at = (uint64_t)block * fs->block_size + off;
    return lf_medium_code(fs->peeking ? thm_medium_peek(fs->medium, at, buf, len)
                                      : thm_medium_read(fs->medium, at, buf, len));
}

/* Copy what a cache has from off on; otherwise *len is cut to what comes before it. */
static bool from_cache(const struct lf_cache *c, struct lf_place at, uint8_t *to, uint32_t *len)
{
    if (!c || at.block != c->block || at.off >= c->off + c->size)
        return false;
    if (at.off < c->off) {
        *len = lf_min(*len, c->off - at.off);
        return false;
    }
    *len = lf_min(*len, c->size - (at.off - c->off));
    memcpy(to, c->buf + (at.off - c->off), *len);
    return true;
}

static int32_t fill_cache(struct lf *fs, struct lf_cache *r, uint32_t hint, struct lf_place at)
{
    uint32_t end = hint < fs->block_size - at.off ? lf_align_up(at.off + hint, fs->read_size) : fs->block_size;
    r->block = at.block;
    r->off = lf_align_down(at.off, fs->read_size);
    r->size = lf_min(lf_min(end, fs->block_size) - r->off, fs->cache_size);
    int32_t res = read_medium(fs, r->block, r->off, r->buf, r->size);
    if (res)
        lf_cache_drop(r);
    return res;
}

/* Nothing cached: *len bytes straight to the caller if that saves a copy; otherwise fill the cache, *len = 0. */
static int32_t miss(struct lf *fs, struct lf_via via, struct lf_place at, uint8_t *to, uint32_t left, uint32_t *len)
{
    if (left >= via.hint && at.off % fs->read_size == 0 && *len >= fs->read_size) {
        *len = lf_align_down(*len, fs->read_size);
        return read_medium(fs, at.block, at.off, to, *len);
    }
    *len = 0;
    return fill_cache(fs, via.r, lf_max(via.hint, 1), at);
}

int32_t lf_read(struct lf *fs, struct lf_via via, uint32_t block, uint32_t off, void *buf, uint32_t len)
{
    uint8_t *to = buf;
    if (block >= fs->block_count || off > fs->block_size || len > fs->block_size - off)
        return LFS_ERR_CORRUPT;
    while (len > 0) {
        uint32_t n = len;
        struct lf_place at = { block, off };
        if (!from_cache(via.p, at, to, &n) && !from_cache(via.r, at, to, &n)) {
            int32_t res = miss(fs, via, at, to, len, &n);
            if (res)
                return res;
        }
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}

int32_t lf_read_meta(struct lf *fs, uint32_t hint, uint32_t block, uint32_t off, void *buf, uint32_t len)
{
    return lf_read(fs, (struct lf_via){ NULL, &fs->rcache, hint }, block, off, buf, len);
}

#define PIECE 8u

int32_t lf_crc_medium(struct lf *fs, uint32_t hint, uint32_t block, uint32_t off, uint32_t len, uint32_t *crc)
{
    uint8_t bytes[PIECE];
    for (uint32_t i = 0, n; i < len; i += n) {
        n = lf_min(len - i, PIECE);
        int32_t res = lf_read_meta(fs, hint > i ? hint - i : 0, block, off + i, bytes, n);
        if (res)
            return res;
        *crc = lf_crc(*crc, bytes, n);
    }
    return 0;
}

int32_t lf_compare(struct lf *fs, struct lf_cache *r, uint32_t hint, uint32_t block, uint32_t off, const void *data,
                   uint32_t len)
{
    uint8_t bytes[PIECE];
    for (uint32_t i = 0, n; i < len; i += n) {
        n = lf_min(len - i, PIECE);
        int32_t res = lf_read(fs, (struct lf_via){ NULL, r, hint > i ? hint - i : 0 }, block, off + i, bytes, n);
        if (res)
            return res;
        int order = memcmp(bytes, (const uint8_t *)data + i, n);
        if (order)
            return order < 0 ? LF_LESS : LF_GREATER;
    }
    return LF_EQUAL;
}

static int32_t validate_program(struct lf *fs, const struct lf_cache *p, struct lf_cache *r, uint32_t len)
{
    lf_cache_drop(r);
    int32_t res = lf_compare(fs, r, len, p->block, p->off, p->buf, len);
    if (res < 0)
        return res;
    return res == LF_EQUAL ? 0 : LFS_ERR_CORRUPT;
}

int32_t lf_flush(struct lf *fs, struct lf_cache *p, struct lf_cache *r, bool validate)
{
    if (p->block == LF_NULL || p->block == LF_INLINE)
        return 0;
    uint32_t len = lf_align_up(p->size, fs->program_size);
    uint64_t at = (uint64_t)p->block * fs->block_size + p->off;
    int32_t res = lf_medium_code(thm_medium_program(fs->medium, at, p->buf, len));
    if (!res && validate)
        res = validate_program(fs, p, r, len);
    if (!res)
        lf_cache_zero(fs, p);
    return res;
}

int32_t lf_sync(struct lf *fs)
{
    lf_cache_drop(&fs->rcache);
    return lf_flush(fs, &fs->pcache, &fs->rcache, false);
}

int32_t lf_program(struct lf *fs, struct lf_cache *p, struct lf_cache *r, bool validate, uint32_t block, uint32_t off,
                   const void *data, uint32_t len)
{
    const uint8_t *from = data;
    if ((block != LF_INLINE && block >= fs->block_count) || off > fs->block_size || len > fs->block_size - off)
        return LFS_ERR_CORRUPT;
    while (len > 0) {
        if (block != p->block || off < p->off || off >= p->off + fs->cache_size) {
            p->block = block;
            p->off = lf_align_down(off, fs->program_size);
            p->size = 0;
        }
        uint32_t n = lf_min(len, fs->cache_size - (off - p->off));
        memcpy(p->buf + (off - p->off), from, n);
        from += n;
        off += n;
        len -= n;
        p->size = lf_max(p->size, off - p->off);
        int32_t res = p->size == fs->cache_size ? lf_flush(fs, p, r, validate) : 0;
        if (res)
            return res;
    }
    return 0;
}

int32_t lf_erase(struct lf *fs, uint32_t block)
{
    uint32_t parts = fs->block_size / fs->medium->erase_size;
    int32_t res = block < fs->block_count ? 0 : LFS_ERR_CORRUPT;
    for (uint32_t i = 0; !res && i < parts; i++)
        res = lf_medium_code(thm_medium_erase(fs->medium, block * parts + i));
    return res;
}
