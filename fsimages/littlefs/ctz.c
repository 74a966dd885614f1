/* fsimages/littlefs/ctz.c -- a file's blocks: a list from the last to the first, with pointers that skip powers of two.
 */
#include "fsimages/littlefs/core.h"

static uint32_t trailing_zeros(uint32_t i)
{
    return i ? (uint32_t)__builtin_ctz(i) : 32;
}

/* The smallest n with 1 << n >= v; v > 1. */
static uint32_t log2_up(uint32_t v)
{
    return 32 - (uint32_t)__builtin_clz(v - 1);
}

/* The number of the last block. LFS_ERR_CORRUPT: more than the volume has. */
static int32_t last_index(const struct lf *fs, uint32_t size)
{
    size--;
    uint32_t index = lf_ctz_index(fs->block_size, &size);
    return index < fs->block_count ? (int32_t)index : LFS_ERR_CORRUPT;
}

static int32_t read_pointer(struct lf *fs, struct lf_via via, uint32_t block, uint32_t i, uint32_t *out)
{
    uint8_t bytes[4];
    via.hint = sizeof bytes;
    int32_t res = lf_read(fs, via, block, 4 * i, bytes, sizeof bytes);
    if (!res)
        *out = lf_get32(bytes);
    return res;
}

int32_t lf_ctz_find(struct lf *fs, struct lf_cache *r, uint32_t head, uint32_t size, uint32_t pos, struct lf_place *out)
{
    *out = (struct lf_place){ LF_NULL, 0 };
    if (size == 0)
        return 0;
    const int32_t last = last_index(fs, size);
    if (last < 0)
        return last;
    const uint32_t target = lf_ctz_index(fs->block_size, &pos);
    for (uint32_t at = (uint32_t)last; at > target;) {
        const uint32_t skip = lf_min(log2_up(at - target + 1) - 1, trailing_zeros(at));
        int32_t res = read_pointer(fs, (struct lf_via){ NULL, r, 0 }, head, skip, &head);
        if (res)
            return res;
        at -= 1u << skip;
    }
    *out = (struct lf_place){ head, pos };
    return 0;
}

#define BAD_BLOCK 1

/* What erasing or programming says of the block, apart from what reading another one says. */
static int32_t of_new_block(int32_t res)
{
    return res == LFS_ERR_CORRUPT ? BAD_BLOCK : res;
}

/* The last block is not full: the new one begins as its copy. */
static int32_t copy_block(struct lf *fs, struct lf_cache *p, uint32_t from, uint32_t to, uint32_t len)
{
    int32_t res = 0;
    for (uint32_t i = 0; !res && i < len; i++) {
        uint8_t byte;
        res = lf_read_meta(fs, len - i, from, i, &byte, 1);
        if (!res)
            res = of_new_block(lf_program(fs, p, &fs->rcache, true, to, i, &byte, 1));
    }
    return res;
}

static int32_t put_pointers(struct lf *fs, struct lf_cache *p, uint32_t head, uint32_t to, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[4];
        lf_put32(bytes, head);
        int32_t res = of_new_block(lf_program(fs, p, &fs->rcache, true, to, 4 * i, bytes, sizeof bytes));
        if (!res && i != count - 1)
            res = read_pointer(fs, (struct lf_via){ NULL, &fs->rcache, 0 }, head, i, &head);
        if (res)
            return res;
    }
    return 0;
}

static int32_t begin_block(struct lf *fs, struct lf_cache *p, uint32_t head, uint32_t size, struct lf_place *out)
{
    int32_t res = of_new_block(lf_erase(fs, out->block));
    out->off = 0;
    if (res || size == 0)
        return res;
    uint32_t filled = size - 1;
    const uint32_t index = lf_ctz_index(fs->block_size, &filled);
    filled++;
    if (filled > fs->block_size || index >= fs->block_count)
        return LFS_ERR_CORRUPT;
    if (filled != fs->block_size) {
        out->off = filled;
        return copy_block(fs, p, head, out->block, filled);
    }
    const uint32_t pointers = trailing_zeros(index + 1) + 1;
    out->off = 4 * pointers;
    return put_pointers(fs, p, head, out->block, pointers);
}

int32_t lf_ctz_extend(struct lf *fs, struct lf_cache *p, uint32_t head, uint32_t size, struct lf_place *out)
{
    for (;;) {
        struct lf_place fresh = { LF_NULL, 0 };
        int32_t res = lf_alloc(fs, &fresh.block);
        if (!res)
            res = begin_block(fs, p, head, size, &fresh);
        if (!res)
            *out = fresh;
        if (res != BAD_BLOCK)
            return res;
        lf_cache_drop(p);
    }
}

int32_t lf_ctz_walk(struct lf *fs, const struct lf_cache *p, uint32_t head, uint32_t size, lf_visit *visit, void *ctx)
{
    if (size == 0)
        return 0;
    int32_t index = last_index(fs, size);
    if (index < 0)
        return index;
    for (;;) {
        uint8_t bytes[8];
        const uint32_t count = 2 - ((uint32_t)index & 1); /* even blocks have a second pointer */
        int32_t res = visit(ctx, head);
        if (res || index == 0)
            return res;
        res = lf_read(fs, (struct lf_via){ p, &fs->rcache, 4 * count }, head, 0, bytes, 4 * count);
        if (!res && count == 2)
            res = visit(ctx, lf_get32(bytes));
        if (res)
            return res;
        head = lf_get32(bytes + 4 * (count - 1));
        index -= (int32_t)count;
    }
}
