/* interpreter/ops/l2_normalization.c -- L2_NORMALIZATION over the last dimension: float32, int8 (in units of 1/128; the
 * output's quantisation is not looked at). Source: tensorflow/lite/micro/kernels/l2norm.cc,
 * tensorflow/lite/kernels/internal/reference/{,integer_ops/}l2normalization.h. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/inv_sqrt.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

struct options { /* cortex_m: 1 byte */
    uint8_t activation;
};

struct data { /* 4 bytes */
    int32_t input_zero;
};

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct thm_quant q;
    struct data *d = n->data;
    const struct options *o = n->options;
    enum thm_nn_err err = thm_unary(n, &in, &out);
    if (err)
        return err;
    if (in.rank > 4)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the input has more than 4 dimensions", &in);
    if (in.type != out.type || (in.type != THM_FLOAT32 && in.type != THM_INT8))
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 are supported, input and output alike");
    if (in.elements != out.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in the number of elements");
    if (o->activation != THM_ACT_NONE)
        return thm_refuse(n, THM_NN_ESHAPE, "a fused activation is not supported");
    thm_node_quant(n, &in, &q);
    d->input_zero = q.zero_point;
    return THM_NN_OK;
}

static void row_f32(const float *in, float *out, uint32_t depth)
{
    const float least = 1e-6f;
    float squares = 0;
    for (uint32_t i = 0; i < depth; i++)
        squares += in[i] * in[i];
    float norm = sqrtf(squares);
    norm = norm < least ? least : norm;
    for (uint32_t i = 0; i < depth; i++)
        out[i] = in[i] / norm;
}

static void row_i8(const int8_t *in, int8_t *out, uint32_t depth, int32_t zero)
{
    uint32_t squares = 0;
    int32_t multiplier, shift;
    for (uint32_t i = 0; i < depth; i++) {
        uint32_t v = (uint32_t)in[i] - (uint32_t)zero;
        squares += v * v;
    }
    thm_inv_sqrt((int32_t)squares, &multiplier, &shift);
    for (uint32_t i = 0; i < depth; i++) {
        int32_t v = (int32_t)((uint32_t)in[i] - (uint32_t)zero);
        out[i] = (int8_t)thm_clamp(thm_scale32(v, multiplier, shift + 7), INT8_MIN, INT8_MAX);
    }
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct data *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    uint32_t depth = in.rank ? (uint32_t)in.shape[in.rank - 1] : 1;
    for (size_t i = 0; i < in.elements; i += depth)
        if (in.type == THM_FLOAT32)
            row_f32((const float *)in.data + i, (float *)out.data + i, depth);
        else
            row_i8((const int8_t *)in.data + i, (int8_t *)out.data + i, depth, d->input_zero);
    return THM_NN_OK;
}

/* L2NormOptions */
static const struct thm_option_field fields[] = { { 0, 1, offsetof(struct options, activation), 0 } };

const struct thm_op thm_op_l2_normalization = {
    .name = "L2_NORMALIZATION",
    .options_type = 12,
    .field = fields,
    .fields = 1,
    .options = THM_BYTES3(1, 4, 4),
    .data = THM_BYTES(4),
    .prepare = prepare,
    .eval = eval,
};
