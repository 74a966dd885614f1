/* fsimages/littlefs/names.c -- making, moving, removing, listing entries; user attributes. */
#include "fsimages/littlefs/core.h"

/* A pair that must not be lost sight of while others change. */
static void watch(struct lf *fs, struct lf_open *o)
{
    o->next = fs->opens;
    o->id = 0;
    o->file = false;
    fs->opens = o;
}

static void unwatch(struct lf *fs, const struct lf_open *o)
{
    if (fs->opens == o)
        fs->opens = o->next;
}

static int32_t commit_tail(struct lf *fs, struct lf_dir *dir, const uint32_t tail[2])
{
    uint8_t bytes[8];
    lf_put_pair(bytes, tail);
    return lf_commit(fs, dir, LF_ATTRS({ LF_TAG(LF_T_SOFT_TAIL, LF_NO_ID, sizeof bytes), bytes }));
}

/* The last pair of the directory that `dir` is in. */
static int32_t last_pair(struct lf *fs, const struct lf_dir *dir, struct lf_dir *out)
{
    uint32_t steps = 0;
    *out = *dir;
    while (out->split) {
        int32_t res = lf_thread_goes_on(fs, out, &steps) > 0 ? lf_fetch(fs, out, out->tail) : LFS_ERR_CORRUPT;
        if (res)
            return res;
    }
    return 0;
}

/* A directory of more than one pair: its last one gets the new directory behind it, which nobody names yet. */
static int32_t thread_in(struct lf *fs, struct lf_open *parent, struct lf_dir *pred, const struct lf_dir *child)
{
    lf_orphans_add(fs, 1);
    watch(fs, parent);
    int32_t res = commit_tail(fs, pred, child->pair);
    unwatch(fs, parent);
    if (!res)
        lf_orphans_add(fs, -1);
    return res;
}

static int32_t make_dir(struct lf *fs, struct lf_open *parent, uint16_t id, const char *name)
{
    struct lf_dir child, pred;
    uint8_t bytes[8];
    lf_alloc_checkpoint(fs);
    int32_t res = lf_dir_alloc(fs, &child);
    if (!res)
        res = last_pair(fs, &parent->dir, &pred);
    if (!res)
        res = commit_tail(fs, &child, pred.tail);
    if (!res && parent->dir.split)
        res = thread_in(fs, parent, &pred, &child);
    if (res)
        return res;
    lf_put_pair(bytes, child.pair);
    return lf_commit(fs, &parent->dir,
                     LF_ATTRS({ LF_TAG(LF_T_CREATE, id, 0), NULL }, { LF_TAG(LF_T_DIR, id, lf_name_len(name)), name },
                              { LF_TAG(LF_T_DIR_STRUCT, id, sizeof bytes), bytes },
                              LF_ATTR_IF(!parent->dir.split, LF_TAG(LF_T_SOFT_TAIL, LF_NO_ID, sizeof bytes), bytes)));
}

int32_t lf_mkdir(struct thm_fs *base, const char *name)
{
    struct lf *fs = (struct lf *)base;
    struct lf_open parent = { 0 };
    uint16_t id;
    int32_t res = lf_force_consistency(fs);
    if (res)
        return res;
    res = lf_find(fs, &parent.dir, &name, &id);
    if (!(res == LFS_ERR_NOENT && lf_is_last(name)))
        return res < 0 ? res : LFS_ERR_EXIST;
    return lf_name_len(name) > fs->name_max ? LFS_ERR_NAMETOOLONG : make_dir(fs, &parent, id, name);
}

/* A directory is about to lose its name: it must be empty, and is an orphan from then on. */
static int32_t give_up_dir(struct lf *fs, const struct lf_dir *parent, uint16_t id, struct lf_open *child)
{
    uint32_t pair[2];
    int32_t tag = lf_get_struct(fs, parent, id, pair);
    if (tag < 0)
        return tag;
    int32_t res = lf_fetch(fs, &child->dir, pair);
    if (res)
        return res;
    if (child->dir.count > 0 || child->dir.split)
        return LFS_ERR_NOTEMPTY;
    lf_orphans_add(fs, 1);
    watch(fs, child);
    return 0;
}

static int32_t drop_orphan(struct lf *fs, const struct lf_open *child)
{
    struct lf_dir pred;
    lf_orphans_add(fs, -1);
    int32_t res = lf_pred(fs, child->dir.pair, &pred);
    return res ? res : lf_drop(fs, &pred, &child->dir);
}

