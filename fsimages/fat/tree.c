/* fsimages/fat/tree.c -- files and directories by name: remove, rename, make, stat, list. */
#include <string.h>
#include "fsimages/fat/core.h"

/* ---- remove ---- */

static int32_t check_empty(struct fat *fs, uint32_t first)
{
    struct fat_dir d = { .first = first };
    int32_t res = fat_dir_seek(fs, &d, 0);
    if (!res)
        res = fat_dir_read(fs, &d);
    return res == 0 ? FR_DENIED : res == FR_NO_FILE ? 0 : res;
}

static int32_t remove_found(struct fat *fs, struct fat_dir *d)
{
    if (d->flags & NAME_ROOT)
        return FR_INVALID_NAME;
    if (d->attr & ATTR_READ_ONLY)
        return FR_DENIED;
    uint32_t first = fat_entry_cluster(fs, fat_entry(fs, d));
    int32_t res = d->attr & ATTR_DIR ? check_empty(fs, first) : 0;
    if (!res)
        res = fat_dir_delete(fs, d);
    if (!res && first)
        res = fat_release(fs, first, 0);
    return res ? res : fat_flush(fs);
}

int32_t fat_remove(struct thm_fs *t, const char *name)
{
    struct fat *fs = (struct fat *)t;
    struct fat_dir d;
    int32_t res = fat_names_begin(fs);
    if (!res)
        res = fat_follow(fs, &d, name);
    if (!res)
        res = remove_found(fs, &d);
    fat_names_end(fs);
    return res;
}

/* ---- rename ---- */

/* Is the directory with the cluster `inner` that with `outer`, or below it? */
static int32_t lies_in(struct fat *fs, uint32_t inner, uint32_t outer, bool *yes)
{
    int32_t res = 0;
    *yes = false;
    for (uint32_t steps = 0; !res && inner && !*yes && steps < FAT_DIR_MAX; steps++) {
        struct fat_dir up = { .first = inner };
        *yes = inner == outer;
        res = fat_dir_seek(fs, &up, ENTRY_SIZE);
        if (!res)
            res = fat_dir_load(fs, &up);
        if (!res)
            inner = fat_entry_cluster(fs, fat_entry(fs, &up));
    }
    return res;
}

/* A directory that moved has a new parent. */
static int32_t mend_parent(struct fat *fs, uint32_t first, uint32_t parent)
{
    struct fat_dir d = { .first = first };
    int32_t res = fat_dir_seek(fs, &d, ENTRY_SIZE);
    if (!res)
        res = fat_dir_load(fs, &d);
    if (res)
        return res;
    uint8_t *entry = fat_entry(fs, &d);
    if (entry[0] == '.' && entry[1] == '.') {
        fat_entry_set_cluster(fs, entry, parent);
        fs->window_dirty = true;
    }
    return 0;
}

/* May the entry go to the place that `to` names? FatFs does not ask whether a directory moves into itself. */
static int32_t check_target(struct fat *fs, const struct fat_dir *from, struct fat_dir *to, const char *name,
                            uint32_t first)
{
    bool inside = false;
    int32_t res = fat_follow(fs, to, name);
    if (!res)
        return to->first == from->first && to->offset == from->offset ? 0 : FR_EXIST;
    if (res == FR_NO_FILE && (from->attr & ATTR_DIR) && to->first != from->first) {
        res = lies_in(fs, to->first, first, &inside);
        return res ? res : inside ? FR_DENIED : 0;
    }
    return res == FR_NO_FILE ? 0 : res;
}

/* All but the name; what is no directory becomes "to be archived". */
static void copy_entry(struct fat *fs, const struct fat_dir *to, const uint8_t *old)
{
    uint8_t *entry = fat_entry(fs, to);
    memcpy(entry + ENTRY_CASE + 1, old + ENTRY_CASE + 1, ENTRY_SIZE - ENTRY_CASE - 1);
    entry[ENTRY_ATTR] = old[ENTRY_ATTR];
    if (!(old[ENTRY_ATTR] & ATTR_DIR))
        entry[ENTRY_ATTR] |= ATTR_ARCHIVE;
    fs->window_dirty = true;
}

/* The new name is written before the old one goes. */
static int32_t move(struct fat *fs, struct fat_dir *from, const char *name)
{
    uint8_t old[ENTRY_SIZE];
    struct fat_dir to;
    memcpy(old, fat_entry(fs, from), sizeof old);
    uint32_t first = fat_entry_cluster(fs, old);
    int32_t res = check_target(fs, from, &to, name, first);
    if (!res)
        res = fat_dir_add(fs, &to);
    if (res)
        return res;
    copy_entry(fs, &to, old);
    if ((old[ENTRY_ATTR] & ATTR_DIR) && to.first != from->first)
        res = mend_parent(fs, first, to.first);
    if (!res)
        res = fat_dir_delete(fs, from);
    return res ? res : fat_flush(fs);
}

