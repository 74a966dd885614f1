/* tests/unit/fsimages/ramchip.h -- a small NOR chip in memory for tests. */
#pragma once
#include "tests/testing.h"
#include "fsimages/media/nor.h"

struct ramchip {
    struct thm_nor_part part;
    uint8_t *bytes;
    uint32_t *wear, *slot;
    struct thm_medium *medium;
};

/* Pages are where they are on the chip (`bytes` can be looked into), or in a pool, as for a fresh chip. */
static inline void ramchip_init_as(struct ramchip *c, uint32_t size, int pooled)
{
    *c = (struct ramchip){ .part = *thm_nor_part_find("W25Q32JV"),
                           .bytes = malloc(size),
                           .slot = pooled ? calloc(size / 256, sizeof(uint32_t)) : NULL,
                           .wear = calloc(size / 4096, sizeof(uint32_t)) };
    memset(c->bytes, pooled ? 0xA5 : 0xFF, size); /* what a page's memory held before must not matter */
    assert_int_equal(
        thm_nor_create(&c->medium, &c->part, size, &(struct thm_nor_cells){ c->bytes, c->wear, c->slot }, NULL), 0);
}

static inline void ramchip_init(struct ramchip *c, uint32_t size)
{
    ramchip_init_as(c, size, 0);
}

static inline void ramchip_finish(struct ramchip *c)
{
    thm_medium_destroy(c->medium);
    free(c->bytes);
    free(c->slot);
    free(c->wear);
}
