/* interpreter/ops/dot.h -- inner products over contiguous elements, written for the compiler's vectoriser.
 * Integer sums wrap instead of being undefined. Float sums keep the reference's order of additions. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "interpreter/ops/variant.h"

/* sum of (x[i] + offset) * w[i]; offset -127..128 */
static inline int32_t thm_dot_i8(const int8_t *restrict x, const int8_t *restrict w, int32_t n, int16_t offset)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += (uint32_t)((int16_t)(x[i] + offset) * (int16_t)w[i]);
    return (int32_t)sum;
}

/* 256 products fit in 32 bits. */
static inline int64_t thm_dot_i16(const int16_t *restrict x, const int8_t *restrict w, int32_t n)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < n;) {
        int32_t part = 0, end = n - i > 256 ? i + 256 : n;
        for (; i < end; i++)
            part += (int32_t)x[i] * w[i];
        sum += part;
    }
    return sum;
}

static inline float thm_dot_f32(float sum, const float *restrict x, const float *restrict w, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        sum += x[i] * w[i];
    return sum;
}

#define THM_DOTS 16

void thm_dots_portable(float *sum, int32_t rows, const float *x, const float *w, size_t step, int32_t n);

/* Add to each sum the products of x and its row of w; at most THM_DOTS rows, `step` elements apart. Every sum has its
 * order; that they grow side by side hides the time that an addition takes. */
static inline void thm_dots_f32(const struct thm_kernels *k, float *sum, int32_t rows, const float *x, const float *w,
                                size_t step, int32_t n)
{
    int32_t done = k->dots_f32 ? k->dots_f32(sum, rows, x, w, step, n) : 0;
    if (done < rows)
        thm_dots_portable(sum + done, rows - done, x, w + (size_t)done * step, step, n);
}
