/* interpreter/ops/relu.c -- RELU, RELU6, LEAKY_RELU: float32, int8, int16. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/lookup.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

struct relu_data { /* RELU: 28 bytes */
    struct thm_factor scale;
    int32_t low, high, input_zero, output_zero;
};

struct relu6_data { /* 8 bytes */
    int32_t zero, six;
};

struct leaky_options {
    float alpha;
};

struct leaky_data { /* 24 bytes */
    struct thm_factor positive, negative;
    int32_t input_zero, output_zero;
};
_Static_assert(sizeof(struct relu_data) <= 28, "op data of RELU");
_Static_assert(sizeof(struct relu6_data) <= 8, "op data of RELU6");
_Static_assert(sizeof(struct leaky_data) <= 24, "op data of LEAKY_RELU");

static bool is_quantised(const struct thm_value *v)
{
    return v->type == THM_INT8 || v->type == THM_INT16;
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

static int32_t difference(int32_t x, int32_t zero)
{
    return (int32_t)((uint32_t)x - (uint32_t)zero);
}

/* One element of each type; parameters are in the operator's data. */
struct functions {
    float (*f32)(const void *options, float x);
    thm_byte_fn *i8, *i16;
    size_t bytes;                                    /* of the data */
    struct thm_rescale (*rescale)(const void *data); /* i16 as that; NULL = it is something else */
};

__attribute__((noinline)) static bool eval_variant(const struct thm_node *n, const struct functions *f,
                                                   const struct thm_value *in, const struct thm_value *out)
{
    const struct thm_kernels *k = thm_node_kernels(n);
    if (!f->rescale || !k->rescale_i16)
        return false;
    const struct thm_rescale r = f->rescale(n->data);
    if (!thm_usual_limits(THM_INT16, r.output_zero, r.low, r.high))
        return false;
    k->rescale_i16(&r, in->data, out->data, out->elements);
    return true;
}

static void eval_i16(const struct thm_node *n, const struct functions *f, const struct thm_value *in,
                     const struct thm_value *out)
{
    const int16_t *from = in->data;
    int16_t *to = out->data;
    if (eval_variant(n, f, in, out))
        return;
    for (uint32_t i = 0; i < out->elements; i++)
        to[i] = (int16_t)f->i16(n->data, from[i]);
}

static enum thm_nn_err eval(struct thm_node *n, const struct functions *f)
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    thm_touch_stack();
    if (in.type == THM_INT8)
        thm_map_i8(n, f->i8, f->bytes, &in, &out);
    else if (in.type == THM_INT16)
        eval_i16(n, f, &in, &out);
    else if (in.type != THM_FLOAT32) /* the reference looks at the type only now */
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported", &in);
    for (uint32_t i = 0; in.type == THM_FLOAT32 && i < out.elements; i++)
        ((float *)out.data)[i] = f->f32(n->options, ((const float *)in.data)[i]);
    return THM_NN_OK;
}

static float relu_f32(const void *options, float x)
{
    (void)options;
    return x < 0 ? 0 : x;
}

static int32_t relu_integer(const void *data, int32_t x)
{
    const struct relu_data *d = data;
    int32_t scaled = thm_scale32(difference(x, d->input_zero), d->scale.multiplier, d->scale.shift);
    return thm_add_clamp(scaled, d->output_zero, d->low, d->high);
}

static struct thm_rescale relu_rescale(const void *data)
{
    const struct relu_data *d = data;
    return (struct thm_rescale){ d->scale, d->scale, d->input_zero, d->output_zero, d->low, d->high };
}

static enum thm_nn_err relu_eval(struct thm_node *n)
{
    static const struct functions f = { relu_f32, relu_integer, relu_integer, sizeof(struct relu_data), relu_rescale };
    return eval(n, &f);
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

static float relu6_f32(const void *options, float x)
{
    (void)options;
    return x > 6.0f ? 6.0f : x < 0 ? 0 : x;
}

static int32_t relu6_integer(const void *data, int32_t x)
{
    const struct relu6_data *d = data;
    return x > d->six ? d->six : x < d->zero ? d->zero : x;
}

static enum thm_nn_err relu6_eval(struct thm_node *n)
{
    static const struct functions f = { relu6_f32, relu6_integer, relu6_integer, sizeof(struct relu6_data), NULL };
    return eval(n, &f);
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

static float leaky_f32(const void *options, float x)
{
    const struct leaky_options *o = options;
    return x > 0 ? x : x * o->alpha;
}

static int32_t leaky_integer(const struct leaky_data *d, int32_t x, enum thm_type type)
{
    int32_t v = difference(x, d->input_zero);
    const struct thm_factor *f = v >= 0 ? &d->positive : &d->negative;
    return thm_add_clamp(thm_scale32(v, f->multiplier, f->shift), d->output_zero, thm_type_min(type),
                         thm_type_max(type));
}

static int32_t leaky_i8(const void *data, int32_t x)
{
    return leaky_integer(data, x, THM_INT8);
}

static int32_t leaky_i16(const void *data, int32_t x)
{
    return leaky_integer(data, x, THM_INT16);
}

static struct thm_rescale leaky_rescale(const void *data)
{
    const struct leaky_data *d = data;
    return (struct thm_rescale){ d->positive, d->negative, d->input_zero, d->output_zero, INT16_MIN, INT16_MAX };
}

static enum thm_nn_err leaky_eval(struct thm_node *n)
{
    static const struct functions f = { leaky_f32, leaky_i8, leaky_i16, sizeof(struct leaky_data), leaky_rescale };
    return eval(n, &f);
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
