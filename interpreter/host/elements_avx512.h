/* interpreter/host/elements_avx512.h -- sixteen elements as int32. To be included after TARGET, the instructions a
 * function may use, is defined. */
#pragma once
#include <immintrin.h>
#include "interpreter/ops/variant.h"

#define LANES   16
#define V(name) _mm512_##name
#define INLINE  static inline TARGET __attribute__((always_inline))
typedef __m512i vec;

/* thm_mul_high(); see elements_avx2.h. */
INLINE __m512i mul_high(__m512i a, __m512i b)
{
    const __m512i half = _mm512_set1_epi64(INT64_C(1) << 30), least = _mm512_set1_epi32(INT32_MIN);
    __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, b), half);
    __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32)), half);
    __m512i product = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
    __mmask16 overflow = _mm512_mask_cmpeq_epi32_mask(_mm512_cmpeq_epi32_mask(a, least), b, least);
    return _mm512_mask_set1_epi32(product, overflow, INT32_MAX);
}

/* thm_div_pot() */
INLINE __m512i div_pot(__m512i x, __m512i exponent)
{
    const __m512i one = _mm512_set1_epi32(1);
    __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, exponent), one), half = _mm512_srli_epi32(mask, 1);
    __m512i limit = _mm512_mask_add_epi32(half, _mm512_cmplt_epi32_mask(x, _mm512_setzero_si512()), half, one);
    __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, mask), limit);
    x = _mm512_srav_epi32(x, exponent);
    return _mm512_mask_add_epi32(x, up, x, one);
}

INLINE __m512i load_i8(const int8_t *from)
{
    return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
}

INLINE __m512i load_i16(const int16_t *from)
{
    return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from));
}

INLINE void store_i8(int8_t *to, __m512i x)
{
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(x));
}

INLINE void store_i16(int16_t *to, __m512i x)
{
    _mm256_storeu_si256((__m256i *)(void *)to, _mm512_cvtepi32_epi16(x));
}

#include "interpreter/host/elements_template.h"
