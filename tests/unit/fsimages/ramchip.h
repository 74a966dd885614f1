/* tests/unit/fsimages/ramchip.h -- a small chip in memory for tests. */
#pragma once
#include "tests/testing.h"
#include "fsimages/media/chip.h"

struct ramchip {
    struct thm_part part;
    struct thm_cells cells;
    uint8_t *bytes; /* the cells', for short */
    uint32_t *wear, *slot;
    struct thm_medium *medium;
};

/* Pages are where they are on the chip (`bytes` can be looked into), or in a pool, as for a fresh chip. */
static inline void ramchip_init_as(struct ramchip *c, const struct thm_part *part, uint64_t size, int pooled)
{
    *c = (struct ramchip){ .part = *part };
    assert_int_equal(thm_cells_create(&c->cells, &c->part, size), THM_FS_OK);
    c->bytes = c->cells.bytes;
    c->wear = c->cells.wear;
    c->slot = c->cells.slot;
    if (!pooled) {
        c->cells.slot = NULL;
        memset(c->bytes, thm_part_erased(part), size);
    }
    assert_int_equal(thm_chip_create(&c->medium, &c->part, size, &c->cells, NULL), THM_FS_OK);
}

static inline void ramchip_init(struct ramchip *c, uint32_t size)
{
    ramchip_init_as(c, thm_part_find("W25Q32JV"), size, 0);
}

static inline void ramchip_finish(struct ramchip *c)
{
    thm_medium_destroy(c->medium);
    thm_cells_destroy(&c->cells);
}
