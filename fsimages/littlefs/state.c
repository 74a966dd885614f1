/* fsimages/littlefs/state.c -- what must be finished after a power loss: moves and orphans. */
#include "fsimages/littlefs/core.h"

void lf_orphans_add(struct lf *fs, int n)
{
    fs->now.tag += (uint32_t)n;
    fs->now.tag = (fs->now.tag & ~LF_INVALID) | (uint32_t)lf_has_orphans(&fs->now) << 31;
}

static void set_move(struct lf *fs, uint32_t tag, uint32_t a, uint32_t b)
{
    fs->now.tag = (fs->now.tag & ~LF_TAG(LF_M_TYPE, LF_M_ID, 0)) | tag;
    fs->now.pair[0] = a;
    fs->now.pair[1] = b;
}

void lf_move_begin(struct lf *fs, uint16_t id, const uint32_t pair[2])
{
    set_move(fs, LF_TAG(LF_T_DELETE, id, 0), pair[0], pair[1]);
}

void lf_move_end(struct lf *fs)
{
    set_move(fs, 0, 0, 0);
}

uint16_t lf_move_take(struct lf *fs, const uint32_t pair[2])
{
    if (!lf_moves_from(&fs->now, pair))
        return LF_NO_ID;
    const uint16_t id = lf_id(fs->now.tag);
    lf_move_end(fs);
    return id;
}

/* A superblock of an older minor version is brought up to date before the first write. */
static int32_t renew_superblock(struct lf *fs)
{
    uint8_t bytes[LF_SUPERBLOCK];
    struct lf_dir root;
    if (!(fs->now.tag & LF_OLD_SUPERBLOCK))
        return 0;
    int32_t res = lf_fetch(fs, &root, fs->root);
    if (res)
        return res;
    lf_superblock_put(fs, bytes);
    res = lf_commit(fs, &root, LF_ATTRS({ LF_TAG(LF_T_INLINE_STRUCT, 0, sizeof bytes), bytes }));
    if (!res)
        fs->now.tag &= ~LF_OLD_SUPERBLOCK;
    return res;
}

/* The entry has arrived where it was moved to: delete the old one. */
static int32_t finish_move(struct lf *fs)
{
    struct lf_dir from;
    const uint32_t tag = fs->disk.tag;
    if (!lf_has_move(&fs->disk))
        return 0;
    if (lf_type(tag) != LF_T_DELETE)
        return LFS_ERR_CORRUPT;
    int32_t res = lf_fetch(fs, &from, fs->disk.pair);
    if (res)
        return res;
    if (lf_id(tag) >= from.count)
        return LFS_ERR_CORRUPT;
    lf_move_end(fs);
    return lf_commit(fs, &from, LF_ATTRS({ LF_TAG(LF_T_DELETE, lf_id(tag), 0), NULL }));
}

enum { KEEP, AGAIN }; /* go on to the pair; the thread has changed: look again at what comes after pred */
enum { HALF, FULL };  /* what a pass looks for: pairs that moved; directories without a parent */

static int32_t retail(struct lf *fs, struct lf_dir *pred, uint32_t type, const uint32_t pair[2], uint16_t move_id,
                      bool *more)
{
    uint8_t bytes[8];
    lf_put_pair(bytes, pair);
    int32_t state = lf_commit_orphaning(fs, pred,
                                        LF_ATTRS(LF_ATTR_IF(move_id != LF_NO_ID, LF_TAG(LF_T_DELETE, move_id, 0), NULL),
                                                 { LF_TAG(type, LF_NO_ID, 8), bytes }));
    if (state < 0)
        return state;
    *more = *more || state == LF_ORPHANED;
    return AGAIN;
}

/* The parent knows where the pair moved to, the thread does not. */
static int32_t mend_half(struct lf *fs, struct lf_dir *pred, const struct lf_dir *parent, uint32_t tag, bool *more)
{
    uint8_t bytes[8];
    uint32_t pair[2];
    int32_t res = lf_get(fs, parent, (struct lf_want){ LF_TAG(LF_M_TYPE, LF_M_ID, 0), tag }, 0, bytes, sizeof bytes);
    if (res < 0)
        return res;
    lf_get_pair(bytes, pair);
    if (lf_pair_in_sync(pair, pred->tail))
        return KEEP;
    return retail(fs, pred, LF_T_SOFT_TAIL, pair, lf_move_take(fs, pred->pair), more);
}

/* The pair after pred, if a directory begins there. */
static int32_t mend_pair(struct lf *fs, int pass, struct lf_dir *pred, const struct lf_dir *dir, bool power_loss,
                         bool *more)
{
    struct lf_dir parent;
    if (pred->split)
        return KEEP;
    int32_t tag = lf_parent(fs, pred->tail, &parent);
    if (tag < 0 && tag != LFS_ERR_NOENT)
        return tag;
    if (pass == HALF && tag != LFS_ERR_NOENT)
        return mend_half(fs, pred, &parent, (uint32_t)tag, more);
    if (pass != FULL || tag != LFS_ERR_NOENT || !power_loss)
        return KEEP;
    int32_t res = lf_get_state(fs, dir, &fs->delta);
    return res ? res : retail(fs, pred, LF_T_TAIL + dir->split, dir->tail, LF_NO_ID, more);
}

static int32_t mend_thread(struct lf *fs, int pass, bool power_loss, bool *more)
{
    struct lf_dir pred = lf_thread_start(), dir;
    uint32_t steps = 0;
    int32_t go;
    while ((go = lf_thread_goes_on(fs, &pred, &steps)) > 0) {
        int32_t res = lf_fetch(fs, &dir, pred.tail);
        if (!res)
            res = mend_pair(fs, pass, &pred, &dir, power_loss, more);
        if (res < 0)
            return res;
        if (res == KEEP)
            pred = dir;
    }
    return go;
}

int32_t lf_deorphan(struct lf *fs, bool power_loss)
{
    if (!lf_has_orphans(&fs->now))
        return 0;
    uint32_t rounds = 0;
    for (int pass = HALF; pass <= FULL;) { /* half orphans first: they can hide full ones */
        bool more = false;
        int32_t res = mend_thread(fs, pass, power_loss, &more);
        if (res)
            return res;
        pass = more ? HALF : pass + 1;
        if (++rounds > fs->block_count)
            return LFS_ERR_CORRUPT;
    }
    lf_orphans_add(fs, -(int)(lf_len(fs->now.tag) & 0xFF));
    return 0;
}

int32_t lf_force_consistency(struct lf *fs)
{
    int32_t res = renew_superblock(fs);
    if (!res)
        res = finish_move(fs);
    return res ? res : lf_deorphan(fs, true);
}

int32_t lf_mkconsistent(struct lf *fs)
{
    struct lf_dir root;
    int32_t res = lf_force_consistency(fs);
    if (res)
        return res;
    struct lf_state pending = fs->disk;
    lf_state_xor(&pending, &fs->now);
    if (lf_state_is_zero(&pending))
        return 0;
    res = lf_fetch(fs, &root, fs->root);
    return res ? res : lf_commit(fs, &root, (struct lf_attrs){ NULL, 0 });
}
