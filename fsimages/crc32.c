#include "fsimages/crc32.h"

/* Eight bytes a step: the k-th table is for a byte that k more bytes follow. */
static uint32_t table[8][256];

static void fill_tables(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
        table[0][i] = c;
    }
    for (uint32_t k = 1; k < 8; k++)
        for (uint32_t i = 0; i < 256; i++)
            table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xFF];
}

uint32_t thm_crc32(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;
    if (table[7][255] == 0)
        fill_tables();
    for (crc = ~crc; len >= 8; len -= 8, p += 8) {
        uint32_t next = 0;
        for (uint32_t k = 0; k < 8; k++)
            next ^= table[7 - k][k < 4 ? (p[k] ^ crc >> 8 * k) & 0xFF : p[k]];
        crc = next;
    }
    while (len--)
        crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xFF];
    return ~crc;
}
