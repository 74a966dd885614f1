/* interpreter/host/lanes_x86.h -- how int32 sums of channels side by side become int8, with the intrinsics V(name) of
 * any width. Included by lanes_avx2.h and lanes_avx512.h, after LANES, vec, V(name), at(), nothing() and
 * odd_over_even() are defined. */
#pragma once
#include <stdint.h>

/* multiplier_odd: those of the odd lanes, in the even ones. A right shift is done in two steps, all but its last bit
 * and that one. sign: the shift that brings a lane's sign to bit 0, or nothing if there is no right shift. */
struct lanes {
    int32_t start[LANES];
    int32_t multiplier[LANES], multiplier_odd[LANES], left[LANES], sign[LANES], right[LANES], last[LANES];
} __attribute__((aligned(4 * LANES)));

static inline void set_factor(struct lanes *l, int i, int32_t multiplier, int32_t left, int32_t right)
{
    l->multiplier[i] = multiplier;
    if (i % 2)
        l->multiplier_odd[i - 1] = multiplier;
    l->left[i] = left;
    l->sign[i] = right ? 31 : 32;
    l->right[i] = right ? right - 1 : 0;
    l->last[i] = right > 0;
}

#include "interpreter/host/lanes.h"

/* What the products of a template are made of. */
typedef vec elements_t, weights_t;
#define weights_at at

/* (a * b + 2^30) / 2^31 rounded down is a * b / 2^31 rounded to nearest, with ties as thm_mul_high() has them; b >
 * INT32_MIN.
 */
INLINE vec mul_high(vec a, const struct lanes *l)
{
    const vec half = V(set1_epi64x)(INT64_C(1) << 30);
    vec even = V(add_epi64)(V(mul_epi32)(a, at(l->multiplier)), half);
    vec odd = V(add_epi64)(V(mul_epi32)(V(srli_epi64)(a, 32), at(l->multiplier_odd)), half);
    return odd_over_even(V(slli_epi64)(odd, 1), V(srli_epi64)(even, 31));
}

/* thm_div_pot(): to nearest, ties away from zero. */
INLINE vec scale(vec sum, const struct lanes *l)
{
    vec x = mul_high(V(sllv_epi32)(sum, at(l->left)), l);
    x = V(srav_epi32)(V(sub_epi32)(x, V(srlv_epi32)(x, at(l->sign))), at(l->right));
    return V(srav_epi32)(V(add_epi32)(x, at(l->last)), at(l->last));
}

INLINE vec pair(const vec *sum, int n, const struct lanes *l, const struct thm_requant_i8 *q)
{
    vec a = n > 0 ? scale(sum[0], l) : nothing(), b = n > 1 ? scale(sum[1], l + 1) : nothing();
    return V(adds_epi16)(V(packs_epi32)(a, b), V(set1_epi16)((int16_t)q->output_zero));
}

/* Within each 128 bits four of sum[0], of sum[1], ... */
INLINE vec narrow(const vec *sum, int n, const struct lanes *l, const struct thm_requant_i8 *q)
{
    vec bytes = V(packs_epi16)(pair(sum, n, l, q), pair(sum + 2, n - 2, l + 2, q));
    return V(min_epi8)(V(max_epi8)(bytes, V(set1_epi8)((int8_t)q->low)), V(set1_epi8)((int8_t)q->high));
}
