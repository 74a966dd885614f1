/* fsimages/fat/chain.c -- the allocation tables: entries, chains, free clusters. The search for a free cluster goes on
 * from the one that was allocated last, as FatFs does. */
#include "fsimages/fat/core.h"

/* The byte of the table with which an entry begins. */
static uint64_t entry_at(const struct fat *fs, uint32_t cluster)
{
    return (uint64_t)cluster * fs->g.bits / 8;
}

/* Window and pointer for a byte of the first table. */
static int32_t table_byte(struct fat *fs, uint64_t at, uint8_t **p)
{
    int32_t res = fat_window(fs, fs->g.fat_start + (uint32_t)(at / fs->g.sector));
    *p = fs->window + at % fs->g.sector;
    return res;
}

/* 12 bits may lie in two sectors. */
static int32_t get12(struct fat *fs, uint32_t cluster, uint32_t *next)
{
    uint64_t at = entry_at(fs, cluster);
    uint8_t *p;
    int32_t res = table_byte(fs, at, &p);
    if (res)
        return res;
    uint32_t low = *p;
    res = table_byte(fs, at + 1, &p);
    if (!res)
        *next = cluster & 1 ? low >> 4 | (uint32_t)*p << 4 : low | (*p & 0x0Fu) << 8;
    return res;
}

int32_t fat_get(struct fat *fs, uint32_t cluster, uint32_t *next)
{
    uint8_t *p;
    if (!fat_valid(&fs->g, cluster))
        return FR_INT_ERR;
    if (fs->g.bits == 12)
        return get12(fs, cluster, next);
    int32_t res = table_byte(fs, entry_at(fs, cluster), &p);
    if (!res)
        *next = fs->g.bits == 16 ? fat_get16(p) : fat_get32(p) & FAT_END;
    return res;
}

static int32_t put12(struct fat *fs, uint32_t cluster, uint32_t next)
{
    uint64_t at = entry_at(fs, cluster);
    uint8_t *p;
    int32_t res = table_byte(fs, at, &p);
    if (res)
        return res;
    *p = (uint8_t)(cluster & 1 ? (*p & 0x0F) | (next & 0x0F) << 4 : next);
    fs->window_dirty = true;
    res = table_byte(fs, at + 1, &p);
    if (res)
        return res;
    *p = (uint8_t)(cluster & 1 ? next >> 4 : (*p & 0xF0u) | (next >> 8 & 0x0F));
    fs->window_dirty = true;
    return 0;
}

int32_t fat_put(struct fat *fs, uint32_t cluster, uint32_t next)
{
    uint8_t *p;
    if (!fat_valid(&fs->g, cluster))
        return FR_INT_ERR;
    if (fs->g.bits == 12)
        return put12(fs, cluster, next);
    int32_t res = table_byte(fs, entry_at(fs, cluster), &p);
    if (res)
        return res;
    if (fs->g.bits == 16)
        fat_put16(p, next & 0xFFFF);
    else
        fat_put32(p, (next & FAT_END) | (fat_get32(p) & ~FAT_END));
    fs->window_dirty = true;
    return 0;
}

/* The first free cluster behind `from`, round the volume. *out 0: none. */
static int32_t find_free(struct fat *fs, uint32_t from, uint32_t *out)
{
    uint32_t cluster = from, next = 1;
    for (uint32_t n = 0; n < fs->g.clusters; n++) {
        cluster = cluster + 1 < fs->g.clusters + 2 ? cluster + 1 : 2;
        int32_t res = fat_get(fs, cluster, &next);
        if (res)
            return res;
        if (next == 0) {
            *out = cluster;
            return 0;
        }
        if (next == 1)
            return FR_INT_ERR;
    }
    *out = 0;
    return 0;
}

/* Behind `cluster` if that one is free, else where the search stopped last. */
static int32_t choose(struct fat *fs, uint32_t cluster, uint32_t *out)
{
    uint32_t from = fs->last, next;
    if (cluster) {
        uint32_t neighbour = cluster + 1 < fs->g.clusters + 2 ? cluster + 1 : 2;
        int32_t res = fat_get(fs, neighbour, &next);
        if (res)
            return res;
        *out = neighbour;
        if (next == 0)
            return 0;
        if (next == 1)
            return FR_INT_ERR;
    }
    if (!fat_valid(&fs->g, from))
        from = cluster ? cluster : 1;
    return find_free(fs, from, out);
}

static int32_t link_new(struct fat *fs, uint32_t cluster, uint32_t to)
{
    int32_t res = fat_put(fs, to, FAT_END);
    if (!res && cluster)
        res = fat_put(fs, cluster, to);
    if (res)
        return res;
    fs->last = to;
    if (fs->free <= fs->g.clusters)
        fs->free--;
    fs->info_dirty = true;
    return 0;
}

int32_t fat_extend(struct fat *fs, uint32_t cluster, uint32_t *out)
{
    uint32_t next;
    *out = 0;
    if (cluster) {
        int32_t res = fat_get(fs, cluster, &next);
        if (res || next < 2)
            return res ? res : FR_INT_ERR;
        if (!fat_is_end(fs, next)) {
            *out = next;
            return 0;
        }
    }
    if (fs->free == 0)
        return 0;
    int32_t res = choose(fs, cluster, out);
    return res || *out == 0 ? res : link_new(fs, cluster, *out);
}

int32_t fat_release(struct fat *fs, uint32_t cluster, uint32_t before)
{
    int32_t res = before ? fat_put(fs, before, FAT_END) : 0;
    uint32_t next;
    if (!fat_valid(&fs->g, cluster))
        return FR_INT_ERR;
    for (; !res && fat_valid(&fs->g, cluster); cluster = next) {
        res = fat_get(fs, cluster, &next);
        if (res || next == 0) /* a chain that ends in a free cluster, or in itself */
            return res;
        if (next == 1)
            return FR_INT_ERR;
        res = fat_put(fs, cluster, 0);
        if (!res && fs->free < fs->g.clusters) {
            fs->free++;
            fs->info_dirty = true;
        }
    }
    return res;
}

int32_t fat_count_free(struct fat *fs, uint32_t *out)
{
    uint32_t n = 0, next;
    if (fs->free <= fs->g.clusters) {
        *out = fs->free;
        return 0;
    }
    for (uint32_t i = 2; i < fs->g.clusters + 2; i++) {
        int32_t res = fat_get(fs, i, &next);
        if (res)
            return res;
        n += next == 0;
    }
    fs->free = *out = n;
    fs->info_dirty = true;
    return 0;
}
