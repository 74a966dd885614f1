/* fsimages/fat/dir.c -- directories: moving through one, finding, adding and deleting entries. */
#include <string.h>
#include "fsimages/fat/core.h"

uint32_t fat_entry_cluster(const struct fat *fs, const uint8_t *entry)
{
    uint32_t high = fs->g.bits == 32 ? fat_get16(entry + ENTRY_CLUSTER_HIGH) : 0u;
    return high << 16 | fat_get16(entry + ENTRY_CLUSTER_LOW);
}

void fat_entry_set_cluster(const struct fat *fs, uint8_t *entry, uint32_t cluster)
{
    fat_put16(entry + ENTRY_CLUSTER_LOW, cluster & 0xFFFF);
    if (fs->g.bits == 32)
        fat_put16(entry + ENTRY_CLUSTER_HIGH, cluster >> 16);
}

/* ---- places ---- */

static int32_t seek_chain(struct fat *fs, struct fat_dir *d, uint32_t cluster, uint32_t offset)
{
    for (; offset >= fs->g.cluster; offset -= fs->g.cluster) {
        int32_t res = fat_get(fs, cluster, &cluster);
        if (res)
            return res;
    }
    if (!fat_valid(&fs->g, cluster))
        return FR_INT_ERR;
    d->cluster = cluster;
    d->sector = fat_sector_of(&fs->g, cluster) + offset / fs->g.sector;
    return 0;
}

int32_t fat_dir_seek(struct fat *fs, struct fat_dir *d, uint32_t offset)
{
    uint32_t first = d->first || fs->g.bits != 32 ? d->first : fs->g.root_cluster;
    if (offset >= FAT_DIR_MAX)
        return FR_INT_ERR;
    d->offset = offset;
    if (first)
        return seek_chain(fs, d, first, offset);
    if (offset / ENTRY_SIZE >= fs->g.root_entries)
        return FR_INT_ERR;
    d->cluster = 0;
    d->sector = fs->g.root_start + offset / fs->g.sector;
    return 0;
}

/* On to the directory's next cluster, a new one if `grow`. */
static int32_t next_cluster(struct fat *fs, struct fat_dir *d, bool grow)
{
    uint32_t next;
    int32_t res = fat_get(fs, d->cluster, &next);
    if (res || next < 2)
        return res ? res : FR_INT_ERR;
    if (fat_is_end(fs, next)) {
        if (!grow)
            return FR_NO_FILE;
        res = fat_extend(fs, d->cluster, &next);
        if (!res)
            res = next ? fat_dir_clear(fs, next) : FR_DENIED;
        if (res)
            return res;
    }
    d->cluster = next;
    d->sector = fat_sector_of(&fs->g, next);
    return 0;
}

static int32_t next_sector(struct fat *fs, struct fat_dir *d, uint32_t offset, bool grow)
{
    d->sector++;
    if (d->cluster == 0)
        return offset / ENTRY_SIZE < fs->g.root_entries ? 0 : FR_NO_FILE;
    return offset % fs->g.cluster ? 0 : next_cluster(fs, d, grow);
}

int32_t fat_dir_next(struct fat *fs, struct fat_dir *d, bool grow)
{
    uint32_t offset = d->offset + ENTRY_SIZE;
    int32_t res = offset >= FAT_DIR_MAX || d->sector == 0 ? FR_NO_FILE : 0;
    if (!res && offset % fs->g.sector == 0)
        res = next_sector(fs, d, offset, grow);
    if (res == FR_NO_FILE)
        d->sector = 0;
    if (!res)
        d->offset = offset;
    return res;
}

int32_t fat_dir_load(struct fat *fs, const struct fat_dir *d)
{
    return fat_window(fs, d->sector);
}

