/* interpreter/host/elements_avx2.h -- eight elements as int32. To be included like requant_avx2.h. */
#pragma once
#include "interpreter/host/requant_avx2.h"

#define V(name) _mm256_##name
typedef __m256i vec;

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
