/* fsimages/media/nor.h -- NOR flash: programs clear bits, erases set a whole sector, both take time and wear. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "fsimages/media/medium.h"

/* A part as its data sheet describes it; the table is in nor_parts.c. Times are the typical ones. */
struct thm_nor_part {
    const char *name;     /* "W25Q32JV" */
    const char *source;   /* data sheet */
    uint32_t size;        /* bytes */
    uint32_t page_size;   /* bytes in one page program */
    uint32_t sector_size; /* smallest erase, bytes */
    uint32_t page_program_ns;
    uint32_t first_byte_ns, next_byte_ns; /* partial page programs, capped by page_program_ns */
    uint64_t sector_erase_ns;
    uint32_t read_ns_per_byte_q8; /* 1/256 ns a byte */
    uint32_t endurance;           /* erases of one sector */
};
const struct thm_nor_part *thm_nor_part_find(const char *name); /* NULL: unknown */
const struct thm_nor_part *thm_nor_part_at(size_t i);           /* NULL after the last */

/* Where the cells are. All lent, all must outlive the medium. */
struct thm_nor_cells {
    uint8_t *bytes; /* size bytes: the chip's content; with `slot` a pool of pages, in the order in which they came to
                       be programmed */
    uint32_t *wear; /* erases of each sector; NULL = not counted */
    uint32_t
        *slot; /* one a page, all 0 for a fresh chip: the page's place in the pool, counted from 1; 0: it is erased. So
                * a chip takes only as much memory as is programmed. NULL: bytes are the chip as it is */
};

/* A chip of `size` bytes (0 = the part's own). part, cells: lent. watch is copied, may be NULL.
 * A program that needs a 0 -> 1 change ANDs, as the chip does, and is counted. */
enum thm_fs_err thm_nor_create(struct thm_medium **out, const struct thm_nor_part *part, uint32_t size,
                               const struct thm_nor_cells *cells, const struct thm_medium_watch *watch);

struct thm_nor_counters {
    uint64_t reads, programs, erases, bytes_read, bytes_programmed, blind_programs /* needed 0 -> 1 */, busy_ns;
};
void thm_nor_counters(const struct thm_medium *nor, struct thm_nor_counters *out);

/* What a flashing tool writes: ANDed into the cells without time, wear or events. Errors: THM_FS_ERANGE. */
enum thm_fs_err thm_nor_load(struct thm_medium *nor, uint64_t off, const void *data, uint32_t len);
