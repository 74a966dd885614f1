/* tests/unit/fsimages/eeprom_ram.h -- an EEPROM in memory: any byte can be rewritten, 64 at a time. */
#pragma once
#include "tests/testing.h"
#include "fsimages/media/medium.h"

struct eeprom {
    struct thm_medium base;
    uint8_t *bytes;
    uint32_t programs;
};

static inline enum thm_fs_err eeprom_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    memcpy(buf, ((struct eeprom *)m)->bytes + off, len);
    return THM_FS_OK;
}

static inline enum thm_fs_err eeprom_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct eeprom *e = (struct eeprom *)m;
    memcpy(e->bytes + off, buf, len);
    e->programs++;
    return THM_FS_OK;
}

static inline enum thm_fs_err eeprom_erase(struct thm_medium *m, uint32_t block)
{
    memset(((struct eeprom *)m)->bytes + (size_t)block * m->erase_size, 0xFF, m->erase_size);
    return THM_FS_OK;
}

static inline void eeprom_destroy(struct thm_medium *m)
{
    (void)m;
}

static const struct thm_medium_ops eeprom_ram_ops = {
    .kind = "eeprom",
    .read = eeprom_read,
    .peek = eeprom_read,
    .program = eeprom_program,
    .erase = eeprom_erase,
    .destroy = eeprom_destroy,
};

static inline void eeprom_init(struct eeprom *e, uint32_t size, uint8_t fill)
{
    *e = (struct eeprom){ .base = { .ops = &eeprom_ram_ops,
                                    .erase_size = 64,
                                    .erase_count = size / 64,
                                    .page_size = 64,
                                    .program_unit = 1,
                                    .rewritable = true },
                          .bytes = malloc(size) };
    memset(e->bytes, fill, size);
}

static inline void eeprom_finish(struct eeprom *e)
{
    free(e->bytes);
}
