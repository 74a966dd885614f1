/* Operators that move elements around: what the reference's vectors do not show, above all indices that lead astray. */
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

/* Allocation succeeds, the run fails with `want` and says why. */
static void bench_fails(const struct net *n, const void *in0, const void *in1, enum thm_nn_err want)
{
    static struct bench b;
    const void *const in[] = { in0, in1 };
    struct thm_tensor t;
    assert_int_equal(bench_build(&b, n), THM_NN_OK);
    for (uint32_t i = 0; i < 2 && in[i]; i++) {
        assert_int_equal(thm_interpreter_input(&b.it, i, &t), THM_NN_OK);
        memcpy(t.data, in[i], t.bytes);
    }
    assert_int_equal(thm_interpreter_invoke(&b.it, &b.diag), want);
    assert_non_null(b.diag.what);
}

static void transpose__of_three_dimensions(void **state)
{
    static const int32_t perm[] = { 2, 0, 1 };
    static const struct build_tensor t[] = {
        { THM_INT8, 3, { 1, 2, 3 }, RUNTIME },
        { THM_INT32, 1, { 3 }, CONST(perm) },
        { THM_INT8, 3, { 3, 1, 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 39, 2, { 0, 1 }, 2, 26, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I8(1, 2, 3, 4, 5, 6), NULL, I8(1, 4, 2, 5, 3, 6));
}

static void transpose__a_dimension_twice_or_out_of_range_is_refused(void **state)
{
    static int32_t perm[] = { 1, 1 };
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 2, 2 }, RUNTIME },
        { THM_INT32, 1, { 2 }, CONST(perm) },
        { THM_INT8, 2, { 2, 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 39, 2, { 0, 1 }, 2, 26, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
    perm[0] = 2;
    bench_refuse(&n, THM_NN_ESHAPE);
    perm[0] = INT32_MIN;
    bench_refuse(&n, THM_NN_ESHAPE);
}

static void slice__begin_and_size_are_checked_when_it_runs(void **state)
{
    static const int32_t size[] = { 2 };
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 4 }, RUNTIME },
        { THM_INT32, 1, { 1 }, RUNTIME },
        { THM_INT32, 1, { 1 }, CONST(size) },
        { THM_INT8, 1, { 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 65, 3, { 0, 1, 2 }, 3, 48, "", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 2, 3, 4), I32(2), I8(3, 4));
    bench_fails(&n, I8(1, 2, 3, 4), I32(3), THM_NN_EINVOKE);
    bench_fails(&n, I8(1, 2, 3, 4), I32(-1), THM_NN_EINVOKE);
    bench_fails(&n, I8(1, 2, 3, 4), I32(INT32_MAX), THM_NN_EINVOKE);
}

static void slice__an_output_of_another_size_is_not_written(void **state)
{
    static const int32_t begin[] = { 0 }, size[] = { -1 };
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 4 }, RUNTIME },
        { THM_INT32, 1, { 1 }, CONST(begin) },
        { THM_INT32, 1, { 1 }, CONST(size) },
        { THM_INT8, 1, { 3 }, RUNTIME },
    };
    static const struct build_op op[] = { { 65, 3, { 0, 1, 2 }, 3, 48, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_fails(&n, I8(1, 2, 3, 4), NULL, THM_NN_EINVOKE);
}

static void strided_slice__goes_backwards_and_stops_at_the_border(void **state)
{
    static const int32_t begin[] = { 100 }, end[] = { -100 }, stride[] = { -2 };
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 5 }, RUNTIME },     { THM_INT32, 1, { 1 }, CONST(begin) },
        { THM_INT32, 1, { 1 }, CONST(end) }, { THM_INT32, 1, { 1 }, CONST(stride) },
        { THM_INT8, 1, { 3 }, RUNTIME },
    };
    static const struct build_op op[] = { { 45, 4, { 0, 1, 2, 3 }, 4, 32, "44444", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I8(1, 2, 3, 4, 5), NULL, I8(5, 3, 1));
}

