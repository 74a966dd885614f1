/* tests/unit/fsimages/ramchip.h -- a small NOR chip in memory for tests. */
#pragma once
#include "tests/testing.h"
#include "fsimages/nor.h"

struct ramchip {
    struct thm_nor_part part;
    uint8_t *bytes, *touched;
    uint32_t *wear;
    struct thm_medium *medium;
};

static inline void ramchip_init(struct ramchip *c, uint32_t size)
{
    *c = (struct ramchip){ .part = *thm_nor_part_find("W25Q32JV"), .bytes = malloc(size),
                           .touched = calloc(size / 4096, 1), .wear = calloc(size / 4096, sizeof(uint32_t)) };
    memset(c->bytes, 0xA5, size); /* what an untouched sector's memory holds must not matter */
    assert_int_equal(thm_nor_create(&c->medium, &c->part, size,
                                    &(struct thm_nor_cells){ c->bytes, c->wear, c->touched }, NULL), 0);
}

static inline void ramchip_finish(struct ramchip *c)
{
    thm_medium_destroy(c->medium);
    free(c->bytes);
    free(c->touched);
    free(c->wear);
}
