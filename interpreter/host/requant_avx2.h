/* interpreter/host/requant_avx2.h -- eight int32 sums to int8, as thm_scale32() and thm_add_clamp() do it. To be
 * included after TARGET, the instructions a function may use, is defined. */
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include "interpreter/fb.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/variant.h"

#define LANES  8 /* output channels side by side */
#define INLINE static inline TARGET __attribute__((always_inline))

/* Bias, multiplier and shift of LANES output channels; 0 beyond the last. */
struct lanes {
    int32_t bias[LANES], multiplier[LANES], shift[LANES];
};

static inline void load_lanes(const struct thm_requant_i8 *q, int32_t from, int32_t count, struct lanes *l)
{
    memset(l, 0, sizeof *l);
    for (int32_t i = 0; i < count; i++) {
        size_t k = (size_t)(from + i);
        l->bias[i] = q->bias ? (int32_t)thm_load32(q->bias + 4 * k) : 0;
        l->multiplier[i] = q->multiplier[q->per_channel ? k : 0];
        l->shift[i] = q->shift[q->per_channel ? k : 0];
    }
}

/* The vectors add in 32 bits and clamp in two steps; numbers outside these limits are for the portable code. */
static inline bool can_clamp(int32_t zero, int32_t low, int32_t high)
{
    return low <= high && low >= INT8_MIN && high <= INT8_MAX && zero >= INT16_MIN && zero <= INT16_MAX;
}

static inline bool can_requant(const struct thm_requant_i8 *q)
{
    return can_clamp(q->output_zero, q->low, q->high);
}

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

/* thm_add_clamp(), for the limits above. The result's LANES bytes are the low half. */
INLINE __m128i add_clamp(__m256i x, int32_t zero, int32_t low, int32_t high)
{
    x = _mm256_max_epi32(_mm256_min_epi32(x, _mm256_set1_epi32(1 << 17)), _mm256_set1_epi32(-(1 << 17)));
    x = _mm256_add_epi32(x, _mm256_set1_epi32(zero));
    x = _mm256_min_epi32(_mm256_max_epi32(x, _mm256_set1_epi32(low)), _mm256_set1_epi32(high));
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return _mm_packs_epi16(words, words);
}

INLINE __m128i requant(__m256i sum, const struct lanes *l, const struct thm_requant_i8 *q)
{
    __m256i shift = _mm256_loadu_si256((const __m256i *)(const void *)l->shift);
    __m256i left = _mm256_max_epi32(shift, _mm256_setzero_si256());
    __m256i x = _mm256_add_epi32(sum, _mm256_loadu_si256((const __m256i *)(const void *)l->bias));
    x = mul_high(_mm256_sllv_epi32(x, left), _mm256_loadu_si256((const __m256i *)(const void *)l->multiplier));
    return add_clamp(div_pot(x, _mm256_sub_epi32(left, shift)), q->output_zero, q->low, q->high);
}

INLINE void store_lanes(int8_t *out, __m128i bytes, int32_t count)
{
    int64_t all = _mm_cvtsi128_si64(bytes);
    memcpy(out, &all, count == LANES ? LANES : (size_t)count);
}