int32_t lf_remove(struct thm_fs *base, const char *name)
{
    struct lf *fs = (struct lf *)base;
    struct lf_open child = { 0 };
    struct lf_dir dir;
    int32_t res = lf_force_consistency(fs);
    if (res)
        return res;
    const int32_t tag = lf_find(fs, &dir, &name, NULL);
    const uint16_t id = lf_id((uint32_t)tag);
    if (tag < 0 || id == LF_NO_ID)
        return tag < 0 ? tag : LFS_ERR_INVAL;
    const bool is_dir = lf_type((uint32_t)tag) == LF_T_DIR;
    if (is_dir)
        res = give_up_dir(fs, &dir, id, &child);
    if (res)
        return res;
    res = lf_commit(fs, &dir, LF_ATTRS({ LF_TAG(LF_T_DELETE, id, 0), NULL }));
    unwatch(fs, &child);
    return !res && is_dir && lf_has_orphans(&fs->now) ? drop_orphan(fs, &child) : res;
}

struct renaming {
    struct lf_dir from, to;
    int32_t from_tag, to_tag; /* to_tag LFS_ERR_NOENT: a new name */
    uint16_t from_id, to_id;  /* from_id: once the new entry is there */
    const char *name;
    bool same_pair;
    struct lf_open replaced; /* a directory */
};

static bool is_dir_tag(int32_t tag)
{
    return tag >= 0 && lf_type((uint32_t)tag) == LF_T_DIR;
}

static int32_t find_both(struct lf *fs, struct renaming *r, const char *from)
{
    r->from_tag = lf_find(fs, &r->from, &from, NULL);
    r->from_id = lf_id((uint32_t)r->from_tag);
    if (r->from_tag < 0 || r->from_id == LF_NO_ID)
        return r->from_tag < 0 ? r->from_tag : LFS_ERR_INVAL;
    r->to_tag = lf_find(fs, &r->to, &r->name, &r->to_id);
    if (r->to_tag == LFS_ERR_NOENT && lf_is_last(r->name))
        return 0;
    if (r->to_tag < 0 || lf_id((uint32_t)r->to_tag) == LF_NO_ID)
        return r->to_tag < 0 ? r->to_tag : LFS_ERR_INVAL;
    return 0;
}

enum { READY, NOTHING_TO_DO };

static int32_t prepare_new_name(struct lf *fs, struct renaming *r)
{
    if (r->name[lf_name_len(r->name)] && !is_dir_tag(r->from_tag))
        return LFS_ERR_NOTDIR;
    if (lf_name_len(r->name) > fs->name_max)
        return LFS_ERR_NAMETOOLONG;
    if (r->same_pair && r->to_id <= r->from_id)
        r->from_id++;
    return READY;
}

static int32_t prepare(struct lf *fs, struct renaming *r)
{
    r->same_pair = lf_pair_same(r->from.pair, r->to.pair);
    if (r->to_tag == LFS_ERR_NOENT)
        return prepare_new_name(fs, r);
    if (lf_type((uint32_t)r->to_tag) != lf_type((uint32_t)r->from_tag))
        return is_dir_tag(r->to_tag) ? LFS_ERR_ISDIR : LFS_ERR_NOTDIR;
    if (r->same_pair && r->to_id == r->from_id)
        return NOTHING_TO_DO;
    return is_dir_tag(r->to_tag) ? give_up_dir(fs, &r->to, r->to_id, &r->replaced) : READY;
}

static int32_t move_entry(struct lf *fs, struct renaming *r)
{
    const uint16_t old_id = lf_id((uint32_t)r->from_tag);
    if (!r->same_pair)
        lf_move_begin(fs, r->from_id, r->from.pair);
    int32_t res =
        lf_commit(fs, &r->to,
                  LF_ATTRS(LF_ATTR_IF(r->to_tag != LFS_ERR_NOENT, LF_TAG(LF_T_DELETE, r->to_id, 0), NULL),
                           { LF_TAG(LF_T_CREATE, r->to_id, 0), NULL },
                           { LF_TAG(lf_type((uint32_t)r->from_tag), r->to_id, lf_name_len(r->name)), r->name },
                           { LF_TAG(LF_T_MOVE, r->to_id, old_id), &r->from },
                           LF_ATTR_IF(r->same_pair, LF_TAG(LF_T_DELETE, r->from_id, 0), NULL)));
    if (res || r->same_pair || !lf_has_move(&fs->now))
        return res;
    lf_move_end(fs);
    return lf_commit(fs, &r->from, LF_ATTRS({ LF_TAG(LF_T_DELETE, old_id, 0), NULL }));
}

int32_t lf_rename(struct thm_fs *base, const char *from, const char *to)
{
    struct lf *fs = (struct lf *)base;
    struct renaming r = { .name = to };
    int32_t res = lf_force_consistency(fs);
    if (!res)
        res = find_both(fs, &r, from);
    if (!res)
        res = prepare(fs, &r);
    if (res)
        return res == NOTHING_TO_DO ? 0 : res;
    res = move_entry(fs, &r);
    unwatch(fs, &r.replaced);
    return !res && is_dir_tag(r.to_tag) && lf_has_orphans(&fs->now) ? drop_orphan(fs, &r.replaced) : res;
}

