#include "interpreter/ops/inv_sqrt.h"
#include "interpreter/ops/fixed.h"

/* 1 / sqrt(a) for a in [1/2, 2), 3 integer bits: Newton-Raphson, x = 3/2 x - a/2 x^3, from 1. */
static int32_t newton(int32_t a)
{
    const int32_t one = 1 << 28, three_halves = one + one / 2, half = thm_div_pot(a, 1);
    int32_t x = one;
    for (int i = 0; i < 5; i++) {
        int32_t cube = thm_shift_left_sat(thm_mul_high(thm_mul_high(x, x), x), 6); /* 9 integer bits to 3 */
        x = thm_shift_left_sat(thm_mul_high(three_halves, x) - thm_mul_high(half, cube), 3);
    }
    return x;
}

void thm_inv_sqrt(int32_t x, int32_t *multiplier, int32_t *shift)
{
    const int32_t half_sqrt_2 = 1518500250; /* Q31 */
    *multiplier = INT32_MAX;
    *shift = 0;
    if (x <= 1)
        return;
    int right = 11;
    for (; x >= 1 << 29; right++)
        x /= 4;
    int pairs = (__builtin_clz((uint32_t)x) - 1) / 2 - 1;
    right -= pairs;
    *multiplier = thm_mul_high(newton(thm_shift_left(x, 2 * pairs) >> 1), half_sqrt_2);
    if (right < 0)
        *multiplier = thm_shift_left(*multiplier, -right);
    else
        *shift = -right;
}
