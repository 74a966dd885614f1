/* fsimages/littlefs/pair.c -- committing changes to a pair. If it had to move, its parent and its predecessor in the
 * thread must learn it; if it became empty, it leaves the thread. */
#include "fsimages/littlefs/core.h"

/* What the changes make of entry count and tail. */
static int32_t count_changes(struct lf_dir *dir, struct lf_attrs attrs, bool *deletes)
{
    for (uint32_t i = 0; i < attrs.count; i++) {
        const uint32_t tag = attrs.list[i].tag;
        if (lf_type(tag) == LF_T_CREATE)
            dir->count++;
        if (lf_class(tag) == LF_T_TAIL) {
            lf_get_pair(attrs.list[i].data, dir->tail);
            dir->split = tag >> 20 & 1;
        }
        if (lf_type(tag) != LF_T_DELETE)
            continue;
        if (dir->count == 0)
            return LFS_ERR_CORRUPT;
        dir->count--;
        *deletes = true;
    }
    return 0;
}

static int32_t put_state_change(struct lf *fs, const struct lf_dir *dir, struct lf_commit *c)
{
    struct lf_state delta = fs->now;
    lf_state_xor(&delta, &fs->disk);
    lf_state_xor(&delta, &fs->delta);
    delta.tag &= ~LF_TAG(0, 0, 0x3FF);
    if (lf_state_is_zero(&delta))
        return 0;
    int32_t res = lf_get_state(fs, dir, &delta);
    return res ? res : lf_commit_state(fs, c, &delta);
}

/* Continue the log. LFS_ERR_NOSPC and LFS_ERR_CORRUPT: compact. */
static int32_t append(struct lf *fs, struct lf_dir *dir, struct lf_attrs attrs)
{
    struct lf_commit c = { dir->pair[0], dir->off, dir->etag, LF_CRC_START, dir->off, fs->block_size - 8 };
    const struct lf_log log = { dir, dir->off, dir->etag, attrs };
    if (!dir->erased || dir->count >= LF_COMMIT_SPLITS)
        return LFS_ERR_NOSPC;
    int32_t res = lf_log_walk(fs, log, &(struct lf_pick){ 0 }, lf_commit_put, &c);
    if (!res)
        res = put_state_change(fs, dir, &c);
    if (!res)
        res = lf_commit_end(fs, &c);
    if (res)
        return res;
    dir->off = c.off;
    dir->etag = c.ptag;
    fs->disk = fs->now;
    fs->delta = (struct lf_state){ 0 };
    return 0;
}

static void follow_ids(struct lf_open *o, struct lf_attrs attrs)
{
    for (uint32_t i = 0; i < attrs.count; i++) {
        const uint32_t tag = attrs.list[i].tag;
        if (lf_type(tag) == LF_T_DELETE && o->id == lf_id(tag))
            o->dir.pair[0] = o->dir.pair[1] = LF_NULL;
        else if (lf_type(tag) == LF_T_DELETE && o->id > lf_id(tag))
            o->id--;
        else if (lf_type(tag) == LF_T_CREATE && o->id >= lf_id(tag))
            o->id++;
    }
}

static int32_t follow_split(struct lf *fs, struct lf_open *o)
{
    uint32_t steps = 0;
    int32_t res = 0;
    while (!res && o->id >= o->dir.count && o->dir.split) {
        if (lf_thread_goes_on(fs, &o->dir, &steps) <= 0)
            return LFS_ERR_CORRUPT;
        if (!lf_pair_same(o->dir.tail, fs->root))
            o->id -= o->dir.count;
        res = lf_fetch(fs, &o->dir, o->dir.tail);
    }
    return res;
}

/* Who has the pair open gets its new state; who makes the change (its copy is `pair`) knows its id already. */
static int32_t update_opens(struct lf *fs, const struct lf_dir *dir, const uint32_t *pair, struct lf_attrs attrs)
{
    const uint32_t old[2] = { pair[0], pair[1] };
    int32_t res = 0;
    for (struct lf_open *o = fs->opens; !res && o; o = o->next) {
        if (!lf_pair_same(o->dir.pair, old))
            continue;
        o->dir = *dir;
        if (o->dir.pair != pair)
            follow_ids(o, attrs);
        res = follow_split(fs, o);
    }
    return res;
}

