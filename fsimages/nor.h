/* fsimages/nor.h -- NOR flash: programs clear bits, erases set a whole sector, both take time and wear. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "fsimages/medium.h"

/* A part as its data sheet describes it; the table is in nor_parts.c. Times are the typical ones. */
struct thm_nor_part {
    const char *name;        /* "W25Q32JV" */
    const char *source;      /* data sheet */
    uint32_t size;           /* bytes */
    uint32_t page_size;      /* bytes in one page program */
    uint32_t sector_size;    /* smallest erase, bytes */
    uint32_t page_program_ns;
    uint32_t first_byte_ns, next_byte_ns; /* partial page programs, capped by page_program_ns */
    uint64_t sector_erase_ns;
    uint32_t read_ns_per_byte_q8;         /* 1/256 ns a byte */
    uint32_t endurance;      /* erases of one sector */
};
const struct thm_nor_part *thm_nor_part_find(const char *name); /* NULL: unknown */
const struct thm_nor_part *thm_nor_part_at(size_t i);           /* NULL after the last */

/* Where the cells are. All lent, all must outlive the medium. */
struct thm_nor_cells {
    uint8_t *bytes;   /* size bytes: the chip's content */
    uint32_t *wear;   /* erases of each sector; NULL = not counted */
    uint8_t *touched; /* one byte a sector, or NULL. 0: the sector is erased and its bytes need not be read or resident;
                       * set when first programmed. Lets a fresh chip cost no memory. */
};

/* A chip of `size` bytes (0 = the part's own). part, cells: lent. watch is copied, may be NULL.
 * A program that needs a 0 -> 1 change ANDs, as the chip does, and is counted. */
enum thm_fs_err thm_nor_create(struct thm_medium **out, const struct thm_nor_part *part, uint32_t size,
                               const struct thm_nor_cells *cells, const struct thm_medium_watch *watch);

struct thm_nor_counters {
    uint64_t reads, programs, erases, bytes_read, bytes_programmed, blind_programs /* needed 0 -> 1 */, busy_ns;
};
void thm_nor_counters(const struct thm_medium *nor, struct thm_nor_counters *out);
