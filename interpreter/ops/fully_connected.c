/* interpreter/ops/fully_connected.c -- FULLY_CONNECTED: float32; int8 (int8 or int4 filter, int8 per channel too);
 * int16 (int8 filter, per channel too, int32 or int64 bias). Filter [..., out, in]; the input is read as rows of `in`
 * elements. */
#include "interpreter/fb.h"
#include "interpreter/ops/conv.h"
#include "interpreter/ops/dot.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/variant.h"
#include <math.h>

struct options { /* cortex_m: 5 single bytes */
    uint8_t activation, weights_format, keep_num_dims, asymmetric;
};

struct data { /* 48 bytes */
    int32_t input_zero, filter_zero, output_zero, low, high;
    int32_t multiplier, shift;
    uint32_t multipliers, shifts; /* arena offsets, if per channel */
    uint32_t per_channel;
};
_Static_assert(sizeof(struct options) <= 5 && sizeof(struct data) <= 48, "blocks of FULLY_CONNECTED");

struct layer {
    const struct data *data;
    const struct thm_kernels *kernels;
    struct thm_value input, filter, bias, output;
    const int32_t *multiplier, *shift; /* per channel, or NULL */
    const void *weights;
    uint32_t rows, depth, channels;
    bool has_bias, wide; /* wide: sums of 64 bits */
};

static void measure(struct layer *l)
{
    l->channels = (uint32_t)l->output.shape[l->output.rank - 1];
    l->depth = (uint32_t)l->filter.shape[l->filter.rank - 1];
    l->rows = l->channels ? l->output.elements / l->channels : 0;
}

/* int16 sums have 64 bits, except with a bias of 32. */
static bool is_wide(const struct layer *l)
{
    return l->input.type == THM_INT16 && !(l->has_bias && l->bias.type == THM_INT32);
}

static enum thm_nn_err check_shapes(struct thm_node *n, struct layer *l)
{
    if (l->output.rank < 1 || l->filter.rank < 2)
        return thm_refuse(n, THM_NN_ESHAPE, "the filter needs two dimensions, the output one");
    measure(l);
    if (l->channels > (uint32_t)l->filter.shape[l->filter.rank - 2] ||
        (uint64_t)l->channels * l->depth > l->filter.elements || (uint64_t)l->rows * l->depth > l->input.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "filter, input and output sizes do not go together");
    return THM_NN_OK;
}

