/* fsimages/mbr.c -- the partition table of an SD card. Four entries of 16 bytes at 446:
 * 0 status, 1 CHS of the first sector, 4 type, 5 CHS of the last one, 8 first sector, 12 sectors. */
#include "fsimages/mbr.h"
#include <string.h>

enum { SIGNATURE = 440, TABLE = 446, ENTRY = 16, MARK = 510 };
enum { STATUS_ACTIVE = 0x80, HEADS = 255, TRACK = 63, CYLINDERS = 1024 }; /* the usual geometry of cards and disks */

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static bool power_of_two(uint32_t v)
{
    return v && !(v & (v - 1));
}

/* A FAT volume that begins here: a jump, and a BPB that can be meant. (Boot code of a partition table jumps, too.) */
static bool is_boot_sector(const uint8_t *s)
{
    uint32_t sector = s[11] | (uint32_t)s[12] << 8;
    return (s[0] == 0xEB || s[0] == 0xE9 || s[0] == 0xE8) && power_of_two(sector) && sector >= 512 && sector <= 4096 &&
           power_of_two(s[13]) && (s[14] || s[15]) && (s[16] == 1 || s[16] == 2);
}

static bool overlaps_one(const struct thm_mbr_entry *e, const struct thm_mbr_entry *others, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (e->offset < others[i].offset + others[i].size && others[i].offset < e->offset + e->size)
            return true;
    return false;
}

enum thm_fs_err thm_mbr_parse(const uint8_t sector[THM_MBR_SECTOR], uint64_t size,
                              struct thm_mbr_entry out[THM_MBR_ENTRIES], size_t *n)
{
    *n = 0;
    if (sector[MARK] != 0x55 || sector[MARK + 1] != 0xAA || is_boot_sector(sector))
        return THM_FS_EFORMAT;
    for (unsigned i = 0; i < THM_MBR_ENTRIES; i++) {
        const uint8_t *p = sector + TABLE + (size_t)i * ENTRY;
        struct thm_mbr_entry e = { i + 1, p[4], p[0] == STATUS_ACTIVE, (uint64_t)get32(p + 8) * THM_MBR_SECTOR,
                                   (uint64_t)get32(p + 12) * THM_MBR_SECTOR };
        if (p[0] & ~STATUS_ACTIVE)
            return THM_FS_EFORMAT;
        if (e.type == 0 || e.size == 0)
            continue;
        if (e.offset == 0 || e.offset > size || e.size > size - e.offset || overlaps_one(&e, out, *n))
            return THM_FS_EFORMAT;
        out[(*n)++] = e;
    }
    return THM_FS_OK;
}

/* Head, sector, cylinder; what lies beyond the last cylinder is the last sector of all. */
static void put_chs(uint8_t *p, uint64_t lba)
{
    uint64_t cylinder = lba / (HEADS * TRACK);
    if (cylinder >= CYLINDERS)
        lba = CYLINDERS * HEADS * TRACK - 1, cylinder = CYLINDERS - 1;
    p[0] = (uint8_t)(lba / TRACK % HEADS);
    p[1] = (uint8_t)((lba % TRACK + 1) | (cylinder >> 2 & 0xC0));
    p[2] = (uint8_t)cylinder;
}

static void put_entry(uint8_t *p, const struct thm_mbr_entry *e)
{
    uint64_t first = e->offset / THM_MBR_SECTOR, sectors = e->size / THM_MBR_SECTOR;
    p[0] = e->active ? STATUS_ACTIVE : 0;
    put_chs(p + 1, first);
    p[4] = e->type;
    put_chs(p + 5, first + sectors - 1);
    put32(p + 8, (uint32_t)first);
    put32(p + 12, (uint32_t)sectors);
}

void thm_mbr_build(const struct thm_mbr_entry *entries, size_t n, uint32_t signature, uint8_t sector[THM_MBR_SECTOR])
{
    memset(sector, 0, THM_MBR_SECTOR);
    put32(sector + SIGNATURE, signature);
    for (size_t i = 0; i < n; i++)
        if (entries[i].number >= 1 && entries[i].number <= THM_MBR_ENTRIES)
            put_entry(sector + TABLE + (entries[i].number - 1) * (size_t)ENTRY, &entries[i]);
    sector[MARK] = 0x55;
    sector[MARK + 1] = 0xAA;
}

struct thm_mbr_entry thm_mbr_build_card(uint64_t size, uint32_t fat_bits, uint8_t sector[THM_MBR_SECTOR])
{
    const struct thm_mbr_entry one = { .number = 1,
                                       .type = fat_bits == 12   ? 0x01
                                               : fat_bits == 32 ? 0x0C
                                                                : 0x0E,
                                       .offset = THM_MBR_FIRST_BYTE,
                                       .size = (size - THM_MBR_FIRST_BYTE) / THM_MBR_SECTOR * THM_MBR_SECTOR };
    thm_mbr_build(&one, 1, 0x74686D62u, sector); /* the disk's signature: any */
    return one;
}
