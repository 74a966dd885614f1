/* fsimages/littlefs/walk.c -- the thread that runs through all metadata pairs, and what hangs on it. */
#include "fsimages/littlefs/core.h"

struct lf_dir lf_thread_start(void)
{
    return (struct lf_dir){ .split = true, .tail = { 0, 1 } };
}

int32_t lf_thread_goes_on(const struct lf *fs, const struct lf_dir *dir, uint32_t *steps)
{
    if (lf_pair_is_null(dir->tail))
        return 0;
    return ++*steps > fs->block_count ? LFS_ERR_CORRUPT : 1;
}

static int32_t visit_entry(struct lf *fs, const struct lf_dir *dir, uint16_t id, bool orphans, lf_visit *visit,
                           void *ctx)
{
    uint32_t data[2];
    int32_t tag = lf_get_struct(fs, dir, id, data), res = 0;
    if (tag < 0)
        return tag == LFS_ERR_NOENT ? 0 : tag;
    if (lf_type((uint32_t)tag) == LF_T_CTZ_STRUCT)
        return lf_ctz_walk(fs, NULL, data[0], data[1], visit, ctx);
    bool pair = orphans && lf_type((uint32_t)tag) == LF_T_DIR_STRUCT;
    for (int i = 0; !res && pair && i < 2; i++)
        res = visit(ctx, data[i]);
    return res;
}

static int32_t visit_pair(struct lf *fs, struct lf_dir *dir, bool orphans, lf_visit *visit, void *ctx)
{
    int32_t res = 0;
    for (int i = 0; !res && i < 2; i++)
        res = visit(ctx, dir->tail[i]);
    if (!res)
        res = lf_fetch(fs, dir, dir->tail);
    for (uint16_t id = 0; !res && id < dir->count; id++)
        res = visit_entry(fs, dir, id, orphans, visit, ctx);
    return res;
}

/* Blocks of files that are open and not stored yet. */
static int32_t visit_open(struct lf *fs, lf_visit *visit, void *ctx)
{
    int32_t res = 0;
    for (struct lf_open *o = fs->opens; !res && o; o = o->next) {
        const struct lf_file *f = (const struct lf_file *)o;
        if (!o->file || f->flags & LF_INLINED)
            continue;
        if (f->flags & (LF_DIRTY | LF_DUSTY))
            res = lf_ctz_walk(fs, &f->cache, f->head, f->size, visit, ctx);
        if (!res && f->flags & LF_WRITING)
            res = lf_ctz_walk(fs, &f->cache, f->block, f->pos, visit, ctx);
    }
    return res;
}

int32_t lf_walk(struct lf *fs, bool orphans, lf_visit *visit, void *ctx)
{
    struct lf_dir dir = lf_thread_start();
    uint32_t steps = 0;
    int32_t more;
    while ((more = lf_thread_goes_on(fs, &dir, &steps)) > 0) {
        int32_t res = visit_pair(fs, &dir, orphans, visit, ctx);
        if (res)
            return res;
    }
    return more < 0 ? more : visit_open(fs, visit, ctx);
}

int32_t lf_pred(struct lf *fs, const uint32_t pair[2], struct lf_dir *out)
{
    uint32_t steps = 0;
    int32_t more;
    *out = lf_thread_start();
    while ((more = lf_thread_goes_on(fs, out, &steps)) > 0) {
        if (lf_pair_same(out->tail, pair))
            return 0;
        int32_t res = lf_fetch(fs, out, out->tail);
        if (res)
            return res;
    }
    return more < 0 ? more : LFS_ERR_NOENT;
}

static int32_t child_fits(struct lf *fs, uint32_t tag, uint32_t block, uint32_t off, const void *ctx)
{
    uint8_t bytes[8];
    uint32_t child[2];
    (void)tag;
    int32_t res =
        lf_read(fs, (struct lf_via){ &fs->pcache, &fs->rcache, fs->block_size }, block, off, bytes, sizeof bytes);
    lf_get_pair(bytes, child);
    if (res)
        return res;
    return lf_pair_same(child, ctx) ? LF_EQUAL : LF_LESS;
}

int32_t lf_parent(struct lf *fs, const uint32_t pair[2], struct lf_dir *out)
{
    const uint32_t child[2] = { pair[0], pair[1] };
    const struct lf_match m = { LF_TAG(LF_M_TYPE, 0, 0x3FF), LF_TAG(LF_T_DIR_STRUCT, 0, 8), child_fits, child };
    uint32_t steps = 0;
    int32_t more;
    *out = lf_thread_start();
    while ((more = lf_thread_goes_on(fs, out, &steps)) > 0) {
        int32_t tag = lf_fetch_match(fs, out, out->tail, &m, NULL);
        if (tag && tag != LFS_ERR_NOENT)
            return tag;
    }
    return more < 0 ? more : LFS_ERR_NOENT;
}

static int32_t count_block(void *ctx, uint32_t block)
{
    (void)block;
    ++*(int32_t *)ctx;
    return 0;
}

int32_t lf_blocks_used(struct lf *fs)
{
    int32_t used = 0, res = lf_walk(fs, false, count_block, &used);
    return res ? res : used;
}