/* Is the pair empty now, and not a directory's first? Then *pred is the one before it. */
static int32_t can_drop(struct lf *fs, const struct lf_dir *dir, struct lf_dir *pred)
{
    if (!pred)
        return LFS_ERR_CORRUPT;
    int32_t res = lf_pred(fs, dir->pair, pred);
    if (res)
        return res == LFS_ERR_NOENT ? 0 : res;
    return pred->split ? LF_DROPPED : 0;
}

/* One pair. Result: 0, LF_RELOCATED, or LF_DROPPED: nothing is written, its entries are gone with it. */
static int32_t commit_pair(struct lf *fs, struct lf_dir *dir, const uint32_t *pair, struct lf_attrs attrs,
                           struct lf_dir *pred)
{
    bool deletes = false;
    int32_t state = count_changes(dir, attrs, &deletes);
    if (!state && deletes && dir->count == 0)
        state = can_drop(fs, dir, pred);
    if (state == 0) {
        state = append(fs, dir, attrs);
        if (state == LFS_ERR_NOSPC || state == LFS_ERR_CORRUPT) {
            lf_cache_drop(&fs->pcache);
            state = lf_compact(fs, dir, attrs);
        }
    }
    if (state < 0)
        return state;
    int32_t res = update_opens(fs, dir, pair, attrs);
    return res ? res : state;
}

/* Inline files that are larger than their buffer live in this pair's log only: out with them. */
static int32_t evict_inlined(struct lf *fs, const struct lf_dir *dir)
{
    int32_t res = 0;
    for (struct lf_open *o = fs->opens; !res && o; o = o->next) {
        struct lf_file *f = (struct lf_file *)o;
        if (!o->file || dir == &o->dir || !lf_pair_same(o->dir.pair, dir->pair) || !(f->flags & LF_INLINED) ||
            f->size <= fs->cache_size)
            continue;
        res = lf_file_outline(fs, f);
        if (!res)
            res = lf_file_flush(fs, f);
    }
    return res;
}

/* `gone` has left: its delta of the state stays with us, what came after it comes after pred. */
static int32_t close_gap(struct lf *fs, struct lf_dir *pred, const uint32_t *pair, const struct lf_dir *gone)
{
    uint8_t tail[8];
    lf_put_pair(tail, gone->tail);
    return commit_pair(fs, pred, pair, LF_ATTRS({ LF_TAG(LF_T_TAIL + gone->split, LF_NO_ID, 8), tail }), NULL);
}

struct move { /* a pair that has moved */
    uint32_t old[2];
    struct lf_dir dir;
    bool orphans; /* others had to move as well */
};

static void move_root_and_opens(struct lf *fs, const struct move *m)
{
    if (lf_pair_same(m->old, fs->root)) {
        fs->root[0] = m->dir.pair[0];
        fs->root[1] = m->dir.pair[1];
    }
    for (struct lf_open *o = fs->opens; o; o = o->next)
        if (lf_pair_same(m->old, o->dir.pair)) {
            o->dir.pair[0] = m->dir.pair[0];
            o->dir.pair[1] = m->dir.pair[1];
        }
}

/* `tag` of *at becomes the new pair. A move under way from there ends in the same commit: its ids are about to
 * change. */
static int32_t point_to(struct lf *fs, struct lf_dir *at, uint32_t tag, const struct lf_dir *moved,
                        const uint32_t *pair)
{
    uint8_t bytes[8];
    const uint16_t id = lf_move_take(fs, at->pair);
    if (lf_type(tag) == LF_T_DIR_STRUCT && id < lf_id(tag))
        tag = lf_tag_shift(tag, -1);
    lf_put_pair(bytes, moved->pair);
    return commit_pair(fs, at, pair,
                       LF_ATTRS(LF_ATTR_IF(id != LF_NO_ID, LF_TAG(LF_T_DELETE, id, 0), NULL), { tag, bytes }), NULL);
}