static void strided_slice__hostile_strides_are_refused_or_take_one(void **state)
{
    static const int32_t begin[] = { 1 }, end[] = { 5 };
    static int32_t stride[] = { 0 };
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 5 }, RUNTIME },     { THM_INT32, 1, { 1 }, CONST(begin) },
        { THM_INT32, 1, { 1 }, CONST(end) }, { THM_INT32, 1, { 1 }, CONST(stride) },
        { THM_INT8, 1, { 1 }, RUNTIME },
    };
    static const struct build_op op[] = { { 45, 4, { 0, 1, 2, 3 }, 4, 32, "44444", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
    stride[0] = INT32_MIN; /* nothing is left, the output has one */
    bench_refuse(&n, THM_NN_ESHAPE);
    stride[0] = INT32_MAX;
    bench_expect(&n, I8(1, 2, 3, 4, 5), NULL, I8(2));
}

static void split__an_axis_out_of_range_fails_when_it_runs(void **state)
{
    static int32_t axis[] = { 0 };
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 2 }, RUNTIME },
        { THM_INT32, 0, { 0 }, CONST(axis) },
        { THM_INT8, 1, { 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 49, 2, { 1, 0 }, 2, 35, "4", { 1 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I8(1, 2), NULL, I8(1, 2));
    axis[0] = 1;
    bench_fails(&n, I8(1, 2), NULL, THM_NN_ESHAPE);
    axis[0] = INT32_MIN;
    bench_fails(&n, I8(1, 2), NULL, THM_NN_ESHAPE);
}

static void split__outputs_that_are_not_the_whole_input_are_refused(void **state)
{
    static const int32_t axis[] = { 0 };
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 2 }, RUNTIME },
        { THM_INT32, 0, { 0 }, CONST(axis) },
        { THM_INT8, 1, { 3 }, RUNTIME },
    };
    static const struct build_op op[] = { { 49, 2, { 1, 0 }, 2, 35, "4", { 1 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
}

static void pack__stacks_along_a_new_last_dimension(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 3 }, RUNTIME },
        { THM_INT8, 1, { 3 }, RUNTIME },
        { THM_INT8, 2, { 3, 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 83, 2, { 0, 1 }, 2, 59, "44", { 2, -1 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 2, 3), I8(4, 5, 6), I8(1, 4, 2, 5, 3, 6));
}

static void pack__a_count_that_is_not_the_number_of_inputs_is_refused(void **state)
{
    static const struct build_tensor t[] = { { THM_INT8, 1, { 3 }, RUNTIME }, { THM_INT8, 2, { 3, 2 }, RUNTIME } };
    static const struct build_op op[] = { { 83, 1, { 0 }, 1, 59, "44", { 2, -1 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
}

static void gather__positions_are_checked_when_it_runs(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 2, 2 }, RUNTIME },
        { THM_INT32, 1, { 2 }, RUNTIME },
        { THM_INT8, 2, { 2, 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 36, 2, { 0, 1 }, 2, 23, "44", { 1, 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 2, 3, 4), I32(1, 0), I8(2, 1, 4, 3));
    bench_fails(&n, I8(1, 2, 3, 4), I32(0, 2), THM_NN_EINVOKE);
    bench_fails(&n, I8(1, 2, 3, 4), I32(-1, 0), THM_NN_EINVOKE);
}

static void gather_nd__indices_are_checked_when_it_runs(void **state)
{
    static const struct build_tensor t[] = {
        { THM_FLOAT32, 2, { 2, 2 }, RUNTIME },
        { THM_INT32, 2, { 1, 2 }, RUNTIME },
        { THM_FLOAT32, 1, { 1 }, RUNTIME },
    };
    static const struct build_op op[] = { { 107, 2, { 0, 1 }, 2, 83, "", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, F32(1, 2, 3, 4), I32(1, 0), F32(3));
    bench_fails(&n, F32(1, 2, 3, 4), I32(0, 2), THM_NN_EINVOKE); /* inside the data, but not of that row */
    bench_fails(&n, F32(1, 2, 3, 4), I32(1, -1), THM_NN_EINVOKE);
}

static void embedding_lookup__a_row_out_of_range_fails_when_it_runs(void **state)
{
    static const int8_t table[] = { 1, 2, 3, 4 };
    static const struct build_tensor t[] = {
        { THM_INT32, 1, { 2 }, RUNTIME },
        { THM_INT8, 2, { 2, 2 }, table, sizeof table, 0.5f, 0, 0 },
        { THM_FLOAT32, 2, { 2, 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 7, 2, { 0, 1 }, 2, 0, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I32(1, 0), NULL, F32(1.5f, 2.0f, 0.5f, 1.0f));
    bench_fails(&n, I32(0, 2), NULL, THM_NN_EINVOKE);
    bench_fails(&n, I32(0, -1), NULL, THM_NN_EINVOKE);
}

static void fill__constant_dimensions_must_be_the_outputs(void **state)
{
    static const int32_t dims[] = { 3 };
    static const struct build_tensor t[] = {
        { THM_INT8, 0, { 0 }, RUNTIME },
        { THM_INT32, 1, { 1 }, CONST(dims) },
        { THM_INT8, 1, { 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 94, 2, { 1, 0 }, 2, 0, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_refuse(&n, THM_NN_ESHAPE);
}

static void broadcast_to__repeats_along_both_dimensions(void **state)
{
    static const int32_t shape[] = { 2, 2, 2 };
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 2, 1 }, RUNTIME },
        { THM_INT32, 1, { 3 }, CONST(shape) },
        { THM_INT8, 3, { 2, 2, 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 130, 2, { 0, 1 }, 2, 0, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, I8(7, 8), NULL, I8(7, 7, 8, 8, 7, 7, 8, 8));
}

static void broadcast_args__shapes_that_do_not_go_together_fail(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT32, 1, { 1 }, RUNTIME },
        { THM_INT32, 1, { 2 }, RUNTIME },
        { THM_INT32, 1, { 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 145, 2, { 0, 1 }, 2, 0, "", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I32(3), I32(2, 1), I32(2, 3));
    bench_fails(&n, I32(3), I32(2, 2), THM_NN_EINVOKE);
}

static void space_to_batch__a_block_of_zero_fails_when_it_runs(void **state)
{
    static const int32_t paddings[] = { 0, 1 };
    static const struct build_tensor t[] = {
        { THM_INT8, 3, { 1, 3, 1 }, RUNTIME },
        { THM_INT32, 1, { 1 }, RUNTIME },
        { THM_INT32, 2, { 1, 2 }, CONST(paddings) },
        { THM_INT8, 3, { 2, 2, 1 }, RUNTIME },
    };
    static const struct build_op op[] = { { 38, 3, { 0, 1, 2 }, 3, 0, "", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 2, 3), I32(2), I8(1, 3, 2, 0));
    bench_fails(&n, I8(1, 2, 3), I32(0), THM_NN_EINVOKE);
    bench_fails(&n, I8(1, 2, 3), I32(INT32_MIN), THM_NN_EINVOKE);
    bench_expect(&n, I8(1, 2, 3), I32(INT32_MAX), I8(1, 0, 2, 0)); /* the second row lies beyond the image */
}

static void space_to_depth__hostile_block_sizes_are_refused(void **state)
{
    static struct build_op op[] = { { 26, 1, { 0 }, 1, 19, "4", { 0 } } };
    static const struct build_tensor t[] = {
        { THM_INT8, 4, { 1, 2, 2, 1 }, RUNTIME },
        { THM_INT8, 4, { 1, 1, 1, 4 }, RUNTIME },
    };
    static const int32_t blocks[] = { 0, -2, 1, 65536, INT32_MIN, INT32_MAX };
    NET(n, t, op, 1);
    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        op[0].value[0] = blocks[i];
        bench_refuse(&n, THM_NN_ESHAPE);
    }
    op[0].value[0] = 2;
    bench_expect(&n, I8(1, 2, 3, 4), NULL, I8(1, 2, 3, 4));
}

static void reverse__axes_must_lie_side_by_side(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 3, { 1, 2, 2 }, RUNTIME },
        { THM_INT32, 1, { 2 }, RUNTIME },
        { THM_INT8, 3, { 1, 2, 2 }, RUNTIME },
    };
    static const struct build_op op[] = { { 105, 2, { 0, 1 }, 2, 81, "", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 2, 3, 4), I32(2, 1), I8(4, 3, 2, 1));
    bench_fails(&n, I8(1, 2, 3, 4), I32(0, 2), THM_NN_EINVOKE);
    bench_fails(&n, I8(1, 2, 3, 4), I32(1, 1), THM_NN_EINVOKE);
    bench_fails(&n, I8(1, 2, 3, 4), I32(1, 3), THM_NN_EINVOKE);
}

static void mirror_pad__more_than_there_is_to_mirror_fails(void **state)
{
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 2 }, RUNTIME },
        { THM_INT32, 2, { 1, 2 }, RUNTIME },
        { THM_INT8, 1, { 4 }, RUNTIME },
    };
    static const struct build_op op[] = { { 100, 2, { 0, 1 }, 2, 77, "1", { 0 } } }; /* REFLECT */
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 2), I32(1, 1), I8(2, 1, 2, 1));
    bench_fails(&n, I8(1, 2), I32(2, 0), THM_NN_EINVOKE);
    bench_fails(&n, I8(1, 2), I32(-1, 3), THM_NN_EINVOKE);
    bench_fails(&n, I8(1, 2), I32(1, 0), THM_NN_EINVOKE); /* not the output's size */
}

