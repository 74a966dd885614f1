/* fsimages/fat/chain_check.c -- one file's or directory's chain: where it goes, whether it is the file's own, and
 * whether it is as long as the file. Mended as fsck.fat -a does. */
#include "fsimages/fat/walk.h"

/* Write first cluster and size as the object has them now. */
static int32_t store(struct fat_walk *w, const struct fat_object *o)
{
    uint8_t *entry;
    int32_t res = fat_walk_entry(w, o, &entry);
    if (res)
        return res;
    fat_entry_set_cluster(w->fs, entry, o->first);
    fat_put32(entry + ENTRY_FILE_SIZE, o->directory ? 0 : o->size);
    w->fs->window_dirty = true;
    return 0;
}

/* The chain ends behind `last` (0: at once). A directory without a cluster cannot be. */
static int32_t cut(struct fat_walk *w, struct fat_object *o, uint32_t last)
{
    if (last)
        return fat_put(w->fs, last, FAT_END);
    if (o == w->objects)
        return FR_INT_ERR; /* the root's */
    if (o->directory)
        return fat_walk_delete(w, o);
    o->first = o->size = 0;
    return store(w, o);
}

static uint32_t end_mark(const struct fat *fs)
{
    return fs->g.bits == 32 ? 0x0FFFFFF8u : (1u << fs->g.bits) - 8;
}

static int32_t shared(struct fat_walk *w, uint32_t object, uint32_t cluster, uint32_t last)
{
    char a[FAT_PATH], b[FAT_PATH];
    uint32_t other = w->owner[cluster] - 1;
    if (other == object)
        fat_finding(w, "%s: its chain runs in a circle", fat_walk_path(w, object, a));
    else
        fat_finding(w, "%s and %s share clusters", fat_walk_path(w, other, a), fat_walk_path(w, object, b));
    return w->repair ? cut(w, &w->objects[object], last) : 0;
}

static int32_t astray(struct fat_walk *w, uint32_t object, uint32_t cluster, uint32_t last, const char *how)
{
    char path[FAT_PATH];
    if (last)
        fat_finding(w, "%s: cluster %u of its chain is followed by cluster %u, which %s",
                    fat_walk_path(w, object, path), (unsigned)last, (unsigned)cluster, how);
    else
        fat_finding(w, "%s: it begins at cluster %u, which %s", fat_walk_path(w, object, path), (unsigned)cluster, how);
    return w->repair ? cut(w, &w->objects[object], last) : 0;
}

static const char *why_astray(const struct fat *fs, uint32_t next)
{
    return next == 0 ? "is free" : next == end_mark(fs) - 1 ? "is marked bad" : NULL;
}

static int32_t follow(struct fat_walk *w, uint32_t object)
{
    struct fat_object *o = &w->objects[object];
    uint64_t most = o->directory ? UINT64_MAX : ((uint64_t)o->size + w->fs->g.cluster - 1) / w->fs->g.cluster;
    for (uint32_t cluster = o->first, last = 0, next; cluster < end_mark(w->fs); last = cluster, cluster = next) {
        if (!fat_valid(&w->fs->g, cluster))
            return astray(w, object, cluster, last, "does not exist");
        if (w->owner[cluster])
            return shared(w, object, cluster, last);
        int32_t res = fat_get(w->fs, cluster, &next);
        if (res)
            return res;
        const char *how = why_astray(w->fs, next);
        if (how)
            return astray(w, object, cluster, last, how);
        o->clusters++;
        if (o->clusters > most) /* longer than it should be: the rest is not its own */
            return 0;
        w->owner[cluster] = object + 1;
    }
    return 0;
}

/* The last cluster that the size needs. */
static int32_t last_needed(struct fat_walk *w, const struct fat_object *o, uint32_t count, uint32_t *out)
{
    *out = count ? o->first : 0;
    for (int32_t res; count > 1; count--) {
        res = fat_get(w->fs, *out, out);
        if (res)
            return res;
    }
    return 0;
}

static int32_t too_long(struct fat_walk *w, uint32_t object, uint32_t need)
{
    struct fat_object *o = &w->objects[object];
    uint32_t last;
    char path[FAT_PATH];
    fat_finding(w, "%s: its size is %u bytes, its chain is longer", fat_walk_path(w, object, path), (unsigned)o->size);
    o->clusters = need;
    if (!w->repair)
        return 0;
    int32_t res = last_needed(w, o, need, &last);
    return res ? res : cut(w, o, last);
}

static int32_t too_short(struct fat_walk *w, uint32_t object)
{
    struct fat_object *o = &w->objects[object];
    uint32_t have = o->clusters * w->fs->g.cluster;
    char path[FAT_PATH];
    fat_finding(w, "%s: its size is %u bytes, its chain has %u", fat_walk_path(w, object, path), (unsigned)o->size,
                (unsigned)have);
    if (!w->repair)
        return 0;
    o->size = have;
    return store(w, o);
}

static int32_t compare_size(struct fat_walk *w, uint32_t object)
{
    const struct fat_object *o = &w->objects[object];
    uint64_t need = ((uint64_t)o->size + w->fs->g.cluster - 1) / w->fs->g.cluster;
    if (o->directory || o->clusters == need)
        return 0;
    return o->clusters > need ? too_long(w, object, (uint32_t)need) : too_short(w, object);
}

int32_t fat_check_chain(struct fat_walk *w, uint32_t object)
{
    const struct fat_object *o = &w->objects[object];
    int32_t before = w->findings;
    int32_t res = o->first || o->directory ? follow(w, object) : 0;
    if (!res && (w->findings == before || (w->repair && w->objects[object].first)))
        res = compare_size(w, object);
    return res;
}