/* The parent's entry. Result: 1: there is a parent; LF_RELOCATED too, then *m is the parent's move; 0: there is none.
 */
static int32_t tell_parent(struct lf *fs, struct move *m, bool *parent_moved)
{
    struct lf_dir parent;
    *parent_moved = false;
    int32_t tag = lf_parent(fs, m->old, &parent);
    if (tag < 0)
        return tag == LFS_ERR_NOENT ? 0 : tag;
    lf_orphans_add(fs, 1); /* until the thread is told */
    const uint32_t pair[2] = { parent.pair[0], parent.pair[1] };
    int32_t state = point_to(fs, &parent, (uint32_t)tag, &m->dir, pair);
    if (state < 0)
        return state;
    if (state == LF_RELOCATED) {
        *m = (struct move){ { pair[0], pair[1] }, parent, true };
        *parent_moved = true;
    }
    return 1;
}

/* The thread. Result: 0, or LF_RELOCATED: *m is the predecessor's move. */
static int32_t tell_pred(struct lf *fs, struct move *m, bool has_parent)
{
    struct lf_dir pred;
    int32_t res = lf_pred(fs, m->old, &pred);
    if (res == LFS_ERR_NOENT)
        return has_parent ? LFS_ERR_CORRUPT : 0; /* a new pair */
    if (res)
        return res;
    if (lf_has_orphans(&fs->now))
        lf_orphans_add(fs, -(int)has_parent);
    m->old[0] = pred.pair[0];
    m->old[1] = pred.pair[1];
    int32_t state = point_to(fs, &pred, LF_TAG(LF_T_TAIL + pred.split, LF_NO_ID, 8), &m->dir, m->old);
    m->dir = pred;
    return state;
}

static int32_t follow_move(struct lf *fs, struct move *m)
{
    int32_t state = LF_RELOCATED;
    while (state == LF_RELOCATED) {
        bool parent_moved;
        move_root_and_opens(fs, m);
        int32_t has_parent = tell_parent(fs, m, &parent_moved);
        if (has_parent < 0)
            return has_parent;
        if (!parent_moved)
            state = tell_pred(fs, m, has_parent);
    }
    return state;
}

int32_t lf_commit_orphaning(struct lf *fs, struct lf_dir *dir, struct lf_attrs attrs)
{
    int32_t res = evict_inlined(fs, dir);
    if (res)
        return res;
    struct move m = { { dir->pair[0], dir->pair[1] }, *dir, false };
    struct lf_dir pred;
    int32_t state = commit_pair(fs, &m.dir, dir->pair, attrs, &pred);
    if (state < 0)
        return state;
    if (lf_pair_same(dir->pair, m.old)) /* else it is among the opens and has been updated there */
        *dir = m.dir;
    if (state == LF_DROPPED) {
        res = lf_get_state(fs, dir, &fs->delta);
        if (res)
            return res;
        m.old[0] = pred.pair[0];
        m.old[1] = pred.pair[1];
        state = close_gap(fs, &pred, m.old, dir);
        m.dir = pred;
    }
    if (state == LF_RELOCATED)
        state = follow_move(fs, &m);
    if (state < 0)
        return state;
    return m.orphans ? LF_ORPHANED : 0;
}

int32_t lf_commit(struct lf *fs, struct lf_dir *dir, struct lf_attrs attrs)
{
    int32_t res = lf_commit_orphaning(fs, dir, attrs);
    return res == LF_ORPHANED ? lf_deorphan(fs, false) : res;
}

int32_t lf_drop(struct lf *fs, struct lf_dir *pred, const struct lf_dir *gone)
{
    uint8_t tail[8];
    int32_t res = lf_get_state(fs, gone, &fs->delta);
    if (res)
        return res;
    lf_put_pair(tail, gone->tail);
    return lf_commit(fs, pred, LF_ATTRS({ LF_TAG(LF_T_TAIL + gone->split, LF_NO_ID, 8), tail }));
}
