/* interpreter/host/lanes_avx512.h -- vectors of sixteen int32 sums. TARGET is defined before. */
#pragma once
#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline TARGET __attribute__((always_inline))

#define LANES              16
#define V(name)            _mm512_##name
#define _mm512_set1_epi64x _mm512_set1_epi64 /* the narrower ones have an x */
typedef __m512i vec;

INLINE vec at(const void *p) /* a multiple of 64 */
{
    return _mm512_load_si512(p);
}

INLINE vec nothing(void)
{
    return _mm512_setzero_si512();
}

INLINE vec odd_over_even(vec odd, vec even)
{
    return _mm512_mask_blend_epi32(0xAAAA, even, odd);
}

/* The bytes of narrow() in the order of the channels. */
INLINE vec in_order(vec bytes)
{
    const vec order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    return _mm512_permutexvar_epi32(order, bytes);
}

INLINE void store_bytes(int8_t *out, vec bytes, int32_t count)
{
    _mm512_mask_storeu_epi8(out, count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1, bytes);
}

#include "interpreter/host/lanes_x86.h"
