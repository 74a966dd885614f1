/* interpreter/ops/relu.c -- RELU, RELU6, LEAKY_RELU: float32, int8, int16. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

struct factor {
    int32_t multiplier, shift;
};

struct relu_data { /* RELU: 28 bytes */
    struct factor scale;
    int32_t low, high, input_zero, output_zero;
};

struct relu6_data { /* 8 bytes */
    int32_t zero, six;
};

struct leaky_options {
    float alpha;
};

struct leaky_data { /* 24 bytes */
    struct factor positive, negative;
    int32_t input_zero, output_zero;
};
_Static_assert(sizeof(struct relu_data) <= 28, "op data of RELU");
_Static_assert(sizeof(struct relu6_data) <= 8, "op data of RELU6");
_Static_assert(sizeof(struct leaky_data) <= 24, "op data of LEAKY_RELU");

static bool is_quantised(const struct thm_value *v)
{
    return v->type == THM_INT8 || v->type == THM_INT16;
}

/* In eval(): the reference looks at the type only then. */
static enum thm_nn_err gather(struct thm_node *n, struct thm_value *in, struct thm_value *out)
{
    thm_node_input(n, 0, in);
    thm_node_output(n, 0, out);
    if (in->type != THM_FLOAT32 && !is_quantised(in))
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported", in);
    return THM_NN_OK;
}

static enum thm_nn_err relu_prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct thm_quant from, to;
    struct relu_data *d = n->data;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    if (err || !is_quantised(&in))
        return err;
    thm_node_quant(n, &in, &from);
    thm_node_quant(n, &out, &to);
    if (in.type == THM_INT16 && (from.zero_point || to.zero_point))
        return thm_refuse(n, THM_NN_EQUANT, "int16 needs a zero point of 0");
    if (!thm_quantize_factor((double)from.scale / (double)to.scale, &d->scale.multiplier, &d->scale.shift) ||
        !thm_activation_range(THM_ACT_RELU, out.type, &to, &d->low, &d->high))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is out of range");
    d->input_zero = from.zero_point;
    d->output_zero = to.zero_point;
    return THM_NN_OK;
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

static int32_t difference(int32_t x, int32_t zero)
{
    return (int32_t)((uint32_t)x - (uint32_t)zero);
}

static enum thm_nn_err relu_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct relu_data *d = n->data;
    enum thm_nn_err err = gather(n, &in, &out);
    for (uint32_t i = 0; !err && i < out.elements; i++) {
        if (in.type == THM_FLOAT32) {
            float v = ((const float *)in.data)[i];
            ((float *)out.data)[i] = v < 0 ? 0 : v;
        } else {
            int32_t scaled = thm_scale32(difference(load(&in, i), d->input_zero), d->scale.multiplier, d->scale.shift);
            store(&out, i, thm_add_clamp(scaled, d->output_zero, d->low, d->high));
        }
    }
    return err;
}

/* The reference looks at the input's quantisation only; the output is expected to have the same. */
static enum thm_nn_err relu6_prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct thm_quant q;
    struct relu6_data *d = n->data;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    if (err || !is_quantised(&in))
        return err;
    thm_node_quant(n, &in, &q);
    float six = roundf(6.0f / q.scale);
    if (!(six > -1e9f && six < 1e9f) || q.zero_point < thm_type_min(in.type) || q.zero_point > thm_type_max(in.type))
        return thm_refuse(n, THM_NN_EQUANT, "the input's scale or zero point is out of range");
    d->zero = q.zero_point;
    d->six = thm_clamp((int32_t)six + q.zero_point, thm_type_min(in.type), thm_type_max(in.type));
    return THM_NN_OK;
}

static enum thm_nn_err relu6_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct relu6_data *d = n->data;
    enum thm_nn_err err = gather(n, &in, &out);
    for (uint32_t i = 0; !err && i < out.elements; i++) {
        if (in.type == THM_FLOAT32) {
            float v = ((const float *)in.data)[i];
            ((float *)out.data)[i] = v > 6.0f ? 6.0f : v < 0 ? 0 : v;
        } else {
            int32_t v = load(&in, i);
            store(&out, i, v > d->six ? d->six : v < d->zero ? d->zero : v);
        }
    }
    return err;
}

static enum thm_nn_err leaky_prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct thm_quant from, to;
    struct leaky_data *d = n->data;
    const struct leaky_options *o = n->options;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    if (err || !is_quantised(&in))
        return err;
    thm_node_quant(n, &in, &from);
    thm_node_quant(n, &out, &to);
    d->input_zero = from.zero_point;
    d->output_zero = to.zero_point;
    float negative = from.scale * o->alpha / to.scale, positive = from.scale / to.scale; /* rounded to float */
    if (!thm_quantize_factor((double)negative, &d->negative.multiplier, &d->negative.shift) ||
        !thm_quantize_factor((double)positive, &d->positive.multiplier, &d->positive.shift))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is out of range");
    return THM_NN_OK;
}

static enum thm_nn_err leaky_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct leaky_data *d = n->data;
    const struct leaky_options *o = n->options;
    enum thm_nn_err err = gather(n, &in, &out);
    for (uint32_t i = 0; !err && i < out.elements; i++) {
        if (in.type == THM_FLOAT32) {
            float v = ((const float *)in.data)[i];
            ((float *)out.data)[i] = v > 0 ? v : v * o->alpha;
        } else {
            int32_t v = difference(load(&in, i), d->input_zero);
            const struct factor *f = v >= 0 ? &d->positive : &d->negative;
            store(&out, i,
                  thm_add_clamp(thm_scale32(v, f->multiplier, f->shift), d->output_zero, thm_type_min(out.type),
                                thm_type_max(out.type)));
        }
    }
    return err;
}

static const struct thm_option_field leaky_fields[] = { { 0, 4, offsetof(struct leaky_options, alpha), 0 } };

const struct thm_op thm_op_relu = { .name = "RELU", .data = THM_BYTES(28), .prepare = relu_prepare, .eval = relu_eval };
const struct thm_op thm_op_relu6 = {
    .name = "RELU6", .data = THM_BYTES(8), .temps = "i0", .prepare = relu6_prepare, .eval = relu6_eval
};
const struct thm_op thm_op_leaky_relu = {
    .name = "LEAKY_RELU",
    .options_type = 75,
    .field = leaky_fields,
    .fields = 1,
    .options = THM_BYTES(4),
    .data = THM_BYTES(24),
    .prepare = leaky_prepare,
    .eval = leaky_eval,
};
