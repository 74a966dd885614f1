/* fsimages/fat/walk.c -- all directories, one after the other. */
#include "fsimages/fat/walk.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t fat_walk_init(struct fat_walk *w, struct fat *fs)
{
    *w = (struct fat_walk){ .fs = fs, .owner = calloc(fs->g.clusters + 2, sizeof *w->owner) };
    return w->owner ? 0 : FAT_HOST_FAILED;
}

void fat_walk_finish(struct fat_walk *w)
{
    free(w->owner);
    free(w->objects);
}

void fat_finding(struct fat_walk *w, const char *format, ...)
{
    char line[3 * FAT_PATH];
    va_list args;
    w->findings++;
    if (!w->report)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    w->report(w->ctx, line);
}

/* ---- objects ---- */

static int32_t add(struct fat_walk *w, const struct fat_object *o)
{
    if (w->count == w->room) {
        uint32_t room = w->room ? w->room * 2 : 64;
        struct fat_object *more = realloc(w->objects, room * sizeof *more);
        if (!more)
            return FAT_HOST_FAILED;
        w->objects = more;
        w->room = room;
    }
    w->objects[w->count++] = *o;
    return 0;
}

static int32_t name_of(struct fat_walk *w, const struct fat_object *o, struct thm_fs_stat *st)
{
    struct fat_dir d = { .first = w->objects[o->dir].first };
    int32_t res = fat_dir_seek(w->fs, &d, o->block == FAT_NO_BLOCK ? o->offset : o->block);
    if (!res)
        res = fat_dir_read(w->fs, &d);
    if (!res)
        fat_stat_entry(w->fs, &d, st);
    return res;
}

/* From the end, as far as there is room. */
const char *fat_walk_path(struct fat_walk *w, uint32_t object, char path[FAT_PATH])
{
    size_t at = FAT_PATH - 1;
    struct thm_fs_stat st;
    path[at] = '\0';
    for (uint32_t i = object; i; i = w->objects[i].dir) {
        size_t len = name_of(w, &w->objects[i], &st) ? 0 : strlen(st.name);
        if (len == 0 || len + 1 > at)
            break;
        at -= len;
        memcpy(path + at, st.name, len);
        path[--at] = '/';
    }
    if (object == 0)
        path[--at] = '/';
    return memmove(path, path + at, FAT_PATH - at);
}

int32_t fat_walk_entry(struct fat_walk *w, const struct fat_object *o, uint8_t **entry)
{
    struct fat_dir d = { .first = w->objects[o->dir].first };
    int32_t res = fat_dir_seek(w->fs, &d, o->offset);
    if (!res)
        res = fat_dir_load(w->fs, &d);
    *entry = fat_entry(w->fs, &d);
    return res;
}

int32_t fat_walk_delete(struct fat_walk *w, const struct fat_object *o)
{
    struct fat_dir d = { .first = w->objects[o->dir].first };
    int32_t res = fat_dir_seek(w->fs, &d, o->offset);
    d.block = o->block;
    return res ? res : fat_dir_delete(w->fs, &d);
}

/* ---- entries ---- */

static int32_t mend_dot(struct fat_walk *w, const struct fat_object *o, uint32_t offset, uint32_t cluster)
{
    struct fat_dir d = { .first = o->first };
    int32_t res = fat_dir_seek(w->fs, &d, offset);
    if (!res)
        res = fat_dir_load(w->fs, &d);
    if (res)
        return res;
    fat_entry_set_cluster(w->fs, fat_entry(w->fs, &d), cluster);
    w->fs->window_dirty = true;
    return 0;
}

