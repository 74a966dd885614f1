/* fsimages/media/pool.h -- a chip's bytes, for chip.c: as they lie, or as pages in a pool. */
#pragma once
#include <stdbool.h>
#include "fsimages/media/cells.h"

struct pool {
    uint8_t *bytes;
    uint32_t *slot;  /* NULL: bytes are the chip as it is */
    uint32_t *state; /* [0]: pages ever taken; [1]: the first given back, 0 = none */
    uint32_t page_size;
    uint8_t erased;
};

/* Bytes of a page in the pool: the part's, but not so small that the slots outgrow the pages. */
static inline uint32_t pool_page_size(const struct thm_part *p)
{
    return p->page_size > 64 ? p->page_size : 64;
}

void pool_init(struct pool *s, const struct thm_cells *c, const struct thm_part *part, uint64_t size);
void pool_read(const struct pool *s, uint64_t off, uint8_t *to, uint32_t len);
/* Within one page. overwrite: false clears bits only; result: whether one would have had to be set. */
bool pool_program(struct pool *s, uint64_t off, const uint8_t *from, uint32_t len, bool overwrite);
void pool_erase(struct pool *s, uint64_t off, uint32_t len); /* whole pages */
