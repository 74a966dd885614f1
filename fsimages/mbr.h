/* fsimages/mbr.h -- the partition table of an SD card: its first sector. Offsets and sizes are bytes.
 * Source: Microsoft "FAT: General Overview of On-Disk Format" 1.03; UEFI 2.10, 5.2.1 (legacy master boot record). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fsimages/err.h"

#define THM_MBR_SECTOR     512u
#define THM_MBR_ENTRIES    4u
#define THM_MBR_FIRST_BYTE (1u << 20) /* where a first partition begins by convention: aligned to 1 MiB */

struct thm_mbr_entry {
    unsigned number; /* 1 to 4: its place in the table */
    uint8_t type;    /* 01 FAT12, 04 and 06 FAT16, 0B and 0C FAT32, 0E FAT16 LBA, 07 exFAT or NTFS, EE GPT */
    bool active;
    uint64_t offset, size;
};

/* Read the table; empty entries are left out. Errors: THM_FS_EFORMAT: no table (a boot sector instead, or no
 * signature), an entry outside the card of `size` bytes, or entries that overlap. */
enum thm_fs_err thm_mbr_parse(const uint8_t sector[THM_MBR_SECTOR], uint64_t size,
                              struct thm_mbr_entry out[THM_MBR_ENTRIES], size_t *n);
/* Write the table with n entries, numbers as given, into a sector that is otherwise zero. signature: the disk's. */
void thm_mbr_build(const struct thm_mbr_entry *entries, size_t n, uint32_t signature, uint8_t sector[THM_MBR_SECTOR]);
/* The table of a card with one FAT volume over all of it, from THM_MBR_FIRST_BYTE on. fat_bits: 12, 16 or 32.
 * Result: that volume's entry. */
struct thm_mbr_entry thm_mbr_build_card(uint64_t size, uint32_t fat_bits, uint8_t sector[THM_MBR_SECTOR]);
