/* memmodels/words.h -- private: the device's 32-bit little-endian words in emulated memory, aligned or not. */
#pragma once
#include <stdint.h>
#include <string.h>

static inline uint32_t thm_load32(const uint8_t *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

static inline void thm_store32(uint8_t *at, uint32_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    memcpy(at, &v, sizeof v);
}
