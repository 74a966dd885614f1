/* tests/unit/fsimages/ramcard.h -- an SD card in memory. */
#pragma once
#include <stdlib.h>
#include "fsimages/media/chip.h"

struct ramcard {
    uint8_t *bytes;
    struct thm_medium *medium;
};

/* bytes: what the card holds, lent; NULL: all 0, the card's own. */
static inline void ramcard_init(struct ramcard *c, uint64_t size, uint8_t *bytes)
{
    *c = (struct ramcard){ .bytes = bytes ? bytes : calloc(1, size) };
    const struct thm_cells cells = { .bytes = c->bytes };
    if (!c->bytes || thm_chip_create(&c->medium, thm_part_find("SDHC-SPI-20MHz"), size, &cells, NULL))
        abort();
}

/* Frees what bytes is at the end, too. */
static inline void ramcard_finish(struct ramcard *c)
{
    thm_medium_destroy(c->medium);
    free(c->bytes);
}
