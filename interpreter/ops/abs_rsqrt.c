/* interpreter/ops/abs_rsqrt.c -- ABS: float32, int8, int16 (with or without quantisation); RSQRT: float32, int8, int16.
 * Source: tensorflow/lite/micro/kernels/elementwise.cc. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/inv_sqrt.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

struct data { /* 28 bytes */
    int32_t multiplier, shift, input_zero, output_zero;
    uint8_t quantised, rescaled;
};
_Static_assert(sizeof(struct data) <= 28, "op data of ABS");

static bool set_factor(struct data *d, float in, float out, bool rsqrt)
{
    d->rescaled = in != out;
    if (rsqrt)
        return thm_quantize_factor(1.0 / (sqrt((double)in) * (double)out), &d->multiplier, &d->shift);
    return !d->rescaled || thm_quantize_factor((double)in / (double)out, &d->multiplier, &d->shift);
}

static enum thm_nn_err quantise(struct thm_node *n, const struct thm_value *in, const struct thm_value *out, bool rsqrt)
{
    struct data *d = n->data;
    struct thm_quant from, to;
    thm_node_quant(n, in, &from);
    thm_node_quant(n, out, &to);
    if (in->type == THM_INT16 && !from.affine)
        return THM_NN_OK;
    if (!from.affine || !to.affine)
        return thm_refuse(n, THM_NN_EQUANT, "input and output need a scale and a zero point");
    d->quantised = 1;
    d->input_zero = from.zero_point;
    d->output_zero = to.zero_point;
    if (in->type == THM_INT16 && (from.zero_point || to.zero_point))
        return thm_refuse(n, THM_NN_EQUANT, "int16 needs a zero point of 0");
    if (!set_factor(d, from.scale, to.scale, rsqrt))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n, bool rsqrt)
{
    struct thm_value in, out;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    return err || (in.type != THM_INT8 && in.type != THM_INT16) ? err : quantise(n, &in, &out, rsqrt);
}

static enum thm_nn_err abs_prepare(struct thm_node *n)
{
    return prepare(n, false);
}

static enum thm_nn_err rsqrt_prepare(struct thm_node *n)
{
    return prepare(n, true);
}

static int32_t above_zero(const struct data *d, int32_t x)
{
    return (int32_t)((uint32_t)x - (uint32_t)d->input_zero);
}

static int32_t abs_q(const struct data *d, int32_t x, int32_t low, int32_t high)
{
    int32_t v = above_zero(d, x);
    v = v < 0 ? (int32_t)(0 - (uint32_t)v) : v;
    return thm_add_clamp(d->rescaled ? thm_scale32(v, d->multiplier, d->shift) : v, d->output_zero, low, high);
}

/* In two steps: 1 / sqrt(v) in units of 2^-20, then to the output's scale. */
static int32_t rsqrt_q(const struct data *d, int32_t x, int32_t low, int32_t high)
{
    int32_t v = above_zero(d, x), multiplier, shift;
    if (v == 0)
        return high;
    thm_inv_sqrt(v, &multiplier, &shift);
    int32_t root = thm_scale32(1, multiplier, shift + 20);
    int32_t scaled = d->shift - 20 < -31 ? 0 : thm_scale32(root, d->multiplier, d->shift - 20);
    return thm_add_clamp(scaled, d->output_zero, low, high);
}

static int32_t load(const struct thm_value *v, uint32_t i)
{
    return v->type == THM_INT8 ? ((const int8_t *)v->data)[i] : ((const int16_t *)v->data)[i];
}

static void store(const struct thm_value *v, uint32_t i, int32_t x)
{
    if (v->type == THM_INT8)
        ((int8_t *)v->data)[i] = (int8_t)x;
    else
        ((int16_t *)v->data)[i] = (int16_t)x;
}

static enum thm_nn_err abs_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct data *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type != THM_FLOAT32 && in.type != THM_INT8 && in.type != THM_INT16)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported", &in);
    int32_t low = thm_type_min(in.type), high = thm_type_max(in.type);
    for (uint32_t i = 0; i < out.elements; i++) {
        if (in.type == THM_FLOAT32)
            ((float *)out.data)[i] = fabsf(((const float *)in.data)[i]);
        else if (d->quantised)
            store(&out, i, abs_q(d, load(&in, i), low, high));
        else
            store(&out, i, load(&in, i) < 0 ? -load(&in, i) : load(&in, i)); /* -32768 stays */
    }
    return THM_NN_OK;
}

static enum thm_nn_err rsqrt_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct data *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type != THM_FLOAT32 && in.type != THM_INT8 && in.type != THM_INT16)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported", &in);
    int32_t low = thm_type_min(in.type), high = thm_type_max(in.type);
    for (uint32_t i = 0; i < out.elements; i++) {
        if (in.type == THM_FLOAT32)
            ((float *)out.data)[i] = 1.0f / sqrtf(((const float *)in.data)[i]);
        else if (load(&in, i) < d->input_zero)
            return thm_refuse_tensor(n, THM_NN_EINVOKE, "1 / sqrt(x) is only defined for positive values", &in);
        else
            store(&out, i, rsqrt_q(d, load(&in, i), low, high));
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_abs = { .name = "ABS", .data = THM_BYTES(28), .prepare = abs_prepare, .eval = abs_eval };
const struct thm_op thm_op_rsqrt = {
    .name = "RSQRT",
    .data = THM_BYTES(28),
    .prepare = rsqrt_prepare,
    .eval = rsqrt_eval,
};
