/* interpreter/ops/transpose_conv.c -- TRANSPOSE_CONV: float32; int8; int16 (int8 filter, bias int64 or int16).
 * Inputs: output shape (ignored: the output tensor's own counts), filter [out, H, W, in], input, bias.
 * Every input pixel adds its window to the output. Source: reference/transpose_conv.h, integer_ops/transpose_conv.h. */
#include "interpreter/fb.h"
#include "interpreter/ops/conv.h"
#include "interpreter/ops/dot.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/window.h"

struct options { /* cortex_m: 16 bytes */
    int32_t stride_w, stride_h;
    uint8_t padding, activation, bias_type;
};

struct data { /* 72 bytes */
    int32_t pad_w, pad_h;
    int32_t input_zero, output_zero, low, high;
    uint32_t multipliers, shifts; /* arena offsets: int32 for each output channel */
};
_Static_assert(sizeof(struct options) <= 16 && sizeof(struct data) <= 72, "blocks of TRANSPOSE_CONV");

struct layer {
    const struct options *options;
    const struct data *data;
    struct thm_value filter, input, bias, output;
    bool has_bias;
};

static bool gather(const struct thm_node *n, struct layer *l)
{
    l->options = n->options;
    l->data = n->data;
    l->has_bias = thm_node_input(n, 3, &l->bias);
    return thm_node_input(n, 1, &l->filter) && thm_node_input(n, 2, &l->input) && thm_node_output(n, 0, &l->output);
}

static enum thm_nn_err check_types(struct thm_node *n, const struct layer *l)
{
    enum thm_type in = l->input.type;
    if (in != l->output.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (l->filter.type != (in == THM_INT16 ? THM_INT8 : in))
        return thm_refuse(n, THM_NN_ETYPE, "input and filter types do not go together (no hybrid models)");
    if (in != THM_FLOAT32 && in != THM_INT8 && in != THM_INT16 && in != THM_UINT8) /* uint8 is refused when it runs */
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported");
    return THM_NN_OK;
}

static enum thm_nn_err check_shapes(struct thm_node *n, const struct layer *l)
{
    const struct options *o = n->options;
    if (o->stride_w < 1 || o->stride_w > INT16_MAX || o->stride_h < 1 || o->stride_h > INT16_MAX)
        return thm_refuse(n, THM_NN_ESHAPE, "a stride is out of range");
    if (l->input.rank != 4 || l->filter.rank != 4 || l->output.rank != 4)
        return thm_refuse(n, THM_NN_ESHAPE, "input, filter and output must have 4 dimensions");
    const int32_t *in = l->input.shape, *filter = l->filter.shape, *out = l->output.shape;
    if (in[0] != out[0] || in[3] != filter[3] || filter[0] != out[3])
        return thm_refuse(n, THM_NN_ESHAPE, "batches or channels of input, filter and output do not match");
    return THM_NN_OK;
}

static bool is_short_bias(const struct layer *l)
{
    return l->has_bias && l->input.type == THM_INT16 && l->bias.type == THM_INT16;
}

static enum thm_nn_err check_bias(struct thm_node *n, const struct layer *l)
{
    uint32_t channels = (uint32_t)l->filter.shape[0];
    if (!is_short_bias(l))
        return thm_check_bias(n, &l->bias, &l->input, channels, false);
    if (l->bias.elements < channels)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the bias has fewer elements than there are output channels",
                                 &l->bias);
    return THM_NN_OK;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct layer *l)
{
    struct data *d = n->data;
    uint32_t channels = (uint32_t)l->filter.shape[0];
    struct thm_quant in, filter, out;
    thm_node_quant(n, &l->input, &in);
    thm_node_quant(n, &l->filter, &filter);
    thm_node_quant(n, &l->output, &out);
    if (!in.affine || !filter.affine)
        return thm_refuse(n, THM_NN_EQUANT, "input or filter is not quantised");
    if (filter.channels != 1 && (filter.channels != channels || filter.dimension < 0 || filter.dimension > 3 ||
                                 l->filter.shape[filter.dimension] != (int32_t)channels))
        return thm_refuse_tensor(n, THM_NN_EQUANT, "the filter needs one scale, or one an output channel", &l->filter);
    enum thm_nn_err err = thm_channel_factors(n, &in, &filter, &out, l->input.type == THM_INT16, channels,
                                              thm_node_at(n, d->multipliers), thm_node_at(n, d->shifts));
    if (!err && !thm_activation_range(l->options->activation, l->output.type, &out, &d->low, &d->high))
        err = thm_refuse(n, THM_NN_EQUANT, "the activation's limits cannot be represented");
    d->input_zero = in.zero_point;
    d->output_zero = out.zero_point;
    return err;
}

