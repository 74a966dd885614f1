/* interpreter/ops/dot.h -- inner products over contiguous elements, written for the compiler's vectoriser.
 * Integer sums wrap instead of being undefined. Float sums keep the reference's order of additions. */
#pragma once
#include <stdint.h>

/* sum of (x[i] + offset) * w[i]; offset -127..128 */
static inline int32_t thm_dot_i8(const int8_t *restrict x, const int8_t *restrict w, int32_t n, int16_t offset)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += (uint32_t)((int16_t)(x[i] + offset) * (int16_t)w[i]);
    return (int32_t)sum;
}

static inline int64_t thm_dot_i16(const int16_t *restrict x, const int8_t *restrict w, int32_t n)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += (int32_t)x[i] * w[i];
    return sum;
}

static inline float thm_dot_f32(float sum, const float *restrict x, const float *restrict w, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        sum += x[i] * w[i];
    return sum;
}
