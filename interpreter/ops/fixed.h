/* interpreter/ops/fixed.h -- fixed-point arithmetic of the integer kernels. A real factor is a Q31 multiplier (in
 * [2^30, 2^31)) and a shift: factor = multiplier / 2^31 * 2^shift. Two roundings, as in the reference build (its
 * TFLITE_SINGLE_ROUNDING is off; tests/conformance pins it). Overflow wraps instead of being undefined.
 * Source: gemmlowp fixedpoint/fixedpoint.h, tensorflow/lite/kernels/internal/common.cc. */
#pragma once
#include <stdint.h>

/* a * b / 2^31, to nearest, ties up; saturates the one case that overflows. */
static inline int32_t thm_mul_high(int32_t a, int32_t b)
{
    if (a == b && a == INT32_MIN)
        return INT32_MAX;
    int64_t ab = (int64_t)a * b;
    return (int32_t)((ab + (ab >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30))) / (INT64_C(1) << 31));
}

/* x / 2^exponent, to nearest, ties away from zero; exponent 0..31. */
static inline int32_t thm_div_pot(int32_t x, int exponent)
{
    int32_t mask = (int32_t)((INT64_C(1) << exponent) - 1), rest = x & mask;
    return (x >> exponent) + (rest > (mask >> 1) + (x < 0));
}

static inline int32_t thm_shift_left(int32_t x, int by)
{
    return (int32_t)((uint32_t)x << by);
}

/* x * 2^by, saturating; by 0..31. */
static inline int32_t thm_shift_left_sat(int32_t x, int by)
{
    int64_t wide = (int64_t)x * (INT64_C(1) << by);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* x times the factor; shift -31..30. */
static inline int32_t thm_scale32(int32_t x, int32_t multiplier, int32_t shift)
{
    int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    return thm_div_pot(thm_mul_high(thm_shift_left(x, left), multiplier), right);
}

/* For 64-bit sums the multiplier is cut to 15 bits and there is one rounding; shift -31..14, |x| < 2^47. */
static inline int32_t thm_scale64(int64_t x, int32_t multiplier, int32_t shift)
{
    int64_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
    int total = 15 - shift;
    uint64_t product = (uint64_t)x * (uint64_t)reduced + (UINT64_C(1) << (total - 1));
    return (int32_t)((int64_t)product >> total);
}

static inline int32_t thm_clamp(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* a + b within [low, high], without overflow. */
static inline int32_t thm_add_clamp(int32_t a, int32_t b, int32_t low, int32_t high)
{
    int64_t sum = (int64_t)a + b;
    return sum < low ? low : sum > high ? high : (int32_t)sum;
}

static inline float thm_clampf(float x, float low, float high)
{
    x = x < low ? low : x;
    return high < x ? high : x;
}

/* exp(a) for a <= 0 with `integer_bits` (4 or 5) before the point; result Q31. */
int32_t thm_exp_negative(int32_t a, int integer_bits);
int32_t thm_one_over_one_plus(int32_t a); /* 1 / (1 + a), a in [0, 1) as Q31 */
int32_t thm_logistic_q27(int32_t a);      /* a: 4 integer bits; result Q31 */
int32_t thm_tanh_q27(int32_t a);
/* 1 / x for x > 0 with integer_bits before the point, as Q31 and how many bits x is above 1. */
int32_t thm_reciprocal(int32_t x, int integer_bits, int *bits_over_unit);
