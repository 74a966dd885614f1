/* interpreter/kernel_libs/cmsis_nn.c -- the operators of CMSIS-NN and its variants. */
#include "interpreter/kernel_libs/cmsis_nn.h"
#include "interpreter/ops/ops.h"
#include <stddef.h>
#include <string.h>

/* For each of `outputs` the sum of its weights, with offsets and bias in it. */
static enum thm_nn_err sums(struct thm_node *n, uint64_t outputs, bool constant)
{
    const struct cmsis_variant *v = thm_library_variant(n);
    if (v->sums == SUMS_NONE)
        return THM_NN_OK;
    if (v->sums == SUMS_KEPT && constant)
        return thm_library_block(n, 4 * outputs);
    return thm_library_scratch(n, 4 * outputs);
}

static enum thm_nn_err fully_connected(struct thm_node *n)
{
    struct thm_value in, filter, bias, out;
    struct thm_quant q;
    thm_node_input(n, 0, &in);
    thm_node_input(n, 1, &filter);
    thm_node_output(n, 0, &out);
    if (in.type != THM_INT8)
        return THM_NN_OK;
    if (filter.type == THM_INT4) {
        thm_library_drop_scratch(n);
        thm_library_plan_only(n);
        return THM_NN_OK;
    }
    uint64_t channels = (uint64_t)out.shape[out.rank - 1];
    bool kept = filter.constant && (!thm_node_input(n, 2, &bias) || bias.constant);
    thm_node_quant(n, &filter, &q);
    if (out.rank > 2 && filter.shape[filter.rank - 1] % 4 == 0) /* as a 1x1 convolution: factors for each channel */
        return q.channels > 1 ? THM_NN_OK : thm_library_scratch(n, 8 * channels);
    return sums(n, channels, kept);
}

static enum thm_nn_err average_pool(struct thm_node *n)
{
    const struct cmsis_variant *v = thm_library_variant(n);
    struct thm_value in;
    thm_node_input(n, 0, &in);
    return in.type == THM_FLOAT32 ? THM_NN_OK : thm_library_scratch(n, v->pool_channel * (uint64_t)in.shape[3]);
}

static enum thm_nn_err svdf(struct thm_node *n)
{
    struct thm_value in, filter;
    thm_node_input(n, 0, &in);
    thm_node_input(n, 1, &filter);
    return in.type == THM_INT8 ? sums(n, (uint64_t)filter.shape[0], filter.constant) : THM_NN_OK;
}

static uint64_t larger(int32_t a, int32_t b)
{
    return (uint64_t)(a > b ? a : b);
}

/* int8: rows of the output, or, with many channels and small strides, windows of the input and a reversed filter.
 * Either does not hold the sums of the reference's kernel. */
static enum thm_nn_err transpose_conv(struct thm_node *n)
{
    const struct cmsis_variant *v = thm_library_variant(n);
    struct {
        int32_t stride_w, stride_h;
    } o;
    struct thm_value filter, in;
    thm_node_input(n, 1, &filter);
    thm_node_input(n, 2, &in);
    if (in.type != THM_INT8)
        return THM_NN_OK;
    memcpy(&o, n->options, sizeof o); /* the options of TRANSPOSE_CONV begin with the strides */
    const int32_t *f = filter.shape;
    uint64_t window = thm_times3((uint64_t)f[1], (uint64_t)f[2], (uint64_t)f[3]), channels = (uint64_t)f[0];
    uint64_t width = ((uint64_t)in.shape[2] - 1) * (uint64_t)o.stride_w + larger(f[2], o.stride_h); /* not stride_w */
    bool reversed = o.stride_w <= 2 && o.stride_h <= 2 && f[3] > 16;
    uint64_t first =
        reversed ? 4 * thm_round_up(window, v->conv_round) : 4 * thm_times3(width, channels, larger(f[1], o.stride_h));
    thm_library_drop_scratch(n);
    thm_library_plan_only(n);
    enum thm_nn_err err = thm_node_request_scratch(n, first);
    return err ? err
               : thm_node_request_scratch(n, reversed ? thm_times(window, channels) : 0); /* asked for even if 0 */
}

