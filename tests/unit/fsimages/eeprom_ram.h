/* tests/unit/fsimages/eeprom_ram.h -- an EEPROM in memory for tests: a 24LC256 of any size, pages of 64 bytes. */
#pragma once
#include "tests/testing.h"
#include "fsimages/media/chip.h"

struct eeprom {
    struct thm_medium *medium;
    uint8_t *bytes;
};

static inline void eeprom_init(struct eeprom *e, uint32_t size, uint8_t fill)
{
    e->bytes = malloc(size);
    memset(e->bytes, fill, size);
    assert_int_equal(
        thm_chip_create(&e->medium, thm_part_find("24LC256"), size, &(struct thm_cells){ .bytes = e->bytes }, NULL),
        THM_FS_OK);
}

static inline void eeprom_finish(struct eeprom *e)
{
    thm_medium_destroy(e->medium);
    free(e->bytes);
}