int32_t fat_rename(struct thm_fs *t, const char *from, const char *to)
{
    struct fat *fs = (struct fat *)t;
    struct fat_dir d;
    int32_t res = fat_names_begin(fs);
    if (!res)
        res = fat_follow(fs, &d, from);
    if (!res)
        res = d.flags & NAME_ROOT ? FR_INVALID_NAME : move(fs, &d, to);
    fat_names_end(fs);
    return res;
}

/* ---- make a directory ---- */

static void put_dot(struct fat *fs, uint8_t *entry, unsigned dots, uint32_t cluster)
{
    memset(entry, 0, ENTRY_SIZE);
    memset(entry, ' ', SHORT_LEN);
    memset(entry, '.', dots);
    entry[ENTRY_ATTR] = ATTR_DIR;
    fat_put32(entry + ENTRY_MODIFIED, fat_now(fs));
    fat_entry_set_cluster(fs, entry, cluster);
}

static int32_t new_directory(struct fat *fs, struct fat_dir *d, uint32_t cluster)
{
    int32_t res = fat_dir_clear(fs, cluster);
    if (res)
        return res;
    put_dot(fs, fs->window, 1, cluster);
    put_dot(fs, fs->window + ENTRY_SIZE, 2, d->first);
    fs->window_dirty = true;
    return fat_dir_add(fs, d);
}

static int32_t make(struct fat *fs, struct fat_dir *d)
{
    uint32_t cluster;
    int32_t res = fat_extend(fs, 0, &cluster);
    if (res || cluster == 0)
        return res ? res : FR_DENIED;
    res = new_directory(fs, d, cluster);
    if (res) {
        (void)fat_release(fs, cluster, 0);
        return res;
    }
    uint8_t *entry = fat_entry(fs, d);
    fat_put32(entry + ENTRY_CREATED, fat_now(fs));
    fat_put32(entry + ENTRY_MODIFIED, fat_now(fs));
    fat_entry_set_cluster(fs, entry, cluster);
    entry[ENTRY_ATTR] = ATTR_DIR;
    fs->window_dirty = true;
    return fat_flush(fs);
}

int32_t fat_mkdir(struct thm_fs *t, const char *name)
{
    struct fat *fs = (struct fat *)t;
    struct fat_dir d;
    int32_t res = fat_names_begin(fs);
    if (!res) {
        res = fat_follow(fs, &d, name);
        res = res == 0 ? FR_EXIST : res == FR_NO_FILE ? make(fs, &d) : res;
    }
    fat_names_end(fs);
    return res;
}

/* ---- look ---- */

int32_t fat_stat(struct thm_fs *t, const char *name, struct thm_fs_stat *out)
{
    struct fat *fs = (struct fat *)t;
    struct fat_dir d;
    int32_t res = fat_names_begin(fs);
    if (!res)
        res = fat_follow(fs, &d, name);
    *out = (struct thm_fs_stat){ .directory = true };
    if (!res && !(d.flags & NAME_ROOT))
        fat_stat_entry(fs, &d, out); /* a long name as it was asked for, as f_stat tells it */
    fat_names_end(fs);
    return res;
}

static int32_t open_dir(struct fat *fs, struct fat_dir *d, const char *name)
{
    int32_t res = fat_names_begin(fs);
    if (!res)
        res = fat_follow(fs, d, name);
    if (!res && !(d->flags & NAME_ROOT)) {
        if (!(d->attr & ATTR_DIR))
            res = FR_NO_PATH;
        d->first = fat_entry_cluster(fs, fat_entry(fs, d));
    }
    fat_names_end(fs);
    return res == FR_NO_FILE ? FR_NO_PATH : res ? res : fat_dir_seek(fs, d, 0);
}

static int32_t read_dir(struct fat *fs, struct fat_dir *d, struct thm_fs_stat *st)
{
    int32_t res = fat_names_begin(fs);
    if (!res)
        res = fat_dir_read(fs, d);
    if (!res)
        fat_stat_entry(fs, d, st);
    fat_names_end(fs);
    return res;
}

int32_t fat_list(struct thm_fs *t, const char *dir, int32_t (*each)(void *, const struct thm_fs_stat *), void *ctx)
{
    struct fat *fs = (struct fat *)t;
    struct thm_fs_stat st;
    struct fat_dir d;
    void *handle = fs->mem.alloc(fs->mem.ctx, FAT_LIST_BYTES, "FatFs directory handle");
    if (!handle)
        return FR_NOT_ENOUGH_CORE;
    int32_t res = open_dir(fs, &d, dir);
    while (!res) {
        res = read_dir(fs, &d, &st);
        if (!res)
            res = each(ctx, &st);
        if (!res)
            res = fat_dir_next(fs, &d, false);
    }
    fs->mem.free(fs->mem.ctx, handle);
    return res == FR_NO_FILE ? 0 : res;
}
