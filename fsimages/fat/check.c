/* fsimages/fat/check.c -- look for what fsck.fat looks for: dirty mark, tables that differ, the tree, lost clusters,
 * the count in FSInfo. */
#include <stdlib.h>
#include <string.h>
#include "fsimages/fat/walk.h"

/* ---- the dirty mark: a bit in the boot sector, and one in the second table entry that is 0 ---- */

static uint32_t clean_bit(const struct fat *fs)
{
    return fs->g.bits == 32 ? 1u << 27 : fs->g.bits == 16 ? 1u << 15 : 0;
}

static uint32_t second_entry(const struct fat *fs) /* in the window; what FAT12 has there does not matter */
{
    return fs->g.bits == 32 ? fat_get32(fs->window + 4) : fat_get16(fs->window + 2);
}

static int32_t clear_dirty(struct fat *fs)
{
    int32_t res = fat_window(fs, 0);
    if (res)
        return res;
    fs->window[fat_extended(&fs->g) + EXTENDED_STATE] &= 0xFE;
    fs->window_dirty = true;
    res = fat_window(fs, fs->g.fat_start);
    if (res)
        return res;
    uint32_t entry = second_entry(fs) | clean_bit(fs);
    if (fs->g.bits == 32)
        fat_put32(fs->window + 4, entry);
    else
        fat_put16(fs->window + 2, entry);
    fs->window_dirty = true;
    return 0;
}

static int32_t check_dirty(struct fat_walk *w)
{
    struct fat *fs = w->fs;
    int32_t res = fat_window(fs, 0);
    bool dirty = !res && fs->window[fat_extended(&fs->g) + EXTENDED_STATE] & 1;
    if (!res)
        res = fat_window(fs, fs->g.fat_start);
    if (res || !(dirty || ~second_entry(fs) & clean_bit(fs)))
        return res;
    fat_finding(w, "the volume is marked dirty: it was not unmounted, some data may be damaged");
    return w->repair ? clear_dirty(fs) : 0;
}

/* ---- the tables: the first is taken to be right ---- */

static int32_t compare_sector(struct fat_walk *w, uint32_t i, uint8_t *second, uint32_t *differ)
{
    struct fat *fs = w->fs;
    uint32_t place = fs->g.fat_start + fs->g.fat_sectors + i;
    int32_t res = fat_window(fs, fs->g.fat_start + i);
    if (!res)
        res = fat_read(fs, place, second, 1);
    if (res || memcmp(fs->window, second, fs->g.sector) == 0)
        return res;
    ++*differ;
    return w->repair ? fat_write(fs, place, fs->window, 1) : 0;
}

static int32_t check_tables(struct fat_walk *w)
{
    struct fat *fs = w->fs;
    uint32_t differ = 0;
    uint8_t *second = fs->g.fats == 2 ? malloc(fs->g.sector) : NULL;
    int32_t res = fat_window_flush(fs);
    if (fs->g.fats != 2 || !second)
        return fs->g.fats == 2 ? FAT_HOST_FAILED : res;
    for (uint32_t i = 0; !res && i < fs->g.fat_sectors; i++)
        res = compare_sector(w, i, second, &differ);
    free(second);
    if (!res && differ)
        fat_finding(w, "the two allocation tables differ in %u of %u sectors", (unsigned)differ,
                    (unsigned)fs->g.fat_sectors);
    return res;
}

/* ---- what nobody owns, and the count of free clusters ---- */

static int32_t count_clusters(struct fat_walk *w, uint32_t *unused, uint32_t *lost)
{
    uint32_t bad = FAT_BAD & (w->fs->g.bits == 32 ? FAT_END : (1u << w->fs->g.bits) - 1), next;
    *unused = *lost = 0;
    for (uint32_t i = 2; i < w->fs->g.clusters + 2; i++) {
        int32_t res = fat_get(w->fs, i, &next);
        bool is_lost = next && next != bad && !w->owner[i];
        if (!res && is_lost && w->repair)
            res = fat_put(w->fs, i, 0);
        if (res)
            return res;
        *lost += is_lost;
        *unused += next == 0 || (is_lost && w->repair);
    }
    return 0;
}

/* As the medium has it: mounting and counting may have set the driver's own figure right. */
static int32_t check_info(struct fat_walk *w, uint32_t unused)
{
    struct fat *fs = w->fs;
    int32_t res = fs->g.info ? fat_window(fs, fs->g.info) : 0;
    if (res || !fs->g.info || fat_get32(fs->window + INFO_STRUCT) != INFO_STRUCT_MARK)
        return res;
    uint32_t counted = fat_get32(fs->window + INFO_FREE);
    if (counted != INFO_UNKNOWN && counted != unused)
        fat_finding(w, "FSInfo counts %u free clusters, there are %u", (unsigned)counted, (unsigned)unused);
    return 0;
}

static int32_t check_clusters(struct fat_walk *w)
{
    struct fat *fs = w->fs;
    uint32_t unused, lost;
    int32_t res = count_clusters(w, &unused, &lost);
    if (res)
        return res;
    if (lost)
        fat_finding(w, "%u clusters (%llu bytes) are allocated and belong to no file", (unsigned)lost,
                    (unsigned long long)lost * fs->g.cluster);
    res = check_info(w, unused - (w->repair ? lost : 0));
    if (w->repair && w->findings) {
        fs->free = unused;
        fs->info_dirty = true;
    }
    return res;
}

/* A dump that was cut off, for example. */
static void check_size(struct fat_walk *w)
{
    uint64_t there = thm_medium_size(w->fs->medium) / w->fs->g.sector;
    if (w->fs->g.total > there)
        fat_finding(w, "the volume has %u sectors, the medium only %llu", (unsigned)w->fs->g.total,
                    (unsigned long long)there);
}

static int32_t check_all(struct fat_walk *w)
{
    check_size(w);
    int32_t res = check_dirty(w);
    if (!res)
        res = check_tables(w);
    if (!res)
        res = fat_walk_tree(w);
    if (!res)
        res = check_clusters(w);
    return !res && w->repair ? fat_flush(w->fs) : res;
}

int32_t fat_check(struct thm_fs *t, bool repair, thm_fs_line *report, void *ctx)
{
    struct fat *fs = (struct fat *)t;
    struct fat_walk w;
    int32_t res = fat_names_begin(fs);
    if (res)
        return res;
    res = fat_walk_init(&w, fs);
    w.repair = repair;
    w.report = report;
    w.ctx = ctx;
    if (!res)
        res = check_all(&w);
    fat_walk_finish(&w);
    fat_names_end(fs);
    return res ? res : w.findings;
}
