/* fsimages/crc32.h -- CRC-32 as zlib's and Ethernet's: polynomial 0x04C11DB7, reflected, all ones before and after. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* crc: of what came before; 0 to begin. */
uint32_t thm_crc32(uint32_t crc, const void *data, size_t len);