static void dynamic_update_slice__a_start_outside_is_moved_inside(void **state)
{
    static const int8_t update[] = { 8, 9 };
    static const struct build_tensor t[] = {
        { THM_INT8, 1, { 4 }, RUNTIME },
        { THM_INT32, 1, { 1 }, RUNTIME },
        { THM_INT8, 1, { 2 }, CONST(update) },
        { THM_INT8, 1, { 4 }, RUNTIME },
    };
    static const struct build_op op[] = { { 151, 3, { 0, 2, 1 }, 3, 0, "", { 0 } } };
    NET(n, t, op, 2);
    (void)state;
    bench_expect(&n, I8(1, 2, 3, 4), I32(INT32_MAX), I8(1, 2, 8, 9));
    bench_expect(&n, I8(1, 2, 3, 4), I32(INT32_MIN), I8(8, 9, 3, 4));
}

static void squeeze__the_output_must_be_what_remains(void **state)
{
    static const struct build_tensor good[] = { { THM_INT8, 3, { 1, 2, 1 }, RUNTIME },
                                                { THM_INT8, 1, { 2 }, RUNTIME } };
    static const struct build_tensor bad[] = { { THM_INT8, 3, { 1, 2, 1 }, RUNTIME }, { THM_INT8, 1, { 3 }, RUNTIME } };
    static const struct build_op op[] = { { 43, 1, { 0 }, 1, 30, "", { 0 } } };
    NET(a, good, op, 1);
    NET(b, bad, op, 1);
    (void)state;
    bench_expect(&a, I8(5, 6), NULL, I8(5, 6));
    bench_refuse(&b, THM_NN_ESHAPE);
}

