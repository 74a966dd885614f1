/* fsimages/media/cells.h -- where the content of a chip and what is known of its cells are kept. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "fsimages/err.h"
#include "fsimages/media/part.h"

/* Any pointer but bytes may be NULL. */
struct thm_cells {
    uint8_t *bytes;  /* the chip as it is, `size` bytes; with slot: a pool of pages, in the order in which they came to
                      * be programmed */
    uint32_t *wear;  /* erases of each sector, or writes where the part is rewritten without them; NULL: not counted */
    uint32_t *slot;  /* one a page: its place in the pool, counted from 1; 0: it is erased. So a chip takes only as much
                      * memory as is programmed. Two words more hold the pool's state */
    uint8_t *writes; /* programs of each unit since its erase, where the part limits them; 0 and not erased: one. NULL:
                      * the chip counts for itself */
    size_t mapped;   /* bytes that thm_cells_create() took; 0: everything is the caller's */
};

/* A fresh chip of `size` bytes (0: the part's own) in a pool. It takes the PC's memory only for what is programmed,
 * whatever the size. Errors: THM_FS_EHOST. */
enum thm_fs_err thm_cells_create(struct thm_cells *c, const struct thm_part *part, uint64_t size);
/* As above, and what a process that is forked later writes is seen here. */
enum thm_fs_err thm_cells_create_shared(struct thm_cells *c, const struct thm_part *part, uint64_t size);
/* The content and history of another fresh chip of the same part and size, in time proportional to what was programmed.
 */
void thm_cells_copy(struct thm_cells *to, const struct thm_cells *from, const struct thm_part *part, uint64_t size);
void thm_cells_destroy(struct thm_cells *c);
