/* TRANSPOSE_CONV, BATCH_MATMUL, L2_POOL_2D, and variants of the convolutions, on numbers worked out by hand. */
#include "tests/unit/interpreter/builder.h"

#define NET(name, tensors, ops, n_in)                                             \
    static const struct net name = { tensors, sizeof tensors / sizeof tensors[0], \
                                     ops,     sizeof ops / sizeof ops[0],         \
                                     n_in,    { 0, 1 },                           \
                                     1,       { sizeof tensors / sizeof tensors[0] - 1 } }

#define F32(...) ((const float[]){ __VA_ARGS__ })
#define I16(...) ((const int16_t[]){ __VA_ARGS__ })

static const int32_t shape[4] = { 1, 1, 4, 1 };
static const float spread[2] = { 1, 10 };
static const struct build_tensor transpose_tensors[] = {
    { THM_FLOAT32, 4, { 1, 1, 2, 1 }, NULL, 0, 0, 0, 0 },
    { THM_INT32, 1, { 4 }, shape, 16, 0, 0, 0 },
    { THM_FLOAT32, 4, { 1, 1, 2, 1 }, spread, 8, 0, 0, 0 },
    { THM_FLOAT32, 4, { 1, 1, 4, 1 }, NULL, 0, 0, 0, 0 },
};
static const struct build_op transpose_op = { 67, 3, { 1, 2, 0 }, 3, 49, "14411", { 1, 2, 1, 0, 0 } };

static void transpose_conv__every_input_spreads_over_its_window(void **state)
{
    static const struct build_op op[] = { { 67, 3, { 1, 2, 0 }, 3, 49, "14411", { 1, 2, 1, 0, 0 } } };
    NET(n, transpose_tensors, op, 1);
    (void)state;
    bench_expect(&n, F32(1, 2), NULL, F32(1, 10, 2, 20));
}