int32_t fat_dir_clear(struct fat *fs, uint32_t cluster)
{
    uint32_t sector = fat_sector_of(&fs->g, cluster);
    int32_t res = fat_window_clear(fs, sector);
    for (uint32_t i = 0; !res && i < fs->g.cluster_sectors; i++)
        res = fat_write(fs, sector + i, fs->window, 1);
    return res;
}

/* ---- reading ---- */

struct sequence { /* a long name in parts, last part first */
    uint8_t next; /* the part that must come now; 0: it is complete, 0xFF: there is none */
    uint8_t sum;
};

/* Take a part of a long name: `take` compares or collects it. */
static void take_part(struct fat *fs, struct fat_dir *d, struct sequence *s, const uint8_t *entry, bool compare)
{
    uint8_t order = entry[LONG_ORDER];
    if (order & LONG_LAST) {
        s->sum = entry[LONG_SUM];
        s->next = order = order & 0x3F;
        d->block = d->offset;
    }
    bool good = order == s->next && order && s->sum == entry[LONG_SUM] &&
                (compare ? fat_long_matches(fs->long_name, entry) : fat_long_take(fs->long_name, entry));
    s->next = good ? s->next - 1 : 0xFF;
}

static bool found(const struct fat_dir *d, const struct sequence *s, const uint8_t *entry)
{
    if (s->next == 0 && s->sum == fat_short_sum(entry))
        return true;
    return !(d->flags & NAME_LOSSY) && memcmp(entry, d->name, SHORT_LEN) == 0;
}

/* One entry. true: it is the one that is looked for. */
static bool compare_entry(struct fat *fs, struct fat_dir *d, struct sequence *s, const uint8_t *entry)
{
    uint8_t attr = entry[ENTRY_ATTR] & ATTR_MASK;
    d->attr = attr;
    if (attr == ATTR_LONG && entry[0] != ENTRY_DELETED) {
        if (fs->long_name && !(d->flags & NAME_SHORT_ONLY))
            take_part(fs, d, s, entry, true);
        return false;
    }
    if (entry[0] != ENTRY_DELETED && !(attr & ATTR_LABEL) && found(d, s, entry))
        return true;
    s->next = 0xFF;
    d->block = FAT_NO_BLOCK;
    return false;
}

int32_t fat_dir_find(struct fat *fs, struct fat_dir *d)
{
    struct sequence s = { 0xFF, 0xFF };
    int32_t res = fat_dir_seek(fs, d, 0);
    d->block = FAT_NO_BLOCK;
    while (!res) {
        res = fat_dir_load(fs, d);
        if (res)
            return res;
        const uint8_t *entry = fat_entry(fs, d);
        if (entry[0] == 0)
            return FR_NO_FILE;
        if (compare_entry(fs, d, &s, entry))
            return 0;
        res = fat_dir_next(fs, d, false);
    }
    return res;
}

/* One entry. true: it is a file's or a directory's. */
static bool read_entry(struct fat *fs, struct fat_dir *d, struct sequence *s, const uint8_t *entry)
{
    uint8_t attr = entry[ENTRY_ATTR] & ATTR_MASK;
    d->attr = attr;
    if (entry[0] == ENTRY_DELETED || entry[0] == '.' || (attr & ~ATTR_ARCHIVE) == ATTR_LABEL) {
        s->next = 0xFF;
    } else if (attr == ATTR_LONG) {
        if (fs->long_name)
            take_part(fs, d, s, entry, false);
    } else {
        if (s->next != 0 || s->sum != fat_short_sum(entry))
            d->block = FAT_NO_BLOCK;
        return true;
    }
    return false;
}

int32_t fat_dir_read(struct fat *fs, struct fat_dir *d)
{
    struct sequence s = { 0xFF, 0xFF };
    int32_t res = d->sector ? 0 : FR_NO_FILE;
    d->block = FAT_NO_BLOCK;
    while (!res) {
        res = fat_dir_load(fs, d);
        if (res)
            return res;
        const uint8_t *entry = fat_entry(fs, d);
        if (entry[0] != 0 && read_entry(fs, d, &s, entry))
            return 0;
        res = entry[0] ? fat_dir_next(fs, d, false) : FR_NO_FILE;
    }
    d->sector = 0;
    return res;
}

