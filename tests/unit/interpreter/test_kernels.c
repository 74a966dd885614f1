/* Each operator family on numbers worked out by hand; tests/conformance compares them with the reference at length. */
#include "tests/unit/interpreter/builder.h"

#define NET(name, tensors, ops, n_in)                                             \
    static const struct net name = { tensors, sizeof tensors / sizeof tensors[0], \
                                     ops,     sizeof ops / sizeof ops[0],         \
                                     n_in,    { 0, 1 },                           \
                                     1,       { sizeof tensors / sizeof tensors[0] - 1 } }

#define F32(...) ((const float[]){ __VA_ARGS__ })
#define I8(...)  ((const int8_t[]){ __VA_ARGS__ })
#define I16(...) ((const int16_t[]){ __VA_ARGS__ })

static void conv__pads_strides_and_adds_the_bias(void **state)
{
    static const float filter[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, bias[1] = { 0.5f };
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 4, { 1, 3, 3, 1 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 4, { 1, 3, 3, 1 }, filter, sizeof filter, 0, 0, 0 },
        { THM_FLOAT32, 1, { 1 }, bias, sizeof bias, 0, 0, 0 },
        { THM_FLOAT32, 4, { 1, 2, 2, 1 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 3, 3, { 0, 1, 2 }, 3, 1, "144144", { 0, 2, 2, 0, 1, 1 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, F32(1, 2, 3, 4, 5, 6, 7, 8, 9), NULL, F32(12.5f, 16.5f, 24.5f, 28.5f));
}

static void conv__int8_counts_padding_as_the_zero_point(void **state)
{
    static const int8_t filter[2 * 4] = { 1, 2, 3, 4, -1, -1, -1, -1 };
    static const struct build_tensor t[] = {
        { THM_INT8, 4, { 1, 2, 2, 1 }, NULL, 0, 1.0f, -1, 0 },
        { THM_INT8, 4, { 2, 2, 2, 1 }, filter, sizeof filter, 1.0f, 0, 0 },
        { THM_INT8, 4, { 1, 2, 2, 2 }, NULL, 0, 1.0f, 5, 0 },
    };
    static const struct build_op op[] = { { 3, 2, { 0, 1 }, 2, 1, "144144", { 0, 1, 1, 0, 1, 1 } } };
    NET(n, t, op, 1);
    (void)state;
    /* real input 1 2 / 3 4 */
    bench_expect(&n, I8(0, 1, 2, 3), NULL, I8(35, -5, 19, -1, 16, -2, 9, 1));
}

static void conv__groups_see_their_own_channels(void **state)
{
    static const float filter[2] = { 10, 100 };
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 4, { 1, 1, 1, 2 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 4, { 2, 1, 1, 1 }, filter, sizeof filter, 0, 0, 0 },
        { THM_FLOAT32, 4, { 1, 1, 1, 2 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 3, 2, { 0, 1 }, 2, 1, "144144", { 1, 1, 1, 0, 1, 1 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, F32(3, 4), NULL, F32(30, 400));
}

static void conv__a_float_input_with_an_int8_filter_is_refused(void **state)
{
    static const int8_t filter[1] = { 1 };
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 4, { 1, 1, 1, 1 }, NULL, 0, 0, 0, 0 },
        { THM_INT8, 4, { 1, 1, 1, 1 }, filter, 1, 1.0f, 0, 0 },
        { THM_FLOAT32, 4, { 1, 1, 1, 1 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 3, 2, { 0, 1 }, 2, 1, "144144", { 1, 1, 1, 0, 1, 1 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ETYPE);
}

static void depthwise__multiplier_makes_several_channels_of_one(void **state)
{
    static const float filter[4] = { 1, 10, 100, 1000 };
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 4, { 1, 1, 2, 1 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 4, { 1, 1, 2, 2 }, filter, sizeof filter, 0, 0, 0 },
        { THM_FLOAT32, 4, { 1, 1, 1, 2 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 4, 2, { 0, 1 }, 2, 2, "1444144", { 1, 1, 1, 2, 0, 1, 1 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, F32(2, 3), NULL, F32(302, 3020));
}

static void pool__average_counts_only_what_is_inside(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 4, { 1, 1, 3, 1 }, NULL, 0, 1.0f, 0, 0 },
        { THM_INT8, 4, { 1, 1, 2, 1 }, NULL, 0, 1.0f, 0, 0 },
    };
    static const struct build_op op[] = { { 1, 1, { 0 }, 1, 5, "144441", { 0, 2, 1, 2, 1, 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I8(1, 2, -7), NULL, I8(2, -7)); /* 1.5 rounds away from zero */
}

static void pool__max_takes_the_largest(void **state)
{
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 4, { 1, 1, 4, 1 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 4, { 1, 1, 2, 1 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 17, 1, { 0 }, 1, 5, "144441", { 1, 2, 1, 2, 1, 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, F32(-3, -2, 8, 1), NULL, F32(-2, 8));
}

static void softmax__of_equal_values_is_even(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 1, 4 }, NULL, 0, 0.5f, 3, 0 },
        { THM_INT8, 2, { 1, 4 }, NULL, 0, 1.0f / 256, -128, 0 },
    };
    static struct build_op op[] = { { 25, 1, { 0 }, 1, 9, "4", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    op[0].value[0] = float_bits(1.0f);
    bench_expect(&n, I8(9, 9, 9, 9), NULL, I8(-64, -64, -64, -64));
    bench_expect(&n, I8(127, -128, -128, -128), NULL, I8(127, -128, -128, -128));
}

/* The reference aborts there: the reciprocal of the sum cannot be shifted any further. */
static void softmax__a_row_whose_sum_is_too_large_fails_when_it_runs(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 1, 512 }, NULL, 0, 0.5f, 0, 0 },
        { THM_INT8, 2, { 1, 512 }, NULL, 0, 1.0f / 256, -128, 0 },
    };
    static struct build_op op[] = { { 25, 1, { 0 }, 1, 9, "4", { 0 } } };
    static struct bench b;
    struct thm_tensor in;
    NET(n, t, op, 1);
    (void)state;
    op[0].value[0] = float_bits(1.0f);
    assert_int_equal(bench_build(&b, &n), THM_NN_OK);
    thm_interpreter_input(&b.it, 0, &in);
    memset(in.data, 0, in.bytes);
    assert_int_equal(thm_interpreter_invoke(&b.it, &b.diag), THM_NN_EINVOKE);
    memset(in.data, -128, in.bytes / 2); /* half of them count */
    assert_int_equal(thm_interpreter_invoke(&b.it, &b.diag), THM_NN_OK);
}

static void add__one_value_is_broadcast(void **state)
{
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 2, { 2, 2 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 2, { 2, 1 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 2, { 2, 2 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 0, 2, { 0, 1 }, 2, 11, "11", { 3, 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, F32(1, -2, 3, 4), F32(1, 10), F32(2, 0, 6, 6)); /* RELU6 */
}

static void add__two_equal_inputs_may_spread_to_a_larger_output(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT32, 1, { 1 }, NULL, 0, 0, 0, 0 },
        { THM_INT32, 1, { 1 }, NULL, 0, 0, 0, 0 },
        { THM_INT32, 1, { 3 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 0, 2, { 0, 1 }, 2, 11, "11", { 0, 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, ((const int32_t[]){ 2 }), ((const int32_t[]){ 5 }), ((const int32_t[]){ 7, 7, 7 }));
}

static void sub__int8_rescales_both_inputs(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 3 }, NULL, 0, 1.0f, 0, 0 },
        { THM_INT8, 1, { 3 }, NULL, 0, 0.5f, 10, 0 },
        { THM_INT8, 1, { 3 }, NULL, 0, 1.0f, -1, 0 },
    };
    static const struct build_op op[] = { { 41, 2, { 0, 1 }, 2, 28, "11", { 0, 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(20, 100, -100), I8(20, -110, 110), I8(14, 127, -128));
}

static void mul__int16_needs_zero_points_of_zero(void **state)
{
    static struct build_tensor t[] = {
        { THM_INT16, 1, { 2 }, NULL, 0, 0.5f, 0, 0 },
        { THM_INT16, 1, { 2 }, NULL, 0, 0.5f, 0, 0 },
        { THM_INT16, 1, { 2 }, NULL, 0, 0.25f, 0, 0 },
    };
    static const struct build_op op[] = { { 18, 2, { 0, 1 }, 2, 21, "1", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I16(100, -300), I16(20, 400), I16(2000, -32768));
    t[1].zero = 1;
    bench_refuse(&n, THM_NN_EQUANT);
}

static void pad__int8_is_filled_with_the_zero_point(void **state)
{
    static const int32_t pads[] = { 1, 0, 0, 2 };
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 1, 2 }, NULL, 0, 1.0f, 7, 0 },
        { THM_INT32, 2, { 2, 2 }, pads, sizeof pads, 0, 0, 0 },
        { THM_INT8, 2, { 2, 4 }, NULL, 0, 1.0f, 7, 0 },
    };
    static const struct build_op op[] = { { 34, 2, { 0, 1 }, 2, 22, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I8(1, 2), NULL, I8(7, 7, 7, 7, 1, 2, 7, 7));
}

static void quantize__rounds_and_saturates(void **state)
{
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 1, { 4 }, NULL, 0, 0, 0, 0 },
        { THM_INT8, 1, { 4 }, NULL, 0, 0.5f, -10, 0 },
    };
    static const struct build_op op[] = { { 114, 1, { 0 }, 1, 89, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, F32(1.25f, -1.25f, 1e30f, -1e30f), NULL, I8(-7, -13, 127, -128));
}

static void dequantize__is_the_inverse(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT16, 1, { 2 }, NULL, 0, 0.5f, -10, 0 },
        { THM_FLOAT32, 1, { 2 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 6, 1, { 0 }, 1, 38, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I16(-9, 32767), NULL, F32(0.5f, 16388.5f));
}

static void mean__over_a_middle_axis(void **state)
{
    static const int32_t axis[] = { -2 };
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 3, { 2, 2, 2 }, NULL, 0, 0, 0, 0 },
        { THM_INT32, 1, { 1 }, axis, sizeof axis, 0, 0, 0 },
        { THM_FLOAT32, 2, { 2, 2 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 40, 2, { 0, 1 }, 2, 27, "1", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, F32(1, 2, 3, 4, 5, 6, 7, 8), NULL, F32(2, 3, 6, 7));
}

static void mean__an_axis_out_of_range_is_refused(void **state)
{
    static const int32_t axis[] = { 3 };
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 2, { 2, 2 }, NULL, 0, 0, 0, 0 },
        { THM_INT32, 1, { 1 }, axis, sizeof axis, 0, 0, 0 },
        { THM_FLOAT32, 1, { 2 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 40, 2, { 0, 1 }, 2, 27, "1", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
}

static void relu__cuts_below_zero(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 4 }, NULL, 0, 0.1f, -10, 0 },
        { THM_INT8, 1, { 4 }, NULL, 0, 0.1f, -10, 0 },
    };
    static const struct build_op relu[] = { { 19, 1, { 0 }, 1, 0, "", { 0 } } };
    static const struct build_op relu6[] = { { 21, 1, { 0 }, 1, 0, "", { 0 } } };
    NET(a, t, relu, 1);
    NET(b, t, relu6, 1);
    (void)state;
    bench_expect(&a, I8(-128, -10, 0, 127), NULL, I8(-10, -10, 0, 127));
    bench_expect(&b, I8(-128, -10, 0, 127), NULL, I8(-10, -10, 0, 50));
}

static void leaky_relu__scales_what_is_negative(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 3 }, NULL, 0, 0.5f, 0, 0 },
        { THM_INT8, 1, { 3 }, NULL, 0, 0.5f, 1, 0 },
    };
    static struct build_op op[] = { { 98, 1, { 0 }, 1, 75, "4", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    op[0].value[0] = float_bits(0.25f);
    bench_expect(&n, I8(-40, 0, 40), NULL, I8(-9, 1, 41));
}

static void logistic_and_tanh__of_zero_are_a_half_and_zero(void **state)
{
    static const struct build_tensor l[] = { { THM_INT8, 1, { 3 }, NULL, 0, 0.1f, 5, 0 },
                                             { THM_INT8, 1, { 3 }, NULL, 0, 1.0f / 256, -128, 0 } };
    static const struct build_tensor h[] = { { THM_INT16, 1, { 3 }, NULL, 0, 1.0f / 4096, 0, 0 },
                                             { THM_INT16, 1, { 3 }, NULL, 0, 1.0f / 32768, 0, 0 } };
    static const struct build_op logistic[] = { { 14, 1, { 0 }, 1, 0, "", { 0 } } };
    static const struct build_op tanh_op[] = { { 28, 1, { 0 }, 1, 0, "", { 0 } } };
    NET(a, l, logistic, 1);
    NET(b, h, tanh_op, 1);
    (void)state;
    bench_expect(&a, I8(5, -128, 127), NULL, I8(0, -128, 127));
    bench_expect(&b, I16(0, 32767, -32768), NULL, I16(0, 32767, -32767));
}

static void concatenation__along_the_last_axis(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 2, 1 }, NULL, 0, 1.0f, 0, 0 },
        { THM_INT8, 2, { 2, 2 }, NULL, 0, 1.0f, 0, 0 },
        { THM_INT8, 2, { 2, 3 }, NULL, 0, 1.0f, 0, 0 },
    };
    static const struct build_op op[] = { { 2, 2, { 0, 1 }, 2, 10, "41", { -1, 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 2), I8(3, 4, 5, 6), I8(1, 3, 4, 2, 5, 6));
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(conv__pads_strides_and_adds_the_bias),
        T(conv__int8_counts_padding_as_the_zero_point),
        T(conv__groups_see_their_own_channels),
        T(conv__a_float_input_with_an_int8_filter_is_refused),
        T(depthwise__multiplier_makes_several_channels_of_one),
        T(pool__average_counts_only_what_is_inside),
        T(pool__max_takes_the_largest),
        T(softmax__of_equal_values_is_even),
        T(softmax__a_row_whose_sum_is_too_large_fails_when_it_runs),
        T(add__one_value_is_broadcast),
        T(add__two_equal_inputs_may_spread_to_a_larger_output),
        T(sub__int8_rescales_both_inputs),
        T(mul__int16_needs_zero_points_of_zero),
        T(pad__int8_is_filled_with_the_zero_point),
        T(quantize__rounds_and_saturates),
        T(dequantize__is_the_inverse),
        T(mean__over_a_middle_axis),
        T(mean__an_axis_out_of_range_is_refused),
        T(relu__cuts_below_zero),
        T(leaky_relu__scales_what_is_negative),
        T(logistic_and_tanh__of_zero_are_a_half_and_zero),
        T(concatenation__along_the_last_axis),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
