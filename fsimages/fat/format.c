/* fsimages/fat/format.c -- make a volume, laid out as mkfs.fat 4.2 lays it out (measured). On flash with erase blocks
 * of 1024 to 4096 bytes a sector is one erase block, as ESP-IDF has it, unless smaller clusters are asked for. */
#include <ctype.h>
#include <string.h>
#include "fsimages/fat/core.h"
#include "fsimages/media/rewritable.h"

struct plan {
    uint32_t bits, sector, total, reserved, root_entries, cluster_sectors, fat_sectors, clusters;
    uint32_t track, heads, media;
    bool aligned; /* structures begin at multiples of a cluster */
};

enum { FATS = 2, CHUNK = 4096, ALIGN_FROM = 8192 /* sectors */, MOST_SECTORS = 128 /* of a cluster */ };

/* Disk geometry that fits the volume's size. Source: SD specification part 2, 4.1.2. */
static const struct {
    uint32_t mbytes;
    uint16_t track, heads;
} geometries[] = {
    { 2, 16, 2 },    { 16, 32, 2 },    { 32, 32, 4 },    { 128, 32, 8 },    { 256, 32, 16 },
    { 504, 63, 16 }, { 1008, 63, 32 }, { 2016, 63, 64 }, { 2048, 63, 128 }, { UINT32_MAX, 63, 255 },
};

/* Sizes that are floppy disks'. */
static const struct {
    uint32_t sectors;
    uint16_t track, media, cluster_sectors, root_entries;
} floppies[] = { { 1440, 9, 0xF9, 2, 112 }, { 2880, 18, 0xF0, 1, 224 }, { 5760, 36, 0xF0, 2, 224 } };

/* Clusters of FAT32 volumes, in units of 512 bytes. */
static const struct {
    uint32_t mbytes;
    uint32_t units;
} clusters32[] = { { 260, 1 }, { 8192, 8 }, { 16384, 16 }, { 32768, 32 }, { UINT32_MAX, 64 } };

static uint32_t align(const struct plan *p, uint32_t sectors)
{
    uint32_t to = p->aligned ? p->cluster_sectors : 1;
    return (sectors + to - 1) / to * to;
}

static uint32_t root_sectors(const struct plan *p)
{
    return (p->root_entries * ENTRY_SIZE + p->sector - 1) / p->sector;
}

/* Clusters that the volume has with entries of so many bits; sets fat_sectors. 0: it does not work. */
static uint32_t fit(struct plan *p, uint32_t bits)
{
    static const struct {
        uint32_t bits, least, most;
    } limits[] = { { 12, 1, FAT12_CLUSTERS - 1 },
                   { 16, FAT12_CLUSTERS, FAT16_CLUSTERS - 1 },
                   { 32, FAT16_CLUSTERS, FAT32_CLUSTERS - 1 } };
    uint32_t fixed = align(p, p->reserved) + (bits == 32 ? 0 : align(p, root_sectors(p))), kind = bits / 16;
    if (fixed >= p->total)
        return 0;
    uint64_t data = p->total - fixed, sector = p->sector;
    uint64_t n = (2 * data * sector + FATS * bits / 2) / (2 * p->cluster_sectors * sector + FATS * bits / 4);
    p->fat_sectors = align(p, (uint32_t)((((n + 2) * bits + 7) / 8 + sector - 1) / sector));
    if ((uint64_t)FATS * p->fat_sectors >= data)
        return 0;
    n = (data - FATS * (uint64_t)p->fat_sectors) / p->cluster_sectors;
    bool fits = n >= limits[kind].least && n <= limits[kind].most && n <= p->fat_sectors * sector * 8 / bits;
    return fits ? (uint32_t)n : 0;
}

static bool take(struct plan *p, uint32_t bits)
{
    p->bits = bits;
    p->clusters = fit(p, bits);
    return p->clusters != 0;
}

/* FAT12 or FAT16, what gives more clusters; or what is asked for. */
static bool choose_bits(struct plan *p, uint32_t wanted)
{
    if (wanted)
        return take(p, wanted);
    return fit(p, 16) > fit(p, 12) ? take(p, 16) : take(p, 12);
}

/* Larger and larger clusters until the tables can count them. */
static bool choose_clusters(struct plan *p, uint32_t wanted_bits, uint32_t wanted_cluster)
{
    if (wanted_cluster) {
        p->cluster_sectors = wanted_cluster / p->sector;
        return wanted_cluster % p->sector == 0 && p->cluster_sectors <= MOST_SECTORS &&
               !(p->cluster_sectors & (p->cluster_sectors - 1)) && choose_bits(p, wanted_bits);
    }
    while (!choose_bits(p, wanted_bits)) {
        p->cluster_sectors *= 2;
        if (p->cluster_sectors > MOST_SECTORS)
            return false;
    }
    return true;
}

