/* interpreter/host/lookup_vbmi.c -- a table of 256 bytes in four registers, 64 elements at a time. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vbmi")))
#include <immintrin.h>
#include "interpreter/host/x86.h"

#define INLINE static inline TARGET __attribute__((always_inline))
#define LANES  64

INLINE __m512i quarter(const int32_t *table)
{
    __m512i bytes = _mm512_castsi128_si512(_mm512_cvtepi32_epi8(_mm512_loadu_si512(table)));
    bytes = _mm512_inserti32x4(bytes, _mm512_cvtepi32_epi8(_mm512_loadu_si512(table + 16)), 1);
    bytes = _mm512_inserti32x4(bytes, _mm512_cvtepi32_epi8(_mm512_loadu_si512(table + 32)), 2);
    return _mm512_inserti32x4(bytes, _mm512_cvtepi32_epi8(_mm512_loadu_si512(table + 48)), 3);
}

TARGET static void look_up(const int32_t *table, const int8_t *in, int8_t *out, size_t count)
{
    const __m512i a = quarter(table), b = quarter(table + LANES), c = quarter(table + 2 * LANES),
                  d = quarter(table + 3 * LANES);
    for (size_t i = 0; i < count; i += LANES) {
        __mmask64 there = count - i < LANES ? (UINT64_C(1) << (count - i)) - 1 : UINT64_MAX;
        __m512i x = _mm512_maskz_loadu_epi8(there, in + i);
        __m512i low = _mm512_permutex2var_epi8(a, x, b), high = _mm512_permutex2var_epi8(c, x, d);
        _mm512_mask_storeu_epi8(out + i, there, _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high));
    }
}

bool thm_look_up_vbmi(const int32_t *table, const int8_t *in, int8_t *out, size_t count)
{
    bool can = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") && count >= LANES;
    if (can)
        look_up(table, in, out, count);
    return can;
}
#else
typedef int nothing_for_this_cpu;
#endif
