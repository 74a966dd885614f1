#include "fsimages/slots/header.h"
#include "fsimages/crc32.h"
#include <string.h>

enum { MAGIC = 0, VERSION = 4, SEQUENCE = 8, LENGTH = 12, CRC = 16, META_LENGTH = 20, META = 24, HEADER_CRC = 88 };

static const uint8_t magic[4] = { 'T', 'H', 'M', 'S' };

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

void sl_header_put(uint8_t *raw, const struct thm_slot *slot)
{
    memset(raw, 0xFF, SL_HEADER);
    memcpy(raw + MAGIC, magic, sizeof magic);
    put32(raw + VERSION, 1);
    put32(raw + SEQUENCE, slot->sequence);
    put32(raw + LENGTH, slot->len);
    put32(raw + CRC, slot->crc);
    put32(raw + META_LENGTH, slot->meta_len);
    memcpy(raw + META, slot->meta, slot->meta_len);
    put32(raw + HEADER_CRC, thm_crc32(0, raw, HEADER_CRC));
}

bool sl_header_get(const uint8_t *raw, struct thm_slot *slot)
{
    if (memcmp(raw + MAGIC, magic, sizeof magic) != 0 || get32(raw + VERSION) != 1 ||
        get32(raw + HEADER_CRC) != thm_crc32(0, raw, HEADER_CRC) || get32(raw + META_LENGTH) > THM_SLOTS_META_MAX)
        return false;
    slot->sequence = get32(raw + SEQUENCE);
    slot->len = get32(raw + LENGTH);
    slot->crc = get32(raw + CRC);
    slot->meta_len = get32(raw + META_LENGTH);
    memcpy(slot->meta, raw + META, sizeof slot->meta);
    return true;
}

bool sl_header_blank(const uint8_t *raw)
{
    for (int i = 0; i < SL_HEADER; i++)
        if (raw[i] != 0xFF)
            return false;
    return true;
}
