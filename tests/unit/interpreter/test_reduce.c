/* Reductions, searches and resizing: what the reference's vectors do not show. */
#include "tests/unit/interpreter/builder.h"

#define NET(name, tensors, ops, n_in)                                             \
    static const struct net name = { tensors, sizeof tensors / sizeof tensors[0], \
                                     ops,     sizeof ops / sizeof ops[0],         \
                                     n_in,    { 0, 1, 2 },                        \
                                     1,       { sizeof tensors / sizeof tensors[0] - 1 } }
#define RUNTIME      NULL, 0, 0, 0, 0
#define CONST(array) array, sizeof array, 0, 0, 0

#define F32(...) ((const float[]){ __VA_ARGS__ })
#define I8(...)  ((const int8_t[]){ __VA_ARGS__ })
#define I32(...) ((const int32_t[]){ __VA_ARGS__ })

static enum thm_nn_err run(const struct net *n, const void *in0, const void *in1)
{
    static struct bench b;
    const void *const in[] = { in0, in1 };
    struct thm_tensor t;
    assert_int_equal(bench_build(&b, n), THM_NN_OK);
    for (uint32_t i = 0; i < 2 && in[i]; i++) {
        assert_int_equal(thm_interpreter_input(&b.it, i, &t), THM_NN_OK);
        memcpy(t.data, in[i], t.bytes);
    }
    return thm_interpreter_invoke(&b.it, &b.diag);
}

static void sum__int8_rescales_and_saturates(void **state)
{
    static const int32_t axis[] = { 1 };
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 2, 3 }, NULL, 0, 1.0f, 1, 0 },
        { THM_INT32, 1, { 1 }, CONST(axis) },
        { THM_INT8, 1, { 2 }, NULL, 0, 2.0f, -3, 0 },
    };
    static const struct build_op op[] = { { 74, 2, { 0, 1 }, 2, 27, "1", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I8(2, 3, 4, 127, 127, 127), NULL, I8(0, 127));
}

static void reduce_max__axes_may_come_at_run_time_but_not_from_outside(void **state)
{
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 2, { 2, 2 }, RUNTIME },
        { THM_INT32, 1, { 1 }, RUNTIME },
        { THM_FLOAT32, 1, { 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 82, 2, { 0, 1 }, 2, 27, "1", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, F32(1, 2, 3, -4), I32(0), F32(3, 2));
    bench_expect(&n, F32(1, 2, 3, -4), I32(-1), F32(2, 3));
    assert_int_equal(run(&n, F32(1, 2, 3, 4), I32(2)), THM_NN_EINVOKE);
    assert_int_equal(run(&n, F32(1, 2, 3, 4), I32(INT32_MIN)), THM_NN_EINVOKE);
}

static void reduce_min__int8_needs_the_same_quantisation(void **state)
{
    static const int32_t axis[] = { 0 };
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 2 }, NULL, 0, 1.0f, 1, 0 },
        { THM_INT32, 1, { 1 }, CONST(axis) },
        { THM_INT8, 0, { 0 }, NULL, 0, 1.0f, 2, 0 },
    };
    static const struct build_op op[] = { { 89, 2, { 0, 1 }, 2, 27, "1", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    assert_int_equal(run(&n, I8(1, 2), NULL), THM_NN_EQUANT);
}

static void reduce_all__of_nothing_is_true(void **state)
{
    static const int32_t axis[] = { 0 };
    static const struct build_tensor t[] = {
        { THM_BOOL, 2, { 0, 2 }, RUNTIME },
        { THM_INT32, 1, { 1 }, CONST(axis) },
        { THM_BOOL, 1, { 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 140, 2, { 0, 1 }, 2, 27, "1", { 0 } } };
    static const struct net n = { t, 3, op, 1, 0, { 0 }, 1, { 2 } };
    (void)state;
    bench_expect(&n, NULL, NULL, I8(1, 1));
}

static void arg_max__the_first_of_equal_elements_counts(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 2, 3 }, RUNTIME },
        { THM_INT32, 0, { 0 }, RUNTIME },
        { THM_INT32, 1, { 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 56, 2, { 0, 1 }, 2, 40, "1", { 2 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 5, 5, 7, 7, -7), I32(1), I32(1, 0));
    assert_int_equal(run(&n, I8(1, 5, 5, 7, 7, -7), I32(0)), THM_NN_EINVOKE); /* three results, room for two */
    assert_int_equal(run(&n, I8(1, 5, 5, 7, 7, -7), I32(-3)), THM_NN_EINVOKE);
}

static void resize_bilinear__mixes_neighbours(void **state)
{
    static const int32_t size[] = { 1, 4 };
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 4, { 1, 1, 2, 1 }, RUNTIME },
        { THM_INT32, 1, { 2 }, CONST(size) },
        { THM_FLOAT32, 4, { 1, 1, 4, 1 }, RUNTIME },
    };
    static const struct build_op op[] = { { 23, 2, { 0, 1 }, 2, 15, "4411", { 0, 0, 0, 1 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, F32(0, 8), NULL, F32(0, 2, 6, 8));
}

static void resize_nearest__an_output_of_another_size_is_refused(void **state)
{
    static const int32_t size[] = { 1, 5 };
    static const struct build_tensor t[] = {
        { THM_INT8, 4, { 1, 1, 2, 1 }, RUNTIME },
        { THM_INT32, 1, { 2 }, CONST(size) },
        { THM_INT8, 4, { 1, 1, 4, 1 }, RUNTIME },
    };
    static const struct build_op op[] = { { 97, 2, { 0, 1 }, 2, 74, "11", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(sum__int8_rescales_and_saturates),
        T(reduce_max__axes_may_come_at_run_time_but_not_from_outside),
        T(reduce_min__int8_needs_the_same_quantisation),
        T(reduce_all__of_nothing_is_true),
        T(arg_max__the_first_of_equal_elements_counts),
        T(resize_bilinear__mixes_neighbours),
        T(resize_nearest__an_output_of_another_size_is_refused),
    };
    return cmocka_run_group_tests_name("reduce", tests, NULL, NULL);
}
