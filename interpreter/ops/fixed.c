#include "interpreter/ops/fixed.h"

/* exp(a) for a in [-1/4, 0), Q31: Taylor series around -1/8. */
static int32_t exp_quarter(int32_t a)
{
    const int32_t exp_eighth = 1895147668, third = 715827883; /* exp(-1/8), 1/3 */
    int32_t x = a + (1 << 28);
    int32_t x2 = thm_mul_high(x, x), x3 = thm_mul_high(x2, x), x4 = thm_mul_high(x2, x2);
    int32_t tail = thm_div_pot(thm_mul_high(thm_div_pot(x4, 2) + x3, third) + x2, 1);
    return exp_eighth + thm_mul_high(exp_eighth, x + tail);
}

int32_t thm_exp_negative(int32_t a, int integer_bits)
{
    static const int32_t exp_of[] = {
        /* exp(-1/4), exp(-1/2), exp(-1), ... exp(-16) */
        1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242,
    };
    int fraction_bits = 31 - integer_bits;
    int32_t quarter = 1 << (fraction_bits - 2);
    int32_t rest = (a & (quarter - 1)) - quarter; /* in [-1/4, 0) */
    int32_t result = exp_quarter(thm_shift_left_sat(rest, integer_bits));
    uint32_t quarters = (uint32_t)rest - (uint32_t)a;
    for (int i = 0; i < integer_bits + 2; i++)
        if (quarters & (UINT32_C(1) << (fraction_bits - 2 + i)))
            result = thm_mul_high(result, exp_of[i]);
    return a == 0 ? INT32_MAX : result;
}

/* Newton-Raphson for 2 / (1 + a), 2 integer bits. */
static int32_t two_over_one_plus(int32_t a)
{
    const int32_t c48_17 = 1515870810, c32_17 = -1010580540, one = 1 << 29;
    int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = c48_17 + thm_mul_high(half, c32_17);
    for (int i = 0; i < 3; i++)
        x += thm_shift_left_sat(thm_mul_high(x, one - thm_mul_high(half, x)), 2);
    return x;
}

int32_t thm_one_over_one_plus(int32_t a)
{
    return thm_shift_left_sat(two_over_one_plus(a), 1);
}

int32_t thm_logistic_q27(int32_t a)
{
    if (a == 0)
        return 1 << 30;
    int32_t positive = thm_one_over_one_plus(thm_exp_negative(a > 0 ? -a : a, 4));
    return a > 0 ? positive : INT32_MAX - positive;
}

int32_t thm_tanh_q27(int32_t a)
{
    if (a == 0)
        return 0;
    int32_t e = thm_exp_negative(a > 0 ? -a : a, 5); /* one more integer bit: twice the value */
    int32_t t = thm_shift_left_sat(two_over_one_plus(e) - (1 << 29), 2);
    return a > 0 ? t : -t;
}

int32_t thm_reciprocal(int32_t x, int integer_bits, int *bits_over_unit)
{
    int headroom = __builtin_clz((uint32_t)x);
    *bits_over_unit = integer_bits - headroom;
    return thm_one_over_one_plus((int32_t)(((uint32_t)x << headroom) - (UINT32_C(1) << 31)));
}
