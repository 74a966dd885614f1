/* interpreter/host/dots_avx2.c -- float32: inner products of 8 or 16 rows side by side, each in its order. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include <immintrin.h>
#include "interpreter/host/x86.h"

#define INLINE static inline TARGET __attribute__((always_inline))
#define ROWS   8
#define STEPS  4

INLINE __m256 two_rows(const float *w, size_t step)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(w)), _mm_loadu_ps(w + 4 * step), 1);
}

/* Products of STEPS elements, added to the sums of ROWS rows one after the other. */
INLINE __m256 add_steps(__m256 sum, const float *x, const float *w, size_t step)
{
    __m256 a = two_rows(w, step), b = two_rows(w + step, step), c = two_rows(w + 2 * step, step),
           d = two_rows(w + 3 * step, step);
    __m256 ab = _mm256_unpacklo_ps(a, b), cd = _mm256_unpacklo_ps(c, d);
    sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_broadcast_ss(x)));
    sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_shuffle_ps(ab, cd, 0xEE), _mm256_broadcast_ss(x + 1)));
    ab = _mm256_unpackhi_ps(a, b);
    cd = _mm256_unpackhi_ps(c, d);
    sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_broadcast_ss(x + 2)));
    return _mm256_add_ps(sum, _mm256_mul_ps(_mm256_shuffle_ps(ab, cd, 0xEE), _mm256_broadcast_ss(x + 3)));
}

/* Additions that do not wait for each other: as many times ROWS rows. */
INLINE void add_products(float *sum, int times, const float *x, const float *w, size_t step, int32_t n)
{
    __m256 sums[2];
    int32_t i = 0;
    for (int t = 0; t < times; t++)
        sums[t] = _mm256_loadu_ps(sum + ROWS * t);
    for (; i + STEPS <= n; i += STEPS)
        for (int t = 0; t < times; t++)
            sums[t] = add_steps(sums[t], x + i, w + (size_t)(ROWS * t) * step + i, step);
    for (int t = 0; t < times; t++)
        _mm256_storeu_ps(sum + ROWS * t, sums[t]);
    for (; i < n; i++)
        for (int k = 0; k < ROWS * times; k++)
            sum[k] += x[i] * w[(size_t)k * step + (size_t)i];
}

TARGET int32_t thm_dots_f32_avx2(float *sum, int32_t rows, const float *x, const float *w, size_t step, int32_t n)
{
    int32_t k = 0;
    for (; k + 2 * ROWS <= rows; k += 2 * ROWS)
        add_products(sum + k, 2, x, w + (size_t)k * step, step, n);
    for (; k + ROWS <= rows; k += ROWS)
        add_products(sum + k, 1, x, w + (size_t)k * step, step, n);
    return k;
}
#else
typedef int nothing_for_this_cpu;
#endif
