/* Operators with one input: what the golden vectors leave open. */
#include "tests/unit/interpreter/ops.h"

/* An operator with one input and one output, without options. */
#define UNARY(name, code, in, out)                                                      \
    static const struct build_tensor name##_t[] = { in, out };                          \
    static const struct build_op name##_op[] = { { code, 1, { 0 }, 1, 0, "", { 0 } } }; \
    NET(name, name##_t, name##_op, 1)

enum {
    FLOOR = 8,
    LOG_SOFTMAX = 50,
    CAST = 53,
    RSQRT = 76,
    LOGICAL_NOT = 87,
    ZEROS_LIKE = 93,
    ABS = 101,
    CEIL = 104,
    ELU = 111,
    ROUND = 116,
    HARD_SWISH = 117,
    NEG = 59,
    L2_NORMALIZATION = 11
};

static void round__halves_go_to_the_even_number(void **state)
{
    UNARY(n, ROUND, ROW(THM_FLOAT32, 6), ROW(THM_FLOAT32, 6));
    (void)state;
    bench_expect(&n, F32(0.5f, 1.5f, -0.5f, -1.5f, 2.4f, 8388609.0f), NULL, F32(0, 2, 0, -2, 2, 8388609.0f));
}

static void ceil__a_different_shape_is_refused(void **state)
{
    UNARY(n, CEIL, ROW(THM_FLOAT32, 4), ((struct build_tensor){ THM_FLOAT32, 2, { 2, 2 }, NULL, 0, 0, 0, 0 }));
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
}

static void floor__more_outputs_than_inputs_are_refused(void **state)
{
    UNARY(n, FLOOR, ROW(THM_FLOAT32, 4), ROW(THM_FLOAT32, 5));
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
}

static void neg__an_integer_fails_when_it_runs(void **state)
{
    UNARY(n, NEG, ROW(THM_INT32, 1), ROW(THM_INT32, 1));
    UNARY(mixed, NEG, ROW(THM_FLOAT32, 1), ROW(THM_INT32, 1));
    (void)state;
    bench_fail(&n, NULL, NULL, THM_NN_ETYPE);
    bench_refuse(&mixed, THM_NN_ETYPE);
}

static void logical_not__every_byte_but_0_is_true(void **state)
{
    UNARY(n, LOGICAL_NOT, ROW(THM_BOOL, 3), ROW(THM_BOOL, 3));
    (void)state;
    bench_expect(&n, U8(0, 1, 200), NULL, U8(1, 0, 0));
}

static void zeros_like__int16_fails_when_it_runs(void **state)
{
    UNARY(n, ZEROS_LIKE, ROW(THM_INT16, 3), ROW(THM_INT16, 3));
    (void)state;
    bench_fail(&n, NULL, NULL, THM_NN_ETYPE);
}

static void abs__int16_needs_no_quantisation(void **state)
{
    UNARY(n, ABS, ROW(THM_INT16, 3), ROW(THM_INT16, 3));
    (void)state;
    bench_expect(&n, I16(-5, 32767, -32768), NULL, I16(5, 32767, -32768));
}

static void abs__int8_without_quantisation_is_refused(void **state)
{
    UNARY(n, ABS, ROW(THM_INT8, 1), ROW(THM_INT8, 1));
    UNARY(wild, ABS, QROW(THM_INT8, 1, 1.0f, INT32_MIN), QROW(THM_INT8, 1, 1.0f, INT32_MAX));
    (void)state;
    bench_refuse(&n, THM_NN_EQUANT);
    bench_expect(&wild, I8(0), NULL, I8(-1)); /* -2^31 has no opposite */
}

static void rsqrt__int8_of_0_is_the_largest_and_negative_fails(void **state)
{
    UNARY(n, RSQRT, QROW(THM_INT8, 3, 1.0f, 0), QROW(THM_INT8, 3, 1.0f / 64, 0));
    (void)state;
    bench_expect(&n, I8(0, 4, 16), NULL, I8(127, 32, 16));
    bench_fail(&n, I8(1, -1, 1), NULL, THM_NN_EINVOKE);
}

static void elu__int8_saturates_whatever_the_scale(void **state)
{
    UNARY(n, ELU, QROW(THM_INT8, 3, 1.0f, 0), QROW(THM_INT8, 3, 1e-30f, 0));
    UNARY(unscaled, ELU, ROW(THM_INT8, 1), ROW(THM_INT8, 1));
    (void)state;
    bench_expect(&n, I8(-128, 0, 127), NULL, I8(-128, 0, 127));
    bench_expect(&unscaled, I8(1), NULL, I8(-128)); /* not a number: the smallest */
}

static void hard_swish__an_output_scale_far_below_the_input_scale_is_refused(void **state)
{
    UNARY(n, HARD_SWISH, QROW(THM_INT8, 1, 1.0f, 0), QROW(THM_INT8, 1, 1.0f / 256, 0));
    UNARY(zero, HARD_SWISH, QROW(THM_INT8, 1, 1.0f, 40000), QROW(THM_INT8, 1, 1.0f, 0));
    (void)state;
    bench_refuse(&n, THM_NN_EQUANT);
    bench_refuse(&zero, THM_NN_EQUANT);
}

static void hard_swish__float_is_x_above_3_and_0_below_minus_3(void **state)
{
    UNARY(n, HARD_SWISH, ROW(THM_FLOAT32, 4), ROW(THM_FLOAT32, 4));
    (void)state;
    bench_expect(&n, F32(-4, 0, 3, 9), NULL, F32(-0.0f, 0, 3, 9));
}

static void cast__what_does_not_fit_saturates_at_32_bits(void **state)
{
    UNARY(n, CAST, ROW(THM_FLOAT32, 4), ROW(THM_INT32, 4));
    UNARY(u, CAST, ROW(THM_FLOAT32, 4), ROW(THM_UINT32, 4));
    (void)state;
    bench_expect(&n, F32(-1.9f, 1e20f, -1e20f, __builtin_nanf("")), NULL, I32(-1, INT32_MAX, INT32_MIN, 0));
    bench_expect(&u, F32(1.9f, 1e20f, -1e20f, __builtin_nanf("")), NULL, U32(1, UINT32_MAX, 0, 0));
}

static void cast__from_bool_is_0_or_1(void **state)
{
    UNARY(n, CAST, ROW(THM_BOOL, 3), ROW(THM_INT16, 3));
    UNARY(to_bool, CAST, ROW(THM_INT8, 3), ROW(THM_BOOL, 3));
    (void)state;
    bench_expect(&n, U8(0, 1, 255), NULL, I16(0, 1, 1));
    bench_fail(&to_bool, NULL, NULL, THM_NN_ETYPE);
}

static void log_softmax__int8_needs_its_fixed_output_quantisation(void **state)
{
    UNARY(n, LOG_SOFTMAX, QROW(THM_INT8, 2, 1.0f, 0), QROW(THM_INT8, 2, 1.0f / 16, 127));
    UNARY(coarse, LOG_SOFTMAX, QROW(THM_INT8, 2, 1e9f, 0), QROW(THM_INT8, 2, 1.0f / 16, 127));
    UNARY(other, LOG_SOFTMAX, QROW(THM_INT8, 2, 1.0f, 0), QROW(THM_INT8, 2, 1.0f / 8, 127));
    UNARY(none, LOG_SOFTMAX, QROW(THM_INT8, 2, 1e-9f, 0), QROW(THM_INT8, 2, 1.0f / 16, 127));
    (void)state;
    bench_expect(&n, I8(5, 5), NULL, I8(116, 116)); /* log(1/2) = -0.693 = -11/16 */
    bench_expect(&coarse, I8(5, 4), NULL, I8(127, -128));
    bench_refuse(&other, THM_NN_EQUANT);
    bench_refuse(&none, THM_NN_EQUANT);
}

static void log_softmax__a_row_whose_sum_is_too_large_fails_when_it_runs(void **state)
{
    UNARY(n, LOG_SOFTMAX, QROW(THM_INT8, 4096, 1.0f, 0), QROW(THM_INT8, 4096, 1.0f / 16, 127));
    (void)state;
    bench_fail(&n, NULL, NULL, THM_NN_EINVOKE);
}

#define L2(name, in, out, activation)                                                                          \
    static const struct build_tensor name##_t[] = { in, out };                                                 \
    static const struct build_op name##_op[] = { { L2_NORMALIZATION, 1, { 0 }, 1, 12, "1", { activation } } }; \
    NET(name, name##_t, name##_op, 1)

static void l2_normalization__of_a_right_angled_triangle(void **state)
{
    L2(n, ROW(THM_FLOAT32, 2), ROW(THM_FLOAT32, 2), 0);
    L2(q, QROW(THM_INT8, 2, 1.0f, 1), QROW(THM_INT8, 2, 1.0f / 128, 0), 0);
    L2(wild, QROW(THM_INT8, 2, 1.0f, INT32_MIN), QROW(THM_INT8, 2, 1.0f / 128, 0), 0);
    (void)state;
    bench_expect(&n, F32(3, -4), NULL, F32(0.6f, -0.8f));
    bench_expect(&q, I8(4, -3), NULL, I8(77, -102));
    bench_expect(&wild, I8(0, 0), NULL, I8(0, 0)); /* the squares wrap to 0 and the products too */
}

static void l2_normalization__five_dimensions_or_an_activation_are_refused(void **state)
{
    L2(rank, ((struct build_tensor){ THM_FLOAT32, 5, { 1, 1, 1, 1, 1 }, NULL, 0, 0, 0, 0 }), ROW(THM_FLOAT32, 1), 0);
    L2(activation, ROW(THM_FLOAT32, 1), ROW(THM_FLOAT32, 1), 1);
    (void)state;
    bench_refuse(&rank, THM_NN_ESHAPE);
    bench_refuse(&activation, THM_NN_ESHAPE);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(round__halves_go_to_the_even_number),
        T(ceil__a_different_shape_is_refused),
        T(floor__more_outputs_than_inputs_are_refused),
        T(neg__an_integer_fails_when_it_runs),
        T(logical_not__every_byte_but_0_is_true),
        T(zeros_like__int16_fails_when_it_runs),
        T(abs__int16_needs_no_quantisation),
        T(abs__int8_without_quantisation_is_refused),
        T(rsqrt__int8_of_0_is_the_largest_and_negative_fails),
        T(elu__int8_saturates_whatever_the_scale),
        T(hard_swish__an_output_scale_far_below_the_input_scale_is_refused),
        T(hard_swish__float_is_x_above_3_and_0_below_minus_3),
        T(cast__what_does_not_fit_saturates_at_32_bits),
        T(cast__from_bool_is_0_or_1),
        T(log_softmax__int8_needs_its_fixed_output_quantisation),
        T(log_softmax__a_row_whose_sum_is_too_large_fails_when_it_runs),
        T(l2_normalization__of_a_right_angled_triangle),
        T(l2_normalization__five_dimensions_or_an_activation_are_refused),
    };
    return cmocka_run_group_tests_name("elementwise", tests, NULL, NULL);
}