/* ---- writing ---- */

/* n free entries in a row; the place is the last of them. */
static int32_t reserve(struct fat *fs, struct fat_dir *d, uint32_t n)
{
    uint32_t have = 0;
    int32_t res = fat_dir_seek(fs, d, 0);
    while (!res) {
        res = fat_dir_load(fs, d);
        if (res)
            return res;
        uint8_t first = *fat_entry(fs, d);
        have = first == 0 || first == ENTRY_DELETED ? have + 1 : 0;
        if (have == n)
            return 0;
        res = fat_dir_next(fs, d, true);
    }
    return res == FR_NO_FILE ? FR_DENIED : res;
}

/* Parts n to 1 of the long name, before the place of the short one; the place goes there again. */
static int32_t put_long(struct fat *fs, struct fat_dir *d, uint32_t n)
{
    uint8_t sum = fat_short_sum(d->name);
    int32_t res = fat_dir_seek(fs, d, d->offset - n * ENTRY_SIZE);
    for (; !res && n > 0; n--) {
        res = fat_dir_load(fs, d);
        if (res)
            return res;
        fat_long_put(fs->long_name, fat_entry(fs, d), n, sum);
        fs->window_dirty = true;
        res = fat_dir_next(fs, d, false);
    }
    return res;
}

/* A short name that nobody has: NAME~1 and so on. */
static int32_t number(struct fat *fs, struct fat_dir *d)
{
    uint8_t from[SHORT_LEN], flags = d->flags;
    int32_t res = 0;
    memcpy(from, d->name, SHORT_LEN);
    d->flags = NAME_SHORT_ONLY;
    for (uint32_t n = 1; n < 100 && res == 0; n++) {
        fat_number_name(d->name, from, fs->long_name, n);
        res = fat_dir_find(fs, d);
    }
    d->flags = flags;
    return res == FR_NO_FILE ? 0 : res ? res : FR_DENIED;
}

static uint32_t long_parts(const struct fat *fs, const struct fat_dir *d)
{
    uint32_t len = 0;
    if (!(d->flags & NAME_LONG))
        return 0;
    while (fs->long_name[len])
        len++;
    return (len + LONG_CHARS - 1) / LONG_CHARS;
}

int32_t fat_dir_add(struct fat *fs, struct fat_dir *d)
{
    if (d->flags & NAME_ROOT)
        return FR_INVALID_NAME;
    int32_t res = d->flags & NAME_LOSSY ? number(fs, d) : 0;
    uint32_t parts = long_parts(fs, d);
    if (!res)
        res = reserve(fs, d, parts + 1);
    if (!res && parts)
        res = put_long(fs, d, parts);
    if (!res)
        res = fat_dir_load(fs, d);
    if (res)
        return res;
    uint8_t *entry = fat_entry(fs, d);
    memset(entry, 0, ENTRY_SIZE);
    memcpy(entry, d->name, SHORT_LEN);
    entry[ENTRY_CASE] = d->flags & (NAME_BASE_LOWER | NAME_EXT_LOWER);
    fs->window_dirty = true;
    return 0;
}

int32_t fat_dir_delete(struct fat *fs, struct fat_dir *d)
{
    uint32_t last = d->offset;
    int32_t res = d->block == FAT_NO_BLOCK ? 0 : fat_dir_seek(fs, d, d->block);
    while (!res) {
        res = fat_dir_load(fs, d);
        if (res)
            return res;
        *fat_entry(fs, d) = ENTRY_DELETED;
        fs->window_dirty = true;
        if (d->offset >= last)
            return 0;
        res = fat_dir_next(fs, d, false);
    }
    return res == FR_NO_FILE ? FR_INT_ERR : res;
}
