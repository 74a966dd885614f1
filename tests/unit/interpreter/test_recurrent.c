/* SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM: state from one invocation to the next, and what they refuse. */
#include <math.h>
#include "tests/unit/interpreter/graphs.h"

static struct bench bench;

static enum thm_nn_err build(const struct build_tensor *tensors, int count, const struct graph_op *op)
{
    const struct graph g = { tensors, count, op, 1, 1, { 0 }, 1, { count - 1 } };
    return bench_graphs(&bench, &g, 1);
}

static void expect_next(float in, float want)
{
    bench_set(&bench, 0, &in);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    assert_float_equal(*(const float *)bench_get(&bench, 0), want, 1e-5);
}

/* One filter that remembers two steps. */
static const float svdf_feature[] = { 2 }, svdf_time[] = { 3, 5 }, svdf_bias[] = { 1 };
static const struct build_tensor svdf_tensors[] = {
    { THM_FLOAT32, 2, { 1, 1 }, NULL, 0, 0, 0, 0 },      { THM_FLOAT32, 2, { 1, 1 }, svdf_feature, 4, 0, 0, 0 },
    { THM_FLOAT32, 2, { 1, 2 }, svdf_time, 8, 0, 0, 0 }, { THM_FLOAT32, 1, { 1 }, svdf_bias, 4, 0, 0, 0 },
    { THM_FLOAT32, 2, { 1, 2 }, NULL, 0, 0, 0, 1 },      { THM_FLOAT32, 2, { 1, 1 }, NULL, 0, 0, 0, 0 },
};
static const struct graph_op svdf_op = { 27, 5, { 0, 1, 2, 3, 4 }, 1, { 5 }, 6, "41", { 1, 0 }, NULL };

static void svdf__remembers_until_it_is_reset(void **state)
{
    (void)state;
    assert_int_equal(build(svdf_tensors, 6, &svdf_op), THM_NN_OK);
    expect_next(1, 11);
    expect_next(1, 17);
    expect_next(0, 7);
    assert_int_equal(thm_interpreter_reset(&bench.it, &bench.diag), THM_NN_OK);
    expect_next(1, 11);
}

static void svdf__without_a_bias_or_with_rank_0_is_refused(void **state)
{
    struct graph_op op = svdf_op;
    (void)state;
    op.input[3] = -1;
    assert_int_equal(build(svdf_tensors, 6, &op), THM_NN_ESHAPE);
    op = svdf_op;
    op.value[0] = 0;
    assert_int_equal(build(svdf_tensors, 6, &op), THM_NN_ESHAPE);
    op.value[0] = -1;
    assert_int_equal(build(svdf_tensors, 6, &op), THM_NN_ESHAPE);
}

static void refuse_svdf(int which, struct build_tensor t, enum thm_nn_err want)
{
    struct build_tensor tensors[6];
    memcpy(tensors, svdf_tensors, sizeof tensors);
    tensors[which] = t;
    assert_int_equal(build(tensors, 6, &svdf_op), want);
    assert_non_null(bench.diag.what);
}