/* The recurrent and input weights' sums of the four gates; three gate buffers, and the cell's in place of the fourth.
 */
static enum thm_nn_err lstm(struct thm_node *n)
{
    enum { HIDDEN = 18, CELL = 19 };
    struct thm_value in, hidden, cell;
    thm_node_input(n, 0, &in);
    thm_node_input(n, HIDDEN, &hidden);
    thm_node_input(n, CELL, &cell);
    enum thm_nn_err err = THM_NN_OK;
    if (in.type == THM_FLOAT32)
        return THM_NN_OK;
    for (int i = 0; i < 8 && !err; i++)
        err = thm_library_block(n, (in.type == THM_INT8 ? 4 : 8) * (uint64_t)hidden.shape[1]);
    thm_library_drop_scratch(n);
    for (int i = 0; i < 3 && !err; i++)
        err = thm_node_request_scratch(n, cell.bytes);
    return err;
}

static enum thm_nn_err batch_matmul(struct thm_node *n)
{
    const struct cmsis_variant *v = thm_library_variant(n);
    struct thm_value out;
    thm_node_output(n, 0, &out);
    bool asks = v->mve && out.type == THM_INT8 && out.rank > 0;
    return asks ? thm_library_scratch(n, 4 * (uint64_t)out.shape[out.rank - 1]) : THM_NN_OK;
}

#define OPS(svdf_bytes)                                                                                              \
    {                                                                                                                \
        { &thm_op_conv_2d, 60, true, thm_cmsis_conv }, { &thm_op_depthwise_conv_2d, 60, true, thm_cmsis_depthwise }, \
            { &thm_op_fully_connected, 72, false, fully_connected },                                                 \
            { &thm_op_average_pool_2d, 36, false, average_pool }, { &thm_op_max_pool_2d, 36, false, NULL },          \
            { &thm_op_softmax, 64, false, NULL }, { &thm_op_svdf, svdf_bytes, false, svdf },                         \
            { &thm_op_transpose_conv, 76, false, transpose_conv },                                                   \
            { &thm_op_unidirectional_sequence_lstm, 912, false, lstm },                                              \
            { &thm_op_batch_matmul, 36, false, batch_matmul },                                                       \
    }
static const struct thm_library_op for_speed[] = OPS(40), for_size[] = OPS(44);

static const struct cmsis_variant no_simd = { .conv_round = 4, .conv16_round = 1, .conv16_bytes = 4 };
static const struct cmsis_variant dsp = {
    .conv_round = 4, .conv16_round = 1, .conv16_bytes = 4, .depthwise_tap = 2, .pool_channel = 4
};
static const struct cmsis_variant mve = {
    .conv_round = 16, .conv16_round = 8, .conv16_bytes = 8, .depthwise_opt_tap = 496, .mve = true, .sums = SUMS_KEPT
};
static const struct cmsis_variant mve_size = {
    .conv_round = 16, .conv16_round = 8, .conv16_bytes = 8, .depthwise_opt_tap = 496, .mve = true, .sums = SUMS_SCRATCH
};

#define VARIANT(label, table, rules)                                            \
    {                                                                           \
        .name = "cmsis-nn:" label, .layout = THM_LAYOUT_CORTEX_M, .ops = table, \
        .count = sizeof table / sizeof table[0], .variant = rules               \
    }
const struct thm_kernel_library thm_cmsis_nn[] = {
    VARIANT("no_simd", for_speed, &no_simd),
    VARIANT("dsp", for_speed, &dsp),
    VARIANT("mve", for_speed, &mve),
    VARIANT("mve_size", for_size, &mve_size),
    { .name = NULL },
};