static const char *or_root(const char *name)
{
    return *name ? name : "/";
}

int32_t lf_stat(struct thm_fs *base, const char *name, struct thm_fs_stat *out)
{
    struct lf *fs = (struct lf *)base;
    struct lf_dir dir;
    name = or_root(name);
    int32_t tag = lf_find(fs, &dir, &name, NULL);
    if (tag < 0)
        return tag;
    if (name[lf_name_len(name)] && !is_dir_tag(tag))
        return LFS_ERR_NOTDIR;
    if (lf_id((uint32_t)tag) == LF_NO_ID) {
        *out = (struct thm_fs_stat){ .directory = true, .name = "/" };
        return 0;
    }
    tag = lf_get_stat(fs, &dir, lf_id((uint32_t)tag), out);
    return tag < 0 ? tag : 0;
}

static int32_t open_dir(struct lf *fs, struct lf_dir *dir, const char *name)
{
    uint32_t pair[2] = { fs->root[0], fs->root[1] };
    int32_t tag = lf_find(fs, dir, &name, NULL);
    if (tag < 0)
        return tag;
    if (!is_dir_tag(tag))
        return LFS_ERR_NOTDIR;
    if (lf_id((uint32_t)tag) != LF_NO_ID) {
        tag = lf_get_struct(fs, dir, lf_id((uint32_t)tag), pair);
        if (tag < 0)
            return tag;
    }
    return lf_fetch(fs, dir, pair);
}

typedef int32_t each_fn(void *ctx, const struct thm_fs_stat *st);

static int32_t list_pair(struct lf *fs, const struct lf_dir *dir, each_fn *each, void *ctx)
{
    for (uint16_t id = 0; id < dir->count; id++) {
        struct thm_fs_stat st;
        int32_t res = lf_get_stat(fs, dir, id, &st);
        if (res == LFS_ERR_NOENT) /* the superblock's entry */
            continue;
        if (!res)
            res = each(ctx, &st);
        if (res)
            return res;
    }
    return 0;
}

int32_t lf_list(struct thm_fs *base, const char *name, each_fn *each, void *ctx)
{
    struct lf *fs = (struct lf *)base;
    struct lf_dir dir;
    uint32_t steps = 0;
    int32_t res = open_dir(fs, &dir, or_root(name));
    while (!res && !(res = list_pair(fs, &dir, each, ctx)) && dir.split)
        res = lf_thread_goes_on(fs, &dir, &steps) > 0 ? lf_fetch(fs, &dir, dir.tail) : LFS_ERR_CORRUPT;
    return res;
}

/* ---- user attributes; the root's are the superblock entry's ---- */

static int32_t find_entry(struct lf *fs, struct lf_dir *dir, const char *name, uint16_t *id)
{
    name = or_root(name);
    int32_t tag = lf_find(fs, dir, &name, NULL);
    if (tag < 0)
        return tag;
    *id = lf_id((uint32_t)tag);
    if (*id != LF_NO_ID)
        return 0;
    *id = 0;
    return lf_fetch(fs, dir, fs->root);
}

int32_t thm_littlefs_get_attr(struct thm_fs *base, const char *name, uint8_t type, void *buf, uint32_t len)
{
    struct lf *fs = (struct lf *)base;
    struct lf_dir dir;
    uint16_t id;
    int32_t res = find_entry(fs, &dir, name, &id);
    if (res)
        return res;
    const struct lf_want w = { LF_TAG(LF_M_TYPE, LF_M_ID, 0), LF_TAG(LF_T_ATTR + type, id, 0) };
    int32_t tag = lf_get(fs, &dir, w, 0, buf, lf_min(len, fs->attr_max));
    if (tag < 0)
        return tag == LFS_ERR_NOENT ? LFS_ERR_NOATTR : tag;
    return (int32_t)lf_len((uint32_t)tag);
}

static int32_t commit_attr(struct lf *fs, const char *name, uint8_t type, const void *data, uint32_t len)
{
    struct lf_dir dir;
    uint16_t id;
    int32_t res = find_entry(fs, &dir, name, &id);
    return res ? res : lf_commit(fs, &dir, LF_ATTRS({ LF_TAG(LF_T_ATTR + type, id, len), data }));
}

int32_t thm_littlefs_set_attr(struct thm_fs *base, const char *name, uint8_t type, const void *data, uint32_t len)
{
    struct lf *fs = (struct lf *)base;
    return len > fs->attr_max ? LFS_ERR_NOSPC : commit_attr(fs, name, type, data, len);
}

int32_t thm_littlefs_remove_attr(struct thm_fs *base, const char *name, uint8_t type)
{
    return commit_attr((struct lf *)base, name, type, NULL, LF_DELETED);
}
