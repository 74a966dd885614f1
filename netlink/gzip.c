#include "netlink/gzip.h"
#include <string.h>

static void put_le(uint8_t *to, uint32_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> 8 * i);
}

void thm_gzip_head(uint8_t out[THM_GZIP_HEAD])
{
    static const uint8_t head[THM_GZIP_HEAD] = { 0x1f, 0x8b, 8, [9] = 255 }; /* deflate; no name, no time, no system */
    memcpy(out, head, sizeof head);
}

static void block_head(uint8_t *out, int last, uint16_t len)
{
    out[0] = last ? 1 : 0;
    put_le(out + 1, len, 2);
    put_le(out + 3, (uint16_t)~len, 2);
}

void thm_gzip_block_head(uint8_t out[THM_GZIP_BLOCK_HEAD], uint16_t len)
{
    block_head(out, 0, len);
}

uint32_t thm_gzip_crc(uint32_t crc, const uint8_t *data, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

void thm_gzip_tail(uint8_t out[THM_GZIP_TAIL], uint32_t crc, uint32_t len)
{
    block_head(out, 1, 0);
    put_le(out + THM_GZIP_BLOCK_HEAD, crc, 4);
    put_le(out + THM_GZIP_BLOCK_HEAD + 4, len, 4);
}
