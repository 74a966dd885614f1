/* interpreter/ops/accumulate.h -- sums of int8 numbers of one scale; used by ADD_N and CUMSUM. Summands gain 20 bits
 * and are halved. A sum starts with minus the input's zero point, not with 0, as in the reference.
 * Source: tensorflow/lite/kernels/internal/reference/{add_n,cumsum}.h. */
#pragma once
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/quant.h"

struct thm_sum { /* not more than 36 bytes: the op data of CUMSUM */
    int32_t in_multiplier, in_shift, out_multiplier, out_shift;
    int32_t zero_in, zero_out;
};

/* false: a scale is missing or out of range. */
static inline bool thm_sum_prepare(struct thm_sum *s, const struct thm_quant *in, const struct thm_quant *out)
{
    double twice = 2 * (double)in->scale;
    s->zero_in = in->zero_point;
    s->zero_out = out->zero_point;
    return thm_quantize_fraction((double)in->scale / twice, &s->in_multiplier, &s->in_shift) &&
           thm_quantize_fraction(twice / ((1 << 20) * (double)out->scale), &s->out_multiplier, &s->out_shift);
}

/* sum + x; x = 0 gives the start value when sum is 0. */
static inline int32_t thm_sum_add(const struct thm_sum *s, int32_t sum, int32_t x)
{
    int32_t above_zero = (int32_t)((uint32_t)x - (uint32_t)s->zero_in);
    int32_t scaled = thm_div_pot(thm_mul_high(thm_shift_left(above_zero, 20), s->in_multiplier), -s->in_shift);
    return (int32_t)((uint32_t)sum + (uint32_t)scaled);
}

static inline int8_t thm_sum_result(const struct thm_sum *s, int32_t sum)
{
    int32_t scaled = thm_div_pot(thm_mul_high(sum, s->out_multiplier), -s->out_shift);
    return (int8_t)thm_add_clamp(scaled, s->zero_out, INT8_MIN, INT8_MAX);
}
