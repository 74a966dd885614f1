/* interpreter/ops/quantize.c -- QUANTIZE (float32 or integers to integers) and DEQUANTIZE (integers to float32). */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/lookup.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

struct data { /* 32 bytes, i386 24; both operators */
    int32_t multiplier, shift, input_zero, output_zero;
    float scale; /* the output's (QUANTIZE) or the input's (DEQUANTIZE) */
};
_Static_assert(sizeof(struct data) <= 24, "op data of QUANTIZE");

#define PAIR(in, out) ((uint32_t)(in) << 8 | (uint32_t)(out))

static bool is_supported(enum thm_type in, enum thm_type out)
{
    static const uint32_t pairs[] = {
        PAIR(THM_FLOAT32, THM_INT8), PAIR(THM_FLOAT32, THM_INT16), PAIR(THM_INT32, THM_INT8),
        PAIR(THM_INT32, THM_INT16),  PAIR(THM_INT16, THM_INT8),    PAIR(THM_INT16, THM_INT16),
        PAIR(THM_INT16, THM_INT32),  PAIR(THM_INT8, THM_INT8),     PAIR(THM_INT8, THM_UINT8),
        PAIR(THM_INT8, THM_INT16),   PAIR(THM_INT8, THM_INT32),    PAIR(THM_UINT8, THM_INT8),
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i] == PAIR(in, out))
            return true;
    return false;
}

static enum thm_nn_err quantize_prepare(struct thm_node *n)
{
    const uint32_t integers = THM_SET(THM_INT32) | THM_SET(THM_INT16) | THM_SET(THM_INT8) | THM_SET(THM_UINT8);
    struct thm_value in, out;
    struct thm_quant from, to;
    struct data *d = n->data;
    enum thm_nn_err err = thm_unary(n, &in, &out);
    if (err)
        return err;
    thm_node_quant(n, &in, &from);
    thm_node_quant(n, &out, &to);
    if (!to.affine || to.channels != 1)
        return thm_refuse(n, THM_NN_EQUANT, "the output needs one scale and zero point");
    if (!thm_type_in(in.type, integers | THM_SET(THM_FLOAT32)))
        return thm_refuse_tensor(n, THM_NN_ETYPE, "input type is not float32, int32, int16, int8 or uint8", &in);
    if (!thm_type_in(out.type, integers))
        return thm_refuse_tensor(n, THM_NN_ETYPE, "output type is not int32, int16, int8 or uint8", &out);
    if (in.elements != out.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in the number of elements");
    d->scale = to.scale;
    d->input_zero = from.zero_point;
    d->output_zero = to.zero_point;
    bool by_factor = in.type != THM_FLOAT32 && is_supported(in.type, out.type);
    double factor = by_factor ? (double)from.scale / (double)to.scale : 0;
    if (!thm_quantize_factor(factor, &d->multiplier, &d->shift))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is out of range");
    return THM_NN_OK;
}

static int32_t load(const struct thm_value *v, uint32_t i)
{
    switch (v->type) {
    case THM_INT8: return ((const int8_t *)v->data)[i];
    case THM_UINT8: return ((const uint8_t *)v->data)[i];
    case THM_INT16: return ((const int16_t *)v->data)[i];
    default: return ((const int32_t *)v->data)[i];
    }
}

static void store(const struct thm_value *v, uint32_t i, int32_t x)
{
    switch (v->type) {
    case THM_INT8: ((int8_t *)v->data)[i] = (int8_t)x; break;
    case THM_UINT8: ((uint8_t *)v->data)[i] = (uint8_t)x; break;
    case THM_INT16: ((int16_t *)v->data)[i] = (int16_t)x; break;
    default: ((int32_t *)v->data)[i] = x; break;
    }
}

static int32_t from_float(float x, const struct data *d, int32_t low, int32_t high)
{
    float steps = roundf(x / d->scale);
    int32_t whole = steps >= 2147483648.0f    ? INT32_MAX
                    : steps >= -2147483648.0f ? (int32_t)steps
                                              : INT32_MIN; /* NaN too */
    return thm_add_clamp(whole, d->output_zero, low, high);
}

static int32_t from_integer(int32_t x, const struct data *d, int32_t low, int32_t high)
{
    x = (int32_t)((uint32_t)x - (uint32_t)d->input_zero);
    return thm_add_clamp(thm_scale32(x, d->multiplier, d->shift), d->output_zero, low, high);
}

static int32_t from_i8(const void *d, int32_t x)
{
    return from_integer(x, d, INT8_MIN, INT8_MAX);
}

static bool eval_variant(const struct thm_node *n, const struct thm_value *in, const struct thm_value *out)
{
    const struct thm_kernels *k = thm_node_kernels(n);
    const struct data *d = n->data;
    if (in->type == THM_INT8 && out->type == THM_INT8) {
        thm_map_i8(n, from_i8, sizeof *d, in, out);
        return true;
    }
    bool usual = thm_usual_limits(out->type, d->output_zero, thm_type_min(out->type), thm_type_max(out->type));
    if (in->type == THM_FLOAT32 && out->type == THM_INT8 && k->quantize_f32 && usual) {
        k->quantize_f32(d->scale, d->output_zero, in->data, out->data, out->elements);
        return true;
    }
    return false;
}

static enum thm_nn_err quantize_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct data *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (!is_supported(in.type, out.type)) /* the reference finds out only now */
        return thm_refuse(n, THM_NN_ETYPE, "this pair of input and output types is not supported");
    int32_t low = thm_type_min(out.type), high = thm_type_max(out.type);
    thm_touch_stack();
    if (eval_variant(n, &in, &out))
        return THM_NN_OK;
    for (uint32_t i = 0; i < out.elements; i++)
        store(&out, i,
              in.type == THM_FLOAT32 ? from_float(((const float *)in.data)[i], d, low, high)
                                     : from_integer(load(&in, i), d, low, high));
    return THM_NN_OK;
}

static enum thm_nn_err dequantize_prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct thm_quant q;
    struct data *d = n->data;
    enum thm_nn_err err = thm_unary(n, &in, &out);
    if (err)
        return err;
    if (out.type != THM_FLOAT32 || (in.type != THM_INT8 && in.type != THM_INT16 && in.type != THM_UINT8))
        return thm_refuse(n, THM_NN_ETYPE, "only int8, int16 and uint8 to float32 are supported");
    if (in.elements != out.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in the number of elements");
    thm_node_quant(n, &in, &q);
    d->scale = q.scale;
    d->input_zero = q.zero_point;
    return THM_NN_OK;
}

static enum thm_nn_err dequantize_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct data *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    for (uint32_t i = 0; i < out.elements; i++)
        ((float *)out.data)[i] = (float)((double)d->scale * (double)((int64_t)load(&in, i) - d->input_zero));
    return THM_NN_OK;
}

const struct thm_op thm_op_quantize = {
    .name = "QUANTIZE",
    .data = THM_BYTES3(32, 32, 24),
    .prepare = quantize_prepare,
    .eval = quantize_eval,
};
const struct thm_op thm_op_dequantize = {
    .name = "DEQUANTIZE",
    .data = THM_BYTES3(32, 32, 24),
    .prepare = dequantize_prepare,
    .eval = dequantize_eval,
};