static enum thm_nn_err check_types(struct thm_node *n, const struct layer *l)
{
    enum thm_type in = l->input.type, f = l->filter.type;
    if (in != l->output.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if ((in == THM_FLOAT32 && f == THM_FLOAT32) || (in == THM_INT16 && f == THM_INT8) ||
        (in == THM_INT8 && (f == THM_INT8 || f == THM_INT4)) ||
        (in == THM_UINT8 && f == THM_UINT8)) /* refused when it runs, as in the reference */
        return THM_NN_OK;
    return thm_refuse(n, THM_NN_ETYPE, "input and filter types do not go together (no hybrid models)");
}

static enum thm_nn_err per_channel(struct thm_node *n, const struct layer *l, const struct thm_quant *in,
                                   const struct thm_quant *filter, const struct thm_quant *out)
{
    struct data *d = n->data;
    if (l->filter.type == THM_INT4)
        return thm_refuse(n, THM_NN_EQUANT, "an int4 filter may not have several scales");
    if (filter->dimension < 0 || (uint32_t)filter->dimension >= l->filter.rank || filter->channels < l->channels ||
        (uint32_t)l->filter.shape[filter->dimension] != filter->channels)
        return thm_refuse(n, THM_NN_EQUANT, "the filter does not have one scale for each output channel");
    if (!thm_node_persistent(n, 4 * (uint64_t)filter->channels, &d->multipliers) ||
        !thm_node_persistent(n, 4 * (uint64_t)filter->channels, &d->shifts))
        return THM_NN_EARENA;
    d->per_channel = 1;
    return thm_channel_factors(n, in, filter, out, l->wide, filter->channels, thm_node_at(n, d->multipliers),
                               thm_node_at(n, d->shifts));
}

/* One factor for all channels. The bias is expected in the scale of the products; a small difference is let through. */
static enum thm_nn_err one_factor(struct thm_node *n, const struct layer *l, const struct thm_quant *in,
                                  const struct thm_quant *filter, const struct thm_quant *out)
{
    struct data *d = n->data;
    struct thm_quant bias = { .scale = 0 };
    if (l->has_bias) {
        thm_node_quant(n, &l->bias, &bias);
        double difference = fabs((double)in->scale * (double)filter->scale - (double)bias.scale);
        if (!(difference / (double)out->scale <= 0.02))
            return thm_refuse(n, THM_NN_EQUANT, "the bias scale is not the input scale times the filter scale");
    }
    double factor = (double)(in->scale * filter->scale) / (double)out->scale;
    if (!(factor >= 0) || !thm_quantize_factor(factor, &d->multiplier, &d->shift) || (l->wide && d->shift > 14))
        return thm_refuse(n, THM_NN_EQUANT, "a scale of input, filter or output is out of range");
    return THM_NN_OK;
}

static bool in_range(int32_t zero, enum thm_type type)
{
    return zero >= thm_type_min(type) && zero <= thm_type_max(type);
}

static enum thm_nn_err quantise(struct thm_node *n, const struct layer *l)
{
    struct data *d = n->data;
    const struct options *o = n->options;
    struct thm_quant in, filter, out;
    thm_node_quant(n, &l->input, &in);
    thm_node_quant(n, &l->filter, &filter);
    thm_node_quant(n, &l->output, &out);
    enum thm_nn_err err =
        filter.channels > 1 ? per_channel(n, l, &in, &filter, &out) : one_factor(n, l, &in, &filter, &out);
    if (err)
        return err;
    d->input_zero = in.zero_point;
    d->filter_zero = filter.zero_point;
    d->output_zero = out.zero_point;
    if (!in_range(in.zero_point, l->input.type) ||
        !in_range(filter.zero_point, l->filter.type == THM_UINT8 ? THM_UINT8 : THM_INT8) ||
        !thm_activation_range(o->activation, l->output.type, &out, &d->low, &d->high))
        return thm_refuse(n, THM_NN_EQUANT, "a zero point or an activation's limits are out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct layer l;
    if (!thm_node_input(n, 0, &l.input) || !thm_node_input(n, 1, &l.filter) || !thm_node_output(n, 0, &l.output))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes input, filter, optional bias and one output");
    l.has_bias = thm_node_input(n, 2, &l.bias);
    enum thm_nn_err err = check_types(n, &l);
    if (!err)
        err = check_shapes(n, &l);
    if (!err && l.has_bias)
        err = thm_check_bias(n, &l.bias, &l.input, l.channels, true);
    l.wide = is_wide(&l);
    if (!err && l.filter.type == THM_INT4)
        err = thm_node_request_scratch(n, l.filter.elements);
    return err || l.input.type == THM_FLOAT32 ? err : quantise(n, &l);
}

static int32_t bias32(const struct layer *l, uint32_t k)
{
    return l->has_bias ? thm_load_i32((const uint8_t *)l->bias.data + 4 * (size_t)k) : 0;
}

static uint64_t bias64(const struct layer *l, uint32_t k)
{
    return l->has_bias ? (uint64_t)thm_load_i64((const uint8_t *)l->bias.data + 8 * (size_t)k) : 0;
}

static void row_i8(const struct layer *l, size_t row)
{
    const struct data *d = l->data;
    const int8_t *in = (const int8_t *)l->input.data + row * l->depth, *w = l->weights;
    int8_t *out = (int8_t *)l->output.data + row * l->channels;
    int32_t zeros = 0; /* (x + a)(w + b) = (x + a)w + b(x + a): the second sum is the same for every channel */
    for (uint32_t i = 0; d->filter_zero && i < l->depth; i++)
        zeros = (int32_t)((uint32_t)zeros + (uint32_t)(in[i] - d->input_zero));
    for (uint32_t k = 0; k < l->channels; k++, w += l->depth) {
        uint32_t sum = (uint32_t)thm_dot_i8(in, w, (int32_t)l->depth, (int16_t)-d->input_zero);
        sum += (uint32_t)-d->filter_zero * (uint32_t)zeros + (uint32_t)bias32(l, k);
        int32_t scaled = thm_scale32((int32_t)sum, l->multiplier ? l->multiplier[k] : d->multiplier,
                                     l->shift ? l->shift[k] : d->shift);
        out[k] = (int8_t)thm_add_clamp(scaled, d->output_zero, d->low, d->high);
    }
}

static void row_i16(const struct layer *l, size_t row)
{
    const struct data *d = l->data;
    const int16_t *in = (const int16_t *)l->input.data + row * l->depth;
    int16_t *out = (int16_t *)l->output.data + row * l->channels;
    for (uint32_t k = 0; k < l->channels; k++) {
        const int8_t *w = (const int8_t *)l->weights + (size_t)k * l->depth;
        int32_t multiplier = l->multiplier ? l->multiplier[k] : d->multiplier,
                shift = l->shift ? l->shift[k] : d->shift;
        uint64_t sum = l->wide ? bias64(l, k) : (uint64_t)bias32(l, k);
        for (uint32_t i = 0; i < l->depth; i++)
            sum += (uint64_t)((int64_t)(in[i] - d->input_zero) * (w[i] - d->filter_zero));
        int32_t scaled = l->wide ? thm_scale64((int64_t)sum, multiplier, shift)
                                 : thm_scale32((int32_t)(uint32_t)sum, multiplier, shift);
        out[k] = (int16_t)thm_add_clamp(scaled, d->output_zero, d->low, d->high);
    }
}

static void row_f32(const struct layer *l, size_t row, float low, float high)
{
    const float *in = (const float *)l->input.data + row * l->depth;
    float *out = (float *)l->output.data + row * l->channels;
    for (uint32_t k = 0; k < l->channels; k += THM_DOTS) {
        uint32_t count = l->channels - k < THM_DOTS ? l->channels - k : THM_DOTS;
        float sum[THM_DOTS] = { 0 };
        thm_dots_f32(l->kernels, sum, (int32_t)count, in, (const float *)l->weights + (size_t)k * l->depth, l->depth,
                     (int32_t)l->depth);
        for (uint32_t i = 0; i < count; i++)
            out[k + i] = thm_clampf(sum[i] + (l->has_bias ? ((const float *)l->bias.data)[k + i] : 0.0f), low, high);
    }
}

static void gather(const struct thm_node *n, struct layer *l)
{
    const struct data *d = n->data;
    *l = (struct layer){ .data = d, .kernels = thm_node_kernels(n) };
    thm_node_input(n, 0, &l->input);
    thm_node_input(n, 1, &l->filter);
    thm_node_output(n, 0, &l->output);
    l->has_bias = thm_node_input(n, 2, &l->bias);
    l->wide = is_wide(l);
    l->weights = l->filter.data;
    measure(l);
    if (d->per_channel) {
        l->multiplier = thm_node_at(n, d->multipliers);
        l->shift = thm_node_at(n, d->shifts);
    }
    if (l->filter.type == THM_INT4) {
        int8_t *unpacked = thm_node_scratch(n, 0);
        thm_unpack_int4(l->filter.data, l->filter.elements, unpacked);
        l->weights = unpacked;
    }
}

/* Rows are windows of one tap. */
static bool windows(const struct thm_node *n, struct thm_windows_i8 *w)
{
    const struct data *d = n->data;
    struct layer l;
    gather(n, &l);
    if (l.input.type != THM_INT8 || l.filter.type != THM_INT8 || !l.filter.constant || d->filter_zero)
        return false;
    *w = (struct thm_windows_i8){
        .weights = l.weights,
        .input_zero = d->input_zero,
        .batches = 1,
        .in_h = (int32_t)l.rows,
        .in_w = 1,
        .channels = (int32_t)l.depth,
        .filter_h = 1,
        .filter_w = 1,
        .stride_h = 1,
        .stride_w = 1,
        .dilation_h = 1,
        .dilation_w = 1,
        .out_h = (int32_t)l.rows,
        .out_w = 1,
        .out_channels = (int32_t)l.channels,
        .element_step = 1,
        .channel_step = l.depth,
        .requant = { .bias = l.has_bias ? l.bias.data : NULL,
                     .multiplier = l.multiplier ? l.multiplier : &d->multiplier,
                     .shift = l.shift ? l.shift : &d->shift,
                     .per_channel = l.multiplier != NULL,
                     .output_zero = d->output_zero,
                     .low = d->low,
                     .high = d->high },
    };
    return !l.has_bias || l.bias.constant;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    const struct options *o = n->options;
    struct layer l;
    float low, high;
    thm_touch_stack();
    if (thm_node_run_packed(n))
        return THM_NN_OK;
    gather(n, &l);
    if (l.input.type == THM_UINT8)
        return thm_refuse(n, THM_NN_EINVOKE, "uint8 is not supported");
    thm_activation_range_f32(o->activation, &low, &high);
    for (size_t row = 0; row < l.rows; row++) {
        if (l.input.type == THM_INT8)
            row_i8(&l, row);
        else if (l.input.type == THM_INT16)
            row_i16(&l, row);
        else
            row_f32(&l, row, low, high);
    }
    return THM_NN_OK;
}

static uint64_t macs(const struct thm_node *n)
{
    struct layer l;
    thm_node_input(n, 1, &l.filter);
    thm_node_output(n, 0, &l.output);
    measure(&l);
    return (uint64_t)l.rows * l.channels * l.depth;
}

static const struct thm_option_field fields[] = {
    /* FullyConnectedOptions */
    { 0, 1, offsetof(struct options, activation), 0 },
    { 1, 1, offsetof(struct options, weights_format), 0 },
    { 2, 1, offsetof(struct options, keep_num_dims), 0 },
    { 3, 1, offsetof(struct options, asymmetric), 0 },
};

const struct thm_op thm_op_fully_connected = {
    .name = "FULLY_CONNECTED",
    .options_type = 8,
    .field = fields,
    .fields = sizeof fields / sizeof fields[0],
    .options = THM_BYTES3(5, 16, 16),
    .data = THM_BYTES(48),
    .temps = "i0i1i2o0",
    .prepare = prepare,
    .eval = eval,
    .macs = macs,
    .windows = windows,
};