/* Sums, and a 16-bit bias widened (here it is widened where it is used). */
static enum thm_nn_err request_scratch(struct thm_node *n, const struct layer *l)
{
    uint64_t bytes = l->input.type == THM_INT8 ? 4 : 8;
    enum thm_nn_err err = THM_NN_OK;
    if (l->input.type == THM_INT8 || l->input.type == THM_INT16)
        err = thm_node_request_scratch(n, bytes * l->output.elements);
    return err || !is_short_bias(l) ? err : thm_node_request_scratch(n, 8 * (uint64_t)l->bias.elements);
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct layer l;
    struct data *d = n->data;
    const struct options *o = n->options;
    if (n->inputs < 3 || n->inputs > 4 || n->outputs != 1 || !gather(n, &l))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes shape, filter, input, optional bias and one output");
    enum thm_nn_err err = check_types(n, &l);
    if (!err)
        err = check_shapes(n, &l);
    if (!err && l.has_bias)
        err = check_bias(n, &l);
    if (err)
        return err;
    uint64_t bytes = 4 * (uint64_t)l.filter.shape[0];
    if (!thm_node_persistent(n, bytes, &d->multipliers) || !thm_node_persistent(n, bytes, &d->shifts))
        return THM_NN_EARENA;
    d->pad_w = thm_padding(o->padding, l.output.shape[2], l.filter.shape[2], o->stride_w, 1);
    d->pad_h = thm_padding(o->padding, l.output.shape[1], l.filter.shape[1], o->stride_h, 1);
    err = request_scratch(n, &l);
    return err || l.input.type == THM_FLOAT32 ? err : quantise(n, &l);
}

/* Where one input pixel's window lies in the output. */
struct patch {
    struct thm_taps y, x;
    size_t in, out, out_row, w, w_row, w_channel; /* elements */
};

static struct patch cut_patch(const struct layer *l, int32_t batch, int32_t y, int32_t x)
{
    const int32_t *in = l->input.shape, *f = l->filter.shape, *out = l->output.shape;
    int64_t y0 = (int64_t)y * l->options->stride_h - l->data->pad_h,
            x0 = (int64_t)x * l->options->stride_w - l->data->pad_w;
    struct patch p = { .y = thm_clip_taps(y0, f[1], 1, out[1]), .x = thm_clip_taps(x0, f[2], 1, out[2]) };
    size_t depth = (size_t)in[3], channels = (size_t)out[3];
    p.in = (((size_t)batch * (size_t)in[1] + (size_t)y) * (size_t)in[2] + (size_t)x) * depth;
    p.out_row = (size_t)out[2] * channels;
    p.w_row = (size_t)f[2] * depth;
    p.w_channel = (size_t)f[1] * p.w_row;
    p.w = (size_t)p.y.from * p.w_row + (size_t)p.x.from * depth;
    if (p.y.from < p.y.to && p.x.from < p.x.to)
        p.out =
            ((size_t)batch * (size_t)out[1] + (size_t)(y0 + p.y.from)) * p.out_row + (size_t)(x0 + p.x.from) * channels;
    else
        p.y.to = p.y.from;
    return p;
}

/* Add one input pixel to one output pixel, all channels, in the reference's order of additions. */
#define ADD_TAP(name, sum_t, in_t, w_t, PRODUCT)                                                       \
    static inline void name(const in_t *in, int32_t depth, const w_t *w, size_t w_channel, sum_t *sum, \
                            int32_t channels, int32_t zero)                                            \
    {                                                                                                  \
        (void)zero;                                                                                    \
        for (int32_t k = 0; k < channels; k++, w += w_channel) {                                       \
            sum_t total = sum[k];                                                                      \
            for (int32_t i = 0; i < depth; i++)                                                        \
                total += PRODUCT(in[i], w[i]);                                                         \
            sum[k] = total;                                                                            \
        }                                                                                              \
    }
#define PRODUCT_I8(x, w)  (((uint32_t)(x) - (uint32_t)zero) * (uint32_t)(w))
#define PRODUCT_F32(x, w) ((x) * (w))
ADD_TAP(add_tap_i8, uint32_t, int8_t, int8_t, PRODUCT_I8)
ADD_TAP(add_tap_f32, float, float, float, PRODUCT_F32)

static inline void add_tap_i16(const int16_t *in, int32_t depth, const int8_t *w, size_t w_channel, uint64_t *sum,
                               int32_t channels, int32_t zero)
{
    (void)zero;
    for (int32_t k = 0; k < channels; k++, w += w_channel)
        sum[k] += (uint64_t)thm_dot_i16(in, w, depth);
}

#define SCATTER(name, sum_t, in_t, w_t, add_tap)                                                                      \
    static void name(const struct layer *l, const struct patch *p, void *sums)                                        \
    {                                                                                                                 \
        int32_t depth = l->input.shape[3], channels = l->output.shape[3];                                             \
        for (int32_t y = 0; y < p->y.to - p->y.from; y++)                                                             \
            for (int32_t x = 0; x < p->x.to - p->x.from; x++)                                                         \
                add_tap((const in_t *)l->input.data + p->in, depth,                                                   \
                        (const w_t *)l->filter.data + p->w + (size_t)y * p->w_row + (size_t)x * (size_t)depth,        \
                        p->w_channel, (sum_t *)sums + p->out + (size_t)y * p->out_row + (size_t)x * (size_t)channels, \
                        channels, l->data->input_zero);                                                               \
    }