/* "." and "..": whom do they name? */
static int32_t check_dot(struct fat_walk *w, uint32_t dir, uint32_t offset, const uint8_t *entry)
{
    const struct fat_object *o = &w->objects[dir];
    bool parent = entry[1] == '.';
    uint32_t up = w->objects[o->dir].first, got = fat_entry_cluster(w->fs, entry);
    uint32_t want = !parent ? o->first : o->dir ? up : 0;
    char path[FAT_PATH];
    if (got == want || (parent && got == up)) /* some write the root's own number */
        return 0;
    fat_finding(w, "%s: its entry \"%s\" names cluster %u, not %u", fat_walk_path(w, dir, path), parent ? ".." : ".",
                (unsigned)got, (unsigned)want);
    return w->repair ? mend_dot(w, o, offset, want) : 0;
}

static int32_t visit_short(struct fat_walk *w, uint32_t dir, struct fat_long *l, uint32_t offset, const uint8_t *entry)
{
    struct fat_object o = { .dir = dir,
                            .offset = offset,
                            .first = fat_entry_cluster(w->fs, entry),
                            .size = fat_get32(entry + ENTRY_FILE_SIZE),
                            .directory = entry[ENTRY_ATTR] & ATTR_DIR };
    int32_t res = fat_check_long_end(w, dir, l, offset, entry);
    o.block = l->start;
    *l = (struct fat_long){ .start = FAT_NO_BLOCK };
    if (!res)
        res = add(w, &o);
    return res ? res : fat_check_chain(w, w->count - 1);
}

static bool is_dot(const uint8_t *entry)
{
    return memcmp(entry, ".          ", SHORT_LEN) == 0 || memcmp(entry, "..         ", SHORT_LEN) == 0;
}

static int32_t visit(struct fat_walk *w, uint32_t dir, struct fat_long *l, uint32_t offset, const uint8_t *entry)
{
    uint8_t attr = entry[ENTRY_ATTR] & ATTR_MASK;
    if (entry[0] != ENTRY_DELETED && attr == ATTR_LONG)
        return fat_check_long_part(w, dir, l, offset, entry);
    if (entry[0] != ENTRY_DELETED && !(attr & ATTR_LABEL) && !(dir && is_dot(entry)))
        return visit_short(w, dir, l, offset, entry);
    int32_t res = fat_check_long_end(w, dir, l, offset, NULL);
    *l = (struct fat_long){ .start = FAT_NO_BLOCK };
    return !res && entry[0] == '.' ? check_dot(w, dir, offset, entry) : res;
}

/* ---- directories ---- */

static int32_t scan(struct fat_walk *w, uint32_t dir)
{
    struct fat_long l = { .start = FAT_NO_BLOCK };
    struct fat_dir d = { .first = w->objects[dir].first };
    uint64_t end = (uint64_t)w->objects[dir].clusters * w->fs->g.cluster;
    uint8_t entry[ENTRY_SIZE];
    int32_t res = fat_dir_seek(w->fs, &d, 0);
    while (!res && d.offset < end) {
        res = fat_dir_load(w->fs, &d);
        if (res)
            return res;
        memcpy(entry, fat_entry(w->fs, &d), sizeof entry);
        if (entry[0] == 0)
            break;
        res = visit(w, dir, &l, d.offset, entry);
        if (!res)
            res = fat_dir_next(w->fs, &d, false);
    }
    if (!res || res == FR_NO_FILE)
        res = fat_check_long_end(w, dir, &l, d.offset, NULL);
    return res;
}

/* The root has a chain on FAT32 only. */
static int32_t add_root(struct fat_walk *w)
{
    struct fat_object root = { .block = FAT_NO_BLOCK, .first = w->fs->g.root_cluster, .directory = true };
    int32_t res = add(w, &root);
    if (!res && w->fs->g.bits == 32)
        return fat_check_chain(w, 0);
    w->objects[0].clusters = w->fs->g.clusters; /* its own end comes first */
    return res;
}

int32_t fat_walk_tree(struct fat_walk *w)
{
    int32_t res = add_root(w);
    for (uint32_t i = 0; !res && i < w->count; i++)
        if (w->objects[i].directory && w->objects[i].clusters)
            res = scan(w, i);
    return res;
}
