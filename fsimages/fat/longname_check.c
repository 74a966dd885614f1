/* fsimages/fat/longname_check.c -- parts of long names that belong to no file. */
#include "fsimages/fat/walk.h"

/* Delete the entries from `from` up to `to`. */
static int32_t delete_parts(struct fat_walk *w, uint32_t dir, uint32_t from, uint32_t to)
{
    struct fat_dir d = { .first = w->objects[dir].first };
    int32_t res = fat_dir_seek(w->fs, &d, from);
    while (!res && d.offset < to) {
        res = fat_dir_load(w->fs, &d);
        if (res)
            return res;
        *fat_entry(w->fs, &d) = ENTRY_DELETED;
        w->fs->window_dirty = true;
        res = fat_dir_next(w->fs, &d, false);
    }
    return res == FR_NO_FILE ? 0 : res;
}

static int32_t orphaned(struct fat_walk *w, uint32_t dir, struct fat_long *l, uint32_t end)
{
    uint32_t start = l->start;
    char path[FAT_PATH];
    l->start = FAT_NO_BLOCK;
    fat_finding(w, "%s: parts of a long name without their file, at entry %u", fat_walk_path(w, dir, path),
                (unsigned)(start / ENTRY_SIZE));
    return w->repair ? delete_parts(w, dir, start, end) : 0;
}

int32_t fat_check_long_part(struct fat_walk *w, uint32_t dir, struct fat_long *l, uint32_t offset, const uint8_t *entry)
{
    uint8_t order = entry[LONG_ORDER] & 0x3F;
    bool first = entry[LONG_ORDER] & LONG_LAST;
    int32_t res = first && l->start != FAT_NO_BLOCK ? orphaned(w, dir, l, offset) : 0;
    if (first)
        *l = (struct fat_long){ .start = offset, .next = order, .sum = entry[LONG_SUM] };
    if (l->start == FAT_NO_BLOCK)
        l->start = offset;
    if (order == 0 || order != l->next || entry[LONG_SUM] != l->sum)
        l->broken = true;
    l->next = order - 1;
    return res;
}

int32_t fat_check_long_end(struct fat_walk *w, uint32_t dir, struct fat_long *l, uint32_t offset, const uint8_t *name)
{
    bool whole = name && !l->broken && l->next == 0 && l->sum == fat_short_sum(name);
    return l->start == FAT_NO_BLOCK || whole ? 0 : orphaned(w, dir, l, offset);
}