static void plan_floppy(struct plan *p)
{
    for (size_t i = 0; i < sizeof floppies / sizeof floppies[0]; i++)
        if (p->sector == 512 && p->total == floppies[i].sectors) {
            p->track = floppies[i].track;
            p->heads = 2;
            p->media = floppies[i].media;
            p->cluster_sectors = floppies[i].cluster_sectors;
            p->root_entries = floppies[i].root_entries;
        }
}

static void plan_geometry(struct plan *p, uint64_t size)
{
    size_t i = 0;
    while (size > (uint64_t)geometries[i].mbytes << 20)
        i++;
    p->track = geometries[i].track;
    p->heads = geometries[i].heads;
}

static uint32_t first_cluster_sectors(const struct plan *p, uint64_t size, bool fat32)
{
    size_t i = 0;
    if (p->sector > 512)
        return 1;
    if (!fat32)
        return 4;
    while (size > (uint64_t)clusters32[i].mbytes << 20)
        i++;
    return clusters32[i].units;
}

static uint32_t sector_size(const struct thm_medium *m, const struct thm_fs_config *c)
{
    uint32_t e = m->erase_size;
    bool usable = !m->rewritable && e >= 512 && e <= 4096 && !(e & (e - 1));
    return usable && (!c->cluster_size || c->cluster_size >= e) ? e : 512;
}

static bool make_plan(struct plan *p, const struct thm_medium *m, const struct thm_fs_config *c)
{
    uint64_t size = thm_medium_size(m);
    uint32_t bits = c->fat_bits ? c->fat_bits : size >= 512u << 20 ? 32 : 0;
    *p = (struct plan){ .sector = sector_size(m, c), .media = 0xF8, .root_entries = 512 };
    if (size / p->sector > UINT32_MAX || (bits && bits != 12 && bits != 16 && bits != 32))
        return false;
    p->total = (uint32_t)(size / p->sector);
    p->cluster_sectors = first_cluster_sectors(p, size, bits == 32);
    plan_geometry(p, size);
    if (bits != 32)
        plan_floppy(p);
    if (c->root_entries)
        p->root_entries = c->root_entries;
    if (bits == 32)
        p->root_entries = 0;
    p->reserved = bits == 32 ? 32 : 1;
    if (p->sector == 512)
        p->total = p->total / p->track * p->track;
    p->aligned = p->sector == 512 && p->total > ALIGN_FROM && p->media == 0xF8;
    if (!choose_clusters(p, bits, c->cluster_size))
        return false;
    p->reserved = align(p, p->reserved);
    p->root_entries = align(p, root_sectors(p)) * (p->sector / ENTRY_SIZE);
    return p->root_entries <= UINT16_MAX;
}

/* ---- what is written ---- */

static void put_label(uint8_t *to, const char *label)
{
    memset(to, ' ', SHORT_LEN);
    for (unsigned i = 0; i < SHORT_LEN && label[i]; i++)
        to[i] = (uint8_t)toupper((unsigned char)label[i]);
}

static void put_extended(uint8_t *e, const struct plan *p, const struct thm_fs_config *c)
{
    static const char *const types[] = { "FAT12   ", "FAT16   ", "FAT32   " };
    uint32_t now = c->seconds ? c->seconds(c->seconds_ctx) : 0;
    e[0] = p->media == 0xF8 ? 0x80 : 0;
    e[EXTENDED_MARK] = 0x29;
    fat_put32(e + EXTENDED_SERIAL, now ? now : 0x54484D00 ^ p->total);
    put_label(e + EXTENDED_LABEL, c->label && *c->label ? c->label : "NO NAME");
    memcpy(e + EXTENDED_TYPE, types[p->bits / 16], 8);
}

static void put_boot32(uint8_t *b, const struct plan *p)
{
    b[BOOT_JUMP + 1] = 0x58;
    fat_put32(b + BPB_FAT_SECTORS32, p->fat_sectors);
    fat_put32(b + BPB_ROOT_CLUSTER, 2);
    fat_put16(b + BPB_INFO, 1);
    fat_put16(b + BPB_BACKUP, 6);
}

static void put_boot(uint8_t *b, const struct plan *p, const struct thm_fs_config *c)
{
    bool small = p->total < 0x10000;
    memcpy(b, "\xEB\x3C\x90THIMBLE ", 11);
    fat_put16(b + BPB_SECTOR, p->sector);
    b[BPB_CLUSTER] = (uint8_t)p->cluster_sectors;
    fat_put16(b + BPB_RESERVED, p->reserved);
    b[BPB_FATS] = FATS;
    fat_put16(b + BPB_ROOT_ENTRIES, p->root_entries);
    fat_put16(b + BPB_TOTAL16, small ? p->total : 0);
    b[BPB_MEDIA] = (uint8_t)p->media;
    fat_put16(b + BPB_TRACK, p->track);
    fat_put16(b + BPB_HEADS, p->heads);
    fat_put32(b + BPB_TOTAL32, small ? 0 : p->total);
    if (p->bits == 32)
        put_boot32(b, p);
    else
        fat_put16(b + BPB_FAT_SECTORS16, p->fat_sectors);
    put_extended(b + (p->bits == 32 ? BPB_EXTENDED32 : BPB_EXTENDED16), p, c);
    fat_put16(b + BOOT_MARK, 0xAA55);
}

