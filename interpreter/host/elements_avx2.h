/* interpreter/host/elements_avx2.h -- eight elements as int32. TARGET, the instructions a function may use, is defined
 * before. */
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/variant.h"

#define LANES   8
#define INLINE  static inline TARGET __attribute__((always_inline))
#define V(name) _mm256_##name
typedef __m256i vec;

/* (a * b + 2^30) / 2^31 rounded down is a * b / 2^31 rounded to nearest, with ties as thm_mul_high() has them. */
INLINE __m256i mul_high(__m256i a, __m256i b)
{
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 30), least = _mm256_set1_epi32(INT32_MIN);
    __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, b), half);
    __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)), half);
    __m256i product = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
    __m256i overflow = _mm256_and_si256(_mm256_cmpeq_epi32(a, least), _mm256_cmpeq_epi32(b, least));
    return _mm256_xor_si256(product, overflow); /* INT32_MIN, all bits turned: INT32_MAX */
}

/* thm_div_pot() */
INLINE __m256i div_pot(__m256i x, __m256i exponent)
{
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, exponent), one);
    __m256i limit = _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_cmpgt_epi32(zero, x));
    __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(x, mask), limit);
    return _mm256_sub_epi32(_mm256_srav_epi32(x, exponent), up);
}

INLINE __m256i load_i8(const int8_t *from)
{
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
}

INLINE __m256i load_i16(const int16_t *from)
{
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
}

INLINE void store_i8(int8_t *to, __m256i x)
{
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi16(words, words));
}

INLINE void store_i16(int16_t *to, __m256i x)
{
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    _mm_storeu_si128((__m128i *)(void *)to, words);
}

#include "interpreter/host/elements_template.h"