static void empty_tensors__are_moved_without_harm(void **state)
{
    static const int32_t axis[] = { 1 };
    static const struct build_tensor t[] = {
        { THM_INT8, 2, { 0, INT32_MAX }, RUNTIME },
        { THM_INT32, 1, { 1 }, CONST(axis) },
        { THM_INT8, 2, { 0, INT32_MAX }, RUNTIME },
    };
    static const struct build_op op[] = { { 105, 2, { 0, 1 }, 2, 81, "", { 0 } } };
    NET(n, t, op, 1);
    (void)state;
    bench_expect(&n, NULL, NULL, I8(0));
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(transpose__of_three_dimensions),
        T(transpose__a_dimension_twice_or_out_of_range_is_refused),
        T(slice__begin_and_size_are_checked_when_it_runs),
        T(slice__an_output_of_another_size_is_not_written),
        T(strided_slice__goes_backwards_and_stops_at_the_border),
        T(strided_slice__hostile_strides_are_refused_or_take_one),
        T(split__an_axis_out_of_range_fails_when_it_runs),
        T(split__outputs_that_are_not_the_whole_input_are_refused),
        T(pack__stacks_along_a_new_last_dimension),
        T(pack__a_count_that_is_not_the_number_of_inputs_is_refused),
        T(gather__positions_are_checked_when_it_runs),
        T(gather_nd__indices_are_checked_when_it_runs),
        T(embedding_lookup__a_row_out_of_range_fails_when_it_runs),
        T(fill__constant_dimensions_must_be_the_outputs),
        T(broadcast_to__repeats_along_both_dimensions),
        T(broadcast_args__shapes_that_do_not_go_together_fail),
        T(space_to_batch__a_block_of_zero_fails_when_it_runs),
        T(space_to_depth__hostile_block_sizes_are_refused),
        T(reverse__axes_must_lie_side_by_side),
        T(mirror_pad__more_than_there_is_to_mirror_fails),
        T(dynamic_update_slice__a_start_outside_is_moved_inside),
        T(squeeze__the_output_must_be_what_remains),
        T(empty_tensors__are_moved_without_harm),
    };
    return cmocka_run_group_tests_name("move", tests, NULL, NULL);
}