SCATTER(scatter_i8, uint32_t, int8_t, int8_t, add_tap_i8)
SCATTER(scatter_i16, uint64_t, int16_t, int8_t, add_tap_i16)
SCATTER(scatter_f32, float, float, float, add_tap_f32)

static void scatter(const struct layer *l, void *sums, size_t sum_bytes)
{
    void (*add)(const struct layer *, const struct patch *, void *) = l->input.type == THM_INT8    ? scatter_i8
                                                                      : l->input.type == THM_INT16 ? scatter_i16
                                                                                                   : scatter_f32;
    const int32_t *in = l->input.shape;
    memset(sums, 0, sum_bytes * l->output.elements);
    for (int32_t b = 0; b < in[0]; b++)
        for (int32_t y = 0; y < in[1]; y++)
            for (int32_t x = 0; x < in[2]; x++) {
                struct patch p = cut_patch(l, b, y, x);
                add(l, &p, sums);
            }
}

static void finish_i8(const struct thm_node *n, const struct layer *l, const uint32_t *sums)
{
    const struct data *d = l->data;
    const int32_t *multiplier = thm_node_at(n, d->multipliers), *shift = thm_node_at(n, d->shifts);
    uint32_t channels = (uint32_t)l->output.shape[3];
    for (uint32_t i = 0; i < l->output.elements; i++) {
        uint32_t k = i % channels, bias = l->has_bias ? thm_load32((const uint8_t *)l->bias.data + 4 * (size_t)k) : 0;
        int32_t scaled = thm_scale32((int32_t)(sums[i] + bias), multiplier[k], shift[k]);
        ((int8_t *)l->output.data)[i] = (int8_t)thm_add_clamp(scaled, d->output_zero, d->low, d->high);
    }
}

static uint64_t bias_i16(const struct layer *l, uint32_t k)
{
    if (!l->has_bias)
        return 0;
    if (is_short_bias(l))
        return (uint64_t)((const int16_t *)l->bias.data)[k];
    return (uint64_t)thm_load_i64((const uint8_t *)l->bias.data + 8 * (size_t)k);
}

/* The output's zero point is not added: int16 has none. */
static void finish_i16(const struct thm_node *n, const struct layer *l, const uint64_t *sums)
{
    const struct data *d = l->data;
    const int32_t *multiplier = thm_node_at(n, d->multipliers), *shift = thm_node_at(n, d->shifts);
    uint32_t channels = (uint32_t)l->output.shape[3];
    for (uint32_t i = 0; i < l->output.elements; i++) {
        uint32_t k = i % channels;
        int32_t scaled = thm_scale64((int64_t)(sums[i] + bias_i16(l, k)), multiplier[k], shift[k]);
        ((int16_t *)l->output.data)[i] = (int16_t)thm_clamp(scaled, d->low, d->high);
    }
}

static void finish_f32(const struct layer *l)
{
    float low, high, *out = l->output.data;
    uint32_t channels = (uint32_t)l->output.shape[3];
    thm_activation_range_f32(l->options->activation, &low, &high);
    for (uint32_t i = 0; i < l->output.elements; i++)
        out[i] = thm_clampf(out[i] + (l->has_bias ? ((const float *)l->bias.data)[i % channels] : 0.0f), low, high);
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct layer l;
    gather(n, &l);
    if (l.input.type == THM_UINT8)
        return thm_refuse(n, THM_NN_EINVOKE, "uint8 is not supported");
    if (l.output.elements == 0)
        return THM_NN_OK;
    void *sums = l.input.type == THM_FLOAT32 ? l.output.data : thm_node_scratch(n, 0);
    scatter(&l, sums, l.input.type == THM_INT16 ? 8 : 4);
    if (l.input.type == THM_INT8)
        finish_i8(n, &l, sums);
    else if (l.input.type == THM_INT16)
        finish_i16(n, &l, sums);
    else
        finish_f32(&l);
    return THM_NN_OK;
}

static uint64_t macs(const struct thm_node *n)
{
    struct layer l;
    gather(n, &l);
    return (uint64_t)l.input.elements * (uint64_t)l.filter.shape[0] * (uint64_t)l.filter.shape[1] *
           (uint64_t)l.filter.shape[2];
}

static const struct thm_option_field fields[] = {
    /* TransposeConvOptions */
    { 0, 1, offsetof(struct options, padding), 0 },   { 1, 4, offsetof(struct options, stride_w), 0 },
    { 2, 4, offsetof(struct options, stride_h), 0 },  { 3, 1, offsetof(struct options, activation), 0 },
    { 4, 1, offsetof(struct options, bias_type), 0 },
};

const struct thm_op thm_op_transpose_conv = {
    .name = "TRANSPOSE_CONV",
    .options_type = 49,
    .field = fields,
    .fields = sizeof fields / sizeof fields[0],
    .options = THM_BYTES3(16, 20, 20),
    .data = THM_BYTES(72),
    .temps = "o0i2i1Qi2i1i3o0",
    .prepare = prepare,
    .eval = eval,
    .macs = macs,
};
