/* interpreter/host/lanes_avx2.h -- vectors of eight int32 sums. TARGET is defined before. */
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline TARGET __attribute__((always_inline))

#define LANES   8
#define V(name) _mm256_##name
typedef __m256i vec;

INLINE vec at(const void *p) /* a multiple of 32 */
{
    return _mm256_load_si256(p);
}

INLINE vec nothing(void)
{
    return _mm256_setzero_si256();
}

INLINE vec odd_over_even(vec odd, vec even)
{
    return _mm256_blend_epi32(even, odd, 0xAA);
}

/* The bytes of narrow() in the order of the channels. */
INLINE vec in_order(vec bytes)
{
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

INLINE void store_bytes(int8_t *out, vec bytes, int32_t count)
{
    int8_t all[32];
    if (count >= 32) {
        _mm256_storeu_si256((void *)out, bytes);
        return;
    }
    _mm256_storeu_si256((void *)all, bytes);
    memcpy(out, all, (size_t)count);
}

#include "interpreter/host/lanes_x86.h"