static void svdf__a_state_that_is_no_variable_too_small_or_of_another_type_is_refused(void **state)
{
    (void)state;
    refuse_svdf(4, (struct build_tensor){ THM_FLOAT32, 2, { 1, 2 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_svdf(4, (struct build_tensor){ THM_FLOAT32, 2, { 1, 2 }, svdf_time, 8, 0, 0, 1 }, THM_NN_ESHAPE);
    refuse_svdf(4, (struct build_tensor){ THM_FLOAT32, 2, { 1, 1 }, NULL, 0, 0, 0, 1 }, THM_NN_ESHAPE);
    refuse_svdf(4, (struct build_tensor){ THM_INT8, 2, { 1, 2 }, NULL, 0, 0, 0, 1 }, THM_NN_ETYPE);
    refuse_svdf(5, (struct build_tensor){ THM_FLOAT32, 2, { 1, 2 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
}

static void svdf__without_memory_is_refused(void **state)
{
    struct build_tensor tensors[6];
    (void)state;
    memcpy(tensors, svdf_tensors, sizeof tensors);
    tensors[2].shape[1] = tensors[4].shape[1] = 0;
    tensors[2].data = NULL;
    assert_int_equal(build(tensors, 6, &svdf_op), THM_NN_ESHAPE);
}

/* Tensors 1..8 weights, 9..12 biases, 13 hidden, 14 cell. All weights are 0; the cell gate's bias is 1. */
static const float zero[1] = { 0 }, one[1] = { 1 };
#define W                                          \
    {                                              \
        THM_FLOAT32, 2, { 1, 1 }, zero, 4, 0, 0, 0 \
    }
#define B(data)                                 \
    {                                           \
        THM_FLOAT32, 1, { 1 }, data, 4, 0, 0, 0 \
    }
static const struct build_tensor lstm_tensors[] = {
    { THM_FLOAT32, 3, { 1, 1, 1 }, NULL, 0, 0, 0, 0 },
    W,
    W,
    W,
    W,
    W,
    W,
    W,
    W,
    B(zero),
    B(zero),
    B(one),
    B(zero),
    { THM_FLOAT32, 2, { 1, 1 }, NULL, 0, 0, 0, 1 },
    { THM_FLOAT32, 2, { 1, 1 }, NULL, 0, 0, 0, 1 },
    { THM_FLOAT32, 3, { 1, 1, 1 }, NULL, 0, 0, 0, 0 },
};
static const struct graph_op lstm_op = {
    44,       24,     { 0, 1, 2, 3, 4, 5, 6, 7, 8, -1, -1, -1, 9, 10, 11, 12, -1, -1, 13, 14, -1, -1, -1, -1 },
    1,        { 15 }, 71,
    "144111", { 4 },  NULL,
};

static void lstm__half_open_gates_let_the_cell_fill_until_it_is_reset(void **state)
{
    const float added = 0.5f * tanhf(1);
    (void)state;
    assert_int_equal(build(lstm_tensors, 16, &lstm_op), THM_NN_OK);
    expect_next(3, 0.5f * tanhf(added));
    expect_next(3, 0.5f * tanhf(1.5f * added));
    assert_int_equal(thm_interpreter_reset(&bench.it, &bench.diag), THM_NN_OK);
    expect_next(3, 0.5f * tanhf(added));
}

static void lstm__the_cell_is_clipped(void **state)
{
    struct graph_op op = lstm_op;
    (void)state;
    op.value[1] = float_bits(0.125f);
    assert_int_equal(build(lstm_tensors, 16, &op), THM_NN_OK);
    expect_next(0, 0.5f * tanhf(0.125f));
    op.value[1] = float_bits(-1);
    assert_int_equal(build(lstm_tensors, 16, &op), THM_NN_ESHAPE);
}

static void refuse_lstm(int which, struct build_tensor t, enum thm_nn_err want)
{
    struct build_tensor tensors[16];
    memcpy(tensors, lstm_tensors, sizeof tensors);
    tensors[which] = t;
    assert_int_equal(build(tensors, 16, &lstm_op), want);
    assert_non_null(bench.diag.what);
}

static void lstm__tensors_that_do_not_go_together_are_refused(void **state)
{
    static const float two[2];
    static const int8_t byte[1];
    (void)state;
    refuse_lstm(0, (struct build_tensor){ THM_FLOAT32, 2, { 1, 1 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_lstm(3, (struct build_tensor){ THM_FLOAT32, 2, { 1, 2 }, two, 8, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_lstm(7, (struct build_tensor){ THM_INT8, 2, { 1, 1 }, byte, 1, 1, 0, 0 }, THM_NN_ETYPE);
    refuse_lstm(12, (struct build_tensor){ THM_FLOAT32, 1, { 2 }, two, 8, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_lstm(13, (struct build_tensor){ THM_FLOAT32, 2, { 1, 1 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
    refuse_lstm(13, (struct build_tensor){ THM_FLOAT32, 1, { 1 }, NULL, 0, 0, 0, 1 }, THM_NN_ESHAPE);
    refuse_lstm(14, (struct build_tensor){ THM_FLOAT32, 2, { 1, 1 }, zero, 4, 0, 0, 1 }, THM_NN_ESHAPE);
    refuse_lstm(14, (struct build_tensor){ THM_INT16, 2, { 1, 1 }, NULL, 0, 1, 0, 1 }, THM_NN_ETYPE);
    refuse_lstm(15, (struct build_tensor){ THM_FLOAT32, 3, { 1, 1, 2 }, NULL, 0, 0, 0, 0 }, THM_NN_ESHAPE);
}

static void lstm__variants_of_it_are_refused(void **state)
{
    static const int absent[] = { 9, 16, 20 };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct graph_op op = lstm_op;
        op.input[absent[i]] = 1;
        assert_int_equal(build(lstm_tensors, 16, &op), THM_NN_EUNSUPPORTED);
    }
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(svdf__remembers_until_it_is_reset),
        T(svdf__without_a_bias_or_with_rank_0_is_refused),
        T(svdf__a_state_that_is_no_variable_too_small_or_of_another_type_is_refused),
        T(svdf__without_memory_is_refused),
        T(lstm__half_open_gates_let_the_cell_fill_until_it_is_reset),
        T(lstm__the_cell_is_clipped),
        T(lstm__tensors_that_do_not_go_together_are_refused),
        T(lstm__variants_of_it_are_refused),
    };
    return cmocka_run_group_tests_name("recurrent", tests, NULL, NULL);
}
