/* fsimages/eefs/checksum.c -- the checksum of the whole EEPROM, which only the packer writes. */
#include "fsimages/eefs/core.h"
#include <inttypes.h>
#include <stdio.h>

/* *crc over the volume's bytes but the first four, which is where it is stored. */
static int32_t compute(struct ef *fs, uint32_t size, uint16_t *crc)
{
    uint8_t part[512];
    *crc = 0;
    for (uint32_t at = 4, n; at < size; at += n) {
        n = size - at < sizeof part ? size - at : sizeof part;
        int32_t res = ef_medium(thm_medium_peek(fs->medium, at, part, n));
        if (res)
            return res;
        *crc = ef_crc(*crc, part, n);
    }
    return 0;
}

int32_t ef_checksum_line(struct ef *fs, char *text, size_t size)
{
    struct ef_table_header h;
    uint64_t end = (uint64_t)fs->t->free_offset + fs->t->free_size;
    uint16_t crc;
    int32_t res = ef_table_header_read(fs, &h);
    if (res)
        return res;
    if (end > thm_medium_size(fs->medium) || end > UINT32_MAX) {
        snprintf(text, size, "checksum: 0x%08" PRIX32 ", not checked: the image ends before the EEPROM does", h.crc);
        return 0;
    }
    res = compute(fs, (uint32_t)end, &crc);
    if (!res && ef_crc_word(crc) == h.crc)
        snprintf(text, size, "checksum: 0x%08" PRIX32 ", right", h.crc);
    else if (!res)
        snprintf(text, size, "checksum: 0x%08" PRIX32 ", stale (0x%08" PRIX32 " by content): no write keeps it up",
                 h.crc, ef_crc_word(crc));
    return res;
}

int32_t thm_eefs_seal(struct thm_fs *f)
{
    struct ef *fs = (struct ef *)f;
    struct ef_table_header h;
    uint16_t crc;
    int32_t res = ef_table_header_read(fs, &h);
    if (!res)
        res = compute(fs, h.free_offset + h.free_size, &crc);
    if (res)
        return res;
    h.crc = ef_crc_word(crc);
    return ef_table_header_write(fs, &h);
}
