/* emu/firmware/crc32.h -- CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320), as zlib's: what firmwares append. */
#pragma once
#include <stdint.h>

/* crc: of what came before; 0 at the start. */
uint32_t thm_crc32(uint32_t crc, const void *data, uint32_t len);