static void put_info(uint8_t *b, const struct plan *p)
{
    fat_put32(b + INFO_LEAD, INFO_LEAD_MARK);
    fat_put32(b + INFO_STRUCT, INFO_STRUCT_MARK);
    fat_put32(b + INFO_FREE, p->clusters - 1);
    fat_put32(b + INFO_NEXT, 2);
    fat_put16(b + BOOT_MARK, 0xAA55);
}

static void put_table(uint8_t *b, const struct plan *p)
{
    if (p->bits == 12) {
        memset(b, 0xFF, 3);
    } else {
        memset(b, 0xFF, p->bits / 4);
        if (p->bits == 32)
            fat_put32(b, FAT_END), fat_put32(b + 4, FAT_END), fat_put32(b + 8, 0x0FFFFFF8);
    }
    b[0] = (uint8_t)p->media;
}

struct piece { /* of the area before the files, all else is zero */
    uint32_t sector;
    uint8_t bytes[512];
};

enum { BOOT, INFO, BACKUP, BACKUP_INFO, TABLE, TABLE_2, ROOT, PIECES };

static void make_pieces(struct piece *pieces, const struct plan *p, const struct thm_fs_config *c)
{
    static const uint32_t places[] = { [BOOT] = 0, [INFO] = 1, [BACKUP] = 6, [BACKUP_INFO] = 7 };
    bool fat32 = p->bits == 32;
    memset(pieces, 0, sizeof *pieces * PIECES);
    for (int i = BOOT; i <= BACKUP_INFO; i++)
        pieces[i].sector = fat32 || i == BOOT ? places[i] : FAT_NO_SECTOR;
    pieces[TABLE].sector = p->reserved;
    pieces[TABLE_2].sector = p->reserved + p->fat_sectors;
    pieces[ROOT].sector = p->reserved + FATS * p->fat_sectors;
    put_boot(pieces[BOOT].bytes, p, c);
    put_info(pieces[INFO].bytes, p);
    put_table(pieces[TABLE].bytes, p);
    memcpy(pieces[BACKUP].bytes, pieces[BOOT].bytes, 512);
    memcpy(pieces[BACKUP_INFO].bytes, pieces[INFO].bytes, 512);
    memcpy(pieces[TABLE_2].bytes, pieces[TABLE].bytes, 512);
    if (c->label && *c->label) {
        struct fat clock = { .config = *c };
        put_label(pieces[ROOT].bytes, c->label);
        pieces[ROOT].bytes[ENTRY_ATTR] = ATTR_LABEL;
        fat_put32(pieces[ROOT].bytes + ENTRY_MODIFIED, fat_now(&clock));
    }
}

/* Everything before the first file, in chunks of CHUNK bytes, in buf. */
static int32_t write_pieces(struct thm_medium *m, const struct plan *p, const struct piece *pieces, uint8_t *buf)
{
    uint32_t root = p->bits == 32 ? p->cluster_sectors : root_sectors(p);
    uint64_t end = (uint64_t)(pieces[ROOT].sector + root) * p->sector;
    int32_t res = 0;
    for (uint64_t at = 0; !res && at < end; at += CHUNK) {
        uint32_t n = end - at < CHUNK ? (uint32_t)(end - at) : CHUNK;
        memset(buf, 0, CHUNK);
        for (int i = 0; i < PIECES; i++) {
            uint64_t place = (uint64_t)pieces[i].sector * p->sector;
            if (place >= at && place < at + n && pieces[i].sector != FAT_NO_SECTOR)
                memcpy(buf + (place - at), pieces[i].bytes, 512);
        }
        res = fat_medium_code(thm_medium_program(m, at, buf, n));
    }
    return res;
}

static int32_t write_volume(struct thm_medium *m, const struct plan *p, const struct thm_fs_config *c,
                            const struct thm_fs_memory *mem)
{
    struct piece pieces[PIECES];
    uint8_t *buf = mem->alloc(mem->ctx, CHUNK, "FatFs format buffer");
    if (!buf)
        return FR_NOT_ENOUGH_CORE;
    make_pieces(pieces, p, c);
    int32_t res = write_pieces(m, p, pieces, buf);
    mem->free(mem->ctx, buf);
    return res;
}

int32_t fat_format(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem)
{
    struct thm_medium *flash = NULL;
    struct plan p;
    if (!make_plan(&p, m, c) || (m->rewritable && 512 % m->program_unit))
        return FR_MKFS_ABORTED;
    if (!m->rewritable && thm_rewritable_create(&flash, m) != THM_FS_OK)
        return FAT_HOST_FAILED;
    int32_t res = write_volume(flash ? flash : m, &p, c, mem ? mem : &thm_fs_host_memory);
    thm_medium_destroy(flash);
    return res;
}
