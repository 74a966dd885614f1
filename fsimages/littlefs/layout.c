#include "fsimages/littlefs/layout.h"

uint32_t lf_crc(uint32_t crc, const void *data, uint32_t len)
{
    static const uint32_t nibbles[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    for (const uint8_t *p = data; len--; p++) {
        crc = crc >> 4 ^ nibbles[(crc ^ *p) & 15];
        crc = crc >> 4 ^ nibbles[(crc ^ *p >> 4) & 15];
    }
    return crc;
}

/* Block 0 holds data only, block n ctz(n) + 1 pointers before it: DESIGN.md, "CTZ skip-lists". */
uint32_t lf_ctz_index(uint32_t block_size, uint32_t *off)
{
    const uint32_t data = block_size - 8;
    uint32_t size = *off, i = size / data;
    if (i == 0)
        return 0;
    i = (size - 4 * ((uint32_t)__builtin_popcount(i - 1) + 2)) / data;
    *off = size - data * i - 4 * (uint32_t)__builtin_popcount(i);
    return i;
}
