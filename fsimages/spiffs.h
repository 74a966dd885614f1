/* fsimages/spiffs.h -- SPIFFS beyond what every file system has (fsimages/fs.h): its counters and its garbage
 * collector. Format and behaviour: pellepl/spiffs 0b2e129. */
#pragma once
#include "fsimages/fs.h"

extern const struct thm_fs_ops thm_fs_spiffs;

/* What the device keeps in RAM about the volume; pages unless said otherwise. */
struct thm_spiffs_counters {
    uint32_t alloc;         /* used for data or indices */
    uint32_t deleted;       /* to be reclaimed by the garbage collector */
    uint32_t free_blocks;   /* blocks whose first page is free */
    uint32_t erase_counter; /* the number the next erased block gets */
    uint32_t pages;         /* all but lookup pages */
};
void thm_spiffs_counters(const struct thm_fs *fs, struct thm_spiffs_counters *out);

/* The volume's blocks, and the number that block `i` got when it was erased last: the volume counts its erases, up to
 * 32766 and again from 0. 0xFFFF: never. */
uint32_t thm_spiffs_block_count(const struct thm_fs *fs);
uint16_t thm_spiffs_block_erased(const struct thm_fs *fs, uint32_t i);

/* Make room for `bytes`, as SPIFFS_gc does. 0 or a negative SPIFFS code. */
int32_t thm_spiffs_gc(struct thm_fs *fs, uint32_t bytes);
/* Erase one block that holds only deleted and at most max_free free pages, as SPIFFS_gc_quick does. */
int32_t thm_spiffs_gc_quick(struct thm_fs *fs, uint32_t max_free);

/* What a file's index header says beyond name and size. */
struct thm_spiffs_info {
    uint32_t object_id, header_page;
    uint8_t meta[16]; /* the first meta_len bytes of it are valid */
    uint32_t meta_len;
};
int32_t thm_spiffs_info(struct thm_fs *fs, const char *name, struct thm_spiffs_info *out);
