/* Fixed-point arithmetic: the rounding to the bit, the functions against the C library. */
#include <math.h>
#include <stdbool.h>
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/quant.h"
#include "tests/testing.h"

static void mul_high__rounds_to_nearest_and_saturates(void **state)
{
    (void)state;
    assert_int_equal(thm_mul_high(1 << 30, 1 << 30), 1 << 29);
    assert_int_equal(thm_mul_high(1, 1 << 30), 1);  /* 0.5 up */
    assert_int_equal(thm_mul_high(-1, 1 << 30), 0); /* -0.5 + nudge, cut towards zero */
    assert_int_equal(thm_mul_high(-3, 1 << 30), -1);
    assert_int_equal(thm_mul_high(INT32_MIN, INT32_MIN), INT32_MAX);
}

static void div_pot__rounds_ties_away_from_zero(void **state)
{
    (void)state;
    assert_int_equal(thm_div_pot(5, 1), 3);
    assert_int_equal(thm_div_pot(-5, 1), -3);
    assert_int_equal(thm_div_pot(-4, 3), -1);
    assert_int_equal(thm_div_pot(3, 3), 0);
    assert_int_equal(thm_div_pot(7, 0), 7);
    assert_int_equal(thm_div_pot(INT32_MIN, 31), -1);
}

/* Two roundings differ from one: 1 * 0.75 / 2 = 0.375 becomes 1 after the first. */
static void scale32__rounds_twice(void **state)
{
    (void)state;
    assert_int_equal(thm_scale32(1, 0x60000000, -1), 1);
    assert_int_equal(thm_scale32(100, 1 << 30, 1), 100);
    assert_int_equal(thm_scale32(-7, 1 << 30, 3), -28);
}

static void scale64__uses_fifteen_bits_and_rounds_once(void **state)
{
    (void)state;
    assert_int_equal(thm_scale64(1, 0x60000000, -1), 0);
    assert_int_equal(thm_scale64(1000000, 1 << 30, -3), 62500);
    assert_int_equal(thm_scale64(-3, 1 << 30, 0), -1);
}

static void add_clamp__does_not_overflow(void **state)
{
    (void)state;
    assert_int_equal(thm_add_clamp(INT32_MAX, INT32_MAX, -128, 127), 127);
    assert_int_equal(thm_add_clamp(INT32_MIN, INT32_MIN, -128, 127), -128);
    assert_int_equal(thm_add_clamp(3, 4, -128, 127), 7);
}

#define Q31 2147483648.0

static void exp_negative__is_close_to_exp(void **state)
{
    (void)state;
    for (int i = 0; i <= 1000; i++) {
        double x = -16.0 * i / 1000;
        int32_t got = thm_exp_negative((int32_t)lrint(x * (1 << 26)), 5);
        assert_true(fabs(got / Q31 - exp(x)) < 1e-6);
    }
}

static void logistic_and_tanh__are_close_to_the_library(void **state)
{
    (void)state;
    for (int i = -1000; i <= 1000; i++) {
        double x = 15.9 * i / 1000;
        int32_t q = (int32_t)lrint(x * (1 << 27));
        assert_true(fabs(thm_logistic_q27(q) / Q31 - 1 / (1 + exp(-x))) < 1e-6);
        assert_true(fabs(thm_tanh_q27(q) / Q31 - tanh(x)) < 1e-6);
    }
}

static void reciprocal__is_close_to_one_over(void **state)
{
    (void)state;
    for (int i = 1; i < 4000; i += 7) {
        int bits;
        double x = i + 0.25, r = thm_reciprocal((int32_t)lrint(x * (1 << 19)), 12, &bits) / Q31;
        assert_true(fabs(ldexp(r, -bits) * x - 1) < 1e-6);
    }
}

static void factor__becomes_multiplier_and_shift(void **state)
{
    int32_t m, s;
    (void)state;
    assert_true(thm_quantize_factor(0.5, &m, &s));
    assert_int_equal(m, 1 << 30);
    assert_int_equal(s, 0);
    assert_true(thm_quantize_factor(3.0, &m, &s));
    assert_int_equal(m, 3 << 29);
    assert_int_equal(s, 2);
    assert_true(thm_quantize_factor(1 - 1e-12, &m, &s)); /* rounds up to the next power */
    assert_int_equal(m, 1 << 30);
    assert_int_equal(s, 1);
    assert_true(thm_quantize_factor(1e-12, &m, &s));
    assert_int_equal(m, 0);
}

static void factor__that_cannot_be_represented_is_refused(void **state)
{
    int32_t m, s;
    (void)state;
    assert_false(thm_quantize_factor((double)NAN, &m, &s));
    assert_false(thm_quantize_factor((double)INFINITY, &m, &s));
    assert_false(thm_quantize_factor(1e10, &m, &s));
    assert_false(thm_quantize_fraction(1.0, &m, &s));
    assert_false(thm_quantize_fraction(0.0, &m, &s));
}

static void activation__limits_are_quantised_and_clipped(void **state)
{
    struct thm_quant q = { .scale = 0.1f, .zero_point = -100 };
    int32_t low, high;
    (void)state;
    assert_true(thm_activation_range(THM_ACT_RELU6, THM_INT8, &q, &low, &high));
    assert_int_equal(low, -100);
    assert_int_equal(high, -40);
    assert_true(thm_activation_range(THM_ACT_RELU_N1_TO_1, THM_INT8, &q, &low, &high));
    assert_int_equal(low, -110);
    assert_int_equal(high, -90);
    assert_true(thm_activation_range(THM_ACT_NONE, THM_INT16, &q, &low, &high));
    assert_int_equal(high, INT16_MAX);
    q.scale = 0;
    assert_false(thm_activation_range(THM_ACT_RELU6, THM_INT8, &q, &low, &high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mul_high__rounds_to_nearest_and_saturates),
        cmocka_unit_test(div_pot__rounds_ties_away_from_zero),
        cmocka_unit_test(scale32__rounds_twice),
        cmocka_unit_test(scale64__uses_fifteen_bits_and_rounds_once),
        cmocka_unit_test(add_clamp__does_not_overflow),
        cmocka_unit_test(exp_negative__is_close_to_exp),
        cmocka_unit_test(logistic_and_tanh__are_close_to_the_library),
        cmocka_unit_test(reciprocal__is_close_to_one_over),
        cmocka_unit_test(factor__becomes_multiplier_and_shift),
        cmocka_unit_test(factor__that_cannot_be_represented_is_refused),
        cmocka_unit_test(activation__limits_are_quantised_and_clipped),
    };
    return cmocka_run_group_tests_name("fixed", tests, NULL, NULL);
}
