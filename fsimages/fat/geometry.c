/* fsimages/fat/geometry.c -- the boot sector: is it one, and what does it say? */
#include <string.h>
#include "fsimages/fat/core.h"
#include "fsimages/fat.h"

static bool power_of_two(uint32_t v)
{
    return v && !(v & (v - 1));
}

static bool looks_like_boot(const uint8_t *b)
{
    uint32_t sector = fat_get16(b + BPB_SECTOR);
    return (b[0] == 0xEB || b[0] == 0xE9 || b[0] == 0xE8) && fat_get16(b + BOOT_MARK) == 0xAA55 &&
           power_of_two(sector) && sector >= 512 && sector <= 4096 && power_of_two(b[BPB_CLUSTER]) &&
           fat_get16(b + BPB_RESERVED) && (b[BPB_FATS] == 1 || b[BPB_FATS] == 2);
}

static uint32_t bits_of(uint32_t clusters)
{
    return clusters < FAT12_CLUSTERS ? 12 : clusters < FAT16_CLUSTERS ? 16 : 32;
}

static void read_fields(struct fat_geometry *g, const uint8_t *b)
{
    *g = (struct fat_geometry){ .sector = fat_get16(b + BPB_SECTOR),
                                .cluster_sectors = b[BPB_CLUSTER],
                                .total = fat_get16(b + BPB_TOTAL16),
                                .fats = b[BPB_FATS],
                                .fat_start = fat_get16(b + BPB_RESERVED),
                                .fat_sectors = fat_get16(b + BPB_FAT_SECTORS16),
                                .root_entries = fat_get16(b + BPB_ROOT_ENTRIES) };
    g->cluster = g->sector * g->cluster_sectors;
    if (!g->total)
        g->total = fat_get32(b + BPB_TOTAL32);
    if (!g->fat_sectors)
        g->fat_sectors = fat_get32(b + BPB_FAT_SECTORS32);
}

/* What only FAT32 has, and what it must not have. */
static bool read_root(struct fat_geometry *g, const uint8_t *b)
{
    if (g->bits != 32) {
        g->root_start = g->fat_start + g->fats * g->fat_sectors;
        return g->root_entries != 0;
    }
    g->root_cluster = fat_get32(b + BPB_ROOT_CLUSTER);
    g->info = fat_get16(b + BPB_INFO) == 1 ? 1 : 0;
    return g->root_entries == 0 && fat_get16(b + BPB_VERSION32) == 0 && fat_valid(g, g->root_cluster);
}

bool fat_geometry_read(struct fat_geometry *g, const uint8_t *boot, uint64_t size)
{
    if (!looks_like_boot(boot))
        return false;
    read_fields(g, boot);
    if (g->root_entries % (g->sector / ENTRY_SIZE))
        return false;
    uint64_t fats = g->fat_start + (uint64_t)g->fats * g->fat_sectors;
    uint64_t data = fats + g->root_entries / (g->sector / ENTRY_SIZE);
    if (data >= g->total || fats * g->sector > size)
        return false;
    g->data_start = (uint32_t)data;
    g->clusters = (g->total - g->data_start) / g->cluster_sectors;
    g->bits = bits_of(g->clusters);
    uint64_t needed = ((uint64_t)(g->clusters + 2) * g->bits + 7) / 8;
    return g->clusters && g->clusters < FAT32_CLUSTERS && (uint64_t)g->fat_sectors * g->sector >= needed &&
           read_root(g, boot);
}

enum thm_fs_err fat_probe(struct thm_medium *m, struct thm_fs_config *c)
{
    struct fat_geometry g;
    uint8_t boot[512];
    if (thm_medium_size(m) < sizeof boot || thm_medium_peek(m, 0, boot, sizeof boot) != THM_FS_OK ||
        !fat_geometry_read(&g, boot, thm_medium_size(m)))
        return THM_FS_EFORMAT;
    c->fat_bits = c->fat_bits ? c->fat_bits : g.bits;
    c->cluster_size = c->cluster_size ? c->cluster_size : g.cluster;
    c->root_entries = c->root_entries ? c->root_entries : g.root_entries;
    return THM_FS_OK;
}

bool thm_exfat_probe(struct thm_medium *m)
{
    uint8_t boot[512];
    return thm_medium_size(m) >= sizeof boot && thm_medium_peek(m, 0, boot, sizeof boot) == THM_FS_OK &&
           memcmp(boot + BOOT_OEM, "EXFAT   ", 8) == 0 && fat_get16(boot + BOOT_MARK) == 0xAA55;
}
