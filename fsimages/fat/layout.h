/* fsimages/fat/layout.h -- what is where on a FAT volume: boot sector, allocation tables, directory entries.
 * Source: Microsoft "FAT: General Overview of On-Disk Format" 1.03. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "fsimages/fs.h"

enum { /* the boot sector */
       BOOT_JUMP = 0,
       BOOT_OEM = 3,
       BPB_SECTOR = 11,  /* bytes of a sector */
       BPB_CLUSTER = 13, /* sectors of a cluster */
       BPB_RESERVED = 14,
       BPB_FATS = 16,
       BPB_ROOT_ENTRIES = 17,
       BPB_TOTAL16 = 19,
       BPB_MEDIA = 21,
       BPB_FAT_SECTORS16 = 22,
       BPB_TRACK = 24,
       BPB_HEADS = 26,
       BPB_HIDDEN = 28,
       BPB_TOTAL32 = 32,
       BPB_EXTENDED16 = 36, /* drive, state, 29, serial, label, type: FAT12 and 16 */
       BPB_FAT_SECTORS32 = 36,
       BPB_FLAGS32 = 40,
       BPB_VERSION32 = 42,
       BPB_ROOT_CLUSTER = 44,
       BPB_INFO = 48,
       BPB_BACKUP = 50,
       BPB_EXTENDED32 = 64,
       EXTENDED_STATE = 1, /* bit 0: dirty */
       EXTENDED_MARK = 2,
       EXTENDED_SERIAL = 3,
       EXTENDED_LABEL = 7,
       EXTENDED_TYPE = 18,
       BOOT_MARK = 510,
};

enum { /* the FSInfo sector of FAT32 */
       INFO_LEAD = 0,
       INFO_STRUCT = 484,
       INFO_FREE = 488,
       INFO_NEXT = 492,
};
#define INFO_LEAD_MARK   0x41615252u
#define INFO_STRUCT_MARK 0x61417272u
#define INFO_UNKNOWN     0xFFFFFFFFu

enum { /* a directory entry */
       ENTRY_SIZE = 32,
       ENTRY_NAME = 0,
       ENTRY_ATTR = 11,
       ENTRY_CASE = 12, /* 08: base lower case, 10: extension */
       ENTRY_CREATED = 14,
       ENTRY_CLUSTER_HIGH = 20,
       ENTRY_ACCESSED = 18,
       ENTRY_MODIFIED = 22,
       ENTRY_CLUSTER_LOW = 26,
       ENTRY_FILE_SIZE = 28,
       LONG_ORDER = 0, /* an entry of a long name: 40 | n for its last part, which comes first */
       LONG_SUM = 13,
       LONG_LAST = 0x40,
       LONG_CHARS = 13, /* characters in one entry */
       LONG_MAX = 255,  /* characters of a name */
       SHORT_LEN = 11,
       ENTRY_DELETED = 0xE5,
       ENTRY_E5 = 0x05, /* a name that begins with E5 */
};
enum { ATTR_READ_ONLY = 1, ATTR_HIDDEN = 2, ATTR_SYSTEM = 4, ATTR_LABEL = 8, ATTR_DIR = 16, ATTR_ARCHIVE = 32 };
#define ATTR_LONG 0x0Fu
#define ATTR_MASK 0x3Fu

#define FAT_END        0x0FFFFFFFu /* the end of a chain, cut to the entry's bits */
#define FAT_BAD        0x0FFFFFF7u
#define FAT_DIR_MAX    0x200000u /* bytes of a directory */
#define FAT12_CLUSTERS 4085u     /* from here on it is FAT16 */
#define FAT16_CLUSTERS 65525u    /* from here on it is FAT32 */
#define FAT32_CLUSTERS 0x0FFFFFF5u

struct fat_geometry {
    uint32_t bits;                     /* 12, 16, 32 */
    uint32_t sector;                   /* bytes */
    uint32_t cluster_sectors, cluster; /* bytes */
    uint32_t clusters;                 /* their numbers are 2 to clusters + 1 */
    uint32_t total;                    /* sectors of the volume */
    uint32_t fats, fat_start, fat_sectors;
    uint32_t root_entries, root_start; /* FAT12 and 16: sectors of the fixed root directory; 0 */
    uint32_t root_cluster;             /* FAT32 */
    uint32_t data_start;               /* sector of cluster 2 */
    uint32_t info;                     /* the FSInfo sector; 0: none that is kept */
};

/* From a boot sector of at least 512 bytes. false: not FAT, or not on a medium of `size` bytes. */
bool fat_geometry_read(struct fat_geometry *g, const uint8_t *boot, uint64_t size);

static inline uint16_t fat_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline void fat_put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline uint32_t fat_get32(const uint8_t *p)
{
    return fat_get16(p) | (uint32_t)fat_get16(p + 2) << 16;
}

static inline void fat_put32(uint8_t *p, uint32_t v)
{
    fat_put16(p, v & 0xFFFF);
    fat_put16(p + 2, v >> 16);
}

static inline bool fat_valid(const struct fat_geometry *g, uint32_t cluster)
{
    return cluster - 2 < g->clusters;
}

static inline uint32_t fat_sector_of(const struct fat_geometry *g, uint32_t cluster) /* a valid one */
{
    return g->data_start + (cluster - 2) * g->cluster_sectors;
}

/* Where the part after the geometry begins: drive, state, ... */
static inline uint32_t fat_extended(const struct fat_geometry *g)
{
    return g->bits == 32 ? BPB_EXTENDED32 : BPB_EXTENDED16;
}
