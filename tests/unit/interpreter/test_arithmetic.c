/* Operators with several inputs: what the golden vectors leave open. */
#include "tests/unit/interpreter/ops.h"

/* An operator with two inputs and one output, without options. */
#define BINARY(name, code, a, b, out)                                                      \
    static const struct build_tensor name##_t[] = { a, b, out };                           \
    static const struct build_op name##_op[] = { { code, 2, { 0, 1 }, 2, 0, "", { 0 } } }; \
    NET(name, name##_t, name##_op, 2)

enum {
    DIV = 42,
    PRELU = 54,
    MAXIMUM = 55,
    MINIMUM = 57,
    LESS = 58,
    GREATER = 61,
    EQUAL = 71,
    LOGICAL_OR = 84,
    LOGICAL_AND = 86,
    FLOOR_DIV = 90,
    FLOOR_MOD = 95,
    SQUARED_DIFFERENCE = 99,
    ADD_N = 106,
    SELECT_V2 = 123,
    CUMSUM = 128
};

static void floor_mod__takes_the_sign_of_the_divisor(void **state)
{
    BINARY(n, FLOOR_MOD, ROW(THM_FLOAT32, 4), ROW(THM_FLOAT32, 4), ROW(THM_FLOAT32, 4));
    (void)state;
    bench_expect(&n, F32(7, -7, 7, -7), F32(3, 3, -3, -3), F32(1, 2, -2, -1));
}

static void floor_div__by_zero_fails_when_it_runs(void **state)
{
    BINARY(n, FLOOR_DIV, ROW(THM_FLOAT32, 2), ROW(THM_FLOAT32, 1), ROW(THM_FLOAT32, 2));
    (void)state;
    bench_expect(&n, F32(7, -7), F32(2), F32(3, -4));
    bench_fail(&n, F32(7, -7), F32(-0.0f), THM_NN_EINVOKE);
}

static void div__of_integers_by_zero_fails_when_it_runs(void **state)
{
    BINARY(n, DIV, ROW(THM_INT32, 2), ROW(THM_INT32, 2), ROW(THM_INT32, 2));
    BINARY(q, DIV, QROW(THM_INT8, 2, 1.0f, 0), QROW(THM_INT8, 2, 1.0f, 3), QROW(THM_INT8, 2, 1.0f, 0));
    (void)state;
    bench_expect(&n, I32(-7, INT32_MIN), I32(2, -1), I32(-3, INT32_MIN)); /* the one overflow wraps */
    bench_fail(&n, I32(1, 1), I32(1, 0), THM_NN_EINVOKE);
    bench_fail(&q, I8(1, 1), I8(4, 3), THM_NN_EINVOKE);
}

static void div__int8_saturates_whatever_the_scales(void **state)
{
    BINARY(large, DIV, QROW(THM_INT8, 3, 1.0f, 0), QROW(THM_INT8, 1, 1e-4f, 0), QROW(THM_INT8, 3, 1e-5f, 0));
    BINARY(small, DIV, QROW(THM_INT8, 3, 1e-4f, 0), QROW(THM_INT8, 1, 1.0f, 0), QROW(THM_INT8, 3, 1e5f, 0));
    BINARY(none, DIV, QROW(THM_INT8, 3, 1.0f, 0), ROW(THM_INT8, 1), QROW(THM_INT8, 3, 1.0f, 0));
    BINARY(zero, DIV, QROW(THM_INT8, 3, 1.0f, 128), QROW(THM_INT8, 1, 1.0f, 0), QROW(THM_INT8, 3, 1.0f, 0));
    (void)state;
    bench_expect(&large, I8(-1, 0, 100), I8(1), I8(-128, 0, 127));
    bench_expect(&small, I8(-1, 0, 100), I8(1), I8(0, 0, 0));
    bench_refuse(&none, THM_NN_EQUANT);
    bench_refuse(&zero, THM_NN_EQUANT);
}

static void maximum__shapes_that_do_not_go_together_are_refused(void **state)
{
    BINARY(n, MAXIMUM, ROW(THM_INT32, 2), ROW(THM_INT32, 3), ROW(THM_INT32, 3));
    BINARY(small, MAXIMUM, ROW(THM_INT32, 3), ROW(THM_INT32, 3), ROW(THM_INT32, 2));
    BINARY(type, MINIMUM, ROW(THM_INT32, 3), ROW(THM_INT32, 3), ROW(THM_INT64, 3));
    BINARY(bool_type, MINIMUM, ROW(THM_BOOL, 3), ROW(THM_BOOL, 3), ROW(THM_BOOL, 3));
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
    bench_refuse(&small, THM_NN_ESHAPE);
    bench_refuse(&type, THM_NN_ETYPE);
    bench_fail(&bool_type, NULL, NULL, THM_NN_ETYPE);
}

static void comparison__int64_sees_all_bits(void **state)
{
    static const int64_t limit[1] = { INT64_C(1) << 40 };
    static const struct build_tensor t[] = {
        ROW(THM_INT64, 3),
        { THM_INT64, 1, { 1 }, limit, sizeof limit, 0, 0, 0 },
        ROW(THM_BOOL, 3),
    };
    static const struct build_op op[] = { { LESS, 2, { 0, 1 }, 2, 0, "", { 0 } } };
    NET(n, t, op, 1);
    const int64_t in[3] = { 1, INT64_C(1) << 40, -(INT64_C(1) << 41) };
    (void)state;
    bench_expect(&n, in, NULL, U8(1, 0, 1));
}

static void comparison__a_scale_of_one_or_an_output_that_is_not_bool_is_refused(void **state)
{
    BINARY(scale, GREATER, QROW(THM_INT8, 1, 0.5f, 0), QROW(THM_INT8, 1, 1.0f, 0), ROW(THM_BOOL, 1));
    BINARY(output, GREATER, QROW(THM_INT8, 1, 0.5f, 0), QROW(THM_INT8, 1, 0.5f, 0), ROW(THM_INT8, 1));
    BINARY(type, LESS, QROW(THM_INT16, 1, 0.5f, 0), QROW(THM_INT16, 1, 0.5f, 0), ROW(THM_BOOL, 1));
    BINARY(mixed, EQUAL, ROW(THM_INT32, 1), ROW(THM_INT64, 1), ROW(THM_BOOL, 1));
    (void)state;
    bench_refuse(&scale, THM_NN_EQUANT);
    bench_refuse(&output, THM_NN_ETYPE);
    bench_fail(&type, NULL, NULL, THM_NN_ETYPE);
    bench_refuse(&mixed, THM_NN_ETYPE);
}

static void logical__every_byte_but_0_is_true(void **state)
{
    BINARY(both, LOGICAL_AND, ROW(THM_BOOL, 3), ROW(THM_BOOL, 3), ROW(THM_BOOL, 3));
    BINARY(any, LOGICAL_OR, ROW(THM_BOOL, 3), ROW(THM_BOOL, 3), ROW(THM_BOOL, 3));
    BINARY(type, LOGICAL_OR, ROW(THM_INT8, 3), ROW(THM_INT8, 3), ROW(THM_INT8, 3));
    (void)state;
    bench_expect(&both, U8(2, 4, 0), U8(4, 0, 0), U8(1, 0, 0));
    bench_expect(&any, U8(2, 4, 0), U8(4, 0, 0), U8(1, 1, 0));
    bench_refuse(&type, THM_NN_ETYPE);
}

static void prelu__int16_takes_an_int8_slope_for_each_channel(void **state)
{
    BINARY(n, PRELU, ((struct build_tensor){ THM_INT16, 2, { 2, 2 }, NULL, 0, 1.0f, 0, 0 }), QROW(THM_INT8, 2, 0.5f, 0),
           ((struct build_tensor){ THM_INT16, 2, { 2, 2 }, NULL, 0, 1.0f, 0, 0 }));
    BINARY(wide, PRELU, QROW(THM_INT16, 2, 1.0f, 0), QROW(THM_INT16, 2, 0.5f, 0), QROW(THM_INT16, 2, 1.0f, 0));
    (void)state;
    bench_expect(&n, I16(-100, -100, 7, -1000), I8(2, 1), I16(-100, -50, 7, -500));
    bench_refuse(&wide, THM_NN_ETYPE);
}

static void squared_difference__int8_needs_int8_zero_points(void **state)
{
    BINARY(n, SQUARED_DIFFERENCE, QROW(THM_INT8, 2, 1.0f, 0), QROW(THM_INT8, 1, 1.0f, 0),
           QROW(THM_INT8, 2, 1.0f, -100));
    BINARY(zero, SQUARED_DIFFERENCE, QROW(THM_INT8, 2, 1.0f, 128), QROW(THM_INT8, 2, 1.0f, 0),
           QROW(THM_INT8, 2, 1.0f, 0));
    BINARY(i32, SQUARED_DIFFERENCE, ROW(THM_INT32, 2), ROW(THM_INT32, 2), ROW(THM_INT32, 2));
    (void)state;
    bench_expect(&n, I8(5, -5), I8(7), I8(-96, 44));
    bench_refuse(&zero, THM_NN_EQUANT);
    bench_expect(&i32, I32(3, INT32_MIN), I32(5, 1), I32(4, 1)); /* wraps */
}

static void select__each_input_spreads_by_itself(void **state)
{
    static const int8_t no[2] = { 7, 8 };
    static const struct build_tensor t[] = {
        { THM_BOOL, 2, { 2, 1 }, NULL, 0, 0, 0, 0 },
        { THM_INT8, 1, { 1 }, NULL, 0, 0, 0, 0 },
        { THM_INT8, 1, { 2 }, no, sizeof no, 0, 0, 0 },
        { THM_INT8, 2, { 2, 2 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { SELECT_V2, 3, { 0, 1, 2 }, 3, 0, "", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, U8(0, 3), I8(9), I8(7, 8, 9, 9));
}

static void select__a_shape_that_does_not_spread_is_refused(void **state)
{
#define FOUR(condition, value)         \
    {                                  \
        condition, value, value, value \
    }
    static const struct build_tensor t[] = FOUR(ROW(THM_BOOL, 3), ROW(THM_INT8, 2));
    static const struct build_tensor i[] = FOUR(ROW(THM_INT8, 2), ROW(THM_INT8, 2));
    static const struct build_tensor u[] = FOUR(ROW(THM_BOOL, 2), ROW(THM_UINT8, 2));
    static const struct build_op op[] = { { SELECT_V2, 3, { 0, 1, 2 }, 3, 0, "", { 0 } } };
    NET(shape, t, op, 2);
    NET(condition, i, op, 2);
    NET(type, u, op, 2);
    (void)state;
    bench_refuse(&shape, THM_NN_ESHAPE);
    bench_refuse(&condition, THM_NN_ETYPE);
    bench_fail(&type, NULL, NULL, THM_NN_ETYPE);
}

static void add_n__inputs_of_different_scale_are_refused(void **state)
{
    BINARY(scale, ADD_N, QROW(THM_INT8, 2, 1.0f, 0), QROW(THM_INT8, 2, 0.5f, 0), QROW(THM_INT8, 2, 1.0f, 0));
    BINARY(shape, ADD_N, ROW(THM_FLOAT32, 2), ROW(THM_FLOAT32, 1), ROW(THM_FLOAT32, 2));
    BINARY(output, ADD_N, ROW(THM_FLOAT32, 2), ROW(THM_FLOAT32, 2), ROW(THM_FLOAT32, 3));
    (void)state;
    bench_refuse(&scale, THM_NN_EQUANT);
    bench_refuse(&shape, THM_NN_ESHAPE);
    bench_refuse(&output, THM_NN_ESHAPE);
}

static void add_n__int8_of_more_than_one_block(void **state)
{
    BINARY(n, ADD_N, QROW(THM_INT8, 70, 1.0f, 0), QROW(THM_INT8, 70, 1.0f, 0), QROW(THM_INT8, 70, 1.0f, 0));
    int8_t a[70], b[70], sum[70];
    (void)state;
    for (int i = 0; i < 70; i++) {
        a[i] = (int8_t)(i - 30);
        b[i] = (int8_t)(3 * i - 100);
        sum[i] = (int8_t)(a[i] + b[i] < -128 ? -128 : a[i] + b[i] > 127 ? 127 : a[i] + b[i]);
    }
    bench_expect(&n, a, b, sum);
}

/* The axis comes at run time. */
#define CUMSUM_NET(name, in, axis, out, exclusive, reverse)                                                       \
    static const struct build_tensor name##_t[] = { in, axis, out };                                              \
    static const struct build_op name##_op[] = { { CUMSUM, 2, { 0, 1 }, 2, 102, "11", { exclusive, reverse } } }; \
    NET(name, name##_t, name##_op, 2)
#define SQUARE_F32                                 \
    {                                              \
        THM_FLOAT32, 2, { 2, 2 }, NULL, 0, 0, 0, 0 \
    }

static void cumsum__along_either_axis_and_direction(void **state)
{
    CUMSUM_NET(n, SQUARE_F32, ROW(THM_INT32, 1), SQUARE_F32, 0, 0);
    CUMSUM_NET(back, SQUARE_F32, ROW(THM_INT32, 1), SQUARE_F32, 1, 1);
    (void)state;
    bench_expect(&n, F32(1, 2, 3, 4), I32(0), F32(1, 2, 4, 6));
    bench_expect(&n, F32(1, 2, 3, 4), I32(-1), F32(1, 3, 3, 7));
    bench_expect(&back, F32(1, 2, 3, 4), I32(1), F32(2, 0, 4, 0));
}

static void cumsum__an_axis_out_of_range_fails_when_it_runs(void **state)
{
    CUMSUM_NET(n, SQUARE_F32, ROW(THM_INT32, 1), SQUARE_F32, 0, 0);
    (void)state;
    bench_fail(&n, F32(1, 2, 3, 4), I32(2), THM_NN_EINVOKE);
    bench_fail(&n, F32(1, 2, 3, 4), I32(-3), THM_NN_EINVOKE);
    bench_fail(&n, F32(1, 2, 3, 4), I32(INT32_MIN), THM_NN_EINVOKE);
}

static void cumsum__an_axis_that_is_not_one_int32_is_refused(void **state)
{
    CUMSUM_NET(two, SQUARE_F32, ROW(THM_INT32, 2), SQUARE_F32, 0, 0);
    CUMSUM_NET(type, SQUARE_F32, ROW(THM_INT8, 1), SQUARE_F32, 0, 0);
    CUMSUM_NET(shape, SQUARE_F32, ROW(THM_INT32, 1), ROW(THM_FLOAT32, 4), 0, 0);
    (void)state;
    bench_refuse(&two, THM_NN_ESHAPE);
    bench_refuse(&type, THM_NN_ESHAPE);
    bench_refuse(&shape, THM_NN_ESHAPE);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(floor_mod__takes_the_sign_of_the_divisor),
        T(floor_div__by_zero_fails_when_it_runs),
        T(div__of_integers_by_zero_fails_when_it_runs),
        T(div__int8_saturates_whatever_the_scales),
        T(maximum__shapes_that_do_not_go_together_are_refused),
        T(comparison__int64_sees_all_bits),
        T(comparison__a_scale_of_one_or_an_output_that_is_not_bool_is_refused),
        T(logical__every_byte_but_0_is_true),
        T(prelu__int16_takes_an_int8_slope_for_each_channel),
        T(squared_difference__int8_needs_int8_zero_points),
        T(select__each_input_spreads_by_itself),
        T(select__a_shape_that_does_not_spread_is_refused),
        T(add_n__inputs_of_different_scale_are_refused),
        T(add_n__int8_of_more_than_one_block),
        T(cumsum__along_either_axis_and_direction),
        T(cumsum__an_axis_out_of_range_fails_when_it_runs),
        T(cumsum__an_axis_that_is_not_one_int32_is_refused),
    };
    return cmocka_run_group_tests_name("arithmetic", tests, NULL, NULL);
}