static void transpose_conv__int16_takes_a_bias_of_16_bits(void **state)
{
    static const int8_t filter[2] = { 1, 10 };
    static const int16_t bias[1] = { -3 };
    static const struct build_tensor t[] = {
        { THM_INT16, 4, { 1, 1, 2, 1 }, NULL, 0, 1.0f, 0, 0 },  { THM_INT32, 1, { 4 }, shape, 16, 0, 0, 0 },
        { THM_INT8, 4, { 1, 1, 2, 1 }, filter, 2, 1.0f, 0, 0 }, { THM_INT16, 1, { 1 }, bias, 2, 1.0f, 0, 0 },
        { THM_INT16, 4, { 1, 1, 3, 1 }, NULL, 0, 1.0f, 0, 0 },
    };
    static const struct build_op op[] = { { 67, 4, { 1, 2, 0, 3 }, 4, 49, "14411", { 1, 1, 1, 0, 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I16(1, 2), NULL, I16(-2, 9, 17));
}

static void refuse_transpose(int which, struct build_tensor t, enum thm_nn_err want)
{
    struct build_tensor tensors[4];
    const struct net n = { tensors, 4, &transpose_op, 1, 1, { 0 }, 1, { 3 } };
    memcpy(tensors, transpose_tensors, sizeof tensors);
    tensors[which] = t;
    bench_refuse(&n, want);
}

static void transpose_conv__shapes_or_strides_that_lead_outside_are_refused(void **state)
{
    struct build_op op = transpose_op;
    const struct net n = { transpose_tensors, 4, &op, 1, 1, { 0 }, 1, { 3 } };
    static const int32_t wrong[] = { 0, -1, 0x7fffffff };
    (void)state;
    refuse_transpose(0, (struct build_tensor){ THM_FLOAT32, 4, { 2, 1, 2, 1 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_transpose(0, (struct build_tensor){ THM_FLOAT32, 4, { 1, 1, 2, 2 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_transpose(0, (struct build_tensor){ THM_FLOAT32, 3, { 1, 2, 1 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_transpose(3, (struct build_tensor){ THM_FLOAT32, 4, { 1, 1, 4, 2 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_transpose(3, (struct build_tensor){ THM_INT8, 4, { 1, 1, 4, 1 }, NULL, 0, 1, 0, 0 }, THM_NN_ETYPE);
    for (int i = 0; i < 3; i++) {
        op.value[1] = wrong[i];
        bench_refuse(&n, THM_NN_ESHAPE);
    }
}

static void matmul__one_matrix_is_used_for_all_batches(void **state)
{
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 3, { 2, 1, 2 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 2, { 2, 2 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 3, { 2, 1, 2 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op plain[] = { { 126, 2, { 0, 1 }, 2, 101, "111", { 0 } } };
    static const struct build_op turned[] = { { 126, 2, { 0, 1 }, 2, 101, "111", { 0, 1 } } };
    NET(a, t, plain, 2);
    NET(b, t, turned, 2);
    (void)state;
    bench_expect(&a, F32(1, 2, 3, 4), F32(1, 10, 100, 1000), F32(201, 2010, 403, 4030));
    bench_expect(&b, F32(1, 2, 3, 4), F32(1, 10, 100, 1000), F32(21, 2100, 43, 4300));
}

static void matmul__both_sides_may_be_spread(void **state)
{
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 4, { 2, 1, 1, 1 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 3, { 3, 1, 1 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 4, { 2, 3, 1, 1 }, NULL, 0, 0, 0, 0 },
    };
    static const struct build_op op[] = { { 126, 2, { 0, 1 }, 2, 101, "111", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, F32(1, 2), F32(3, 5, 7), F32(3, 5, 7, 6, 10, 14));
}

static void refuse_matmul(struct build_tensor a, struct build_tensor b, struct build_tensor out, enum thm_nn_err want)
{
    const struct build_tensor t[] = { a, b, out };
    static const struct build_op op = { 126, 2, { 0, 1 }, 2, 101, "111", { 0 } };
    const struct net n = { t, 3, &op, 1, 2, { 0, 1 }, 1, { 2 } };
    bench_refuse(&n, want);
}

#define FLOATS(rank, ...) ((struct build_tensor){ THM_FLOAT32, rank, { __VA_ARGS__ }, NULL, 0, 0, 0, 0 })
#define SHORTS(zero)      ((struct build_tensor){ THM_INT16, 2, { 1, 1 }, NULL, 0, 1.0f, zero, 0 })

static void matmul__shapes_that_do_not_go_together_are_refused(void **state)
{
    (void)state;
    refuse_matmul(FLOATS(2, 1, 2), FLOATS(2, 3, 1), FLOATS(2, 1, 1), THM_NN_ESHAPE);
    refuse_matmul(FLOATS(2, 1, 2), FLOATS(2, 2, 1), FLOATS(2, 1, 2), THM_NN_ESHAPE);
    refuse_matmul(FLOATS(3, 2, 1, 1), FLOATS(3, 3, 1, 1), FLOATS(3, 3, 1, 1), THM_NN_ESHAPE);
    refuse_matmul(FLOATS(6, 1, 1, 1, 1, 1, 1), FLOATS(2, 1, 1), FLOATS(6, 1, 1, 1, 1, 1, 1), THM_NN_ESHAPE);
    refuse_matmul(FLOATS(2, 65536, 0), FLOATS(2, 0, 65536), FLOATS(2, 0, 1), THM_NN_ESHAPE);
    refuse_matmul(SHORTS(0), SHORTS(1), SHORTS(0), THM_NN_EQUANT);
}

static void l2_pool__is_the_root_of_the_mean_square(void **state)
{
    static const struct build_tensor t[] = { { THM_FLOAT32, 4, { 1, 1, 4, 1 }, NULL, 0, 0, 0, 0 },
                                             { THM_FLOAT32, 4, { 1, 1, 2, 1 }, NULL, 0, 0, 0, 0 } };
    static const struct build_op op[] = { { 12, 1, { 0 }, 1, 5, "144441", { 1, 2, 1, 2, 1, 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, F32(1, 7, -2, 2), NULL, F32(5, 2));
}

static void l2_pool__an_output_of_another_size_is_refused(void **state)
{
    static const struct build_tensor t[] = { { THM_FLOAT32, 4, { 1, 1, 4, 1 }, NULL, 0, 0, 0, 0 },
                                             { THM_FLOAT32, 4, { 1, 1, 3, 1 }, NULL, 0, 0, 0, 0 } };
    static const struct build_op op[] = { { 12, 1, { 0 }, 1, 5, "144441", { 1, 2, 1, 2, 1, 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
}

static void fully_connected__int16_takes_a_bias_of_32_bits(void **state)
{
    static const int8_t filter[2] = { 1, 2 };
    static const int32_t bias[1] = { 5 };
    static const struct build_tensor t[] = {
        { THM_INT16, 2, { 1, 2 }, NULL, 0, 1.0f, 0, 0 },
        { THM_INT8, 2, { 1, 2 }, filter, 2, 1.0f, 0, 0 },
        { THM_INT32, 1, { 1 }, bias, 4, 1.0f, 0, 0 },
        { THM_INT16, 2, { 1, 1 }, NULL, 0, 1.0f, 0, 0 },
    };
    static const struct build_op op[] = { { 9, 3, { 0, 1, 2 }, 3, 8, "1111", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I16(100, 200), NULL, I16(505));
}

static void conv__uint8_fails_when_it_runs(void **state)
{
    static struct bench b;
    static const uint8_t filter[1] = { 1 };
    static const struct build_tensor t[] = {
        { THM_UINT8, 4, { 1, 1, 1, 1 }, NULL, 0, 1.0f, 0, 0 },
        { THM_UINT8, 4, { 1, 1, 1, 1 }, filter, 1, 1.0f, 0, 0 },
        { THM_UINT8, 4, { 1, 1, 1, 1 }, NULL, 0, 1.0f, 0, 0 },
    };
    static const struct build_op op[] = { { 3, 2, { 0, 1 }, 2, 1, "144144", { 1, 1, 1, 0, 1, 1 } } };
    NET(n, t, op, 1);
    (void)state;
    assert_int_equal(bench_build(&b, &n), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&b.it, &b.diag), THM_NN_EINVOKE);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(transpose_conv__every_input_spreads_over_its_window),
        T(transpose_conv__int16_takes_a_bias_of_16_bits),
        T(transpose_conv__shapes_or_strides_that_lead_outside_are_refused),
        T(matmul__one_matrix_is_used_for_all_batches),
        T(matmul__both_sides_may_be_spread),
        T(matmul__shapes_that_do_not_go_together_are_refused),
        T(l2_pool__is_the_root_of_the_mean_square),
        T(l2_pool__an_output_of_another_size_is_refused),
        T(fully_connected__int16_takes_a_bias_of_32_bits),
        T(conv__uint8_fails_when_it_runs),
    };
    return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
